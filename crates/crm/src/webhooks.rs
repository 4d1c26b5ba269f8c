//! Webhooks: who is told of which events. The outbox is filled here; `webhooks`, the crate, sends.

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error,
    events::EventKind,
    ids::{EventId, WebhookId},
};

const FRESH: i64 = 0;
const RETRY: i64 = 1;
const HELD: i64 = 4;

/// Puts an event into the outbox of each of the agent's webhooks that wants it; held while the webhook is disabled.
pub(crate) fn enqueue(tx: &mut Tx<'_>, agent: AgentId, event: EventId, kind: EventKind) -> Result<(), Error> {
    let webhooks =
        tx.query("SELECT id, events, is_enabled FROM webhooks WHERE agent_id = $1", params![&agent], |row| {
            let is_wanted = wants(row.text(1)?, kind);
            Ok(is_wanted.then_some((row.get::<WebhookId>(0)?, row.get::<bool>(2)?)))
        })?;
    for (webhook, is_enabled) in webhooks.into_iter().flatten() {
        let state = if is_enabled { FRESH } else { HELD };
        tx.execute(
            "INSERT INTO deliveries (agent_id, webhook_id, event_id, id, state, due_at) VALUES ($1, $2, $3, $4, $5, $6)",
            params![&agent, &webhook, &event, &event, state, event.created_at().0],
        )?;
    }
    Ok(())
}

/// Cancels what was not sent yet of the events of `entity`. state: 5.
pub(crate) fn cancel(tx: &mut Tx<'_>, agent: AgentId, entity: &[u8; 16]) -> Result<(), Error> {
    tx.execute(
        "UPDATE deliveries SET state = 5
         WHERE agent_id = $1 AND webhook_id IN (SELECT id FROM webhooks WHERE agent_id = $1)
           AND event_id IN (SELECT id FROM events WHERE agent_id = $1 AND entity_id = $2) AND state IN (0, 1, 4)",
        params![&agent, entity],
    )?;
    Ok(())
}

/// How many deliveries have still to be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outbox {
    /// Never tried.
    pub fresh: u64,
    /// Tried without success, to be tried again.
    pub retry: u64,
    /// Held back while their webhook is disabled.
    pub held: u64,
}

/// What is in the outbox, of all agents.
///
/// # Errors
/// Storage's errors.
pub async fn outbox(crm: &Crm) -> Result<Outbox, Error> {
    crm.db
        .read("webhooks.outbox", |tx| {
            let sql = "SELECT state, COUNT(*) FROM deliveries WHERE state IN (0, 1, 4) GROUP BY state";
            let counts = tx.query(sql, params![], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
            let count = |wanted: i64| {
                let found = counts.iter().find(|(state, _)| *state == wanted);
                found.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0))
            };
            Ok(Outbox { fresh: count(FRESH), retry: count(RETRY), held: count(HELD) })
        })
        .await
}

fn wants(events: &str, kind: EventKind) -> bool {
    events.is_empty() || events.split(' ').any(|name| name == kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_filter_means_every_event() {
        assert!(wants("", EventKind::LeadCreated));
        assert!(wants(" lead.created client.created ", EventKind::ClientCreated));
        assert!(!wants(" lead.created ", EventKind::ClientCreated));
    }
}
