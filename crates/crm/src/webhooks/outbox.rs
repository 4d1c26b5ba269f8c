//! The outbox: filled by the transaction that changes a record, read by the dispatcher, emptied by what it records.

use db::{Row, Tx, Value, params};

use super::{
    Attempt, DisabledBy, Health, Published, Secrets, State,
    attempts::{self, Answers},
    headers,
    health::health_columns,
    inputs, retention, secrets,
};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    events::EventKind,
    ids::{DeliveryId, EventId, WebhookId},
};

pub use super::enabling::hold_rest;
pub use super::notices::set_noticed;
pub use super::results::{After, Outcome, Recorded, record, retry_now};

/// How far the deliveries of one webhook are counted for its owner.
pub const COUNTED: i64 = 10_000;

/// Puts an event into the outbox of each of the agent's webhooks that wants it; held while the webhook is disabled. Those that
/// are to send it now.
pub(crate) fn enqueue(
    tx: &mut Tx<'_>,
    agent: AgentId,
    event: EventId,
    kind: EventKind,
) -> Result<Vec<WebhookId>, Error> {
    let webhooks = tx.query(
        "SELECT id, events, is_enabled FROM webhooks WHERE agent_id = $1 AND deleted_at IS NULL",
        params![&agent],
        |row| {
            let is_wanted = inputs::wants(row.text(1)?, kind);
            Ok(is_wanted.then_some((row.get::<WebhookId>(0)?, row.get::<bool>(2)?)))
        },
    )?;
    let mut due = Vec::new();
    for (webhook, is_enabled) in webhooks.into_iter().flatten() {
        let state = if is_enabled { State::Fresh } else { State::Held };
        if is_enabled {
            due.push(webhook);
        }
        tx.execute(
            "INSERT INTO deliveries (agent_id, webhook_id, event_id, id, state, due_at) VALUES ($1, $2, $3, $4, $5, $6)",
            params![&agent, &webhook, &event, &event, state, event.created_at().0],
        )?;
    }
    Ok(due)
}

macro_rules! cancel_sql {
    ($lock:literal) => {
        concat!(
            "SELECT webhook_id, event_id, state, attempts FROM deliveries
             WHERE agent_id = $1 AND webhook_id IN (SELECT id FROM webhooks WHERE agent_id = $1)
               AND event_id IN (SELECT id FROM events WHERE agent_id = $1 AND entity_id = $2)
             ORDER BY webhook_id, event_id",
            $lock
        )
    };
}

