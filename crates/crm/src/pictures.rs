//! A small picture of the business: where the newest leads came from, and how soon leads are answered.
//!
//! Both read a bounded range of an index, newest first, so they cost the same with a thousand leads and with ten million, and writes keep
//! nothing for the first: of more than [`COUNTED`] leads the picture says that it shows the newest. When a lead was first answered is
//! noted once, as nothing else tells it.

use std::collections::BTreeMap;

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{self, LeadId},
};

/// The most leads that a picture counts.
pub const COUNTED: usize = 2_000;
/// The answered leads of which the middle is told.
const ANSWERED: i64 = 200;

/// Where leads came from, and how soon they were answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// By folded source, how many leads came in each of the spans asked for.
    pub sources: BTreeMap<String, Vec<u64>>,
    /// Whether there were more leads than are counted: then the oldest spans lack some.
    pub is_cut: bool,
    /// How many answered leads the median is of.
    pub answered: usize,
    /// In milliseconds, the median time from a lead's arrival to its first answer; `None` where none was answered.
    pub median_ms: Option<i64>,
}

/// Counts the leads in the spans between these instants, oldest first, and looks at the last answered ones.
///
/// # Errors
/// Storage's errors.
pub async fn read(crm: &Crm, agent: AgentId, bounds: Vec<UnixMillis>) -> Result<Picture, Error> {
    crm.db
        .read("pictures.read", move |tx| {
            let spans = bounds.len().saturating_sub(1);
            let since = ids::floor(bounds.first().copied().unwrap_or(UnixMillis(0)));
            let sql = "SELECT id, source_key FROM leads WHERE agent_id = $1 AND id >= $2 ORDER BY id DESC LIMIT $3";
            let (mut sources, mut seen) = (BTreeMap::<String, Vec<u64>>::new(), 0);
            tx.query(sql, params![&agent, &since, COUNTED as i64 + 1], |row| {
                seen += 1;
                let at = row.get::<LeadId>(0)?.created_at();
                let span = bounds.partition_point(|bound| *bound <= at).saturating_sub(1);
                if seen <= COUNTED && span < spans {
                    sources.entry(row.get(1)?).or_insert_with(|| vec![0; spans])[span] += 1;
                }
                Ok(())
            })?;
            let sql = "SELECT took FROM first_answers WHERE agent_id = $1 ORDER BY lead_id DESC LIMIT $2";
            let mut took = tx.query(sql, params![&agent, ANSWERED], |row| row.get::<i64>(0))?;
            took.sort_unstable();
            let median_ms = took.get(took.len().saturating_sub(1) / 2).copied();
            Ok(Picture { sources, is_cut: seen > COUNTED, answered: took.len(), median_ms })
        })
        .await
}

/// Notes that a lead is answered now, unless it was before.
pub(crate) fn note_answer(tx: &mut Tx<'_>, agent: AgentId, lead: LeadId, now: UnixMillis) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO first_answers (agent_id, lead_id, took) VALUES ($1, $2, $3) ON CONFLICT (agent_id, lead_id) DO NOTHING",
        params![&agent, &lead, (now.0 - lead.created_at().0).max(0)],
    )?;
    Ok(())
}

/// Forgets that a lead was answered: it was a mistake, or the lead is erased.
pub(crate) fn forget_answer(tx: &mut Tx<'_>, agent: AgentId, lead: &[u8; 16]) -> Result<(), Error> {
    tx.execute("DELETE FROM first_answers WHERE agent_id = $1 AND lead_id = $2", params![&agent, lead])?;
    Ok(())
}
