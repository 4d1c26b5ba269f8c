//! Showings to be: what a request says, and what is checked of it before it is stored.

use db::{Tx, params};
use serde_json::{Map, Value};

use crate::{
    Error,
    clock::UnixMillis,
    error::FieldError,
    ids::{ClientId, ListingId},
    input::{Purpose, Reader, max},
    listings::ListingStatus,
    showings::MAX_TIMES,
    turns::Turn,
};

/// A showing to be requested.
#[derive(Debug, Clone)]
pub struct NewShowing {
    pub(crate) client_id: ClientId,
    pub(crate) listing_id: ListingId,
    pub(crate) requested_times: Vec<UnixMillis>,
    pub(crate) notes: Option<String>,
    /// Whether times are taken at which the listing is not shown.
    pub(crate) is_override: bool,
    /// Whether an agent who adds it wants it at times at which they show nothing.
    pub(crate) is_anyway: bool,
}

/// One sentence for an id that never was, one of another agent and one of another kind.
const NO_SUCH_RECORD: &str = "is not the id of a record of yours";

impl NewShowing {
    /// Reads a request from outside.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let client_id = reader.id("clientId");
        let client_id = reader.required("clientId", client_id, Purpose::Create);
        let listing_id = reader.id("listingId");
        let listing_id = reader.required("listingId", listing_id, Purpose::Create);
        let requested_times = requested_times(&mut reader);
        let notes = reader.text("notes", max::NOTES).value();
        let is_override = reader.flag("override").value().unwrap_or(false);
        reader.finish(|| Self {
            client_id: client_id.expect("required"),
            listing_id: listing_id.expect("required"),
            requested_times,
            notes,
            is_override,
            is_anyway: false,
        })
    }

    /// The same as an agent adds it, who knows when they have time: `is_anyway` says that they were warned.
    #[must_use]
    pub fn by_agent(self, is_anyway: bool) -> Self {
        Self { is_override: true, is_anyway, ..self }
    }
}

fn requested_times(reader: &mut Reader<'_>) -> Vec<UnixMillis> {
    const FIELD: &str = "requestedTimes";
    let list = reader.list(FIELD);
    let Some(items) = reader.required(FIELD, list, Purpose::Create) else { return Vec::new() };
    if !(1..=MAX_TIMES).contains(&items.len()) {
        reader.refuse(FIELD, format!("must have 1 to {MAX_TIMES} times"));
        return Vec::new();
    }
    let mut times = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        match item.as_str().and_then(UnixMillis::parse_rfc3339) {
            Some(time) if times.contains(&time) => reader.refuse(element(place), "is the same as an earlier one"),
            Some(time) => times.push(time),
            None => reader.refuse(element(place), "must be a time as RFC 3339 has it: 2026-11-23T15:00:00Z"),
        }
    }
    times
}

pub(crate) fn element(place: usize) -> String {
    format!("requestedTimes[{place}]")
}

/// The client and the listing of a request, as far as a showing tells of them.
pub(crate) struct Parties {
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    pub address: String,
}

impl Parties {
    /// Finds both, and checks what only the time of the write can tell of the request.
    pub fn of(tx: &mut Tx<'_>, turn: &Turn, new: &NewShowing) -> Result<Self, Error> {
        let mut errors = Vec::new();
        let client = tx.query_opt(
            "SELECT name, email, phone FROM clients WHERE agent_id = $1 AND id = $2",
            params![&turn.agent, &new.client_id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let listing = tx.query_opt(
            "SELECT address, status FROM listings WHERE agent_id = $1 AND id = $2",
            params![&turn.agent, &new.listing_id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut refuse = |field: String, message: &str| errors.push(FieldError { field, message: message.to_owned() });
        if client.is_none() {
            refuse("clientId".to_owned(), NO_SUCH_RECORD);
        }
        match &listing {
            None => refuse("listingId".to_owned(), NO_SUCH_RECORD),
            Some((_, ListingStatus::Draft)) => {
                refuse("listingId".to_owned(), "is a draft: it cannot be shown before it is offered");
            }
            Some((_, status)) if status.is_over() && !new.is_override => {
                refuse("listingId".to_owned(), "is no longer offered: only with \"override\": true can it be shown");
            }
            Some(_) => {}
        }
        for (place, time) in new.requested_times.iter().enumerate() {
            if *time <= turn.now {
                refuse(element(place), "must be in the future");
            }
        }
        match (client, listing) {
            (Some((name, email, phone)), Some((address, _))) if errors.is_empty() => {
                Ok(Self { name, email, phone, address })
            }
            _ => Err(Error::Invalid(errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields_of(input: &Value) -> Vec<String> {
        match NewShowing::read(input.as_object().unwrap()) {
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_request_names_one_to_three_distinct_times() {
        let (client, listing) = (ClientId([1; 16]).to_string(), ListingId([2; 16]).to_string());
        let (noon, one, two) = ("2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z");
        let request = |times: Value| json!({"clientId": client, "listingId": listing, "requestedTimes": times});
        assert!(fields_of(&request(json!([noon]))).is_empty());
        assert!(fields_of(&request(json!([noon, one, two]))).is_empty());
        assert_eq!(fields_of(&request(json!([]))), ["requestedTimes"]);
        assert_eq!(fields_of(&request(json!(null))), ["requestedTimes"]);
        assert_eq!(fields_of(&request(json!(noon))), ["requestedTimes"]);
        assert_eq!(fields_of(&request(json!([noon, one, two, "2026-11-23T15:00:00Z"]))), ["requestedTimes"]);
        // The same instant, written otherwise.
        assert_eq!(fields_of(&request(json!([noon, "2026-11-23T07:00:00-05:00"]))), ["requestedTimes[1]"]);
        assert_eq!(
            fields_of(&request(json!([noon, 1_711_234_567_890_i64, "tomorrow"]))),
            ["requestedTimes[1]", "requestedTimes[2]"]
        );
    }

    #[test]
    fn every_missing_field_is_named() {
        assert_eq!(fields_of(&json!({})), ["clientId", "listingId", "requestedTimes"]);
        assert_eq!(
            fields_of(&json!({"clientId": "abc", "listingId": 5, "requestedTimes": 5, "override": "yes"})).len(),
            4
        );
    }
}
