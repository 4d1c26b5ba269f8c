//! What only SQLite has: a file, its log, other processes, a transaction that it ends by itself.

use std::{fs, os::unix::fs::PermissionsExt};

use db::{Database, DbError, Engine, Lane, Migration, Options, params};
use rusqlite::Connection;

use crate::homes::{Gate, Home, SCHEMA, add, block_on, lane, names, writes_waiting};

#[test]
fn the_file_is_for_its_owner_alone() {
    let home = Home::new(Engine::Sqlite);
    let db = home.open();
    block_on(add(&db, 1, "first")).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let mut path = home.path.clone().into_os_string();
        path.push(suffix);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn the_version_moves_with_our_commits_and_with_those_of_another_process() {
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = home.open();
        add(&db, 1, "first").await.unwrap();
        let first = db.version().expect("the writer has just told");
        assert_eq!(db.version(), Some(first), "nothing happened");
        add(&db, 2, "second").await.unwrap();
        let second = db.version().unwrap();
        assert_eq!((second.own, second.foreign), (first.own + 1, first.foreign));

        let other = Connection::open(&home.path).unwrap();
        other.execute("INSERT INTO notes (id, name) VALUES (3, 'theirs')", ()).unwrap();
        assert_eq!(db.version(), None, "whose commit it was is not known yet");
        let nothing = |_: &mut db::Tx<'_>| Ok::<_, DbError>(());
        db.write("nothing", lane(), nothing).await.unwrap();
        let third = db.version().unwrap();
        assert_eq!(third.foreign, second.foreign + 1);

        // Theirs between two of ours is told from ours.
        other.execute("INSERT INTO notes (id, name) VALUES (4, 'theirs too')", ()).unwrap();
        add(&db, 5, "fifth").await.unwrap();
        let fourth = db.version().unwrap();
        assert!(fourth.own > third.own);
        assert_eq!(fourth.foreign, third.foreign + 1);
        db.close().await;
        assert_eq!(db.version(), None);
    });
}

#[test]
fn a_write_knows_the_version_it_will_be() {
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = home.open();
        let told = db.write("tell", lane(), |tx| {
            tx.execute("INSERT INTO notes (id, name) VALUES (1, 'first')", params![])?;
            Ok::<_, DbError>(tx.version())
        });
        let told = told.await.unwrap();
        assert_eq!(told, db.version().map(|version| version.own));
    });
}

#[test]
fn jobs_survive_a_neighbour_that_ends_the_whole_transaction() {
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = home.open();
        let gate = Gate::close(&db).await;
        let spawn = |id, name| {
            tokio::spawn({
                let db = db.clone();
                async move { add(&db, id, name).await }
            })
        };
        let first = spawn(1, "first");
        writes_waiting(&db, 1).await;
        let bad = tokio::spawn({
            let db = db.clone();
            async move {
                let sql = "INSERT OR ROLLBACK INTO notes (id, name) VALUES (1, 'bad')";
                db.write("bad", lane(), move |tx| tx.execute(sql, params![])).await
            }
        });
        writes_waiting(&db, 2).await;
        let last = spawn(3, "last");
        writes_waiting(&db, 3).await;
        gate.open().await;
        first.await.unwrap().unwrap();
        assert_eq!(bad.await.unwrap(), Err(DbError::Conflict { constraint: "notes_pkey".to_owned() }));
        last.await.unwrap().unwrap();
        assert_eq!(names(&db).await, ["gate", "first", "last"]);
        assert_eq!(db.stats().reruns, 3);
    });
}

#[test]
fn a_commit_that_is_refused_is_not_acknowledged() {
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = Database::open(&home.url, Options::default()).unwrap();
        let deferred = "CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY);
            CREATE TABLE children (parent_id BIGINT NOT NULL REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
            CREATE TABLE notes (id BIGINT NOT NULL, name TEXT NOT NULL);";
        db.migrate(&[Migration { version: 1, name: "deferred", sql: deferred, sqlite: None, postgres: None }]).unwrap();
        let orphan = "INSERT INTO children (parent_id) VALUES (7)";
        let refused = Err(DbError::Violation { constraint: "foreign_key".to_owned() });
        assert_eq!(db.write("alone", lane(), move |tx| tx.execute(orphan, params![])).await, refused);

        let gate = Gate::close(&db).await;
        let first = tokio::spawn({
            let db = db.clone();
            async move { add(&db, 1, "first").await }
        });
        writes_waiting(&db, 1).await;
        let bad = tokio::spawn({
            let db = db.clone();
            async move { db.write("bad", lane(), move |tx| tx.execute(orphan, params![])).await }
        });
        writes_waiting(&db, 2).await;
        gate.open().await;
        first.await.unwrap().unwrap();
        assert_eq!(bad.await.unwrap(), refused);
        assert_eq!(names(&db).await, ["gate", "first"]);
    });
}

#[test]
fn another_process_that_holds_the_lock_makes_the_database_busy() {
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = home.open();
        let other = Connection::open(&home.path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(add(&db, 1, "first").await, Err(DbError::Busy));
        assert!(names(&db).await.is_empty());
        other.execute_batch("COMMIT").unwrap();
        add(&db, 1, "first").await.unwrap();
    });
}

