//! What was asked for a listing, from when on: each change of its price is kept.

use db::{Tx, params};

use crate::{AgentId, Crm, Error, clock::UnixMillis, ids, listings::Listing, turns::Turn, values::Money};

/// A price that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedPrice {
    /// From when on.
    pub since: UnixMillis,
    /// How much.
    pub price: Money,
    /// In which currency.
    pub currency: String,
}

/// Notes that a listing has another price from now on. The first such change also notes what was asked from the beginning, under the
/// listing's own id, which holds that instant.
pub(crate) fn note(tx: &mut Tx<'_>, turn: &mut Turn, old: &Listing, new: &Listing) -> Result<(), Error> {
    if (old.price, &old.currency) == (new.price, &new.currency) {
        return Ok(());
    }
    let sql = "INSERT INTO listing_prices (agent_id, listing_id, id, price, currency) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (agent_id, listing_id, id) DO NOTHING";
    let agent = turn.agent;
    let is_first = tx.query_opt(
        "SELECT 1 FROM listing_prices WHERE agent_id = $1 AND listing_id = $2 LIMIT 1",
        params![&agent, &new.id],
        |_| Ok(()),
    )?;
    if is_first.is_none() {
        tx.execute(sql, params![&agent, &old.id, &old.id.0, old.price.cents(), &old.currency])?;
    }
    tx.execute(sql, params![&agent, &new.id, &turn.next_id(), new.price.cents(), &new.currency])?;
    Ok(())
}

/// What was asked for a listing, the latest first; never empty.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, listing: &Listing) -> Result<Vec<AskedPrice>, Error> {
    let id = listing.id;
    let read = crm.db.read("listing_prices.list", move |tx| {
        let sql = "SELECT id, price, currency FROM listing_prices WHERE agent_id = $1 AND listing_id = $2 ORDER BY id DESC LIMIT 200";
        Ok::<_, Error>(tx.query(sql, params![&agent, &id], |row| {
            let since = ids::instant(&row.get::<[u8; 16]>(0)?);
            Ok(AskedPrice { since, price: Money::from_cents(row.get(1)?), currency: row.get(2)? })
        })?)
    });
    let mut prices = read.await?;
    if prices.is_empty() {
        let Listing { created_at: since, price, currency, .. } = listing.clone();
        prices.push(AskedPrice { since, price, currency });
    }
    Ok(prices)
}
