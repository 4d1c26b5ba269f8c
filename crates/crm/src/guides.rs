//! Guides: PDF files such as "Five things to do before you sell", given to whoever leaves a name and an address. Each has a page with a
//! cover, a few words and what is inside; how often it was downloaded and how many leads it brought is counted as it happens.

use db::{Row, Tx, params};
use serde::{Deserialize, Serialize};

use crate::{
    AgentId, Crm, Error, FieldError,
    choices::choices,
    clock::UnixMillis,
    files,
    idempotency::{Answer, Once},
    ids::{DocumentId, GuideId, PhotoId},
    search,
    totals::{self, Kind},
    trash,
    turns::Turn,
    values::Slug,
};

pub use crate::{
    guide_files::{
        COVER_WIDTHS, CoverArrival, DocumentArrival, cover_file, document_file, remove_cover, restore_cover,
        restore_document,
    },
    guide_leads::{Asked, Asker, ask, asked_for, askers, record_download},
};

/// The most guides of an agent.
pub const MOST: usize = 100;
/// The most characters of a title.
pub const LONGEST_TITLE: usize = 120;
/// The most characters of a headline.
pub const LONGEST_HEADLINE: usize = 200;
/// The most characters of a page's text.
pub const LONGEST_TEXT: usize = 10_000;
/// The most points that tell what is inside.
pub const MOST_POINTS: usize = 12;
/// The most characters of a point.
pub const LONGEST_POINT: usize = 200;
/// The source of leads that a guide brings.
pub const SOURCE: &str = "guide";

choices! {
    /// Who sees a guide: its agent, or everybody.
    GuideStatus {
        Draft = "draft",
        Published = "published",
    }
}

/// A guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Guide {
    /// The id.
    pub id: GuideId,
    /// What it is called.
    pub title: String,
    /// The last part of its address, unique among its agent's.
    pub slug: String,
    /// Who sees it.
    pub status: GuideStatus,
    /// What its page says first; the title where it is `None`.
    pub headline: Option<String>,
    /// What its page says then.
    pub text: Option<String>,
    /// What is inside, point by point.
    pub points: Vec<String>,
    /// Its PDF; a published one has one.
    pub document: Option<Document>,
    /// Its cover; where it is `None`, the title is drawn on the agent's colour.
    pub cover: Option<PhotoId>,
    /// How often it was downloaded.
    pub downloads: i64,
    /// How many leads it brought, those deleted since included.
    pub leads: i64,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When its words or files last changed.
    pub updated_at: UnixMillis,
}

impl Guide {
    /// What its page says first.
    #[must_use]
    pub fn heading(&self) -> &str {
        self.headline.as_deref().unwrap_or(&self.title)
    }
}

/// The PDF of a guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Another one after each upload.
    pub id: DocumentId,
    /// What it is saved as; ends in `.pdf`.
    pub name: String,
    /// How many bytes.
    pub size: u64,
}

/// A guide as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedGuide {
    /// What it is called.
    pub title: String,
    /// The last part of its address; a new guide's is made from the title where it is blank, and an old one's stays.
    pub slug: String,
    /// What its page says first.
    pub headline: String,
    /// What its page says then.
    pub text: String,
    /// What is inside, one point a line.
    pub points: String,
}

/// The same, checked.
#[derive(Clone)]
struct Words {
    title: String,
    slug: Option<Slug>,
    headline: Option<String>,
    text: Option<String>,
    points: String,
}

