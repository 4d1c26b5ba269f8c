//! Documents of listings, for clients: PDF files, kept as they are and only ever handed out to be saved.

use db::{Row, params};

use crate::{
    AgentId, Crm, Error,
    files::{self, File},
    ids::{DocumentId, ListingId},
    listing_photos::{attach_again, attach_end},
    listings,
    pdfs::Pdf,
};

pub use crate::pdfs::MOST_BYTES;

/// The most documents of a listing.
pub const MOST: i64 = 50;

const KIND: &str = "document";

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The id.
    pub id: DocumentId,
    /// What it is called; ends in `.pdf`.
    pub name: String,
    /// How many bytes.
    pub size: u64,
}

/// A document that is arriving.
#[derive(Debug)]
pub struct Arrival {
    pdf: Pdf,
    listing: ListingId,
}

impl Arrival {
    /// Begins one, called as its file is.
    ///
    /// # Errors
    /// [`Error::NotFound`] without that listing; [`Error::Invalid`] where it has [`MOST`] documents; storage's errors.
    pub async fn begin(crm: &Crm, agent: AgentId, listing: ListingId, file_name: &str) -> Result<Self, Error> {
        let checked = crm.db.read("listing_documents.begin", move |tx| {
            listings::require(tx, agent, listing)?;
            check_room(tx, agent, listing)
        });
        checked.await?;
        Ok(Self { pdf: Pdf::begin(crm, agent, file_name).await?, listing })
    }

    /// Takes more of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] beyond [`MOST_BYTES`], and for what is no PDF; storage's errors.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.pdf.push(bytes).await
    }

    /// The end of it: it is put behind the others.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no PDF; storage's errors.
    pub async fn finish(self, crm: &Crm, agent: AgentId) -> Result<DocumentId, Error> {
        let Self { pdf, listing } = self;
        let (stored, name) = pdf.finish().await?;
        let file = stored.id();
        let added = crm.change("listing_documents.add", agent, move |tx, turn| {
            listings::require(tx, agent, listing)?;
            check_room(tx, agent, listing)?;
            let id = DocumentId(turn.next_id());
            tx.execute(
                "INSERT INTO attachments (agent_id, id, listing_id, kind, place, words) VALUES ($1, $2, $3, $4, 0, $5)",
                params![&agent, &id, &listing, KIND, &name],
            )?;
            files::keep(tx, turn, file, &id.0, None)?;
            Ok(id)
        });
        let id = added.await?;
        stored.keep();
        Ok(id)
    }
}

fn check_room(tx: &mut db::Tx<'_>, agent: AgentId, listing: ListingId) -> Result<(), Error> {
    let sql =
        "SELECT COUNT(*) FROM attachments WHERE agent_id = $1 AND listing_id = $2 AND kind = $3 AND deleted_at IS NULL";
    match tx.query_one(sql, params![&agent, &listing, KIND], |row| row.get::<i64>(0))? {
        ..MOST => Ok(()),
        _ => Err(Error::invalid("document", "must wait: a listing has at most 50 documents; delete one first")),
    }
}

/// The documents of a listing, oldest first.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, listing: ListingId) -> Result<Vec<Document>, Error> {
    crm.db
        .read("listing_documents.list", move |tx| {
            let sql = "SELECT a.id, a.words, f.size FROM attachments a JOIN files f ON f.agent_id = a.agent_id AND f.about_id = a.id
                       WHERE a.agent_id = $1 AND a.listing_id = $2 AND a.kind = $3 AND a.deleted_at IS NULL ORDER BY a.place, a.id";
            Ok(tx.query(sql, params![&agent, &listing, KIND], |row: &Row<'_>| {
                let size = u64::try_from(row.get::<i64>(2)?).unwrap_or(0);
                Ok(Document { id: row.get(0)?, name: row.get(1)?, size })
            })?)
        })
        .await
}

/// A document's name and file.
///
/// # Errors
/// [`Error::NotFound`] without it, and for one of another listing or a deleted one.
pub async fn file(crm: &Crm, agent: AgentId, listing: ListingId, id: DocumentId) -> Result<(String, File), Error> {
    crm.db
        .read("listing_documents.file", move |tx| {
            listings::require(tx, agent, listing)?;
            let sql = "SELECT words FROM attachments
                       WHERE agent_id = $1 AND id = $2 AND listing_id = $3 AND kind = $4 AND deleted_at IS NULL";
            let name = tx.query_opt(sql, params![&agent, &id, &listing, KIND], |row| row.get(0))?;
            let name = name.ok_or(Error::NotFound)?;
            let sql = "SELECT id, hash, size, media_type FROM files WHERE agent_id = $1 AND about_id = $2 LIMIT 1";
            let file = tx.query_opt(sql, params![&agent, &id], files::from_row)?.ok_or(Error::NotFound)?;
            Ok((name, file))
        })
        .await
}

/// Deletes a document; for 30 days it can be taken back.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(crm: &Crm, agent: AgentId, listing: ListingId, id: DocumentId) -> Result<(), Error> {
    crm.change("listing_documents.delete", agent, move |tx, turn| {
        let sql = "SELECT 1 FROM attachments
                   WHERE agent_id = $1 AND id = $2 AND listing_id = $3 AND kind = $4 AND deleted_at IS NULL";
        tx.query_opt(sql, params![&agent, &id, &listing, KIND], |_| Ok(()))?.ok_or(Error::NotFound)?;
        attach_end(tx, turn, &id.0)
    })
    .await
}

/// Brings a deleted document back.
///
/// # Errors
/// [`Error::NotFound`] for what is not among the deleted.
pub async fn restore(crm: &Crm, agent: AgentId, listing: ListingId, id: DocumentId) -> Result<(), Error> {
    crm.change("listing_documents.restore", agent, move |tx, turn| {
        check_room(tx, agent, listing)?;
        attach_again(tx, turn, listing, &id.0, KIND)
    })
    .await
}
