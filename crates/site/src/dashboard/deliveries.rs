//! The log of a webhook: what was sent, what came back, and sending it again.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::post,
};
use crm::{
    clock::UnixMillis,
    ids::{DeliveryId, WebhookId},
    sessions::Session,
    webhooks::{
        self, DeliveryStatus,
        deliveries::{self, Delivery, LoggedAttempt},
    },
};
use jiff::{civil::DateTime, tz::TimeZone};

use super::webhooks::path;
use crate::{
    Site,
    fields::Fields,
    id_in_path::Id,
    pages::{self, Refusal, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

/// The log's place on the page.
pub(super) const ANCHOR: &str = "#log";
const ROWS: u32 = 25;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/settings/api/webhooks/{id}/redeliver", post(redeliver_since))
        .route("/dashboard/settings/api/webhooks/{id}/deliveries/{delivery}/redeliver", post(redeliver))
}

/// One page of the log.
pub(super) struct Log {
    pub rows: Vec<Row>,
    pub older: Option<DeliveryId>,
    pub is_first: bool,
}

/// A delivery as the log shows it.
pub(super) struct Row {
    pub id: DeliveryId,
    pub event: String,
    pub status: &'static str,
    /// The word of the status, for its colour.
    pub tone: &'static str,
    pub created: Time,
    pub next: Option<Time>,
    pub attempts: Vec<Attempt>,
    pub can_redeliver: bool,
}

/// One attempt.
pub(super) struct Attempt {
    pub at: Time,
    pub duration_ms: u32,
    pub answer: String,
    pub error: Option<String>,
    pub response: Option<String>,
}

impl Log {
    /// A page of the log, newest first.
    pub async fn read(
        site: &Site,
        session: &Session,
        webhook: WebhookId,
        after: Option<DeliveryId>,
    ) -> Result<Self, Refusal> {
        let times = Times::of(&session.time_zone);
        let page = deliveries::list(&site.crm, session.agent, webhook, after, ROWS).await?;
        let rows = page.deliveries.into_iter().map(|delivery| Row::of(delivery, &times)).collect();
        Ok(Self { rows, older: page.next, is_first: after.is_none() })
    }
}

impl Row {
    fn of(delivery: Delivery, times: &Times) -> Self {
        let (status, tone) = match delivery.status {
            DeliveryStatus::Pending if delivery.attempts.is_empty() => ("On its way", "busy"),
            DeliveryStatus::Pending => ("To be tried again", "busy"),
            DeliveryStatus::Delivered => ("Delivered", "good"),
            DeliveryStatus::Failed => ("Given up", "bad"),
            DeliveryStatus::Held => ("Held", "quiet"),
            DeliveryStatus::Cancelled => ("Cancelled", "quiet"),
        };
        Self {
            id: delivery.id,
            event: delivery.event,
            status,
            tone,
            created: times.show_second(delivery.created_at),
            next: delivery.next_attempt_at.filter(|_| !delivery.attempts.is_empty()).map(|at| times.show_second(at)),
            can_redeliver: delivery.status != DeliveryStatus::Cancelled,
            attempts: delivery.attempts.into_iter().rev().map(|attempt| Attempt::of(attempt, times)).collect(),
        }
    }
}

impl Attempt {
    fn of(attempt: LoggedAttempt, times: &Times) -> Self {
        Self {
            at: times.show_second(attempt.at),
            duration_ms: attempt.duration_ms,
            answer: attempt.status_code.map_or_else(|| String::from("No answer"), |status| status.to_string()),
            error: attempt.error,
            response: attempt.response,
        }
    }
}

async fn redeliver(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (Ok(id), Ok(delivery)) = (id.parse::<WebhookId>(), delivery.parse::<DeliveryId>()) else {
        return Ok(pages::not_found());
    };
    webhooks::redeliver(&site.crm, session.agent, id, delivery, None).await?;
    Ok(see_other(&format!("{}?done=redelivered{ANCHOR}", path(id))))
}

async fn redeliver_since(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<WebhookId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let Some(since) = local_instant(fields.get("since"), &session.time_zone) else {
        return Err(crm::Error::invalid("since", "must be a date and a time").into());
    };
    let queued = webhooks::redeliver_since(&site.crm, session.agent, id, since, None).await?;
    let done = if queued.value.deliveries == 0 { "none-redelivered" } else { "all-redelivered" };
    Ok(see_other(&format!("{}?done={done}{ANCHOR}", path(id))))
}

/// What a field of the type `datetime-local` sends, in the agent's time zone.
fn local_instant(text: &str, zone: &str) -> Option<UnixMillis> {
    let local = text.parse::<DateTime>().ok()?;
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let instant = zone.to_ambiguous_zoned_datetime(local).compatible().ok()?;
    Some(UnixMillis(instant.timestamp().as_millisecond()))
}
