//! Settings → API: keys, the list of webhooks, and how to connect.

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    api_keys::{self, ApiKey, Key, NewKey, Scopes},
    ids::ApiKeyId,
    sessions::Session,
    webhooks,
};
use http::StatusCode;

use super::{
    shell::{Place, Shell},
    webhooks::Line,
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, page, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard/settings/api";

/// How long a new key may hold, in days, with the words of the form.
const LIFETIMES: [(&str, &str, Option<u64>); 4] =
    [("", "Never ends", None), ("30", "30 days", Some(30)), ("90", "90 days", Some(90)), ("365", "1 year", Some(365))];

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show))
        .route("/dashboard/settings/api/keys", post(create))
        .route("/dashboard/settings/api/keys/{id}/revoke", post(revoke))
}

/// A key as a row shows it.
struct Row {
    id: ApiKeyId,
    name: String,
    hint: String,
    scopes: &'static str,
    created: Time,
    last_used: Option<Time>,
    ends: Option<Time>,
    has_ended: bool,
}

impl Row {
    fn of(key: ApiKey, times: &Times, now: crm::clock::UnixMillis) -> Self {
        let scopes = match (key.scopes.can_read, key.scopes.can_write) {
            (true, true) => "Read and write",
            (true, false) => "Read",
            _ => "Write",
        };
        Self {
            id: key.id,
            name: key.name,
            hint: key.hint,
            scopes,
            created: times.show(key.id.created_at()),
            last_used: key.last_used_at.map(|at| times.show(at)),
            ends: key.expires_at.map(|at| times.show(at)),
            has_ended: key.expires_at.is_some_and(|at| at <= now),
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/api.html")]
struct Api<'a> {
    shell: Shell,
    base_url: &'a str,
    slug: &'a str,
    keys: Vec<Row>,
    webhooks: Vec<Line>,
    lifetimes: &'static [(&'static str, &'static str, Option<u64>)],
    /// The key that was just made: shown this once.
    made: Option<(String, String)>,
    typed_name: &'a str,
    wrong: Wrong,
}

/// `?done=`.
type Asked = Query<std::collections::HashMap<String, String>>;

async fn show(State(site): State<Site>, SignedIn(session): SignedIn, Query(asked): Asked) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Api).saying(asked.get("done").map(String::as_str));
    render(&site, &session, shell, StatusCode::OK, None, "", Wrong::default()).await
}

async fn render(
    site: &Site,
    session: &Session,
    shell: Shell,
    status: StatusCode,
    made: Option<(String, Key)>,
    typed_name: &str,
    wrong: Wrong,
) -> Result<Response, Refusal> {
    let times = Times::of(&session.time_zone);
    let now = site.crm.clock().now();
    let keys = api_keys::list(&site.crm, session.agent).await?;
    let keys = keys.into_iter().map(|key| Row::of(key, &times, now)).collect();
    let webhooks = webhooks::list(&site.crm, session.agent).await?.iter().map(Line::of).collect();
    let made = made.map(|(name, key)| (name, key.reveal().to_owned()));
    let api = Api {
        shell,
        base_url: &site.public_url,
        slug: &session.slug,
        keys,
        webhooks,
        lifetimes: &LIFETIMES,
        made,
        typed_name,
        wrong,
    };
    Ok(page(status, &api))
}

async fn create(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Api);
    let name = fields.get("name");
    let scopes = match fields.get("scope") {
        "read" => Scopes { can_read: true, can_write: false },
        "write" => Scopes { can_read: false, can_write: true },
        _ => Scopes::ALL,
    };
    let days = LIFETIMES.iter().find(|(value, ..)| *value == fields.get("expires")).and_then(|(.., days)| *days);
    let lifetime = days.map(|days| Duration::from_secs(days * 24 * 60 * 60));
    let new = NewKey { name: name.to_owned(), scopes, lifetime };
    match api_keys::create(&site.crm, session.agent, new).await {
        Ok(key) => {
            let made = Some((name.trim().to_owned(), key));
            render(&site, &session, shell, StatusCode::CREATED, made, "", Wrong::default()).await
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            render(&site, &session, shell, StatusCode::UNPROCESSABLE_ENTITY, None, name, wrong).await
        }
    }
}

async fn revoke(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ApiKeyId>,
) -> Result<Response, Refusal> {
    match api_keys::revoke(&site.crm, session.agent, id).await {
        // Twice is as good as once.
        Ok(()) | Err(Error::NotFound) => Ok(see_other("/dashboard/settings/api?done=key-revoked")),
        Err(error) => Err(error.into()),
    }
}
