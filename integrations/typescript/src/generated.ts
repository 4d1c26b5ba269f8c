// Written by integrations/generate.mjs from docs/openapi.json. Please do not edit: run it again.
import { records, Transport, type CallOptions, type ChangeOptions, type CreateOptions } from "./transport.js";

/** A client, with its fields in the order of the API. */
export type Client = {
  /** The id. */
  id: ClientId;
  /** The person's name as sent. */
  name: string;
  /** The person's e-mail address; no other client of the agent has it. */
  email: string;
  /** The name of the stage that the client is on; `GET /stages` lists them. */
  buyingStage: string;
  /** The person's phone number as typed. */
  phone?: string | null;
  /** The pipeline of the stage. */
  pipeline: Pipeline;
  /** Where the client came from, as sent. */
  source?: string | null;
  /** What is known of the client. */
  notes?: string | null;
  /** When the client was added or signed up. */
  createdAt: UnixMillis;
  /** When the record last changed. */
  updatedAt: UnixMillis;
};

/** The answer of a create. */
export type ClientCreated = {
  /** Always `true`. */
  success: boolean;
  /** The client's id. */
  clientId: string;
};

/** Opaque. */
export type ClientId = string;

/** A client to add. */
export type ClientInput = {
  /** The person's name. */
  name: string;
  /** The person's e-mail address: one client has it. */
  email: string;
  /** The person's phone number, kept as typed. */
  phone?: string | null;
  /** Where the client came from, kept as sent. */
  source?: string | null;
  /** What is known of the client. */
  notes?: string | null;
};

/** A page of clients. */
export type ClientList = {
  /** The clients, newest first unless `sort` says otherwise. */
  clients: Array<Client>;
  /** How many clients match in all. */
  total: number;
  /** `false` where `total` stopped counting; else missing. */
  totalIsExact?: boolean;
  /** Where the next page begins; missing on the last. */
  nextCursor?: string;
};

/** A change of a client (JSON Merge Patch, RFC 7396): `null` clears. */
export type ClientPatch = {
  /** The person's name. */
  name?: string;
  /** The person's e-mail address; refused while another client has it. */
  email?: string;
  /** The person's phone number. */
  phone?: string | null;
  /** Where the client came from. */
  source?: string | null;
  /** What is known of the client. */
  notes?: string | null;
  /**
   * The stage to move to: a name or an id of `GET /stages`. A name that stands in several pipelines is that of the client's
   * pipeline, if it has one.
   */
  buyingStage?: string;
};

/** A header as answers show it. */
export type CustomHeader = {
  /** The name. */
  name: string;
  /** Always masked. */
  value: string;
};

/** What was put into the outbox. */
export type DeliveriesQueued = {
  /** Always `true`. */
  success: boolean;
  /** How many deliveries will be sent. */
  deliveries: number;
};

/** One event on its way to one webhook, with its fields in the order of the API. */
export type Delivery = {
  /** The id. */
  id: DeliveryId;
  /** The event's id: `webhook-id`, the same at every attempt. */
  eventId: EventId;
  /** The name of the event. */
  event: string;
  /** How far it is. `held` while the webhook is disabled. */
  status: DeliveryStatus;
  nextAttemptAt?: UnixMillis | null;
  /** When it came into the outbox. */
  createdAt: UnixMillis;
  /** What was tried, oldest first: the last 20 attempts. */
  attempts: Array<LoggedAttempt>;
};

/** Opaque. */
export type DeliveryId = string;

/** A page of deliveries. */
export type DeliveryList = {
  /** The deliveries, newest first. */
  deliveries: Array<Delivery>;
  /** Where the next page begins; missing on the last. */
  nextCursor?: string;
};

/** How far a delivery is, as the API tells it. */
export type DeliveryStatus = "pending" | "delivered" | "failed" | "held" | "cancelled";

/** Who disabled a webhook. */
export type DisabledBy = "owner" | "gone" | "failing";

/** An event as the feed shows it. */
export type Event = {
  /** The event's id; also the feed's cursor. */
  id: EventId;
  /** The agent's number of the event: 1, 2, 3 and so on without gaps. */
  sequence: number;
  /** The published name of its kind. */
  event: string;
  /** When it happened: milliseconds since the Unix epoch, as a string, as in webhooks. */
  timestamp: string;
  /** The agent's slug. */
  agentId: string;
  /** The record as it was then; `null` once the person is erased. */
  data?: Record<string, unknown> | null;
};

/** Opaque. */
export type EventId = string;

/** A part of the feed. */
export type EventList = {
  /** Events in the order they happened. */
  events: Array<Event>;
  /** Where to go on: the next call's `after`. Repeats `after` when nothing is new; `null` while there is no event at all. */
  nextCursor?: string | null;
};

/** The names of events. */
export type EventName = "lead.created" | "client.created" | "listing.created" | "showing.requested" | "client.stage_changed";

/** How often a fee is due (RESO lookup FeeFrequency). */
export type FeeFrequency = "Annually" | "Bi-Monthly" | "Bi-Weekly" | "Daily" | "Monthly" | "One Time" | "Quarterly" | "Seasonal" | "Semi-Annually" | "Semi-Monthly" | "Weekly";

