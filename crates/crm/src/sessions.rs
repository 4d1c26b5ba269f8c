//! Sessions: who is signed in, from which browser, until when.

use std::{net::IpAddr, time::Duration};

use db::{Lane, params};

use crate::{
    AgentId, Crm, Error,
    brand::Color,
    clock::UnixMillis,
    ids::{AccountId, SessionId},
    live::Telling,
    pushes::devices,
    tokens::Token,
};

/// A session that is not used for so long has ended.
pub const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// And every session after so long.
pub const LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How stale a session's last use may be: it is not written for every page.
const USE_STEP: Duration = Duration::from_secs(5 * 60);
/// Sessions that are thrown away in one go.
pub(crate) const SLICE: usize = 500;
/// What is kept of what a browser calls itself.
const USER_AGENT: usize = 300;

/// Where somebody comes from.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The network address.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// What the browser is known by once it is told by Web Push.
    pub device: Option<Token>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Whose data it is about.
    pub agent: AgentId,
    /// Who it is.
    pub account: AccountId,
    /// The address that they sign in with.
    pub email: String,
    /// The agent's name.
    pub agent_name: String,
    /// The agent's public name in addresses.
    pub slug: String,
    /// IANA name of the agent's time zone.
    pub time_zone: String,
    /// The agent's own colour, if they chose one.
    pub brand: Option<Color>,
    /// When the agent is erased, if they asked for it.
    pub leaves_at: Option<UnixMillis>,
}

/// Begins a session of an account.
pub(crate) async fn create(crm: &Crm, agent: AgentId, account: AccountId, visitor: Visitor) -> Result<Token, Error> {
    let Visitor { address, user_agent, device } = visitor;
    let user_agent = user_agent.map(|text| text.chars().take(USER_AGENT).collect::<String>());
    let address = address.to_canonical().to_string();
    crm.change("sessions.create", agent, move |tx, turn| {
        let token = Token::generate(turn.random());
        let (id, now) = (SessionId(turn.next_id()), turn.now);
        tx.execute(
            "INSERT INTO sessions (agent_id, id, account_id, token_hash, user_agent, address, used_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                &agent,
                &id,
                &account,
                &token.hash(),
                user_agent.as_deref(),
                address.as_str(),
                now.0,
                now.plus(LASTS).0
            ],
        )?;
        if let Some(device) = &device {
            devices::follow(tx, agent, account, id, device)?;
        }
        Ok(token)
    })
    .await
}

/// The session of a token, unless it has ended. Notes its use.
///
/// # Errors
/// Storage's errors.
pub async fn find(crm: &Crm, token: &Token) -> Result<Option<Session>, Error> {
    let (hash, now) = (token.hash(), crm.clock.now());
    let found = crm.db.read("sessions.find", move |tx| {
        let sql =
            "SELECT s.id, s.agent_id, s.account_id, c.email, a.name, a.slug, a.time_zone, s.used_at, p.brand, d.due_at
                   FROM sessions s
                   JOIN accounts c ON c.agent_id = s.agent_id AND c.id = s.account_id
                   JOIN agents a ON a.id = s.agent_id
                   LEFT JOIN profiles p ON p.agent_id = s.agent_id
                   LEFT JOIN departures d ON d.agent_id = s.agent_id
                   WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.used_at > $3";
        let found = tx.query_opt(sql, params![&hash, now.0, now.minus(IDLE).0], |row| {
            let session = Session {
                id: row.get(0)?,
                agent: row.get(1)?,
                account: row.get(2)?,
                email: row.get(3)?,
                agent_name: row.get(4)?,
                slug: row.get(5)?,
                time_zone: row.get(6)?,
                brand: row.get::<Option<String>>(8)?.and_then(|text| Color::parse(&text).ok()),
                leaves_at: row.get::<Option<i64>>(9)?.map(UnixMillis),
            };
            Ok((session, UnixMillis(row.get(7)?)))
        });
        Ok::<_, Error>(found?)
    });
    let Some((session, used_at)) = found.await? else { return Ok(None) };
    if used_at <= now.minus(USE_STEP) {
        note_use(crm, session.agent, session.id, now);
    }
    Ok(Some(session))
}

