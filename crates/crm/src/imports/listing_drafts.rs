//! A row as the listing that it becomes, or that it changes.

use std::collections::HashMap;

use aws_lc_rs::digest;
use db::{Tx, params};
use serde_json::{Map, Value};

use super::{
    columns::Column,
    listing_columns::{self, FIELDS, IGNORED, Kind, told_by},
    listing_values::{by_day, currency, date, flag, is_in_acres, number, square_feet, value, word},
};
use crate::{
    AgentId, Error,
    fold::fold,
    ids::{ImportId, ListingId},
    listings::{self, ListingChange, ListingStatus, NewListing},
};

/// A listing as a row has it, before it is stored.
#[derive(Debug, Clone)]
pub struct ListingDraft {
    /// What the row says, by the names of the API.
    pub fields: Map<String, Value>,
    /// The listing, where it is new.
    pub(super) new: NewListing,
    /// What becomes of one that came in before: what the row does not name stays.
    pub(super) change: ListingChange,
    pub(super) hashes: Vec<[u8; 32]>,
}

/// The listing of a row.
///
/// # Errors
/// What is wrong with it, in words for whoever made the file.
pub(super) fn read(cells: &[String], columns: &[Column]) -> Result<ListingDraft, String> {
    let row = if listing_columns::are_of_records(columns) {
        Row::of_record(cells.first().map_or("", String::as_str))?
    } else {
        if cells.len() > columns.len() && cells[columns.len()..].iter().any(|cell| !cell.trim().is_empty()) {
            return Err(format!("has {} cells, more than there are columns ({})", cells.len(), columns.len()));
        }
        Row::of_cells(cells, columns)
    };
    let (mut fields, rest) = row.fields()?;
    let told = |error| row.told(error);
    let change = ListingChange::read(&fields).map_err(told)?;
    let hashes = row.hashes(&fields);
    // What has no field of its own is kept where the agent sees it; of a listing that is there, the remarks are the agent's.
    if !rest.is_empty() {
        let remarks = fields.get("privateRemarks").and_then(Value::as_str).map(str::to_owned);
        let remarks = remarks.into_iter().chain(rest).collect::<Vec<_>>().join("\n");
        fields.insert("privateRemarks".to_owned(), Value::from(remarks));
    }
    let new = NewListing::read(&fields).map_err(|error| row.told(error))?;
    Ok(ListingDraft { fields, new, change, hashes })
}

/// What stands in a row, by the names of fields: under which header, and what.
struct Row {
    said: HashMap<&'static str, (String, Value)>,
}

impl Row {
    fn of_cells(cells: &[String], columns: &[Column]) -> Self {
        let mut said = HashMap::new();
        for (column, cell) in columns.iter().zip(cells) {
            let text = super::drafts::plain(cell.trim());
            let Some(field) = listing_columns::field(&column.field).filter(|field| field.name != IGNORED) else {
                continue;
            };
            let (field, text) = match listing_columns::by_day(field) {
                Some(base) => (base, by_day(text).unwrap_or_else(|| text.to_owned())),
                None => (field, text.to_owned()),
            };
            if !text.is_empty() {
                said.entry(field.name).or_insert_with(|| (column.header.clone(), Value::from(text)));
            }
        }
        Self { said }
    }

    /// Of a JSON object, by the names of its members.
    fn of_record(text: &str) -> Result<Self, String> {
        if text == "too long" {
            return Err(String::from("is longer than 128 KiB"));
        }
        if text.contains("\\u0000") {
            return Err(String::from("has a character that no text has (NUL)"));
        }
        let record = serde_json::from_str(text).map_err(|error| format!("cannot be read: {error}"))?;
        let Value::Object(record) = record else { return Err(String::from("is no record: it must be an object")) };
        let mut said = HashMap::<&'static str, (String, Value)>::new();
        let mut ranks = HashMap::new();
        for (header, value) in record {
            let value = match value {
                Value::Null | Value::Object(_) => continue,
                Value::String(text) if text.trim().is_empty() => continue,
                Value::Array(items) => {
                    let texts = items.iter().filter_map(Value::as_str).collect::<Vec<_>>();
                    if texts.is_empty() {
                        continue;
                    }
                    Value::from(texts.join(", "))
                }
                other => other,
            };
            let Some((field, rank)) = told_by(&header) else { continue };
            if ranks.get(field.name).is_none_or(|best| rank < *best) {
                ranks.insert(field.name, rank);
                said.insert(field.name, (header, value));
            }
        }
        Ok(Self { said })
    }

    fn text(&self, name: &str) -> Option<String> {
        self.said.get(name).map(|(_, value)| match value {
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        })
    }

