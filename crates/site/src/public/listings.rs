//! The lists of a website: homes on offer, narrowed by what is looked for, and homes that were sold.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use crm::{
    listings::{Bathrooms, ListingStatus},
    shelves::{self, HomeKind, Order, Place as At, Shelf, Wanted},
    values::Money,
};
use http::HeaderMap;

use super::{
    Frame, Place, Visited, answers,
    cards::{self, Card},
    ld,
};
use crate::{Site, pages::Refusal};

/// Listings on a page.
const ROWS: usize = 12;
const ORDERS: [(&str, Order, &str); 3] = [
    ("", Order::Newest, "order-newest"),
    ("price", Order::Cheapest, "order-cheapest"),
    ("-price", Order::Dearest, "order-dearest"),
];
const BEDS: [i64; 5] = [1, 2, 3, 4, 5];

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/listings", get(show)).route("/a/{slug}/sold", get(show_sold))
}

/// A choice of a menu.
pub(crate) struct Choice {
    pub value: String,
    pub words: String,
    pub is_chosen: bool,
}

fn choice(value: &str, words: String, chosen: &str) -> Choice {
    Choice { value: value.to_owned(), words, is_chosen: value == chosen }
}

/// The filters as the form shows them.
struct Filters {
    action: String,
    lang: Option<String>,
    areas: Vec<Choice>,
    kinds: Vec<Choice>,
    statuses: Vec<Choice>,
    beds: Vec<Choice>,
    baths: Vec<Choice>,
    orders: Vec<Choice>,
    min_price: String,
    max_price: String,
    /// Where the list is without any.
    clear: Option<String>,
}

#[derive(Template)]
#[template(path = "public/listings.html")]
struct List {
    frame: Frame,
    title: String,
    intro: String,
    filters: Option<Filters>,
    /// How many there are, where that is known.
    count: Option<String>,
    cards: Vec<Card>,
    next: Option<String>,
    start: Option<String>,
    empty: String,
}

/// A price as it is typed: digits, with whatever sets them apart.
fn price(text: &str) -> Option<Money> {
    let kept = text.chars().filter(|letter| letter.is_ascii_digit()).collect::<String>();
    let is_price = text.chars().all(|letter| letter.is_ascii_digit() || " ,.$'_".contains(letter));
    let units = kept.parse::<f64>().ok().filter(|_| is_price)?;
    Money::parse(units).ok()
}

/// What a query looks for; what it says wrong counts as not said.
fn wanted(query: &HashMap<String, String>) -> Wanted {
    let text = |name: &str| query.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let number = |name: &str| text(name).and_then(|text| text.parse::<i64>().ok()).filter(|n| (1..=99).contains(n));
    Wanted {
        shelf: Shelf::Open,
        order: ORDERS
            .iter()
            .find(|(name, ..)| text("sort") == Some(name))
            .map_or(Order::Newest, |(_, order, _)| *order),
        area: text("area").filter(|area| area.chars().count() <= 100).map(str::to_owned),
        min_price: text("min_price").and_then(price),
        max_price: text("max_price").and_then(price),
        bedrooms: number("beds"),
        bathrooms: number("baths").and_then(|count| Bathrooms::parse(count as f64).ok()),
        kind: HomeKind::NAMES.iter().find(|(name, _)| text("type") == Some(name)).map(|(_, kind)| *kind),
        status: Shelf::Open.statuses().iter().find(|status| text("status") == Some(status.name())).copied(),
    }
}

/// The address of a list with these filters, from a place on.
fn address(query: &HashMap<String, String>, after: Option<At>) -> String {
    let mut whole = form_urlencoded::Serializer::new(String::new());
    for name in ["area", "type", "status", "min_price", "max_price", "beds", "baths", "sort"] {
        if let Some(value) = query.get(name).filter(|value| !value.trim().is_empty()) {
            whole.append_pair(name, value.trim());
        }
    }
    if let Some(after) = after {
        whole.append_pair("after", &after.to_text());
    }
    match &*whole.finish() {
        "" => String::from("/listings"),
        query => format!("/listings?{query}"),
    }
}

async fn filters(site: &Site, visited: &Visited, query: &HashMap<String, String>) -> Result<Filters, Refusal> {
    let t = visited.words;
    let held = |name: &str| query.get(name).map_or("", |text| text.trim()).to_owned();
    let any = |chosen: &str| choice("", t.say("filter-any"), chosen);
    let menu = |name: &str, choices: Vec<(String, String)>| {
        let chosen = held(name);
        let choices = choices.into_iter().map(|(value, words)| choice(&value, words, &chosen));
        std::iter::once(any(&chosen)).chain(choices).collect::<Vec<_>>()
    };
    let areas = shelves::areas(&site.crm, visited.agent(), Shelf::Open).await?;
    let kinds = HomeKind::NAMES.map(|(name, _)| (name.to_owned(), t.say(&format!("kind-{}", name.replace('_', "-")))));
    let statuses =
        Shelf::Open.statuses().iter().map(|status| (status.name().to_owned(), t.say(cards::status_key(*status))));
    let counts = BEDS.map(|count| (count.to_string(), format!("{count}+")));
    let chosen = held("sort");
    let plain = address(&HashMap::new(), None);
    Ok(Filters {
        action: format!("{}{plain}", visited.base()),
        lang: visited.named_language(),
        areas: menu("area", areas.into_iter().map(|area| (area.clone(), area)).collect()),
        kinds: menu("type", kinds.to_vec()),
        statuses: menu("status", statuses.collect()),
        beds: menu("beds", counts.to_vec()),
        baths: menu("baths", counts.to_vec()),
        orders: ORDERS.map(|(name, _, words)| choice(name, t.say(words), &chosen)).into(),
        min_price: held("min_price"),
        max_price: held("max_price"),
        clear: (address(query, None) != plain).then(|| visited.link(&plain)),
    })
}

