//! Clients on a board: a column for each stage, moved by dragging, by touch, by keyboard or by a plain form.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    clients::{self, ClientChange, Column},
    clock::UnixMillis,
    ids::{ClientId, StageId},
    stages::{self, Pipeline, Stage},
};
use serde_json::{Map, json};

use super::shell::{Place, Shell, Undo};
use crate::{
    Site,
    fields::Fields,
    pages::{self, Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

const PATH: &str = "/dashboard/clients/board";
/// Cards in a column; the rest is a link away.
const CARDS: u32 = 30;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show)).route("/dashboard/clients/{id}/stage", post(set_stage))
}

struct Card {
    id: ClientId,
    name: String,
    email: String,
    since: Time,
}

struct Stack {
    stage: Stage,
    count: String,
    cards: Vec<Card>,
    has_more: bool,
}

impl Stack {
    fn of(column: Column, times: &Times, now: UnixMillis) -> Self {
        let Column { stage, clients } = column;
        let count = match clients.total.is_exact {
            true => clients.total.count.to_string(),
            false => format!("{}+", clients.total.count),
        };
        let cards = clients.items.into_iter().map(|client| Card {
            id: client.id,
            name: client.name,
            email: client.email,
            since: times.show_near(client.updated_at, now),
        });
        Self { stage, count, cards: cards.collect(), has_more: clients.next.is_some() }
    }
}

#[derive(Template)]
#[template(path = "dashboard/board.html")]
struct Board {
    shell: Shell,
    pipeline: Pipeline,
    stacks: Vec<Stack>,
    here: String,
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let pipeline = match query.get("pipeline").map(String::as_str) {
        Some("seller") => Pipeline::Seller,
        _ => Pipeline::Buyer,
    };
    let shell = Shell::new(&session, Place::Clients).following(&site, &session).await?;
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let columns = clients::board(&site.crm, session.agent, pipeline, CARDS).await?;
    let stages = columns.iter().map(|column| column.stage.clone()).collect::<Vec<_>>();
    Ok(ok(&Board {
        shell: moved(shell, &query, &stages),
        pipeline,
        stacks: columns.into_iter().map(|column| Stack::of(column, &times, now)).collect(),
        here: format!("{PATH}?pipeline={}", pipeline.name()),
    }))
}

/// Says who was moved, with the way back.
pub(super) fn moved(shell: Shell, query: &HashMap<String, String>, stages: &[Stage]) -> Shell {
    let done = query.get("done").map(String::as_str);
    let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let (Some("moved"), Ok(client)) = (done, get("client").parse::<ClientId>()) else { return shell.saying(done) };
    let find = |name: &str| stages.iter().find(|stage| get(name).parse::<StageId>() == Ok(stage.id));
    let Some(from) = find("from") else { return shell.saying(done) };
    let to = find("to").map_or("another stage", |stage| stage.name.as_str());
    let undo = Undo {
        action: format!("/dashboard/clients/{client}/stage"),
        name: "stage",
        values: vec![from.id.to_string()],
        more: None,
    };
    shell.noting(format!("Moved from {} to {to}.", from.name), Some(undo))
}

/// Moves a client to a stage.
async fn set_stage(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (Ok(id), Ok(to)) = (id.parse::<ClientId>(), fields.get("stage").parse::<StageId>()) else {
        return Ok(pages::not_found());
    };
    let stages = stages::list(&site.crm, session.agent).await?;
    let before = clients::get(&site.crm, session.agent, id).await?;
    let is_before = |stage: &&Stage| stage.name == before.buying_stage && stage.pipeline == before.pipeline;
    let from = stages.iter().find(is_before).map(|stage| stage.id).ok_or(Error::NotFound)?;
    let given = Map::from_iter([(String::from("buyingStage"), json!(to.to_string()))]);
    clients::update(&site.crm, session.agent, id, ClientChange::read(&given)?, |_| true).await?;
    let here = Some(fields.get("here")).filter(|here| here.starts_with("/dashboard/clients")).unwrap_or(PATH);
    let joint = if here.contains('?') { '&' } else { '?' };
    let done = if from == to { String::new() } else { format!("{joint}done=moved&client={id}&from={from}&to={to}") };
    Ok(see_other(&format!("{here}{done}")))
}