fn check(typed: &TypedGuide) -> Result<Words, Error> {
    let mut wrong = Vec::new();
    let mut note = |field: &str, message: String| wrong.push(FieldError { field: field.to_owned(), message });
    let mut cut = |field: &str, text: &str, most: usize| {
        let text = text.trim();
        if text.chars().count() > most {
            note(field, format!("must have at most {most} characters"));
        }
        Some(text.to_owned()).filter(|text| !text.is_empty())
    };
    let title = cut("title", &typed.title, LONGEST_TITLE);
    let headline = cut("headline", &typed.headline, LONGEST_HEADLINE);
    let text = cut("text", &typed.text, LONGEST_TEXT);
    if title.is_none() {
        note("title", String::from("is missing"));
    }
    let points = typed.points.lines().map(|line| line.trim().trim_start_matches(['-', '*', '•']).trim_start());
    let points = points.filter(|line| !line.is_empty()).collect::<Vec<_>>();
    if points.len() > MOST_POINTS || points.iter().any(|point| point.chars().count() > LONGEST_POINT) {
        note("points", format!("may have {MOST_POINTS} lines of {LONGEST_POINT} characters"));
    }
    let points = points.join("\n");
    let slug = match typed.slug.trim() {
        "" => None,
        slug => Slug::parse(slug)
            .map_err(|_| {
                note(
                    "slug",
                    String::from(
                        "must be 1 to 64 lower-case letters, digits and single hyphens, such as before-you-sell",
                    ),
                );
            })
            .ok(),
    };
    match title {
        Some(title) if wrong.is_empty() => Ok(Words { title, slug, headline, text, points }),
        _ => Err(Error::Invalid(wrong)),
    }
}

/// Whether another guide of the agent has this slug.
fn is_taken(tx: &mut Tx<'_>, agent: AgentId, slug: &Slug, by_other_than: Option<GuideId>) -> Result<bool, Error> {
    let sql = "SELECT id FROM guides WHERE agent_id = $1 AND slug = $2";
    let found = tx.query_opt(sql, params![&agent, slug.as_str()], |row| row.get::<GuideId>(0))?;
    Ok(found.is_some_and(|id| Some(id) != by_other_than))
}

/// The slug itself, or with the first number that is free.
fn free_slug(tx: &mut Tx<'_>, agent: AgentId, slug: &Slug) -> Result<Slug, Error> {
    for n in 1..=u32::try_from(MOST).unwrap_or(u32::MAX) {
        let numbered = slug.numbered(n);
        if !is_taken(tx, agent, &numbered, None)? {
            return Ok(numbered);
        }
    }
    Err(Error::invalid("slug", "is taken by too many guides; give another"))
}

/// The slug that was asked for.
fn asked_slug(tx: &mut Tx<'_>, agent: AgentId, slug: &Slug, id: Option<GuideId>) -> Result<Slug, Error> {
    match is_taken(tx, agent, slug, id)? {
        true => Err(Error::invalid("slug", "is taken by another of your guides")),
        false => Ok(slug.clone()),
    }
}

/// The outcome of [`create`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The new guide's id.
    pub id: GuideId,
}

/// Makes a guide, as a draft behind the others.
///
/// # Errors
/// [`Error::Invalid`] with every wrong field, and where there are [`MOST`]; storage's errors.
pub async fn create(
    crm: &Crm,
    agent: AgentId,
    typed: &TypedGuide,
    once: Option<Once>,
) -> Result<Answer<Created>, Error> {
    let words = check(typed)?;
    crm.change_once("guides.create", agent, once, move |tx, turn| {
        let order = order(tx, agent)?;
        check_room(&order)?;
        let slug = match &words.slug {
            Some(slug) => asked_slug(tx, agent, slug, None)?,
            None => free_slug(tx, agent, &Slug::from_text(&words.title, "guide"))?,
        };
        let id = GuideId(turn.next_id());
        let Words { title, slug: _, headline, text, points } = words.clone();
        let guide = Guide {
            id,
            title,
            slug: slug.as_str().to_owned(),
            status: GuideStatus::Draft,
            headline,
            text,
            points: lines(&points),
            document: None,
            cover: None,
            downloads: 0,
            leads: 0,
            created_at: id.created_at(),
            updated_at: id.created_at(),
        };
        store(tx, agent, &guide, order.last().map_or(0, |(last, _)| last + 1))?;
        Ok(Created { id })
    })
    .await
}

