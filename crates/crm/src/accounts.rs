//! Accounts: who signs in for an agent. Signing in, changing the password, links that let in once.

mod addresses;
mod forgotten;
mod sign_ups;

use std::{net::IpAddr, time::Duration};

use db::{Lane, Tx, params};

use crate::{
    AgentId, Crm, Error,
    agents::{self, NewAgent},
    ids::{AccountId, SessionId},
    live::Telling,
    passwords,
    pushes::devices,
    sessions::{self, Session, Visitor},
    throttle::Guess,
    tokens::Token,
    turns::Turn,
    two_step,
    values::EmailAddress,
};

pub use addresses::{AddressLink, Asked, ask_for_address, find_address_link, follow_address_link};
pub use forgotten::ask_for_link;
pub use sign_ups::{ask_to_sign_up, find_sign_up, follow_sign_up};

/// How long a link holds: to a new password, to a new address, to an account.
pub const LINK_LASTS: Duration = Duration::from_secs(60 * 60);

/// Why somebody is not signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No account with this address and password. Which of the two is wrong is not told.
    Wrong,
    /// Too many failures: the next try is in so long.
    Wait(Duration),
    /// Storage failed, or too many sign in at once.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What somebody types to sign in.
#[derive(Clone)]
pub struct SignIn {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// How far somebody has come who gave the right password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Signed in: the session's token.
    In(Token),
    /// A code is still asked for ([`two_step::enter`]): the token of who may give it, which is no session's.
    Code(Token),
}

/// Lets somebody in who has shown that they are the owner of an account, as far as a password or a link shows it.
async fn admit(crm: &Crm, agent: AgentId, account: AccountId, visitor: Visitor) -> Result<Entry, Error> {
    if two_step::status(crm, agent, account).await?.is_on {
        return Ok(Entry::Code(two_step::begin_sign_in(crm, agent, account).await?));
    }
    Ok(Entry::In(sessions::create(crm, agent, account, visitor).await?))
}

/// Signs somebody in who gives the right address and password, as far as that goes.
///
/// # Errors
/// [`Refusal`].
pub async fn sign_in(crm: &Crm, typed: SignIn, visitor: Visitor) -> Result<Entry, Refusal> {
    let SignIn { email, password } = typed;
    let guess = |address: IpAddr| Guess { email: &email, address };
    crm.throttle.check(crm, guess(visitor.address)).map_err(Refusal::Wait)?;
    let found = find(crm, &email).await?;
    let (account, hash) = found.map_or((None, None), |(account, hash)| (Some(account), hash));
    let is_right = passwords::verify_in_turn(crm, password, hash).await?;
    match account.filter(|_| is_right) {
        Some((agent, account)) => {
            crm.throttle.succeed(guess(visitor.address));
            Ok(admit(crm, agent, account, visitor).await?)
        }
        None => {
            crm.throttle.fail(crm, guess(visitor.address));
            Err(Refusal::Wrong)
        }
    }
}

/// Somebody who wants to be an agent here.
#[derive(Clone)]
pub struct SignUp {
    /// The agent's name.
    pub name: String,
    /// The e-mail address to sign in with.
    pub email: String,
    /// The password.
    pub password: String,
    /// IANA name of the agent's time zone.
    pub time_zone: String,
}

/// Makes an agent with an account and signs in. `only_first`: only while there is no agent yet.
///
/// # Errors
/// [`Error::NotFound`] when `only_first` and there is one, [`Error::Invalid`] with every wrong field, also when the address belongs to
/// an account.
pub async fn sign_up(crm: &Crm, typed: SignUp, only_first: bool, visitor: Visitor) -> Result<Token, Error> {
    let (name, address) = checked(&typed)?;
    let SignUp { password, time_zone, .. } = typed;
    let hash = passwords::hash_in_turn(crm, password, address.as_str().to_owned()).await?;
    let new = NewAgent { name: name.clone(), email: address.clone(), slug: None, time_zone, password_hash: Some(hash) };
    let own = crm.clone();
    let made = crm.db.write("accounts.sign_up", Lane::SHARED, move |tx| {
        if only_first && agents::is_any(tx)? {
            return Err(Error::NotFound);
        }
        let agent = agents::insert(tx, &own, &name, &new)?.id;
        Ok((agent, first(tx, agent)?))
    });
    let (agent, account) = made.await?;
    sessions::create(crm, agent, account, visitor).await
}

