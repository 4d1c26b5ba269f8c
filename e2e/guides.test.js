// Guides: made, given a PDF and a cover, published, put in order and taken back, at both widths, and without a script.
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

const PDF = { name: "My guide.pdf", mimeType: "application/pdf", buffer: Buffer.from(`%PDF-1.7\n${"x".repeat(600_000)}`) };
const WRONG = { name: "no.pdf", mimeType: "application/pdf", buffer: Buffer.from("no PDF at all") };

/** A picture drawn by the browser. */
async function picture(page) {
  const data = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 900, height: 1200 });
    const context = canvas.getContext("2d");
    const shade = context.createLinearGradient(0, 0, 900, 1200);
    shade.addColorStop(0, "#24435c");
    shade.addColorStop(1, "#d9a05b");
    context.fillStyle = shade;
    context.fillRect(0, 0, 900, 1200);
    return canvas.toDataURL("image/jpeg").split(",")[1];
  });
  return { name: "cover.jpg", mimeType: "image/jpeg", buffer: Buffer.from(data, "base64") };
}

/** The titles of the list, in their order. */
const titles = (page) => page.locator(".guides h2").allTextContents();

async function make(page, title, look = check) {
  await page.goto("/dashboard/guides");
  await page.getByRole("link", { name: "Make a guide" }).click();
  await look(page);
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Headline").fill("What your home is worth, line by line");
  await page.getByLabel("Text", { exact: true }).fill("Numbers, and no theory.\n\n- The loan\n- The taxes");
  await page.getByLabel("What is inside").fill("What is left for you\nWhen to list");
  await page.getByRole("button", { name: "Make the guide" }).click();
  await page.getByText("The guide is made, as a draft.").waitFor();
}

for (const width of WIDTHS) {
  test(`a guide gets its files, is published, moved and taken back, at ${width} px`, async () => {
    const page = await open(browser, product, { width });
    await signIn(page, product);
    await page.goto("/dashboard/guides");
    await page.getByRole("link", { name: "Five things to do before you sell" }).waitFor();
    await check(page);
    const title = `What closing costs ${width}`;
    await make(page, title);
    await check(page);
    assert.ok(await page.getByRole("heading", { name: "What your home is worth, line by line" }).isVisible());
    // Without its PDF there is nothing to publish.
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("Is missing: add the PDF, then publish the guide.").waitFor();
    await check(page);
    await page.getByLabel("The PDF").setInputFiles([WRONG]);
    await page.getByRole("button", { name: "Add the PDF" }).click();
    await page.getByText("“no.pdf” must be a PDF").waitFor();
    await page.getByLabel("The PDF").setInputFiles([PDF]);
    await page.getByRole("button", { name: "Add the PDF" }).click();
    await page.getByText("The PDF is added.").waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "My guide.pdf" }).click()]);
    assert.equal(download.suggestedFilename(), "My guide.pdf");
    await page.getByLabel("A picture for the cover").setInputFiles([await picture(page)]);
    await page.getByRole("button", { name: "Use this picture" }).click();
    await page.getByText("The cover is set.").waitFor();
    assert.ok(await page.getByAltText(`Cover: ${title}`).evaluate((image) => image.decode().then(() => image.naturalWidth > 100)));
    await check(page);
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("The guide is published.").waitFor();
    await page.getByRole("link", { name: "Preview" }).click();
    await page.getByText("only you see this page").waitFor();
    await check(page);
    await page.getByRole("link", { name: "Back to the guide" }).click();
    await page.getByRole("button", { name: "Remove the picture" }).click();
    await page.getByText("the cover is drawn from the title").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("The cover from before is back.").waitFor();
    // Another PDF takes the place of the first, which is put back.
    await page.getByLabel("The PDF").setInputFiles([{ ...PDF, name: "Another.pdf", buffer: Buffer.concat([PDF.buffer, Buffer.from("more")]) }]);
    await page.getByRole("button", { name: "Replace the PDF" }).click();
    await page.getByText("The PDF is replaced.").waitFor();
    await page.getByRole("link", { name: "Another.pdf" }).waitFor();
    await check(page);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("The PDF from before is back.").waitFor();
    await page.getByRole("link", { name: "My guide.pdf" }).waitFor();
    await page.getByRole("link", { name: "Change the words" }).click();
    await check(page);
    await page.getByLabel("Address").fill("No address");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Must be 1 to 64 lower-case letters").waitFor();
    await check(page);
    await page.getByLabel("Address").fill(`closing-${width}`);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The guide is saved.").waitFor();
    assert.ok(await page.getByText(`closing-${width}`).isVisible());
    // The order, by keyboard alone.
    await page.goto("/dashboard/guides");
    const before = await titles(page);
    await page.getByRole("button", { name: `Move ${title} forward` }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("The order is changed.").waitFor();
    const at = before.indexOf(title);
    assert.equal((await titles(page)).indexOf(title), at - 1);
    await page.getByRole("link", { name: title }).click();
    await page.getByRole("button", { name: "Delete the guide" }).click();
    await page.getByText("The guide is deleted.").waitFor();
    assert.ok(!(await titles(page)).includes(title));
    await check(page);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("The guide is back.").waitFor();
    await page.getByRole("link", { name: "My guide.pdf" }).waitFor();
    // What the sample's guide brought, and who asked.
    await page.goto("/dashboard/guides");
    await page.getByRole("link", { name: "Five things to do before you sell" }).click();
    await page.getByRole("link", { name: "Priya Sharma" }).click();
    await page.getByRole("link", { name: "Asked for “Five things to do before you sell”" }).waitFor();
    await page.context().close();
  });
}

test("a guide and its files need no script", async () => {
  const page = await open(browser, product, { javaScriptEnabled: false });
  const drawing = await open(browser, product);
  await signIn(page, product);
  await make(page, "Plain paper", () => {});
  await page.getByLabel("The PDF").setInputFiles([WRONG]);
  await page.getByRole("button", { name: "Add the PDF" }).click();
  await page.getByText("Must be a PDF.").waitFor();
  await page.getByLabel("The PDF").setInputFiles([PDF]);
  await page.getByRole("button", { name: "Add the PDF" }).click();
  await page.getByText("The PDF is added.").waitFor();
  await page.getByLabel("A picture for the cover").setInputFiles([await picture(drawing)]);
  await page.getByRole("button", { name: "Use this picture" }).click();
  await page.getByText("The cover is set.").waitFor();
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("The guide is published.").waitFor();
  await page.getByRole("button", { name: "Make it a draft" }).click();
  await page.getByText("The guide is a draft again").waitFor();
  await page.context().close();
  await drawing.context().close();
});
