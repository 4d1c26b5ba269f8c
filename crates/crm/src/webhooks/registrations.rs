//! Webhooks themselves: made, read, changed, deleted.

use std::{sync::Arc, time::Duration};

use db::{Row, Tx, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    DisabledBy, Health, NewWebhook, Ring, WebhookChange, enabling, headers,
    health::health_columns,
    inputs::EventFilter,
    outbox,
    secrets::{self, Sealed},
};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    idempotency::{Answer, Once},
    ids::WebhookId,
    turns::Turn,
};

/// The most webhooks of one agent.
pub const MAX_WEBHOOKS: usize = 50;

/// A webhook as its owner sees it, with its fields in the order of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// The id.
    pub id: WebhookId,
    /// Where events are sent.
    #[schema(example = "https://example.com/hooks/organicagent")]
    pub url: String,
    /// The events that are sent.
    #[schema(example = json!(["lead.created", "client.created"]))]
    pub events: Vec<String>,
    /// What its owner calls it.
    #[schema(example = "Zapier: new leads")]
    pub description: Option<String>,
    /// Whether events are sent; while it is disabled they are held.
    #[schema(example = true)]
    #[serde(rename = "enabled")]
    pub is_enabled: bool,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When its settings last changed.
    pub updated_at: UnixMillis,
    /// Headers that each request carries, values masked.
    pub headers: Vec<headers::CustomHeader>,
}

/// A webhook with how its receiver does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// The webhook.
    pub webhook: Webhook,
    /// How its receiver does.
    pub health: Health,
    /// Deliveries still to be sent, counted to [`outbox::COUNTED`].
    pub pending: i64,
    /// Deliveries held back, counted to [`outbox::COUNTED`].
    pub held: i64,
}

/// A new webhook, with its secret in clear: this once.
#[derive(Clone, PartialEq, Eq)]
pub struct Registered {
    /// The webhook as it was made.
    pub webhook: Webhook,
    /// The secret.
    pub secret: String,
}

/// A row of the table.
pub(super) struct WebhookRow {
    pub id: WebhookId,
    pub url: String,
    pub events: EventFilter,
    pub description: Option<String>,
    pub is_enabled: bool,
    pub secret: Vec<u8>,
    pub headers: Option<Vec<u8>>,
    pub updated_at: i64,
    pub health: Health,
}

/// The text of a query of [`WebhookRow`]s.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, url, events, description, is_enabled, secret, headers, updated_at, ",
            health_columns!(),
            " FROM webhooks WHERE agent_id = $1 AND deleted_at IS NULL",
            $rest
        )
    };
}

impl WebhookRow {
    fn from_row(row: &Row<'_>) -> Result<Self, db::DbError> {
        Ok(Self {
            id: row.get(0)?,
            url: row.get(1)?,
            events: EventFilter(row.get(2)?),
            description: row.get(3)?,
            is_enabled: row.get(4)?,
            secret: row.get(5)?,
            headers: row.get(6)?,
            updated_at: row.get(7)?,
            health: Health::from_row(row, 8)?,
        })
    }

    fn webhook(&self, crm: &Crm, agent: AgentId) -> Result<Webhook, Error> {
        let pairs = headers::open(crm, agent, self.id, self.headers.as_deref())?;
        Ok(Webhook {
            id: self.id,
            url: self.url.clone(),
            events: names(&self.events),
            description: self.description.clone(),
            is_enabled: self.is_enabled,
            created_at: self.id.created_at(),
            updated_at: UnixMillis(self.updated_at),
            headers: headers::masked(&pairs),
        })
    }
}

fn names(events: &EventFilter) -> Vec<String> {
    events.kinds().map(|kind| kind.name().to_owned()).collect()
}

/// The row of a webhook.
///
/// # Errors
/// [`Error::NotFound`] for an id that is no webhook of this agent.
pub(super) fn find_row(tx: &mut Tx<'_>, agent: AgentId, id: WebhookId) -> Result<WebhookRow, Error> {
    tx.query_opt(select!(" AND id = $2"), params![&agent, &id], WebhookRow::from_row)?.ok_or(Error::NotFound)
}

/// What is kept of a create for repeats of it: all that was answered, the secret sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: WebhookId,
    url: String,
    events: Vec<String>,
    description: Option<String>,
    header_names: Vec<String>,
    secret: Sealed,
}

