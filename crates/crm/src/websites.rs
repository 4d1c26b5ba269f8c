//! An agent's website: how it looks and what it says. What is changed is a draft, seen by the agent alone, until it is published.

use std::collections::BTreeMap;

use db::{Tx, params};
use serde::{Deserialize, Serialize};

use crate::{
    AgentId, Crm, Error, FieldError,
    choices::choices,
    clock::UnixMillis,
    domains,
    photos::PhotoHash,
    profiles::{self, Profile},
    shelves::{self, Shelf},
};

/// The languages that pages come in.
pub const LANGUAGES: [&str; 2] = ["en", "es"];
/// The most characters of a headline.
pub const LONGEST_HEADLINE: usize = 120;
/// The most characters of the words below it.
pub const LONGEST_INTRO: usize = 400;
/// The most characters of what an agent says of themselves.
pub const LONGEST_ABOUT: usize = 10_000;

choices! {
    /// How a website looks.
    Theme {
        Classic = "classic",
        Modern = "modern",
        Warm = "warm",
    }

    /// A section of the home page.
    Section {
        Listings = "listings",
        Guides = "guides",
        Areas = "areas",
        About = "about",
        Posts = "posts",
        Sold = "sold",
        Contact = "contact",
    }
}

/// A section and whether it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Which.
    pub section: Section,
    /// Whether visitors see it.
    pub is_shown: bool,
}

/// What a website says in a language; the product's own words where it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Texts {
    /// What the home page says first.
    pub headline: String,
    /// What it says then.
    pub intro: String,
    /// What the agent says of themselves.
    pub about: String,
}

/// How a website looks and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// How it looks.
    pub theme: Theme,
    /// Tags of the languages that it is offered in, the usual one first; never empty.
    pub languages: Vec<String>,
    /// Each section of the home page once, in their order.
    pub sections: Vec<Placed>,
    /// What it says, by the language's tag.
    pub texts: BTreeMap<String, Texts>,
}

impl Default for Look {
    fn default() -> Self {
        let is_shown = |section| section != Section::Sold;
        let sections = Section::WORDS.iter().map(|(_, section)| *section);
        Self {
            theme: Theme::Classic,
            languages: LANGUAGES.map(str::to_owned).to_vec(),
            sections: sections.map(|section| Placed { section, is_shown: is_shown(section) }).collect(),
            texts: BTreeMap::new(),
        }
    }
}

impl Look {
    /// What it says in a language.
    #[must_use]
    pub fn texts(&self, tag: &str) -> Texts {
        self.texts.get(tag).cloned().unwrap_or_default()
    }

    /// The same, checked: texts cut at their ends, each section once.
    fn checked(mut self) -> Result<Self, Error> {
        let mut wrong = Vec::new();
        let mut note = |field: String, message: String| wrong.push(FieldError { field, message });
        self.languages.retain(|tag| LANGUAGES.contains(&tag.as_str()));
        let mut kept = Vec::new();
        self.languages.retain(|tag| {
            !kept.contains(tag) && {
                kept.push(tag.clone());
                true
            }
        });
        if self.languages.is_empty() {
            note(String::from("languages"), String::from("must be at least one"));
        }
        self.texts.retain(|tag, _| LANGUAGES.contains(&tag.as_str()));
        for (tag, texts) in &mut self.texts {
            let Texts { headline, intro, about } = texts;
            for (name, text, most) in [
                ("headline", headline, LONGEST_HEADLINE),
                ("intro", intro, LONGEST_INTRO),
                ("about", about, LONGEST_ABOUT),
            ] {
                *text = text.trim().to_owned();
                if text.chars().count() > most {
                    note(format!("{name}.{tag}"), format!("must have at most {most} characters"));
                }
            }
        }
        let mut sections = Vec::<Placed>::new();
        for placed in self.sections.drain(..).chain(Self::default().sections) {
            if sections.iter().all(|held| held.section != placed.section) {
                sections.push(placed);
            }
        }
        self.sections = sections;
        if wrong.is_empty() { Ok(self) } else { Err(Error::Invalid(wrong)) }
    }
}

