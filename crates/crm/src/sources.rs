//! Sources: where leads and clients come from. Free text, kept as sent; this is the list to choose from.

use db::{Tx, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{AgentId, Crm, Error, fold::fold};

/// The sources that every agent can choose: what stands in `source`, and what people read.
pub const STANDARD: [(&str, &str); 18] = [
    ("website", "Website"),
    ("valuation", "Home valuation"),
    ("guide", "Guide download"),
    ("open-house", "Open house"),
    ("zillow", "Zillow"),
    ("realtor.com", "Realtor.com"),
    ("homes.com", "Homes.com"),
    ("redfin", "Redfin"),
    ("facebook", "Facebook"),
    ("instagram", "Instagram"),
    ("google", "Google"),
    ("referral", "Referral"),
    ("sphere", "Sphere of influence"),
    ("past_client", "Past client"),
    ("sign_call", "Sign call"),
    ("email", "Email"),
    ("csv_import", "CSV import"),
    ("api", "API"),
];

/// The most sources listed. An integration that puts a number into each source must not make the menu endless.
const LISTED: i64 = 1_000;

/// A source to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeadSource {
    /// What to send as `source` and to filter by.
    #[schema(example = "zillow")]
    pub id: String,
    /// What people read.
    #[schema(example = "Zillow")]
    pub name: String,
}

/// Notes a source that a record came from. Writes nothing where it is known, and asks nothing where it is a standard one.
pub(crate) fn note(tx: &mut Tx<'_>, agent: AgentId, source: &str) -> Result<(), Error> {
    let key = fold(source);
    if STANDARD.iter().any(|(id, _)| *id == key) {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO sources (agent_id, source_key, name) VALUES ($1, $2, $3) ON CONFLICT (agent_id, source_key) DO NOTHING",
        params![&agent, &key, source.trim()],
    )?;
    Ok(())
}

/// The standard sources, then those that the agent's records came from, by name; [`LISTED`] at most.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId) -> Result<Vec<LeadSource>, Error> {
    crm.db
        .read("sources.list", move |tx| {
            let mut sources =
                STANDARD.map(|(id, name)| LeadSource { id: id.to_owned(), name: name.to_owned() }).to_vec();
            let room = LISTED - sources.len() as i64;
            let used = tx.query(
                "SELECT source_key, name FROM sources WHERE agent_id = $1 ORDER BY source_key LIMIT $2",
                params![&agent, room],
                |row| Ok(LeadSource { id: row.get(0)?, name: row.get(1)? }),
            )?;
            sources.extend(used);
            Ok(sources)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standard_source_is_its_own_folded_form() {
        for (id, _) in STANDARD {
            assert_eq!(fold(id), id);
        }
    }
}
