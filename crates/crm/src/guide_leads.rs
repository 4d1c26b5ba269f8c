//! What guides bring: leads, by the guide that they asked for, and downloads. Both are counted in the transaction that records them.

use db::{Tx, params};
use serde::{Deserialize, Serialize};

use crate::{
    AgentId, Crm, Error,
    guides::{self, Guide, SOURCE},
    idempotency::{Answer, Once},
    ids::{GuideId, LeadId},
    leads::{self, NewLead},
};

/// The outcome of [`ask`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The new lead.
    pub lead: LeadId,
    /// The guide that they asked for.
    pub guide: GuideId,
}

/// Somebody who asked for a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The lead; it holds when.
    pub id: LeadId,
    /// The person's name.
    pub name: String,
    /// The person's e-mail address.
    pub email: Option<String>,
}

/// Records that somebody asks for the published guide of a slug: a lead whose source is [`SOURCE`], counted for the guide.
///
/// # Errors
/// [`Error::NotFound`] where there is no such guide, or a draft; those of [`leads::create`].
pub async fn ask(
    crm: &Crm,
    agent: AgentId,
    slug: &str,
    new: NewLead,
    once: Option<Once>,
) -> Result<Answer<Asked>, Error> {
    let slug = slug.to_owned();
    let new = NewLead { source: SOURCE.to_owned(), ..new };
    crm.change_once("guides.ask", agent, once, move |tx, turn| {
        let guide = guides::find_by_slug(tx, agent, &slug)?.id;
        let lead = leads::insert(tx, turn, &new)?;
        note(tx, agent, lead, guide)?;
        Ok(Asked { lead, guide })
    })
    .await
}

/// Notes which guide a new lead asks for.
pub(crate) fn note(tx: &mut Tx<'_>, agent: AgentId, lead: LeadId, guide: GuideId) -> Result<(), Error> {
    let sql = "INSERT INTO guide_leads (agent_id, lead_id, guide_id) VALUES ($1, $2, $3)";
    tx.execute(sql, params![&agent, &lead, &guide])?;
    let sql = "UPDATE guides SET leads = leads + 1 WHERE agent_id = $1 AND id = $2";
    tx.execute(sql, params![&agent, &guide])?;
    Ok(())
}

/// Counts a download of the published guide of a slug.
///
/// # Errors
/// [`Error::NotFound`] where there is no such guide, or a draft.
pub async fn record_download(crm: &Crm, agent: AgentId, slug: &str) -> Result<Guide, Error> {
    let slug = slug.to_owned();
    crm.change("guides.record_download", agent, move |tx, _| {
        let guide = guides::find_by_slug(tx, agent, &slug)?;
        let sql = "UPDATE guides SET downloads = downloads + 1 WHERE agent_id = $1 AND id = $2";
        tx.execute(sql, params![&agent, &guide.id])?;
        Ok(Guide { downloads: guide.downloads + 1, ..guide })
    })
    .await
}

/// Who asked for a guide last, newest first; those deleted since are not among them.
///
/// # Errors
/// Storage's errors.
pub async fn askers(crm: &Crm, agent: AgentId, guide: GuideId, limit: u32) -> Result<Vec<Asker>, Error> {
    crm.db
        .read("guides.askers", move |tx| {
            let sql = "SELECT l.id, l.name, l.email FROM guide_leads g JOIN leads l ON l.agent_id = g.agent_id AND l.id = g.lead_id
                       WHERE g.agent_id = $1 AND g.guide_id = $2 ORDER BY g.lead_id DESC LIMIT $3";
            Ok(tx.query(sql, params![&agent, &guide, limit], |row| {
                Ok(Asker { id: row.get(0)?, name: row.get(1)?, email: row.get(2)? })
            })?)
        })
        .await
}

/// The guides that these leads asked for, each with its title; nothing for those that asked for none.
///
/// # Errors
/// Storage's errors.
pub async fn asked_for(crm: &Crm, agent: AgentId, leads: Vec<LeadId>) -> Result<Vec<(LeadId, GuideId, String)>, Error> {
    crm.db
        .read("guides.asked_for", move |tx| {
            let sql =
                "SELECT g.id, g.title FROM guide_leads a JOIN guides g ON g.agent_id = a.agent_id AND g.id = a.guide_id
                       WHERE a.agent_id = $1 AND a.lead_id = $2";
            let mut asked = Vec::new();
            for lead in &leads {
                let found = tx.query_opt(sql, params![&agent, lead], |row| Ok((row.get(0)?, row.get(1)?)))?;
                asked.extend(found.map(|(guide, title)| (*lead, guide, title)));
            }
            Ok::<_, Error>(asked)
        })
        .await
}

/// Forgets which guides an erased lead asked for, and those that were merged into it.
pub(crate) fn erase(tx: &mut Tx<'_>, agent: AgentId, lead: &[u8; 16]) -> Result<(), Error> {
    let sql = "DELETE FROM guide_leads WHERE agent_id = $1 AND lead_id IN
                   (SELECT id FROM inquiries WHERE agent_id = $1 AND lead_id = $2)";
    tx.execute(sql, params![&agent, lead])?;
    tx.execute("DELETE FROM guide_leads WHERE agent_id = $1 AND lead_id = $2", params![&agent, lead])?;
    Ok(())
}
