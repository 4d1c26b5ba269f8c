//! Schema text for either engine.
//!
//! Migrations are written once, with `BIGINT`, `DOUBLE PRECISION`, `TEXT` and `BYTEA` in capitals and these marks:
//!
//! | written | SQLite | PostgreSQL |
//! |---|---|---|
//! | `CREATE TABLE x (...);` | `... STRICT;` | as written |
//! | `CREATE TABLE x (...) /*clustered*/;` | `... STRICT, WITHOUT ROWID;` | as written |
//! | `CREATE /*unlogged*/ TABLE x (...);` | `... STRICT;` | `CREATE UNLOGGED TABLE` |
//! | `BIGINT`, `DOUBLE PRECISION`, `BYTEA` | `INTEGER`, `REAL`, `BLOB` | as written |
//! | `TEXT` of a column | as written | `TEXT COLLATE "C"` |
//!
//! `/*table*/` and `/*strict*/` may be written where `/*clustered*/` may and say what goes without saying.
//! Every unique constraint is a named `CREATE UNIQUE INDEX`, every primary key `CONSTRAINT {table}_pkey`: those names come back
//! in [`crate::DbError::Conflict`].

use crate::Engine;

/// The text as the engine wants it.
pub(crate) fn adapt(sql: &str, engine: Engine) -> String {
    let mut out = String::with_capacity(sql.len() + sql.len() / 4);
    let mut statement = Statement::default();
    for token in tokens(sql) {
        match token {
            Token::Word(word) => {
                let mapped = statement.map_word(word, engine);
                out.push_str(mapped.unwrap_or(word));
                statement.see(word);
            }
            Token::Mark(mark) => match (mark, engine) {
                ("unlogged", Engine::Postgres) => out.push_str("UNLOGGED"),
                ("clustered", Engine::Sqlite) => {
                    out.push_str("STRICT, WITHOUT ROWID");
                    statement.is_marked = true;
                }
                _ => {}
            },
            Token::End => {
                statement.close(&mut out, engine);
                out.push(';');
                statement = Statement::default();
            }
            Token::Other(text) => out.push_str(text),
        }
    }
    statement.close(&mut out, engine);
    out
}

/// What is known of the statement being read.
#[derive(Default)]
struct Statement<'a> {
    words: usize,
    first: &'a str,
    previous: &'a str,
    is_create_table: bool,
    is_alter_table: bool,
    is_marked: bool,
}

impl<'a> Statement<'a> {
    fn see(&mut self, word: &'a str) {
        if self.words == 0 {
            self.first = word;
        }
        if word == "TABLE" && self.words == 1 {
            self.is_create_table = self.first == "CREATE";
            self.is_alter_table = self.first == "ALTER";
        }
        self.words += 1;
        self.previous = word;
    }

    fn map_word(&self, word: &'a str, engine: Engine) -> Option<&'static str> {
        match (engine, word) {
            (Engine::Sqlite, "BIGINT") => Some("INTEGER"),
            (Engine::Sqlite, "BYTEA") => Some("BLOB"),
            (Engine::Sqlite, "DOUBLE") => Some("REAL"),
            (Engine::Sqlite, "PRECISION") if self.previous == "DOUBLE" => Some(""),
            // CAST (x AS TEXT) names a type, not a column: a collation has no place there.
            (Engine::Postgres, "TEXT") if (self.is_create_table || self.is_alter_table) && self.previous != "AS" => {
                Some("TEXT COLLATE \"C\"")
            }
            _ => None,
        }
    }

    /// Before the statement's end.
    fn close(&self, out: &mut String, engine: Engine) {
        if engine == Engine::Sqlite && self.is_create_table && !self.is_marked {
            out.push_str(" STRICT");
        }
    }
}

enum Token<'a> {
    Word(&'a str),
    /// The text of a block comment that is one of the marks.
    Mark(&'a str),
    /// A semicolon outside anything.
    End,
    Other(&'a str),
}

fn tokens(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = match first {
            '\'' | '"' => quoted_length(rest, first),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, tail) = rest.split_at(length);
        rest = tail;
        let mark = token.strip_prefix("/*").and_then(|text| text.strip_suffix("*/"));
        Some(match first {
            ';' => Token::End,
            _ if is_word(first) => Token::Word(token),
            _ => match mark {
                Some("clustered" | "table" | "strict" | "unlogged") => Token::Mark(mark.expect("just matched")),
                _ => Token::Other(token),
            },
        })
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The length of a quoted text with its quotes; a doubled quote reads as two texts side by side, which is as good.
fn quoted_length(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "-- a BIGINT; note\nCREATE TABLE t (a BIGINT, b TEXT NOT NULL DEFAULT 'TEXT; BYTEA', c DOUBLE PRECISION, d BYTEA) /*clustered*/;\nCREATE /*unlogged*/ TABLE u (n BIGINT)";

    #[test]
    fn sqlite_gets_strict_tables_and_its_own_types() {
        assert_eq!(
            adapt(TEXT, Engine::Sqlite),
            "-- a BIGINT; note\nCREATE TABLE t (a INTEGER, b TEXT NOT NULL DEFAULT 'TEXT; BYTEA', c REAL , d BLOB) STRICT, WITHOUT ROWID;\nCREATE  TABLE u (n INTEGER) STRICT"
        );
    }

    #[test]
    fn postgres_gets_a_collation_and_unlogged_tables() {
        assert_eq!(
            adapt(TEXT, Engine::Postgres),
            "-- a BIGINT; note\nCREATE TABLE t (a BIGINT, b TEXT COLLATE \"C\" NOT NULL DEFAULT 'TEXT; BYTEA', c DOUBLE PRECISION, d BYTEA) ;\nCREATE UNLOGGED TABLE u (n BIGINT)"
        );
    }

    #[test]
    fn a_collation_is_for_columns_alone() {
        let query = "SELECT CAST(a AS TEXT) FROM t";
        assert_eq!(adapt(query, Engine::Postgres), query);
        let added = "ALTER TABLE t ADD COLUMN e TEXT";
        assert_eq!(adapt(added, Engine::Postgres), "ALTER TABLE t ADD COLUMN e TEXT COLLATE \"C\"");
        assert_eq!(adapt(added, Engine::Sqlite), added);
    }
}
