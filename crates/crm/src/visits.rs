//! Visits: how often the pages of an agent's website are looked at, by day, page and origin.
//!
//! Nothing is stored that tells one visitor from another, and nothing on the visitor's side. A look is counted in memory, and every few
//! seconds what was counted is written in one transaction, so a page costs no write. A crash loses those seconds. Several nodes add to
//! the same rows. Whether somebody was here today already is known by a hash, under a key that is drawn anew each day and kept nowhere
//! but in memory: a visitor who is served by two nodes, or before and after a restart, counts twice.

use std::{
    collections::{BTreeMap, HashSet},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::digest;
use db::{Lane, Tx, params};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{self, LeadId},
    randomness,
};

/// How often what was counted is written.
const APART: Duration = Duration::from_secs(5);
/// What is counted in memory is kept apart by quarters of an hour: every time zone's day begins with one.
const QUARTER: i64 = 15 * 60 * 1000;
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Counts held in memory; what is beyond them is not counted.
const MOST_HELD: usize = 20_000;
/// Visitors of a day that are told apart; beyond them views are counted alone.
const MOST_SEEN: usize = 500_000;
/// Rows of an agent's day, so that made-up origins fill nothing; then origins are one, at twice as many pages are, too.
const MOST_ROWS: i64 = 400;
/// What is counted beyond.
const OTHERS: &str = "other";
/// How long numbers are kept.
const KEPT_DAYS: i64 = 800;
/// Rows that are thrown away in one go.
pub(crate) const SLICE: usize = 500;
/// Leads whose origin is counted.
const MOST_LEADS: i64 = 5_000;
/// Pages and origins that are told.
const TOLD: i64 = 20;
/// The most characters of a page's path.
const LONGEST_PAGE: usize = 200;

/// Words in the names of programs that read pages for nobody.
const PROGRAMS: [&str; 22] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "fetch",
    "scan",
    "monitor",
    "headless",
    "curl",
    "wget",
    "python",
    "java/",
    "http",
    "axios",
    "okhttp",
    "go-",
    "ruby",
    "perl",
    "feed",
    "facebookexternal",
    "lighthouse",
];

/// A look at a page.
#[derive(Debug, Clone)]
pub struct Look<'a> {
    /// Whose website it is.
    pub agent: AgentId,
    /// The path of the page within the site, such as `/listings`; `/` for its home.
    pub page: &'a str,
    /// What it counts as coming from.
    pub origin: &'a str,
    /// The network address; it is not kept.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub user_agent: Option<&'a str>,
}

/// Which counter a look belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    agent: AgentId,
    quarter: i64,
    page: String,
    origin: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    views: i64,
    visitors: i64,
}

#[derive(Default)]
struct Counted {
    counts: BTreeMap<Place, Count>,
    /// The day of the hashes (UTC), their key, and those that were here.
    day: i64,
    key: [u8; 32],
    seen: HashSet<u64>,
}

/// What was counted and is not written yet.
#[derive(Default)]
pub(crate) struct Counter(Mutex<Counted>);

/// Whether a program looks that reads pages for nobody. Who does not say what they are is one.
#[must_use]
pub fn is_program(user_agent: Option<&str>) -> bool {
    let Some(name) = user_agent.map(str::to_ascii_lowercase).filter(|name| !name.trim().is_empty()) else {
        return true;
    };
    PROGRAMS.iter().any(|word| name.contains(word))
}

