//! Webhooks: who is told of which events. The outbox is filled here; `webhooks`, the crate, sends.

use db::{Tx, params};

use crate::{
    AgentId, Error,
    events::EventKind,
    ids::{EventId, WebhookId},
};

const FRESH: i64 = 0;
const HELD: i64 = 4;

/// Puts an event into the outbox of each of the agent's webhooks that wants it; held while the webhook is disabled.
pub(crate) fn enqueue(tx: &mut Tx<'_>, agent: AgentId, event: EventId, kind: EventKind) -> Result<(), Error> {
    let webhooks = tx.query(
        "SELECT id, events, is_enabled FROM webhooks WHERE agent_id = $1",
        params![&agent],
        |row| {
            let is_wanted = wants(row.text(1)?, kind);
            Ok(is_wanted.then_some((row.get::<WebhookId>(0)?, row.get::<bool>(2)?)))
        },
    )?;
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
