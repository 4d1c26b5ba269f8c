//! `/events`: the feed.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    events::{self, Event, EventFilter, EventKind},
    ids::EventId,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api,
    lists::{self, DEFAULT_LIMIT, MAX_LIMIT},
    openapi::ListErrors,
    query::Params,
    reply::{self, Answer},
};

/// The names of events.
#[derive(Serialize, ToSchema)]
#[schema(example = "lead.created")]
#[expect(dead_code, reason = "describes what is read by its name")]
pub(crate) enum EventName {
    #[serde(rename = "lead.created")]
    LeadCreated,
    #[serde(rename = "client.created")]
    ClientCreated,
    #[serde(rename = "listing.created")]
    ListingCreated,
    #[serde(rename = "showing.requested")]
    ShowingRequested,
    #[serde(rename = "client.stage_changed")]
    ClientStageChanged,
}

/// A part of the feed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventList {
    /// Events in the order they happened.
    events: Vec<Event>,
    /// Where to go on: the next call's `after`. Repeats `after` when nothing is new; `null` while there is no event at all.
    next_cursor: Option<String>,
}

/// Follow what happened.
///
/// Ascending. Ask again with `after` set to the last `nextCursor`: a follower misses none.
#[utoipa::path(
    get, path = "/events", tag = "Events", operation_id = "list_events",
    params(
        ("type" = inline(Option<EventName>), Query, description = "Only events of this name."),
        ("after" = Option<String>, Query, description = "Only events after the one with this id."),
        ("limit" = Option<u32>, Query, description = "How many at most.", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "Events, oldest first.", body = EventList), ListErrors),
)]
pub(crate) async fn list(State(api): State<Api>, Extension(caller): Extension<Caller>, params: Params) -> Answer {
    let (filter, after) = lists::checked(params, |params| {
        let kind = params.parsed("type", |text| {
            let names = || EventKind::ALL.map(EventKind::name).join(", ");
            EventKind::from_name(text).ok_or_else(|| format!("must be one of {}", names()))
        });
        let after = params.parsed("after", |text| text.parse::<EventId>().map_err(|_| "must be the id of an event"));
        let limit = params.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT);
        (EventFilter { kind, after, limit }, after)
    })?;
    let events = events::list(&api.crm, caller.agent, filter).await?;
    let next_cursor = events.last().map(|event| event.id).or(after).map(|id| id.to_string());
    reply::representation(&EventList { events, next_cursor })
}
