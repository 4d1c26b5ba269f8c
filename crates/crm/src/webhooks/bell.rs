//! The bell that wakes the sender: rung after each commit that put something into an outbox or changed a webhook.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

use crate::{AgentId, ids::WebhookId};

/// What there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ring {
    /// New events.
    Fresh,
    /// Retries that fell due at once.
    Retries,
    /// What somebody asked for by hand.
    Manual,
    /// Everything: the webhook was enabled, or its settings changed.
    Changed,
}

/// What one change rings for.
pub(crate) type Rings = Vec<(WebhookId, Ring)>;

/// Says which webhooks have something new. Rings are kept until someone listens, each once.
#[derive(Debug, Default)]
pub struct OutboxBell {
    rung: Mutex<BTreeSet<(AgentId, WebhookId, Ring)>>,
    notify: Notify,
}

impl OutboxBell {
    /// Rings for webhooks of an agent.
    pub fn ring(&self, agent: AgentId, rings: Rings) {
        if rings.is_empty() {
            return;
        }
        let is_first = {
            let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
            let is_first = rung.is_empty();
            rung.extend(rings.into_iter().map(|(webhook, ring)| (agent, webhook, ring)));
            is_first
        };
        if is_first {
            self.notify.notify_one();
        }
    }

    /// Waits until it rings, or has rung since the last call. For one listener.
    pub async fn heard(&self) -> Vec<(AgentId, WebhookId, Ring)> {
        loop {
            let heard = std::mem::take(&mut *self.rung.lock().unwrap_or_else(PoisonError::into_inner));
            if !heard.is_empty() {
                return heard.into_iter().collect();
            }
            self.notify.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_before_someone_listens_is_heard_once_for_each_webhook() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bell = OutboxBell::default();
            let (agent, webhook) = (AgentId([1; 16]), WebhookId([2; 16]));
            for _ in 0..2 {
                bell.ring(agent, vec![(webhook, Ring::Fresh), (webhook, Ring::Manual)]);
            }
            assert_eq!(bell.heard().await, [(agent, webhook, Ring::Fresh), (agent, webhook, Ring::Manual)]);
            bell.ring(agent, vec![(webhook, Ring::Changed)]);
            assert_eq!(bell.heard().await, [(agent, webhook, Ring::Changed)]);
        });
    }
}
