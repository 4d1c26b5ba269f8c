//! Values in and out.

use db::{DbError, Value, params};

use crate::{
    homes::{Home, lane},
    on_both_engines,
};

const INSERT: &str = "INSERT INTO notes (id, name, weight, data) VALUES ($1, $2, $3, $4)";

on_both_engines! {
    async fn parameters_are_bound_by_their_number(home: &Home) {
        let db = home.open();
        let written = db.write("order", lane(), |tx| {
            tx.execute("INSERT INTO notes (name, id, weight) VALUES ($2, $1, $3)", params![1, "first", 2.5])?;
            tx.execute("UPDATE notes SET data = $3 WHERE id = $1 AND name = $2 AND id = $1", params![1, "first", b"abc"])
        });
        assert_eq!(written.await, Ok::<_, DbError>(1));
    }

    async fn values_come_back_as_they_went(home: &Home) {
        let db = home.open();
        let id = [0xA5_u8; 16];
        let written = db.write("insert", lane(), move |tx| {
            tx.execute(INSERT, params![i64::MIN, "Zoë 🏡 '; DROP TABLE notes; --", f64::MIN_POSITIVE, &id])?;
            tx.execute(INSERT, params![i64::MAX, "", Option::<f64>::None, Option::<&[u8]>::None])?;
            Ok::<_, DbError>(())
        });
        written.await.unwrap();
        let read = db.read("select", |tx| {
            tx.query("SELECT id, name, weight, data FROM notes ORDER BY id", params![], |row| {
                Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<Option<f64>>(2)?, row.get::<Option<[u8; 16]>>(3)?))
            })
        });
        let rows: Result<_, DbError> = read.await;
        assert_eq!(rows.unwrap(), [
            (i64::MIN, "Zoë 🏡 '; DROP TABLE notes; --".to_owned(), Some(f64::MIN_POSITIVE), Some(id)),
            (i64::MAX, String::new(), None, None),
        ]);
    }

    async fn expressions_have_one_type_on_both_engines(home: &Home) {
        let db = home.open();
        let read = db.read("expressions", |tx| {
            tx.query_one("SELECT EXISTS (SELECT 1 FROM notes), COUNT(*), CAST(SUM(id) AS BIGINT), 'x' FROM notes", params![], |row| {
                Ok((row.get::<bool>(0)?, row.get::<i64>(1)?, row.get::<Option<i64>>(2)?, row.text(3)?.to_owned()))
            })
        });
        assert_eq!(read.await, Ok::<_, DbError>((false, 0, None, "x".to_owned())));
    }

    async fn text_sorts_by_its_bytes(home: &Home) {
        let db = home.open();
        let written = db.write("insert", lane(), |tx| {
            for (id, name) in [(1, "b"), (2, "B"), (3, "ä"), (4, "a"), (5, "_")] {
                tx.execute("INSERT INTO notes (id, name) VALUES ($1, $2)", params![id, name])?;
            }
            tx.query("SELECT name FROM notes ORDER BY name", params![], |row| row.get::<String>(0))
        });
        assert_eq!(written.await.map(|names| names.concat()), Ok::<_, DbError>("B_abä".to_owned()));
    }

    async fn a_nul_in_text_is_refused(home: &Home) {
        let db = home.open();
        let written = db.write("nul", lane(), |tx| tx.execute(INSERT, params![1, "a\0b", Value::Null, Value::Null]));
        assert!(matches!(written.await, Err(DbError::Internal(_))));
    }

    async fn a_wrong_number_of_parameters_is_refused(home: &Home) {
        let db = home.open();
        let written = db.write("few", lane(), |tx| tx.execute(INSERT, params![1, "a"]));
        assert!(matches!(written.await, Err(DbError::Internal(_))));
        let written = db.write("many", lane(), |tx| tx.execute("UPDATE notes SET name = $1", params!["a", "b"]));
        assert!(matches!(written.await, Err(DbError::Internal(_))));
    }

    async fn a_column_of_another_type_is_refused(home: &Home) {
        let db = home.open();
        let read = db.read("mismatch", |tx| tx.query("SELECT 'text', CAST(NULL AS BIGINT)", params![], |row| row.get::<i64>(0)));
        assert!(matches!(read.await, Err::<Vec<i64>, _>(DbError::Internal(_))));
        let read = db.read("null", |tx| tx.query("SELECT CAST(NULL AS BIGINT)", params![], |row| row.get::<i64>(0)));
        assert!(matches!(read.await, Err::<Vec<i64>, _>(DbError::Internal(_))));
    }

    async fn one_row_means_one_row(home: &Home) {
        let db = home.open();
        let two = "SELECT 1 UNION ALL SELECT 2";
        let none = "SELECT 1 FROM notes";
        let read = db.read("two", move |tx| tx.query_opt(two, params![], |row| row.get::<i64>(0)));
        assert!(matches!(read.await, Err(DbError::Internal(_))));
        let read = db.read("none", move |tx| tx.query_opt(none, params![], |row| row.get::<i64>(0)));
        assert_eq!(read.await, Ok::<_, DbError>(None));
        let read = db.read("none", move |tx| tx.query_one(none, params![], |row| row.get::<i64>(0)));
        assert!(matches!(read.await, Err(DbError::Internal(_))));
    }

    async fn counts_are_of_rows_changed(home: &Home) {
        let db = home.open();
        let written = db.write("counts", lane(), |tx| {
            let inserted = tx.execute("INSERT INTO notes (id, name) VALUES (1, 'a'), (2, 'b')", params![])?;
            let updated = tx.execute("UPDATE notes SET weight = 1", params![])?;
            let returned = tx.execute("UPDATE notes SET weight = 2 WHERE id = 1 RETURNING id", params![])?;
            let deleted = tx.execute("DELETE FROM notes WHERE id = 9", params![])?;
            Ok::<_, DbError>((inserted, updated, returned, deleted))
        });
        assert_eq!(written.await, Ok((2, 2, 1, 0)));
    }
}
