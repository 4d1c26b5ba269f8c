//! The schema, step by step. A step that has landed is never edited: its checksum is kept in the database.

use db::Migration;

/// Every step, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "first",
        sql: include_str!("../migrations/0001_first.sql"),
        sqlite: None,
        postgres: None,
    },
    Migration {
        version: 2,
        name: "clients",
        sql: include_str!("../migrations/0002_clients.sql"),
        sqlite: None,
        postgres: None,
    },
    Migration {
        version: 3,
        name: "listings",
        sql: include_str!("../migrations/0003_listings.sql"),
        sqlite: None,
        postgres: None,
    },
];