/// Cancels what was not sent yet of the events of `entity`, and erases what receivers answered to those that were.
pub(crate) fn cancel(tx: &mut Tx<'_>, agent: AgentId, entity: &[u8; 16], now: UnixMillis) -> Result<(), Error> {
    // Locked, for results are recorded without the agent's turn.
    let sql = match tx.lock_clause() {
        "" => cancel_sql!(""),
        _ => cancel_sql!(" FOR NO KEY UPDATE"),
    };
    let deliveries = tx.query(sql, params![&agent, entity], |row| {
        let attempts = row.get::<Option<Vec<u8>>>(3)?;
        Ok((row.get::<WebhookId>(0)?, row.get::<EventId>(1)?, row.get::<State>(2)?, attempts))
    })?;
    for (webhook, event, state, held) in deliveries {
        let erased = held.as_deref().and_then(|held| attempts::without(held, Answers::All));
        if state.is_open() {
            let prune_at = held.as_ref().map(|_| now.plus(retention::DETAIL_KEPT).0);
            tx.execute(
                "UPDATE deliveries SET state = 5, manual_from = NULL, resume_at = NULL, finished_at = $4, prune_at = $5, attempts = $6
                 WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3",
                params![&agent, &webhook, &event, now.0, prune_at, erased.or(held).as_deref()],
            )?;
        } else if let Some(erased) = erased {
            tx.execute(
                "UPDATE deliveries SET attempts = $4 WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3",
                params![&agent, &webhook, &event, &erased],
            )?;
        }
    }
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
pub async fn count(crm: &Crm) -> Result<Outbox, Error> {
    crm.db
        .read("webhooks.outbox", |tx| {
            let mut count = |sql| {
                let counted = tx.query_one(sql, params![], |row| row.get::<i64>(0))?;
                Ok::<_, Error>(u64::try_from(counted).unwrap_or(0))
            };
            // In the words of the partial indexes, which hold nothing else.
            let manual = count("SELECT COUNT(*) FROM deliveries WHERE state = 1 AND manual_from IS NOT NULL")?;
            Ok(Outbox {
                fresh: count("SELECT COUNT(*) FROM deliveries WHERE state = 0")?,
                retry: count("SELECT COUNT(*) FROM deliveries WHERE state = 1 AND manual_from IS NULL")? + manual,
                held: count("SELECT COUNT(*) FROM deliveries WHERE state = 4")?,
            })
        })
        .await
}

/// What is pending and what is held of one webhook, each counted to [`COUNTED`].
pub(super) fn count_of(tx: &mut Tx<'_>, agent: AgentId, webhook: WebhookId) -> Result<(i64, i64), Error> {
    let mut count = |sql| tx.query_one(sql, params![&agent, &webhook, COUNTED], |row| row.get::<i64>(0));
    // In the words of the partial indexes: by any other way, all of the log would be read for the few that are open.
    let fresh = count(
        "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 0 LIMIT $3) counted",
    )?;
    let retries = count(
        "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 1 AND manual_from IS NULL
             LIMIT $3) counted",
    )?;
    let manual = count(
        "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 1 AND manual_from IS NOT NULL
             LIMIT $3) counted",
    )?;
    let held = count(
        "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 4 LIMIT $3) counted",
    )?;
    Ok(((fresh + retries + manual).min(COUNTED), held))
}

/// A webhook as the dispatcher needs it, secrets and headers opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whose it is.
    pub agent: AgentId,
    /// The agent's public name, `agentId` in the body.
    pub agent_slug: String,
    /// The webhook.
    pub webhook: WebhookId,
    /// Where to send.
    pub url: String,
    /// Headers to add.
    pub headers: Vec<(String, String)>,
    /// What to sign with.
    pub secrets: Secrets,
    /// Whether it is enabled; of a disabled one only what is asked for by hand is sent.
    pub is_enabled: bool,
    /// When its owner last changed it.
    pub changed_at: UnixMillis,
    /// How its receiver does.
    pub health: Health,
    /// The fence: results are recorded under it.
    pub epoch: i64,
}

/// A delivery to be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Its event: `webhook-id`.
    pub event: EventId,
    /// First attempts of one key go one after another.
    pub key: [u8; 16],
    /// The event's number; `None` for a test event.
    pub sequence: Option<i64>,
    /// The name of the event's kind.
    pub kind: String,
    /// When it happened.
    pub timestamp: UnixMillis,
    /// The exact text of `data`; `None` once the person is erased.
    pub data: Option<String>,
    /// Attempts of the schedule so far.
    pub attempt_count: u32,
    /// When it fell or falls due.
    pub due_at: UnixMillis,
    /// Whether it is asked for by hand: one attempt, outside the schedule.
    pub is_manual: bool,
    /// How far it is.
    pub state: State,
    /// Its last attempt: after a refusal the next one may use the other secret.
    pub last: Option<Attempt>,
}

/// The text of a query of [`Due`] deliveries.
macro_rules! due {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.event_id, d.state, d.due_at, d.attempt_count, d.manual_from, d.attempts, d.test_event, d.test_data,
                e.sequence, e.event, e.data, e.entity_id, e.order_key
             FROM deliveries d LEFT JOIN events e ON e.agent_id = d.agent_id AND e.id = d.event_id
             WHERE d.agent_id = $1 AND d.webhook_id = $2 ",
            $rest
        )
    };
}

/// A webhook to send to; `None` when it is deleted.
///
/// # Errors
/// Storage's errors; [`Error::Internal`] for secrets that do not open.
pub async fn target(crm: &Crm, agent: AgentId, webhook: WebhookId) -> Result<Option<Target>, Error> {
    let own = crm.clone();
    crm.db.read("webhooks.target", move |tx| find_target(tx, &own, agent, webhook)).await
}

