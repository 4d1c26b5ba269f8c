//! The file of an import: taken in piece by piece, read in windows.

use std::time::Duration;

use db::{Tx, params};
use tokio::sync::Semaphore;

use super::{
    Import, MOST_AT_ONCE, MOST_FINISHED, State, Subject, listing_columns, records,
    rows::{self, Broken, Encoding, Rest, Utf8Check},
    runs,
};
use crate::{AgentId, Crm, Error, ids::ImportId};

/// The most bytes of a file.
pub const MOST_BYTES: u64 = 20 * 1024 * 1024;
/// Bytes of a piece, and how many are written in one transaction: a long file holds nobody up.
const PIECE: usize = 64 * 1024;
const TOGETHER: usize = 4;
/// No file is longer on its way than this.
const ARRIVES: Duration = Duration::from_secs(60 * 60);
/// A file of JSON is turned into rows as a whole: one at a time on a node, for what it takes of its memory.
static TURNED: Semaphore = Semaphore::const_new(1);
/// Pieces of a window: from any place in the first, the longest row fits in.
const WINDOW: i64 = 4;

/// A file that is arriving.
pub struct Upload {
    crm: Crm,
    agent: AgentId,
    id: ImportId,
    subject: Subject,
    buffer: Vec<u8>,
    /// Pieces written.
    written: i64,
    size: u64,
    utf8: Utf8Check,
    /// Whether it is still to be thrown away should it break off.
    is_open: bool,
}

impl Drop for Upload {
    /// Whoever sent it is gone.
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        let (crm, agent, id) = (self.crm.clone(), self.agent, self.id);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Should this fail, the job does it in a week.
            runtime.spawn(async move { super::delete(&crm, agent, id).await });
        }
    }
}

