//! Photos of listings: whatever is uploaded is drawn anew in a few widths, and nothing else of it is kept. They have an order; the first
//! is the cover.

use db::{Row, Tx, params};

use crate::{
    AgentId, Crm, Error, drawings,
    files::{self, File, Upload},
    ids::{ListingId, PhotoId},
    listings, trash,
    turns::Turn,
};

pub use crate::drawings::MOST_BYTES;

/// The most photos of a listing.
pub const MOST: usize = 100;
/// The widths that a photo is drawn in, as far as it has them.
pub const WIDTHS: [u32; 4] = [320, 640, 1280, 1920];
/// The most characters of a caption.
pub const LONGEST_CAPTION: usize = 300;

/// The kind of these rows among what is attached to listings.
const KIND: &str = "photo";

/// A width that a photo is there in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// The id.
    pub id: PhotoId,
    /// What it shows, in the agent's words; may be empty.
    pub caption: String,
    /// The widths that it is there in, narrow first; at least one.
    pub sizes: Vec<Size>,
}

/// A photo that is arriving.
#[derive(Debug)]
pub struct Arrival {
    upload: Upload,
    listing: ListingId,
}

impl Arrival {
    /// Begins one.
    ///
    /// # Errors
    /// [`Error::NotFound`] without that listing; [`Error::Invalid`] where it has [`MOST`] photos; storage's errors.
    pub async fn begin(crm: &Crm, agent: AgentId, listing: ListingId) -> Result<Self, Error> {
        let checked = crm.db.read("listing_photos.begin", move |tx| {
            listings::require(tx, agent, listing)?;
            check_room(tx, agent, listing)
        });
        checked.await?;
        Ok(Self { upload: drawings::begin(crm, agent).await?, listing })
    }

    /// Takes more of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] beyond [`MOST_BYTES`]; storage's errors.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.upload.push(bytes).await
    }

    /// The end of it: it is drawn anew and put behind the others. One at a time, of whomever: the others' bytes wait in the database.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `file` when it is no picture, or too large a one; storage's errors.
    pub async fn finish(self, crm: &Crm, agent: AgentId) -> Result<PhotoId, Error> {
        let Self { upload, listing } = self;
        let drawn = drawings::finish(crm, agent, upload, &WIDTHS).await?;
        let kept = drawn.iter().map(|drawing| (drawing.file.id(), drawing.size)).collect::<Vec<_>>();
        let added = crm.change("listing_photos.add", agent, move |tx, turn| {
            listings::require(tx, agent, listing)?;
            check_room(tx, agent, listing)?;
            let id = PhotoId(turn.next_id());
            let sql = "SELECT place FROM attachments WHERE agent_id = $1 AND listing_id = $2 AND kind = $3
                       ORDER BY place DESC LIMIT 1";
            let last = tx.query_opt(sql, params![&agent, &listing, KIND], |row| row.get::<i64>(0))?;
            tx.execute(
                "INSERT INTO attachments (agent_id, id, listing_id, kind, place, words) VALUES ($1, $2, $3, $4, $5, '')",
                params![&agent, &id, &listing, KIND, last.map_or(0, |last| last + 1)],
            )?;
            for (file, size) in &kept {
                files::keep(tx, turn, *file, &id.0, Some(*size))?;
            }
            Ok(id)
        });
        let id = added.await?;
        for drawing in drawn {
            drawing.file.keep();
        }
        Ok(id)
    }
}

fn check_room(tx: &mut Tx<'_>, agent: AgentId, listing: ListingId) -> Result<(), Error> {
    match ids(tx, agent, listing)?.len() {
        ..MOST => Ok(()),
        _ => Err(Error::invalid("file", "must wait: a listing has at most 100 photos; delete one first")),
    }
}

fn ids(tx: &mut Tx<'_>, agent: AgentId, listing: ListingId) -> Result<Vec<PhotoId>, Error> {
    let sql = "SELECT id FROM attachments WHERE agent_id = $1 AND listing_id = $2 AND kind = $3 AND deleted_at IS NULL
               ORDER BY place, id";
    Ok(tx.query(sql, params![&agent, &listing, KIND], |row| row.get(0))?)
}

fn sizes(tx: &mut Tx<'_>, agent: AgentId, id: PhotoId) -> Result<Vec<Size>, Error> {
    let sql = "SELECT width, height FROM files WHERE agent_id = $1 AND about_id = $2 ORDER BY width";
    let side = |row: &Row<'_>, column| Ok(u32::try_from(row.get::<i64>(column)?).unwrap_or(1));
    Ok(tx.query(sql, params![&agent, &id], |row| Ok(Size { width: side(row, 0)?, height: side(row, 1)? }))?)
}

