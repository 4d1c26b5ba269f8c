//! The files of guides: the PDF, and the cover in a few widths. A new one takes the place of the one before, which can be taken back for a
//! while, as what is deleted can.

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error, drawings,
    files::{self, File, Upload},
    guides::{self, Document, Guide},
    ids::{DocumentId, GuideId, PhotoId},
    pdfs::{self, Pdf},
    trash,
    turns::Turn,
};

/// The widths that a cover is drawn in, as far as it has them.
pub const COVER_WIDTHS: [u32; 3] = [320, 640, 1280];

/// The PDF of a guide, arriving.
#[derive(Debug)]
pub struct DocumentArrival {
    pdf: Pdf,
    guide: GuideId,
}

impl DocumentArrival {
    /// Begins one, called as its file is.
    ///
    /// # Errors
    /// [`Error::NotFound`] without that guide; storage's errors.
    pub async fn begin(crm: &Crm, agent: AgentId, guide: GuideId, file_name: &str) -> Result<Self, Error> {
        guides::get(crm, agent, guide).await?;
        Ok(Self { pdf: Pdf::begin(crm, agent, file_name).await?, guide })
    }

    /// Takes more of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] beyond what a PDF may have, and for what is none; storage's errors.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.pdf.push(bytes).await
    }

    /// The end of it: from now on it is the guide's. With the one that it takes the place of.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no PDF; [`Error::NotFound`] where the guide is gone; storage's errors.
    pub async fn finish(self, crm: &Crm, agent: AgentId) -> Result<(DocumentId, Option<Document>), Error> {
        let Self { pdf, guide } = self;
        let (stored, name) = pdf.finish().await?;
        let file = stored.id();
        let replaced = crm.change("guides.set_document", agent, move |tx, turn| {
            let held = guides::find(tx, agent, guide)?;
            let id = DocumentId(turn.next_id());
            files::keep(tx, turn, file, &id.0, None)?;
            let size = "SELECT size FROM files WHERE agent_id = $1 AND id = $2";
            let size = tx.query_one(size, params![&agent, &file], |row| row.get::<i64>(0))?;
            let sql = "UPDATE guides SET document_id = $3, document_name = $4, document_size = $5
                       WHERE agent_id = $1 AND id = $2";
            tx.execute(sql, params![&agent, &guide, &id, &name, size])?;
            if let Some(before) = &held.document {
                files::end(tx, agent, &before.id.0, Some(turn.now.plus(trash::KEPT).0))?;
            }
            guides::touch(tx, turn, &held)?;
            Ok((id, held.document))
        });
        let (id, before) = replaced.await?;
        stored.keep();
        Ok((id, before))
    }
}

/// Puts the PDF back that was there before, called so.
///
/// # Errors
/// [`Error::NotFound`] without that guide, and where the PDF is no more.
pub async fn restore_document(
    crm: &Crm,
    agent: AgentId,
    guide: GuideId,
    id: DocumentId,
    name: &str,
) -> Result<(), Error> {
    let name = pdfs::clean(name);
    crm.change("guides.restore_document", agent, move |tx, turn| {
        let held = guides::find(tx, agent, guide)?;
        if held.document.as_ref().is_some_and(|document| document.id == id) {
            return Ok(());
        }
        let sql = "SELECT size FROM files WHERE agent_id = $1 AND about_id = $2 AND width IS NULL AND until > $3";
        let size = tx.query_opt(sql, params![&agent, &id, turn.now.0], |row| row.get::<i64>(0))?;
        let size = size.ok_or(Error::NotFound)?;
        is_of_a_guide(tx, agent, &id.0)?;
        files::end(tx, agent, &id.0, None)?;
        let sql = "UPDATE guides SET document_id = $3, document_name = $4, document_size = $5
                   WHERE agent_id = $1 AND id = $2";
        tx.execute(sql, params![&agent, &guide, &id, &name, size])?;
        if let Some(before) = &held.document {
            files::end(tx, agent, &before.id.0, Some(turn.now.plus(trash::KEPT).0))?;
        }
        guides::touch(tx, turn, &held)
    })
    .await
}

/// Puts the cover back that was there before.
///
/// # Errors
/// [`Error::NotFound`] without that guide, and where the cover is no more.
pub async fn restore_cover(crm: &Crm, agent: AgentId, guide: GuideId, id: PhotoId) -> Result<(), Error> {
    crm.change("guides.restore_cover", agent, move |tx, turn| {
        let held = guides::find(tx, agent, guide)?;
        if held.cover == Some(id) {
            return Ok(());
        }
        let sql =
            "SELECT 1 FROM files WHERE agent_id = $1 AND about_id = $2 AND width IS NOT NULL AND until > $3 LIMIT 1";
        tx.query_opt(sql, params![&agent, &id, turn.now.0], |_| Ok(()))?.ok_or(Error::NotFound)?;
        is_of_a_guide(tx, agent, &id.0)?;
        files::end(tx, agent, &id.0, None)?;
        set_cover(tx, turn, &held, Some(id))?;
        guides::touch(tx, turn, &held)
    })
    .await
}

