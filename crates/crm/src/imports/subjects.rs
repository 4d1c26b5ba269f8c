//! What the rows of a file are, and what becomes of one.

use db::{Tx, params};

use super::{
    columns::{self, Column, Field},
    drafts::{self, LeadDraft},
    listing_columns,
    listing_drafts::{self, ListingDraft},
};
use crate::{
    Error,
    ids::{ImportId, ListingId},
    leads, listings,
    turns::Turn,
};

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Leads.
    Leads,
    /// Listings.
    Listings,
}

impl Subject {
    /// The name in the database.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Leads => "lead",
            Self::Listings => "listing",
        }
    }

    /// The subject of a name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Leads, Self::Listings].into_iter().find(|subject| subject.name() == name)
    }

    /// Every field that a column can be: its name in forms, and in words.
    #[must_use]
    pub fn fields(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Leads => Field::NAMES.iter().map(|(_, name, words)| (*name, *words)).collect(),
            Self::Listings => listing_columns::FIELDS.iter().map(|field| (field.name, field.words)).collect(),
        }
    }

    /// What the columns under these headers are likely to be.
    pub(super) fn guess(self, headers: Vec<String>) -> Vec<Column> {
        match self {
            Self::Leads => columns::guess(headers),
            Self::Listings => listing_columns::guess(headers),
        }
    }
}

/// What a row is to become, before anything is stored.
#[derive(Debug, Clone)]
pub enum Draft {
    /// A lead.
    Lead(Box<LeadDraft>),
    /// A listing.
    Listing(Box<ListingDraft>),
}

/// What became of a row.
pub(super) enum Taken {
    /// A new record.
    New,
    /// What it became before has changed.
    Changed,
    /// It came in before, and brings nothing new.
    Known,
}

impl Draft {
    /// Reads a row.
    ///
    /// # Errors
    /// What is wrong with it, in words for whoever made the file.
    pub(super) fn read(subject: Subject, cells: &[String], columns: &[Column]) -> Result<Self, String> {
        match subject {
            Subject::Leads => drafts::read(cells, columns).map(|draft| Self::Lead(Box::new(draft))),
            Subject::Listings => listing_drafts::read(cells, columns).map(|draft| Self::Listing(Box::new(draft))),
        }
    }

    /// What tells the row from others: each of these alone does.
    pub(super) fn hashes(&self) -> &[[u8; 32]] {
        match self {
            Self::Lead(draft) => std::slice::from_ref(&draft.hash),
            Self::Listing(draft) => &draft.hashes,
        }
    }

    /// Takes the row in, within a transaction. A lead that came in once is passed over; a listing changes as the first of its rows in
    /// the file says.
    pub(super) fn take(&self, tx: &mut Tx<'_>, turn: &mut Turn, import: ImportId) -> Result<Taken, Error> {
        match self {
            Self::Lead(draft) => take_lead(tx, turn, draft),
            Self::Listing(draft) => take_listing(tx, turn, draft, import),
        }
    }
}

fn take_lead(tx: &mut Tx<'_>, turn: &mut Turn, draft: &LeadDraft) -> Result<Taken, Error> {
    let agent = turn.agent;
    let sql = "SELECT 1 FROM import_rows WHERE agent_id = $1 AND hash = $2";
    if tx.query_opt(sql, params![&agent, &draft.hash[..]], |_| Ok(()))?.is_some() {
        return Ok(Taken::Known);
    }
    let lead = leads::insert_as(tx, turn, &draft.lead, draft.status)?;
    tx.execute(
        "INSERT INTO import_rows (agent_id, hash, lead_id) VALUES ($1, $2, $3)",
        params![&agent, &draft.hash[..], &lead],
    )?;
    Ok(Taken::New)
}

fn take_listing(tx: &mut Tx<'_>, turn: &mut Turn, draft: &ListingDraft, import: ImportId) -> Result<Taken, Error> {
    let agent = turn.agent;
    let mut became = None;
    for hash in &draft.hashes {
        let sql = "SELECT listing_id, import_id FROM imported_listings WHERE agent_id = $1 AND hash = $2";
        let found = tx.query_opt(sql, params![&agent, &hash[..]], |row| {
            Ok((row.get::<ListingId>(0)?, row.get::<ImportId>(1)?))
        })?;
        became = became.or(found);
    }
    let (listing, taken) = match became {
        // It stands in the file twice.
        Some((_, last)) if last == import => return Ok(Taken::Known),
        Some((id, _)) => match listings::change_within(tx, turn, id, &draft.change) {
            Ok(true) => (id, Taken::Changed),
            // One that its owner has deleted stays so.
            Ok(false) | Err(Error::NotFound) => (id, Taken::Known),
            Err(error) => return Err(error),
        },
        None => (listings::insert(tx, turn, &draft.new)?, Taken::New),
    };
    for hash in &draft.hashes {
        tx.execute(
            "INSERT INTO imported_listings (agent_id, hash, listing_id, import_id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (agent_id, hash) DO UPDATE SET import_id = excluded.import_id",
            params![&agent, &hash[..], &listing, &import],
        )?;
    }
    Ok(taken)
}
