//! `/leads/{id}/notes`, `/clients/{id}/notes`.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    ids::{ClientId, LeadId, NoteId},
    notes::{self, About, NewNote, Note},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api, Problem,
    body::Fields,
    idempotency::IdempotencyKey,
    lists::{self, DEFAULT_LIMIT, MAX_LIMIT},
    openapi::{CreateUnderErrors, ReadErrors},
    paths::{PathId, PathIds},
    query::Params,
    reply::{self, Answer, Created},
};

/// A note to keep.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoteInput {
    /// What to write down, kept as sent.
    #[schema(
        min_length = 1,
        max_length = 20000,
        pattern = r"\S",
        example = "Called back: wants to see it on Saturday."
    )]
    text: String,
}

/// The answer of a create.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoteCreated {
    /// Always `true`.
    #[schema(example = true)]
    success: bool,
    /// The new note's id.
    #[schema(example = "note_01k9x3v7e8f4sahm7d9q2b5c6n")]
    note_id: String,
}

/// A page of notes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoteList {
    /// The notes, newest first.
    notes: Vec<Note>,
    /// Where the next page begins; missing on the last.
    #[schema(required = false, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn add(
    api: &Api,
    caller: &Caller,
    key: IdempotencyKey,
    fields: &Fields,
    about: Result<(About, String), Problem>,
) -> Answer {
    let new = NewNote::read(&fields.members)?;
    let (about, collection) = about?;
    let answer = notes::create(&api.crm, caller.agent, about, new, key.once(&fields.bytes)).await?;
    let id = answer.value.id.to_string();
    let collection = &collection;
    Created { status: StatusCode::CREATED, key: "noteId", id, collection, is_replayed: answer.is_replayed }.answer()
}

async fn page(api: &Api, caller: &Caller, params: Params, about: Result<About, Problem>) -> Answer {
    const MESSAGE: &str = "must be the nextCursor of an earlier page of the same list";
    let (after, limit) = lists::checked(params, |params| {
        let after = params.parsed("cursor", |text| text.parse::<NoteId>().map_err(|_| MESSAGE));
        (after, params.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT))
    })?;
    let page = notes::list(&api.crm, caller.agent, about?, after, limit).await?;
    let next_cursor = page.next.map(|id| id.to_string());
    reply::representation(&NoteList { notes: page.notes, next_cursor })
}

/// Write a note about a lead.
#[utoipa::path(
    post, path = "/leads/{id}/notes", tag = "Notes", operation_id = "create_lead_note",
    params(
        ("id" = String, Path, description = "The lead's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request make one note.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$"),
    ),
    request_body = NoteInput,
    responses((status = 201, description = "The note is kept.", body = NoteCreated, headers(("Location" = String, description = "The note's path."))), CreateUnderErrors),
)]
pub(crate) async fn create_for_lead(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<LeadId>, Problem>,
    key: IdempotencyKey,
    fields: Fields,
) -> Answer {
    let about = id.map(|PathId(id)| (About::Lead(id), format!("/leads/{id}/notes")));
    add(&api, &caller, key, &fields, about).await
}

/// Write a note about a client.
#[utoipa::path(
    post, path = "/clients/{id}/notes", tag = "Notes", operation_id = "create_client_note",
    params(
        ("id" = String, Path, description = "The client's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request make one note.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$"),
    ),
    request_body = NoteInput,
    responses((status = 201, description = "The note is kept.", body = NoteCreated, headers(("Location" = String, description = "The note's path."))), CreateUnderErrors),
)]
pub(crate) async fn create_for_client(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<ClientId>, Problem>,
    key: IdempotencyKey,
    fields: Fields,
) -> Answer {
    let about = id.map(|PathId(id)| (About::Client(id), format!("/clients/{id}/notes")));
    add(&api, &caller, key, &fields, about).await
}

/// List the notes about a lead.
#[utoipa::path(
    get, path = "/leads/{id}/notes", tag = "Notes", operation_id = "list_lead_notes",
    params(
        ("id" = String, Path, description = "The lead's id."),
        ("limit" = Option<u32>, Query, description = "How many notes a page has; 50 when missing.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the page begins: the `nextCursor` of an earlier page."),
    ),
    responses((status = 200, description = "A page of notes, newest first.", body = NoteList), ReadErrors),
)]
pub(crate) async fn list_for_lead(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<LeadId>, Problem>,
    params: Params,
) -> Answer {
    page(&api, &caller, params, id.map(|PathId(id)| About::Lead(id))).await
}

/// List the notes about a client.
#[utoipa::path(
    get, path = "/clients/{id}/notes", tag = "Notes", operation_id = "list_client_notes",
    params(
        ("id" = String, Path, description = "The client's id."),
        ("limit" = Option<u32>, Query, description = "How many notes a page has; 50 when missing.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the page begins: the `nextCursor` of an earlier page."),
    ),
    responses((status = 200, description = "A page of notes, newest first.", body = NoteList), ReadErrors),
)]
pub(crate) async fn list_for_client(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<ClientId>, Problem>,
    params: Params,
) -> Answer {
    page(&api, &caller, params, id.map(|PathId(id)| About::Client(id))).await
}

/// Read a note about a lead.
#[utoipa::path(
    get, path = "/leads/{id}/notes/{note}", tag = "Notes", operation_id = "get_lead_note",
    params(("id" = String, Path, description = "The lead's id."), ("note" = String, Path, description = "The note's id.")),
    responses((status = 200, description = "The note.", body = Note), ReadErrors),
)]
pub(crate) async fn get_of_lead(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathIds(lead, note): PathIds<LeadId, NoteId>,
) -> Answer {
    reply::representation(&notes::get(&api.crm, caller.agent, About::Lead(lead), note).await?)
}

/// Read a note about a client.
#[utoipa::path(
    get, path = "/clients/{id}/notes/{note}", tag = "Notes", operation_id = "get_client_note",
    params(("id" = String, Path, description = "The client's id."), ("note" = String, Path, description = "The note's id.")),
    responses((status = 200, description = "The note.", body = Note), ReadErrors),
)]
pub(crate) async fn get_of_client(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathIds(client, note): PathIds<ClientId, NoteId>,
) -> Answer {
    reply::representation(&notes::get(&api.crm, caller.agent, About::Client(client), note).await?)
}
