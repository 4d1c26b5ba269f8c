//! Files in the database: written piece by piece as they arrive, read piece by piece, so that no file is ever whole in memory and a
//! backup, an erasure and several nodes need nothing more.
//!
//! A file counts once something refers to it, which is said last, in one transaction with what refers. Until then, and after nothing
//! refers to it any more, it has an end: a job throws away what is past it. So nothing is left of an upload that broke off, whether its
//! sender went or the server.

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
            let sql = "INSERT INTO files (agent_id, id, size, media_type, until) VALUES ($1, $2, 0, $3, $4)";
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
        while self.buffer.len() + bytes.len() >= PIECE {
            let (head, rest) = bytes.split_at(PIECE - self.buffer.len());
            self.buffer.extend_from_slice(head);
            bytes = rest;
            let full = std::mem::take(&mut self.buffer);
            self.write(full).await?;
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
        let (agent, id, size) = (*agent, *id, i64::try_from(self.size).unwrap_or(i64::MAX));
        let hash: Hash = self.digest.clone().finish().as_ref().try_into().expect("SHA-256 gives 32 bytes");
        let finished = crm.change_unseen("files.finish", agent, move |tx, turn| {
            let sql =
                "UPDATE files SET hash = $3, size = $4, until = $5 WHERE agent_id = $1 AND id = $2 AND hash IS NULL";
            match tx.execute(sql, params![&agent, &id, &hash, size, turn.now.plus(ARRIVES).0])? {
                0 => Err(Error::Unavailable),
                _ => Ok(()),
            }
        });
        finished.await?;
        Ok(Finished(self))
    }
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
            let sql = "SELECT bytes FROM file_pieces WHERE agent_id = $1 AND file_id = $2 AND number = $3";
            tx.query_opt(sql, params![&agent, &id, number], |row| row.get(0))?.ok_or(Error::NotFound)
        })
        .await
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
    while throw_some_away(crm, agent, id).await? {}
    Ok(())
}

/// Throws some pieces of a file away that is past its end; the file, and what was of it, with the last. Whether there is more.
async fn throw_some_away(crm: &Crm, agent: AgentId, id: FileId) -> Result<bool, Error> {
    crm.change_unseen("files.throw_away", agent, move |tx, turn| {
        let sql = "SELECT about_id FROM files WHERE agent_id = $1 AND id = $2 AND until <= $3";
        let due = tx.query_opt(sql, params![&agent, &id, turn.now.0], |row| row.get::<Option<[u8; 16]>>(0))?;
        let Some(about) = due else { return Ok(false) };
        let sql = "DELETE FROM file_pieces WHERE agent_id = $1 AND file_id = $2 AND number IN
                       (SELECT number FROM file_pieces WHERE agent_id = $1 AND file_id = $2 ORDER BY number LIMIT $3)";
        if tx.execute(sql, params![&agent, &id, PIECES])? > 0 {
            return Ok(true);
        }
        if let Some(about) = about {
            let sql = "DELETE FROM attachments WHERE agent_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
            tx.execute(sql, params![&agent, &about])?;
        }
        tx.execute("DELETE FROM files WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
        Ok(false)
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
    for (agent, id) in &due {
        loop {
            match throw_some_away(crm, *agent, *id).await {
                Ok(true) => {}
                // The agent is being erased, with all that is theirs.
                Ok(false) | Err(Error::NotFound) => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(due.len())
}
