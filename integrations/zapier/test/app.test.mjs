// The app, run by Zapier's own platform against a real server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { api, EVENTS, furnish, raiseAll, startProduct } from "../../lib/product.js";
import { Receiver } from "../../lib/receiver.js";
import { readZip } from "../../lib/zip.js";
import { build } from "../build.mjs";

process.env.NODE_ENV = "test"; // else the platform prints its memory
const require = createRequire(import.meta.url);
const zapier = require("zapier-platform-core");
const app = require("../index.js");

const run = zapier.createAppTester(app);
const triggerOf = (event) => app.triggers[event.replace(".", "_")];

let product;
let authData;
let furniture;

/** What Zapier hands over with a step's fields. */
const bundle = (inputData = {}, more = {}) => ({ authData, inputData, meta: { page: 0 }, ...more });

/** What Zapier makes of a request to a hook's address. */
function received(request, secret) {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [`Http-${name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())}`, value]),
  );
  const content = request.body.toString("utf8");
  return {
    rawRequest: { method: request.method, querystring: "", headers, content },
    cleanedRequest: JSON.parse(content),
    subscribeData: { id: "whk_0", secret },
  };
}

/** The refusal's message, which the platform wraps in JSON. */
async function refusal(promise) {
  const error = await promise.then(
    () => assert.fail("was not refused"),
    (error) => error,
  );
  return error;
}

before(async () => {
  product = await startProduct();
  authData = { baseUrl: product.base, apiKey: product.key };
});
after(() => product.stop());

test("the platform's validation finds nothing", async () => {
  const handler = zapier.createAppHandler(app);
  const { results } = await handler({ command: "validate" });
  assert.deepEqual(results, []);
});

describe("a connection", () => {
  test("is tested by GET /me and labelled with the agent", async () => {
    const me = await run(app.authentication.test, bundle());
    assert.equal(me.agentId, "sarah-johnson");
    const label = await run(app.authentication.connectionLabel, bundle(me));
    assert.equal(label, "Sarah Johnson (sarah-johnson)");
  });

  test("takes an address with a path and a slash, as people paste it", async () => {
    const pasted = { ...authData, baseUrl: ` ${product.base}/dashboard/ ` };
    const me = await run(app.authentication.test, { ...bundle(), authData: pasted });
    assert.equal(me.email, "sarah@example.com");
  });

  test("with a wrong key is an authentication error with the server's sentence", async () => {
    const wrong = { ...bundle(), authData: { ...authData, apiKey: "oa_live_wrong" } };
    const error = await refusal(run(app.authentication.test, wrong));
    assert.match(error.message, /AuthenticationError|Please connect again/);
  });

  test("never sends the key over plain http to another machine", async () => {
    const plain = { ...bundle(), authData: { ...authData, baseUrl: "http://crm.example.com" } };
    const error = await refusal(run(app.authentication.test, plain));
    assert.match(error.message, /https:/);
  });

  test("with something that is no address says so", async () => {
    const none = { ...bundle(), authData: { ...authData, baseUrl: "not an address" } };
    assert.match((await refusal(run(app.authentication.test, none))).message, /no web address/);
  });
});

