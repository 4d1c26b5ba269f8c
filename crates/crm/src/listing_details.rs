//! What can be said of a listing beside its published fields. Each field has the meaning of a field of the RESO Data
//! Dictionary 2.0, which its description names, and the name that APIs usually give it.

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::{
    choices::choices,
    input::{Given, Reader, max},
    values::Money,
};

choices! {
    /// What is for sale or rent (RESO lookup PropertyType).
    PropertyType {
        Residential = "Residential",
        ResidentialIncome = "Residential Income",
        ResidentialLease = "Residential Lease",
        Land = "Land",
        Farm = "Farm",
        ManufacturedInPark = "Manufactured In Park",
        CommercialSale = "Commercial Sale",
        CommercialLease = "Commercial Lease",
        BusinessOpportunity = "Business Opportunity",
    }

    /// The kind of property within its type (RESO lookup PropertySubType).
    PropertySubType {
        SingleFamilyResidence = "Single Family Residence",
        Condominium = "Condominium",
        Townhouse = "Townhouse",
        Duplex = "Duplex",
        Triplex = "Triplex",
        Quadruplex = "Quadruplex",
        MultiFamily = "Multi Family",
        Apartment = "Apartment",
        ManufacturedHome = "Manufactured Home",
        ManufacturedOnLand = "Manufactured On Land",
        MobileHome = "Mobile Home",
        StockCooperative = "Stock Cooperative",
        OwnYourOwn = "Own Your Own",
        Timeshare = "Timeshare",
        Cabin = "Cabin",
        UnimprovedLand = "Unimproved Land",
        Agriculture = "Agriculture",
        Farm = "Farm",
        Ranch = "Ranch",
        BoatSlip = "Boat Slip",
        DeededParking = "Deeded Parking",
        Business = "Business",
        HotelMotel = "Hotel/Motel",
        Industrial = "Industrial",
        MixedUse = "Mixed Use",
        Office = "Office",
        Retail = "Retail",
        Warehouse = "Warehouse",
    }

    /// How often a fee is due (RESO lookup FeeFrequency).
    FeeFrequency {
        Annually = "Annually",
        BiMonthly = "Bi-Monthly",
        BiWeekly = "Bi-Weekly",
        Daily = "Daily",
        Monthly = "Monthly",
        OneTime = "One Time",
        Quarterly = "Quarterly",
        Seasonal = "Seasonal",
        SemiAnnually = "Semi-Annually",
        SemiMonthly = "Semi-Monthly",
        Weekly = "Weekly",
    }
}