/// Puts a guide into its table, totals and search.
fn store(tx: &mut Tx<'_>, agent: AgentId, guide: &Guide, place: i64) -> Result<(), Error> {
    let document = guide.document.as_ref();
    tx.execute(
        "INSERT INTO guides (agent_id, id, title, slug, status, place, document_id, document_name, document_size, cover_id,
             downloads, leads, updated_at, headline, text, points)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        params![
            &agent,
            &guide.id,
            &guide.title,
            &guide.slug,
            guide.status,
            place,
            document.map(|document| &document.id.0),
            document.map(|document| document.name.as_str()),
            document.map(|document| i64::try_from(document.size).unwrap_or(i64::MAX)),
            guide.cover.as_ref().map(|cover| &cover.0),
            guide.downloads,
            guide.leads,
            guide.updated_at.0,
            guide.headline.as_deref(),
            guide.text.as_deref(),
            &guide.points.join("\n")
        ],
    )?;
    totals::add(tx, agent, Kind::Guide, guide.status.name(), 1)?;
    search::enqueue(tx, agent, Kind::Guide, &guide.id.0)
}

fn check_room(order: &[(i64, GuideId)]) -> Result<(), Error> {
    match order.len() {
        ..MOST => Ok(()),
        _ => Err(Error::invalid("title", "must wait: there are 100 guides; delete one first")),
    }
}

/// Place and id of each guide, in their order.
fn order(tx: &mut Tx<'_>, agent: AgentId) -> Result<Vec<(i64, GuideId)>, Error> {
    let sql = "SELECT place, id FROM guides WHERE agent_id = $1";
    let mut order = tx.query(sql, params![&agent], |row| Ok((row.get(0)?, row.get(1)?)))?;
    order.sort_unstable();
    Ok(order)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, title, slug, status, document_id, document_name, document_size, cover_id, downloads, leads, updated_at, headline,
                 text, points, place FROM guides",
            $rest
        )
    };
}

fn from_row(row: &Row<'_>) -> Result<Guide, db::DbError> {
    let id: GuideId = row.get(0)?;
    let document = match row.get::<Option<[u8; 16]>>(4)? {
        None => None,
        Some(document) => Some(Document {
            id: DocumentId(document),
            name: row.get(5)?,
            size: u64::try_from(row.get::<i64>(6)?).unwrap_or(0),
        }),
    };
    Ok(Guide {
        id,
        title: row.get(1)?,
        slug: row.get(2)?,
        status: row.get(3)?,
        document,
        cover: row.get::<Option<[u8; 16]>>(7)?.map(PhotoId),
        downloads: row.get(8)?,
        leads: row.get(9)?,
        updated_at: UnixMillis(row.get(10)?),
        headline: row.get(11)?,
        text: row.get(12)?,
        points: lines(row.text(13)?),
        created_at: id.created_at(),
    })
}

pub(crate) fn find(tx: &mut Tx<'_>, agent: AgentId, id: GuideId) -> Result<Guide, Error> {
    tx.query_opt(select!(" WHERE agent_id = $1 AND id = $2"), params![&agent, &id], from_row)?.ok_or(Error::NotFound)
}

/// The published guide of a slug, within a transaction.
pub(crate) fn find_by_slug(tx: &mut Tx<'_>, agent: AgentId, slug: &str) -> Result<Guide, Error> {
    let found = tx.query_opt(select!(" WHERE agent_id = $1 AND slug = $2"), params![&agent, slug], from_row)?;
    found.filter(|guide| guide.status == GuideStatus::Published).ok_or(Error::NotFound)
}

/// The agent's guides in their order, drafts included.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId) -> Result<Vec<Guide>, Error> {
    crm.db
        .read("guides.list", move |tx| {
            let sql = select!(" WHERE agent_id = $1");
            let mut guides = tx.query(sql, params![&agent], |row| Ok((row.get::<i64>(14)?, from_row(row)?)))?;
            guides.sort_by_key(|(place, guide)| (*place, guide.id));
            Ok(guides.into_iter().map(|(_, guide)| guide).collect())
        })
        .await
}

