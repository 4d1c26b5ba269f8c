// An agent's website as visitors see it: each page in each theme, at both widths, with and without a script; and what it weighs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";

const BASE = "/a/sarah-johnson";
/** The most bytes of a page without its photos. */
const MOST_BYTES = 100_000;
let product, browser;

before(async () => {
  [product, browser] = await Promise.all([Product.start({ ORGANICAGENT_RATE_LIMIT: "100000" }), launch()]);
});

after(async () => {
  await browser?.close();
  await product?.stop();
});

/** The address of the listing with this street. */
async function listing(street) {
  const { listings } = (await product.api("GET", "/api/v1/listings?status=all&limit=100")).json;
  return `${BASE}/listings/${listings.find(({ address }) => address.startsWith(street)).id}`;
}

/** Loads a page; what was sent for it, how it moved while it was drawn, and when its largest part was there. */
async function measured(page, route) {
  const sent = [];
  const note = async (response) => {
    const sizes = await response.request().sizes().catch(() => null);
    sent.push({ type: response.request().resourceType(), bytes: (sizes?.responseBodySize ?? 0) + (sizes?.responseHeadersSize ?? 0) });
  };
  page.on("response", note);
  await page.addInitScript(() => {
    globalThis.moved = 0;
    globalThis.largest = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.moved += entry.hadRecentInput ? 0 : entry.value))).observe({ type: "layout-shift", buffered: true });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.largest = entry.startTime))).observe({ type: "largest-contentful-paint", buffered: true });
  });
  await page.goto(route, { waitUntil: "networkidle" });
  const { moved, largest } = await page.evaluate(() => ({ moved: globalThis.moved, largest: globalThis.largest }));
  page.off("response", note);
  const bytes = (images) => sent.filter(({ type }) => (type === "image") === images).reduce((sum, { bytes }) => sum + bytes, 0);
  return { requests: sent.length, bytes: bytes(false), photos: bytes(true), moved, largest };
}

for (const width of WIDTHS) {
  test(`each page of each theme is sound and light, at ${width} px`, async (t) => {
    const agent = await open(browser, product, { width });
    await signIn(agent, product);
    const routes = [BASE, `${BASE}/listings`, await listing("456 Oak"), `${BASE}/sold`, `${BASE}/guides`, `${BASE}/guides/five-things-to-do-before-you-sell`, `${BASE}/about`, `${BASE}/blog`, `${BASE}/blog/three-questions-to-ask-before-you-buy-in-miami`];
    for (const theme of ["Modern", "Warm", "Classic"]) {
      await agent.goto("/dashboard/website");
      await agent.getByRole("radio", { name: theme }).check();
      await agent.getByRole("button", { name: "Save and look at it" }).click();
      await agent.getByText("It is saved.").waitFor();
      await check(agent);
      await agent.getByRole("button", { name: "Publish" }).click();
      await agent.getByText("The changes are published.").waitFor();
      const page = await open(browser, product, { width });
      for (const route of routes) {
        const facts = await measured(page, route);
        await check(page);
        assert.ok(facts.bytes < MOST_BYTES, `${route} has ${facts.bytes} bytes`);
        assert.ok(facts.moved < 0.01, `${route} moved by ${facts.moved}`);
        if (theme === "Classic") t.diagnostic(`${route.slice(BASE.length) || "/"}: ${facts.requests} requests, ${facts.bytes} bytes and ${facts.photos} of photos, largest part after ${Math.round(facts.largest)} ms`);
      }
      await page.context().close();
    }
    await agent.context().close();
  });

  test(`a visitor looks for a home and finds it, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await page.goto(BASE);
    await page.getByLabel("Area").selectOption("Miami");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("heading", { level: 1, name: "Homes for sale in Miami" }).waitFor();
    await page.getByLabel("Bedrooms").selectOption("4");
    await page.getByLabel("Order").selectOption("Price, high to low");
    await page.getByRole("button", { name: "Show homes" }).click();
    await page.getByText(/^\d+ homes?$/).waitFor();
    await check(page);
    await page.getByRole("link", { name: /456 Oak Ave/ }).click();
    await page.getByRole("heading", { level: 1, name: "456 Oak Ave" }).waitFor();
    const photo = page.getByRole("img", { name: "From Oak Avenue, in the evening" });
    assert.ok(await photo.evaluate((image) => image.decode().then(() => image.naturalWidth > 100)));
    await page.getByText("Open houses").waitFor();
    await page.getByLabel("Down payment, %").fill("50");
    await page.getByRole("button", { name: "Calculate" }).click();
    await page.waitForURL("**down=50**");
    await page.getByText("Loan of $375,000").waitFor();
    await page.getByRole("contentinfo").getByRole("link", { name: "Español" }).click();
    await page.getByText("Pregunte por esta casa").waitFor();
    await check(page);
    await page.getByRole("link", { name: "Sobre mí" }).click();
    await page.getByRole("heading", { level: 1, name: "Sobre Sarah Johnson" }).waitFor();
    await check(page);
    await page.context().close();
  });

  test(`everything works without a script, at ${width} px`, async () => {
    const page = await open(browser, product, { width, javaScriptEnabled: false });
    await page.goto(BASE);
    await page.getByLabel("Type").first().selectOption("Condo");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: /1450 Brickell/ }).click();
    await page.getByRole("heading", { level: 1, name: "1450 Brickell Bay Dr" }).waitFor();
    await page.goto(await listing("456 Oak"));
    if (width > 600) {
      assert.equal(await page.getByRole("img", { name: "The main bedroom" }).isVisible(), true);
      await page.getByRole("link", { name: "All 4 photos" }).click();
    }
    await page.getByRole("link", { name: "Guides" }).first().click();
    await page.getByRole("link", { name: /Five things to do/ }).click();
    await page.getByRole("heading", { level: 1, name: "Sell for more, without a renovation" }).waitFor();
    await page.context().close();
  });

  test(`a post is written, looked at and published, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.goto("/dashboard/website");
    await page.getByRole("link", { name: "Posts" }).click();
    await page.getByRole("link", { name: "Write a post" }).click();
    await check(page);
    const title = `What a roof costs ${width}`;
    await page.getByLabel("Title").fill(title);
    await page.getByLabel("Text", { exact: true }).fill("## In short\n\nIt **depends**.");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The post is kept as a draft.").waitFor();
    await page.frameLocator("iframe").getByRole("heading", { name: "In short" }).waitFor();
    await check(page);
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("The post is published.").waitFor();
    await page.getByRole("link", { name: "See it on your website" }).click();
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
    await check(page);
    await page.context().close();
  });
}
