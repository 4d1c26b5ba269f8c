//! The home page of a website.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use crm::{
    guides::{self, GuideStatus},
    listings,
    pages::{Filter, Page, Sort, Start},
};
use http::HeaderMap;

use super::{
    Frame, Place, Visited, answers,
    cards::{self, Card},
    guides::Book,
};
use crate::{Site, pages::Refusal};

/// Listings that the page shows.
const SHOWN: u32 = 6;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}", get(show))
}

#[derive(Template)]
#[template(path = "public/home.html")]
struct Home {
    frame: Frame,
    /// Where the agent works, as the headline says it.
    place: String,
    listings: String,
    cards: Vec<Card>,
    books: Vec<Book>,
    areas: Vec<String>,
    spoken: Vec<String>,
}

async fn show(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let t = visited.words;
    let filter = Filter { status: Some(String::from("active")), ..Filter::default() };
    let page = Page { sort: Sort::NewestFirst, start: Start::Offset(0), limit: SHOWN, counted: 0 };
    let listed = listings::list(&site.crm, visited.agent(), filter, page).await?;
    let cards = cards::read(&site, &visited, &listed.items).await?;
    let mut books = guides::list(&site.crm, visited.agent()).await?;
    books.retain(|guide| guide.status == GuideStatus::Published);
    let profile = &visited.website.profile;
    let place = match profile.service_areas.first() {
        Some(area) => t.say_with("home-kicker-area", &[("area", area)]),
        None => t.say("home-kicker"),
    };
    let description = t.say_with("home-description", &[("name", &profile.name), ("place", &place)]);
    Ok(answers::page(
        &visited,
        &headers,
        &Home {
            frame: Frame::new(&site, &visited, Some(Place::Home), "", &description),
            place,
            listings: visited.link("/listings"),
            cards,
            books: books.iter().take(3).map(|guide| Book::of(&visited, guide)).collect(),
            areas: profile.service_areas.clone(),
            spoken: profile.languages.clone(),
        },
    ))
}
