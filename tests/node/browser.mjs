// Chromium, for tests/support/browser.py: reads a task as JSON from standard input and prints its result as JSON.
//
// {"page": PATH, "readers": ["light", "dark", "phone"], "screenshot": PATH or null}: opens a page as these readers do,
// checks it with axe, and takes a picture of its last section.
// {"diagrams": [TEXT, ...]}: draws diagrams with mermaid, and returns the lines of each label and edge.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

import puppeteer from "puppeteer-core";

const { resolve } = createRequire(import.meta.url);
const AXE = readFileSync(resolve("axe-core/axe.min.js"), "utf8");
const MERMAID = resolve("@mermaid-js/tiny/dist/mermaid.tiny.js");
const READERS = [
  { name: "light", scheme: "light", width: 1100 },
  { name: "dark", scheme: "dark", width: 1100 },
  { name: "phone", scheme: "light", width: 390 },
];

async function inspect(browser, { page: file, readers, screenshot }) {
  const page = await browser.newPage();
  const [requests, messages, violations] = [[], [], {}];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(String(error)));
  page.on("dialog", (dialog) => messages.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  const url = pathToFileURL(file).href;
  let same = true;
  for (const { name, scheme, width } of READERS.filter(({ name }) => readers.includes(name))) {
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const looks = [];
    for (const enabled of [false, true]) {
      await page.setJavaScriptEnabled(enabled);
      await page.goto(url);
      looks.push(await page.screenshot({ fullPage: true }));
    }
    same &&= Buffer.compare(...looks.map(Buffer.from)) === 0;
    await page.evaluate(AXE);
    const { violations: found } = await page.evaluate("axe.run()");
    violations[name] = found.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  }
  await page.setViewport({ width: 1100, height: 900 });
  const session = await page.createCDPSession();
  const emulate = (media, value) =>
    session.send("Emulation.setEmulatedMedia", { media, features: [{ name: "prefers-color-scheme", value }] });
  const backgrounds = {};
  for (const [media, scheme] of [["print", "dark"], ["screen", "dark"], ["screen", "light"]]) {
    await emulate(media, scheme);
    backgrounds[`${media} ${scheme}`] = await page.evaluate("getComputedStyle(document.body).backgroundColor");
  }
  const scripts = await page.evaluate("document.scripts.length");
  const shown = await page.evaluate("document.body.innerText");
  if (screenshot) writeFileSync(screenshot, await (await page.$("main > section:last-child")).screenshot());
  return { same, violations, requests: [...new Set(requests)], url, messages, scripts, backgrounds, shown };
}

async function draw(browser, { diagrams }) {
  const page = await browser.newPage();
  await page.setContent("<!DOCTYPE html><body></body>");
  await page.addScriptTag({ path: MERMAID });
  await page.evaluate(() => mermaid.initialize({ startOnLoad: false, securityLevel: "strict" }));
  const drawn = [];
  for (const diagram of diagrams) {
    drawn.push(
      await page.evaluate(async (source) => {
        const { svg } = await mermaid.render("drawn", source);
        document.body.innerHTML = svg;
        const labels = [...document.querySelectorAll(".nodeLabel, .edgeLabel .edgeLabel")];
        const tags = [...document.querySelectorAll("foreignObject *")].map((element) => element.localName);
        return { labels: labels.map((label) => label.innerText), tags: [...new Set(tags)].sort() };
      }, diagram),
    );
  }
  return drawn;
}

const [executablePath] = process.argv.slice(2);
const task = JSON.parse(await text(process.stdin));
const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await puppeteer.launch({ executablePath, args });
try {
  console.log(JSON.stringify(await (task.page ? inspect : draw)(browser, task)));
} finally {
  await browser.close();
}
