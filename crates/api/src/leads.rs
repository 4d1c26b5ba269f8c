//! `/leads`.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    ids::LeadId,
    leads::{self, Lead, LeadChange, NewLead},
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api,
    body::Fields,
    etags,
    idempotency::IdempotencyKey,
    lists::{self, DEFAULT_LIMIT},
    openapi::{ChangeErrors, CreateErrors, DeleteErrors, ListErrors, ListParams, ReadErrors, optional_email},
    paths::PathId,
    query::Params,
    reply::{self, Answer, Created},
};

/// A lead to record.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeadInput {
    /// The person's name.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "John Smith")]
    name: String,
    /// The person's e-mail address.
    #[schema(required = false, schema_with = optional_email)]
    email: Option<String>,
    /// The person's phone number, kept as typed.
    #[schema(required = false, max_length = 64, example = "(555) 123-4567")]
    phone: Option<String>,
    /// Where the lead came from, kept as sent. `api` when missing.
    #[schema(required = false, max_length = 64, example = "zillow")]
    source: Option<String>,
    /// The property asked about.
    #[schema(required = false, max_length = 500, example = "123 Main St, Miami, FL")]
    property_address: Option<String>,
    /// What the person wrote.
    #[schema(required = false, max_length = 20000, example = "Interested in 3BR homes")]
    notes: Option<String>,
}

/// A change of a lead (JSON Merge Patch, RFC 7396): `null` clears.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeadPatch {
    /// The person's name.
    #[schema(
        required = false,
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"\S",
        example = "John Smith"
    )]
    name: Option<String>,
    /// The person's e-mail address.
    #[schema(required = false, schema_with = optional_email)]
    email: Option<String>,
    /// The person's phone number.
    #[schema(max_length = 64, example = "(555) 123-4567")]
    phone: Option<String>,
    /// Where the lead came from.
    #[schema(max_length = 64, example = "zillow")]
    source: Option<String>,
    /// The property asked about.
    #[schema(max_length = 500, example = "123 Main St, Miami, FL")]
    property_address: Option<String>,
    /// What the person wrote.
    #[schema(max_length = 20000, example = "Interested in 3BR homes")]
    notes: Option<String>,
    /// How far the work on the lead is.
    #[schema(required = false, nullable = false, example = "contacted")]
    status: Option<LeadStatus>,
}

/// How far the work on a lead is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "new")]
#[expect(dead_code, reason = "describes what is read by its name")]
pub(crate) enum LeadStatus {
    New,
    Attempted,
    Contacted,
    Appointment,
    Qualified,
    Nurture,
    Client,
    Archived,
    Junk,
    DoNotContact,
}

/// The answer of a create.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeadCreated {
    /// Always `true`.
    #[schema(example = true)]
    success: bool,
    /// The new lead's id.
    #[schema(example = "lead_01k9x3v7e8f4sahm7d9q2b5c6n")]
    lead_id: String,
}

/// A page of leads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeadList {
    /// The leads, newest first unless `sort` says otherwise.
    leads: Vec<Lead>,
    /// How many leads match in all.
    #[schema(example = 1)]
    total: u64,
    /// `false` where `total` stopped counting; else missing.
    #[schema(required = false, nullable = false)]
    total_is_exact: Option<bool>,
    /// Where the next page begins; missing on the last.
    #[schema(required = false, nullable = false)]
    next_cursor: Option<String>,
}

/// Create a new lead.
///
/// Every call records an inquiry, also by a person who is known: `samePersonAs` of the record links the earlier ones.
#[utoipa::path(
    post, path = "/leads", tag = "Leads", operation_id = "create_lead",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request make one lead.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$")),
    request_body = LeadInput,
    responses((status = 201, description = "The lead is recorded.", body = LeadCreated, headers(("Location" = String, description = "The lead's path."))), CreateErrors),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    key: IdempotencyKey,
    fields: Fields,
) -> Answer {
    let new = NewLead::read(&fields.members)?;
    let answer = leads::create(&api.crm, caller.agent, new, key.once(&fields.bytes)).await?;
    Created {
        status: StatusCode::CREATED,
        key: "leadId",
        id: answer.value.id.to_string(),
        collection: "/leads",
        is_replayed: answer.is_replayed,
    }
    .answer()
}

/// List leads.
#[utoipa::path(
    get, path = "/leads", tag = "Leads", operation_id = "list_leads",
    params(("status" = Option<LeadStatus>, Query, description = "Only leads of this status."), ListParams),
    responses((status = 200, description = "A page of leads.", body = LeadList), ListErrors),
)]
pub(crate) async fn list(State(api): State<Api>, Extension(caller): Extension<Caller>, params: Params) -> Answer {
    let (filter, page) = lists::checked(params, |params| lists::read(params, &leads::STATUSES, DEFAULT_LIMIT))?;
    let listed = leads::list(&api.crm, caller.agent, filter, page).await?;
    lists::answer("leads", &listed)
}

/// Read a lead.
#[utoipa::path(
    get, path = "/leads/{id}", tag = "Leads", operation_id = "get_lead", params(("id" = String, Path, description = "The lead's id.")),
    responses((status = 200, description = "The lead.", body = Lead), ReadErrors),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<LeadId>,
) -> Answer {
    reply::representation(&leads::get(&api.crm, caller.agent, id).await?)
}

/// Change a lead.
#[utoipa::path(
    patch, path = "/leads/{id}", tag = "Leads", operation_id = "update_lead",
    params(("id" = String, Path, description = "The lead's id."), ("If-Match" = Option<String>, Header, description = "Change it only if its ETag is this.")),
    request_body = LeadPatch,
    responses((status = 200, description = "The changed lead.", body = Lead), ChangeErrors),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<LeadId>, crate::Problem>,
    headers: HeaderMap,
    fields: Fields,
) -> Answer {
    let change = LeadChange::read(&fields.members)?;
    let PathId(id) = id?;
    let lead = leads::update(&api.crm, caller.agent, id, change, etags::precondition(&headers)).await?;
    reply::representation(&lead)
}

/// Delete a lead.
#[utoipa::path(
    delete, path = "/leads/{id}", tag = "Leads", operation_id = "delete_lead",
    params(("id" = String, Path, description = "The lead's id."), ("If-Match" = Option<String>, Header, description = "Delete it only if its ETag is this.")),
    responses((status = 204, description = "The lead is gone."), DeleteErrors),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<LeadId>,
    headers: HeaderMap,
) -> Answer {
    leads::delete(&api.crm, caller.agent, id, etags::precondition(&headers)).await?;
    Ok(reply::gone())
}
