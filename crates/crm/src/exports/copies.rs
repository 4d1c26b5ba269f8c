//! Copies of an agent's data to download: made by a job, slice by slice, on whichever node; kept for a week; read piece by piece.

use std::time::Duration;

use db::{Tx, params};
use serde::{Deserialize, Serialize};

use super::{
    files,
    sheets::{self, Sheet},
    zip::{self, Entry},
};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{ExportId, FileId, JobId},
    jobs::{self, JobKind, Progress},
    photos,
};

/// How long a copy is kept.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Copies of an agent at a time.
const MOST: i64 = 3;
/// The most bytes of a row.
const PART: usize = 256 * 1024;
/// The most bytes of a copy: what an archive without extensions holds, with room to spare. The command has no bound.
const MOST_BYTES: i64 = 2 * 1024 * 1024 * 1024;
/// Pieces of files that one slice writes.
const PIECES: u64 = 8;
/// Pages that one run of the job writes.
const PAGES_A_RUN: usize = 4;
/// Parts that are thrown away in one go.
pub(crate) const SLICE: usize = 200;

const MAKING: i64 = 0;
const READY: i64 = 1;
const FAILED: i64 = 2;

/// How it stands with a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is being made.
    Making,
    /// It can be downloaded.
    Ready,
    /// It came to nothing: there is too much for one archive.
    Failed,
}

/// A copy, as its owner sees it in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The id.
    pub id: ExportId,
    /// How it stands.
    pub state: State,
    /// Records written so far, and about how many there will be.
    pub records: i64,
    /// Of how many, about.
    pub expected: i64,
    /// Bytes of the files.
    pub bytes: i64,
    /// When it is thrown away.
    pub expires_at: UnixMillis,
}

/// Asks for a copy: a job makes it.
///
/// # Errors
/// [`Error::Invalid`] for `export` while one is being made, or when there are three already.
pub async fn request(crm: &Crm, agent: AgentId) -> Result<ExportId, Error> {
    crm.change("exports.request", agent, move |tx, turn| {
        let sql = "SELECT state FROM exports WHERE agent_id = $1";
        let states = tx.query(sql, params![&turn.agent], |row| row.get::<i64>(0))?;
        if states.contains(&MAKING) {
            return Err(Error::invalid("export", "a copy is being made already"));
        }
        if i64::try_from(states.len()).is_ok_and(|count| count >= MOST) {
            return Err(Error::invalid("export", "there are three copies already: delete one first"));
        }
        let id = ExportId(turn.next_id());
        let expires_at = turn.now.plus(KEPT).0;
        tx.execute(
            "INSERT INTO exports (agent_id, id, state, step, sheet, records, expires_at) VALUES ($1, $2, $3, 0, 0, 0, $4)",
            params![&turn.agent, &id, MAKING, expires_at],
        )?;
        let job = JobId(turn.next_id());
        jobs::insert(tx, job, JobKind::MakeExport, Some(turn.agent), turn.now)?;
        Ok(id)
    })
    .await
}

/// The copies of an agent, newest first.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId) -> Result<Vec<Copy>, Error> {
    crm.db
        .read("exports.list", move |tx| {
            let expected = sheets::count(tx, agent)?;
            let sql = "SELECT e.id, e.state, e.records, e.expires_at,
                           CAST((SELECT COALESCE(SUM(f.size), 0) FROM export_files f WHERE f.agent_id = e.agent_id AND f.export_id = e.id) AS BIGINT)
                       FROM exports e WHERE e.agent_id = $1 ORDER BY e.id DESC";
            Ok(tx.query(sql, params![&agent], |row| {
                let state = match row.get::<i64>(1)? {
                    MAKING => State::Making,
                    READY => State::Ready,
                    _ => State::Failed,
                };
                let expires_at = UnixMillis(row.get(3)?);
                Ok(Copy { id: row.get(0)?, state, records: row.get(2)?, expected, bytes: row.get(4)?, expires_at })
            })?)
        })
        .await
}

/// Throws a copy away.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(crm: &Crm, agent: AgentId, id: ExportId) -> Result<(), Error> {
    let gone = crm.change("exports.delete", agent, move |tx, turn| {
        let sql = "UPDATE exports SET expires_at = 0, state = $3 WHERE agent_id = $1 AND id = $2";
        if tx.execute(sql, params![&turn.agent, &id, FAILED])? == 0 {
            return Err(Error::NotFound);
        }
        Ok(())
    });
    gone.await?;
    while throw_away(crm, agent, id).await? {}
    Ok(())
}

