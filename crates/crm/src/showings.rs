//! Showings: a client asks to see a listing at one of a few times; the agent confirms one, declines, or it is cancelled.

use db::{Row, Tx, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    AgentId, Crm, Error, bookings,
    clock::UnixMillis,
    error::FieldError,
    events::EventKind,
    idempotency::{Answer, Once},
    ids::{ClientId, ListingId, ShowingId},
    input::{Given, Purpose, Reader, max},
    listings::ListingStatus,
    pages::{self, Filter, Listed, Page, Source},
    showing_reminders,
    showing_states::{ShowingState, Step},
    showing_steps,
    taken_times::{self, Holder},
    totals::{self, Kind},
    turns::Turn,
};

pub use crate::showing_states::ShowingStatus;
pub(crate) use crate::trashed_showings::{Parent, erase_of, restore_of, trash_of};

/// The most times that one request can name.
pub const MAX_TIMES: usize = 3;

/// A showing, with its fields in the order of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Showing {
    /// The id.
    pub id: ShowingId,
    /// How far it is.
    pub status: ShowingStatus,
    /// The client who asks.
    pub client_id: ClientId,
    /// The listing to be seen.
    pub listing_id: ListingId,
    /// The times that the client named, 1 to 3.
    pub requested_times: Vec<UnixMillis>,
    /// The time agreed on; `null` before.
    pub confirmed_time: Option<UnixMillis>,
    /// What the client or the agent wrote.
    #[schema(example = "We would like to see the garden.")]
    pub notes: Option<String>,
    /// The client's name.
    #[schema(example = "Jane Doe")]
    pub name: String,
    /// The client's e-mail address.
    #[schema(example = "jane@example.com")]
    pub email: String,
    /// The client's phone number.
    #[schema(example = "(555) 987-6543")]
    pub phone: Option<String>,
    /// The listing's address.
    #[schema(example = "456 Oak Ave, Miami, FL")]
    pub address: String,
    /// When it was requested.
    pub created_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

impl Showing {
    /// What it takes up.
    fn holder(&self) -> Holder<'_> {
        let state = ShowingState { status: self.status, confirmed_time: self.confirmed_time };
        Holder { showing: self.id, listing: self.listing_id, state, requested_times: &self.requested_times }
    }
}

/// A showing as `showing.requested` tells it: the same keys, the telling ones first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShowingRequested<'a> {
    name: &'a str,
    email: &'a str,
    phone: &'a Option<String>,
    address: &'a str,
    requested_times: &'a [UnixMillis],
    notes: &'a Option<String>,
    id: ShowingId,
    client_id: ClientId,
    listing_id: ListingId,
    status: ShowingStatus,
    confirmed_time: Option<UnixMillis>,
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

impl<'a> From<&'a Showing> for ShowingRequested<'a> {
    fn from(showing: &'a Showing) -> Self {
        let Showing { id, status, client_id, listing_id, requested_times, confirmed_time, notes, .. } = showing;
        let Showing { name, email, phone, address, created_at, updated_at, .. } = showing;
        Self {
            name,
            email,
            phone,
            address,
            requested_times,
            notes,
            id: *id,
            client_id: *client_id,
            listing_id: *listing_id,
            status: *status,
            confirmed_time: *confirmed_time,
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }
}

/// A showing to be requested.
#[derive(Debug, Clone)]
pub struct NewShowing {
    client_id: ClientId,
    listing_id: ListingId,
    requested_times: Vec<UnixMillis>,
    notes: Option<String>,
    /// Whether times are taken at which the listing is not shown.
    is_override: bool,
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
        })
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

fn element(place: usize) -> String {
    format!("requestedTimes[{place}]")
}

/// A change of a showing: what is absent stays.
#[derive(Debug, Clone)]
pub struct ShowingChange {
    step: Step,
    notes: Given<String>,
    /// To the client, kept with the step.
    words: Option<String>,
}

impl ShowingChange {
    /// The one that confirms a time.
    #[must_use]
    pub fn confirming(time: UnixMillis) -> Self {
        let step = Step { status: Some(ShowingStatus::Confirmed), confirmed_time: Given::Value(time) };
        Self { step, notes: Given::Absent, words: None }
    }

    /// The one that leads to a status for which no time is needed.
    #[must_use]
    pub fn becoming(status: ShowingStatus) -> Self {
        let step = Step { status: Some(status), confirmed_time: Given::Absent };
        Self { step, notes: Given::Absent, words: None }
    }

    /// The same with words to the client.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `words` that are too long.
    pub fn saying(self, words: &str) -> Result<Self, Error> {
        let words = words.trim();
        if words.chars().count() > showing_steps::MOST_WORDS {
            return Err(Error::invalid("words", format!("must have at most {} characters", showing_steps::MOST_WORDS)));
        }
        Ok(Self { words: Some(words.to_owned()).filter(|words| !words.is_empty()), ..self })
    }

