//! The handle that the rest of the product holds.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    DbError, Engine, Lane, Migrated, Migration, Notice, Notifier, Options, Stats, Tx, Version,
    job::{self, Job},
    migrations::PROBE,
    params,
    postgres::{self, Address},
    queue::{Queue, Urgency, Waiting},
    sqlite::{self, Place, Watch},
    stats::Counters,
};

/// How long [`Database::ready`] waits for its answer.
const READY: Duration = Duration::from_secs(1);

/// A database on either engine. Cloning it is cheap; all clones are the same database.
///
/// Every job may fail with [`DbError::Busy`] when too much is waiting, [`DbError::Stopping`] after [`Database::close`],
/// [`DbError::Unavailable`] when the disk or the connection fails and [`DbError::Panicked`] when it panics; a write also with
/// [`DbError::OutcomeUnknown`]. Whoever stops waiting for an answer harms nobody: the job may still run.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    home: Home,
    /// A queue per writing thread; on SQLite there is one.
    writes: Vec<Arc<Queue>>,
    reads: Arc<Queue>,
    /// On SQLite the writer's queue.
    statements: Arc<Queue>,
    counters: Arc<Counters>,
    /// Which thread the next job of [`Lane::SHARED`] goes to.
    turn: AtomicUsize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

enum Home {
    Sqlite(Place, Arc<Watch>),
    Postgres(Arc<Address>),
}

impl Database {
    /// Opens `sqlite:PATH` (the file, mode 0600, and the folders above it are created) or `postgres://...`.
    ///
    /// # Errors
    /// [`DbError::Refused`] for an address that cannot be used and a server that may lose what it confirms,
    /// [`DbError::Unavailable`] when the server or the file cannot be reached.
    pub fn open(url: &str, options: Options) -> Result<Self, DbError> {
        let home = match url.split_once(':') {
            Some(("sqlite", address)) => {
                let place = sqlite::parse(address)?;
                let watch = Arc::new(Watch::create(&place)?);
                Home::Sqlite(place, watch)
            }
            Some(("postgres" | "postgresql", _)) => Home::Postgres(Arc::new(Address::parse(url)?)),
            _ => {
                return Err(DbError::Refused(
                    "the database's address must begin with sqlite: or postgres://".to_owned(),
                ));
            }
        };
        let queue = || Arc::new(Queue::new(options.queue.max(1)));
        let (writes, statements) = match home {
            Home::Sqlite(..) => {
                let writer = queue();
                (vec![Arc::clone(&writer)], writer)
            }
            Home::Postgres(_) => ((0..options.writers.max(1)).map(|_| queue()).collect(), queue()),
        };
        let (reads, counters, turn) = (queue(), Arc::default(), AtomicUsize::new(0));
        let inner = Inner { home, writes, reads, statements, counters, turn, threads: Mutex::default() };
        // If this fails, threads that have started end as `inner` goes.
        *inner.threads.lock().unwrap_or_else(PoisonError::into_inner) = match &inner.home {
            Home::Sqlite(place, watch) => {
                sqlite::start(place, &options, &inner.writes[0], &inner.reads, watch, &inner.counters)
            }
            Home::Postgres(address) => {
                let (writes, reads, statements) = (&inner.writes, &inner.reads, &inner.statements);
                postgres::start(address, &options, writes, reads, statements, &inner.counters)
            }
        }?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Which engine is behind it.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.inner.home {
            Home::Sqlite(..) => Engine::Sqlite,
            Home::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs `job` in a write transaction and answers once what it wrote is durable; a job that answers an error, or panics, is
    /// rolled back. Other jobs may share the transaction; none sees another's work undone. `job` may run more than once, so it
    /// has no effect but on the transaction.
    pub async fn write<T, E, F>(&self, name: &'static str, lane: Lane, job: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.send(self.writer(lane), Urgency::Foreground, lane, job::task(name, job)).await
    }

    /// As [`Database::write`], but behind the writes that someone waits for: it runs while none of those come, else in a tenth of
    /// the time, and after half a second in any case.
    pub async fn write_in_background<T, E, F>(&self, name: &'static str, lane: Lane, job: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.send(self.writer(lane), Urgency::Background, lane, job::task(name, job)).await
    }

    /// Runs `job` on one snapshot of the database, which has every write that was answered before. After 5 s it is cut with
    /// [`DbError::Busy`].
    pub async fn read<T, E, F>(&self, name: &'static str, job: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.send(&self.inner.reads, Urgency::Foreground, Lane::SHARED, job::task(name, job)).await
    }

    /// Runs `work` on one snapshot, on a connection of its own and for as long as it takes: backups. Blocks. While it runs, SQLite's
    /// write-ahead log cannot be emptied and PostgreSQL keeps old rows.
    pub fn snapshot<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
        T: Send,
        E: From<DbError> + Send,
    {
        match &self.inner.home {
            Home::Sqlite(place, _) => sqlite::snapshot(place, work),
            Home::Postgres(address) => postgres::snapshot(address, work),
        }
    }

    /// Runs a job of one statement that may write and is hot enough to go without a transaction around it (the rate limit): on
    /// PostgreSQL it commits by itself, at READ COMMITTED, on threads of its own; on SQLite it is a write.
    pub async fn statement<T, E, F>(&self, name: &'static str, job: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.send(&self.inner.statements, Urgency::Foreground, Lane::SHARED, job::task(name, job)).await
    }

    /// Applies the migrations that are missing, each in a transaction of its own. Blocks. Before a SQLite database that has a
    /// schema is changed it is copied beside itself; the newest three copies are kept.
    ///
    /// # Errors
    /// [`DbError::Refused`] when the schema is newer than `migrations` or an applied one has changed.
    pub fn migrate(&self, migrations: &[Migration]) -> Result<Migrated, DbError> {
        match &self.inner.home {
            Home::Sqlite(place, _) => sqlite::migrate(place, migrations),
            Home::Postgres(address) => postgres::migrate(address, migrations),
        }
    }

    /// The newest applied migration, 0 for none. Blocks.
    pub fn schema_version(&self) -> Result<i64, DbError> {
        match &self.inner.home {
            Home::Sqlite(place, _) => sqlite::version(place),
            Home::Postgres(address) => postgres::version(address),
        }
    }

    /// Exchanges notices with the other nodes on PostgreSQL, on a channel of this name (a plain word): `told` is called with each id that another node sends, on a thread of its
    /// own. `own` tells this node from the others, which see it [present](Tx::present_nodes) meanwhile. `None` on SQLite, which has
    /// no other nodes.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when no thread can be had.
    pub fn exchange_notices(
        &self,
        channel: &'static str,
        own: [u8; 16],
        told: impl Fn(Notice) + Send + 'static,
    ) -> Result<Option<Notifier>, DbError> {
        match &self.inner.home {
            Home::Sqlite(..) => Ok(None),
            Home::Postgres(address) => postgres::exchange(address, channel, own, told).map(Some),
        }
    }

    /// The version of the database that every read from now on sees, or a later one: told at once, without a read, so that what was
    /// read before can be known to hold still. `None` when that cannot be told now (another process has just written), and always
    /// on PostgreSQL, where other nodes write.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        let Home::Sqlite(_, watch) = &self.inner.home else { return None };
        let version = watch.version();
        if version.is_none() && watch.expect() {
            // The writer knows whose commit it was, after its next group: here is one. Should it be refused, others will come.
            let (job, _) = job::task("db.settle", |_| Ok::<_, DbError>(()));
            let _ = self.inner.writes[0].push(Urgency::Background, Waiting { lane: Lane::SHARED, job });
        }
        version
    }

    /// What the engine counted.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let inner = &self.inner;
        let mut stats = inner.counters.stats();
        for queue in &inner.writes {
            let (foreground, background) = queue.waiting();
            stats.writes_waiting += foreground;
            stats.background_waiting += background;
        }
        stats.reads_waiting = inner.reads.waiting().0;
        if self.engine() == Engine::Postgres {
            stats.statements_waiting = inner.statements.waiting().0;
        }
        stats
    }

