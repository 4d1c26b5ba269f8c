//! The page of a listing.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use crm::{
    Error,
    ids::ListingId,
    listing_photos, listing_prices,
    listings::{self, Listing, ListingStatus, Publicity},
    open_houses, shelves,
};
use http::HeaderMap;

use super::{
    Frame, Place, Visited, answers,
    cards::{self, Card},
    dates,
    estimate::Estimate,
    facts::{self, Fact},
    inquiry::Inquiry,
    ld,
    money::amount,
    photos::Shown,
};
use crate::{
    Site,
    pages::Refusal,
    prose::{self, Block},
};

/// Others that the page shows.
const SIMILAR: usize = 3;
/// Open houses and prices that it shows.
const MOST_ROWS: usize = 20;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/listings/{id}", get(show))
}

/// A time at which it is open.
struct OpenHouse {
    day: String,
    hours: String,
    exact: String,
    notes: String,
    /// Where it is for a calendar.
    calendar: String,
}

/// A price that was asked.
struct Asked {
    day: String,
    price: String,
    /// What became of the price before, such as `-4%`.
    change: String,
}

/// Where the page can be passed on.
struct Passing {
    mail: String,
    message: String,
    whatsapp: String,
    facebook: String,
}

/// A listing's page.
#[derive(Template)]
#[template(path = "public/listing.html")]
pub(super) struct Home {
    frame: Frame,
    back: String,
    back_words: String,
    path: String,
    address: String,
    area: String,
    price: String,
    per_month: bool,
    facts: Vec<String>,
    status: String,
    tone: &'static str,
    blocks: Vec<Block>,
    details: Vec<Fact>,
    photos: Vec<Shown>,
    tour: Option<String>,
    open: Vec<OpenHouse>,
    prices: Vec<Asked>,
    estimate: Option<Estimate>,
    lang: Option<String>,
    passing: Passing,
    cards: Vec<Card>,
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

/// What the page is about, in a sentence or two.
fn description(status: &str, listing: &Listing, price: &str, facts: &[String]) -> String {
    let facts = facts.join(", ");
    match listing.details.description.as_deref().unwrap_or_default().trim() {
        "" => format!("{status}: {}. {price}. {facts}", listing.address),
        text => format!("{price}. {facts}. {text}"),
    }
}

impl Home {
    fn photo_count(&self) -> u32 {
        u32::try_from(self.photos.len()).unwrap_or(u32::MAX)
    }

