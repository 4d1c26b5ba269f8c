//! Extras: what stands beside a record in tables of its own, and goes to the trash and comes back with it.

use db::Tx;
use serde::{Deserialize, Serialize};

use crate::{AgentId, Error, clock::UnixMillis, follow_ups, next_steps, notes::About, tags};

/// What stands beside a lead or a client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Extras {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_at: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
}

impl Extras {
    /// Takes them off a record that is about to go.
    pub fn take(tx: &mut Tx<'_>, agent: AgentId, about: About) -> Result<Self, Error> {
        let next_step = match about {
            About::Lead(_) => None,
            About::Client(client) => next_steps::take(tx, agent, client)?,
        };
        let follow_up_at = follow_ups::take(tx, agent, about)?.map(|at| at.0);
        Ok(Self { follow_up_at, tags: tags::take(tx, agent, about)?, next_step })
    }

    /// Puts them back.
    pub fn put(&self, tx: &mut Tx<'_>, agent: AgentId, about: About) -> Result<(), Error> {
        if let Some(at) = self.follow_up_at {
            follow_ups::put(tx, agent, about, UnixMillis(at))?;
        }
        for tag in &self.tags {
            tags::put(tx, agent, about, tag)?;
        }
        match (about, &self.next_step) {
            (About::Client(client), Some(text)) => next_steps::put(tx, agent, client, text),
            _ => Ok(()),
        }
    }
}
