//! Pages of long lists: cursors that cost the same at any depth, beside `offset`, and totals.

use db::Engine;

use crate::{
    clock::UnixMillis,
    ids::{ClientId, ListingId, StageId},
    totals::Kind,
};

mod assembly;
mod cursor;
mod reading;

pub(crate) use assembly::Assembly;
pub use cursor::Cursor;
pub(crate) use reading::read;

/// The order of a list. Ids break ties, so an order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Newest first (`-createdAt`).
    #[default]
    NewestFirst,
    /// Oldest first (`createdAt`).
    OldestFirst,
    /// Last changed first (`-updatedAt`).
    LastChangedFirst,
}

impl Sort {
    /// Every order with its public name.
    pub const NAMES: [(&'static str, Self); 3] =
        [("-createdAt", Self::NewestFirst), ("createdAt", Self::OldestFirst), ("-updatedAt", Self::LastChangedFirst)];

    /// As [`Sort::clause`], but by sorting: SQLite takes no index for a term with a sign. PostgreSQL counts its rows, and knows.
    fn sorted_clause(self, engine: Engine) -> &'static str {
        match (engine, self) {
            (Engine::Sqlite, Self::NewestFirst) => " ORDER BY +t.id DESC",
            (Engine::Sqlite, Self::OldestFirst) => " ORDER BY +t.id",
            (Engine::Sqlite, Self::LastChangedFirst) => " ORDER BY +t.updated_at DESC, t.id DESC",
            (Engine::Postgres, _) => self.clause(),
        }
    }

    fn clause(self) -> &'static str {
        match self {
            Self::NewestFirst => " ORDER BY t.id DESC",
            Self::OldestFirst => " ORDER BY t.id",
            Self::LastChangedFirst => " ORDER BY t.updated_at DESC, t.id DESC",
        }
    }
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After so many records.
    Offset(u32),
    /// Right after a record of an earlier page.
    After(Cursor),
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The list's order.
    pub sort: Sort,
    /// Where it begins.
    pub start: Start,
    /// At most so many records.
    pub limit: u32,
    /// How far a filtered list is counted, at most; 0 where its total is not asked for. [`Total::COUNTED`] is what the API promises.
    pub counted: u32,
}

/// How many records a list has in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The number, or how far was counted where there are more.
    pub count: u64,
    /// Whether it is the number.
    pub is_exact: bool,
}

impl Total {
    /// How far the API counts a filtered list.
    pub const COUNTED: u32 = 10_000;

    /// Of what was counted no further than to one more than `most`.
    pub(crate) fn counted(counted: i64, most: u32) -> Self {
        let counted = u64::try_from(counted).unwrap_or(0);
        Self { count: counted.min(u64::from(most)), is_exact: counted <= u64::from(most) }
    }

    /// What a page with so many records tells of the total: never less than it shows, and the number where it is the last.
    fn at_least(self, page: &Page, shown: usize, is_last: bool) -> Self {
        if self.is_exact {
            return self;
        }
        let skipped = match page.start {
            Start::Offset(skipped) => u64::from(skipped),
            Start::After(_) => return Self { count: self.count.max(shown as u64), ..self },
        };
        let count = skipped + shown as u64;
        if is_last && (shown > 0 || skipped == 0) {
            return Self { count, is_exact: true };
        }
        Self { count: if shown > 0 { self.count.max(count) } else { self.count }, ..self }
    }
}

/// One page of a list.
#[derive(Debug)]
pub struct Listed<T> {
    /// The records.
    pub items: Vec<T>,
    /// How many the whole list has.
    pub total: Total,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// What a list can be narrowed by. Every field is an index's leading column.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this status.
    pub status: Option<String>,
    /// Only this folded e-mail address.
    pub email_key: Option<String>,
    /// Only these digits of a phone number.
    pub phone_key: Option<String>,
    /// Only this folded source.
    pub source_key: Option<String>,
    /// Only this client's.
    pub client: Option<ClientId>,
    /// Only this listing's.
    pub listing: Option<ListingId>,
    /// Only clients of this stage.
    pub stage: Option<StageId>,
    /// Only leads or clients with this folded tag.
    pub tag_key: Option<String>,
    /// Only records found by these words.
    pub words: Vec<String>,
    /// Only records made at or after this instant.
    pub since: Option<UnixMillis>,
    /// Only records made before this instant.
    pub until: Option<UnixMillis>,
    /// Only records changed at or after this instant.
    pub updated_since: Option<UnixMillis>,
}

impl Filter {
    /// How many values records must have: each has an index of its own.
    fn values(&self) -> usize {
        let Self { status, email_key, phone_key, source_key, client, listing, stage, .. } = self;
        let texts = [status, email_key, phone_key, source_key].into_iter().flatten().count();
        texts + usize::from(client.is_some()) + usize::from(listing.is_some()) + usize::from(stage.is_some())
    }

    /// Whether the kept totals tell the count, were it not for words and a tag.
    fn is_kept_but_for_words_and_tag(&self) -> bool {
        let Self {
            status: _,
            tag_key: _,
            words: _,
            email_key,
            phone_key,
            source_key,
            client,
            listing,
            stage,
            since,
            until,
            updated_since,
        } = self;
        email_key.is_none()
            && phone_key.is_none()
            && source_key.is_none()
            && client.is_none()
            && listing.is_none()
            && stage.is_none()
            && since.is_none()
            && until.is_none()
            && updated_since.is_none()
    }
}

/// The table behind a list.
pub(crate) struct Source {
    /// What is counted.
    pub kind: Kind,
    /// `SELECT` with its columns and `FROM` with its joins; the listed table is named `t`. Column 0 is `t.id`, column 1 `t.updated_at`.
    pub select: &'static str,
    /// `SELECT 1 FROM` the listed table named `t`.
    pub count: &'static str,
}
