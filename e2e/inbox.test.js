// The inbox: mail comes in, is looked at, made a lead of, put aside and taken back, at both widths, and without a script.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";

let product, browser, address;

before(async () => {
  const settings = { ORGANICAGENT_RATE_LIMIT: "100000", ORGANICAGENT_INBOUND_DOMAIN: "leads.example.com" };
  [product, browser] = await Promise.all([Product.start(settings), launch()]);
  address = (await product.api("GET", "/api/v1/me")).json.inboundAddress;
});

after(async () => {
  await browser?.close();
  await product?.stop();
});

/** Hands a mail in, as a mail service does. */
async function arrive(...lines) {
  const answer = await fetch(`${product.base}/inbound/${address.split("@")[0]}`, {
    method: "POST",
    headers: { "Content-Type": "message/rfc822" },
    body: lines.join("\r\n"),
  });
  assert.equal(answer.status, 200, await answer.text());
}

let number = 0;

/** A person's own mail of which it is not clear whether they look for a home. */
const unsure = (name) =>
  arrive(
    `From: ${name} <${name.toLowerCase().replaceAll(" ", ".")}@mail.example.com>`,
    "To: sarah@example.com",
    `Message-ID: <unsure-${++number}@mail.example.com>`,
    `Subject: A question from ${name}`,
    "Content-Type: text/html; charset=utf-8",
    "",
    "<html><body onload=\"alert(1)\"><p>Hello, I walked past the house on Elm Street yesterday. Please <b>call me back</b>.</p><img src=\"https://tracker.example/pixel\"></body></html>",
  );

/** A form of a website. */
const form = (name) =>
  arrive(
    "From: Website <wordpress@forms.example>",
    `Message-ID: <form-${++number}@forms.example>`,
    "Subject: New inquiry from your website",
    "",
    `Name: ${name}`,
    `Email: ${name.toLowerCase().replaceAll(" ", ".")}@mail.example.com`,
    "Phone: (305) 555-0147",
    `Property Address: ${number} Elm St, Miami, FL 33101`,
    "Message: Is it still for sale?",
  );

const gmail = () =>
  arrive(
    "From: Gmail Team <forwarding-noreply@google.com>",
    `Message-ID: <gmail-${++number}@google.com>`,
    `Subject: (#123456789) Gmail Forwarding Confirmation - Receive Mail from sarah@gmail.com`,
    "",
    "sarah@gmail.com has requested to automatically forward mail to your email address.",
    "Confirmation code: 123456789",
    "To allow this, click the link: https://mail-settings.google.com/mail/vf-abc",
  );

