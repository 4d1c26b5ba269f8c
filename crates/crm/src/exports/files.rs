//! The files of an export: what an agent uploaded for their guides, as it is in the database, piece by piece.

use std::collections::BTreeMap;

use db::params;

use crate::{
    AgentId, Crm, Error,
    files::{self, PIECE},
    guides,
    ids::FileId,
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

/// The PDF of every guide, and its cover in the widest form, in the order of their ids.
///
/// # Errors
/// Storage's errors.
pub async fn kept(crm: &Crm, agent: AgentId) -> Result<Vec<Kept>, Error> {
    let guides = guides::list(crm, agent).await?;
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
            Ok::<_, Error>(kept.into_values().collect())
        })
        .await
}
