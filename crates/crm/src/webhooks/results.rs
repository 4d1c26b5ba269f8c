//! What attempts came to, as the dispatcher records it: many in one transaction.

mod held;

use std::collections::{BTreeMap, BTreeSet};

use db::{Lane, Tx, params};

use self::held::Held;
use super::{
    Attempt, DisabledBy, Health, Notice, Published, Ring, State, attempts, enabling, health::health_columns, notices,
    outbox::Disabled, retention, secrets,
};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{EventId, WebhookId},
    live::Telling,
};

/// What is to become of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// The receiver has it.
    Delivered,
    /// It is to be tried again.
    Retry {
        /// When.
        due_at: UnixMillis,
    },
    /// It is given up.
    Dead,
    /// The receiver answered 410: it is held, and the webhook disabled.
    Held,
}

/// One attempt and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whose webhook.
    pub agent: AgentId,
    /// The webhook.
    pub webhook: WebhookId,
    /// The delivery's event.
    pub event: EventId,
    /// The epoch under which the attempt was made.
    pub epoch: i64,
    /// The attempt. One by hand, a test too, does not change the receiver's health.
    pub attempt: Attempt,
    /// What is to become of the delivery. Of an attempt by hand only [`After::Delivered`] counts: else it goes back to what it
    /// was before.
    pub after: After,
    /// Whether it was handed in before and nobody knows what became of that: it may be stored, and then it counts once.
    pub is_repeated: bool,
}

/// What became of one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// The delivery is in this state now.
    As(State),
    /// Another node sends by now: the attempt is in the log, the delivery stays as that node has it.
    Fenced,
    /// The delivery or its webhook is gone.
    Gone,
}

/// Records what attempts came to, in one transaction, each at its own place in the answer. It locks webhooks in their order and then
/// deliveries in that of the results; where that meets another order, one of the two is rolled back and run again. A delivery whose person was erased or
/// whose webhook was disabled meanwhile stays so, unless the receiver has it. Disables a webhook whose receiver is gone, or of
/// which a delivery is given up when it has refused everything for [`super::DISABLED_AFTER`].
///
/// # Errors
/// Storage's errors.
pub async fn record(crm: &Crm, outcomes: Vec<Outcome>) -> Result<Vec<Recorded>, Error> {
    let now = crm.clock.now();
    let own = crm.clone();
    let webhooks = outcomes.iter().map(|outcome| (outcome.agent, outcome.webhook)).collect::<BTreeSet<_>>();
    let (recorded, disabled) =
        crm.db.write("webhooks.record", Lane::SHARED, move |tx| record_all(tx, &own, &outcomes, now)).await?;
    for (agent, webhook) in webhooks {
        crm.tellings.tell(Telling::Deliveries(agent, webhook));
    }
    if !disabled.is_empty() {
        crm.mail_is_queued();
    }
    for (agent, webhook, by) in disabled {
        tracing::warn!(%webhook, by = by.name(), "a webhook was disabled");
        // The results are stored by now, and it holds whatever the rows say; who looks for what is open holds the rest later.
        if let Err(error) = enabling::hold_rest(crm, agent, webhook).await {
            tracing::warn!(%webhook, %error, "what a disabled webhook has open is not held yet");
        }
    }
    Ok(recorded)
}

fn record_all(
    tx: &mut Tx<'_>,
    crm: &Crm,
    outcomes: &[Outcome],
    now: UnixMillis,
) -> Result<(Vec<Recorded>, Vec<Disabled>), Error> {
    let mut recorded = vec![Recorded::Gone; outcomes.len()];
    let mut disabled = Vec::new();
    // Sorted, so that two nodes lock webhooks in one order.
    let mut by_webhook = BTreeMap::<(AgentId, WebhookId), Vec<usize>>::new();
    for (place, outcome) in outcomes.iter().enumerate() {
        by_webhook.entry((outcome.agent, outcome.webhook)).or_default().push(place);
    }
    for ((agent, webhook), places) in by_webhook {
        let Some(mut receiver) = Receiver::lock(tx, agent, webhook)? else { continue };
        let before = receiver.clone();
        for place in places {
            recorded[place] = receiver.record(tx, &outcomes[place], now)?;
        }
        if receiver != before {
            receiver.store(tx, agent, webhook)?;
        }
        if let (None, Some(by)) = (before.health.disabled_by, receiver.health.disabled_by) {
            enabling::disable(tx, agent, webhook, by, now)?;
            notices::tell_disabled(tx, crm, agent, webhook, by)?;
            disabled.push((agent, webhook, by));
        }
    }
    Ok((recorded, disabled))
}

