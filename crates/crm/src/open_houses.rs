//! Open houses: times at which a listing is open to whoever comes.

use std::time::Duration;

use db::{Row, params};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{ListingId, OpenHouseId},
    listings, showings,
};

/// The most open houses that a listing has at a time, those of the past included.
pub const MOST: i64 = 100;
/// The longest there is.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// How long ago one may have been that is put down afterwards.
const LONGEST_AGO: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// The most characters of what is said of one.
const LONGEST_NOTES: usize = 500;

/// A time at which a listing is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenHouse {
    /// The id.
    pub id: OpenHouseId,
    /// When it begins.
    pub starts_at: UnixMillis,
    /// When it ends.
    pub ends_at: UnixMillis,
    /// What is to be known.
    pub notes: Option<String>,
}

/// The open houses of a listing, the earliest first.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, listing: ListingId) -> Result<Vec<OpenHouse>, Error> {
    crm.db
        .read("open_houses.list", move |tx| {
            let sql = "SELECT id, starts_at, ends_at, notes FROM open_houses WHERE agent_id = $1 AND listing_id = $2
                       ORDER BY starts_at, id";
            Ok(tx.query(sql, params![&agent, &listing], |row: &Row<'_>| {
                let (starts_at, ends_at) = (UnixMillis(row.get(1)?), UnixMillis(row.get(2)?));
                Ok(OpenHouse { id: row.get(0)?, starts_at, ends_at, notes: row.get(3)? })
            })?)
        })
        .await
}

/// Adds one to a listing.
///
/// # Errors
/// [`Error::Invalid`] for `ends` when it is no later than the beginning, or a day later; for `starts` when it is years away or long over;
/// [`Error::NotFound`].
pub async fn create(
    crm: &Crm,
    agent: AgentId,
    listing: ListingId,
    starts_at: UnixMillis,
    ends_at: UnixMillis,
    notes: &str,
) -> Result<OpenHouseId, Error> {
    if ends_at <= starts_at {
        return Err(Error::invalid("ends", "must be after the beginning"));
    }
    if ends_at > starts_at.plus(LONGEST) {
        return Err(Error::invalid("ends", "must be within 24 hours of the beginning"));
    }
    let now = crm.clock.now();
    showings::check_near("starts", starts_at, now)?;
    if ends_at < now.minus(LONGEST_AGO) {
        return Err(Error::invalid("starts", "is long over: look at the day and the year again"));
    }
    let notes = Some(notes.trim().to_owned()).filter(|notes| !notes.is_empty());
    if notes.as_ref().is_some_and(|notes| notes.chars().count() > LONGEST_NOTES) {
        return Err(Error::invalid("notes", "must have at most 500 characters"));
    }
    crm.change("open_houses.create", agent, move |tx, turn| {
        listings::require(tx, agent, listing)?;
        let sql = "SELECT COUNT(*) FROM open_houses WHERE agent_id = $1 AND listing_id = $2";
        if tx.query_one(sql, params![&agent, &listing], |row| row.get::<i64>(0))? >= MOST {
            return Err(Error::invalid("starts", "must wait: a listing has at most 100 open houses; delete one first"));
        }
        let id = OpenHouseId(turn.next_id());
        tx.execute(
            "INSERT INTO open_houses (agent_id, id, listing_id, starts_at, ends_at, notes) VALUES ($1, $2, $3, $4, $5, $6)",
            params![&agent, &id, &listing, starts_at.0, ends_at.0, &notes],
        )?;
        Ok(id)
    })
    .await
}

/// Deletes one.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(crm: &Crm, agent: AgentId, listing: ListingId, id: OpenHouseId) -> Result<(), Error> {
    crm.change("open_houses.delete", agent, move |tx, _| {
        let sql = "DELETE FROM open_houses WHERE agent_id = $1 AND id = $2 AND listing_id = $3";
        match tx.execute(sql, params![&agent, &id, &listing])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    })
    .await
}