/** What becomes of held events. */
export type HeldEvents = "send" | "skip";

/** A lead, with its fields in the order of the API. */
export type Lead = {
  /** The id. */
  id: LeadId;
  /** The person's name as sent. */
  name: string;
  /** The person's e-mail address. */
  email: string | null;
  /** One of [`STATUSES`]. */
  status: string;
  /** The person's phone number as typed. */
  phone: string | null;
  /** Where the lead came from, as sent. */
  source: string;
  /** The property asked about. */
  propertyAddress: string | null;
  /** What the person wrote. */
  notes: string | null;
  /** The newest earlier leads by the same person, newest first, 10 at most. */
  samePersonAs: Array<LeadId>;
  /** When it came in. */
  createdAt: UnixMillis;
  /** When it last changed. */
  updatedAt: UnixMillis;
};

/** The answer of a create. */
export type LeadCreated = {
  /** Always `true`. */
  success: boolean;
  /** The new lead's id. */
  leadId: string;
};

/** Opaque. */
export type LeadId = string;

/** A lead to record. */
export type LeadInput = {
  /** The person's name. */
  name: string;
  /** The person's e-mail address. */
  email?: string | null;
  /** The person's phone number, kept as typed. */
  phone?: string | null;
  /** Where the lead came from, kept as sent. `api` when missing. */
  source?: string | null;
  /** The property asked about. */
  propertyAddress?: string | null;
  /** What the person wrote. */
  notes?: string | null;
};

/** A page of leads. */
export type LeadList = {
  /** The leads, newest first unless `sort` says otherwise. */
  leads: Array<Lead>;
  /** How many leads match in all. */
  total: number;
  /** `false` where `total` stopped counting; else missing. */
  totalIsExact?: boolean;
  /** Where the next page begins; missing on the last. */
  nextCursor?: string;
};

/** A change of a lead (JSON Merge Patch, RFC 7396): `null` clears. */
export type LeadPatch = {
  /** The person's name. */
  name?: string;
  /** The person's e-mail address. */
  email?: string | null;
  /** The person's phone number. */
  phone?: string | null;
  /** Where the lead came from. */
  source?: string | null;
  /** The property asked about. */
  propertyAddress?: string | null;
  /** What the person wrote. */
  notes?: string | null;
  /** How far the work on the lead is. */
  status?: LeadStatus;
};

/** A source to choose. */
export type LeadSource = {
  /** What to send as `source` and to filter by. */
  id: string;
  /** What people read. */
  name: string;
};

/** How far the work on a lead is. */
export type LeadStatus = "new" | "attempted" | "contacted" | "appointment" | "qualified" | "nurture" | "client" | "archived" | "junk" | "do_not_contact";

/** A listing, with its fields in the order of the API. */
export type Listing = ListingDetails & {
  /** The id. */
  id: ListingId;
  /** The address (RESO UnparsedAddress). */
  address: string;
  /** The asking price in units of `currency` (RESO ListPrice). */
  price: number;
  /** How many bedrooms (RESO BedroomsTotal). */
  bedrooms?: number | null;
  /** How many bathrooms, in quarters (RESO BathroomsTotalInteger and its parts). */
  bathrooms?: number | null;
  /** The living area in square feet (RESO LivingArea). */
  sqft?: number | null;
  /** Where it stands (RESO StandardStatus). */
  status: ListingStatus;
  /** The currency of every amount of the listing (ISO 4217). */
  currency: string;
  /** When it was added. */
  createdAt: UnixMillis;
  /** When it last changed (RESO ModificationTimestamp). */
  updatedAt: UnixMillis;
};

/** The answer of a create. */
export type ListingCreated = {
  /** Always `true`. */
  success: boolean;
  /** The new listing's id. */
  listingId: string;
};

/** What can be said of a listing beside its published fields; `null` when unknown. */
export type ListingDetails = {
  /** The listing's number in the MLS (RESO ListingId). */
  mlsNumber?: string | null;
  propertyType?: PropertyType | null;
  propertySubType?: PropertySubType | null;
  /** The description for the public (RESO PublicRemarks). */
  description?: string | null;
  /** The city (RESO City). */
  city?: string | null;
  /** The state or province (RESO StateOrProvince). */
  stateOrProvince?: string | null;
  /** The postal code (RESO PostalCode). */
  postalCode?: string | null;
  /** The county or parish (RESO CountyOrParish). */
  countyOrParish?: string | null;
  /** The country (RESO Country). */
  country?: string | null;
  /** The unit or apartment (RESO UnitNumber). */
  unitNumber?: string | null;
  /** Degrees north (RESO Latitude). */
  latitude?: number | null;
  /** Degrees east (RESO Longitude). */
  longitude?: number | null;
  /** The lot's size in square feet (RESO LotSizeSquareFeet). */
  lotSizeSqft?: number | null;
  /** The year of construction (RESO YearBuilt). */
  yearBuilt?: number | null;
  /** How many cars the garage holds (RESO GarageSpaces). */
  garageSpaces?: number | null;
  /** Whether there is a private pool (RESO PoolPrivateYN). */
  hasPool?: boolean | null;
  /** The association's fee, each time it is due (RESO AssociationFee). */
  associationFee?: number | null;
  associationFeeFrequency?: FeeFrequency | null;
  /** The yearly property tax (RESO TaxAnnualAmount). */
  taxAnnualAmount?: number | null;
  /** The price that was first asked (RESO OriginalListPrice). */
  originalPrice?: number | null;
  /** The price that was paid (RESO ClosePrice). */
  closePrice?: number | null;
  /** The day of the sale (RESO CloseDate). */
  closeDate?: string | null;
  /** The day the listing came on the market (RESO OnMarketDate). */
  onMarketDate?: string | null;
  /** The day the listing agreement ends (RESO ExpirationDate). */
  expirationDate?: string | null;
  /** A virtual tour without branding (RESO VirtualTourURLUnbranded). */
  virtualTourUrl?: string | null;
  /** Remarks for agents only; never shown to the public (RESO PrivateRemarks). */
  privateRemarks?: string | null;
  /** How to show the property; never shown to the public (RESO ShowingInstructions). */
  showingInstructions?: string | null;
};