/// Defines the record, its change, and how each field is read: one line of each field, so that none is forgotten.
macro_rules! details {
    ($($(#[$attribute:meta])* $field:ident: $type:ty = $name:tt, $read:expr;)+) => {
        /// What can be said of a listing beside its published fields; `null` when unknown.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
        pub struct ListingDetails {
            $(
                $(#[$attribute])*
                #[serde(rename = $name)]
                pub $field: Option<$type>,
            )+
        }

        /// A change of a listing's details.
        #[derive(Debug, Clone)]
        pub(crate) struct DetailsChange {
            $($field: Given<$type>,)+
        }

        impl DetailsChange {
            /// Reads what an input says of the details and notes what is wrong.
            pub fn read(reader: &mut Reader<'_>) -> Self {
                Self { $($field: $read(reader, $name),)+ }
            }

            /// The details after the change.
            pub fn apply(&self, old: &ListingDetails) -> ListingDetails {
                ListingDetails { $($field: self.$field.clone().or_keep(old.$field.clone()),)+ }
            }
        }
    };
}

details! {
    /// The listing's number in the MLS (RESO ListingId).
    #[schema(max_length = 100, example = "A11234567")]
    mls_number: String = "mlsNumber", short;
    /// What is for sale or rent (RESO PropertyType).
    #[schema(example = "Residential")]
    property_type: PropertyType = "propertyType", |reader: &mut Reader<'_>, name| reader.choice(name, PropertyType::WORDS);
    /// The kind of property within its type (RESO PropertySubType).
    #[schema(example = "Single Family Residence")]
    property_sub_type: PropertySubType = "propertySubType", |reader: &mut Reader<'_>, name| reader.choice(name, PropertySubType::WORDS);
    /// The description for the public (RESO PublicRemarks).
    #[schema(max_length = 20000, example = "Bright corner home near the park.")]
    description: String = "description", long;
    /// The city (RESO City).
    #[schema(max_length = 100, example = "Miami")]
    city: String = "city", short;
    /// The state or province (RESO StateOrProvince).
    #[schema(max_length = 100, example = "FL")]
    state_or_province: String = "stateOrProvince", short;
    /// The postal code (RESO PostalCode).
    #[schema(max_length = 100, example = "33133")]
    postal_code: String = "postalCode", short;
    /// The county or parish (RESO CountyOrParish).
    #[schema(max_length = 100, example = "Miami-Dade")]
    county_or_parish: String = "countyOrParish", short;
    /// The country (RESO Country).
    #[schema(max_length = 100, example = "US")]
    country: String = "country", short;
    /// The unit or apartment (RESO UnitNumber).
    #[schema(max_length = 100, example = "4B")]
    unit_number: String = "unitNumber", short;
    /// Degrees north (RESO Latitude).
    #[schema(minimum = -90, maximum = 90, example = 25.7281)]
    latitude: f64 = "latitude", |reader: &mut Reader<'_>, name| reader.number(name, -90.0..=90.0);
    /// Degrees east (RESO Longitude).
    #[schema(minimum = -180, maximum = 180, example = -80.2434)]
    longitude: f64 = "longitude", |reader: &mut Reader<'_>, name| reader.number(name, -180.0..=180.0);
    /// The lot's size in square feet (RESO LotSizeSquareFeet).
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 7500)]
    lot_size_sqft: f64 = "lotSizeSqft", |reader: &mut Reader<'_>, name| reader.number(name, 0.0..=1e12);
    /// The year of construction (RESO YearBuilt).
    #[schema(minimum = 1000, maximum = 2200, example = 1998)]
    year_built: i64 = "yearBuilt", |reader: &mut Reader<'_>, name| reader.integer(name, 1000..=2200);
    /// How many cars the garage holds (RESO GarageSpaces).
    #[schema(minimum = 0, maximum = 1000, example = 2)]
    garage_spaces: f64 = "garageSpaces", |reader: &mut Reader<'_>, name| reader.number(name, 0.0..=1000.0);
    /// Whether there is a private pool (RESO PoolPrivateYN).
    #[schema(example = true)]
    has_pool: bool = "hasPool", Reader::flag;
    /// The association's fee, each time it is due (RESO AssociationFee).
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 999_999_999_999.99, multiple_of = 0.01, example = 250)]
    association_fee: Money = "associationFee", Reader::money;
    /// How often the association's fee is due (RESO AssociationFeeFrequency).
    #[schema(example = "Monthly")]
    association_fee_frequency: FeeFrequency = "associationFeeFrequency", |reader: &mut Reader<'_>, name| reader.choice(name, FeeFrequency::WORDS);
    /// The yearly property tax (RESO TaxAnnualAmount).
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 999_999_999_999.99, multiple_of = 0.01, example = 9800.5)]
    tax_annual_amount: Money = "taxAnnualAmount", Reader::money;
    /// The price that was first asked (RESO OriginalListPrice).
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 999_999_999_999.99, multiple_of = 0.01, example = 775_000)]
    original_price: Money = "originalPrice", Reader::money;
    /// The price that was paid (RESO ClosePrice).
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 999_999_999_999.99, multiple_of = 0.01, example = 742_500)]
    close_price: Money = "closePrice", Reader::money;
    /// The day of the sale (RESO CloseDate).
    #[schema(format = Date, example = "2026-12-15")]
    close_date: String = "closeDate", date;
    /// The day the listing came on the market (RESO OnMarketDate).
    #[schema(format = Date, example = "2026-10-01")]
    on_market_date: String = "onMarketDate", date;
    /// The day the listing agreement ends (RESO ExpirationDate).
    #[schema(format = Date, example = "2027-03-31")]
    expiration_date: String = "expirationDate", date;
    /// A virtual tour without branding (RESO VirtualTourURLUnbranded).
    #[schema(max_length = 8192, pattern = r#"^$|^[Hh][Tt][Tt][Pp][Ss]?://[^\s\x00-\x1f\x7f-\x9f"'<>\\`{}|^@:./?#][^\s\x00-\x1f\x7f-\x9f"'<>\\`{}|^@/?#]*([/?#][^\s\x00-\x1f\x7f-\x9f"'<>\\`{}|^]*)?$"#, example = "https://tours.example.com/456-oak-ave")]
    virtual_tour_url: String = "virtualTourUrl", web_address;
    /// Remarks for agents only; never shown to the public (RESO PrivateRemarks).
    #[schema(max_length = 20000, example = "Seller prefers a closing in January.")]
    private_remarks: String = "privateRemarks", long;
    /// How to show the property; never shown to the public (RESO ShowingInstructions).
    #[schema(max_length = 20000, example = "Call an hour ahead; the dog is friendly.")]
    showing_instructions: String = "showingInstructions", long;
}

impl ListingDetails {
    /// As stored: JSON without the unknown fields.
    pub(crate) fn encode(&self) -> Result<String, serde_json::Error> {
        let mut fields = serde_json::to_value(self)?;
        if let Some(fields) = fields.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        serde_json::to_string(&fields)
    }
}

fn short(reader: &mut Reader<'_>, name: &'static str) -> Given<String> {
    reader.text(name, max::SHORT)
}