/// Counts a look, in memory.
pub fn saw(crm: &Crm, look: &Look<'_>) {
    if is_program(look.user_agent) {
        return;
    }
    let now = crm.clock.now().0;
    let mut counted = crm.visits.0.lock().unwrap_or_else(PoisonError::into_inner);
    let today = now.div_euclid(DAY);
    if counted.day != today {
        counted.day = today;
        counted.key = randomness::bytes(&*crm.random);
        counted.seen = HashSet::new();
    }
    let visitor = hash(&counted.key, look);
    let is_first = counted.seen.len() < MOST_SEEN && counted.seen.insert(visitor);
    let place = Place {
        agent: look.agent,
        quarter: now.div_euclid(QUARTER),
        page: look.page.chars().take(LONGEST_PAGE).collect(),
        origin: look.origin.to_owned(),
    };
    if counted.counts.len() >= MOST_HELD && !counted.counts.contains_key(&place) {
        return;
    }
    let count = counted.counts.entry(place).or_default();
    count.views += 1;
    count.visitors += i64::from(is_first);
}

fn hash(key: &[u8; 32], look: &Look<'_>) -> u64 {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(key);
    context.update(&look.agent.0);
    match look.address.to_canonical() {
        IpAddr::V4(address) => context.update(&address.octets()),
        // A household has the first half; its devices change the other.
        IpAddr::V6(address) => context.update(&address.octets()[..8]),
    }
    context.update(look.user_agent.unwrap_or_default().as_bytes());
    let digest = context.finish();
    u64::from_be_bytes(digest.as_ref()[..8].try_into().expect("SHA-256 gives 32 bytes"))
}

/// Writes what was counted. Says how many counts that were.
///
/// # Errors
/// Storage's errors; what was counted stays in memory then.
pub async fn write_down(crm: &Crm) -> Result<usize, Error> {
    let counts = {
        let mut counted = crm.visits.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut counted.counts)
    };
    if counts.is_empty() {
        return Ok(0);
    }
    let written = counts.clone();
    let written = crm.db.write_in_background("visits.write", Lane::SHARED, move |tx| write(tx, &written)).await;
    if let Err(error) = written {
        let mut counted = crm.visits.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, count) in counts {
            let held = counted.counts.entry(place).or_default();
            held.views += count.views;
            held.visitors += count.visitors;
        }
        return Err(error);
    }
    Ok(counts.len())
}

/// In the order of the key, so that two nodes never wait for each other.
fn write(tx: &mut Tx<'_>, counts: &BTreeMap<Place, Count>) -> Result<(), Error> {
    let mut by_row = BTreeMap::<(AgentId, i64, String, String), Count>::new();
    let (mut zones, mut rows) = (BTreeMap::new(), BTreeMap::new());
    for (Place { agent, quarter, page, origin }, count) in counts {
        if !zones.contains_key(agent) {
            let sql = "SELECT time_zone FROM agents WHERE id = $1";
            zones.insert(*agent, tx.query_opt(sql, params![agent], |row| row.get::<String>(0))?);
        }
        // Whoever is erased has no visits.
        let Some(Some(zone)) = zones.get(agent) else { continue };
        let day = day_of(zone, UnixMillis(quarter * QUARTER));
        let held = match rows.get(&(*agent, day)) {
            Some(held) => *held,
            None => {
                let sql = "SELECT COUNT(*) FROM visits WHERE agent_id = $1 AND day = $2";
                tx.query_one(sql, params![agent, day], |row| row.get::<i64>(0))?
            }
        };
        let page = if held >= 2 * MOST_ROWS { OTHERS } else { page };
        let origin = if held >= MOST_ROWS { OTHERS } else { origin };
        let row = by_row.entry((*agent, day, page.to_owned(), origin.to_owned())).or_default();
        rows.insert((*agent, day), held + i64::from(row.views == 0));
        row.views += count.views;
        row.visitors += count.visitors;
    }
    for ((agent, day, page, origin), Count { views, visitors }) in &by_row {
        tx.execute(
            "INSERT INTO visits (agent_id, day, page, origin, views, visitors) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (agent_id, day, page, origin)
             DO UPDATE SET views = visits.views + excluded.views, visitors = visits.visitors + excluded.visitors",
            params![agent, *day, page, origin, *views, *visitors],
        )?;
    }
    Ok(())
}