/** Opaque. */
export type ListingId = string;

/** A listing to add. */
export type ListingInput = ListingDetails & {
  /** The address (RESO UnparsedAddress). */
  address: string;
  /** The asking price in units of `currency` (RESO ListPrice). */
  price: number;
  /** How many bedrooms (RESO BedroomsTotal). */
  bedrooms?: number | null;
  /** How many bathrooms, in quarters (RESO BathroomsTotalInteger and its parts). */
  bathrooms?: number | null;
  /** The living area in square feet (RESO LivingArea). */
  sqft?: number | null;
  status?: ListingStatus | null;
  /** The currency of every amount (ISO 4217); `USD` when missing. */
  currency?: string | null;
};

/** A page of listings. */
export type ListingList = {
  /** The listings, newest first unless `sort` says otherwise. */
  listings: Array<Listing>;
  /** How many listings match in all. */
  total: number;
  /** `false` where `total` stopped counting; else missing. */
  totalIsExact?: boolean;
  /** Where the next page begins; missing on the last. */
  nextCursor?: string;
};

/** A change of a listing (JSON Merge Patch, RFC 7396): `null` clears. */
export type ListingPatch = ListingDetails & {
  /** The address (RESO UnparsedAddress). */
  address?: string;
  /** The asking price in units of `currency` (RESO ListPrice). */
  price?: number;
  /** How many bedrooms (RESO BedroomsTotal). */
  bedrooms?: number | null;
  /** How many bathrooms, in quarters (RESO BathroomsTotalInteger and its parts). */
  bathrooms?: number | null;
  /** The living area in square feet (RESO LivingArea). */
  sqft?: number | null;
  /** Where it stands (RESO StandardStatus). The first status other than `draft` raises `listing.created`. */
  status?: ListingStatus;
  /** The currency of every amount (ISO 4217); `null` makes it `USD`. */
  currency?: string | null;
};

/** Where a listing stands (RESO StandardStatus; `draft` is RESO's Incomplete). */
export type ListingStatus = "draft" | "coming_soon" | "active" | "active_under_contract" | "pending" | "closed" | "hold" | "withdrawn" | "canceled" | "expired";

/** One attempt, as its owner sees it. */
export type LoggedAttempt = {
  /** When it began. */
  at: UnixMillis;
  /** How long it took, in milliseconds. */
  durationMs: number;
  /** The status of the answer; `null` where there was none. */
  statusCode?: number | null;
  /** What went wrong, in words; `null` for a success. */
  error?: string | null;
  /** The first 1,024 bytes of the answer, as text; `null` where it was empty or is no longer kept. */
  response?: string | null;
};

/** The agent of a key, for connection tests and labels. */
export type Me = {
  /** The agent's id. */
  id: string;
  /** The agent's public name, as in webhooks. */
  agentId: string;
  /** The agent's name. */
  name: string;
  /** The agent's e-mail address. */
  email: string;
  /** The agent's time zone (IANA). */
  timeZone: string;
  /** Where mail becomes leads; `null` while inbound mail is off. */
  inboundAddress?: string | null;
  /** The key of this request. */
  key: MeKey;
};

/** The key of a request. */
export type MeKey = {
  /** The key's name. */
  name: string;
  /** What the key may do. */
  scopes: Array<string>;
  /** When the key ends; `null` for never. */
  expiresAt?: string | null;
};

/** A note. */
export type Note = {
  /** The id. */
  id: NoteId;
  /** What was written, as sent. */
  text: string;
  /** When it was written. */
  createdAt: UnixMillis;
};

/** The answer of a create. */
export type NoteCreated = {
  /** Always `true`. */
  success: boolean;
  /** The new note's id. */
  noteId: string;
};

/** Opaque. */
export type NoteId = string;

/** A note to keep. */
export type NoteInput = {
  /** What to write down, kept as sent. */
  text: string;
};

/** A page of notes. */
export type NoteList = {
  /** The notes, newest first. */
  notes: Array<Note>;
  /** Where the next page begins; missing on the last. */
  nextCursor?: string;
};

/** A row of stages. */
export type Pipeline = "buyer" | "seller" | "side";

