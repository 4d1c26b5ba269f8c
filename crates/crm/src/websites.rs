//! An agent's website: what every page of it is made of, found by the slug in its address.

use db::params;

use crate::{
    AgentId, Crm, Error, domains,
    photos::PhotoHash,
    profiles::{self, Profile},
};

/// The languages that pages come in.
pub const LANGUAGES: [&str; 2] = ["en", "es"];

/// An agent's website.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Website {
    /// Whose it is.
    pub agent: AgentId,
    /// The agent's slug, which stands in every address.
    pub slug: String,
    /// The domain of the agent's own under which it is known, if there is one.
    pub domain: Option<String>,
    /// What the agent says of themselves.
    pub profile: Profile,
    /// The agent's picture.
    pub photo: Option<PhotoHash>,
    /// Tags of the languages that it is offered in, the usual one first; never empty.
    pub languages: Vec<String>,
    /// Whether there is a guide to ask for.
    pub has_guides: bool,
}

/// The website of a slug.
///
/// # Errors
/// [`Error::NotFound`] where no agent has it.
pub async fn find(crm: &Crm, slug: &str) -> Result<Website, Error> {
    let slug = slug.to_owned();
    crm.db
        .read("websites.find", move |tx| {
            let sql = "SELECT id FROM agents WHERE slug = $1";
            let agent = tx.query_opt(sql, params![&slug], |row| row.get::<AgentId>(0))?.ok_or(Error::NotFound)?;
            let domain = domains::first(tx, agent)?;
            let profile = profiles::read(tx, agent)?;
            let sql = "SELECT hash FROM photos WHERE agent_id = $1";
            let photo = tx.query_opt(sql, params![&agent], |row| row.get(0))?;
            let sql = "SELECT 1 FROM guides WHERE agent_id = $1 AND status = 'published' LIMIT 1";
            let has_guides = tx.query_opt(sql, params![&agent], |_| Ok(()))?.is_some();
            let languages = LANGUAGES.map(str::to_owned).to_vec();
            Ok(Website { agent, slug: slug.clone(), domain, profile, photo, languages, has_guides })
        })
        .await
}
