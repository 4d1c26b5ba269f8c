//! Trash: deleted records as they were, for 30 days; then everything that names the person is erased.
//!
//! What is deleted is gone at once: its row leaves its table, its totals and its search. Each noun brings its own records
//! back (`leads::restore`, `clients::restore`) with what this module kept.

use std::{collections::BTreeMap, time::Duration};

use db::{Tx, params};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    AgentId, Crm, Error, events, guides, imports, inbox, leads, listing_photos, mails, notes, pictures, showing_rules,
    showings, totals::Kind, turns::Turn,
};

/// How long a deleted record can be brought back.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Records that one call of [`erase_due`] erases at most.
pub const SLICE: usize = 500;

/// Records erased in one transaction: few, so that no other write waits long behind it.
const TOGETHER: usize = 25;

/// Keeps a record that is about to be deleted.
pub(crate) fn put<T: Serialize>(
    tx: &mut Tx<'_>,
    turn: &Turn,
    kind: Kind,
    id: &[u8; 16],
    record: &T,
) -> Result<(), Error> {
    let record = serde_json::to_string(record).map_err(|cause| {
        tracing::error!(%cause, "a record cannot be kept");
        Error::Internal
    })?;
    tx.execute(
        "INSERT INTO trash (agent_id, id, kind, record, deleted_at) VALUES ($1, $2, $3, $4, $5)",
        params![&turn.agent, id, kind.name(), &record, turn.now.0],
    )?;
    Ok(())
}

/// Takes a record out, to be put back where it was.
///
/// # Errors
/// [`Error::NotFound`] when it is not here, or was deleted longer than [`KEPT`] ago: then it counts as erased, whether
/// [`erase_due`] has come by yet or not.
pub(crate) fn take<T: DeserializeOwned>(tx: &mut Tx<'_>, turn: &Turn, kind: Kind, id: &[u8; 16]) -> Result<T, Error> {
    let record = tx.query_opt(
        "SELECT record FROM trash WHERE agent_id = $1 AND id = $2 AND kind = $3 AND deleted_at > $4",
        params![&turn.agent, id, kind.name(), turn.now.minus(KEPT).0],
        |row| row.get::<String>(0),
    )?;
    let record = serde_json::from_str(&record.ok_or(Error::NotFound)?).map_err(|cause| {
        tracing::error!(%cause, "a kept record cannot be read");
        Error::Internal
    })?;
    tx.execute("DELETE FROM trash WHERE agent_id = $1 AND id = $2", params![&turn.agent, id])?;
    Ok(record)
}

/// Erases records that were deleted longer than [`KEPT`] ago, [`SLICE`] at most, with all that names their person. Says how
/// many: as many as [`SLICE`] means that there may be more.
///
/// # Errors
/// Storage's errors; what was erased before one stays erased.
pub async fn erase_due(crm: &Crm) -> Result<usize, Error> {
    let before = crm.clock.now().minus(KEPT).0;
    let due = crm
        .db
        .read("trash.find_due", move |tx| {
            let sql = "SELECT agent_id, id FROM trash WHERE deleted_at <= $1 ORDER BY deleted_at LIMIT $2";
            let rows = tx.query(sql, params![before, SLICE as i64], |row| {
                Ok((row.get::<AgentId>(0)?, row.get::<[u8; 16]>(1)?))
            })?;
            Ok::<_, Error>(rows)
        })
        .await?;
    let mut by_agent = BTreeMap::<AgentId, Vec<[u8; 16]>>::new();
    for (agent, id) in due {
        by_agent.entry(agent).or_default().push(id);
    }
    let mut erased = 0;
    for (agent, ids) in by_agent {
        for together in ids.chunks(TOGETHER) {
            let together = together.to_vec();
            erased += crm
                .change_in_background("trash.erase", agent, move |tx, turn| {
                    together.iter().try_fold(0, |erased, id| Ok(erased + erase(tx, turn, id, before)?))
                })
                .await?;
        }
    }
    Ok(erased)
}

/// Erases one record if it is still in the trash and due, in one transaction with all that names its person: what was kept
/// of it, its notes, the mails that tell of it, the hash of the row that it came from, and the `data` of its events, whose numbers
/// stay.
///
/// Nothing is to be done about its words in the search index: they left it behind the commit that deleted the record. Nor
/// about idempotency keys: an answer holds ids only, and it and the fingerprint of the request's body were gone a day after
/// the request, long before the record could be due.
fn erase(tx: &mut Tx<'_>, turn: &Turn, id: &[u8; 16], before: i64) -> Result<usize, Error> {
    let agent = turn.agent;
    let sql = "SELECT record FROM trash WHERE agent_id = $1 AND id = $2 AND deleted_at <= $3";
    let record = tx.query_opt(sql, params![&agent, id, before], |row| row.get::<String>(0))?;
    let Some(record) = record else { return Ok(0) };
    tx.execute("DELETE FROM trash WHERE agent_id = $1 AND id = $2", params![&agent, id])?;
    notes::erase(tx, agent, id)?;
    events::erase(tx, agent, id, turn.now)?;
    mails::erase_of(tx, agent, id)?;
    showings::erase_of(tx, turn, id)?;
    showing_rules::erase_of(tx, agent, id)?;
    listing_photos::erase_of(tx, turn, id)?;
    leads::merges::erase(tx, agent, id, &record)?;
    guides::erase(tx, agent, id, &record)?;
    // After what a merged lead leaves the one that took it.
    inbox::erase_of(tx, agent, id, &record)?;
    imports::forget(tx, agent, id)?;
    pictures::forget_answer(tx, agent, id)?;
    Ok(1)
}