/** The body of every error (RFC 9457), with a plain sentence beside it. */
export type Problem = {
  /** Where this kind of problem is explained. */
  type: string;
  /** The kind of problem in a few words. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** What was wrong and what to do. */
  detail: string;
  /** The request's id, as in `X-Request-Id`. */
  instance: string;
  /** Each wrong field. */
  errors: Array<ProblemField>;
  /** Always `false`. */
  success: boolean;
  /** The same as `detail`: one readable sentence. */
  error: string;
};

/** One wrong field. */
export type ProblemField = {
  /** The field's name. */
  field: string;
  /** What to send instead. */
  message: string;
};

/** The kind of property within its type (RESO lookup PropertySubType). */
export type PropertySubType = "Single Family Residence" | "Condominium" | "Townhouse" | "Duplex" | "Triplex" | "Quadruplex" | "Multi Family" | "Apartment" | "Manufactured Home" | "Manufactured On Land" | "Mobile Home" | "Stock Cooperative" | "Own Your Own" | "Timeshare" | "Cabin" | "Unimproved Land" | "Agriculture" | "Farm" | "Ranch" | "Boat Slip" | "Deeded Parking" | "Business" | "Hotel/Motel" | "Industrial" | "Mixed Use" | "Office" | "Retail" | "Warehouse";

/** What is for sale or rent (RESO lookup PropertyType). */
export type PropertyType = "Residential" | "Residential Income" | "Residential Lease" | "Land" | "Farm" | "Manufactured In Park" | "Commercial Sale" | "Commercial Lease" | "Business Opportunity";

/** Since when to send again. */
export type RedeliveryInput = {
  /** Events from this time on: RFC 3339, or milliseconds since 1970. */
  since: string | number;
};

/** The new secret. */
export type RotatedSecret = {
  /** What requests are signed with from now on. It is shown this once. */
  secret: string;
};

/** When the secret before a rotation ends. */
export type RotationInput = {
  /** Whether the old secret ends at once, as after a leak; else it signs beside the new one for 24 hours. */
  now?: boolean | null;
};

/** A showing, with its fields in the order of the API. */
export type Showing = {
  /** The id. */
  id: ShowingId;
  /** How far it is. */
  status: ShowingStatus;
  /** The client who asks. */
  clientId: ClientId;
  /** The listing to be seen. */
  listingId: ListingId;
  /** The times that the client named, 1 to 3. */
  requestedTimes: Array<UnixMillis>;
  confirmedTime?: UnixMillis | null;
  /** What the client or the agent wrote. */
  notes?: string | null;
  /** The client's name. */
  name: string;
  /** The client's e-mail address. */
  email: string;
  /** The client's phone number. */
  phone?: string | null;
  /** The listing's address. */
  address: string;
  /** When it was requested. */
  createdAt: UnixMillis;
  /** When it last changed. */
  updatedAt: UnixMillis;
};

/** The answer of a create. */
export type ShowingCreated = {
  /** Always `true`. */
  success: boolean;
  /** The new showing's id. */
  showingId: string;
};

/** Opaque. */
export type ShowingId = string;

/** A client's request to see a listing. */
export type ShowingInput = {
  /** The client who asks. */
  clientId: ClientId;
  /** The listing to be seen; no draft. */
  listingId: ListingId;
  /** The times the client can come, all in the future and each once. Any will do while the agent has set no hours. */
  requestedTimes: Array<UnixMillis>;
  /** What the client writes. */
  notes?: string | null;
  /**
   * Whether times are accepted too at which the listing is not shown: outside the agent's hours, blocked, taken, or against the
   * listing's showing rules. Without it such times are refused, and the answer names free ones.
   */
  override?: boolean | null;
};

/** A page of showings. */
export type ShowingList = {
  /** The showings, newest first unless `sort` says otherwise. */
  showings: Array<Showing>;
  /** How many showings match in all. */
  total: number;
  /** `false` where `total` stopped counting; else missing. */
  totalIsExact?: boolean;
  /** Where the next page begins; missing on the last. */
  nextCursor?: string;
};

/** A change of a showing (JSON Merge Patch, RFC 7396): `null` clears. */
export type ShowingPatch = {
  /**
   * What becomes of it. A requested showing can be confirmed, declined or cancelled; a confirmed one moved to another time,
   * declined, cancelled or completed; declined, cancelled and completed are final.
   */
  status?: ShowingStatus;
  /** The time to confirm, in the future, when no other showing is confirmed. Not needed where one time was requested. */
  confirmedTime?: string | null;
  /** What the client or the agent writes. */
  notes?: string | null;
};

/** How far a showing is. */
export type ShowingStatus = "requested" | "confirmed" | "declined" | "cancelled" | "completed";

/** The sources to choose from. */
export type SourceList = {
  /** The usual sources, then those that leads and clients came from so far; 1,000 at most. */
  sources: Array<LeadSource>;
};

/** A stage of one of the agent's pipelines. */
export type Stage = {
  /** The id. */
  id: StageId;
  /** The name, which may stand in several pipelines. */
  name: string;
  /** The pipeline. */
  pipeline: Pipeline;
};

/** Opaque. */
export type StageId = string;

/** The stages of an agent's pipelines. */
export type StageList = {
  /** The stages: those of the buyers in their order, then the sellers, then those aside. */
  stages: Array<Stage>;
};

