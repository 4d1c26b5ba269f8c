//! Reads: one snapshot, no writing, no end of patience.

use std::sync::{Arc, Barrier};

use db::{DbError, Engine, params};

use crate::{
    homes::{Home, add, names},
    on_both_engines,
};

on_both_engines! {
    async fn a_read_sees_one_snapshot(home: &Home) {
        let db = home.open();
        add(&db, 1, "first").await.unwrap();
        let (looked, written) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let reading = tokio::spawn({
            let (db, looked, written) = (db.clone(), Arc::clone(&looked), Arc::clone(&written));
            async move {
                db.read("twice", move |tx| {
                    let count = "SELECT COUNT(*) FROM notes";
                    let before = tx.query_one(count, params![], |row| row.get::<i64>(0))?;
                    looked.wait();
                    written.wait();
                    Ok::<_, DbError>((before, tx.query_one(count, params![], |row| row.get::<i64>(0))?))
                }).await
            }
        });
        tokio::task::spawn_blocking(move || looked.wait()).await.unwrap();
        add(&db, 2, "second").await.unwrap();
        tokio::task::spawn_blocking(move || written.wait()).await.unwrap();
        assert_eq!(reading.await.unwrap(), Ok((1, 1)));
        assert_eq!(names(&db).await, ["first", "second"]);
    }

    async fn a_read_cannot_write(home: &Home) {
        let db = home.open();
        let read = db.read("sly", |tx| tx.execute("INSERT INTO notes (id, name) VALUES (1, 'sly')", params![]));
        assert!(matches!(read.await, Err(DbError::Internal(_))));
        assert!(names(&db).await.is_empty());
    }

    async fn a_read_that_panics_harms_no_other(home: &Home) {
        let db = home.open();
        for _ in 0..20 {
            let read = db.read("bad", |_| -> Result<(), DbError> { panic!("on purpose") });
            assert_eq!(read.await, Err(DbError::Panicked("bad")));
        }
        assert!(names(&db).await.is_empty());
    }

    async fn a_read_that_takes_too_long_is_cut(home: &Home) {
        let db = home.open();
        let endless = match home.engine {
            Engine::Sqlite => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
            Engine::Postgres => "SELECT 1 FROM pg_sleep(60)",
        };
        let read = db.read("endless", move |tx| tx.query_one(endless, params![], |row| row.get::<i64>(0)));
        assert_eq!(read.await, Err(DbError::Busy));
        assert!(names(&db).await.is_empty());
    }

    async fn an_open_database_is_ready(home: &Home) {
        let db = home.open();
        assert!(db.ready().await);
        add(&db, 1, "first").await.unwrap();
        assert!(db.ready().await);
        db.close().await;
        assert!(!db.ready().await);
    }
}
