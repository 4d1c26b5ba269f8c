//! The feed of an agent's calendar, as calendars subscribe to it (RFC 5545): who knows its address reads it, without a cookie.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use crm::{
    Error,
    appointments::Opening,
    calendar_feeds::{self, Feed},
    clock::UnixMillis,
    files,
    showings::{Showing, ShowingStatus},
    tokens::Token,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use icalendar::{Calendar, Component, Event, EventLike, Property};
use jiff::Timestamp;

use crate::{Site, pages::Refusal, served};

/// How often a calendar that heeds it asks again.
const AGAIN: &str = "PT15M";
const WHAT: &str = "text/calendar; charset=utf-8";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/calendar/{file}", get(show))
}

/// Where a feed is read, but for scheme and host.
pub(crate) fn path(token: &Token) -> String {
    format!("/calendar/{}.ics", token.reveal())
}

async fn show(State(site): State<Site>, Path(file): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let token = file.strip_suffix(".ics").and_then(Token::parse);
    let feed = match token {
        Some(token) => calendar_feeds::read(&site.crm, &token).await,
        None => Err(Error::NotFound),
    };
    let feed = match feed {
        Ok(feed) => feed,
        // For a program, which shows what it is told or nothing.
        Err(Error::NotFound) => {
            return Ok((StatusCode::NOT_FOUND, "There is no such calendar, or no more.\n").into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let text = written(&feed, &site.public_url);
    let hash = files::hash_of(text.as_bytes());
    let tag = format!("\"{}\"", hash[..12].iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let mut response = if served::is_held(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, WHAT), (header::CONTENT_DISPOSITION, "inline; filename=\"showings.ics\"")], text)
            .into_response()
    };
    let held = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        held.insert(header::ETAG, tag);
    }
    held.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// A feed as text.
fn written(feed: &Feed, site: &str) -> String {
    let host = site.split_once("://").map_or(site, |(_, rest)| rest);
    let mut calendar = Calendar::empty();
    for (name, value) in [
        ("VERSION", "2.0"),
        ("PRODID", "-//OrganicAgent//Showings//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property(Property::new(name, value));
    }
    calendar.name(&format!("Showings of {}", feed.name));
    calendar.append_property(Property::new("X-WR-TIMEZONE", feed.zone.as_str()));
    // RFC 7986, section 5.7.
    calendar.append_property(Property::new("REFRESH-INTERVAL", AGAIN).add_parameter("VALUE", "DURATION").done());
    calendar.append_property(Property::new("X-PUBLISHED-TTL", AGAIN));
    for showing in &feed.span.showings {
        let steps = feed.steps.get(&showing.id).copied().unwrap_or(0);
        let event_at = |at: UnixMillis| {
            let ends_at = feed.ends.get(&showing.id).copied().unwrap_or_else(|| at.plus(feed.lasts));
            event_of(showing, (at, ends_at), steps, site, host)
        };
        calendar.extend(showing.confirmed_time.map(event_at));
    }
    for opening in &feed.span.openings {
        calendar.push(event_of_opening(opening, site, host));
    }
    calendar.to_string()
}

/// An instant in UTC, as a calendar has it.
fn instant(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at.0).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn event_of(showing: &Showing, (at, ends_at): (UnixMillis, UnixMillis), steps: u32, site: &str, host: &str) -> Event {
    let (title, status) = match showing.status {
        ShowingStatus::Declined | ShowingStatus::Cancelled => ("Cancelled: showing", "CANCELLED"),
        _ => ("Showing", "CONFIRMED"),
    };
    let reached =
        [Some(showing.name.as_str()), showing.phone.as_deref(), Some(&showing.email), showing.notes.as_deref()];
    let mut event = Event::new();
    event
        .uid(&format!("{}@{host}", showing.id))
        .sequence(steps)
        .summary(&format!("{title} with {}", showing.name))
        .description(&reached.into_iter().flatten().collect::<Vec<_>>().join("\n"))
        .location(&showing.address)
        .url(&format!("{site}/dashboard/showings/{}", showing.id))
        .add_property("DTSTAMP", instant(showing.updated_at))
        .add_property("CREATED", instant(showing.created_at))
        .add_property("LAST-MODIFIED", instant(showing.updated_at))
        .add_property("DTSTART", instant(at))
        .add_property("DTEND", instant(ends_at))
        .add_property("STATUS", status);
    event.done()
}

fn event_of_opening(opening: &Opening, site: &str, host: &str) -> Event {
    let made = instant(opening.id.created_at());
    let mut event = Event::new();
    event
        .uid(&format!("{}@{host}", opening.id))
        .sequence(0)
        .summary("Open house")
        .location(&opening.address)
        .url(&format!("{site}/dashboard/listings/{}", opening.listing))
        .add_property("DTSTAMP", made.clone())
        .add_property("CREATED", made)
        .add_property("DTSTART", instant(opening.starts_at))
        .add_property("DTEND", instant(opening.ends_at))
        .add_property("STATUS", "CONFIRMED");
    if let Some(notes) = &opening.notes {
        event.description(notes);
    }
    event.done()
}