/** What to test with. */
export type TestInput = {
  event?: EventName | null;
};

export type UnixMillis = string;

/** A webhook as its owner sees it, with its fields in the order of the API. */
export type Webhook = {
  /** The id. */
  id: WebhookId;
  /** Where events are sent. */
  url: string;
  /** The events that are sent. */
  events: Array<string>;
  /** What its owner calls it. */
  description?: string | null;
  /** Whether events are sent; while it is disabled they are held. */
  enabled: boolean;
  /** When it was made. */
  createdAt: UnixMillis;
  /** When its settings last changed. */
  updatedAt: UnixMillis;
  /** Headers that each request carries, values masked. */
  headers: Array<CustomHeader>;
};

/** A webhook that was made, with its secret. */
export type WebhookCreated = {
  /** The id. */
  id: WebhookId;
  /** Where events are sent. */
  url: string;
  /** The events that are sent. */
  events: Array<string>;
  /** What it is called. */
  description?: string | null;
  /** Whether events are sent. */
  enabled: boolean;
  /** What its requests are signed with. It is shown this once. */
  secret: string;
  /** When it was made. */
  createdAt: UnixMillis;
};

/** A webhook with how its receiver does. */
export type WebhookDetails = Webhook & {
  /** How its receiver does. */
  health: WebhookHealth;
};

/** How a receiver does. */
export type WebhookHealth = {
  /** The part of all attempts so far that succeeded, 0 to 1; `null` before the first. */
  successRate?: number | null;
  lastSuccessAt?: UnixMillis | null;
  lastFailureAt?: UnixMillis | null;
  /** What went wrong then, in words. */
  lastError?: string | null;
  failingSince?: UnixMillis | null;
  /** Deliveries still to be sent, counted to 10,000. */
  pending: number;
  /** Deliveries held back, counted to 10,000. */
  held: number;
  disabledBy?: DisabledBy | null;
};

/** Opaque. */
export type WebhookId = string;

/** A webhook to make. */
export type WebhookInput = {
  /** Where to send events: an https address that the world can reach. */
  url: string;
  /** The events to send; all when missing or empty. One name alone does as `event` too. */
  events?: Array<EventName> | null;
  /** What to call it. */
  description?: string | null;
  /** Headers that each request is to carry, at most 10: names with values, or a list of `{"name","value"}`. */
  headers?: Record<string, string> | Array<{
    name: string;
    value: string;
  }> | null;
};

/** Every webhook. */
export type WebhookList = {
  /** The webhooks, newest first. */
  webhooks: Array<Webhook>;
};

/** A change of a webhook (JSON Merge Patch, RFC 7396): `null` clears. */
export type WebhookPatch = {
  /** Where to send events. What is pending goes there too. */
  url?: string;
  /** The events to send from now on; `null` and an empty list are all. */
  events?: Array<EventName> | null;
  /** What to call it. */
  description?: string | null;
  /** Headers that each request is to carry, at most 10: names with values, or a list of `{"name","value"}`. */
  headers?: Record<string, string> | Array<{
    name: string;
    value: string;
  }> | null;
  /** Whether events are sent. While it is `false` they are held. */
  enabled?: boolean;
  /** When enabling: whether what was held is sent (the default) or skipped. */
  held?: HeldEvents;
};

/** A lead came in, from wherever. */
export interface LeadCreatedEvent {
  event: "lead.created";
  /** When it happened: milliseconds since 1970, the same at every attempt. */
  timestamp: string;
  /** The agent's public name. */
  agentId: string;
  data: Lead;
}

/** A client signed up or was added. */
export interface ClientCreatedEvent {
  event: "client.created";
  /** When it happened: milliseconds since 1970, the same at every attempt. */
  timestamp: string;
  /** The agent's public name. */
  agentId: string;
  data: Client;
}

/** A listing is offered: once, when it first is no draft. */
export interface ListingCreatedEvent {
  event: "listing.created";
  /** When it happened: milliseconds since 1970, the same at every attempt. */
  timestamp: string;
  /** The agent's public name. */
  agentId: string;
  data: Listing;
}

/** A client asks to see a listing. */
export interface ShowingRequestedEvent {
  event: "showing.requested";
  /** When it happened: milliseconds since 1970, the same at every attempt. */
  timestamp: string;
  /** The agent's public name. */
  agentId: string;
  data: Showing;
}

/** A client moved to another stage. */
export interface ClientStageChangedEvent {
  event: "client.stage_changed";
  /** When it happened: milliseconds since 1970, the same at every attempt. */
  timestamp: string;
  /** The agent's public name. */
  agentId: string;
  data: Client & {
    /** The stage that the client left. */
    previousStage: string;
  };
}

/** What a webhook brings; `event` tells which. */
export type WebhookEvent = LeadCreatedEvent | ClientCreatedEvent | ListingCreatedEvent | ShowingRequestedEvent | ClientStageChangedEvent;

