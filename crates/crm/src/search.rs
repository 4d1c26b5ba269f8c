//! Search: an inverted index of folded words, the same on both engines, filled behind the commits that change records.
//!
//! `terms.rs` says what the words of a text and of a query are, `texts.rs` which texts a record is found by, `index.rs` keeps
//! the index, `lookup.rs` narrows a list to what the words of a query find.

use db::{Tx, params};

use crate::{AgentId, Error, totals::Kind};

mod index;
mod lookup;
mod terms;
mod texts;

pub(crate) use index::SWEPT_AT_ONCE;
pub use index::{index_all, index_due, run, sweep};
pub(crate) use lookup::Lookup;
pub use terms::words;

/// Whether one of the words that texts are found by begins with this one, a word of [`words`].
pub(crate) fn finds<'a>(texts: impl IntoIterator<Item = &'a str>, word: &str) -> bool {
    terms::terms(texts).range(word.to_owned()..).next().is_some_and(|term| term.starts_with(word))
}

/// Notes that a record's search rows are to be made anew. Part of the change, so that none is forgotten.
pub(crate) fn enqueue(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, id: &[u8; 16]) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO search_queue (agent_id, id, kind) VALUES ($1, $2, $3) ON CONFLICT (agent_id, id) DO NOTHING",
        params![&agent, id, kind.name()],
    )?;
    Ok(())
}
