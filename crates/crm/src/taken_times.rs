//! Taken times: what showings take up, kept beside them under the agent's turn, so that nothing is booked twice and looking costs the same
//! however many showings there are.

use db::{Tx, params};

use crate::{
    AgentId, Error,
    availability::{self, SHOWING_MINUTES},
    clock::UnixMillis,
    ids::{ListingId, ShowingId},
    showing_states::{ShowingState, ShowingStatus},
    slots::MINUTE,
};

/// No showing takes longer: what begins earlier has ended.
const LONGEST: i64 = *SHOWING_MINUTES.end() * MINUTE;

/// A time that a showing takes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub starts_at: i64,
    pub ends_at: i64,
    pub showing: ShowingId,
    pub listing: ListingId,
}

/// A showing, as far as it takes up time.
pub(crate) struct Holder<'a> {
    pub showing: ShowingId,
    pub listing: ListingId,
    pub state: ShowingState,
    pub requested_times: &'a [UnixMillis],
}

/// Notes what a showing takes up from now on: the time agreed on, those asked for while none is, nothing once it is over.
///
/// # Errors
/// [`Error::Invalid`] where a showing that is agreed on overlaps it.
pub(crate) fn keep(tx: &mut Tx<'_>, agent: AgentId, holder: &Holder<'_>) -> Result<(), Error> {
    let sql = "DELETE FROM taken_times WHERE agent_id = $1 AND showing_id = $2";
    tx.execute(sql, params![&agent, &holder.showing])?;
    match (holder.state.status, holder.state.confirmed_time) {
        (ShowingStatus::Requested, _) => {
            let length = availability::showing_length(tx, agent)?;
            for time in holder.requested_times {
                insert(tx, agent, holder, false, *time, length)?;
            }
            Ok(())
        }
        (ShowingStatus::Confirmed, Some(time)) => {
            let length = availability::showing_length(tx, agent)?;
            if let Some(other) = overlapping(tx, agent, true, time.0, time.0.saturating_add(length))? {
                let other = UnixMillis(other.starts_at).to_rfc3339();
                return Err(Error::invalid(
                    "confirmedTime",
                    format!("overlaps the showing that is confirmed for {other}: choose another time"),
                ));
            }
            insert(tx, agent, holder, true, time, length)
        }
        _ => Ok(()),
    }
}

fn insert(
    tx: &mut Tx<'_>,
    agent: AgentId,
    holder: &Holder<'_>,
    is_confirmed: bool,
    time: UnixMillis,
    length: i64,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO taken_times (agent_id, is_confirmed, starts_at, showing_id, listing_id, ends_at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![&agent, is_confirmed, time.0, &holder.showing, &holder.listing, time.0.saturating_add(length)],
    )?;
    Ok(())
}

/// Whether a time that is agreed on would overlap another that is.
pub(crate) fn is_double(tx: &mut Tx<'_>, agent: AgentId, time: UnixMillis) -> Result<bool, Error> {
    let length = availability::showing_length(tx, agent)?;
    Ok(overlapping(tx, agent, true, time.0, time.0.saturating_add(length))?.is_some())
}

/// One of the times agreed on, or asked for, that overlap a time; `None` where none does.
pub(crate) fn overlapping(
    tx: &mut Tx<'_>,
    agent: AgentId,
    is_confirmed: bool,
    from: i64,
    to: i64,
) -> Result<Option<Taken>, Error> {
    let sql = "SELECT starts_at, ends_at, showing_id, listing_id FROM taken_times
               WHERE agent_id = $1 AND is_confirmed = $2 AND starts_at > $3 AND starts_at < $4 AND ends_at > $5
               ORDER BY starts_at LIMIT 1";
    let after = from.saturating_sub(LONGEST);
    Ok(tx.query_opt(sql, params![&agent, is_confirmed, after, to, from], taken)?)
}

/// The same of other listings alone.
pub(crate) fn overlapping_elsewhere(
    tx: &mut Tx<'_>,
    agent: AgentId,
    is_confirmed: bool,
    listing: ListingId,
    from: i64,
    to: i64,
) -> Result<Option<Taken>, Error> {
    let sql = "SELECT starts_at, ends_at, showing_id, listing_id FROM taken_times
               WHERE agent_id = $1 AND is_confirmed = $2 AND starts_at > $3 AND starts_at < $4 AND ends_at > $5 AND listing_id <> $6
               ORDER BY starts_at LIMIT 1";
    let after = from.saturating_sub(LONGEST);
    Ok(tx.query_opt(sql, params![&agent, is_confirmed, after, to, from, &listing], taken)?)
}

/// What is taken between two instants and a little before and after, the earliest first, `most` of it.
pub(crate) fn between(tx: &mut Tx<'_>, agent: AgentId, from: i64, to: i64, most: usize) -> Result<Vec<Taken>, Error> {
    let sql = "SELECT starts_at, ends_at, showing_id, listing_id FROM taken_times
               WHERE agent_id = $1 AND is_confirmed = $2 AND starts_at > $3 AND starts_at < $4 ORDER BY starts_at LIMIT $5";
    let (after, before) = (from - 2 * LONGEST, to + LONGEST);
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut all = Vec::new();
    for is_confirmed in [true, false] {
        all.extend(tx.query(sql, params![&agent, is_confirmed, after, before, limit], taken)?);
    }
    all.sort_unstable_by_key(|taken| taken.starts_at);
    all.truncate(most);
    Ok(all)
}

fn taken(row: &db::Row<'_>) -> Result<Taken, db::DbError> {
    Ok(Taken { starts_at: row.get(0)?, ends_at: row.get(1)?, showing: row.get(2)?, listing: row.get(3)? })
}
