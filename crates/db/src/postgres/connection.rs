//! A connection to PostgreSQL.

use std::collections::HashMap;

use ::postgres::{
    Client, Row, Statement,
    types::ToSql,
};

use crate::{Value, dialect::postgres::Bound};

/// A client with its prepared statements.
pub(crate) struct Connection {
    client: Client,
    statements: HashMap<Box<str>, Statement>,
}

impl Connection {
    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, ::postgres::Error> {
        let statement = self.prepare(sql)?;
        let bound: Vec<Bound<'_>> = params.iter().map(|value| Bound(*value)).collect();
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
        self.client.execute(&statement, &bound)
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, ::postgres::Error> {
        let statement = self.prepare(sql)?;
        let bound: Vec<Bound<'_>> = params.iter().map(|value| Bound(*value)).collect();
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
        self.client.query(&statement, &bound)
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), ::postgres::Error> {
        self.client.batch_execute(sql)
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, ::postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql.into(), statement.clone());
        Ok(statement)
    }
}
