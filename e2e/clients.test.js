// Clients in the browser: added, moved on the board by dragging, by form and by keyboard, deleted and brought back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn, unfold } from "./lib/browser.js";
import { Product } from "./lib/product.js";

let product, browser;

before(async () => {
  [product, browser] = await Promise.all([Product.start({ ORGANICAGENT_RATE_LIMIT: "100000" }), launch()]);
});

after(async () => {
  await browser?.close();
  await product?.stop();
});

/** How often a client's stage was changed, by the feed. */
async function moves(name) {
  const { json } = await product.api("GET", "/api/v1/events?type=client.stage_changed&limit=100");
  return json.events.filter((event) => event.data?.name === name).map((event) => event.data.buyingStage);
}

for (const width of WIDTHS) {
  test(`a client is added, changed, moved, deleted and brought back, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const name = `Mary Shelley ${width}`;
    await page.getByRole("link", { name: "Clients", exact: true }).click();
    await check(page);
    await page.getByRole("link", { name: "Add a client" }).click();
    await check(page);
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("E-mail").fill(`mary${width}@example.com`);
    await page.getByRole("button", { name: "Add the client" }).click();
    await page.getByRole("heading", { name }).waitFor();
    await check(page);
    await page.getByRole("textbox", { name: "Note" }).fill("Needs a cellar.");
    await page.getByRole("button", { name: "Keep the note" }).click();
    await page.getByText("Needs a cellar.").waitFor();
    await page.locator("#stage").selectOption({ label: "Offer" });
    await page.getByRole("button", { name: "Move" }).click();
    await page.getByText("Moved from Searching to Offer.").waitFor();
    assert.deepEqual(await moves(name), ["Offer"]);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Moved from Offer to Searching.").waitFor();
    await page.goto(`/dashboard/clients?q=${encodeURIComponent(`mary${width}@example.com`)}`);
    await page.getByRole("link", { name }).click();
    await page.getByRole("link", { name: "Change" }).click();
    await check(page);
    await page.getByLabel("Phone").fill("555-0111");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The client is saved.").waitFor();
    await page.getByRole("button", { name: "Delete the client" }).click();
    await page.getByText("The client is deleted.").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("The client is back.").waitFor();
    await page.context().close();
  });

  test(`a card on the board is moved by its form, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    const name = `Card ${width}`;
    await product.api("POST", "/api/v1/clients", { name, email: `card${width}@example.com` });
    await signIn(page, product);
    await page.goto("/dashboard/clients/board?pipeline=seller");
    await check(page);
    await page.goto("/dashboard/clients/board");
    await check(page);
    const chosen = page.getByLabel(`Stage of ${name}`);
    await chosen.focus();
    await chosen.selectOption({ label: "Touring" });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Moved from Searching to Touring.").waitFor();
    assert.deepEqual(await moves(name), ["Touring"]);
    await page.context().close();
  });
}

test("a card is dragged to another stage, once", async () => {
  const page = await open(browser, product, { width: 1440 });
  const name = "Dragged card";
  await product.api("POST", "/api/v1/clients", { name, email: "dragged@example.com" });
  await signIn(page, product);
  await page.goto("/dashboard/clients/board");
  const card = page.locator(".client", { hasText: name });
  await card.scrollIntoViewIfNeeded();
  const target = page.getByRole("region", { name: "Pre-approved" }).getByRole("list");
  const [from, to] = [await card.boundingBox(), await target.boundingBox()];
  await page.mouse.move(from.x + 40, from.y + 14);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 30, { steps: 4 });
  await page.mouse.move(to.x + 60, to.y + 20, { steps: 12 });
  await page.mouse.up();
  await page.getByText("Moved from Searching to Pre-approved.").waitFor();
  assert.deepEqual(await moves(name), ["Pre-approved"]);
  await check(page);
  await page.context().close();
});

for (const width of WIDTHS) {
  for (const javaScriptEnabled of [true, false]) {
    test(`clients are narrowed and ordered, at ${width} px, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
      const page = await open(browser, product, { width, javaScriptEnabled });
      await signIn(page, product);
      const label = `${javaScriptEnabled ? "Scripted" : "Plain"} ${width}`;
      const names = ["One", "Two"].map((name) => `${name} ${label}`);
      for (const name of names) {
        const email = `${name.replaceAll(" ", ".").toLowerCase()}@example.com`;
        const { json } = await product.api("POST", "/api/v1/clients", { name, email });
        await product.api("PATCH", `/api/v1/clients/${json.clientId}`, { buyingStage: "Touring" });
        await page.goto(`/dashboard/clients/${json.clientId}`);
        await page.locator("#tag").fill(label);
        await page.getByRole("button", { name: "Add", exact: true }).click();
        await page.locator(".held").getByText(label).waitFor();
      }
      await page.goto("/dashboard/clients");
      const choices = page.locator(".filters .choices");
      assert.equal(await choices.isVisible(), width > 900, "folded on a phone, in sight on a desk");
      await unfold(page);
      await page.getByLabel("Tag", { exact: true }).selectOption(label);
      await page.getByLabel("Stage").selectOption({ label: "Touring" });
      await page.getByLabel("Order").selectOption({ label: "Oldest first" });
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByText("2 found").waitFor();
      const found = page.locator("tbody strong");
      assert.deepEqual(await found.allTextContents(), names);
      // What it is narrowed by is in sight, and stays with the next search.
      assert.ok(await choices.isVisible());
      assert.equal(await page.getByLabel("Tag", { exact: true }).inputValue(), label);
      if (javaScriptEnabled) await check(page);
      await page.getByLabel("Order").selectOption({ label: "Newest first" });
      await page.getByRole("button", { name: "Search" }).click();
      await page.waitForURL(/sort=-createdAt/);
      assert.deepEqual(await found.allTextContents(), names.toReversed());
      await page.getByLabel("Client from").fill("2199-01-01");
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByText("No client fits.").waitFor();
      if (javaScriptEnabled) await check(page);
      await page.context().close();
    });
  }

  test(`the filters stand in even rows, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    for (const path of ["/dashboard/leads", "/dashboard/clients"]) {
      await page.goto(path);
      await unfold(page);
      const fields = await page.locator(".choices .field").evaluateAll((all) =>
        all.map((field) => [field, ...field.querySelectorAll("input, select")].map((part) => part.getBoundingClientRect().toJSON())),
      );
      for (const [field, control] of fields) assert.ok(control.right <= field.right + 1, "nothing is wider than its column");
      const rows = new Set(fields.map(([field]) => Math.round(field.top))).size;
      assert.equal(rows, width > 900 ? 1 : Math.ceil(fields.length / 2), path);
    }
    await page.context().close();
  });
}
