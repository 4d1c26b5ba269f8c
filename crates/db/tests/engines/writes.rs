//! Writes: groups, failures, queues.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
    mpsc,
};
use std::time::Duration;

use db::{DbError, Lane, Options, params};

use crate::{
    homes::{Gate, Home, add, lane, names, writes_waiting},
    on_both_engines,
};

on_both_engines! {
    async fn a_write_is_read_after_its_answer(home: &Home) {
        let db = home.open();
        for id in 1..=20 {
            add(&db, id, ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"][id as usize - 1]).await.unwrap();
            assert_eq!(names(&db).await.len(), id as usize);
        }
    }

    async fn waiting_jobs_share_one_commit(home: &Home) {
        let db = home.open();
        let gate = Gate::close(&db).await;
        let before = db.stats();
        let jobs: Vec<_> = ["a", "b", "c", "d", "e", "f"].into_iter().zip(1..).map(|(name, id)| {
            let db = db.clone();
            tokio::spawn(async move { add(&db, id, name).await })
        }).collect();
        writes_waiting(&db, 6).await;
        gate.open().await;
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        let after = db.stats();
        // The gate's own group had begun before.
        assert_eq!(after.groups - before.groups, 1);
        assert_eq!(after.grouped_jobs - before.grouped_jobs, 6);
        assert_eq!(after.commits - before.commits, 2);
        assert_eq!(names(&db).await.len(), 7);
    }

    async fn a_failed_job_rolls_back_alone(home: &Home) {
        let db = home.open();
        let gate = Gate::close(&db).await;
        let good = tokio::spawn({ let db = db.clone(); async move { add(&db, 1, "first").await } });
        writes_waiting(&db, 1).await;
        let bad = tokio::spawn({ let db = db.clone(); async move {
            db.write("bad", lane(), |tx| {
                tx.execute("INSERT INTO notes (id, name) VALUES (2, 'bad')", params![])?;
                Err::<(), _>(DbError::Internal("I changed my mind".to_owned()))
            }).await
        } });
        writes_waiting(&db, 2).await;
        let refused = tokio::spawn({ let db = db.clone(); async move { add(&db, 3, "first").await } });
        writes_waiting(&db, 3).await;
        let last = tokio::spawn({ let db = db.clone(); async move { add(&db, 4, "last").await } });
        writes_waiting(&db, 4).await;
        gate.open().await;
        good.await.unwrap().unwrap();
        assert_eq!(bad.await.unwrap(), Err(DbError::Internal("I changed my mind".to_owned())));
        assert_eq!(refused.await.unwrap(), Err(DbError::Conflict { constraint: "notes_name_key".to_owned() }));
        last.await.unwrap().unwrap();
        assert_eq!(names(&db).await, ["gate", "first", "last"]);
        assert_eq!(db.stats().groups, 2);
    }

    async fn a_panicking_job_rolls_back_alone(home: &Home) {
        let db = home.open();
        let gate = Gate::close(&db).await;
        let good = tokio::spawn({ let db = db.clone(); async move { add(&db, 1, "first").await } });
        writes_waiting(&db, 1).await;
        let bad = tokio::spawn({ let db = db.clone(); async move {
            db.write("bad", lane(), |tx| -> Result<(), DbError> {
                tx.execute("INSERT INTO notes (id, name) VALUES (2, 'bad')", params![])?;
                tx.query("SELECT name FROM notes", params![], |_| -> Result<(), DbError> { panic!("on purpose") })?;
                Ok(())
            }).await
        } });
        writes_waiting(&db, 2).await;
        let last = tokio::spawn({ let db = db.clone(); async move { add(&db, 4, "last").await } });
        writes_waiting(&db, 3).await;
        gate.open().await;
        good.await.unwrap().unwrap();
        assert_eq!(bad.await.unwrap(), Err(DbError::Panicked("bad")));
        last.await.unwrap().unwrap();
        assert_eq!(names(&db).await, ["gate", "first", "last"]);
    }

    async fn a_panicking_job_alone_leaves_nothing(home: &Home) {
        let db = home.open();
        let bad = db.write("bad", lane(), |tx| -> Result<(), DbError> {
            tx.execute("INSERT INTO notes (id, name) VALUES (2, 'bad')", params![])?;
            panic!("on purpose")
        });
        assert_eq!(bad.await, Err(DbError::Panicked("bad")));
        add(&db, 1, "good").await.unwrap();
        assert_eq!(names(&db).await, ["good"]);
    }

    async fn a_group_of_failures_leaves_nothing(home: &Home) {
        let db = home.open();
        add(&db, 1, "taken").await.unwrap();
        let gate = Gate::close(&db).await;
        let jobs: Vec<_> = (10..14).map(|id| tokio::spawn({ let db = db.clone(); async move { add(&db, id, "taken").await } })).collect();
        writes_waiting(&db, 4).await;
        gate.open().await;
        for job in jobs {
            assert_eq!(job.await.unwrap(), Err(DbError::Conflict { constraint: "notes_name_key".to_owned() }));
        }
        add(&db, 2, "after").await.unwrap();
        assert_eq!(names(&db).await, ["gate", "taken", "after"]);
    }

    async fn a_hidden_failure_is_not_committed(home: &Home) {
        let db = home.open();
        add(&db, 1, "taken").await.unwrap();
        let written = db.write("hides", lane(), |tx| {
            tx.execute("INSERT INTO notes (id, name) VALUES (2, 'before')", params![])?;
            let _ = tx.execute("INSERT INTO notes (id, name) VALUES (3, 'taken')", params![]);
            let _ = tx.execute("INSERT INTO notes (id, name) VALUES (4, 'after')", params![]);
            Ok::<_, DbError>(())
        });
        assert_eq!(written.await, Err(DbError::Conflict { constraint: "notes_name_key".to_owned() }));
        assert_eq!(names(&db).await, ["taken"]);
    }

    async fn a_full_queue_answers_busy_at_once(home: &Home) {
        let db = home.open_with(Options { queue: 2, ..Options::default() });
        let gate = Gate::close(&db).await;
        let waiting: Vec<_> = [(1, "a"), (2, "b")].map(|(id, name)| tokio::spawn({ let db = db.clone(); async move { add(&db, id, name).await } })).into();
        writes_waiting(&db, 2).await;
        assert_eq!(add(&db, 3, "c").await, Err(DbError::Busy));
        assert_eq!(db.stats().refused, 1);
        gate.open().await;
        for job in waiting {
            job.await.unwrap().unwrap();
        }
        assert_eq!(names(&db).await, ["gate", "a", "b"]);
    }

    async fn a_caller_who_leaves_breaks_nothing(home: &Home) {
        let db = home.open();
        let gate = Gate::close(&db).await;
        let first = tokio::spawn({ let db = db.clone(); async move { add(&db, 1, "first").await } });
        writes_waiting(&db, 1).await;
        let gone = tokio::spawn({ let db = db.clone(); async move { add(&db, 2, "gone").await } });
        writes_waiting(&db, 2).await;
        let last = tokio::spawn({ let db = db.clone(); async move { add(&db, 3, "last").await } });
        writes_waiting(&db, 3).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        gate.open().await;
        first.await.unwrap().unwrap();
        last.await.unwrap().unwrap();
        assert_eq!(names(&db).await, ["gate", "first", "gone", "last"]);
    }

    async fn writes_of_one_lane_run_in_the_order_they_came(home: &Home) {
        let db = home.open();
        let gate = Gate::close(&db).await;
        let order = Arc::new(AtomicU32::new(0));
        let mut jobs = Vec::new();
        for expected in 0..40_u32 {
            let (sender, order) = (db.clone(), Arc::clone(&order));
            jobs.push(tokio::spawn(async move {
                let place = sender.write("ordered", lane(), move |_| Ok::<_, DbError>(order.fetch_add(1, Relaxed))).await;
                assert_eq!(place, Ok(expected));
            }));
            writes_waiting(&db, jobs.len() as u64).await;
        }
        gate.open().await;
        for job in jobs {
            job.await.unwrap();
        }
    }

    async fn a_background_write_gets_its_turn(home: &Home) {
        let db = home.open();
        let written = db.write_in_background("behind", Lane::SHARED, |tx| tx.execute("INSERT INTO notes (id, name) VALUES (1, 'behind')", params![]));
        assert_eq!(written.await, Ok::<_, DbError>(1));
        assert_eq!(names(&db).await, ["behind"]);
    }

    async fn a_closed_database_finishes_what_waits(home: &Home) {
        let db = home.open();
        let gate = Gate::close(&db).await;
        let jobs: Vec<_> = [(1, "a"), (2, "b"), (3, "c")].map(|(id, name)| tokio::spawn({ let db = db.clone(); async move { add(&db, id, name).await } })).into();
        writes_waiting(&db, 3).await;
        let closing = tokio::spawn({ let db = db.clone(); async move { db.close().await } });
        let late = || tokio::time::timeout(Duration::ZERO, add(&db, 99, "late"));
        while late().await != Ok(Err(DbError::Stopping)) {
            tokio::task::yield_now().await;
        }
        gate.open().await;
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        closing.await.unwrap();
        let again = home.open();
        let found = names(&again).await;
        assert!(["gate", "a", "b", "c"].iter().all(|name| found.iter().any(|found| found == name)), "{found:?}");
    }

    async fn a_job_has_its_own_error_type(home: &Home) {
        #[derive(Debug, PartialEq)]
        enum NoteError { Taken, Database(DbError) }
        impl From<DbError> for NoteError {
            fn from(error: DbError) -> Self {
                match error {
                    DbError::Conflict { .. } => Self::Taken,
                    other => Self::Database(other),
                }
            }
        }
        let db = home.open();
        add(&db, 1, "taken").await.unwrap();
        let written = db.write("own", lane(), |tx| {
            tx.execute("INSERT INTO notes (id, name) VALUES (2, 'taken')", params![])?;
            Ok::<_, NoteError>(())
        });
        assert_eq!(written.await, Err(NoteError::Taken));
        db.close().await;
        assert_eq!(db.write("own", lane(), |_| Ok::<_, NoteError>(())).await, Err(NoteError::Database(DbError::Stopping)));
    }

    async fn a_single_statement_commits_by_itself(home: &Home) {
        let db = home.open();
        let (sender, receiver) = mpsc::channel();
        let insert = "INSERT INTO notes (id, name) VALUES ($1, 'hot') ON CONFLICT (id) DO UPDATE SET weight = 1 RETURNING id";
        for _ in 0..2 {
            let sender = sender.clone();
            let ran = db.statement("hot", move |tx| {
                sender.send(tx.engine()).unwrap();
                tx.query_one(insert, params![5], |row| row.get::<i64>(0))
            });
            assert_eq!(ran.await, Ok::<_, DbError>(5));
        }
        assert_eq!(receiver.try_iter().count(), 2);
        assert_eq!(names(&db).await, ["hot"]);
    }
}
