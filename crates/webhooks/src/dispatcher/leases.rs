//! Which webhooks this node serves, where several share a database: one node a webhook, so that its slots, order and pace are plain
//! memory of one node.
//!
//! A lease lasts [`dispatch::LEASE`] by the database's clock and is renewed every [`RENEWED`], all of a node's in one statement. A node counts
//! it from before it asked, by a clock that never jumps, and starts nothing near its end. Each takeover raises the webhook's epoch; results
//! are recorded under the epoch they were made in, so a node that was stopped for long and wakes up changes nothing. A node that is dead
//! need not be waited for: the database knows its connection to be gone, and others take over within a second.

use std::time::Duration;

use crm::{
    Crm,
    webhooks::dispatch::{self, NodeId},
};

use super::Message;
use crate::lane::LaneId;

const RENEWED: Duration = Duration::from_secs(5);

/// When to renew.
pub(super) struct Leases {
    renewed_at: Option<Duration>,
}

impl Leases {
    pub fn new() -> Self {
        Self { renewed_at: None }
    }

    /// Whether it is time; then the next time is in [`RENEWED`].
    pub fn is_due(&mut self, now: Duration) -> bool {
        let is_due = self.renewed_at.is_none_or(|at| now.saturating_sub(at) >= RENEWED);
        if is_due {
            self.renewed_at = Some(now);
        }
        is_due
    }
}

/// Renews the leases of a node, which believes to hold `held`. `None` when storage does not answer: they then run out.
pub(super) async fn renew(crm: &Crm, node: NodeId, held: Vec<LaneId>) -> Option<Message> {
    let asked_at = crm.clock().monotonic();
    match dispatch::renew_leases(crm, node, &held).await {
        Ok(lost) => Some(Message::Renewed { until: asked_at + dispatch::LEASE, lost }),
        Err(error) => {
            tracing::warn!(%error, "the leases of webhooks were not renewed");
            None
        }
    }
}