/// Throws some of a copy away; the copy itself with the last of it. Whether there is more.
async fn throw_away(crm: &Crm, agent: AgentId, id: ExportId) -> Result<bool, Error> {
    crm.change_in_background("exports.throw_away", agent, move |tx, turn| {
        let agent = turn.agent;
        let sql = "DELETE FROM export_parts WHERE agent_id = $1 AND export_id = $2 AND (file, part) IN
                       (SELECT file, part FROM export_parts WHERE agent_id = $1 AND export_id = $2 ORDER BY file, part LIMIT $3)";
        let limit = i64::try_from(SLICE).unwrap_or(i64::MAX);
        if tx.execute(sql, params![&agent, &id, limit])? > 0 {
            return Ok(true);
        }
        tx.execute("DELETE FROM export_files WHERE agent_id = $1 AND export_id = $2", params![&agent, &id])?;
        tx.execute("DELETE FROM exports WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
        Ok(false)
    })
    .await
}

/// Throws away a copy that is past its time, if there is one. Says how many.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let now = crm.clock.now();
    let due = crm.db.read("exports.find_due", move |tx| {
        let sql = "SELECT agent_id, id FROM exports WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1";
        let due = tx.query_opt(sql, params![now.0], |row| Ok((row.get::<AgentId>(0)?, row.get::<ExportId>(1)?)));
        Ok::<_, Error>(due?)
    });
    let Some((agent, id)) = due.await? else { return Ok(0) };
    while throw_away(crm, agent, id).await? {}
    Ok(1)
}

/// Where the making of a copy stands.
struct Making {
    id: ExportId,
    step: i64,
    sheet: i64,
    place: Option<String>,
}

/// What one slice adds to a file.
struct Addition {
    file: i64,
    name: String,
    bytes: Vec<u8>,
}

/// Writes some of the copy that an agent asked for.
pub(crate) async fn make(crm: &Crm, agent: AgentId) -> Result<Progress, Error> {
    for _ in 0..PAGES_A_RUN {
        let making = crm.db.read("exports.find_making", move |tx| {
            let sql = "SELECT id, step, sheet, place FROM exports WHERE agent_id = $1 AND state = $2";
            let making = tx.query_opt(sql, params![&agent, MAKING], |row| {
                Ok(Making { id: row.get(0)?, step: row.get(1)?, sheet: row.get(2)?, place: row.get(3)? })
            });
            Ok::<_, Error>(making?)
        });
        let Some(making) = making.await? else { return Ok(Progress::Done) };
        write_slice(crm, agent, making).await?;
    }
    Ok(Progress::More)
}

async fn write_slice(crm: &Crm, agent: AgentId, making: Making) -> Result<(), Error> {
    let Making { id, step, sheet, place } = making;
    if sheet == FILES {
        return write_files(crm, agent, Making { id, step, sheet, place }).await;
    }
    let is_first = place.is_none();
    let mut additions = Vec::new();
    let (mut records, mut next) = (0, None);
    let current = usize::try_from(sheet).ok().and_then(|sheet| Sheet::ALL.get(sheet));
    match current {
        Some(current) => {
            let part = current.read(crm, agent, place.as_deref()).await?;
            let (mut csv, mut json) = (String::new(), String::new());
            if is_first {
                csv += &current.head()?;
            }
            for (at, record) in part.records.iter().enumerate() {
                json += if is_first && at == 0 { "[\n" } else { ",\n" };
                json += record;
                csv += &current.row(record)?;
            }
            if part.next.is_none() {
                json += if is_first && part.records.is_empty() { "[]\n" } else { "\n]\n" };
            }
            records = i64::try_from(part.records.len()).unwrap_or(i64::MAX);
            next = part.next;
            additions.push(Addition { file: 2 * sheet, name: format!("{}.csv", current.name()), bytes: csv.into() });
            additions.push(Addition {
                file: 2 * sheet + 1,
                name: format!("{}.json", current.name()),
                bytes: json.into(),
            });
        }
        // After the lists: who the agent is.
        None => {
            let told = sheets::agent(crm, agent).await? + "\n";
            additions.push(Addition { file: 2 * sheet, name: String::from("agent.json"), bytes: told.into() });
            if let Some(hash) = photos::find(crm, agent).await? {
                let bytes = photos::get(crm, agent, hash).await?;
                additions.push(Addition { file: 2 * sheet + 1, name: String::from("photo.jpg"), bytes });
            }
        }
    }
    let slice = Slice { id, step, additions, records, cut_off: None };
    let sheet = if next.is_some() { sheet } else { sheet + 1 };
    slice.write(crm, agent, sheet, next, MAKING).await
}

