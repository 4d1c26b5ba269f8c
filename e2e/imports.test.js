// Leads and listings from a file, and what an agent keeps beside them.
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

for (const width of WIDTHS) {
  test(`a file is looked at, imported and known when it comes again, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const csv = `Nombre;Correo;Notas;Ciudad\nAda ${width};ada${width}@example.com;"Wants; a garden";Miami\nBroken;nobody;;\n`;
    const file = { name: "contactos.csv", mimeType: "text/csv", buffer: Buffer.from(csv) };
    await page.goto("/dashboard/leads");
    await page.getByRole("link", { name: "Import" }).click();
    await check(page);
    await page.getByLabel("A file of leads").setInputFiles(file);
    await page.getByRole("button", { name: "Upload and check" }).click();
    await page.getByText("Line 3").waitFor();
    await check(page);
    await page.getByLabel("Ciudad").selectOption("ignored");
    await page.getByRole("button", { name: "Check again" }).click();
    await page.getByRole("button", { name: "Import 1 lead" }).click();
    // The page looks again by itself.
    await page.getByRole("heading", { name: "Imported", exact: true }).waitFor();
    await check(page);
    const { json } = await product.api("GET", `/api/v1/leads?email=ada${width}%40example.com`);
    assert.deepEqual(json.leads.map((lead) => [lead.notes, lead.propertyAddress]), [["Wants; a garden", null]]);
    await page.goto("/dashboard/leads/import");
    await page.getByLabel("A file of leads").setInputFiles(file);
    await page.getByRole("button", { name: "Upload and check" }).click();
    await page.getByText("There is no new lead in it").waitFor();
    await page.context().close();
  });

  test(`listings come in from an MLS and are brought up to date, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const record = {
      ListingKey: `key${width}`,
      StandardStatus: "Active",
      UnparsedAddress: `${width} Feed St`,
      City: "Miami",
      ListPrice: 500_000,
      BedroomsTotal: 3,
    };
    const send = async (value) => {
      const buffer = Buffer.from(JSON.stringify({ value }));
      await page.goto("/dashboard/listings/import");
      await check(page);
      await page.getByLabel("A file of listings").setInputFiles({ name: "feed.json", mimeType: "application/json", buffer });
      await page.getByRole("button", { name: "Upload and check" }).click();
      await page.getByRole("heading", { name: "What would come of it" }).waitFor();
      await check(page);
    };
    await send([record, { ListingKey: "broken" }]);
    await page.getByText("has no address").waitFor();
    await page.getByRole("button", { name: "Import 1 listing" }).click();
    await page.getByRole("heading", { name: "Imported", exact: true }).waitFor();
    await check(page);
    await send([{ ...record, ListPrice: 480_000, StandardStatus: "Pending" }]);
    await page.getByRole("button", { name: "Change 1 listing" }).click();
    await page.getByRole("heading", { name: "Imported", exact: true }).waitFor();
    await page.getByRole("link", { name: "To the listings" }).click();
    await page.getByText("$480,000").first().waitFor();
    await check(page);
    const { json } = await product.api("GET", "/api/v1/listings?status=all&limit=100");
    const found = json.listings.filter((listing) => listing.address.startsWith(`${width} Feed St`));
    assert.deepEqual(found.map((listing) => [listing.price, listing.status, listing.bedrooms]), [[480_000, "pending", 3]]);
    await page.context().close();
  });

  test(`a lead is tagged, put off, merged and found by a saved view, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const email = `twice${width}@example.com`;
    await product.api("POST", "/api/v1/leads", { name: "Twice", email, source: "zillow", notes: "First" });
    const { json } = await product.api("POST", "/api/v1/leads", { name: "Twice again", email, notes: "Second" });
    await page.goto(`/dashboard/leads/${json.leadId}`);
    await page.getByRole("button", { name: "Tomorrow" }).click();
    await page.getByText("Kept: it stands under Today when it is due.").waitFor();
    await page.getByLabel("Tag", { exact: true }).fill(`Investor ${width}`);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("button", { name: new RegExp(`Investor ${width} *: take off`) }).waitFor();
    await check(page);
    await page.getByRole("link", { name: "Merge with earlier inquiries" }).click();
    await check(page);
    await page.getByRole("radio", { name: "Twice", exact: true }).check();
    await page.getByRole("button", { name: "Merge" }).click();
    await page.getByText("They are one now.").waitFor();
    await check(page);
    const found = await product.api("GET", `/api/v1/leads?email=${encodeURIComponent(email)}`);
    assert.deepEqual(found.json.leads.map((lead) => lead.name), ["Twice"]);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back.").waitFor();
    await page.goto("/dashboard/leads");
    await unfold(page);
    await page.getByLabel("Tag", { exact: true }).selectOption(`Investor ${width}`);
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByLabel("Save this list as").fill(`Investors ${width}`);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("link", { name: `Investors ${width}` }).waitFor();
    await check(page);
    await page.getByRole("button", { name: `Delete the view Investors ${width}` }).click();
    await page.getByText("The view is deleted.").waitFor();
    await page.context().close();
  });
}

test("a sheet of listings comes in without JavaScript", async () => {
  const page = await open(browser, product, { width: 390, javaScriptEnabled: false });
  await signIn(page, product);
  const csv = "Address,Price,Beds,Status\n5 Plain St,\"$250,000\",2,For sale\n6 Plain St,ask,1,Sold\n";
  await page.goto("/dashboard/listings/import");
  await page.getByLabel("A file of listings").setInputFiles({ name: "sheet.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
  await page.getByRole("button", { name: "Upload and check" }).click();
  await page.getByText("Price: must be a number").waitFor();
  await page.getByLabel("Beds").selectOption({ label: "Leave out" });
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByRole("button", { name: "Import 1 listing" }).click();
  await page.getByText("rows are done").or(page.getByRole("heading", { name: "Imported", exact: true })).first().waitFor();
  while (!(await page.getByRole("heading", { name: "Imported", exact: true }).isVisible())) {
    await page.getByRole("link", { name: "See how far it is" }).click();
  }
  const { json } = await product.api("GET", "/api/v1/listings?limit=100");
  const listing = json.listings.find((listing) => listing.address === "5 Plain St");
  assert.deepEqual([listing.price, listing.bedrooms], [250_000, null]);
  await page.context().close();
});
