//! The threads that serve the queues.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::{Builder, JoinHandle},
    time::Duration,
};

use crate::{
    DbError,
    queue::{Queue, Waiting},
};

/// Something that owns a connection and runs jobs on it. Every job it is given is answered.
pub(crate) trait Server: Send + 'static {
    fn run(&mut self, jobs: Vec<Waiting>);

    /// Forgets its connection, which may be in any state: `run` has panicked.
    fn reset(&mut self);

    /// The last jobs have been answered.
    fn stop(&mut self) {}
}

/// A thread that gives `server` what waits in `queue`, at most `limit` jobs at a time, until the queue is closed and empty.
pub(crate) fn serve(
    name: &str,
    queue: Arc<Queue>,
    limit: usize,
    mut server: impl Server,
) -> Result<JoinHandle<()>, DbError> {
    spawn(name, move || {
        while let Some(jobs) = if limit > 1 { queue.take_group(limit) } else { queue.take(limit) } {
            // Jobs catch their own panics, so this one is ours. Its jobs answer OutcomeUnknown as they are dropped.
            if catch_unwind(AssertUnwindSafe(|| server.run(jobs))).is_err() {
                tracing::error!("a database thread panicked and starts anew");
                server.reset();
            }
        }
        server.stop();
    })
}

pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, DbError> {
    let thread = Builder::new().name(name.to_owned()).spawn(body);
    thread.map_err(|error| DbError::Unavailable(format!("no thread for the database: {error}")))
}

/// Runs `body` on a thread of its own and waits for it: the PostgreSQL client panics on a thread of the async runtime.
pub(crate) fn apart<T: Send, E: From<DbError> + Send>(body: impl FnOnce() -> Result<T, E> + Send) -> Result<T, E> {
    std::thread::scope(|scope| scope.spawn(body).join())
        .unwrap_or_else(|_| Err(DbError::Internal("a database thread panicked".to_owned()).into()))
}

/// Lets time pass on a thread of the database's own.
#[expect(clippy::disallowed_methods, reason = "the thread serves nobody else")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
