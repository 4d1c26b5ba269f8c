//! Web Push: what an agent's devices are told at once, as the mail about new leads is queued.
//!
//! What is told is a [`Notice`], sealed in a row for each device; its words are made when it is sent. `devices` are the browsers that
//! asked for it, `keys` the pair by which push services know this installation, `sending` what the sender claims and how it went.

pub mod devices;
mod keys;
mod sending;
mod subscriptions;

use std::time::Duration;

use db::{Tx, params};
use serde::{Deserialize, Serialize};

pub use devices::{Device, MOST};
pub use keys::{ServerKey, server_key};
pub use sending::{Claimed, LEASE, Outcome, claim, settle};
pub use subscriptions::Subscription;

use crate::{
    AgentId, Crm, Error,
    ids::{self, DeviceId, LeadId, PushId, ShowingId},
    mails::ToldLead,
    seal::Place,
    showings::Showing,
};

/// How long a push is worth telling: then the push service forgets it, and so do we.
pub const LASTS: Duration = Duration::from_secs(24 * 60 * 60);
/// The most pushes that wait for one device; of more, the oldest are dropped: the mail and the dashboard tell all.
const WAITING: i64 = 100;
/// Leads or requests that a push names.
const NAMED: usize = 3;

/// What a push tells. Kept as JSON, so a variant is never renamed; a new field has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// Leads that came in.
    NewLeads {
        /// The first few.
        leads: Vec<PushedLead>,
        /// How many there are.
        count: u32,
        /// Whether there may be more.
        is_least: bool,
    },
    /// Clients ask to see listings.
    ShowingsRequested {
        /// The first few.
        showings: Vec<PushedShowing>,
        /// How many there are.
        count: u32,
    },
    /// The agent tries it.
    Test,
}

/// A lead as a push tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedLead {
    /// Which.
    pub id: LeadId,
    /// The person's name.
    pub name: String,
    /// Where it came from.
    pub source: String,
    /// About which property.
    pub property_address: Option<String>,
}

/// A request as a push tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedShowing {
    /// Which.
    pub id: ShowingId,
    /// The client's name.
    pub name: String,
    /// The listing's address.
    pub address: String,
}

impl Notice {
    /// The same of requests.
    pub(crate) fn showings_requested(showings: &[Showing], count: u32) -> Self {
        let showings = showings.iter().take(NAMED).map(|showing| PushedShowing {
            id: showing.id,
            name: showing.name.clone(),
            address: showing.address.clone(),
        });
        Self::ShowingsRequested { showings: showings.collect(), count }
    }

    /// The same that a mail tells, shorter.
    pub(crate) fn new_leads(leads: &[ToldLead], count: u32, is_least: bool) -> Self {
        let leads = leads.iter().take(NAMED).map(|lead| PushedLead {
            id: lead.id,
            name: lead.name.clone(),
            source: lead.source.clone(),
            property_address: lead.property_address.clone(),
        });
        Self::NewLeads { leads: leads.collect(), count, is_least }
    }
}

/// Queues a notice for each of an agent's devices, within the transaction that is its reason. Whoever calls rings the sender
/// ([`Crm::push_is_queued`]) after the commit; else it is found within a second.
pub(crate) fn queue(tx: &mut Tx<'_>, crm: &Crm, agent: AgentId, notice: &Notice) -> Result<(), Error> {
    for device in devices::ids(tx, agent)? {
        queue_for(tx, crm, agent, device, notice)?;
    }
    Ok(())
}

fn queue_for(tx: &mut Tx<'_>, crm: &Crm, agent: AgentId, device: DeviceId, notice: &Notice) -> Result<(), Error> {
    let now = crm.clock.now();
    let id = PushId(ids::next(&[0; 16], now, &*crm.random));
    let text = serde_json::to_vec(notice).map_err(|cause| {
        tracing::error!(%cause, "a notice cannot be kept");
        Error::Internal
    })?;
    let sealed = crm.keyring.seal(&*crm.random, place(agent, &id), &text);
    tx.execute(
        "INSERT INTO pushes (agent_id, id, device_id, notice, attempts, due_at) VALUES ($1, $2, $3, $4, 0, $5)",
        params![&agent, &id, &device, &sealed, now.0],
    )?;
    let sql = "DELETE FROM pushes WHERE agent_id = $1 AND id IN
                   (SELECT id FROM pushes WHERE agent_id = $1 AND device_id = $2 ORDER BY id DESC LIMIT 1000 OFFSET $3)";
    tx.execute(sql, params![&agent, &device, WAITING])?;
    Ok(())
}

/// Where a notice is sealed.
fn place(agent: AgentId, id: &PushId) -> Place<'_> {
    Place { agent, column: "pushes.notice", row: &id.0 }
}

impl Crm {
    /// Has the sender look at once: a push was queued.
    pub(crate) fn push_is_queued(&self) {
        self.to_push.notify_one();
    }

    /// Waits until a push is queued by this process.
    pub async fn push_is_due(&self) {
        self.to_push.notified().await;
    }
}
