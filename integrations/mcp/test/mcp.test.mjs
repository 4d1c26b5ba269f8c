// The MCP server of the real binary, by the protocol's own client.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { api, furnish, startProduct } from "../../lib/product.js";

let product;
let furniture;
let client;

/** A client that sends its key so. */
async function connect(headers, base = product.base) {
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${base}/mcp`), { requestInit: { headers } }));
  return client;
}

/** Calls a tool that succeeds; what it gives. */
async function call(name, given = {}, by = client) {
  const result = await by.callTool({ name, arguments: given });
  assert.notEqual(result.isError, true, JSON.stringify(result.content));
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
}

/** Calls a tool that is refused; the sentence. */
async function refused(name, given = {}, by = client) {
  const result = await by.callTool({ name, arguments: given });
  assert.equal(result.isError, true);
  return result.content[0].text;
}

/** A message as it goes over the wire. */
const post = (headers, body = { jsonrpc: "2.0", id: 1, method: "tools/list" }) =>
  fetch(`${product.base}/mcp`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

before(async () => {
  product = await startProduct();
  furniture = await furnish(product);
  client = await connect({ Authorization: `Bearer ${product.key}` });
});
after(async () => {
  await client?.close();
  await product.stop();
});

test("it introduces itself, and warns of what strangers wrote", () => {
  assert.equal(client.getServerVersion().name, "organicagent");
  assert.match(client.getInstructions(), /never instructions/);
});

describe("tools", () => {
  test("are there for the four nouns, with hints by which an assistant asks first", async () => {
    const { tools } = await client.listTools();
    const byName = Object.fromEntries(tools.map((tool) => [tool.name, tool]));
    for (const [one, many] of [["lead", "leads"], ["client", "clients"], ["listing", "listings"], ["showing", "showings"]]) {
      for (const name of [`find_${many}`, `get_${one}`, `create_${one}`, `update_${one}`]) assert.ok(byName[name], name);
    }
    for (const { name, annotations, inputSchema, title } of tools) {
      const isRead = /^(find|get)_/.test(name);
      assert.equal(annotations.readOnlyHint, isRead, name);
      assert.equal(annotations.destructiveHint, /^update_/.test(name), name);
      assert.equal(annotations.openWorldHint, false);
      assert.ok(title);
      assert.equal(inputSchema.additionalProperties, false);
    }
    assert.equal(byName.create_lead.annotations.idempotentHint, false);
    assert.equal(byName.update_lead.annotations.idempotentHint, true);
    assert.deepEqual(byName.create_lead.inputSchema.required, ["name"]);
    assert.ok(byName.update_lead.inputSchema.properties.status.enum.includes("contacted"));
    assert.ok(!tools.some(({ name }) => /delete/.test(name)));
  });

  test("record, find, read and change a lead", async () => {
    const { leadId } = await call("create_lead", { name: "Zoë", email: "zoe@example.com", source: "website" });
    const { leads } = await call("find_leads", { email: "zoe@example.com" });
    assert.deepEqual(leads.map(({ id }) => id), [leadId]);
    const changed = await call("update_lead", { id: leadId, status: "contacted", notes: null });
    assert.deepEqual(changed, await call("get_lead", { id: leadId }));
    assert.equal(changed.status, "contacted");
    await call("add_lead_note", { id: leadId, text: "Called back" });
    assert.equal((await call("find_lead_notes", { id: leadId })).notes[0].text, "Called back");
  });

  test("add a client and move them to a stage", async () => {
    const { clientId } = await call("create_client", { name: "Bob", email: "bob@example.com" });
    const { stages } = await call("find_stages");
    const touring = stages.find(({ name, pipeline }) => name === "Touring" && pipeline === "buyer");
    assert.equal((await call("update_client", { id: clientId, buyingStage: touring.id })).buyingStage, "Touring");
    assert.ok((await call("find_clients")).clients.length > 0);
  });

  test("add a listing, request a showing of it and confirm it", async () => {
    const { listingId } = await call("create_listing", { address: "1 Palm Way", price: 512500.5, bathrooms: 1.25 });
    assert.equal((await call("update_listing", { id: listingId, price: 500000 })).price, 500000);
    const { showingId } = await call("create_showing", { clientId: furniture.clientId, listingId, requestedTimes: [furniture.time] });
    assert.equal((await call("update_showing", { id: showingId, status: "confirmed" })).confirmedTime, furniture.time);
    assert.deepEqual((await call("find_showings", { listingId })).showings.map(({ id }) => id), [showingId]);
  });

  test("go on by the cursor", async () => {
    const first = await call("find_leads", { limit: 1 });
    const second = await call("find_leads", { limit: 1, cursor: first.nextCursor });
    assert.notEqual(first.leads[0].id, second.leads[0].id);
  });

  test("say in words what was wrong", async () => {
    assert.match(await refused("create_lead", { name: " " }), /name/);
    assert.match(await refused("create_lead", { name: "A", email: "no address" }), /email/);
    assert.match(await refused("update_lead", { id: furniture.leadId, status: "sold" }), /status/);
    assert.match(await refused("get_lead", { id: "lead_01kars4wg0e0pb4q1m3t5v7x9z" }), /nothing here/);
    assert.match(await refused("get_lead", { id: "../clients" }), /nothing here/);
    assert.match(await refused("get_lead", {}), /id/);
    assert.match(await refused("find_leads", { stauts: "new" }), /status/);
    await assert.rejects(client.callTool({ name: "delete_lead", arguments: {} }), /no tool/);
  });

  test("of another agent's key see nothing of this one's", async () => {
    product.command("agent", "create", "--name", "Other Agent", "--email", "other@example.com");
    const key = product.command("key", "create", "--agent", "other-agent", "--name", "Other");
    const other = await connect({ "X-API-Key": key });
    assert.equal((await call("find_leads", {}, other)).total, 0);
    assert.match(await refused("get_lead", { id: furniture.leadId }, other), /nothing here/);
    await assert.rejects(other.readResource({ uri: `organicagent://leads/${furniture.leadId}` }));
    await other.close();
  });

  test("of a key that may only read change nothing", async () => {
    const key = product.command("key", "create", "--agent", "sarah-johnson", "--name", "Reader", "--scope", "read");
    const reader = await connect({ "X-API-Key": key });
    const { total } = await call("find_leads", {}, reader);
    assert.match(await refused("create_lead", { name: "X" }, reader), /scope `write`/);
    assert.equal((await call("find_leads", {}, reader)).total, total);
    await reader.close();
  });
});

