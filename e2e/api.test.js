// Settings → API in the browser: a key made there works in curl, a webhook made there gets its event.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";

let product, browser, sink;
const received = [];

before(async () => {
  [product, browser] = await Promise.all([Product.start(), launch()]);
  sink = http.createServer((request, response) => {
    const body = [];
    request.on("data", (piece) => body.push(piece));
    request.on("end", () => {
      received.push({ url: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(body)) });
      response.end("thank you");
    });
  });
  await new Promise((resolve) => sink.listen(0, "127.0.0.1", resolve));
});

after(async () => {
  await browser?.close();
  await product?.stop();
  sink?.close();
});

/** Waits until something holds, which the page does not tell of. */
async function until(holds) {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never came to hold: ${holds}`);
}

for (const width of WIDTHS) {
  test(`a wrong password is told so, the right one signs in, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await page.goto("/dashboard/leads?status=new");
    await check(page);
    await page.getByLabel("E-mail address").fill(product.email);
    await page.getByLabel("Password").fill("not the password at all");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await check(page);
    await page.getByLabel("Password").fill(product.password);
    await page.keyboard.press("Enter");
    // Where it was meant to go at first.
    await page.waitForURL("**/dashboard/leads?status=new");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/login");
    await page.goto("/dashboard/leads");
    assert.match(page.url(), /\/login\?next=/);
    await page.context().close();
  });

  test(`a key is made, works, is revoked and works no more, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.getByRole("link", { name: "API", exact: true }).click();
    await check(page);
    const name = `From the browser ${width}`;
    await page.getByLabel("What is it for?").fill(name);
    await page.getByRole("button", { name: "Make key" }).click();
    const key = await page.locator("#new-key").textContent();
    await check(page);
    assert.equal((await product.api("GET", "/api/v1/me", undefined, key)).json.key.name, name);
    await page.goto("/dashboard/settings/api");
    assert.ok(!(await page.content()).includes(key), "it is shown once");
    page.on("dialog", (dialog) => dialog.accept());
    await page.getByRole("button", { name: `Revoke ${name}` }).click();
    await page.getByRole("status").waitFor();
    assert.equal((await product.api("GET", "/api/v1/me", undefined, key)).status, 401);
    await page.context().close();
  });

  test(`a webhook is made, tested, gets its event and shows its secret after the password, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.goto("/dashboard/settings/api/webhooks/new");
    await check(page);
    const hook = `/hook-${width}`;
    await page.getByLabel("Address").fill("ftp://example.com");
    await page.getByRole("button", { name: "Add the webhook" }).click();
    await page.getByRole("alert").waitFor();
    await check(page);
    await page.getByLabel("Address").fill(`http://127.0.0.1:${sink.address().port}${hook}`);
    await page.getByLabel("Own headers").fill("Authorization: Bearer sesame");
    await page.getByRole("button", { name: "Add the webhook" }).click();
    const secret = await page.locator("#secret").textContent();
    assert.match(secret, /^whsec_/);
    await check(page);
    await page.getByRole("link", { name: "To the webhook" }).click();
    await check(page);
    await page.getByRole("button", { name: "Send a test event" }).click();
    await until(() => received.some((request) => request.url === hook));
    const lead = await product.api("POST", "/api/v1/leads", { name: `Jane ${width}` });
    assert.equal(lead.status, 201);
    const arrived = () => received.find((request) => request.url === hook && request.body.data.name === `Jane ${width}`);
    await until(arrived);
    assert.equal(arrived().headers.authorization, "Bearer sesame");
    await until(async () => {
      await page.reload();
      return (await page.getByText("Delivered", { exact: true }).count()) >= 3;
    });
    assert.ok(!(await page.content()).includes("sesame"), "header values are never shown again");
    await check(page);
    await page.getByRole("button", { name: "Send again" }).first().click();
    await page.getByRole("status").waitFor();
    await page.getByLabel("Your password").fill("not the password at all");
    await page.getByRole("button", { name: "Show the secret" }).click();
    await page.getByRole("alert").waitFor();
    assert.ok(!(await page.content()).includes(secret));
    await page.getByLabel("Your password").fill(product.password);
    await page.getByRole("button", { name: "Show the secret" }).click();
    assert.equal(await page.locator("#secret").textContent(), secret);
    await page.getByRole("link", { name: "To the webhook" }).click();
    await page.getByRole("button", { name: "Disable, and hold events" }).click();
    await page.getByText("Nothing is sent.").waitFor();
    await check(page);
    await page.context().close();
  });
}

test("all of it works without JavaScript", async () => {
  const page = await open(browser, product, { javaScriptEnabled: false });
  await signIn(page, product);
  await page.goto("/dashboard/settings/api");
  await page.getByLabel("What is it for?").fill("No script");
  await page.getByRole("button", { name: "Make key" }).click();
  const key = await page.locator("#new-key").textContent();
  await page.goto("/dashboard/settings/api");
  await page.getByRole("button", { name: "Revoke No script" }).click();
  await page.getByRole("status").waitFor();
  assert.equal((await product.api("GET", "/api/v1/me", undefined, key)).status, 401);
  await page.context().close();
});
