//! Signing up where anybody may and mail goes out: the answer is the same for every address, and what is so stands in a mail to it.

use std::net::IpAddr;

use db::{Lane, Tx, params};

use super::{LINK_LASTS, Refusal, SignUp, checked, first, forgotten::asked_too_often};
use crate::{
    AgentId, Crm, Error,
    agents::{self, NewAgent},
    clock::UnixMillis,
    ids::{self, MailId},
    mails::{self, Letter, NOBODY, NewMail},
    passwords, sessions,
    sessions::Visitor,
    tokens::Token,
    values::EmailAddress,
};

/// Mails to one address in an hour.
const MOST_MAILS: i64 = 3;

/// Mails a link that makes an agent of whoever follows it; or, where the address has an account, that it has one.
///
/// # Errors
/// [`Refusal::Wait`] for a network address that asks too often; [`Error::Invalid`] with every wrong field.
pub async fn ask_to_sign_up(crm: &Crm, typed: SignUp, language: &str, from: IpAddr) -> Result<(), Refusal> {
    let (name, address) = checked(&typed)?;
    asked_too_often(crm, "sign-up", &address.key(), from).map_err(Refusal::Wait)?;
    // Hashed in either case, which takes nearly all of the time.
    let hash = passwords::hash_in_turn(crm, typed.password, address.as_str().to_owned()).await?;
    let (own, language, time_zone) = (crm.clone(), language.to_owned(), typed.time_zone);
    let asked = crm.db.write("accounts.ask_to_sign_up", Lane::SHARED, move |tx| {
        let now = own.clock.now();
        let sql = "SELECT agent_id, email FROM accounts WHERE email_key = $1";
        let known =
            tx.query_opt(sql, params![&address.key()], |row| Ok((row.get::<AgentId>(0)?, row.get::<String>(1)?)))?;
        if let Some((agent, recipient)) = known {
            let letter = Letter::AccountKnown;
            if mailed(tx, agent, letter.kind(), now)? < MOST_MAILS {
                let mail = NewMail { agent, recipient: &recipient, letter: &letter, language: None, records: &[] };
                mails::queue(tx, &own, &mail)?;
            }
            return Ok(());
        }
        let sql = "SELECT COUNT(*) FROM sign_ups WHERE email_key = $1 AND expires_at > $2";
        if tx.query_one(sql, params![&address.key(), now.0], |row| row.get::<i64>(0))? >= MOST_MAILS {
            return Ok(());
        }
        let token = Token::generate(&*own.random);
        tx.execute(
            "INSERT INTO sign_ups (token_hash, name, email, email_key, password_hash, time_zone, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![&token.hash(), &name, address.as_str(), &address.key(), &hash, &time_zone, now.plus(LINK_LASTS).0],
        )?;
        let letter = Letter::ConfirmSignUp { token: token.reveal().to_owned() };
        let mail = NewMail {
            agent: NOBODY,
            recipient: address.as_str(),
            letter: &letter,
            language: Some(&language),
            records: &[],
        };
        mails::queue(tx, &own, &mail).map(drop)
    });
    asked.await?;
    crm.mail_is_queued();
    Ok(())
}

/// How many mails of a kind an agent was sent within an hour.
fn mailed(tx: &mut Tx<'_>, agent: AgentId, kind: &str, now: UnixMillis) -> Result<i64, Error> {
    let since = MailId(ids::floor(now.minus(LINK_LASTS)));
    let sql = "SELECT COUNT(*) FROM mails WHERE agent_id = $1 AND id > $2 AND kind = $3";
    Ok(tx.query_one(sql, params![&agent, &since, kind], |row| row.get(0))?)
}

/// The address of somebody who signs up by a link; looks without using it up.
///
/// # Errors
/// [`Error::NotFound`] when it was used, has ended or never was.
pub async fn find_sign_up(crm: &Crm, token: &Token) -> Result<String, Error> {
    let (hash, now) = (token.hash(), crm.clock.now());
    crm.db
        .read("accounts.find_sign_up", move |tx| {
            let sql = "SELECT email FROM sign_ups WHERE token_hash = $1 AND expires_at > $2";
            tx.query_opt(sql, params![&hash, now.0], |row| row.get(0))?.ok_or(Error::NotFound)
        })
        .await
}

/// Makes an agent by a link, uses the link up and signs in.
///
/// # Errors
/// [`Error::NotFound`] as [`find_sign_up`], [`Error::Invalid`] when the address belongs to an account by now.
pub async fn follow_sign_up(crm: &Crm, token: &Token, visitor: Visitor) -> Result<Token, Error> {
    let (hash, now, own) = (token.hash(), crm.clock.now(), crm.clone());
    let made = crm.db.write("accounts.follow_sign_up", Lane::SHARED, move |tx| {
        let sql = "SELECT name, email, password_hash, time_zone, email_key FROM sign_ups WHERE token_hash = $1 AND expires_at > $2";
        let found = tx.query_opt(sql, params![&hash, now.0], |row| {
            let new = (row.get::<String>(1)?, row.get::<Option<String>>(2)?, row.get::<String>(3)?);
            Ok((row.get::<String>(0)?, new, row.get::<String>(4)?))
        })?;
        let (name, (email, password_hash, time_zone), email_key) = found.ok_or(Error::NotFound)?;
        let email = EmailAddress::parse(&email).map_err(|message| Error::invalid("email", message))?;
        tx.execute("DELETE FROM sign_ups WHERE email_key = $1", params![&email_key])?;
        let new = NewAgent { name: name.clone(), email, slug: None, time_zone, password_hash };
        let agent = agents::insert(tx, &own, &name, &new)?.id;
        Ok::<_, Error>((agent, first(tx, agent)?))
    });
    let (agent, account) = made.await?;
    sessions::create(crm, agent, account, visitor).await
}
