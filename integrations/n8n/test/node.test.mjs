// The package as n8n loads it: linted, built, and its nodes run against a real server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { api, EVENTS, furnish, raiseAll, startProduct } from "../../lib/product.js";
import { Receiver } from "../../lib/receiver.js";
import { build } from "../build.mjs";
import { execute, loadOptions } from "./routing.mjs";

const require = createRequire(import.meta.url);
const folder = path.resolve(import.meta.dirname, "..");
const unpacked = mkdtempSync(path.join(tmpdir(), "organicagent-n8n-"));
let product;
let furniture;
let credential;
let node;
let Trigger;
let credentials;

const run = (resource, operation, fields = {}) => execute(node.description, credentials, credential.authenticate, { resource, operation, ...fields });

before(async () => {
  execFileSync("tar", ["-xzf", build(), "-C", unpacked]);
  const load = (name, type) => require(path.join(unpacked, "package/dist", name))[type];
  credential = new (load("credentials/OrganicAgentApi.credentials.js", "OrganicAgentApi"))();
  node = new (load("nodes/OrganicAgent/OrganicAgent.node.js", "OrganicAgent"))();
  Trigger = load("nodes/OrganicAgent/OrganicAgentTrigger.node.js", "OrganicAgentTrigger");
  product = await startProduct();
  credentials = { baseUrl: `${product.base}/`, apiKey: product.key };
  furniture = await furnish(product);
});
after(async () => {
  rmSync(unpacked, { recursive: true });
  await product?.stop();
});

