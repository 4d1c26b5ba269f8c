//! Signing in with a second step: after the password, a code of an authenticator or a recovery code.
//!
//! It is the account's owner's choice. The secret is sealed; it counts from the first right code on. Who has given the password
//! alone holds a token that is no session and lets in nowhere else.

use std::{net::IpAddr, sync::Arc, time::Duration};

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error,
    accounts::{self, Refusal as Denied, SignIn},
    clock::UnixMillis,
    ids::AccountId,
    randomness,
    seal::{Keyring, Place},
    sessions::{self, Session, Visitor},
    throttle::Guess,
    tokens::Token,
    turns::Turn,
};

mod codes;
mod recovery;

/// How long somebody has for the code after the password.
pub const PENDING_LASTS: Duration = Duration::from_secs(10 * 60);
/// Wrong codes of an account within [`SPELL_MS`], from anywhere, after which only recovery codes are taken: these nobody guesses,
/// so the owner is not locked out, while whoever has the password guesses one code in a million so often at most.
const MOST_WRONG: i64 = 50;
const SPELL_MS: i64 = 24 * 60 * 60 * 1_000;
/// Who the secret is for, as the authenticator shows it.
const ISSUER: &str = "OrganicAgent";
const COLUMN: &str = "two_steps.secret";

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// This is not the password.
    Password,
    /// This is no code, or one that was used.
    Code,
    /// Too many wrong codes were given lately: only a recovery code is taken.
    OnlyRecovery,
    /// Too many failures from here: the next try is in so long.
    Wait(Duration),
    /// Storage failed; [`Error::NotFound`] when there is nothing to do it to: the time for the code is over, or it is off.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Wrong => Self::Password,
            Denied::Wait(rest) => Self::Wait(rest),
            Denied::Failed(error) => Self::Failed(error),
        }
    }
}

/// How it stands with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Whether a code is asked for.
    pub is_on: bool,
    /// Recovery codes that are left.
    pub recovery_codes: i64,
}

/// How it stands with an account.
///
/// # Errors
/// Storage's errors.
pub async fn status(crm: &Crm, agent: AgentId, account: AccountId) -> Result<Status, Error> {
    crm.db
        .read("two_step.status", move |tx| {
            let sql = "SELECT 1 FROM two_steps WHERE agent_id = $1 AND account_id = $2 AND enabled_at IS NOT NULL";
            let is_on = tx.query_opt(sql, params![&agent, &account], |_| Ok(()))?.is_some();
            let sql = "SELECT COUNT(*) FROM recovery_codes WHERE agent_id = $1 AND account_id = $2";
            Ok(Status { is_on, recovery_codes: tx.query_one(sql, params![&agent, &account], |row| row.get(0))? })
        })
        .await
}

/// A secret to be put into an authenticator.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    /// In base 32, to be typed.
    pub secret: String,
    /// What a QR code says: `otpauth://totp/…`.
    pub link: String,
}

impl Offer {
    fn of(secret: &[u8], email: &str) -> Self {
        let secret = codes::base32(secret);
        // What is no plain letter in the address is escaped (RFC 3986, section 2.1); it stands in a path.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
        let mut label = String::new();
        for byte in email.bytes() {
            if plain(byte) { label.push(char::from(byte)) } else { label += &format!("%{byte:02X}") }
        }
        let link = format!(
            "otpauth://totp/{ISSUER}:{label}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits=6&period=30"
        );
        Self { secret, link }
    }
}

impl std::fmt::Debug for Offer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Offer(…)")
    }
}

/// Makes a secret for whoever is signed in and gives the password. Nothing is asked for it yet: see [`turn_on`].
///
/// # Errors
/// [`Refusal`]; [`Error::PreconditionFailed`] when it is on.
pub async fn offer(crm: &Crm, session: &Session, password: String, from: IpAddr) -> Result<(), Refusal> {
    confirm(crm, session, password, from).await?;
    let (account, keyring) = (session.account, Arc::clone(&crm.keyring));
    crm.change("two_step.offer", session.agent, move |tx, turn| {
        if held(tx, turn.agent, account)?.is_some_and(|held| held.is_on) {
            return Err(Error::PreconditionFailed);
        }
        let secret = randomness::bytes::<{ codes::SECRET_BYTES }>(turn.random());
        let place = Place { agent: turn.agent, column: COLUMN, row: &account.0 };
        tx.execute(
            "INSERT INTO two_steps (agent_id, account_id, secret, last_step, wrong, wrong_since) VALUES ($1, $2, $3, 0, 0, 0)
             ON CONFLICT (agent_id, account_id) DO UPDATE SET secret = excluded.secret",
            params![&turn.agent, &account, &keyring.seal(turn.random(), place, &secret)],
        )?;
        Ok(())
    })
    .await?;
    Ok(())
}

