//! What the sender of webhooks reads: which webhooks have something to send, what of it is due, and what is in it; and, where several
//! nodes share a database, which of them serves which webhook.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use db::{Engine, Lane, Notice, Row, Tx, params};

pub use db::Notifier;

use super::outbox::{self, Due, Target};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{EventId, WebhookId},
    randomness::{self, Randomness},
};

/// A delivery to be tried, without what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// Its event.
    pub event: EventId,
    /// First attempts of one key go one after another.
    pub key: [u8; 16],
}

/// What a look for deliveries has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// In order.
    pub tickets: Vec<Ticket>,
    /// Of a look for retries: when the next one is due that is not due yet.
    pub next_retry: Option<UnixMillis>,
}

/// A delivery and where it goes, both as they are now.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The webhook.
    pub target: Arc<Target>,
    /// The delivery.
    pub due: Due,
}

/// The channel on which nodes tell each other of new deliveries.
const NOTICES: &str = "organicagent";

/// Milliseconds by the database's clock, the same for all nodes.
macro_rules! now {
    () => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
}

/// Every webhook with deliveries that are fresh or to be tried again, now or later, of all agents, that `node` serves or nobody does.
/// Costs a step for each webhook with something open, whatever else there is.
///
/// # Errors
/// Storage's errors.
pub async fn waiting(crm: &Crm, node: NodeId) -> Result<Vec<(AgentId, WebhookId)>, Error> {
    crm.db
        .read("webhooks.waiting", move |tx| {
            let mut found = Vec::new();
            for sql in [
                "SELECT agent_id, webhook_id FROM deliveries WHERE state = 0 AND (agent_id, webhook_id) > ($1, $2)
                 ORDER BY agent_id, webhook_id LIMIT 1",
                "SELECT agent_id, webhook_id FROM deliveries WHERE state = 1 AND manual_from IS NULL AND (agent_id, webhook_id) > ($1, $2)
                 ORDER BY agent_id, webhook_id LIMIT 1",
                "SELECT agent_id, webhook_id FROM deliveries WHERE state = 1 AND manual_from IS NOT NULL AND (agent_id, webhook_id) > ($1, $2)
                 ORDER BY agent_id, webhook_id LIMIT 1",
            ] {
                let mut last = (AgentId([0; 16]), WebhookId([0; 16]));
                while let Some(next) = tx.query_opt(sql, params![&last.0, &last.1], |row| Ok((row.get(0)?, row.get(1)?)))? {
                    found.push(next);
                    last = next;
                }
            }
            found.sort_unstable();
            found.dedup();
            let mut waiting = Vec::with_capacity(found.len());
            let mut elsewhere = Vec::new();
            for (agent, webhook) in found {
                // What a deleted one has left goes in slices.
                let found = match tx.engine() {
                    Engine::Sqlite => {
                        let sql = "SELECT 1 FROM webhooks WHERE agent_id = $1 AND id = $2 AND deleted_at IS NULL";
                        tx.query_opt(sql, params![&agent, &webhook], |_| Ok(None))?
                    }
                    Engine::Postgres => find_lease(tx, agent, webhook, "")?.map(|lease| lease.holder(node)),
                };
                match found {
                    Some(None) => waiting.push((agent, webhook)),
                    Some(Some(holder)) => elsewhere.push((holder, agent, webhook)),
                    None => {}
                }
            }
            let holders = elsewhere.iter().map(|(holder, ..)| holder.0).collect::<HashSet<_>>();
            let present = tx.present_nodes(&holders.into_iter().collect::<Vec<_>>())?;
            let left = elsewhere.into_iter().filter(|(holder, ..)| !present.contains(&holder.0));
            waiting.extend(left.map(|(_, agent, webhook)| (agent, webhook)));
            Ok(waiting)
        })
        .await
}

/// The text of a query of [`Ticket`]s.
macro_rules! tickets {
    ($rest:literal) => {
        concat!(
            "SELECT d.event_id, e.order_key, e.entity_id
             FROM deliveries d LEFT JOIN events e ON e.agent_id = d.agent_id AND e.id = d.event_id
             WHERE d.agent_id = $1 AND d.webhook_id = $2 ",
            $rest
        )
    };
}

fn ticket(row: &Row<'_>) -> Result<Ticket, db::DbError> {
    let event: EventId = row.get(0)?;
    Ok(Ticket { event, key: outbox::order_key(row, event, 1, 2)? })
}