    fn number(&self, name: &str, kind: Kind) -> Option<f64> {
        let (_, value) = self.said.get(name)?;
        value.as_f64().or_else(|| number(value.as_str()?, kind))
    }

    /// The API's fields, and what has none.
    fn fields(&self) -> Result<(Map<String, Value>, Vec<String>), String> {
        let (mut fields, mut wrong, mut rest) = (Map::new(), Vec::new(), Vec::new());
        for field in FIELDS.iter().filter(|field| field.kind != Kind::Part) {
            let Some((header, said)) = self.said.get(field.name) else { continue };
            let text = self.text(field.name).unwrap_or_default();
            let mut put = |value: Option<Value>, must: &str| match value {
                Some(value) => drop(fields.insert(field.name.to_owned(), value)),
                None => wrong.push(format!("{header}: {must}")),
            };
            match field.kind {
                Kind::Text if field.name == "currency" => put(Some(Value::from(text.to_uppercase())), ""),
                Kind::Text => put(Some(Value::from(text)), ""),
                Kind::Money | Kind::Number => put(self.number(field.name, field.kind).map(value), "must be a number"),
                Kind::Area => {
                    let unit = match field.name {
                        "sqft" => self.text("sqftUnits"),
                        _ => self.text("lotSizeUnits"),
                    };
                    let unit = unit.unwrap_or_else(|| unit_of(&text).to_owned());
                    let area = self.number(field.name, if is_in_acres(&unit) { Kind::Number } else { Kind::Area });
                    put(area.map(|area| value(square_feet(area, &unit))), "must be a number");
                }
                Kind::Flag => put(said.as_bool().or_else(|| flag(&text)).map(Value::from), "must be yes or no"),
                Kind::Date => put(date(&text).map(Value::from), "must be a date such as 2026-11-23"),
                Kind::Word => match (word(field.name, &text), field.name) {
                    (Some(word), _) => put(Some(Value::from(word)), ""),
                    (None, "status") => put(None, &no_status(&text)),
                    // No reason to refuse the listing.
                    (None, _) => rest.push(format!("{}: {text}", field.words)),
                },
                Kind::Part => {}
            }
        }
        if !fields.contains_key("lotSizeSqft")
            && let Some(acres) = self.number("lotSizeAcres", Kind::Number)
        {
            fields.insert("lotSizeSqft".to_owned(), value(square_feet(acres, "acres")));
        }
        if let Some(rooms) = self.bathrooms() {
            fields.insert("bathrooms".to_owned(), value(rooms));
        }
        if let Some(address) = self.address() {
            fields.insert("address".to_owned(), Value::from(address));
        }
        if !fields.contains_key("currency")
            && let Some(code) = self.text("price").as_deref().and_then(currency)
        {
            fields.insert("currency".to_owned(), Value::from(code));
        }
        if wrong.is_empty() { Ok((fields, rest)) } else { Err(wrong.join("; ")) }
    }

    /// Of the parts, where there are any: the total counts a half for a whole (RESO BathroomsTotalInteger).
    fn bathrooms(&self) -> Option<f64> {
        let full = self.number("bathroomsFull", Kind::Number)?;
        let part = |name, rooms: f64| self.number(name, Kind::Number).unwrap_or(0.0) * rooms;
        Some(
            full + part("bathroomsThreeQuarter", 0.75) + part("bathroomsHalf", 0.5) + part("bathroomsOneQuarter", 0.25),
        )
    }

    /// The whole address: what stands as one, or its parts; and the place, where that does not name it.
    fn address(&self) -> Option<String> {
        let join = |names: &[&str], between: &str| {
            let parts = names.iter().filter_map(|name| self.text(name)).collect::<Vec<_>>();
            Some(parts.join(between)).filter(|joined| !joined.is_empty())
        };
        let street = || join(&["streetNumber", "streetDirPrefix", "streetName", "streetSuffix"], " ");
        let mut line = self.text("address").or_else(street)?;
        // Without it all homes of a house would be one.
        if let Some(unit) = self.text("unitNumber") {
            let unit = unit.trim_start_matches('#').trim();
            let (words, folded) = (fold(&line), fold(unit));
            let mut words = words.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
            if !words.any(|word| word == folded) {
                line = match line.split_once(',') {
                    Some((street, place)) => format!("{street} #{unit},{place}"),
                    None => format!("{line} #{unit}"),
                };
            }
        }
        let region = join(&["stateOrProvince", "postalCode"], " ");
        let place = self.text("city").into_iter().chain(region).collect::<Vec<_>>().join(", ");
        let is_whole = match self.text("city") {
            Some(city) => fold(&line).contains(&fold(&city)),
            None => true,
        };
        Some(if is_whole { line } else { format!("{line}, {place}") })
    }

