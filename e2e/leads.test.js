// Leads in the browser: found, added, worked on, changed many at once, deleted and brought back.
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

/** The status of a lead, as the API has it. */
async function status(name) {
  const { json } = await product.api("GET", "/api/v1/leads?limit=100");
  return json.leads.find((lead) => lead.name === name)?.status;
}

for (const width of WIDTHS) {
  test(`a lead is added, worked on and becomes a client, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await check(page);
    const name = `Ada Lovelace ${width}`;
    await page.getByRole("link", { name: "Add a lead" }).click();
    await check(page);
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("E-mail").fill("not an address@");
    // The browser's own check stands before ours.
    await page.locator("form").evaluateAll((forms) => forms.forEach((form) => (form.noValidate = true)));
    await page.getByRole("button", { name: "Add the lead" }).click();
    await page.getByRole("alert").waitFor();
    await check(page);
    await page.getByLabel("E-mail").fill(`ada${width}@example.com`);
    await page.getByLabel("Phone").fill("+1 (555) 010-0199");
    await page.getByLabel("What did they say?").fill("Wants a garden.");
    await page.getByRole("button", { name: "Add the lead" }).click();
    await page.getByRole("heading", { name }).waitFor();
    await check(page);
    assert.equal(await page.getByRole("link", { name: "Call", exact: true }).getAttribute("href"), "tel:+15550100199");
    await page.getByRole("textbox", { name: "Note" }).fill("Called: comes on Saturday.");
    await page.getByRole("button", { name: "Keep the note" }).click();
    await page.getByText("Called: comes on Saturday.").waitFor();
    await page.locator("#status").selectOption("appointment");
    await page.getByRole("button", { name: "Set" }).click();
    await page.getByRole("status").waitFor();
    assert.equal(await status(name), "appointment");
    await page.getByRole("link", { name: "Change" }).click();
    await check(page);
    await page.getByLabel("About which property?").fill("1 Analytical Way");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("1 Analytical Way").waitFor();
    await page.getByRole("button", { name: "Make a client" }).click();
    await page.getByText("The person is a client now.").waitFor();
    assert.equal(await status(name), "client");
    const clients = await product.api("GET", `/api/v1/clients?email=ada${width}%40example.com`);
    assert.equal(clients.json.clients.length, 1);
    await page.context().close();
  });

  test(`leads are found, changed together and brought back, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const names = ["Grace", "Edsger"].map((name) => `${name} of ${width}`);
    for (const name of names) await product.api("POST", "/api/v1/leads", { name, source: "Quiet street" });
    await page.goto("/dashboard/leads");
    for (const name of names) await page.getByLabel(`Tick ${name}`).check();
    await page.getByLabel("The ticked ones").selectOption("nurture");
    await page.getByRole("button", { name: "Do it" }).click();
    await page.getByText("2 leads are changed.").waitFor();
    assert.deepEqual([await status(names[0]), await status(names[1])], ["nurture", "nurture"]);
    await check(page);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back.").waitFor();
    assert.deepEqual([await status(names[0]), await status(names[1])], ["new", "new"]);
    for (const name of names) await page.getByLabel(`Tick ${name}`).check();
    await page.getByLabel("The ticked ones").selectOption("delete");
    await page.getByRole("button", { name: "Do it" }).click();
    await page.getByText("2 leads are deleted.").waitFor();
    assert.equal(await status(names[0]), undefined);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back.").waitFor();
    assert.equal(await status(names[0]), "new");
    if (width < 900) await page.getByText("Filters and order").click();
    await page.getByLabel("Status").selectOption("new");
    await page.getByLabel("Source").selectOption({ label: "Quiet street" });
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: names[0] }).waitFor();
    await page.goto("/dashboard/leads?q=nobody+is+called+this");
    await page.getByText("No lead fits.").waitFor();
    await check(page);
    await page.context().close();
  });
}

test("pages follow one another by cursor", async () => {
  const other = await Product.start({ ORGANICAGENT_RATE_LIMIT: "100000" });
  try {
    for (let n = 0; n < 70; n++) await other.api("POST", "/api/v1/leads", { name: `Number ${n}` });
    const page = await open(browser, other);
    await signIn(page, other);
    await page.goto("/dashboard/leads");
    const seen = new Set();
    for (;;) {
      for (const link of await page.locator("td.person > div > a:first-child").allTextContents()) {
        assert.ok(!seen.has(link) || !link.startsWith("Number"), `${link} stands on two pages`);
        seen.add(link);
      }
      const next = page.getByRole("link", { name: "Next page" });
      if ((await next.count()) === 0) break;
      await next.click();
    }
    for (let n = 0; n < 70; n++) assert.ok(seen.has(`Number ${n}`), `Number ${n} is on no page`);
    await page.context().close();
  } finally {
    await other.stop();
  }
});

test("stored text executes nothing and breaks no page", async () => {
  const page = await open(browser, product, { width: 390 });
  await signIn(page, product);
  const nasty = [
    "<script>window.hurt = 1</script>",
    '"><img src=x onerror="window.hurt=1">',
    "javascript:window.hurt=1",
    "{{ 7*7 }}${7*7}",
    "\u202Eright to left\u202C",
    "zero\u200Bwidth\uFEFF",
    "W".repeat(190),
    "عمر حداد",
  ];
  const made = [];
  for (const text of nasty) {
    const lead = { name: text, source: text.slice(0, 60), propertyAddress: text, notes: text.repeat(20), phone: text.slice(0, 60) };
    const { status, json } = await product.api("POST", "/api/v1/leads", lead);
    assert.equal(status, 201, text);
    made.push(json.leadId);
    await product.api("POST", `/api/v1/leads/${json.leadId}/notes`, { text });
  }
  for (const path of ["/dashboard/leads", ...made.map((id) => `/dashboard/leads/${id}`), `/dashboard/leads/${made[1]}/edit`]) {
    await page.goto(path);
    await check(page);
    assert.equal(await page.evaluate(() => window.hurt), undefined, path);
  }
  await page.context().close();
});