describe("what can be done", () => {
  before(async () => {
    furniture = await furnish(product);
  });

  test("a lead is recorded, its empty fields left out, and comes back whole", async () => {
    const lead = await run(app.creates.create_lead.operation.perform, bundle({ name: "Ana", email: "ana@example.com", phone: "", notes: "Hi" }));
    assert.match(lead.id, /^lead_/);
    assert.equal(lead.source, "zapier");
    assert.equal(lead.phone, null);
    assert.equal((await api(product, "GET", `/leads/${lead.id}`)).notes, "Hi");
  });

  test("a lead's status changes and the rest stays", async () => {
    const lead = await run(app.creates.update_lead.operation.perform, bundle({ leadId: furniture.leadId, status: "contacted", name: "" }));
    assert.deepEqual([lead.status, lead.name], ["contacted", "John Smith"]);
  });

  test("a client is added once", async () => {
    const fields = { name: "Bob", email: "bob@example.com" };
    const first = await run(app.creates.create_client.operation.perform, bundle(fields));
    const second = await run(app.creates.create_client.operation.perform, bundle(fields));
    assert.equal(first.id, second.id);
  });

  test("a client moves to the stage that the menu names", async () => {
    const stages = await run(app.triggers.stage_list.operation.perform, bundle());
    const touring = stages.find((stage) => stage.label === "Buyer: Touring");
    const client = await run(app.creates.change_stage.operation.perform, bundle({ clientId: furniture.clientId, stage: touring.id }));
    assert.equal(client.buyingStage, "Touring");
  });

  test("a listing is added with its numbers", async () => {
    const listing = await run(
      app.creates.create_listing.operation.perform,
      bundle({ address: "1 Palm Way", price: 512500.5, bathrooms: 1.25, bedrooms: 2, hasPool: true, status: "coming_soon" }),
    );
    assert.deepEqual([listing.price, listing.bathrooms, listing.hasPool, listing.status], [512500.5, 1.25, true, "coming_soon"]);
  });

  test("a showing is requested", async () => {
    const { clientId, listingId, time } = furniture;
    const showing = await run(app.creates.create_showing.operation.perform, bundle({ clientId, listingId, requestedTimes: [time] }));
    assert.deepEqual([showing.status, showing.requestedTimes, showing.address], ["requested", [time], "456 Oak Ave, Miami, FL"]);
  });

  test("notes stand on leads and clients", async () => {
    for (const kind of ["lead", "client"]) {
      const id = furniture[`${kind}Id`];
      const note = await run(app.creates[`create_${kind}_note`].operation.perform, bundle({ [`${kind}Id`]: id, text: `On a ${kind}` }));
      const { notes } = await api(product, "GET", `/${kind}s/${id}/notes`);
      assert.deepEqual(notes[0], note);
    }
  });

  test("what the server refuses comes as its sentence", async () => {
    const error = await refusal(run(app.creates.create_lead.operation.perform, bundle({ name: "X", email: "no address" })));
    assert.match(error.message, /email/);
    const missing = await refusal(run(app.creates.update_lead.operation.perform, bundle({ leadId: "lead_01kars4wg0e0pb4q1m3t5v7x9z", status: "new" })));
    assert.match(missing.message, /404|not found|no such/i);
  });
});

describe("what can be found", () => {
  test("leads and clients by e-mail address, else by phone number however written", async () => {
    for (const kind of ["lead", "client"]) {
      const perform = app.searches[`find_${kind}`].operation.perform;
      const [email, phone] = kind === "lead" ? ["john@example.com", "555-123-4567"] : ["jane@example.com", "555.987.6543"];
      assert.equal((await run(perform, bundle({ email })))[0].id, furniture[`${kind}Id`]);
      assert.equal((await run(perform, bundle({ email: "nobody@example.com", phone })))[0].id, furniture[`${kind}Id`]);
      assert.deepEqual(await run(perform, bundle({ email: "nobody@example.com" })), []);
      assert.deepEqual(await run(perform, bundle({})), []);
    }
  });

  test("a listing by words of its address, as soon as it is indexed", async () => {
    const find = () => run(app.searches.find_listing.operation.perform, bundle({ q: "oak ave" }));
    let found = await find();
    for (let tries = 0; found.length === 0 && tries < 500; tries += 1) found = await find();
    assert.equal(found[0].id, furniture.listingId);
  });

  test("menus list stages, sources, listings, clients and leads, page after page", async () => {
    const sources = await run(app.triggers.source_list.operation.perform, bundle());
    assert.ok(sources.some(({ id, label }) => id === "zillow" && label === "Zillow"));
    const listings = await run(app.triggers.listing_list.operation.perform, bundle());
    assert.ok(listings.some(({ label }) => label === "456 Oak Ave, Miami, FL (active)"));

    const before = (await api(product, "GET", "/leads?limit=1")).total;
    for (let count = before; count < 150; count += 1) await api(product, "POST", "/leads", { name: `Lead ${count}` });
    const perform = app.triggers.lead_list.operation.perform;
    const first = await run(perform, bundle());
    const second = await run(perform, bundle({}, { meta: { page: 1 } }));
    const third = await run(perform, bundle({}, { meta: { page: 2 } }));
    assert.deepEqual([first.length, second.length, third.length], [100, 50, 0]);
    assert.equal(new Set([...first, ...second].map(({ id }) => id)).size, 150);
  });
});

