//! The bell that wakes the dispatcher: rung after each commit that put something into the outbox.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

use crate::AgentId;

/// Says which agents' outboxes have something new. Rings are kept until someone listens, each agent once.
#[derive(Debug, Default)]
pub struct OutboxBell {
    rung: Mutex<BTreeSet<AgentId>>,
    notify: Notify,
}

impl OutboxBell {
    /// Says that this agent's outbox has something new.
    pub fn ring(&self, agent: AgentId) {
        let is_first = {
            let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
            let is_first = rung.is_empty();
            rung.insert(agent);
            is_first
        };
        if is_first {
            self.notify.notify_one();
        }
    }

    /// Waits until it rings, or has rung since the last call. For one listener.
    pub async fn heard(&self) -> Vec<AgentId> {
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
    fn a_ring_before_someone_listens_is_heard_once_for_each_agent() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bell = OutboxBell::default();
            for agent in [2, 1, 2] {
                bell.ring(AgentId([agent; 16]));
            }
            assert_eq!(bell.heard().await, [AgentId([1; 16]), AgentId([2; 16])]);
            bell.ring(AgentId([3; 16]));
            assert_eq!(bell.heard().await, [AgentId([3; 16])]);
        });
    }
}
