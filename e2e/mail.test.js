// Mail: the outbox of a server that sends none, and links by mail of one that does.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Postbox } from "./lib/postbox.js";
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
  test(`what would be mailed is read in the outbox, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.getByRole("link", { name: "Account" }).click();
    await check(page);
    await page.getByRole("link", { name: "Notifications" }).click();
    await check(page);
    await page.getByLabel("when leads come in").setChecked(true);
    await page.getByLabel("Language of mails to you").selectOption({ label: "Español" });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The notifications are saved.").waitFor();
    await page.getByLabel("Language of mails to you").selectOption({ label: "English" });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The notifications are saved.").waitFor();
    await page.goto("/forgot");
    await page.getByLabel("E-mail address").fill(product.email);
    await page.getByRole("button", { name: "Mail me a link" }).click();
    await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
    await page.goto("/dashboard/outbox");
    await check(page);
    await page.getByRole("link", { name: /Set a new password/ }).first().click();
    await check(page);
    const letter = page.frameLocator("iframe");
    await letter.getByRole("heading", { name: "Set a new password" }).waitFor();
    await letter.getByText("/reset/••••••••").waitFor();
    await page.getByText("As text").click();
    await page.getByText("Somebody, probably you").waitFor();
    await check(page);
    await page.context().close();
  });

  test(`a forgotten password is set by the link that comes by mail, and the address is changed, at ${width} px`, async () => {
    const postbox = await Postbox.open();
    const sending = await Product.start({ ORGANICAGENT_MAIL_URL: postbox.url, ORGANICAGENT_SIGNUP: "open", RUST_LOG: "warn" }, []);
    try {
      const page = await open(browser, sending, { width });
      await page.goto("/signup");
      await page.getByLabel("Your name").fill("Bob Builder");
      await page.getByLabel("E-mail address").fill("bob@example.com");
      await page.getByLabel("Password").fill("three green doors and a lamp");
      await page.getByRole("button", { name: "Sign up" }).click();
      await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
      await check(page);
      const signUp = (await postbox.find("Subject: Finish signing up")).match(/\/signup\/[\w-]{43}/)[0];
      await page.goto(signUp);
      await check(page);
      await page.getByRole("button", { name: "Finish and sign in" }).click();
      await page.waitForURL("**/dashboard");

      const forgetful = await open(browser, sending, { width, javaScriptEnabled: false });
      await forgetful.goto("/login");
      await forgetful.getByRole("link", { name: "Forgotten the password?" }).click();
      await forgetful.getByLabel("E-mail address").fill("bob@example.com");
      await forgetful.getByRole("button", { name: "Mail me a link" }).click();
      await forgetful.getByRole("heading", { name: "Look into your mail" }).waitFor();
      const link = (await postbox.find("Subject: Set a new password")).match(/\/reset\/[\w-]{43}/)[0];
      await forgetful.goto(link);
      await forgetful.getByLabel("New password").fill("four blue windows and a cat");
      await forgetful.getByRole("button", { name: "Set password and sign in" }).click();
      await forgetful.waitForURL("**/dashboard");
      await page.goto("/dashboard");
      assert.match(page.url(), /\/login/);

      await page.goto("/forgot");
      await check(page);
      await forgetful.goto("/dashboard/settings/account");
      await forgetful.getByLabel("New e-mail address").fill("builder@example.com");
      await forgetful.getByLabel("Confirm with your password").fill("four blue windows and a cat");
      await forgetful.getByRole("button", { name: "Change the address" }).click();
      await forgetful.getByText("A link is on its way").waitFor();
      const confirm = (await postbox.find("Subject: Confirm your new")).match(/\/confirm-address\/[\w-]{43}/)[0];
      await page.goto(confirm);
      await check(page);
      await page.getByRole("button", { name: "Confirm the new address" }).click();
      await page.getByRole("heading", { name: "Your address is changed" }).waitFor();
      await check(page);
      assert.match(await postbox.find("Subject: Your e-mail address was changed"), /To: bob@example\.com/);
      for (const each of [page, forgetful]) await each.context().close();
    } finally {
      await sending.stop();
      postbox.close();
    }
  });
}
