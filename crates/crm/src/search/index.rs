//! The indexer: follows the commits, normally within a second, and gives way to those who wait for theirs.

use std::{
    collections::BTreeSet,
    pin::pin,
    sync::LazyLock,
    time::Duration,
};

use db::{Lane, Tx, Value, params};

use super::{terms, texts};
use crate::{AgentId, Crm, Error, totals::Kind};

/// Records indexed in one transaction, at most.
const SLICE: i64 = 32;
/// Terms after which a transaction takes no further record: on SQLite all other writes wait meanwhile, on PostgreSQL the agent's.
const TERMS_AT_ONCE: usize = 1_500;
/// Records that [`sweep`] queues at most.
pub(crate) const SWEPT_AT_ONCE: usize = 500;

/// How often the queue is looked at without being told of a change: other processes change records too.
const POLL: Duration = Duration::from_secs(1);
/// How long to wait after a change, so that many changes share a transaction.
const GATHER: Duration = Duration::from_millis(100);
/// While others wait to write, how many times as long as it worked the indexer rests.
const REST: u32 = 3;

/// Keeps the index until `stopped`.
pub async fn run(crm: Crm, stopped: impl Future<Output = ()>) {
    let mut stopped = pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = follow(&crm) => {}
        }
    }
}

/// Waits for a change, then indexes until nothing is due.
async fn follow(crm: &Crm) {
    // Told or not, the queue is looked at.
    let _ = tokio::time::timeout(POLL, crm.to_index.notified()).await;
    tokio::time::sleep(GATHER).await;
    let mut after = FIRST;
    let mut indexed = 0;
    loop {
        let started = crm.clock.monotonic();
        match index_next(crm, after).await {
            Ok(Some((agent, count))) => (after, indexed) = (agent, indexed + count),
            Ok(None) if indexed > 0 => (after, indexed) = (FIRST, 0),
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "the search index falls behind");
                tokio::time::sleep(POLL).await;
                return;
            }
        }
        if crm.db.stats().writes_waiting > 0 {
            tokio::time::sleep(crm.clock.monotonic().saturating_sub(started) * REST).await;
        }
    }
}

const FIRST: AgentId = AgentId([0; 16]);

/// Indexes a slice of what is due of every agent, agents in turns. Says how many records; 0 means that nothing was due.
///
/// # Errors
/// Storage's errors; what was indexed before one stays indexed.
pub async fn index_due(crm: &Crm) -> Result<usize, Error> {
    let (mut after, mut indexed) = (FIRST, 0);
    while let Some((agent, count)) = index_next(crm, after).await? {
        (after, indexed) = (agent, indexed + count);
    }
    Ok(indexed)
}

/// Indexes until nothing is due. Says how many records.
///
/// # Errors
/// Storage's errors; what was indexed before one stays indexed.
pub async fn index_all(crm: &Crm) -> Result<usize, Error> {
    let mut indexed = 0;
    loop {
        match index_due(crm).await? {
            0 => return Ok(indexed),
            count => indexed += count,
        }
    }
}

/// Indexes a slice of the next agent after `after` of whom something is due.
///
/// Under the agent's turn: no change of a record can pass between reading it and taking it off the queue, and of several
/// nodes only one works for the agent at a time.
async fn index_next(crm: &Crm, after: AgentId) -> Result<Option<(AgentId, usize)>, Error> {
    let next = crm.db.read("search.find_due", move |tx| {
        let sql = "SELECT agent_id FROM search_queue WHERE agent_id > $1 ORDER BY agent_id LIMIT 1";
        Ok::<_, Error>(tx.query_opt(sql, params![&after], |row| row.get::<AgentId>(0))?)
    });
    let Some(agent) = next.await? else { return Ok(None) };
    let indexed = crm.change_in_background("search.index", agent, |tx, turn| index_slice(tx, turn.agent)).await;
    match indexed {
        Ok(count) => Ok(Some((agent, count))),
        // The agent was deleted meanwhile: whoever deletes it sees to the queue.
        Err(Error::NotFound) => Ok(Some((agent, 0))),
        Err(error) => Err(error),
    }
}