    /// What tells the listing from others, each of them alone: its key in the other program and its MLS number; without either, its
    /// address.
    fn hashes(&self, fields: &Map<String, Value>) -> Vec<[u8; 32]> {
        let key = self.text("listingKey").map(|key| format!("key\0{key}"));
        let number = self.text("mlsNumber").map(|number| format!("mls\0{}", fold(&number)));
        let mut told = key.into_iter().chain(number).collect::<Vec<_>>();
        if told.is_empty() {
            told.push(format!("address\0{}", fold(fields.get("address").and_then(Value::as_str).unwrap_or_default())));
        }
        let hash = |text: String| digest::digest(&digest::SHA256, text.as_bytes());
        told.into_iter().map(|text| hash(text).as_ref().try_into().expect("SHA-256 gives 32 bytes")).collect()
    }

    /// Errors by the headers of the file.
    fn told(&self, error: Error) -> String {
        let Error::Invalid(errors) = error else { return error.to_string() };
        let told =
            errors.into_iter().map(|error| match (self.said.get(error.field.as_str()), error.message.as_str()) {
                (Some((header, _)), message) => format!("{header}: {message}"),
                (None, "is required") => format!("has no {}", error.field),
                (None, message) => format!("{}: {message}", error.field),
            });
        told.collect::<Vec<_>>().join("; ")
    }
}

