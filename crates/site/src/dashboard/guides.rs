//! Guides: the list.

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
    guides::{self, Guide, GuideStatus, MOST, Shift},
    ids::GuideId,
};

use super::{
    guide::{self, Cover},
    shell::{Place, Shell, Undo},
};
use crate::{
    Site,
    fields::Fields,
    id_in_path::Id,
    pages::{self, Refusal, ok, see_other},
    signed_in::SignedIn,
};

pub(super) const PATH: &str = "/dashboard/guides";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show))
        .route("/dashboard/guides/restore", post(restore))
        .route("/dashboard/guides/{id}/move", post(shift))
        .merge(guide::routes())
}

/// A status in words, and how it looks.
pub(super) fn words(status: GuideStatus) -> (&'static str, &'static str) {
    match status {
        GuideStatus::Draft => ("Draft", ""),
        GuideStatus::Published => ("Published", " good"),
    }
}

/// A guide in the list.
struct Row {
    guide: Guide,
    cover: Cover,
    status: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "dashboard/guides.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    downloads: String,
    leads: String,
    has_room: bool,
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Guides).following(&site, &session).await?;
    let guides = guides::list(&site.crm, session.agent).await?;
    let (downloads, leads) =
        guides.iter().fold((0, 0), |(downloads, leads), guide| (downloads + guide.downloads, leads + guide.leads));
    let has_room = guides.len() < MOST;
    let row = |guide: Guide| {
        let (status, tone) = words(guide.status);
        Row { cover: Cover::of(&guide, &session.agent_name), status, tone, guide }
    };
    let rows = guides.into_iter().map(row).collect();
    let counted = |count: i64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let (downloads, leads) = (counted(downloads, "download"), counted(leads, "lead"));
    Ok(ok(&List { shell: said(shell, &query), rows, downloads, leads, has_room }))
}

/// Says what was deleted, with the way back.
fn said(shell: Shell, query: &HashMap<String, String>) -> Shell {
    match (query.get("done").map(String::as_str), query.get("undo")) {
        (Some("deleted"), Some(id)) => {
            let (action, values) = (format!("{PATH}/restore"), vec![id.clone()]);
            let undo = Undo { action, name: "guide", values, more: None };
            shell.noting(String::from("The guide is deleted. For 30 days it can be taken back."), Some(undo))
        }
        (done, _) => shell.saying(done),
    }
}

/// Brings a deleted guide back.
async fn restore(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let id = fields.get("guide").parse::<GuideId>().map_err(|_| Error::NotFound)?;
    guides::restore(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{}?done=guide-restored", guide::path(id))))
}

async fn shift(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let to = match fields.get("to") {
        "earlier" => Shift::Earlier,
        "later" => Shift::Later,
        _ => return Ok(pages::not_found()),
    };
    guides::shift(&site.crm, session.agent, id, to).await?;
    Ok(see_other(&format!("{PATH}?done=guides-ordered#{id}")))
}