    /// Reads a change from outside (RFC 7396): `null` clears.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let status = reader.choice("status", ShowingStatus::WORDS);
        if status == Given::Null {
            let words = ShowingStatus::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            reader.refuse("status", format!("must be one of {}", words.join(", ")));
        }
        let confirmed_time = reader.instant("confirmedTime");
        let notes = reader.text("notes", max::NOTES);
        reader.finish(|| Self { step: Step { status: status.value(), confirmed_time }, notes, words: None })
    }
}

/// The outcome of [`create`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The new showing's id.
    pub id: ShowingId,
}

/// Records a client's request to see a listing and raises `showing.requested`.
///
/// # Errors
/// [`Error::Invalid`] for a client or listing that is not the agent's, a draft, a time that has passed, and, without override, one at which
/// the listing is not shown; [`Error::IdempotencyKeyReused`].
pub async fn create(crm: &Crm, agent: AgentId, new: NewShowing, once: Option<Once>) -> Result<Answer<Created>, Error> {
    crm.change_once("showings.create", agent, once, move |tx, turn| {
        let id = insert(tx, turn, &new)?;
        Ok(Created { id })
    })
    .await
}

/// The client and the listing of a request, as far as a showing tells of them.
struct Parties {
    name: String,
    email: String,
    phone: Option<String>,
    address: String,
}

impl Parties {
    /// Finds both, and checks what only the time of the write can tell of the request.
    fn of(tx: &mut Tx<'_>, turn: &Turn, new: &NewShowing) -> Result<Self, Error> {
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

/// Adds a showing that the agent agreed on with the client: nobody requested it here, so no event is raised. Where it has one time,
/// that is confirmed.
///
/// # Errors
/// As [`create`].
pub async fn add(crm: &Crm, agent: AgentId, new: NewShowing, once: Option<Once>) -> Result<Answer<Created>, Error> {
    crm.change_once("showings.add", agent, once, move |tx, turn| {
        let mut showing = put(tx, turn, &new)?;
        if let [time] = *showing.requested_times {
            showing = take_step(tx, turn, showing, &ShowingChange::confirming(time))?;
        }
        Ok(Created { id: showing.id })
    })
    .await
}

/// Records a request within a transaction.
pub(crate) fn insert(tx: &mut Tx<'_>, turn: &mut Turn, new: &NewShowing) -> Result<ShowingId, Error> {
    let showing = put(tx, turn, new)?;
    let (id, data) = (showing.id, ShowingRequested::from(&showing));
    turn.record_in_order_of(tx, EventKind::ShowingRequested, &id.0, Some(&showing.client_id.0), &data)?;
    Ok(id)
}

/// Stores a showing as it is asked for.
fn put(tx: &mut Tx<'_>, turn: &mut Turn, new: &NewShowing) -> Result<Showing, Error> {
    let Parties { name, email, phone, address } = Parties::of(tx, turn, new)?;
    if !new.is_override {
        let times = new.requested_times.iter().enumerate().map(|(place, time)| (element(place), *time));
        bookings::check(tx, turn, new.listing_id, &times.collect::<Vec<_>>())?;
    }
    let id = ShowingId(turn.next_id());
    let ShowingState { status, confirmed_time } = ShowingState::REQUESTED;
    let showing = Showing {
        id,
        status,
        client_id: new.client_id,
        listing_id: new.listing_id,
        requested_times: new.requested_times.clone(),
        confirmed_time,
        notes: new.notes.clone(),
        name,
        email,
        phone,
        address,
        created_at: id.created_at(),
        updated_at: id.created_at(),
    };
    let times = showing.requested_times.iter().map(|time| time.0).collect::<Vec<_>>();
    let times = serde_json::to_string(&times).expect("a list of integers");
    tx.execute(
        "INSERT INTO showings (agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, notes, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            &turn.agent,
            &id,
            &showing.client_id,
            &showing.listing_id,
            showing.status,
            &times,
            showing.confirmed_time.map(|time| time.0),
            showing.notes.as_deref(),
            showing.updated_at.0
        ],
    )?;
    taken_times::keep(tx, turn.agent, &showing.holder())?;
    totals::add(tx, turn.agent, Kind::Showing, showing.status.name(), 1)?;
    Ok(showing)
}

// Outer joins by primary key: both parents are always there, and the order of the list stays that of the showings.
macro_rules! select_showings {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.updated_at, t.status, t.client_id, t.listing_id, t.requested_times, t.confirmed_time, t.notes,
                c.name, c.email, c.phone, l.address
             FROM showings t
             LEFT JOIN clients c ON c.agent_id = t.agent_id AND c.id = t.client_id
             LEFT JOIN listings l ON l.agent_id = t.agent_id AND l.id = t.listing_id",
            $rest
        )
    };
}
pub(crate) use select_showings;

