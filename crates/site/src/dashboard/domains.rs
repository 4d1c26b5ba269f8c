//! Settings → Domain: where an agent's website is found under a name of their own.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error, agents,
    domains::{self, Domain, MOST},
    sessions::Session,
};
use http::{StatusCode, Uri};

use super::shell::{Place, Shell, Undo};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

const PATH: &str = "/dashboard/settings/domain";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(add))
        .route("/dashboard/settings/domain/{name}/check", post(check))
        .route("/dashboard/settings/domain/{name}/remove", post(remove))
}

/// A domain in the list.
struct Row {
    name: String,
    /// The address of the website there, once the name leads here.
    address: Option<String>,
    checked: Option<Time>,
    /// Why the name does not lead here, or there is no certificate.
    failure: Option<String>,
    is_watched: bool,
    /// Whether the name leads here, but https does not work there yet.
    waits: bool,
    /// Whether it is a part of a domain, such as `www.`: then an alias can lead it here.
    is_part: bool,
}

impl Row {
    fn of(domain: Domain, times: &Times, site: &Site) -> Self {
        let address = domain.verified_at.map(|_| format!("{}/", site.at(&domain.name)));
        let certificate = domain.certificate.as_ref();
        Self {
            address,
            checked: domain.checked_at.map(|at| times.show(at)),
            waits: domain.verified_at.is_some() && certificate.is_some_and(|one| one.expires_at.is_none()),
            failure: domain.failure.or_else(|| certificate.and_then(|one| one.failure.clone())),
            is_watched: domain.is_watched,
            is_part: domain.name.split('.').count() > 2,
            name: domain.name,
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/domain.html")]
struct Settings {
    shell: Shell,
    rows: Vec<Row>,
    /// Where the website is in any case.
    usual: String,
    /// The name that domains are to lead to.
    host: String,
    is_full: bool,
    typed: String,
    wrong: Wrong,
}

impl Settings {
    async fn read(site: &Site, session: &Session, shell: Shell) -> Result<Self, Refusal> {
        let times = Times::of(&session.time_zone);
        let domains = domains::list(&site.crm, session.agent).await?;
        let agent = agents::get(&site.crm, session.agent).await?;
        let rows: Vec<Row> = domains.into_iter().map(|domain| Row::of(domain, &times, site)).collect();
        Ok(Self {
            shell,
            is_full: i64::try_from(rows.len()).is_ok_and(|count| count >= MOST),
            rows,
            usual: format!("{}/a/{}", site.public_url, agent.slug),
            host: own_host(site).unwrap_or_default(),
            typed: String::new(),
            wrong: Wrong::default(),
        })
    }
}

fn own_host(site: &Site) -> Option<String> {
    site.public_url.parse::<Uri>().ok()?.host().map(str::to_ascii_lowercase)
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Account);
    let shell = match (query.get("done").map(String::as_str), query.get("name")) {
        (Some("domain-removed"), Some(name)) if domains::parse(name, None).is_ok_and(|parsed| parsed == *name) => {
            let undo = Undo { action: PATH.to_owned(), name: "name", values: vec![name.clone()], more: None };
            shell.noting(format!("{name} is removed. Nothing of yours is found there any more."), Some(undo))
        }
        (done, _) => shell.saying(done),
    };
    Ok(ok(&Settings::read(&site, &session, shell).await?))
}

async fn add(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let typed = fields.get("name").to_owned();
    match domains::add(&site.crm, session.agent, &typed, own_host(&site).as_deref()).await {
        Ok(_) => Ok(see_other(&format!("{PATH}?done=domain-added"))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let form = Settings::read(&site, &session, Shell::new(&session, Place::Account)).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &Settings { typed, wrong, ..form }))
        }
    }
}

async fn check(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let is_there = domains::list(&site.crm, session.agent).await?.iter().any(|domain| domain.name == name);
    if !is_there {
        return Err(Error::NotFound.into());
    }
    domains::add(&site.crm, session.agent, &name, own_host(&site).as_deref()).await?;
    Ok(see_other(&format!("{PATH}?done=domain-checked")))
}

async fn remove(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    domains::remove(&site.crm, session.agent, &name).await?;
    Ok(see_other(&format!("{PATH}?done=domain-removed&name={name}")))
}
