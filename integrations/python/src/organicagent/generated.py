"""Written by integrations/generate.mjs from docs/openapi.json. Please do not edit: run it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict, cast
from urllib.parse import quote

from .transport import Transport

__all__ = [
    "Client",
    "ClientCreated",
    "ClientCreatedEvent",
    "ClientId",
    "ClientInput",
    "ClientList",
    "ClientPatch",
    "ClientStageChangedEvent",
    "CustomHeader",
    "DeliveriesQueued",
    "Delivery",
    "DeliveryId",
    "DeliveryList",
    "DeliveryStatus",
    "DisabledBy",
    "Event",
    "EventId",
    "EventList",
    "EventName",
    "FeeFrequency",
    "HeldEvents",
    "Lead",
    "LeadCreated",
    "LeadCreatedEvent",
    "LeadId",
    "LeadInput",
    "LeadList",
    "LeadPatch",
    "LeadSource",
    "LeadStatus",
    "Listing",
    "ListingCreated",
    "ListingCreatedEvent",
    "ListingDetails",
    "ListingId",
    "ListingInput",
    "ListingList",
    "ListingPatch",
    "ListingStatus",
    "LoggedAttempt",
    "Me",
    "MeKey",
    "Note",
    "NoteCreated",
    "NoteId",
    "NoteInput",
    "NoteList",
    "Pipeline",
    "Problem",
    "ProblemField",
    "PropertySubType",
    "PropertyType",
    "RedeliveryInput",
    "RotatedSecret",
    "RotationInput",
    "Showing",
    "ShowingCreated",
    "ShowingId",
    "ShowingInput",
    "ShowingList",
    "ShowingPatch",
    "ShowingRequestedEvent",
    "ShowingStatus",
    "SourceList",
    "Stage",
    "StageId",
    "StageList",
    "TestInput",
    "UnixMillis",
    "Webhook",
    "WebhookCreated",
    "WebhookDetails",
    "WebhookEvent",
    "WebhookHealth",
    "WebhookId",
    "WebhookInput",
    "WebhookList",
    "WebhookPatch",
]

ClientId: TypeAlias = str
"""Opaque."""

DeliveryId: TypeAlias = str
"""Opaque."""

DeliveryStatus: TypeAlias = Literal["pending", "delivered", "failed", "held", "cancelled"]
"""How far a delivery is, as the API tells it."""

DisabledBy: TypeAlias = Literal["owner", "gone", "failing"]
"""Who disabled a webhook."""

EventId: TypeAlias = str
"""Opaque."""

EventName: TypeAlias = Literal["lead.created", "client.created", "listing.created", "showing.requested", "client.stage_changed"]
"""The names of events."""

FeeFrequency: TypeAlias = Literal["Annually", "Bi-Monthly", "Bi-Weekly", "Daily", "Monthly", "One Time", "Quarterly", "Seasonal", "Semi-Annually", "Semi-Monthly", "Weekly"]
"""How often a fee is due (RESO lookup FeeFrequency)."""

HeldEvents: TypeAlias = Literal["send", "skip"]
"""What becomes of held events."""

LeadId: TypeAlias = str
"""Opaque."""

LeadStatus: TypeAlias = Literal["new", "attempted", "contacted", "appointment", "qualified", "nurture", "client", "archived", "junk", "do_not_contact"]
"""How far the work on a lead is."""

ListingId: TypeAlias = str
"""Opaque."""

ListingStatus: TypeAlias = Literal["draft", "coming_soon", "active", "active_under_contract", "pending", "closed", "hold", "withdrawn", "canceled", "expired"]
"""Where a listing stands (RESO StandardStatus; `draft` is RESO's Incomplete)."""

NoteId: TypeAlias = str
"""Opaque."""

Pipeline: TypeAlias = Literal["buyer", "seller", "side"]
"""A row of stages."""

PropertySubType: TypeAlias = Literal["Single Family Residence", "Condominium", "Townhouse", "Duplex", "Triplex", "Quadruplex", "Multi Family", "Apartment", "Manufactured Home", "Manufactured On Land", "Mobile Home", "Stock Cooperative", "Own Your Own", "Timeshare", "Cabin", "Unimproved Land", "Agriculture", "Farm", "Ranch", "Boat Slip", "Deeded Parking", "Business", "Hotel/Motel", "Industrial", "Mixed Use", "Office", "Retail", "Warehouse"]
"""The kind of property within its type (RESO lookup PropertySubType)."""

PropertyType: TypeAlias = Literal["Residential", "Residential Income", "Residential Lease", "Land", "Farm", "Manufactured In Park", "Commercial Sale", "Commercial Lease", "Business Opportunity"]
"""What is for sale or rent (RESO lookup PropertyType)."""

ShowingId: TypeAlias = str
"""Opaque."""

ShowingStatus: TypeAlias = Literal["requested", "confirmed", "declined", "cancelled", "completed"]
"""How far a showing is."""

StageId: TypeAlias = str
"""Opaque."""

UnixMillis: TypeAlias = str

WebhookId: TypeAlias = str
"""Opaque."""


class Client(TypedDict):
    """A client, with its fields in the order of the API."""

    id: ClientId
    """The id."""
    name: str
    """The person's name as sent."""
    email: str
    """The person's e-mail address; no other client of the agent has it."""
    buyingStage: str
    """The name of the stage that the client is on; `GET /stages` lists them."""
    phone: NotRequired[str | None]
    """The person's phone number as typed."""
    pipeline: Pipeline
    """The pipeline of the stage."""
    source: NotRequired[str | None]
    """Where the client came from, as sent."""
    notes: NotRequired[str | None]
    """What is known of the client."""
    createdAt: UnixMillis
    """When the client was added or signed up."""
    updatedAt: UnixMillis
    """When the record last changed."""


class ClientCreated(TypedDict):
    """The answer of a create."""

    success: bool
    """Always `true`."""
    clientId: str
    """The client's id."""


class ClientInput(TypedDict):
    """A client to add."""

    name: str
    """The person's name."""
    email: str
    """The person's e-mail address: one client has it."""
    phone: NotRequired[str | None]
    """The person's phone number, kept as typed."""
    source: NotRequired[str | None]
    """Where the client came from, kept as sent."""
    notes: NotRequired[str | None]
    """What is known of the client."""


class ClientList(TypedDict):
    """A page of clients."""

    clients: list[Client]
    """The clients, newest first unless `sort` says otherwise."""
    total: int
    """How many clients match in all."""
    totalIsExact: NotRequired[bool]
    """`false` where `total` stopped counting; else missing."""
    nextCursor: NotRequired[str]
    """Where the next page begins; missing on the last."""


class ClientPatch(TypedDict):
    """A change of a client (JSON Merge Patch, RFC 7396): `null` clears."""

    name: NotRequired[str]
    """The person's name."""
    email: NotRequired[str]
    """The person's e-mail address; refused while another client has it."""
    phone: NotRequired[str | None]
    """The person's phone number."""
    source: NotRequired[str | None]
    """Where the client came from."""
    notes: NotRequired[str | None]
    """What is known of the client."""
    buyingStage: NotRequired[str]
    """The stage to move to: a name or an id of `GET /stages`. A name that stands in several pipelines is that of the client's
    pipeline, if it has one."""


class CustomHeader(TypedDict):
    """A header as answers show it."""

    name: str
    """The name."""
    value: str
    """Always masked."""


class DeliveriesQueued(TypedDict):
    """What was put into the outbox."""

    success: bool
    """Always `true`."""
    deliveries: int
    """How many deliveries will be sent."""


class Delivery(TypedDict):
    """One event on its way to one webhook, with its fields in the order of the API."""

    id: DeliveryId
    """The id."""
    eventId: EventId
    """The event's id: `webhook-id`, the same at every attempt."""
    event: str
    """The name of the event."""
    status: DeliveryStatus
    """How far it is. `held` while the webhook is disabled."""
    nextAttemptAt: NotRequired[UnixMillis | None]
    createdAt: UnixMillis
    """When it came into the outbox."""
    attempts: list[LoggedAttempt]
    """What was tried, oldest first: the last 20 attempts."""


class DeliveryList(TypedDict):
    """A page of deliveries."""

    deliveries: list[Delivery]
    """The deliveries, newest first."""
    nextCursor: NotRequired[str]
    """Where the next page begins; missing on the last."""


class Event(TypedDict):
    """An event as the feed shows it."""

    id: EventId
    """The event's id; also the feed's cursor."""
    sequence: int
    """The agent's number of the event: 1, 2, 3 and so on without gaps."""
    event: str
    """The published name of its kind."""
    timestamp: str
    """When it happened: milliseconds since the Unix epoch, as a string, as in webhooks."""
    agentId: str
    """The agent's slug."""
    data: NotRequired[dict[str, Any] | None]
    """The record as it was then; `null` once the person is erased."""


class EventList(TypedDict):
    """A part of the feed."""

    events: list[Event]
    """Events in the order they happened."""
    nextCursor: NotRequired[str | None]
    """Where to go on: the next call's `after`. Repeats `after` when nothing is new; `null` while there is no event at all."""


class Lead(TypedDict):
    """A lead, with its fields in the order of the API."""

    id: LeadId
    """The id."""
    name: str
    """The person's name as sent."""
    email: str | None
    """The person's e-mail address."""
    status: str
    """One of [`STATUSES`]."""
    phone: str | None
    """The person's phone number as typed."""
    source: str
    """Where the lead came from, as sent."""
    propertyAddress: str | None
    """The property asked about."""
    notes: str | None
    """What the person wrote."""
    samePersonAs: list[LeadId]
    """The newest earlier leads by the same person, newest first, 10 at most."""
    createdAt: UnixMillis
    """When it came in."""
    updatedAt: UnixMillis
    """When it last changed."""


class LeadCreated(TypedDict):
    """The answer of a create."""

    success: bool
    """Always `true`."""
    leadId: str
    """The new lead's id."""


class LeadInput(TypedDict):
    """A lead to record."""

    name: str
    """The person's name."""
    email: NotRequired[str | None]
    """The person's e-mail address."""
    phone: NotRequired[str | None]
    """The person's phone number, kept as typed."""
    source: NotRequired[str | None]
    """Where the lead came from, kept as sent. `api` when missing."""
    propertyAddress: NotRequired[str | None]
    """The property asked about."""
    notes: NotRequired[str | None]
    """What the person wrote."""


class LeadList(TypedDict):
    """A page of leads."""

    leads: list[Lead]
    """The leads, newest first unless `sort` says otherwise."""
    total: int
    """How many leads match in all."""
    totalIsExact: NotRequired[bool]
    """`false` where `total` stopped counting; else missing."""
    nextCursor: NotRequired[str]
    """Where the next page begins; missing on the last."""


class LeadPatch(TypedDict):
    """A change of a lead (JSON Merge Patch, RFC 7396): `null` clears."""

    name: NotRequired[str]
    """The person's name."""
    email: NotRequired[str | None]
    """The person's e-mail address."""
    phone: NotRequired[str | None]
    """The person's phone number."""
    source: NotRequired[str | None]
    """Where the lead came from."""
    propertyAddress: NotRequired[str | None]
    """The property asked about."""
    notes: NotRequired[str | None]
    """What the person wrote."""
    status: NotRequired[LeadStatus]
    """How far the work on the lead is."""


class LeadSource(TypedDict):
    """A source to choose."""

    id: str
    """What to send as `source` and to filter by."""
    name: str
    """What people read."""


class ListingDetails(TypedDict):
    """What can be said of a listing beside its published fields; `null` when unknown."""

    mlsNumber: NotRequired[str | None]
    """The listing's number in the MLS (RESO ListingId)."""
    propertyType: NotRequired[PropertyType | None]
    propertySubType: NotRequired[PropertySubType | None]
    description: NotRequired[str | None]
    """The description for the public (RESO PublicRemarks)."""
    city: NotRequired[str | None]
    """The city (RESO City)."""
    stateOrProvince: NotRequired[str | None]
    """The state or province (RESO StateOrProvince)."""
    postalCode: NotRequired[str | None]
    """The postal code (RESO PostalCode)."""
    countyOrParish: NotRequired[str | None]
    """The county or parish (RESO CountyOrParish)."""
    country: NotRequired[str | None]
    """The country (RESO Country)."""
    unitNumber: NotRequired[str | None]
    """The unit or apartment (RESO UnitNumber)."""
    latitude: NotRequired[float | None]
    """Degrees north (RESO Latitude)."""
    longitude: NotRequired[float | None]
    """Degrees east (RESO Longitude)."""
    lotSizeSqft: NotRequired[float | None]
    """The lot's size in square feet (RESO LotSizeSquareFeet)."""
    yearBuilt: NotRequired[int | None]
    """The year of construction (RESO YearBuilt)."""
    garageSpaces: NotRequired[float | None]
    """How many cars the garage holds (RESO GarageSpaces)."""
    hasPool: NotRequired[bool | None]
    """Whether there is a private pool (RESO PoolPrivateYN)."""
    associationFee: NotRequired[float | None]
    """The association's fee, each time it is due (RESO AssociationFee)."""
    associationFeeFrequency: NotRequired[FeeFrequency | None]
    taxAnnualAmount: NotRequired[float | None]
    """The yearly property tax (RESO TaxAnnualAmount)."""
    originalPrice: NotRequired[float | None]
    """The price that was first asked (RESO OriginalListPrice)."""
    closePrice: NotRequired[float | None]
    """The price that was paid (RESO ClosePrice)."""
    closeDate: NotRequired[str | None]
    """The day of the sale (RESO CloseDate)."""
    onMarketDate: NotRequired[str | None]
    """The day the listing came on the market (RESO OnMarketDate)."""
    expirationDate: NotRequired[str | None]
    """The day the listing agreement ends (RESO ExpirationDate)."""
    virtualTourUrl: NotRequired[str | None]
    """A virtual tour without branding (RESO VirtualTourURLUnbranded)."""
    privateRemarks: NotRequired[str | None]
    """Remarks for agents only; never shown to the public (RESO PrivateRemarks)."""
    showingInstructions: NotRequired[str | None]
    """How to show the property; never shown to the public (RESO ShowingInstructions)."""


class Listing(ListingDetails):
    """A listing, with its fields in the order of the API."""

    id: ListingId
    """The id."""
    address: str
    """The address (RESO UnparsedAddress)."""
    price: float
    """The asking price in units of `currency` (RESO ListPrice)."""
    bedrooms: NotRequired[int | None]
    """How many bedrooms (RESO BedroomsTotal)."""
    bathrooms: NotRequired[float | None]
    """How many bathrooms, in quarters (RESO BathroomsTotalInteger and its parts)."""
    sqft: NotRequired[int | None]
    """The living area in square feet (RESO LivingArea)."""
    status: ListingStatus
    """Where it stands (RESO StandardStatus)."""
    currency: str
    """The currency of every amount of the listing (ISO 4217)."""
    createdAt: UnixMillis
    """When it was added."""
    updatedAt: UnixMillis
    """When it last changed (RESO ModificationTimestamp)."""


class ListingCreated(TypedDict):
    """The answer of a create."""

    success: bool
    """Always `true`."""
    listingId: str
    """The new listing's id."""


class ListingInput(ListingDetails):
    """A listing to add."""

    address: str
    """The address (RESO UnparsedAddress)."""
    price: float
    """The asking price in units of `currency` (RESO ListPrice)."""
    bedrooms: NotRequired[int | None]
    """How many bedrooms (RESO BedroomsTotal)."""
    bathrooms: NotRequired[float | None]
    """How many bathrooms, in quarters (RESO BathroomsTotalInteger and its parts)."""
    sqft: NotRequired[int | None]
    """The living area in square feet (RESO LivingArea)."""
    status: NotRequired[ListingStatus | None]
    currency: NotRequired[str | None]
    """The currency of every amount (ISO 4217); `USD` when missing."""


class ListingList(TypedDict):
    """A page of listings."""

    listings: list[Listing]
    """The listings, newest first unless `sort` says otherwise."""
    total: int
    """How many listings match in all."""
    totalIsExact: NotRequired[bool]
    """`false` where `total` stopped counting; else missing."""
    nextCursor: NotRequired[str]
    """Where the next page begins; missing on the last."""


class ListingPatch(ListingDetails):
    """A change of a listing (JSON Merge Patch, RFC 7396): `null` clears."""

    address: NotRequired[str]
    """The address (RESO UnparsedAddress)."""
    price: NotRequired[float]
    """The asking price in units of `currency` (RESO ListPrice)."""
    bedrooms: NotRequired[int | None]
    """How many bedrooms (RESO BedroomsTotal)."""
    bathrooms: NotRequired[float | None]
    """How many bathrooms, in quarters (RESO BathroomsTotalInteger and its parts)."""
    sqft: NotRequired[int | None]
    """The living area in square feet (RESO LivingArea)."""
    status: NotRequired[ListingStatus]
    """Where it stands (RESO StandardStatus). The first status other than `draft` raises `listing.created`."""
    currency: NotRequired[str | None]
    """The currency of every amount (ISO 4217); `null` makes it `USD`."""


class LoggedAttempt(TypedDict):
    """One attempt, as its owner sees it."""

    at: UnixMillis
    """When it began."""
    durationMs: int
    """How long it took, in milliseconds."""
    statusCode: NotRequired[int | None]
    """The status of the answer; `null` where there was none."""
    error: NotRequired[str | None]
    """What went wrong, in words; `null` for a success."""
    response: NotRequired[str | None]
    """The first 1,024 bytes of the answer, as text; `null` where it was empty or is no longer kept."""


class Me(TypedDict):
    """The agent of a key, for connection tests and labels."""

    id: str
    """The agent's id."""
    agentId: str
    """The agent's public name, as in webhooks."""
    name: str
    """The agent's name."""
    email: str
    """The agent's e-mail address."""
    timeZone: str
    """The agent's time zone (IANA)."""
    inboundAddress: NotRequired[str | None]
    """Where mail becomes leads; `null` while inbound mail is off."""
    key: MeKey
    """The key of this request."""


class MeKey(TypedDict):
    """The key of a request."""

    name: str
    """The key's name."""
    scopes: list[str]
    """What the key may do."""
    expiresAt: NotRequired[str | None]
    """When the key ends; `null` for never."""


class Note(TypedDict):
    """A note."""

    id: NoteId
    """The id."""
    text: str
    """What was written, as sent."""
    createdAt: UnixMillis
    """When it was written."""


class NoteCreated(TypedDict):
    """The answer of a create."""

    success: bool
    """Always `true`."""
    noteId: str
    """The new note's id."""


class NoteInput(TypedDict):
    """A note to keep."""

    text: str
    """What to write down, kept as sent."""


class NoteList(TypedDict):
    """A page of notes."""

    notes: list[Note]
    """The notes, newest first."""
    nextCursor: NotRequired[str]
    """Where the next page begins; missing on the last."""


class Problem(TypedDict):
    """The body of every error (RFC 9457), with a plain sentence beside it."""

    type: str
    """Where this kind of problem is explained."""
    title: str
    """The kind of problem in a few words."""
    status: int
    """The HTTP status."""
    detail: str
    """What was wrong and what to do."""
    instance: str
    """The request's id, as in `X-Request-Id`."""
    errors: list[ProblemField]
    """Each wrong field."""
    success: bool
    """Always `false`."""
    error: str
    """The same as `detail`: one readable sentence."""


class ProblemField(TypedDict):
    """One wrong field."""

    field: str
    """The field's name."""
    message: str
    """What to send instead."""


class RedeliveryInput(TypedDict):
    """Since when to send again."""

    since: str | int
    """Events from this time on: RFC 3339, or milliseconds since 1970."""


class RotatedSecret(TypedDict):
    """The new secret."""

    secret: str
    """What requests are signed with from now on. It is shown this once."""


class RotationInput(TypedDict):
    """When the secret before a rotation ends."""

    now: NotRequired[bool | None]
    """Whether the old secret ends at once, as after a leak; else it signs beside the new one for 24 hours."""


class Showing(TypedDict):
    """A showing, with its fields in the order of the API."""

    id: ShowingId
    """The id."""
    status: ShowingStatus
    """How far it is."""
    clientId: ClientId
    """The client who asks."""
    listingId: ListingId
    """The listing to be seen."""
    requestedTimes: list[UnixMillis]
    """The times that the client named, 1 to 3."""
    confirmedTime: NotRequired[UnixMillis | None]
    notes: NotRequired[str | None]
    """What the client or the agent wrote."""
    name: str
    """The client's name."""
    email: str
    """The client's e-mail address."""
    phone: NotRequired[str | None]
    """The client's phone number."""
    address: str
    """The listing's address."""
    createdAt: UnixMillis
    """When it was requested."""
    updatedAt: UnixMillis
    """When it last changed."""


class ShowingCreated(TypedDict):
    """The answer of a create."""

    success: bool
    """Always `true`."""
    showingId: str
    """The new showing's id."""


class ShowingInput(TypedDict):
    """A client's request to see a listing."""

    clientId: ClientId
    """The client who asks."""
    listingId: ListingId
    """The listing to be seen; no draft."""
    requestedTimes: list[UnixMillis]
    """The times the client can come, all in the future and each once. Any will do while the agent has set no hours."""
    notes: NotRequired[str | None]
    """What the client writes."""
    override: NotRequired[bool | None]
    """Whether times are accepted too at which the listing is not shown: outside the agent's hours, blocked, taken, or against the
    listing's showing rules. Without it such times are refused, and the answer names free ones."""


class ShowingList(TypedDict):
    """A page of showings."""

    showings: list[Showing]
    """The showings, newest first unless `sort` says otherwise."""
    total: int
    """How many showings match in all."""
    totalIsExact: NotRequired[bool]
    """`false` where `total` stopped counting; else missing."""
    nextCursor: NotRequired[str]
    """Where the next page begins; missing on the last."""


class ShowingPatch(TypedDict):
    """A change of a showing (JSON Merge Patch, RFC 7396): `null` clears."""

    status: NotRequired[ShowingStatus]
    """What becomes of it. A requested showing can be confirmed, declined or cancelled; a confirmed one moved to another time,
    declined, cancelled or completed; declined, cancelled and completed are final."""
    confirmedTime: NotRequired[str | None]
    """The time to confirm, in the future, when no other showing is confirmed. Not needed where one time was requested."""
    notes: NotRequired[str | None]
    """What the client or the agent writes."""


class SourceList(TypedDict):
    """The sources to choose from."""

    sources: list[LeadSource]
    """The usual sources, then those that leads and clients came from so far; 1,000 at most."""


class Stage(TypedDict):
    """A stage of one of the agent's pipelines."""

    id: StageId
    """The id."""
    name: str
    """The name, which may stand in several pipelines."""
    pipeline: Pipeline
    """The pipeline."""


class StageList(TypedDict):
    """The stages of an agent's pipelines."""

    stages: list[Stage]
    """The stages: those of the buyers in their order, then the sellers, then those aside."""


class TestInput(TypedDict):
    """What to test with."""

    event: NotRequired[EventName | None]


class Webhook(TypedDict):
    """A webhook as its owner sees it, with its fields in the order of the API."""

    id: WebhookId
    """The id."""
    url: str
    """Where events are sent."""
    events: list[str]
    """The events that are sent."""
    description: NotRequired[str | None]
    """What its owner calls it."""
    enabled: bool
    """Whether events are sent; while it is disabled they are held."""
    createdAt: UnixMillis
    """When it was made."""
    updatedAt: UnixMillis
    """When its settings last changed."""
    headers: list[CustomHeader]
    """Headers that each request carries, values masked."""


class WebhookCreated(TypedDict):
    """A webhook that was made, with its secret."""

    id: WebhookId
    """The id."""
    url: str
    """Where events are sent."""
    events: list[str]
    """The events that are sent."""
    description: NotRequired[str | None]
    """What it is called."""
    enabled: bool
    """Whether events are sent."""
    secret: str
    """What its requests are signed with. It is shown this once."""
    createdAt: UnixMillis
    """When it was made."""


class WebhookDetails(Webhook):
    """A webhook with how its receiver does."""

    health: WebhookHealth
    """How its receiver does."""


class WebhookHealth(TypedDict):
    """How a receiver does."""

    successRate: NotRequired[float | None]
    """The part of all attempts so far that succeeded, 0 to 1; `null` before the first."""
    lastSuccessAt: NotRequired[UnixMillis | None]
    lastFailureAt: NotRequired[UnixMillis | None]
    lastError: NotRequired[str | None]
    """What went wrong then, in words."""
    failingSince: NotRequired[UnixMillis | None]
    pending: int
    """Deliveries still to be sent, counted to 10,000."""
    held: int
    """Deliveries held back, counted to 10,000."""
    disabledBy: NotRequired[DisabledBy | None]


class WebhookInputHeadersItem(TypedDict):

    name: str
    value: str


class WebhookInput(TypedDict):
    """A webhook to make."""

    url: str
    """Where to send events: an https address that the world can reach."""
    events: NotRequired[list[EventName] | None]
    """The events to send; all when missing or empty. One name alone does as `event` too."""
    description: NotRequired[str | None]
    """What to call it."""
    headers: NotRequired[dict[str, str] | list[WebhookInputHeadersItem] | None]
    """Headers that each request is to carry, at most 10: names with values, or a list of `{"name","value"}`."""


class WebhookList(TypedDict):
    """Every webhook."""

    webhooks: list[Webhook]
    """The webhooks, newest first."""


class WebhookPatchHeadersItem(TypedDict):

    name: str
    value: str


class WebhookPatch(TypedDict):
    """A change of a webhook (JSON Merge Patch, RFC 7396): `null` clears."""

    url: NotRequired[str]
    """Where to send events. What is pending goes there too."""
    events: NotRequired[list[EventName] | None]
    """The events to send from now on; `null` and an empty list are all."""
    description: NotRequired[str | None]
    """What to call it."""
    headers: NotRequired[dict[str, str] | list[WebhookPatchHeadersItem] | None]
    """Headers that each request is to carry, at most 10: names with values, or a list of `{"name","value"}`."""
    enabled: NotRequired[bool]
    """Whether events are sent. While it is `false` they are held."""
    held: NotRequired[HeldEvents]
    """When enabling: whether what was held is sent (the default) or skipped."""


class LeadCreatedEvent(TypedDict):
    """A lead came in, from wherever."""

    event: Literal["lead.created"]
    timestamp: str
    """When it happened: milliseconds since 1970, the same at every attempt."""
    agentId: str
    """The agent's public name."""
    data: Lead


class ClientCreatedEvent(TypedDict):
    """A client signed up or was added."""

    event: Literal["client.created"]
    timestamp: str
    """When it happened: milliseconds since 1970, the same at every attempt."""
    agentId: str
    """The agent's public name."""
    data: Client


class ListingCreatedEvent(TypedDict):
    """A listing is offered: once, when it first is no draft."""

    event: Literal["listing.created"]
    timestamp: str
    """When it happened: milliseconds since 1970, the same at every attempt."""
    agentId: str
    """The agent's public name."""
    data: Listing


class ShowingRequestedEvent(TypedDict):
    """A client asks to see a listing."""

    event: Literal["showing.requested"]
    timestamp: str
    """When it happened: milliseconds since 1970, the same at every attempt."""
    agentId: str
    """The agent's public name."""
    data: Showing


class ClientStageChangedEventData(Client):

    previousStage: str
    """The stage that the client left."""


class ClientStageChangedEvent(TypedDict):
    """A client moved to another stage."""

    event: Literal["client.stage_changed"]
    timestamp: str
    """When it happened: milliseconds since 1970, the same at every attempt."""
    agentId: str
    """The agent's public name."""
    data: ClientStageChangedEventData


WebhookEvent: TypeAlias = LeadCreatedEvent | ClientCreatedEvent | ListingCreatedEvent | ShowingRequestedEvent | ClientStageChangedEvent
"""What a webhook brings; `event` tells which."""


class Calls(Transport):
    """Every call of the API."""

    def get_me(self) -> Me:
        """Whose key this is."""
        return cast(Me, self._call("GET", "/api/v1/me"))

    def list_leads(self, *, status: LeadStatus | None = None, limit: int | None = None, offset: int | None = None, cursor: str | None = None, since: str | None = None, updated_since: str | None = None, sort: Literal["-createdAt", "createdAt", "-updatedAt"] | None = None, email: str | None = None, phone: str | None = None, source: str | None = None, q: str | None = None) -> LeadList:
        """List leads."""
        return cast(LeadList, self._call("GET", "/api/v1/leads", query={"status": status, "limit": limit, "offset": offset, "cursor": cursor, "since": since, "updatedSince": updated_since, "sort": sort, "email": email, "phone": phone, "source": source, "q": q}))

    def all_leads(self, *, status: LeadStatus | None = None, limit: int | None = None, since: str | None = None, updated_since: str | None = None, sort: Literal["-createdAt", "createdAt", "-updatedAt"] | None = None, email: str | None = None, phone: str | None = None, source: str | None = None, q: str | None = None) -> Iterator[Lead]:
        """List leads: all of them, page after page."""
        cursor: str | None = None
        while True:
            page = self.list_leads(status=status, limit=limit, since=since, updated_since=updated_since, sort=sort, email=email, phone=phone, source=source, q=q, cursor=cursor)
            yield from page["leads"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def create_lead(self, body: LeadInput, *, idempotency_key: str | None = None) -> LeadCreated:
        """Create a new lead."""
        return cast(LeadCreated, self._call("POST", "/api/v1/leads", body=body, idempotency_key=idempotency_key))

    def get_lead(self, id: str) -> Lead:
        """Read a lead."""
        return cast(Lead, self._call("GET", f"/api/v1/leads/{quote(id, safe='')}"))

    def update_lead(self, id: str, body: LeadPatch, *, if_match: str | None = None) -> Lead:
        """Change a lead."""
        return cast(Lead, self._call("PATCH", f"/api/v1/leads/{quote(id, safe='')}", body=body, if_match=if_match))

    def delete_lead(self, id: str, *, if_match: str | None = None) -> None:
        """Delete a lead."""
        self._call("DELETE", f"/api/v1/leads/{quote(id, safe='')}", if_match=if_match)

    def list_lead_notes(self, id: str, *, limit: int | None = None, cursor: str | None = None) -> NoteList:
        """List the notes about a lead."""
        return cast(NoteList, self._call("GET", f"/api/v1/leads/{quote(id, safe='')}/notes", query={"limit": limit, "cursor": cursor}))

    def all_lead_notes(self, id: str, *, limit: int | None = None) -> Iterator[Note]:
        """List the notes about a lead: all of them, page after page."""
        cursor: str | None = None
        while True:
            page = self.list_lead_notes(id, limit=limit, cursor=cursor)
            yield from page["notes"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def create_lead_note(self, id: str, body: NoteInput, *, idempotency_key: str | None = None) -> NoteCreated:
        """Write a note about a lead."""
        return cast(NoteCreated, self._call("POST", f"/api/v1/leads/{quote(id, safe='')}/notes", body=body, idempotency_key=idempotency_key))

    def get_lead_note(self, id: str, note: str) -> Note:
        """Read a note about a lead."""
        return cast(Note, self._call("GET", f"/api/v1/leads/{quote(id, safe='')}/notes/{quote(note, safe='')}"))

    def list_clients(self, *, limit: int | None = None, offset: int | None = None, cursor: str | None = None, since: str | None = None, updated_since: str | None = None, sort: Literal["-createdAt", "createdAt", "-updatedAt"] | None = None, email: str | None = None, phone: str | None = None, source: str | None = None, q: str | None = None) -> ClientList:
        """List clients."""
        return cast(ClientList, self._call("GET", "/api/v1/clients", query={"limit": limit, "offset": offset, "cursor": cursor, "since": since, "updatedSince": updated_since, "sort": sort, "email": email, "phone": phone, "source": source, "q": q}))

    def all_clients(self, *, limit: int | None = None, since: str | None = None, updated_since: str | None = None, sort: Literal["-createdAt", "createdAt", "-updatedAt"] | None = None, email: str | None = None, phone: str | None = None, source: str | None = None, q: str | None = None) -> Iterator[Client]:
        """List clients: all of them, page after page."""
        cursor: str | None = None
        while True:
            page = self.list_clients(limit=limit, since=since, updated_since=updated_since, sort=sort, email=email, phone=phone, source=source, q=q, cursor=cursor)
            yield from page["clients"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def create_client(self, body: ClientInput, *, idempotency_key: str | None = None) -> ClientCreated:
        """Create a new client."""
        return cast(ClientCreated, self._call("POST", "/api/v1/clients", body=body, idempotency_key=idempotency_key))

    def get_client(self, id: str) -> Client:
        """Read a client."""
        return cast(Client, self._call("GET", f"/api/v1/clients/{quote(id, safe='')}"))

    def update_client(self, id: str, body: ClientPatch, *, if_match: str | None = None) -> Client:
        """Change a client."""
        return cast(Client, self._call("PATCH", f"/api/v1/clients/{quote(id, safe='')}", body=body, if_match=if_match))

    def delete_client(self, id: str, *, if_match: str | None = None) -> None:
        """Delete a client."""
        self._call("DELETE", f"/api/v1/clients/{quote(id, safe='')}", if_match=if_match)

    def list_client_notes(self, id: str, *, limit: int | None = None, cursor: str | None = None) -> NoteList:
        """List the notes about a client."""
        return cast(NoteList, self._call("GET", f"/api/v1/clients/{quote(id, safe='')}/notes", query={"limit": limit, "cursor": cursor}))

    def all_client_notes(self, id: str, *, limit: int | None = None) -> Iterator[Note]:
        """List the notes about a client: all of them, page after page."""
        cursor: str | None = None
        while True:
            page = self.list_client_notes(id, limit=limit, cursor=cursor)
            yield from page["notes"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def create_client_note(self, id: str, body: NoteInput, *, idempotency_key: str | None = None) -> NoteCreated:
        """Write a note about a client."""
        return cast(NoteCreated, self._call("POST", f"/api/v1/clients/{quote(id, safe='')}/notes", body=body, idempotency_key=idempotency_key))

    def get_client_note(self, id: str, note: str) -> Note:
        """Read a note about a client."""
        return cast(Note, self._call("GET", f"/api/v1/clients/{quote(id, safe='')}/notes/{quote(note, safe='')}"))

    def list_stages(self) -> StageList:
        """List the stages."""
        return cast(StageList, self._call("GET", "/api/v1/stages"))

    def list_sources(self) -> SourceList:
        """List the sources."""
        return cast(SourceList, self._call("GET", "/api/v1/sources"))

    def list_listings(self, *, status: Literal["all", "draft", "coming_soon", "active", "active_under_contract", "pending", "closed", "hold", "withdrawn", "canceled", "expired"] | None = None, limit: int | None = None, offset: int | None = None, cursor: str | None = None, since: str | None = None, updated_since: str | None = None, sort: Literal["-createdAt", "createdAt", "-updatedAt"] | None = None, q: str | None = None) -> ListingList:
        """List listings."""
        return cast(ListingList, self._call("GET", "/api/v1/listings", query={"status": status, "limit": limit, "offset": offset, "cursor": cursor, "since": since, "updatedSince": updated_since, "sort": sort, "q": q}))

    def all_listings(self, *, status: Literal["all", "draft", "coming_soon", "active", "active_under_contract", "pending", "closed", "hold", "withdrawn", "canceled", "expired"] | None = None, limit: int | None = None, since: str | None = None, updated_since: str | None = None, sort: Literal["-createdAt", "createdAt", "-updatedAt"] | None = None, q: str | None = None) -> Iterator[Listing]:
        """List listings: all of them, page after page."""
        cursor: str | None = None
        while True:
            page = self.list_listings(status=status, limit=limit, since=since, updated_since=updated_since, sort=sort, q=q, cursor=cursor)
            yield from page["listings"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def create_listing(self, body: ListingInput, *, idempotency_key: str | None = None) -> ListingCreated:
        """Create a new listing."""
        return cast(ListingCreated, self._call("POST", "/api/v1/listings", body=body, idempotency_key=idempotency_key))

    def get_listing(self, id: str) -> Listing:
        """Read a listing."""
        return cast(Listing, self._call("GET", f"/api/v1/listings/{quote(id, safe='')}"))

    def update_listing(self, id: str, body: ListingPatch, *, if_match: str | None = None) -> Listing:
        """Change a listing."""
        return cast(Listing, self._call("PATCH", f"/api/v1/listings/{quote(id, safe='')}", body=body, if_match=if_match))

    def delete_listing(self, id: str, *, if_match: str | None = None) -> None:
        """Delete a listing."""
        self._call("DELETE", f"/api/v1/listings/{quote(id, safe='')}", if_match=if_match)

    def list_showings(self, *, status: ShowingStatus | None = None, client_id: str | None = None, listing_id: str | None = None, limit: int | None = None, offset: int | None = None, cursor: str | None = None, since: str | None = None, updated_since: str | None = None, sort: Literal["-createdAt", "createdAt", "-updatedAt"] | None = None) -> ShowingList:
        """List showings."""
        return cast(ShowingList, self._call("GET", "/api/v1/showings", query={"status": status, "clientId": client_id, "listingId": listing_id, "limit": limit, "offset": offset, "cursor": cursor, "since": since, "updatedSince": updated_since, "sort": sort}))

    def all_showings(self, *, status: ShowingStatus | None = None, client_id: str | None = None, listing_id: str | None = None, limit: int | None = None, since: str | None = None, updated_since: str | None = None, sort: Literal["-createdAt", "createdAt", "-updatedAt"] | None = None) -> Iterator[Showing]:
        """List showings: all of them, page after page."""
        cursor: str | None = None
        while True:
            page = self.list_showings(status=status, client_id=client_id, listing_id=listing_id, limit=limit, since=since, updated_since=updated_since, sort=sort, cursor=cursor)
            yield from page["showings"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def create_showing(self, body: ShowingInput, *, idempotency_key: str | None = None) -> ShowingCreated:
        """Request a showing."""
        return cast(ShowingCreated, self._call("POST", "/api/v1/showings", body=body, idempotency_key=idempotency_key))

    def get_showing(self, id: str) -> Showing:
        """Read a showing."""
        return cast(Showing, self._call("GET", f"/api/v1/showings/{quote(id, safe='')}"))

    def update_showing(self, id: str, body: ShowingPatch, *, if_match: str | None = None) -> Showing:
        """Change a showing."""
        return cast(Showing, self._call("PATCH", f"/api/v1/showings/{quote(id, safe='')}", body=body, if_match=if_match))

    def list_events(self, *, type: Literal["lead.created", "client.created", "listing.created", "showing.requested", "client.stage_changed"] | None = None, after: str | None = None, limit: int | None = None) -> EventList:
        """Follow what happened."""
        return cast(EventList, self._call("GET", "/api/v1/events", query={"type": type, "after": after, "limit": limit}))

    def list_webhooks(self) -> WebhookList:
        """List webhooks."""
        return cast(WebhookList, self._call("GET", "/api/v1/webhooks"))

    def create_webhook(self, body: WebhookInput, *, idempotency_key: str | None = None) -> WebhookCreated:
        """Make a webhook."""
        return cast(WebhookCreated, self._call("POST", "/api/v1/webhooks", body=body, idempotency_key=idempotency_key))

    def get_webhook(self, id: str) -> WebhookDetails:
        """Read a webhook."""
        return cast(WebhookDetails, self._call("GET", f"/api/v1/webhooks/{quote(id, safe='')}"))

    def update_webhook(self, id: str, body: WebhookPatch, *, if_match: str | None = None) -> WebhookDetails:
        """Change a webhook."""
        return cast(WebhookDetails, self._call("PATCH", f"/api/v1/webhooks/{quote(id, safe='')}", body=body, if_match=if_match))

    def delete_webhook(self, id: str, *, if_match: str | None = None) -> None:
        """Delete a webhook."""
        self._call("DELETE", f"/api/v1/webhooks/{quote(id, safe='')}", if_match=if_match)

    def rotate_webhook_secret(self, id: str, body: RotationInput | None = None, *, idempotency_key: str | None = None) -> RotatedSecret:
        """Give a webhook a new secret."""
        return cast(RotatedSecret, self._call("POST", f"/api/v1/webhooks/{quote(id, safe='')}/rotate-secret", body=body, idempotency_key=idempotency_key))

    def test_webhook(self, id: str, body: TestInput | None = None, *, idempotency_key: str | None = None) -> DeliveriesQueued:
        """Send a test event to a webhook."""
        return cast(DeliveriesQueued, self._call("POST", f"/api/v1/webhooks/{quote(id, safe='')}/test", body=body, idempotency_key=idempotency_key))

    def list_deliveries(self, id: str, *, limit: int | None = None, cursor: str | None = None) -> DeliveryList:
        """List what was sent to a webhook."""
        return cast(DeliveryList, self._call("GET", f"/api/v1/webhooks/{quote(id, safe='')}/deliveries", query={"limit": limit, "cursor": cursor}))

    def all_deliveries(self, id: str, *, limit: int | None = None) -> Iterator[Delivery]:
        """List what was sent to a webhook: all of them, page after page."""
        cursor: str | None = None
        while True:
            page = self.list_deliveries(id, limit=limit, cursor=cursor)
            yield from page["deliveries"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def redeliver(self, id: str, delivery: str, *, idempotency_key: str | None = None) -> DeliveriesQueued:
        """Send a delivery once more."""
        return cast(DeliveriesQueued, self._call("POST", f"/api/v1/webhooks/{quote(id, safe='')}/deliveries/{quote(delivery, safe='')}/redeliver", idempotency_key=idempotency_key))

    def redeliver_since(self, id: str, body: RedeliveryInput, *, idempotency_key: str | None = None) -> DeliveriesQueued:
        """Send everything that did not arrive since a time."""
        return cast(DeliveriesQueued, self._call("POST", f"/api/v1/webhooks/{quote(id, safe='')}/redeliver", body=body, idempotency_key=idempotency_key))