fn long(reader: &mut Reader<'_>, name: &'static str) -> Given<String> {
    reader.text(name, max::NOTES)
}

fn date(reader: &mut Reader<'_>, name: &'static str) -> Given<String> {
    match reader.text(name, max::SHORT) {
        Given::Value(text) if !is_date(&text) => {
            reader.refuse(name, "must be a date such as 2026-11-23");
            Given::Absent
        }
        other => other,
    }
}

/// A day that exists, as `YYYY-MM-DD` (RFC 3339 `full-date`).
fn is_date(text: &str) -> bool {
    let has_form = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(place, byte)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    has_form && text.parse::<jiff::civil::Date>().is_ok()
}

fn web_address(reader: &mut Reader<'_>, name: &'static str) -> Given<String> {
    match reader.text(name, max::URL) {
        Given::Value(text) if !is_web_address(&text) => {
            reader.refuse(name, "must be a web address that begins with https:// or http://");
            Given::Absent
        }
        other => other,
    }
}

/// An absolute `http` or `https` URL (RFC 9110, section 4.2) that can be put into a page as it is: no other scheme, no
/// white space, no quotes or angle brackets, no name before an `@` that passes for the host.
fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = |letter: char| !letter.is_whitespace() && !letter.is_control() && !r#""'<>\`{}|^"#.contains(letter);
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        && !host.is_empty()
        && !host.starts_with([':', '.'])
        && !host.contains('@')
        && rest.chars().all(is_plain)
}

/// A number of bathrooms, counted in quarters: a room with a toilet and a basin is usually a half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bathrooms {
    quarters: i64,
}

impl Bathrooms {
    /// The most there can be.
    pub const MAX: f64 = 100.0;

    /// Reads a number from 0 to [`Bathrooms::MAX`].
    ///
    /// # Errors
    /// With a sentence for the sender when it is outside or no whole number of quarters.
    pub fn parse(rooms: f64) -> Result<Self, &'static str> {
        const MESSAGE: &str = "must be a number from 0 to 100 in steps of 0.25";
        let quarters = rooms * 4.0;
        let is_counted = (0.0..=Self::MAX).contains(&rooms) && quarters.fract() == 0.0;
        is_counted.then_some(Self { quarters: quarters as i64 }).ok_or(MESSAGE)
    }

    /// A number as stored.
    #[must_use]
    pub fn from_quarters(quarters: i64) -> Self {
        Self { quarters }
    }

    /// In quarters, as stored.
    #[must_use]
    pub fn quarters(self) -> i64 {
        self.quarters
    }

    /// The number of rooms.
    #[must_use]
    pub fn rooms(self) -> f64 {
        self.quarters as f64 / 4.0
    }
}

impl Serialize for Bathrooms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.rooms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bathrooms_come_in_quarters() {
        for (rooms, quarters) in [(0.0, 0), (2.5, 10), (3.75, 15), (100.0, 400)] {
            let bathrooms = Bathrooms::parse(rooms).unwrap();
            assert_eq!((bathrooms.quarters(), bathrooms.rooms()), (quarters, rooms));
        }
        for rooms in [-0.25, 0.1, 2.3, 100.25, f64::NAN, f64::INFINITY] {
            assert!(Bathrooms::parse(rooms).is_err(), "{rooms}");
        }
    }

    #[test]
    fn a_date_is_a_day_that_exists() {
        assert!(is_date("2024-02-29"));
        for text in
            ["2023-02-29", "2024-13-01", "2024-1-01", "24-01-01", "2024-01-01T00:00", "20240101", "", "२०२४-०१-०१"]
        {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn a_tour_is_at_a_web_address_and_nowhere_else() {
        for text in [
            "https://tours.example.com/1",
            "HTTP://example.com",
            "https://例子.广告/路?x=1#y",
            "http://[2001:db8::1]:8080/",
        ] {
            assert!(is_web_address(text), "{text}");
        }
        for text in [
            "javascript:alert(1)",
            "javascript://x/%0aalert(1)",
            "data:text/html,x",
            "//example.com",
            "example.com",
            "https://",
            "https:///x",
            "https://user@example.com/",
            "https://a b.com",
            "https://example.com/\" onclick=x",
            "ftp://example.com",
            " https://example.com",
        ] {
            assert!(!is_web_address(text), "{text}");
        }
    }

    #[test]
    fn details_come_back_from_storage_as_they_were() {
        let details = ListingDetails {
            latitude: Some(25.761_679_800_000_002),
            property_type: Some(PropertyType::ResidentialLease),
            association_fee: Some(Money::parse(250.1).unwrap()),
            has_pool: Some(false),
            ..ListingDetails::default()
        };
        let text = details.encode().unwrap();
        assert!(!text.contains("null"), "{text}");
        assert_eq!(serde_json::from_str::<ListingDetails>(&text).unwrap(), details);
    }
}
