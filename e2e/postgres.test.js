// One journey through the product on PostgreSQL; all the others run on SQLite.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";

const cluster = process.env.ORGANICAGENT_TEST_POSTGRES;
const name = `browser_${randomBytes(8).toString("hex")}`;
let product, browser;

function run(sql) {
  execFileSync("psql", ["--no-psqlrc", "--quiet", "--command", sql, cluster]);
}

before(async () => {
  assert.ok(cluster, "ORGANICAGENT_TEST_POSTGRES must name a PostgreSQL server: ./test browser starts one");
  run(`CREATE DATABASE ${name}`);
  const url = new URL(cluster);
  url.pathname = name;
  [product, browser] = await Promise.all([Product.start({ ORGANICAGENT_DATABASE_URL: url.href }), launch()]);
});

after(async () => {
  await browser?.close();
  await product?.stop();
  if (product) run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
});

for (const width of WIDTHS) {
  test(`a lead comes in, is answered, becomes a client and moves on the board, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await check(page);
    await page.goto("/dashboard/leads");
    const person = `Zoë Ångström ${width}`;
    const lead = { name: person, email: `zoe${width}@example.com`, phone: "+1 310 555 0187", source: "website" };
    assert.equal((await product.api("POST", "/api/v1/leads", lead)).status, 201);
    // Told by an event, without a reload.
    await page.getByRole("link", { name: person }).first().click();
    await check(page);
    await page.getByRole("textbox", { name: "Note" }).fill("Called back: wants a garden.");
    await page.getByRole("button", { name: "Keep the note" }).click();
    await page.getByText("Called back: wants a garden.").waitFor();
    await page.getByRole("button", { name: "Make a client" }).click();
    await page.getByText("The person is a client now.").waitFor();
    await check(page);
    await page.goto("/dashboard/clients/board");
    await page.getByText(person).first().waitFor();
    await check(page);
    await page.goto(`/dashboard/leads?q=${encodeURIComponent("ångström")}`);
    await page.getByText(person).first().waitFor();
    await page.goto("/dashboard/settings/api");
    await check(page);
    // A showing, asked for, confirmed, and found in the calendar.
    // At noon, where the agent's day is the same as that of UTC.
    const day = new Date(Date.now() + 86_400_000 * (width > 600 ? 8 : 9)).toISOString().replace(/T.*/, "T17:00:00.000Z");
    const clients = (await product.api("GET", `/api/v1/clients?email=zoe${width}@example.com`)).json.clients;
    const listing = (await product.api("POST", "/api/v1/listings", { address: `${width} Garden Ln`, price: 1 })).json.listingId;
    const showing = { clientId: clients[0].id, listingId: listing, requestedTimes: [day], override: true };
    assert.equal((await product.api("POST", "/api/v1/showings", showing)).status, 201);
    await page.goto("/dashboard/showings");
    await page.locator(".lines > li", { hasText: `${width} Garden Ln` }).getByRole("button", { name: /confirm/ }).click();
    await page.getByText("The showing is confirmed.").waitFor();
    await page.goto(`/dashboard/showings/calendar?view=week&on=${day.slice(0, 10)}`);
    await page.locator(".entry.is-sure", { hasText: `${width} Garden Ln` }).waitFor();
    await check(page);
    await page.context().close();
  });
}
