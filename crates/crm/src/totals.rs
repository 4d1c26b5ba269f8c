//! Kept totals: how many records of a kind and status an agent has, changed with them, so that no list counts.

use db::{Tx, params};

use crate::{AgentId, Error};

/// The kinds of records that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Lead,
    Client,
    Listing,
    Showing,
    Guide,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Lead, Self::Client, Self::Listing, Self::Showing, Self::Guide];

    /// The name in the tables `totals`, `trash` and `search_queue`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Client => "client",
            Self::Listing => "listing",
            Self::Showing => "showing",
            Self::Guide => "guide",
        }
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Adds `change` (may be negative) to the total of a status.
pub(crate) fn add(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, status: &str, change: i64) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO totals (agent_id, kind, status, total) VALUES ($1, $2, $3, $4)
         ON CONFLICT (agent_id, kind, status) DO UPDATE SET total = totals.total + excluded.total",
        params![&agent, kind.name(), status, change],
    )?;
    Ok(())
}

/// Moves one record from a status to another.
pub(crate) fn shift(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, from: &str, to: &str) -> Result<(), Error> {
    if from != to {
        add(tx, agent, kind, from, -1)?;
        add(tx, agent, kind, to, 1)?;
    }
    Ok(())
}

/// The total of one status, or of all.
pub(crate) fn get(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, status: Option<&str>) -> Result<u64, Error> {
    let mut total = 0;
    tx.query(
        "SELECT status, total FROM totals WHERE agent_id = $1 AND kind = $2",
        params![&agent, kind.name()],
        |row| {
            if status.is_none_or(|status| row.text(0).is_ok_and(|held| held == status)) {
                total += row.get::<i64>(1)?;
            }
            Ok(())
        },
    )?;
    Ok(u64::try_from(total).unwrap_or(0))
}
