//! The mail that tells a visitor that their words arrived. Anybody can type anybody's address, so an address gets only a few a day, from
//! all agents of the server together, and nothing that was typed stands in them.

use std::time::Duration;

use db::{Lane, Tx, params};

use super::{InquiryKind, downloads};
use crate::{
    AgentId, Crm, Error, agents,
    clock::UnixMillis,
    guides::Guide,
    ids::LeadId,
    listings::Listing,
    mails::{self, Letter, NewMail},
    values::EmailAddress,
};

/// Acknowledgements that an address gets on one day (UTC).
pub const MOST_A_DAY: i64 = 5;
/// What the hash of an address is made for.
const PURPOSE: &str = "acknowledgement";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Addresses that are forgotten in one go.
const SLICE: i64 = 500;

/// What is acknowledged.
pub(super) struct About<'a> {
    pub lead: LeadId,
    pub kind: InquiryKind,
    pub language: &'a str,
    pub listing: Option<&'a Listing>,
    pub guide: Option<&'a Guide>,
}

/// Queues the acknowledgement of an inquiry, unless its address has had enough today.
pub(super) fn queue(
    tx: &mut Tx<'_>,
    crm: &Crm,
    agent: AgentId,
    email: &EmailAddress,
    about: &About<'_>,
) -> Result<(), Error> {
    if !has_room(tx, crm, email)? {
        return Ok(());
    }
    let (slug, name) = agents::named(tx, agent)?;
    let letter = match about.guide {
        Some(guide) => Letter::GuideAsked {
            agent: name,
            slug,
            title: guide.title.clone(),
            token: downloads::make(crm, agent, guide.id, about.lead.created_at()),
        },
        None => Letter::InquiryReceived {
            agent: name,
            slug,
            asked: about.kind,
            address: about.listing.map(|listing| listing.address.clone()),
        },
    };
    let language = Some(about.language);
    let records = [about.lead.0];
    mails::queue(tx, crm, &NewMail { agent, recipient: email.as_str(), letter: &letter, language, records: &records })?;
    Ok(())
}

/// Counts one more to this address today. Whether it is among the first [`MOST_A_DAY`].
fn has_room(tx: &mut Tx<'_>, crm: &Crm, email: &EmailAddress) -> Result<bool, Error> {
    let key = crm.keyring.sign(PURPOSE, email.key().as_bytes());
    let count = tx.query_one(
        "INSERT INTO acknowledgements (address_key, day, count) VALUES ($1, $2, 1)
         ON CONFLICT (address_key) DO UPDATE SET day = excluded.day,
             count = CASE WHEN acknowledgements.day = excluded.day THEN acknowledgements.count + 1 ELSE 1 END
         RETURNING count",
        params![&key, day(crm.clock.now())],
        |row| row.get::<i64>(0),
    )?;
    Ok(count <= MOST_A_DAY)
}

fn day(now: UnixMillis) -> i64 {
    now.0.div_euclid(i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX))
}

/// Forgets addresses that were written to on an earlier day. Says how many.
///
/// # Errors
/// Storage's errors.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let today = day(crm.clock.now());
    crm.db
        .write_in_background("acknowledgements.prune", Lane::SHARED, move |tx| {
            let gone = tx.execute(
                "DELETE FROM acknowledgements WHERE address_key IN
                     (SELECT address_key FROM acknowledgements WHERE day < $1 ORDER BY day LIMIT $2) AND day < $1",
                params![today, SLICE],
            )?;
            Ok(usize::try_from(gone).unwrap_or(usize::MAX))
        })
        .await
}
