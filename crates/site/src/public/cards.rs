//! A listing as a card of a list.

use crm::{
    AgentId, listing_photos,
    listings::{Listing, ListingStatus, PropertyType},
    values::Money,
};

use super::{
    Visited,
    money::{amount, bathrooms, grouped},
    photos::Shown,
};
use crate::{Site, pages::Refusal};

/// A listing on a card.
pub(crate) struct Card {
    pub path: String,
    pub address: String,
    /// The rest of its place, such as the city.
    pub area: String,
    pub price: String,
    /// Whether the price is a month's rent.
    pub per_month: bool,
    /// Its rooms and size, each as `4 bd`.
    pub facts: Vec<String>,
    /// What is to be known of where it stands.
    pub status: Option<(String, &'static str)>,
    pub photo: Option<Shown>,
}

/// The key of the words for a status.
pub(crate) fn status_key(status: ListingStatus) -> &'static str {
    match status {
        ListingStatus::ComingSoon => "status-coming-soon",
        ListingStatus::ActiveUnderContract => "status-active-under-contract",
        ListingStatus::Pending => "status-pending",
        ListingStatus::Closed => "status-closed",
        _ => "status-active",
    }
}

/// The rooms and the size of a listing, as short words.
pub(crate) fn facts(visited: &Visited, listing: &Listing) -> Vec<String> {
    let t = visited.words;
    let beds = listing.bedrooms.map(|count| t.say_with("short-beds", &[("count", &grouped(count))]));
    let baths = listing.bathrooms.map(|count| t.say_with("short-baths", &[("count", &bathrooms(count))]));
    let size = listing.sqft.map(|size| t.say_with("short-size", &[("size", &grouped(size))]));
    [beds, baths, size].into_iter().flatten().collect()
}

/// The street of an address, and the rest of it.
pub(crate) fn parted(address: &str) -> (String, String) {
    match address.split_once(',') {
        Some((street, rest)) if !street.trim().is_empty() => (street.trim().to_owned(), rest.trim().to_owned()),
        _ => (address.to_owned(), String::new()),
    }
}

/// Whether it is to let rather than for sale.
pub(crate) fn is_lease(listing: &Listing) -> bool {
    matches!(listing.details.property_type, Some(PropertyType::ResidentialLease | PropertyType::CommercialLease))
}

/// The key of the words for where a listing stands: what is to let is neither for sale nor sold.
pub(crate) fn status_words(listing: &Listing) -> &'static str {
    match (listing.status, is_lease(listing)) {
        (ListingStatus::Active, true) => "status-to-let",
        (ListingStatus::Closed, true) => "status-let",
        (status, _) => status_key(status),
    }
}

/// The price that counts: what was paid where it is sold and that is known, else what is asked.
pub(crate) fn price_of(listing: &Listing) -> Money {
    let paid = listing.details.close_price.filter(|_| listing.status == ListingStatus::Closed);
    paid.unwrap_or(listing.price)
}

/// The same in words.
pub(crate) fn price(listing: &Listing) -> String {
    amount(price_of(listing), &listing.currency)
}

/// These listings as cards, each with its first photo.
pub(crate) async fn read(site: &Site, visited: &Visited, listings: &[Listing]) -> Result<Vec<Card>, Refusal> {
    let agent: AgentId = visited.agent();
    let ids = listings.iter().map(|listing| listing.id).collect();
    let covers = listing_photos::covers(&site.crm, agent, ids).await?;
    let card = |(listing, cover): (&Listing, Option<listing_photos::Photo>)| {
        let (address, area) = parted(&listing.address);
        let photo = cover.and_then(|photo| Shown::of(visited, listing.id, &listing.address, &photo, 1));
        let status = status_words(listing);
        let is_usual = status == "status-active";
        Card {
            path: visited.link(&format!("/listings/{}", listing.id)),
            address,
            area,
            price: price(listing),
            facts: facts(visited, listing),
            per_month: is_lease(listing),
            status: (!is_usual).then(|| (visited.words.say(status), listing.status.name())),
            photo,
        }
    };
    Ok(listings.iter().zip(covers).map(card).collect())
}
