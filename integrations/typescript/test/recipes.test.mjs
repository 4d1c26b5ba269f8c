// The code of docs/recipes/nextjs-contact-form.md, as it stands there.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import ts from "typescript";
import { api, startProduct } from "../../lib/product.js";

const page = readFileSync(path.resolve(import.meta.dirname, "../../../docs/recipes/nextjs-contact-form.md"), "utf8");
const code = (name) => page.slice(page.indexOf(`\`app/contact/${name}\``)).match(/```tsx?\n([^]*?)```/)[1];
const start = { sent: false, message: "" };
let product;
let folder;
let send;

/** What a visitor sends. */
function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

before(async () => {
  product = await startProduct();
  process.env.OA_URL = product.base;
  process.env.OA_API_KEY = product.command("key", "create", "--agent", "sarah-johnson", "--name", "Website", "--scope", "write");
  folder = mkdtempSync(path.join(tmpdir(), "organicagent-recipe-"));
  const file = path.join(folder, "actions.mjs");
  writeFileSync(file, ts.transpile(code("actions.ts"), { target: "ES2022", module: "ES2022" }));
  ({ sendContact: send } = await import(file));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await product.stop();
});

describe("the contact form", () => {
  test("is TypeScript that compiles strictly", () => {
    const file = path.join(folder, "actions.ts");
    writeFileSync(file, `declare const process: { env: Record<string, string | undefined> };\n${code("actions.ts").replace('"use server";', "")}`);
    const program = ts.createProgram([file], { strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] });
    assert.deepEqual(ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText), []);
    for (const name of ["page.tsx", "form.tsx"]) {
      const { diagnostics } = ts.transpileModule(code(name), { reportDiagnostics: true, fileName: name, compilerOptions: { jsx: ts.JsxEmit.ReactJSX } });
      assert.deepEqual(diagnostics, [], name);
    }
    // Every field that the action reads stands in the form.
    for (const [, name] of code("actions.ts").matchAll(/text\(form, "(\w+)"/g)) assert.ok(code("form.tsx").includes(`name="${name}"`), name);
  });

  test("records a lead, and a second click is the same lead", async () => {
    const sent = form({ name: "Zoë", email: "zoe@example.com", message: "The garden?", token: "visit-1" });
    assert.equal((await send(start, sent)).sent, true);
    assert.equal((await send(start, sent)).sent, true);
    const { leads, total } = await api(product, "GET", "/leads");
    assert.equal(total, 1);
    assert.deepEqual([leads[0].name, leads[0].notes, leads[0].source], ["Zoë", "The garden?", "website"]);
  });

  test("says what is missing or wrong, and swallows what robots send", async () => {
    assert.match((await send(start, form({ email: "a@example.com" }))).message, /name/);
    assert.match((await send(start, form({ name: "A" }))).message, /e-mail address or a phone/);
    assert.match((await send(start, form({ name: "A", email: "no address" }))).message, /check the e-mail/);
    assert.equal((await send(start, form({ name: "A", email: "a@example.com", website: "x" }))).sent, true);
    assert.equal((await api(product, "GET", "/leads")).total, 1);
  });

  test("tells nothing of a key that is refused, or of a server that is away", async () => {
    const { OA_URL, OA_API_KEY } = process.env;
    process.env.OA_API_KEY = "oa_live_wrong";
    assert.deepEqual(await send(start, form({ name: "A", phone: "1" })), { sent: false, message: "That did not work. Please try again in a minute." });
    Object.assign(process.env, { OA_API_KEY, OA_URL: "http://127.0.0.1:9" });
    assert.equal((await send(start, form({ name: "A", phone: "1" }))).sent, false);
    process.env.OA_URL = OA_URL;
  });
});