/// Makes a webhook, enabled, with a secret of its own.
///
/// # Errors
/// [`Error::Invalid`] where the agent has [`MAX_WEBHOOKS`] already, [`Error::IdempotencyKeyReused`].
pub async fn create(
    crm: &Crm,
    agent: AgentId,
    new: NewWebhook,
    once: Option<Once>,
) -> Result<Answer<Registered>, Error> {
    let keyring = Arc::clone(&crm.keyring);
    let answer = crm
        .change_once("webhooks.create", agent, once, move |tx, turn| {
            let sql = "SELECT COUNT(*) FROM webhooks WHERE agent_id = $1 AND deleted_at IS NULL";
            let count = tx.query_one(sql, params![&agent], |row| row.get::<i64>(0))?;
            if usize::try_from(count).is_ok_and(|count| count >= MAX_WEBHOOKS) {
                return Err(Error::invalid("url", format!("is one too many: there can be {MAX_WEBHOOKS} webhooks")));
            }
            let pairs = headers::unmasked(&new.headers, &[])?;
            let id = WebhookId(turn.next_id());
            let secret = secrets::seal(&keyring, turn.random(), agent, id, &secrets::generate(turn.random()));
            let sealed = headers::seal(&keyring, turn.random(), agent, id, &pairs);
            tx.execute(
                "INSERT INTO webhooks (agent_id, id, url, events, description, is_enabled, secret, headers, updated_at)
                 VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8)",
                params![
                    &agent,
                    &id,
                    &new.url,
                    &new.events.0,
                    &new.description,
                    &secret,
                    sealed.as_deref(),
                    id.created_at().0
                ],
            )?;
            Ok(Kept {
                id,
                url: new.url.clone(),
                events: names(&new.events),
                description: new.description.clone(),
                header_names: pairs.into_iter().map(|(name, _)| name).collect(),
                secret: Sealed(secret),
            })
        })
        .await?;
    let Kept { id, url, events, description, header_names, secret } = answer.value;
    let secret = secrets::open(&crm.keyring, agent, id, &secret.0)?;
    let headers = header_names.into_iter().map(|name| (name, String::new())).collect::<Vec<_>>();
    let created_at = id.created_at();
    let webhook = Webhook {
        id,
        url,
        events,
        description,
        is_enabled: true,
        created_at,
        updated_at: created_at,
        headers: headers::masked(&headers),
    };
    Ok(Answer { value: Registered { webhook, secret }, is_replayed: answer.is_replayed })
}

/// Every webhook of an agent, newest first.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId) -> Result<Vec<Webhook>, Error> {
    let read = crm.db.read("webhooks.list", move |tx| {
        Ok::<_, Error>(tx.query(select!(" ORDER BY id DESC"), params![&agent], WebhookRow::from_row)?)
    });
    read.await?.into_iter().map(|row| row.webhook(crm, agent)).collect()
}

/// How long a webhook fails before its owner is told.
pub const FAILING_FOR_LONG: Duration = Duration::from_secs(60 * 60);

/// The webhooks that their owner should look at: enabled ones that have been failing for [`FAILING_FOR_LONG`], and those that were
/// disabled by what their receiver answered.
///
/// # Errors
/// Storage's errors.
pub async fn list_ailing(crm: &Crm, agent: AgentId) -> Result<Vec<(Webhook, Health)>, Error> {
    let before = crm.clock.now().minus(FAILING_FOR_LONG);
    let read = crm.db.read("webhooks.list_ailing", move |tx| {
        Ok::<_, Error>(tx.query(select!(" ORDER BY id DESC"), params![&agent], WebhookRow::from_row)?)
    });
    let ails = |row: &WebhookRow| match row.health.disabled_by {
        Some(by) => by != DisabledBy::Owner,
        None => row.is_enabled && row.health.failing_since.is_some_and(|since| since <= before),
    };
    let ailing = read.await?.into_iter().filter(ails);
    ailing.map(|row| Ok((row.webhook(crm, agent)?, row.health))).collect()
}

/// A webhook of the agent's with how its receiver does.
///
/// # Errors
/// [`Error::NotFound`] for an id that is no webhook of this agent.
pub async fn get(crm: &Crm, agent: AgentId, id: WebhookId) -> Result<Details, Error> {
    let own = crm.clone();
    crm.db.read("webhooks.get", move |tx| details(tx, &own, agent, id)).await
}

fn details(tx: &mut Tx<'_>, crm: &Crm, agent: AgentId, id: WebhookId) -> Result<Details, Error> {
    let row = find_row(tx, agent, id)?;
    let (pending, held) = outbox::count_of(tx, agent, id)?;
    Ok(Details { webhook: row.webhook(crm, agent)?, health: row.health, pending, held })
}