impl Upload {
    /// Begins one.
    ///
    /// # Errors
    /// [`Error::Invalid`] while the agent has as many files here as are kept; storage's errors.
    pub async fn begin(crm: &Crm, agent: AgentId, subject: Subject, file_name: &str) -> Result<Self, Error> {
        let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = name.chars().filter(|letter| !letter.is_control()).take(200).collect::<String>();
        let begun = crm.change_unseen("imports.begin", agent, move |tx, turn| {
            // One whose server was killed while it arrived goes with the rest, and is in nobody's way until then.
            let sql =
                "SELECT COUNT(*) FROM imports WHERE agent_id = $1 AND state <> $4 AND (state <> $2 OR updated_at > $3)";
            let (arriving, done) = (State::Arriving.name(), State::Done.name());
            let values = params![&agent, arriving, turn.now.minus(ARRIVES).0, done];
            let held = tx.query_one(sql, values, |row| row.get::<i64>(0))?;
            if held >= MOST_AT_ONCE {
                return Err(Error::invalid("file", "must wait: ten files are here already; throw one away first"));
            }
            let sql = "SELECT id FROM imports WHERE agent_id = $1 AND state = $2 ORDER BY id DESC LIMIT 100";
            let finished = tx.query(sql, params![&agent, done], |row| row.get::<ImportId>(0))?;
            for old in finished.into_iter().skip(MOST_FINISHED - 1) {
                runs::erase(tx, agent, old)?;
            }
            let id = ImportId(turn.next_id());
            tx.execute(
                "INSERT INTO imports (agent_id, id, file_name, size, state, encoding, delimiter, columns, first_position, first_line,
                    position, line, rows_found, rows_good, rows_known, rows_bad, first_errors, imported, known, failed, updated_at,
                    subject)
                 VALUES ($1, $2, $3, 0, $4, 'UTF-8', ',', '[]', 0, 1, 0, 1, 0, 0, 0, 0, '[]', 0, 0, 0, $5, $6)",
                params![&agent, &id, &name, State::Arriving.name(), turn.now.0, subject.name()],
            )?;
            Ok(id)
        });
        let (buffer, utf8) = (Vec::new(), Utf8Check::default());
        Ok(Self {
            crm: crm.clone(),
            agent,
            id: begun.await?,
            subject,
            buffer,
            written: 0,
            size: 0,
            utf8,
            is_open: true,
        })
    }

    /// The id of the import that this is.
    #[must_use]
    pub fn id(&self) -> ImportId {
        self.id
    }

    /// Takes more of the file.
    ///
    /// # Errors
    /// [`Error::Invalid`] beyond [`MOST_BYTES`]; storage's errors.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        if self.size > MOST_BYTES {
            return Err(Error::invalid("file", "must have at most 20 MiB"));
        }
        self.utf8.push(bytes);
        self.buffer.extend_from_slice(bytes);
        while self.buffer.len() >= PIECE * TOGETHER {
            let rest = self.buffer.split_off(PIECE * TOGETHER);
            let full = std::mem::replace(&mut self.buffer, rest);
            self.write(full).await?;
        }
        Ok(())
    }

    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        let (agent, id, first) = (self.agent, self.id, self.written);
        self.written += i64::try_from(bytes.len().div_ceil(PIECE)).unwrap_or(i64::MAX);
        let written = self.crm.change_unseen("imports.write", agent, move |tx, _| {
            for (number, piece) in (first..).zip(bytes.chunks(PIECE)) {
                tx.execute(
                    "INSERT INTO import_pieces (agent_id, import_id, number, bytes) VALUES ($1, $2, $3, $4)",
                    params![&agent, &id, number, piece],
                )?;
            }
            Ok(())
        });
        written.await
    }

    /// The end of the file: its first row is read for what the columns are.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no table of text; storage's errors.
    pub async fn finish(mut self) -> Result<ImportId, Error> {
        let rest = std::mem::take(&mut self.buffer);
        if !rest.is_empty() {
            self.write(rest).await?;
        }
        let is_of_records = self.subject == Subject::Listings && self.turn_records().await?;
        let (agent, id, size, subject) = (self.agent, self.id, self.size, self.subject);
        let encoding = self.utf8.encoding();
        let begun = self.crm.change_unseen("imports.finish", agent, move |tx, turn| {
            let (columns, delimiter, place) = if is_of_records {
                (listing_columns::of_records(), records::DELIMITER, Place { position: 0, line: 1 })
            } else {
                let (headers, delimiter, place) = Window::read(tx, agent, id, 0, size)?.header(encoding)?;
                (subject.guess(headers), delimiter, place)
            };
            let columns = super::to_json(&columns)?;
            tx.execute(
                "UPDATE imports SET size = $3, state = $4, encoding = $5, delimiter = $6, columns = $7, first_position = $8,
                    first_line = $9, position = $8, line = $9, updated_at = $10 WHERE agent_id = $1 AND id = $2",
                params![
                    &agent,
                    &id,
                    size as i64,
                    State::Checked.name(),
                    encoding.name(),
                    std::str::from_utf8(&[delimiter]).unwrap_or(","),
                    &columns,
                    place.position as i64,
                    place.line as i64,
                    turn.now.0
                ],
            )?;
            Ok(id)
        });
        let id = begun.await?;
        self.is_open = false;
        Ok(id)
    }

    /// Puts the records of a file of JSON in its place, one on each line. Whether it is one.
    async fn turn_records(&mut self) -> Result<bool, Error> {
        let (agent, id, size) = (self.agent, self.id, self.size);
        let head = self.crm.db.read("imports.head", move |tx| Window::read(tx, agent, id, 0, size)).await?;
        if !records::is_json(&head.bytes) {
            return Ok(false);
        }
        let turn = TURNED.acquire().await.expect("it is never closed");
        let mut file = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        while (file.len() as u64) < size {
            let first = i64::try_from(file.len() / PIECE).unwrap_or(i64::MAX);
            let read = self.crm.db.read("imports.read", move |tx| pieces(tx, agent, id, first)).await?;
            if read.is_empty() {
                break;
            }
            file.extend_from_slice(&read);
        }
        let lines = tokio::task::spawn_blocking(move || {
            // Held until it is read, also where nobody waits for it any more.
            let _turn = turn;
            records::lines(&file)
        });
        let lines = lines.await.map_err(|error| {
            tracing::error!(%error, "reading a file failed");
            Error::Internal
        })?;
        let lines = lines.map_err(|message| Error::invalid("file", message))?;
        if lines.is_empty() {
            return Err(Error::invalid("file", "has no record in it"));
        }
        self.crm.change_unseen("imports.turn", agent, move |tx, _| erase_pieces(tx, agent, id)).await?;
        (self.written, self.size, self.utf8) = (0, lines.len() as u64, Utf8Check::default());
        for some in lines.into_bytes().chunks(PIECE * TOGETHER) {
            self.write(some.to_vec()).await?;
        }
        Ok(true)
    }

    /// Throws away what has arrived.
    ///
    /// # Errors
    /// Storage's errors.
    pub async fn abandon(mut self) -> Result<(), Error> {
        super::delete(&self.crm, self.agent, self.id).await?;
        self.is_open = false;
        Ok(())
    }
}

