//! One showing: who, where and when; what can be answered; what became of it.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error, availability,
    clock::UnixMillis,
    ids::ShowingId,
    listings,
    sessions::Session,
    showing_rules,
    showing_steps::{self, MOST_WORDS, ShowingStep},
    showings::{self, Showing, ShowingChange, ShowingStatus},
    slots,
};
use http::StatusCode;
use serde_json::{Map, json};

use super::{
    client,
    leads::dialled,
    listing,
    shell::{Place, Shell, Undo},
    showing_form, showing_rules as rules,
    showings::{PATH, tone, words},
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    showing_letters,
    signed_in::SignedIn,
    times::{Time, Times},
};

/// Other times that are offered.
const OFFERED: usize = 6;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/showings/new", get(showing_form::show).post(showing_form::create))
        .route("/dashboard/showings/{id}", get(show))
        .route("/dashboard/showings/{id}/confirm", post(confirm))
        .route("/dashboard/showings/{id}/end", post(end))
        .route("/dashboard/showings/{id}/back", post(take_back))
        .route("/dashboard/showings/{id}/notes", post(keep_notes))
}

/// The path of a showing's page.
pub(super) fn path(id: ShowingId) -> String {
    format!("{PATH}/{id}")
}

/// A step in words.
struct Step {
    when: Time,
    words: String,
    said: Option<String>,
}

/// What is typed of another time, and of an end.
#[derive(Default)]
struct Typed {
    day: String,
    time: String,
    words: String,
}

