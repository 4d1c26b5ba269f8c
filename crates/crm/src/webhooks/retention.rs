//! How long the log and the events are kept. In slices, by jobs: a long log holds up nothing.

use std::{collections::BTreeMap, time::Duration};

use db::{Lane, Tx, params};

use super::{
    State,
    attempts::{self, Answers},
    enabling,
};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{self, EventId, WebhookId},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What receivers answered with a 2xx.
const ANSWERS_KEPT: Duration = Duration::from_secs(7 * DAY.as_secs());
/// The attempts of what was delivered or cancelled.
pub(super) const DETAIL_KEPT: Duration = Duration::from_secs(30 * DAY.as_secs());
/// What was given up.
const DEAD_KEPT: Duration = Duration::from_secs(90 * DAY.as_secs());
/// Events, unless a delivery of one has still to end, or is in the log yet with what was tried.
pub const EVENTS_KEPT: Duration = Duration::from_secs(90 * DAY.as_secs());

/// Rows that one run takes at most.
pub(crate) const SLICE: usize = 500;

/// When something of a delivery that ends now is first to be thrown away.
pub(super) fn first_prune(state: State, encoded: &[u8], now: UnixMillis) -> UnixMillis {
    match state {
        State::Dead => now.plus(DEAD_KEPT),
        State::Delivered if attempts::without(encoded, Answers::OfSuccesses).is_some() => now.plus(ANSWERS_KEPT),
        _ => now.plus(DETAIL_KEPT),
    }
}

/// Throws away what is past its time of the log, and what deleted webhooks left behind: [`SLICE`] rows at most. Says how many.
///
/// # Errors
/// Storage's errors.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let now = crm.clock.now();
    let (due, deleted) = crm
        .db
        .read("webhooks.find_due", move |tx| {
            let sql =
                "SELECT agent_id, webhook_id, event_id FROM deliveries WHERE prune_at <= $1 ORDER BY prune_at LIMIT $2";
            let due = tx.query(sql, params![now.0, SLICE as i64], |row| {
                Ok((row.get::<AgentId>(0)?, row.get::<WebhookId>(1)?, row.get::<EventId>(2)?))
            })?;
            let sql = "SELECT agent_id, id FROM webhooks WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT 1";
            let deleted = tx.query_opt(sql, params![], |row| Ok((row.get::<AgentId>(0)?, row.get::<WebhookId>(1)?)))?;
            Ok::<_, Error>((due, deleted))
        })
        .await?;
    let mut pruned = due.len();
    let mut by_agent = BTreeMap::<AgentId, Vec<(WebhookId, EventId)>>::new();
    for (agent, webhook, event) in due {
        by_agent.entry(agent).or_default().push((webhook, event));
    }
    for (agent, deliveries) in by_agent {
        crm.change_in_background("webhooks.prune", agent, move |tx, turn| {
            deliveries.iter().try_for_each(|(webhook, event)| prune_one(tx, agent, *webhook, *event, turn.now))
        })
        .await?;
    }
    if let Some((agent, webhook)) = deleted {
        crm.change_in_background("webhooks.drop", agent, move |tx, _| delete_slice(tx, agent, webhook)).await?;
        // More of it may be left, and another one behind it.
        pruned = SLICE;
    }
    Ok(pruned)
}

/// Deletes the first deliveries of a deleted webhook, and with the last ones its row. Whether it is gone.
pub(super) fn delete_slice(tx: &mut Tx<'_>, agent: AgentId, webhook: WebhookId) -> Result<bool, Error> {
    let deleted = tx.execute(
        "DELETE FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND event_id IN (
             SELECT event_id FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 ORDER BY event_id LIMIT $3
         )",
        params![&agent, &webhook, enabling::TOGETHER],
    )?;
    if i64::try_from(deleted).is_ok_and(|deleted| deleted < enabling::TOGETHER) {
        tx.execute(
            "DELETE FROM webhooks WHERE agent_id = $1 AND id = $2 AND deleted_at IS NOT NULL",
            params![&agent, &webhook],
        )?;
        return Ok(true);
    }
    Ok(false)
}

macro_rules! due_sql {
    ($lock:literal) => {
        concat!(
            "SELECT state, finished_at, attempts, CASE WHEN test_event IS NULL THEN 0 ELSE 1 END FROM deliveries
             WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3 AND prune_at <= $4",
            $lock
        )
    };
}