/// A webhook's row as far as results change it.
#[derive(Clone, PartialEq, Eq)]
struct Receiver {
    epoch: i64,
    is_enabled: bool,
    published: Published,
    /// When the newer of two live secrets came.
    rotated_at: Option<UnixMillis>,
    health: Health,
}

macro_rules! lock_sql {
    ($lock:literal) => {
        concat!(
            "SELECT lease_epoch, is_enabled, published_secret, CASE WHEN old_secret IS NULL THEN NULL ELSE old_secret_until END, ",
            health_columns!(),
            " FROM webhooks WHERE agent_id = $1 AND id = $2 AND deleted_at IS NULL",
            $lock
        )
    };
}

impl Receiver {
    fn lock(tx: &mut Tx<'_>, agent: AgentId, webhook: WebhookId) -> Result<Option<Self>, Error> {
        let sql = match tx.lock_clause() {
            "" => lock_sql!(""),
            _ => lock_sql!(" FOR NO KEY UPDATE"),
        };
        Ok(tx.query_opt(sql, params![&agent, &webhook], |row| {
            Ok(Self {
                epoch: row.get(0)?,
                is_enabled: row.get(1)?,
                published: if row.get(2)? { Published::Old } else { Published::Current },
                rotated_at: row.get::<Option<i64>>(3)?.map(|until| UnixMillis(until).minus(secrets::OVERLAP)),
                health: Health::from_row(row, 4)?,
            })
        })?)
    }

    fn store(&self, tx: &mut Tx<'_>, agent: AgentId, webhook: WebhookId) -> Result<(), Error> {
        let Health { delivered, failed, failures, failing_since, last_success_at, last_failure_at, .. } = self.health;
        tx.execute(
            "UPDATE webhooks SET delivered = $3, failed = $4, failures = $5, failing_since = $6, last_success_at = $7,
                 last_failure_at = $8, last_error = $9, noticed = $10, published_secret = $11 WHERE agent_id = $1 AND id = $2",
            params![
                &agent,
                &webhook,
                delivered,
                failed,
                failures,
                failing_since.map(|at| at.0),
                last_success_at.map(|at| at.0),
                last_failure_at.map(|at| at.0),
                &self.health.last_error,
                self.health.noticed,
                self.published == Published::Old
            ],
        )?;
        Ok(())
    }

    fn record(&mut self, tx: &mut Tx<'_>, outcome: &Outcome, now: UnixMillis) -> Result<Recorded, Error> {
        if self.record_first_success(tx, outcome, now)? {
            return Ok(Recorded::As(State::Delivered));
        }
        let Some(held) = Held::find(tx, outcome)? else { return Ok(Recorded::Gone) };
        if outcome.is_repeated && held.has_logged(&outcome.attempt) {
            return Ok(if outcome.epoch == self.epoch { Recorded::As(held.state) } else { Recorded::Fenced });
        }
        let mut attempt = outcome.attempt.clone();
        let is_erased = held.is_erased(tx, outcome)?;
        if is_erased {
            attempt.response = None;
        }
        let is_success = attempt.is_success();
        let attempts = attempts::append(held.attempts.as_deref(), attempt);
        if outcome.epoch != self.epoch {
            tx.execute(
                "UPDATE deliveries SET attempts = $4 WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3",
                params![&outcome.agent, &outcome.webhook, &outcome.event, &attempts],
            )?;
            return Ok(Recorded::Fenced);
        }
        if is_success {
            self.note_secret(&outcome.attempt);
        }
        if !outcome.attempt.is_manual {
            if !is_success && self.had_nothing_to_refuse(tx, outcome)? {
                self.health.begin_spell();
            }
            self.note(outcome, is_success, now);
        }
        let next = held.next(outcome, is_erased, self.is_enabled && self.health.disabled_by.is_none());
        let is_finished = !next.state.is_open();
        let finished_at =
            if is_finished { held.finished_at.filter(|_| next.state == held.state).or(Some(now.0)) } else { None };
        let prune_at = is_finished.then(|| retention::first_prune(next.state, &attempts, now));
        tx.execute(
            "UPDATE deliveries SET attempts = $4, state = $5, due_at = $6, attempt_count = $7, manual_from = $8, resume_at = $9,
                 finished_at = $10, prune_at = $11 WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3",
            params![
                &outcome.agent,
                &outcome.webhook,
                &outcome.event,
                &attempts,
                next.state,
                next.due_at,
                next.attempt_count,
                next.wish.map(|wish| wish.back_to.number()),
                next.wish.and_then(|wish| wish.resume_at),
                finished_at,
                prune_at.map(|at| at.0)
            ],
        )?;
        Ok(Recorded::As(next.state))
    }

