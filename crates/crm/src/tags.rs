//! Tags: words that an agent puts on leads and clients to find them by. None in the API.

use std::{collections::HashMap, sync::LazyLock};

use db::{Engine, Tx, Value, params};

use crate::{AgentId, Crm, Error, fold::fold, notes::About, pages::Assembly, totals::Kind};

/// The most tags of a person.
pub const MOST: usize = 20;
/// The most characters of a tag.
pub const MAX: usize = 50;
/// The most tags listed to choose from.
const LISTED: i64 = 200;
/// People whose tags are read at once.
const TOGETHER: usize = 50;

/// A tag as written: outer white space cut, within it one blank.
///
/// # Errors
/// [`Error::Invalid`] for what is none.
pub fn parse(text: &str) -> Result<String, Error> {
    let tag = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let wrong = |message: &str| Err(Error::invalid("tag", message));
    match tag.as_str() {
        "" => wrong("is required"),
        tag if tag.chars().nth(MAX).is_some() => wrong("must have at most 50 characters"),
        tag if tag.contains(|letter: char| letter == ',' || letter.is_control()) => wrong("must have no comma"),
        _ if fold(&tag).is_empty() => wrong("must have a letter or a digit"),
        _ => Ok(tag),
    }
}

/// The tags of a person, as they are written.
pub(crate) fn of(tx: &mut Tx<'_>, agent: AgentId, about: About) -> Result<Vec<String>, Error> {
    let sql = "SELECT n.name FROM tags t JOIN tag_totals n ON n.agent_id = t.agent_id AND n.kind = t.kind AND n.tag_key = t.tag_key
               WHERE t.agent_id = $1 AND t.about_id = $2 ORDER BY t.tag_key";
    Ok(tx.query(sql, params![&agent, &about.id()], |row| row.get(0))?)
}

/// The tags of a person.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, about: About) -> Result<Vec<String>, Error> {
    crm.db.read("tags.list", move |tx| of(tx, agent, about)).await
}

static OF_MANY: LazyLock<String> = LazyLock::new(|| {
    let numbers = (2..TOGETHER + 2).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT t.about_id, n.name FROM tags t
         JOIN tag_totals n ON n.agent_id = t.agent_id AND n.kind = t.kind AND n.tag_key = t.tag_key
         WHERE t.agent_id = $1 AND t.about_id IN ({numbers}) ORDER BY t.about_id, t.tag_key"
    )
});

