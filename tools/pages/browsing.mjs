// A browser that notices what no page may do.

import { chromium } from "playwright-core";

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });

// Returns a page of a context. What it does that no page may is added to a list of lines.
export async function watched(context, base, told) {
  const page = await context.newPage();
  const origin = new URL(base).origin;
  page.on("request", (request) => new URL(request.url()).origin !== origin && told.push(`asks ${request.url()}`));
  page.on("console", (message) => message.text().includes("Content Security Policy") && told.push(message.text()));
  page.on("pageerror", (error) => told.push(String(error)));
  page.on("dialog", (dialog) => {
    told.push(`a script that the page was given has run: ${dialog.message()}`);
    dialog.dismiss();
  });
  return page;
}

export const tooWide = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
