//! The page of a listing.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use crm::{
    Error,
    ids::ListingId,
    listing_photos,
    listings::{self, Listing, ListingStatus, Publicity},
};
use http::HeaderMap;

use super::{Frame, Place, Visited, answers, cards, inquiry::Inquiry, photos::Shown};
use crate::{
    Site,
    pages::Refusal,
    prose::{self, Block},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/listings/{id}", get(show))
}

/// A listing's page.
#[derive(Template)]
#[template(path = "public/listing.html")]
pub(super) struct Home {
    frame: Frame,
    back: String,
    address: String,
    area: String,
    price: String,
    facts: Vec<String>,
    status: String,
    status_tone: &'static str,
    blocks: Vec<Block>,
    photos: Vec<Shown>,
    inquiry: Inquiry,
}

/// What there is under an id.
pub(super) enum Found {
    Listing(Box<Listing>),
    /// It was there, and is no more.
    Gone,
    Nothing,
}

/// What the public finds under an id.
pub(super) async fn find(site: &Site, visited: &Visited, id: &str) -> Result<Found, Error> {
    let Ok(id) = id.parse::<ListingId>() else { return Ok(Found::Nothing) };
    match listings::get(&site.crm, visited.agent(), id).await {
        Ok(listing) => Ok(match listing.status.publicity() {
            Publicity::Shown => Found::Listing(Box::new(listing)),
            Publicity::Gone => Found::Gone,
            Publicity::Hidden => Found::Nothing,
        }),
        Err(Error::NotFound) => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

impl Home {
    /// The page of a listing that is shown, with the form on it.
    pub async fn read(site: &Site, visited: &Visited, listing: &Listing, inquiry: Inquiry) -> Result<Self, Error> {
        let t = visited.words;
        let photos = listing_photos::list(&site.crm, visited.agent(), listing.id).await?;
        let shown = |(at, photo)| Shown::of(visited, listing.id, &listing.address, photo, at + 1);
        let photos = photos.iter().enumerate().filter_map(shown).collect();
        let (address, area) = cards::parted(&listing.address);
        let (price, facts) = (cards::price(listing), cards::facts(visited, listing));
        let status = t.say(cards::status_key(listing.status));
        let text = listing.details.description.clone().unwrap_or_default();
        let description = match text.trim() {
            "" => format!("{status}: {}. {price}. {}", listing.address, facts.join(", ")),
            text => format!("{price}. {}. {text}", facts.join(", ")),
        };
        let is_sold = listing.status == ListingStatus::Closed;
        let place = if is_sold { Place::Sold } else { Place::Listings };
        Ok(Self {
            frame: Frame::new(site, visited, Some(place), &listing.address, &description),
            back: visited.link(if is_sold { "/sold" } else { "/listings" }),
            address,
            area,
            price,
            facts,
            status,
            status_tone: listing.status.name(),
            blocks: prose::blocks(&text),
            photos,
            inquiry,
        })
    }
}

async fn show(
    State(site): State<Site>,
    visited: Visited,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(match find(&site, &visited, &id).await? {
        Found::Listing(listing) => {
            let inquiry = Inquiry::about_listing(&site, &visited, listing.id);
            answers::page(&visited, &headers, &Home::read(&site, &visited, &listing, inquiry).await?)
        }
        Found::Gone => answers::gone(&site, &visited),
        Found::Nothing => answers::not_found(&site, &visited),
    })
}
