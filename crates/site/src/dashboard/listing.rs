//! One listing: what it is, its photos and documents, what was asked for it, when it is open.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    ids::{DocumentId, ListingId, PhotoId},
    listing_documents::{self, Document},
    listing_photos, listing_prices,
    listings::{self, Listing, ListingChange, ListingStatus},
    open_houses,
    pages::{Filter, Page, Sort, Start},
    sessions::Session,
    showings,
};
use serde_json::{Map, json};

use super::{
    listing_documents as documents,
    listing_form::{self, GROUPS, Kind, Typed},
    listing_photos as photos,
    listings::{PATH, amount, sizes, tone, words},
    lists, open_houses as visits,
    shell::{Place, Shell, Undo},
    showing_rules as rules,
    showings::Row,
};
use crate::{
    Site,
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

/// Showings on a listing's page.
const SHOWINGS: u32 = 10;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/listings/new", get(listing_form::show_new).post(listing_form::create))
        .route("/dashboard/listings/{id}", get(show))
        .route("/dashboard/listings/{id}/edit", get(listing_form::show_edit).post(listing_form::update))
        .route("/dashboard/listings/{id}/publish", post(publish))
        .route("/dashboard/listings/{id}/delete", post(delete))
        .merge(photos::routes())
        .merge(documents::routes())
        .merge(visits::routes())
        .merge(rules::routes())
}

/// The path of a listing's page.
pub(super) fn path(id: ListingId) -> String {
    format!("{PATH}/{id}")
}

/// A price that was asked.
struct Asked {
    price: String,
    since: Time,
    /// What it differs from the one before, in words.
    change: String,
}

/// A document in the list.
struct Paper {
    document: Document,
    size: String,
}

/// A time at which it is open.
struct Visit {
    id: String,
    words: String,
    exact: String,
    notes: Option<String>,
    is_over: bool,
}

/// What is typed of an open house.
#[derive(Default)]
pub(super) struct TypedVisit {
    pub day: String,
    pub starts: String,
    pub ends: String,
    pub notes: String,
}

#[derive(Template)]
#[template(path = "dashboard/listing.html")]
pub(super) struct Shown {
    pub shell: Shell,
    path: String,
    listing: Listing,
    status: &'static str,
    tone: &'static str,
    price: String,
    sizes: String,
    since: Time,
    facts: Vec<(&'static str, String)>,
    photos: Vec<photos::Shown>,
    prices: Vec<Asked>,
    papers: Vec<Paper>,
    visits: Vec<Visit>,
    showings: Vec<Row>,
    /// What is not among them.
    more_showings: u64,
    rules: rules::Card,
    pub typed: TypedVisit,
    pub wrong: Wrong,
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Listings).following(&site, &session).await?;
    let shell = said(shell, id, &query);
    Ok(ok(&Shown::read(&site, &session, shell, id).await?))
}

/// Says what was done, with the way back where something was deleted.
fn said(shell: Shell, id: ListingId, query: &HashMap<String, String>) -> Shell {
    let undo = query.get("undo").map(String::as_str).unwrap_or_default();
    let noun = match query.get("done").map(String::as_str) {
        Some("photo-deleted") if undo.parse::<PhotoId>().is_ok() => "photo",
        Some("document-deleted") if undo.parse::<DocumentId>().is_ok() => "document",
        done => return shell.saying(done),
    };
    let action = format!("{}/{noun}s/{undo}/restore", path(id));
    let undo = Undo { action, name: "restore", values: vec![String::from("1")], more: None };
    shell.noting(format!("The {noun} is deleted. For 30 days it can be taken back."), Some(undo))
}

