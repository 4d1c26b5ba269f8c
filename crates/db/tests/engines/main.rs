//! The promises of the engine room, on both engines.
#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]
#![expect(clippy::disallowed_methods, reason = "channels of tests hold a handful of messages")]

#[path = "../../../testkit/src/postgres.rs"]
mod cluster;
mod errors;
mod faults;
#[path = "../../../testkit/src/faulty_vfs.rs"]
mod faulty_vfs;
mod homes;
mod migrations;
mod postgres_only;
mod reads;
mod sqlite_only;
mod values;
mod writes;