/// The photos of a listing, in their order.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, listing: ListingId) -> Result<Vec<Photo>, Error> {
    crm.db
        .read("listing_photos.list", move |tx| {
            let sql = "SELECT id, words FROM attachments WHERE agent_id = $1 AND listing_id = $2 AND kind = $3 AND deleted_at IS NULL
                       ORDER BY place, id";
            let rows = tx.query(sql, params![&agent, &listing, KIND], |row| Ok((row.get::<PhotoId>(0)?, row.get(1)?)))?;
            let photo = |(id, caption)| Ok(Photo { id, caption, sizes: sizes(tx, agent, id)? });
            rows.into_iter().map(photo).collect()
        })
        .await
}

/// The first photo of each of these listings.
///
/// # Errors
/// Storage's errors.
pub async fn covers(crm: &Crm, agent: AgentId, listings: Vec<ListingId>) -> Result<Vec<Option<Photo>>, Error> {
    crm.db
        .read("listing_photos.covers", move |tx| {
            let sql = "SELECT id, words FROM attachments WHERE agent_id = $1 AND listing_id = $2 AND kind = $3 AND deleted_at IS NULL
                       ORDER BY place, id LIMIT 1";
            let mut covers = Vec::new();
            for listing in &listings {
                let found = tx.query_opt(sql, params![&agent, listing, KIND], |row| {
                    Ok((row.get::<PhotoId>(0)?, row.get::<String>(1)?))
                })?;
                covers.push(match found {
                    Some((id, caption)) => Some(Photo { id, caption, sizes: sizes(tx, agent, id)? }),
                    None => None,
                });
            }
            Ok::<_, Error>(covers)
        })
        .await
}

/// The file of a photo in one of its widths.
///
/// # Errors
/// [`Error::NotFound`] without it, and for one of another listing or a deleted one.
pub async fn file(crm: &Crm, agent: AgentId, listing: ListingId, id: PhotoId, width: u32) -> Result<File, Error> {
    crm.db
        .read("listing_photos.file", move |tx| {
            listings::require(tx, agent, listing)?;
            require(tx, agent, listing, id)?;
            let sql = "SELECT id, hash, size, media_type FROM files WHERE agent_id = $1 AND about_id = $2 AND width = $3 LIMIT 1";
            tx.query_opt(sql, params![&agent, &id, width], files::from_row)?.ok_or(Error::NotFound)
        })
        .await
}

fn require(tx: &mut Tx<'_>, agent: AgentId, listing: ListingId, id: PhotoId) -> Result<(), Error> {
    let sql = "SELECT 1 FROM attachments WHERE agent_id = $1 AND id = $2 AND listing_id = $3 AND kind = $4 AND deleted_at IS NULL";
    tx.query_opt(sql, params![&agent, &id, &listing, KIND], |_| Ok(()))?.ok_or(Error::NotFound)
}

/// Says what a photo shows.
///
/// # Errors
/// [`Error::Invalid`] for `caption` when it is too long; [`Error::NotFound`].
pub async fn describe(crm: &Crm, agent: AgentId, listing: ListingId, id: PhotoId, caption: &str) -> Result<(), Error> {
    let caption = caption.trim().to_owned();
    if caption.chars().count() > LONGEST_CAPTION {
        return Err(Error::invalid("caption", "must have at most 300 characters"));
    }
    crm.change("listing_photos.describe", agent, move |tx, _| {
        require(tx, agent, listing, id)?;
        let sql = "UPDATE attachments SET words = $3 WHERE agent_id = $1 AND id = $2";
        tx.execute(sql, params![&agent, &id, &caption])?;
        Ok(())
    })
    .await
}

/// Where a photo is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// One place forward.
    Earlier,
    /// One place back.
    Later,
    /// To the front: it becomes the cover.
    First,
}

/// Moves a photo among the others.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn shift(crm: &Crm, agent: AgentId, listing: ListingId, id: PhotoId, shift: Shift) -> Result<(), Error> {
    crm.change("listing_photos.shift", agent, move |tx, _| {
        let mut order = ids(tx, agent, listing)?;
        let at = order.iter().position(|held| *held == id).ok_or(Error::NotFound)?;
        match shift {
            Shift::Earlier => order.swap(at, at.saturating_sub(1)),
            Shift::Later if at + 1 < order.len() => order.swap(at, at + 1),
            Shift::Later => {}
            Shift::First => order[..=at].rotate_right(1),
        }
        number(tx, agent, &order)
    })
    .await
}