fn note_use(crm: &Crm, agent: AgentId, id: SessionId, now: UnixMillis) {
    let db = crm.db.clone();
    tokio::spawn(async move {
        let noted = db.write_in_background("sessions.note_use", Lane::of(&agent.0), move |tx| {
            let sql = "UPDATE sessions SET used_at = $3 WHERE agent_id = $1 AND id = $2 AND used_at < $3";
            tx.execute(sql, params![&agent, &id, now.0])
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a session's last use was not noted");
        }
    });
}

/// A session as its owner sees it in the list.
#[derive(Debug, Clone)]
pub struct Seat {
    /// The session.
    pub id: SessionId,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// The network address that it began from.
    pub address: Option<String>,
    /// When it was last used, to five minutes.
    pub used_at: UnixMillis,
}

/// The most sessions that are listed.
const LISTED: i64 = 100;

/// The sessions of an account that have not ended, newest first.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, account: AccountId) -> Result<Vec<Seat>, Error> {
    let now = crm.clock.now();
    crm.db
        .read("sessions.list", move |tx| {
            let sql = "SELECT id, user_agent, address, used_at FROM sessions
                       WHERE agent_id = $1 AND account_id = $2 AND expires_at > $3 AND used_at > $4 ORDER BY id DESC LIMIT $5";
            let values = params![&agent, &account, now.0, now.minus(IDLE).0, LISTED];
            Ok(tx.query(sql, values, |row| {
                Ok(Seat { id: row.get(0)?, user_agent: row.get(1)?, address: row.get(2)?, used_at: UnixMillis(row.get(3)?) })
            })?)
        })
        .await
}

/// Ends a session of an account. Its device is told of no more leads.
///
/// # Errors
/// Storage's errors.
pub async fn end(crm: &Crm, agent: AgentId, account: AccountId, id: SessionId) -> Result<(), Error> {
    crm.db
        .write("sessions.end", Lane::of(&agent.0), move |tx| {
            let sql = "DELETE FROM sessions WHERE agent_id = $1 AND id = $2 AND account_id = $3";
            tx.execute(sql, params![&agent, &id, &account])?;
            devices::end_with_session(tx, agent, account, id)
        })
        .await?;
    crm.tellings.tell(Telling::Sessions(agent));
    Ok(())
}

/// Ends every session of an account: signing out everywhere. None of its devices is told of leads any more, even where the session had
/// ended by itself.
///
/// # Errors
/// Storage's errors.
pub async fn end_all(crm: &Crm, agent: AgentId, account: AccountId) -> Result<(), Error> {
    crm.db
        .write("sessions.end_all", Lane::of(&agent.0), move |tx| {
            let sql = "DELETE FROM sessions WHERE agent_id = $1 AND account_id = $2";
            tx.execute(sql, params![&agent, &account])?;
            devices::end_but_of_session(tx, agent, account, None)
        })
        .await?;
    crm.tellings.tell(Telling::Sessions(agent));
    Ok(())
}

/// Throws away sessions, links and sign-ins without their code that have ended, [`SLICE`] at most of each. Says how many.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let now = crm.clock.now();
    crm.db
        .write_in_background("sessions.prune", Lane::SHARED, move |tx| {
            let limit = i64::try_from(SLICE).unwrap_or(i64::MAX);
            let mut most = 0;
            for table in ["sessions", "reset_links", "pending_sign_ins", "address_changes", "showing_links", "sign_ups"]
            {
                let sql = format!(
                    "DELETE FROM {table} WHERE token_hash IN
                     (SELECT token_hash FROM {table} WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)"
                );
                most = most.max(tx.execute(&sql, params![now.0, limit])?);
            }
            Ok(usize::try_from(most).unwrap_or(SLICE))
        })
        .await
}
