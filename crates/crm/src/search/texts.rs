//! The texts that a record is found by.

use std::sync::LazyLock;

use db::{Row, Tx};

use super::index::{Id, SLICE, numbered, query_for_ids};
use crate::{AgentId, Error, totals::Kind, values::PhoneNumber};

macro_rules! select {
    ($sql:literal) => {
        LazyLock::new(|| format!(concat!($sql, " WHERE agent_id = $1 AND id IN ({})"), numbered(2, SLICE)))
    };
}

static LEADS: LazyLock<String> = select!("SELECT id, name, email, phone, property_address, source, notes FROM leads");
static CLIENTS: LazyLock<String> = select!("SELECT id, name, email, phone, source, notes FROM clients");
static LISTINGS: LazyLock<String> = select!("SELECT id, address, details FROM listings");
static GUIDES: LazyLock<String> = select!("SELECT id, title, headline, points, text FROM guides");

/// The texts of records of one kind, the telling ones first; nothing of those that are gone.
///
/// Showings have none: they are looked for by their client and listing.
pub(super) fn find(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, ids: &[Id]) -> Result<Vec<(Id, Vec<String>)>, Error> {
    let (sql, read): (_, Read) = match kind {
        Kind::Lead => (&LEADS, |row| person(row, &[1, 2, 4, 5, 6])),
        Kind::Client => (&CLIENTS, |row| person(row, &[1, 2, 4, 5])),
        Kind::Listing => (&LISTINGS, listing),
        Kind::Guide => (&GUIDES, guide),
        Kind::Showing => return Ok(Vec::new()),
    };
    query_for_ids(tx, sql, agent, ids, |row| Ok((row.get(0)?, read(row)?)))
}

type Read = fn(&Row<'_>) -> Result<Vec<String>, db::DbError>;

/// The texts of a row whose column 3 is a phone number.
fn person(row: &Row<'_>, columns: &[usize]) -> Result<Vec<String>, db::DbError> {
    let mut texts = Vec::new();
    if let Some(phone) = row.get::<Option<String>>(3)? {
        texts.extend(PhoneNumber::key_of(&phone));
        texts.push(phone);
    }
    for column in columns {
        texts.extend(row.get::<Option<String>>(*column)?);
    }
    Ok(texts)
}

/// The title, then what its page says.
fn guide(row: &Row<'_>) -> Result<Vec<String>, db::DbError> {
    let texts = (1..5).map(|column| row.get::<Option<String>>(column));
    Ok(texts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The address, then every text among the details but web addresses: city, MLS number, remarks and so on.
fn listing(row: &Row<'_>) -> Result<Vec<String>, db::DbError> {
    let mut texts = vec![row.get(1)?];
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(row.text(2)?) {
        Ok(details) => {
            texts.extend(details.into_iter().filter_map(|(_, value)| match value {
                serde_json::Value::String(text) if !text.contains("://") => Some(text),
                _ => None,
            }));
        }
        // The listing is found by its address then; an index that stood still for it would find nothing new at all.
        Err(_) => tracing::error!("a listing's details cannot be read for the search"),
    }
    // Short texts first: a long description does not crowd out a city.
    texts[1..].sort_by_key(String::len);
    Ok(texts)
}
