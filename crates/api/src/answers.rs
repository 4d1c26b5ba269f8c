//! Answers that are given again as long as nothing changes: most of what pollers ask for is what they have.
//!
//! An answer is kept with the state of the data that it was read at ([`crm::Stamp`]) and given again only while that is known to
//! hold, so a caller reads every write, as from the database. Where it is not known (PostgreSQL), nothing is kept.

use crm::{AgentId, Crm, Stamp};
use quick_cache::{Weighter, sync::Cache};

use crate::reply::Rendered;

/// All kept answers together, in bytes.
const MOST: u64 = 4 * 1024 * 1024;
/// A larger one is not kept.
const LARGEST: usize = 256 * 1024;
/// About so many answers fit.
const ESTIMATED: usize = 500;
/// What an answer costs beside its bytes.
const OVERHEAD: u64 = 256;

/// The collections whose answers depend on the agent's records and the target alone.
const KEPT: [&str; 6] = ["/leads", "/clients", "/listings", "/showings", "/stages", "/sources"];

/// Whose answer to which target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    agent: AgentId,
    target: String,
}

impl Question {
    /// A GET of a path under the base with its query; `None` for one whose answers are not kept.
    pub fn new(agent: AgentId, path: &str, query: Option<&str>) -> Option<Self> {
        let collection = path.get(1..).and_then(|rest| rest.find('/')).map_or(path, |end| &path[..=end]);
        let query = query.unwrap_or_default();
        // Words are found by an index that follows the changes. An escaped name may be any.
        let is_search = query.split('&').any(|pair| {
            let name = pair.split('=').next().unwrap_or(pair);
            name == "q" || name.contains('%')
        });
        (KEPT.contains(&collection) && !is_search).then(|| Self { agent, target: format!("{path}?{query}") })
    }
}

/// The kept answers, the most asked for stay.
pub(crate) struct Answers(Cache<Question, (Rendered, Stamp), Bytes>);

impl Default for Answers {
    fn default() -> Self {
        Self(Cache::with_weighter(ESTIMATED, MOST, Bytes))
    }
}

impl Answers {
    /// The answer, if it still holds at `now`.
    pub fn find(&self, crm: &Crm, question: &Question, now: Stamp) -> Option<Rendered> {
        let (rendered, then) = self.0.get(question)?;
        crm.is_unchanged(question.agent, then, now).then_some(rendered)
    }

    /// Keeps an answer that was read at `then` or later.
    pub fn keep(&self, question: Question, rendered: Rendered, then: Stamp) {
        if rendered.bytes.len() <= LARGEST {
            self.0.insert(question, (rendered, then));
        }
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Question, (Rendered, Stamp)> for Bytes {
    fn weight(&self, question: &Question, (rendered, _): &(Rendered, Stamp)) -> u64 {
        (question.target.len() + rendered.bytes.len()) as u64 + OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_records_are_kept_and_searches_are_not() {
        let is_kept = |path, query| Question::new(AgentId([1; 16]), path, query).is_some();
        for (path, query) in [
            ("/leads", None),
            ("/leads", Some("limit=50&status=new")),
            ("/leads/lead_1/notes", None),
            ("/stages", Some("")),
        ] {
            assert!(is_kept(path, query), "{path} {query:?}");
        }
        for (path, query) in [
            ("/leads", Some("limit=5&q=oak")),
            ("/leads", Some("%71=oak")),
            ("/me", None),
            ("/events", None),
            ("/", None),
            ("/leadsx", None),
        ] {
            assert!(!is_kept(path, query), "{path} {query:?}");
        }
    }

    #[test]
    fn agents_have_answers_of_their_own() {
        let of = |agent| Question::new(AgentId([agent; 16]), "/leads", Some("limit=1"));
        assert_ne!(of(1), of(2));
        assert_eq!(of(1), of(1));
    }
}
