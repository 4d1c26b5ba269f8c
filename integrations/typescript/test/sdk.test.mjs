// The package as it is published, against a real server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { stale } from "../../generate.mjs";
import { api as raw, EVENTS, raiseAll, startProduct } from "../../lib/product.js";
import { Receiver } from "../../lib/receiver.js";

const folder = path.resolve(import.meta.dirname, "..");
const unpacked = mkdtempSync(path.join(tmpdir(), "organicagent-typescript-"));
let product;
let sdk;
let agent;

before(async () => {
  const run = (command, ...words) => execFileSync(command, words, { cwd: folder, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  run(process.execPath, "node_modules/typescript/bin/tsc", "-p", "tsconfig.json");
  run(process.execPath, "node_modules/typescript/bin/tsc", "-p", "test/tsconfig.json");
  rmSync(path.join(folder, "build"), { recursive: true, force: true });
  run("mkdir", "-p", "build");
  run("npm", "pack", "--silent", "--pack-destination", "build");
  const [archive] = readdirSync(path.join(folder, "build"));
  run("tar", "-xzf", path.join("build", archive), "-C", unpacked);
  sdk = await import(path.join(unpacked, "package/dist/index.js"));
  product = await startProduct();
  agent = new sdk.OrganicAgent({ baseUrl: product.base, apiKey: product.key });
});
after(async () => {
  rmSync(unpacked, { recursive: true });
  await product?.stop();
});

test("the generated part of both packages is what the document makes", () => {
  assert.deepEqual(stale().map(([name]) => name), []);
});

test("the archive holds the compiled package and no more", () => {
  const { exports, dependencies } = createRequire(import.meta.url)(path.join(unpacked, "package/package.json"));
  assert.equal(dependencies, undefined);
  assert.ok(exports["."].types);
  assert.deepEqual(readdirSync(path.join(unpacked, "package")).sort(), ["README.md", "dist", "package.json"]);
});

describe("calls", () => {
  test("a lead is created, read, changed, deleted", async () => {
    const { leadId } = await agent.createLead({ name: "Zoë", email: "zoe@example.com" });
    assert.equal((await agent.getLead(leadId)).name, "Zoë");
    assert.equal((await agent.updateLead(leadId, { status: "contacted", email: null })).email, null);
    assert.equal(await agent.deleteLead(leadId), undefined);
    const gone = await agent.getLead(leadId).catch((error) => error);
    assert.ok(gone instanceof sdk.OrganicAgentError);
    assert.deepEqual([gone.status, gone.problem.success], [404, false]);
    assert.match(gone.requestId, /^req_/);
  });

  test("the same idempotency key makes one lead", async () => {
    const send = () => agent.createLead({ name: "Once" }, { idempotencyKey: "form-7" });
    assert.deepEqual(await send(), await send());
  });

  test("a refusal is an error with the server's sentence and the field", async () => {
    const error = await agent.createClient({ name: "No", email: "no address" }).catch((error) => error);
    assert.equal(error.status, 400);
    assert.equal(error.problem.errors[0].field, "email");
    assert.match(error.message, /email/);
  });

  test("a precondition that no longer holds is 412", async () => {
    const { clientId } = await agent.createClient({ name: "Ann", email: "ann@example.com" });
    const error = await agent.updateClient(clientId, { notes: "x" }, { ifMatch: '"other"' }).catch((error) => error);
    assert.equal(error.status, 412);
  });

  test("all pages come, each record once", async () => {
    for (let count = 0; count < 7; count += 1) await agent.createLead({ name: `Paged ${count}`, source: "paged" });
    const names = [];
    for await (const lead of agent.allLeads({ source: "paged", limit: 3 })) names.push(lead.name);
    assert.deepEqual(names, [6, 5, 4, 3, 2, 1, 0].map((count) => `Paged ${count}`));
    for await (const client of agent.allClients({ email: "nobody@example.com" })) assert.fail(client.name);
  });

  test("the feed goes on where it ended", async () => {
    const first = [];
    for await (const event of agent.feed()) first.push(event);
    assert.deepEqual(first.map(({ sequence }) => sequence), first.map((_, index) => index + 1));
    const last = first.at(-1).id;
    for await (const event of agent.feed(last)) assert.fail(event.id);
    await agent.createLead({ name: "After" });
    const more = [];
    for await (const event of agent.feed(last, "lead.created")) more.push(event.data.name);
    assert.deepEqual(more, ["After"]);
  });

  test("a path's id cannot lead elsewhere", async () => {
    const error = await agent.getLead("../me").catch((error) => error);
    assert.equal(error.status, 404);
  });
});

describe("trying again", () => {
  const json = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers });
  const served = (...answers) => {
    const seen = [];
    const waits = [];
    const caller = new sdk.OrganicAgent({
      baseUrl: "https://crm.example.com",
      apiKey: "k",
      wait: async (ms) => void waits.push(ms),
      fetch: async (url, request) => {
        seen.push({ url: String(url), ...request });
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      },
    });
    return { caller, seen, waits };
  };

  test("after 429 as long as the server asks, with the same key", async () => {
    const { caller, seen, waits } = served(json(429, {}, { "Retry-After": "7" }), json(201, { success: true, leadId: "lead_1" }));
    assert.equal((await caller.createLead({ name: "A" })).leadId, "lead_1");
    assert.deepEqual(waits, [7000]);
    assert.equal(seen[0].headers["Idempotency-Key"], seen[1].headers["Idempotency-Key"]);
  });

  test("after a broken connection, twice at most", async () => {
    const broken = () => new TypeError("fetch failed");
    const { caller, seen } = served(broken(), broken(), broken(), json(200, {}));
    await assert.rejects(caller.getMe(), /fetch failed/);
    assert.equal(seen.length, 3);
  });

  test("never a PATCH of which nobody knows whether it was made", async () => {
    const { caller, seen } = served(json(503, { error: "the outcome is unknown" }));
    await assert.rejects(caller.updateLead("lead_1", { name: "B" }), /unknown/);
    assert.equal(seen.length, 1);
  });

  test("a refusal without JSON is an error too, and a redirect is not followed", async () => {
    const { caller, seen } = served(new Response("<html>", { status: 502 }));
    await assert.rejects(caller.getMe(), /answered 502/);
    assert.equal(seen[0].redirect, "error");
    assert.throws(() => new sdk.OrganicAgent({ baseUrl: "http://crm.example.com", apiKey: "k" }), /https/);
  });
});

