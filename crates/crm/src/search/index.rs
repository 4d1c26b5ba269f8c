//! The indexer: follows the commits, normally within a second, and gives way to those who wait for theirs.

use std::{
    collections::{BTreeSet, HashMap},
    pin::pin,
    sync::LazyLock,
    time::Duration,
};

use db::{DbError, Lane, Row, Tx, Value, params};

use super::{terms, texts};
use crate::{AgentId, Crm, Error, totals::Kind};

/// Records indexed in one transaction, at most, and while others write too.
pub(super) const SLICE: usize = 32;
const SLICE_AMONG_OTHERS: usize = 2;
/// More writes than these between two slices are others'.
const OTHERS: u64 = 16;
/// Terms after which a transaction takes no further record: on SQLite all other writes wait meanwhile, on PostgreSQL the agent's.
const TERMS_AT_ONCE: usize = 1_500;
/// Records that [`sweep`] queues at most.
pub(crate) const SWEPT_AT_ONCE: usize = 500;

/// How often the queue is looked at without being told of a change: other processes change records too.
const POLL: Duration = Duration::from_secs(1);
/// How long to wait after a change, so that many changes share a transaction.
const GATHER: Duration = Duration::from_millis(100);
/// While others write, how many times as long as it worked the indexer rests.
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
    let mut written = crm.db.stats().grouped_jobs;
    loop {
        let started = crm.clock.monotonic();
        let before = std::mem::replace(&mut written, crm.db.stats().grouped_jobs);
        let slice = if written - before > OTHERS { SLICE_AMONG_OTHERS } else { SLICE };
        match index_next(crm, after, slice).await {
            Ok(Some((agent, count))) => (after, indexed) = (agent, indexed + count),
            Ok(None) if indexed > 0 => (after, indexed) = (FIRST, 0),
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "the search index falls behind");
                tokio::time::sleep(POLL).await;
                return;
            }
        }
        if slice < SLICE {
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
    while let Some((agent, count)) = index_next(crm, after, SLICE).await? {
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
async fn index_next(crm: &Crm, after: AgentId, slice: usize) -> Result<Option<(AgentId, usize)>, Error> {
    let next = crm.db.read("search.find_due", move |tx| {
        let sql = "SELECT agent_id FROM search_queue WHERE agent_id > $1 ORDER BY agent_id LIMIT 1";
        Ok::<_, Error>(tx.query_opt(sql, params![&after], |row| row.get::<AgentId>(0))?)
    });
    let Some(agent) = next.await? else { return Ok(None) };
    let indexed = crm.change_unseen("search.index", agent, move |tx, turn| index_slice(tx, turn.agent, slice)).await;
    match indexed {
        Ok(count) => Ok(Some((agent, count))),
        // The agent was deleted meanwhile: whoever deletes it sees to the queue.
        Err(Error::NotFound) => Ok(Some((agent, 0))),
        Err(error) => Err(error),
    }
}

pub(super) type Id = [u8; 16];

/// A record of a slice with the change of its rows.
struct Change {
    id: Id,
    kind: Kind,
    removed: Vec<String>,
    added: Vec<String>,
    /// Every term between blanks; `None` when the record is gone.
    listed: Option<String>,
}

impl Change {
    fn new(id: Id, kind: Kind, texts: Option<&Vec<String>>, held: &str) -> Self {
        let new = terms::terms(texts.into_iter().flatten().map(String::as_str));
        let old = held.split(' ').filter(|term| !term.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>();
        let listed = texts.map(|_| new.iter().fold(String::from(" "), |listed, term| listed + term + " "));
        let removed = old.difference(&new).cloned().collect();
        let added = new.difference(&old).cloned().collect();
        Self { id, kind, removed, added, listed }
    }
}

/// Statements are few however many records there are: on PostgreSQL each is a round trip, and the agent's writes wait.
fn index_slice(tx: &mut Tx<'_>, agent: AgentId, slice: usize) -> Result<usize, Error> {
    // Records of a kind that only a newer version knows are left to it.
    let sql =
        "SELECT id, kind FROM search_queue WHERE agent_id = $1 AND kind IN ($3, $4, $5, $6, $7) ORDER BY id LIMIT $2";
    let [first, second, third, fourth, fifth] = Kind::ALL.map(Kind::name);
    let due = tx.query(sql, params![&agent, slice as i64, first, second, third, fourth, fifth], |row| {
        let kind = Kind::from_name(row.text(1)?);
        Ok((row.get::<Id>(0)?, kind.ok_or_else(|| DbError::Internal(String::from("an unknown kind was asked for")))?))
    })?;
    let changes = find_changes(tx, agent, &due)?;
    for change in &changes {
        remove_terms(tx, agent, change)?;
    }
    add_terms(tx, agent, &changes)?;
    replace_lists(tx, agent, &changes)?;
    let indexed = changes.iter().map(|change| change.id).collect::<Vec<_>>();
    execute_for_ids(tx, &UNQUEUE, agent, &indexed)?;
    Ok(indexed.len())
}

fn find_changes(tx: &mut Tx<'_>, agent: AgentId, due: &[(Id, Kind)]) -> Result<Vec<Change>, Error> {
    let mut texts = HashMap::new();
    for kind in Kind::ALL {
        let ids = due.iter().filter(|(_, of)| *of == kind).map(|(id, _)| *id).collect::<Vec<_>>();
        texts.extend(texts::find(tx, agent, kind, &ids)?);
    }
    let ids = due.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    let held = query_for_ids(tx, &HELD, agent, &ids, |row| Ok((row.get::<Id>(0)?, row.get::<String>(1)?)))?;
    let held = held.into_iter().collect::<HashMap<_, _>>();
    let (mut changes, mut written) = (Vec::new(), 0);
    for (id, kind) in due.iter().copied() {
        let change = Change::new(id, kind, texts.get(&id), held.get(&id).map_or("", String::as_str));
        written += change.added.len() + change.removed.len();
        changes.push(change);
        if written >= TERMS_AT_ONCE {
            break;
        }
    }
    Ok(changes)
}

/// Statements for groups of several sizes: one that is not full repeats its last member, which changes nothing.
type Grouped = [(usize, String); 5];
const SIZES: [usize; 5] = [8, 16, 32, 64, 128];

static ADD: LazyLock<Grouped> = LazyLock::new(|| {
    SIZES.map(|size| {
        let row = |n: usize| format!("($1, ${}, ${}, ${})", 3 * n + 2, 3 * n + 3, 3 * n + 4);
        let rows = (0..size).map(row).collect::<Vec<_>>().join(", ");
        (size, format!("INSERT INTO search_terms (agent_id, kind, term, id) VALUES {rows} ON CONFLICT DO NOTHING"))
    })
});

static REMOVE: LazyLock<Grouped> = LazyLock::new(|| {
    SIZES.map(|size| {
        let terms = numbered(4, size);
        (size, format!("DELETE FROM search_terms WHERE agent_id = $1 AND kind = $2 AND id = $3 AND term IN ({terms})"))
    })
});

static LIST: LazyLock<Grouped> = LazyLock::new(|| {
    SIZES.map(|size| {
        let row = |n: usize| format!("($1, $2, ${}, ${}, ${})", 3 * n + 3, 3 * n + 4, 3 * n + 5);
        let rows = (0..size).map(row).collect::<Vec<_>>().join(", ");
        let sql = "INSERT INTO search_records (agent_id, version, id, kind, terms) VALUES";
        (size, format!("{sql} {rows} ON CONFLICT DO NOTHING"))
    })
});

static HELD: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT id, terms FROM search_records WHERE agent_id = $1 AND id IN ({})", numbered(2, SLICE))
});
static UNLIST: LazyLock<String> =
    LazyLock::new(|| format!("DELETE FROM search_records WHERE agent_id = $1 AND id IN ({})", numbered(2, SLICE)));
static UNQUEUE: LazyLock<String> =
    LazyLock::new(|| format!("DELETE FROM search_queue WHERE agent_id = $1 AND id IN ({})", numbered(2, SLICE)));

/// `$first, …`, so many.
pub(super) fn numbered(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// The agent and [`SLICE`] ids, the last one repeated.
fn values_of<'a>(agent: &'a AgentId, ids: &'a [Id]) -> Option<Vec<Value<'a>>> {
    let last = ids.last()?;
    let ids = ids.iter().chain(std::iter::repeat_n(last, SLICE - ids.len()));
    Some(std::iter::once(Value::from(agent)).chain(ids.map(Value::from)).collect())
}

fn execute_for_ids(tx: &mut Tx<'_>, sql: &str, agent: AgentId, ids: &[Id]) -> Result<(), Error> {
    if let Some(values) = values_of(&agent, ids) {
        tx.execute(sql, &values)?;
    }
    Ok(())
}

/// Runs a query of [`SLICE`] ids from `$2` on; of none, nothing is asked.
pub(super) fn query_for_ids<T>(
    tx: &mut Tx<'_>,
    sql: &str,
    agent: AgentId,
    ids: &[Id],
    map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
) -> Result<Vec<T>, Error> {
    match values_of(&agent, ids) {
        None => Ok(Vec::new()),
        Some(values) => Ok(tx.query(sql, &values, map)?),
    }
}

/// Runs a statement for all of `rows` after the values that they share.
fn execute_grouped<'a, const N: usize>(
    tx: &mut Tx<'_>,
    grouped: &Grouped,
    shared: &[Value<'a>],
    rows: &[[Value<'a>; N]],
) -> Result<(), Error> {
    for group in rows.chunks(SIZES[SIZES.len() - 1]) {
        let (size, sql) =
            grouped.iter().find(|(size, _)| *size >= group.len()).expect("no group is larger than the largest");
        let last = group.last().expect("chunks are not empty");
        let mut values = shared.to_vec();
        values.extend(group.iter().chain(std::iter::repeat_n(last, size - group.len())).flatten());
        tx.execute(sql, &values)?;
    }
    Ok(())
}

fn remove_terms(tx: &mut Tx<'_>, agent: AgentId, change: &Change) -> Result<(), Error> {
    let shared = [Value::from(&agent), Value::from(change.kind.name()), Value::from(&change.id)];
    let rows = change.removed.iter().map(|term| [Value::from(term)]).collect::<Vec<_>>();
    execute_grouped(tx, &REMOVE, &shared, &rows)
}

/// In the order of the key: what stands side by side is then written once.
fn add_terms(tx: &mut Tx<'_>, agent: AgentId, changes: &[Change]) -> Result<(), Error> {
    let added = changes.iter().flat_map(|change| {
        let Change { id, kind, added, .. } = change;
        added.iter().map(move |term| (kind.name(), term, id))
    });
    let mut added = added.collect::<Vec<_>>();
    added.sort_unstable();
    let rows = added.into_iter().map(|(kind, term, id)| [Value::from(kind), Value::from(term), Value::from(id)]);
    execute_grouped(tx, &ADD, &[Value::from(&agent)], &rows.collect::<Vec<_>>())
}

fn replace_lists(tx: &mut Tx<'_>, agent: AgentId, changes: &[Change]) -> Result<(), Error> {
    let ids = changes.iter().map(|change| change.id).collect::<Vec<_>>();
    execute_for_ids(tx, &UNLIST, agent, &ids)?;
    let rows = changes.iter().filter_map(|change| {
        let listed = change.listed.as_ref()?;
        Some([Value::from(&change.id), Value::from(change.kind.name()), Value::from(listed)])
    });
    execute_grouped(tx, &LIST, &[Value::from(&agent), Value::from(terms::VERSION)], &rows.collect::<Vec<_>>())
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
