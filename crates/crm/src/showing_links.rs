//! Links by mail that answer a request without signing in: each in one way, and only while it waits for an answer.

use std::time::Duration;

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{self, ShowingId},
    mails,
    showings::{self, Showing, ShowingChange, ShowingStatus, take_step},
    tokens::Token,
};

/// The longest that a link holds. One that confirms ends with its time, one that declines with the last of them.
const LASTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

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
}

impl Offer {
    /// Whether there is still something to answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.showing.status == ShowingStatus::Requested
    }
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
    let offer = Offer { showing: showings::find(tx, agent, showing)?, answer, zone: mails::time_zone_of(tx, agent)? };
    Ok((agent, offer))
}

/// Looks at a link. Nothing is done by that: whoever looks through mail follows links, too.
///
/// # Errors
/// [`Error::NotFound`] when it has ended or never was, or its showing is gone.
pub async fn find(crm: &Crm, token: &Token) -> Result<Offer, Error> {
    let (token, now) = (token.clone(), crm.clock.now());
    crm.db.read("showing_links.find", move |tx| Ok(read(tx, &token, now)?.1)).await
}

/// Answers as a link says, with words to the client. Where there is an answer already nothing is done; the showing tells.
///
/// # Errors
/// As [`find`]; [`Error::Invalid`] for a time that cannot be confirmed any more, and words that are too long.
pub async fn follow(crm: &Crm, token: &Token, words: &str) -> Result<Offer, Error> {
    let (link, now) = (token.clone(), crm.clock.now());
    let (agent, offer) = crm.db.read("showing_links.find", move |tx| read(tx, &link, now)).await?;
    let change = match offer.answer {
        Answer::Confirm(time) => ShowingChange::confirming(time),
        Answer::Decline => ShowingChange::becoming(ShowingStatus::Declined),
    };
    let (change, link) = (change.saying(words)?, token.clone());
    crm.change("showings.follow_link", agent, move |tx, turn| {
        let (_, offer) = read(tx, &link, turn.now)?;
        if !offer.is_open() {
            return Ok(offer);
        }
        let showing = take_step(tx, turn, offer.showing, &change)?;
        Ok(Offer { showing, ..offer })
    })
    .await
}
