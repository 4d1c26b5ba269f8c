//! PostgreSQL.

mod connection;

pub(crate) use connection::Connection;
