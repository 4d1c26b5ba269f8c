//! A connection to PostgreSQL.

use std::{collections::HashMap, time::Duration};

use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::{Client, Config, Error, Row, SimpleQueryMessage, Statement, config::SslMode, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::{Trust, connector};
use crate::{
    DbError, Value,
    dialect::postgres::{Bound, describe, is_lost, is_stale},
};

/// How many prepared statements a connection keeps before it starts over.
const STATEMENTS: usize = 512;
/// The first version with `pg_current_xact_id`.
const OLDEST_SERVER: i64 = 13;

/// Where the server is and how to talk to it.
pub(crate) struct Address {
    config: Config,
    tls: MakeRustlsConnect,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
    Statement,
    /// Migrations: no limit on a statement's time.
    Keeper,
}

impl Address {
    /// Reads `postgres://...`. Beside what libpq's addresses share, `sslmode` is `disable`, `prefer`, `require` or `verify-full`
    /// (the last two are the same: a required certificate is always verified), and `sslrootcert` names a PEM file to verify by.
    pub(crate) fn parse(url: &str) -> Result<Self, DbError> {
        let refuse =
            |error: &dyn std::fmt::Display| DbError::Refused(format!("the database's address cannot be used: {error}"));
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut root = None;
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslrootcert", file)) => root = Some(file.replace("%2F", "/").replace("%2f", "/")),
                Some(("sslmode", "verify-full" | "verify-ca")) => kept.push("sslmode=require"),
                _ => kept.push(pair),
            }
        }
        let mut config: Config =
            format!("{base}?{}", kept.join("&")).parse().map_err(|error: Error| refuse(&describe(&error)))?;
        let trust = match config.get_ssl_mode() {
            SslMode::Require => Trust::Verified(root),
            _ => Trust::Anyone,
        };
        config.application_name("organicagent").keepalives(true).keepalives_idle(Duration::from_secs(15));
        config
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(20));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        Ok(Self { tls: connector(&trust)?, config })
    }
}

/// A client with its prepared statements.
pub(crate) struct Connection {
    client: Client,
    statements: HashMap<Box<str>, Statement>,
    is_lost: bool,
    incarnation: String,
}

impl Connection {
    /// Connects, sets the session up and looks whether the server keeps what it commits.
    pub(crate) fn open(address: &Address, role: Role) -> Result<Self, DbError> {
        let explain =
            |error: Error| DbError::Unavailable(format!("cannot connect to PostgreSQL: {}", describe(&error)));
        let mut client = address.config.connect(address.tls.clone()).map_err(explain)?;
        let limits = match role {
            // A node that stands still in a transaction holds up an agent's writes on all others, so it soon loses it.
            Role::Writer | Role::Statement => {
                "SET statement_timeout = '10s'; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '5s'"
            }
            Role::Reader => {
                "SET statement_timeout = '5s'; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '60s'"
            }
            Role::Keeper => {
                "SET statement_timeout = 0; SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'"
            }
        };
        // The last columns say which run of which server this is. Statistics are reset after every crash of the server, even one
        // that its postmaster survives, and hardly ever else.
        let answers = client.simple_query(&format!(
            "{limits}; SET client_encoding = 'UTF8'; SET TimeZone = 'UTC';
             SET default_transaction_isolation = 'read committed';
             SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('server_encoding'),
                 current_setting('server_version_num'),
                 concat_ws(' ', inet_server_addr(), inet_server_port(), pg_postmaster_start_time(), stats_reset)
             FROM pg_stat_bgwriter"
        ));
        let answers = answers.map_err(explain)?;
        let row = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let setting = |index| row.and_then(|row| row.try_get(index).ok().flatten()).unwrap_or_default();
        check_server([setting(0), setting(1), setting(2), setting(3)])?;
        let incarnation = setting(4).to_owned();
        Ok(Self { client, statements: HashMap::new(), is_lost: false, incarnation })
    }

    /// Which run of which server this is: transaction numbers of another run mean nothing here.
    pub(crate) fn incarnation(&self) -> &str {
        &self.incarnation
    }

