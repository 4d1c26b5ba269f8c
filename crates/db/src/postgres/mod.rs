//! PostgreSQL: connection threads for writes, reads and single statements.

mod connection;
mod link;
mod notices;
mod readers;
mod schema;
mod statements;
mod tls;
mod writer;

use std::{sync::Arc, thread::JoinHandle};

pub(crate) use connection::{Address, Connection};
pub(crate) use notices::{PRESENT, exchange, presence_of};
pub(crate) use readers::snapshot;
pub(crate) use schema::{migrate, version};

use crate::{DbError, Options, queue::Queue, stats::Counters, threads};
use connection::Role;
use link::{Link, Outage};

const READERS: usize = 8;

/// How many jobs one writing thread puts into a transaction. Past 64 subtransactions PostgreSQL slows down.
const GROUP: usize = 32;

/// Starts the threads, after one connection has shown that the server will do. They connect when they have something to do.
pub(crate) fn start(
    address: &Arc<Address>,
    options: &Options,
    writes: &[Arc<Queue>],
    reads: &Arc<Queue>,
    statements: &Arc<Queue>,
    counters: &Arc<Counters>,
) -> Result<Vec<JoinHandle<()>>, DbError> {
    threads::apart(|| Connection::open(address, Role::Writer).map(drop))?;
    let outage = Arc::<Outage>::default();
    let link = |role| Link::new(Arc::clone(address), role, Arc::clone(&outage), Arc::clone(counters));
    let mut started = Vec::new();
    for queue in writes {
        let writer = writer::Writer::new(link(Role::Writer), Arc::clone(counters));
        started.push(threads::serve("db-writer", Arc::clone(queue), GROUP, writer)?);
    }
    for _ in 0..if options.readers == 0 { READERS } else { options.readers } {
        let reader = readers::Reader::new(link(Role::Reader), Arc::clone(counters));
        started.push(threads::serve("db-reader", Arc::clone(reads), 1, reader)?);
    }
    for _ in 0..options.statements.max(1) {
        let server = statements::Statements::new(link(Role::Statement), Arc::clone(counters));
        started.push(threads::serve("db-statement", Arc::clone(statements), 1, server)?);
    }
    Ok(started)
}
