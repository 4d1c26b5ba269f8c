//! Tells agents of requests to see a listing, with links that answer them.

use db::{Tx, params};

use super::{AskedShowing, Letter, MESSAGE, ToldShowing, queue_to_agent};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    events::EventKind,
    ids::ShowingId,
    showing_links,
    showings::{self, Showing, ShowingStatus},
};

/// Requests that a mail names.
const NAMED: usize = 10;
/// Requests that are looked for to name as many: some may have been answered by now.
const SOUGHT: i64 = 200;

/// Requests between two events that still wait for an answer: the first of them, and how many there are, about.
pub(super) fn asked(
    tx: &mut Tx<'_>,
    agent: AgentId,
    after: &[u8; 16],
    up_to: &[u8; 16],
) -> Result<(Vec<Showing>, u32), Error> {
    let sql = "SELECT entity_id, is_quiet FROM events WHERE agent_id = $1 AND event = $2 AND id > $3 AND id <= $4 ORDER BY id LIMIT $5";
    let values = params![&agent, EventKind::ShowingRequested.name(), after, up_to, SOUGHT];
    let events = tx.query(sql, values, |row| Ok((row.get::<ShowingId>(0)?, row.get::<Option<i64>>(1)?.is_some())))?;
    let (mut asked, mut count) = (Vec::new(), 0);
    for (id, _) in events.into_iter().filter(|(_, is_quiet)| !is_quiet) {
        let showing = match showings::find(tx, agent, id) {
            // In the trash by now.
            Err(Error::NotFound) => continue,
            showing => showing?,
        };
        if showing.status != ShowingStatus::Requested {
            continue;
        }
        count += 1;
        if asked.len() < NAMED {
            asked.push(showing);
        }
    }
    Ok((asked, count))
}

/// Queues the mail that tells of them, with links that this makes.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    crm: &Crm,
    agent: AgentId,
    (asked, count): &(Vec<Showing>, u32),
    now: UnixMillis,
) -> Result<(), Error> {
    let mut told = Vec::with_capacity(asked.len());
    for showing in asked {
        let links = showing_links::make(tx, crm, agent, showing, now)?;
        let confirm = links.confirm.into_iter().map(|(time, token)| (time, token.reveal().to_owned()));
        told.push(AskedShowing {
            showing: ToldShowing::of(showing),
            confirm: confirm.collect(),
            decline: links.decline.reveal().to_owned(),
        });
    }
    let mut records = asked.iter().flat_map(|showing| [showing.client_id.0, showing.listing_id.0]).collect::<Vec<_>>();
    records.sort_unstable();
    records.dedup();
    let zone = super::time_zone_of(tx, agent)?;
    queue_to_agent(tx, crm, agent, &Letter::ShowingsRequested { showings: told, count: *count, zone }, &records)
}

/// The beginning of what somebody wrote.
pub(super) fn beginning(text: String) -> String {
    match text.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
