//! Links to the PDF of a guide, for who asked for it: signed, not stored, and over after a week. They name the guide and not the person.

use std::time::Duration;

use db::params;

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    files::File,
    guides::{self, Guide, GuideStatus},
    ids::{GuideId, LeadId},
    seal::{hex, unhex},
};

/// How long a link holds.
pub const LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const PURPOSE: &str = "download";

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Download {
    /// The guide.
    Open(Box<Guide>),
    /// The guide's page, where it can be asked for anew: the time of the link is over.
    Over(Box<Guide>),
}

/// What the link to a guide ends with for who asked for it with a lead: always the same.
#[must_use]
pub fn link(crm: &Crm, agent: AgentId, guide: GuideId, lead: LeadId) -> String {
    make(crm, agent, guide, lead.created_at())
}

/// A link to a guide that was asked for at an instant: the same for the same instant.
pub(crate) fn make(crm: &Crm, agent: AgentId, guide: GuideId, asked_at: UnixMillis) -> String {
    let until = asked_at.plus(LASTS).0;
    let signature = crm.keyring.sign(PURPOSE, &signed(agent, guide, until));
    format!("{guide}.{until:x}.{}", hex(&signature))
}

fn signed(agent: AgentId, guide: GuideId, until: i64) -> Vec<u8> {
    [&agent.0[..], &guide.0, &until.to_be_bytes()].concat()
}

/// The guide of a link, and until when the link holds.
fn read(crm: &Crm, agent: AgentId, token: &str) -> Option<(GuideId, UnixMillis)> {
    let mut parts = token.split('.');
    let (guide, until, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let guide = guide.parse::<GuideId>().ok().filter(|_| parts.next().is_none())?;
    let until = i64::from_str_radix(until, 16).ok()?;
    let signature: [u8; crate::seal::SIGNATURE_BYTES] = unhex(signature)?;
    crm.keyring.has_signed(PURPOSE, &signed(agent, guide, until), &signature).then_some((guide, UnixMillis(until)))
}

/// What a link leads to.
///
/// # Errors
/// [`Error::NotFound`] for what is no link of the agent's, and where the guide is not there for everybody any more.
pub async fn find_download(crm: &Crm, agent: AgentId, token: &str) -> Result<Download, Error> {
    let (guide, until) = read(crm, agent, token).ok_or(Error::NotFound)?;
    let guide = guides::get(crm, agent, guide).await?;
    if guide.status != GuideStatus::Published || guide.document.is_none() {
        return Err(Error::NotFound);
    }
    let is_over = crm.clock.now() >= until;
    Ok(if is_over { Download::Over(Box::new(guide)) } else { Download::Open(Box::new(guide)) })
}

/// The name and file of a guide's PDF, for a download that counts where `is_counted`: not its second half, or a look at its size.
///
/// # Errors
/// [`Error::NotFound`] where it is gone meanwhile; storage's errors.
pub async fn take_download(
    crm: &Crm,
    agent: AgentId,
    guide: &Guide,
    is_counted: bool,
) -> Result<(String, File), Error> {
    let document = guide.document.as_ref().ok_or(Error::NotFound)?;
    let found = guides::document_file(crm, agent, guide.id, document.id).await?;
    if is_counted {
        let id = guide.id;
        crm.change("guides.record_download", agent, move |tx, _| {
            let sql = "UPDATE guides SET downloads = downloads + 1 WHERE agent_id = $1 AND id = $2";
            tx.execute(sql, params![&agent, &id])?;
            Ok(())
        })
        .await?;
    }
    Ok(found)
}