/// An agent's website, with what every page of it is made of.
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
    /// How it looks and what it says.
    pub look: Look,
    /// Whether there is a guide to ask for.
    pub has_guides: bool,
    /// Whether there is a post to read.
    pub has_posts: bool,
    /// Whether there is a home that was sold.
    pub has_sold: bool,
}

/// Which of the two looks of a website.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// As everybody sees it.
    Published,
    /// As it is being changed.
    Draft,
}

/// The website of a slug, as everybody sees it.
///
/// # Errors
/// [`Error::NotFound`] where no agent has it, and where the agent is leaving.
pub async fn find(crm: &Crm, slug: &str) -> Result<Website, Error> {
    let slug = slug.to_owned();
    crm.db
        .read("websites.find", move |tx| {
            let sql = "SELECT id FROM agents WHERE slug = $1";
            let agent = tx.query_opt(sql, params![&slug], |row| row.get::<AgentId>(0))?.ok_or(Error::NotFound)?;
            let sql = "SELECT 1 FROM departures WHERE agent_id = $1";
            if tx.query_opt(sql, params![&agent], |_| Ok(()))?.is_some() {
                return Err(Error::NotFound);
            }
            read(tx, agent, slug.clone(), Version::Published)
        })
        .await
}

/// A website that can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Whose it is.
    pub slug: String,
    /// What the agent is called.
    pub name: String,
}

/// Websites in the order of their slugs, after one where it is given: at most so many.
///
/// # Errors
/// Storage's errors.
pub async fn addresses(crm: &Crm, after: &str, limit: u32) -> Result<Vec<Address>, Error> {
    let after = after.to_owned();
    crm.db
        .read("websites.addresses", move |tx| {
            let sql = "SELECT a.slug, a.name FROM agents a WHERE a.slug > $1
                       AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.agent_id = a.id) ORDER BY a.slug LIMIT $2";
            let row = |row: &db::Row<'_>| Ok(Address { slug: row.get(0)?, name: row.get(1)? });
            Ok(tx.query(sql, params![&after, limit], row)?)
        })
        .await
}

/// The website of an agent as it is being changed: for the agent alone.
///
/// # Errors
/// [`Error::NotFound`] where there is no such agent.
pub async fn preview(crm: &Crm, agent: AgentId, slug: &str) -> Result<Website, Error> {
    let slug = slug.to_owned();
    crm.db.read("websites.preview", move |tx| read(tx, agent, slug.clone(), Version::Draft)).await
}

fn read(tx: &mut Tx<'_>, agent: AgentId, slug: String, version: Version) -> Result<Website, Error> {
    let domain = domains::first(tx, agent)?;
    let profile = profiles::read(tx, agent)?;
    let sql = "SELECT hash FROM photos WHERE agent_id = $1";
    let photo = tx.query_opt(sql, params![&agent], |row| row.get(0))?;
    let sql = "SELECT 1 FROM guides WHERE agent_id = $1 AND status = 'published' LIMIT 1";
    let has_guides = tx.query_opt(sql, params![&agent], |_| Ok(()))?.is_some();
    let sql = "SELECT 1 FROM posts WHERE agent_id = $1 AND status = 'published' LIMIT 1";
    let has_posts = tx.query_opt(sql, params![&agent], |_| Ok(()))?.is_some();
    let has_sold = shelves::total(tx, agent, Shelf::Sold)? > 0;
    let held = looks(tx, agent)?;
    let look = match version {
        Version::Published => held.published,
        Version::Draft => held.draft.unwrap_or(held.published),
    };
    Ok(Website { agent, slug, domain, profile, photo, look, has_guides, has_posts, has_sold })
}

/// What an agent has of a website.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// As everybody sees it.
    pub published: Look,
    /// As it is being changed; `None` while nothing is.
    pub draft: Option<Look>,
    /// When it last changed; `None` while it never has.
    pub updated_at: Option<UnixMillis>,
}

