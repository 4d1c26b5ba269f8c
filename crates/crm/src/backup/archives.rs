//! The format of archives: lines of JSON, so that the data can be read in twenty years without this program.
//!
//! ```text
//! {"organicagent":"backup","format":1,"schema":6,"engine":"sqlite","madeAt":"2026-11-23T15:00:00.000Z"}
//! {"key":"…the text of the key file…"}
//! {"table":"leads","columns":[["agent_id","bytes"],["name","text"],["updated_at","int"]]}
//! ["0199…","John Smith",1795446000000]
//! {"rows":{"leads":1}}
//! {"sha256":"…of every byte before this line…"}
//! ```
//!
//! A row's values stand by their column's kind: integers as numbers, text as text, bytes in hexadecimal, real numbers as text
//! that reads back to the same bits. The line with the key may be missing. Nothing follows the last line.

use std::{
    collections::BTreeMap,
    io::{BufRead, Read, Write},
};

use aws_lc_rs::digest;
use db::{ColumnKind, Value};
use serde::{Deserialize, Serialize};

use super::{BackupError, refused};
use crate::{clock::UnixMillis, migrations::MIGRATIONS, seal::Keyring};

/// The format that is written, and the only one that is read.
const FORMAT: u32 = 1;

/// The longest line that is read: far above the longest row, far below the machine's memory.
const MAX_LINE: u64 = 256 * 1024 * 1024;

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    organicagent: String,
    format: u32,
    /// The newest migration of the database that was backed up.
    pub schema: i64,
    /// The engine it was on, for the reader's information.
    pub engine: String,
    /// When it was begun.
    #[serde(rename = "madeAt")]
    pub made_at: UnixMillis,
}

impl Header {
    pub fn new(schema: i64, engine: &str, made_at: UnixMillis) -> Self {
        Self { organicagent: String::from("backup"), format: FORMAT, schema, engine: engine.to_owned(), made_at }
    }
}

/// A table that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableHead {
    pub table: String,
    pub columns: Vec<(String, Kind)>,
}

/// What a column holds, as archives name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Int,
    Real,
    Text,
    Bytes,
}

impl From<ColumnKind> for Kind {
    fn from(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Int => Self::Int,
            ColumnKind::Real => Self::Real,
            ColumnKind::Text => Self::Text,
            ColumnKind::Bytes => Self::Bytes,
        }
    }
}

/// A value on its way between a database and an archive.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    /// Roughly how many bytes it takes.
    pub fn size(&self) -> usize {
        match self {
            Self::Null | Self::Int(_) | Self::Real(_) => 8,
            Self::Text(text) => text.len() + 8,
            Self::Bytes(bytes) => bytes.len() + 8,
        }
    }
}

impl From<Value<'_>> for Cell {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(int) => Self::Int(int),
            Value::Real(real) => Self::Real(real),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