/// The bytes of a window's pieces, from one on.
fn pieces(tx: &mut Tx<'_>, agent: AgentId, id: ImportId, first: i64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    tx.query(
        "SELECT bytes FROM import_pieces WHERE agent_id = $1 AND import_id = $2 AND number >= $3 AND number < $4
         ORDER BY number",
        params![&agent, &id, first, first + WINDOW],
        |row| {
            bytes.extend_from_slice(row.bytes(0)?);
            Ok(())
        },
    )?;
    Ok(bytes)
}

/// Erases what has arrived of a file.
pub(super) fn erase_pieces(tx: &mut Tx<'_>, agent: AgentId, id: ImportId) -> Result<(), Error> {
    tx.execute("DELETE FROM import_pieces WHERE agent_id = $1 AND import_id = $2", params![&agent, &id])?;
    Ok(())
}

/// A place between two rows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes before it.
    pub position: u64,
    /// The number of its line, from 1.
    pub line: u64,
}

/// A row of a window.
pub(super) struct Found {
    /// The number of its first line.
    pub line: u64,
    pub cells: Result<Vec<String>, Broken>,
}

/// A part of a file.
pub(super) struct Window {
    bytes: Vec<u8>,
    /// Where in the file its first byte stands.
    begins: u64,
    rest: Rest,
}

impl Window {
    /// What stands from a byte on, and the one before it.
    pub fn read(tx: &mut Tx<'_>, agent: AgentId, id: ImportId, position: u64, size: u64) -> Result<Self, Error> {
        let first = i64::try_from(position.saturating_sub(1) / PIECE as u64).unwrap_or(i64::MAX);
        let bytes = pieces(tx, agent, id, first)?;
        let begins = first as u64 * PIECE as u64;
        let rest = if begins + bytes.len() as u64 >= size { Rest::Ends } else { Rest::Follows };
        Ok(Self { bytes, begins, rest })
    }

    /// The headers, the delimiter and where the first row begins.
    fn header(&self, encoding: Encoding) -> Result<(Vec<String>, u8, Place), Error> {
        let wrong = |message: &str| Err(Error::invalid("file", message));
        if self.bytes.starts_with(&[0xff, 0xfe]) || self.bytes.starts_with(&[0xfe, 0xff]) {
            return wrong("is UTF-16: save it as CSV with UTF-8");
        }
        let mark = if self.bytes.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        let delimiter = rows::delimiter_of(&self.bytes[mark..self.bytes.len().min(64 * 1024)]);
        let mut place = Place { position: mark as u64, line: 1 };
        while let Some(row) = rows::next(&self.bytes, place.position as usize, delimiter, self.rest) {
            place = Place { position: row.end as u64, line: place.line + row.lines };
            if row.is_blank() {
                continue;
            }
            return match row.cells {
                Err(broken) => wrong(&format!("has no row of headers: the first row {}", broken.words())),
                Ok(cells) => {
                    let shorten = |cell: &Vec<u8>| encoding.decode(cell).trim().chars().take(100).collect::<String>();
                    Ok((cells.iter().map(shorten).collect(), delimiter, place))
                }
            };
        }
        wrong("is empty")
    }

    /// Rows from a place on, as many as stand here whole, up to a number of them and of their bytes; and the place after them. Blank
    /// ones are passed over.
    pub fn rows(&self, import: &Import, from: Place, most: usize, most_bytes: u64) -> (Vec<Found>, Place) {
        let (mut found, mut place) = (Vec::new(), from);
        let at = |place: Place| usize::try_from(place.position - self.begins).unwrap_or(usize::MAX);
        // After a line that was too long for a window, what is left of it is no row.
        if place.position > self.begins
            && !matches!(self.bytes.get(at(place) - 1), Some(b'\n' | b'\r') | None)
            && from.line > 1
        {
            let end = self.bytes[at(place)..].iter().position(|byte| *byte == b'\n');
            place.position += end.map_or(self.bytes.len() - at(place), |end| end + 1) as u64;
        }
        while found.len() < most && place.position - from.position < most_bytes {
            let Some(row) = rows::next(&self.bytes, at(place), import.delimiter, self.rest) else { break };
            let line = place.line;
            place = Place { position: self.begins + row.end as u64, line: line + row.lines };
            if !row.is_blank() {
                let decode = |cells: Vec<Vec<u8>>| cells.iter().map(|cell| import.encoding.decode(cell)).collect();
                found.push(Found { line, cells: row.cells.map(decode) });
            }
        }
        (found, place)
    }
}
