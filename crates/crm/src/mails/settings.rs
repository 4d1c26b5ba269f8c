//! What an agent is told by mail, and in which language.

use db::{Lane, Tx, params};

use super::USUAL_LANGUAGE;
use crate::{AgentId, Crm, Error};

/// What an agent is told by mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// The tag of the language of mails to the agent.
    pub language: String,
    /// Whether a mail tells of new leads.
    pub tells_leads: bool,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self { language: USUAL_LANGUAGE.to_owned(), tells_leads: true }
    }
}

/// Longest tag of a language.
const LANGUAGE: usize = 35;

pub(crate) fn find(tx: &mut Tx<'_>, agent: AgentId) -> Result<MailSettings, Error> {
    let sql = "SELECT language, tells_leads FROM mail_settings WHERE agent_id = $1";
    let found =
        tx.query_opt(sql, params![&agent], |row| Ok(MailSettings { language: row.get(0)?, tells_leads: row.get(1)? }))?;
    Ok(found.unwrap_or_default())
}

/// What an agent is told by mail.
///
/// # Errors
/// Storage's errors.
pub async fn settings(crm: &Crm, agent: AgentId) -> Result<MailSettings, Error> {
    crm.db.read("mails.settings", move |tx| find(tx, agent)).await
}

/// Changes what an agent is told by mail.
///
/// # Errors
/// [`Error::Invalid`] for what is no tag of a language, storage's errors.
pub async fn change_settings(crm: &Crm, agent: AgentId, settings: MailSettings) -> Result<(), Error> {
    let language = &settings.language;
    let is_tag = (2..=LANGUAGE).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_tag {
        return Err(Error::invalid("language", "must be the tag of a language, such as en"));
    }
    crm.db
        .write("mails.change_settings", Lane::of(&agent.0), move |tx| {
            tx.execute(
                "INSERT INTO mail_settings (agent_id, language, tells_leads) VALUES ($1, $2, $3)
                 ON CONFLICT (agent_id) DO UPDATE SET language = excluded.language, tells_leads = excluded.tells_leads",
                params![&agent, &settings.language, settings.tells_leads],
            )?;
            Ok(())
        })
        .await
}
