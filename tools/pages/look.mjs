// Looks at pages in Chromium, and prints what is wrong with them as a JSON list of lines.
//
// Standard input: {"base": a URL, "schemes": of colours, "widths": of the window, "session": a cookie's name and value,
// "states": [{"path": ..., "fill": fields of the page's last form, to send it, "meanwhile": {"path": of the API,
// "field": to change before that}, "signedIn": whether with the session}]}. CHROMIUM is the browser's file.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { launch, tooWide, watched } from "./browsing.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { base, schemes, widths, session, states } = JSON.parse(readFileSync(0, "utf8"));
const wrong = [];
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function open(page, { path, fill, meanwhile }) {
  await page.goto(new URL(path, base).href);
  if (!fill) return;
  if (meanwhile) {
    const data = { [meanwhile.field]: `Theirs ${Date.now()}` };
    await page.request.patch(new URL(meanwhile.path, base).href, { data });
  }
  const form = page.locator("form").last();
  for (const [name, value] of Object.entries(fill)) await form.locator(`[name="${name}"]`).fill(value);
  await Promise.all([page.waitForEvent("load"), form.locator("button").click()]);
}

async function axed(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
  for (const { id, nodes } of violations) wrong.push(`${name}: axe ${id} at ${nodes[0].target} (${nodes.length})`);
}

async function look(page, state, name, told) {
  told.length = 0;
  await open(page, state);
  await axed(page, name);
  for (const width of widths) {
    await page.setViewportSize({ width, height: 700 });
    const wider = await tooWide(page);
    if (wider > 0) wrong.push(`${name}: ${wider} pixels too wide at ${width}`);
    const first = await page.evaluate(() => (document.querySelector(".book")?.getBoundingClientRect().top ?? 0) / innerHeight);
    if (first > 1.5 && !state.path.startsWith("/ui/book/")) wrong.push(`${name}: the first book is ${first.toFixed(1)} screens down at ${width}`);
  }
  await page.keyboard.press("Tab");
  if (!(await page.evaluate(() => document.activeElement?.matches(".skip")))) wrong.push(`${name}: Tab does not begin at .skip`);
  wrong.push(...told.map((each) => `${name}: ${each}`));
}

async function suggest(browser) {
  const page = await browser.newPage();
  const wait = () => page.locator(".suggestions:not([hidden]) [role=option]").first().waitFor({ timeout: 10000 });
  await page.goto(new URL("ui/", base).href);
  for (const [path, field, typed] of [["ui/", "#search", "sad"], ["ui/books/new", "[name='contributors.0.name']", "donau"], ["ui/books/new", "#tags", "x\n\u81ea\u4f1d"]]) {
    await page.goto(new URL(path, base).href);
    await page.locator(field).pressSequentially(typed);
    await wait();
    await page.keyboard.press("ArrowDown");
    await axed(page, `${path} while typing into ${field}`);
    await page.keyboard.press("Escape");
    if (await page.locator(".suggestions:not([hidden])").count()) wrong.push(`${field}: Escape does not close the suggestions`);
    if ((await page.locator(field).inputValue()) !== typed) wrong.push(`${field}: Escape changes what was typed`);
    await page.keyboard.press("Backspace");
    await page.locator(field).pressSequentially(typed.at(-1));
    await wait();
    const name = await page.locator("[role=option] bdi").first().textContent();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    if (field === "#search") await page.waitForURL(/\/ui\/(book|author|tag)\//);
    else if (!(await page.locator(field).inputValue()).endsWith(name)) wrong.push(`${field}: ${name} was chosen, and is not in it`);
  }
}

async function tooLarge(browser) {
  const page = await browser.newPage();
  await page.goto(new URL("ui/books/new", base).href);
  const choose = (buffer) => page.locator("#cover").setInputFiles({ name: "cover.png", mimeType: "image/png", buffer });
  for (const [size, valid] of [[(32 << 20) + 1, false], [1, true]]) {
    await choose(Buffer.alloc(size));
    if ((await page.locator("#cover").evaluate((field) => field.validity.valid)) !== valid) wrong.push(`a cover of ${size} bytes is not judged before it is sent`);
  }
}

async function chooseCover(browser) {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(new URL("ui/books/new", base).href);
  await page.locator("#title").fill("With a cover");
  await page.locator("#pages").fill("many");
  await page.locator("#cover").setInputFiles({ name: "cover.png", mimeType: "image/png", buffer: Buffer.from(PIXEL, "base64") });
  await page.locator("form button").last().click();
  await page.waitForEvent("load").catch(() => {});
  if (!(await page.locator("main").textContent()).includes("cover.png was sent")) wrong.push("a refused form does not keep its cover");
  await page.locator("#pages").fill("7");
  await page.locator("form button").last().click();
  await page.waitForURL(/\/ui\/book\/with-a-cover/);
  const files = page.locator(".entries", { hasText: "cover.png" });
  // It is open as long as there is no small copy of the cover.
  if (!(await files.isVisible())) await page.locator("summary", { hasText: "files" }).click();
  if (!(await files.count())) wrong.push("a cover that was chosen is not on the page of its book");
  await files.locator("button").click();
  await page.waitForURL(/\/ui\/book\/with-a-cover/);
  if (await files.count()) wrong.push("a file that was removed is still there");
}

async function tryIt(browser) {
  const page = await browser.newPage();
  await page.goto(new URL("docs/books", base).href);
  const article = page.locator("#books_list");
  await article.locator("summary", { hasText: "Try it" }).click();
  await article.locator("button").click();
  const shown = article.locator("form pre", { hasText: /^200 application/ });
  await shown.waitFor({ timeout: 10000 }).catch(() => wrong.push("docs/books: Try it shows no answer"));
}

const browser = await launch();
for (const colorScheme of schemes) {
  const told = [];
  for (const signedIn of [false, true]) {
    const mine = states.filter((each) => Boolean(each.signedIn) === signedIn);
    if (!mine.length) continue;
    const context = await browser.newContext({ colorScheme });
    if (signedIn) await context.addCookies([{ ...session, url: base }]);
    const page = await watched(context, base, told);
    for (const state of mine) await look(page, state, `${state.path} in ${colorScheme}`, told);
  }
}
if (states.some(({ path }) => path === "/docs/books")) {
  await suggest(browser);
  await tooLarge(browser);
  await chooseCover(browser);
  await tryIt(browser);
}
await browser.close();
console.log(JSON.stringify(wrong));
