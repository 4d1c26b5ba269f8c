//! The demo's sample data: what happened in an agent's last weeks, step by step, told in the API's own words.
//!
//! Each step runs through the use case that serves the API, at its own time: ids and events carry the time of the step, so the
//! steps run oldest first, on a clock that is set for each.

use std::{
    collections::HashMap,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use crm::{
    AgentId, Crm, Error, Settings, agents,
    agents::NewAgent,
    clients::{self, ClientChange, NewClient},
    clock::{Clock, UnixMillis},
    guides,
    leads::{self, LeadChange, NewLead},
    listings::{self, ListingChange, NewListing},
    notes::{self, About, NewNote},
    showing_rules::{self, TypedRules},
    showings::{self, NewShowing, ShowingChange},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{guides as sample, website};
use crate::machine::MachineRandomness;

const STEPS: &str = include_str!("sample.jsonl");

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Miami's distance from UTC in winter. That it is another in summer, nobody minds in sample data.
const LOCAL: i64 = -5 * HOUR;

/// How long before the first step the agent was made.
const BEFORE: i64 = 61 * DAY;

/// A line of the sample.
#[derive(Deserialize)]
struct Step {
    /// When, from now: `-34d 09:12` (a day, and a time on it) or `-70m`.
    at: String,
    /// `leads`, `guides/leads`, `clients`, `listings`, `listings/$name/showing-rules`, `showings`, `leads/$name/notes`, `clients/$name/notes`.
    post: Option<String>,
    /// `leads/$name` and so on.
    patch: Option<String>,
    /// The name by which later steps mean the record.
    #[serde(rename = "as")]
    name: Option<String>,
    /// As the API takes it; `$name` is an id, `@+2d 10:00` a time.
    body: Map<String, Value>,
}

/// A clock that is set, for what happened earlier.
struct SetClock {
    now: AtomicI64,
}

impl Clock for SetClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// Makes the agent, and everything that happened since, as of now.
///
/// # Errors
/// Storage's errors.
pub(super) async fn seed(crm: &Crm, agent: NewAgent) -> Result<AgentId, Error> {
    let now = crm.clock().now().0;
    let clock = Arc::new(SetClock { now: AtomicI64::new(now - BEFORE) });
    let settings = Settings { rate_limit: crm.rate_limit(), ..Settings::default() };
    let (database, keyring) = (crm.database().clone(), crm.keyring().clone());
    let then = Crm::new(database, Arc::<SetClock>::clone(&clock), Arc::new(MachineRandomness), keyring, &settings);
    let agent = agents::create(&then, agent).await?.id;
    let mut steps =
        STEPS.lines().map(|line| serde_json::from_str::<Step>(line).expect("the sample is JSON")).collect::<Vec<_>>();
    let at = |step: &Step| time(&step.at, now).expect("the sample's times are right");
    steps.sort_by_key(at);
    let mut names = HashMap::new();
    sample::seed(&then, agent).await?;
    for step in steps {
        clock.now.store(at(&step), Ordering::Relaxed);
        run(&then, agent, step, now, &mut names).await?;
    }
    website::seed(&then, agent, &names, UnixMillis(now)).await?;
    Ok(agent)
}

async fn run(
    crm: &Crm,
    agent: AgentId,
    step: Step,
    now: i64,
    names: &mut HashMap<String, String>,
) -> Result<(), Error> {
    let body = resolve(step.body, now, names);
    let path = step.post.as_ref().or(step.patch.as_ref()).expect("a step posts or patches");
    let parts: Vec<String> = path.split('/').map(|part| named(part, names)).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let made = match (&parts[..], step.post.is_some()) {
        (["guides", "leads"], _) => {
            let asked = guides::ask(crm, agent, sample::SLUG, NewLead::read(&body)?, None).await?.value;
            guides::record_download(crm, agent, sample::SLUG).await?;
            asked.lead.to_string()
        }
        (["leads"], _) => leads::create(crm, agent, NewLead::read(&body)?, None).await?.value.id.to_string(),
        (["clients"], _) => clients::create(crm, agent, NewClient::read(&body)?, None).await?.value.id.to_string(),
        (["listings"], _) => listings::create(crm, agent, NewListing::read(&body)?, None).await?.value.id.to_string(),
        (["listings", id, "showing-rules"], _) => {
            let text = |name| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let words = |name| body.get(name).and_then(Value::as_array).into_iter().flatten();
            let rules = TypedRules {
                status: text("status"),
                requirements: words("requirements").filter_map(Value::as_str).map(str::to_owned).collect(),
                contact_name: text("contactName"),
                contact_phone: text("contactPhone"),
                contact_type: text("contactType"),
                lock_box_type: text("lockBoxType"),
                ..TypedRules::default()
            };
            let id = parsed(id);
            showing_rules::replace(crm, agent, id, &rules).await?;
            id.to_string()
        }
        (["showings"], _) => showings::create(crm, agent, NewShowing::read(&body)?, None).await?.value.id.to_string(),
        ([noun, id, "notes"], _) => {
            let about = match *noun {
                "leads" => About::Lead(parsed(id)),
                _ => About::Client(parsed(id)),
            };
            notes::create(crm, agent, about, NewNote::read(&body)?, None).await?.value.id.to_string()
        }
        (["leads", id], false) => {
            leads::update(crm, agent, parsed(id), LeadChange::read(&body)?, |_| true).await?.id.to_string()
        }
        (["clients", id], false) => {
            clients::update(crm, agent, parsed(id), ClientChange::read(&body)?, |_| true).await?.id.to_string()
        }
        (["listings", id], false) => {
            listings::update(crm, agent, parsed(id), ListingChange::read(&body)?, |_| true).await?.id.to_string()
        }
        (["showings", id], false) => {
            showings::update(crm, agent, parsed(id), ShowingChange::read(&body)?, |_| true).await?.id.to_string()
        }
        _ => unreachable!("the sample asks for {path}"),
    };
    names.extend(step.name.map(|name| (name, made)));
    Ok(())
}

fn parsed<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| unreachable!("a name of the sample stands for a record of another kind"))
}

