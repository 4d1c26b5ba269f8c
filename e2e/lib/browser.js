// Debian's Chromium, and what every page is held to.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The widths that everything is tried at: a phone and a desk. */
export const WIDTHS = [390, 1440];

/** Starts the browser. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page of its own profile, which fails the test on a console error or a report of the content security policy. */
export async function open(browser, product, { width = 1440, ...options } = {}) {
  const context = await browser.newContext({
    baseURL: product.base,
    viewport: { width, height: width < 600 ? 844 : 900 },
    hasTouch: width < 600,
    isMobile: width < 600,
    ...options,
  });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    // A refused form answers 4xx, which the console calls an error.
    const isStatus = /the server responded with a status of 4/.test(message.text());
    if (message.type() === "error" && !isStatus) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

/** Signs in with the demo's password. */
export async function signIn(page, product) {
  await page.goto("/login");
  await page.getByLabel("E-mail address").fill(product.email);
  await page.getByLabel("Password").fill(product.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/dashboard");
}

/** Holds a page to what every page must be: no complaint, nothing serious from axe-core, nothing wider than the screen. */
export async function check(page) {
  assert.deepEqual(page.complaints, [], page.url());
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${page.url()} is ${wide}px wider than the screen`);
  // Evaluated, not added as a script: the page's policy stands.
  await page.evaluate(axe);
  const results = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const serious = results.violations.filter((violation) => ["serious", "critical"].includes(violation.impact));
  const told = serious.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
  assert.deepEqual(told, [], page.url());
}

/** Unfolds a list's filters where they are folded: on a phone. */
export async function unfold(page) {
  const summary = page.getByText("Filters and order");
  if (await summary.isVisible()) await summary.click();
}
