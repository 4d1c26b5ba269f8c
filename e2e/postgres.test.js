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
    await page.context().close();
  });
}
