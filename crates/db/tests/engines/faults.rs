//! Disks that fail under SQLite: never a false success, never a false failure, reads go on, writes come back.

use std::{fs, path::Path};

use db::{Database, DbError, Engine, Options, params};
use rusqlite::Connection;

use crate::{
    faulty_vfs::{Duration, Fault, FaultyVfs},
    homes::{Gate, Home, SCHEMA, block_on, lane, writes_waiting},
};

const FAULTS: [Fault; 3] = [Fault::DiskFull, Fault::WriteError, Fault::SyncError];
const DURATIONS: [Duration; 2] = [Duration::Once, Duration::Lasting];

/// What the callers were told, by the id they wrote.
#[derive(Default)]
struct Told {
    stored: Vec<i64>,
    not_stored: Vec<i64>,
}

/// Some writes one after another, then some at once, so that there are groups of one and of many.
async fn write_many(db: &Database, told: &mut Told, size: usize) {
    for batch in [vec![1], vec![2], vec![3, 4, 5, 6, 7, 8], vec![9], vec![10, 11, 12, 13]] {
        let jobs: Vec<_> = batch.into_iter().map(|id| (id, tokio::spawn(insert(db.clone(), id, size)))).collect();
        for (id, job) in jobs {
            match job.await.unwrap() {
                Ok(()) => told.stored.push(id),
                Err(DbError::OutcomeUnknown) => {}
                Err(DbError::Unavailable(_)) => told.not_stored.push(id),
                Err(other) => panic!("an answer that says nothing of the disk: {other:?}"),
            }
        }
        assert!(count(db).await >= told.stored.len() as i64, "reads go on");
    }
}

async fn insert(db: Database, id: i64, size: usize) -> Result<(), DbError> {
    let insert = "INSERT INTO notes (id, name, data) VALUES ($1, $2, $3)";
    db.write("insert", lane(), move |tx| tx.execute(insert, params![id, &id.to_string(), &vec![7_u8; size]]).map(drop))
        .await
}

async fn count(db: &Database) -> i64 {
    let read = db.read("count", |tx| tx.query_one("SELECT COUNT(*) FROM notes", params![], |row| row.get(0)));
    Result::<_, DbError>::unwrap(read.await)
}

/// Looks at the files as a new process would find them after a crash: a copy, without the memory shared with the old process.
fn check_after_crash(path: &Path, told: &Told, context: &str) {
    let copy = tempfile::tempdir().unwrap();
    let target = copy.path().join("test.db");
    fs::copy(path, &target).unwrap();
    let log = path.with_extension("db-wal");
    if log.exists() {
        fs::copy(log, copy.path().join("test.db-wal")).unwrap();
    }
    check(&target, told, context);
}

fn check(path: &Path, told: &Told, context: &str) {
    let found = Connection::open(path).unwrap();
    let verdict: String = found.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok", "{context}");
    let mut statement = found.prepare("SELECT id FROM notes").unwrap();
    let ids: Vec<i64> = statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for id in &told.stored {
        assert!(ids.contains(id), "{context}: {id} was acknowledged and is not there");
    }
    for id in &told.not_stored {
        assert!(!ids.contains(id), "{context}: {id} was refused and is there");
    }
}

/// One database, one fault at the `nth` operation of its kind. Returns whether the fault came to pass.
async fn survive(vfs: &FaultyVfs, name: &str, fault: Fault, duration: Duration, nth: u64, size: usize) -> bool {
    let context = format!("{fault:?} {duration:?} at {nth}");
    let home = Home::new(Engine::Sqlite);
    let db = Database::open(&format!("{}?vfs={name}", home.url), Options::default()).unwrap();
    db.migrate(SCHEMA).unwrap();
    let mut told = Told::default();
    vfs.fail(fault, nth, duration);
    write_many(&db, &mut told, size).await;
    let faults = vfs.faults();
    if faults == 0 {
        assert_eq!(told.stored.len(), 13, "{context}: nothing failed, so all is stored");
    }
    check_after_crash(&home.path, &told, &context);
    vfs.heal();
    assert!(db.ready().await, "{context}: ready again");
    assert_eq!(insert(db.clone(), 1000, size).await, Ok(()), "{context}: writes come back");
    told.stored.push(1000);
    check_after_crash(&home.path, &told, &context);
    db.close().await;
    check(&home.path, &told, &context);
    faults > 0
}

