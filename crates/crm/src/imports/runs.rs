//! The run of an import: a slice of rows in each transaction, with the place where the next one begins. Whoever goes on after a crash
//! finds records and place as of the same commit, so no row comes in twice and none is passed over; nor could two nodes at once.

use std::time::Duration;

use db::{Lane, Tx, params};

use super::{
    Import, KEPT, State,
    checks::judge,
    files::{self, Window},
    subjects::{Draft, Taken},
};
use crate::{
    AgentId, Crm, Error,
    ids::{ImportId, JobId},
    jobs::{self, JobKind, Progress},
    turns::Turn,
};

/// Rows of a transaction, and while others write too: on SQLite their writes wait meanwhile, on PostgreSQL the agent's.
const SLICE: usize = 100;
const SLICE_AMONG_OTHERS: usize = 10;
/// Bytes of rows after which a transaction takes no further one.
const SLICE_BYTES: u64 = 64 * 1024;
/// More writes than these between two slices are others'.
const OTHERS: u64 = 4;
/// After so long a run ends, and the next one is due at once: other jobs have their turn.
const LONGEST: Duration = Duration::from_secs(2);
/// Imports that [`prune`] looks at in one go.
pub const PRUNED_AT_ONCE: usize = 20;

/// Begins to take the rows in, or goes on with it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] once all is done; storage's errors.
pub async fn start(crm: &Crm, agent: AgentId, id: ImportId) -> Result<(), Error> {
    crm.change("imports.start", agent, move |tx, turn| {
        let import = super::find(tx, agent, id)?;
        if matches!(import.state, State::Arriving | State::Done) {
            return Err(Error::invalid("state", "must be that of a file whose rows wait"));
        }
        set(tx, turn, id, State::Running)?;
        let job = JobId(turn.next_id());
        jobs::insert(tx, job, JobKind::RunImports, Some(agent), turn.now)
    })
    .await
}

/// Takes all rows in now, whoever else is at it, and gives the import back as it then is: for a command, which waits.
///
/// # Errors
/// As [`start`].
pub async fn finish(crm: &Crm, agent: AgentId, id: ImportId) -> Result<Import, Error> {
    start(crm, agent, id).await?;
    loop {
        let _: Progress = run(crm, agent).await?;
        let import = super::get(crm, agent, id).await?;
        if import.state != State::Running {
            return Ok(import);
        }
    }
}

/// Stops a run; what came in stays. It can go on later.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn cancel(crm: &Crm, agent: AgentId, id: ImportId) -> Result<(), Error> {
    crm.change("imports.cancel", agent, move |tx, turn| match super::find(tx, agent, id)?.state {
        State::Running => set(tx, turn, id, State::Cancelled),
        _ => Ok(()),
    })
    .await
}

fn set(tx: &mut Tx<'_>, turn: &Turn, id: ImportId, state: State) -> Result<(), Error> {
    tx.execute(
        "UPDATE imports SET state = $3, updated_at = $4 WHERE agent_id = $1 AND id = $2",
        params![&turn.agent, &id, state.name(), turn.now.0],
    )?;
    Ok(())
}

/// Takes in rows of the agent's running imports for a while.
pub(crate) async fn run(crm: &Crm, agent: AgentId) -> Result<Progress, Error> {
    let started = crm.clock.monotonic();
    let mut slice = SLICE;
    let mut written = crm.db.stats().grouped_jobs;
    loop {
        let sliced = crm.change_in_background("imports.slice", agent, move |tx, turn| take_slice(tx, turn, slice));
        match sliced.await {
            Ok(Progress::Done) => return Ok(Progress::Done),
            Ok(Progress::More) => {}
            // The agent is gone, and its imports with it.
            Err(Error::NotFound) => return Ok(Progress::Done),
            Err(error) => return Err(error),
        }
        let now = crm.clock.monotonic();
        if now.saturating_sub(started) >= LONGEST {
            return Ok(Progress::More);
        }
        let before = std::mem::replace(&mut written, crm.db.stats().grouped_jobs);
        slice = if written - before > OTHERS { SLICE_AMONG_OTHERS } else { SLICE };
        crm.to_index.notify_one();
    }
}

