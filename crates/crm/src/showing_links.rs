//! Links by mail that answer a request without signing in: each in one way, and only while it waits for an answer; or with another time
//! that is offered, also when one is confirmed already.

use std::time::Duration;

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error,
    availability::Plan,
    clock::UnixMillis,
    ids::{self, ShowingId},
    mails,
    showing_changes::revive,
    showing_steps,
    showings::{self, Showing, ShowingChange, ShowingStatus, take_step},
    slots,
    tokens::Token,
};

/// The longest that a link holds. One that confirms ends with its time, one that declines with the last of them.
const LASTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Free times that are offered beside those asked for.
const OFFERED: usize = 6;

/// How a link answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It confirms this time.
    Confirm(UnixMillis),
    /// It declines.
    Decline,
}

/// What a link would do, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The showing as it is.
    pub showing: Showing,
    /// How the link answers.
    pub answer: Answer,
    /// The agent's time zone, an IANA name.
    pub zone: String,
    /// Times at which it could be instead, while it can be moved: those asked for that are to come, then free ones.
    pub others: Vec<UnixMillis>,
    /// What was said to the client last.
    pub words: Option<String>,
}

impl Offer {
    /// Whether there is still something to answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.showing.status == ShowingStatus::Requested
    }
}

/// What somebody who follows a link wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// What the link is for.
    AsLinked,
    /// Another time, one of those that it offers.
    At(UnixMillis),
    /// That it is not declined after all.
    TakenBack,
}

/// The links of a request that ask for an answer: of each time to come, with what it is followed by, and to decline.
pub(crate) struct Links {
    pub confirm: Vec<(UnixMillis, Token)>,
    pub decline: Token,
}

/// Makes the links of a request.
pub(crate) fn make(
    tx: &mut Tx<'_>,
    crm: &Crm,
    agent: AgentId,
    showing: &Showing,
    now: UnixMillis,
) -> Result<Links, Error> {
    let latest = now.plus(LASTS);
    let mut put = |time: Option<UnixMillis>, expires_at: UnixMillis| {
        let token = Token::generate(&*crm.random);
        let id = ids::next(&[0; 16], now, &*crm.random);
        tx.execute(
            "INSERT INTO showing_links (agent_id, id, showing_id, confirmed_time, token_hash, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            params![&agent, &id, &showing.id, time.map(|time| time.0), &token.hash(), expires_at.min(latest).0],
        )?;
        Ok::<_, Error>(token)
    };
    let mut confirm = Vec::new();
    for time in showing.requested_times.iter().filter(|time| **time > now) {
        confirm.push((*time, put(Some(*time), *time)?));
    }
    let last = showing.requested_times.iter().max().copied().unwrap_or(now);
    let decline = put(None, last.max(now.plus(Duration::from_secs(24 * 60 * 60))))?;
    Ok(Links { confirm, decline })
}

fn read(tx: &mut Tx<'_>, token: &Token, now: UnixMillis) -> Result<(AgentId, Offer), Error> {
    let sql =
        "SELECT agent_id, showing_id, confirmed_time FROM showing_links WHERE token_hash = $1 AND expires_at > $2";
    let (agent, showing, time) = tx
        .query_opt(sql, params![&token.hash(), now.0], |row| {
            Ok((row.get::<AgentId>(0)?, row.get::<ShowingId>(1)?, row.get::<Option<i64>>(2)?))
        })?
        .ok_or(Error::NotFound)?;
    let answer = time.map_or(Answer::Decline, |time| Answer::Confirm(UnixMillis(time)));
    let (showing, zone) = (showings::find(tx, agent, showing)?, mails::time_zone_of(tx, agent)?);
    let others = others(tx, agent, &showing, answer, now)?;
    let words = showing_steps::last_words(tx, agent, showing.id)?;
    Ok((agent, Offer { showing, answer, zone, others, words }))
}

/// Times at which a showing could be, other than the one it has or would have by the link.
fn others(
    tx: &mut Tx<'_>,
    agent: AgentId,
    showing: &Showing,
    answer: Answer,
    now: UnixMillis,
) -> Result<Vec<UnixMillis>, Error> {
    let own = match (showing.status, answer) {
        (ShowingStatus::Requested, Answer::Confirm(time)) => Some(time),
        (ShowingStatus::Requested, Answer::Decline) => None,
        (ShowingStatus::Confirmed, _) if showing.confirmed_time > Some(now) => showing.confirmed_time,
        _ => return Ok(Vec::new()),
    };
    let mut others = showing.requested_times.iter().copied().filter(|time| *time > now).collect::<Vec<_>>();
    let plan = Plan::of(tx, agent, Some(showing.listing_id), now)?;
    // Without hours of the week every time is as good as another.
    if plan.is_set {
        others.extend(slots::next_free(tx, agent, &plan, Some(showing.listing_id), Some(showing.id), now, OFFERED)?);
    }
    let mut seen = own.into_iter().collect::<Vec<_>>();
    others.retain(|time| {
        !seen.contains(time) && {
            seen.push(*time);
            true
        }
    });
    Ok(others)
}

/// Looks at a link. Nothing is done by that: whoever looks through mail follows links, too.
///
/// # Errors
/// [`Error::NotFound`] when it has ended or never was, or its showing is gone.
pub async fn find(crm: &Crm, token: &Token) -> Result<Offer, Error> {
    let (token, now) = (token.clone(), crm.clock.now());
    crm.db.read("showing_links.find", move |tx| Ok(read(tx, &token, now)?.1)).await
}

/// Answers as a link says, or with another of its times, with words to the client. Where there is an answer already only another time
/// changes it; the showing tells.
///
/// # Errors
/// As [`find`]; [`Error::Invalid`] for a time that cannot be confirmed any more, and words that are too long.
pub async fn follow(crm: &Crm, token: &Token, wish: Wish, words: &str) -> Result<Offer, Error> {
    let (link, now) = (token.clone(), crm.clock.now());
    let (agent, offer) = crm.db.read("showing_links.find", move |tx| read(tx, &link, now)).await?;
    let change = match (wish, offer.answer) {
        (Wish::At(time), _) | (_, Answer::Confirm(time)) => ShowingChange::confirming(time),
        (_, Answer::Decline) => ShowingChange::becoming(ShowingStatus::Declined),
    };
    let (change, link) = (change.saying(words)?, token.clone());
    crm.change("showings.follow_link", agent, move |tx, turn| {
        let (_, offer) = read(tx, &link, turn.now)?;
        let is_held = |time| offer.showing.confirmed_time == Some(time);
        match wish {
            Wish::TakenBack if offer.showing.status == ShowingStatus::Declined => {
                revive(tx, turn, offer.showing)?;
            }
            Wish::At(time) if offer.others.contains(&time) => {
                take_step(tx, turn, offer.showing, &change)?;
            }
            Wish::At(time) if is_held(time) => {}
            Wish::At(_) => {
                return Err(Error::invalid(
                    "confirmedTime",
                    "is not among the times that are free now: choose another",
                ));
            }
            Wish::AsLinked if offer.is_open() => {
                take_step(tx, turn, offer.showing, &change)?;
            }
            Wish::AsLinked | Wish::TakenBack => {}
        }
        Ok(read(tx, &link, turn.now)?.1)
    })
    .await
}
