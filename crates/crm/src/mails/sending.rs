//! What the sender does to the queue: claims, and says how it went. No transaction is open while it talks to a mail server.

use std::time::Duration;

use db::{Engine, Lane, Tx, params};

use super::{Letter, MailState, open};
use crate::{AgentId, Crm, Error, clock::UnixMillis, ids::MailId, randomness};

/// How long a claim holds; longer than any talk with a mail server.
pub const LEASE: Duration = Duration::from_secs(5 * 60);

/// What a mail waits after each attempt that failed for now; after the last it is given up.
const PAUSES: [Duration; 7] =
    [minutes(1), minutes(5), minutes(30), minutes(120), minutes(6 * 60), minutes(12 * 60), minutes(24 * 60)];

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// The longest text that is kept of a failure, in characters.
const ERROR_KEPT: usize = 500;

/// A mail that this process sends.
#[derive(Debug)]
pub struct Claimed {
    /// In whose outbox it stands.
    pub agent: AgentId,
    /// Which mail; the same at every attempt.
    pub id: MailId,
    /// To whom it goes.
    pub recipient: String,
    /// The agent's name and address; `None` where there is no agent (yet).
    pub sender: Option<(String, String)>,
    /// The tag of its language.
    pub language: String,
    /// What it tells; `None` when it cannot be read.
    pub letter: Option<Letter>,
    attempts: i64,
    claim: [u8; 16],
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server took it.
    Sent,
    /// It did not for now. In words.
    Later(String),
    /// It never will. In words.
    Never(String),
}

/// Claims the mails that have been due for longest, `most` at most. One that another process has claimed is left to it, until
/// [`LEASE`] is over: then its sender has died, and it is sent again as the same message.
///
/// # Errors
/// Storage's errors.
pub async fn claim(crm: &Crm, most: u32) -> Result<Vec<Claimed>, Error> {
    let now = crm.clock.now();
    let due = crm.db.read("mails.find_due", move |tx| {
        let sql = "SELECT 1 FROM mails WHERE state = 0 AND due_at <= $1 ORDER BY due_at LIMIT 1";
        Ok::<_, Error>(tx.query_opt(sql, params![now.0], |_| Ok(()))?)
    });
    if due.await?.is_none() {
        return Ok(Vec::new());
    }
    let number = randomness::bytes::<16>(&*crm.random);
    let own = crm.clone();
    crm.db.write_in_background("mails.claim", Lane::SHARED, move |tx| claim_due(tx, &own, now, number, most)).await
}

macro_rules! due_sql {
    ($lock:literal) => {
        concat!(
            "SELECT agent_id, id, recipient, language, letter, attempts FROM mails WHERE state = 0 AND due_at <= $1
             ORDER BY due_at LIMIT $2",
            $lock
        )
    };
}

fn claim_due(tx: &mut Tx<'_>, crm: &Crm, now: UnixMillis, claim: [u8; 16], most: u32) -> Result<Vec<Claimed>, Error> {
    let sql = match tx.engine() {
        Engine::Sqlite => due_sql!(""),
        Engine::Postgres => due_sql!(" FOR UPDATE SKIP LOCKED"),
    };
    let mut claimed = tx.query(sql, params![now.0, most], |row| {
        let (agent, id) = (row.get(0)?, row.get(1)?);
        Ok(Claimed {
            agent,
            id,
            recipient: row.get(2)?,
            sender: None,
            language: row.get(3)?,
            letter: open(crm, agent, &id, row.bytes(4)?),
            attempts: row.get::<i64>(5)? + 1,
            claim,
        })
    })?;
    for mail in &mut claimed {
        tx.execute(
            "UPDATE mails SET due_at = $3, claim = $4, attempts = $5 WHERE agent_id = $1 AND id = $2",
            params![&mail.agent, &mail.id, now.plus(LEASE).0, &claim, mail.attempts],
        )?;
        let sql = "SELECT name, email FROM agents WHERE id = $1";
        mail.sender = tx.query_opt(sql, params![&mail.agent], |row| Ok((row.get(0)?, row.get(1)?)))?;
    }
    Ok(claimed)
}

