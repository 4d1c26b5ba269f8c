//! A forgotten password: a link by mail. Whether an address has an account is never told, nor by the time that an answer takes.

use std::{net::IpAddr, time::Duration};

use db::{Tx, params};

use super::{find, insert_link};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::AccountId,
    mails::{self, Letter, NewMail},
    throttle::Guess,
    tokens::Token,
};

/// Links of one account that hold at the same time: nobody's mailbox is filled by asking again and again.
const MOST_LINKS: i64 = 5;

/// Mails a link to a new password to the account of an address, if there is one. The work is done beside: the answer comes at once,
/// and is the same for every address.
///
/// # Errors
/// The rest of the pause, for a network address that asks too often.
pub fn ask_for_link(crm: &Crm, email: &str, from: IpAddr) -> Result<(), Duration> {
    asked_too_often(crm, "password", email, from)?;
    let (crm, email) = (crm.clone(), email.to_owned());
    tokio::spawn(async move {
        if let Err(error) = mail_link(&crm, &email).await {
            tracing::warn!(%error, "a link to a new password was not mailed");
        }
    });
    Ok(())
}

/// Counts what a stranger asks to be mailed: as a guess, apart from guesses at passwords.
///
/// # Errors
/// The rest of the pause.
pub(super) fn asked_too_often(crm: &Crm, what: &str, email: &str, from: IpAddr) -> Result<(), Duration> {
    // No address has a blank in it, so this is nobody's.
    let asked = format!("{what} {email}");
    let guess = Guess { email: &asked, address: from };
    crm.throttle.check(crm, guess)?;
    crm.throttle.fail(crm, guess);
    Ok(())
}

async fn mail_link(crm: &Crm, email: &str) -> Result<(), Error> {
    let Some(((agent, account), _)) = find(crm, email).await? else { return Ok(()) };
    let own = crm.clone();
    crm.change_in_background("accounts.mail_link", agent, move |tx, turn| {
        if live_links(tx, agent, account, turn.now)? >= MOST_LINKS {
            return Ok(());
        }
        let sql = "SELECT email FROM accounts WHERE agent_id = $1 AND id = $2";
        let recipient = tx.query_opt(sql, params![&agent, &account], |row| row.get::<String>(0))?;
        let recipient = recipient.ok_or(Error::NotFound)?;
        let token: Token = insert_link(tx, turn, account)?;
        let letter = Letter::ResetPassword { token: token.reveal().to_owned() };
        let new = NewMail { agent, recipient: &recipient, letter: &letter, language: None, records: &[] };
        mails::queue(tx, &own, &new).map(drop)
    })
    .await?;
    crm.mail_is_queued();
    Ok(())
}

fn live_links(tx: &mut Tx<'_>, agent: AgentId, account: AccountId, now: UnixMillis) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM reset_links WHERE agent_id = $1 AND account_id = $2 AND expires_at > $3";
    Ok(tx.query_one(sql, params![&agent, &account, now.0], |row| row.get(0))?)
}