impl<'a> From<&'a Cell> for Value<'a> {
    fn from(cell: &'a Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Int(int) => Self::Int(*int),
            Cell::Real(real) => Self::Real(*real),
            Cell::Text(text) => Self::Text(text),
            Cell::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct KeyLine {
    key: String,
}

#[derive(Serialize, Deserialize)]
struct RowsLine {
    rows: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
struct ChecksumLine {
    sha256: String,
}

/// Writes an archive line by line.
pub(super) struct Writer<W> {
    out: W,
    digest: digest::Context,
    line: Vec<u8>,
    rows: BTreeMap<String, u64>,
    table: String,
}

impl<W: Write> Writer<W> {
    pub fn new(out: W) -> Self {
        let digest = digest::Context::new(&digest::SHA256);
        Self { out, digest, line: Vec::with_capacity(4096), rows: BTreeMap::new(), table: String::new() }
    }

    pub fn header(&mut self, header: &Header) -> Result<(), BackupError> {
        self.json(header)
    }

    pub fn key(&mut self, keyring: &Keyring) -> Result<(), BackupError> {
        self.json(&KeyLine { key: keyring.to_text() })
    }

    pub fn table(&mut self, head: &TableHead) -> Result<(), BackupError> {
        self.table.clone_from(&head.table);
        self.rows.insert(head.table.clone(), 0);
        self.json(head)
    }

    pub fn row(&mut self, row: &[Cell]) -> Result<(), BackupError> {
        self.line.push(b'[');
        for (place, cell) in row.iter().enumerate() {
            if place > 0 {
                self.line.push(b',');
            }
            match cell {
                Cell::Null => self.line.extend(b"null"),
                Cell::Int(int) => write!(self.line, "{int}")?,
                Cell::Real(real) => write!(self.line, "\"{real:?}\"")?,
                Cell::Text(text) => serde_json::to_writer(&mut self.line, text).map_err(std::io::Error::from)?,
                Cell::Bytes(bytes) => write_hex(&mut self.line, bytes),
            }
        }
        self.line.push(b']');
        *self.rows.get_mut(&self.table).expect("a table comes before its rows") += 1;
        self.end_line()
    }

    /// The last lines. Answers how many rows there are.
    pub fn finish(mut self) -> Result<u64, BackupError> {
        let rows = std::mem::take(&mut self.rows);
        let total = rows.values().sum();
        self.json(&RowsLine { rows })?;
        let sha256 = hex(self.digest.clone().finish().as_ref());
        self.json(&ChecksumLine { sha256 })?;
        self.out.flush()?;
        Ok(total)
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), BackupError> {
        serde_json::to_writer(&mut self.line, value).map_err(std::io::Error::from)?;
        self.end_line()
    }

    fn end_line(&mut self) -> Result<(), BackupError> {
        self.line.push(b'\n');
        self.digest.update(&self.line);
        self.out.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }
}

fn write_hex(line: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    line.push(b'"');
    for byte in bytes {
        line.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    line.push(b'"');
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What an archive says next.
pub(super) enum Item {
    Table(TableHead),
    Row(Vec<Cell>),
}

/// Reads an archive line by line. The end is reported only when the counts and the checksum are right.
pub(super) struct Reader<R> {
    input: R,
    digest: digest::Context,
    line: Vec<u8>,
    number: u64,
    pub header: Header,
    pub keyring: Option<Keyring>,
    rows: BTreeMap<String, u64>,
    head: Option<TableHead>,
    is_read: bool,
}

impl<R: BufRead> Reader<R> {
    /// Begins to read: the first line and the key.
    pub fn new(input: R) -> Result<Self, BackupError> {
        let header = Header::new(0, "", UnixMillis(0));
        let digest = digest::Context::new(&digest::SHA256);
        let (line, rows) = (Vec::new(), BTreeMap::new());
        let mut reader =
            Self { input, digest, line, number: 0, header, keyring: None, rows, head: None, is_read: false };
        reader.read_header()?;
        Ok(reader)
    }

    fn read_header(&mut self) -> Result<(), BackupError> {
        const NO_ARCHIVE: &str = "this is no OrganicAgent backup";
        if !self.next_line()? || !self.line.starts_with(b"{\"organicagent\":\"backup\",") {
            return Err(refused(NO_ARCHIVE));
        }
        self.header = serde_json::from_slice(&self.line).map_err(|_| self.damaged())?;
        let newest = MIGRATIONS.last().map_or(0, |step| step.version);
        if self.header.format != FORMAT || self.header.schema > newest {
            return Err(refused(format!(
                "the archive was made by a newer version of OrganicAgent (its schema is {}, the newest known here is {newest}): restore it with that version",
                self.header.schema
            )));
        }
        Ok(())
    }

    /// The next table or row; `None` at the end, where all was right.
    pub fn next(&mut self) -> Result<Option<Item>, BackupError> {
        if self.is_read {
            return Ok(None);
        }
        if !self.next_line()? {
            return Err(refused("the archive is cut off: its end is missing"));
        }
        if self.line.first() == Some(&b'[') {
            return self.row().map(Some);
        }
        if self.line.starts_with(b"{\"table\":") {
            let head: TableHead = self.parse()?;
            if self.rows.insert(head.table.clone(), 0).is_some() {
                return Err(self.damaged());
            }
            self.head = Some(head.clone());
            return Ok(Some(Item::Table(head)));
        }
        if self.line.starts_with(b"{\"key\":") {
            let KeyLine { key } = self.parse()?;
            self.keyring = Some(Keyring::parse(&key).map_err(|_| self.damaged())?);
            return self.next();
        }
        self.end()
    }

    fn row(&mut self) -> Result<Item, BackupError> {
        let values: Vec<serde_json::Value> = self.parse()?;
        let head = self.head.as_ref().ok_or_else(|| self.damaged())?;
        if values.len() != head.columns.len() {
            return Err(self.damaged());
        }
        let cells = head.columns.iter().zip(values).map(|((_, kind), value)| cell(*kind, value));
        let cells = cells.collect::<Option<Vec<_>>>().ok_or_else(|| self.damaged())?;
        *self.rows.get_mut(&head.table).expect("noted with its head") += 1;
        Ok(Item::Row(cells))
    }

    /// The two last lines.
    fn end(&mut self) -> Result<Option<Item>, BackupError> {
        let RowsLine { rows } = self.parse()?;
        let computed = hex(self.digest.clone().finish().as_ref());
        if !self.next_line()? {
            return Err(refused("the archive is cut off: its end is missing"));
        }
        let ChecksumLine { sha256 } = self.parse()?;
        if sha256 != computed || rows != self.rows {
            return Err(refused("the archive is damaged or was altered: its checksum is another"));
        }
        if self.next_line()? {
            return Err(refused("the archive is damaged: something follows its end"));
        }
        self.is_read = true;
        Ok(None)
    }

    /// Reads a line without its end into `self.line`; false where there is none. A line that does not end is none.
    fn next_line(&mut self) -> Result<bool, BackupError> {
        self.line.clear();
        self.number += 1;
        let read = self.input.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.line)?;
        self.digest.update(&self.line);
        if read == 0 {
            return Ok(false);
        }
        match self.line.pop() {
            Some(b'\n') => Ok(true),
            _ if read as u64 == MAX_LINE => Err(self.damaged()),
            _ => Err(refused("the archive is cut off: its end is missing")),
        }
    }

    fn parse<T: for<'de> Deserialize<'de>>(&self) -> Result<T, BackupError> {
        serde_json::from_slice(&self.line).map_err(|_| self.damaged())
    }

    fn damaged(&self) -> BackupError {
        refused(format!("the archive is damaged at line {}", self.number))
    }
}

fn cell(kind: Kind, value: serde_json::Value) -> Option<Cell> {
    use serde_json::Value as Json;
    Some(match (kind, value) {
        (_, Json::Null) => Cell::Null,
        (Kind::Int, Json::Number(number)) => Cell::Int(number.as_i64()?),
        (Kind::Real, Json::String(text)) => Cell::Real(text.parse().ok()?),
        (Kind::Text, Json::String(text)) => Cell::Text(text),
        (Kind::Bytes, Json::String(text)) => Cell::Bytes(unhex(&text)?),
        _ => return None,
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// What an archive holds.
#[derive(Debug)]
pub struct Summary {
    /// The newest migration of the database that was backed up.
    pub schema: i64,
    /// When it was begun.
    pub made_at: UnixMillis,
    /// The keys, unless they were left out.
    pub keyring: Option<Keyring>,
    /// How many rows there are in all.
    pub rows: u64,
}

/// Reads a whole archive and checks it.
///
/// # Errors
/// [`BackupError::Refused`] for what is no archive, not whole, altered, or of a newer version.
pub fn verify(input: impl BufRead) -> Result<Summary, BackupError> {
    let mut reader = Reader::new(input)?;
    while reader.next()?.is_some() {}
    let rows = reader.rows.values().sum();
    Ok(Summary { schema: reader.header.schema, made_at: reader.header.made_at, keyring: reader.keyring, rows })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head() -> TableHead {
        let columns = [("a", Kind::Bytes), ("b", Kind::Text), ("c", Kind::Int), ("d", Kind::Real)];
        let columns = columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec();
        TableHead { table: String::from("t"), columns }
    }

    fn archive(rows: &[Vec<Cell>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.header(&Header::new(1, "sqlite", UnixMillis(0))).unwrap();
        writer.table(&head()).unwrap();
        for row in rows {
            writer.row(row).unwrap();
        }
        assert_eq!(writer.finish().unwrap(), rows.len() as u64);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<Vec<Cell>>, BackupError> {
        let mut reader = Reader::new(bytes)?;
        let mut rows = Vec::new();
        while let Some(item) = reader.next()? {
            match item {
                Item::Table(found) => assert_eq!(found, head()),
                Item::Row(row) => rows.push(row),
            }
        }
        Ok(rows)
    }

    fn row() -> Vec<Cell> {
        vec![
            Cell::Bytes(vec![0, 255]),
            Cell::Text(String::from("Zoë \"x\"\n\u{2028}")),
            Cell::Int(i64::MIN),
            Cell::Real(0.1),
        ]
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_noticed() {
        let whole = archive(&[row(), row()]);
        assert!(verify(&whole[..]).is_ok());
        for length in 0..whole.len() {
            assert!(verify(&whole[..length]).is_err(), "cut at {length}");
        }
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            assert!(verify(&altered[..]).is_err(), "changed at {at}");
        }
        assert!(verify(&[&whole[..], b"\n"].concat()[..]).is_err());
        assert!(verify(&[&whole[..], &whole[..]].concat()[..]).is_err());
    }

    #[test]
    fn a_row_that_was_taken_out_is_noticed() {
        let whole = String::from_utf8(archive(&[row(), row()])).unwrap();
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        let without = [&lines[..2], &lines[3..]].concat().concat();
        assert!(verify(without.as_bytes()).is_err());
    }

    #[test]
    fn an_archive_of_a_newer_version_is_refused_by_name() {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.header(&Header::new(1_000_000, "sqlite", UnixMillis(0))).unwrap();
        writer.finish().unwrap();
        assert!(verify(&bytes[..]).unwrap_err().to_string().contains("newer version"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn every_row_comes_back(
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            text in ".*",
            int in any::<i64>(),
            real in any::<f64>().prop_filter("NaN is no value", |real| !real.is_nan()),
        ) {
            let rows = vec![vec![Cell::Bytes(bytes), Cell::Text(text), Cell::Int(int), Cell::Real(real)], vec![Cell::Null; 4]];
            prop_assert_eq!(read(&archive(&rows)).unwrap(), rows);
        }
    }
}
