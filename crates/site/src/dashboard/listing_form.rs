//! The form of a listing: every field that the API has, in groups.

use askama::Template;
use axum::{extract::State, response::Response};
use crm::{
    Error,
    ids::ListingId,
    listings::{self, FeeFrequency, Listing, ListingChange, ListingStatus, NewListing, PropertySubType, PropertyType},
    sessions::Session,
};
use http::StatusCode;
use serde_json::{Map, Number, Value, json};

use super::{
    listing::path,
    listings::{PATH, words},
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::{Fields, token},
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
};

/// How a field is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Date,
    Url,
    Long,
    Choice,
    /// Yes, no or unknown.
    Flag,
}

/// A field, by the name that the API has for it, with its label and how many characters it takes.
pub(super) type Field = (&'static str, &'static str, Kind, u32);

/// The fields, group by group.
pub(super) const GROUPS: [(&str, &[Field]); 5] = [
    (
        "The offer",
        &[
            ("address", "Address", Kind::Text, 500),
            ("price", "Price", Kind::Number, 20),
            ("currency", "Currency", Kind::Text, 3),
            ("status", "Status", Kind::Choice, 0),
            ("propertyType", "Property type", Kind::Choice, 0),
            ("propertySubType", "Kind", Kind::Choice, 0),
            ("description", "Description", Kind::Long, 20_000),
        ],
    ),
    (
        "The property",
        &[
            ("bedrooms", "Bedrooms", Kind::Number, 10),
            ("bathrooms", "Bathrooms", Kind::Number, 10),
            ("sqft", "Living area (sq ft)", Kind::Number, 20),
            ("lotSizeSqft", "Lot (sq ft)", Kind::Number, 20),
            ("yearBuilt", "Year built", Kind::Number, 10),
            ("garageSpaces", "Garage spaces", Kind::Number, 10),
            ("hasPool", "Private pool", Kind::Flag, 0),
            ("virtualTourUrl", "Virtual tour", Kind::Url, 8_192),
        ],
    ),
    (
        "Where it is",
        &[
            ("unitNumber", "Unit", Kind::Text, 100),
            ("city", "City", Kind::Text, 100),
            ("stateOrProvince", "State", Kind::Text, 100),
            ("postalCode", "Postal code", Kind::Text, 100),
            ("countyOrParish", "County", Kind::Text, 100),
            ("country", "Country", Kind::Text, 100),
        ],
    ),
    (
        "Costs and dates",
        &[
            ("mlsNumber", "MLS number", Kind::Text, 100),
            ("associationFee", "Association fee", Kind::Number, 20),
            ("associationFeeFrequency", "Fee is due", Kind::Choice, 0),
            ("taxAnnualAmount", "Tax a year", Kind::Number, 20),
            ("onMarketDate", "On the market since", Kind::Date, 10),
            ("expirationDate", "Agreement ends", Kind::Date, 10),
            ("originalPrice", "Original price", Kind::Number, 20),
            ("closePrice", "Closing price", Kind::Number, 20),
            ("closeDate", "Closed on", Kind::Date, 10),
        ],
    ),
    (
        "For agents only",
        &[
            ("privateRemarks", "Private remarks", Kind::Long, 20_000),
            ("showingInstructions", "Showing instructions", Kind::Long, 20_000),
        ],
    ),
];

