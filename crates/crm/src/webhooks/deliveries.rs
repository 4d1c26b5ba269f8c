//! Deliveries as their owner sees them: the log of a webhook.

use db::{Row, Tx, Value as DbValue, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{DeliveryStatus, State, attempts, registrations};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{DeliveryId, EventId, WebhookId},
};

/// One event on its way to one webhook, with its fields in the order of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The id.
    pub id: DeliveryId,
    /// The event's id: `webhook-id`, the same at every attempt.
    pub event_id: EventId,
    /// The name of the event.
    #[schema(example = "lead.created")]
    pub event: String,
    /// How far it is. `held` while the webhook is disabled.
    pub status: DeliveryStatus,
    /// When it is tried next; `null` when it is not.
    pub next_attempt_at: Option<UnixMillis>,
    /// When it came into the outbox.
    pub created_at: UnixMillis,
    /// What was tried, oldest first: the last 20 attempts.
    pub attempts: Vec<LoggedAttempt>,
}

/// One attempt, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedAttempt {
    /// When it began.
    pub at: UnixMillis,
    /// How long it took, in milliseconds.
    #[schema(example = 42)]
    pub duration_ms: u32,
    /// The status of the answer; `null` where there was none.
    #[schema(example = 200)]
    pub status_code: Option<u16>,
    /// What went wrong, in words; `null` for a success.
    #[schema(example = "waiting: the receiver did not answer within 15 s")]
    pub error: Option<String>,
    /// The first 1,024 bytes of the answer, as text; `null` where it was empty or is no longer kept.
    #[schema(example = "ok")]
    pub response: Option<String>,
}

impl From<attempts::Attempt> for LoggedAttempt {
    fn from(attempt: attempts::Attempt) -> Self {
        let response = attempt.response.filter(|body| !body.is_empty());
        Self {
            at: attempt.at,
            duration_ms: attempt.duration_ms,
            status_code: attempt.status_code,
            error: attempt.error,
            response: response.map(|body| String::from_utf8_lossy(&body).into_owned()),
        }
    }
}

/// Deliveries of a webhook, newest first.
#[derive(Debug)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// The last one's id where older ones follow: what the next page comes after.
    pub next: Option<DeliveryId>,
}

/// The text of a query of [`Delivery`] rows.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.event_id, d.state, d.due_at, d.attempts, d.manual_from, COALESCE(d.test_event, e.event)
             FROM deliveries d LEFT JOIN events e ON e.agent_id = d.agent_id AND e.id = d.event_id
             WHERE d.agent_id = $1 AND d.webhook_id = $2 ",
            $rest
        )
    };
}
/// One page of a webhook's deliveries: at most `limit`, older than `after`.
///
/// # Errors
/// [`Error::NotFound`] when the webhook is not there.
pub async fn list(
    crm: &Crm,
    agent: AgentId,
    webhook: WebhookId,
    after: Option<DeliveryId>,
    limit: u32,
) -> Result<DeliveryPage, Error> {
    crm.db
        .read("deliveries.list", move |tx| {
            let is_enabled = registrations::find_row(tx, agent, webhook)?.is_enabled;
            let most = i64::from(limit) + 1;
            let mut values = vec![DbValue::Bytes(&agent.0), DbValue::Bytes(&webhook.0), DbValue::Int(most)];
            // A delivery has its event's id.
            let sql = match &after {
                None => select!("ORDER BY d.event_id DESC LIMIT $3"),
                Some(after) => {
                    values.push(DbValue::Bytes(&after.0));
                    select!("AND d.event_id < $4 ORDER BY d.event_id DESC LIMIT $3")
                }
            };
            let mut deliveries = tx.query(sql, &values, |row| from_row(row, is_enabled))?;
            let has_more = deliveries.len() > limit as usize;
            deliveries.truncate(limit as usize);
            let next = if has_more { deliveries.last().map(|delivery| DeliveryId(delivery.event_id.0)) } else { None };
            Ok(DeliveryPage { deliveries, next })
        })
        .await
}

fn from_row(row: &Row<'_>, is_enabled: bool) -> Result<Delivery, db::DbError> {
    let (id, event_id): (DeliveryId, EventId) = (row.get(0)?, row.get(1)?);
    let (state, due_at) = (row.get::<State>(2)?, row.get::<i64>(3)?);
    let is_manual = row.get::<Option<i64>>(5)?.is_some();
    let is_pending = matches!(state, State::Fresh | State::Retry);
    // Whatever its state still says: nothing of a disabled webhook is sent, but what is asked for by hand.
    let is_held = is_pending && !is_enabled && !is_manual;
    let attempts = match row.value(4)? {
        DbValue::Bytes(encoded) => attempts::decode(encoded).into_iter().map(LoggedAttempt::from).collect(),
        _ => Vec::new(),
    };
    Ok(Delivery {
        id,
        event_id,
        event: row.get::<Option<String>>(6)?.unwrap_or_default(),
        status: if is_held { DeliveryStatus::Held } else { state.into() },
        next_attempt_at: (is_pending && !is_held).then_some(UnixMillis(due_at)),
        created_at: id.created_at(),
        attempts,
    })
}

/// The event of a delivery.
///
/// # Errors
/// [`Error::NotFound`] when the webhook has no such delivery.
pub(super) fn find_event(
    tx: &mut Tx<'_>,
    agent: AgentId,
    webhook: WebhookId,
    delivery: DeliveryId,
) -> Result<EventId, Error> {
    let sql = "SELECT event_id FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3";
    tx.query_opt(sql, params![&agent, &webhook, &delivery], |row| row.get(0))?.ok_or(Error::NotFound)
}
