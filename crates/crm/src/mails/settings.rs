//! What an agent is told by mail, and in which language.

use db::{Tx, params};

use super::USUAL_LANGUAGE;
use crate::{AgentId, Crm, Error, showing_reminders};

/// What an agent is told by mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// The tag of the language of mails to the agent.
    pub language: String,
    /// Whether a mail tells of new leads.
    pub tells_leads: bool,
    /// Whether a mail tells of requests to see a listing.
    pub tells_showings: bool,
    /// How long before a showing a mail reminds of it, in minutes; 0 for never.
    pub reminder_minutes: i64,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self { language: USUAL_LANGUAGE.to_owned(), tells_leads: true, tells_showings: true, reminder_minutes: 120 }
    }
}

/// Longest tag of a language.
const LANGUAGE: usize = 35;

pub(crate) fn find(tx: &mut Tx<'_>, agent: AgentId) -> Result<MailSettings, Error> {
    let sql = "SELECT language, tells_leads, tells_showings, reminder_minutes FROM mail_settings WHERE agent_id = $1";
    let found = tx.query_opt(sql, params![&agent], |row| {
        let (language, tells_leads) = (row.get(0)?, row.get(1)?);
        Ok(MailSettings { language, tells_leads, tells_showings: row.get(2)?, reminder_minutes: row.get(3)? })
    })?;
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
/// [`Error::Invalid`] for what is no tag of a language, and a time ahead that is not among those offered; storage's errors.
pub async fn change_settings(crm: &Crm, agent: AgentId, settings: MailSettings) -> Result<(), Error> {
    let language = &settings.language;
    let is_tag = (2..=LANGUAGE).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_tag {
        return Err(Error::invalid("language", "must be the tag of a language, such as en"));
    }
    if !showing_reminders::LEADS.contains(&settings.reminder_minutes) {
        return Err(Error::invalid("reminder", "must be one of the times offered"));
    }
    crm.change("mails.change_settings", agent, move |tx, turn| {
        let before = find(tx, agent)?;
        tx.execute(
            "INSERT INTO mail_settings (agent_id, language, tells_leads, tells_showings, reminder_minutes)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (agent_id) DO UPDATE SET language = excluded.language, tells_leads = excluded.tells_leads,
                 tells_showings = excluded.tells_showings, reminder_minutes = excluded.reminder_minutes",
            params![
                &agent,
                &settings.language,
                settings.tells_leads,
                settings.tells_showings,
                settings.reminder_minutes
            ],
        )?;
        if before.reminder_minutes != settings.reminder_minutes {
            showing_reminders::reschedule(tx, agent, settings.reminder_minutes, turn.now)?;
        }
        Ok(())
    })
    .await
}
