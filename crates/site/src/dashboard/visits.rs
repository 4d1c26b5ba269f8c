//! Visits: how often the website is looked at, where from, and what comes of it. Drawn as SVG, with a table that says the same.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use crm::{
    AgentId, Error, guides,
    ids::ListingId,
    inquiries::DIRECT,
    listings,
    visits::{self, Numbers, Visited},
};

use super::{
    guide, listing,
    shell::{Place, Shell},
};
use crate::{
    Site,
    pages::{Refusal, ok},
    signed_in::SignedIn,
};

const PATH: &str = "/dashboard/visits";
/// Days that can be asked for, with what the page says, the width of a day's column in the drawing, and each how many bears a date.
const SPANS: [Span; 3] = [
    Span { days: 7, words: "7 days", column: 92, bar: 52, dated: 1 },
    Span { days: 30, words: "30 days", column: 22, bar: 14, dated: 5 },
    Span { days: 90, words: "90 days", column: 7, bar: 5, dated: 15 },
];
/// The height of the tallest column, and what is above it.
const TALLEST: i64 = 140;
const TOP: i64 = 24;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show))
}

#[derive(Clone, Copy, PartialEq)]
struct Span {
    days: u32,
    words: &'static str,
    column: i64,
    bar: i64,
    dated: usize,
}

/// A day in the drawing and in the table.
struct Day {
    x: i64,
    y: i64,
    height: i64,
    /// The middle of its column.
    middle: i64,
    /// The day as the drawing has it, where it has one.
    dated: Option<String>,
    name: String,
    count: Visited,
}

/// A page or an origin.
struct Row {
    name: String,
    link: Option<String>,
    count: Visited,
}

#[derive(Template)]
#[template(path = "dashboard/visits.html")]
struct Shown {
    shell: Shell,
    spans: [Span; 3],
    span: Span,
    width: i64,
    days: Vec<Day>,
    pages: Vec<Row>,
    origins: Vec<Row>,
    all: Visited,
    website: String,
}

impl Shown {
    /// Of a hundred visitors, so many became leads.
    fn share(&self) -> Option<String> {
        let Visited { visitors, leads, .. } = self.all;
        (visitors >= 20).then(|| format!("{}.{}", leads * 100 / visitors, leads * 1000 / visitors % 10))
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let asked = query.get("days").map(String::as_str).unwrap_or_default();
    let span = SPANS.into_iter().find(|span| span.days.to_string() == asked).unwrap_or(SPANS[1]);
    let numbers = visits::read(&site.crm, session.agent, &session.slug, span.days).await?;
    let Numbers { days, pages, origins, all } = numbers;
    let mut named = Vec::new();
    for (page, count) in pages {
        named.push(row_of_page(&site, session.agent, &page, count).await?);
    }
    let origins = origins.into_iter().map(|(origin, count)| Row { name: origin_name(&origin), link: None, count });
    Ok(ok(&Shown {
        shell: Shell::new(&session, Place::Today),
        spans: SPANS,
        span,
        // With room for the date of today, which is wider than its column.
        width: i64::from(span.days) * span.column + 24,
        days: drawn(&days, span),
        pages: named,
        origins: origins.collect(),
        all,
        website: format!("/a/{}", session.slug),
    }))
}

fn drawn(days: &[(jiff::civil::Date, Visited)], span: Span) -> Vec<Day> {
    let most = days.iter().map(|(_, count)| count.visitors).max().unwrap_or(0).max(1);
    let last = days.len().saturating_sub(1);
    let drawn = days.iter().enumerate().zip(0i64..).map(|((at, (date, count)), place)| {
        let height = count.visitors * TALLEST / most;
        let left = place * span.column;
        Day {
            x: left + (span.column - span.bar) / 2,
            y: TOP + TALLEST - height,
            height,
            middle: left + span.column / 2,
            // Counted from today, so that today has one; not so near the left edge that it would be cut off.
            dated: ((last - at).is_multiple_of(span.dated) && left + span.column / 2 >= 24)
                .then(|| date.strftime("%-d %b").to_string()),
            name: date.strftime("%a %-d %b %Y").to_string(),
            count: *count,
        }
    });
    drawn.collect()
}

/// A page as people call it.
async fn row_of_page(site: &Site, agent: AgentId, page: &str, count: Visited) -> Result<Row, Refusal> {
    let plain = |name: &str| Ok(Row { name: name.to_owned(), link: None, count });
    match page {
        "/" => return plain("Home"),
        "/listings" => return plain("Homes for sale"),
        "/sold" => return plain("Sold"),
        "/guides" => return plain("Guides"),
        "/about" => return plain("About"),
        "/contact" => return plain("Contact"),
        "/valuation" => return plain("Home valuation"),
        "other" => return plain("Elsewhere"),
        _ => {}
    }
    if let Some(form) = page.strip_prefix("/embed/") {
        return plain(&format!("In a frame: {form}"));
    }
    if let Some(Ok(id)) = page.strip_prefix("/listings/").map(str::parse::<ListingId>) {
        return match listings::get(&site.crm, agent, id).await {
            Ok(found) => Ok(Row { name: found.address, link: Some(listing::path(id)), count }),
            Err(Error::NotFound) => plain("A listing that is deleted"),
            Err(error) => Err(error.into()),
        };
    }
    if let Some(slug) = page.strip_prefix("/guides/") {
        return match guides::get_published(&site.crm, agent, slug).await {
            Ok(found) => Ok(Row { name: format!("Guide: {}", found.title), link: Some(guide::path(found.id)), count }),
            Err(Error::NotFound) => plain(page),
            Err(error) => Err(error.into()),
        };
    }
    plain(page)
}

/// An origin as people call it.
fn origin_name(origin: &str) -> String {
    match origin {
        DIRECT => return String::from("Direct, or unknown"),
        "other" => return String::from("Others"),
        "youtube" => return String::from("YouTube"),
        "linkedin" => return String::from("LinkedIn"),
        "tiktok" => return String::from("TikTok"),
        "duckduckgo" => return String::from("DuckDuckGo"),
        _ => {}
    }
    let is_known = [
        "google",
        "bing",
        "yahoo",
        "facebook",
        "instagram",
        "pinterest",
        "nextdoor",
        "zillow",
        "realtor.com",
        "redfin",
        "reddit",
    ];
    let mut letters = origin.chars();
    match letters.next().filter(|_| is_known.contains(&origin)) {
        Some(first) => format!("{}{}", first.to_uppercase(), letters.as_str()),
        None => origin.to_owned(),
    }
}