describe("what starts a Zap", () => {
  let receiver;
  const subscriptions = {};

  before(async () => {
    receiver = await Receiver.open();
    for (const event of EVENTS) {
      subscriptions[event] = await run(triggerOf(event).operation.performSubscribe, bundle({}, { targetUrl: receiver.url }));
    }
    await api(product, "DELETE", `/clients/${furniture.clientId}`);
    furniture = await raiseAll(product);
  });
  after(() => receiver.close());

  for (const event of EVENTS) {
    test(`${event}: subscribed, received, checked, of the same keys as list and sample`, async () => {
      const { operation } = triggerOf(event);
      const { secret } = subscriptions[event];
      const request = await receiver.of(event);
      const [record, ...others] = await run(operation.perform, bundle({}, received(request, secret)));
      assert.deepEqual(others, []);
      assert.deepEqual(record, JSON.parse(request.body).data);

      const list = await run(operation.performList, bundle());
      assert.ok(list.length > 0);
      const keys = Object.keys(record).sort();
      for (const item of [...list, operation.sample]) assert.deepEqual(Object.keys(item).sort(), keys);
      assert.ok(list.some((item) => item.id === record.id));
    });

    test(`${event}: a forged request starts nothing`, async () => {
      const { operation } = triggerOf(event);
      const { secret } = subscriptions[event];
      const request = await receiver.of(event);
      const forgeries = [
        received({ ...request, body: Buffer.from(request.body.toString().replace('"data":{', '"data":{"forged":true,')) }, secret),
        received({ ...request, headers: { ...request.headers, "x-organicagent-signature": "0".repeat(64) } }, secret),
        received({ ...request, headers: { ...request.headers, "x-organicagent-timestamp": "1" } }, secret),
        received({ ...request, headers: {} }, secret),
        received(request, "whsec_other"),
        received(request, undefined),
      ];
      for (const forged of forgeries) {
        assert.match((await refusal(run(operation.perform, bundle({}, forged)))).message, /not signed by your OrganicAgent/);
      }
    });
  }

  test("a body that JSON would write otherwise is checked as it came", async () => {
    const crypto = require("node:crypto");
    const data = '{"name":"Zo\\u00eb","price":1.0}';
    const body = Buffer.from(`{"event":"lead.created","timestamp":"5","agentId":"a","data":${data}}`);
    const signature = crypto.createHmac("sha256", "whsec_x").update(`${data}5`).digest("hex");
    const headers = { "x-organicagent-signature": signature, "x-organicagent-timestamp": "5" };
    const records = await run(app.triggers.lead_created.operation.perform, bundle({}, received({ method: "POST", headers, body }, "whsec_x")));
    assert.equal(records[0].name, "Zoë");
  });

  test("turned off, the webhooks are gone; twice is once", async () => {
    for (const event of EVENTS) {
      const off = bundle({}, { subscribeData: subscriptions[event], targetUrl: receiver.url });
      await run(triggerOf(event).operation.performUnsubscribe, off);
      await run(triggerOf(event).operation.performUnsubscribe, off);
    }
    assert.deepEqual((await api(product, "GET", "/webhooks")).webhooks, []);
  });
});

test("the built archive holds all that it needs to run", async () => {
  const archive = await build();
  const folder = mkdtempSync(path.join(tmpdir(), "organicagent-zapier-"));
  try {
    const files = readZip(archive);
    for (const [name, bytes] of files) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), bytes);
    }
    const definition = JSON.parse(files.get("definition.json"));
    assert.deepEqual(Object.keys(definition.triggers).slice(0, 5), EVENTS.map((event) => event.replace(".", "_")));
    const script = `require("./zapierwrapper.js").handler({ command: "validate" }).then(({ results }) => process.stdout.write(JSON.stringify(results)))`;
    const answer = execFileSync(process.execPath, ["-e", script], { cwd: folder, encoding: "utf8" });
    assert.equal(answer, "[]");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