fn looks(tx: &mut Tx<'_>, agent: AgentId) -> Result<Looks, Error> {
    let sql = "SELECT look, draft, updated_at FROM websites WHERE agent_id = $1";
    let held = tx.query_opt(sql, params![&agent], |row| {
        Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?, row.get::<i64>(2)?))
    })?;
    let Some((published, draft, updated_at)) = held else { return Ok(Looks::default()) };
    let look = |text: &str| {
        serde_json::from_str::<Look>(text).map_err(|error| {
            tracing::error!(%error, "a website's look cannot be read");
            Error::Internal
        })
    };
    Ok(Looks {
        published: look(&published)?,
        draft: draft.as_deref().map(look).transpose()?,
        updated_at: Some(UnixMillis(updated_at)),
    })
}

/// What an agent has of a website.
///
/// # Errors
/// Storage's errors.
pub async fn get(crm: &Crm, agent: AgentId) -> Result<Looks, Error> {
    crm.db.read("websites.get", move |tx| looks(tx, agent)).await
}

/// Keeps a look as the draft, for the agent alone to see.
///
/// # Errors
/// [`Error::Invalid`] with every wrong field.
pub async fn save(crm: &Crm, agent: AgentId, look: Look) -> Result<(), Error> {
    let look = look.checked()?;
    crm.change("websites.save", agent, move |tx, turn| {
        let held = looks(tx, agent)?;
        let draft = Some(&look).filter(|look| **look != held.published);
        store(tx, agent, &held.published, draft, turn.now)
    })
    .await
}

/// Shows everybody what was changed.
///
/// # Errors
/// Storage's errors.
pub async fn publish(crm: &Crm, agent: AgentId) -> Result<(), Error> {
    crm.change("websites.publish", agent, move |tx, turn| match looks(tx, agent)?.draft {
        Some(draft) => store(tx, agent, &draft, None, turn.now),
        None => Ok(()),
    })
    .await
}

/// Forgets what was changed.
///
/// # Errors
/// Storage's errors.
pub async fn discard(crm: &Crm, agent: AgentId) -> Result<(), Error> {
    crm.change("websites.discard", agent, move |tx, turn| {
        let held = looks(tx, agent)?;
        match held.draft {
            Some(_) => store(tx, agent, &held.published, None, turn.now),
            None => Ok(()),
        }
    })
    .await
}

fn store(tx: &mut Tx<'_>, agent: AgentId, look: &Look, draft: Option<&Look>, now: UnixMillis) -> Result<(), Error> {
    let text = |look: &Look| serde_json::to_string(look).map_err(|_| Error::Internal);
    let (look, draft) = (text(look)?, draft.map(text).transpose()?);
    tx.execute(
        "INSERT INTO websites (agent_id, look, draft, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (agent_id) DO UPDATE SET look = excluded.look, draft = excluded.draft, updated_at = excluded.updated_at",
        params![&agent, &look, draft.as_deref(), now.0],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_checked_and_has_each_section_once() {
        let texts =
            Texts { headline: String::from("  Hello "), intro: "x".repeat(LONGEST_INTRO), about: String::new() };
        let look = Look {
            languages: ["es", "xx", "es"].map(str::to_owned).to_vec(),
            sections: vec![Placed { section: Section::Contact, is_shown: false }; 2],
            texts: BTreeMap::from([(String::from("es"), texts), (String::from("xx"), Texts::default())]),
            ..Look::default()
        };
        let checked = look.checked().unwrap();
        assert_eq!(checked.languages, ["es"]);
        assert_eq!(checked.sections.len(), Section::WORDS.len());
        assert_eq!(checked.sections[0], Placed { section: Section::Contact, is_shown: false });
        assert_eq!((&*checked.texts("es").headline, checked.texts.len()), ("Hello", 1));
        let long = Texts { headline: "x".repeat(LONGEST_HEADLINE + 1), ..Texts::default() };
        let look =
            Look { languages: Vec::new(), texts: BTreeMap::from([(String::from("en"), long)]), ..Look::default() };
        let Err(Error::Invalid(errors)) = look.checked() else { panic!("refused") };
        let fields = errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>();
        assert_eq!(fields, ["languages", "headline.en"]);
    }
}
