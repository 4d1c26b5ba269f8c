//! Settings → Availability: when the agent shows homes.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use crm::{
    availability::{self, DAYS_AHEAD, TypedAvailability},
    blocked_times as blocks,
    ids::BlockedTimeId,
    sessions::Session,
    slots,
    weekly_hours::TypedHours,
};
use http::StatusCode;

use super::{
    blocked_times::{self, Blocked, TypedBlock},
    hours::{self, Day, Minutes},
    shell::{Place, Shell, Undo},
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard/settings/availability";
/// Free times that are read for a check, and the days of them that are shown.
const READ: usize = 64;
const DAYS: usize = 3;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(save)).merge(blocked_times::routes())
}

/// A day with times that are free.
pub(super) struct FreeDay {
    pub words: String,
    pub times: Vec<Time>,
}

#[derive(Template)]
#[template(path = "dashboard/availability.html")]
pub(super) struct Availability {
    shell: Shell,
    zone: String,
    days: Vec<Day>,
    lengths: Vec<Minutes>,
    notices: Vec<Minutes>,
    travels: Vec<Minutes>,
    days_ahead: String,
    most_days: i64,
    /// Whether any hours are kept.
    is_set: bool,
    free: Vec<FreeDay>,
    blocked: Vec<Blocked>,
    block: TypedBlock,
    /// What is wrong with the hours and what goes with them.
    wrong: Wrong,
    /// What is wrong with the time to be blocked.
    wrong_block: Wrong,
}

/// What was typed into one of the page's forms and is wrong.
#[derive(Default)]
pub(super) struct Typed {
    pub availability: Option<(TypedAvailability, Wrong)>,
    pub block: Option<(TypedBlock, Wrong)>,
}

impl Availability {
    pub async fn with(site: &Site, session: &Session, shell: Shell, typed: Typed) -> Result<Self, Refusal> {
        let (crm, agent) = (&site.crm, session.agent);
        let held = availability::get(crm, agent).await?;
        let is_set = !held.hours.is_empty();
        let (shown, wrong) = typed.availability.unwrap_or_else(|| {
            let shown = TypedAvailability {
                hours: held.hours.typed(),
                showing_minutes: held.showing_minutes.to_string(),
                notice_minutes: held.notice_minutes.to_string(),
                travel_minutes: held.travel_minutes.to_string(),
                days_ahead: held.days_ahead.to_string(),
            };
            (shown, Wrong::default())
        });
        let (block, wrong_block) = typed.block.unwrap_or_default();
        let times = Times::of(&session.time_zone);
        let free = if is_set { slots::next(crm, agent, READ).await? } else { Vec::new() };
        let mut free = by_day(free, &times);
        free.truncate(DAYS);
        let blocked = blocks::list(crm, agent).await?.into_iter().map(|one| Blocked::of(one, &times));
        Ok(Self {
            shell,
            zone: session.time_zone.clone(),
            days: hours::days(&shown.hours, &wrong),
            lengths: hours::minutes(&[15, 20, 30, 45, 60, 90, 120], &shown.showing_minutes, ""),
            notices: hours::minutes(&[0, 30, 60, 120, 240, 720, 1440, 2880, 4320], &shown.notice_minutes, "None"),
            travels: hours::minutes(&[0, 10, 15, 20, 30, 45, 60, 90, 120], &shown.travel_minutes, "None"),
            days_ahead: shown.days_ahead,
            most_days: *DAYS_AHEAD.end(),
            is_set,
            free,
            blocked: blocked.collect(),
            block,
            wrong,
            wrong_block,
        })
    }
}

/// Times by their days.
pub(super) fn by_day(free: Vec<crm::clock::UnixMillis>, times: &Times) -> Vec<FreeDay> {
    let mut days = Vec::<FreeDay>::new();
    for at in free {
        let (words, time) = (times.day(at), Time { words: times.clock(at), exact: at.to_rfc3339() });
        match days.last_mut() {
            Some(last) if last.words == words => last.times.push(time),
            _ => days.push(FreeDay { words, times: vec![time] }),
        }
    }
    days
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Account);
    let undo = query.get("undo").and_then(|undo| undo.parse::<BlockedTimeId>().ok());
    let shell = match (query.get("done").map(String::as_str), undo) {
        (Some("unblocked"), Some(id)) => {
            let action = format!("{PATH}/blocked/{id}/restore");
            let undo = Undo { action, name: "restore", values: vec![String::from("1")], more: None };
            shell.noting(String::from("The time is open again."), Some(undo))
        }
        (done, _) => shell.saying(done),
    };
    Ok(ok(&Availability::with(&site, &session, shell, Typed::default()).await?))
}

async fn save(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let field = |name| fields.get(name).to_owned();
    let mut typed = TypedAvailability {
        hours: hours::read(&fields),
        showing_minutes: field("showingMinutes"),
        notice_minutes: field("noticeMinutes"),
        travel_minutes: field("travelMinutes"),
        days_ahead: field("daysAhead"),
    };
    match fields.get("hours") {
        // Monday's for every weekday.
        "weekdays" => {
            let monday = typed.hours[0].clone();
            typed.hours[1..5].fill(monday);
        }
        "none" => typed.hours = TypedHours::default(),
        _ => {}
    }
    match availability::replace(&site.crm, session.agent, &typed).await {
        Ok(()) => Ok(see_other(&format!("{PATH}?done=availability-saved"))),
        Err(error) => {
            let typed = Typed { availability: Some((typed, Wrong::of(error)?)), ..Typed::default() };
            let form = Availability::with(&site, &session, Shell::new(&session, Place::Account), typed).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}
