//! Files in the database: written piece by piece as they arrive, read piece by piece, so that no file is ever whole in memory and a
//! backup, an erasure and several nodes need nothing more.
//!
//! A file counts once something refers to it, which is said last, in one transaction with what refers. Until then, and after nothing
//! refers to it any more, it has an end: a job throws away what is past it. So nothing is left of an upload that broke off, whether its
//! sender went or the server.
//!
//! Bytes are known by their hash: what an agent has already is not there twice. The second file with the same bytes refers to the pieces of
//! the first, which go with the last file that does.

use std::time::Duration;

use aws_lc_rs::digest;
use db::{Row, Tx, params};

use crate::{AgentId, Crm, Error, ids::FileId, turns::Turn};

/// Bytes of a piece.
pub const PIECE: usize = 256 * 1024;
/// How long a file may stand still while it arrives.
const ARRIVES: Duration = Duration::from_secs(60 * 60);
/// Files thrown away in one run of the job, and pieces in one transaction.
pub(crate) const SLICE: usize = 50;
const PIECES: i64 = 20;

/// The digest (SHA-256) of a file's bytes.
pub type Hash = [u8; 32];

/// The digest of bytes that are at hand.
#[must_use]
pub fn hash_of(bytes: &[u8]) -> Hash {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// A file that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The id.
    pub id: FileId,
    /// What its bytes are known by.
    pub hash: Hash,
    /// How many bytes.
    pub size: u64,
    /// What it is, as a media type.
    pub media_type: String,
}

/// A file that is arriving.
pub struct Upload {
    arriving: Option<Arriving>,
    buffer: Vec<u8>,
    written: i64,
    size: u64,
    most: u64,
    digest: digest::Context,
}

/// What is to be thrown away should the upload break off.
struct Arriving {
    crm: Crm,
    agent: AgentId,
    id: FileId,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.arriving.as_ref().map(|arriving| arriving.id);
        out.debug_struct("Upload").field("id", &id).field("size", &self.size).finish()
    }
}

impl Drop for Upload {
    /// Whoever sent it is gone.
    fn drop(&mut self) {
        let Some(Arriving { crm, agent, id }) = self.arriving.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Should this fail, the job does it.
            runtime.spawn(async move { throw_away(&crm, agent, id).await });
        }
    }
}

impl Upload {
    /// Begins a file of at most so many bytes.
    ///
    /// # Errors
    /// Storage's errors.
    pub async fn begin(crm: &Crm, agent: AgentId, media_type: &'static str, most: u64) -> Result<Self, Error> {
        let begun = crm.change_unseen("files.begin", agent, move |tx, turn| {
            let id = FileId(turn.next_id());
            let sql =
                "INSERT INTO files (agent_id, id, content_id, size, media_type, until) VALUES ($1, $2, $2, 0, $3, $4)";
            tx.execute(sql, params![&agent, &id, media_type, turn.now.plus(ARRIVES).0])?;
            Ok(id)
        });
        let arriving = Some(Arriving { crm: crm.clone(), agent, id: begun.await? });
        let digest = digest::Context::new(&digest::SHA256);
        Ok(Self { arriving, buffer: Vec::new(), written: 0, size: 0, most, digest })
    }

