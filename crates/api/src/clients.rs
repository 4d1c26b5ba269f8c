//! `/clients`.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    clients::{self, Client, ClientChange, NewClient},
    ids::ClientId,
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api, Problem,
    body::Fields,
    etags,
    idempotency::IdempotencyKey,
    lists::{self, WHOLE_LIMIT},
    openapi::{ChangeErrors, CreateErrors, DeleteErrors, ListErrors, ListParams, ReadErrors},
    paths::PathId,
    query::Params,
    reply::{self, Answer, Created},
};

/// A client to add.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientInput {
    /// The person's name.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "Jane Doe")]
    name: String,
    /// The person's e-mail address: one client has it.
    #[schema(min_length = 1, max_length = 254, format = "email", example = "jane@example.com")]
    email: String,
    /// The person's phone number, kept as typed.
    #[schema(required = false, max_length = 64, example = "(555) 987-6543")]
    phone: Option<String>,
    /// Where the client came from, kept as sent.
    #[schema(required = false, max_length = 64, example = "referral")]
    source: Option<String>,
    /// What is known of the client.
    #[schema(required = false, max_length = 20000, example = "Prefers a garden, needs two parking spaces")]
    notes: Option<String>,
}

/// A change of a client (JSON Merge Patch, RFC 7396): `null` clears.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientPatch {
    /// The person's name.
    #[schema(
        required = false,
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"\S",
        example = "Jane Doe"
    )]
    name: Option<String>,
    /// The person's e-mail address; refused while another client has it.
    #[schema(
        required = false,
        nullable = false,
        min_length = 1,
        max_length = 254,
        format = "email",
        example = "jane@example.com"
    )]
    email: Option<String>,
    /// The person's phone number.
    #[schema(max_length = 64, example = "(555) 987-6543")]
    phone: Option<String>,
    /// Where the client came from.
    #[schema(max_length = 64, example = "referral")]
    source: Option<String>,
    /// What is known of the client.
    #[schema(max_length = 20000, example = "Prefers a garden, needs two parking spaces")]
    notes: Option<String>,
    /// The stage to move to: a name or an id of `GET /stages`. A name that stands in several pipelines is that of the client's
    /// pipeline, if it has one.
    #[schema(required = false, nullable = false, min_length = 1, pattern = r"\S", example = "Touring")]
    buying_stage: Option<String>,
}

/// The answer of a create.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientCreated {
    /// Always `true`.
    #[schema(example = true)]
    success: bool,
    /// The client's id.
    #[schema(example = "cli_01k9x3v7e8f4sahm7d9q2b5c6n")]
    client_id: String,
}

/// A page of clients.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientList {
    /// The clients, newest first unless `sort` says otherwise.
    clients: Vec<Client>,
    /// How many clients match in all.
    #[schema(example = 1)]
    total: u64,
    /// `false` where `total` stopped counting; else missing.
    #[schema(required = false, nullable = false)]
    total_is_exact: Option<bool>,
    /// Where the next page begins; missing on the last.
    #[schema(required = false, nullable = false)]
    next_cursor: Option<String>,
}

/// Create a new client.
///
/// There is one client per e-mail address. When a client has it already, the answer is 200 with that client's id: what was
/// missing of phone, source and notes is filled in, nothing is overwritten, and no event is raised.
#[utoipa::path(
    post, path = "/clients", tag = "Clients", operation_id = "create_client",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request get the same answer.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$")),
    request_body = ClientInput,
    responses(
        (status = 201, description = "The client is added.", body = ClientCreated, headers(("Location" = String, description = "The client's path."))),
        (status = 200, description = "A client has this e-mail address already.", body = ClientCreated, headers(("Location" = String, description = "The client's path."))),
        CreateErrors,
    ),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    key: IdempotencyKey,
    fields: Fields,
) -> Answer {
    let new = NewClient::read(&fields.members)?;
    let answer = clients::create(&api.crm, caller.agent, new, key.once(&fields.bytes)).await?;
    let status = if answer.value.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let id = answer.value.id.to_string();
    Created { status, key: "clientId", id, collection: "/clients", is_replayed: answer.is_replayed }.answer()
}

/// List clients.
///
/// Without `limit` up to 1,000 clients at once.
#[utoipa::path(
    get, path = "/clients", tag = "Clients", operation_id = "list_clients", params(ListParams),
    responses((status = 200, description = "A page of clients.", body = ClientList), ListErrors),
)]
pub(crate) async fn list(State(api): State<Api>, Extension(caller): Extension<Caller>, params: Params) -> Answer {
    let (filter, page) = lists::checked(params, |params| lists::read(params, &[], WHOLE_LIMIT))?;
    let listed = clients::list(&api.crm, caller.agent, filter, page).await?;
    lists::answer("clients", &listed)
}

/// Read a client.
#[utoipa::path(
    get, path = "/clients/{id}", tag = "Clients", operation_id = "get_client", params(("id" = String, Path, description = "The client's id.")),
    responses((status = 200, description = "The client.", body = Client), ReadErrors),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<ClientId>,
) -> Answer {
    reply::representation(&clients::get(&api.crm, caller.agent, id).await?)
}

/// Change a client.
///
/// Another `buyingStage` moves the client and raises `client.stage_changed`; the same one raises nothing.
#[utoipa::path(
    patch, path = "/clients/{id}", tag = "Clients", operation_id = "update_client",
    params(("id" = String, Path, description = "The client's id."), ("If-Match" = Option<String>, Header, description = "Change it only if its ETag is this.")),
    request_body = ClientPatch,
    responses((status = 200, description = "The changed client.", body = Client), ChangeErrors),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<ClientId>, Problem>,
    headers: HeaderMap,
    fields: Fields,
) -> Answer {
    let change = ClientChange::read(&fields.members)?;
    // Which stages there are is known to the agent only: what is no id is answered behind that check, as the id of no record.
    let PathId(id) = id.unwrap_or(PathId(ClientId([0; 16])));
    let client = clients::update(&api.crm, caller.agent, id, change, etags::precondition(&headers)).await?;
    reply::representation(&client)
}

/// Delete a client.
#[utoipa::path(
    delete, path = "/clients/{id}", tag = "Clients", operation_id = "delete_client",
    params(("id" = String, Path, description = "The client's id."), ("If-Match" = Option<String>, Header, description = "Delete it only if its ETag is this.")),
    responses((status = 204, description = "The client is gone."), DeleteErrors),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<ClientId>,
    headers: HeaderMap,
) -> Answer {
    clients::delete(&api.crm, caller.agent, id, etags::precondition(&headers)).await?;
    Ok(reply::gone())
}