/// A guide of the agent's, be it a draft.
///
/// # Errors
/// [`Error::NotFound`] for an id that is no guide of this agent.
pub async fn get(crm: &Crm, agent: AgentId, id: GuideId) -> Result<Guide, Error> {
    crm.db.read("guides.get", move |tx| find(tx, agent, id)).await
}

/// The guide that visitors find under a slug.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or a draft.
pub async fn get_published(crm: &Crm, agent: AgentId, slug: &str) -> Result<Guide, Error> {
    let slug = slug.to_owned();
    crm.db.read("guides.get_published", move |tx| find_by_slug(tx, agent, &slug)).await
}

/// Changes a guide's words, if `precondition` holds of it. A blank slug stays what it is.
///
/// # Errors
/// [`Error::Invalid`] with every wrong field; [`Error::NotFound`], [`Error::PreconditionFailed`].
pub async fn update<P>(crm: &Crm, agent: AgentId, id: GuideId, typed: &TypedGuide, precondition: P) -> Result<(), Error>
where
    P: Fn(&Guide) -> bool + Send + 'static,
{
    let words = check(typed)?;
    crm.change("guides.update", agent, move |tx, turn| {
        let guide = find(tx, agent, id)?;
        if !precondition(&guide) {
            return Err(Error::PreconditionFailed);
        }
        let slug = match &words.slug {
            Some(slug) => asked_slug(tx, agent, slug, Some(id))?.as_str().to_owned(),
            None => guide.slug.clone(),
        };
        let Words { title, slug: _, headline, text, points } = &words;
        tx.execute(
            "UPDATE guides SET title = $3, slug = $4, headline = $5, text = $6, points = $7, updated_at = $8
             WHERE agent_id = $1 AND id = $2",
            params![
                &agent,
                &id,
                title,
                &slug,
                headline.as_deref(),
                text.as_deref(),
                points,
                turn.now.max(guide.updated_at).0
            ],
        )?;
        search::enqueue(tx, agent, Kind::Guide, &id.0)
    })
    .await
}

/// Shows a guide to everybody, or to its agent alone.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] for `document` where one without a PDF is to be published.
pub async fn set_status(crm: &Crm, agent: AgentId, id: GuideId, status: GuideStatus) -> Result<(), Error> {
    crm.change("guides.set_status", agent, move |tx, turn| {
        let guide = find(tx, agent, id)?;
        if status == GuideStatus::Published && guide.document.is_none() {
            return Err(Error::invalid("document", "is missing: add the PDF, then publish the guide"));
        }
        let sql = "UPDATE guides SET status = $3, updated_at = $4 WHERE agent_id = $1 AND id = $2";
        tx.execute(sql, params![&agent, &id, status, turn.now.max(guide.updated_at).0])?;
        totals::shift(tx, agent, Kind::Guide, guide.status.name(), status.name())
    })
    .await
}

/// Where a guide is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// One place forward.
    Earlier,
    /// One place back.
    Later,
}

/// Moves a guide among the others.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn shift(crm: &Crm, agent: AgentId, id: GuideId, shift: Shift) -> Result<(), Error> {
    crm.change("guides.shift", agent, move |tx, _| {
        let mut order = order(tx, agent)?;
        let at = order.iter().position(|(_, held)| *held == id).ok_or(Error::NotFound)?;
        match shift {
            Shift::Earlier => order.swap(at, at.saturating_sub(1)),
            Shift::Later if at + 1 < order.len() => order.swap(at, at + 1),
            Shift::Later => {}
        }
        for (place, (held, id)) in (0i64..).zip(&order) {
            if *held != place {
                let sql = "UPDATE guides SET place = $3 WHERE agent_id = $1 AND id = $2";
                tx.execute(sql, params![&agent, id, place])?;
            }
        }
        Ok(())
    })
    .await
}