/** What `listLeads` can be narrowed by. */
export interface ListLeadsQuery {
  /** Only leads of this status. */
  status?: undefined | LeadStatus;
  /** How many records a page has. */
  limit?: undefined | number;
  /** How many records to skip. */
  offset?: undefined | number;
  /** Where the page begins: the `nextCursor` of an earlier page. */
  cursor?: undefined | string;
  since?: undefined | string;
  updatedSince?: undefined | string;
  /** The order. */
  sort?: undefined | "-createdAt" | "createdAt" | "-updatedAt";
  /** Only records with this e-mail address. */
  email?: undefined | string;
  /** Only records with this phone number, however it is written. */
  phone?: undefined | string;
  /** Only records from this source. */
  source?: undefined | string;
  /** Only records that hold words beginning with these. */
  q?: undefined | string;
}

/** What `listLeadNotes` can be narrowed by. */
export interface ListLeadNotesQuery {
  /** How many notes a page has; 50 when missing. */
  limit?: undefined | number;
  /** Where the page begins: the `nextCursor` of an earlier page. */
  cursor?: undefined | string;
}

/** What `listClients` can be narrowed by. */
export interface ListClientsQuery {
  /** How many records a page has. */
  limit?: undefined | number;
  /** How many records to skip. */
  offset?: undefined | number;
  /** Where the page begins: the `nextCursor` of an earlier page. */
  cursor?: undefined | string;
  since?: undefined | string;
  updatedSince?: undefined | string;
  /** The order. */
  sort?: undefined | "-createdAt" | "createdAt" | "-updatedAt";
  /** Only records with this e-mail address. */
  email?: undefined | string;
  /** Only records with this phone number, however it is written. */
  phone?: undefined | string;
  /** Only records from this source. */
  source?: undefined | string;
  /** Only records that hold words beginning with these. */
  q?: undefined | string;
}

/** What `listClientNotes` can be narrowed by. */
export interface ListClientNotesQuery {
  /** How many notes a page has; 50 when missing. */
  limit?: undefined | number;
  /** Where the page begins: the `nextCursor` of an earlier page. */
  cursor?: undefined | string;
}

/** What `listListings` can be narrowed by. */
export interface ListListingsQuery {
  /** Only listings of this status; `all` for every status. `active` when missing. */
  status?: undefined | "all" | "draft" | "coming_soon" | "active" | "active_under_contract" | "pending" | "closed" | "hold" | "withdrawn" | "canceled" | "expired";
  /** How many records a page has. */
  limit?: undefined | number;
  /** How many records to skip. */
  offset?: undefined | number;
  /** Where the page begins: the `nextCursor` of an earlier page. */
  cursor?: undefined | string;
  since?: undefined | string;
  updatedSince?: undefined | string;
  /** The order. */
  sort?: undefined | "-createdAt" | "createdAt" | "-updatedAt";
  /** Only records that hold words beginning with these. */
  q?: undefined | string;
}

/** What `listShowings` can be narrowed by. */
export interface ListShowingsQuery {
  /** Only showings of this status. */
  status?: undefined | ShowingStatus;
  /** Only showings of this client. */
  clientId?: undefined | string;
  /** Only showings of this listing. */
  listingId?: undefined | string;
  /** How many records a page has. */
  limit?: undefined | number;
  /** How many records to skip. */
  offset?: undefined | number;
  /** Where the page begins: the `nextCursor` of an earlier page. */
  cursor?: undefined | string;
  since?: undefined | string;
  updatedSince?: undefined | string;
  /** The order. */
  sort?: undefined | "-createdAt" | "createdAt" | "-updatedAt";
}

/** What `listEvents` can be narrowed by. */
export interface ListEventsQuery {
  /** Only events of this name. */
  type?: undefined | "lead.created" | "client.created" | "listing.created" | "showing.requested" | "client.stage_changed";
  /** Only events after the one with this id. */
  after?: undefined | string;
  /** How many at most. */
  limit?: undefined | number;
}

/** What `listDeliveries` can be narrowed by. */
export interface ListDeliveriesQuery {
  /** How many deliveries a page has; 50 when missing. */
  limit?: undefined | number;
  /** Where the page begins: the `nextCursor` of an earlier page. */
  cursor?: undefined | string;
}

/** Every call of the API. */
export abstract class Calls extends Transport {
  /** Whose key this is. */
  getMe(options: CallOptions = {}): Promise<Me> {
    return this.call({ method: "GET", path: `/api/v1/me`, options });
  }

  /** List leads. */
  listLeads(query: ListLeadsQuery = {}, options: CallOptions = {}): Promise<LeadList> {
    return this.call({ method: "GET", path: `/api/v1/leads`, query, options });
  }

  /** List leads: all of them, page after page. */
  allLeads(query: ListLeadsQuery = {}, options: CallOptions = {}): AsyncGenerator<Lead> {
    return records((cursor) => this.listLeads(cursor === undefined ? query : { ...query, cursor, offset: undefined }, options), (page) => page.leads);
  }

  /** Create a new lead. */
  createLead(body: LeadInput, options: CreateOptions = {}): Promise<LeadCreated> {
    return this.call({ method: "POST", path: `/api/v1/leads`, body, options });
  }

  /** Read a lead. */
  getLead(id: string, options: CallOptions = {}): Promise<Lead> {
    return this.call({ method: "GET", path: `/api/v1/leads/${encodeURIComponent(id)}`, options });
  }

