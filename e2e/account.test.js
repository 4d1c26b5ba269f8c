// The account: its password, where one is signed in; and signing up on a server that has no agent yet.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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

for (const width of WIDTHS) {
  test(`the password is changed, and the other browser is signed out, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    const other = await open(browser, product, { width });
    await signIn(page, product);
    await signIn(other, product);
    await page.getByRole("link", { name: "Account" }).click();
    await check(page);
    const fresh = `four blue windows at ${width}`;
    await page.getByLabel("Your password now").fill("not the password at all");
    await page.getByLabel("New password").fill(fresh);
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByRole("alert").waitFor();
    await check(page);
    await page.getByLabel("Your password now").fill(product.password);
    await page.getByLabel("New password").fill(fresh);
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByText("The password is changed.").waitFor();
    product.password = fresh;
    await other.goto("/dashboard");
    assert.match(other.url(), /\/login/);
    await signIn(other, product);
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.waitForURL("**/login");
    await other.goto("/dashboard");
    assert.match(other.url(), /\/login/);
    for (const each of [page, other]) await each.context().close();
  });

  test(`the first agent signs up and is at once at work, at ${width} px`, async () => {
    const empty = await Product.start({}, []);
    try {
      const page = await open(browser, empty, { width });
      await page.goto("/login");
      await page.getByRole("link", { name: "Sign up" }).click();
      await check(page);
      await page.getByLabel("Your name").fill("Bob Builder");
      await page.getByLabel("E-mail address").fill("bob@example.com");
      await page.getByLabel("Password").fill("passwordpassword");
      await page.getByRole("button", { name: "Sign up" }).click();
      await page.getByRole("alert").waitFor();
      await check(page);
      await page.getByLabel("Password").fill("three green doors and a lamp");
      await page.getByRole("button", { name: "Sign up" }).click();
      await page.getByText("Nobody waits for you.").waitFor();
      for (const path of ["/dashboard", "/dashboard/leads", "/dashboard/clients", "/dashboard/clients/board", "/dashboard/settings/api"]) {
        await page.goto(path);
        await check(page);
      }
      await page.goto("/signup");
      await page.getByText("Nobody can sign up here").waitFor();
      await check(page);
      await page.context().close();
    } finally {
      await empty.stop();
    }
  });
}
