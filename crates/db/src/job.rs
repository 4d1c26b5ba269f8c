//! A closure on its way to a thread, and its answer on the way back.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{DbError, Tx, queue};

/// What a run of a job asks of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    /// Keep what it wrote.
    Kept,
    /// Undo what it wrote: it failed, it panicked, or a statement of it failed.
    Undone,
}

/// A job of any type. It may be run several times; it is answered once, with what its last run came to.
pub(crate) trait Job: Send {
    fn name(&self) -> &'static str;

    /// Whether someone still waits for the answer.
    fn is_awaited(&self) -> bool;

    fn run(&mut self, tx: &mut Tx<'_>) -> Ran;

    /// Answers with what the last run came to.
    fn answer(self: Box<Self>);

    /// Answers with a failure of the engine, whatever the last run came to.
    fn fail(self: Box<Self>, error: DbError);
}

/// A job and the receiver of its answer.
pub(crate) fn task<T, E, F>(name: &'static str, work: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, E>>)
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    (Box::new(Task { name, work, result: None, sender }), receiver)
}

struct Task<T, E, F> {
    name: &'static str,
    work: F,
    result: Option<Result<T, E>>,
    sender: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Task<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_awaited(&self) -> bool {
        !self.sender.is_closed()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Ran {
        let Self { name, work, .. } = self;
        tx.run_as(name);
        // Whatever the panic left half done is in the transaction, which is rolled back.
        let result = catch_unwind(AssertUnwindSafe(|| work(tx))).unwrap_or_else(|_| {
            tracing::error!(job = name, "a database job panicked and was rolled back");
            Err(DbError::Panicked(name).into())
        });
        // A job cannot have kept anything after a statement has failed, even if it did not mind.
        let result = match tx.failure() {
            Some(failure) if result.is_ok() => Err(failure.clone().into()),
            _ => result,
        };
        let ran = if result.is_ok() { Ran::Kept } else { Ran::Undone };
        self.result = Some(result);
        ran
    }

    fn answer(self: Box<Self>) {
        let result =
            self.result.unwrap_or_else(|| Err(DbError::Internal("a job was answered before it ran".to_owned()).into()));
        // An answer that nobody waits for any more is no loss: what was written stays written.
        let _ = self.sender.send(result);
    }

    fn fail(self: Box<Self>, error: DbError) {
        let _ = self.sender.send(Err(error.into()));
    }
}

/// Longer than this and the log names the job: on SQLite every other write waits for it.
const SLOW: Duration = Duration::from_millis(250);

/// Runs a job and logs its name if it was slow.
pub(crate) fn run(job: &mut dyn Job, tx: &mut Tx<'_>) -> Ran {
    let started = queue::now();
    let ran = job.run(tx);
    let took = started.elapsed();
    if took > SLOW {
        tracing::warn!(job = job.name(), ms = took.as_millis(), "a database job was slow");
    }
    ran
}