/// The secret that was offered and is not on yet; `None` where there is none.
///
/// # Errors
/// Storage's errors.
pub async fn find_offer(crm: &Crm, session: &Session) -> Result<Option<Offer>, Error> {
    let (agent, account) = (session.agent, session.account);
    let held = crm.db.read("two_step.find_offer", move |tx| held(tx, agent, account)).await?;
    let Some(held) = held.filter(|held| !held.is_on) else { return Ok(None) };
    Ok(Some(Offer::of(&held.open(&crm.keyring, agent, account)?, &session.email)))
}

/// Asks for codes from now on: the first right code of the secret that was offered shows that its holder has it. Gives the recovery
/// codes, this once. Sessions stay.
///
/// # Errors
/// [`Refusal`]; [`Error::NotFound`] when no secret was offered, or it is on.
pub async fn turn_on(crm: &Crm, session: &Session, code: &str, from: IpAddr) -> Result<Vec<String>, Refusal> {
    let (account, code, keyring) = (session.account, normal(code), Arc::clone(&crm.keyring));
    let attempt = crm.change("two_step.turn_on", session.agent, move |tx, turn| {
        let held = held(tx, turn.agent, account)?.filter(|held| !held.is_on).ok_or(Error::NotFound)?;
        let secret = held.open(&keyring, turn.agent, account)?;
        let Some(step) = codes::find(&secret, &code, turn.now, 0) else { return Ok(Err(Refusal::Code)) };
        let sql = "UPDATE two_steps SET enabled_at = $3, last_step = $4 WHERE agent_id = $1 AND account_id = $2";
        tx.execute(sql, params![&turn.agent, &account, turn.now.0, step])?;
        Ok(Ok(recovery::replace(tx, turn.random(), turn.agent, account)?))
    });
    guarded(crm, &session.email, from, attempt).await
}

/// Asks for codes no more, of whoever gives the password and a code.
///
/// # Errors
/// [`Refusal`].
pub async fn turn_off(crm: &Crm, session: &Session, password: String, code: &str, from: IpAddr) -> Result<(), Refusal> {
    with_code(crm, session, password, code, from, |tx, turn, account| remove(tx, turn.agent, account)).await
}

/// Ten new recovery codes in place of the old ones, for whoever gives the password and a code.
///
/// # Errors
/// [`Refusal`].
pub async fn renew_codes(
    crm: &Crm,
    session: &Session,
    password: String,
    code: &str,
    from: IpAddr,
) -> Result<Vec<String>, Refusal> {
    with_code(crm, session, password, code, from, |tx, turn, account| {
        recovery::replace(tx, turn.random(), turn.agent, account)
    })
    .await
}

/// Whether whoever is signed in is the owner once more: by the password, and by a code where one is asked for.
///
/// # Errors
/// [`Refusal`].
pub async fn confirm_owner(
    crm: &Crm,
    session: &Session,
    password: String,
    code: &str,
    from: IpAddr,
) -> Result<(), Refusal> {
    if status(crm, session.agent, session.account).await?.is_on {
        return with_code(crm, session, password, code, from, |_, _, _| Ok(())).await;
    }
    confirm(crm, session, password, from).await
}

/// For the operator: the first account of an agent signs in by its password alone again.
///
/// # Errors
/// [`Error::NotFound`] for an agent without an account.
pub async fn reset(crm: &Crm, agent: AgentId) -> Result<(), Error> {
    crm.change("two_step.reset", agent, move |tx, turn| {
        let account = accounts::first(tx, turn.agent)?;
        remove(tx, turn.agent, account)
    })
    .await
}

