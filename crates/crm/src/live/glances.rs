//! One look at what an agent's pages show: what it costs does not grow with the records.

use std::collections::{BTreeMap, HashMap};

use db::{Tx, params};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{News, TOLD_AGAIN, What, streams::Wanted};
use crate::{
    AgentId, Error,
    clock::UnixMillis,
    ids::{SessionId, WebhookId},
    sessions::IDLE,
};

/// Deliveries at the head of a log whose states are looked at: as many as its page shows.
const LOGGED: i64 = 25;

/// How an agent's data stand.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Glance {
    /// The number of the last event; `-1` when there is no such agent.
    pub sequence: i64,
    /// Events that a page misses, ascending.
    pub events: Vec<News>,
    /// Per noun, when a record of it last changed and how many there are of each status.
    pub nouns: BTreeMap<&'static str, String>,
    /// The heads of logs.
    pub logs: BTreeMap<WebhookId, String>,
    /// Until when sessions last if they are not used; those that have ended are missing.
    pub sessions: HashMap<SessionId, UnixMillis>,
}

/// The kinds of records as `totals` has them, with their nouns.
const NOUNS: [(&str, &str); 4] =
    [("lead", "leads"), ("client", "clients"), ("listing", "listings"), ("showing", "showings")];

impl Glance {
    /// Looks.
    pub fn read(tx: &mut Tx<'_>, agent: AgentId, wanted: &Wanted) -> Result<Self, Error> {
        let mut glance = Self { sequence: -1, ..Self::default() };
        let sql = "SELECT t.last_sequence,
                       (SELECT r.updated_at FROM leads r WHERE r.agent_id = $1 ORDER BY r.updated_at DESC LIMIT 1),
                       (SELECT r.updated_at FROM clients r WHERE r.agent_id = $1 ORDER BY r.updated_at DESC LIMIT 1),
                       (SELECT r.updated_at FROM listings r WHERE r.agent_id = $1 ORDER BY r.updated_at DESC LIMIT 1),
                       (SELECT r.updated_at FROM showings r WHERE r.agent_id = $1 ORDER BY r.updated_at DESC LIMIT 1)
                   FROM turns t WHERE t.agent_id = $1";
        let found = tx.query_opt(sql, params![&agent], |row| {
            let changed = [row.get(1)?, row.get(2)?, row.get(3)?, row.get::<Option<i64>>(4)?];
            Ok((row.get(0)?, changed))
        })?;
        let Some((sequence, changed)) = found else { return Ok(glance) };
        glance.sequence = sequence;
        glance.nouns = NOUNS.iter().zip(changed).map(|((_, noun), at)| (*noun, format!("{at:?}"))).collect();
        let sql = "SELECT kind, status, total FROM totals WHERE agent_id = $1 ORDER BY kind, status";
        let totals = tx.query(sql, params![&agent], |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<i64>(2)?))
        })?;
        for (kind, status, total) in totals {
            let noun = NOUNS.iter().find(|(name, _)| *name == kind);
            if let Some(held) = noun.and_then(|(_, noun)| glance.nouns.get_mut(noun)) {
                held.push_str(&format!(" {status} {total}"));
            }
        }
        let missed = wanted.sequences.iter().map(|known| sequence - known).filter(|missed| *missed <= TOLD_AGAIN);
        if let Some(missed) = missed.max().filter(|missed| *missed > 0) {
            glance.events = events(tx, agent, missed)?;
        }
        for session in &wanted.sessions {
            let sql = "SELECT used_at, expires_at FROM sessions WHERE agent_id = $1 AND id = $2";
            let until = tx.query_opt(sql, params![&agent, session], |row| {
                Ok(UnixMillis(row.get(0)?).plus(IDLE).min(UnixMillis(row.get(1)?)))
            })?;
            glance.sessions.extend(until.map(|until| (*session, until)));
        }
        for webhook in &wanted.webhooks {
            glance.logs.insert(*webhook, log(tx, agent, *webhook)?);
        }
        Ok(glance)
    }

    /// When the first of the sessions ends.
    pub fn first_end(&self) -> Option<UnixMillis> {
        self.sessions.values().copied().min()
    }
}

/// The last `count` events, ascending.
fn events(tx: &mut Tx<'_>, agent: AgentId, count: i64) -> Result<Vec<News>, Error> {
    #[derive(Deserialize)]
    struct Told {
        id: String,
        #[serde(default)]
        name: Option<String>,
    }

    let sql = "SELECT sequence, event, data FROM events WHERE agent_id = $1 ORDER BY id DESC LIMIT $2";
    let mut events = tx.query(sql, params![&agent, count], |row| {
        let data = row.get::<Option<String>>(2)?.and_then(|data| RawValue::from_string(data).ok());
        let told = data.and_then(|data| serde_json::from_str::<Told>(data.get()).ok());
        let (id, name) = told.map_or_else(Default::default, |told| (told.id, told.name.unwrap_or_default()));
        Ok(News { sequence: row.get(0)?, what: What::Event { event: row.get(1)?, id, name } })
    })?;
    events.reverse();
    Ok(events)
}

/// The head of a webhook's log, and how its receiver does.
fn log(tx: &mut Tx<'_>, agent: AgentId, webhook: WebhookId) -> Result<String, Error> {
    let sql = "SELECT is_enabled, delivered, failed, failing_since FROM webhooks WHERE agent_id = $1 AND id = $2";
    let health = tx.query_opt(sql, params![&agent, &webhook], |row| {
        Ok((row.get::<bool>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?, row.get::<Option<i64>>(3)?))
    })?;
    let sql = "SELECT event_id, state, attempt_count, due_at, LENGTH(attempts), manual_from FROM deliveries
               WHERE agent_id = $1 AND webhook_id = $2 ORDER BY event_id DESC LIMIT $3";
    let rows = tx.query(sql, params![&agent, &webhook, LOGGED], |row| {
        let [state, attempts, due_at] = [row.get::<i64>(1)?, row.get(2)?, row.get(3)?];
        Ok((row.get::<[u8; 16]>(0)?, state, attempts, due_at, row.get::<Option<i64>>(4)?, row.get::<Option<i64>>(5)?))
    })?;
    Ok(format!("{health:?} {rows:?}"))
}
