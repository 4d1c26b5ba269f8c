//! Backups: everything of the whole database in one portable file, from one snapshot of either engine, into either engine.
//!
//! `archives` is the file's format, `dump` writes it, `restore` reads it back.

mod archives;
mod dump;
mod restore;

use std::{fmt, io};

use db::{Database, DbError};

use crate::Error;

pub use archives::{Summary, verify};
pub use dump::write;
pub use restore::Restore;

/// Every table that a backup holds, in the order in which a restore fills them. A test compares it with the schema.
pub const TABLES: &[&str] = &[
    "settings",
    "agents",
    "turns",
    "accounts",
    "two_steps",
    "recovery_codes",
    "profiles",
    "websites",
    "posts",
    "photos",
    "departures",
    "api_keys",
    "totals",
    "idempotency_keys",
    "stages",
    "sources",
    "leads",
    "clients",
    "listings",
    "showings",
    "trashed_showings",
    "showing_steps",
    "showing_reminders",
    "calendar_feeds",
    "domains",
    "hosts",
    "certificates",
    "acme_accounts",
    "notes",
    "follow_ups",
    "tags",
    "tag_totals",
    "next_steps",
    "saved_views",
    "inquiries",
    "merges",
    "first_answers",
    "files",
    "file_pieces",
    "attachments",
    "listing_prices",
    "open_houses",
    "guides",
    "guide_leads",
    "website_inquiries",
    "website_forms",
    "visits",
    "availabilities",
    "blocked_times",
    "showing_rules",
    "taken_times",
    "events",
    "webhooks",
    "deliveries",
    "search_queue",
    "search_terms",
    "search_records",
    "trash",
    "imports",
    "import_pieces",
    "import_rows",
    "imported_listings",
    "mails",
    "mail_records",
    "mail_settings",
    "lead_mails",
    "inbound_addresses",
    "inbound_messages",
    "jobs",
];

/// Tables that a backup leaves out: what a restart forgets as well, what lets people in, who then sign in anew, devices that are told of
/// leads, which may have been signed out since and ask anew, copies of what it holds anyway, and how often an address was written to today.
pub const LEFT_OUT: &[&str] = &[
    "key_windows",
    "sessions",
    "reset_links",
    "pending_sign_ins",
    "address_changes",
    "showing_links",
    "acme_challenges",
    "sign_ups",
    "devices",
    "pushes",
    "exports",
    "export_files",
    "export_parts",
    "acknowledgements",
];

/// The table that stands while a restore is under way, and keeps everything else from running.
const MARKER: &str = "unfinished_restore";

/// Why a backup or a restore did not succeed, in words for the operator.
#[derive(Debug)]
pub enum BackupError {
    /// What was asked cannot be done. The sentence says why.
    Refused(String),
    /// The database failed.
    Storage(DbError),
    /// The archive could not be read or written.
    Io(io::Error),
}

impl fmt::Display for BackupError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => out.write_str(why),
            Self::Storage(error) => write!(out, "{error}"),
            Self::Io(error) => write!(out, "{error}"),
        }
    }
}

impl std::error::Error for BackupError {}

impl From<DbError> for BackupError {
    fn from(error: DbError) -> Self {
        Self::Storage(error)
    }
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn refused(why: impl Into<String>) -> BackupError {
    BackupError::Refused(why.into())
}

/// Whether a restore into this database was begun and has not ended: then its data are not whole.
///
/// # Errors
/// Storage's errors.
pub async fn is_restoring(database: &Database) -> Result<bool, Error> {
    database.read("backup.is_restoring", |tx| Ok(tx.tables()?.iter().any(|table| table.name == MARKER))).await
}
