//! Databases for tests.

use std::{future::Future, path::PathBuf, sync::mpsc};

use db::{Database, DbError, Engine, Lane, Migration, Options, params};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::cluster::{TempDatabase, fresh_database};

pub const SCHEMA: &[Migration] = &[Migration {
    version: 1,
    name: "first",
    sql: "CREATE TABLE notes (
            id BIGINT NOT NULL,
            name TEXT NOT NULL,
            weight DOUBLE PRECISION,
            data BYTEA,
            CONSTRAINT notes_weight_check CHECK (weight >= 0),
            CONSTRAINT notes_pkey PRIMARY KEY (id)
        ) /*clustered*/;
        CREATE UNIQUE INDEX notes_name_key ON notes (name);
        CREATE /*unlogged*/ TABLE marks (
            note_id BIGINT NOT NULL,
            kind TEXT NOT NULL,
            CONSTRAINT marks_note_fkey FOREIGN KEY (note_id) REFERENCES notes (id)
        );
        CREATE UNIQUE INDEX marks_kind_key ON marks (note_id, kind);",
    sqlite: None,
    postgres: None,
}];

/// Where a test's database is. It goes with the test.
pub struct Home {
    pub engine: Engine,
    pub url: String,
    pub path: PathBuf,
    _folder: TempDir,
    _database: Option<TempDatabase>,
}

impl Home {
    pub fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/test.db");
        let database = (engine == Engine::Postgres).then(fresh_database);
        let url = match &database {
            Some(database) => database.url.clone(),
            None => format!("sqlite:{}", path.display()),
        };
        Self { engine, url, path, _folder: folder, _database: database }
    }

    pub fn open(&self) -> Database {
        self.open_with(Options::default())
    }

    pub fn open_with(&self, options: Options) -> Database {
        let db = Database::open(&self.url, options).unwrap();
        db.migrate(SCHEMA).unwrap();
        db
    }
}

/// One test for each engine from one function of a [`Home`].
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($home:ident: &Home) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every test needs everything")]
            use super::*;

            $(#[$attribute])*
            async fn run($home: &Home) $body

            #[test]
            fn sqlite() {
                $crate::homes::block_on(run(&Home::new(db::Engine::Sqlite)));
            }

            #[test]
            fn postgres() {
                $crate::homes::block_on(run(&Home::new(db::Engine::Postgres)));
            }
        }
    )*};
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// Which lane the jobs of a test share, so that on PostgreSQL too they share a thread.
pub fn lane() -> Lane {
    Lane::of(&[7; 16])
}

pub async fn add(db: &Database, id: i64, name: &'static str) -> Result<(), DbError> {
    let insert = "INSERT INTO notes (id, name) VALUES ($1, $2)";
    db.write("notes.add", lane(), move |tx| tx.execute(insert, params![id, name]).map(drop)).await
}

pub async fn names(db: &Database) -> Vec<String> {
    let read = db.read("notes.names", |tx| tx.query("SELECT name FROM notes ORDER BY id", params![], |row| row.get(0)));
    Result::<_, DbError>::unwrap(read.await)
}

/// Holds the writing thread of [`lane`] inside a job until it is let go, so that later jobs have to wait in its queue.
pub struct Gate {
    open: mpsc::Sender<()>,
    job: JoinHandle<Result<(), DbError>>,
}

impl Gate {
    pub async fn close(db: &Database) -> Self {
        let (open, wait) = mpsc::channel::<()>();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let entered = std::sync::Mutex::new(Some(entered));
        let wait = std::sync::Mutex::new(wait);
        let db = db.clone();
        let job = tokio::spawn(async move {
            db.write("gate", lane(), move |tx| {
                if let Some(entered) = entered.lock().unwrap().take() {
                    entered.send(()).unwrap();
                    let _ = wait.lock().unwrap().recv();
                }
                tx.execute("INSERT INTO notes (id, name) VALUES (0, 'gate')", params![]).map(drop)
            })
            .await
        });
        inside.await.unwrap();
        Self { open, job }
    }

    pub async fn open(self) {
        self.open.send(()).unwrap();
        self.job.await.unwrap().unwrap();
    }
}

/// Waits until so many writes wait.
pub async fn writes_waiting(db: &Database, count: u64) {
    while db.stats().writes_waiting < count {
        tokio::task::yield_now().await;
    }
}
