//! What open pages are told while they are looked at: that something of their agent's has changed.
//!
//! A page holds a [`Subscription`]. One [watcher](watch) in the process reads, whatever the number of pages: it is told of an agent's
//! changes after each commit in this process and by the notices of other nodes, and once a second it looks for what nobody told of.
//! While no page is open it does nothing, and a commit then costs the reading of one number.

mod glances;
mod streams;
mod tellings;
mod watcher;

pub use streams::{Full, Live, Subscription};
pub(crate) use tellings::{Telling, Tellings};
pub use watcher::watch;

use crate::{AgentId, Crm, Error, ids::WebhookId};

/// Events that a page gets one by one; one that has missed more is told to load itself again.
pub const TOLD_AGAIN: i64 = 100;

/// What a page is told. Its number is that of the agent's last event that the page knows by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The number to go on from.
    pub sequence: i64,
    /// What there is to know.
    pub what: What,
}

/// What there is to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An event, as the feed has it, with the id and the name of what it is about.
    Event {
        /// The published name of its kind.
        event: String,
        /// The record.
        id: String,
        /// What the record is called; empty where it has no name, or the person is erased.
        name: String,
    },
    /// Records of these nouns may have changed; `*` stands for any.
    Changed(Vec<&'static str>),
    /// The log of the webhook that the page shows.
    Deliveries(WebhookId),
    /// More than is told one by one.
    Reload,
    /// The session has ended, and with it this.
    SignedOut,
    /// Newer pages of the session took the place of this one.
    Replaced,
}

/// The number of an agent's last event: what a page that is made from now on already shows.
///
/// # Errors
/// Storage's errors.
pub async fn number(crm: &Crm, agent: AgentId) -> Result<i64, Error> {
    crm.db
        .read("live.number", move |tx| {
            let sql = "SELECT last_sequence FROM turns WHERE agent_id = $1";
            tx.query_opt(sql, db::params![&agent], |row| row.get(0))?.ok_or(Error::NotFound)
        })
        .await
}
