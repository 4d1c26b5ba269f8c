//! Clients: the list.

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
    clients::{self, Client},
    clock::UnixMillis,
    ids::ClientId,
    pages::Sort,
    stages::{self, Pipeline, Stage},
    tags,
};

use super::{
    client,
    leads::dialled,
    lists::{self, Asked, Bar, Choice},
    shell::{Place, Shell, Undo},
};
use crate::{
    Site,
    fields::Fields,
    pages::{Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard/clients";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show)).route("/dashboard/clients/restore", post(restore)).merge(client::routes())
}

struct Row {
    id: ClientId,
    name: String,
    email: String,
    phone: Option<String>,
    dialled: Option<String>,
    stage: String,
    /// When the client was last changed or, in an order by that, became one.
    when: Time,
    tags: Vec<String>,
}

impl Row {
    fn of(client: Client, is_by_change: bool, times: &Times, now: UnixMillis) -> Self {
        let when = if is_by_change { client.updated_at } else { client.created_at };
        Self {
            id: client.id,
            name: client.name,
            email: client.email,
            dialled: client.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
            phone: client.phone,
            stage: client.buying_stage,
            when: times.show_near(when, now),
            tags: Vec::new(),
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/clients.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    total: String,
    asked: Asked,
    bar: Bar,
    is_by_change: bool,
    newest: Option<String>,
    older: Option<String>,
}

/// A stage as menus name it.
fn stage_words(stage: &Stage) -> String {
    match stage.pipeline {
        Pipeline::Seller => format!("Seller: {}", stage.name),
        _ => stage.name.clone(),
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let asked = Asked::read(&lists::CLIENTS, &query);
    let shell = said(Shell::new(&session, Place::Clients).following(&site, &session).await?, &query);
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let page = asked.page();
    let listed = clients::list(&site.crm, session.agent, asked.filter(&times), page).await?;
    let people = listed.items.iter().map(|client| client.id.0).collect();
    let mut tagged = tags::of_many(&site.crm, session.agent, people).await?;
    let stages = stages::list(&site.crm, session.agent).await?;
    let stages = stages.iter().map(|stage| (stage.id.to_string(), stage_words(stage))).collect();
    let tags = tags::of_clients(&site.crm, session.agent).await?;
    let is_by_change = page.sort == Sort::LastChangedFirst;
    Ok(ok(&List {
        shell,
        rows: listed
            .items
            .into_iter()
            .map(|client| {
                let tags = tagged.remove(&client.id.0).unwrap_or_default();
                Row { tags, ..Row::of(client, is_by_change, &times, now) }
            })
            .collect(),
        total: lists::count(listed.total),
        bar: asked.bar(vec![Choice::new("stage", "Stage", stages)], &tags),
        is_by_change,
        newest: asked.newest(),
        older: asked.older(listed.next),
        asked,
    }))
}

/// Says who was deleted, with the way back.
fn said(shell: Shell, query: &HashMap<String, String>) -> Shell {
    match (query.get("done").map(String::as_str), query.get("undo")) {
        (Some("deleted"), Some(id)) => {
            let undo = Undo { action: format!("{PATH}/restore"), name: "client", values: vec![id.clone()], more: None };
            shell.noting(String::from("The client is deleted. For 30 days it can be taken back."), Some(undo))
        }
        (done, _) => shell.saying(done),
    }
}

/// Brings a deleted client back.
async fn restore(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let id = fields.get("client").parse::<ClientId>().map_err(|_| Error::NotFound)?;
    match clients::restore(&site.crm, session.agent, id).await {
        Ok(_) => Ok(see_other(&format!("{}?done=client-restored", client::path(id)))),
        Err(error) => Err(error.into()),
    }
}