async fn show(
    State(site): State<Site>,
    visited: Visited,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (t, agent) = (visited.words, visited.agent());
    let wanted = wanted(&query);
    let after = query.get("after").and_then(|text| At::parse(text));
    let found = shelves::list(&site.crm, agent, wanted.clone(), after, ROWS).await?;
    let is_whole = wanted == Wanted { order: wanted.order, ..Wanted::default() };
    let count = match (is_whole, found.next, after) {
        (true, ..) => Some(shelves::count(&site.crm, agent, Shelf::Open).await?),
        (false, None, None) => Some(found.listings.len() as u64),
        _ => None,
    };
    let name = &visited.website.profile.name;
    let title = match &wanted.area {
        Some(area) => t.say_with("listings-title-area", &[("area", area)]),
        None => t.say("listings-title"),
    };
    let description = t.say_with("listings-description", &[("title", &title), ("name", name)]);
    let mut frame = Frame::new(&site, &visited, Some(Place::Listings), &title, &description);
    // Narrowed lists are the whole one, to who looks from outside; those of an area have an address of their own.
    let rest = match &wanted.area {
        Some(area) => address(&HashMap::from([(String::from("area"), area.clone())]), None),
        None => address(&HashMap::new(), None),
    };
    frame.stand_at(&site, &visited, &rest);
    let cards = cards::read(&site, &visited, &found.listings).await?;
    frame.picture(&site, &visited, cards.iter().find_map(|card| card.photo.as_ref()));
    frame.tell(&[ld::list(&site, &visited, &cards), ld::way(&site, &visited, &[(&title, &rest)])]);
    let empty = if found.next.is_some() { "listings-further" } else { "listings-none" };
    Ok(answers::page(
        &visited,
        &headers,
        &List {
            frame,
            title,
            intro: t.say("listings-intro"),
            filters: Some(filters(&site, &visited, &query).await?),
            count: count.map(|count| t.say_number("listings-count", u32::try_from(count).unwrap_or(u32::MAX))),
            cards,
            next: found.next.map(|next| visited.link(&address(&query, Some(next)))),
            start: after.map(|_| visited.link(&address(&query, None))),
            empty: t.say(empty),
        },
    ))
}

async fn show_sold(
    State(site): State<Site>,
    visited: Visited,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (t, agent) = (visited.words, visited.agent());
    let after = query.get("after").and_then(|text| At::parse(text));
    let wanted = Wanted { shelf: Shelf::Sold, ..Wanted::default() };
    debug_assert_eq!(wanted.shelf.statuses(), [ListingStatus::Closed]);
    let found = shelves::list(&site.crm, agent, wanted, after, ROWS).await?;
    let count = shelves::count(&site.crm, agent, Shelf::Sold).await?;
    let name = &visited.website.profile.name;
    let title = t.say("sold-title");
    let description = t.say_with("listings-description", &[("title", &title), ("name", name)]);
    let mut frame = Frame::new(&site, &visited, Some(Place::Sold), &title, &description);
    frame.stand_at(&site, &visited, "/sold");
    let cards = cards::read(&site, &visited, &found.listings).await?;
    frame.picture(&site, &visited, cards.iter().find_map(|card| card.photo.as_ref()));
    frame.tell(&[ld::list(&site, &visited, &cards), ld::way(&site, &visited, &[(&title, "/sold")])]);
    Ok(answers::page(
        &visited,
        &headers,
        &List {
            frame,
            intro: t.say_with("sold-intro", &[("name", name)]),
            title,
            filters: None,
            count: Some(t.say_number("sold-count", u32::try_from(count).unwrap_or(u32::MAX))),
            cards,
            next: found.next.map(|next| visited.link(&format!("/sold?after={}", next.to_text()))),
            start: after.map(|_| visited.link("/sold")),
            empty: t.say("sold-none"),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_as_it_is_typed_and_nonsense_is_none() {
        for (text, cents) in [("500000", 50_000_000), ("$500,000", 50_000_000), ("1 200", 120_000)] {
            assert_eq!(price(text), Some(Money::from_cents(cents)), "{text}");
        }
        for text in ["", "x", "-5", "1e9", "9999999999999999", "½"] {
            assert_eq!(price(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_query_says_wrong_is_not_said() {
        let query =
            [("beds", "x"), ("baths", "-1"), ("type", "castle"), ("status", "draft"), ("sort", "name"), ("area", " ")];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(wanted(&query), Wanted::default());
        let query = [("beds", "3"), ("type", "condo"), ("status", "pending"), ("sort", "-price")];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let found = wanted(&query);
        assert_eq!(
            (found.bedrooms, found.kind, found.status),
            (Some(3), Some(HomeKind::Condo), Some(ListingStatus::Pending))
        );
        assert_eq!(found.order, Order::Dearest);
    }
}
