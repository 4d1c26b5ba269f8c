//! Appointments: showings by the time at which they take place, and open houses.

use std::{collections::HashSet, fmt, str::FromStr};

use db::{Row, Tx, params};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{ClientId, ListingId, OpenHouseId, ShowingId},
    pages::{Filter, Page, Sort, Start},
    search,
    showings::{self, Showing, from_row, select_showings},
    {clients, listings},
};

/// The most of each kind that one look at a span of time shows.
pub const MOST: usize = 1_000;
/// Requests that are looked at for those that ask for a time within a span: the newest.
const WAITING: i64 = 500;
/// Clients and listings, each, whose showings are looked for by words; and the newest showings of each of them.
const FOUND: u32 = 25;
const FOUND_OF_EACH: i64 = 10;
/// Words of a name and an address together that are looked for.
const MIXED: usize = 6;

/// On which side of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Confirmed and to come, the next first.
    Upcoming,
    /// Had a time that is over, whatever became of it, the last first.
    Past,
}

/// A place in a list by time: right after a showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    at: UnixMillis,
    id: ShowingId,
}

impl fmt::Display for After {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.at.0, self.id)
    }
}

impl FromStr for After {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        let at = at.parse().map_err(drop)?;
        if !UnixMillis::RANGE.contains(&at) {
            return Err(());
        }
        Ok(Self { at: UnixMillis(at), id: id.parse().map_err(drop)? })
    }
}

/// A page of the showings on one side of now, at most `limit`, and where the next page begins.
///
/// # Errors
/// Storage's errors.
pub async fn list(
    crm: &Crm,
    agent: AgentId,
    side: Side,
    after: Option<After>,
    limit: u32,
) -> Result<(Vec<Showing>, Option<After>), Error> {
    let now = crm.clock.now();
    crm.db
        .read("appointments.list", move |tx| {
            let After { at, id } = after.unwrap_or(After { at: now, id: ShowingId([0; 16]) });
            let sql = match side {
                Side::Upcoming => {
                    select_showings!(
                        " WHERE t.agent_id = $1 AND t.status = 'confirmed' AND (t.confirmed_time, t.id) > ($2, $3)
                         ORDER BY t.confirmed_time, t.id LIMIT $4"
                    )
                }
                Side::Past => {
                    select_showings!(
                        " WHERE t.agent_id = $1 AND (t.confirmed_time, t.id) < ($2, $3)
                         ORDER BY t.confirmed_time DESC, t.id DESC LIMIT $4"
                    )
                }
            };
            let mut items = tx.query(sql, params![&agent, at.0, &id, i64::from(limit) + 1], from_row)?;
            let is_more = items.len() > limit as usize;
            items.truncate(limit as usize);
            let last = items.last().filter(|_| is_more);
            let next = last.and_then(|last| Some(After { at: last.confirmed_time?, id: last.id }));
            Ok((items, next))
        })
        .await
}

/// The newest showings of the clients and listings that words find, each only once; no more than a few hundred. Where the words are of
/// both, such as a name and a street, those of which each word finds the client or the listing.
///
/// # Errors
/// Storage's errors.
pub async fn find(crm: &Crm, agent: AgentId, query: &str) -> Result<Vec<Showing>, Error> {
    let words = search::words(query);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let found = of_words(crm, agent, words.clone()).await?;
    if !found.is_empty() || words.len() == 1 {
        return Ok(found);
    }
    // One word after the other: each narrows what the others found.
    let mut left: Option<Vec<Showing>> = None;
    for word in words.into_iter().take(MIXED) {
        let of_word = of_words(crm, agent, vec![word.clone()]).await?;
        left = Some(match left {
            None => of_word,
            Some(mut left) => {
                // What this word finds among very many may not be among the newest of them.
                let ids = of_word.iter().map(|showing| showing.id).collect::<HashSet<_>>();
                left.retain(|showing| ids.contains(&showing.id) || is_of(showing, &word));
                left
            }
        });
    }
    Ok(left.unwrap_or_default())
}

/// Whether a word begins one of those that a showing's client and listing are known by.
fn is_of(showing: &Showing, word: &str) -> bool {
    let known = [Some(showing.name.as_str()), Some(&showing.email), showing.phone.as_deref(), Some(&showing.address)];
    search::finds(known.into_iter().flatten(), word)
}

async fn of_words(crm: &Crm, agent: AgentId, words: Vec<String>) -> Result<Vec<Showing>, Error> {
    let filter = Filter { words, ..Filter::default() };
    let page = Page { sort: Sort::LastChangedFirst, start: Start::Offset(0), limit: FOUND, counted: 0 };
    let people = clients::list(crm, agent, filter.clone(), page).await?.items;
    let homes = listings::list(crm, agent, filter, page).await?.items;
    let people = people.into_iter().map(|client| client.id).collect::<Vec<_>>();
    let homes = homes.into_iter().map(|listing| listing.id).collect::<Vec<_>>();
    crm.db
        .read("appointments.find", move |tx| {
            let mut found = Vec::new();
            for client in &people {
                found.extend(of_client(tx, agent, *client)?);
            }
            for listing in &homes {
                found.extend(of_listing(tx, agent, *listing)?);
            }
            found.sort_by_key(|showing| std::cmp::Reverse(showing.id.0));
            found.dedup_by_key(|showing| showing.id);
            Ok(found)
        })
        .await
}