fn prune_one(
    tx: &mut Tx<'_>,
    agent: AgentId,
    webhook: WebhookId,
    event: EventId,
    now: UnixMillis,
) -> Result<(), Error> {
    let sql = match tx.lock_clause() {
        "" => due_sql!(""),
        _ => due_sql!(" FOR NO KEY UPDATE"),
    };
    let found = tx.query_opt(sql, params![&agent, &webhook, &event, now.0], |row| {
        let attempts = row.get::<Option<Vec<u8>>>(2)?.unwrap_or_default();
        Ok((row.get::<State>(0)?, row.get::<Option<i64>>(1)?, attempts, row.get::<i64>(3)? == 1))
    })?;
    let Some((state, finished_at, held, is_test)) = found else { return Ok(()) };
    let detail_until = finished_at.map(|at| UnixMillis(at).plus(DETAIL_KEPT));
    let has_detail = state == State::Delivered && detail_until.is_some_and(|until| until > now);
    let key = (&agent, &webhook, &event);
    match state {
        // Open again: its end says anew when.
        State::Fresh | State::Retry | State::Held => set(tx, key, Some(&held), None),
        State::Delivered if has_detail => {
            let left = attempts::without(&held, Answers::OfSuccesses).unwrap_or(held);
            set(tx, key, Some(&left), detail_until)
        }
        // A test is nobody's event: nothing else remembers it.
        State::Delivered | State::Cancelled if !is_test => set(tx, key, None, None),
        _ => {
            tx.execute(
                "DELETE FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3",
                params![&agent, &webhook, &event],
            )?;
            Ok(())
        }
    }
}

fn set(
    tx: &mut Tx<'_>,
    (agent, webhook, event): (&AgentId, &WebhookId, &EventId),
    attempts: Option<&Vec<u8>>,
    prune_at: Option<UnixMillis>,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE deliveries SET attempts = $4, prune_at = $5 WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3",
        params![agent, webhook, event, attempts, prune_at.map(|at| at.0)],
    )?;
    Ok(())
}

/// Throws away events that are past [`EVENTS_KEPT`], of each agent the oldest up to the first with a delivery that has still to
/// end or whose own time of the log is not over, with their deliveries: [`SLICE`] of each agent at most. An agent's newest event stays: a follower of the feed that has
/// seen it has missed nothing. Says how many went of the agent that had most.
///
/// # Errors
/// Storage's errors.
pub(crate) async fn prune_events(crm: &Crm) -> Result<usize, Error> {
    let now = crm.clock.now();
    let before = EventId(ids::floor(now.minus(EVENTS_KEPT)));
    let agents = crm
        .db
        .read("events.find_due", move |tx| {
            let sql =
                "SELECT a.id FROM agents a WHERE EXISTS (SELECT 1 FROM events e WHERE e.agent_id = a.id AND e.id < $1)";
            Ok::<_, Error>(tx.query(sql, params![&before], |row| row.get::<AgentId>(0))?)
        })
        .await?;
    let mut most = 0;
    for agent in agents {
        let pruned = crm
            .db
            .write_in_background("events.prune", Lane::of(&agent.0), move |tx| prune_events_of(tx, agent, before, now))
            .await?;
        most = most.max(pruned);
    }
    Ok(most)
}

fn prune_events_of(tx: &mut Tx<'_>, agent: AgentId, before: EventId, now: UnixMillis) -> Result<usize, Error> {
    let sql = "SELECT id FROM events WHERE agent_id = $1 AND id < $2 ORDER BY id LIMIT $3";
    let mut due = tx.query(sql, params![&agent, &before, SLICE as i64], |row| row.get::<EventId>(0))?;
    let sql = "SELECT id FROM events WHERE agent_id = $1 ORDER BY id DESC LIMIT 1";
    let newest = tx.query_opt(sql, params![&agent], |row| row.get::<EventId>(0))?;
    due.retain(|id| Some(*id) != newest);
    let (Some(first), Some(last)) = (due.first(), due.last()) else { return Ok(0) };
    // Only from the oldest on: a gap further up would be one in the feed.
    let unfinished = tx.query_opt(
        "SELECT event_id FROM deliveries WHERE agent_id = $1 AND webhook_id IN (SELECT id FROM webhooks WHERE agent_id = $1)
           AND event_id BETWEEN $2 AND $3 AND (state IN (0, 1, 4) OR prune_at > $4) ORDER BY event_id LIMIT 1",
        params![&agent, first, last, now.0],
        |row| row.get::<EventId>(0),
    )?;
    let pruned: Vec<&EventId> =
        due.iter().take_while(|id| unfinished.is_none_or(|unfinished| **id < unfinished)).collect();
    let Some(last) = pruned.last() else { return Ok(0) };
    tx.execute(
        "DELETE FROM deliveries WHERE agent_id = $1 AND webhook_id IN (SELECT id FROM webhooks WHERE agent_id = $1)
           AND event_id BETWEEN $2 AND $3 AND test_event IS NULL",
        params![&agent, first, *last],
    )?;
    tx.execute("DELETE FROM events WHERE agent_id = $1 AND id BETWEEN $2 AND $3", params![&agent, first, *last])?;
    Ok(pruned.len())
}
