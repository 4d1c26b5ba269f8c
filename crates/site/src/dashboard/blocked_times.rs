//! Times at which an agent shows nothing: typed and shown in the agent's time zone.

use axum::{Router, extract::State, response::Response, routing::post};
use crm::{
    Error,
    blocked_times::{self, BlockedTime},
    ids::BlockedTimeId,
};
use http::StatusCode;

use super::{
    availability::{Availability, PATH, Typed},
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, page, see_other},
    signed_in::SignedIn,
    times::Times,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/settings/availability/blocked", post(create))
        .route("/dashboard/settings/availability/blocked/{id}/delete", post(delete))
        .route("/dashboard/settings/availability/blocked/{id}/restore", post(restore))
}

/// A blocked time in the list.
pub(super) struct Blocked {
    pub id: String,
    pub words: String,
    pub exact: String,
    pub note: Option<String>,
}

impl Blocked {
    pub fn of(blocked: BlockedTime, times: &Times) -> Self {
        Self {
            id: blocked.id.to_string(),
            words: times.stretch(blocked.starts_at, blocked.ends_at),
            exact: blocked.starts_at.to_rfc3339(),
            note: blocked.note,
        }
    }
}

/// A time to be blocked, as it is typed: whole days where there are no times, one day where there is no last.
#[derive(Default)]
pub(super) struct TypedBlock {
    pub first_day: String,
    pub starts: String,
    pub last_day: String,
    pub ends: String,
    pub note: String,
}

async fn create(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let [first_day, starts, last_day, ends, note] =
        ["firstDay", "starts", "lastDay", "ends", "note"].map(|name| fields.get(name).to_owned());
    let times = Times::of(&session.time_zone);
    let last = if last_day.is_empty() { &first_day } else { &last_day };
    let from = if starts.is_empty() { times.start_of(&first_day) } else { times.at(&first_day, &starts) };
    let to = if ends.is_empty() { times.end_of(last) } else { times.at(last, &ends) };
    let made = match (from, to) {
        (Some(from), Some(to)) => blocked_times::create(&site.crm, session.agent, from, to, &note).await,
        (None, _) => Err(Error::invalid("starts", "needs the day on which it begins")),
        (_, None) => Err(Error::invalid("ends", "must be a day and a time")),
    };
    match made {
        Ok(_) => Ok(see_other(&format!("{PATH}?done=blocked#blocked"))),
        Err(error) => {
            let block = TypedBlock { first_day, starts, last_day, ends, note };
            let typed = Typed { block: Some((block, Wrong::of(error)?)), ..Typed::default() };
            let form = Availability::with(&site, &session, Shell::new(&session, Place::Account), typed).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<BlockedTimeId>,
) -> Result<Response, Refusal> {
    blocked_times::delete(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{PATH}?done=unblocked&undo={id}")))
}

async fn restore(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<BlockedTimeId>,
) -> Result<Response, Refusal> {
    blocked_times::restore(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{PATH}?done=undone")))
}
