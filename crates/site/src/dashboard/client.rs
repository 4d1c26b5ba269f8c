//! One client: where they stand, what happened, what comes next.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    clients::{self, Client, ClientChange, NewClient},
    ids::{ClientId, StageId},
    next_steps,
    notes::{self, About, NewNote},
    pages::{Filter, Page, Sort, Start},
    sessions::Session,
    showings,
    sources::{self, LeadSource},
    stages::{self, Stage},
};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    board,
    clients::PATH,
    follow_ups::FollowUp,
    leads::dialled,
    shell::{Place, Shell},
    showing as showing_page, showings as showings_page,
    tags::Tags,
    timeline::{SourceNames, Timeline},
};
use crate::{
    Site,
    fields::{Fields, token},
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

/// Showings on a client's page.
const SHOWINGS: u32 = 20;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/clients/new", get(show_new).post(create))
        .route("/dashboard/clients/{id}", get(show))
        .route("/dashboard/clients/{id}/edit", get(show_edit).post(update))
        .route("/dashboard/clients/{id}/notes", post(add_note))
        .route("/dashboard/clients/{id}/next-step", post(set_next_step))
        .route("/dashboard/clients/{id}/delete", post(delete))
}

/// The path of a client's page.
pub(super) fn path(id: ClientId) -> String {
    format!("{PATH}/{id}")
}

/// The fields of a client's form, by the names that the API has for them.
const FIELDS: [&str; 5] = ["name", "email", "phone", "source", "notes"];

/// What is typed into the form of a client.
#[derive(Default)]
struct Typed {
    name: String,
    email: String,
    phone: String,
    source: String,
    notes: String,
}

impl Typed {
    fn read(fields: &Fields) -> Self {
        let [name, email, phone, source, notes] = FIELDS.map(|field| fields.get(field).to_owned());
        Self { name, email, phone, source, notes }
    }

    fn of(client: &Client) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            name: client.name.clone(),
            email: client.email.clone(),
            phone: text(&client.phone),
            source: text(&client.source),
            notes: text(&client.notes),
        }
    }

    /// The same as the API takes it; a blank field clears.
    fn fields(&self) -> Map<String, Value> {
        let values = [&self.name, &self.email, &self.phone, &self.source, &self.notes];
        let value = |text: &String| if text.trim().is_empty() { Value::Null } else { json!(text) };
        FIELDS.iter().zip(values).map(|(name, text)| ((*name).to_owned(), value(text))).collect()
    }
}

#[derive(Template)]
#[template(path = "dashboard/client_form.html")]
struct Form {
    shell: Shell,
    title: &'static str,
    action: String,
    back: String,
    typed: Typed,
    wrong: Wrong,
    sources: Vec<LeadSource>,
    is_new: bool,
    /// Makes a second arrival of a new one known.
    once: String,
    /// The record that the form was filled with, by its last change.
    seen: String,
    has_changed: bool,
}

impl Form {
    /// The form of a client as it is at one look, or of a new one.
    async fn read(
        site: &Site,
        session: &Session,
        client: Option<&Client>,
        typed: Typed,
        wrong: Wrong,
    ) -> Result<Self, Refusal> {
        let (title, action, back) = match client.map(|client| path(client.id)) {
            None => ("Add a client", String::from("/dashboard/clients/new"), PATH.to_owned()),
            Some(path) => ("Change the client", format!("{path}/edit"), path),
        };
        let sources = sources::list(&site.crm, session.agent).await?;
        let shell = Shell::new(session, Place::Clients);
        let seen = client.map(|client| client.updated_at.to_rfc3339()).unwrap_or_default();
        let (once, is_new, has_changed) = (token(site), client.is_none(), false);
        Ok(Self { shell, title, action, back, typed, wrong, sources, is_new, once, seen, has_changed })
    }
}

async fn show_new(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    Ok(ok(&Form::read(&site, &session, None, Typed::default(), Wrong::default()).await?))
}

async fn create(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let typed = Typed::read(&fields);
    let made = match NewClient::read(&typed.fields()) {
        Ok(new) => clients::create(&site.crm, session.agent, new, fields.once(PATH)).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => {
            let done = if made.value.is_new { "client-added" } else { "client-known" };
            Ok(see_other(&format!("{}?done={done}", path(made.value.id))))
        }
        Err(error) => {
            let form = Form::read(&site, &session, None, typed, Wrong::of(error)?).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

async fn show_edit(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ClientId>,
) -> Result<Response, Refusal> {
    let client = clients::get(&site.crm, session.agent, id).await?;
    Ok(ok(&Form::read(&site, &session, Some(&client), Typed::of(&client), Wrong::default()).await?))
}

async fn update(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ClientId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::read(&fields);
    let changed = match ClientChange::read(&typed.fields()) {
        Ok(change) => {
            let seen = fields.get("seen").to_owned();
            let is_as_seen = move |client: &Client| seen.is_empty() || client.updated_at.to_rfc3339() == seen;
            clients::update(&site.crm, session.agent, id, change, is_as_seen).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&format!("{}?done=client-saved", path(id)))),
        Err(error) => {
            let client = clients::get(&site.crm, session.agent, id).await?;
            let form = Form::read(&site, &session, Some(&client), typed, Wrong::default()).await?;
            if error == Error::PreconditionFailed {
                return Ok(page(StatusCode::CONFLICT, &Form { has_changed: true, ..form }));
            }
            // What was seen stays what it was, or a change from meanwhile would be lost after all.
            let (wrong, seen) = (Wrong::of(error)?, fields.get("seen").to_owned());
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &Form { wrong, seen, ..form }))
        }
    }
}

