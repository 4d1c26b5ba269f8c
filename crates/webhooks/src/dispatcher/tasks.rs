//! What the dispatcher has done beside itself. Each task sends a [`Message`] back; where storage fails it waits a moment first, so that
//! a database that is down is not asked again and again.

use std::{sync::Arc, time::Duration};

use crm::{
    Crm, Error,
    ids::EventId,
    webhooks::{
        Attempt, Health, Published, State,
        dispatch::{self, Found, NodeId, Prepared},
        outbox::{self, Outcome, Target},
    },
};
use tokio::sync::mpsc::Sender;

use super::{AFTER_FAILURE, Checked, Ended, Lease, Message, Opened, Sent, leases, send};
use crate::{
    budget::Standing,
    client::{self, Client, Request},
    envelope::{self, Message as Event},
    lane::{Input, LaneId, Source, Ticket},
    rotation::{LastAttempt, Rotated, Secrets},
};

/// A pause before a lane hears that what it wanted to send is not to be sent: should it find the same again, it must not spin.
const AFTER_WITHDRAWAL: Duration = Duration::from_millis(20);

pub(super) struct Tasks {
    crm: Crm,
    client: Arc<Client>,
    node: NodeId,
    sender: Sender<Message>,
}

impl Tasks {
    pub fn new(crm: Crm, client: Arc<Client>, node: NodeId, sender: Sender<Message>) -> Self {
        Self { crm, client, node, sender }
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce(Crm, Sender<Message>) -> F) {
        tokio::spawn(task(self.crm.clone(), self.sender.clone()));
    }

    /// Looks for every webhook that has something open.
    pub fn look(&self) {
        let node = self.node;
        self.spawn(async move |crm, sender| {
            let found = dispatch::waiting(&crm, node).await;
            send(&sender, Message::Found(or_after_a_pause(found).await.unwrap_or_default())).await;
        });
    }

    /// Opens a lane: takes the lease where there are leases, and looks how the receiver did.
    pub fn open(&self, id: LaneId, is_leased: bool) {
        let node = self.node;
        self.spawn(async move |crm, sender| {
            let opened = or_after_a_pause(open(&crm, node, id, is_leased).await).await.flatten();
            send(&sender, Message::Opened(id, opened)).await;
        });
    }

    /// Looks how a changed webhook is now.
    pub fn check(&self, id: LaneId) {
        self.spawn(async move |crm, sender| {
            let checked = loop {
                let target = outbox::target(&crm, id.0, id.1).await;
                if let Some(target) = or_after_a_pause(target).await {
                    break target.as_ref().map(settings);
                }
            };
            send(&sender, Message::Checked(id, checked)).await;
        });
    }

    /// Reads deliveries for a lane.
    pub fn load(&self, id: LaneId, source: Source, after: Option<EventId>, limit: usize) {
        self.spawn(async move |crm, sender| {
            let found = load(&crm, id, source, after, limit).await;
            // Of a failed read: there may be more.
            let found = or_after_a_pause(found).await;
            let is_all = found.as_ref().is_some_and(|found| found.tickets.len() < limit);
            let Found { tickets, next_retry } = found.unwrap_or_default();
            let tickets = tickets.into_iter().map(|ticket| Ticket { event: ticket.event, key: ticket.key, source });
            let now = crm.clock().now();
            let next_in = next_retry.map(|at| Duration::from_millis(u64::try_from(at.0 - now.0).unwrap_or(0)));
            let input = Input::Loaded { source, tickets: tickets.collect(), is_all, next_in };
            send(&sender, Message::Loaded(id, input)).await;
        });
    }

    /// Holds what a disabled webhook has still open.
    pub fn hold(&self, id: LaneId) {
        self.spawn(async move |crm, _| {
            if let Err(error) = outbox::hold_rest(&crm, id.0, id.1).await {
                tracing::warn!(%error, "what a disabled webhook has open is not held yet");
            }
        });
    }

