//! A list narrowed to what the words of a query find, at a bounded cost.
//!
//! Each word's rows are counted, up to a bound. The rarest word, if it has no more than that, gives the candidates; the other
//! words are looked for among each candidate's own terms. Where every word is common, matches are near everywhere, and all words
//! are looked for among the terms of each record of the list.

use db::{DbError, Engine, Tx, params};

use crate::{
    AgentId, Error,
    pages::{Assembly, Total},
    totals::Kind,
};

/// With so few rows no rarer word is looked for.
const FEW: i64 = 100;
/// What to look for, and where to begin.
pub(crate) struct Lookup {
    kind: Kind,
    /// The word that gives the candidates; without one, the list is walked.
    rarest: Option<Prefix>,
    /// The other words, as they stand in a record's list of terms: each after a blank.
    others: Vec<String>,
}

/// Terms from `from` on and before `below`.
struct Prefix {
    from: String,
    below: String,
}

impl Prefix {
    fn new(word: &str) -> Self {
        Self { from: word.to_owned(), below: successor(word) }
    }

    /// How many rows it has, up to one more than `most`.
    fn count(&self, tx: &mut Tx<'_>, agent: AgentId, kind: Kind, most: u32) -> Result<i64, DbError> {
        tx.query_one(
            "SELECT COUNT(*) FROM (
                 SELECT 1 FROM search_terms WHERE agent_id = $1 AND kind = $2 AND term >= $3 AND term < $4 LIMIT $5
             ) counted",
            params![&agent, kind.name(), &self.from, &self.below, i64::from(most) + 1],
            |row| row.get(0),
        )
    }
}

/// The least text that is greater than every text that begins with `word`.
fn successor(word: &str) -> String {
    let mut text = word.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            char::MAX => continue,
            '\u{d7ff}' => '\u{e000}',
            _ => char::from_u32(last as u32 + 1).expect("neither a surrogate nor past the end"),
        };
        text.push(next);
        return text;
    }
    // No term is made of this character.
    String::from(char::MAX)
}

impl Lookup {
    /// Chooses where to begin, of words with `most` rows at most. `words` are those of [`super::words`], of which there is at least
    /// one.
    pub fn plan(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, words: &[String], most: u32) -> Result<Self, Error> {
        let mut rarest: Option<(i64, usize)> = None;
        for (place, word) in words.iter().enumerate() {
            let count = Prefix::new(word).count(tx, agent, kind, most)?;
            if count <= i64::from(most) && rarest.is_none_or(|(least, _)| count < least) {
                rarest = Some((count, place));
            }
            if count <= FEW {
                break;
            }
        }
        let rarest = rarest.map(|(_, place)| place);
        let others = words.iter().enumerate().filter(|(place, _)| Some(*place) != rarest);
        let others = others.map(|(_, word)| format!(" {word}")).collect();
        Ok(Self { kind, rarest: rarest.map(|place| Prefix::new(&words[place])), others })
    }

    /// Whether no word gives candidates: then only so many records of the list may be looked at.
    pub fn is_walk(&self) -> bool {
        self.rarest.is_none()
    }

    /// How many records a word finds, counted no further than `most`, by the index alone.
    pub fn count(&self, tx: &mut Tx<'_>, agent: AgentId, word: &str, most: u32) -> Result<Total, DbError> {
        let Prefix { from, below } = Prefix::new(word);
        // A record may have several words that begin so.
        let rows = i64::from(most) * 2;
        let (found, counted) = tx.query_one(
            "SELECT COUNT(*), COUNT(DISTINCT id) FROM (
                 SELECT id FROM search_terms WHERE agent_id = $1 AND kind = $2 AND term >= $3 AND term < $4 LIMIT $5
             ) counted",
            params![&agent, self.kind.name(), &from, &below, rows],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
        )?;
        let total = Total::counted(counted, most);
        Ok(Total { is_exact: total.is_exact && found < rows, ..total })
    }

    /// Adds the conditions for the table `t`. `$1` is the agent.
    pub fn narrow<'a>(&'a self, engine: Engine, sql: &mut Assembly<'a>) {
        if let Some(Prefix { from, below }) = &self.rarest {
            let [kind, from, below] = [sql.param(self.kind.name()), sql.param(from), sql.param(below)];
            let candidates = format!(
                "SELECT s.id FROM search_terms s WHERE s.agent_id = $1 AND s.kind = {kind} AND s.term >= {from} AND s.term < {below}"
            );
            // An array keeps PostgreSQL from taking the candidates for many and reading the whole list past them.
            sql.conditions.push_str(&match engine {
                Engine::Sqlite => format!(" AND t.id IN ({candidates})"),
                Engine::Postgres => format!(" AND t.id = ANY(ARRAY({candidates}))"),
            });
        }
        if self.others.is_empty() {
            return;
        }
        // A scalar subquery is run for each record, as it must be: as a join it might be turned around.
        sql.conditions
            .push_str(" AND 1 = (SELECT 1 FROM search_records r WHERE r.agent_id = t.agent_id AND r.id = t.id");
        for word in &self.others {
            let word = sql.param(word);
            sql.conditions.push_str(&match engine {
                Engine::Sqlite => format!(" AND instr(r.terms, {word}) > 0"),
                Engine::Postgres => format!(" AND strpos(r.terms, {word}) > 0"),
            });
        }
        sql.conditions.push(')');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::successor;

    proptest! {
        #[test]
        fn a_prefix_ends_where_its_successor_begins(word in "\\PC{1,8}", rest in "\\PC{0,8}", other in "\\PC{0,8}") {
            let below = successor(&word);
            let longer = format!("{word}{rest}");
            prop_assert!(word <= longer && longer < below);
            prop_assert_eq!(other.starts_with(&word), other >= word && other < below);
        }
    }
}
