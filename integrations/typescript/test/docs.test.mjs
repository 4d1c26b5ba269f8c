// The examples of the page `/docs` of a running server, as they stand there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import ts from "typescript";
import { api, startProduct } from "../../lib/product.js";

let product;
let examples;

before(async () => {
  product = await startProduct();
  const page = await (await fetch(`${product.base}/docs`)).text();
  const plain = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#34;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
  const code = [...page.matchAll(/<code(?: class="(\w+)")?>([^]*?)<\/code>/g)];
  examples = code.map(([, language, text]) => ({ language, text: plain(text).replaceAll("your_api_key_here", product.key) }));
});
after(() => product.stop());

/** Runs an example, which records a lead and prints the answer. */
async function records(run, example) {
  assert.ok(example, "the page has it");
  const { total } = await api(product, "GET", "/leads?limit=1");
  const { success, leadId } = JSON.parse(run(example.text));
  assert.equal(success, true);
  assert.equal((await api(product, "GET", `/leads/${leadId}`)).email, "jane@example.com");
  assert.equal((await api(product, "GET", "/leads?limit=1")).total, total + 1);
}

const silent = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };

test("curl records a lead and lists it", async () => {
  const lines = examples.filter(({ text }) => text.startsWith("curl ") && text.includes("/api/v1/leads"));
  await records((text) => execFileSync("bash", ["-c", text], silent), lines.find(({ text }) => text.includes("Jane Doe")));
  const listed = JSON.parse(execFileSync("bash", ["-c", lines.find(({ text }) => !text.includes("-X")).text], silent));
  assert.equal(listed.leads[0].name, "Jane Doe");
});

test("TypeScript records a lead", async () => {
  const run = (text) => execFileSync(process.execPath, ["--input-type=module", "-e", ts.transpile(text, { target: "ES2022", module: "ES2022" })], silent);
  await records(run, examples.find(({ language }) => language === "typescript"));
});

test("Python records a lead", async () => {
  await records((text) => execFileSync("python3", ["-c", text], silent), examples.find(({ language }) => language === "python"));
});
