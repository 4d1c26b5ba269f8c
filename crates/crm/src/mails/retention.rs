//! How long mails are kept: 90 days from when they were sent, given up or kept, and never longer than whom they name.

use std::time::Duration;

use db::{Lane, Tx, params};

use crate::{AgentId, Crm, Error, ids::MailId};

/// How long.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Mails that one run throws away at most.
pub(crate) const SLICE: usize = 500;

/// Throws away mails past their time, [`SLICE`] at most. Says how many.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let before = crm.clock.now().minus(KEPT);
    crm.db
        .write_in_background("mails.prune", Lane::SHARED, move |tx| {
            let sql = "SELECT agent_id, id FROM mails WHERE finished_at IS NOT NULL AND finished_at <= $1 ORDER BY finished_at LIMIT $2";
            let due = tx.query(sql, params![before.0, SLICE as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
            for (agent, id) in &due {
                delete(tx, *agent, *id)?;
            }
            Ok(due.len())
        })
        .await
}

/// Erases every mail that names a record, sent or not.
pub(crate) fn erase_of(tx: &mut Tx<'_>, agent: AgentId, record: &[u8; 16]) -> Result<(), Error> {
    let sql = "SELECT mail_id FROM mail_records WHERE agent_id = $1 AND record_id = $2";
    for id in tx.query(sql, params![&agent, record], |row| row.get::<MailId>(0))? {
        delete(tx, agent, id)?;
    }
    Ok(())
}

fn delete(tx: &mut Tx<'_>, agent: AgentId, id: MailId) -> Result<(), Error> {
    tx.execute("DELETE FROM mails WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
    tx.execute("DELETE FROM mail_records WHERE agent_id = $1 AND mail_id = $2", params![&agent, &id])?;
    Ok(())
}