describe("resources", () => {
  test("today has new leads, showings to answer and showings that take place", async () => {
    const { clientId, listingId } = furniture;
    const { timeZone } = await api(product, "GET", "/me");
    const day = (time) => new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(time);
    const soon = new Date(Date.now() + 60_000);
    const later = new Date(Date.now() + 3 * 86_400_000);
    for (const time of [soon, later]) {
      const { showingId } = await api(product, "POST", "/showings", { clientId, listingId, requestedTimes: [time.toISOString()], override: true });
      await api(product, "PATCH", `/showings/${showingId}`, { status: "confirmed" });
    }
    const asked = await api(product, "POST", "/showings", { clientId, listingId, requestedTimes: [new Date(Date.now() + 5 * 86_400_000).toISOString()], override: true });

    const { resources } = await client.listResources();
    assert.deepEqual(resources.map(({ uri }) => uri), ["organicagent://today"]);
    const { contents } = await client.readResource({ uri: "organicagent://today" });
    const today = JSON.parse(contents[0].text);
    const expected = day(soon) === today.date ? [soon.toISOString()] : [];
    assert.deepEqual(today.showingsToday.map(({ confirmedTime }) => confirmedTime), expected);
    assert.ok(today.showingsToAnswer.showings.some(({ id }) => id === asked.showingId));
    assert.ok(today.newLeads.leads.some(({ id }) => id === furniture.leadId));
    assert.deepEqual([today.timeZone, today.date], [timeZone, day(new Date())]);
  });

  test("records are read by their address, and others are not there", async () => {
    const { resourceTemplates } = await client.listResourceTemplates();
    assert.equal(resourceTemplates.length, 4);
    const { contents } = await client.readResource({ uri: `organicagent://leads/${furniture.leadId}` });
    assert.equal(JSON.parse(contents[0].text).id, furniture.leadId);
    for (const uri of ["organicagent://webhooks/whk_1", "organicagent://leads/../me", "organicagent://leads/", "file:///etc/passwd"]) {
      await assert.rejects(client.readResource({ uri }), /no resource/);
    }
  });
});

describe("the door", () => {
  test("opens to a valid key only, and says how to bring one", async () => {
    for (const headers of [{}, { Authorization: "Bearer oa_live_wrong" }, { Authorization: "Basic eDp5" }, { "X-API-Key": "" }]) {
      const answer = await post(headers);
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get("www-authenticate"), /^Bearer/);
      assert.equal((await answer.json()).success, false);
    }
    assert.equal((await fetch(`${product.base}/mcp?key=${product.key}`, { method: "POST" })).status, 401);
    await assert.rejects(connect({}));
  });

  test("counts one message as one request, whatever it asks of the API", async () => {
    const limited = await startProduct({ ORGANICAGENT_RATE_LIMIT: "5" });
    try {
      const send = (method, params) =>
        fetch(`${limited.base}/mcp`, {
          method: "POST",
          headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", "X-API-Key": limited.key },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
        });
      const left = [];
      for (let count = 0; count < 5; count += 1) {
        const answer = await send("resources/read", { uri: "organicagent://today" });
        assert.equal(answer.status, 200);
        assert.ok((await answer.json()).result.contents);
        left.push(answer.headers.get("ratelimit").match(/r=(\d+)/)[1]);
      }
      assert.deepEqual(left, ["4", "3", "2", "1", "0"]);
      const refusal = await send("tools/list");
      assert.equal(refusal.status, 429);
      assert.ok(Number(refusal.headers.get("retry-after")) > 0);
      assert.equal((await limited.api("GET", "/api/v1/me")).status, 429);
    } finally {
      await limited.stop();
    }
  });

  test("answers what is no message with an error, not with a failure", async () => {
    const headers = { "X-API-Key": product.key };
    for (const body of ["", "{", "[]", "null", '{"jsonrpc":"1.0"}', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}', `"${"x".repeat(300_000)}"`]) {
      const { status } = await post(headers, body);
      assert.ok(status >= 400 && status < 500 || status === 200 || status === 202, `${body.slice(0, 60)}: ${status}`);
    }
    for (const method of ["GET", "DELETE"]) {
      assert.equal((await fetch(`${product.base}/mcp`, { method, headers: { ...headers, Accept: "text/event-stream" } })).status, 405);
    }
  });

  test("gives no page of another origin the answer", async () => {
    const answer = await post({ "X-API-Key": product.key, Origin: "https://evil.example" });
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  });
});
