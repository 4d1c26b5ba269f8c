//! The engine room: one [`Database`] handle over SQLite and PostgreSQL.
//!
//! A write or a read is a synchronous closure over a [`Tx`], shipped to a thread that owns a connection. SQL is written once,
//! with `$1` parameters, in the subset that both engines share; [`Tx`] is the only place that tells them apart.
//!
//! ```ignore
//! let name = db.read("agents.find", move |tx| {
//!     tx.query_opt("SELECT name FROM agents WHERE id = $1", params![&id], |row| row.get::<String>(0))
//! }).await?;
//! ```
//!
//! How a write becomes durable stands in `sqlite/writer.rs` and `postgres/writer.rs`; how SQL is adapted to an engine, in
//! `dialect/`; how the schema moves on, in `migrations.rs`.

mod database;
mod dialect;
mod error;
mod lane;
mod migrations;
mod options;
mod postgres;
mod row;
mod stats;
mod tx;
mod value;

pub use database::Database;
pub use error::DbError;
pub use lane::Lane;
pub use migrations::{Migrated, Migration};
pub use options::{Engine, Options};
pub use row::{FromColumn, Row};
pub use stats::Stats;
pub use tx::Tx;
pub use value::Value;