    /// Whether the connection was seen to break.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, Error> {
        self.with_statement(sql, params, |client, statement, bound| client.execute(statement, bound))
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        self.with_statement(sql, params, |client, statement, bound| client.query(statement, bound))
    }

    /// Several statements in one round trip.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let done = self.client.batch_execute(sql);
        self.noticing(done)
    }

    /// Several statements in one round trip, one of which answers a row: its first column.
    pub(crate) fn batch_value(&mut self, sql: &str) -> Result<Option<String>, Error> {
        let answers = self.client.simple_query(sql);
        let answers = self.noticing(answers)?;
        Ok(answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.try_get(0).ok().flatten().map(str::to_owned),
            _ => None,
        }))
    }

    /// Takes in notices until there was none for `limit`.
    pub(crate) fn notices(&mut self, limit: Duration, mut take: impl FnMut(&str)) -> Result<(), Error> {
        let mut notices = self.client.notifications();
        let mut notices = notices.timeout_iter(limit);
        while let Some(notice) = notices.next()? {
            take(notice.payload());
        }
        Ok(())
    }

    /// Whether the server still answers.
    pub(crate) fn answers(&mut self) -> bool {
        self.client.is_valid(Duration::from_secs(2)).is_ok()
    }

    fn with_statement<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        run: impl FnOnce(&mut Client, &Statement, &[&(dyn ToSql + Sync)]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let bound: Vec<Bound<'_>> = params.iter().map(|value| Bound(*value)).collect();
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
        let statement = self.prepare(sql)?;
        let done = run(&mut self.client, &statement, &bound);
        self.noticing(done)
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let prepared = self.client.prepare(sql);
        let statement = self.noticing(prepared)?;
        // Starting over now and then is cheaper than remembering who was used last; the product has fewer statements than this.
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    fn noticing<T>(&mut self, done: Result<T, Error>) -> Result<T, Error> {
        done.inspect_err(|error| {
            self.is_lost |= is_lost(error);
            if is_stale(error) {
                self.statements.clear();
            }
        })
    }
}

/// An acknowledged write must be on the disk, and text must be what we sent.
fn check_server([fsync, synchronous_commit, encoding, version]: [&str; 4]) -> Result<(), DbError> {
    let refuse = |why: String| Err(DbError::Refused(why));
    if fsync != "on" {
        return refuse(format!(
            "PostgreSQL runs with fsync = {fsync} and may lose what it has confirmed: set fsync = on"
        ));
    }
    // The other values wait for the local disk at least.
    if synchronous_commit == "off" {
        return refuse(
            "PostgreSQL runs with synchronous_commit = off and may lose what it has confirmed: set it to on".to_owned(),
        );
    }
    if encoding != "UTF8" {
        return refuse(format!("the PostgreSQL database has the encoding {encoding}: create it with ENCODING 'UTF8'"));
    }
    match version.parse::<i64>() {
        Ok(number) if number >= OLDEST_SERVER * 10_000 => Ok(()),
        _ => refuse(format!("the server is older than PostgreSQL {OLDEST_SERVER}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_may_lose_writes_is_refused() {
        assert_eq!(check_server(["on", "on", "UTF8", "150006"]), Ok(()));
        assert!(matches!(check_server(["off", "on", "UTF8", "150006"]), Err(DbError::Refused(_))));
        assert!(matches!(check_server(["on", "off", "UTF8", "150006"]), Err(DbError::Refused(_))));
        assert!(matches!(check_server(["on", "on", "SQL_ASCII", "150006"]), Err(DbError::Refused(_))));
        assert!(matches!(check_server(["on", "on", "UTF8", "120010"]), Err(DbError::Refused(_))));
    }

    #[test]
    fn an_address_with_a_typing_error_is_refused() {
        assert!(Address::parse("postgres://localhost/x?sslmode=require").is_ok());
        assert!(Address::parse("postgres://localhost/x?sslmode=verify-full").is_ok());
        assert!(matches!(Address::parse("postgres://localhost/x?sslmood=require"), Err(DbError::Refused(_))));
        assert!(matches!(
            Address::parse("postgres://localhost/x?sslmode=require&sslrootcert=/none"),
            Err(DbError::Refused(_))
        ));
    }
}