    /// Takes more of the file.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `file` beyond what it may have; storage's errors.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            return Err(Error::invalid("file", format!("must have at most {} MiB", self.most / (1024 * 1024))));
        }
        self.digest.update(bytes);
        // Whole from the first: pieces that grow leave holes behind, which add up while many arrive.
        self.buffer.reserve_exact(PIECE - self.buffer.len());
        while self.buffer.len() + bytes.len() >= PIECE {
            let (head, rest) = bytes.split_at(PIECE - self.buffer.len());
            self.buffer.extend_from_slice(head);
            bytes = rest;
            let full = std::mem::take(&mut self.buffer);
            self.write(full).await?;
            self.buffer.reserve_exact(PIECE);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    async fn write(&mut self, piece: Vec<u8>) -> Result<(), Error> {
        let Some(Arriving { crm, agent, id }) = &self.arriving else { return Err(Error::Internal) };
        let (agent, id, number) = (*agent, *id, self.written);
        self.written += 1;
        let written = crm.change_unseen("files.write", agent, move |tx, turn| {
            // What stood still for too long is gone, and gets no more pieces.
            let sql = "UPDATE files SET until = $3 WHERE agent_id = $1 AND id = $2 AND hash IS NULL";
            if tx.execute(sql, params![&agent, &id, turn.now.plus(ARRIVES).0])? == 0 {
                return Err(Error::Unavailable);
            }
            let sql = "INSERT INTO file_pieces (agent_id, file_id, number, bytes) VALUES ($1, $2, $3, $4)";
            tx.execute(sql, params![&agent, &id, number, &piece])?;
            Ok(())
        });
        written.await
    }

    /// The end of the file. It still has to be kept.
    ///
    /// # Errors
    /// Storage's errors.
    pub async fn finish(mut self) -> Result<Finished, Error> {
        let rest = std::mem::take(&mut self.buffer);
        if !rest.is_empty() {
            self.write(rest).await?;
        }
        let Some(Arriving { crm, agent, id }) = &self.arriving else { return Err(Error::Internal) };
        let (crm, agent, arrived) = (crm.clone(), *agent, *id);
        let size = i64::try_from(self.size).unwrap_or(i64::MAX);
        let hash: Hash = self.digest.clone().finish().as_ref().try_into().expect("SHA-256 gives 32 bytes");
        let most = crm.files_per_agent;
        let finished = crm.change_unseen("files.finish", agent, move |tx, turn| {
            let until = turn.now.plus(ARRIVES).0;
            if let Some(content) = held_already(tx, turn, &hash)? {
                return refer(tx, turn, arrived, (content, hash, size));
            }
            check_room(tx, agent, size, most)?;
            let sql =
                "UPDATE files SET hash = $3, size = $4, until = $5 WHERE agent_id = $1 AND id = $2 AND hash IS NULL";
            if tx.execute(sql, params![&agent, &arrived, &hash, size, until])? == 0 {
                return Err(Error::Unavailable);
            }
            count(tx, agent, size)?;
            Ok(arrived)
        });
        let id = finished.await?;
        self.arriving = Some(Arriving { crm: crm.clone(), agent, id });
        if id != arrived {
            // What arrived is past its end. Should this fail, the job does it.
            let _ = throw_away(&crm, agent, arrived).await;
        }
        Ok(Finished(self))
    }
}

/// Where bytes with this hash are kept already, of a file that is not past its end.
fn held_already(tx: &mut Tx<'_>, turn: &Turn, hash: &Hash) -> Result<Option<FileId>, Error> {
    let sql = "SELECT content_id FROM files
               WHERE agent_id = $1 AND hash = $2 AND content_id IS NOT NULL AND (until IS NULL OR until > $3) LIMIT 1";
    Ok(tx.query_opt(sql, params![&turn.agent, hash, turn.now.0], |row| row.get(0))?)
}

/// Puts a file that refers to what is kept already in place of one that arrived, which is thrown away.
fn refer(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    arrived: FileId,
    (content, hash, size): (FileId, Hash, i64),
) -> Result<FileId, Error> {
    let agent = turn.agent;
    let sql = "SELECT media_type FROM files WHERE agent_id = $1 AND id = $2 AND hash IS NULL";
    let media_type = tx.query_opt(sql, params![&agent, &arrived], |row| row.get::<String>(0))?;
    let media_type = media_type.ok_or(Error::Unavailable)?;
    let id = FileId(turn.next_id());
    tx.execute(
        "INSERT INTO files (agent_id, id, content_id, hash, size, media_type, until) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![&agent, &id, &content, &hash, size, &media_type, turn.now.plus(ARRIVES).0],
    )?;
    tx.execute("UPDATE files SET until = 0 WHERE agent_id = $1 AND id = $2", params![&agent, &arrived])?;
    Ok(id)
}

/// Adds to the bytes that an agent has in files; may be negative.
fn count(tx: &mut Tx<'_>, agent: AgentId, bytes: i64) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO totals (agent_id, kind, status, total) VALUES ($1, 'file', 'bytes', $2)
         ON CONFLICT (agent_id, kind, status) DO UPDATE SET total = totals.total + excluded.total",
        params![&agent, bytes],
    )?;
    Ok(())
}

/// Refuses what is more than an agent may have.
fn check_room(tx: &mut Tx<'_>, agent: AgentId, more: i64, most: u64) -> Result<(), Error> {
    const MIB: u64 = 1024 * 1024;
    let sql = "SELECT total FROM totals WHERE agent_id = $1 AND kind = 'file' AND status = 'bytes'";
    let held = tx.query_opt(sql, params![&agent], |row| row.get::<i64>(0))?.unwrap_or(0);
    if u64::try_from(held.saturating_add(more)).unwrap_or(0) <= most {
        return Ok(());
    }
    let most = if most >= 1024 * MIB { format!("{} GiB", most / (1024 * MIB)) } else { format!("{} MiB", most / MIB) };
    let message = format!(
        "finds no room: all your files may have {most}; delete some that you do not need, whose room is free 30 days later"
    );
    Err(Error::invalid("file", message))
}

