// The app as Make's SDK takes it: its files fit together, and each communication is interpreted against a real server.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { api, EVENTS, furnish, raiseAll, startProduct } from "../../lib/product.js";
import { Receiver } from "../../lib/receiver.js";
import { readZip } from "../../lib/zip.js";
import { build } from "../build.mjs";
import { Engine, evaluate, fill, receive } from "./iml.mjs";

const folder = path.resolve(import.meta.dirname, "..");
const read = (name) => JSON.parse(readFileSync(path.join(folder, name), "utf8"));
const app = read("makecomapp.json");
const { connection, webhook, module, rpc } = app.components;
const code = (component, kind) => read(component.codeFiles[kind]);
const base = read(app.generalCodeFiles.base);
const engine = new Engine(base);

let product;
let furniture;
let context;

/** Runs a module; its bundles. */
async function run(id, parameters = {}) {
  const { bundles } = await engine.run(code(module[id], "communication"), { ...context, parameters });
  return bundles;
}

/** What a menu offers. */
async function menu(id) {
  return (await engine.run(code(rpc[id], "communication"), { ...context, parameters: {} })).bundles;
}

before(async () => {
  product = await startProduct();
  // As people paste it: with a slash.
  context = { connection: { baseUrl: `${product.base}/`, apiKey: product.key } };
  furniture = await furnish(product);
});
after(() => product.stop());

describe("the files", () => {
  test("all that are named are there, and all that are there are named", () => {
    const named = new Set(["makecomapp.json", ...Object.values(app.generalCodeFiles)]);
    for (const kind of Object.values(app.components)) for (const { codeFiles } of Object.values(kind)) Object.values(codeFiles).forEach((name) => named.add(name));
    for (const name of named) assert.ok(existsSync(path.join(folder, name)), name);
    const there = ["general", "connections", "webhooks", "modules", "rpcs"].flatMap((part) => readdirSync(path.join(folder, part), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)));
    assert.deepEqual(there.filter((name) => !named.has(name)), []);
  });

  test("components refer to components that exist, by names that Make takes", () => {
    for (const [id, part] of [...Object.entries(module), ...Object.entries(webhook), ...Object.entries(rpc)]) {
      assert.match(id, /^[a-z][0-9a-z-]+[0-9a-z]$/);
      assert.ok(connection[part.connection], id);
      assert.ok(part.label, id);
      if (part.moduleType === "instant_trigger") assert.ok(webhook[part.webhook], id);
      for (const file of Object.values(part.codeFiles)) {
        for (const [, name] of readFileSync(path.join(folder, file), "utf8").matchAll(/rpc:\/\/([\w-]+)/g)) assert.ok(rpc[name], `${file}: ${name}`);
      }
    }
    const grouped = read(app.generalCodeFiles.groups).flatMap(({ modules }) => modules);
    assert.deepEqual(grouped.sort(), Object.keys(module).sort());
  });

  test("directives are ones that Make knows", () => {
    const request = new Set(["url", "method", "headers", "qs", "body", "type", "pagination", "response", "followRedirects", "log", "baseUrl"]);
    const response = new Set(["error", "iterate", "output", "limit", "temp", "data", "metadata"]);
    const hook = new Set(["condition", "output", "respond"]);
    const parameter = new Set(["name", "type", "label", "required", "help", "options", "mappable", "default", "multiline", "spec", "placeholder", "editable"]);
    const within = (record, allowed, where) => Object.keys(record).forEach((key) => assert.ok(allowed.has(key), `${where}: ${key}`));
    const parts = [["base", base], ...[connection, webhook, module, rpc].flatMap((kind) => Object.entries(kind).flatMap(([id, { codeFiles }]) => Object.entries(codeFiles).map(([key, file]) => [`${id}.${key}`, read(file), kind])))];
    for (const [where, content, kind] of parts) {
      if (where.endsWith("arams")) content.forEach((entry) => within(entry, parameter, where));
      else if (kind === webhook && where.endsWith(".communication")) within(content, hook, where);
      else if (/communication|attach|detach|^base/.test(where)) {
        for (const step of [content].flat()) {
          within(step, request, where);
          within(step.response ?? {}, response, where);
        }
      }
    }
  });

  test("a sample has what the interface names, in its order", () => {
    for (const [id, part] of Object.entries(module)) {
      assert.deepEqual(code(part, "interface").map(({ name }) => name), Object.keys(code(part, "samples")), id);
    }
  });

  test("every parameter that a communication reads is asked for, and no other", () => {
    for (const [id, part] of Object.entries(module)) {
      const text = readFileSync(path.join(folder, part.codeFiles.communication), "utf8");
      const used = new Set([...text.matchAll(/parameters\.(\w+)/g)].map(([, name]) => name));
      const asked = part.codeFiles.mappableParams ? code(part, "mappableParams").map(({ name }) => name) : [];
      assert.deepEqual([...used].sort(), asked.sort(), id);
    }
  });

  test("the archive holds them all", () => {
    const files = readZip(build());
    assert.deepEqual(JSON.parse(files.get("makecomapp.json")), app);
    assert.ok(files.has(module["create-lead"].codeFiles.communication));
  });
});

