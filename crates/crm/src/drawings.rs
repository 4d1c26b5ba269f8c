//! Pictures from outside on their way into the database: taken in piece by piece, then drawn anew in a few widths, of which alone the
//! files are kept. One is drawn at a time, of whomever: the bytes of the others wait in the database.

use tokio::task::spawn_blocking;

use crate::{
    AgentId, Crm, Error,
    files::{self, Finished, Upload},
    images::{Picture, TURN},
};

/// The most bytes of an upload.
pub const MOST_BYTES: u64 = 15 * 1024 * 1024;

/// A picture in a width that it was drawn in.
pub(crate) struct Drawing {
    /// Its file, which still has to be kept.
    pub file: Finished,
    /// Width and height.
    pub size: (u32, u32),
}

/// Begins to take a picture in.
///
/// # Errors
/// Storage's errors.
pub(crate) async fn begin(crm: &Crm, agent: AgentId) -> Result<Upload, Error> {
    Upload::begin(crm, agent, "application/octet-stream", MOST_BYTES).await
}

/// The end of it: it is drawn in these widths, as far as it has them.
///
/// # Errors
/// [`Error::Invalid`] for `file` when it is no picture, or too large a one; storage's errors.
pub(crate) async fn finish(
    crm: &Crm,
    agent: AgentId,
    upload: Upload,
    widths: &'static [u32],
) -> Result<Vec<Drawing>, Error> {
    let original = upload.finish().await?;
    let turn = TURN.acquire().await.map_err(|_| Error::Unavailable)?;
    let bytes = files::read(crm, agent, &original).await?;
    let draw = move || {
        // Held until it is drawn, also where nobody waits for it any more.
        let _turn = turn;
        Picture::decode(bytes)?.widths(widths)
    };
    let drawn = spawn_blocking(draw).await.map_err(|_| Error::Internal)?;
    let drawn = drawn.map_err(|message| Error::invalid("file", message))?;
    let mut stored = Vec::new();
    for picture in drawn {
        let file = files::store(crm, agent, "image/jpeg", &picture.bytes).await?;
        stored.push(Drawing { file, size: (picture.width, picture.height) });
    }
    Ok(stored)
}
