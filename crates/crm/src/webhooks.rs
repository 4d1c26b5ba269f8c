//! Webhooks: who is told of which events, and what became of it. The outbox is filled and kept here; `webhooks`, the crate,
//! sends.

mod attempts;
mod bell;
pub mod deliveries;
pub mod dispatch;
mod enabling;
mod headers;
mod health;
mod inputs;
mod notices;
pub mod outbox;
mod redeliveries;
mod registrations;
mod results;
mod retention;
mod samples;
mod secrets;
mod states;
mod targets;

pub use attempts::{Attempt, KEPT_ATTEMPTS, MAX_RESPONSE, Published};
pub(crate) use bell::Rings;
pub use bell::{OutboxBell, Ring};
pub(crate) use enabling::disable_all;
pub use headers::{CustomHeader, MASK, MAX_HEADERS};
pub use health::{DISABLED_AFTER, DisabledBy, Health, Notice};
pub use inputs::{NewWebhook, WebhookChange};
pub(crate) use notices::tell_failing;
pub use redeliveries::{Queued, redeliver, redeliver_since, test};
pub use registrations::{Details, MAX_WEBHOOKS, Registered, Webhook, create, delete, get, list, list_ailing, update};
pub use retention::EVENTS_KEPT;
pub(crate) use retention::{SLICE, prune, prune_events};
pub use samples::sample;
pub use secrets::{OVERLAP, Rotated, RotationStart, Secrets, reveal, rotate};
pub use states::{DeliveryStatus, State};
pub use targets::UrlRule;
