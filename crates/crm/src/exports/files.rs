//! The files of an export: what an agent uploaded for their guides and listings, as it is in the database, piece by piece.

use std::collections::BTreeMap;

use db::params;

use crate::{
    AgentId, Crm, Error,
    files::{self, PIECE},
    guides,
    ids::{FileId, ListingId, MessageId},
};

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its path within the export.
    pub name: String,
    /// The file.
    pub id: FileId,
    /// How many bytes.
    pub size: u64,
}

impl Kept {
    /// How many pieces it is in.
    #[must_use]
    pub fn pieces(&self) -> u64 {
        self.size.div_ceil(PIECE as u64)
    }

    /// One of its pieces.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it was thrown away meanwhile; storage's errors.
    pub async fn piece(&self, crm: &Crm, agent: AgentId, number: u64) -> Result<Vec<u8>, Error> {
        files::piece(crm, agent, self.id, number).await
    }
}

/// Where a photo or document of a listing stands in an export.
pub(super) fn of_listing(listing: ListingId, attachment: &[u8; 16], is_photo: bool) -> String {
    let id = attachment.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("listings/{listing}/{id}.{}", if is_photo { "jpg" } else { "pdf" })
}

/// Where a mail that came in stands in an export.
pub(super) fn of_mail(message: MessageId) -> String {
    format!("inbox/{message}.eml")
}

/// Files that are found at once.
const PAGE: usize = 100;

/// The PDF of every guide and the documents of every listing, their covers and photos in the widest form, and mails that came in, in the order of their ids, from
/// one on: a hundred at most.
///
/// # Errors
/// Storage's errors.
pub async fn kept(crm: &Crm, agent: AgentId, from: Option<FileId>) -> Result<Vec<Kept>, Error> {
    let guides = guides::list(crm, agent).await?;
    let from = from.unwrap_or(FileId([0; 16]));
    crm.db
        .read("exports.files", move |tx| {
            let mut kept = BTreeMap::new();
            for guide in &guides {
                let document = guide.document.as_ref().map(|document| (document.id.0, format!("{}.pdf", guide.slug)));
                let cover = guide.cover.map(|cover| (cover.0, format!("{}-cover.jpg", guide.slug)));
                for (about, name) in [document, cover].into_iter().flatten() {
                    let sql = "SELECT id, hash, size, media_type FROM files WHERE agent_id = $1 AND about_id = $2
                               ORDER BY width DESC LIMIT 1";
                    if let Some(file) = tx.query_opt(sql, params![&agent, &about], files::from_row)? {
                        kept.insert(file.id, Kept { name: format!("guides/{name}"), id: file.id, size: file.size });
                    }
                }
            }
            let of_listings = tx.query(
                "SELECT f.id, f.size, a.id, a.listing_id, a.kind FROM files f
                 JOIN attachments a ON a.agent_id = f.agent_id AND a.id = f.about_id
                 JOIN listings l ON l.agent_id = a.agent_id AND l.id = a.listing_id
                 WHERE f.agent_id = $1 AND f.id >= $2 AND a.deleted_at IS NULL AND NOT EXISTS (
                     SELECT 1 FROM files w WHERE w.agent_id = f.agent_id AND w.about_id = f.about_id AND w.width > f.width
                 ) ORDER BY f.id LIMIT $3",
                params![&agent, &from, PAGE as i64],
                |row| {
                    let name = of_listing(row.get(3)?, &row.get(2)?, row.text(4)? == "photo");
                    let size = u64::try_from(row.get::<i64>(1)?).unwrap_or(0);
                    Ok(Kept { name, id: row.get(0)?, size })
                },
            )?;
            let mails = tx.query(
                "SELECT f.id, f.size, m.id FROM files f
                 JOIN inbound_messages m ON m.agent_id = f.agent_id AND m.id = f.about_id
                 WHERE f.agent_id = $1 AND f.id >= $2
                   AND (m.lead_id IS NULL OR EXISTS (SELECT 1 FROM leads l WHERE l.agent_id = m.agent_id AND l.id = m.lead_id))
                 ORDER BY f.id LIMIT $3",
                params![&agent, &from, PAGE as i64],
                |row| {
                    let size = u64::try_from(row.get::<i64>(1)?).unwrap_or(0);
                    Ok(Kept { name: of_mail(row.get(2)?), id: row.get(0)?, size })
                },
            )?;
            kept.extend(mails.into_iter().map(|file| (file.id, file)));
            kept.extend(of_listings.into_iter().map(|file| (file.id, file)));
            let first = kept.into_values().filter(|file| file.id >= from).take(PAGE);
            Ok::<_, Error>(first.collect())
        })
        .await
}