test("the interpreter computes as Make does", () => {
  assert.equal(evaluate('replace(a.b; "/\\\\/+$/"; emptystring)', { a: { b: "https://x//" } }), "https://x");
  assert.equal(evaluate('a == "x" && (b != 2 || c)', { a: "x", b: 3 }), true);
  assert.deepEqual(fill({ "{{...}}": "{{toCollection(l; 'k'; 'v')}}", gone: "{{none}}", text: "{{n}} of {{m}}" }, { l: [{ k: "a", v: 1 }], n: 1, m: 2 }), { a: 1, text: "1 of 2" });
  assert.throws(() => evaluate("unknownFunction(1)", {}));
});

describe("a connection", () => {
  const communication = code(connection.organicagent, "communication");
  const connect = (parameters) => new Engine().run(communication, { parameters });

  test("is tested by GET /me and named after the agent", async () => {
    const { metadata } = await connect({ baseUrl: `${product.base}/`, apiKey: product.key });
    assert.equal(metadata, "Sarah Johnson (sarah-johnson)");
  });

  test("with a wrong key is refused with the server's sentence", async () => {
    await assert.rejects(connect({ baseUrl: product.base, apiKey: "oa_live_wrong" }), /^Error: \[401\] \S|^MakeError: \[401\] \S/);
  });

  test("never writes the key into a log", () => {
    for (const { log } of [communication, base]) assert.ok(log.sanitize.includes("request.headers.x-api-key"));
    assert.ok(base.log.sanitize.includes("response.body.secret"));
  });
});