fn index_slice(tx: &mut Tx<'_>, agent: AgentId) -> Result<usize, Error> {
    let sql = "SELECT id, kind FROM search_queue WHERE agent_id = $1 ORDER BY id LIMIT $2";
    let due = tx.query(sql, params![&agent, SLICE], |row| Ok((row.get::<[u8; 16]>(0)?, row.get::<String>(1)?)))?;
    let (mut indexed, mut written) = (0, 0);
    for (id, kind) in due {
        if written >= TERMS_AT_ONCE {
            break;
        }
        match Kind::from_name(&kind) {
            Some(kind) => written += index_record(tx, agent, kind, &id)?,
            None => tracing::warn!(kind, "the search cannot index records of this kind"),
        }
        tx.execute("DELETE FROM search_queue WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
        indexed += 1;
    }
    Ok(indexed)
}

/// Makes the rows of one record what they should be. Says how many were written.
fn index_record(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, id: &[u8; 16]) -> Result<usize, Error> {
    let texts = texts::find(tx, agent, kind, id)?;
    let new = terms::terms(texts.iter().flatten().map(String::as_str));
    let sql = "SELECT terms FROM search_records WHERE agent_id = $1 AND id = $2";
    let held = tx.query_opt(sql, params![&agent, id], |row| row.get::<String>(0))?.unwrap_or_default();
    let old = held.split(' ').filter(|term| !term.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>();
    let removed = old.difference(&new).map(String::as_str).collect::<Vec<_>>();
    let added = new.difference(&old).map(String::as_str).collect::<Vec<_>>();
    execute_grouped(tx, &REMOVE, agent, kind, id, &removed)?;
    execute_grouped(tx, &ADD, agent, kind, id, &added)?;
    if texts.is_none() {
        tx.execute("DELETE FROM search_records WHERE agent_id = $1 AND id = $2", params![&agent, id])?;
        return Ok(removed.len());
    }
    let listed = new.iter().fold(String::from(" "), |listed, term| listed + term + " ");
    tx.execute(
        "INSERT INTO search_records (agent_id, id, kind, version, terms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (agent_id, id) DO UPDATE SET kind = excluded.kind, version = excluded.version, terms = excluded.terms",
        params![&agent, id, kind.name(), terms::VERSION, &listed],
    )?;
    Ok(removed.len() + added.len())
}

/// A statement for each size of a group of terms, from `$4` on.
type Grouped = [(usize, String); 3];
const SIZES: [usize; 3] = [8, 32, 128];

static ADD: LazyLock<Grouped> = LazyLock::new(|| {
    SIZES.map(|size| {
        let rows = (4..4 + size).map(|n| format!("($1, $2, ${n}, $3)")).collect::<Vec<_>>().join(", ");
        let sql = format!("INSERT INTO search_terms (agent_id, kind, term, id) VALUES {rows} ON CONFLICT DO NOTHING");
        (size, sql)
    })
});

static REMOVE: LazyLock<Grouped> = LazyLock::new(|| {
    SIZES.map(|size| {
        let terms = (4..4 + size).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let sql = format!("DELETE FROM search_terms WHERE agent_id = $1 AND kind = $2 AND id = $3 AND term IN ({terms})");
        (size, sql)
    })
});

/// Runs a statement for all terms in few round trips: a group that is not full repeats its last term, which changes nothing.
fn execute_grouped(
    tx: &mut Tx<'_>,
    grouped: &Grouped,
    agent: AgentId,
    kind: Kind,
    id: &[u8; 16],
    terms: &[&str],
) -> Result<(), Error> {
    let largest = SIZES[SIZES.len() - 1];
    for group in terms.chunks(largest) {
        let (size, sql) = grouped.iter().find(|(size, _)| *size >= group.len()).expect("no group is larger than the largest");
        let last = group.last().expect("chunks are not empty");
        let mut values = vec![Value::from(&agent), Value::from(kind.name()), Value::from(id)];
        values.extend(group.iter().chain(std::iter::repeat_n(last, size - group.len())).map(|term| Value::from(*term)));
        tx.execute(sql, &values)?;
    }
    Ok(())
}

/// Queues records that were indexed by older rules, a slice of them. Says how many.
///
/// # Errors
/// Storage's errors.
pub async fn sweep(crm: &Crm) -> Result<usize, Error> {
    let swept = crm.db.write_in_background("search.sweep", Lane::SHARED, |tx| {
        let sql = "SELECT agent_id, id, kind FROM search_records WHERE version < $1 ORDER BY version LIMIT $2";
        let old = tx.query(sql, params![terms::VERSION, SWEPT_AT_ONCE as i64], |row| {
            Ok((row.get::<AgentId>(0)?, row.get::<[u8; 16]>(1)?, row.get::<String>(2)?))
        })?;
        for (agent, id, kind) in &old {
            tx.execute(
                "INSERT INTO search_queue (agent_id, id, kind) VALUES ($1, $2, $3) ON CONFLICT (agent_id, id) DO NOTHING",
                params![agent, id, kind],
            )?;
            // Until it is indexed again it is found as before, and is not swept twice.
            tx.execute(
                "UPDATE search_records SET version = $3 WHERE agent_id = $1 AND id = $2",
                params![agent, id, terms::VERSION],
            )?;
        }
        Ok::<_, Error>(old.len())
    });
    let count = swept.await?;
    if count > 0 {
        crm.to_index.notify_one();
    }
    Ok(count)
}
