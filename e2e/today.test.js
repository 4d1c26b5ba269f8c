// Today: what needs the agent now, and what is done about it at one tap.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";

let product, browser;

before(async () => {
  [product, browser] = await Promise.all([Product.start({ ORGANICAGENT_RATE_LIMIT: "100000" }), launch()]);
});

after(async () => {
  await browser?.close();
  await product?.stop();
});

for (const width of WIDTHS) {
  test(`a new lead stands first, and is off the list when it is contacted, at ${width} px`, async () => {
    const name = `Newest ${width}`;
    await product.api("POST", "/api/v1/leads", { name, phone: "555-0100", source: "zillow" });
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await check(page);
    const first = page.locator(".tasks > li").first();
    assert.match(await first.textContent(), new RegExp(`${name}.*New from Zillow`, "s"));
    await first.getByRole("button", { name: "Done" }).click();
    await page.getByText("Contacted: it is off the list.").waitFor();
    assert.equal(await page.getByRole("link", { name, exact: true }).count(), 0);
    await check(page);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back.").waitFor();
    await page.goto("/dashboard");
    await page.getByRole("link", { name, exact: true }).waitFor();
    await page.context().close();
  });

  test(`a showing is confirmed at one of its times, another declined, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    const name = `Visitor ${width}`;
    const client = await product.api("POST", "/api/v1/clients", { name, email: `visitor${width}@example.com` });
    const listing = await product.api("POST", "/api/v1/listings", { address: `${width} Tap St`, price: 1 });
    const ask = async () => {
      // At each width another day: no two are confirmed for one time.
      const day = new Date(Date.now() + 86400000 * (width > 600 ? 8 : 9)).toISOString();
      const body = { clientId: client.json.clientId, listingId: listing.json.listingId, requestedTimes: [day] };
      return (await product.api("POST", "/api/v1/showings", body)).json.showingId;
    };
    await signIn(page, product);
    for (const [button, status] of [[/^Confirm/, "confirmed"], ["Decline", "declined"]]) {
      const showing = await ask();
      await page.goto("/dashboard");
      await page.locator(".tasks > li", { hasText: name }).getByRole("button", { name: button }).click();
      await page.getByText(`The showing is ${status}.`).waitFor();
      assert.equal((await product.api("GET", `/api/v1/showings/${showing}`)).json.status, status);
    }
    await page.context().close();
  });
}
