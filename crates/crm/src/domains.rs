//! Agents' own domains. A name counts once it was seen to lead here: the server asks at the name for what only it can answer, so that
//! nobody takes a name that is another's, whether the visitor's way leads through a proxy or not.

use std::time::Duration;

use db::{Row, Tx, params};

use crate::{AgentId, Crm, Error, certificates, clock::UnixMillis, tokens::Token};

/// The most that an agent has.
pub const MOST: i64 = 10;
/// The longest name (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;
/// How long it is looked by itself whether a name leads here.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a look may take at most; then another node looks.
const LEASE: Duration = Duration::from_secs(60);

/// A domain of an agent's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The name, as it goes over the wire: lower case, IDNA's A-labels.
    pub name: String,
    /// When the agent gave it.
    pub created_at: UnixMillis,
    /// When it was last looked at.
    pub checked_at: Option<UnixMillis>,
    /// Why it did not lead here then, in words.
    pub failure: Option<String>,
    /// Since when it leads here.
    pub verified_at: Option<UnixMillis>,
    /// Whether it is looked at again by itself.
    pub is_watched: bool,
    /// How it stands with the certificate, where the server sees to it.
    pub certificate: Option<Certified>,
}

/// How it stands with a domain's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// Until when it is valid; `None` while there is none.
    pub expires_at: Option<UnixMillis>,
    /// Why the last attempt to get one failed, in words.
    pub failure: Option<String>,
}

/// A look that is due: what is to be asked for at the name, and what is right as an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Whose it is.
    pub agent: AgentId,
    /// The name.
    pub name: String,
    /// The last segment of the path that is asked for.
    pub question: String,
    /// The body that is the answer.
    pub answer: String,
}

/// Reads a domain as people give it (`Sarah-Homes.com`, `https://bücher.example/`), for the server of this host.
///
/// # Errors
/// [`Error::Invalid`] for `name` where it is none, an address, of one label only, or the server's own.
pub fn parse(text: &str, own_host: Option<&str>) -> Result<String, Error> {
    let invalid = |message: &str| Err(Error::invalid("name", message));
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?', '#']).next().unwrap_or_default().trim_end_matches('.');
    if text.is_empty() {
        return invalid("is needed, such as sarah-homes.com");
    }
    let name = match url::Host::parse(text) {
        Ok(url::Host::Domain(name)) => name.to_ascii_lowercase(),
        Ok(_) => return invalid("must be a name, not an address"),
        Err(_) => return invalid("is no domain, such as sarah-homes.com"),
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > LONGEST || !name.contains('.') || !name.split('.').all(is_label) {
        return invalid("is no domain, such as sarah-homes.com");
    }
    if own_host.is_some_and(|own| own.eq_ignore_ascii_case(&name)) {
        return invalid("is this server's own name");
    }
    Ok(name)
}

/// Adds a domain, which is looked at at once. One that the agent has is looked at again.
///
/// # Errors
/// Those of [`parse`]; [`Error::Invalid`] for `name` where another agent's site is there, or there are too many.
pub async fn add(crm: &Crm, agent: AgentId, text: &str, own_host: Option<&str>) -> Result<String, Error> {
    let name = parse(text, own_host)?;
    let (question, answer) = (Token::generate(&*crm.random), Token::generate(&*crm.random));
    crm.change("domains.add", agent, move |tx, turn| {
        if holder(tx, &name)?.is_some_and(|holder| holder != agent) {
            return Err(Error::invalid("name", "leads to another agent's website here"));
        }
        let sql = "UPDATE domains SET check_at = $3, checks = 0, created_at = $3 WHERE agent_id = $1 AND name = $2";
        if tx.execute(sql, params![&agent, &name, turn.now.0])? == 0 {
            let sql = "SELECT COUNT(*) FROM domains WHERE agent_id = $1";
            if tx.query_one(sql, params![&agent], |row| row.get::<i64>(0))? >= MOST {
                return Err(Error::invalid("name", format!("is one too many: {MOST} domains are there; remove one")));
            }
            tx.execute(
                "INSERT INTO domains (agent_id, name, created_at, question, answer, check_at)
                 VALUES ($1, $2, $3, $4, $5, $3)",
                params![&agent, &name, turn.now.0, question.reveal(), answer.reveal()],
            )?;
        }
        Ok(name.clone())
    })
    .await
}

/// Removes a domain: from now on nothing of the agent's is found there.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn remove(crm: &Crm, agent: AgentId, name: &str) -> Result<(), Error> {
    let name = name.to_owned();
    crm.change("domains.remove", agent, move |tx, _| {
        if tx.execute("DELETE FROM domains WHERE agent_id = $1 AND name = $2", params![&agent, &name])? == 0 {
            return Err(Error::NotFound);
        }
        release(tx, agent, &name)
    })
    .await
}

