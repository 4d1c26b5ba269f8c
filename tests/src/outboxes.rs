//! The outbox as the dispatcher reads it, for tests of what stands in it.

use crm::{
    AgentId, Crm,
    clock::UnixMillis,
    ids::{EventId, WebhookId},
    webhooks::{
        dispatch::{self, Ticket},
        outbox::Due,
    },
};

/// What is due of these, with what is in it.
async fn due(crm: &Crm, agent: AgentId, webhook: WebhookId, tickets: Vec<Ticket>) -> Vec<Due> {
    let wanted = tickets.iter().map(|ticket| (agent, webhook, ticket.event)).collect();
    let prepared = dispatch::prepare(crm, wanted).await.unwrap();
    prepared.into_iter().flatten().map(|prepared| prepared.due).collect()
}

/// Deliveries that were never tried.
pub async fn fresh(crm: &Crm, agent: AgentId, webhook: WebhookId, after: Option<EventId>, limit: u32) -> Vec<Due> {
    let found = dispatch::fresh(crm, agent, webhook, after, limit).await.unwrap();
    due(crm, agent, webhook, found.tickets).await
}

/// Deliveries that are to be tried again by then, by the schedule or by hand, in the order of their times.
pub async fn retries(crm: &Crm, agent: AgentId, webhook: WebhookId, now: UnixMillis, limit: u32) -> Vec<Due> {
    let mut tickets = dispatch::retries(crm, agent, webhook, now, limit).await.unwrap().tickets;
    tickets.extend(dispatch::manual(crm, agent, webhook, limit).await.unwrap().tickets);
    let mut due = due(crm, agent, webhook, tickets).await;
    due.retain(|due| due.due_at <= now);
    due.sort_by_key(|due| (due.due_at, due.event));
    due.truncate(limit as usize);
    due
}

/// When the next retry is due that is not due yet.
pub async fn next_retry(crm: &Crm, agent: AgentId, webhook: WebhookId) -> Option<UnixMillis> {
    dispatch::retries(crm, agent, webhook, crm.clock().now(), 1).await.unwrap().next_retry
}

/// The webhooks with something open.
pub async fn waiting(crm: &Crm) -> Vec<WebhookId> {
    dispatch::waiting(crm, dispatch::NodeId::draw(crm.random()))
        .await
        .unwrap()
        .into_iter()
        .map(|(_, webhook)| webhook)
        .collect()
}