for (const width of WIDTHS) {
  test(`mails are looked at, made leads of and put aside, at ${width} px`, async () => {
    const [ada, ben] = width < 600 ? ["Ada King", "Ben Lee"] : ["Ada Stone", "Ben Wood"];
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.goto("/dashboard/inbox");
    await check(page);
    assert.equal(await page.locator("#address").textContent(), address);
    await page.getByText("How to send leads here").click();
    await page.getByText("Gmail sends a mail to confirm it").waitFor();
    await check(page);
    // What comes in is there without loading the page.
    await unsure(ada);
    await unsure(ben);
    await page.getByText(`A question from ${ben}`).first().waitFor();
    await page.getByText("2 mails wait for a look").waitFor();
    await check(page);
    await page.getByRole("link", { name: new RegExp(`^Change first.*${ada}`) }).click();
    await page.getByRole("heading", { name: `A question from ${ada}` }).waitFor();
    await check(page);
    // It is shown, and does nothing.
    await page.getByText("As it was laid out, without pictures").click();
    await page.frameLocator("iframe").getByText("call me back").waitFor();
    assert.equal(await page.frameLocator("iframe").locator("img").count(), 0);
    await check(page);
    await page.getByLabel("E-mail").fill("no address");
    await page.locator("form[action$=accept]").evaluate((form) => form.noValidate = true);
    await page.getByRole("button", { name: "Make the lead" }).click();
    await page.getByText("Must look like an e-mail address").waitFor();
    await check(page);
    await page.getByLabel("E-mail").fill(`ada${width}@example.com`);
    await page.getByLabel("About which property?").fill("9 Oak Ave");
    await page.getByRole("button", { name: "Make the lead" }).click();
    await page.getByText("A lead is made of it.").waitFor();
    await check(page);
    await page.getByRole("link", { name: "The lead" }).click();
    await page.getByRole("link", { name: "Came by mail" }).waitFor();
    assert.ok(await page.getByText("9 Oak Ave").first().isVisible());
    await page.getByRole("link", { name: "Came by mail" }).click();
    await page.getByRole("button", { name: "Take that back" }).click();
    await page.getByText("Taken back.").waitFor();
    // At one tap, and back.
    await page.goto("/dashboard/inbox");
    await page.getByRole("button", { name: new RegExp(`^Make a lead.*${ben}`) }).click();
    await page.getByText("A lead is made of it.").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back.").waitFor();
    await page.goto("/dashboard/inbox");
    await page.getByRole("button", { name: new RegExp(`^Put aside.*${ben}`) }).click();
    await page.getByText("It is put aside.").waitFor();
    await page.getByRole("button", { name: new RegExp(`^Put aside.*${ada}`) }).click();
    await page.getByText("No mail waits for you").waitFor();
    await check(page);
    await page.getByRole("link", { name: "Ignored", exact: true }).click();
    await page.getByText("You put it aside").first().waitFor();
    await check(page);
    // A form is a lead at once.
    await form(width < 600 ? "Cy Young" : "Cy Old");
    await page.getByRole("link", { name: "Leads", exact: true }).last().click();
    await page.getByText("New inquiry from your website").first().waitFor();
    await check(page);
    await page.context().close();
  });

  test(`a question about forwarding stands on top, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await gmail();
    await page.goto("/dashboard");
    await page.getByRole("link", { name: "Confirm the forwarding" }).click();
    await page.getByText("123456789", { exact: true }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Confirm there" }).getAttribute("href"), "https://mail-settings.google.com/mail/vf-abc");
    await check(page);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("It is put aside.").waitFor();
    assert.equal(await page.getByText("123456789", { exact: true }).count(), 0);
    await page.context().close();
  });
}

test("files of mails are uploaded, and all of it needs no script", async () => {
  const page = await open(browser, product, { javaScriptEnabled: false });
  await signIn(page, product);
  await page.goto("/dashboard/inbox");
  const mail = (id, name) =>
    `From: Website <wordpress@forms.example>\r\nMessage-ID: <up-${id}@forms.example>\r\nSubject: New inquiry\r\n\r\nName: ${name}\r\nEmail: ${id}@up.example.com\r\nMessage: Hello\r\n`;
  const mailbox = Buffer.from(`From a@b Sat Nov 28\r\n${mail("one", "Dee One")}\r\nFrom a@b Sat Nov 28\r\n${mail("two", "Dee Two")}`);
  await page.getByLabel("Files").setInputFiles([{ name: "all.mbox", mimeType: "application/mbox", buffer: mailbox }]);
  await page.getByRole("button", { name: "Upload and read" }).click();
  await page.getByText("2 became leads").waitFor();
  await unsure("Eve Moss");
  await page.goto("/dashboard/inbox");
  await page.getByRole("link", { name: "A question from Eve Moss" }).first().click();
  await page.getByRole("button", { name: "Make the lead" }).click();
  await page.getByText("A lead is made of it.").waitFor();
  await page.getByRole("button", { name: "Take that back" }).click();
  await page.getByText("Taken back.").waitFor();
  await page.getByRole("button", { name: "Put aside" }).click();
  await page.getByText("It is put aside.").waitFor();
  await page.getByRole("button", { name: "A new address" }).click();
  await page.getByText("You have a new address.").waitFor();
  await page.context().close();
});
