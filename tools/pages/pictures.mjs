// Takes pictures of pages: standard input is {"base": a URL, "pictures": [{"path", "file", "width", "height"}]}.

import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const { base, pictures } = JSON.parse(readFileSync(0, "utf8"));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
for (const { path, file, width, height } of pictures) {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.goto(new URL(path, base).href);
  await page.screenshot({ path: file });
  await page.close();
}
await browser.close();