/// Frees a name that the agent holds, with its certificate.
fn release(tx: &mut Tx<'_>, agent: AgentId, name: &str) -> Result<(), Error> {
    if tx.execute("DELETE FROM hosts WHERE name = $1 AND agent_id = $2", params![name, &agent])? > 0 {
        tx.execute("DELETE FROM certificates WHERE name = $1", params![name])?;
        tx.execute("DELETE FROM acme_challenges WHERE name = $1", params![name])?;
    }
    Ok(())
}

/// An agent's domains, by name.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId) -> Result<Vec<Domain>, Error> {
    let sql = "SELECT domains.name, domains.created_at, domains.checked_at, domains.failure, domains.verified_at,
                   domains.check_at, certificates.renew_at, certificates.expires_at, certificates.failure
               FROM domains LEFT JOIN certificates ON certificates.name = domains.name AND domains.verified_at IS NOT NULL
               WHERE domains.agent_id = $1 ORDER BY domains.name";
    crm.db.read("domains.list", move |tx| Ok(tx.query(sql, params![&agent], from_row)?)).await
}

fn from_row(row: &Row<'_>) -> Result<Domain, db::DbError> {
    let time = |at: usize| row.get::<Option<i64>>(at).map(|time| time.map(UnixMillis));
    let certificate = match time(6)? {
        Some(_) => Some(Certified { expires_at: time(7)?, failure: row.get(8)? }),
        None => None,
    };
    Ok(Domain {
        name: row.get(0)?,
        created_at: UnixMillis(row.get(1)?),
        checked_at: time(2)?,
        failure: row.get(3)?,
        verified_at: time(4)?,
        is_watched: time(5)?.is_some(),
        certificate,
    })
}

/// The agent's slug whose website a host leads to.
///
/// # Errors
/// Storage's errors.
pub async fn slug_of(crm: &Crm, host: &str) -> Result<Option<String>, Error> {
    let host = host.to_owned();
    let sql = "SELECT agents.slug FROM hosts JOIN agents ON agents.id = hosts.agent_id WHERE hosts.name = $1";
    crm.db.read("domains.slug_of", move |tx| Ok(tx.query_opt(sql, params![&host], |row| row.get(0))?)).await
}

/// The domain under which an agent's website is known, within a transaction: the first that led here.
pub(crate) fn first(tx: &mut Tx<'_>, agent: AgentId) -> Result<Option<String>, Error> {
    let sql = "SELECT name FROM hosts WHERE agent_id = $1 ORDER BY verified_at LIMIT 1";
    Ok(tx.query_opt(sql, params![&agent], |row| row.get(0))?)
}

/// What this server answers at a host to a question of its own.
///
/// # Errors
/// Storage's errors.
pub async fn answer(crm: &Crm, host: &str, question: &str) -> Result<Option<String>, Error> {
    let (host, question) = (host.to_owned(), question.to_owned());
    // A name may wait for two agents at once; which of the two it leads to, the question tells.
    let sql = "SELECT answer FROM domains WHERE name = $1 AND question = $2 LIMIT 1";
    crm.db.read("domains.answer", move |tx| Ok(tx.query_opt(sql, params![&host, &question], |row| row.get(0))?)).await
}

/// The next look that is due; no other node takes it for a minute.
///
/// # Errors
/// Storage's errors.
pub async fn claim(crm: &Crm) -> Result<Option<Look>, Error> {
    let now = crm.clock.now();
    let sql = "SELECT agent_id, name, question, answer FROM domains WHERE check_at <= $1 ORDER BY check_at LIMIT 1";
    let due = move |tx: &mut Tx<'_>| -> Result<Option<Look>, Error> {
        Ok(tx.query_opt(sql, params![now.0], |row: &Row<'_>| {
            Ok(Look { agent: row.get(0)?, name: row.get(1)?, question: row.get(2)?, answer: row.get(3)? })
        })?)
    };
    // Mostly nothing is due, and a read disturbs nobody.
    let Some(look) = crm.db.read("domains.due", due).await? else { return Ok(None) };
    let sql = "UPDATE domains SET check_at = $3 WHERE agent_id = $1 AND name = $2 AND check_at <= $4";
    let (agent, name) = (look.agent, look.name.clone());
    let claimed = crm.change("domains.claim", agent, move |tx, _| {
        Ok(tx.execute(sql, params![&agent, &name, now.plus(LEASE).0, now.0])?)
    });
    Ok((claimed.await? > 0).then_some(look))
}

