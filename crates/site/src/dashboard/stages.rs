//! Settings → Stages: the agent's own pipelines.

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
    ids::StageId,
    sessions::Session,
    stages::{self, Direction, Kind, Pipeline, Stage},
};
use http::StatusCode;

use super::shell::{Place, Shell};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{self, Refusal, ok, page, see_other},
    signed_in::SignedIn,
};

const PATH: &str = "/dashboard/settings/stages";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(create))
        .route("/dashboard/settings/stages/order", post(order))
        .route("/dashboard/settings/stages/{id}/rename", post(rename))
        .route("/dashboard/settings/stages/{id}/kind", post(set_kind))
        .route("/dashboard/settings/stages/{id}/move", post(shift))
        .route("/dashboard/settings/stages/{id}/delete", post(delete))
}

/// What a stage can mean, in words.
const MEANINGS: [(Kind, &str); 3] = [
    (Kind::Active, "Clients here are on their way"),
    (Kind::Closed, "Clients here have closed"),
    (Kind::Resting, "Clients here rest for now"),
];

/// A pipeline with its stages.
struct Row {
    pipeline: Pipeline,
    title: &'static str,
    stages: Vec<Stage>,
}

#[derive(Template)]
#[template(path = "dashboard/stages.html")]
struct Stages {
    shell: Shell,
    rows: Vec<Row>,
    /// What is wrong, and with which form: a stage's id, or a pipeline's name.
    wrong: Wrong,
    wrong_with: String,
    typed: String,
}

fn title(pipeline: Pipeline) -> &'static str {
    match pipeline {
        Pipeline::Buyer => "Buyers",
        Pipeline::Seller => "Sellers",
        Pipeline::Side => "Aside",
    }
}

impl Stages {
    async fn read(site: &Site, session: &Session, shell: Shell) -> Result<Self, Refusal> {
        let all = stages::list(&site.crm, session.agent).await?;
        let of = |pipeline| all.iter().filter(|stage| stage.pipeline == pipeline).cloned().collect();
        let rows = Pipeline::ALL.map(|pipeline| Row { pipeline, title: title(pipeline), stages: of(pipeline) });
        Ok(Self { shell, rows: rows.into(), wrong: Wrong::default(), wrong_with: String::new(), typed: String::new() })
    }

    /// What is wrong with one form.
    fn wrong_at(&self, form: &str, field: &str) -> Option<String> {
        if self.wrong_with == form { self.wrong.at(field) } else { None }
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Account).saying(query.get("done").map(String::as_str));
    Ok(ok(&Stages::read(&site, &session, shell).await?))
}

/// Goes on after a change, or shows what was wrong with it.
async fn answer<T>(
    site: &Site,
    session: &Session,
    changed: Result<T, Error>,
    done: &str,
    form: &str,
    typed: &str,
) -> Result<Response, Refusal> {
    match changed {
        Ok(_) => Ok(see_other(&format!("{PATH}?done={done}"))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let shown = Stages::read(site, session, Shell::new(session, Place::Account)).await?;
            let shown = Stages { wrong, wrong_with: form.to_owned(), typed: typed.to_owned(), ..shown };
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

fn pipeline(name: &str) -> Option<Pipeline> {
    Pipeline::ALL.into_iter().find(|pipeline| pipeline.name() == name)
}

async fn create(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let (form, name) = (fields.get("pipeline"), fields.get("name"));
    let Some(pipeline) = pipeline(form) else { return Ok(pages::not_found()) };
    let made = stages::create(&site.crm, session.agent, pipeline, name).await;
    answer(&site, &session, made, "stage-added", form, name).await
}

async fn rename(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(form): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let Ok(id) = form.parse::<StageId>() else { return Ok(pages::not_found()) };
    let name = fields.get("name");
    let renamed = stages::rename(&site.crm, session.agent, id, name).await;
    answer(&site, &session, renamed, "stage-saved", &form, name).await
}

async fn set_kind(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let kind = Kind::WORDS.iter().find(|(word, _)| *word == fields.get("kind"));
    let (Ok(id), Some((_, kind))) = (id.parse::<StageId>(), kind) else { return Ok(pages::not_found()) };
    stages::set_kind(&site.crm, session.agent, id, *kind).await?;
    Ok(see_other(&format!("{PATH}?done=stage-meant#{id}")))
}

async fn shift(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<StageId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let direction = if fields.get("to") == "up" { Direction::Up } else { Direction::Down };
    stages::shift(&site.crm, session.agent, id, direction).await?;
    Ok(see_other(&format!("{PATH}?done=stages-ordered#{id}")))
}

/// What dragging sends: every stage of a pipeline, in its new order.
async fn order(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let Some(pipeline) = pipeline(fields.get("pipeline")) else { return Ok(pages::not_found()) };
    let wanted = fields.all("stage").take(stages::MOST).filter_map(|id| id.parse().ok()).collect();
    stages::order(&site.crm, session.agent, pipeline, wanted).await?;
    Ok(see_other(&format!("{PATH}?done=stages-ordered")))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(form): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let Ok(id) = form.parse::<StageId>() else { return Ok(pages::not_found()) };
    let deleted = match fields.get("heir").parse::<StageId>() {
        Ok(heir) => stages::delete(&site.crm, session.agent, id, heir).await,
        Err(_) => Err(Error::invalid("heir", "choose a stage for the clients on this one")),
    };
    answer(&site, &session, deleted, "stage-deleted", &form, "").await
}