/// Notes that somebody gave the right password and is to give a code.
pub(crate) async fn begin_sign_in(crm: &Crm, agent: AgentId, account: AccountId) -> Result<Token, Error> {
    crm.change("two_step.begin_sign_in", agent, move |tx, turn| {
        let token = Token::generate(turn.random());
        let (id, expires_at) = (turn.next_id(), turn.now.plus(PENDING_LASTS));
        tx.execute(
            "INSERT INTO pending_sign_ins (agent_id, id, account_id, token_hash, expires_at) VALUES ($1, $2, $3, $4, $5)",
            params![&agent, &id, &account, &token.hash(), expires_at.0],
        )?;
        Ok(token)
    })
    .await
}

/// Who has given the password and not the code.
struct Pending {
    agent: AgentId,
    account: AccountId,
    email: String,
}

/// Whether the time for the code is not over.
///
/// # Errors
/// Storage's errors.
pub async fn is_pending(crm: &Crm, token: &Token) -> Result<bool, Error> {
    Ok(find_pending(crm, token).await?.is_some())
}

async fn find_pending(crm: &Crm, token: &Token) -> Result<Option<Pending>, Error> {
    let (hash, now) = (token.hash(), crm.clock.now());
    crm.db
        .read("two_step.find_pending", move |tx| {
            let sql = "SELECT p.agent_id, p.account_id, a.email FROM pending_sign_ins p
                       JOIN accounts a ON a.agent_id = p.agent_id AND a.id = p.account_id
                       WHERE p.token_hash = $1 AND p.expires_at > $2";
            Ok(tx.query_opt(sql, params![&hash, now.0], |row| {
                Ok(Pending { agent: row.get(0)?, account: row.get(1)?, email: row.get(2)? })
            })?)
        })
        .await
}

/// Signs in who has given the password and now gives a code: a session's token. The pending sign-in is used up.
///
/// # Errors
/// [`Refusal`]; [`Error::NotFound`] when the time for the code is over, the password has changed or it was used.
pub async fn enter(crm: &Crm, token: &Token, code: &str, visitor: Visitor) -> Result<Token, Refusal> {
    let Pending { agent, account, email } = find_pending(crm, token).await?.ok_or(Error::NotFound)?;
    let (hash, code, keyring) = (token.hash(), normal(code), Arc::clone(&crm.keyring));
    let attempt = crm.change("two_step.enter", agent, move |tx, turn| {
        let sql = "SELECT 1 FROM pending_sign_ins WHERE token_hash = $1 AND expires_at > $2";
        tx.query_opt(sql, params![&hash, turn.now.0], |_| Ok(()))?.ok_or(Error::NotFound)?;
        if let Err(refusal) = accept(tx, turn, &keyring, account, &code)? {
            return Ok(Err(refusal));
        }
        tx.execute("DELETE FROM pending_sign_ins WHERE token_hash = $1", params![&hash])?;
        Ok(Ok(()))
    });
    guarded(crm, &email, visitor.address, attempt).await?;
    Ok(sessions::create(crm, agent, account, visitor).await?)
}

/// Ends what the old password let in as far as the code.
pub(crate) fn end_sign_ins(tx: &mut Tx<'_>, agent: AgentId, account: AccountId) -> Result<(), Error> {
    let sql = "DELETE FROM pending_sign_ins WHERE agent_id = $1 AND account_id = $2";
    tx.execute(sql, params![&agent, &account])?;
    Ok(())
}

