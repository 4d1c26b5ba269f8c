// Compiled, never run: what the types allow and what they refuse.
import { OrganicAgent, verifyWebhook, type Lead, type LeadStatus } from "../dist/index.js";

const api = new OrganicAgent({ baseUrl: "https://crm.example.com", apiKey: "oa_live_x" });

export async function allowed(): Promise<void> {
  const { leadId } = await api.createLead({ name: "Jane Doe", email: "jane@example.com" }, { idempotencyKey: "form-1" });
  const lead: Lead = await api.updateLead(leadId, { status: "contacted", notes: null });
  const status: LeadStatus = "new";
  for await (const each of api.allLeads({ status, since: "2026-11-23T00:00:00Z" })) each.id satisfies string;
  await api.createListing({ address: "1 Palm Way", price: 512500.5, bathrooms: 1.25, propertyType: "Land" });
  lead.email satisfies string | null;
  const event = await verifyWebhook("{}", new Headers(), "whsec_x");
  if (event.event === "client.stage_changed") event.data.previousStage satisfies string;
  if (event.event === "showing.requested") event.data.requestedTimes satisfies string[];
}

export async function refused(): Promise<void> {
  // @ts-expect-error: a lead needs a name
  await api.createLead({ email: "jane@example.com" });
  // @ts-expect-error: no such status
  await api.updateLead("lead_1", { status: "sold" });
  // @ts-expect-error: no such field
  await api.createClient({ name: "Jane", email: "jane@example.com", nickname: "J" });
  // @ts-expect-error: no such filter
  await api.listClients({ status: "new" });
  // @ts-expect-error: a change has no key of its own
  await api.updateLead("lead_1", {}, { idempotencyKey: "x" });
  const event = await verifyWebhook("{}", new Headers(), "whsec_x");
  // @ts-expect-error: only a change of stage has it
  event.data.previousStage;
}