fn of_client(tx: &mut Tx<'_>, agent: AgentId, client: ClientId) -> Result<Vec<Showing>, Error> {
    let sql = select_showings!(" WHERE t.agent_id = $1 AND t.client_id = $2 ORDER BY t.id DESC LIMIT $3");
    Ok(tx.query(sql, params![&agent, &client, FOUND_OF_EACH], from_row)?)
}

fn of_listing(tx: &mut Tx<'_>, agent: AgentId, listing: ListingId) -> Result<Vec<Showing>, Error> {
    let sql = select_showings!(" WHERE t.agent_id = $1 AND t.listing_id = $2 ORDER BY t.id DESC LIMIT $3");
    Ok(tx.query(sql, params![&agent, &listing, FOUND_OF_EACH], from_row)?)
}

/// An open house with the listing that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Which.
    pub id: OpenHouseId,
    /// The listing.
    pub listing: ListingId,
    /// The listing's address.
    pub address: String,
    /// When it begins.
    pub starts_at: UnixMillis,
    /// When it ends.
    pub ends_at: UnixMillis,
    /// What is to be known.
    pub notes: Option<String>,
}

/// What stands in a span of time.
#[derive(Debug, Clone, Default)]
pub struct Span {
    /// Showings that have a time within it, the earliest first, whatever became of them.
    pub showings: Vec<Showing>,
    /// Requests for a time within it that wait for an answer, by id. Only the newest 500 of the agent's are looked at.
    pub waiting: Vec<Showing>,
    /// Open houses that begin within it, the earliest first.
    pub openings: Vec<Opening>,
}

/// What stands from one instant until before another, at most [`MOST`] of each kind.
///
/// # Errors
/// Storage's errors.
pub async fn between(crm: &Crm, agent: AgentId, from: UnixMillis, until: UnixMillis) -> Result<Span, Error> {
    crm.db
        .read("appointments.between", move |tx| {
            let sql = select_showings!(
                " WHERE t.agent_id = $1 AND t.confirmed_time >= $2 AND t.confirmed_time < $3
                 ORDER BY t.confirmed_time, t.id LIMIT $4"
            );
            let showings = tx.query(sql, params![&agent, from.0, until.0, MOST as i64], from_row)?;
            let sql = select_showings!(" WHERE t.agent_id = $1 AND t.status = 'requested' ORDER BY t.id DESC LIMIT $2");
            let mut waiting = tx.query(sql, params![&agent, WAITING], from_row)?;
            waiting.retain(|showing| showing.requested_times.iter().any(|time| (from..until).contains(time)));
            Ok(Span { showings, waiting, openings: openings(tx, agent, from, until)? })
        })
        .await
}

/// What stands from one instant until before another, around a third one: of each kind the [`MOST`] that come first from that on, and what
/// room they leave for those before it, the last of them. In order.
///
/// # Errors
/// Storage's errors.
pub(crate) async fn around(
    crm: &Crm,
    agent: AgentId,
    (from, now, until): (UnixMillis, UnixMillis, UnixMillis),
) -> Result<Span, Error> {
    crm.db
        .read("appointments.around", move |tx| {
            let ahead = select_showings!(
                " WHERE t.agent_id = $1 AND t.confirmed_time >= $2 AND t.confirmed_time < $3
                 ORDER BY t.confirmed_time, t.id LIMIT $4"
            );
            let ahead = tx.query(ahead, params![&agent, now.0, until.0, MOST as i64], from_row)?;
            let back = select_showings!(
                " WHERE t.agent_id = $1 AND t.confirmed_time >= $2 AND t.confirmed_time < $3
                 ORDER BY t.confirmed_time DESC, t.id DESC LIMIT $4"
            );
            let room = (MOST - ahead.len()) as i64;
            let mut showings = tx.query(back, params![&agent, from.0, now.0, room], from_row)?;
            showings.reverse();
            showings.extend(ahead);
            let mut held = openings(tx, agent, from, now)?;
            let ahead = openings(tx, agent, now, until)?;
            held.drain(..(held.len() + ahead.len()).saturating_sub(MOST).min(held.len()));
            held.extend(ahead);
            Ok(Span { showings, waiting: Vec::new(), openings: held })
        })
        .await
}

fn openings(tx: &mut Tx<'_>, agent: AgentId, from: UnixMillis, until: UnixMillis) -> Result<Vec<Opening>, Error> {
    // The listing may be in the trash.
    let sql = "SELECT o.id, o.listing_id, l.address, o.starts_at, o.ends_at, o.notes FROM open_houses o
               JOIN listings l ON l.agent_id = o.agent_id AND l.id = o.listing_id
               WHERE o.agent_id = $1 AND o.starts_at >= $2 AND o.starts_at < $3 ORDER BY o.starts_at, o.id LIMIT $4";
    Ok(tx.query(sql, params![&agent, from.0, until.0, MOST as i64], |row: &Row<'_>| {
        Ok(Opening {
            id: row.get(0)?,
            listing: row.get(1)?,
            address: row.get(2)?,
            starts_at: UnixMillis(row.get(3)?),
            ends_at: UnixMillis(row.get(4)?),
            notes: row.get(5)?,
        })
    })?)
}

/// How many requests wait for an answer.
///
/// # Errors
/// Storage's errors.
pub async fn waiting(crm: &Crm, agent: AgentId) -> Result<u64, Error> {
    let filter = Filter { status: Some(showings::ShowingStatus::Requested.name().to_owned()), ..Filter::default() };
    let page = Page { sort: Sort::OldestFirst, start: Start::Offset(0), limit: 1, counted: 0 };
    Ok(showings::list(crm, agent, filter, page).await?.total.count)
}