/// Deliveries that were never tried, in the order of their events, after one of them.
///
/// # Errors
/// Storage's errors.
pub async fn fresh(
    crm: &Crm,
    agent: AgentId,
    webhook: WebhookId,
    after: Option<EventId>,
    limit: u32,
) -> Result<Found, Error> {
    let after = after.unwrap_or(EventId([0; 16]));
    crm.db
        .read("webhooks.fresh", move |tx| {
            let sql = tickets!("AND d.state = 0 AND d.event_id > $3 ORDER BY d.event_id LIMIT $4");
            let tickets = tx.query(sql, params![&agent, &webhook, &after, limit], ticket)?;
            Ok(Found { tickets, next_retry: None })
        })
        .await
}

/// Deliveries whose time to be tried again has come, in the order of those times.
///
/// # Errors
/// Storage's errors.
pub async fn retries(
    crm: &Crm,
    agent: AgentId,
    webhook: WebhookId,
    now: UnixMillis,
    limit: u32,
) -> Result<Found, Error> {
    crm.db
        .read("webhooks.retries", move |tx| {
            let sql = tickets!(
                "AND d.state = 1 AND d.manual_from IS NULL AND d.due_at <= $3 ORDER BY d.due_at, d.event_id LIMIT $4"
            );
            let tickets = tx.query(sql, params![&agent, &webhook, now.0, limit], ticket)?;
            let sql = "SELECT due_at FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND state = 1 AND manual_from IS NULL
                       AND due_at > $3 ORDER BY due_at LIMIT 1";
            let next_retry = tx.query_opt(sql, params![&agent, &webhook, now.0], |row| row.get(0).map(UnixMillis))?;
            Ok(Found { tickets, next_retry })
        })
        .await
}

/// Deliveries that somebody asked for, in the order in which that was done, then of their events.
///
/// # Errors
/// Storage's errors.
pub async fn manual(crm: &Crm, agent: AgentId, webhook: WebhookId, limit: u32) -> Result<Found, Error> {
    crm.db
        .read("webhooks.manual", move |tx| {
            let sql = tickets!("AND d.state = 1 AND d.manual_from IS NOT NULL ORDER BY d.due_at, d.event_id LIMIT $3");
            let tickets = tx.query(sql, params![&agent, &webhook, limit], ticket)?;
            Ok(Found { tickets, next_retry: None })
        })
        .await
}

/// What is to be sent, each at its own place in the answer, all of one snapshot. `None` for a delivery that is not to be sent any more:
/// it is no longer open, its webhook is deleted or, unless somebody asked for it, disabled, or its person was erased.
///
/// # Errors
/// Storage's errors; [`Error::Internal`] for secrets that do not open.
pub async fn prepare(crm: &Crm, wanted: Vec<(AgentId, WebhookId, EventId)>) -> Result<Vec<Option<Prepared>>, Error> {
    let own = crm.clone();
    crm.db
        .read("webhooks.prepare", move |tx| {
            let mut targets = HashMap::<(AgentId, WebhookId), Option<Arc<Target>>>::new();
            let mut prepared = Vec::with_capacity(wanted.len());
            for (agent, webhook, event) in wanted.iter().copied() {
                let target = match targets.get(&(agent, webhook)) {
                    Some(target) => target.clone(),
                    None => {
                        let target = outbox::find_target(tx, &own, agent, webhook)?.map(Arc::new);
                        targets.insert((agent, webhook), target.clone());
                        target
                    }
                };
                let due = match target {
                    Some(target) => outbox::find_due(tx, agent, webhook, event)?
                        .filter(|due| due.data.is_some() && (due.is_manual || target.is_enabled))
                        .map(|due| Prepared { target, due }),
                    None => None,
                };
                prepared.push(due);
            }
            Ok(prepared)
        })
        .await
}

/// How long a lease lasts without being renewed.
pub const LEASE: Duration = Duration::from_secs(30);

/// A running server, told from others by a number drawn at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeId([u8; 16]);

impl NodeId {
    /// A new one.
    pub fn draw(random: &dyn Randomness) -> Self {
        Self(randomness::bytes(random))
    }
}

/// A webhook's lease as it stands.
struct Held {
    owner: Option<NodeId>,
    epoch: i64,
    is_over: bool,
}

impl Held {
    /// The other node that may still serve the webhook.
    fn holder(&self, node: NodeId) -> Option<NodeId> {
        self.owner.filter(|owner| *owner != node && !self.is_over)
    }
}

