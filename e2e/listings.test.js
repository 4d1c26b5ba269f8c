// Listings: written down, with photos and documents, at both widths, and without a script.
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

/** A picture drawn by the browser. */
async function picture(page, name, width, height, colour) {
  const data = await page.evaluate(([width, height, colour]) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    context.fillStyle = colour;
    context.fillRect(0, 0, width, height);
    return canvas.toDataURL("image/jpeg").split(",")[1];
  }, [width, height, colour]);
  return { name, mimeType: "image/jpeg", buffer: Buffer.from(data, "base64") };
}

/** What the photos show, in their order. */
const captions = (page) => page.locator("ol.photos input[name=caption]").evaluateAll((inputs) => inputs.map((input) => input.value));

async function add(page, address, look = check) {
  await page.goto("/dashboard/listings");
  await page.getByRole("link", { name: "Add a listing" }).click();
  await look(page);
  await page.getByLabel("Address").fill(address);
  await page.getByLabel("Price", { exact: true }).fill("$450,000");
  await page.getByLabel("Bedrooms").fill("3");
  await page.getByRole("button", { name: "Add the listing" }).click();
  await page.getByRole("heading", { name: address }).waitFor();
}

for (const width of WIDTHS) {
  test(`a listing gets its photos, is published, found and taken back, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    const address = `${width} Green Doors Way`;
    await add(page, address);
    await check(page);
    const files = [await picture(page, "one.jpg", 1600, 1000, "#446"), await picture(page, "two.jpg", 900, 700, "#a63"), { name: "no.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture") }];
    // One that is wrong is told, and the others are taken.
    await page.getByLabel("Photos to add").setInputFiles(files);
    await page.getByRole("button", { name: "Add photos" }).click();
    await page.getByText("“no.jpg” must be a JPEG, PNG or WebP picture").waitFor();
    await page.getByRole("link", { name: "Show the photos that were taken" }).click();
    await page.locator("ol.photos > li").nth(1).waitFor();
    assert.equal(await page.locator("ol.photos > li").count(), 2);
    await page.getByLabel("Photos to add").setInputFiles([await picture(page, "three.jpg", 640, 480, "#383")]);
    await page.getByRole("button", { name: "Add photos" }).click();
    await page.getByText("The photos are added.").waitFor();
    for (const [at, caption] of ["Kitchen", "Garden", "Street"].entries()) {
      await page.getByLabel(`What photo ${at + 1} shows`).fill(caption);
      await page.getByRole("button", { name: `Save the caption of photo ${at + 1}` }).click();
      await page.getByText("The caption is saved.").waitFor();
    }
    await check(page);
    // The order, by keyboard alone.
    await page.getByRole("button", { name: "Move photo 1 back" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("The order is changed.").waitFor();
    assert.deepEqual(await captions(page), ["Garden", "Kitchen", "Street"]);
    await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Use as cover photo 3" }).press("Enter")]);
    assert.deepEqual(await captions(page), ["Street", "Garden", "Kitchen"]);
    if (width > 600) {
      // And by dragging.
      const [from, to] = await Promise.all([2, 0].map((at) => page.locator("ol.photos > li img").nth(at).boundingBox()));
      await page.mouse.move(from.x + 60, from.y + 40);
      await page.mouse.down();
      await page.mouse.move(from.x + 40, from.y + 40, { steps: 4 });
      await page.mouse.move(to.x + 20, to.y + 40, { steps: 12 });
      await Promise.all([page.waitForEvent("load"), page.mouse.up()]);
      assert.equal((await captions(page))[0], "Kitchen");
    }
    const order = await captions(page);
    await page.getByRole("button", { name: "Delete photo 1" }).click();
    await page.getByText("The photo is deleted.").waitFor();
    assert.deepEqual(await captions(page), order.slice(1));
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back.").waitFor();
    assert.deepEqual(await captions(page), order);

    await page.getByLabel("Day").fill("2030-06-01");
    await page.getByLabel("From").fill("14:00");
    await page.getByLabel("To", { exact: true }).fill("16:00");
    await page.getByRole("button", { name: "Add an open house" }).click();
    await page.getByRole("strong").filter({ hasText: "Sat 1 Jun 2030, 14:00 to 16:00" }).waitFor();
    await page.getByLabel("A document to add").setInputFiles({ name: "Plan.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\n") });
    await page.getByRole("button", { name: "Add", exact: true }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Plan.pdf" }).click()]);
    assert.equal(download.suggestedFilename(), "Plan.pdf");
    await check(page);

    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("The listing is published.").waitFor();
    await page.getByRole("link", { name: "Change", exact: true }).click();
    await check(page);
    await page.getByLabel("Price", { exact: true }).fill("440000");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("$10,000 less").waitFor();
    await page.goto("/dashboard/listings?status=active");
    await page.getByRole("link", { name: address }).waitFor();
    await check(page);
    await page.getByRole("link", { name: address }).click();
    await page.getByRole("button", { name: "Delete the listing" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("The listing is back.").waitFor();
    assert.equal(await page.locator("ol.photos > li").count(), order.length);
    await page.context().close();
  });
}

test("a listing and its photos need no script", async () => {
  const page = await open(browser, product, { javaScriptEnabled: false });
  const drawing = await open(browser, product);
  await signIn(page, product);
  await add(page, "1 Plain Street", () => {});
  const files = [await picture(drawing, "one.jpg", 800, 600, "#446"), await picture(drawing, "two.jpg", 700, 900, "#a63")];
  await page.getByLabel("Photos to add").setInputFiles(files);
  await page.getByRole("button", { name: "Add photos" }).click();
  await page.getByText("The photos are added.").waitFor();
  await page.getByLabel("What photo 2 shows").fill("Hall");
  await page.getByRole("button", { name: "Save the caption of photo 2" }).click();
  await page.getByRole("button", { name: "Move photo 2 forward" }).click();
  assert.equal(await page.getByLabel("What photo 1 shows").inputValue(), "Hall");
  await page.getByLabel("Photos to add").setInputFiles([{ name: "no.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no") }]);
  await page.getByRole("button", { name: "Add photos" }).click();
  await page.getByText("“no.jpg” must be a JPEG, PNG or WebP picture").waitFor();
  await page.context().close();
  await drawing.context().close();
});