    /// Whether a read answers within a second and the last commit did not fail; after a failed one, a write is tried.
    pub async fn ready(&self) -> bool {
        let read = self.read("db.ready", |tx| tx.query_one("SELECT 1", params![], |row| row.get::<i64>(0)));
        if !matches!(tokio::time::timeout(READY, read).await, Ok(Ok(1))) {
            return false;
        }
        if !self.inner.counters.is_failing.load(Relaxed) {
            return true;
        }
        // Nobody may be sending writes to a server that is not ready, so it has to find out by itself that they work again.
        let write = self.write("db.ready", Lane::SHARED, |tx| tx.execute(PROBE, params![]));
        matches!(tokio::time::timeout(READY, write).await, Ok(Ok(1)))
    }

    /// Refuses new jobs, finishes those that wait, empties SQLite's log and ends the threads.
    pub async fn close(&self) {
        self.inner.close_queues();
        let threads = std::mem::take(&mut *self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let (done, ended) = oneshot::channel();
        let join = move || {
            for thread in threads {
                // A thread catches its panics; if one ended by one all the same, it has been logged.
                let _ = thread.join();
            }
            let _ = done.send(());
        };
        if let Home::Sqlite(_, watch) = &self.inner.home {
            watch.close();
        }
        if crate::threads::spawn("db-close", join).is_ok() {
            let _ = ended.await;
        }
    }

    fn writer(&self, lane: Lane) -> &Queue {
        let writes = &self.inner.writes;
        let index = match lane {
            Lane::SHARED => self.inner.turn.fetch_add(1, Relaxed) % writes.len(),
            lane => lane.thread(writes.len()),
        };
        &writes[index]
    }

    async fn send<T, E: From<DbError>>(
        &self,
        queue: &Queue,
        urgency: Urgency,
        lane: Lane,
        (job, answer): (Box<dyn Job>, oneshot::Receiver<Result<T, E>>),
    ) -> Result<T, E> {
        if let Err(refusal) = queue.push(urgency, Waiting { lane, job }) {
            if refusal == DbError::Busy {
                Counters::add(&self.inner.counters.refused, 1);
            }
            return Err(refusal.into());
        }
        // A thread answers every job it takes; one that panicked while it held the job cannot say what it did.
        answer.await.unwrap_or_else(|_| Err(DbError::OutcomeUnknown.into()))
    }
}

impl Inner {
    fn close_queues(&self) {
        for queue in self.writes.iter().chain([&self.reads, &self.statements]) {
            queue.close();
        }
    }
}

impl Drop for Inner {
    /// Nobody can wait for the threads here, but they finish what they have and end.
    fn drop(&mut self) {
        self.close_queues();
    }
}
