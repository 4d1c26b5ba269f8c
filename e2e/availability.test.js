// When homes are shown: hours, blocked times and a listing's rules, at both widths, and without a script.
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

const SETTINGS = "/dashboard/settings/availability";
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Asks for a showing of a listing by the API. */
async function ask(listing, time, more = {}) {
  const client = (await product.api("GET", "/api/v1/clients?limit=1")).json.clients[0].id;
  return product.api("POST", "/api/v1/showings", { clientId: client, listingId: listing, requestedTimes: [time], ...more });
}

async function listings() {
  return (await product.api("GET", "/api/v1/listings")).json.listings;
}

/** The day of a time as a date field has it, where the demo's agent works. */
const dayOf = (time) => new Date(time).toLocaleDateString("en-CA", { timeZone: "America/New_York" });

/** The day so many days from now. */
const day = (ahead) => dayOf(Date.now() + ahead * 86_400_000);

/** Clears hours and blocked times, whatever there are. */
async function clear(page) {
  await page.goto(SETTINGS);
  for (const name of ["Clear all hours", /^Unblock/]) {
    const button = page.getByRole("button", { name });
    while (await button.count()) {
      await Promise.all([page.waitForEvent("load"), button.first().click()]);
    }
  }
}

/** Sets hours, blocks a day, unblocks and takes that back: with a script or without. */
async function setHours(page, look) {
  await clear(page);
  await page.getByText("No hours are set, so any time to come can be asked for.").waitFor();
  await look(page);
  await page.getByLabel("Monday, from", { exact: true }).fill("10:00");
  await page.getByLabel("Monday, to", { exact: true }).fill("12:30");
  await page.locator("summary", { hasText: "times on Monday" }).click();
  await page.getByLabel("Monday, time 2, from").fill("14:00");
  await page.getByLabel("Monday, time 2, to").fill("13:00");
  await page.getByLabel("Notice").selectOption("4 hours");
  await page.getByLabel("A showing takes").selectOption("45 minutes");
  await page.getByLabel("Days ahead").fill("30");
  await page.getByRole("button", { name: "Save, with Monday’s hours on every weekday" }).click();
  await page.getByText("Not saved yet: see below.").waitFor();
  assert.equal(await page.getByText("Must end after it begins; what goes past midnight stands on two days.").count(), 5);
  assert.equal(await page.getByLabel("Days ahead").inputValue(), "30");
  await look(page);
  for (const name of DAYS.slice(0, 5)) await page.getByLabel(`${name}, time 2, to`).fill("17:00");
  await page.getByLabel("Saturday, from", { exact: true }).fill("10:00");
  await page.getByLabel("Saturday, to", { exact: true }).fill("00:00");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("The availability is saved.").waitFor();
  assert.equal(await page.getByLabel("Friday, time 2, from").inputValue(), "14:00");
  assert.equal(await page.getByLabel("Saturday, to", { exact: true }).inputValue(), "00:00");
  assert.equal(await page.getByLabel("Sunday, from", { exact: true }).inputValue(), "");
  // There is room for more.
  await page.locator("summary", { hasText: "times on Friday" }).click();
  await page.getByLabel("Friday, time 3, from").fill("18:00");
  await page.getByLabel("Friday, time 3, to").fill("19:00");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("The availability is saved.").waitFor();
  assert.equal(await page.getByLabel("Friday, time 3, to").inputValue(), "19:00");
  assert.ok((await page.locator(".free time").count()) > 0);
  await look(page);
  // What is shown as free is free, and only that.
  const free = await page.locator(".free time").last().getAttribute("datetime");
  const [listing] = await listings();
  const refused = await ask(listing.id, `${day(3)}T08:00:00Z`);
  assert.equal(refused.status, 400);
  assert.match(refused.json.errors[0].message, /free are \d{4}-/);

  // Blocked, unblocked, taken back.
  await page.getByLabel("First day").fill(day(2));
  await page.getByLabel("Last day").fill(day(1));
  await page.getByRole("button", { name: "Block this time" }).click();
  await page.getByText("Must be after the beginning.").waitFor();
  await look(page);
  await page.getByLabel("First day").fill(day(0));
  await page.getByLabel("Last day").fill(day(9));
  await page.getByLabel("Why").fill("Away with the children");
  await page.getByRole("button", { name: "Block this time" }).click();
  await page.getByText("The time is blocked.").waitFor();
  await page.getByText("Away with the children").waitFor();
  const shown = () => page.locator(".free time").evaluateAll((times) => times.map((time) => time.dateTime));
  assert.ok((await shown()).every((time) => dayOf(time) > day(9)));
  await look(page);
  await page.getByRole("button", { name: /^Unblock/ }).click();
  await page.getByText("The time is open again.").waitFor();
  assert.ok((await shown()).includes(free), `${free} is not among ${await shown()}`);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Taken back.").waitFor();
  await page.getByText("Away with the children").waitFor();
  await page.getByRole("button", { name: /^Unblock/ }).click();
  await page.getByText("The time is open again.").waitFor();
  assert.equal((await ask(listing.id, free)).status, 201);
  assert.equal((await ask(listing.id, free)).status, 400);
  assert.equal((await ask(listing.id, free, { override: true })).status, 201);
}

/** A listing gets rules, and they hold. */
async function setRules(page, look, listing) {
  await page.goto(`/dashboard/listings/${listing.id}`);
  await page.getByRole("link", { name: "Change the showing rules" }).click();
  await page.getByRole("heading", { name: "Showing rules" }).waitFor();
  await look(page);
  await page.getByLabel("On Hold").check();
  await page.getByLabel("Least notice").selectOption("1 day");
  await page.getByLabel("Whom to ask").fill("Olga Owner");
  await page.getByLabel("Phone").fill("(555) 010-0100");
  await page.getByLabel("Who that is").selectOption("Owner");
  await page.getByLabel("Lockbox", { exact: true }).first().selectOption("SentriLock");
  await page.getByLabel("Pet(s) on Premises").check();
  await page.getByText("Hours of its own").click();
  await page.getByLabel("Saturday, from", { exact: true }).fill("11:00");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Needs both a beginning and an end, or neither.").waitFor();
  await look(page);
  await page.getByLabel("Saturday, to", { exact: true }).fill("13:00");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The showing rules are saved.").waitFor();
  const card = page.locator("#showing-rules");
  for (const text of ["On Hold", "Olga Owner (owner)", "SentriLock", "1 day", "Saturday: 11:00 to 13:00", "Pet(s) on Premises", "None"]) {
    await card.getByText(text).first().waitFor();
  }
  await look(page);
  const refused = await ask(listing.id, `${day(20)}T16:00:00Z`);
  assert.equal(refused.json.errors[0].field, "listingId");
  await page.getByRole("link", { name: "Change the showing rules" }).click();
  assert.equal(await page.getByLabel("Pet(s) on Premises").isChecked(), true);
  await page.getByLabel("Accepting Requests").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The showing rules are saved.").waitFor();
  assert.match(await card.innerText(), /Next free times\s+Saturday/);
}

for (const [at, width] of WIDTHS.entries()) {
  test(`hours, blocked times and a listing's rules hold, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await setHours(page, check);
    await setRules(page, check, (await listings())[1 + at]);
    await page.context().close();
  });
}

test("all of it works without a script", async () => {
  const page = await open(browser, product, { width: 390, javaScriptEnabled: false });
  await signIn(page, product);
  const none = async () => {};
  await setHours(page, none);
  await setRules(page, none, (await listings())[3]);
  await page.context().close();
});
