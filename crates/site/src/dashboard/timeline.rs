//! What happened with a person, newest first.

use std::collections::HashMap;

use crm::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    fold::fold,
    notes::{self, About},
    sources,
};

use crate::times::{Time, Times};

/// Notes on one page.
const NOTES: u32 = 50;

/// Something that happened.
pub(super) struct Moment {
    pub at: UnixMillis,
    pub when: Time,
    pub icon: &'static str,
    pub title: String,
    pub text: Option<String>,
    pub link: Option<String>,
}

/// Moments under collection, told in somebody's time zone.
pub(super) struct Timeline {
    pub moments: Vec<Moment>,
    pub has_older: bool,
    times: Times,
    now: UnixMillis,
}

impl Timeline {
    /// An empty one.
    pub fn new(zone: &str, now: UnixMillis) -> Self {
        Self { moments: Vec::new(), has_older: false, times: Times::of(zone), now }
    }

    /// Adds a moment.
    pub fn add(
        &mut self,
        at: UnixMillis,
        icon: &'static str,
        title: String,
        text: Option<String>,
        link: Option<String>,
    ) {
        let when = self.times.show_near(at, self.now);
        self.moments.push(Moment { at, when, icon, title, text, link });
    }

    /// Adds the notes about a record, the newest [`NOTES`] of them.
    pub async fn add_notes(&mut self, crm: &Crm, agent: AgentId, about: About) -> Result<(), Error> {
        let page = notes::list(crm, agent, about, None, NOTES).await?;
        self.has_older |= page.next.is_some();
        for note in page.notes {
            self.add(note.created_at, "sticky-note", String::from("Note"), Some(note.text), None);
        }
        Ok(())
    }

    /// Puts them in order.
    pub fn sorted(mut self) -> Self {
        self.moments.sort_by_key(|moment| std::cmp::Reverse(moment.at));
        self
    }
}

/// The names of sources, by what they are filed under.
pub(super) struct SourceNames(HashMap<String, String>);

impl SourceNames {
    /// Those of an agent.
    pub async fn read(crm: &Crm, agent: AgentId) -> Result<Self, Error> {
        let sources = sources::list(crm, agent).await?;
        Ok(Self(sources.into_iter().map(|source| (source.id, source.name)).collect()))
    }

    /// The name of a source as people read it.
    pub fn of(&self, source: &str) -> String {
        self.0.get(&fold(source)).cloned().unwrap_or_else(|| source.to_owned())
    }
}