pub(super) fn find_target(
    tx: &mut Tx<'_>,
    crm: &Crm,
    agent: AgentId,
    webhook: WebhookId,
) -> Result<Option<Target>, Error> {
    let slug = crate::agents::slug(tx, agent)?;
    let sql = concat!(
        "SELECT url, headers, secret, old_secret, old_secret_until, published_secret, is_enabled, lease_epoch, updated_at, ",
        health_columns!(),
        " FROM webhooks WHERE agent_id = $1 AND id = $2 AND deleted_at IS NULL"
    );
    let row = tx.query_opt(sql, params![&agent, &webhook], |row| {
        let sealed = row.get::<Vec<u8>>(2)?;
        let old = match row.get::<Option<Vec<u8>>>(3)? {
            Some(old) => row.get::<Option<i64>>(4)?.map(|until| (old, UnixMillis(until))),
            None => None,
        };
        let published = if row.get(5)? { Published::Old } else { Published::Current };
        let target = Target {
            agent,
            agent_slug: slug.clone(),
            webhook,
            url: row.get(0)?,
            headers: Vec::new(),
            secrets: Secrets { current: String::new(), old: None, published },
            is_enabled: row.get(6)?,
            changed_at: UnixMillis(row.get(8)?),
            health: Health::from_row(row, 9)?,
            epoch: row.get(7)?,
        };
        Ok((target, row.get::<Option<Vec<u8>>>(1)?, sealed, old))
    })?;
    let Some((mut target, sealed_headers, sealed, old)) = row else { return Ok(None) };
    target.headers = headers::open(crm, agent, webhook, sealed_headers.as_deref())?;
    target.secrets.current = secrets::open(&crm.keyring, agent, webhook, &sealed)?;
    target.secrets.old = match old {
        Some((old, until)) => Some((secrets::open_old(&crm.keyring, agent, webhook, &old)?, until)),
        None => None,
    };
    Ok(Some(target))
}

/// A delivery that is still to be tried.
pub(super) fn find_due(
    tx: &mut Tx<'_>,
    agent: AgentId,
    webhook: WebhookId,
    event: EventId,
) -> Result<Option<Due>, Error> {
    let sql = due!("AND d.event_id = $3 AND d.state IN (0, 1)");
    Ok(tx.query_opt(sql, params![&agent, &webhook, &event], due_from_row)?)
}

/// What first attempts are ordered by: the event's key, else the record it is about. A test is no row of events and stands by itself.
pub(super) fn order_key(row: &Row<'_>, event: EventId, key: usize, entity: usize) -> Result<[u8; 16], db::DbError> {
    match row.get(key)? {
        Some(key) => Ok(key),
        None => Ok(row.get::<Option<_>>(entity)?.unwrap_or(event.0)),
    }
}

fn due_from_row(row: &Row<'_>) -> Result<Due, db::DbError> {
    let event: EventId = row.get(1)?;
    let last = match row.value(6)? {
        Value::Bytes(encoded) => attempts::decode(encoded).pop(),
        _ => None,
    };
    let test = row.get::<Option<String>>(7)?;
    let (kind, data) = match test {
        Some(kind) => (kind, row.get(8)?),
        None => (row.get::<Option<String>>(10)?.unwrap_or_default(), row.get(11)?),
    };
    Ok(Due {
        delivery: row.get(0)?,
        event,
        key: order_key(row, event, 13, 12)?,
        sequence: row.get(9)?,
        kind,
        timestamp: event.created_at(),
        data,
        attempt_count: u32::try_from(row.get::<i64>(4)?).unwrap_or(0),
        due_at: UnixMillis(row.get(3)?),
        is_manual: row.get::<Option<i64>>(5)?.is_some(),
        state: row.get(2)?,
        last,
    })
}

/// Why a webhook was disabled by what was recorded.
pub(super) type Disabled = (AgentId, WebhookId, DisabledBy);