/// The step after the lists and the agent.
const FILES: i64 = Sheet::ALL.len() as i64 + 1;

/// A place among the files of a copy.
#[derive(Serialize, Deserialize)]
struct FilePlace {
    /// How many files came before this one.
    number: i64,
    file: FileId,
    /// Its next piece; `None` after its last.
    piece: Option<u64>,
}

/// Writes some of the files; at their end the copy is ready.
async fn write_files(crm: &Crm, agent: AgentId, making: Making) -> Result<(), Error> {
    let Making { id, step, sheet, place } = making;
    let place = place.and_then(|place| serde_json::from_str::<FilePlace>(&place).ok());
    let kept = files::kept(crm, agent, place.as_ref().map(|place| place.file)).await?;
    let mut slice = Slice { id, step, additions: Vec::new(), records: 0, cut_off: None };
    // The file that was begun, or the one after it.
    let begun = place.as_ref().and_then(|place| Some((kept.iter().find(|kept| kept.id == place.file)?, place.piece?)));
    let (number, found) = match (&place, begun) {
        (None, _) => (0, kept.first().map(|kept| (kept, 0))),
        (Some(place), Some(begun)) => (place.number, Some(begun)),
        (Some(place), None) => {
            let after = kept.iter().find(|kept| kept.id > place.file);
            (place.number + 1, after.map(|kept| (kept, 0)))
        }
    };
    // What was replaced or deleted while it was written is left out.
    if let (Some(FilePlace { number, piece: Some(_), .. }), None) = (&place, begun) {
        slice.cut_off = Some(2 * FILES + number);
    }
    let Some((file, first)) = found else { return slice.write(crm, agent, sheet, None, READY).await };
    let last = file.pieces().min(first + PIECES);
    let (mut bytes, mut is_gone) = (Vec::new(), false);
    for piece in first..last {
        match file.piece(crm, agent, piece).await {
            Ok(piece) => bytes.extend(piece),
            // It is left out when the list is looked at again.
            Err(Error::NotFound) => {
                is_gone = true;
                break;
            }
            Err(error) => return Err(error),
        }
    }
    slice.additions.push(Addition { file: 2 * FILES + number, name: file.name.clone(), bytes });
    let next = FilePlace { number, file: file.id, piece: (is_gone || last < file.pieces()).then_some(last) };
    let next = serde_json::to_string(&next).map_err(|_| Error::Internal)?;
    slice.write(crm, agent, sheet, Some(next), MAKING).await
}

/// What one slice writes of a copy.
struct Slice {
    id: ExportId,
    step: i64,
    additions: Vec<Addition>,
    records: i64,
    /// A file that is taken out again.
    cut_off: Option<i64>,
}

impl Slice {
    /// Writes it; from then on the copy stands here.
    async fn write(self, crm: &Crm, agent: AgentId, sheet: i64, next: Option<String>, state: i64) -> Result<(), Error> {
        let Self { id, step, additions, records, cut_off } = self;
        crm.change_unseen("exports.write", agent, move |tx, turn| {
        // A job may run twice: only one of them goes on from this step.
        let sql = "UPDATE exports SET step = $3 + 1, sheet = $4, place = $5, state = $6, records = records + $7
                   WHERE agent_id = $1 AND id = $2 AND step = $3 AND state = 0";
        let values = params![&turn.agent, &id, step, sheet, next.as_deref(), state, records];
        if tx.execute(sql, values)? == 0 {
            return Ok(());
        }
        if let Some(file) = cut_off {
            for sql in [
                "DELETE FROM export_parts WHERE agent_id = $1 AND export_id = $2 AND file = $3",
                "DELETE FROM export_files WHERE agent_id = $1 AND export_id = $2 AND file = $3",
            ] {
                tx.execute(sql, params![&turn.agent, &id, file])?;
            }
        }
        for addition in &additions {
            append(tx, turn.agent, id, addition)?;
        }
        let sql =
            "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM export_files WHERE agent_id = $1 AND export_id = $2";
        if tx.query_one(sql, params![&turn.agent, &id], |row| row.get::<i64>(0))? > MOST_BYTES {
            let sql = "UPDATE exports SET state = $3 WHERE agent_id = $1 AND id = $2";
            tx.execute(sql, params![&turn.agent, &id, FAILED])?;
        }
        Ok(())
    })
    .await
    }
}

