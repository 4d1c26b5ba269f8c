//! Outgoing mail: queued in the transaction that is its reason, sent by the crate `mail`, shown to its agent in the outbox.
//!
//! What a mail tells is a [`Letter`], sealed in its row; its words are made when it is sent or looked at. `sending` is what
//! the sender claims and how it went, `outbox` what the agent sees, `new_leads` and `new_showings` tell of what came in.

mod letters;
mod new_leads;
mod new_showings;
mod outbox;
mod retention;
mod sending;
mod settings;

use db::{FromColumn, Row, Tx, Value, params};

pub use letters::{AskedShowing, Letter, ToldLead, ToldShowing};
pub use new_leads::{TOLD_APART, tell as tell_leads};
pub use outbox::{Listed, Mail, get, list, send_again};
pub(crate) use retention::{SLICE, erase_of, prune};
pub use sending::{Claimed, LEASE, Outcome, claim, keep_queued, queued, settle};
pub(crate) use settings::find as find_settings;
pub use settings::{MailSettings, change_settings, settings};

use crate::{
    AgentId, Crm, Error,
    ids::{self, MailId},
    seal::Place,
};

/// Whose mail it is that goes to somebody who is no agent yet.
pub(crate) const NOBODY: AgentId = AgentId([0; 16]);

/// The language of whoever has chosen none.
pub const USUAL_LANGUAGE: &str = "en";

/// What is kept of a message that a mail repeats, in characters.
const MESSAGE: usize = 1_000;

/// How far a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// To be sent.
    Queued,
    /// The mail server took it.
    Sent,
    /// It is given up.
    Failed,
    /// No mail server is set: it is only shown.
    Kept,
}

impl MailState {
    fn number(self) -> i64 {
        match self {
            Self::Queued => 0,
            Self::Sent => 1,
            Self::Failed => 2,
            Self::Kept => 3,
        }
    }
}

impl FromColumn for MailState {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, db::DbError> {
        let number: i64 = row.get(index)?;
        let states = [Self::Queued, Self::Sent, Self::Failed, Self::Kept];
        let found = states.into_iter().find(|state| state.number() == number);
        found.ok_or_else(|| db::DbError::Internal(format!("{number} is no state of a mail")))
    }
}

impl From<MailState> for Value<'_> {
    fn from(state: MailState) -> Self {
        Value::Int(state.number())
    }
}

/// A mail to be queued.
pub(crate) struct NewMail<'a> {
    /// In whose outbox it stands.
    pub agent: AgentId,
    /// To whom it goes.
    pub recipient: &'a str,
    /// What it tells.
    pub letter: &'a Letter,
    /// In which language; the agent's when `None`.
    pub language: Option<&'a str>,
    /// The records that it names: it is erased with them.
    pub records: &'a [[u8; 16]],
}

/// Queues a mail within the transaction that is its reason; kept where no mail server is set. Whoever calls rings the sender
/// ([`Crm::mail_is_queued`]) after the commit; else it is found within a second.
pub(crate) fn queue(tx: &mut Tx<'_>, crm: &Crm, new: &NewMail<'_>) -> Result<MailId, Error> {
    let now = crm.clock.now();
    let id = MailId(ids::next(&[0; 16], now, &*crm.random));
    let chosen = match new.language {
        Some(language) => language.to_owned(),
        None => settings::find(tx, new.agent)?.language,
    };
    let text = serde_json::to_vec(new.letter).map_err(|cause| {
        tracing::error!(%cause, "a letter cannot be kept");
        Error::Internal
    })?;
    let sealed = crm.keyring.seal(&*crm.random, place(new.agent, &id), &text);
    let (state, finished_at) = if crm.sends_mail { (MailState::Queued, None) } else { (MailState::Kept, Some(now.0)) };
    tx.execute(
        "INSERT INTO mails (agent_id, id, kind, language, recipient, letter, state, attempts, due_at, finished_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9)",
        params![&new.agent, &id, new.letter.kind(), &chosen, new.recipient, &sealed, state, now.0, finished_at],
    )?;
    for record in new.records {
        tx.execute(
            "INSERT INTO mail_records (agent_id, record_id, mail_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            params![&new.agent, record, &id],
        )?;
    }
    Ok(id)
}

/// Queues a mail to the agent's own address.
pub(crate) fn queue_to_agent(
    tx: &mut Tx<'_>,
    crm: &Crm,
    agent: AgentId,
    letter: &Letter,
    records: &[[u8; 16]],
) -> Result<(), Error> {
    let sql = "SELECT email FROM agents WHERE id = $1";
    let recipient = tx.query_opt(sql, params![&agent], |row| row.get::<String>(0))?.ok_or(Error::NotFound)?;
    queue(tx, crm, &NewMail { agent, recipient: &recipient, letter, language: None, records }).map(drop)
}

/// The time zone of an agent, an IANA name.
pub(crate) fn time_zone_of(tx: &mut Tx<'_>, agent: AgentId) -> Result<String, Error> {
    let sql = "SELECT time_zone FROM agents WHERE id = $1";
    tx.query_opt(sql, params![&agent], |row| row.get(0))?.ok_or(Error::NotFound)
}

/// Where a letter is sealed.
fn place(agent: AgentId, id: &MailId) -> Place<'_> {
    Place { agent, column: "mails.letter", row: &id.0 }
}

/// Opens a letter; `None`, with a line in the log, when its key is gone or only a newer version knows its kind.
fn open(crm: &Crm, agent: AgentId, id: &MailId, sealed: &[u8]) -> Option<Letter> {
    let opened = crm.keyring.open(place(agent, id), sealed);
    let text = opened.inspect_err(|error| tracing::error!(%error, mail = %id, "a letter is lost")).ok()?;
    let read = serde_json::from_slice(&text);
    read.inspect_err(|error| tracing::error!(%error, mail = %id, "a letter cannot be read")).ok()
}

impl Crm {
    /// Has the sender look at once: a mail was queued.
    pub(crate) fn mail_is_queued(&self) {
        self.to_mail.notify_one();
    }

    /// Waits until a mail is queued by this process.
    pub async fn mail_is_due(&self) {
        self.to_mail.notified().await;
    }
}
