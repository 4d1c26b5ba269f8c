//! The check before a run: every row is read as the run will read it, and nothing is written but what it found.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use db::{Value, params};
use serde::{Deserialize, Serialize};

use super::{
    Import, State, Subject,
    columns::Column,
    files::{Found, Place, Window},
    listing_columns::{self, Orders},
    listing_values,
    subjects::Draft,
};
use crate::{
    AgentId, Crm, Error,
    ids::{ImportId, ListingId},
    listings,
};

/// The most rows of a file.
pub const MOST_ROWS: u64 = 100_000;
/// Errors that the page shows; all of them can be downloaded.
const SHOWN: usize = 20;
/// Hashes that are looked up at once.
const TOGETHER: usize = 100;

/// A row that cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The number of its first line in the file.
    pub line: u64,
    /// Why not.
    pub message: String,
    /// What stands in it, as far as it can be read.
    #[serde(skip)]
    pub cells: Vec<String>,
}

fn together() -> String {
    (2..TOGETHER + 2).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

static KNOWN_LEADS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT hash, lead_id FROM import_rows WHERE agent_id = $1 AND hash IN ({})", together()));
static KNOWN_LISTINGS: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT hash, listing_id FROM imported_listings WHERE agent_id = $1 AND hash IN ({})", together())
});

/// What a row is to become, or why nothing does.
pub(super) fn judge(found: Found, subject: Subject, columns: &[Column]) -> Result<Draft, RowError> {
    let Found { line, cells } = found;
    let cells = cells.map_err(|broken| RowError { line, message: broken.words().to_owned(), cells: Vec::new() })?;
    Draft::read(subject, &cells, columns).map_err(|message| RowError { line, message, cells })
}

/// What the rows of one window come to.
struct Part {
    drafts: Vec<Draft>,
    errors: Vec<RowError>,
    /// Of each column the first text in it.
    samples: Vec<String>,
    /// Of each column the orders that its days can only be in.
    orders: Vec<Orders>,
    next: Place,
}

/// Reads a window's rows, beside the threads that answer requests.
async fn part(crm: &Crm, agent: AgentId, import: &Import, place: Place) -> Result<Part, Error> {
    let (id, size) = (import.id, import.size);
    let window = crm.db.read("imports.read", move |tx| Window::read(tx, agent, id, place.position, size)).await?;
    let import = import.clone();
    let read = tokio::task::spawn_blocking(move || {
        let (found, next) = window.rows(&import, place, usize::MAX, u64::MAX);
        let (mut drafts, mut errors) = (Vec::new(), Vec::new());
        let mut samples = vec![String::new(); import.columns.len()];
        let mut orders = vec![Orders::default(); import.columns.len()];
        for row in found {
            for (sample, cell) in samples.iter_mut().zip(row.cells.iter().flatten()) {
                if sample.is_empty() {
                    *sample = cell.trim().chars().take(80).collect();
                }
            }
            for (orders, cell) in orders.iter_mut().zip(row.cells.iter().flatten()) {
                let seen = listing_values::orders(cell);
                orders.is_day_first |= seen.is_day_first;
                orders.is_month_first |= seen.is_month_first;
            }
            match judge(row, import.subject, &import.columns) {
                Ok(draft) => drafts.push(draft),
                Err(error) => errors.push(error),
            }
        }
        Part { drafts, errors, samples, orders, next }
    });
    read.await.map_err(|error| {
        tracing::error!(%error, "reading a file failed");
        Error::Internal
    })
}

/// What is known of rows: those that came in once, and of them those that would change what they became.
#[derive(Default)]
struct Before {
    known: u64,
    changed: u64,
}

/// What is known of these rows.
async fn known(crm: &Crm, agent: AgentId, subject: Subject, drafts: Vec<Draft>) -> Result<Before, Error> {
    let read = crm.db.read("imports.known", move |tx| {
        let mut before = Before::default();
        let sql = match subject {
            Subject::Leads => &KNOWN_LEADS,
            Subject::Listings => &KNOWN_LISTINGS,
        };
        let hashes = drafts.iter().flat_map(Draft::hashes).collect::<Vec<_>>();
        let mut found = HashMap::new();
        for some in hashes.chunks(TOGETHER) {
            let last = some.last().expect("chunks are not empty");
            let padded = some.iter().chain(std::iter::repeat_n(last, TOGETHER - some.len()));
            let values = std::iter::once(Value::from(&agent)).chain(padded.map(|hash| Value::Bytes(*hash)));
            let values = values.collect::<Vec<_>>();
            found.extend(tx.query(sql, &values, |row| Ok((row.get::<[u8; 32]>(0)?, row.get::<[u8; 16]>(1)?)))?);
        }
        for draft in &drafts {
            let Some(id) = draft.hashes().iter().find_map(|hash| found.get(hash)) else { continue };
            before.known += 1;
            if let Draft::Listing(draft) = draft
                && listings::would_change(tx, agent, ListingId(*id), &draft.change)?
            {
                before.changed += 1;
            }
        }
        Ok::<_, Error>(before)
    });
    read.await
}

