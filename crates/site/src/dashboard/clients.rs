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
    ids::{ClientId, StageId},
    pages::{Cursor, Filter, Page, Sort, Start},
    search,
    stages::{self, Pipeline, Stage},
};

use super::{
    client,
    leads::dialled,
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
const ROWS: u32 = 50;

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
    changed: Time,
}

impl Row {
    fn of(client: Client, times: &Times, now: UnixMillis) -> Self {
        Self {
            id: client.id,
            name: client.name,
            email: client.email,
            dialled: client.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
            phone: client.phone,
            stage: client.buying_stage,
            changed: times.show_near(client.updated_at, now),
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/clients.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    total: String,
    q: String,
    stage: Option<StageId>,
    stages: Vec<Stage>,
    is_narrowed: bool,
    newest: Option<String>,
    older: Option<String>,
}

impl List {
    fn is_chosen(&self, stage: &Stage) -> bool {
        self.stage == Some(stage.id)
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let q = get("q").trim().chars().take(200).collect::<String>();
    let stage = get("stage").parse::<StageId>().ok();
    let sort = Sort::LastChangedFirst;
    let start = Cursor::parse(get("after"), sort).map_or(Start::Offset(0), Start::After);
    let filter = Filter { stage, words: search::words(&q), ..Filter::default() };
    let listed = clients::list(&site.crm, session.agent, filter, Page { sort, start, limit: ROWS }).await?;
    let stages = stages::list(&site.crm, session.agent).await?;
    let link = |after: &str| {
        let mut link = form_urlencoded::Serializer::new(String::new());
        let stage = stage.map(|stage| stage.to_string()).unwrap_or_default();
        for (name, value) in [("q", q.as_str()), ("stage", stage.as_str()), ("after", after)] {
            if !value.is_empty() {
                link.append_pair(name, value);
            }
        }
        format!("{PATH}?{}", link.finish())
    };
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let total = match listed.total.is_exact {
        true => listed.total.count.to_string(),
        false => format!("more than {}", listed.total.count),
    };
    Ok(ok(&List {
        shell: said(Shell::new(&session, Place::Clients), &query),
        rows: listed.items.into_iter().map(|client| Row::of(client, &times, now)).collect(),
        total,
        is_narrowed: !q.is_empty() || stage.is_some(),
        newest: (!get("after").is_empty()).then(|| link("")),
        older: listed.next.map(|next| link(&next.to_string())),
        q: q.clone(),
        stage,
        stages,
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
