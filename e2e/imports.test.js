// Leads from a file, and what an agent keeps beside them.
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