/// Reads every row as these columns and keeps what that comes to. Gives the import back as it then is.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] for a file of too many rows, for columns that nothing can come of, and once a run has
/// begun; storage's errors.
pub async fn check(crm: &Crm, agent: AgentId, id: ImportId, columns: Option<Vec<Column>>) -> Result<Import, Error> {
    let mut import = super::get(crm, agent, id).await?;
    if import.state != State::Checked {
        return Err(Error::invalid("state", "must be that of a file whose rows wait"));
    }
    if let Some(columns) = columns {
        import.columns = columns;
    }
    let orders = count(crm, agent, &mut import).await?;
    if import.subject == Subject::Listings && listing_columns::put_in_order(&mut import.columns, &orders) {
        let _ = count(crm, agent, &mut import).await?;
    }
    keep(crm, agent, import.clone()).await?;
    Ok(import)
}

/// Counts what comes of every row. Gives back in which orders the days of each column can only be.
async fn count(crm: &Crm, agent: AgentId, import: &mut Import) -> Result<Vec<Orders>, Error> {
    let mut orders = vec![Orders::default(); import.columns.len()];
    let (mut place, mut seen, mut errors) = (import.first, HashSet::<[u8; 32]>::new(), Vec::new());
    (import.rows_good, import.rows_changed, import.rows_known, import.rows_bad) = (0, 0, 0, 0);
    while place.position < import.size {
        let part = part(crm, agent, import, place).await?;
        if part.next == place {
            break;
        }
        place = part.next;
        for (orders, more) in orders.iter_mut().zip(&part.orders) {
            orders.is_day_first |= more.is_day_first;
            orders.is_month_first |= more.is_month_first;
        }
        import.rows_bad += part.errors.len() as u64;
        errors.extend(part.errors.into_iter().take(SHOWN - errors.len()));
        let drafts = part.drafts.len();
        let mut is_fresh = |draft: &Draft| {
            let is_known = draft.hashes().iter().any(|hash| seen.contains(hash));
            seen.extend(draft.hashes());
            !is_known
        };
        let fresh = part.drafts.into_iter().filter(|draft| is_fresh(draft)).collect::<Vec<_>>();
        // A row that stands twice in the file comes in once.
        let twice = (drafts - fresh.len()) as u64;
        let (fresh_count, before) = (fresh.len() as u64, known(crm, agent, import.subject, fresh).await?);
        import.rows_known += twice + before.known - before.changed;
        import.rows_changed += before.changed;
        import.rows_good += fresh_count - before.known;
        import.rows_found = import.rows_good + import.rows_changed + import.rows_known + import.rows_bad;
        if import.rows_found > MOST_ROWS {
            return Err(Error::invalid("file", "must have at most 100,000 rows: split it"));
        }
    }
    import.first_errors = errors;
    Ok(orders)
}

async fn keep(crm: &Crm, agent: AgentId, import: Import) -> Result<(), Error> {
    let kept = crm.change_unseen("imports.check", agent, move |tx, turn| {
        let changed = tx.execute(
            "UPDATE imports SET columns = $3, rows_found = $4, rows_good = $5, rows_known = $6, rows_bad = $7, first_errors = $8,
                updated_at = $9, rows_changed = $11 WHERE agent_id = $1 AND id = $2 AND state = $10",
            params![
                &agent,
                &import.id,
                &super::to_json(&import.columns)?,
                import.rows_found as i64,
                import.rows_good as i64,
                import.rows_known as i64,
                import.rows_bad as i64,
                &super::to_json(&import.first_errors)?,
                turn.now.0,
                State::Checked.name(),
                import.rows_changed as i64
            ],
        )?;
        if changed == 1 { Ok(()) } else { Err(Error::PreconditionFailed) }
    });
    kept.await
}

/// What a file looks like.
#[derive(Debug)]
pub struct Preview {
    /// Its first rows as they would be stored.
    pub drafts: Vec<Draft>,
    /// Of each column the first text in it.
    pub samples: Vec<String>,
}

/// A look at a file: its first rows, `count` at most.
///
/// # Errors
/// Storage's errors.
pub async fn preview(crm: &Crm, agent: AgentId, import: &Import, count: usize) -> Result<Preview, Error> {
    let Part { mut drafts, samples, .. } = part(crm, agent, import, import.first).await?;
    drafts.truncate(count);
    Ok(Preview { drafts, samples })
}

/// Where a list of errors goes on.
#[derive(Debug, Clone, Copy)]
pub struct ErrorCursor(Place);

/// The rows of a part of the file that cannot be taken in, and where the next part begins. `None` begins with the first.
///
/// # Errors
/// Storage's errors.
pub async fn errors(
    crm: &Crm,
    agent: AgentId,
    import: &Import,
    after: Option<ErrorCursor>,
) -> Result<(Vec<RowError>, Option<ErrorCursor>), Error> {
    let place = after.map_or(import.first, |ErrorCursor(place)| place);
    let part = part(crm, agent, import, place).await?;
    let goes_on = part.next != place && part.next.position < import.size;
    Ok((part.errors, goes_on.then_some(ErrorCursor(part.next))))
}
