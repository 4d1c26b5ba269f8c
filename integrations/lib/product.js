// The product for the tests of the integrations: one agent with a key, fast, on a folder of its own.
import { Product } from "../../e2e/lib/product.js";

/** A running server with an agent `sarah-johnson`, no records, and `key`, which may read and write. */
export async function startProduct(settings = {}) {
  const product = await Product.start({ ORGANICAGENT_RATE_LIMIT: "100000", ...settings }, []);
  product.command("agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com");
  product.key = product.command("key", "create", "--agent", "sarah-johnson", "--name", "Integrations");
  return product;
}

/** Calls the API and expects a success; the JSON. */
export async function api(product, method, route, body) {
  const { status, json } = await product.api(method, `/api/v1${route}`, body);
  if (status >= 300) throw new Error(`${method} ${route} answered ${status}: ${JSON.stringify(json)}`);
  return json;
}

/** A client, a listing and a time to come, for what needs all three. */
export async function furnish(product) {
  const { clientId } = await api(product, "POST", "/clients", { name: "Jane Doe", email: "jane@example.com", phone: "(555) 987-6543" });
  const { listingId } = await api(product, "POST", "/listings", { address: "456 Oak Ave, Miami, FL", price: 750000, bedrooms: 4, bathrooms: 2.5, sqft: 2400 });
  const { leadId } = await api(product, "POST", "/leads", { name: "John Smith", email: "john@example.com", phone: "(555) 123-4567", source: "zillow" });
  const time = new Date(Math.ceil(Date.now() / 86_400_000 + 3) * 86_400_000 + 54_000_000).toISOString();
  return { clientId, listingId, leadId, time };
}

/** Raises each of the five events once, in the order of their names' table in docs/webhooks.md. */
export async function raiseAll(product) {
  const furniture = await furnish(product);
  const { clientId, listingId, time } = furniture;
  await api(product, "POST", "/showings", { clientId, listingId, requestedTimes: [time], notes: "After work" });
  await api(product, "PATCH", `/clients/${clientId}`, { buyingStage: "Touring" });
  return furniture;
}

export const EVENTS = ["lead.created", "client.created", "listing.created", "showing.requested", "client.stage_changed"];
