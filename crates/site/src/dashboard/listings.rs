//! Listings: the list.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    ids::ListingId,
    listing_photos::{self, Photo},
    listings::{self, Listing, ListingStatus},
    pages::{Cursor, Filter, Page, Sort, Start},
    search,
};

use super::{
    listing, listing_photos as photos, lists,
    shell::{Place, Shell, Undo},
};
use crate::{
    Site,
    fields::Fields,
    pages::{Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard/listings";
const ROWS: u32 = 30;
const SORTS: [(&str, Sort, &str); 3] = [
    ("changed", Sort::LastChangedFirst, "Last changed first"),
    ("newest", Sort::NewestFirst, "Newest first"),
    ("oldest", Sort::OldestFirst, "Oldest first"),
];

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show)).route("/dashboard/listings/restore", post(restore)).merge(listing::routes())
}

/// A status in words.
pub(super) fn words(status: ListingStatus) -> &'static str {
    match status {
        ListingStatus::Draft => "Draft",
        ListingStatus::ComingSoon => "Coming soon",
        ListingStatus::Active => "Active",
        ListingStatus::ActiveUnderContract => "Active, under contract",
        ListingStatus::Pending => "Pending",
        ListingStatus::Closed => "Closed",
        ListingStatus::Hold => "On hold",
        ListingStatus::Withdrawn => "Withdrawn",
        ListingStatus::Canceled => "Cancelled",
        ListingStatus::Expired => "Expired",
    }
}

/// How a status looks.
pub(super) fn tone(status: ListingStatus) -> &'static str {
    match status {
        ListingStatus::Active | ListingStatus::ComingSoon => " good",
        ListingStatus::ActiveUnderContract | ListingStatus::Pending => " busy",
        _ => "",
    }
}

/// An amount as it is read: `$750,000`.
pub(super) fn amount(units: f64, currency: &str) -> String {
    let cents = (units * 100.0).round() as i64;
    let whole = (cents / 100).to_string();
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if cents % 100 != 0 {
        grouped += &format!(".{:02}", cents % 100);
    }
    match currency {
        "USD" => format!("${grouped}"),
        "EUR" => format!("€{grouped}"),
        "GBP" => format!("£{grouped}"),
        other => format!("{grouped} {other}"),
    }
}

/// Rooms and area in one line.
pub(super) fn sizes(listing: &Listing) -> String {
    let bedrooms = listing.bedrooms.map(|count| format!("{count} bd"));
    let bathrooms = listing.bathrooms.map(|rooms| format!("{} ba", rooms.rooms()));
    let area = listing.sqft.map(|area| format!("{} sq ft", amount(area as f64, "").trim()));
    [bedrooms, bathrooms, area].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

struct Row {
    id: ListingId,
    address: String,
    price: String,
    sizes: String,
    status: &'static str,
    tone: &'static str,
    cover: Option<String>,
    changed: Time,
}

#[derive(Template)]
#[template(path = "dashboard/listings.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    total: String,
    q: String,
    status: String,
    sort: &'static str,
    is_narrowed: bool,
    first: Option<String>,
    next: Option<String>,
}

impl List {
    fn statuses(&self) -> Vec<(&'static str, &'static str, bool)> {
        ListingStatus::WORDS.iter().map(|(name, status)| (*name, words(*status), self.status == *name)).collect()
    }

    fn sorts(&self) -> Vec<(&'static str, &'static str, bool)> {
        SORTS.iter().map(|(name, _, words)| (*name, *words, self.sort == *name)).collect()
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let q = get("q").trim().chars().take(200).collect::<String>();
    let status = ListingStatus::WORDS.iter().find(|(name, _)| *name == get("status")).map(|(name, _)| *name);
    let (sort_name, sort, _) = SORTS.into_iter().find(|(name, ..)| *name == get("sort")).unwrap_or(SORTS[0]);
    let start = Cursor::parse(get("after"), sort).map_or(Start::Offset(0), Start::After);
    let filter = Filter { status: status.map(str::to_owned), words: search::words(&q), ..Filter::default() };
    let listed =
        listings::list(&site.crm, session.agent, filter, Page { sort, start, limit: ROWS, counted: lists::COUNTED })
            .await?;
    let ids = listed.items.iter().map(|listing| listing.id).collect();
    let covers = listing_photos::covers(&site.crm, session.agent, ids).await?;
    let link = |after: &str| {
        let mut link = form_urlencoded::Serializer::new(String::new());
        let sort = if sort == SORTS[0].1 { "" } else { sort_name };
        for (name, value) in
            [("q", q.as_str()), ("status", status.unwrap_or_default()), ("sort", sort), ("after", after)]
        {
            if !value.is_empty() {
                link.append_pair(name, value);
            }
        }
        format!("{PATH}?{}", link.finish())
    };
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let row = |(listing, cover): (Listing, Option<Photo>)| Row {
        price: amount(listing.price.units(), &listing.currency),
        sizes: sizes(&listing),
        status: words(listing.status),
        tone: tone(listing.status),
        cover: cover.and_then(|photo| photos::source(listing.id, &photo, 320)),
        changed: times.show_near(listing.updated_at, now),
        id: listing.id,
        address: listing.address,
    };
    let total = lists::count(listed.total);
    Ok(ok(&List {
        shell: said(Shell::new(&session, Place::Listings).following(&site, &session).await?, &query),
        rows: listed.items.into_iter().zip(covers).map(row).collect(),
        total,
        is_narrowed: !q.is_empty() || status.is_some(),
        first: (!get("after").is_empty()).then(|| link("")),
        next: listed.next.map(|next| link(&next.to_string())),
        status: status.unwrap_or_default().to_owned(),
        sort: sort_name,
        q: q.clone(),
    }))
}

/// Says what was deleted, with the way back.
fn said(shell: Shell, query: &HashMap<String, String>) -> Shell {
    match (query.get("done").map(String::as_str), query.get("undo")) {
        (Some("deleted"), Some(id)) => {
            let (action, values) = (format!("{PATH}/restore"), vec![id.clone()]);
            let undo = Undo { action, name: "listing", values, more: None };
            shell.noting(String::from("The listing is deleted. For 30 days it can be taken back."), Some(undo))
        }
        (done, _) => shell.saying(done),
    }
}

/// Brings a deleted listing back.
async fn restore(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let id = fields.get("listing").parse::<ListingId>().map_err(|_| Error::NotFound)?;
    listings::restore(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{}?done=listing-restored", listing::path(id))))
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn amounts_are_read_in_groups_of_three() {
        for (units, currency, text) in [
            (750_000.0, "USD", "$750,000"),
            (999.5, "EUR", "€999.50"),
            (1_000.0, "CHF", "1,000 CHF"),
            (0.0, "USD", "$0"),
            (999_999_999_999.99, "GBP", "£999,999,999,999.99"),
        ] {
            assert_eq!(amount(units, currency), text);
        }
    }
}