/// The text, or the id that `$name` stands for.
fn named(text: &str, names: &HashMap<String, String>) -> String {
    match text.strip_prefix('$') {
        Some(name) => names.get(name).unwrap_or_else(|| unreachable!("{name} is used before it is made")).clone(),
        None => text.to_owned(),
    }
}

/// The body with its ids and times filled in.
fn resolve(body: Map<String, Value>, now: i64, names: &HashMap<String, String>) -> Map<String, Value> {
    let value = |value: Value| resolve_value(value, now, names);
    body.into_iter().map(|(field, held)| (field, value(held))).collect()
}

fn resolve_value(value: Value, now: i64, names: &HashMap<String, String>) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| resolve_value(item, now, names)).collect(),
        Value::String(text) => match text.strip_prefix('@').and_then(|text| time(text, now)) {
            Some(millis) => Value::String(UnixMillis(millis).to_rfc3339()),
            None => Value::String(named(&text, names)),
        },
        other => other,
    }
}

/// `-34d 09:12` is that time of the day 34 days ago, `-5h` and `-70m` are from now on the minute.
fn time(text: &str, now: i64) -> Option<i64> {
    if let Some((days, time)) = text.split_once("d ") {
        let (hours, minutes) = time.split_once(':')?;
        let (days, hours, minutes) =
            (days.parse::<i64>().ok()?, hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
        let today = (now + LOCAL).div_euclid(DAY) * DAY - LOCAL;
        return Some(today + days * DAY + hours * HOUR + minutes * MINUTE);
    }
    let unit = if text.ends_with('h') { HOUR } else { MINUTE };
    text.strip_suffix(['h', 'm'])?.parse::<i64>().ok().map(|count| now + count * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T15:00:00Z, ten in the morning in Miami.
    const NOW: i64 = 1_795_446_000_000;

    #[test]
    fn times_are_from_today_and_from_now() {
        let at = |text: &str| UnixMillis(time(text, NOW).unwrap()).to_rfc3339();
        assert_eq!(at("-1d 16:42"), "2026-11-22T21:42:00.000Z");
        assert_eq!(at("+2d 10:00"), "2026-11-25T15:00:00.000Z");
        assert_eq!(at("-70m"), "2026-11-23T13:50:00.000Z");
        assert_eq!(at("-5h"), "2026-11-23T10:00:00.000Z");
        assert_eq!(time("yesterday", NOW), None);
    }

    #[test]
    fn whatever_the_hour_no_step_is_in_the_future_and_none_before_what_it_needs() {
        for hour in 0..24 {
            let now = NOW + hour * HOUR + 59 * MINUTE;
            let mut steps: Vec<Step> = STEPS.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            steps.sort_by_key(|step| time(&step.at, now).unwrap());
            let mut made = std::collections::HashSet::new();
            for step in steps {
                let at = time(&step.at, now).unwrap();
                assert!(now - BEFORE < at && at < now, "{}", step.at);
                let text = format!("{} {}", step.post.or(step.patch).unwrap(), Value::Object(step.body));
                for name in text.split('$').skip(1).map(|rest| rest.split(['/', '"', ' ']).next().unwrap()) {
                    assert!(made.contains(name), "{name} is used before it is made");
                }
                made.extend(step.name);
            }
        }
    }
}