/// The day of an instant in a time zone, since 1970-01-01.
fn day_of(zone: &str, at: UnixMillis) -> i64 {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let date = zone.to_datetime(Timestamp::from_millisecond(at.0).unwrap_or_default()).date();
    Date::new(1970, 1, 1).ok().and_then(|first| first.until(date).ok()).map_or(0, |span| i64::from(span.get_days()))
}

/// Writes every few seconds what was counted, until `stopped`, and then once more.
pub async fn run(crm: Crm, stopped: impl Future<Output = ()> + Send) {
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let is_over = tokio::select! {
            () = &mut stopped => true,
            () = tokio::time::sleep(APART) => false,
        };
        if let Err(error) = write_down(&crm).await {
            tracing::warn!(%error, "visits are written later");
        }
        if is_over {
            return;
        }
    }
}

/// Views and visitors of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Visited {
    /// Pages looked at.
    pub views: i64,
    /// Visitors, each counted once a day.
    pub visitors: i64,
    /// Leads that came of it; junk is none.
    pub leads: i64,
}

/// The numbers of some days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Each day with its numbers, the oldest first; days without any are there.
    pub days: Vec<(Date, Visited)>,
    /// By page, the most looked at first.
    pub pages: Vec<(String, Visited)>,
    /// By origin, that with the most visitors first.
    pub origins: Vec<(String, Visited)>,
    /// All of it.
    pub all: Visited,
}

/// The numbers of the last so many days, today included. `slug` is the agent's, as it stands in the addresses of pages.
///
/// # Errors
/// Storage's errors.
pub async fn read(crm: &Crm, agent: AgentId, slug: &str, days: u32) -> Result<Numbers, Error> {
    let (now, base) = (crm.clock.now(), format!("/a/{slug}"));
    crm.db
        .read("visits.read", move |tx| {
            let sql = "SELECT time_zone FROM agents WHERE id = $1";
            let zone = tx.query_opt(sql, params![&agent], |row| row.get::<String>(0))?.ok_or(Error::NotFound)?;
            let today = day_of(&zone, now);
            let first = today - i64::from(days) + 1;
            let mut numbers = Numbers::default();
            let mut by_day = BTreeMap::<i64, Visited>::new();
            let sql = "SELECT day, CAST(SUM(views) AS BIGINT), CAST(SUM(visitors) AS BIGINT) FROM visits
                       WHERE agent_id = $1 AND day >= $2 GROUP BY day";
            for (day, views, visitors) in
                tx.query(sql, params![&agent, first], |row| Ok((row.get::<i64>(0)?, row.get(1)?, row.get(2)?)))?
            {
                by_day.insert(day, Visited { views, visitors, leads: 0 });
            }
            let told = |row: &db::Row<'_>| {
                Ok((row.get::<String>(0)?, Visited { views: row.get(1)?, visitors: row.get(2)?, leads: 0 }))
            };
            let sql = "SELECT page, CAST(SUM(views) AS BIGINT), CAST(SUM(visitors) AS BIGINT) FROM visits
                       WHERE agent_id = $1 AND day >= $2 GROUP BY page ORDER BY SUM(views) DESC, page LIMIT $3";
            numbers.pages = tx.query(sql, params![&agent, first, TOLD], told)?;
            let sql = "SELECT origin, CAST(SUM(views) AS BIGINT), CAST(SUM(visitors) AS BIGINT) FROM visits
                       WHERE agent_id = $1 AND day >= $2 GROUP BY origin ORDER BY SUM(visitors) DESC, origin LIMIT $3";
            numbers.origins = tx.query(sql, params![&agent, first, TOLD], told)?;
            for lead in leads(tx, agent, now, days)? {
                let day = day_of(&zone, lead.at);
                if day < first {
                    continue;
                }
                by_day.entry(day).or_default().leads += 1;
                let page = lead.page.as_deref().map_or(OTHERS, |page| page_of(page, &base));
                for (list, name) in [(&mut numbers.pages, page), (&mut numbers.origins, lead.origin.as_str())] {
                    match list.iter_mut().find(|(of, _)| of == name) {
                        Some((_, count)) => count.leads += 1,
                        None => list.push((name.to_owned(), Visited { leads: 1, ..Visited::default() })),
                    }
                }
            }
            let begin = Date::new(1970, 1, 1).expect("a date");
            for day in first..=today {
                let count = by_day.get(&day).copied().unwrap_or_default();
                numbers.all.views += count.views;
                numbers.all.visitors += count.visitors;
                numbers.all.leads += count.leads;
                let date = begin.checked_add(jiff::Span::new().days(day)).unwrap_or(begin);
                numbers.days.push((date, count));
            }
            Ok(numbers)
        })
        .await
}