/// Refuses what is a photo or a document of a listing.
fn is_of_a_guide(tx: &mut Tx<'_>, agent: AgentId, about: &[u8; 16]) -> Result<(), Error> {
    let sql = "SELECT 1 FROM attachments WHERE agent_id = $1 AND id = $2";
    match tx.query_opt(sql, params![&agent, about], |_| Ok(()))? {
        Some(()) => Err(Error::NotFound),
        None => Ok(()),
    }
}

/// The cover of a guide, arriving.
#[derive(Debug)]
pub struct CoverArrival {
    upload: Upload,
    guide: GuideId,
}

impl CoverArrival {
    /// Begins one.
    ///
    /// # Errors
    /// [`Error::NotFound`] without that guide; storage's errors.
    pub async fn begin(crm: &Crm, agent: AgentId, guide: GuideId) -> Result<Self, Error> {
        guides::get(crm, agent, guide).await?;
        Ok(Self { upload: drawings::begin(crm, agent).await?, guide })
    }

    /// Takes more of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] beyond what a picture may have; storage's errors.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.upload.push(bytes).await
    }

    /// The end of it: it is drawn anew, and from now on the guide's. With the one that it takes the place of.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `file` when it is no picture, or too large a one; [`Error::NotFound`] where the guide is gone; storage's
    /// errors.
    pub async fn finish(self, crm: &Crm, agent: AgentId) -> Result<(PhotoId, Option<PhotoId>), Error> {
        let Self { upload, guide } = self;
        let drawn = drawings::finish(crm, agent, upload, &COVER_WIDTHS).await?;
        let kept = drawn.iter().map(|drawing| (drawing.file.id(), drawing.size)).collect::<Vec<_>>();
        let replaced = crm.change("guides.set_cover", agent, move |tx, turn| {
            let held = guides::find(tx, agent, guide)?;
            let id = PhotoId(turn.next_id());
            for (file, size) in &kept {
                files::keep(tx, turn, *file, &id.0, Some(*size))?;
            }
            set_cover(tx, turn, &held, Some(id))?;
            guides::touch(tx, turn, &held)?;
            Ok((id, held.cover))
        });
        let replaced = replaced.await?;
        for drawing in drawn {
            drawing.file.keep();
        }
        Ok(replaced)
    }
}

/// Puts a cover in place of the one before.
fn set_cover(tx: &mut Tx<'_>, turn: &Turn, guide: &Guide, cover: Option<PhotoId>) -> Result<(), Error> {
    let agent = turn.agent;
    let sql = "UPDATE guides SET cover_id = $3 WHERE agent_id = $1 AND id = $2";
    tx.execute(sql, params![&agent, &guide.id, cover.as_ref().map(|cover| &cover.0)])?;
    match guide.cover {
        Some(before) => files::end(tx, agent, &before.0, Some(turn.now.plus(trash::KEPT).0)),
        None => Ok(()),
    }
}

/// Takes the cover away: it is drawn from the title again. Gives back which it was.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn remove_cover(crm: &Crm, agent: AgentId, guide: GuideId) -> Result<Option<PhotoId>, Error> {
    crm.change("guides.remove_cover", agent, move |tx, turn| {
        let held = guides::find(tx, agent, guide)?;
        set_cover(tx, turn, &held, None)?;
        guides::touch(tx, turn, &held)?;
        Ok(held.cover)
    })
    .await
}

/// The PDF of a guide: its name and file. Of a draft too: who may have it is the caller's to know.
///
/// # Errors
/// [`Error::NotFound`] without it, and where it is another by now.
pub async fn document_file(crm: &Crm, agent: AgentId, guide: GuideId, id: DocumentId) -> Result<(String, File), Error> {
    crm.db
        .read("guides.document_file", move |tx| {
            let held = guides::find(tx, agent, guide)?.document.filter(|document| document.id == id);
            let document = held.ok_or(Error::NotFound)?;
            let sql = "SELECT id, hash, size, media_type FROM files WHERE agent_id = $1 AND about_id = $2 LIMIT 1";
            let file = tx.query_opt(sql, params![&agent, &id], files::from_row)?.ok_or(Error::NotFound)?;
            Ok((document.name, file))
        })
        .await
}

/// The file of a guide's cover, in the narrowest width that is no narrower than one of [`COVER_WIDTHS`], or in its widest.
///
/// # Errors
/// [`Error::NotFound`] without it, for another width, and where it is another cover by now.
pub async fn cover_file(crm: &Crm, agent: AgentId, guide: GuideId, id: PhotoId, width: u32) -> Result<File, Error> {
    if !COVER_WIDTHS.contains(&width) {
        return Err(Error::NotFound);
    }
    crm.db
        .read("guides.cover_file", move |tx| {
            guides::find(tx, agent, guide)?.cover.filter(|cover| *cover == id).ok_or(Error::NotFound)?;
            let sql = "SELECT id, hash, size, media_type, width FROM files WHERE agent_id = $1 AND about_id = $2 ORDER BY width";
            let files =
                tx.query(sql, params![&agent, &id], |row| Ok((files::from_row(row)?, row.get::<i64>(4)?)))?;
            let wide = files.iter().find(|(_, held)| *held >= i64::from(width)).or(files.last());
            wide.map(|(file, _)| file.clone()).ok_or(Error::NotFound)
        })
        .await
}
