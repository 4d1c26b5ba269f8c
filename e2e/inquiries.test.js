// From a page of the website to a lead: contact, question, valuation and guide, at both widths, with JavaScript and without; each is heard of
// once by a receiver of webhooks. Then what the agent sees of them, and the forms on another site.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";

const SITE = "/a/sarah-johnson";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
let product, browser, sink, listing;
const heard = [];
const waiting = [];

before(async () => {
  [product, browser] = await Promise.all([Product.start({ ORGANICAGENT_RATE_LIMIT: "100000" }), launch()]);
  sink = http.createServer((request, response) => {
    let body = "";
    request.on("data", (bytes) => (body += bytes));
    request.on("end", () => {
      heard.push(JSON.parse(body));
      waiting.splice(0).forEach((wake) => wake());
      response.end();
    });
  });
  await new Promise((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${sink.address().port}/hook`;
  const made = await product.api("POST", "/api/v1/webhooks", { url, events: ["lead.created"] });
  assert.equal(made.status, 201);
  listing = (await product.api("GET", "/api/v1/listings")).json.listings[0];
});

after(async () => {
  await browser?.close();
  await product?.stop();
  sink?.closeAllConnections();
  sink?.close();
});

/** The event about a person, once it is heard. */
async function event(name) {
  for (;;) {
    const found = heard.filter(({ data }) => data.name === name);
    if (found.length > 0) return found[0];
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`nothing was heard of ${name}`)), 20_000);
      waiting.push(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }
}

/** Types slowly enough for a person. */
async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
  await page.waitForTimeout(2_100);
}

for (const javaScriptEnabled of [true, false]) {
  for (const width of WIDTHS) {
    const way = `${width} px${javaScriptEnabled ? "" : ", without JavaScript"}`;
    const person = (what) => `${what} ${width} ${javaScriptEnabled ? "script" : "plain"}`;
    const look = javaScriptEnabled ? check : () => {};

    test(`each form leads to a lead, at ${way}`, async () => {
      const page = await open(browser, product, { width, javaScriptEnabled });
      // Contact, with a mistake first.
      await page.goto(`${SITE}/contact?utm_source=newsletter`);
      await look(page);
      await fill(page, { "Your name": person("Carla"), "E-mail": "carla@example", Message: "I would like to move in May." });
      await page.getByRole("button", { name: "Send the message" }).click();
      await page.getByText("an e-mail address looks like jane@example.com").waitFor();
      await look(page);
      assert.equal(await page.getByLabel("Message").inputValue(), "I would like to move in May.");
      await fill(page, { "E-mail": "carla@example.com" });
      await page.getByRole("button", { name: "Send the message" }).click();
      await page.getByRole("heading", { name: "Thank you, your message has arrived" }).waitFor();
      await look(page);
      // A question about a home.
      await page.goto(`${SITE}/listings/${listing.id}`);
      await look(page);
      await fill(page, { "Your name": person("Quentin"), Phone: "(555) 010-0000", "Your question": "Is the roof new?" });
      await page.getByRole("button", { name: "Send the question" }).click();
      await page.getByRole("heading", { name: "Thank you, your question has arrived" }).waitFor();
      // What a home is worth, in Spanish.
      await page.goto(`${SITE}/valuation?lang=es`);
      await look(page);
      await fill(page, { "Dirección de su casa": "1 Elm St, Miami", "Su nombre": person("Valeria"), "Correo electrónico": "valeria@example.com" });
      await page.getByRole("button", { name: "Pedir una valoración" }).click();
      await page.getByRole("heading", { name: "Gracias, su solicitud ha llegado" }).waitFor();
      await look(page);
      // A guide, and the guide itself.
      await page.goto(`${SITE}/guides`);
      await page.getByRole("link", { name: /Five things to do before you sell/ }).first().click();
      await page.getByRole("button", { name: "Send me the guide" }).waitFor();
      await look(page);
      await fill(page, { "Your name": person("Gita"), "E-mail": `gita${width}${javaScriptEnabled}@example.com` });
      await page.getByRole("button", { name: "Send me the guide" }).click();
      await page.getByRole("heading", { name: "Thank you, here is your guide" }).waitFor();
      await look(page);
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download the guide (PDF)" }).click()]);
      assert.match(download.suggestedFilename(), /\.pdf$/);
      for (const [what, source, about] of [
        ["Carla", "website", null],
        ["Quentin", "website", listing.address],
        ["Valeria", "website", "1 Elm St, Miami"],
        ["Gita", "guide", null],
      ]) {
        const { event: kind, data } = await event(person(what));
        assert.deepEqual([kind, data.source, data.propertyAddress, data.status], ["lead.created", source, about, "new"]);
        assert.equal(heard.filter((other) => other.data.name === person(what)).length, 1);
      }
      await page.context().close();
    });
  }
}

for (const width of WIDTHS) {
  test(`the agent sees where a lead came from, and settles what may be spam, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const name = `Doubtful ${width}`;
    const body = new URLSearchParams({ name, email: "doubtful@example.com", message: "Hello" });
    const answer = await fetch(`${product.base}${SITE}/contact`, { method: "POST", body, redirect: "manual" });
    assert.equal(answer.status, 303);
    const robot = new URLSearchParams({ name: `Robot ${width}`, email: "robot@example.com", website_url: "x" });
    await fetch(`${product.base}${SITE}/contact`, { method: "POST", body: robot, redirect: "manual" });
    assert.equal((await event(name)).data.status, "new");
    await page.goto("/dashboard/leads");
    await check(page);
    await page.getByRole("link", { name: /^Look at/ }).click();
    await page.getByRole("heading", { name: "Is this spam?" }).waitFor();
    await check(page);
    await page.getByRole("button", { name: new RegExp(`^Junk\\W+${name}$`) }).click();
    await page.getByText("It is junk.").waitFor();
    await page.getByRole("link", { name: `Robot ${width}` }).click();
    await page.getByText("A field was filled in that nobody sees.").waitFor();
    await check(page);
    await page.getByRole("button", { name: "Not spam" }).click();
    await page.getByText("It is no spam").waitFor();
    await page.getByRole("heading", { name: "From your website" }).waitFor();
    await check(page);
    assert.equal((await event(`Robot ${width}`)).data.status, "new");
    await page.context().close();
  });

  test(`a form stands in a frame on a site that the agent names, and on no other, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const served = http.createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end(`<!doctype html><title>Another site</title><iframe title="Contact" src="${product.base}${SITE}/embed/contact" width="380" height="800"></iframe>`);
    });
    await new Promise((resolve) => served.listen(0, "127.0.0.1", resolve));
    const other = `http://127.0.0.1:${served.address().port}`;
    await page.goto("/dashboard/settings/website-forms");
    await check(page);
    await page.getByLabel("Addresses of sites").fill("not a site");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("which is no address such as").waitFor();
    await check(page);
    const visitor = await browser.newPage();
    await visitor.goto(other);
    assert.equal(await visitor.frameLocator("iframe").getByLabel("Your name").count(), 0);
    await page.getByLabel("Addresses of sites").fill(`${other}/any/page`);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The sites are saved.").waitFor();
    assert.ok(await page.getByText("<iframe src=").first().isVisible());
    await page.getByRole("button", { name: "Copy Contact form" }).click();
    await visitor.goto(other);
    const frame = visitor.frameLocator("iframe");
    await frame.getByLabel("Your name").fill(`Framed ${width}`);
    await frame.getByLabel("Phone").fill("555-0100");
    await visitor.waitForTimeout(2_100);
    await frame.getByRole("button", { name: "Send the message" }).click();
    await frame.getByRole("heading", { name: "Thank you, your message has arrived" }).waitFor();
    assert.equal((await event(`Framed ${width}`)).data.source, "website");
    await visitor.close();
    served.closeAllConnections();
    served.close();
    await page.context().close();
  });

  test(`visits are shown by day, page and origin, at ${width} px`, async () => {
    const visitor = await open(browser, product, { width, userAgent: `${FIREFOX} ${width}` });
    for (const place of ["?utm_source=flyer", "/listings", "/contact"]) await visitor.goto(SITE + place);
    await visitor.context().close();
    const page = await open(browser, product, { width });
    await signIn(page, product);
    // What was counted is written every five seconds.
    for (let n = 0; ; n++) {
      await page.goto("/dashboard/visits?days=7");
      if (await page.getByRole("rowheader", { name: "flyer" }).isVisible()) break;
      assert.ok(n < 40, "nothing is written");
      await page.waitForTimeout(500);
    }
    await check(page);
    await page.getByText("As a table").click();
    await check(page);
    await page.getByRole("link", { name: "90 days" }).click();
    await page.getByRole("heading", { name: "The last 90 days" }).waitFor();
    await check(page);
    await page.context().close();
  });
}
