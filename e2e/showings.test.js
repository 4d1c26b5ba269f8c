// Showings: asked for, answered at one tap, in the calendar, and by links that need nobody signed in; at both widths.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Postbox } from "./lib/postbox.js";
import { Product } from "./lib/product.js";

let product, browser;

before(async () => {
  [product, browser] = await Promise.all([Product.start({ ORGANICAGENT_RATE_LIMIT: "100000" }), launch()]);
});

after(async () => {
  await browser?.close();
  await product?.stop();
});

/** An instant so many days from now, at ten in the morning UTC. */
const inDays = (days) => {
  const at = new Date(Date.now() + days * 86_400_000);
  at.setUTCHours(16, 0, 0, 0);
  return at.toISOString();
};
const day = (days) => inDays(days).slice(0, 10);

/** A client, a listing and a request of theirs. */
async function ask(name, address, times, key = product.key, at = product) {
  const email = `${name.toLowerCase().replaceAll(" ", ".")}@example.com`;
  const client = (await at.api("POST", "/api/v1/clients", { name, email, phone: "555-0100" }, key)).json.clientId;
  const listing = (await at.api("POST", "/api/v1/listings", { address, price: 1 }, key)).json.listingId;
  const body = { clientId: client, listingId: listing, requestedTimes: times, notes: "We would like to see the garden.", override: true };
  const { json } = await at.api("POST", "/api/v1/showings", body, key);
  return { client, listing, showing: json.showingId };
}

const status = async ({ showing }) => (await product.api("GET", `/api/v1/showings/${showing}`)).json.status;

