//! Showings: a client asks to see a listing at one of a few times; the agent confirms one, declines, or it is cancelled.

use std::time::Duration;

use db::{Row, Tx, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AgentId, Crm, Error, bookings,
    clock::UnixMillis,
    events::EventKind,
    idempotency::{Answer, Once},
    ids::{ClientId, ListingId, ShowingId},
    new_showings::{Parties, element},
    pages::{self, Filter, Listed, Page, Source},
    showing_states::ShowingState,
    taken_times::{self, Holder},
    totals::{self, Kind},
    turns::Turn,
};

pub(crate) use crate::showing_changes::take_step;
pub(crate) use crate::trashed_showings::{Parent, erase_of, restore_of, trash_of};
pub use crate::{
    new_showings::NewShowing,
    showing_changes::{ShowingChange, take_back, update},
    showing_states::ShowingStatus,
};

/// The furthest ahead that an agent has appointments.
pub const FURTHEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);
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
    pub(crate) fn holder(&self) -> Holder<'_> {
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

/// Adds a showing that the agent agreed on with the client: nobody requested it here, so no event is raised. Where it has one time,
/// that is confirmed.
///
/// # Errors
/// As [`create`]; [`Error::Invalid`] for `anyway` with a time at which the agent shows nothing, unless `new` says so; for
/// `requestedTimes` with one that is years away.
pub async fn add(crm: &Crm, agent: AgentId, new: NewShowing, once: Option<Once>) -> Result<Answer<Created>, Error> {
    crm.change_once("showings.add", agent, once, move |tx, turn| {
        for (place, time) in new.requested_times.iter().enumerate() {
            check_near(&element(place), *time, turn.now)?;
        }
        let mut showing = put(tx, turn, &new)?;
        if !new.is_anyway {
            bookings::warn(tx, turn, showing.id, new.listing_id, &new.requested_times)?;
        }
        if let [time] = *showing.requested_times {
            showing = take_step(tx, turn, showing, &ShowingChange::confirming(time))?;
        }
        Ok(Created { id: showing.id })
    })
    .await
}

/// Refuses a time of the agent's own choice that can only be a slip: years ahead.
///
/// # Errors
/// [`Error::Invalid`] for this field.
pub(crate) fn check_near(field: &str, time: UnixMillis, now: UnixMillis) -> Result<(), Error> {
    match time > now.plus(FURTHEST) {
        true => Err(Error::invalid(field, "is more than ten years ahead: look at the year again")),
        false => Ok(()),
    }
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