/// A whole file that nothing refers to yet; dropped, it is thrown away.
#[derive(Debug)]
pub struct Finished(Upload);

impl Finished {
    /// The id.
    ///
    /// # Panics
    /// Never: it was not let go of.
    pub(crate) fn id(&self) -> FileId {
        self.0.arriving.as_ref().expect("held until it is let go of").id
    }

    /// Lets go of it: something refers to it now.
    pub(crate) fn keep(mut self) {
        self.0.arriving = None;
    }
}

/// Stores a file that is whole in memory.
pub(crate) async fn store(
    crm: &Crm,
    agent: AgentId,
    media_type: &'static str,
    bytes: &[u8],
) -> Result<Finished, Error> {
    let mut upload = Upload::begin(crm, agent, media_type, u64::MAX).await?;
    upload.push(bytes).await?;
    upload.finish().await
}

/// Says within a transaction that a file is of a photo or document, from now on and for good. `size`: a picture's width and height.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    turn: &Turn,
    id: FileId,
    about: &[u8; 16],
    size: Option<(u32, u32)>,
) -> Result<(), Error> {
    let sql = "UPDATE files SET about_id = $3, width = $4, height = $5, until = NULL
               WHERE agent_id = $1 AND id = $2 AND hash IS NOT NULL";
    let (width, height) = (size.map(|size| size.0), size.map(|size| size.1));
    match tx.execute(sql, params![&turn.agent, &id, about, width, height])? {
        0 => Err(Error::Unavailable),
        _ => Ok(()),
    }
}

/// Sets when the files of a photo or document are thrown away; `None` keeps them.
pub(crate) fn end(tx: &mut Tx<'_>, agent: AgentId, about: &[u8; 16], until: Option<i64>) -> Result<(), Error> {
    let sql = "UPDATE files SET until = $3 WHERE agent_id = $1 AND about_id = $2";
    tx.execute(sql, params![&agent, about, until])?;
    Ok(())
}

/// A row of id, hash, size and media type.
pub(crate) fn from_row(row: &Row<'_>) -> Result<File, db::DbError> {
    let size = u64::try_from(row.get::<i64>(2)?).unwrap_or(0);
    Ok(File { id: row.get(0)?, hash: row.get(1)?, size, media_type: row.get(3)? })
}

/// A piece of a file, by its number.
///
/// # Errors
/// [`Error::NotFound`] when the file is gone; storage's errors.
pub async fn piece(crm: &Crm, agent: AgentId, id: FileId, number: u64) -> Result<Vec<u8>, Error> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    crm.db
        .read("files.piece", move |tx| {
            let sql = "SELECT p.bytes FROM files f
                       JOIN file_pieces p ON p.agent_id = f.agent_id AND p.file_id = COALESCE(f.content_id, f.id)
                       WHERE f.agent_id = $1 AND f.id = $2 AND p.number = $3";
            tx.query_opt(sql, params![&agent, &id, number], |row| row.get(0))?.ok_or(Error::NotFound)
        })
        .await
}

/// The same of a file that was just looked up, from this node's disk where it is at hand.
///
/// # Errors
/// As [`piece`].
pub async fn piece_at_hand(crm: &Crm, agent: AgentId, file: &File, number: u64) -> Result<Vec<u8>, Error> {
    let Some(cache) = &crm.file_cache else { return piece(crm, agent, file.id, number).await };
    if let Some(bytes) = cache.get(file.hash, number).await {
        return Ok(bytes);
    }
    let bytes = piece(crm, agent, file.id, number).await?;
    cache.put(file.hash, number, bytes.clone());
    Ok(bytes)
}

/// The bytes of a file that was just stored.
pub(crate) async fn read(crm: &Crm, agent: AgentId, file: &Finished) -> Result<Vec<u8>, Error> {
    let size = usize::try_from(file.0.size).map_err(|_| Error::Internal)?;
    let mut bytes = Vec::with_capacity(size);
    for number in 0..size.div_ceil(PIECE) {
        bytes.extend(piece(crm, agent, file.id(), number as u64).await?);
    }
    Ok(bytes)
}

/// Throws a file away that nothing refers to.
pub(crate) async fn throw_away(crm: &Crm, agent: AgentId, id: FileId) -> Result<(), Error> {
    let ended = crm.change_unseen("files.end", agent, move |tx, _| {
        let sql = "UPDATE files SET until = 0 WHERE agent_id = $1 AND id = $2 AND about_id IS NULL";
        tx.execute(sql, params![&agent, &id])?;
        Ok(())
    });
    ended.await?;
    throw_all_away(crm, agent, id).await
}