for (const width of WIDTHS) {
  test(`a request is confirmed, moved, taken back and cancelled at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const address = `${width} Answer St`;
    // Days of its own: the other width's stays confirmed.
    const asked = await ask(`Asker ${width}`, address, width > 600 ? [inDays(5), inDays(6)] : [inDays(3), inDays(4)]);
    await page.goto("/dashboard/showings");
    await check(page);
    const row = page.locator(".lines > li", { hasText: address });
    await row.getByRole("button", { name: /confirm Asker/ }).first().click();
    await page.getByText("The showing is confirmed.").waitFor();
    assert.equal(await status(asked), "confirmed");
    await page.locator(".lines a", { hasText: address }).click();
    await page.getByRole("heading", { name: "What now?" }).waitFor();
    await check(page);
    await page.getByText("Move it").click();
    await page.getByLabel("Day").fill(day(9));
    await page.getByLabel("Time", { exact: true }).fill("09:30");
    await page.getByRole("button", { name: "Move to this time" }).click();
    await page.getByText("The showing is moved.").waitFor();
    await page.getByText(/^Moved to .*09:30/).waitFor();
    await check(page);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("The showing is moved.").waitFor();
    assert.equal(await page.getByText(/^Moved to/).count(), 2);
    await page.getByText("Call it off").click();
    await page.getByLabel(/^Words to/).fill("The owners are away.");
    await page.getByRole("button", { name: "Cancel the showing" }).click();
    await page.getByText("The showing is cancelled.").waitFor();
    await page.getByText("The owners are away.").first().waitFor();
    await check(page);
    assert.equal(await status(asked), "cancelled");
    await page.getByRole("button", { name: "Take this back" }).click();
    await page.getByText("It is taken back: the showing is what it was before.").waitFor();
    await page.getByText(/^Taken back: confirmed for/).waitFor();
    assert.equal(await status(asked), "confirmed");
    assert.equal(await page.getByRole("button", { name: "It took place" }).count(), 0);
    await check(page);
    await page.goto("/dashboard/showings?view=all");
    await page.getByLabel("Search").fill(`Asker ${width}`);
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForURL(/q=Asker/);
    await check(page);
    await page.context().close();
  });

  test(`one that the agent adds stands in the calendar, by keyboard too, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const address = `${width} Calendar Ave`;
    // A day of its own: in a month, a full day shows only some of it.
    const on = width > 600 ? 12 : 20;
    const { client } = await ask(`Planner ${width}`, address, [inDays(on)]);
    await page.goto(`/dashboard/clients/${client}`);
    await page.getByRole("link", { name: "Showing to add" }).click();
    await page.getByRole("heading", { name: "Add a showing" }).waitFor();
    await check(page);
    await page.getByLabel("Listing", { exact: true }).selectOption({ label: address });
    await page.getByLabel("Day").fill(day(on));
    await page.getByLabel("Time", { exact: true }).fill("15:45");
    await page.getByRole("button", { name: "Add the showing" }).click();
    await page.getByText("The showing is added, and confirmed.").waitFor();
    for (const view of ["day", "week", "month"]) {
      await page.goto(`/dashboard/showings/calendar?view=${view}&on=${day(on)}`);
      await page.locator(".entry.is-sure", { hasText: address }).waitFor();
      await page.locator(".entry.is-open", { hasText: address }).waitFor();
      await check(page);
    }
    // To the next month and back, and to the showing, without a pointer.
    await page.getByRole("link", { name: "The month after" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => !url.search.includes(day(on)));
    await page.getByRole("link", { name: "The month before" }).focus();
    await page.keyboard.press("Enter");
    await page.locator(".entry.is-sure", { hasText: address }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: address }).waitFor();
    await page.context().close();
  });

  test(`the calendar’s address is made, renewed and ended at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.goto("/dashboard/settings/calendar");
    await check(page);
    await page.getByRole("button", { name: "Make an address" }).click();
    await page.getByText("Copy it now").waitFor();
    await check(page);
    const address = await page.locator("#feed-address").textContent();
    const feed = await fetch(address.replace(/^https?:\/\/[^/]+/, product.base));
    assert.equal(feed.status, 200);
    assert.match(await feed.text(), /^BEGIN:VCALENDAR\r\n/);
    assert.match(await page.getByRole("link", { name: "Subscribe on this device" }).getAttribute("href"), /^webcal:\/\//);
    await page.goto("/dashboard/settings/calendar");
    await page.getByRole("button", { name: "End it" }).click();
    await page.getByText("The address has ended.").waitFor();
    assert.equal((await fetch(address.replace(/^https?:\/\/[^/]+/, product.base))).status, 404);
    await check(page);
    await page.context().close();
  });
}

test("without a script a request is declined with words, and one is added", async () => {
  const page = await open(browser, product, { width: 390, javaScriptEnabled: false });
  const asked = await ask("Quiet Client", "1 Plain St", [inDays(5)]);
  await signIn(page, product);
  await page.goto(`/dashboard/showings/${asked.showing}`);
  await page.getByText("Decline or cancel").click();
  await page.getByLabel("Words to Quiet Client").fill("It is sold.");
  await page.getByRole("button", { name: "Decline" }).click();
  await page.getByText("The showing is declined.").waitFor();
  assert.equal(await status(asked), "declined");
  await page.getByText("It is sold.").first().waitFor();
  await page.goto(`/dashboard/showings/new?client=${asked.client}&listing=${asked.listing}`);
  await page.getByLabel("Day").fill(day(6));
  await page.getByLabel("Time", { exact: true }).fill("10:00");
  await page.getByRole("button", { name: "Add the showing" }).click();
  await page.getByText("The showing is added, and confirmed.").waitFor();
  await page.context().close();
});

test("an open list follows, and says nothing twice", async () => {
  const page = await open(browser, product, { width: 1440 });
  await signIn(page, product);
  await page.goto("/dashboard/showings");
  const asked = await ask("Late Comer", "7 Live St", [inDays(2)]);
  const at = (region) => page.locator(`[data-region=${region}] strong`, { hasText: "7 Live St" });
  await at("waiting").waitFor();
  await product.api("PATCH", `/api/v1/showings/${asked.showing}`, { status: "confirmed" });
  await at("list").waitFor();
  assert.equal(await at("waiting").count(), 0);
  await page.context().close();
});

test("a mail’s links answer without signing in, once it is asked", async () => {
  const postbox = await Postbox.open();
  const sending = await Product.start({ ORGANICAGENT_MAIL_URL: postbox.url }, []);
  try {
    const slug = sending.command("agent", "create", "--name", "Sarah Sender", "--email", "sarah@example.com");
    const key = sending.command("key", "create", "--agent", slug, "--name", "Portal");
    const { showing } = await ask("Mail Client", "5 Letter Ln", [inDays(2), inDays(3)], key, sending);
    const mail = await postbox.find("5 Letter Ln");
    const links = [...new Set(mail.match(/\/showings\/[\w-]{43}/g))];
    assert.equal(links.length, 3);
    const held = async () => (await sending.api("GET", `/api/v1/showings/${showing}`, undefined, key)).json.status;
    for (const width of WIDTHS) {
      const page = await open(browser, sending, { width, javaScriptEnabled: width > 600 });
      await page.goto(links[0]);
      await page.getByText("Nothing is done yet.").waitFor();
      if (width > 600) await check(page);
      await page.goto(links[2]);
      await page.getByLabel("Words to the client").waitFor();
      if (width > 600) await check(page);
      await page.context().close();
    }
    assert.equal(await held(), "requested");
    for (const width of WIDTHS) {
      // Another of the times, and back; without a script too.
      const page = await open(browser, sending, { width, javaScriptEnabled: width > 600 });
      assert.match(mail, new RegExp(`${links[2]}\\?times`));
      await page.goto(`${links[2]}?times`);
      // At the second width it is agreed on already, and can be moved all the same.
      await page.getByRole("heading", { name: width > 600 ? /^Confirmed for/ : "Which time suits you?" }).waitFor();
      if (width > 600) await check(page);
      await page.locator("button[name=at]").first().click();
      await page.getByRole("heading", { name: /^Confirmed for/ }).waitFor();
      assert.match(await page.getByRole("link", { name: "Tell the client by mail" }).getAttribute("href"), /^mailto:mail\.client@example\.com\?/);
      if (width > 600) await check(page);
      assert.equal(await held(), "confirmed");
      await sending.api("PATCH", `/api/v1/showings/${showing}`, { status: "declined" }, key);
      await page.goto(links[0]);
      await page.getByRole("heading", { name: "This showing is declined" }).waitFor();
      if (width > 600) await check(page);
      // It had a time: that is what it has again.
      await page.getByRole("button", { name: "Take this back" }).click();
      await page.getByRole("heading", { name: /^Confirmed for/ }).waitFor();
      assert.equal(await held(), "confirmed");
    }
    const page = await open(browser, sending, { width: 390 });
    await page.goto(links[1]);
    await check(page);
    const moved = await page.locator("button[name=at]").textContent();
    await page.locator("button[name=at]").click();
    await page.locator("button[name=at]", { hasNotText: moved }).waitFor();
    await check(page);
    assert.equal(await held(), "confirmed");
    await page.goto(links[2]);
    await page.getByRole("heading", { name: /^Confirmed for/ }).waitFor();
    await page.context().close();
  } finally {
    await sending.stop();
    postbox.close();
  }
});
