//! The other sites on which an agent's forms stand: only there can the form be framed, and only back there leads what it says to return to.

use db::{Tx, params};

use crate::{AgentId, Crm, Error};

/// The most of them.
pub const MOST: usize = 20;
/// The most characters of one.
const LONGEST: usize = 300;

/// The origins of an agent's other sites, such as `https://www.example.com`.
///
/// # Errors
/// Storage's errors.
pub async fn other_sites(crm: &Crm, agent: AgentId) -> Result<Vec<String>, Error> {
    crm.db.read("website_forms.read", move |tx| find(tx, agent)).await
}

fn find(tx: &mut Tx<'_>, agent: AgentId) -> Result<Vec<String>, Error> {
    let sql = "SELECT origins FROM website_forms WHERE agent_id = $1";
    let origins = tx.query_opt(sql, params![&agent], |row| row.get::<String>(0))?.unwrap_or_default();
    Ok(origins.lines().map(str::to_owned).collect())
}

/// Sets them, as they were typed: one a line, an address of any page of each.
///
/// # Errors
/// [`Error::Invalid`] for `origins`, which names the line; storage's errors.
pub async fn set_other_sites(crm: &Crm, agent: AgentId, typed: &str) -> Result<(), Error> {
    let mut origins = Vec::<String>::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let origin = origin_of(line).ok_or_else(|| {
            let shown = line.chars().take(80).collect::<String>();
            Error::invalid("origins", format!("has “{shown}”, which is no address such as https://www.example.com"))
        })?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if origins.len() > MOST {
        return Err(Error::invalid("origins", format!("may have {MOST} lines")));
    }
    crm.change("website_forms.set", agent, move |tx, turn| {
        let sql = "INSERT INTO website_forms (agent_id, origins) VALUES ($1, $2)
                   ON CONFLICT (agent_id) DO UPDATE SET origins = excluded.origins";
        tx.execute(sql, params![&turn.agent, &origins.join("\n")])?;
        Ok(())
    })
    .await
}

/// Whether an address, or an origin as browsers send it, is one of these sites'.
#[must_use]
pub fn is_of_other_site(sites: &[String], address: &str) -> bool {
    origin_of(address).is_some_and(|origin| sites.contains(&origin))
}

/// Scheme, host and port of an address (RFC 6454, section 4), as browsers write them. What a policy of theirs would read as more than one
/// host, or as a word of its own, is none.
fn origin_of(address: &str) -> Option<String> {
    if address.len() > LONGEST || address.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return None;
    }
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let (scheme, usual) = match scheme.to_ascii_lowercase().as_str() {
        "https" => ("https", "443"),
        "http" => ("http", "80"),
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let host = host.to_ascii_lowercase();
    let is_host = (host.contains('.') || host == "localhost")
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    let port = match port {
        None => None,
        Some(port) => Some(port.parse::<u16>().ok().filter(|port| *port > 0)?.to_string()),
    };
    let port = port.filter(|port| port != usual).map(|port| format!(":{port}")).unwrap_or_default();
    is_host.then(|| format!("{scheme}://{host}{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_from_any_address_of_a_site() {
        for (address, origin) in [
            ("https://www.Example.com/contact?x=1", Some("https://www.example.com")),
            ("example.com", Some("https://example.com")),
            ("http://example.com:80", Some("http://example.com")),
            ("https://example.com:8443/", Some("https://example.com:8443")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("javascript:alert(1)", None),
            ("javascript://example.com/%0aalert(1)", None),
            ("https://*.example.com", None),
            ("*", None),
            ("'self'", None),
            ("https://example.com;script-src *", None),
            ("https://user@example.com", None),
            ("https://example.com:0", None),
            ("https://example.com:99999", None),
            ("https://ex ample.com", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(origin_of(address).as_deref(), origin, "{address}");
        }
        let sites = [String::from("https://example.com")];
        assert!(is_of_other_site(&sites, "https://example.com/thanks"));
        for other in [
            "https://example.com.evil.example/",
            "http://example.com",
            "https://evil.example/?https://example.com",
            "//example.com",
            "/thanks",
        ] {
            assert!(!is_of_other_site(&sites, other), "{other}");
        }
    }
}
