//! `/showings`.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    clock::UnixMillis,
    ids::{ClientId, ListingId, ShowingId},
    showings::{self, NewShowing, Showing, ShowingChange, ShowingStatus},
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api, Problem,
    body::Fields,
    etags,
    idempotency::IdempotencyKey,
    lists::{self, DEFAULT_LIMIT},
    openapi::{ChangeErrors, CommonParams, CreateErrors, ListErrors, ReadErrors, optional_time},
    paths::PathId,
    query::Params,
    reply::{self, Answer, Created},
};

/// A client's request to see a listing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShowingInput {
    /// The client who asks.
    client_id: ClientId,
    /// The listing to be seen; no draft.
    listing_id: ListingId,
    /// The times the client can come, all in the future and each once. Any will do while the agent has set no hours.
    #[schema(min_items = 1, max_items = 3, example = json!(["2026-11-28T15:00:00Z", "2026-11-29T10:30:00Z"]))]
    requested_times: Vec<UnixMillis>,
    /// What the client writes.
    #[schema(required = false, max_length = 20000, example = "We would like to see the garden.")]
    notes: Option<String>,
    /// Whether times are accepted too at which the listing is not shown: outside the agent's hours, blocked, taken, or against the
    /// listing's showing rules. Without it such times are refused, and the answer names free ones.
    #[schema(required = false, example = false)]
    r#override: Option<bool>,
}

/// A change of a showing (JSON Merge Patch, RFC 7396): `null` clears.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShowingPatch {
    /// What becomes of it. A requested showing can be confirmed, declined or cancelled; a confirmed one moved to another time,
    /// declined, cancelled or completed; declined, cancelled and completed are final.
    #[schema(required = false, nullable = false, example = "confirmed")]
    status: Option<ShowingStatus>,
    /// The time to confirm, in the future, when no other showing is confirmed. Not needed where one time was requested.
    #[schema(required = false, schema_with = time_to_confirm)]
    confirmed_time: Option<UnixMillis>,
    /// What the client or the agent writes.
    #[schema(required = false, max_length = 20000, example = "Meet at the gate.")]
    notes: Option<String>,
}

fn time_to_confirm() -> utoipa::openapi::Schema {
    optional_time(
        "The time to confirm, in the future, when no other showing is confirmed. Not needed where one time was requested.",
    )
}

/// The answer of a create.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShowingCreated {
    /// Always `true`.
    #[schema(example = true)]
    success: bool,
    /// The new showing's id.
    #[schema(example = "shw_01k9x3v7e8f4sahm7d9q2b5c6n")]
    showing_id: String,
}

/// A page of showings.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShowingList {
    /// The showings, newest first unless `sort` says otherwise.
    showings: Vec<Showing>,
    /// How many showings match in all.
    #[schema(example = 1)]
    total: u64,
    /// `false` where `total` stopped counting; else missing.
    #[schema(required = false, nullable = false)]
    total_is_exact: Option<bool>,
    /// Where the next page begins; missing on the last.
    #[schema(required = false, nullable = false)]
    next_cursor: Option<String>,
}

/// Request a showing.
///
/// Raises `showing.requested`.
#[utoipa::path(
    post, path = "/showings", tag = "Showings", operation_id = "create_showing",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request make one showing.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$")),
    request_body = ShowingInput,
    responses((status = 201, description = "The showing is requested.", body = ShowingCreated, headers(("Location" = String, description = "The showing's path."))), CreateErrors),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    key: IdempotencyKey,
    fields: Fields,
) -> Answer {
    let new = NewShowing::read(&fields.members)?;
    let answer = showings::create(&api.crm, caller.agent, new, key.once(&fields.bytes)).await?;
    let id = answer.value.id.to_string();
    Created {
        status: StatusCode::CREATED,
        key: "showingId",
        id,
        collection: "/showings",
        is_replayed: answer.is_replayed,
    }
    .answer()
}

/// List showings.
#[utoipa::path(
    get, path = "/showings", tag = "Showings", operation_id = "list_showings",
    params(
        ("status" = Option<ShowingStatus>, Query, description = "Only showings of this status."),
        ("clientId" = Option<String>, Query, description = "Only showings of this client."),
        ("listingId" = Option<String>, Query, description = "Only showings of this listing."),
        CommonParams,
    ),
    responses((status = 200, description = "A page of showings.", body = ShowingList), ListErrors),
)]
pub(crate) async fn list(State(api): State<Api>, Extension(caller): Extension<Caller>, params: Params) -> Answer {
    let (filter, page) = lists::checked(params, |params| {
        let statuses = ShowingStatus::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>();
        let (mut filter, page) = lists::read_common(params, &statuses, DEFAULT_LIMIT);
        filter.client = params.parsed("clientId", |text| text.parse().map_err(|_| "must be the id of a client"));
        filter.listing = params.parsed("listingId", |text| text.parse().map_err(|_| "must be the id of a listing"));
        (filter, page)
    })?;
    let listed = showings::list(&api.crm, caller.agent, filter, page).await?;
    lists::answer("showings", &listed)
}

/// Read a showing.
#[utoipa::path(
    get, path = "/showings/{id}", tag = "Showings", operation_id = "get_showing", params(("id" = String, Path, description = "The showing's id.")),
    responses((status = 200, description = "The showing.", body = Showing), ReadErrors),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<ShowingId>,
) -> Answer {
    reply::representation(&showings::get(&api.crm, caller.agent, id).await?)
}

/// Change a showing.
///
/// Confirm, decline, cancel, complete. The same status again, with nothing new, changes nothing. No two showings are confirmed for
/// times that overlap.
#[utoipa::path(
    patch, path = "/showings/{id}", tag = "Showings", operation_id = "update_showing",
    params(("id" = String, Path, description = "The showing's id."), ("If-Match" = Option<String>, Header, description = "Change it only if its ETag is this.")),
    request_body = ShowingPatch,
    responses((status = 200, description = "The changed showing.", body = Showing), ChangeErrors),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<ShowingId>, Problem>,
    headers: HeaderMap,
    fields: Fields,
) -> Answer {
    let change = ShowingChange::read(&fields.members)?;
    let PathId(id) = id?;
    let showing = showings::update(&api.crm, caller.agent, id, change, etags::precondition(&headers)).await?;
    reply::representation(&showing)
}
