//! What is known of a listing, in the words of the visit's language. The words mean what RESO's Data Dictionary means by its fields; what
//! is for agents alone is not among them.

use crm::listings::{Bathrooms, FeeFrequency, Listing, ListingStatus};
use words::Words;

use super::{
    Visited, cards, dates,
    money::{amount, decimal, grouped},
};

/// A fact: what it is called, and what it is.
pub(crate) struct Fact {
    pub name: String,
    pub value: String,
}

/// The key of the words for how often a fee is due.
fn frequency(frequency: FeeFrequency) -> String {
    format!("fee-{}", key(frequency.name()))
}

/// A word of RESO's as a part of a key: `Single Family Residence` is `single-family-residence`.
fn key(word: &str) -> String {
    word.to_lowercase().replace([' ', '/'], "-")
}

/// What RESO calls a kind, in words; as it is where there are none.
pub(crate) fn kind(t: &Words, word: &str) -> String {
    let key = format!("reso-{}", key(word));
    if t.has(&key) { t.say(&key) } else { word.to_owned() }
}

/// Every fact that is known.
pub(crate) fn all(visited: &Visited, listing: &Listing) -> Vec<Fact> {
    let t = visited.words;
    let details = &listing.details;
    let money = |money| amount(money, &listing.currency);
    let size = |size: f64| t.say_with("short-size", &[("size", &decimal(size))]);
    let kind_word = details.property_sub_type.map(|kind| kind.name()).or(details.property_type.map(|kind| kind.name()));
    let is_sold = listing.status == ListingStatus::Closed;
    let per_size = listing.sqft.filter(|size| *size > 0 && !cards::is_lease(listing)).map(|size| {
        let units = cards::price_of(listing).cents() / 100 / size;
        t.say_with("per-size", &[("price", &amount(crm::values::Money::from_cents(units * 100), &listing.currency))])
    });
    let fee = details.association_fee.map(|fee| match details.association_fee_frequency {
        Some(due) => t.say_with(&frequency(due), &[("fee", &money(fee))]),
        None => money(fee),
    });
    let known = [
        ("fact-kind", kind_word.map(|word| kind(t, word))),
        ("fact-beds", listing.bedrooms.map(grouped)),
        ("fact-baths", listing.bathrooms.map(Bathrooms::rooms).map(decimal)),
        ("fact-size", listing.sqft.map(|area| size(area as f64))),
        ("fact-per-size", per_size),
        ("fact-lot", details.lot_size_sqft.map(size)),
        ("fact-year", details.year_built.map(|year| year.to_string())),
        ("fact-garage", details.garage_spaces.map(decimal)),
        ("fact-pool", details.has_pool.map(|has| t.say(if has { "yes" } else { "no" }))),
        ("fact-unit", details.unit_number.clone()),
        ("fact-fee", fee),
        ("fact-taxes", details.tax_annual_amount.map(|tax| t.say_with("fee-annually", &[("fee", &money(tax))]))),
        ("fact-county", details.county_or_parish.clone()),
        ("fact-listed", details.on_market_date.as_deref().map(|day| dates::day_of(t, day))),
        ("fact-asked", details.original_price.filter(|price| is_sold && *price != listing.price).map(money)),
        ("fact-sold", details.close_date.as_deref().filter(|_| is_sold).map(|day| dates::day_of(t, day))),
        ("fact-mls", details.mls_number.clone()),
    ];
    let told = known.into_iter().filter_map(|(name, value)| Some(Fact { name: t.say(name), value: value? }));
    told.collect()
}
