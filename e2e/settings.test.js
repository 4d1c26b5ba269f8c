// Settings that are an agent's own: two-step sign-in, profile, stages, copies of all data, leaving.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { code } from "./lib/authenticator.js";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";

let product, browser;

before(async () => {
  [product, browser] = await Promise.all([Product.start(), launch()]);
});

after(async () => {
  await browser?.close();
  await product?.stop();
});

/** Gives address and password; what follows is up to the account. */
async function begin(page) {
  await page.goto("/login");
  await page.getByLabel("E-mail address").fill(product.email);
  await page.getByLabel("Password").fill(product.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

for (const width of WIDTHS) {
  test(`a second step is set up, asked for, replaced by a recovery code and turned off, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.goto("/dashboard/settings/account");
    await page.locator("a[href='/dashboard/settings/account/two-step']").click();
    await page.getByRole("heading", { name: "Two-step sign-in" }).waitFor();
    await check(page);
    await page.getByLabel("Your password").fill(product.password);
    await page.getByRole("button", { name: "Go on" }).click();
    const key = await page.locator("#secret").innerText();
    await check(page);
    await page.locator("#on-code").fill("000000");
    await page.getByRole("button", { name: "Turn on two-step sign-in" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.locator("#secret").innerText(), key, "a wrong code changes nothing");
    await page.locator("#on-code").fill(code(key));
    await page.getByRole("button", { name: "Turn on two-step sign-in" }).click();
    const codes = (await page.locator("#recovery-codes").innerText()).trim().split("\n");
    assert.ok(codes.length >= 8, `${codes.length} recovery codes`);
    await check(page);

    const phone = await open(browser, product, { width });
    await begin(phone);
    await phone.waitForURL("**/login/code**");
    await check(phone);
    await phone.goto("/dashboard");
    assert.match(phone.url(), /\/login/, "the password alone lets nobody in");
    await begin(phone);
    await phone.getByLabel("Code").fill("not a code");
    await phone.getByRole("button", { name: "Sign in" }).click();
    await phone.getByRole("alert").waitFor();
    await check(phone);
    await phone.getByLabel("Code").fill(code(key, 1));
    await phone.getByRole("button", { name: "Sign in" }).click();
    await phone.waitForURL("**/dashboard");
    await phone.context().close();

    const lost = await open(browser, product, { width });
    await begin(lost);
    await lost.getByLabel("Code").fill(codes[0]);
    await lost.getByRole("button", { name: "Sign in" }).click();
    await lost.waitForURL("**/dashboard");
    await lost.goto("/dashboard/settings/account/two-step");
    await check(lost);
    const off = lost.locator("form[action$='/off']");
    await off.getByLabel("Your password").fill(product.password);
    await off.getByLabel("Code").fill(codes[0]);
    await off.getByRole("button").click();
    await lost.getByRole("alert").waitFor();
    await off.getByLabel("Your password").fill(product.password);
    await off.getByLabel("Code").fill(codes[1]);
    await off.getByRole("button").click();
    await lost.getByText("Two-step sign-in is off.").waitFor();
    await check(lost);
    await lost.context().close();
    const plain = await open(browser, product, { width });
    await signIn(plain, product);
    await plain.context().close();
    await page.context().close();
  });

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? "" : " without JavaScript";

    test(`the profile gets a photo, a zone and a colour${how}, at ${width} px`, async () => {
      const page = await open(browser, product, { width, javaScriptEnabled });
      await signIn(page, product);
      await page.goto("/dashboard/settings/profile");
      // A picture that any browser makes: of this very page.
      const buffer = await page.screenshot({ type: "jpeg" });
      await page.getByLabel("A picture of you").setInputFiles({ name: "me.jpg", mimeType: "image/jpeg", buffer });
      await page.getByRole("button", { name: "Use this photo" }).click();
      const photo = page.getByRole("img", { name: "Your photo" });
      await photo.waitFor();
      const answer = await page.request.get(await photo.getAttribute("src"));
      assert.match(answer.headers()["content-type"], /^image\//);
      await page.getByLabel("A picture of you").setInputFiles({ name: "me.jpg", mimeType: "image/jpeg", buffer: Buffer.from("<svg/>") });
      await page.getByRole("button", { name: "Use this photo" }).click();
      await page.getByRole("alert").waitFor();
      await page.getByLabel("Licence").fill(`DRE ${width}`);
      await page.getByLabel("Languages you speak").fill("English\nEspañol\n中文");
      await page.getByLabel("Time zone").fill("Mars/Olympus");
      await page.getByRole("button", { name: "Save the profile" }).click();
      await page.getByText("Not saved yet: see below.").waitFor();
      if (javaScriptEnabled) await check(page);
      assert.equal(await page.getByLabel("Licence").inputValue(), `DRE ${width}`, "what was typed is kept");
      await page.getByLabel("Time zone").fill("Europe/Madrid");
      await page.getByLabel("Your colour").fill("#ffee00");
      await page.getByLabel("Use it").check();
      await page.getByRole("button", { name: "Save the profile" }).click();
      await page.getByText(/profile is saved/i).waitFor();
      if (javaScriptEnabled) {
        // A bright yellow: still readable, which axe judges.
        await check(page);
        await page.goto("/dashboard/leads");
        await check(page);
        await page.goto("/dashboard/settings/profile");
      }
      await page.getByRole("button", { name: "Remove the photo" }).click();
      await photo.waitFor({ state: "detached" });
      await page.getByLabel("Use it").uncheck();
      await page.getByRole("button", { name: "Save the profile" }).click();
      await page.getByText(/profile is saved/i).waitFor();
      await page.context().close();
    });

    test(`a stage is added, renamed, moved and deleted${how}, at ${width} px`, async () => {
      const page = await open(browser, product, { width, javaScriptEnabled });
      await signIn(page, product);
      await page.goto("/dashboard/settings/stages");
      if (javaScriptEnabled) await check(page);
      const names = () => page.locator("[data-pipeline='buyer'] .what").allInnerTexts();
      const stage = (name) => page.locator("li[data-stage]").filter({ has: page.locator(".what").getByText(name, { exact: true }) });
      const before = await names();
      const [name, renamed] = [`Inspection ${width}${how}`, `Двор ${width}${how}`];
      const add = page.locator("form:has(input[value='buyer'])");
      await add.getByLabel(/Name of a new stage/).fill(name);
      await add.getByRole("button", { name: "Add" }).click();
      await page.getByRole("button", { name: `Move ${name} up` }).waitFor();
      assert.deepEqual(await names(), [...before, name]);
      await page.getByRole("button", { name: `Move ${name} up` }).click();
      assert.deepEqual(await names(), [...before.slice(0, -1), name, before.at(-1)]);
      const row = stage(name);
      await row.locator("summary").click();
      await row.getByLabel(`New name of ${name}`).fill(before[0]);
      await row.getByRole("button", { name: `Rename ${name}` }).click();
      await page.getByRole("alert").waitFor();
      await page.locator(`input[value='${before[0]}'][aria-invalid]`).fill(renamed);
      await page.getByRole("button", { name: `Rename ${name}` }).click();
      const other = stage(renamed);
      await other.waitFor();
      await other.locator("summary").click();
      await other.getByLabel(`What ${renamed} means`).selectOption({ label: "Clients here have closed" });
      await other.getByRole("button", { name: `Save what ${renamed} means` }).click();
      await other.getByText("closed", { exact: true }).waitFor();
      if (javaScriptEnabled) await check(page);
      if ((await other.locator("details[open]").count()) === 0) await other.locator("summary").click();
      assert.equal(await other.getByLabel(`What ${renamed} means`).inputValue(), "closed");
      await other.getByLabel(`Clients on ${renamed} go to`).selectOption({ label: before[0] });
      page.once("dialog", (dialog) => dialog.accept());
      await other.getByRole("button", { name: `Delete ${renamed}` }).click();
      await other.waitFor({ state: "detached" });
      assert.deepEqual(await names(), before);
      await page.context().close();
    });
  }

  test(`a copy of everything is made, and downloaded after the password, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.goto("/dashboard/settings/data");
    await check(page);
    await page.getByRole("button", { name: "Make a copy" }).click();
    const row = page.locator("li.copy").first();
    await row.waitFor();
    while ((await row.getByText("Ready").count()) === 0) await page.goto("/dashboard/settings/data");
    await check(page);
    await row.getByPlaceholder("Your password").fill("not the password at all");
    await row.getByRole("button", { name: "Download" }).click();
    await page.getByRole("alert").waitFor();
    await check(page);
    await row.getByPlaceholder("Your password").fill(product.password);
    const [download] = await Promise.all([page.waitForEvent("download"), row.getByRole("button", { name: "Download" }).click()]);
    assert.match(download.suggestedFilename(), /\.zip$/);
    const zip = await readFile(await download.path());
    assert.equal(zip.subarray(0, 2).toString(), "PK");
    assert.ok(zip.includes("leads.csv") && zip.includes("leads.json"), "the archive names its files");
    await row.getByRole("button", { name: /Delete/ }).click();
    await page.getByText("No copy has been made yet.").waitFor();
    await page.context().close();
  });

  test(`who leaves is signed out, and can take it back, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.goto("/dashboard/settings/data");
    await page.getByText("Erase everything of mine").click();
    const form = page.locator("form[action$='/leave']");
    const slug = (await form.locator("label[for=slug]").innerText()).match(/“(.*)”/)[1];
    await form.getByLabel("Type").fill("another");
    await form.getByLabel("Your password").fill(product.password);
    await form.getByRole("button").click();
    await page.getByRole("alert").first().waitFor();
    await check(page);
    await form.getByLabel("Type").fill(slug);
    await form.getByLabel("Your password").fill(product.password);
    await form.getByRole("button").click();
    await page.waitForURL((url) => !url.pathname.startsWith("/dashboard/settings"));
    await check(page);
    assert.equal((await product.api("GET", "/api/v1/me")).status, 401, "keys are revoked");
    await begin(page);
    await page.getByRole("heading", { name: "You are leaving" }).waitFor();
    await check(page);
    await page.goto("/dashboard/leads");
    await page.getByRole("heading", { name: "You are leaving" }).waitFor();
    await page.getByRole("button", { name: "Stay, and keep everything" }).click();
    await page.waitForURL("**/dashboard/settings/data**");
    await page.goto("/dashboard/leads");
    await page.getByRole("heading", { name: "Leads" }).waitFor();
    await page.context().close();
  });
}