fn append(tx: &mut Tx<'_>, agent: AgentId, id: ExportId, addition: &Addition) -> Result<(), Error> {
    let Addition { file, name, bytes } = addition;
    let sql = "SELECT size, crc, parts FROM export_files WHERE agent_id = $1 AND export_id = $2 AND file = $3";
    let held = tx.query_opt(sql, params![&agent, &id, *file], |row| {
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?))
    })?;
    let (size, crc, mut parts) = held.unwrap_or((0, 0, 0));
    let mut sum = crc32fast::Hasher::new_with_initial(u32::try_from(crc).unwrap_or(0));
    sum.update(bytes);
    for part in bytes.chunks(PART) {
        let sql = "INSERT INTO export_parts (agent_id, export_id, file, part, bytes) VALUES ($1, $2, $3, $4, $5)";
        tx.execute(sql, params![&agent, &id, *file, parts, part])?;
        parts += 1;
    }
    let size = size + i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO export_files (agent_id, export_id, file, name, size, crc, parts) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (agent_id, export_id, file) DO UPDATE SET size = excluded.size, crc = excluded.crc, parts = excluded.parts",
        params![&agent, &id, *file, name, size, i64::from(sum.finalize()), parts],
    )?;
    Ok(())
}

/// A copy being read: its archive, piece by piece.
#[derive(Debug)]
pub struct Reading {
    agent: AgentId,
    id: ExportId,
    entries: Vec<Entry>,
    /// Number and parts of each file.
    files: Vec<(i64, i64)>,
    at: usize,
    part: Option<i64>,
    has_ended: bool,
}

/// Begins to read a copy.
///
/// # Errors
/// [`Error::NotFound`] for one that is not there, not ready or past its time.
pub async fn open(crm: &Crm, agent: AgentId, id: ExportId) -> Result<Reading, Error> {
    let now = crm.clock.now();
    let rows = crm.db.read("exports.open", move |tx| {
        let sql = "SELECT 1 FROM exports WHERE agent_id = $1 AND id = $2 AND state = $3 AND expires_at > $4";
        tx.query_opt(sql, params![&agent, &id, READY, now.0], |_| Ok(()))?.ok_or(Error::NotFound)?;
        let sql = "SELECT file, name, size, crc, parts FROM export_files WHERE agent_id = $1 AND export_id = $2 ORDER BY file";
        Ok::<_, Error>(tx.query(sql, params![&agent, &id], |row| {
            Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<i64>(2)?, row.get::<i64>(3)?, row.get::<i64>(4)?))
        })?)
    });
    let (mut entries, mut files, mut offset) = (Vec::new(), Vec::new(), 0u32);
    for (file, name, size, crc, parts) in rows.await? {
        let narrow = |number: i64| u32::try_from(number).map_err(|_| Error::Internal);
        let entry = Entry { name, size: narrow(size)?, crc: narrow(crc)?, offset };
        offset += u32::try_from(entry.header().len()).map_err(|_| Error::Internal)? + entry.size;
        entries.push(entry);
        files.push((file, parts));
    }
    Ok(Reading { agent, id, entries, files, at: 0, part: None, has_ended: false })
}

impl Reading {
    /// The next piece of the archive; `None` after the last.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the copy was thrown away meanwhile; storage's errors.
    pub async fn next(&mut self, crm: &Crm) -> Result<Option<Vec<u8>>, Error> {
        let Some((file, parts)) = self.files.get(self.at).copied() else {
            return Ok((!std::mem::replace(&mut self.has_ended, true)).then(|| zip::end(&self.entries)));
        };
        let Some(part) = self.part else {
            self.part = Some(0);
            return Ok(Some(self.entries[self.at].header()));
        };
        if part == parts {
            (self.at, self.part) = (self.at + 1, None);
            return Box::pin(self.next(crm)).await;
        }
        self.part = Some(part + 1);
        let (agent, id) = (self.agent, self.id);
        let read = crm.db.read("exports.read", move |tx| {
            let sql =
                "SELECT bytes FROM export_parts WHERE agent_id = $1 AND export_id = $2 AND file = $3 AND part = $4";
            let bytes = tx.query_opt(sql, params![&agent, &id, file, part], |row| row.get::<Vec<u8>>(0))?;
            bytes.ok_or(Error::NotFound)
        });
        Ok(Some(read.await?))
    }
}