    /// The page of a listing that is shown, with the form on it. `query`: what the page was asked with, of which the estimate makes use.
    pub async fn read(
        site: &Site,
        visited: &Visited,
        listing: &Listing,
        query: &HashMap<String, String>,
        inquiry: Inquiry,
    ) -> Result<Self, Refusal> {
        let (t, agent) = (visited.words, visited.agent());
        let photos = listing_photos::list(&site.crm, agent, listing.id).await?;
        let shown = |(at, photo)| Shown::of(visited, listing.id, &listing.address, photo, at + 1);
        let photos = photos.iter().enumerate().filter_map(shown).collect::<Vec<_>>();
        let (address, area) = cards::parted(&listing.address);
        let (price, facts) = (cards::price(listing), cards::facts(visited, listing));
        let status = t.say(cards::status_words(listing));
        let description = description(&status, listing, &price, &facts);
        let is_sold = listing.status == ListingStatus::Closed;
        let place = if is_sold { Place::Sold } else { Place::Listings };
        let back_rest = if is_sold { "/sold" } else { "/listings" };
        let back_words = t.say(if is_sold { "listing-back-sold" } else { "listing-back" });
        let mut frame = Frame::new(site, visited, Some(place), &listing.address, &description);
        let rest = format!("/listings/{}", listing.id);
        frame.stand_at(site, visited, &rest);
        let url = frame.canonical.clone().unwrap_or_default();
        frame.picture(site, visited, photos.first());
        let trail = [(back_words.as_str(), back_rest), (address.as_str(), rest.as_str())];
        frame.tell(&[
            ld::listing(site, visited, listing, &frame, &photos),
            ld::agent(site, visited),
            ld::way(site, visited, &trail),
        ]);
        let is_lease = cards::is_lease(listing);
        let similar = shelves::similar(&site.crm, agent, listing, SIMILAR).await?;
        Ok(Self {
            back: visited.link(back_rest),
            back_words,
            path: format!("{}{rest}", visited.base()),
            per_month: is_lease,
            status,
            tone: listing.status.name(),
            blocks: prose::blocks(listing.details.description.as_deref().unwrap_or_default()),
            details: facts::all(visited, listing),
            tour: listing.details.virtual_tour_url.clone(),
            open: if is_sold { Vec::new() } else { open(site, visited, listing).await? },
            prices: prices(site, visited, listing).await?,
            estimate: Estimate::of(listing, query).filter(|_| !is_lease && !is_sold),
            lang: visited.named_language(),
            passing: passing(&listing.address, &url),
            cards: cards::read(site, visited, &similar).await?,
            frame,
            address,
            area,
            price,
            facts,
            photos,
            inquiry,
        })
    }
}

/// The open houses that are still to come, in the agent's time zone.
async fn open(site: &Site, visited: &Visited, listing: &Listing) -> Result<Vec<OpenHouse>, Error> {
    let (t, times, now) = (visited.words, visited.times(), site.crm.clock().now());
    let houses = open_houses::list(&site.crm, visited.agent(), listing.id).await?;
    let to_come = houses.into_iter().filter(|house| house.ends_at > now).take(MOST_ROWS);
    let told = to_come.map(|house| OpenHouse {
        day: dates::weekday(t, times.date_of(house.starts_at)),
        hours: t.say_with(
            "open-hours",
            &[("from", &dates::clock(t, &times, house.starts_at)), ("to", &dates::clock(t, &times, house.ends_at))],
        ),
        exact: house.starts_at.to_rfc3339(),
        notes: house.notes.unwrap_or_default(),
        calendar: format!("{}/listings/{}/open-houses/{}.ics", visited.base(), listing.id, house.id),
    });
    Ok(told.collect())
}

/// What was asked for it, where that has changed; the latest first.
async fn prices(site: &Site, visited: &Visited, listing: &Listing) -> Result<Vec<Asked>, Error> {
    let asked = listing_prices::list(&site.crm, visited.agent(), listing).await?;
    if asked.len() < 2 {
        return Ok(Vec::new());
    }
    let times = visited.times();
    let told = asked.iter().enumerate().take(MOST_ROWS).map(|(at, one)| {
        let before = asked.get(at + 1).filter(|before| before.currency == one.currency && before.price.cents() > 0);
        let change = before.map(|before| {
            let share = (one.price.cents() - before.price.cents()) as f64 / before.price.cents() as f64;
            format!("{:+.1} %", share * 100.0).replace('-', "−")
        });
        Asked {
            day: dates::day(visited.words, times.date_of(one.since)),
            price: amount(one.price, &one.currency),
            change: change.unwrap_or_default(),
        }
    });
    Ok(told.collect())
}

fn passing(title: &str, url: &str) -> Passing {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (title, whole) = (encode(title), encode(url));
    Passing {
        mail: format!("mailto:?subject={title}&body={whole}"),
        message: format!("sms:?&body={title}%20{whole}"),
        whatsapp: format!("https://wa.me/?text={title}%20{whole}"),
        facebook: format!("https://www.facebook.com/sharer/sharer.php?u={whole}"),
    }
}

async fn show(
    State(site): State<Site>,
    visited: Visited,
    Path((_, id)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(match find(&site, &visited, &id).await? {
        Found::Listing(listing) => {
            let inquiry = Inquiry::about_listing(&site, &visited, listing.id);
            answers::page(&visited, &headers, &Home::read(&site, &visited, &listing, &query, inquiry).await?)
        }
        Found::Gone => answers::gone(&site, &visited),
        Found::Nothing => answers::not_found(&site, &visited),
    })
}
