//! How long mails are kept: those about a person as long as the person, those to be looked at until somebody has, and the rest for
//! 90 days.

use std::time::Duration;

use db::{Lane, Tx, params};

use super::{Tray, decisions::Decision, storage};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{LeadId, MessageId},
};

/// How long what nothing came of is kept.
pub(super) const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Mails that one run throws away at most.
pub(crate) const SLICE: usize = 100;

/// When a mail with this outcome is thrown away.
pub(super) fn ends_at(decision: &Decision, now: UnixMillis) -> Option<UnixMillis> {
    let is_held = decision.lead.is_some() || decision.client.is_some() || decision.tray == Tray::Review;
    (!is_held).then(|| now.plus(KEPT))
}

/// Throws away mails past their time, [`SLICE`] at most. Says how many.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let now = crm.clock.now();
    crm.db
        .write_in_background("inbox.prune", Lane::SHARED, move |tx| {
            let sql = "SELECT agent_id, id FROM inbound_messages WHERE ends_at IS NOT NULL AND ends_at <= $1 ORDER BY ends_at LIMIT $2";
            let due = tx.query(sql, params![now.0, SLICE as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
            for (agent, id) in &due {
                storage::delete(tx, *agent, *id)?;
            }
            Ok(due.len())
        })
        .await
}

/// Erases every mail about a lead or client that is erased; `record` is what was kept of it. Where nobody of the same address is left, also
/// those of that address that nothing came of.
pub(crate) fn erase_of(tx: &mut Tx<'_>, agent: AgentId, id: &[u8; 16], record: &str) -> Result<(), Error> {
    for sql in [
        "SELECT id FROM inbound_messages WHERE agent_id = $1 AND lead_id = $2",
        "SELECT id FROM inbound_messages WHERE agent_id = $1 AND client_id = $2",
    ] {
        for message in tx.query(sql, params![&agent, id], |row| row.get::<MessageId>(0))? {
            storage::delete(tx, agent, message)?;
        }
    }
    let Some(key) = email_key(record) else { return Ok(()) };
    for sql in [
        "SELECT 1 FROM leads WHERE agent_id = $1 AND email_key = $2 LIMIT 1",
        "SELECT 1 FROM clients WHERE agent_id = $1 AND email_key = $2 LIMIT 1",
    ] {
        if tx.query_opt(sql, params![&agent, &key], |_| Ok(()))?.is_some() {
            return Ok(());
        }
    }
    let sql = "SELECT id, lead_id, client_id FROM inbound_messages WHERE agent_id = $1 AND email_key = $2";
    let of_address = tx.query(sql, params![&agent, &key], |row| {
        Ok((row.get::<MessageId>(0)?, row.get::<Option<[u8; 16]>>(1)?.or(row.get(2)?)))
    })?;
    // Those of another record, which is in the trash, go with that.
    for (message, _) in of_address.into_iter().filter(|(_, about)| about.is_none()) {
        storage::delete(tx, agent, message)?;
    }
    Ok(())
}

/// The key of the address that a deleted record has.
fn email_key(record: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Of {
        #[serde(default)]
        email: Option<String>,
    }
    let of = serde_json::from_str::<Of>(record).ok()?;
    of.email.filter(|email| !email.is_empty()).map(|email| crate::values::EmailAddress::key_of(&email))
}

/// Mails about a lead that is part of another now are about that one.
pub(crate) fn forget_merged(tx: &mut Tx<'_>, agent: AgentId, merged: &[u8; 16], into: LeadId) -> Result<(), Error> {
    let sql = "UPDATE inbound_messages SET lead_id = $3 WHERE agent_id = $1 AND lead_id = $2";
    tx.execute(sql, params![&agent, merged, &into])?;
    Ok(())
}