/// A deleted guide as the trash keeps it.
#[derive(Serialize, Deserialize)]
struct Trashed {
    #[serde(flatten)]
    guide: Guide,
    place: i64,
}

/// Deletes a guide; for 30 days it can be taken back, with its files and its counts.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(crm: &Crm, agent: AgentId, id: GuideId) -> Result<(), Error> {
    crm.change("guides.delete", agent, move |tx, turn| {
        let guide = find(tx, agent, id)?;
        let place = order(tx, agent)?.iter().find(|(_, held)| *held == id).map_or(0, |(place, _)| *place);
        let status = guide.status;
        trash::put(tx, turn, Kind::Guide, &id.0, &Trashed { guide, place })?;
        tx.execute("DELETE FROM guides WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
        totals::add(tx, agent, Kind::Guide, status.name(), -1)?;
        search::enqueue(tx, agent, Kind::Guide, &id.0)
    })
    .await
}

/// Brings a deleted guide back to where it was, under another slug where its own is taken by now.
///
/// # Errors
/// [`Error::NotFound`] for what is not in the agent's trash; [`Error::Invalid`] where there is no room any more.
pub async fn restore(crm: &Crm, agent: AgentId, id: GuideId) -> Result<(), Error> {
    crm.change("guides.restore", agent, move |tx, turn| {
        let Trashed { mut guide, place } = trash::take(tx, turn, Kind::Guide, &id.0)?;
        check_room(&order(tx, agent)?)?;
        let slug = Slug::parse(&guide.slug).unwrap_or_else(|_| Slug::from_text(&guide.title, "guide"));
        guide.slug = free_slug(tx, agent, &slug)?.as_str().to_owned();
        guide.updated_at = turn.now.max(guide.updated_at);
        store(tx, agent, &guide, place)
    })
    .await
}

/// Erases the files of a guide that was in the trash: those of this record, if it is one of a guide.
pub(crate) fn erase(tx: &mut Tx<'_>, agent: AgentId, id: &[u8; 16], record: &str) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Of {
        document: Option<Document>,
        cover: Option<PhotoId>,
    }
    let Ok(Of { document, cover }) = serde_json::from_str::<Of>(record) else { return Ok(()) };
    for about in [document.map(|document| document.id.0), cover.map(|cover| cover.0)].into_iter().flatten() {
        files::end(tx, agent, &about, Some(0))?;
    }
    tx.execute("DELETE FROM guide_leads WHERE agent_id = $1 AND guide_id = $2", params![&agent, id])?;
    Ok(())
}

/// Notes that a guide's files have changed.
pub(crate) fn touch(tx: &mut Tx<'_>, turn: &Turn, guide: &Guide) -> Result<(), Error> {
    let sql = "UPDATE guides SET updated_at = $3 WHERE agent_id = $1 AND id = $2";
    tx.execute(sql, params![&turn.agent, &guide.id, turn.now.max(guide.updated_at).0])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_cut_and_everything_wrong_is_told_at_once() {
        let typed = TypedGuide {
            title: String::from("  Before you sell "),
            headline: String::from(" "),
            points: String::from("- One\n\n * Two\n•Three\n"),
            ..TypedGuide::default()
        };
        let words = check(&typed).unwrap();
        assert_eq!((&*words.title, words.headline, &*words.points), ("Before you sell", None, "One\nTwo\nThree"));
        let wrong = TypedGuide {
            title: String::from(" "),
            slug: String::from("No Slug"),
            headline: "x".repeat(LONGEST_HEADLINE + 1),
            text: "x".repeat(LONGEST_TEXT + 1),
            points: "x\n".repeat(MOST_POINTS + 1),
        };
        let Err(Error::Invalid(errors)) = check(&wrong).map(|_| ()) else { panic!("refused") };
        let mut fields = errors.into_iter().map(|error| error.field).collect::<Vec<_>>();
        fields.sort_unstable();
        assert_eq!(fields, ["headline", "points", "slug", "text", "title"]);
    }
}