#[test]
fn what_another_process_wrote_is_seen() {
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = home.open();
        add(&db, 1, "first").await.unwrap();
        Connection::open(&home.path).unwrap().execute("INSERT INTO notes (id, name) VALUES (2, 'other')", ()).unwrap();
        assert_eq!(names(&db).await, ["first", "other"]);
    });
}

#[test]
fn the_log_does_not_grow_without_bound() {
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = home.open_with(Options { log_bytes: 16 << 20, ..Options::default() });
        let log = home.path.with_extension("db-wal");
        let mut longest = 0;
        for id in 0..240 {
            let fill = "INSERT INTO notes (id, name, data) VALUES ($1, $2, $3)";
            let write = db.write("fill", Lane::SHARED, move |tx| {
                tx.execute(fill, params![id, &id.to_string(), &vec![7_u8; 1 << 20]]).map(drop)
            });
            Result::<_, DbError>::unwrap(write.await);
            longest = longest.max(fs::metadata(&log).map_or(0, |log| log.len()));
        }
        assert!(longest < 48 << 20, "the log grew to {longest} bytes");
        assert!(db.stats().checkpoints > 0);
        db.close().await;
        assert_eq!(fs::metadata(&log).map_or(0, |log| log.len()), 0);
    });
}

#[test]
fn the_log_shrinks_again_after_a_long_read_by_another() {
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = home.open_with(Options { log_bytes: 16 << 20, ..Options::default() });
        add(&db, 1000, "first").await.unwrap();
        let log = home.path.with_extension("db-wal");
        let other = Connection::open(&home.path).unwrap();
        other.execute_batch("BEGIN").unwrap();
        other.query_row("SELECT COUNT(*) FROM notes", (), |row| row.get::<_, i64>(0)).unwrap();
        let fill = |id: i64| {
            let insert = "INSERT INTO notes (id, name, data) VALUES ($1, $2, $3)";
            db.write("fill", Lane::SHARED, move |tx| {
                tx.execute(insert, params![id, &id.to_string(), &vec![7_u8; 1 << 20]]).map(drop)
            })
        };
        for id in 0..100 {
            Result::<_, DbError>::unwrap(fill(id).await);
        }
        assert!(fs::metadata(&log).unwrap().len() > 90 << 20);
        other.execute_batch("COMMIT").unwrap();
        for id in 100..200 {
            Result::<_, DbError>::unwrap(fill(id).await);
        }
        assert!(fs::metadata(&log).unwrap().len() < 48 << 20);
    });
}

#[test]
fn the_database_is_copied_before_its_schema_changes() {
    let home = Home::new(Engine::Sqlite);
    let db = home.open();
    block_on(add(&db, 1, "kept")).unwrap();
    let steps: Vec<Migration> = ["b", "c", "d", "e", "f"]
        .into_iter()
        .zip(2..)
        .map(|(name, version)| Migration {
            version,
            name,
            sql: Box::leak(format!("CREATE TABLE {name} (id BIGINT);").into_boxed_str()),
            sqlite: None,
            postgres: None,
        })
        .collect();
    for count in 1..=steps.len() {
        let migrated = db.migrate(&[SCHEMA, &steps[..count]].concat()).unwrap();
        let copy = migrated.copy.unwrap();
        assert_eq!(copy, home.path.with_extension(format!("db.before-v{}", count + 1)));
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        let copied = Connection::open(&copy).unwrap();
        let name = copied.query_row("SELECT name FROM notes", (), |row| row.get::<_, String>(0)).unwrap();
        let version =
            copied.query_row("SELECT MAX(version) FROM schema_migrations", (), |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((name.as_str(), version), ("kept", count as i64));
    }
    let files = fs::read_dir(home.path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut copies: Vec<String> = files.filter(|name| name.contains("before")).collect();
    copies.sort();
    assert_eq!(copies, ["test.db.before-v4", "test.db.before-v5", "test.db.before-v6"]);
}

#[test]
fn a_table_can_be_built_anew_though_others_refer_to_it() {
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = home.open();
        add(&db, 1, "kept").await.unwrap();
        let mark =
            db.write("mark", lane(), |tx| tx.execute("INSERT INTO marks (note_id, kind) VALUES (1, 'x')", params![]));
        assert_eq!(mark.await, Ok::<_, DbError>(1));
        let rebuild = Migration {
            version: 2,
            name: "rebuild",
            sql: "ALTER TABLE notes DROP CONSTRAINT notes_weight_check;",
            sqlite: Some(
                "CREATE TABLE notes_new (id BIGINT NOT NULL, name TEXT NOT NULL, weight DOUBLE PRECISION, data BYTEA,
                    CONSTRAINT notes_pkey PRIMARY KEY (id)) /*clustered*/;
                 INSERT INTO notes_new SELECT id, name, weight, data FROM notes;
                 DROP TABLE notes;
                 ALTER TABLE notes_new RENAME TO notes;
                 CREATE UNIQUE INDEX notes_name_key ON notes (name);",
            ),
            postgres: None,
        };
        db.migrate(&[SCHEMA[0], rebuild]).unwrap();
        assert_eq!(names(&db).await, ["kept"]);
        let broken = Migration { version: 3, name: "broken", sql: "DELETE FROM notes;", sqlite: None, postgres: None };
        assert!(matches!(db.migrate(&[SCHEMA[0], rebuild, broken]), Err(DbError::Refused(_))));
        assert_eq!(names(&db).await, ["kept"]);
    });
}
