//! Sending what was asked for by hand: a test, one delivery again, all that did not arrive.
//!
//! One attempt, outside the schedule, with the same event id and body; if it fails, the delivery is again what it was.
//! Allowed on a disabled webhook too: to try its repair.

use db::{Tx, params};
use serde::{Deserialize, Serialize};

use super::{Ring, State, deliveries, enabling, registrations, samples};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    events::EventKind,
    idempotency::{self, Answer, Once},
    ids::{self, DeliveryId, EventId, WebhookId},
    turns::Turn,
};

/// How many deliveries were put into the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// How many.
    pub deliveries: u64,
}

/// Sends a test event to a webhook: of this kind, else of the first that it wants. It is in the log, but not in the feed.
///
/// # Errors
/// [`Error::NotFound`], [`Error::IdempotencyKeyReused`].
pub async fn test(
    crm: &Crm,
    agent: AgentId,
    webhook: WebhookId,
    kind: Option<EventKind>,
    once: Option<Once>,
) -> Result<Answer<Queued>, Error> {
    crm.change_once("webhooks.test", agent, once, move |tx, turn| {
        let row = registrations::find_row(tx, agent, webhook)?;
        let kind = kind.or_else(|| row.events.kinds().next()).unwrap_or(EventKind::LeadCreated);
        let id = EventId(turn.next_id());
        let data = samples::text(kind);
        tx.execute(
            "INSERT INTO deliveries (agent_id, webhook_id, event_id, id, state, due_at, manual_from, test_event, test_data)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            params![
                &agent,
                &webhook,
                &id,
                &id,
                State::Retry,
                turn.now.0,
                State::Dead,
                kind.name(),
                &data
            ],
        )?;
        turn.ring(webhook, Ring::Manual);
        Ok(Queued { deliveries: 1 })
    })
    .await
}

/// Sends one delivery once more, whatever became of it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] when its person was erased, [`Error::IdempotencyKeyReused`].
pub async fn redeliver(
    crm: &Crm,
    agent: AgentId,
    webhook: WebhookId,
    delivery: DeliveryId,
    once: Option<Once>,
) -> Result<Answer<Queued>, Error> {
    crm.change_once("webhooks.redeliver", agent, once, move |tx, turn| {
        registrations::find_row(tx, agent, webhook)?;
        let event = deliveries::find_event(tx, agent, webhook, delivery)?;
        let sql = "SELECT CASE WHEN e.data IS NULL AND d.test_data IS NULL THEN 0 ELSE 1 END
                   FROM deliveries d LEFT JOIN events e ON e.agent_id = d.agent_id AND e.id = d.event_id
                   WHERE d.agent_id = $1 AND d.webhook_id = $2 AND d.event_id = $3";
        if tx.query_one(sql, params![&agent, &webhook, &event], |row| row.get::<i64>(0))? == 0 {
            return Err(Error::invalid("delivery", "has nothing left to send: its person was erased"));
        }
        // What was never tried is no exception: its first attempt may wait behind a pause or a queue, or be under way, begun before
        // what was repaired. Tried by hand it is no first attempt any more and goes back to the retries, where it is due at once.
        // What waits for this already, or is under way for it, is what was asked for.
        tx.execute(
            "UPDATE deliveries SET manual_from = CASE WHEN state = 0 THEN 1 ELSE state END,
                 resume_at = CASE WHEN state IN (0, 1) THEN due_at ELSE NULL END, state = 1, due_at = $4
             WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3 AND manual_from IS NULL",
            params![&agent, &webhook, &event, turn.now.0],
        )?;
        turn.ring(webhook, Ring::Manual);
        Ok(Queued { deliveries: 1 })
    })
    .await
}

/// How far a slice of [`redeliver_since`] came.
struct Slice {
    queued: u64,
    /// The last event it looked at, when there may be more.
    next: Option<EventId>,
}

/// Sends everything since a time that did not arrive: what was given up, what is waiting, held or skipped, and events from
/// before the webhook was there. In the order of the events, behind fresh ones. What is past [`super::EVENTS_KEPT`] is gone.
///
/// # Errors
/// [`Error::NotFound`], [`Error::IdempotencyKeyReused`].
pub async fn redeliver_since(
    crm: &Crm,
    agent: AgentId,
    webhook: WebhookId,
    since: UnixMillis,
    once: Option<Once>,
) -> Result<Answer<Queued>, Error> {
    let (now, asked) = (crm.clock.now(), once.clone());
    let kept = crm.db.read("webhooks.redelivered", move |tx| {
        registrations::find_row(tx, agent, webhook)?;
        match &asked {
            Some(once) => idempotency::find(tx, agent, once, now),
            None => Ok(None),
        }
    });
    if let Some(kept) = kept.await? {
        return Ok(kept);
    }
    // No event has the least id of its instant, so none is left out.
    let mut after = Some(EventId(ids::floor(since)));
    let mut deliveries = 0;
    while let Some(start) = after {
        let slice = crm
            .change("webhooks.redeliver_since", agent, move |tx, turn| redeliver_slice(tx, turn, webhook, start))
            .await?;
        deliveries += slice.queued;
        after = slice.next;
    }
    // Who repeats this while it runs finds nothing left to do, and gets the answer of whoever ends first.
    crm.change_once("webhooks.redelivered", agent, once, move |_, _| Ok(Queued { deliveries })).await
}

fn redeliver_slice(tx: &mut Tx<'_>, turn: &mut Turn, webhook: WebhookId, after: EventId) -> Result<Slice, Error> {
    let agent = turn.agent;
    let filter = registrations::find_row(tx, agent, webhook)?.events;
    let sql = "SELECT id FROM events WHERE agent_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let events = tx.query(sql, params![&agent, &after, enabling::TOGETHER], |row| row.get::<EventId>(0))?;
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(Slice { queued: 0, next: None }) };
    let now = turn.now.0;
    let mut queued = tx.execute(
        "UPDATE deliveries SET manual_from = state, resume_at = CASE WHEN state = 1 THEN due_at ELSE NULL END, state = 1, due_at = $5
         WHERE agent_id = $1 AND webhook_id = $2 AND event_id BETWEEN $3 AND $4 AND state IN (1, 3, 4, 5) AND manual_from IS NULL
           AND EXISTS (SELECT 1 FROM events e WHERE e.agent_id = deliveries.agent_id AND e.id = deliveries.event_id AND e.data IS NOT NULL)",
        params![&agent, &webhook, first, last, now],
    )?;
    for kind in filter.kinds() {
        queued += tx.execute(
            "INSERT INTO deliveries (agent_id, webhook_id, event_id, id, state, due_at, manual_from)
             SELECT e.agent_id, w.id, e.id, e.id, 1, CAST($5 AS BIGINT), 3
             FROM events e JOIN webhooks w ON w.agent_id = e.agent_id AND w.id = $2
             WHERE e.agent_id = $1 AND e.event = $6 AND e.id BETWEEN $3 AND $4 AND e.data IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.agent_id = e.agent_id AND d.webhook_id = w.id AND d.event_id = e.id)",
            params![&agent, &webhook, first, last, now, kind.name()],
        )?;
    }
    if queued > 0 {
        turn.ring(webhook, Ring::Manual);
    }
    let is_full = i64::try_from(events.len()).is_ok_and(|count| count == enabling::TOGETHER);
    Ok(Slice { queued, next: is_full.then_some(*last) })
}
