// What happens on a page that is open: it follows without a reload, and nothing moves under the finger.
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

const create = async (name) => (await product.api("POST", "/api/v1/leads", { name, source: "zillow" })).json.leadId;

/** A page that would be lost if it were loaded again. */
async function stay(page, path) {
  const following = page.waitForResponse((answer) => answer.url().includes("/dashboard/live"));
  await page.goto(path);
  await following;
  await page.evaluate(() => { window.isSame = true; });
}

const isSame = (page) => page.evaluate(() => window.isSame === true);

/** As if another tab were shown: whether the page is hidden is the browser's to say. */
async function hide(page, isHidden) {
  await page.evaluate((isHidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

for (const width of WIDTHS) {
  test(`a lead appears at the top of the list and of Today, and is told, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await stay(page, "/dashboard/leads");
    const total = parseInt(await page.locator("[data-region=total]").textContent());
    const name = `Live ${width}`;
    const id = await create(name);
    await page.locator("tbody tr").first().getByRole("link", { name }).waitFor();
    assert.match(await page.locator("tbody tr").first().getAttribute("class"), /fresh/);
    assert.equal(parseInt(await page.locator("[data-region=total]").textContent()), total + 1);
    await page.locator("#news", { hasText: `New lead: ${name}` }).waitFor({ state: "attached" });
    // A change of it is followed too.
    await product.api("PATCH", `/api/v1/leads/${id}`, { status: "qualified" });
    await page.locator("tbody tr", { hasText: name }).getByText("Qualified").waitFor();
    await check(page);
    assert.ok(await isSame(page));

    await stay(page, "/dashboard");
    const second = `Today ${width}`;
    await create(second);
    await page.locator(".tasks > li").first().getByRole("link", { name: second, exact: true }).waitFor();
    assert.ok(await isSame(page));
    await check(page);

    await stay(page, `/dashboard/leads/${id}`);
    await page.getByLabel("Note", { exact: true }).fill("half a sentence");
    await product.api("PATCH", `/api/v1/leads/${id}`, { status: "contacted", phone: "555-0177" });
    await page.locator("[data-region=facts]").getByText("555-0177").waitFor();
    assert.equal(await page.getByLabel("Note", { exact: true }).inputValue(), "half a sentence");
    assert.ok(await isSame(page));
    await page.context().close();
  });

  test(`a narrowed list says how many came, and ticked rows stay where they are, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await stay(page, "/dashboard/leads?status=client");
    await create(`Elsewhere ${width}`);
    await page.getByText("1 new lead", { exact: true }).first().waitFor();
    await create(`Elsewhere too ${width}`);
    await page.getByText("2 new leads", { exact: true }).first().waitFor();
    await check(page);
    await page.locator(".arrivals").getByRole("link", { name: "Show" }).click();
    await page.locator("tbody tr").first().getByText(`Elsewhere too ${width}`).waitFor();

    await stay(page, "/dashboard/leads");
    const first = page.locator("tbody tr").first();
    await first.getByRole("checkbox").check();
    const name = `Later ${width}`;
    await create(name);
    await page.locator(".arrivals").getByText("1 new lead").waitFor();
    assert.match(await first.textContent(), /Elsewhere too/);
    await page.locator(".arrivals").getByRole("button", { name: "Show" }).click();
    await first.getByText(name).waitFor();
    assert.ok(await page.locator("tbody tr").nth(1).getByRole("checkbox").isChecked());
    assert.ok(await isSame(page));
    await page.context().close();
  });

  test(`nothing moves while the page is touched, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await stay(page, "/dashboard/leads");
    const first = page.locator("tbody tr").first();
    const before = await first.textContent();
    await page.locator("h1").hover();
    await page.mouse.down();
    const name = `Patient ${width}`;
    await create(name);
    await page.locator("#news", { hasText: `New lead: ${name}` }).waitFor({ state: "attached" });
    // Longer than it takes by itself.
    await page.waitForTimeout(1500);
    assert.equal(await first.textContent(), before);
    await page.mouse.up();
    await first.getByText(name).first().waitFor();
    await page.context().close();
  });

  test(`a hidden page follows nothing, and catches up when it is shown, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const following = page.waitForRequest((request) => request.url().includes("/dashboard/live"));
    await stay(page, "/dashboard/leads");
    const ended = page.waitForEvent("requestfailed", (request) => request.url().includes("/dashboard/live"));
    await hide(page, true);
    await ended;
    await following;
    const name = `Meanwhile ${width}`;
    await create(name);
    const again = page.waitForRequest((request) => request.url().includes("/dashboard/live"));
    await hide(page, false);
    assert.match((await again).url(), /after=\d+/);
    await page.locator("tbody tr").first().getByText(name).waitFor();
    await page.locator("#news", { hasText: `New lead: ${name}` }).waitFor({ state: "attached" });
    assert.ok(await isSame(page));
    await check(page);
    await page.context().close();
  });

  test(`the list of clients and a client's page follow, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await stay(page, "/dashboard/clients");
    const total = parseInt(await page.locator("[data-region=total]").textContent());
    const name = `Followed ${width}`;
    const { json } = await product.api("POST", "/api/v1/clients", { name, email: `followed${width}@example.com` });
    const first = page.locator("tbody tr").first();
    await first.getByRole("link", { name }).waitFor();
    assert.match(await first.getAttribute("class"), /fresh/);
    assert.equal(parseInt(await page.locator("[data-region=total]").textContent()), total + 1);
    await product.api("PATCH", `/api/v1/clients/${json.clientId}`, { buyingStage: "Offer" });
    await first.getByText("Offer").waitFor();
    // What is typed into the search stays, whatever the list does.
    await page.getByLabel("Search").fill("half a na");
    await product.api("PATCH", `/api/v1/clients/${json.clientId}`, { phone: "555-0188" });
    await first.getByText("555-0188").waitFor();
    assert.equal(await page.getByLabel("Search").inputValue(), "half a na");
    assert.ok(await isSame(page));
    await check(page);

    await stay(page, `/dashboard/clients/${json.clientId}`);
    await page.getByLabel("Note", { exact: true }).fill("half a sentence");
    await page.getByLabel("What comes next").fill("We send");
    await product.api("PATCH", `/api/v1/clients/${json.clientId}`, { buyingStage: "Touring", phone: "555-0199" });
    await page.locator("[data-region=facts]").getByText("555-0199").waitFor();
    await page.locator("[data-region=tag]").getByText("Touring").waitFor();
    await product.api("POST", `/api/v1/clients/${json.clientId}/notes`, { text: "Wants a cellar." });
    await page.locator("[data-region=happened]").getByText("Wants a cellar.").waitFor();
    // A tag and a follow-up that another page sets are no events, and followed too.
    const other = await page.context().newPage();
    await other.goto(`/dashboard/clients/${json.clientId}`);
    await other.locator("#tag").fill("Investor");
    await other.getByRole("button", { name: "Add", exact: true }).click();
    await other.getByRole("button", { name: "Tomorrow" }).click();
    await other.getByRole("status").waitFor();
    await page.locator(".held").getByText("Investor").waitFor();
    await page.getByRole("button", { name: "Done" }).waitFor();
    await other.close();
    assert.equal(await page.getByLabel("Note", { exact: true }).inputValue(), "half a sentence");
    assert.equal(await page.getByLabel("What comes next").inputValue(), "We send");
    assert.ok(await isSame(page));
    await check(page);
    await page.context().close();
  });

  test(`the list of clients waits while it is touched, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await stay(page, "/dashboard/clients");
    const first = page.locator("tbody tr").first();
    const before = await first.textContent();
    await page.locator("h1").hover();
    await page.mouse.down();
    const told = page.waitForRequest((request) => request.url().endsWith("/dashboard/clients"), { timeout: 1500 }).catch(() => null);
    const name = `Waiting ${width}`;
    await product.api("POST", "/api/v1/clients", { name, email: `waiting${width}@example.com` });
    // Longer than it takes by itself.
    assert.equal(await told, null);
    assert.equal(await first.textContent(), before);
    await page.mouse.up();
    await first.getByText(name).first().waitFor();
    await page.context().close();
  });

  test(`the board and a webhook's log follow, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await stay(page, "/dashboard/clients/board");
    const made = await product.api("POST", "/api/v1/clients", { name: `Board ${width}`, email: `board${width}@example.com` });
    const card = page.locator(".client", { hasText: `Board ${width}` });
    await card.waitFor();
    await product.api("PATCH", `/api/v1/clients/${made.json.clientId}`, { buyingStage: "Offer" });
    await page.locator(".column", { has: page.locator("h2", { hasText: "Offer" }) }).getByRole("link", { name: `Board ${width}` }).waitFor();
    assert.equal(await card.count(), 1);
    assert.ok(await isSame(page));
    await check(page);

    // Nobody listens there: the attempt fails, and its page says so.
    const hook = await product.api("POST", "/api/v1/webhooks", { url: "http://127.0.0.1:9/hook" });
    await stay(page, `/dashboard/settings/api/webhooks/${hook.json.id}`);
    await create(`Hooked ${width}`);
    await page.locator("[data-region=log]").getByText("To be tried again").waitFor();
    assert.ok(await isSame(page));
    await check(page);
    await product.api("DELETE", `/api/v1/webhooks/${hook.json.id}`);
    await page.context().close();
  });
}

test("listings follow what another tab does to them", async () => {
  const page = await open(browser, product, { width: 1440 });
  const other = await open(browser, product, { width: 390 });
  await Promise.all([signIn(page, product), signIn(other, product)]);
  const id = (await product.api("POST", "/api/v1/listings", { address: "9 Mirror Ct", price: 5, status: "draft" })).json.listingId;
  await stay(page, "/dashboard/listings");
  const card = page.locator(".homes > li", { hasText: "9 Mirror Ct" });
  await card.getByText("Draft").waitFor();
  await other.goto(`/dashboard/listings/${id}`);
  await other.getByText("Not shown yet").waitFor();
  assert.equal(await other.getByText("Accepting Requests").count(), 0);
  await other.getByRole("button", { name: "Publish" }).click();
  await card.getByText("Active").waitFor();
  assert.equal(await card.locator("img").count(), 0);
  const data = await other.evaluate(() => Object.assign(document.createElement("canvas"), { width: 400, height: 300 }).toDataURL("image/jpeg").split(",")[1]);
  const photo = { name: "one.jpg", mimeType: "image/jpeg", buffer: Buffer.from(data, "base64") };
  await other.getByLabel("Photos to add").setInputFiles([photo]);
  await other.getByRole("button", { name: "Add photos" }).click();
  await card.locator("img").waitFor();
  assert.ok(await isSame(page));
  await stay(page, `/dashboard/listings/${id}`);
  await page.locator("ol.photos > li").waitFor();
  await product.api("PATCH", `/api/v1/listings/${id}`, { status: "pending", price: 7 });
  await page.locator("[data-region=tag]", { hasText: "Pending" }).waitFor();
  await page.locator("[data-region=price]", { hasText: "$7" }).waitFor();
  await other.getByRole("button", { name: "Delete photo 1" }).click();
  await page.getByText("No photo yet.").waitFor();
  assert.ok(await isSame(page));
  await check(page);
  await Promise.all([page.context().close(), other.context().close()]);
});

test("an open page does not hold up a stop", async () => {
  const own = await Product.start();
  const page = await open(browser, own);
  await signIn(page, own);
  await stay(page, "/dashboard/leads");
  const begun = performance.now();
  await own.stop();
  // A connection without a request is closed after a second; requests in flight are waited for half a minute.
  assert.ok(performance.now() - begun < 10000);
  await page.context().close();
});

test("whoever signs out elsewhere is told", async () => {
  const page = await open(browser, product);
  await signIn(page, product);
  await stay(page, "/dashboard/leads");
  const other = await page.context().newPage();
  await other.goto("/dashboard");
  await other.getByRole("button", { name: "Sign out" }).click();
  await page.locator(".arrivals").getByText("You are signed out").waitFor();
  await check(page);
  await page.context().close();
});