#[derive(Template)]
#[template(path = "dashboard/showing.html")]
struct Shown {
    shell: Shell,
    path: String,
    showing: Showing,
    client: String,
    listing: String,
    instructions: Option<String>,
    /// Who lets one in, and how.
    getting_in: Vec<(&'static str, String)>,
    dialled: Option<String>,
    status: &'static str,
    tone: &'static str,
    at: Option<Time>,
    /// The times asked for, with whether they are still to come.
    asked: Vec<(Time, bool)>,
    steps: Vec<Step>,
    /// Times at which it could be instead.
    free: Vec<Time>,
    zone: String,
    /// The day before which no time is chosen.
    today: String,
    typed: Typed,
    wrong: Wrong,
    is_over: bool,
    /// The address of a mail to the client that says how it stands, to be read over and sent by the agent's own program.
    letter: String,
}

impl Shown {
    async fn read(site: &Site, session: &Session, shell: Shell, id: ShowingId) -> Result<Self, Refusal> {
        let (crm, agent) = (&site.crm, session.agent);
        let showing = showings::get(crm, agent, id).await?;
        let instructions = match listings::get(crm, agent, showing.listing_id).await {
            Ok(listing) => listing.details.showing_instructions,
            Err(Error::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        let getting_in = match showing_rules::get(crm, agent, showing.listing_id).await {
            Ok(rules) => rules::getting_in(&rules),
            Err(Error::NotFound) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let steps = showing_steps::list(crm, agent, id).await?;
        let (times, now) = (Times::of(&session.time_zone), crm.clock().now());
        let (today, _) = times.fields(now);
        let is_open = matches!(showing.status, ShowingStatus::Requested | ShowingStatus::Confirmed);
        // Without hours of the week every time is as good as another.
        let free = match is_open && !availability::get(crm, agent).await?.hours.is_empty() {
            true => slots::free_to_move(crm, agent, id, now, OFFERED).await?,
            false => Vec::new(),
        };
        Ok(Self {
            shell,
            path: path(id),
            client: client::path(showing.client_id),
            listing: listing::path(showing.listing_id),
            instructions,
            getting_in,
            dialled: showing.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
            status: words(showing.status),
            tone: tone(showing.status),
            at: showing.confirmed_time.map(|at| times.show_full(at)),
            asked: showing.requested_times.iter().map(|at| (times.show_day(*at, now), *at > now)).collect(),
            free: free.into_iter().map(|at| times.show_day(at, now)).collect(),
            steps: history(&showing, &steps, &times, now),
            zone: session.time_zone.replace('_', " "),
            today,
            typed: Typed::default(),
            wrong: Wrong::default(),
            is_over: showing.confirmed_time.is_some_and(|at| at <= now),
            letter: showing_letters::to_client(&showing, steps.first().and_then(|step| step.words.as_deref()), &times),
            showing,
        })
    }

    fn is_waiting(&self) -> bool {
        self.showing.status == ShowingStatus::Requested
    }

    fn is_confirmed(&self) -> bool {
        self.showing.status == ShowingStatus::Confirmed
    }

    fn is_open(&self) -> bool {
        self.is_waiting() || self.is_confirmed()
    }

    fn most_words(&self) -> usize {
        MOST_WORDS
    }
}

/// What happened, the last first.
fn history(showing: &Showing, steps: &[ShowingStep], times: &Times, now: UnixMillis) -> Vec<Step> {
    let shown = steps.iter().enumerate().map(|(place, step)| {
        let at = step.confirmed_time.map(|at| times.show_full(at).words).unwrap_or_default();
        let before = steps.get(place + 1);
        let words = match (step.status, before.map(|before| before.status)) {
            (ShowingStatus::Confirmed, Some(ShowingStatus::Confirmed)) => format!("Moved to {at}"),
            (ShowingStatus::Confirmed, Some(ShowingStatus::Requested) | None) => format!("Confirmed for {at}"),
            (ShowingStatus::Confirmed, Some(_)) => format!("Taken back: confirmed for {at}"),
            (ShowingStatus::Requested, _) => String::from("Taken back: it waits for an answer"),
            (status, _) => words(status).to_owned(),
        };
        Step { when: times.show_near(step.at, now), words, said: step.words.clone() }
    });
    let asked = Step { when: times.show_near(showing.created_at, now), words: String::from("Recorded"), said: None };
    shown.chain([asked]).collect()
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ShowingId>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Showings).following(&site, &session).await?;
    Ok(ok(&Shown::read(&site, &session, said(shell, id, &query), id).await?))
}

/// Says what was done, with the way back from it.
fn said(shell: Shell, id: ShowingId, query: &HashMap<String, String>) -> Shell {
    let done = query.get("done").map(String::as_str);
    let before = query.get("undo").and_then(|at| at.parse::<i64>().ok()).map(|at| UnixMillis(at).to_rfc3339());
    match (done, before) {
        (Some("showing-moved"), Some(before)) => {
            let undo = Undo { action: format!("{}/confirm", path(id)), name: "at", values: vec![before], more: None };
            shell.noting(String::from("The showing is moved."), Some(undo))
        }
        (Some(done @ ("showing-declined" | "showing-cancelled" | "showing-completed")), _) => {
            let (action, values) = (format!("{}/back", path(id)), vec![String::from("1")]);
            let text = match done {
                "showing-declined" => "The showing is declined.",
                "showing-cancelled" => "The showing is cancelled.",
                _ => "The showing took place.",
            };
            shell.noting(String::from(text), Some(Undo { action, name: "undo", values, more: None }))
        }
        (done, _) => shell.saying(done),
    }
}

/// Where it goes on: where the form stood, if that is a page of the dashboard.
fn back(fields: &Fields, id: ShowingId) -> String {
    let here = fields.get("here");
    let is_ours = here == "/dashboard" || here.starts_with("/dashboard/") || here.starts_with("/dashboard?");
    if is_ours { here.to_owned() } else { path(id) }
}

fn with(address: &str, done: &str) -> String {
    let mark = if address.contains('?') { '&' } else { '?' };
    format!("{address}{mark}done={done}")
}

/// Confirms one of the times asked for, or another, or moves what is confirmed.
async fn confirm(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ShowingId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let before = showings::get(&site.crm, session.agent, id).await?;
    let times = Times::of(&session.time_zone);
    let at = match fields.get("at") {
        "" => times.at(fields.get("day"), fields.get("time")),
        at => UnixMillis::parse_rfc3339(at),
    };
    let changed = match at {
        Some(at) => showings::update(&site.crm, session.agent, id, ShowingChange::confirming(at), |_| true).await,
        None => Err(Error::invalid("confirmedTime", "needs a day and a time")),
    };
    match changed {
        Ok(_) => {
            let address = back(&fields, id);
            Ok(see_other(&match (before.status, before.confirmed_time) {
                (ShowingStatus::Confirmed, Some(was)) if Some(was) != at => {
                    format!("{}&undo={}", with(&path(id), "showing-moved"), was.0)
                }
                _ => with(&address, "showing-confirmed"),
            }))
        }
        Err(error) => refused(&site, &session, id, error, &fields).await,
    }
}

/// Declines, cancels or completes.
async fn end(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ShowingId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (status, done) = match fields.get("status") {
        "declined" => (ShowingStatus::Declined, "showing-declined"),
        "cancelled" => (ShowingStatus::Cancelled, "showing-cancelled"),
        "completed" => (ShowingStatus::Completed, "showing-completed"),
        _ => return Err(Refusal::BadForm),
    };
    let changed = match ShowingChange::becoming(status).saying(fields.get("words")) {
        Ok(change) => showings::update(&site.crm, session.agent, id, change, |_| true).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&with(&back(&fields, id), done))),
        Err(error) => refused(&site, &session, id, error, &fields).await,
    }
}

/// Takes back that it was called off, or that it took place.
async fn take_back(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ShowingId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    match showings::take_back(&site.crm, session.agent, id).await {
        Ok(_) => Ok(see_other(&with(&path(id), "showing-taken-back"))),
        Err(error) => refused(&site, &session, id, error, &fields).await,
    }
}

async fn keep_notes(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ShowingId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let notes = fields.get("notes");
    let notes = if notes.trim().is_empty() { json!(null) } else { json!(notes) };
    let changed = match ShowingChange::read(&Map::from_iter([(String::from("notes"), notes)])) {
        Ok(change) => showings::update(&site.crm, session.agent, id, change, |_| true).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&with(&path(id), "showing-saved"))),
        Err(error) => refused(&site, &session, id, error, &fields).await,
    }
}

/// The page again, with what was wrong and what was typed.
async fn refused(
    site: &Site,
    session: &Session,
    id: ShowingId,
    error: Error,
    fields: &Fields,
) -> Result<Response, Refusal> {
    let wrong = Wrong::of(error)?.in_words(&Times::of(&session.time_zone));
    let mut shown = Shown::read(site, session, Shell::new(session, Place::Showings), id).await?;
    let [day, time, words] = ["day", "time", "words"].map(|name| fields.get(name).to_owned());
    (shown.wrong, shown.typed) = (wrong, Typed { day, time, words });
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
}