    /// Makes the retries of a webhook due.
    pub fn release(&self, id: LaneId) {
        self.spawn(async move |crm, sender| {
            while or_after_a_pause(outbox::retry_now(&crm, id.0, id.1).await).await.is_none() {}
            send(&sender, Message::Released(id)).await;
        });
    }

    /// Reads what is to be sent, and sends it.
    pub fn start(&self, starts: Vec<(LaneId, Ticket)>) {
        let client = Arc::clone(&self.client);
        self.spawn(async move |crm, sender| {
            let wanted = starts.iter().map(|((agent, webhook), ticket)| (*agent, *webhook, ticket.event)).collect();
            let prepared = or_after_a_pause(dispatch::prepare(&crm, wanted).await).await;
            let mut prepared = prepared.unwrap_or_default().into_iter();
            for (id, ticket) in starts {
                let Some(prepared) = prepared.next().flatten().filter(|prepared| is_due(prepared, ticket.source))
                else {
                    let sender = sender.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(AFTER_WITHDRAWAL).await;
                        send(&sender, Message::Ended(id, ticket.event, Ended::Withdrawn)).await;
                    });
                    continue;
                };
                let (crm, client, sender) = (crm.clone(), Arc::clone(&client), sender.clone());
                tokio::spawn(async move {
                    let ended = attempt(&crm, &client, prepared).await;
                    send(&sender, Message::Ended(id, ticket.event, ended)).await;
                });
            }
        });
    }

    /// Records results.
    pub fn record(&self, outcomes: Vec<Outcome>) {
        self.spawn(async move |crm, sender| {
            let recorded = outbox::record(&crm, outcomes.clone()).await;
            let message = match or_after_a_pause(recorded).await {
                Some(recorded) => Message::Recorded(outcomes, recorded),
                None => Message::NotRecorded(outcomes),
            };
            send(&sender, message).await;
        });
    }

    /// Renews this node's leases.
    pub fn renew(&self, held: Vec<LaneId>) {
        let node = self.node;
        self.spawn(async move |crm, sender| {
            if let Some(message) = leases::renew(&crm, node, held).await {
                send(&sender, message).await;
            }
        });
    }

    /// Gives leases back that this node has no use for.
    pub fn give_back(&self, held: Vec<LaneId>) {
        let node = self.node;
        self.spawn(async move |crm, _| give_back(&crm, node, held).await);
    }

    /// Gives leases back before this node ends, so that others need not wait for their end.
    pub async fn give_back_now(&self, held: Vec<LaneId>) {
        give_back(&self.crm, self.node, held).await;
    }
}

/// Whether a delivery is still due for the reason that it was started for.
fn is_due(prepared: &Prepared, source: Source) -> bool {
    let due = &prepared.due;
    match source {
        Source::Fresh => due.state == State::Fresh,
        Source::Retries => due.state == State::Retry && !due.is_manual,
        Source::Manual => due.is_manual,
    }
}

async fn give_back(crm: &Crm, node: NodeId, held: Vec<LaneId>) {
    if let Err(error) = dispatch::release_leases(crm, node, held).await {
        tracing::warn!(%error, "leases of webhooks were not given back; they end by themselves");
    }
}

/// What storage answered; `None` after a failure and a pause.
async fn or_after_a_pause<T>(answer: Result<T, Error>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::warn!(%error, "webhooks wait for the database");
            tokio::time::sleep(AFTER_FAILURE).await;
            None
        }
    }
}

async fn open(crm: &Crm, node: NodeId, id: LaneId, is_leased: bool) -> Result<Option<Opened>, Error> {
    let mut lease = None;
    if is_leased {
        let asked_at = crm.clock().monotonic();
        let Some(epoch) = dispatch::lease(crm, node, id.0, id.1).await? else { return Ok(None) };
        lease = Some(Lease { epoch, until: asked_at + dispatch::LEASE });
    }
    let target = outbox::target(crm, id.0, id.1).await?;
    Ok(target.map(|target| {
        let failures = u32::try_from(target.health.failures).unwrap_or(u32::MAX);
        Opened { failures, standing: standing(&target.health), settings: settings(&target), lease }
    }))
}

