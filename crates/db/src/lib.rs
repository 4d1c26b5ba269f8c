//! The engine room: one [`Database`] handle over SQLite and PostgreSQL.
//!
//! A write or a read is a synchronous closure over a [`Tx`], shipped to a thread that owns a connection. SQL is written once,
//! with `$1` parameters, in the subset that both engines share; [`Tx`] is the only place that tells them apart.
//!
//! ```no_run
//! # use db::{Database, DbError, Options, params};
//! # async fn example(db: Database, id: [u8; 16]) -> Result<(), DbError> {
//! let name = db.read("agents.find", move |tx| {
//!     tx.query_opt("SELECT name FROM agents WHERE id = $1", params![&id], |row| row.get::<String>(0))
//! });
//! let name: Result<Option<String>, DbError> = name.await;
//! # Ok(())
//! # }
//! ```
//!
//! To learn the engine, read `database.rs` (the handle), `job.rs` and `queue.rs` (how a closure travels), then
//! `sqlite/writer.rs` and `postgres/writer.rs` (how a write becomes durable). How SQL and errors are adapted to an engine stands
//! in `dialect/`; how the schema moves on, in `migrations.rs`.

mod catalog;
mod database;
mod dialect;
mod error;
mod job;
mod lane;
mod migrations;
mod notices;
mod options;
mod postgres;
mod queue;
mod record;
mod row;
mod sqlite;
mod stats;
mod threads;
mod tx;
mod value;
mod version;

pub use catalog::{Column, ColumnKind, Table};
pub use database::Database;
pub use error::DbError;
pub use lane::Lane;
pub use migrations::{Migrated, Migration};
pub use notices::{Notice, Notifier};
pub use options::{Engine, Options};
pub use record::record_statements;
pub use row::{FromColumn, Row};
pub use stats::Stats;
pub use tx::Tx;
pub use value::Value;
pub use version::Version;