/// The name and the address of somebody who signs up, if all that was typed will do.
fn checked(typed: &SignUp) -> Result<(String, EmailAddress), Error> {
    let SignUp { name, email, password, .. } = typed;
    let mut wrong = Vec::new();
    let mut note = |error: Error| {
        if let Error::Invalid(errors) = error {
            wrong.extend(errors);
        }
    };
    let name = agents::checked_name(name).map_err(&mut note);
    let address = EmailAddress::parse(email).map_err(|message| note(Error::invalid("email", message)));
    let _ = passwords::check(password, email.trim()).map_err(|message| note(Error::invalid("password", message)));
    match (name, address, wrong.is_empty()) {
        (Ok(name), Ok(address), true) => Ok((name, address)),
        _ => Err(Error::Invalid(wrong)),
    }
}

/// Whether somebody could sign up while only the first agent may: whether there is none.
///
/// # Errors
/// Storage's errors.
pub async fn is_unclaimed(crm: &Crm) -> Result<bool, Error> {
    crm.db
        .read("accounts.is_unclaimed", |tx| {
            Ok(tx.query_opt("SELECT 1 FROM agents LIMIT 1", &[], |_| Ok(()))?.is_none())
        })
        .await
}

/// Changes the password of a signed-in account, who gives the old one again: every other session of it ends.
///
/// # Errors
/// [`Refusal`]; a new password that will not do is [`Error::Invalid`].
pub async fn change_password(
    crm: &Crm,
    session: &Session,
    old: String,
    new: String,
    from: IpAddr,
) -> Result<(), Refusal> {
    let (agent, account, kept) = (session.agent, session.account, session.id);
    let typed = SignIn { email: session.email.clone(), password: old };
    confirm(crm, agent, account, typed, from).await?;
    let hash = passwords::hash_in_turn(crm, new, session.email.clone()).await?;
    let changed = crm.db.write("accounts.change_password", Lane::of(&agent.0), move |tx| {
        set_password(tx, agent, account, &hash, Some(kept))
    });
    changed.await?;
    crm.tellings.tell(Telling::Sessions(agent));
    Ok(())
}

/// Whether the password is that of a signed-in account: asked again before what is secret is shown.
///
/// # Errors
/// [`Refusal`].
pub async fn confirm(
    crm: &Crm,
    agent: AgentId,
    account: AccountId,
    typed: SignIn,
    from: IpAddr,
) -> Result<(), Refusal> {
    let guess = Guess { email: &typed.email, address: from };
    crm.throttle.check(crm, guess).map_err(Refusal::Wait)?;
    let read = crm.db.read("accounts.password", move |tx| {
        let sql = "SELECT password_hash FROM accounts WHERE agent_id = $1 AND id = $2";
        Ok::<_, Error>(tx.query_opt(sql, params![&agent, &account], |row| row.get(0))?.flatten())
    });
    if passwords::verify_in_turn(crm, typed.password, read.await?).await? {
        crm.throttle.succeed(guess);
        Ok(())
    } else {
        crm.throttle.fail(crm, guess);
        Err(Refusal::Wrong)
    }
}

type Found = ((AgentId, AccountId), Option<String>);

async fn find(crm: &Crm, email: &str) -> Result<Option<Found>, Error> {
    let Ok(email) = EmailAddress::parse(email) else { return Ok(None) };
    let key = email.key();
    crm.db
        .read("accounts.find", move |tx| {
            let sql = "SELECT agent_id, id, password_hash FROM accounts WHERE email_key = $1";
            Ok(tx.query_opt(sql, params![&key], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?)
        })
        .await
}

/// A link for the first account of an agent: whoever follows it sets a new password. It holds for [`LINK_LASTS`] and for one use.
///
/// # Errors
/// [`Error::NotFound`] for an agent without an account.
pub async fn create_link(crm: &Crm, agent: AgentId) -> Result<Token, Error> {
    crm.change("accounts.create_link", agent, move |tx, turn| {
        let account = first(tx, agent)?;
        insert_link(tx, turn, account)
    })
    .await
}

fn insert_link(tx: &mut Tx<'_>, turn: &mut Turn, account: AccountId) -> Result<Token, Error> {
    let token = Token::generate(turn.random());
    let (id, expires_at) = (turn.next_id(), turn.now.plus(LINK_LASTS));
    tx.execute(
        "INSERT INTO reset_links (agent_id, id, account_id, token_hash, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![&turn.agent, &id, &account, &token.hash(), expires_at.0],
    )?;
    Ok(token)
}

/// Whose link it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    agent: AgentId,
    account: AccountId,
    /// The address that the account signs in with.
    pub email: String,
}

