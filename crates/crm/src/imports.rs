//! Imports: leads or listings from a file, such as another program's export.
//!
//! The file is kept in pieces in the database, so that any node can go on with it. `rows` reads its bytes, and `records` those of JSON;
//! `columns` guesses what they are, `drafts` makes leads of rows, and `listing_columns`, `listing_values` and `listing_drafts`
//! listings. `subjects` tells the two apart, `checks` is the rehearsal without a word written, `runs` takes the rows in slice by
//! slice. A file and all that is kept of it goes after [`KEPT`].

mod checks;
mod columns;
mod drafts;
mod files;
mod listing_columns;
mod listing_drafts;
mod listing_values;
mod records;
mod rows;
mod runs;
mod subjects;

use std::time::Duration;

use db::{Row, Tx, params};
use serde::{Serialize, de::DeserializeOwned};

pub use checks::{ErrorCursor, MOST_ROWS, Preview, RowError, check, errors, preview};
pub use columns::Column;
pub use drafts::LeadDraft;
pub use files::{MOST_BYTES, Upload};
pub use listing_drafts::ListingDraft;
pub(crate) use listing_drafts::know;
pub use rows::Encoding;
pub use runs::{PRUNED_AT_ONCE, cancel, finish, start};
pub(crate) use runs::{forget, prune, run};
pub use subjects::{Draft, Subject};

use crate::{AgentId, Crm, Error, clock::UnixMillis, ids::ImportId};
use files::Place;

/// How long a file is kept after its last step.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The most files that an agent has here at once, those that are done with aside.
const MOST_AT_ONCE: i64 = 10;
/// Of those that are done with, the newest so many are kept.
const MOST_FINISHED: usize = 10;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The file is on its way.
    Arriving,
    /// The file is here and read; nothing is taken in yet.
    Checked,
    /// Its rows are taken in.
    Running,
    /// All of them are.
    Done,
    /// It was stopped by its owner, and can go on.
    Cancelled,
}

impl Import {
    /// Whether its rows are records of JSON rather than cells.
    #[must_use]
    pub fn is_of_records(&self) -> bool {
        listing_columns::are_of_records(&self.columns)
    }

    /// Rows that the run is done with.
    #[must_use]
    pub fn rows_done(&self) -> u64 {
        self.imported + self.changed + self.known + self.failed
    }
}

impl State {
    const ALL: [Self; 5] = [Self::Arriving, Self::Checked, Self::Running, Self::Done, Self::Cancelled];

    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Arriving => "arriving",
            Self::Checked => "checked",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A file of leads or listings, and how far it is taken in.
#[derive(Debug, Clone)]
pub struct Import {
    /// The id.
    pub id: ImportId,
    /// What its rows are.
    pub subject: Subject,
    /// The file's name, as the browser sent it.
    pub file_name: String,
    /// Its bytes.
    pub size: u64,
    /// How far it is.
    pub state: State,
    /// How its bytes are read.
    pub encoding: Encoding,
    /// What stands between its cells.
    pub delimiter: u8,
    /// What its columns are.
    pub columns: Vec<Column>,
    /// Rows that the check found.
    pub rows_found: u64,
    /// Of them, those that become new records.
    pub rows_good: u64,
    /// Those that came in before and say something else now: their listings change.
    pub rows_changed: u64,
    /// Those that came in before and bring nothing new, or stand in the file twice.
    pub rows_known: u64,
    /// Those that cannot be taken in.
    pub rows_bad: u64,
    /// The first of them.
    pub first_errors: Vec<RowError>,
    /// Records that the run has made so far.
    pub imported: u64,
    /// Listings that it has changed.
    pub changed: u64,
    /// Rows that it passed over because they came in before.
    pub known: u64,
    /// Rows that it could not take in.
    pub failed: u64,
    /// Its last step.
    pub updated_at: UnixMillis,
    first: Place,
    place: Place,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, file_name, size, state, encoding, delimiter, columns, rows_found, rows_good, rows_known, rows_bad, first_errors,
                imported, known, failed, updated_at, first_position, first_line, position, line, subject, rows_changed, changed
             FROM imports ",
            $rest
        )
    };
}

fn count(row: &Row<'_>, column: usize) -> Result<u64, db::DbError> {
    row.get::<i64>(column).map(|count| u64::try_from(count).unwrap_or(0))
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, db::DbError> {
    serde_json::from_str(row.text(column)?).map_err(|error| db::DbError::Internal(format!("column {column}: {error}")))
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|cause| {
        tracing::error!(%cause, "an import cannot be kept");
        Error::Internal
    })
}

fn from_row(row: &Row<'_>) -> Result<Import, db::DbError> {
    let wrong = |what: &str| db::DbError::Internal(format!("an import has no {what}"));
    let state = row.text(3)?;
    Ok(Import {
        id: row.get(0)?,
        subject: Subject::from_name(row.text(20)?).ok_or_else(|| wrong("subject"))?,
        file_name: row.get(1)?,
        size: count(row, 2)?,
        state: State::ALL.into_iter().find(|known| known.name() == state).ok_or_else(|| wrong("state"))?,
        encoding: Encoding::from_name(row.text(4)?).ok_or_else(|| wrong("encoding"))?,
        delimiter: row.text(5)?.bytes().next().ok_or_else(|| wrong("delimiter"))?,
        columns: from_json(row, 6)?,
        rows_found: count(row, 7)?,
        rows_good: count(row, 8)?,
        rows_changed: count(row, 21)?,
        rows_known: count(row, 9)?,
        rows_bad: count(row, 10)?,
        first_errors: from_json(row, 11)?,
        imported: count(row, 12)?,
        changed: count(row, 22)?,
        known: count(row, 13)?,
        failed: count(row, 14)?,
        updated_at: UnixMillis(row.get(15)?),
        first: Place { position: count(row, 16)?, line: count(row, 17)? },
        place: Place { position: count(row, 18)?, line: count(row, 19)? },
    })
}

fn find(tx: &mut Tx<'_>, agent: AgentId, id: ImportId) -> Result<Import, Error> {
    let sql = select!("WHERE agent_id = $1 AND id = $2");
    tx.query_opt(sql, params![&agent, &id], from_row)?.ok_or(Error::NotFound)
}

/// An import of the agent's.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn get(crm: &Crm, agent: AgentId, id: ImportId) -> Result<Import, Error> {
    crm.db.read("imports.get", move |tx| find(tx, agent, id)).await
}

/// The agent's imports of one subject whose file is here, newest first.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, subject: Subject) -> Result<Vec<Import>, Error> {
    let mut imports = crm
        .db
        .read("imports.list", move |tx| {
            let sql = select!("WHERE agent_id = $1 ORDER BY id DESC LIMIT 20");
            Ok::<_, Error>(tx.query(sql, params![&agent], from_row)?)
        })
        .await?;
    imports.retain(|import| import.state != State::Arriving && import.subject == subject);
    Ok(imports)
}

/// Throws a file away, and what is kept of its import. What came in stays.
///
/// # Errors
/// Storage's errors.
pub async fn delete(crm: &Crm, agent: AgentId, id: ImportId) -> Result<(), Error> {
    crm.change_unseen("imports.delete", agent, move |tx, _| runs::erase(tx, agent, id)).await
}