/// A stage on the way, for the road on the page.
struct Step {
    id: StageId,
    name: String,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "dashboard/client.html")]
struct Shown {
    shell: Shell,
    path: String,
    client: Client,
    source: Option<String>,
    since: Time,
    dialled: Option<String>,
    steps: Vec<Step>,
    next_step: String,
    follow_up: Option<FollowUp>,
    tags: Tags,
    timeline: Timeline,
    typed_note: String,
    wrong: Wrong,
    once: String,
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ClientId>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Clients).following(&site, &session).await?;
    let stages = stages::list(&site.crm, session.agent).await?;
    let shell = match query.get("done").map(String::as_str) {
        Some("moved") => board::moved(shell, &query, &stages),
        done => shell.saying_follow_up(done, query.get("undo")),
    };
    Ok(ok(&Shown::read(&site, &session, shell, id, &stages).await?))
}

impl Shown {
    async fn read(
        site: &Site,
        session: &Session,
        shell: Shell,
        id: ClientId,
        stages: &[Stage],
    ) -> Result<Self, Refusal> {
        let client = clients::get(&site.crm, session.agent, id).await?;
        let names = SourceNames::read(&site.crm, session.agent).await?;
        let mut timeline = Timeline::new(&session.time_zone, site.crm.clock().now());
        timeline.add(
            client.created_at,
            "user-round-check",
            String::from("Became a client"),
            client.notes.clone(),
            None,
        );
        timeline.add_notes(&site.crm, session.agent, About::Client(id)).await?;
        let times = Times::of(&session.time_zone);
        let filter = Filter { client: Some(id), ..Filter::default() };
        let newest = Page { sort: Sort::NewestFirst, start: Start::Offset(0), limit: SHOWINGS, counted: 0 };
        for showing in showings::list(&site.crm, session.agent, filter, newest).await?.items {
            let title = format!("Showing: {}", showing.address);
            let at = showing.confirmed_time.map(|at| format!(" · {}", times.show_full(at).words)).unwrap_or_default();
            let text = format!("{}{at}", showings_page::words(showing.status));
            timeline.add(showing.created_at, "calendar", title, Some(text), Some(showing_page::path(showing.id)));
        }
        let steps = stages.iter().map(|stage| Step {
            id: stage.id,
            name: match stage.pipeline {
                stages::Pipeline::Seller => format!("Seller: {}", stage.name),
                _ => stage.name.clone(),
            },
            is_here: stage.name == client.buying_stage && stage.pipeline == client.pipeline,
        });
        Ok(Self {
            shell,
            path: path(id),
            source: client.source.as_deref().map(|source| names.of(source)),
            since: times.show(client.created_at),
            dialled: client.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
            steps: steps.collect(),
            client,
            next_step: next_steps::get(&site.crm, session.agent, id).await?.unwrap_or_default(),
            follow_up: FollowUp::read(site, session, About::Client(id)).await?,
            tags: Tags::read(site, session, About::Client(id)).await?,
            timeline: timeline.sorted(),
            typed_note: String::new(),
            wrong: Wrong::default(),
            once: token(site),
        })
    }
}

async fn add_note(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ClientId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let text = fields.get("text").to_owned();
    let given = Map::from_iter([(String::from("text"), json!(text))]);
    let made = match NewNote::read(&given) {
        Ok(new) => notes::create(&site.crm, session.agent, About::Client(id), new, fields.once("notes")).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(_) => Ok(see_other(&format!("{}?done=note-added", path(id)))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let shell = Shell::new(&session, Place::Clients);
            let stages = stages::list(&site.crm, session.agent).await?;
            let shown = Shown::read(&site, &session, shell, id, &stages).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &Shown { typed_note: text, wrong, ..shown }))
        }
    }
}

/// What comes next for the client.
async fn set_next_step(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ClientId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    next_steps::set(&site.crm, session.agent, id, fields.get("nextStep")).await?;
    Ok(see_other(&format!("{}?done=next-step-saved", path(id))))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ClientId>,
) -> Result<Response, Refusal> {
    clients::delete(&site.crm, session.agent, id, |_| true).await?;
    Ok(see_other(&format!("{PATH}?done=deleted&undo={id}")))
}