const SHOWINGS: Source =
    Source { kind: Kind::Showing, select: select_showings!(""), count: "SELECT 1 FROM showings t" };

/// Reads a row of [`select_showings`].
pub(crate) fn from_row(row: &Row<'_>) -> Result<Showing, db::DbError> {
    let id: ShowingId = row.get(0)?;
    let times = serde_json::from_str::<Vec<i64>>(row.text(5)?);
    let times = times.map_err(|_| db::DbError::Internal("a showing's times cannot be read".to_owned()))?;
    Ok(Showing {
        id,
        status: row.get(2)?,
        client_id: row.get(3)?,
        listing_id: row.get(4)?,
        requested_times: times.into_iter().map(UnixMillis).collect(),
        confirmed_time: row.get::<Option<i64>>(6)?.map(UnixMillis),
        notes: row.get(7)?,
        name: row.get(8)?,
        email: row.get(9)?,
        phone: row.get(10)?,
        address: row.get(11)?,
        created_at: id.created_at(),
        updated_at: UnixMillis(row.get(1)?),
    })
}

/// A showing within a transaction.
pub(crate) fn find(tx: &mut Tx<'_>, agent: AgentId, id: ShowingId) -> Result<Showing, Error> {
    tx.query_opt(select_showings!(" WHERE t.agent_id = $1 AND t.id = $2"), params![&agent, &id], from_row)?
        .ok_or(Error::NotFound)
}

/// One page of an agent's showings.
pub async fn list(crm: &Crm, agent: AgentId, filter: Filter, page: Page) -> Result<Listed<Showing>, Error> {
    crm.db.read("showings.list", move |tx| pages::read(tx, agent, &SHOWINGS, &filter, &page, from_row)).await
}

/// A showing of the agent's.
///
/// # Errors
/// [`Error::NotFound`] for an id that is no showing of this agent.
pub async fn get(crm: &Crm, agent: AgentId, id: ShowingId) -> Result<Showing, Error> {
    crm.db.read("showings.get", move |tx| find(tx, agent, id)).await
}

/// Changes a showing, if `precondition` holds of it: confirms, declines, cancels, completes, notes.
///
/// # Errors
/// [`Error::NotFound`], [`Error::PreconditionFailed`], [`Error::Invalid`] for a step that its status does not allow, and for a time at
/// which another showing is confirmed.
pub async fn update<P>(
    crm: &Crm,
    agent: AgentId,
    id: ShowingId,
    change: ShowingChange,
    precondition: P,
) -> Result<Showing, Error>
where
    P: Fn(&Showing) -> bool + Send + 'static,
{
    crm.change("showings.update", agent, move |tx, turn| {
        let old = find(tx, agent, id)?;
        if !precondition(&old) {
            return Err(Error::PreconditionFailed);
        }
        take_step(tx, turn, old, &change)
    })
    .await
}

/// Changes a showing as it is asked, if its state allows it; the same again changes nothing.
pub(crate) fn take_step(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    old: Showing,
    change: &ShowingChange,
) -> Result<Showing, Error> {
    let state = ShowingState { status: old.status, confirmed_time: old.confirmed_time };
    let state =
        state.after(&change.step, &old.requested_times, turn.now).map_err(|error| Error::Invalid(vec![error]))?;
    let ShowingState { status, confirmed_time } = state;
    let notes = change.notes.clone().or_keep(old.notes.clone());
    let mut showing = Showing { status, confirmed_time, notes, ..old.clone() };
    if showing == old {
        return Ok(old);
    }
    showing.updated_at = turn.now.max(old.updated_at);
    let is_step = showing.holder().state != old.holder().state;
    if is_step {
        taken_times::keep(tx, turn.agent, &showing.holder())?;
    }
    tx.execute(
        "UPDATE showings SET status = $3, confirmed_time = $4, notes = $5, updated_at = $6 WHERE agent_id = $1 AND id = $2",
        params![
            &turn.agent,
            &showing.id,
            showing.status,
            showing.confirmed_time.map(|time| time.0),
            showing.notes.as_deref(),
            showing.updated_at.0
        ],
    )?;
    totals::shift(tx, turn.agent, Kind::Showing, old.status.name(), showing.status.name())?;
    if is_step {
        showing_steps::record(tx, turn, &showing, change.words.as_deref())?;
        showing_reminders::follow(tx, turn, &showing)?;
    }
    Ok(showing)
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