fn find_lease(tx: &mut Tx<'_>, agent: AgentId, webhook: WebhookId, lock: &str) -> Result<Option<Held>, Error> {
    let sql = concat!(
        "SELECT lease_owner, lease_epoch, CASE WHEN lease_until > ",
        now!(),
        " THEN 0 ELSE 1 END FROM webhooks WHERE agent_id = $1 AND id = $2 AND deleted_at IS NULL"
    );
    Ok(tx.query_opt(&format!("{sql}{lock}"), params![&agent, &webhook], |row| {
        let owner = row.get::<Option<Vec<u8>>>(0)?.and_then(|owner| owner.try_into().ok()).map(NodeId);
        Ok(Held { owner, epoch: row.get(1)?, is_over: row.get::<i64>(2)? == 1 })
    })?)
}

/// Takes the lease of a webhook, or takes it over from a node that has not renewed it or is [gone](db::Tx::present_nodes). The epoch under
/// which to record; `None` while another node has it, or when the webhook is deleted. For PostgreSQL only.
///
/// # Errors
/// Storage's errors.
pub async fn lease(crm: &Crm, node: NodeId, agent: AgentId, webhook: WebhookId) -> Result<Option<i64>, Error> {
    crm.db
        .write("webhooks.lease", Lane::SHARED, move |tx| {
            let lock = tx.lock_clause();
            let Some(held) = find_lease(tx, agent, webhook, lock)? else { return Ok(None) };
            if let Some(holder) = held.holder(node)
                && !tx.present_nodes(&[holder.0])?.is_empty()
            {
                return Ok(None);
            }
            let epoch = held.epoch + i64::from(held.owner != Some(node));
            let sql = concat!(
                "UPDATE webhooks SET lease_owner = $3, lease_epoch = $4, lease_until = ",
                now!(),
                " + $5 WHERE agent_id = $1 AND id = $2"
            );
            tx.execute(sql, params![&agent, &webhook, &node.0, epoch, lease_millis()])?;
            Ok(Some(epoch))
        })
        .await
}

/// Renews all leases of a node; answers those of `held` that it has no longer. For PostgreSQL only.
///
/// # Errors
/// Storage's errors.
pub async fn renew_leases(
    crm: &Crm,
    node: NodeId,
    held: &[(AgentId, WebhookId)],
) -> Result<Vec<(AgentId, WebhookId)>, Error> {
    let renewed = crm.db.write("webhooks.renew_leases", Lane::SHARED, move |tx| {
        // Locked in one order, so that two nodes never wait for each other.
        let sql = concat!(
            "WITH mine AS MATERIALIZED (
                 SELECT agent_id, id FROM webhooks WHERE lease_owner = $1 ORDER BY agent_id, id FOR NO KEY UPDATE
             )
             UPDATE webhooks w SET lease_until = ",
            now!(),
            " + $2 FROM mine
             WHERE w.agent_id = mine.agent_id AND w.id = mine.id RETURNING w.agent_id, w.id"
        );
        Ok::<_, Error>(tx.query(sql, params![&node.0, lease_millis()], |row| Ok((row.get(0)?, row.get(1)?)))?)
    });
    let renewed: HashSet<(AgentId, WebhookId)> = renewed.await?.into_iter().collect();
    Ok(held.iter().filter(|id| !renewed.contains(id)).copied().collect())
}

/// Gives leases of a node back. For PostgreSQL only.
///
/// # Errors
/// Storage's errors.
pub async fn release_leases(crm: &Crm, node: NodeId, held: Vec<(AgentId, WebhookId)>) -> Result<(), Error> {
    crm.db
        .write("webhooks.release_leases", Lane::SHARED, move |tx| {
            let mut held = held.clone();
            held.sort_unstable();
            for (agent, webhook) in &held {
                tx.execute(
                    "UPDATE webhooks SET lease_owner = NULL, lease_until = NULL WHERE agent_id = $1 AND id = $2 AND lease_owner = $3",
                    params![agent, webhook, &node.0],
                )?;
            }
            Ok(())
        })
        .await
}

/// Exchanges notices with the other nodes: tells them of agents whose webhooks they may serve, and calls `told` with those that they tell
/// of, or `None` when this node was away and others may have taken over from it. No notifier where there are no other nodes.
///
/// # Errors
/// [`Error::Unavailable`].
pub fn exchange_notices(
    crm: &Crm,
    node: NodeId,
    told: impl Fn(Option<AgentId>) + Send + 'static,
) -> Result<Option<Notifier>, Error> {
    let told = move |notice| match notice {
        Notice::Of(agent) => told(Some(AgentId(agent))),
        Notice::Missed => told(None),
    };
    Ok(crm.db.exchange_notices(NOTICES, node.0, told)?)
}

fn lease_millis() -> i64 {
    i64::try_from(LEASE.as_millis()).expect("half a minute")
}