describe("webhooks", () => {
  let receiver;
  let secret;
  before(async () => {
    receiver = await Receiver.open();
    ({ secret } = await agent.createWebhook({ url: receiver.url }));
    await raiseAll(product);
  });
  after(() => receiver.close());

  for (const event of EVENTS) {
    test(`${event} is genuine by both signatures, from text and from bytes`, async () => {
      const { body, headers } = await receiver.of(event);
      const expected = JSON.parse(body);
      assert.deepEqual(new Webhook(secret).verify(body, headers), expected);
      assert.deepEqual(await sdk.verifyWebhook(body, headers, secret), expected);
      assert.deepEqual(await sdk.verifyWebhook(body.toString(), new Headers(headers), secret), expected);
      assert.deepEqual(await sdk.verifyPublishedSignature(body, headers, secret), expected);
    });
  }

  test("what was changed, forged, cut, or is too old is refused", async () => {
    const { body, headers } = await receiver.of("lead.created");
    const changed = Buffer.from(body.toString().replace("John", "Jane"));
    const later = Date.now() + 301_000;
    for (const [given, by, key, options] of [
      [changed, headers, secret],
      [body.subarray(0, -2), headers, secret],
      [Buffer.alloc(0), headers, secret],
      [body, { ...headers, "webhook-id": "evt_other" }, secret],
      [body, { ...headers, "webhook-timestamp": "1" }, secret],
      [body, { ...headers, "webhook-timestamp": "x" }, secret],
      [body, { ...headers, "webhook-signature": "v1,***" }, secret],
      [body, {}, secret],
      [body, headers, "whsec_AAAA"],
      [body, headers, ""],
      [body, headers, secret, { now: later }],
    ]) {
      await assert.rejects(sdk.verifyWebhook(given, by, key, options), sdk.WebhookError);
    }
    for (const [given, by, key] of [
      [changed, headers, secret],
      [Buffer.from("}"), headers, secret],
      [body, { ...headers, "x-organicagent-signature": "00" }, secret],
      [body, { ...headers, "x-organicagent-timestamp": "1" }, secret],
      [body, headers, "other"],
      [body, headers, ""],
    ]) {
      await assert.rejects(sdk.verifyPublishedSignature(given, by, key), sdk.WebhookError);
    }
  });

  test("the request of docs/webhooks.md, with a mark inside its text, is genuine", async () => {
    const { readFileSync } = await import("node:fs");
    const page = readFileSync(path.resolve(folder, "../../docs/webhooks.md"), "utf8");
    const [, head, body] = page.match(/```http\n(POST [^]*?)\n\n(\{.*\})\n```/);
    const headers = Object.fromEntries(head.split("\n").slice(2).map((line) => line.match(/^([^:]+): (.*)$/).slice(1)));
    const key = page.match(/Its secret is `([^`]+)`/)[1];
    const now = Number(headers["webhook-timestamp"]) * 1000;
    assert.equal((await sdk.verifyWebhook(body, headers, key, { now })).data.name, "Zoë Müller");
    assert.equal((await sdk.verifyPublishedSignature(body, headers, key)).data.name, "Zoë Müller");
    await assert.rejects(sdk.verifyWebhook(body, headers, key), /too old/);
  });

  test("a record has in the API the keys that its event has", async () => {
    const { body } = await receiver.of("listing.created");
    const { data } = JSON.parse(body);
    assert.deepEqual(Object.keys(await raw(product, "GET", `/listings/${data.id}`)).sort(), Object.keys(data).sort());
  });
});
