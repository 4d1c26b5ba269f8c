// Notifications on a device: from the button in the settings to what the service worker shows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";
import { PushService, deliver, subscribeAt } from "./lib/pushservice.js";

const PATH = "/dashboard/settings/notifications";
let product, browser;

before(async () => {
  [product, browser] = await Promise.all([Product.start(), launch()]);
});

after(async () => {
  await browser?.close();
  await product?.stop();
});

/** The notifications of this title that a page's service worker shows, as soon as there is one. */
const shown = (page, title) =>
  page.evaluate(async (title) => {
    const registration = await navigator.serviceWorker.getRegistration("/dashboard");
    for (let tries = 0; tries < 200; tries += 1) {
      const list = (await registration.getNotifications()).filter((one) => one.title === title);
      if (list.length) return list.map(({ body, tag, data }) => ({ body, tag, url: data.url }));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return [];
  }, title);

for (const width of WIDTHS) {
  test(`a device is told from the button on, tried, and removed, at ${width} px`, async () => {
    const service = await PushService.open();
    const page = await open(browser, product, { width, permissions: ["notifications"] });
    await subscribeAt(page.context(), service);
    await signIn(page, product);
    await page.goto(PATH);
    await check(page);
    await page.getByRole("button", { name: "Notify me on this device" }).click();
    await page.getByText("This device is told of new leads and showings from now on.").waitFor();
    await page.getByText("This device is told.", { exact: true }).waitFor();
    assert.ok(await page.getByRole("button", { name: "Notify me on this device" }).isHidden());
    const row = page.getByRole("list", { name: "Devices that are told" }).getByRole("listitem");
    await row.getByText("this one").waitFor();
    await check(page);

    await row.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("A test is on its way.").waitFor();
    const told = await service.find("This device is told");
    assert.equal(told.url, PATH);
    await deliver(page, told);
    // The same again is shown once.
    await deliver(page, told);
    const { body, tag, url } = told;
    assert.deepEqual(await shown(page, told.title), [{ body, tag, url }]);
    await page.reload();
    await row.getByText("last told").waitFor();

    // The sample's leads may have been told just now: the next ones are told a minute later. Once is enough.
    if (width === WIDTHS[0]) {
      const { json } = await product.api("POST", "/api/v1/leads", { name: "Pushed", source: "zillow" });
      const lead = await service.find("Pushed");
      assert.deepEqual([lead.title, lead.url], ["New lead: Pushed", `/dashboard/leads/${json.leadId}`]);
      await deliver(page, lead);
      assert.deepEqual((await shown(page, lead.title)).map(({ url }) => url), [lead.url]);
    }

    // Whoever comes back finds it so.
    await page.goto(PATH);
    await page.getByText("This device is told.", { exact: true }).waitFor();
    await row.getByRole("button", { name: "Remove" }).click();
    await page.getByText("The device is told nothing more.").waitFor();
    await page.getByRole("button", { name: "Notify me on this device" }).waitFor();
    assert.equal(await row.count(), 0);
    await check(page);
    await page.context().close();
    service.close();
  });

  test(`a browser that cannot be told is told why, at ${width} px`, async () => {
    const denied = await open(browser, product, { width });
    await denied.context().addInitScript(() => {
      Object.defineProperty(Notification, "permission", { get: () => "denied" });
    });
    await signIn(denied, product);
    await denied.goto(PATH);
    await denied.getByText("blocked in this browser").waitFor();
    await check(denied);
    await denied.context().close();

    const none = await open(browser, product, { width, permissions: ["notifications"] });
    await none.context().addInitScript(() => { delete window.PushManager; });
    await signIn(none, product);
    await none.goto(PATH);
    await none.getByText("This browser takes no notifications.").waitFor();
    await check(none);
    await none.context().close();

    const broken = await open(browser, product, { width, permissions: ["notifications"] });
    await broken.context().addInitScript(() => {
      PushManager.prototype.subscribe = async () => { throw new Error("push service not available"); };
    });
    await signIn(broken, product);
    await broken.goto(PATH);
    await broken.getByRole("button", { name: "Notify me on this device" }).click();
    await broken.getByText("That did not work: push service not available").waitFor();
    await broken.getByRole("button", { name: "Notify me on this device" }).waitFor();
    await check(broken);
    await broken.context().close();
  });

  test(`without scripts the page says what is missing, and the rest of it works, at ${width} px`, async () => {
    const page = await open(browser, product, { width, javaScriptEnabled: false });
    await signIn(page, product);
    await page.goto(PATH);
    await page.getByText("Notifications on this device need JavaScript").waitFor();
    assert.ok(await page.getByRole("button", { name: "Notify me on this device" }).isHidden());
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The notifications are saved.").waitFor();
    await page.context().close();
  });
}