impl Shown {
    pub async fn read(site: &Site, session: &Session, shell: Shell, id: ListingId) -> Result<Self, Refusal> {
        let (crm, agent) = (&site.crm, session.agent);
        let listing = listings::get(crm, agent, id).await?;
        let (times, now) = (Times::of(&session.time_zone), crm.clock().now());
        let held = listing_photos::list(crm, agent, id).await?;
        let prices = listing_prices::list(crm, agent, &listing).await?;
        let asked = prices.iter().enumerate().map(|(at, asked)| {
            let before = prices.get(at + 1).filter(|before| before.currency == asked.currency);
            let change = before.map_or(0.0, |before| asked.price.units() - before.price.units());
            Asked {
                price: amount(asked.price.units(), &asked.currency),
                since: times.show(asked.since),
                change: match change {
                    0.0 => String::new(),
                    ..0.0 => format!("{} less", amount(-change, &asked.currency)),
                    _ => format!("{} more", amount(change, &asked.currency)),
                },
            }
        });
        let visits = open_houses::list(crm, agent, id).await?.into_iter().map(|open| Visit {
            id: open.id.to_string(),
            words: times.span(open.starts_at, open.ends_at),
            exact: open.starts_at.to_rfc3339(),
            notes: open.notes,
            is_over: open.ends_at < now,
        });
        let newest =
            Page { sort: Sort::NewestFirst, start: Start::Offset(0), limit: SHOWINGS, counted: lists::COUNTED };
        let filter = Filter { listing: Some(id), ..Filter::default() };
        let listed = showings::list(crm, agent, filter, newest).await?;
        let more_showings = listed.total.count.saturating_sub(listed.items.len() as u64);
        let showings = listed.items.into_iter().map(|showing| Row::of(showing, &times, now)).collect();
        let papers = listing_documents::list(crm, agent, id).await?.into_iter().map(|document| Paper {
            size: match document.size {
                ..1_048_576 => format!("{} KiB", document.size.div_ceil(1024)),
                size => format!("{:.1} MiB", size as f64 / 1_048_576.0),
            },
            document,
        });
        Ok(Self {
            shell,
            path: path(id),
            status: words(listing.status),
            tone: tone(listing.status),
            price: amount(listing.price.units(), &listing.currency),
            sizes: sizes(&listing),
            since: times.show(listing.created_at),
            facts: facts(&listing, &times),
            photos: photos::Shown::all(id, &listing.address, &held),
            prices: asked.collect(),
            papers: papers.collect(),
            visits: visits.collect(),
            showings,
            more_showings,
            rules: rules::Card::read(site, session, id, now).await?,
            typed: TypedVisit::default(),
            wrong: Wrong::default(),
            listing,
        })
    }

    fn is_draft(&self) -> bool {
        self.listing.status == ListingStatus::Draft
    }
}

/// What is known, but for what stands elsewhere on the page.
fn facts(listing: &Listing, times: &Times) -> Vec<(&'static str, String)> {
    const ELSEWHERE: [&str; 8] = [
        "address",
        "price",
        "currency",
        "status",
        "description",
        "privateRemarks",
        "showingInstructions",
        "virtualTourUrl",
    ];
    let typed = Typed::of(listing);
    let fields = GROUPS.iter().flat_map(|(_, fields)| *fields).filter(|(name, ..)| !ELSEWHERE.contains(name));
    let shown = fields.filter(|(name, ..)| !typed.get(name).is_empty()).map(|(name, label, kind, _)| {
        let value = typed.get(name);
        let number = || value.parse::<f64>().unwrap_or_default();
        let words = match (*name, kind) {
            ("associationFee" | "taxAnnualAmount" | "originalPrice" | "closePrice", _) => {
                amount(number(), &listing.currency)
            }
            ("sqft" | "lotSizeSqft", _) => amount(number(), "").trim().to_owned(),
            (_, Kind::Flag) => String::from(if value == "true" { "Yes" } else { "No" }),
            (_, Kind::Date) => times.calendar(value),
            _ => value.to_owned(),
        };
        (*label, words)
    });
    shown.collect()
}

/// Offers a draft.
async fn publish(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
) -> Result<Response, Refusal> {
    let change = Map::from_iter([(String::from("status"), json!(ListingStatus::Active.name()))]);
    let change = ListingChange::read(&change)?;
    // Whatever it has become meanwhile stays.
    let is_draft = |listing: &Listing| listing.status == ListingStatus::Draft;
    listings::update(&site.crm, session.agent, id, change, is_draft).await?;
    Ok(see_other(&format!("{}?done=listing-published", path(id))))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
) -> Result<Response, Refusal> {
    listings::delete(&site.crm, session.agent, id, |_| true).await?;
    Ok(see_other(&format!("{PATH}?done=deleted&undo={id}")))
}
