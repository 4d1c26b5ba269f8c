//! A showing that the agent adds: with whom, where, and when. It is confirmed at once.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use crm::{
    Error, clients,
    ids::{ClientId, ListingId},
    listings::{self, ListingStatus},
    pages::{Filter, Page, Sort, Start},
    search,
    sessions::Session,
    showings::{self, NewShowing},
};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    shell::{Place, Shell},
    showing,
    showings::PATH,
};
use crate::{
    Site,
    fields::{Fields, token},
    forms::Wrong,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::Times,
};

/// Clients and listings to choose from.
const CHOICES: u32 = 100;

/// What is typed.
#[derive(Default)]
struct Typed {
    client: String,
    listing: String,
    /// Words by which clients and listings are looked for.
    who: String,
    place: String,
    day: String,
    time: String,
    notes: String,
    /// Whether it is wanted although there is a warning.
    is_anyway: bool,
}

impl Typed {
    fn read<'a>(get: impl Fn(&'static str) -> &'a str) -> Self {
        let text = |name| get(name).to_owned();
        let found = |name| get(name).chars().take(200).collect();
        Self {
            client: text("client"),
            listing: text("listing"),
            who: found("who"),
            place: found("place"),
            day: text("day"),
            time: text("time"),
            notes: text("notes"),
            is_anyway: !get("anyway").is_empty(),
        }
    }

    /// The same as the API takes it.
    fn fields(&self, times: &Times) -> Map<String, Value> {
        let at = times.at(&self.day, &self.time).map(|at| vec![at.to_rfc3339()]);
        let mut fields = Map::new();
        fields.insert(String::from("clientId"), json!(self.client));
        fields.insert(String::from("listingId"), json!(self.listing));
        fields.insert(String::from("requestedTimes"), json!(at));
        fields.insert(String::from("notes"), json!(self.notes));
        fields
    }
}

#[derive(Template)]
#[template(path = "dashboard/showing_form.html")]
struct Form {
    shell: Shell,
    /// Ids and what they are called.
    clients: Vec<(String, String)>,
    listings: Vec<(String, String)>,
    are_more_clients: bool,
    are_more_listings: bool,
    typed: Typed,
    wrong: Wrong,
    once: String,
    today: String,
}

impl Form {
    async fn read(site: &Site, session: &Session, typed: Typed, wrong: Wrong) -> Result<Self, Refusal> {
        let (crm, agent) = (&site.crm, session.agent);
        let page = Page { sort: Sort::LastChangedFirst, start: Start::Offset(0), limit: CHOICES, counted: 0 };
        let by = |words: &str| Filter { words: search::words(words), ..Filter::default() };
        let people = clients::list(crm, agent, by(&typed.who), page).await?;
        let homes = listings::list(crm, agent, by(&typed.place), page).await?;
        let (are_more_clients, are_more_listings) = (people.next.is_some(), homes.next.is_some());
        let named = |client: clients::Client| (client.id.to_string(), format!("{} · {}", client.name, client.email));
        let mut clients = people.items.into_iter().map(named).collect::<Vec<_>>();
        let homes = homes.items.into_iter().filter(|listing| listing.status != ListingStatus::Draft);
        let mut listings = homes.map(|listing| (listing.id.to_string(), listing.address)).collect::<Vec<_>>();
        // The one that is chosen already, wherever it stands.
        if let Ok(id) = typed.client.parse::<ClientId>()
            && clients.iter().all(|(held, _)| *held != typed.client)
        {
            match clients::get(crm, agent, id).await {
                Ok(client) => clients.insert(0, named(client)),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Ok(id) = typed.listing.parse::<ListingId>()
            && listings.iter().all(|(held, _)| *held != typed.listing)
        {
            match listings::get(crm, agent, id).await {
                Ok(listing) => listings.insert(0, (listing.id.to_string(), listing.address)),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (today, _) = Times::of(&session.time_zone).fields(crm.clock().now());
        let (shell, once) = (Shell::new(session, Place::Showings), token(site));
        Ok(Self { shell, clients, listings, are_more_clients, are_more_listings, typed, wrong, once, today })
    }

    /// What is wrong with the time, by whichever name it has.
    fn wrong_time(&self) -> Option<String> {
        self.wrong.at("requestedTimes").or_else(|| self.wrong.at("confirmedTime"))
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let typed = Typed::read(|name| query.get(name).map_or("", String::as_str));
    Ok(ok(&Form::read(&site, &session, typed, Wrong::default()).await?))
}

pub(super) async fn create(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    fields: Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::read(|name| fields.get(name));
    let made = match NewShowing::read(&typed.fields(&Times::of(&session.time_zone))) {
        Ok(new) => {
            let new = new.by_agent(typed.is_anyway);
            showings::add(&site.crm, session.agent, new, fields.once(PATH)).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => Ok(see_other(&format!("{}?done=showing-added", showing::path(made.value.id)))),
        Err(error) => {
            let wrong = Wrong::of(error)?.in_words(&Times::of(&session.time_zone));
            let form = Form::read(&site, &session, typed, wrong).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}
