//! An open house for a visitor's own calendar (RFC 5545).

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use crm::{
    clock::UnixMillis,
    ids::OpenHouseId,
    listings::Listing,
    open_houses::{self, OpenHouse},
};
use http::HeaderMap;
use icalendar::{Calendar, Component, Event, EventLike, Property};
use jiff::Timestamp;

use super::{
    Visited, answers,
    listing::{self, Found},
};
use crate::{Site, pages::Refusal};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/listings/{id}/open-houses/{file}", get(show))
}

async fn show(
    State(site): State<Site>,
    visited: Visited,
    Path((_, id, file)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let house = file.strip_suffix(".ics").and_then(|id| id.parse::<OpenHouseId>().ok());
    let (Found::Listing(listing), Some(house)) = (listing::find(&site, &visited, &id).await?, house) else {
        return Ok(answers::not_found(&site, &visited));
    };
    let houses = open_houses::list(&site.crm, visited.agent(), listing.id).await?;
    match houses.into_iter().find(|held| held.id == house) {
        Some(house) => {
            let text = written(&site, &visited, &listing, &house);
            Ok(answers::text(&visited, &headers, "text/calendar; charset=utf-8", text))
        }
        None => Ok(answers::not_found(&site, &visited)),
    }
}

/// An instant in UTC, as a calendar has it.
fn instant(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at.0).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn written(site: &Site, visited: &Visited, listing: &Listing, house: &OpenHouse) -> String {
    let host = site.public_url.split_once("://").map_or(&*site.public_url, |(_, rest)| rest);
    let mut calendar = Calendar::empty();
    for (name, value) in [
        ("VERSION", "2.0"),
        ("PRODID", "-//OrganicAgent//Website//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property(Property::new(name, value));
    }
    let made = instant(house.id.created_at());
    let mut event = Event::new();
    event
        .uid(&format!("{}@{host}", house.id))
        .summary(&visited.words.say_with("open-summary", &[("address", &listing.address)]))
        .location(&listing.address)
        .url(&visited.outside(site, &format!("/listings/{}", listing.id)))
        .add_property("DTSTAMP", made.clone())
        .add_property("CREATED", made)
        .add_property("DTSTART", instant(house.starts_at))
        .add_property("DTEND", instant(house.ends_at))
        .add_property("STATUS", "CONFIRMED");
    if let Some(notes) = &house.notes {
        event.description(notes);
    }
    calendar.push(event.done());
    calendar.to_string()
}
