// Goes one way through the pages in Chromium, as a person would, and prints what is wrong as a JSON list of lines.
//
// Standard input: {"base": a URL, "journey": one of those below, "javascript": whether scripts run, "token": of an
// administrator, for the API, "name" and "password": of an administrator, for the pages}.
// Without scripts the window is that of 1280 x 1024 pixels at 400 % (WCAG 2.2, 1.4.10). CHROMIUM is the browser's file.

import { readFileSync } from "node:fs";
import { launch, tooWide, watched } from "./browsing.mjs";

const { base, journey, javascript, token, name, password } = JSON.parse(readFileSync(0, "utf8"));
const wrong = [];
const word = `w${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;

const browser = await launch();
const context = await browser.newContext(
  javascript
    ? { viewport: { width: 1280, height: 800 } }
    : { javaScriptEnabled: false, viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 },
);

async function newPage() {
  const page = await watched(context, base, wrong);
  page.on("load", async () => {
    const wider = await tooWide(page).catch(() => 0); // the page may be left already
    if (wider > 0) wrong.push(`${page.url()} is ${wider} pixels too wide`);
  });
  return page;
}

function expect(holds, line) {
  if (!holds) wrong.push(line);
}

async function api(method, path, data) {
  const response = await context.request.fetch(new URL(path, base).href, {
    method,
    data,
    headers: { Authorization: `Bearer ${token}` },
  });
  if (!response.ok()) throw new Error(`${method} ${path}: ${response.status()} ${await response.text()}`);
  return response.status() === 204 ? null : response.json();
}

const make = (resource, data) => api("POST", resource, data);
const to = (page, path) => page.goto(new URL(path, base).href);
const main = (page) => page.locator("main");
const link = (page, words) => main(page).getByRole("link", { name: words }).first();
const button = (page, words) => main(page).getByRole("button", { name: words, exact: true }).first();
const heading = async (page) => (await page.locator("h1").first().textContent()).trim();
const text = async (page) => (await main(page).textContent()).replace(/\s+/g, " ");

// Follows a link or sends a form, and waits for the page that comes.
async function go(page, control) {
  await Promise.all([page.waitForEvent("load"), control.click()]);
}

async function fill(page, fields) {
  for (const [field, value] of Object.entries(fields)) {
    const box = main(page).locator(`[name="${field}"]`).first();
    await ((await box.evaluate((element) => element.tagName)) === "SELECT" ? box.selectOption(value) : box.fill(value));
  }
}

async function signIn(page, path = "ui/sign-in") {
  await to(page, path);
  await fill(page, { name, password });
  await go(page, button(page, "Sign in"));
}

// A page of something that a worker does looks again by itself.
async function until(page, words) {
  await main(page).getByText(words).first().waitFor({ timeout: 120000 });
}

const journeys = {
  async search_narrow_open_and_back() {
    const author = await make("authors", { name: `Tove ${word}` });
    for (const [title, language] of [["Sommarboken", "sv"], ["Vinterboken", "sv"], ["Kesäkirja", "fi"]]) {
      await make("books", { title: `${title} ${word}`, author_id: author.id, language });
    }
    const page = await newPage();
    await to(page, "ui/");
    await page.locator("#search").fill(word);
    await page.keyboard.press("Enter");
    await page.waitForURL(/search\?q=/);
    expect((await text(page)).includes("Sommarboken"), "the search finds no book by the name of its author");
    const facet = page.getByRole("link", { name: "Swedish" });
    if (!(await facet.isVisible())) await page.locator("summary", { hasText: "Language" }).click();
    await go(page, facet);
    const listed = await text(page);
    expect(listed.includes("Vinterboken") && !listed.includes("Kesäkirja"), "the facet does not narrow the list");
    const narrowed = page.url();
    const book = link(page, `Vinterboken ${word}`);
    await book.scrollIntoViewIfNeeded();
    const place = await page.evaluate(() => scrollY);
    await go(page, book);
    expect((await heading(page)).startsWith("Vinterboken"), "the link of a book opens another one");
    await page.goBack();
    expect(page.url() === narrowed, "going back leads to another list");
    const now = await page.evaluate(() => scrollY);
    expect(Math.abs(now - place) < 50, `going back leads to another place of the list: ${now}, not ${place}`);
    await page.goBack();
    expect((await page.locator("#search").inputValue()) === word, "going back to the search, its words are gone");
  },

  async add_edit_and_conflict() {
    const mine = await newPage();
    await signIn(mine, "ui/books/new");
    await fill(mine, { title: "", "contributors.0.name": `Tove ${word}`, tags: `islands ${word}`, description: "One.\n\nTwo." });
    await go(mine, button(mine, "Save"));
    expect(await mine.locator("[role=alert]").isVisible(), "a book without a title is not refused");
    expect((await mine.locator("#description").inputValue()) === "One.\n\nTwo.", "a refused form loses what was typed");
    await fill(mine, { title: `The Summer Book ${word}`, pages: "180" });
    await go(mine, button(mine, "Save"));
    expect((await heading(mine)).startsWith("The Summer Book"), "a book that was added is not shown");
    const theirs = await newPage();
    await to(theirs, mine.url());
    for (const page of [mine, theirs]) await go(page, link(page, "Change"));
    await fill(theirs, { title: `Theirs ${word}`, pages: "184" });
    await go(theirs, button(theirs, "Save"));
    await fill(mine, { title: `Mine ${word}`, language: "sv" });
    await go(mine, button(mine, "Save"));
    expect(await mine.locator("fieldset.conflict").first().isVisible(), "two have changed the title, and nobody is asked");
    expect((await mine.locator("fieldset.conflict").count()) === 1, "one is asked about a field that only one has changed");
    expect((await mine.locator("#title").inputValue()) === `Mine ${word}`, "a conflict loses what was typed");
    await mine.getByLabel("Theirs, as it is now").check();
    await go(mine, button(mine, "Save"));
    expect((await text(mine)).includes("Pages"), "nobody is told that somebody else has changed the pages");
    await go(mine, link(mine, `Theirs ${word}`));
    const shown = await text(mine);
    for (const words of ["184", "Swedish", `islands ${word}`]) expect(shown.includes(words), `merging has lost ${words}`);
  },

  async merge_two_authors() {
    const [one, other] = [await make("authors", { name: `Tove ${word}` }), await make("authors", { name: `T. ${word}` })];
    await make("books", { title: `Kept ${word}`, author_id: one.id });
    await make("books", { title: `Moved ${word}`, author_id: other.id });
    const page = await newPage();
    await signIn(page, "ui/sign-in");
    await to(page, `ui/author/${one.slug}`);
    await go(page, link(page, "Merge"));
    await fill(page, { q: word });
    await go(page, button(page, "Search"));
    await go(page, link(page, `T. ${word}`));
    expect((await text(page)).includes("1 book moves"), "nobody is told what a merge moves");
    await go(page, button(page, "Merge"));
    const shown = await text(page);
    for (const title of ["Kept", "Moved"]) expect(shown.includes(`${title} ${word}`), `${title} is not the author's`);
    expect(shown.includes(`T. ${word}`), "the other name is lost");
  },

  async import_mend_and_undo() {
    const page = await newPage();
    await signIn(page);
    const sendFile = async (content) => {
      await to(page, "ui/imports/new");
      await page.locator("#file").setInputFiles({ name: "books.csv", mimeType: "text/csv", buffer: Buffer.from(content) });
      await go(page, button(page, "Send the file"));
      await until(page, /Preview of an import: Done/);
      await go(page, main(page).getByRole("button", { name: /^Import \d/ }));
      await until(page, /^Import: Done/);
      return page.url();
    };
    const first = await sendFile(`title,author\nGood ${word},Tove\n,Nobody ${word}\n`);
    const [download] = await Promise.all([page.waitForEvent("download"), link(page, "Download the rejected rows").click()]);
    const rejects = readFileSync(await download.path(), "utf8");
    expect(rejects.includes(`Nobody ${word}`) && !rejects.includes("Good"), `the rejects are ${rejects}`);
    await sendFile(rejects.replace(",Nobody", `Bad ${word},Nobody`));
    const titles = async () => (await api("GET", `books?q=${word}&orderBy=title&sortOrder=asc`)).items.map((book) => book.title);
    expect((await titles()).join() === `Bad ${word},Good ${word}`, `after mending there are ${await titles()}`);
    await to(page, first);
    await go(page, button(page, "Undo this import"));
    await until(page, /Undoing an import: Done/);
    expect((await titles()).join() === `Bad ${word}`, `after undoing there are ${await titles()}`);
  },

  async session_ends_while_typing() {
    const page = await newPage();
    await to(page, "ui/books/new");
    await fill(page, { name, password: "wrong" });
    await go(page, button(page, "Sign in"));
    expect((await page.locator("#name").inputValue()) === name, "after a wrong password the name is gone");
    await fill(page, { password });
    await go(page, button(page, "Sign in"));
    expect(page.url().endsWith("/ui/books/new"), `signing in leads to ${page.url()}, not to the page that needed it`);
    const typed = { title: `Typed "${word}" <b>`, "contributors.0.name": `Tove ${word}`, description: "One.\n\nTwo é.", tags: `a ${word}\nb ${word}` };
    await fill(page, typed);
    const other = await newPage();
    await to(other, "ui/");
    await go(other, other.getByRole("button", { name: "Sign out" }));
    await go(page, button(page, "Save"));
    await fill(page, { name, password: "wrong" });
    await go(page, button(page, "Sign in"));
    await fill(page, { password });
    await go(page, button(page, "Sign in"));
    await go(page, button(page, "Save it"));
    const shown = await text(page);
    for (const words of [typed.title, typed["contributors.0.name"], "Two é.", `a ${word}`, `b ${word}`]) {
      expect(shown.includes(words), `the session's end has lost ${words}`);
    }
  },

  async change_many_and_undo() {
    const books = [];
    for (const number of [1, 2, 3]) books.push(await make("books", { title: `Island ${number} ${word}`, author_id: null }));
    const page = await newPage();
    await signIn(page);
    await to(page, `ui/books?q=${word}`);
    await go(page, link(page, "Change many at once"));
    await page.getByLabel(`Island 3 ${word}`).uncheck();
    await fill(page, { add_tags: `sea ${word}`, language: "no language" });
    await go(page, button(page, "See what will change"));
    expect((await page.locator("#add_tags").inputValue()) === `sea ${word}`, "a refused form loses what was typed");
    await fill(page, { language: "sv" });
    await go(page, button(page, "See what will change"));
    const languages = async () => Promise.all(books.map(async ({ id }) => (await api("GET", `books/${id}`)).language));
    expect((await languages()).join() === ",,", "a preview changes books");
    expect(!(await text(page)).includes("Island 3"), "the preview shows a book that was not chosen");
    await go(page, button(page, "Change them"));
    expect((await text(page)).includes("2 books were changed"), "nobody is told how many books were changed");
    expect((await languages()).join() === "sv,sv,", `the languages are ${await languages()}`);
    await go(page, button(page, "Undo all of it"));
    expect((await languages()).join() === ",,", `after undoing the languages are ${await languages()}`);
  },

  async with_the_keyboard_alone() {
    await make("books", { title: `Keyboard ${word}`, author_id: null });
    const page = await newPage();
    const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    const focused = () => page.evaluate(() => ({
      words: (document.activeElement.textContent || document.activeElement.value || "").trim(),
      name: document.activeElement.name || "",
      seen: getComputedStyle(document.activeElement).outlineStyle !== "none",
    }));
    const tabTo = async (isIt, what) => {
      for (let times = 0; times < 120; times += 1) {
        await press("Tab");
        const found = await focused();
        if (!found.seen) wrong.push(`nobody sees that ${found.words || found.name} has the focus`);
        if (isIt(found)) return;
      }
      throw new Error(`Tab does not reach ${what} of ${page.url()}`);
    };
    const enter = () => Promise.all([page.waitForEvent("load"), press("Enter")]);
    await to(page, "ui/sign-in");
    await press("Tab", "Enter"); // beyond the header
    await tabTo(({ name: field }) => field === "name", "the name");
    await page.keyboard.type(name);
    await tabTo(({ name: field }) => field === "password", "the password");
    await page.keyboard.type(password);
    await enter();
    await tabTo(({ name: field }) => field === "q", "the search");
    await page.keyboard.type("mistyped");
    await press("Escape");
    await press("Escape"); // the first one may close suggestions
    expect((await page.locator("#search").inputValue()) === "", "Escape does not empty the search");
    await page.keyboard.type(word);
    await enter();
    await tabTo(({ words }) => words === `Keyboard ${word}`, "the book");
    await enter();
    await tabTo(({ words }) => words === "Change", "the link to change the book");
    await enter();
    await tabTo(({ name: field }) => field === "subtitle", "the subtitle");
    await page.keyboard.type("With keys");
    await tabTo(({ words }) => words === "Save", "the button");
    await enter();
    expect((await text(page)).includes("With keys"), "what was typed is not saved");
  },
};

try {
  await journeys[journey]();
} catch (error) {
  wrong.push(String(error.stack || error));
}
await browser.close();
console.log(JSON.stringify(wrong));