/// Throws a file away that is past its end.
async fn throw_all_away(crm: &Crm, agent: AgentId, id: FileId) -> Result<(), Error> {
    loop {
        match throw_some_away(crm, agent, id).await? {
            Thrown::Some => {}
            Thrown::Nothing => return Ok(()),
            Thrown::Last(hash, size) => {
                if let Some(cache) = &crm.file_cache {
                    cache.forget(hash, size).await;
                }
                return Ok(());
            }
        }
    }
}

/// What was thrown away of a file.
enum Thrown {
    /// Nothing more than the file itself, or not even that.
    Nothing,
    /// Some of its pieces; there may be more.
    Some,
    /// All of what has this hash and so many bytes.
    Last(Hash, u64),
}

/// Throws some pieces of a file away that is past its end, unless another refers to them; the file, and what was of it, with the last.
async fn throw_some_away(crm: &Crm, agent: AgentId, id: FileId) -> Result<Thrown, Error> {
    crm.change_unseen("files.throw_away", agent, move |tx, turn| {
        let sql = "SELECT about_id, COALESCE(content_id, id), hash, size FROM files
                   WHERE agent_id = $1 AND id = $2 AND until <= $3";
        let due = tx.query_opt(sql, params![&agent, &id, turn.now.0], |row| {
            Ok((
                row.get::<Option<[u8; 16]>>(0)?,
                row.get::<FileId>(1)?,
                row.get::<Option<Hash>>(2)?,
                row.get::<i64>(3)?,
            ))
        })?;
        let Some((about, content, hash, size)) = due else { return Ok(Thrown::Nothing) };
        let sql = "SELECT 1 FROM files WHERE agent_id = $1 AND content_id = $2 AND id <> $3 LIMIT 1";
        let is_shared = tx.query_opt(sql, params![&agent, &content, &id], |_| Ok(()))?.is_some();
        let sql = "DELETE FROM file_pieces WHERE agent_id = $1 AND file_id = $2 AND number IN
                       (SELECT number FROM file_pieces WHERE agent_id = $1 AND file_id = $2 ORDER BY number LIMIT $3)";
        if !is_shared && tx.execute(sql, params![&agent, &content, PIECES])? > 0 {
            return Ok(Thrown::Some);
        }
        if let Some(about) = about {
            let sql = "DELETE FROM attachments WHERE agent_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
            tx.execute(sql, params![&agent, &about])?;
        }
        tx.execute("DELETE FROM files WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
        match hash {
            Some(hash) if !is_shared => {
                count(tx, agent, -size)?;
                Ok(Thrown::Last(hash, u64::try_from(size).unwrap_or(0)))
            }
            _ => Ok(Thrown::Nothing),
        }
    })
    .await
}

/// Throws away files past their end, [`SLICE`] at most. Says how many.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let now = crm.clock.now();
    let due = crm.db.read("files.find_due", move |tx| {
        let sql = "SELECT agent_id, id FROM files WHERE until IS NOT NULL AND until <= $1 ORDER BY until LIMIT $2";
        let limit = i64::try_from(SLICE).unwrap_or(i64::MAX);
        Ok::<_, Error>(tx.query(sql, params![now.0, limit], |row| Ok((row.get::<AgentId>(0)?, row.get::<FileId>(1)?)))?)
    });
    let due = due.await?;
    let mut failed = None;
    for (agent, id) in &due {
        match throw_all_away(crm, *agent, *id).await {
            // The agent is being erased, with all that is theirs.
            Ok(()) | Err(Error::NotFound) => {}
            // It waits for the next time: others are not to wait with it.
            Err(error) => {
                postpone(crm, *agent, *id).await;
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(due.len()), Err)
}

/// Puts off what could not be thrown away, so that it does not stand before what comes later.
async fn postpone(crm: &Crm, agent: AgentId, id: FileId) {
    let postponed = crm.change_unseen("files.postpone", agent, move |tx, turn| {
        let sql = "UPDATE files SET until = $3 WHERE agent_id = $1 AND id = $2 AND until <= $4";
        tx.execute(sql, params![&agent, &id, turn.now.plus(ARRIVES).0, turn.now.0])?;
        Ok(())
    });
    if let Err(error) = postponed.await {
        tracing::warn!(%error, file = %id, "a file that could not be thrown away stays first");
    }
}