/// How far a change came in one transaction.
enum Step {
    /// Some of what is held was released or skipped; more is.
    More,
    Done(Box<Details>),
}

/// Changes a webhook, if `precondition` holds of it. What is pending goes to the new URL. Disabling holds what is pending;
/// enabling sends or skips what was held.
///
/// # Errors
/// [`Error::NotFound`], [`Error::PreconditionFailed`], [`Error::Invalid`].
pub async fn update<P>(
    crm: &Crm,
    agent: AgentId,
    id: WebhookId,
    change: WebhookChange,
    precondition: P,
) -> Result<Details, Error>
where
    P: Fn(&Webhook) -> bool + Send + Sync + 'static,
{
    let (own, change, precondition) = (crm.clone(), Arc::new(change), Arc::new(precondition));
    let details = loop {
        let (own, change, precondition) = (own.clone(), Arc::clone(&change), Arc::clone(&precondition));
        let step = crm.change("webhooks.update", agent, move |tx, turn| {
            let old = find_row(tx, agent, id)?;
            if !precondition(&old.webhook(&own, agent)?) {
                return Err(Error::PreconditionFailed);
            }
            // Before it is enabled: what was held goes before what comes now.
            if change.is_enabled == Some(true) && !old.is_enabled && !enabling::release(tx, turn, id, change.held)? {
                return Ok(Step::More);
            }
            apply(tx, turn, &own, &old, &change)?;
            details(tx, &own, agent, id).map(|details| Step::Done(Box::new(details)))
        });
        if let Step::Done(details) = step.await? {
            break *details;
        }
    };
    if !details.webhook.is_enabled {
        enabling::hold_rest(crm, agent, id).await?;
    }
    Ok(details)
}

fn apply(tx: &mut Tx<'_>, turn: &mut Turn, crm: &Crm, old: &WebhookRow, change: &WebhookChange) -> Result<(), Error> {
    let (agent, id) = (turn.agent, old.id);
    let pairs = headers::open(crm, agent, id, old.headers.as_deref())?;
    let new_pairs = match change.headers.clone() {
        crate::input::Given::Absent => pairs.clone(),
        given => headers::unmasked(&given.value().unwrap_or_default(), &pairs)?,
    };
    let url = change.url.clone().unwrap_or_else(|| old.url.clone());
    let events = change.events.clone().or_keep(Some(old.events.clone())).unwrap_or_default();
    let description = change.description.clone().or_keep(old.description.clone());
    let is_enabled = change.is_enabled.unwrap_or(old.is_enabled);
    let is_same = url == old.url
        && events == old.events
        && description == old.description
        && is_enabled == old.is_enabled
        && new_pairs == pairs;
    if is_same {
        return Ok(());
    }
    let sealed = if new_pairs == pairs {
        old.headers.clone()
    } else {
        headers::seal(&crm.keyring, turn.random(), agent, id, &new_pairs)
    };
    tx.execute(
        "UPDATE webhooks SET url = $3, events = $4, description = $5, headers = $6, updated_at = $7
         WHERE agent_id = $1 AND id = $2",
        params![&agent, &id, &url, &events.0, &description, sealed.as_deref(), turn.now.0.max(old.updated_at)],
    )?;
    match (old.is_enabled, is_enabled) {
        (false, true) => enabling::enable(tx, agent, id)?,
        (true, false) => enabling::disable(tx, agent, id, DisabledBy::Owner, turn.now)?,
        _ => {}
    }
    // A new URL or a repaired one: who sends reads the webhook anew.
    turn.ring(id, Ring::Changed);
    Ok(())
}

/// Deletes a webhook, if `precondition` holds of it. What is pending is dropped, and its log goes.
///
/// # Errors
/// [`Error::NotFound`], [`Error::PreconditionFailed`].
pub async fn delete<P>(crm: &Crm, agent: AgentId, id: WebhookId, precondition: P) -> Result<(), Error>
where
    P: Fn(&Webhook) -> bool + Send + 'static,
{
    let own = crm.clone();
    crm.change("webhooks.delete", agent, move |tx, turn| {
        if !precondition(&find_row(tx, agent, id)?.webhook(&own, agent)?) {
            return Err(Error::PreconditionFailed);
        }
        tx.execute(
            "UPDATE webhooks SET deleted_at = $3, is_enabled = 0 WHERE agent_id = $1 AND id = $2",
            params![&agent, &id, turn.now.0],
        )?;
        turn.ring(id, Ring::Changed);
        // A long log goes in slices, behind other writes.
        super::retention::delete_slice(tx, agent, id).map(drop)
    })
    .await
}
