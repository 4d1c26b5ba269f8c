//! Telling the watcher, here and on other nodes, what a commit has changed.

use std::sync::{Mutex, PoisonError};

use db::{Notice, Notifier};
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::{AgentId, Crm, Error, ids::WebhookId, randomness};

/// Tellings that wait for a watcher; one too many, and it looks at everything.
const WAITING: usize = 1_024;

/// The channel on which nodes tell each other of changes. Not that of the deliveries: whoever hears there has work to do.
const NOTICES: &str = "organicagent_changes";

/// Nouns whose changes no page shows.
const UNSEEN: [&str; 4] = ["api_keys", "idempotency", "mails", "search"];

/// What may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Records of a noun, of an agent.
    Records(AgentId, &'static str),
    /// The log of a webhook.
    Deliveries(AgentId, WebhookId),
    /// Somebody may be signed out.
    Sessions(AgentId),
    /// Something of the agent, or the log of the webhook, that has this id: on another node.
    Elsewhere([u8; 16]),
    /// Nobody knows.
    Missed,
}

impl Telling {
    /// What a change of this name changes; `None` where no page shows it.
    pub fn of(name: &'static str, agent: AgentId) -> Option<Self> {
        match name.split_once('.').map_or(name, |(noun, _)| noun) {
            "sessions" | "accounts" => Some(Self::Sessions(agent)),
            noun => (!UNSEEN.contains(&noun)).then_some(Self::Records(agent, noun)),
        }
    }

    /// The id that other nodes are told.
    fn id(self) -> Option<[u8; 16]> {
        match self {
            Self::Records(agent, _) | Self::Sessions(agent) => Some(agent.0),
            Self::Deliveries(_, webhook) => Some(webhook.0),
            Self::Elsewhere(_) | Self::Missed => None,
        }
    }
}

/// Where tellings go. It costs next to nothing while nobody listens.
pub(crate) struct Tellings {
    here: Sender<Telling>,
    /// To the other nodes, where there can be some.
    elsewhere: Mutex<Option<Notifier>>,
}

impl Default for Tellings {
    fn default() -> Self {
        Self { here: broadcast::channel(WAITING).0, elsewhere: Mutex::default() }
    }
}

impl Tellings {
    /// Tells, after the commit.
    pub fn tell(&self, telling: Telling) {
        if self.here.receiver_count() > 0 {
            let _ = self.here.send(telling);
        }
        if let (Some(id), Some(notifier)) = (telling.id(), &*self.elsewhere()) {
            notifier.send(id);
        }
    }

    /// Hears whatever is told from now on.
    pub fn listen(&self) -> Receiver<Telling> {
        self.here.subscribe()
    }

    /// Begins to exchange notices with other nodes, unless that is done already or there can be none. Whether it began.
    ///
    /// # Errors
    /// When its threads cannot be started.
    pub fn exchange(&self, crm: &Crm) -> Result<bool, Error> {
        let mut elsewhere = self.elsewhere();
        if elsewhere.is_some() {
            return Ok(false);
        }
        let here = self.here.clone();
        *elsewhere = crm.db.exchange_notices(NOTICES, randomness::bytes(&*crm.random), move |notice| {
            let telling = match notice {
                Notice::Of(id) => Telling::Elsewhere(id),
                Notice::Missed => Telling::Missed,
            };
            let _ = here.send(telling);
        })?;
        Ok(elsewhere.is_some())
    }

    /// Ends the exchange.
    pub fn end_exchange(&self) {
        *self.elsewhere() = None;
    }

    fn elsewhere(&self) -> std::sync::MutexGuard<'_, Option<Notifier>> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
