//! Changing the address that an account signs in with: by a link to the new one, and with a notice to the old one.

use std::net::IpAddr;

use db::{Tx, params};

use super::{LINK_LASTS, Refusal, SignIn, confirm};
use crate::{
    AgentId, Crm, Error,
    ids::AccountId,
    mails::{self, Letter, NewMail},
    sessions::Session,
    tokens::Token,
    values::EmailAddress,
};

/// Links of one account that hold at the same time.
const MOST_LINKS: i64 = 5;

/// What came of asking for another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A link is on its way to the new address; nothing is changed yet.
    Mailed,
    /// No mail goes out here, so it is changed at once.
    Changed,
}

/// Asks for another address to sign in with, the password given again. Whether the new one has an account is told to nobody but whoever
/// reads its mail.
///
/// # Errors
/// [`Refusal`]; an address that will not do is [`Error::Invalid`].
pub async fn ask_for_address(
    crm: &Crm,
    session: &Session,
    password: String,
    new: &str,
    from: IpAddr,
) -> Result<Asked, Refusal> {
    let new = EmailAddress::parse(new).map_err(|message| Error::invalid("email", message))?;
    if new.key() == EmailAddress::key_of(&session.email) {
        return Err(Error::invalid("email", "is the one that you sign in with already").into());
    }
    let (agent, account, old) = (session.agent, session.account, session.email.clone());
    confirm(crm, agent, account, SignIn { email: old.clone(), password }, from).await?;
    let own = crm.clone();
    let asked = crm.change("accounts.ask_for_address", agent, move |tx, turn| {
        if !own.sends_mail {
            return change(tx, &own, agent, account, &new).map(|()| Asked::Changed);
        }
        let sql = "SELECT COUNT(*) FROM address_changes WHERE agent_id = $1 AND account_id = $2 AND expires_at > $3";
        let live = tx.query_one(sql, params![&agent, &account, turn.now.0], |row| row.get::<i64>(0))?;
        if live >= MOST_LINKS {
            return Err(Error::invalid("email", "was asked for too often: try again in an hour"));
        }
        let token = Token::generate(turn.random());
        let (id, expires_at) = (turn.next_id(), turn.now.plus(LINK_LASTS));
        tx.execute(
            "INSERT INTO address_changes (agent_id, id, account_id, email, token_hash, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            params![&agent, &id, &account, new.as_str(), &token.hash(), expires_at.0],
        )?;
        let letter = Letter::ConfirmAddress { old: old.clone(), token: token.reveal().to_owned() };
        let mail = NewMail { agent, recipient: new.as_str(), letter: &letter, language: None, records: &[] };
        mails::queue(tx, &own, &mail).map(|_| Asked::Mailed)
    });
    let asked = asked.await?;
    crm.mail_is_queued();
    Ok(asked)
}

/// An address that a link changes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressLink {
    agent: AgentId,
    account: AccountId,
    /// The address up to now.
    pub old: String,
    /// The new one.
    pub new: String,
}

/// Looks at a link to a new address without using it up.
///
/// # Errors
/// [`Error::NotFound`] when it was used, has ended or never was.
pub async fn find_address_link(crm: &Crm, token: &Token) -> Result<AddressLink, Error> {
    let (hash, now) = (token.hash(), crm.clock.now());
    crm.db
        .read("accounts.find_address_link", move |tx| {
            let sql = "SELECT l.agent_id, l.account_id, a.email, l.email FROM address_changes l
                       JOIN accounts a ON a.agent_id = l.agent_id AND a.id = l.account_id
                       WHERE l.token_hash = $1 AND l.expires_at > $2";
            let link = tx.query_opt(sql, params![&hash, now.0], |row| {
                Ok(AddressLink { agent: row.get(0)?, account: row.get(1)?, old: row.get(2)?, new: row.get(3)? })
            })?;
            link.ok_or(Error::NotFound)
        })
        .await
}

/// Changes the address by a link and uses the link up; the old address is told. Sessions go on.
///
/// # Errors
/// [`Error::NotFound`] as [`find_address_link`], [`Error::Invalid`] when the address belongs to another account by now.
pub async fn follow_address_link(crm: &Crm, token: &Token) -> Result<(), Error> {
    let AddressLink { agent, account, new, .. } = find_address_link(crm, token).await?;
    let new = EmailAddress::parse(&new).map_err(|message| Error::invalid("email", message))?;
    let (own, hash) = (crm.clone(), token.hash());
    crm.change("accounts.follow_address_link", agent, move |tx, turn| {
        let sql = "DELETE FROM address_changes WHERE token_hash = $1 AND expires_at > $2";
        if tx.execute(sql, params![&hash, turn.now.0])? == 0 {
            return Err(Error::NotFound);
        }
        change(tx, &own, agent, account, &new)
    })
    .await?;
    crm.mail_is_queued();
    Ok(())
}

/// Changes the address of an account, ends every link that went to the old one, and tells it.
fn change(tx: &mut Tx<'_>, crm: &Crm, agent: AgentId, account: AccountId, new: &EmailAddress) -> Result<(), Error> {
    let key = new.key();
    let taken = tx.query_opt("SELECT 1 FROM accounts WHERE email_key = $1", params![&key], |_| Ok(()))?;
    if taken.is_some() {
        return Err(Error::invalid("email", "belongs to an account already"));
    }
    let sql = "SELECT email FROM accounts WHERE agent_id = $1 AND id = $2";
    let old = tx.query_opt(sql, params![&agent, &account], |row| row.get::<String>(0))?.ok_or(Error::NotFound)?;
    tx.execute(
        "UPDATE accounts SET email = $3, email_key = $4 WHERE agent_id = $1 AND id = $2",
        params![&agent, &account, new.as_str(), &key],
    )?;
    tx.execute("UPDATE agents SET email = $2 WHERE id = $1 AND email = $3", params![&agent, new.as_str(), &old])?;
    end_links(tx, agent, account)?;
    let letter = Letter::AddressChanged { new: new.as_str().to_owned() };
    let mail = NewMail { agent, recipient: &old, letter: &letter, language: None, records: &[] };
    mails::queue(tx, crm, &mail).map(drop)
}

/// Ends every link of an account, to a new password as to a new address.
pub(super) fn end_links(tx: &mut Tx<'_>, agent: AgentId, account: AccountId) -> Result<(), Error> {
    tx.execute("DELETE FROM reset_links WHERE agent_id = $1 AND account_id = $2", params![&agent, &account])?;
    tx.execute("DELETE FROM address_changes WHERE agent_id = $1 AND account_id = $2", params![&agent, &account])?;
    Ok(())
}