/// The next rows of the agent's first running import.
fn take_slice(tx: &mut Tx<'_>, turn: &mut Turn, most: usize) -> Result<Progress, Error> {
    let agent = turn.agent;
    let sql = "SELECT id FROM imports WHERE agent_id = $1 AND state = $2 ORDER BY id LIMIT 1";
    let running = tx.query_opt(sql, params![&agent, State::Running.name()], |row| row.get::<ImportId>(0))?;
    let Some(id) = running else { return Ok(Progress::Done) };
    let mut import = super::find(tx, agent, id)?;
    let window = Window::read(tx, agent, id, import.place.position, import.size)?;
    let (found, next) = window.rows(&import, import.place, most, SLICE_BYTES);
    // The agent knows whom they import: no mail tells of them.
    turn.is_quiet = true;
    for row in found {
        match judge(row, import.subject, &import.columns).map(|draft: Draft| draft.take(tx, turn, id)) {
            Err(_) => import.failed += 1,
            Ok(taken) => match taken? {
                Taken::New => import.imported += 1,
                Taken::Changed => import.changed += 1,
                Taken::Known => import.known += 1,
            },
        }
    }
    // A piece that is missing ends it as well: nothing more will come.
    let is_over = next.position >= import.size || next == import.place;
    let state = if is_over { State::Done } else { State::Running };
    keep(tx, turn, &Import { place: next, state, ..import })?;
    Ok(Progress::More)
}

fn keep(tx: &mut Tx<'_>, turn: &Turn, import: &Import) -> Result<(), Error> {
    tx.execute(
        "UPDATE imports SET state = $3, position = $4, line = $5, imported = $6, known = $7, failed = $8, updated_at = $9,
            changed = $10 WHERE agent_id = $1 AND id = $2",
        params![
            &turn.agent,
            &import.id,
            import.state.name(),
            import.place.position as i64,
            import.place.line as i64,
            import.imported as i64,
            import.known as i64,
            import.failed as i64,
            turn.now.0,
            import.changed as i64
        ],
    )?;
    Ok(())
}

/// Forgets that a row became this record, which is erased. The same row would come in again.
pub(crate) fn forget(tx: &mut Tx<'_>, agent: AgentId, id: &[u8; 16]) -> Result<(), Error> {
    tx.execute("DELETE FROM import_rows WHERE agent_id = $1 AND lead_id = $2", params![&agent, id])?;
    tx.execute("DELETE FROM imported_listings WHERE agent_id = $1 AND listing_id = $2", params![&agent, id])?;
    Ok(())
}

/// Erases a file and its import. Which rows came in is still known.
pub(super) fn erase(tx: &mut Tx<'_>, agent: AgentId, id: ImportId) -> Result<(), Error> {
    files::erase_pieces(tx, agent, id)?;
    tx.execute("DELETE FROM imports WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
    Ok(())
}

/// Erases files that nothing was done with for [`KEPT`]. Says how many, [`PRUNED_AT_ONCE`] at most.
///
/// # Errors
/// Storage's errors.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let before = crm.clock.now().minus(KEPT).0;
    let due = crm.db.read("imports.find_old", move |tx| {
        let sql = "SELECT agent_id, id FROM imports WHERE updated_at <= $1 ORDER BY updated_at LIMIT $2";
        let rows = tx.query(sql, params![before, PRUNED_AT_ONCE as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok::<Vec<(AgentId, ImportId)>, Error>(rows)
    });
    let due = due.await?;
    for (agent, id) in &due {
        let (agent, id) = (*agent, *id);
        let erased = crm.db.write_in_background("imports.prune", Lane::of(&agent.0), move |tx| erase(tx, agent, id));
        erased.await?;
    }
    Ok(due.len())
}
