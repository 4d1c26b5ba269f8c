//! When to think of somebody again: set at one tap from the person's page and from Today, in the agent's time zone.

use axum::{Router, extract::State, response::Response, routing::post};
use crm::{
    Error,
    clock::UnixMillis,
    follow_ups,
    ids::{ClientId, LeadId},
    notes::About,
    sessions::Session,
};

use super::{client, lead, today};
use crate::{
    Site,
    fields::Fields,
    id_in_path::Id,
    pages::{Refusal, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/leads/{id}/follow-up", post(of_lead))
        .route("/dashboard/clients/{id}/follow-up", post(of_client))
}

/// A follow-up as a page shows it.
pub(super) struct FollowUp {
    pub when: Time,
    pub is_due: bool,
}

impl FollowUp {
    /// Of a lead or a client.
    pub async fn read(site: &Site, session: &Session, about: About) -> Result<Option<Self>, Error> {
        let at = follow_ups::get(&site.crm, session.agent, about).await?;
        let now = site.crm.clock().now();
        Ok(at.map(|at| Self { when: Times::of(&session.time_zone).show_weekday(at), is_due: at <= now }))
    }
}

async fn of_lead(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    set(&site, &session, About::Lead(id), &fields).await
}

async fn of_client(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ClientId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    set(&site, &session, About::Client(id), &fields).await
}

async fn set(site: &Site, session: &Session, about: About, fields: &Fields) -> Result<Response, Refusal> {
    let at = asked(fields, &Times::of(&session.time_zone), site.crm.clock().now())?;
    let before = follow_ups::set(&site.crm, session.agent, about, at).await?;
    let (page, id) = match about {
        About::Lead(id) => (lead::path(id), id.to_string()),
        About::Client(id) => (client::path(id), id.to_string()),
    };
    let page = if fields.get("here") == today::PATH { today::PATH.to_owned() } else { page };
    let done = match at {
        None => "followed-up",
        Some(_) => "follow-up-set",
    };
    let before = before.map_or(0, |before| before.0);
    Ok(see_other(&format!("{page}?done={done}&undo={id}.{before}")))
}

/// The instant that a form asks for; `None` for none.
fn asked(fields: &Fields, times: &Times, now: UnixMillis) -> Result<Option<UnixMillis>, Error> {
    let wrong = || Error::invalid("date", "must be a day to come");
    let at = match fields.get("when") {
        "tomorrow" => times.morning_in(now, 1),
        "three-days" => times.morning_in(now, 3),
        "next-week" => times.next_monday(now),
        "date" => times.morning_of(fields.get("date")).filter(|at| *at > now.minus(DAY)),
        // What it was before, to the millisecond.
        "was" => match fields.get("at").parse() {
            Ok(0) => return Ok(None),
            at => at.ok().map(UnixMillis).filter(|at| UnixMillis::RANGE.contains(&at.0)),
        },
        "never" => return Ok(None),
        _ => None,
    };
    at.ok_or_else(wrong).map(Some)
}

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