/// What the last attempt of the schedule came to, be it of long ago or of before a restart: who was heard of last with a 2xx keeps the
/// half that is theirs.
fn standing(health: &Health) -> Standing {
    match health.failures == 0 && health.last_success_at.is_some() {
        true => Standing::Proven,
        false => Standing::Unproven,
    }
}

fn settings(target: &Target) -> Checked {
    Checked { is_enabled: target.is_enabled, changed_at: target.changed_at }
}

async fn load(crm: &Crm, id: LaneId, source: Source, after: Option<EventId>, limit: usize) -> Result<Found, Error> {
    let (agent, webhook) = id;
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    match source {
        Source::Fresh => dispatch::fresh(crm, agent, webhook, after, limit).await,
        Source::Retries => dispatch::retries(crm, agent, webhook, crm.clock().now(), limit).await,
        Source::Manual => dispatch::manual(crm, agent, webhook, limit).await,
    }
}

/// Signs and sends.
async fn attempt(crm: &Crm, client: &Client, Prepared { target, due }: Prepared) -> Ended {
    let now = crm.clock().now();
    let Some(data) = &due.data else { return Ended::Withdrawn };
    let event = Event {
        delivery: due.delivery,
        event: due.event,
        kind: &due.kind,
        sequence: due.sequence,
        timestamp: due.timestamp,
        agent: &target.agent_slug,
        data,
    };
    let last = due.last.as_ref();
    let last = last.map(|last| LastAttempt { at: last.at, used: last.published, status: last.status_code });
    let Ok(sealed) = envelope::seal(&event, &secrets(&target), last, &target.headers, now) else {
        tracing::error!(webhook = %target.webhook, "the secret of a webhook is none");
        let error = Some(String::from("signing: the secret is not one of ours; rotate it"));
        let attempt = client::Attempt {
            at: now,
            duration: Duration::ZERO,
            status: None,
            response: Vec::new(),
            error,
            retry_after: None,
        };
        let published = Published::Current;
        return Ended::Sent(Sent { attempt, published, attempt_count: due.attempt_count, is_manual: due.is_manual });
    };
    let request = Request { url: &target.url, headers: &sealed.headers, body: sealed.body };
    let attempt = client.attempt(&request).await;
    let published = sealed.secret;
    Ended::Sent(Sent { attempt, published, attempt_count: due.attempt_count, is_manual: due.is_manual })
}

fn secrets(target: &Target) -> Secrets {
    let old = target.secrets.old.as_ref().map(|(secret, until)| Rotated {
        secret: secret.clone(),
        rotated_at: until.minus(crm::webhooks::OVERLAP),
        until: *until,
    });
    Secrets { current: target.secrets.current.clone(), old, published: target.secrets.published }
}

/// An attempt as the log keeps it.
pub(super) fn as_kept(attempt: client::Attempt, published: Published, is_manual: bool) -> Attempt {
    Attempt {
        at: attempt.at,
        duration_ms: u32::try_from(attempt.duration.as_millis()).unwrap_or(u32::MAX),
        status_code: attempt.status,
        error: attempt.error,
        response: (!attempt.response.is_empty()).then_some(attempt.response),
        published,
        is_manual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_opens_with_the_standing_of_its_last_attempt() {
        let at = Some(crm::clock::UnixMillis(1));
        let health = |failures, last_success_at| Health { failures, last_success_at, ..Health::default() };
        assert_eq!(standing(&health(0, at)), Standing::Proven);
        assert_eq!(standing(&health(1, at)), Standing::Unproven);
        assert_eq!(standing(&health(0, None)), Standing::Unproven, "enabled or new, and never heard of");
    }
}
