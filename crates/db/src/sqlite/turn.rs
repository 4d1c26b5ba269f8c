//! Turns at opening and migrating a database, between the threads and processes that do so at the same moment.
//!
//! SQLite does not wait for a lock when the file's journal mode changes, which the first to open a new database does: the second
//! would be told at once that it is busy. And closing any handle of a file takes away the locks that this process has on it, so
//! the file must not be created while another thread opens it.

use std::fs::File;

use super::{Place, connection::folder_of};

/// Held while a database is opened for the first time or migrated. The lock is on the folder, so no file is left behind.
pub(crate) struct Turn {
    _folder: Option<File>,
}

impl Turn {
    /// Waits until nobody else has it. On a file system without locks nobody waits.
    pub(crate) fn take(place: &Place) -> Self {
        let folder = File::open(folder_of(&place.path)).ok();
        Self { _folder: folder.filter(|folder| folder.lock().is_ok()) }
    }
}
