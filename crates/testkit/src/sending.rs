//! The sender of webhooks beside a test's server: the product's own, allowed to reach this machine.

use std::{net::IpAddr, sync::Arc, time::Duration};

use crm::{Crm, clock::Clock, ids::WebhookId, webhooks::Ring};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
pub use webhooks::client::Limits;
use webhooks::{
    client::{Client, system_roots},
    dispatcher,
    guard::Guard,
    resolver::{Answer, Lookup},
};

use crate::{TestApp, TestNode, sink::Gate};

/// Every name is this machine's.
#[derive(Debug, Default)]
pub struct Here;

impl Lookup for Here {
    fn lookup<'a>(&'a self, _: &'a str) -> Answer<'a> {
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }
}

/// The same, but an answer comes only once the gate is open: an attempt stands there after it was prepared and before it is sent.
pub struct HereBehind {
    /// The gate.
    pub gate: Gate,
    /// Opened when somebody asks.
    pub asked: Gate,
}

impl Lookup for HereBehind {
    fn lookup<'a>(&'a self, _: &'a str) -> Answer<'a> {
        Box::pin(async {
            self.asked.open();
            self.gate.passed().await;
            Ok(vec![IpAddr::from([127, 0, 0, 1])])
        })
    }
}

/// How a test's sender differs from the product's.
pub struct Arrangement {
    /// Where names lead.
    pub lookup: Arc<dyn Lookup>,
    /// The client's clock; the server's when there is none.
    pub clock: Option<Arc<dyn Clock>>,
    /// The client's limits.
    pub limits: Limits,
}

impl Default for Arrangement {
    fn default() -> Self {
        // A name behind a gate is not to run into its limit on a slow machine.
        let limits = Limits { name: Duration::from_secs(14), ..Limits::default() };
        Self { lookup: Arc::new(Here), clock: None, limits }
    }
}

/// A running sender. It is stopped with this value.
pub struct Sending {
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

impl Sending {
    fn start(crm: &Crm, arrangement: Arrangement) -> Self {
        let Arrangement { lookup, clock, limits } = arrangement;
        let allowed = "127.0.0.0/8".parse().expect("a range");
        let clock = clock.unwrap_or_else(|| crm.shared_clock());
        let client = Client::new(Guard::new(vec![allowed], Vec::new()), lookup, system_roots(), clock, limits);
        let stopping = CancellationToken::new();
        let task = tokio::spawn(dispatcher::run(crm.clone(), Arc::new(client), stopping.clone().cancelled_owned()));
        Self { stopping, task }
    }

    /// Stops it as the server does: what is under way ends and is recorded.
    ///
    /// # Panics
    /// When it has.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        (&mut self.task).await.expect("the sender does not panic");
    }

    /// Ends it as a crash would: nothing more is decided, and its leases stay until they run out.
    pub async fn vanish(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl TestApp {
    /// Sends this server's webhooks, from now on.
    #[must_use]
    pub fn send_webhooks(&self) -> Sending {
        self.send_webhooks_with(Arrangement::default())
    }

    /// The same with a sender arranged in another way.
    #[must_use]
    pub fn send_webhooks_with(&self, arrangement: Arrangement) -> Sending {
        Sending::start(&self.crm, arrangement)
    }

    /// Moves the clock on and has the sender notice: by itself it looks at the clock once a second of real time.
    pub fn pass(&self, by: Duration) {
        self.clock.advance(by);
        wake(&self.crm, self.agent.id);
    }
}

impl TestNode {
    /// Sends webhooks from this node, from now on.
    #[must_use]
    pub fn send_webhooks(&self) -> Sending {
        Sending::start(&self.crm, Arrangement::default())
    }
}

/// Rings for a webhook that is not there.
fn wake(crm: &Crm, agent: crm::AgentId) {
    crm.outbox().ring(agent, vec![(WebhookId([0; 16]), Ring::Retries)]);
}

/// Ends the leases of all webhooks, as time would by the database's clock.
///
/// # Panics
/// When the database fails.
pub async fn end_leases(crm: &Crm) {
    let ended = crm.database().write("test.end_leases", db::Lane::SHARED, |tx| {
        tx.execute("UPDATE webhooks SET lease_until = 0 WHERE lease_owner IS NOT NULL", db::params![])
    });
    ended.await.unwrap_or_else(|error: db::DbError| panic!("{error}"));
}
