//! Events: what happened to an agent's records, numbered without gaps, in the order of commits. Also the feed of them.

use db::{Tx, params};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    AgentId, Crm, Error, agents,
    clock::UnixMillis,
    ids::{EventId, WebhookId},
    json,
    webhooks::outbox,
};

/// The kinds of events, as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A lead came in, from wherever.
    LeadCreated,
    /// A client signed up or was added.
    ClientCreated,
    /// A listing was first offered: when it first is no draft.
    ListingCreated,
    /// A client asks to see a listing.
    ShowingRequested,
    /// A client moved to another stage.
    ClientStageChanged,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::LeadCreated,
        Self::ClientCreated,
        Self::ListingCreated,
        Self::ShowingRequested,
        Self::ClientStageChanged,
    ];

    /// The published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LeadCreated => "lead.created",
            Self::ClientCreated => "client.created",
            Self::ListingCreated => "listing.created",
            Self::ShowingRequested => "showing.requested",
            Self::ClientStageChanged => "client.stage_changed",
        }
    }

    /// The kind of a published name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An event as the feed shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// The event's id; also the feed's cursor.
    pub id: EventId,
    /// The agent's number of the event: 1, 2, 3 and so on without gaps.
    pub sequence: i64,
    /// The published name of its kind.
    pub event: String,
    /// When it happened: milliseconds since the Unix epoch, as a string, as in webhooks.
    pub timestamp: String,
    /// The agent's slug.
    #[serde(rename = "agentId")]
    pub agent_id: String,
    /// The record as it was then; `null` once the person is erased.
    #[schema(value_type = Option<Object>)]
    pub data: Option<Box<RawValue>>,
}

/// What part of the feed to read.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only this kind.
    pub kind: Option<EventKind>,
    /// Only events after this one.
    pub after: Option<EventId>,
    /// At most so many.
    pub limit: u32,
}

/// What an event is about.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub kind: EventKind,
    /// The record.
    pub entity: &'a [u8; 16],
    /// The record whose events webhooks get in order, where it is another.
    pub order_key: Option<&'a [u8; 16]>,
    /// Whether the agent did it, so that no mail tells of it.
    pub is_quiet: bool,
}

/// Records an event with the exact text of its `data` and hands it to the agent's webhooks. Those that are to be told now.
pub(crate) fn record<T: Serialize>(
    tx: &mut Tx<'_>,
    agent: AgentId,
    id: EventId,
    sequence: i64,
    about: About<'_>,
    data: &T,
) -> Result<Vec<WebhookId>, Error> {
    let data = json::to_string(data).map_err(|cause| {
        tracing::error!(%cause, "an event's data cannot be encoded");
        Error::Internal
    })?;
    tx.execute(
        "INSERT INTO events (agent_id, id, sequence, event, entity_id, data, order_key, is_quiet)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            &agent,
            &id,
            sequence,
            about.kind.name(),
            about.entity,
            &data,
            about.order_key,
            about.is_quiet.then_some(1)
        ],
    )?;
    outbox::enqueue(tx, agent, id, about.kind)
}

/// Erases what the events of `entity` tell. The events and their numbers stay; those that were not sent yet are cancelled, for
/// there is nothing left to send, and what receivers answered to the others goes too.
pub(crate) fn erase(tx: &mut Tx<'_>, agent: AgentId, entity: &[u8; 16], now: UnixMillis) -> Result<(), Error> {
    outbox::cancel(tx, agent, entity, now)?;
    tx.execute("UPDATE events SET data = NULL WHERE agent_id = $1 AND entity_id = $2", params![&agent, entity])?;
    Ok(())
}

/// The agent's events after a point, ascending. A follower that asks again with the last id it saw misses none.
///
/// # Errors
/// [`Error::Invalid`] for an `after` older than the oldest kept event, naming the oldest.
pub async fn list(crm: &Crm, agent: AgentId, filter: EventFilter) -> Result<Vec<Event>, Error> {
    crm.db.read("events.list", move |tx| read(tx, agent, &filter)).await
}

fn read(tx: &mut Tx<'_>, agent: AgentId, filter: &EventFilter) -> Result<Vec<Event>, Error> {
    let slug = agents::slug(tx, agent)?;
    if let Some(after) = filter.after {
        refuse_if_pruned(tx, agent, after)?;
    }
    let after = filter.after.unwrap_or(EventId([0; 16]));
    let limit = i64::from(filter.limit);
    let row = |row: &db::Row<'_>| {
        let id: EventId = row.get(0)?;
        let data = row.get::<Option<String>>(3)?.and_then(|data| RawValue::from_string(data).ok());
        Ok(Event {
            id,
            sequence: row.get(1)?,
            event: row.get(2)?,
            timestamp: id.created_at().0.to_string(),
            agent_id: slug.clone(),
            data,
        })
    };
    let events = match filter.kind {
        None => tx.query(
            "SELECT id, sequence, event, data FROM events WHERE agent_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            params![&agent, &after, limit],
            row,
        )?,
        Some(kind) => tx.query(
            "SELECT id, sequence, event, data FROM events WHERE agent_id = $1 AND event = $4 AND id > $2 ORDER BY id LIMIT $3",
            params![&agent, &after, limit, kind.name()],
            row,
        )?,
    };
    Ok(events)
}

/// An `after` that was pruned away would silently skip what was pruned behind it.
fn refuse_if_pruned(tx: &mut Tx<'_>, agent: AgentId, after: EventId) -> Result<(), Error> {
    let oldest = tx.query_opt(
        "SELECT id, sequence FROM events WHERE agent_id = $1 ORDER BY id LIMIT 1",
        params![&agent],
        |row| Ok((row.get::<EventId>(0)?, row.get::<i64>(1)?)),
    )?;
    match oldest {
        // With the first event still there, nothing was pruned.
        Some((oldest, sequence)) if sequence > 1 && after < oldest => {
            Err(Error::invalid("after", format!("is older than the kept events; the oldest is {oldest}")))
        }
        _ => Ok(()),
    }
}
