//! Search: an inverted index of folded words, the same on both engines, filled behind the commits that change records.

use db::{Tx, params};

use crate::{AgentId, Error, totals::Kind};

/// Notes that a record's search rows are to be made anew. Part of the change, so that none is forgotten.
pub(crate) fn enqueue(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, id: &[u8; 16]) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO search_queue (agent_id, id, kind) VALUES ($1, $2, $3) ON CONFLICT (agent_id, id) DO NOTHING",
        params![&agent, id, kind.name()],
    )?;
    Ok(())
}

/// The folded words of a query.
#[must_use]
pub fn words(query: &str) -> Vec<String> {
    crate::fold::fold(query).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
