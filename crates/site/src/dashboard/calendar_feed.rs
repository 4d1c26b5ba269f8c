//! Settings → Calendar: the address at which the agent's own calendar subscribes to showings and open houses.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{calendar_feeds, sessions::Session, tokens::Token};

use super::shell::{Place, Shell};
use crate::{
    Site, calendar_feeds as feeds,
    pages::{Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

const PATH: &str = "/dashboard/settings/calendar";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(renew)).route("/dashboard/settings/calendar/end", post(end))
}

/// An address that was just made: shown this once.
struct Made {
    address: String,
    /// The same, for a program that subscribes at a tap.
    webcal: String,
}

#[derive(Template)]
#[template(path = "dashboard/calendar_feed.html")]
struct Settings {
    shell: Shell,
    since: Option<Time>,
    made: Option<Made>,
}

impl Settings {
    async fn read(site: &Site, session: &Session, shell: Shell, token: Option<Token>) -> Result<Self, Refusal> {
        let since = calendar_feeds::created_at(&site.crm, session.agent).await?;
        let made = token.map(|token| {
            let address = format!("{}{}", site.public_url, feeds::path(&token));
            let rest = address.split_once("://").map_or("", |(_, rest)| rest);
            Made { webcal: format!("webcal://{rest}"), address }
        });
        Ok(Self { shell, since: since.map(|since| Times::of(&session.time_zone).show(since)), made })
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Account).saying(query.get("done").map(String::as_str));
    Ok(ok(&Settings::read(&site, &session, shell, None).await?))
}

async fn renew(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    let token = calendar_feeds::renew(&site.crm, session.agent).await?;
    let shell = Shell::new(&session, Place::Account);
    Ok(ok(&Settings::read(&site, &session, shell, Some(token)).await?))
}

async fn end(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    calendar_feeds::revoke(&site.crm, session.agent).await?;
    Ok(see_other(&format!("{PATH}?done=feed-ended")))
}