/// Looks at a link without using it up.
///
/// # Errors
/// [`Error::NotFound`] when it was used, has ended or never was.
pub async fn find_link(crm: &Crm, token: &Token) -> Result<Link, Error> {
    let (hash, now) = (token.hash(), crm.clock.now());
    crm.db
        .read("accounts.find_link", move |tx| {
            let sql = "SELECT l.agent_id, l.account_id, a.email FROM reset_links l
                       JOIN accounts a ON a.agent_id = l.agent_id AND a.id = l.account_id
                       WHERE l.token_hash = $1 AND l.expires_at > $2";
            let link = tx.query_opt(sql, params![&hash, now.0], |row| {
                Ok(Link { agent: row.get(0)?, account: row.get(1)?, email: row.get(2)? })
            })?;
            link.ok_or(Error::NotFound)
        })
        .await
}

/// Sets a new password by a link and uses the link up: every session of the account ends, every other link of it too. Signs in,
/// as far as that goes.
///
/// # Errors
/// [`Error::NotFound`] as [`find_link`], [`Error::Invalid`] for a password that will not do.
pub async fn follow_link(crm: &Crm, token: &Token, password: String, visitor: Visitor) -> Result<Entry, Error> {
    let Link { agent, account, email } = find_link(crm, token).await?;
    let new_hash = passwords::hash_in_turn(crm, password, email).await?;
    let (hash, now) = (token.hash(), crm.clock.now());
    let changed = crm.db.write("accounts.follow_link", Lane::of(&agent.0), move |tx| {
        let sql = "DELETE FROM reset_links WHERE token_hash = $1 AND expires_at > $2";
        if tx.execute(sql, params![&hash, now.0])? == 0 {
            return Err(Error::NotFound);
        }
        set_password(tx, agent, account, &new_hash, None)
    });
    changed.await?;
    admit(crm, agent, account, visitor).await
}

/// Sets the password of the first account of an agent, for the operator: every session of the account ends.
///
/// # Errors
/// [`Error::NotFound`] for an agent without an account, [`Error::Invalid`] for a password that will not do.
pub async fn reset_password(crm: &Crm, agent: AgentId, password: String) -> Result<(), Error> {
    let hash = passwords::hash_in_turn(crm, password, String::new()).await?;
    crm.db
        .write("accounts.reset_password", Lane::of(&agent.0), move |tx| {
            let account = first(tx, agent)?;
            set_password(tx, agent, account, &hash, None)
        })
        .await?;
    crm.tellings.tell(Telling::Sessions(agent));
    Ok(())
}

/// The first account of an agent.
pub(crate) fn first(tx: &mut Tx<'_>, agent: AgentId) -> Result<AccountId, Error> {
    let sql = "SELECT id FROM accounts WHERE agent_id = $1 ORDER BY id LIMIT 1";
    tx.query_opt(sql, params![&agent], |row| row.get(0))?.ok_or(Error::NotFound)
}

/// Sets a password, and ends what the old one let in: links, and every session but `kept`.
fn set_password(
    tx: &mut Tx<'_>,
    agent: AgentId,
    account: AccountId,
    hash: &str,
    kept: Option<SessionId>,
) -> Result<(), Error> {
    let sql = "UPDATE accounts SET password_hash = $3 WHERE agent_id = $1 AND id = $2";
    tx.execute(sql, params![&agent, &account, hash])?;
    addresses::end_links(tx, agent, account)?;
    two_step::end_sign_ins(tx, agent, account)?;
    // No session has the id of nothing but zeros.
    let others = kept.unwrap_or(SessionId([0; 16]));
    let sql = "DELETE FROM sessions WHERE agent_id = $1 AND account_id = $2 AND id <> $3";
    tx.execute(sql, params![&agent, &account, &others])?;
    devices::end_but_of_session(tx, agent, account, kept)
}
