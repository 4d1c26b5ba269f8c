//! Blocked times: when an agent shows nothing, whatever the hours of the week say.

use std::time::Duration;

use db::{Row, Tx, params};

use crate::{AgentId, Crm, Error, clock::UnixMillis, ids::BlockedTimeId, input::max, slots::Busy};

/// The most that an agent has to come.
pub const MOST: i64 = 500;
/// The longest there is.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// How long past ones are kept.
const KEPT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A time at which an agent shows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedTime {
    /// The id.
    pub id: BlockedTimeId,
    /// When it begins.
    pub starts_at: UnixMillis,
    /// When it ends.
    pub ends_at: UnixMillis,
    /// Why, for the agent alone.
    pub note: Option<String>,
}

/// Those that have not ended, the first to end first.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId) -> Result<Vec<BlockedTime>, Error> {
    let now = crm.clock.now();
    crm.db
        .read("blocked_times.list", move |tx| {
            let sql = "SELECT id, starts_at, ends_at, note FROM blocked_times WHERE agent_id = $1 AND ends_at > $2
                         AND deleted_at IS NULL ORDER BY ends_at, id LIMIT $3";
            Ok(tx.query(sql, params![&agent, now.0, MOST], |row: &Row<'_>| {
                let (starts_at, ends_at) = (UnixMillis(row.get(1)?), UnixMillis(row.get(2)?));
                Ok(BlockedTime { id: row.get(0)?, starts_at, ends_at, note: row.get(3)? })
            })?)
        })
        .await
}

/// What is blocked from an instant on, within a transaction.
pub(crate) fn busy(tx: &mut Tx<'_>, agent: AgentId, from: UnixMillis) -> Result<Vec<Busy>, Error> {
    let sql = "SELECT starts_at, ends_at FROM blocked_times WHERE agent_id = $1 AND ends_at > $2 AND deleted_at IS NULL
         ORDER BY ends_at LIMIT $3";
    let rows = tx.query(sql, params![&agent, from.0, MOST], |row| Ok(Busy { from: row.get(0)?, to: row.get(1)? }))?;
    Ok(rows)
}

/// Blocks a time. Showings that are agreed on for it stay.
///
/// # Errors
/// [`Error::Invalid`] for `ends` when it is no later than the beginning, over or a year later, for a long note, for one too many.
pub async fn create(
    crm: &Crm,
    agent: AgentId,
    starts_at: UnixMillis,
    ends_at: UnixMillis,
    note: &str,
) -> Result<BlockedTimeId, Error> {
    if ends_at <= starts_at {
        return Err(Error::invalid("ends", "must be after the beginning"));
    }
    if ends_at > starts_at.plus(LONGEST) {
        return Err(Error::invalid("ends", "must be within a year of the beginning"));
    }
    let note = Some(note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > max::NAME) {
        return Err(Error::invalid("note", format!("must have at most {} characters", max::NAME)));
    }
    crm.change("blocked_times.create", agent, move |tx, turn| {
        if ends_at <= turn.now {
            return Err(Error::invalid("ends", "must be in the future"));
        }
        let sql = "DELETE FROM blocked_times WHERE agent_id = $1 AND ends_at < $2";
        tx.execute(sql, params![&agent, turn.now.minus(KEPT).0])?;
        let sql = "SELECT COUNT(*) FROM blocked_times WHERE agent_id = $1 AND ends_at > $2 AND deleted_at IS NULL";
        if tx.query_one(sql, params![&agent, turn.now.0], |row| row.get::<i64>(0))? >= MOST {
            return Err(Error::invalid("starts", "must wait: 500 times are blocked already; delete one first"));
        }
        let id = BlockedTimeId(turn.next_id());
        tx.execute(
            "INSERT INTO blocked_times (agent_id, id, starts_at, ends_at, note) VALUES ($1, $2, $3, $4, $5)",
            params![&agent, &id, starts_at.0, ends_at.0, note.as_deref()],
        )?;
        Ok(id)
    })
    .await
}

/// Unblocks a time. It can be taken back until another is unblocked.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(crm: &Crm, agent: AgentId, id: BlockedTimeId) -> Result<(), Error> {
    crm.change("blocked_times.delete", agent, move |tx, turn| {
        let sql = "DELETE FROM blocked_times WHERE agent_id = $1 AND deleted_at IS NOT NULL";
        tx.execute(sql, params![&agent])?;
        let sql = "UPDATE blocked_times SET deleted_at = $3 WHERE agent_id = $1 AND id = $2";
        match tx.execute(sql, params![&agent, &id, turn.now.0])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    })
    .await
}

/// Blocks the time again that was unblocked last.
///
/// # Errors
/// [`Error::NotFound`] for another.
pub async fn restore(crm: &Crm, agent: AgentId, id: BlockedTimeId) -> Result<(), Error> {
    crm.change("blocked_times.restore", agent, move |tx, _| {
        let sql =
            "UPDATE blocked_times SET deleted_at = NULL WHERE agent_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
        match tx.execute(sql, params![&agent, &id])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    })
    .await
}