/// The tags of several people, by their ids.
///
/// # Errors
/// Storage's errors.
pub async fn of_many(
    crm: &Crm,
    agent: AgentId,
    people: Vec<[u8; 16]>,
) -> Result<HashMap<[u8; 16], Vec<String>>, Error> {
    crm.db
        .read("tags.of_many", move |tx| {
            let mut found = HashMap::<_, Vec<String>>::new();
            for some in people.chunks(TOGETHER) {
                let last = some.last().expect("chunks are not empty");
                let padded = some.iter().chain(std::iter::repeat_n(last, TOGETHER - some.len()));
                let values = std::iter::once(Value::from(&agent)).chain(padded.map(|id| Value::Bytes(id)));
                let rows = tx.query(&OF_MANY, &values.collect::<Vec<_>>(), |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.into_iter().for_each(|(id, tag)| found.entry(id).or_default().push(tag));
            }
            Ok(found)
        })
        .await
}

/// The agent's tags of leads or of clients, by name: the first [`LISTED`].
async fn names(crm: &Crm, agent: AgentId, kind: Kind) -> Result<Vec<String>, Error> {
    crm.db
        .read("tags.names", move |tx| {
            let sql =
                "SELECT name FROM tag_totals WHERE agent_id = $1 AND kind = $2 AND total > 0 ORDER BY tag_key LIMIT $3";
            Ok(tx.query(sql, params![&agent, kind.name(), LISTED], |row| row.get(0))?)
        })
        .await
}

/// The tags that leads have.
///
/// # Errors
/// Storage's errors.
pub async fn of_leads(crm: &Crm, agent: AgentId) -> Result<Vec<String>, Error> {
    names(crm, agent, Kind::Lead).await
}

/// The tags that clients have.
///
/// # Errors
/// Storage's errors.
pub async fn of_clients(crm: &Crm, agent: AgentId) -> Result<Vec<String>, Error> {
    names(crm, agent, Kind::Client).await
}

/// Puts a tag on people, each in a transaction of its own. Those who are there and did not have it.
///
/// # Errors
/// [`Error::Invalid`] for what is no tag, and where the only one has [`MOST`]; storage's errors.
pub async fn add(crm: &Crm, agent: AgentId, people: Vec<About>, tag: &str) -> Result<Vec<About>, Error> {
    let tag = parse(tag)?;
    let (is_alone, mut tagged) = (people.len() == 1, Vec::new());
    for about in people {
        let tag = tag.clone();
        let added = crm.change("tags.add", agent, move |tx, _| {
            about.check(tx, agent)?;
            put(tx, agent, about, &tag)
        });
        match added.await {
            Ok(true) => tagged.push(about),
            Ok(false) => {}
            Err(Error::NotFound | Error::Invalid(_)) if !is_alone => {}
            Err(error) => return Err(error),
        }
    }
    Ok(tagged)
}

/// Puts a tag on a person. Whether it was not there.
pub(crate) fn put(tx: &mut Tx<'_>, agent: AgentId, about: About, tag: &str) -> Result<bool, Error> {
    let (key, kind, id) = (fold(tag), about.kind().name(), about.id());
    let held =
        tx.query("SELECT tag_key FROM tags WHERE agent_id = $1 AND about_id = $2", params![&agent, &id], |row| {
            row.get::<String>(0)
        })?;
    if held.contains(&key) {
        return Ok(false);
    }
    if held.len() >= MOST {
        return Err(Error::invalid("tag", "must wait: twenty tags are on this person already"));
    }
    tx.execute(
        "INSERT INTO tags (agent_id, kind, tag_key, about_id) VALUES ($1, $2, $3, $4)",
        params![&agent, kind, &key, &id],
    )?;
    // One that nobody has any more is written anew as it is now.
    tx.execute(
        "INSERT INTO tag_totals (agent_id, kind, tag_key, name, total) VALUES ($1, $2, $3, $4, 1)
         ON CONFLICT (agent_id, kind, tag_key) DO UPDATE SET total = tag_totals.total + 1,
             name = CASE WHEN tag_totals.total > 0 THEN tag_totals.name ELSE excluded.name END",
        params![&agent, kind, &key, tag],
    )?;
    Ok(true)
}

/// Takes a tag off people, each in a transaction of its own.
///
/// # Errors
/// Storage's errors.
pub async fn remove(crm: &Crm, agent: AgentId, people: Vec<About>, tag: &str) -> Result<(), Error> {
    let key = fold(tag);
    for about in people {
        let key = key.clone();
        let removed = crm.change("tags.remove", agent, move |tx, _| {
            about.check(tx, agent)?;
            take_off(tx, agent, about, &key)
        });
        match removed.await {
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Takes a folded tag off a person, where it is.
pub(crate) fn take_off(tx: &mut Tx<'_>, agent: AgentId, about: About, key: &str) -> Result<(), Error> {
    let kind = about.kind().name();
    let gone = tx.execute(
        "DELETE FROM tags WHERE agent_id = $1 AND kind = $2 AND tag_key = $3 AND about_id = $4",
        params![&agent, kind, key, &about.id()],
    )?;
    if gone > 0 {
        tx.execute(
            "UPDATE tag_totals SET total = total - 1 WHERE agent_id = $1 AND kind = $2 AND tag_key = $3",
            params![&agent, kind, key],
        )?;
    }
    Ok(())
}

/// Takes every tag off a person. Those that there were.
pub(crate) fn take(tx: &mut Tx<'_>, agent: AgentId, about: About) -> Result<Vec<String>, Error> {
    let tags = of(tx, agent, about)?;
    for tag in &tags {
        take_off(tx, agent, about, &fold(tag))?;
    }
    Ok(tags)
}

/// A list narrowed to those with a tag, at a bounded cost.
pub(crate) struct Tagged<'a> {
    kind: Kind,
    key: &'a str,
    total: i64,
    /// Where it is on more, the list is walked.
    most: i64,
}

impl<'a> Tagged<'a> {
    /// Chooses how to narrow: by the tag's records, where it is on `most` at most.
    pub fn plan(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, key: &'a str, most: u32) -> Result<Self, Error> {
        let sql = "SELECT total FROM tag_totals WHERE agent_id = $1 AND kind = $2 AND tag_key = $3";
        let total = tx.query_opt(sql, params![&agent, kind.name(), key], |row| row.get::<i64>(0))?;
        Ok(Self { kind, key, total: total.unwrap_or(0), most: i64::from(most) })
    }

    /// How many records have it.
    pub fn total(&self) -> u64 {
        u64::try_from(self.total).unwrap_or(0)
    }

    /// Whether it is on too many records to begin with them.
    pub fn is_common(&self) -> bool {
        self.total > self.most
    }

    /// Adds the condition for the table `t`. `$1` is the agent.
    pub fn narrow(&self, engine: Engine, sql: &mut Assembly<'a>) {
        let (kind, key) = (sql.param(self.kind.name()), sql.param(self.key));
        let tagged = format!("FROM tags g WHERE g.agent_id = $1 AND g.kind = {kind} AND g.tag_key = {key}");
        sql.conditions.push_str(&match (self.is_common(), engine) {
            // A scalar subquery is run for each record, as it must be: as a join it might be turned around.
            (true, _) => format!(" AND 1 = (SELECT 1 {tagged} AND g.about_id = t.id)"),
            (false, Engine::Sqlite) => format!(" AND t.id IN (SELECT g.about_id {tagged})"),
            (false, Engine::Postgres) => format!(" AND t.id = ANY(ARRAY(SELECT g.about_id {tagged}))"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_short_text_in_one_line() {
        assert_eq!(parse("  first\t time  buyer ").as_deref(), Ok("first time buyer"));
        for wrong in ["", "  ", "a,b", "a\0b", &"x".repeat(MAX + 1), "\u{301}"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