/// Does something for who gives the password and a code, in the transaction that takes the code.
async fn with_code<T: Send + 'static>(
    crm: &Crm,
    session: &Session,
    password: String,
    code: &str,
    from: IpAddr,
    act: impl Fn(&mut Tx<'_>, &mut Turn, AccountId) -> Result<T, Error> + Send + Copy + 'static,
) -> Result<T, Refusal> {
    confirm(crm, session, password, from).await?;
    let (account, code, keyring) = (session.account, normal(code), Arc::clone(&crm.keyring));
    let attempt = crm.change("two_step.with_code", session.agent, move |tx, turn| {
        match accept(tx, turn, &keyring, account, &code)? {
            Ok(()) => act(tx, turn, account).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    });
    guarded(crm, &session.email, from, attempt).await
}

async fn confirm(crm: &Crm, session: &Session, password: String, from: IpAddr) -> Result<(), Refusal> {
    let typed = SignIn { email: session.email.clone(), password };
    Ok(accounts::confirm(crm, session.agent, session.account, typed, from).await?)
}

/// Tries a code under the throttle. Codes are counted apart from passwords: who knows the password and types it in between is not
/// let off.
async fn guarded<T>(
    crm: &Crm,
    email: &str,
    from: IpAddr,
    attempt: impl Future<Output = Result<Result<T, Refusal>, Error>> + Send,
) -> Result<T, Refusal> {
    let key = format!("{email} code");
    let guess = Guess { email: &key, address: from };
    crm.throttle.check(crm, guess).map_err(Refusal::Wait)?;
    let tried = attempt.await?;
    match &tried {
        Ok(_) => crm.throttle.succeed(guess),
        Err(_) => crm.throttle.fail(crm, guess),
    }
    tried
}

/// What is kept of an account's second step.
struct Held {
    secret: Vec<u8>,
    is_on: bool,
    last_step: i64,
    wrong: i64,
    wrong_since: i64,
}

impl Held {
    fn open(&self, keyring: &Keyring, agent: AgentId, account: AccountId) -> Result<Vec<u8>, Error> {
        Ok(keyring.open(Place { agent, column: COLUMN, row: &account.0 }, &self.secret)?)
    }

    /// Wrong codes of the last day.
    fn wrong_lately(&self, now: UnixMillis) -> i64 {
        if now.0 - self.wrong_since < SPELL_MS { self.wrong } else { 0 }
    }
}

fn held(tx: &mut Tx<'_>, agent: AgentId, account: AccountId) -> Result<Option<Held>, Error> {
    let sql = "SELECT secret, enabled_at, last_step, wrong, wrong_since FROM two_steps
               WHERE agent_id = $1 AND account_id = $2";
    Ok(tx.query_opt(sql, params![&agent, &account], |row| {
        Ok(Held {
            secret: row.get(0)?,
            is_on: row.get::<Option<i64>>(1)?.is_some(),
            last_step: row.get(2)?,
            wrong: row.get(3)?,
            wrong_since: row.get(4)?,
        })
    })?)
}

/// Takes a code, which is used up by that; or counts it as wrong. A refusal is no error here: what was counted stays.
fn accept(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    keyring: &Keyring,
    account: AccountId,
    code: &str,
) -> Result<Result<(), Refusal>, Error> {
    let agent = turn.agent;
    let held = held(tx, agent, account)?.filter(|held| held.is_on).ok_or(Error::NotFound)?;
    if code.len() == recovery::LENGTH && recovery::spend(tx, agent, account, code)? {
        return Ok(Ok(()));
    }
    let wrong = held.wrong_lately(turn.now);
    if wrong >= MOST_WRONG {
        return Ok(Err(Refusal::OnlyRecovery));
    }
    let secret = held.open(keyring, agent, account)?;
    if code.len() == codes::DIGITS
        && let Some(step) = codes::find(&secret, code, turn.now, held.last_step)
    {
        let sql = "UPDATE two_steps SET last_step = $3 WHERE agent_id = $1 AND account_id = $2";
        tx.execute(sql, params![&agent, &account, step])?;
        return Ok(Ok(()));
    }
    let since = if wrong == 0 { turn.now.0 } else { held.wrong_since };
    let sql = "UPDATE two_steps SET wrong = $3, wrong_since = $4 WHERE agent_id = $1 AND account_id = $2";
    tx.execute(sql, params![&agent, &account, wrong + 1, since])?;
    Ok(Err(Refusal::Code))
}

/// A code as people type it: with blanks and hyphens, in capitals.
fn normal(code: &str) -> String {
    code.chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .take(64)
        .flat_map(char::to_lowercase)
        .collect()
}

fn remove(tx: &mut Tx<'_>, agent: AgentId, account: AccountId) -> Result<(), Error> {
    recovery::remove(tx, agent, account)?;
    tx.execute("DELETE FROM two_steps WHERE agent_id = $1 AND account_id = $2", params![&agent, &account])?;
    end_sign_ins(tx, agent, account)
}