/// A choice's words, by the name that the API has for each.
fn options(name: &str, kind: Kind) -> Vec<(&'static str, &'static str)> {
    fn same<T>(words: &[(&'static str, T)]) -> Vec<(&'static str, &'static str)> {
        words.iter().map(|(name, _)| (*name, *name)).collect()
    }
    match (kind, name) {
        (Kind::Flag, _) => vec![("true", "Yes"), ("false", "No")],
        (_, "status") => ListingStatus::WORDS.iter().map(|(name, status)| (*name, words(*status))).collect(),
        (_, "propertyType") => same(PropertyType::WORDS),
        (_, "propertySubType") => same(PropertySubType::WORDS),
        (_, "associationFeeFrequency") => same(FeeFrequency::WORDS),
        _ => Vec::new(),
    }
}

/// A number as one types it; what is none stays text, and is refused by its field.
fn number(text: &str) -> Value {
    let plain = text.chars().filter(|letter| !letter.is_whitespace() && !",$€£".contains(*letter)).collect::<String>();
    if let Ok(whole) = plain.parse::<i64>() {
        return json!(whole);
    }
    plain.parse::<f64>().ok().and_then(Number::from_f64).map_or_else(|| json!(text), Value::Number)
}

/// What is typed into the form, in the order of the fields.
pub(super) struct Typed(Vec<(&'static str, String)>);

impl Typed {
    fn all(value: impl Fn(&str) -> String) -> Self {
        Self(GROUPS.iter().flat_map(|(_, fields)| *fields).map(|(name, ..)| (*name, value(name))).collect())
    }

    fn new() -> Self {
        Self::all(|name| match name {
            "status" => ListingStatus::Draft.name().to_owned(),
            "currency" => listings::DEFAULT_CURRENCY.to_owned(),
            "propertyType" => PropertyType::Residential.name().to_owned(),
            _ => String::new(),
        })
    }

    /// What a listing has.
    pub fn of(listing: &Listing) -> Self {
        let record = serde_json::to_value(listing).unwrap_or_default();
        Self::all(|name| match &record[name] {
            Value::String(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.as_f64().map(|number| number.to_string()).unwrap_or_default(),
            _ => String::new(),
        })
    }

    /// One of them.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(held, _)| *held == name).map_or("", |(_, value)| value)
    }

    /// The same as the API takes it; a blank field clears.
    fn fields(&self) -> Map<String, Value> {
        let kinds = GROUPS.iter().flat_map(|(_, fields)| *fields);
        let value = |((name, text), (_, _, kind, _)): (&(&'static str, String), &Field)| {
            let value = match kind {
                _ if text.trim().is_empty() => Value::Null,
                Kind::Number => number(text),
                Kind::Flag => json!(text == "true"),
                _ => json!(text),
            };
            ((*name).to_owned(), value)
        };
        self.0.iter().zip(kinds).map(value).collect()
    }
}

/// A field of the form as it is shown.
struct Input {
    name: &'static str,
    label: &'static str,
    kind: Kind,
    most: u32,
    value: String,
    options: Vec<(&'static str, &'static str)>,
    is_required: bool,
    hint: &'static str,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "dashboard/listing_form.html")]
struct Form {
    shell: Shell,
    title: &'static str,
    action: String,
    back: String,
    groups: Vec<(&'static str, Vec<Input>)>,
    wrong: Wrong,
    is_new: bool,
    /// Makes a second arrival of a new one known.
    once: String,
    /// The record that the form was filled with, by its last change.
    seen: String,
    has_changed: bool,
}

impl Form {
    fn new(site: &Site, session: &Session, listing: Option<&Listing>, typed: &Typed, wrong: Wrong) -> Self {
        let (title, action, back) = match listing.map(|listing| path(listing.id)) {
            None => ("Add a listing", String::from("/dashboard/listings/new"), PATH.to_owned()),
            Some(path) => ("Change the listing", format!("{path}/edit"), path),
        };
        let input = |(name, label, kind, most): &Field| Input {
            name,
            label,
            kind: *kind,
            most: *most,
            value: typed.get(name).to_owned(),
            options: options(name, *kind),
            is_required: ["address", "price", "status"].contains(name),
            hint: match *name {
                "status" => "A draft is seen by you alone, and no webhook hears of it.",
                "currency" => "Three capitals: USD, EUR.",
                _ => "",
            },
            wrong: wrong.at(name),
        };
        let groups = GROUPS.iter().map(|(title, fields)| (*title, fields.iter().map(input).collect())).collect();
        let seen = listing.map(|listing| listing.updated_at.to_rfc3339()).unwrap_or_default();
        let (shell, once) = (Shell::new(session, Place::Listings), token(site));
        Self { shell, title, action, back, groups, wrong, is_new: listing.is_none(), once, seen, has_changed: false }
    }
}

pub(super) async fn show_new(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    Ok(ok(&Form::new(&site, &session, None, &Typed::new(), Wrong::default())))
}

pub(super) async fn create(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    fields: Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::all(|name| fields.get(name).to_owned());
    let made = match NewListing::read(&typed.fields()) {
        Ok(new) => listings::create(&site.crm, session.agent, new, fields.once(PATH)).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => Ok(see_other(&format!("{}?done=listing-added", path(made.value.id)))),
        Err(error) => {
            let form = Form::new(&site, &session, None, &typed, Wrong::of(error)?);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

pub(super) async fn show_edit(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
) -> Result<Response, Refusal> {
    let listing = listings::get(&site.crm, session.agent, id).await?;
    Ok(ok(&Form::new(&site, &session, Some(&listing), &Typed::of(&listing), Wrong::default())))
}

pub(super) async fn update(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::all(|name| fields.get(name).to_owned());
    let changed = match ListingChange::read(&typed.fields()) {
        Ok(change) => {
            let seen = fields.get("seen").to_owned();
            let is_as_seen = move |listing: &Listing| seen.is_empty() || listing.updated_at.to_rfc3339() == seen;
            listings::update(&site.crm, session.agent, id, change, is_as_seen).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&format!("{}?done=listing-saved", path(id)))),
        Err(error) => {
            let listing = listings::get(&site.crm, session.agent, id).await?;
            let has_changed = error == Error::PreconditionFailed;
            let wrong = if has_changed { Wrong::default() } else { Wrong::of(error)? };
            let mut form = Form::new(&site, &session, Some(&listing), &typed, wrong);
            form.has_changed = has_changed;
            if !has_changed {
                fields.get("seen").clone_into(&mut form.seen);
            }
            let status = if has_changed { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
            Ok(page(status, &form))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_one_types_them() {
        for (text, value) in [
            ("750000", json!(750_000)),
            ("$750,000", json!(750_000)),
            ("2.5", json!(2.5)),
            (" 1 200 ", json!(1_200)),
            ("a lot", json!("a lot")),
            ("1e999", json!("1e999")),
        ] {
            assert_eq!(number(text), value);
        }
    }
}