/// Puts the photos of a listing in this order. Those that it does not name, for they came meanwhile, come last; those that are gone are
/// passed over.
///
/// # Errors
/// [`Error::NotFound`] without that listing; storage's errors.
pub async fn order(crm: &Crm, agent: AgentId, listing: ListingId, wanted: Vec<PhotoId>) -> Result<(), Error> {
    crm.change("listing_photos.order", agent, move |tx, _| {
        listings::require(tx, agent, listing)?;
        let mut order = ids(tx, agent, listing)?;
        // A stable sort: those not named keep their order.
        order.sort_by_key(|id| wanted.iter().position(|other| other == id).unwrap_or(usize::MAX));
        number(tx, agent, &order)
    })
    .await
}

fn number(tx: &mut Tx<'_>, agent: AgentId, order: &[PhotoId]) -> Result<(), Error> {
    for (place, id) in (0i64..).zip(order) {
        let sql = "UPDATE attachments SET place = $3 WHERE agent_id = $1 AND id = $2 AND place <> $3";
        tx.execute(sql, params![&agent, id, place])?;
    }
    Ok(())
}

/// Deletes a photo; for 30 days it can be taken back.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(crm: &Crm, agent: AgentId, listing: ListingId, id: PhotoId) -> Result<(), Error> {
    crm.change("listing_photos.delete", agent, move |tx, turn| {
        require(tx, agent, listing, id)?;
        attach_end(tx, turn, &id.0)
    })
    .await
}

/// Marks something attached as deleted, with its files ending as the trash does.
pub(crate) fn attach_end(tx: &mut Tx<'_>, turn: &Turn, id: &[u8; 16]) -> Result<(), Error> {
    let sql = "UPDATE attachments SET deleted_at = $3 WHERE agent_id = $1 AND id = $2";
    tx.execute(sql, params![&turn.agent, id, turn.now.0])?;
    files::end(tx, turn.agent, id, Some(turn.now.plus(trash::KEPT).0))
}

/// Brings something attached back.
pub(crate) fn attach_again(
    tx: &mut Tx<'_>,
    turn: &Turn,
    listing: ListingId,
    id: &[u8; 16],
    kind: &str,
) -> Result<(), Error> {
    listings::require(tx, turn.agent, listing)?;
    let sql = "UPDATE attachments SET deleted_at = NULL
               WHERE agent_id = $1 AND id = $2 AND listing_id = $3 AND kind = $4 AND deleted_at > $5";
    let values = params![&turn.agent, id, &listing, kind, turn.now.minus(trash::KEPT).0];
    if tx.execute(sql, values)? == 0 {
        return Err(Error::NotFound);
    }
    files::end(tx, turn.agent, id, None)
}

/// Brings a deleted photo back to where it was.
///
/// # Errors
/// [`Error::NotFound`] for what is not among the deleted; [`Error::Invalid`] where there is no room any more.
pub async fn restore(crm: &Crm, agent: AgentId, listing: ListingId, id: PhotoId) -> Result<(), Error> {
    crm.change("listing_photos.restore", agent, move |tx, turn| {
        check_room(tx, agent, listing)?;
        attach_again(tx, turn, listing, &id.0, KIND)
    })
    .await
}

/// Erases what is attached to an erased listing, with what else was kept beside its record.
pub(crate) fn erase_of(tx: &mut Tx<'_>, turn: &Turn, listing: &[u8; 16]) -> Result<(), Error> {
    let agent = turn.agent;
    let sql = "SELECT id FROM attachments WHERE agent_id = $1 AND listing_id = $2";
    for id in tx.query(sql, params![&agent, listing], |row| row.get::<[u8; 16]>(0))? {
        tx.execute(
            "UPDATE attachments SET deleted_at = $3, words = '' WHERE agent_id = $1 AND id = $2",
            params![&agent, &id, turn.now.0],
        )?;
        files::end(tx, agent, &id, Some(0))?;
    }
    tx.execute("DELETE FROM listing_prices WHERE agent_id = $1 AND listing_id = $2", params![&agent, listing])?;
    tx.execute("DELETE FROM open_houses WHERE agent_id = $1 AND listing_id = $2", params![&agent, listing])?;
    Ok(())
}