describe("the package", () => {
  test("passes n8n's own rules", () => {
    const report = JSON.parse(execFileSync(process.execPath, ["node_modules/eslint/bin/eslint.js", ".", "--format", "json"], { cwd: folder, encoding: "utf8" }));
    assert.ok(report.length >= 8, "every file was read");
    assert.deepEqual(report.flatMap(({ messages }) => messages), []);
  });

  test("holds what package.json names, and depends on nothing at run time", () => {
    const { n8n, dependencies, keywords } = JSON.parse(readFileSync(path.join(unpacked, "package/package.json"), "utf8"));
    assert.equal(dependencies, undefined);
    assert.ok(keywords.includes("n8n-community-node-package"));
    for (const file of [...n8n.credentials, ...n8n.nodes]) {
      assert.ok(existsSync(path.join(unpacked, "package", file)), file);
      const needed = [...readFileSync(path.join(unpacked, "package", file), "utf8").matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
      assert.deepEqual(needed.filter((name) => !name.startsWith("./") && name !== "node:crypto"), [], file);
    }
    for (const { description } of [node, new Trigger()]) {
      for (const icon of Object.values(description.icon)) assert.ok(existsSync(path.join(unpacked, "package/dist/nodes/OrganicAgent", icon.slice(5))), icon);
    }
  });

  test("the credential is tested by GET /me", async () => {
    const me = { requestDefaults: { ...credential.test.request, headers: {} }, properties: [{ name: "go", default: 1, routing: { request: { method: "GET" } } }] };
    const [{ agentId }] = await execute(me, credentials, credential.authenticate, {});
    assert.equal(agentId, "sarah-johnson");
    await assert.rejects(execute(me, { ...credentials, apiKey: "oa_live_wrong" }, credential.authenticate, {}), { httpCode: "401" });
  });
});

describe("the node", () => {
  test("creates, reads, changes and deletes a lead", async () => {
    const [{ leadId }] = await run("lead", "create", { name: "Ana", additionalFields: { email: "ana@example.com", source: "zillow" } });
    const [changed] = await run("lead", "update", { leadId, updateFields: { status: "contacted" } });
    assert.deepEqual([changed.status, changed.email], ["contacted", "ana@example.com"]);
    assert.deepEqual(await run("lead", "get", { leadId }), [changed]);
    assert.deepEqual(await run("lead", "delete", { leadId }), [{ success: true }]);
    await assert.rejects(run("lead", "get", { leadId }), { httpCode: "404" });
  });

  test("adds a client and moves them to a stage of the menu", async () => {
    const [{ clientId }] = await run("client", "create", { name: "Bob", email: "bob@example.com", additionalFields: { phone: "555 0100" } });
    const field = node.description.properties.find(({ name, displayOptions }) => name === "updateFields" && displayOptions.show.resource[0] === "client");
    const stages = await loadOptions(node.description, credentials, credential.authenticate, field.options.find(({ name }) => name === "buyingStage"));
    const touring = stages.find(({ name }) => name === "buyer: Touring");
    const [client] = await run("client", "update", { clientId, updateFields: { buyingStage: touring.value } });
    assert.deepEqual([client.buyingStage, client.phone], ["Touring", "555 0100"]);
  });

  test("adds a listing and requests and confirms a showing of it", async () => {
    const [{ listingId }] = await run("listing", "create", { address: "1 Palm Way", price: 512500.5, additionalFields: { bathrooms: 1.25, hasPool: true } });
    const [listing] = await run("listing", "get", { listingId });
    assert.deepEqual([listing.price, listing.bathrooms, listing.hasPool], [512500.5, 1.25, true]);
    const later = new Date(Date.parse(furniture.time) + 86_400_000).toISOString();
    const [{ showingId }] = await run("showing", "create", { clientId: furniture.clientId, listingId, requestedTimes: `${furniture.time}, ${later}` });
    const [showing] = await run("showing", "update", { showingId, updateFields: { status: "confirmed", confirmedTime: later } });
    assert.deepEqual([showing.status, showing.confirmedTime], ["confirmed", later]);
    assert.deepEqual(await run("showing", "getAll", { filters: { listingId } }), [showing]);
  });

  test("lists up to the limit, or all of it page after page", async () => {
    for (let count = 0; count < 130; count += 1) await api(product, "POST", "/leads", { name: `Lead ${count}`, source: "many" });
    assert.equal((await run("lead", "getAll", { limit: 3, filters: { source: "many" } })).length, 3);
    const all = await run("lead", "getAll", { returnAll: true, filters: { source: "many" } });
    assert.equal(new Set(all.map(({ id }) => id)).size, 130);
    assert.equal((await run("lead", "getAll", { limit: 1, filters: { sort: "createdAt" } }))[0].id, furniture.leadId);
    assert.equal((await run("client", "getAll", { filters: { phone: "555 987 6543" } }))[0].id, furniture.clientId);
    assert.deepEqual(await run("client", "getAll", { filters: { email: "nobody@example.com" } }), []);
    assert.ok((await run("listing", "getAll", { filters: { status: "all" } })).length > 0);
  });

  test("writes and lists notes", async () => {
    for (const [noteOf, recordId] of [["leads", furniture.leadId], ["clients", furniture.clientId]]) {
      await run("note", "create", { noteOf, recordId, text: "Called" });
      assert.equal((await run("note", "getAll", { noteOf, recordId }))[0].text, "Called");
    }
  });

  test("every menu that is filled by a call offers names and values", async () => {
    const fields = node.description.properties.flatMap((property) => [property, ...(property.options ?? [])]).filter((property) => property.typeOptions?.loadOptions);
    assert.ok(fields.length > 5);
    for (const field of fields) {
      const [first] = await loadOptions(node.description, credentials, credential.authenticate, field);
      assert.ok(first.name && first.value, field.name);
    }
  });

  test("every operation can be called, and a refusal has the server's sentence", async () => {
    await assert.rejects(run("lead", "create", { name: "X", additionalFields: { email: "no address" } }), /email/);
    const operations = node.description.properties.filter(({ name }) => name === "operation");
    for (const { options } of operations) for (const option of options) assert.ok(option.routing.request.url && option.action, option.name);
    assert.equal(operations.length, 5);
  });
});

describe("the trigger", () => {
  let receiver;
  let trigger;
  let kept;
  let events;

  /** What n8n gives the trigger's functions. */
  const hooks = () => ({
    getWorkflowStaticData: () => kept,
    getNodeWebhookUrl: () => receiver.url,
    getNodeParameter: () => events,
    getWorkflow: () => ({ name: "My workflow" }),
    getCredentials: async () => credentials,
    helpers: {
      async httpRequestWithAuthentication(type, { method, url, body }) {
        assert.equal(type, "organicAgentApi");
        const response = await fetch(url, { method, headers: { "X-API-Key": credentials.apiKey, ...(body && { "Content-Type": "application/json" }) }, ...(body && { body: JSON.stringify(body) }) });
        const text = await response.text();
        if (!response.ok) throw Object.assign(new Error(text), { httpCode: String(response.status) });
        return text ? JSON.parse(text) : undefined;
      },
    },
  });

  /** Hands a request to the trigger; the item, or the status of the refusal. */
  async function receive({ headers, body }, changes = {}) {
    let status;
    const response = { status: (code) => ((status = code), response), send: () => response, end: () => response };
    const answer = await trigger.webhook.call({
      getRequestObject: () => ({ rawBody: changes.body ?? body }),
      getHeaderData: () => ({ ...headers, ...changes.headers }),
      getBodyData: () => JSON.parse(changes.body ?? body),
      getWorkflowStaticData: () => changes.kept ?? kept,
      getResponseObject: () => response,
      helpers: { returnJsonArray: (items) => items.map((json) => ({ json })) },
    });
    return status ?? answer.workflowData[0][0].json;
  }

  before(async () => {
    receiver = await Receiver.open();
    trigger = new Trigger();
    kept = {};
    events = [...EVENTS];
    await api(product, "DELETE", `/clients/${furniture.clientId}`);
  });
  after(() => receiver.close());

  test("registers one webhook, finds it again, and replaces it when the events change", async () => {
    const { checkExists, create } = trigger.webhookMethods.default;
    events = ["lead.created"];
    assert.equal(await checkExists.call(hooks()), false);
    assert.equal(await create.call(hooks()), true);
    assert.equal(await checkExists.call(hooks()), true);
    events = [...EVENTS];
    assert.equal(await checkExists.call(hooks()), false);
    await create.call(hooks());
    const { webhooks } = await api(product, "GET", "/webhooks");
    assert.deepEqual(webhooks.map(({ description, events }) => [description, events.length]), [["n8n: My workflow", 5]]);
  });

  test("gives each event as an item once it is genuine, and answers 401 to the rest", async () => {
    await raiseAll(product);
    for (const event of EVENTS) {
      const request = await receiver.of(event);
      const item = await receive(request);
      assert.deepEqual(item.data, JSON.parse(request.body).data);
      assert.deepEqual([item.event, item.agentId, item.eventId], [event, "sarah-johnson", request.headers["webhook-id"]]);
      for (const changes of [
        { body: Buffer.from(request.body.toString().replace('"data":{', '"data":{"forged":true,')) },
        { headers: { "x-organicagent-signature": "0".repeat(64) } },
        { headers: { "x-organicagent-signature": undefined } },
        { headers: { "x-organicagent-timestamp": "1" } },
        { kept: {} },
      ]) {
        assert.equal(await receive(request, changes), 401);
      }
    }
  });

  test("removes its webhook, also one that is gone", async () => {
    const { checkExists, delete: remove } = trigger.webhookMethods.default;
    const before = { ...kept };
    assert.equal(await remove.call(hooks()), true);
    assert.deepEqual((await api(product, "GET", "/webhooks")).webhooks, []);
    assert.deepEqual(kept, {});
    Object.assign(kept, before);
    assert.equal(await checkExists.call(hooks()), false);
    Object.assign(kept, before);
    assert.equal(await remove.call(hooks()), true);
  });
});