/// What an MLS number is known by.
fn of_number(number: &str) -> [u8; 32] {
    let text = format!("mls\0{}", fold(number));
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// Notes that a listing has this MLS number, so that a row with it is known to be its. Another that had it, and has not any more, gives way;
/// one that still has it, or is in the trash, does not.
pub(crate) fn know(tx: &mut Tx<'_>, agent: AgentId, listing: ListingId, number: &str) -> Result<(), Error> {
    let hash = of_number(number.trim());
    let sql = "SELECT listing_id FROM imported_listings WHERE agent_id = $1 AND hash = $2";
    let held = tx.query_opt(sql, params![&agent, &hash[..]], |row| row.get::<ListingId>(0))?;
    match held {
        Some(other) if other == listing => return Ok(()),
        Some(other) => match listings::number_of(tx, agent, other)? {
            Some(Some(still)) if of_number(still.trim()) != hash => {}
            Some(None) => {}
            _ => return Ok(()),
        },
        None => {}
    }
    tx.execute(
        "INSERT INTO imported_listings (agent_id, hash, listing_id, import_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (agent_id, hash) DO UPDATE SET listing_id = excluded.listing_id, import_id = excluded.import_id",
        // Of no import.
        params![&agent, &hash[..], &listing, &ImportId([0; 16])],
    )?;
    Ok(())
}

fn no_status(text: &str) -> String {
    if fold(text) == "delete" {
        return String::from("is deleted in the other program");
    }
    let words = ListingStatus::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    format!("must be one of {words}")
}

/// The unit that is written behind a number.
fn unit_of(text: &str) -> &str {
    text.trim_start_matches(|letter: char| !letter.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::listing_columns::guess, *};

    fn draft(headers: &str, row: &str) -> Result<ListingDraft, String> {
        let split = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
        read(&split(row), &guess(split(headers)))
    }

    fn of_record(record: &Value) -> Result<ListingDraft, String> {
        read(&[record.to_string()], &listing_columns::of_records())
    }

    #[test]
    fn a_row_of_a_sheet_becomes_a_listing() {
        let draft = draft(
            "MLS #|Street|City|State|Zip|Price|Beds|Baths|Sq Ft|Status|Type|Pool|List date|Photo",
            "A1|1 Main St|Miami|FL|33101|$750,000|3|2.5|1,850|Sold|Villa|Yes|3/1/2026|x.jpg",
        );
        let wanted = json!({
            "mlsNumber": "A1", "address": "1 Main St, Miami, FL 33101", "city": "Miami", "stateOrProvince": "FL", "postalCode": "33101",
            "price": 750_000, "status": "closed", "bedrooms": 3, "bathrooms": 2.5, "sqft": 1_850, "hasPool": true,
            "onMarketDate": "2026-03-01", "privateRemarks": "Property type: Villa"
        });
        assert_eq!(Value::Object(draft.unwrap().fields), wanted);
    }

    #[test]
    fn a_record_of_a_reso_server_becomes_a_listing() {
        let record = json!({
            "@odata.id": "Property('1')", "ListingKey": "1", "ListingId": "A1", "StandardStatus": "ActiveUnderContract", "MlsStatus": "AUC",
            "StreetNumber": "1", "StreetName": "Main", "StreetSuffix": "St", "UnitNumber": "4B", "City": "Miami", "StateOrProvince": "FL",
            "ListPrice": 750_000.5, "BathroomsTotalInteger": 3, "BathroomsFull": 2, "BathroomsHalf": 1, "LivingArea": 100,
            "LivingAreaUnits": "Square Meters", "LotSizeAcres": 0.5, "PoolPrivateYN": false, "CloseDate": null, "Media": [{"MediaURL": "x"}],
            "PropertySubType": "SingleFamilyResidence", "PublicRemarks": "Bright"
        });
        let wanted = json!({
            "mlsNumber": "A1", "address": "1 Main St #4B, Miami, FL", "unitNumber": "4B", "city": "Miami", "stateOrProvince": "FL",
            "price": 750_000.5, "status": "active_under_contract", "propertySubType": "Single Family Residence", "description": "Bright",
            "bathrooms": 2.5, "sqft": 1_076, "lotSizeSqft": 21_780, "hasPool": false
        });
        assert_eq!(Value::Object(of_record(&record).unwrap().fields), wanted);
    }

    #[test]
    fn what_is_wrong_is_told_by_the_header() {
        assert_eq!(draft("Dirección|Precio", "Calle 1|").unwrap_err(), "has no price");
        assert_eq!(draft("Dirección|Precio", "Calle 1|consultar").unwrap_err(), "Precio: must be a number");
        assert_eq!(draft("Address|Price|Beds", "1 Main St|5|2.5").unwrap_err(), "Beds: must be a whole number");
        assert!(
            draft("Address|Price|Status", "1 Main St|5|Gone")
                .unwrap_err()
                .starts_with("Status: must be one of draft, ")
        );
        assert_eq!(
            of_record(&json!({"StandardStatus": "Delete", "ListPrice": 1})).unwrap_err(),
            "StandardStatus: is deleted in the other program"
        );
        assert!(of_record(&json!([1])).unwrap_err().starts_with("is no record"));
        assert!(draft("Address|Price", "1 Main St|5|more").unwrap_err().starts_with("has 3 cells"));
    }

    #[test]
    fn a_listing_is_known_by_its_key_its_number_or_else_its_address() {
        let hashes = |headers, row| draft(headers, row).unwrap().hashes;
        let is_known = |one: &[[u8; 32]], other: &[[u8; 32]]| one.iter().any(|hash| other.contains(hash));
        let of_key = hashes("ListingKey|MLS|Address|Price", "7|A1|1 Main St|5");
        assert!(is_known(&of_key, &hashes("ListingKey|Address|Price", "7|1 Main Street|6")));
        assert!(is_known(&of_key, &hashes("MLS|Address|Price", "a1|2 Main St|5")));
        assert!(!is_known(&of_key, &hashes("Address|Price", "1 Main St|5")));
        assert_eq!(hashes("Address|Price", "1 Main  St|5"), hashes("Address|Price", "1 MAIN ST|6"));
        assert_ne!(hashes("Address|Price", "1 Main St|5"), hashes("Address|Price", "2 Main St|5"));
        // One program's seventh home is not another's.
        assert_ne!(hashes("Id|Address|Price", "7|1 Main St|5"), hashes("Id|Address|Price", "7|2 Main St|5"));
        assert_ne!(hashes("Address|Unit|Price", "1 Main St|1A|5"), hashes("Address|Unit|Price", "1 Main St|1B|5"));
    }

    #[test]
    fn a_unit_stands_in_the_address_once() {
        let address = |row| draft("Address|Unit|City|Price", row).unwrap().fields["address"].clone();
        assert_eq!(address("100 Ocean Dr|1A|Miami|5"), "100 Ocean Dr #1A, Miami");
        assert_eq!(address("100 Ocean Dr Unit 1a|#1A|Miami|5"), "100 Ocean Dr Unit 1a, Miami");
        assert_eq!(address("100 Ocean Dr, Miami|4|Miami|5"), "100 Ocean Dr #4, Miami");
    }

    #[test]
    fn what_has_no_field_of_its_own_changes_no_remarks() {
        let draft = draft("Address|Price|Type", "1 Main St|1.250.000 €|Villa").unwrap();
        assert_eq!(draft.fields["privateRemarks"], "Property type: Villa");
        assert!(!format!("{:?}", draft.change).contains("Villa"));
        assert_eq!((&draft.fields["price"], &draft.fields["currency"]), (&json!(1_250_000), &json!("EUR")));
    }
}
