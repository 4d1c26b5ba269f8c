// An agent's own domain: given, seen to lead here, the website there, removed and taken back; without JavaScript too.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";

let product, browser;

before(async () => {
  [product, browser] = await Promise.all([Product.start(), launch()]);
});

after(async () => {
  await browser?.close();
  await product?.stop();
});

for (const [width, javaScriptEnabled] of [...WIDTHS.map((width) => [width, true]), [390, false]]) {
  test(`a domain leads to the website, at ${width} px, JavaScript ${javaScriptEnabled ? "on" : "off"}`, async () => {
    const page = await open(browser, product, { width, javaScriptEnabled });
    // axe-core is a script.
    const checked = async () => javaScriptEnabled && (await check(page));
    await signIn(page, product);
    await page.goto("/dashboard/settings/domain");
    await page.getByRole("heading", { name: "Use your own domain" }).waitFor();
    await checked();
    await page.getByLabel("Domain", { exact: true }).fill("not a domain");
    await page.getByRole("button", { name: "Add this domain" }).click();
    await page.getByRole("alert").waitFor();
    await checked();
    // Browsers and the server know every name under localhost as this machine.
    const name = `sarah-${width}-${javaScriptEnabled}.localhost`;
    await page.getByLabel("Domain", { exact: true }).fill(`https://${name}/`);
    await page.getByRole("button", { name: "Add this domain" }).click();
    await page.getByRole("heading", { name }).waitFor();
    while (!(await page.getByText("in use").isVisible())) await page.reload();
    await checked();

    const port = new URL(product.base).port;
    const visitor = await open(browser, product, { width, javaScriptEnabled });
    await visitor.goto(`http://${name}:${port}/`);
    await visitor.getByRole("heading", { level: 1 }).waitFor();
    const leads = await visitor.locator("a[href^='/']").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    assert.ok(leads.length > 2 && leads.every((href) => !href.startsWith("/a/")), `links stay at the domain: ${leads}`);
    assert.equal((await visitor.goto(`http://${name}:${port}/dashboard`)).status(), 404);

    await page.getByRole("button", { name: `Remove ${name}` }).click();
    await page.getByText(`${name} is removed`).waitFor();
    await checked();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("heading", { name }).waitFor();
    await page.getByRole("button", { name: `Remove ${name}` }).click();
    // The next test begins where this one began.
    await page.getByRole("heading", { name: "Use your own domain" }).waitFor();
  });
}
