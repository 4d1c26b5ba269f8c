//! Listings as they come from outside: new ones and changes.

use serde_json::{Map, Value};

use crate::{
    Error,
    ids::ListingId,
    input::{Given, Purpose, Reader, max},
    listing_details::{Bathrooms, DetailsChange, ListingDetails},
    listings::{DEFAULT_CURRENCY, Listing, ListingStatus},
    values::Money,
};

/// The most rooms, in number.
const MAX_ROOMS: i64 = 1_000;
/// The largest living area, in square feet.
const MAX_SQFT: i64 = 1_000_000_000;

/// A listing to be added.
#[derive(Debug, Clone)]
pub struct NewListing {
    address: String,
    price: Money,
    bedrooms: Option<i64>,
    bathrooms: Option<Bathrooms>,
    sqft: Option<i64>,
    status: ListingStatus,
    currency: String,
    details: ListingDetails,
}

impl NewListing {
    /// Reads a listing from outside.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let address = reader.required_text_as_sent("address", max::ADDRESS, Purpose::Create);
        let price = reader.money("price");
        let price = reader.required("price", price, Purpose::Create);
        let sizes = Sizes::read(&mut reader);
        let status = reader.choice("status", ListingStatus::WORDS).value();
        let currency = currency(&mut reader).value();
        let details = DetailsChange::read(&mut reader);
        reader.finish(|| Self {
            address: address.expect("required"),
            price: price.expect("required"),
            bedrooms: sizes.bedrooms.value(),
            bathrooms: sizes.bathrooms.value(),
            sqft: sizes.sqft.value(),
            status: status.unwrap_or(ListingStatus::Active),
            currency: currency.unwrap_or_else(|| DEFAULT_CURRENCY.to_owned()),
            details: details.apply(&ListingDetails::default()),
        })
    }
}

impl NewListing {
    /// The listing under its new id.
    pub(crate) fn with_id(&self, id: ListingId) -> Listing {
        let Self { address, price, bedrooms, bathrooms, sqft, status, currency, details } = self.clone();
        let (created_at, updated_at) = (id.created_at(), id.created_at());
        Listing { id, address, price, bedrooms, bathrooms, sqft, status, currency, details, created_at, updated_at }
    }
}

/// What an input says of the published sizes.
#[derive(Debug, Clone)]
struct Sizes {
    bedrooms: Given<i64>,
    bathrooms: Given<Bathrooms>,
    sqft: Given<i64>,
}

impl Sizes {
    fn read(reader: &mut Reader<'_>) -> Self {
        let bedrooms = reader.integer("bedrooms", 0..=MAX_ROOMS);
        let bathrooms = match reader.number("bathrooms", 0.0..=Bathrooms::MAX) {
            Given::Absent => Given::Absent,
            Given::Null => Given::Null,
            Given::Value(rooms) => {
                reader.keep("bathrooms", Bathrooms::parse(rooms)).map_or(Given::Absent, Given::Value)
            }
        };
        Self { bedrooms, bathrooms, sqft: reader.integer("sqft", 0..=MAX_SQFT) }
    }
}

fn currency(reader: &mut Reader<'_>) -> Given<String> {
    match reader.text("currency", max::SHORT) {
        Given::Value(code) if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase()) => {
            reader.refuse("currency", "must be a currency's three capitals, such as USD");
            Given::Absent
        }
        other => other,
    }
}

/// A change of a listing: what is absent stays.
#[derive(Debug, Clone)]
pub struct ListingChange {
    address: Option<String>,
    price: Option<Money>,
    sizes: Sizes,
    status: Option<ListingStatus>,
    currency: Given<String>,
    details: DetailsChange,
}

impl ListingChange {
    /// Reads a change from outside (RFC 7396): `null` clears.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let address = reader.required_text_as_sent("address", max::ADDRESS, Purpose::Change);
        let price = reader.money("price");
        let price = reader.required("price", price, Purpose::Change);
        let sizes = Sizes::read(&mut reader);
        let status = reader.choice("status", ListingStatus::WORDS);
        if status == Given::Null {
            let words = ListingStatus::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            reader.refuse("status", format!("must be one of {}", words.join(", ")));
        }
        let currency = currency(&mut reader);
        let details = DetailsChange::read(&mut reader);
        reader.finish(|| Self { address, price, sizes, status: status.value(), currency, details })
    }

    /// The listing after the change.
    pub(crate) fn apply(&self, listing: &Listing) -> Listing {
        let Self { address, price, sizes: Sizes { bedrooms, bathrooms, sqft }, status, currency, details } =
            self.clone();
        Listing {
            id: listing.id,
            address: address.unwrap_or_else(|| listing.address.clone()),
            price: price.unwrap_or(listing.price),
            bedrooms: bedrooms.or_keep(listing.bedrooms),
            bathrooms: bathrooms.or_keep(listing.bathrooms),
            sqft: sqft.or_keep(listing.sqft),
            status: status.unwrap_or(listing.status),
            currency: currency.or_keep(Some(listing.currency.clone())).unwrap_or_else(|| DEFAULT_CURRENCY.to_owned()),
            details: details.apply(&listing.details),
            created_at: listing.created_at,
            updated_at: listing.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(input: &Value) -> Result<NewListing, Error> {
        NewListing::read(input.as_object().unwrap())
    }

    #[test]
    fn a_listing_needs_an_address_and_a_price() {
        let Err(Error::Invalid(errors)) = read(&json!({"address": " ", "price": null})) else { panic!("accepted") };
        let errors = errors.iter().map(|error| (error.field.as_str(), error.message.as_str())).collect::<Vec<_>>();
        assert_eq!(errors, [("address", "is required"), ("price", "is required")]);
    }

    #[test]
    fn a_price_may_be_missing_from_a_change_but_not_null() {
        assert!(ListingChange::read(json!({}).as_object().unwrap()).is_ok());
        for input in [json!({"price": null}), json!({"price": ""}), json!({"status": null}), json!({"price": "750000"})]
        {
            assert!(ListingChange::read(input.as_object().unwrap()).is_err(), "{input}");
        }
    }

    #[test]
    fn a_new_listing_is_active_and_priced_in_dollars() {
        let new = read(&json!({"address": "456 Oak Ave, Miami, FL", "price": 750000, "status": "", "currency": null}))
            .unwrap();
        assert_eq!((new.status, new.currency.as_str()), (ListingStatus::Active, "USD"));
    }

    #[test]
    fn every_field_keeps_its_form() {
        for (field, wrong) in [
            ("price", json!(0.001)),
            ("bathrooms", json!(2.3)),
            ("bedrooms", json!(2.5)),
            ("sqft", json!(-1)),
            ("status", json!("sold")),
            ("currency", json!("usd")),
            ("propertyType", json!("House")),
            ("latitude", json!(90.5)),
            ("closeDate", json!("2026-02-30")),
            ("virtualTourUrl", json!("javascript:alert(1)")),
            ("hasPool", json!("yes")),
            ("associationFee", json!(-5)),
            ("yearBuilt", json!(1998.5)),
        ] {
            let mut input = json!({"address": "456 Oak Ave", "price": 1});
            input[field] = wrong;
            let Err(Error::Invalid(errors)) = read(&input) else { panic!("{input} accepted") };
            assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), [field], "{input}");
        }
    }
}
