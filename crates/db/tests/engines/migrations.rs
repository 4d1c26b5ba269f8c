//! Migrations: once, in order, never another text.

use db::{Database, DbError, Engine, Migration, Options, params};

use crate::{
    homes::{Home, SCHEMA, add, names},
    on_both_engines,
};

const SECOND: Migration = Migration {
    version: 2,
    name: "second",
    sql: "ALTER TABLE notes ADD COLUMN colour TEXT;",
    sqlite: None,
    postgres: None,
};

fn with(steps: &[Migration]) -> Vec<Migration> {
    [SCHEMA, steps].concat()
}

on_both_engines! {
    async fn a_step_is_applied_once(home: &Home) {
        let db = Database::open(&home.url, Options::default()).unwrap();
        assert_eq!(db.schema_version(), Ok(0));
        let first = db.migrate(SCHEMA).unwrap();
        assert_eq!((first.from, first.to, first.copy), (0, 1, None));
        add(&db, 1, "kept").await.unwrap();
        let second = db.migrate(&with(&[SECOND])).unwrap();
        assert_eq!((second.from, second.to), (1, 2));
        let third = db.migrate(&with(&[SECOND])).unwrap();
        assert_eq!((third.from, third.to, third.copy), (2, 2, None));
        assert_eq!(db.schema_version(), Ok(2));
        assert_eq!(names(&db).await, ["kept"]);
    }

    async fn a_changed_step_is_refused(home: &Home) {
        let db = home.open();
        let changed = [Migration { sql: "CREATE TABLE other (id BIGINT);", ..SCHEMA[0] }];
        assert!(matches!(db.migrate(&changed), Err(DbError::Refused(_))));
        let changed_twin = [Migration { sqlite: Some("CREATE TABLE other (id BIGINT);"), ..SCHEMA[0] }];
        assert!(matches!(db.migrate(&changed_twin), Err(DbError::Refused(_))));
    }

    async fn a_newer_schema_is_refused(home: &Home) {
        let db = home.open();
        db.migrate(&with(&[SECOND])).unwrap();
        assert!(matches!(db.migrate(SCHEMA), Err(DbError::Refused(_))));
    }

    async fn a_failing_step_leaves_nothing_and_can_be_mended(home: &Home) {
        let db = home.open();
        let broken = Migration { sql: "CREATE TABLE half (id BIGINT); CREATE TABLE half (id BIGINT);", ..SECOND };
        assert!(db.migrate(&with(&[broken])).is_err());
        assert_eq!(db.schema_version(), Ok(1));
        let mended = Migration { sql: "CREATE TABLE half (id BIGINT);", ..SECOND };
        assert_eq!(db.migrate(&with(&[mended])).unwrap().to, 2);
    }

    async fn a_twin_runs_on_its_engine_alone(home: &Home) {
        let db = home.open();
        let twins = Migration {
            version: 2,
            name: "twins",
            sql: "SELEKT;",
            sqlite: Some("CREATE TABLE twin_of_sqlite (id BIGINT);"),
            postgres: Some("CREATE TABLE twin_of_postgres (id BIGINT);"),
        };
        db.migrate(&with(&[twins])).unwrap();
        let table = match home.engine {
            Engine::Sqlite => "SELECT COUNT(*) FROM twin_of_sqlite",
            Engine::Postgres => "SELECT COUNT(*) FROM twin_of_postgres",
        };
        let read = db.read("twin", move |tx| tx.query_one(table, params![], |row| row.get::<i64>(0)));
        assert_eq!(read.await, Ok::<_, DbError>(0));
    }

    async fn nodes_that_start_together_take_turns(home: &Home) {
        let many: Vec<Migration> = with(&[SECOND, Migration { version: 3, name: "third", sql: "CREATE TABLE third (id BIGINT);", ..SECOND }]);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let db = Database::open(&home.url, Options::default()).unwrap();
                    assert_eq!(db.migrate(&many).unwrap().to, 3);
                });
            }
        });
    }

    async fn prepared_statements_survive_a_migration(home: &Home) {
        let db = home.open();
        add(&db, 1, "first").await.unwrap();
        let select = || db.read("star", |tx| tx.query("SELECT * FROM notes", params![], |row| row.get::<i64>(0)));
        // Enough for every reading thread to have prepared it.
        for _ in 0..40 {
            assert_eq!(select().await, Ok::<_, DbError>(vec![1]));
        }
        db.migrate(&with(&[SECOND])).unwrap();
        for _ in 0..40 {
            assert_eq!(select().await, Ok::<_, DbError>(vec![1]));
        }
    }
}

#[test]
fn unordered_steps_are_a_mistake_of_ours() {
    let home = Home::new(Engine::Sqlite);
    let db = Database::open(&home.url, Options::default()).unwrap();
    assert!(matches!(db.migrate(&[SECOND, SCHEMA[0]]), Err(DbError::Internal(_))));
}
