// Chromium on behalf of vscode.py: one JSON request per line on stdin, one JSON answer per line on stdout.
//
// Only what a person does at a screen: press, type, look, wait for something to appear. What it means is
// decided by the caller.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [playwrightFolder, address] = process.argv.slice(2);
const { chromium } = createRequire(`${playwrightFolder}/`)("playwright-core");

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
const page = await browser.newPage({ viewport: { width: 1000, height: 620 } });
// The first visit compiles the whole workbench; how long that takes depends on the machine and its load.
await page.goto(address, { waitUntil: "domcontentloaded", timeout: 180_000 });

const actions = {
  press: ({ key }) => page.keyboard.press(key),
  type: ({ text }) => page.keyboard.type(text),
  appears: ({ selector, seconds }) => page.locator(selector).first().waitFor({ timeout: seconds * 1000 }),
  vanishes: ({ selector, seconds }) =>
    page.locator(selector).first().waitFor({ state: "hidden", timeout: seconds * 1000 }),
  texts: ({ selector }) => page.locator(selector).allInnerTexts(),
  picture: ({ path }) => page.screenshot({ path }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await actions[request.action](request)) ?? null };
  } catch (error) {
    answer = { error: String(error.message).split("\n")[0] };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
