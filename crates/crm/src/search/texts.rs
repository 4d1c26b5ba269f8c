//! The texts that a record is found by.

use db::{Row, Tx, params};

use crate::{AgentId, Error, totals::Kind, values::PhoneNumber};

/// The texts of a record, the telling ones first; `None` when it is gone.
///
/// Showings have none: they are looked for by their client and listing.
pub(super) fn find(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, id: &[u8; 16]) -> Result<Option<Vec<String>>, Error> {
    let (sql, read): (_, fn(&Row<'_>) -> Result<Vec<String>, db::DbError>) = match kind {
        Kind::Lead => (
            "SELECT name, email, phone, property_address, source, notes FROM leads WHERE agent_id = $1 AND id = $2",
            |row| person(row, &[0, 1, 3, 4, 5]),
        ),
        Kind::Client => (
            "SELECT name, email, phone, source, notes FROM clients WHERE agent_id = $1 AND id = $2",
            |row| person(row, &[0, 1, 3, 4]),
        ),
        Kind::Listing => ("SELECT address, details FROM listings WHERE agent_id = $1 AND id = $2", listing),
        Kind::Showing => return Ok(None),
    };
    Ok(tx.query_opt(sql, params![&agent, id], read)?)
}

/// The texts of a row whose column 2 is a phone number.
fn person(row: &Row<'_>, columns: &[usize]) -> Result<Vec<String>, db::DbError> {
    let mut texts = Vec::new();
    if let Some(phone) = row.get::<Option<String>>(2)? {
        texts.extend(PhoneNumber::key_of(&phone));
        texts.push(phone);
    }
    for column in columns {
        texts.extend(row.get::<Option<String>>(*column)?);
    }
    Ok(texts)
}

/// The address, then every text among the details but web addresses: city, MLS number, remarks and so on.
fn listing(row: &Row<'_>) -> Result<Vec<String>, db::DbError> {
    let mut texts = vec![row.get(0)?];
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(row.text(1)?) {
        Ok(details) => {
            let mut found = details.into_iter().filter_map(|(_, value)| match value {
                serde_json::Value::String(text) if !text.contains("://") => Some(text),
                _ => None,
            });
            texts.extend(found.by_ref());
        }
        // The listing is found by its address then; an index that stood still for it would find nothing new at all.
        Err(_) => tracing::error!("a listing's details cannot be read for the search"),
    }
    // Short texts first: a long description does not crowd out a city.
    texts[1..].sort_by_key(String::len);
    Ok(texts)
}