/// Notes what a look has found: that the name leads here, or in words why not. Where the server sees to certificates, one is wanted
/// from now on.
///
/// # Errors
/// Storage's errors.
pub async fn settle(crm: &Crm, look: &Look, found: Result<(), String>, is_certified: bool) -> Result<(), Error> {
    let (agent, name) = (look.agent, look.name.clone());
    crm.change("domains.settle", agent, move |tx, turn| {
        let sql = "SELECT checks, created_at, verified_at FROM domains WHERE agent_id = $1 AND name = $2";
        let state = tx.query_opt(sql, params![&agent, &name], |row: &Row<'_>| {
            Ok((row.get::<i64>(0)?, UnixMillis(row.get(1)?), row.get::<Option<i64>>(2)?))
        })?;
        // Removed meanwhile.
        let Some((checks, created_at, verified_at)) = state else { return Ok(()) };
        let found = match &found {
            Ok(()) if holder(tx, &name)?.is_some_and(|holder| holder != agent) => {
                Err(String::from("It leads to another agent's website here."))
            }
            found => found.clone(),
        };
        let next = match &found {
            Ok(()) => None,
            Err(_) => next_look(turn.now, created_at, checks),
        };
        let sql =
            "UPDATE domains SET checks = checks + 1, checked_at = $3, failure = $4, check_at = $5, verified_at = $6
                   WHERE agent_id = $1 AND name = $2";
        let since = match &found {
            Ok(()) => Some(verified_at.unwrap_or(turn.now.0)),
            Err(_) => verified_at,
        };
        let next = next.map(|next| next.0);
        let failure = found.as_ref().err().map(String::as_str);
        tx.execute(sql, params![&agent, &name, turn.now.0, failure, next, since])?;
        if found.is_ok() {
            let sql =
                "INSERT INTO hosts (name, agent_id, verified_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
            tx.execute(sql, params![&name, &agent, turn.now.0])?;
            if is_certified {
                certificates::want(tx, &name, turn.now)?;
            }
        }
        Ok(())
    })
    .await
}

/// When to look again: each half minute at first, when somebody waits before the page, then ever more rarely, as names spread.
fn next_look(now: UnixMillis, created_at: UnixMillis, checks: i64) -> Option<UnixMillis> {
    let wait = match checks {
        0..20 => 30,
        20..40 => 5 * 60,
        _ => 60 * 60,
    };
    let next = now.plus(Duration::from_secs(wait));
    (next < created_at.plus(PATIENCE)).then_some(next)
}

fn holder(tx: &mut Tx<'_>, name: &str) -> Result<Option<AgentId>, Error> {
    Ok(tx.query_opt("SELECT agent_id FROM hosts WHERE name = $1", params![name], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_read_as_people_give_it() {
        for (given, name) in [
            ("Sarah-Homes.com", "sarah-homes.com"),
            (" https://sarah-homes.com/listings?x ", "sarah-homes.com"),
            ("bücher.example.", "xn--bcher-kva.example"),
            ("www.sarah.co.uk", "www.sarah.co.uk"),
        ] {
            assert_eq!(parse(given, Some("office.example.com")).unwrap(), name, "{given}");
        }
        let long = format!("{}.example", "a".repeat(64));
        for given in [
            "",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "a b.example",
            "-a.example",
            "a..b",
            "a@b.example",
            "Office.example.com",
            &long,
            "x.example:8080",
        ] {
            assert!(parse(given, Some("office.example.com")).is_err(), "{given}");
        }
    }

    #[test]
    fn looks_become_rare_and_end() {
        let start = UnixMillis(1_000_000);
        let (mut now, mut checks) = (start, 0);
        while let Some(next) = next_look(now, start, checks) {
            assert!(next > now);
            (now, checks) = (next, checks + 1);
        }
        assert!(now < start.plus(PATIENCE) && (150..250).contains(&checks), "{checks}");
    }
}
