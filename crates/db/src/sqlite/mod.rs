//! SQLite: one file, one writer, a few readers, and a thread that empties the write-ahead log.

mod checkpoints;
mod connection;
mod copies;
mod readers;
mod schema;
mod turn;
mod watch;
mod writer;

use std::{path::PathBuf, sync::Arc, thread::JoinHandle};

pub(crate) use connection::Place;
pub(crate) use readers::snapshot;
pub(crate) use schema::{migrate, version};
pub(crate) use watch::Watch;

use crate::{DbError, Options, queue::Queue, stats::Counters, threads};

const READERS: usize = 4;

/// Starts the threads. The file, which is there, is opened once before this returns.
pub(crate) fn start(
    place: &Place,
    options: &Options,
    writes: &Arc<Queue>,
    reads: &Arc<Queue>,
    watch: &Arc<Watch>,
    counters: &Arc<Counters>,
) -> Result<Vec<JoinHandle<()>>, DbError> {
    let (checkpointer, bell) = checkpoints::Checkpointer::new(place.clone(), Arc::clone(counters));
    let mut writer =
        writer::Writer::new(place.clone(), options.log_bytes, bell, Arc::clone(watch), Arc::clone(counters));
    writer.connect()?;
    let mut started = Vec::new();
    started.push(threads::serve("db-writer", Arc::clone(writes), writer::GROUP, writer)?);
    started.push(threads::spawn("db-checkpoint", move || checkpointer.run())?);
    for _ in 0..if options.readers == 0 { READERS } else { options.readers } {
        let reader = readers::Reader::new(place.clone(), Arc::clone(counters));
        started.push(threads::serve("db-reader", Arc::clone(reads), 1, reader)?);
    }
    Ok(started)
}

/// Reads `PATH` or `PATH?vfs=NAME`, what follows `sqlite:` in an address.
pub(crate) fn parse(address: &str) -> Result<Place, DbError> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    // `sqlite:///var/lib/x.db` is how other programs write `sqlite:/var/lib/x.db`.
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path == ":memory:" {
        return Err(DbError::Refused("the address of a SQLite database is sqlite: and a path to a file".to_owned()));
    }
    let mut vfs = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("vfs", name)) => vfs = Some(name.to_owned()),
            _ => {
                return Err(DbError::Refused(format!(
                    "a SQLite database has no setting {pair}; the only one is vfs=NAME"
                )));
            }
        }
    }
    Ok(Place { path: PathBuf::from(path), vfs })
}
