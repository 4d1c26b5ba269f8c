//! An agent's turn: what every write for an agent holds.
//!
//! It begins by locking the agent's row of `turns`, so that one agent's writes go one after another on both engines and on
//! every node. Ids and event numbers come from it, so their order is the order of commits.

use std::sync::Arc;

use db::{Lane, Tx, params};
use serde::Serialize;

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    events::{self, EventKind},
    idempotency::{self, Answer, Once},
    ids::{self, EventId, WebhookId},
    live::Telling,
    randomness::Randomness,
    webhooks::{Ring, Rings},
};

/// The agent's turn within one write.
pub(crate) struct Turn {
    /// Whose turn it is.
    pub agent: AgentId,
    /// The time of the write.
    pub now: UnixMillis,
    random: Arc<dyn Randomness>,
    last_id: [u8; 16],
    last_sequence: i64,
    is_changed: bool,
    /// Whether what is recorded is news to nobody: no mail tells the agent of it.
    pub is_quiet: bool,
    /// What the sender of webhooks is told after the commit.
    rings: Rings,
}

impl Turn {
    fn take(tx: &mut Tx<'_>, crm: &Crm, agent: AgentId) -> Result<Self, Error> {
        let sql = match tx.lock_clause() {
            "" => "SELECT last_id, last_sequence FROM turns WHERE agent_id = $1",
            _ => "SELECT last_id, last_sequence FROM turns WHERE agent_id = $1 FOR NO KEY UPDATE",
        };
        let held = tx.query_opt(sql, params![&agent], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (last_id, last_sequence) = held.ok_or(Error::NotFound)?;
        let random = Arc::clone(&crm.random);
        Ok(Self {
            agent,
            now: crm.clock.now(),
            random,
            last_id,
            last_sequence,
            is_changed: false,
            is_quiet: false,
            rings: Rings::new(),
        })
    }

    /// The agent's next id.
    pub fn next_id(&mut self) -> [u8; 16] {
        self.last_id = ids::next(&self.last_id, self.now, &*self.random);
        self.is_changed = true;
        self.last_id
    }

    /// Records that something happened to `entity` and puts it in the outbox of every webhook that wants it.
    pub fn record<T: Serialize>(
        &mut self,
        tx: &mut Tx<'_>,
        kind: EventKind,
        entity: &[u8; 16],
        data: &T,
    ) -> Result<EventId, Error> {
        self.record_in_order_of(tx, kind, entity, None, data)
    }

    /// As [`Turn::record`], for what is told in the order of another record: a showing in that of its client.
    pub fn record_in_order_of<T: Serialize>(
        &mut self,
        tx: &mut Tx<'_>,
        kind: EventKind,
        entity: &[u8; 16],
        order_key: Option<&[u8; 16]>,
        data: &T,
    ) -> Result<EventId, Error> {
        let id = EventId(self.next_id());
        self.last_sequence += 1;
        let about = events::About { kind, entity, order_key, is_quiet: self.is_quiet };
        let due = events::record(tx, self.agent, id, self.last_sequence, about, data)?;
        self.rings.extend(due.into_iter().map(|webhook| (webhook, Ring::Fresh)));
        Ok(id)
    }

    /// Does something that is news to nobody.
    pub fn quietly<T>(&mut self, something: impl FnOnce(&mut Self) -> T) -> T {
        let was = std::mem::replace(&mut self.is_quiet, true);
        let done = something(self);
        self.is_quiet = was;
        done
    }

    /// Has the sender look at a webhook's deliveries after the commit.
    pub fn ring(&mut self, webhook: WebhookId, ring: Ring) {
        self.rings.push((webhook, ring));
    }

    /// The source of randomness of this write.
    pub fn random(&self) -> &dyn Randomness {
        &*self.random
    }

    fn end(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        if self.is_changed {
            tx.execute(
                "UPDATE turns SET last_id = $2, last_sequence = $3 WHERE agent_id = $1",
                params![&self.agent, &self.last_id, self.last_sequence],
            )?;
        }
        Ok(())
    }
}

impl Crm {
    /// Changes an agent's data in one transaction, under the agent's turn. `change` may run more than once.
    pub(crate) async fn change<T, F>(&self, name: &'static str, agent: AgentId, change: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &mut Turn) -> Result<T, Error> + Send + 'static,
    {
        let crm = self.clone();
        let changed = self.db.write(name, Lane::of(&agent.0), move |tx| {
            crm.changes.note(tx, agent);
            crm.take_turn(tx, agent, &change)
        });
        let changed = changed.await;
        if changed.is_ok() {
            self.to_index.notify_one();
        }
        self.committed(agent, changed, Telling::of(name, agent))
    }

    /// As [`Crm::change`], but behind the writes that someone waits for.
    pub(crate) async fn change_in_background<T, F>(
        &self,
        name: &'static str,
        agent: AgentId,
        change: F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &mut Turn) -> Result<T, Error> + Send + 'static,
    {
        let crm = self.clone();
        let changed = self.db.write_in_background(name, Lane::of(&agent.0), move |tx| {
            crm.changes.note(tx, agent);
            crm.take_turn(tx, agent, &change)
        });
        self.committed(agent, changed.await, Telling::of(name, agent))
    }

    /// As [`Crm::change_in_background`], for what no record shows: answers that were read before still hold.
    pub(crate) async fn change_unseen<T, F>(&self, name: &'static str, agent: AgentId, change: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &mut Turn) -> Result<T, Error> + Send + 'static,
    {
        let crm = self.clone();
        let changed =
            self.db.write_in_background(name, Lane::of(&agent.0), move |tx| crm.take_turn(tx, agent, &change));
        self.committed(agent, changed.await, None)
    }

    /// What a change came to, once it is committed.
    fn committed<T>(
        &self,
        agent: AgentId,
        changed: Result<(T, Rings), Error>,
        telling: Option<Telling>,
    ) -> Result<T, Error> {
        let (value, rings) = changed?;
        self.outbox.ring(agent, rings);
        if let Some(telling) = telling {
            self.tellings.tell(telling);
        }
        Ok(value)
    }

    fn take_turn<T>(
        &self,
        tx: &mut Tx<'_>,
        agent: AgentId,
        change: impl Fn(&mut Tx<'_>, &mut Turn) -> Result<T, Error>,
    ) -> Result<(T, Rings), Error> {
        let mut turn = Turn::take(tx, self, agent)?;
        let value = change(tx, &mut turn)?;
        let rings = std::mem::take(&mut turn.rings);
        turn.end(tx)?;
        Ok((value, rings))
    }

    /// As [`Crm::change`], but a repeated idempotency key gets the first answer again and changes nothing.
    pub(crate) async fn change_once<T, F>(
        &self,
        name: &'static str,
        agent: AgentId,
        once: Option<Once>,
        change: F,
    ) -> Result<Answer<T>, Error>
    where
        T: Serialize + serde::de::DeserializeOwned + Send + 'static,
        F: Fn(&mut Tx<'_>, &mut Turn) -> Result<T, Error> + Send + 'static,
    {
        self.change(name, agent, move |tx, turn| match &once {
            None => change(tx, turn).map(Answer::first),
            Some(once) => idempotency::answer(tx, turn, once, &change),
        })
        .await
    }
}