/// A lead of the website's.
struct Came {
    at: UnixMillis,
    page: Option<String>,
    origin: String,
}

fn leads(tx: &mut Tx<'_>, agent: AgentId, now: UnixMillis, days: u32) -> Result<Vec<Came>, Error> {
    // A day more: the first one may begin earlier in the agent's zone.
    let since = ids::floor(UnixMillis(now.0 - (i64::from(days) + 1) * DAY));
    let sql = "SELECT lead_id, page, origin FROM website_inquiries WHERE agent_id = $1 AND lead_id >= $2 AND standing <> 3 AND is_held = 0
               ORDER BY lead_id DESC LIMIT $3";
    let came = tx.query(sql, params![&agent, &since, MOST_LEADS], |row| {
        Ok(Came { at: row.get::<LeadId>(0)?.created_at(), page: row.get(1)?, origin: row.get(2)? })
    })?;
    Ok(came)
}

/// The path within the site of a page that an inquiry names; of another site's page, that it is one.
fn page_of<'a>(page: &'a str, base: &str) -> &'a str {
    let path = page.split(['?', '#']).next().unwrap_or_default();
    match path.strip_prefix(base) {
        Some("" | "/") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => OTHERS,
    }
}

/// Throws away numbers that are past their time, [`SLICE`] rows at most. Says how many.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let before = crm.clock.now().0.div_euclid(DAY) - KEPT_DAYS;
    crm.db
        .write_in_background("visits.prune", Lane::SHARED, move |tx| {
            let gone = tx.execute(
                "DELETE FROM visits WHERE (agent_id, day, page, origin) IN
                     (SELECT agent_id, day, page, origin FROM visits WHERE day < $1 ORDER BY day LIMIT $2) AND day < $1",
                params![before, SLICE as i64],
            )?;
            Ok(usize::try_from(gone).unwrap_or(usize::MAX))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_browsers() {
        for browser in [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ] {
            assert!(!is_program(Some(browser)), "{browser}");
        }
        for program in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "curl/8.5.0",
            "facebookexternalhit/1.1",
            "python-requests/2.32",
            "Go-http-client/2.0",
            "  ",
        ] {
            assert!(is_program(Some(program)), "{program}");
        }
        assert!(is_program(None));
    }

    #[test]
    fn a_day_is_that_of_the_agents_zone() {
        // 2026-03-08, 06:30 UTC: still the night to the 8th in New York, half past midnight is past.
        let at = UnixMillis(1_772_951_400_000);
        assert_eq!(day_of("UTC", at), day_of("America/New_York", at));
        assert_eq!(day_of("America/Los_Angeles", at), day_of("UTC", at) - 1);
        assert_eq!(day_of("nowhere", at), day_of("UTC", at));
    }

    #[test]
    fn a_page_is_named_by_its_path_within_the_site() {
        for (page, path) in [
            ("/a/sarah", "/"),
            ("/a/sarah/", "/"),
            ("/a/sarah/listings/lst_1?utm_source=x", "/listings/lst_1"),
            ("/a/sarah-2/listings", OTHERS),
            ("https://www.example.com/contact", OTHERS),
        ] {
            assert_eq!(page_of(page, "/a/sarah"), path, "{page}");
        }
    }
}