#[test]
fn no_write_is_lost_or_made_up_when_the_nth_operation_fails() {
    let vfs = FaultyVfs::register("nth");
    block_on(async {
        for fault in FAULTS {
            for duration in DURATIONS {
                let mut struck = 0;
                for nth in 1..=25 {
                    struck += u32::from(survive(vfs, "nth", fault, duration, nth, 20).await);
                }
                assert!(struck >= 5, "{fault:?}: only {struck} runs met a fault");
            }
        }
    });
}

#[test]
fn no_write_is_lost_or_made_up_when_checkpoints_fail() {
    let vfs = FaultyVfs::register("checkpoints");
    block_on(async {
        for fault in FAULTS {
            for duration in DURATIONS {
                // 13 MiB of writes pass the length from which the log is emptied.
                let step = if fault == Fault::SyncError { 1 } else { 997 };
                for nth in (0..6).map(|round| 1 + round * step) {
                    survive(vfs, "checkpoints", fault, duration, nth, 1 << 20).await;
                }
            }
        }
    });
}

#[test]
#[ignore = "some minutes; for the long run"]
fn no_write_is_lost_or_made_up_at_any_operation() {
    let vfs = FaultyVfs::register("any");
    block_on(async {
        for fault in FAULTS {
            for duration in DURATIONS {
                for size in [20, 5_000, 300_000] {
                    let mut nth = 1;
                    while survive(vfs, "any", fault, duration, nth, size).await {
                        nth += 1 + nth / 50;
                    }
                }
            }
        }
    });
}

#[test]
fn a_full_disk_makes_the_database_unavailable_until_there_is_room() {
    let vfs = FaultyVfs::register("full");
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = Database::open(&format!("{}?vfs=full", home.url), Options::default()).unwrap();
        db.migrate(SCHEMA).unwrap();
        insert(db.clone(), 1, 20).await.unwrap();
        vfs.fail(Fault::DiskFull, 1, Duration::Lasting);
        for _ in 0..3 {
            assert!(matches!(insert(db.clone(), 2, 20).await, Err(DbError::Unavailable(_))));
            assert!(!db.ready().await);
            assert_eq!(count(&db).await, 1);
        }
        vfs.heal();
        // Without a single write in between.
        assert!(db.ready().await);
        insert(db.clone(), 2, 20).await.unwrap();
        assert_eq!(count(&db).await, 2);
        assert!(db.stats().lost_connections >= 3);
    });
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_group_fails_the_whole_group() {
    let vfs = FaultyVfs::register("middle");
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = Database::open(&format!("{}?vfs=middle", home.url), Options::default()).unwrap();
        db.migrate(SCHEMA).unwrap();
        let gate = Gate::close(&db).await;
        let mut jobs = Vec::new();
        // The second is larger than the writer's cache, so that it writes to the log long before the commit; the fault comes
        // after what the gate itself writes.
        for (id, size) in [(1, 20), (2, 24 << 20), (3, 20)] {
            jobs.push(tokio::spawn(insert(db.clone(), id, size)));
            writes_waiting(&db, jobs.len() as u64).await;
        }
        vfs.fail(Fault::DiskFull, 200, Duration::Once);
        gate.open().await;
        for job in jobs {
            let answer = job.await.unwrap();
            assert!(matches!(answer, Err(DbError::Unavailable(_))), "{answer:?} {:?} {}", db.stats(), vfs.faults());
        }
        assert_eq!(vfs.faults(), 1);
        check_after_crash(&home.path, &Told { stored: vec![0], not_stored: vec![1, 2, 3] }, "in the middle");
        assert_eq!(insert(db.clone(), 4, 20).await, Ok(()));
        assert_eq!(count(&db).await, 2);
    });
}

#[test]
fn a_failed_fsync_leaves_the_outcome_unknown() {
    let vfs = FaultyVfs::register("fsync");
    let home = Home::new(Engine::Sqlite);
    block_on(async {
        let db = Database::open(&format!("{}?vfs=fsync", home.url), Options::default()).unwrap();
        db.migrate(SCHEMA).unwrap();
        insert(db.clone(), 1, 20).await.unwrap();
        vfs.fail(Fault::SyncError, 1, Duration::Once);
        assert_eq!(insert(db.clone(), 2, 20).await, Err(DbError::OutcomeUnknown));
        assert_eq!(count(&db).await, 1);
        insert(db.clone(), 3, 20).await.unwrap();
        assert_eq!(count(&db).await, 2);
    });
}