  /** Change a lead. */
  updateLead(id: string, body: LeadPatch, options: ChangeOptions = {}): Promise<Lead> {
    return this.call({ method: "PATCH", path: `/api/v1/leads/${encodeURIComponent(id)}`, body, options });
  }

  /** Delete a lead. */
  deleteLead(id: string, options: ChangeOptions = {}): Promise<void> {
    return this.call({ method: "DELETE", path: `/api/v1/leads/${encodeURIComponent(id)}`, options });
  }

  /** List the notes about a lead. */
  listLeadNotes(id: string, query: ListLeadNotesQuery = {}, options: CallOptions = {}): Promise<NoteList> {
    return this.call({ method: "GET", path: `/api/v1/leads/${encodeURIComponent(id)}/notes`, query, options });
  }

  /** List the notes about a lead: all of them, page after page. */
  allLeadNotes(id: string, query: ListLeadNotesQuery = {}, options: CallOptions = {}): AsyncGenerator<Note> {
    return records((cursor) => this.listLeadNotes(id, cursor === undefined ? query : { ...query, cursor }, options), (page) => page.notes);
  }

  /** Write a note about a lead. */
  createLeadNote(id: string, body: NoteInput, options: CreateOptions = {}): Promise<NoteCreated> {
    return this.call({ method: "POST", path: `/api/v1/leads/${encodeURIComponent(id)}/notes`, body, options });
  }

  /** Read a note about a lead. */
  getLeadNote(id: string, note: string, options: CallOptions = {}): Promise<Note> {
    return this.call({ method: "GET", path: `/api/v1/leads/${encodeURIComponent(id)}/notes/${encodeURIComponent(note)}`, options });
  }

  /** List clients. */
  listClients(query: ListClientsQuery = {}, options: CallOptions = {}): Promise<ClientList> {
    return this.call({ method: "GET", path: `/api/v1/clients`, query, options });
  }

  /** List clients: all of them, page after page. */
  allClients(query: ListClientsQuery = {}, options: CallOptions = {}): AsyncGenerator<Client> {
    return records((cursor) => this.listClients(cursor === undefined ? query : { ...query, cursor, offset: undefined }, options), (page) => page.clients);
  }

  /** Create a new client. */
  createClient(body: ClientInput, options: CreateOptions = {}): Promise<ClientCreated> {
    return this.call({ method: "POST", path: `/api/v1/clients`, body, options });
  }

  /** Read a client. */
  getClient(id: string, options: CallOptions = {}): Promise<Client> {
    return this.call({ method: "GET", path: `/api/v1/clients/${encodeURIComponent(id)}`, options });
  }

  /** Change a client. */
  updateClient(id: string, body: ClientPatch, options: ChangeOptions = {}): Promise<Client> {
    return this.call({ method: "PATCH", path: `/api/v1/clients/${encodeURIComponent(id)}`, body, options });
  }

  /** Delete a client. */
  deleteClient(id: string, options: ChangeOptions = {}): Promise<void> {
    return this.call({ method: "DELETE", path: `/api/v1/clients/${encodeURIComponent(id)}`, options });
  }

  /** List the notes about a client. */
  listClientNotes(id: string, query: ListClientNotesQuery = {}, options: CallOptions = {}): Promise<NoteList> {
    return this.call({ method: "GET", path: `/api/v1/clients/${encodeURIComponent(id)}/notes`, query, options });
  }

  /** List the notes about a client: all of them, page after page. */
  allClientNotes(id: string, query: ListClientNotesQuery = {}, options: CallOptions = {}): AsyncGenerator<Note> {
    return records((cursor) => this.listClientNotes(id, cursor === undefined ? query : { ...query, cursor }, options), (page) => page.notes);
  }

  /** Write a note about a client. */
  createClientNote(id: string, body: NoteInput, options: CreateOptions = {}): Promise<NoteCreated> {
    return this.call({ method: "POST", path: `/api/v1/clients/${encodeURIComponent(id)}/notes`, body, options });
  }

  /** Read a note about a client. */
  getClientNote(id: string, note: string, options: CallOptions = {}): Promise<Note> {
    return this.call({ method: "GET", path: `/api/v1/clients/${encodeURIComponent(id)}/notes/${encodeURIComponent(note)}`, options });
  }

  /** List the stages. */
  listStages(options: CallOptions = {}): Promise<StageList> {
    return this.call({ method: "GET", path: `/api/v1/stages`, options });
  }

  /** List the sources. */
  listSources(options: CallOptions = {}): Promise<SourceList> {
    return this.call({ method: "GET", path: `/api/v1/sources`, options });
  }

  /** List listings. */
  listListings(query: ListListingsQuery = {}, options: CallOptions = {}): Promise<ListingList> {
    return this.call({ method: "GET", path: `/api/v1/listings`, query, options });
  }

  /** List listings: all of them, page after page. */
  allListings(query: ListListingsQuery = {}, options: CallOptions = {}): AsyncGenerator<Listing> {
    return records((cursor) => this.listListings(cursor === undefined ? query : { ...query, cursor, offset: undefined }, options), (page) => page.listings);
  }

  /** Create a new listing. */
  createListing(body: ListingInput, options: CreateOptions = {}): Promise<ListingCreated> {
    return this.call({ method: "POST", path: `/api/v1/listings`, body, options });
  }

