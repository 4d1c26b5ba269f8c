//! Enabling and disabling. Whatever its state, an open delivery of a disabled webhook is held, but for one that is asked for by
//! hand; its state follows in slices, so that no write waits long behind a long queue. So it is when it is enabled again: what
//! it holds is released in slices first, and whoever comes upon the released ones leaves them alone.

use std::time::Duration;

use db::{Tx, params};

use super::{DisabledBy, Ring, inputs::HeldEvents};
use crate::{AgentId, Crm, Error, clock::UnixMillis, ids::WebhookId, turns::Turn};

/// Rows changed in one transaction.
pub(super) const TOGETHER: i64 = 1_000;
/// A release whose next slice has not come after so long was broken off: what it has released is held again.
const RELEASE: Duration = Duration::from_secs(60);

/// Marks a webhook as disabled and holds the first of its open deliveries; [`hold_rest`] holds the others.
pub(super) fn disable(
    tx: &mut Tx<'_>,
    agent: AgentId,
    webhook: WebhookId,
    by: DisabledBy,
    now: UnixMillis,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE webhooks SET is_enabled = 0, disabled_by = $3, disabled_at = $4, releasing_until = NULL WHERE agent_id = $1 AND id = $2",
        params![&agent, &webhook, by, now.0],
    )?;
    hold(tx, agent, webhook).map(drop)
}

/// Disables every webhook of an agent, as its owner may.
pub(crate) fn disable_all(tx: &mut Tx<'_>, turn: &mut Turn) -> Result<(), Error> {
    let sql = "SELECT id FROM webhooks WHERE agent_id = $1 AND is_enabled = 1 AND deleted_at IS NULL";
    for webhook in tx.query(sql, params![&turn.agent], |row| row.get::<WebhookId>(0))? {
        disable(tx, turn.agent, webhook, DisabledBy::Owner, turn.now)?;
        turn.ring(webhook, Ring::Changed);
    }
    Ok(())
}

/// Holds what is still open of a webhook, if it is disabled. Costs next to nothing when that is done already.
///
/// # Errors
/// Storage's errors.
pub async fn hold_rest(crm: &Crm, agent: AgentId, webhook: WebhookId) -> Result<(), Error> {
    loop {
        let held = crm
            .change_in_background("webhooks.hold", agent, move |tx, turn| {
                let sql = "SELECT is_enabled, releasing_until FROM webhooks WHERE agent_id = $1 AND id = $2";
                let found = tx.query_opt(sql, params![&turn.agent, &webhook], |row| {
                    Ok((row.get::<bool>(0)?, row.get::<Option<i64>>(1)?))
                })?;
                match found {
                    // About to be enabled. Else the two would undo each other's slices for as long as chance has it.
                    Some((false, Some(until))) if until > turn.now.0 => Ok(0),
                    Some((false, _)) => hold(tx, agent, webhook),
                    // It is enabled again by now, or gone.
                    _ => Ok(0),
                }
            })
            .await?;
        if held == 0 {
            return Ok(());
        }
    }
}

/// Holds open deliveries, [`TOGETHER`] of each state at most. Says how many. The state is asked for twice, here and in
/// [`release`]: what a result has changed since the rows were chosen is left alone.
fn hold(tx: &mut Tx<'_>, agent: AgentId, webhook: WebhookId) -> Result<u64, Error> {
    let fresh = tx.execute(
        "UPDATE deliveries SET state = 4 WHERE agent_id = $1 AND webhook_id = $2 AND state = 0 AND event_id IN (
             SELECT event_id FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 0 ORDER BY event_id LIMIT $3
         )",
        params![&agent, &webhook, TOGETHER],
    )?;
    let retries = tx.execute(
        "UPDATE deliveries SET state = 4 WHERE agent_id = $1 AND webhook_id = $2 AND state = 1 AND manual_from IS NULL AND event_id IN (
             SELECT event_id FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 1 AND manual_from IS NULL
             ORDER BY due_at, event_id LIMIT $3
         )",
        params![&agent, &webhook, TOGETHER],
    )?;
    Ok(fresh + retries)
}

/// Marks a webhook as enabled, with a new spell of health.
pub(super) fn enable(tx: &mut Tx<'_>, agent: AgentId, webhook: WebhookId) -> Result<(), Error> {
    tx.execute(
        "UPDATE webhooks SET is_enabled = 1, disabled_by = NULL, disabled_at = NULL, releasing_until = NULL,
             failing_since = NULL, failures = 0, noticed = 0
         WHERE agent_id = $1 AND id = $2",
        params![&agent, &webhook],
    )?;
    Ok(())
}

/// Releases or skips what a disabled webhook holds, oldest first, [`TOGETHER`] at most. Whether nothing is left.
pub(super) fn release(tx: &mut Tx<'_>, turn: &Turn, webhook: WebhookId, held: HeldEvents) -> Result<bool, Error> {
    let (agent, now) = (turn.agent, turn.now);
    if held == HeldEvents::Skip && hold(tx, agent, webhook)? > 0 {
        return Ok(false);
    }
    tx.execute(
        "UPDATE webhooks SET releasing_until = $3 WHERE agent_id = $1 AND id = $2",
        params![&agent, &webhook, now.plus(RELEASE).0],
    )?;
    let released = match held {
        // What was tried before, be it by hand, is no first attempt any more.
        HeldEvents::Send => tx.execute(
            "UPDATE deliveries SET state = CASE WHEN attempts IS NULL THEN 0 ELSE 1 END,
                 due_at = CASE WHEN attempts IS NULL THEN due_at ELSE CAST($4 AS BIGINT) END
             WHERE agent_id = $1 AND webhook_id = $2 AND state = 4 AND event_id IN (
                 SELECT event_id FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 4 ORDER BY event_id LIMIT $3
             )",
            params![&agent, &webhook, TOGETHER, now.0],
        )?,
        HeldEvents::Skip => tx.execute(
            "UPDATE deliveries SET state = 5, finished_at = $4, prune_at = CASE WHEN attempts IS NULL THEN NULL ELSE CAST($5 AS BIGINT) END
             WHERE agent_id = $1 AND webhook_id = $2 AND state = 4 AND event_id IN (
                 SELECT event_id FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 4 ORDER BY event_id LIMIT $3
             )",
            params![&agent, &webhook, TOGETHER, now.0, now.plus(super::retention::DETAIL_KEPT).0],
        )?,
    };
    Ok(i64::try_from(released).is_ok_and(|released| released < TOGETHER))
}