/// When a mail is tried again after so many attempts; `None` when it is given up.
fn next_attempt(letter: Option<&Letter>, id: &MailId, attempts: i64, now: UnixMillis) -> Option<UnixMillis> {
    let pause = usize::try_from(attempts - 1).ok().and_then(|made| PAUSES.get(made))?;
    let due_at = now.plus(*pause);
    // A link that has ended by then is no use to anybody.
    let lasts = letter.and_then(Letter::lasts);
    lasts.is_none_or(|lasts| due_at < id.created_at().plus(lasts)).then_some(due_at)
}

/// Says how a claimed mail went. Whether the claim still held; if not, whoever took it over decides.
///
/// # Errors
/// Storage's errors: then it is sent again when the claim ends, as the same message.
pub async fn settle(crm: &Crm, mail: &Claimed, outcome: Outcome) -> Result<bool, Error> {
    let now = crm.clock.now();
    let (state, due_at, error) = match outcome {
        Outcome::Sent => (MailState::Sent, None, None),
        Outcome::Never(error) => (MailState::Failed, None, Some(error)),
        Outcome::Later(error) => match next_attempt(mail.letter.as_ref(), &mail.id, mail.attempts, now) {
            Some(due_at) => (MailState::Queued, Some(due_at), Some(error)),
            None => (MailState::Failed, None, Some(error)),
        },
    };
    let error = error.map(|error| error.chars().take(ERROR_KEPT).collect::<String>());
    let (agent, id, claim) = (mail.agent, mail.id, mail.claim);
    let finished_at = (state != MailState::Queued).then_some(now.0);
    let due_at = due_at.unwrap_or(now).0;
    crm.db
        .write_in_background("mails.settle", Lane::SHARED, move |tx| {
            let changed = tx.execute(
                "UPDATE mails SET state = $4, due_at = $5, last_error = $6, finished_at = $7, claim = NULL
                 WHERE agent_id = $1 AND id = $2 AND claim = $3",
                params![&agent, &id, &claim, state, due_at, &error, finished_at],
            )?;
            Ok(changed == 1)
        })
        .await
}

/// How many mails wait to be sent, counted to 10,000; for the operator.
///
/// # Errors
/// Storage's errors.
pub async fn queued(crm: &Crm) -> Result<i64, Error> {
    crm.db
        .read("mails.queued", |tx| {
            let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM mails WHERE state = 0 LIMIT 10000) counted";
            Ok(tx.query_one(sql, params![], |row| row.get(0))?)
        })
        .await
}

/// Keeps what is queued, for a server that has no mail server set any more. Says how many.
///
/// # Errors
/// Storage's errors.
pub async fn keep_queued(crm: &Crm) -> Result<u64, Error> {
    let now = crm.clock.now();
    crm.db
        .write_in_background("mails.keep", Lane::SHARED, move |tx| {
            let sql = "UPDATE mails SET state = 3, finished_at = $1, claim = NULL WHERE state = 0";
            Ok(tx.execute(sql, params![now.0])?)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids;

    struct Zeros;
    impl randomness::Randomness for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn a_mail_is_tried_for_two_days_and_a_link_for_as_long_as_it_lasts() {
        let start = UnixMillis(1_700_000_000_000);
        let id = MailId(ids::next(&[0; 16], start, &Zeros));
        let wait = |attempts| next_attempt(None, &id, attempts, start).map(|at| (at.0 - start.0) / 60_000);
        assert_eq!(
            (1..=8).map(wait).collect::<Vec<_>>(),
            [Some(1), Some(5), Some(30), Some(120), Some(360), Some(720), Some(1_440), None]
        );
        let link = Letter::ResetPassword { token: String::new() };
        assert!(next_attempt(Some(&link), &id, 3, start).is_some());
        assert_eq!(next_attempt(Some(&link), &id, 3, start.plus(minutes(30))), None);
    }
}