  /** Read a listing. */
  getListing(id: string, options: CallOptions = {}): Promise<Listing> {
    return this.call({ method: "GET", path: `/api/v1/listings/${encodeURIComponent(id)}`, options });
  }

  /** Change a listing. */
  updateListing(id: string, body: ListingPatch, options: ChangeOptions = {}): Promise<Listing> {
    return this.call({ method: "PATCH", path: `/api/v1/listings/${encodeURIComponent(id)}`, body, options });
  }

  /** Delete a listing. */
  deleteListing(id: string, options: ChangeOptions = {}): Promise<void> {
    return this.call({ method: "DELETE", path: `/api/v1/listings/${encodeURIComponent(id)}`, options });
  }

  /** List showings. */
  listShowings(query: ListShowingsQuery = {}, options: CallOptions = {}): Promise<ShowingList> {
    return this.call({ method: "GET", path: `/api/v1/showings`, query, options });
  }

  /** List showings: all of them, page after page. */
  allShowings(query: ListShowingsQuery = {}, options: CallOptions = {}): AsyncGenerator<Showing> {
    return records((cursor) => this.listShowings(cursor === undefined ? query : { ...query, cursor, offset: undefined }, options), (page) => page.showings);
  }

  /** Request a showing. */
  createShowing(body: ShowingInput, options: CreateOptions = {}): Promise<ShowingCreated> {
    return this.call({ method: "POST", path: `/api/v1/showings`, body, options });
  }

  /** Read a showing. */
  getShowing(id: string, options: CallOptions = {}): Promise<Showing> {
    return this.call({ method: "GET", path: `/api/v1/showings/${encodeURIComponent(id)}`, options });
  }

  /** Change a showing. */
  updateShowing(id: string, body: ShowingPatch, options: ChangeOptions = {}): Promise<Showing> {
    return this.call({ method: "PATCH", path: `/api/v1/showings/${encodeURIComponent(id)}`, body, options });
  }

  /** Follow what happened. */
  listEvents(query: ListEventsQuery = {}, options: CallOptions = {}): Promise<EventList> {
    return this.call({ method: "GET", path: `/api/v1/events`, query, options });
  }

  /** List webhooks. */
  listWebhooks(options: CallOptions = {}): Promise<WebhookList> {
    return this.call({ method: "GET", path: `/api/v1/webhooks`, options });
  }

  /** Make a webhook. */
  createWebhook(body: WebhookInput, options: CreateOptions = {}): Promise<WebhookCreated> {
    return this.call({ method: "POST", path: `/api/v1/webhooks`, body, options });
  }

  /** Read a webhook. */
  getWebhook(id: string, options: CallOptions = {}): Promise<WebhookDetails> {
    return this.call({ method: "GET", path: `/api/v1/webhooks/${encodeURIComponent(id)}`, options });
  }

  /** Change a webhook. */
  updateWebhook(id: string, body: WebhookPatch, options: ChangeOptions = {}): Promise<WebhookDetails> {
    return this.call({ method: "PATCH", path: `/api/v1/webhooks/${encodeURIComponent(id)}`, body, options });
  }

  /** Delete a webhook. */
  deleteWebhook(id: string, options: ChangeOptions = {}): Promise<void> {
    return this.call({ method: "DELETE", path: `/api/v1/webhooks/${encodeURIComponent(id)}`, options });
  }

  /** Give a webhook a new secret. */
  rotateWebhookSecret(id: string, body?: RotationInput, options: CreateOptions = {}): Promise<RotatedSecret> {
    return this.call({ method: "POST", path: `/api/v1/webhooks/${encodeURIComponent(id)}/rotate-secret`, body, options });
  }

  /** Send a test event to a webhook. */
  testWebhook(id: string, body?: TestInput, options: CreateOptions = {}): Promise<DeliveriesQueued> {
    return this.call({ method: "POST", path: `/api/v1/webhooks/${encodeURIComponent(id)}/test`, body, options });
  }

  /** List what was sent to a webhook. */
  listDeliveries(id: string, query: ListDeliveriesQuery = {}, options: CallOptions = {}): Promise<DeliveryList> {
    return this.call({ method: "GET", path: `/api/v1/webhooks/${encodeURIComponent(id)}/deliveries`, query, options });
  }

  /** List what was sent to a webhook: all of them, page after page. */
  allDeliveries(id: string, query: ListDeliveriesQuery = {}, options: CallOptions = {}): AsyncGenerator<Delivery> {
    return records((cursor) => this.listDeliveries(id, cursor === undefined ? query : { ...query, cursor }, options), (page) => page.deliveries);
  }

  /** Send a delivery once more. */
  redeliver(id: string, delivery: string, options: CreateOptions = {}): Promise<DeliveriesQueued> {
    return this.call({ method: "POST", path: `/api/v1/webhooks/${encodeURIComponent(id)}/deliveries/${encodeURIComponent(delivery)}/redeliver`, options });
  }

  /** Send everything that did not arrive since a time. */
  redeliverSince(id: string, body: RedeliveryInput, options: CreateOptions = {}): Promise<DeliveriesQueued> {
    return this.call({ method: "POST", path: `/api/v1/webhooks/${encodeURIComponent(id)}/redeliver`, body, options });
  }
}