describe("modules", () => {
  test("create and update a lead", async () => {
    const [lead] = await run("create-lead", { name: "Ana", email: "ana@example.com", source: "zillow" });
    assert.deepEqual([lead.name, lead.source, lead.phone], ["Ana", "zillow", null]);
    const [changed] = await run("update-lead", { leadId: lead.id, status: "contacted" });
    assert.deepEqual([changed.status, changed.email], ["contacted", "ana@example.com"]);
  });

  test("add a client once and move them to a stage of the menu", async () => {
    const [first] = await run("create-client", { name: "Bob", email: "bob@example.com" });
    const [second] = await run("create-client", { name: "Bob", email: "bob@example.com", notes: "Again" });
    assert.equal(first.id, second.id);
    const touring = (await menu("stages")).find(({ label }) => label === "Buyer: Touring");
    const [moved] = await run("change-stage", { clientId: first.id, stage: touring.value });
    assert.equal(moved.buyingStage, "Touring");
  });

  test("add a listing with its numbers, and request a showing of it", async () => {
    const [listing] = await run("create-listing", { address: "1 Palm Way", price: 512500.5, bathrooms: 1.25, hasPool: true });
    assert.deepEqual([listing.price, listing.bathrooms, listing.hasPool], [512500.5, 1.25, true]);
    const [showing] = await run("create-showing", { clientId: furniture.clientId, listingId: listing.id, requestedTimes: [furniture.time] });
    assert.deepEqual([showing.address, showing.requestedTimes], ["1 Palm Way", [furniture.time]]);
    const found = await run("search-showings", { listingId: listing.id, limit: 5 });
    assert.deepEqual(found, [showing]);
  });

  test("write notes on leads and clients", async () => {
    for (const kind of ["lead", "client"]) {
      const [note] = await run(`add-${kind}-note`, { [`${kind}Id`]: furniture[`${kind}Id`], text: "Called" });
      assert.equal(note.text, "Called");
    }
  });

  test("search page after page, up to the limit", async () => {
    for (let count = 0; count < 130; count += 1) await api(product, "POST", "/leads", { name: `Lead ${count}`, source: "many" });
    assert.equal((await run("search-leads", { source: "many", limit: 120 })).length, 120);
    assert.equal((await run("search-leads", { source: "many", limit: 500 })).length, 130);
    assert.equal((await run("search-leads", { source: "many", limit: 2 })).length, 2);
    assert.deepEqual(await run("search-leads", { email: "nobody@example.com", limit: 10 }), []);
    assert.equal((await run("search-clients", { phone: "555 987 6543", limit: 10 }))[0].id, furniture.clientId);
    assert.ok((await run("search-listings", { status: "all", limit: 10 })).length > 0);
  });

  test("any call can be made", async () => {
    const [made] = await run("make-an-api-call", { url: "leads", method: "POST", body: '{"name":"By hand"}' });
    assert.equal(made.statusCode, 201);
    const [listed] = await run("make-an-api-call", { url: "leads", method: "GET", qs: [{ key: "limit", value: "1" }] });
    assert.equal(listed.body.leads[0].id, made.body.leadId);
  });

  test("a refusal has the server's sentence and a type by which Make acts", async () => {
    await assert.rejects(run("create-lead", { name: "X", email: "no address" }), (error) => error.type === "DataError" && /email/.test(error.message));
    await assert.rejects(run("update-lead", { leadId: "lead_01kars4wg0e0pb4q1m3t5v7x9z", status: "new" }), { type: "DataError" });
    const reader = product.command("key", "create", "--agent", "sarah-johnson", "--name", "Reader", "--scope", "read");
    await assert.rejects(engine.run(code(module["create-lead"], "communication"), { connection: { ...context.connection, apiKey: reader }, parameters: { name: "X" } }), { type: "InvalidConfigurationError" });
  });

  test("what actions and searches give has the keys of their samples", async () => {
    for (const [id, parameters] of [["search-leads", {}], ["search-clients", {}], ["search-listings", { status: "all" }], ["search-showings", {}]]) {
      const [record] = await run(id, { ...parameters, limit: 1 });
      assert.deepEqual(Object.keys(record).sort(), Object.keys(code(module[id], "samples")).sort(), id);
    }
  });

  test("menus offer labels and values", async () => {
    for (const id of Object.keys(rpc)) {
      const [first] = await menu(id);
      assert.ok(first.label && first.value, id);
    }
  });
});

describe("instant triggers", () => {
  let receiver;
  const attached = {};
  before(async () => {
    receiver = await Receiver.open();
    for (const id of Object.keys(webhook)) {
      const { data } = await engine.run(code(webhook[id], "attach"), { ...context, webhook: { url: receiver.url } });
      attached[id] = data;
    }
    await api(product, "DELETE", `/clients/${furniture.clientId}`);
    await raiseAll(product);
  });
  after(() => receiver.close());

  for (const event of EVENTS) {
    test(`${event} comes as the record, with the keys of the sample`, async () => {
      const [id, trigger] = Object.entries(module).find(([, part]) => part.webhook === event.replace(/[._]/g, "-"));
      const request = await receiver.of(event);
      const { bundle, respond } = receive(code(webhook[trigger.webhook], "communication"), request);
      assert.deepEqual(bundle, JSON.parse(request.body).data);
      assert.deepEqual(Object.keys(bundle).sort(), Object.keys(code(trigger, "samples")).sort(), id);
      assert.equal(respond.status, 204);
    });
  }

  test("another event starts nothing", async () => {
    const request = await receiver.of("client.created");
    assert.equal(receive(code(webhook["lead-created"], "communication"), request).bundle, undefined);
  });

  test("each attached for its event alone; detached, none is left", async () => {
    const { webhooks } = await api(product, "GET", "/webhooks");
    assert.deepEqual(webhooks.map(({ events }) => events.join()).sort(), [...EVENTS].sort());
    for (const id of Object.keys(webhook)) await engine.run(code(webhook[id], "detach"), { ...context, webhook: { url: receiver.url, ...attached[id] } });
    assert.deepEqual((await api(product, "GET", "/webhooks")).webhooks, []);
  });
});
