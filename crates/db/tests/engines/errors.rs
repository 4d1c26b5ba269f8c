//! Refusals have one name on both engines.

use db::{DbError, params};

use crate::{
    homes::{Home, add, lane},
    on_both_engines,
};

on_both_engines! {
    async fn a_conflict_names_its_index(home: &Home) {
        let db = home.open();
        add(&db, 1, "first").await.unwrap();
        let conflict = |name: &str| Err(DbError::Conflict { constraint: name.to_owned() });
        assert_eq!(add(&db, 1, "second").await, conflict("notes_pkey"));
        assert_eq!(add(&db, 2, "first").await, conflict("notes_name_key"));
        let mark = || db.write("mark", lane(), |tx| tx.execute("INSERT INTO marks (note_id, kind) VALUES (1, 'x')", params![]).map(drop));
        assert_eq!(mark().await, Ok(()));
        assert_eq!(mark().await, conflict("marks_kind_key"));
    }

    async fn a_violation_names_its_constraint(home: &Home) {
        let db = home.open();
        for (sql, name) in [
            ("INSERT INTO notes (id, name, weight) VALUES (1, 'heavy', -1)", "notes_weight_check"),
            ("INSERT INTO notes (id, name) VALUES (1, NULL)", "notes_name_not_null"),
            ("INSERT INTO marks (note_id, kind) VALUES (17, 'x')", "foreign_key"),
        ] {
            let written = db.write("violation", lane(), move |tx| tx.execute(sql, params![]));
            assert_eq!(written.await, Err(DbError::Violation { constraint: name.to_owned() }), "{sql}");
        }
    }

    async fn a_conflict_that_is_expected_is_no_failure(home: &Home) {
        let db = home.open();
        add(&db, 1, "first").await.unwrap();
        let written = db.write("expected", lane(), |tx| {
            let count = tx.execute("INSERT INTO notes (id, name) VALUES (2, 'first') ON CONFLICT DO NOTHING", params![])?;
            tx.execute("UPDATE notes SET weight = 2 WHERE id = 1", params![])?;
            Ok::<_, DbError>(count)
        });
        assert_eq!(written.await, Ok(0));
    }

    async fn bad_sql_is_a_mistake_of_ours(home: &Home) {
        let db = home.open();
        for sql in ["SELEKT 1", "SELECT nothing FROM notes", "SELECT \"text\" FROM notes"] {
            let read = db.read("bad", move |tx| tx.query(sql, params![], |_| Ok(())));
            assert!(matches!(read.await, Err(DbError::Internal(_))), "{sql}");
        }
    }
}

#[test]
fn a_bad_address_is_refused() {
    for url in [
        "",
        "organicagent.db",
        "mysql://localhost/x",
        "sqlite:",
        "sqlite::memory:",
        "sqlite:x.db?mode=ro",
        "postgres://localhost:port/x",
    ] {
        let opened = db::Database::open(url, db::Options::default());
        assert!(matches!(opened, Err(DbError::Refused(_))), "{url}");
    }
}