    /// What comes nearly always, a first attempt that is answered with 2xx, in one statement; says whether it was that. Needs no lock
    /// before: having waited for another transaction the statement looks at its conditions again.
    fn record_first_success(&mut self, tx: &mut Tx<'_>, outcome: &Outcome, now: UnixMillis) -> Result<bool, Error> {
        let is_plain = outcome.after == After::Delivered && !outcome.attempt.is_manual && outcome.epoch == self.epoch;
        if !is_plain || !outcome.attempt.is_success() {
            return Ok(false);
        }
        let attempts = attempts::append(None, outcome.attempt.clone());
        let prune_at = retention::first_prune(State::Delivered, &attempts, now);
        let updated = tx.execute(
            "UPDATE deliveries SET attempts = $4, state = 2, attempt_count = 1, finished_at = $5, prune_at = $6
             WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3 AND state = 0 AND attempts IS NULL AND manual_from IS NULL",
            params![&outcome.agent, &outcome.webhook, &outcome.event, &attempts, now.0, prune_at.0],
        )?;
        if updated == 1 {
            self.note_secret(&outcome.attempt);
            self.note(outcome, true, now);
        }
        Ok(updated == 1)
    }

    /// Whether all that has failed before was over when the event came that fails now: given up, held or cancelled. Receivers of few events
    /// then have a spell of failures for each, instead of one that lasts over weeks without an attempt. While something waits for its
    /// retry the receiver goes on refusing, so one that has events all along has one spell.
    fn had_nothing_to_refuse(&self, tx: &mut Tx<'_>, outcome: &Outcome) -> Result<bool, Error> {
        let is_later = self.health.last_failure_at.is_some_and(|failed_at| failed_at < outcome.event.created_at());
        if self.health.failing_since.is_none() || !is_later {
            return Ok(false);
        }
        let sql =
            "SELECT 1 FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 1 AND manual_from IS NULL
                       AND event_id <> $3 LIMIT 1";
        let waiting = tx.query_opt(sql, params![&outcome.agent, &outcome.webhook, &outcome.event], |_| Ok(()))?;
        Ok(waiting.is_none())
    }

    /// Notes the secret that was answered with 2xx, while two are live. An attempt from before the rotation says nothing about them: what
    /// it calls the newest is the old one by now.
    fn note_secret(&mut self, attempt: &Attempt) {
        if self.rotated_at.is_some_and(|rotated_at| attempt.at >= rotated_at) {
            self.published = attempt.published;
        }
    }

    /// Notes a result of the schedule.
    fn note(&mut self, outcome: &Outcome, is_success: bool, now: UnixMillis) {
        let attempt = &outcome.attempt;
        if is_success {
            self.health.succeed(attempt.at);
            return;
        }
        self.health.fail(attempt.at, attempt.error.as_deref());
        let by = match outcome.after {
            After::Held => Some(DisabledBy::Gone),
            After::Dead if self.health.has_failed_for_long(now) => Some(DisabledBy::Failing),
            _ => None,
        };
        if let Some(by) = by.filter(|_| self.is_enabled && self.health.disabled_by.is_none()) {
            self.health.disabled_by = Some(by);
            self.health.noticed |= Notice::Disabled.bit();
        }
    }
}

/// Makes the waiting retries of a webhook due now, in the order of their events: its receiver is back. Says how many.
///
/// # Errors
/// Storage's errors.
pub async fn retry_now(crm: &Crm, agent: AgentId, webhook: WebhookId) -> Result<u64, Error> {
    let mut all = 0;
    loop {
        let moved = crm
            .change_in_background("webhooks.retry_now", agent, move |tx, turn| {
                let moved = tx.execute(
                    "UPDATE deliveries SET due_at = $3 WHERE agent_id = $1 AND webhook_id = $2 AND state = 1 AND manual_from IS NULL AND event_id IN (
                         SELECT event_id FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 1 AND manual_from IS NULL AND due_at > $3
                         ORDER BY due_at, event_id LIMIT $4
                     )",
                    params![&agent, &webhook, turn.now.0, enabling::TOGETHER],
                )?;
                if moved > 0 {
                    turn.ring(webhook, Ring::Retries);
                }
                Ok(moved)
            })
            .await?;
        all += moved;
        if moved == 0 {
            return Ok(all);
        }
    }
}
