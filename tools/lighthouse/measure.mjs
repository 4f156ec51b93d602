// Prints the scores of pages, 0 to 100, as JSON: {path: {category: score}}.
//
// Standard input: {"base": a URL, "paths": [...], "runs": how often each is looked at; the median is printed}.
// CHROME_PATH is the browser's file.

import { readFileSync } from "node:fs";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const { base, paths, runs } = JSON.parse(readFileSync(0, "utf8"));
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const chrome = await launch({ chromeFlags: ["--headless=new", "--no-sandbox"], logLevel: "silent" });
const found = {};
try {
  for (const path of paths) {
    const scores = {};
    for (let run = 0; run < runs; run += 1) {
      const { lhr } = await lighthouse(new URL(path, base).href, { port: chrome.port, logLevel: "error" });
      if (lhr.runtimeError) throw new Error(`${path}: ${lhr.runtimeError.message}`);
      for (const { id, score } of Object.values(lhr.categories)) (scores[id] ??= []).push(Math.round(score * 100));
      const lost = Object.values(lhr.audits).filter((audit) => audit.score === 0 && audit.scoreDisplayMode === "binary");
      if (run === 0 && lost.length) console.error(`${path}: ${lost.map((audit) => audit.id).join(", ")}`);
    }
    found[path] = Object.fromEntries(Object.entries(scores).map(([id, numbers]) => [id, median(numbers)]));
  }
} finally {
  await chrome.kill();
}
console.log(JSON.stringify(found));
