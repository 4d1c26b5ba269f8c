//! The dashboard's pages as a browser gets them, with little data and with much, in turn.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Instant,
};

use serde_json::{Value, json};

use super::{Bench, Engine, installation::Installation};
use crate::{
    histogram::Histogram,
    load::{self, Line, Measured, Span},
    machine::millis,
    process::Server,
    report::Row,
    requests::{self, Records, Shared},
    say,
};

const PASSWORD: &str = "three green doors and a lamp";
/// How much longer a page may take with much data than with little.
const MOST: f64 = 1.5;
/// What a page is asked for before it is timed.
const WARM_UP: usize = 5;

/// A product with so much data of one agent who is signed in.
struct Side {
    leads: usize,
    clients: usize,
    product: Server,
    cookie: String,
    /// Every page: what it is, and where.
    pages: Vec<(&'static str, String)>,
}

/// Both sizes are installations of their own that run at once, so that no page is measured at another time than its counterpart.
pub fn run(bench: &mut Bench, engine: Engine) -> Result<(), String> {
    let (most, rounds) = if bench.is_quick { ((20_000, 2_000), 60) } else { ((200_000, 20_000), 300) };
    let sides = [(2_000, 200), most];
    let sides = sides.into_iter().map(|(leads, clients)| Side::new(bench, engine, leads, clients));
    let sides = sides.collect::<Result<Vec<_>, _>>()?;
    let mut worst = (0.0, "");
    for place in 0..sides[0].pages.len() {
        let what = sides[0].pages[place].0;
        let (measured, shown) = measure(&sides, place, rounds)?;
        let median = |side: usize| millis(measured[side].latencies.quantile(0.5));
        let ratio = median(1) / median(0);
        say(&format!("{}: {what}: {:.2} and {:.2} ms, {ratio:.2} times", engine.name(), median(0), median(1)));
        // How many mails there are is a matter of when they were due, not of how many leads came.
        if shown[0] != shown[1] && what != "outbox" {
            let (little, much) = (shown[0], shown[1]);
            bench.promise(format!("{what} shows as many rows with little as with much: {little} and {much}"), false);
        }
        if ratio > worst.0 {
            worst = (ratio, what);
        }
        if ratio > MOST {
            let missed =
                format!("{what} on {} takes at most {MOST} times as long with much: {ratio:.2}", engine.name());
            bench.promise(missed, false);
        }
        for (side, measured) in sides.iter().zip(measured) {
            let is_more = side.leads != sides[0].leads;
            bench.add(Row {
                engine: engine.name(),
                what: format!("page: {what}, {} leads, {} clients", side.leads, side.clients),
                measured,
                floor: None,
                processor: 0.0,
                memory: side.product.peak_memory(),
                note: if is_more { format!("{ratio:.2} times the row above, at p50") } else { String::new() },
            });
        }
    }
    let (ratio, what) = worst;
    let (name, leads) = (engine.name(), most.0);
    let promised =
        format!("every page on {name} at {leads} leads takes at most {MOST} times that at 2000: {ratio:.2} ({what})");
    bench.promise(promised, ratio <= MOST);
    sides.into_iter().try_for_each(|side| side.product.stop())
}

/// Gets one page of both sides in turn, one at a time; also how many rows each shows.
fn measure(sides: &[Side], place: usize, rounds: usize) -> Result<(Vec<Measured>, [usize; 2]), String> {
    let mut latencies = [Histogram::default(), Histogram::default()];
    let mut measured = [Measured::default(), Measured::default()];
    let mut shown = [0, 0];
    let mut open = sides.iter().map(|side| load::Visitor::open(side.product.address)).collect::<Result<Vec<_>, _>>()?;
    for round in 0..WARM_UP + rounds {
        for (at, side) in sides.iter().enumerate() {
            let (what, target) = &side.pages[place];
            let request = requests::page(target, &side.cookie);
            let sent = Instant::now();
            let answer = open[at].ask(&request, 200).map_err(|error| format!("{what}: {error}"))?;
            let took = sent.elapsed();
            if round < WARM_UP {
                shown[at] = rows(&answer);
            } else {
                latencies[at].record(took);
                measured[at].elapsed += took;
                measured[at].count += 1;
            }
        }
    }
    let both = measured.into_iter().zip(latencies);
    Ok((both.map(|(measured, latencies)| Measured { latencies, ..measured }).collect(), shown))
}

/// How many rows a page has: of tables, and of lists.
fn rows(page: &str) -> usize {
    page.matches("<tr").count() + page.matches("<li").count()
}

impl Side {
    fn new(bench: &mut Bench, engine: Engine, leads: usize, clients: usize) -> Result<Self, String> {
        let installation = Installation::new(bench, engine, &format!("pages{leads}"))?;
        let product = installation.serve_sending()?;
        let (email, key) = installation.agent_with(PASSWORD)?;
        // All that is created is for a webhook that is disabled, so that its log is as long as the lists.
        let new = json!({"url": "http://127.0.0.1:9/", "events": ["lead.created"]}).to_string();
        let webhook = text(&post(&product, "/api/v1/webhooks", &key, &new)?, "id")?;
        let disable = json!({"enabled": false}).to_string();
        let path = format!("/api/v1/webhooks/{webhook}");
        let _ = load::ask(product.address, &requests::with_body("PATCH", &path, &key, &disable), 200)?;
        fill(bench, &product, "/api/v1/leads", &key, leads, |number| {
            let (name, source) =
                (name(number), ["zillow", "referral", "website", "open house", "walk-in"][number as usize % 5]);
            json!({"name": name, "email": format!("lead.{number:07}@example.com"), "phone": format!("555{number:07}"), "source": source,
                   "notes": "Interested in 3BR homes"})
        })?;
        fill(
            bench,
            &product,
            "/api/v1/clients",
            &key,
            clients,
            |number| json!({"name": name(number), "email": format!("client.{number:07}@example.com"), "phone": format!("666{number:07}")}),
        )?;
        // Some of them are further on.
        let stages = ["Touring", "Closed", "Valuation"];
        change(bench, &product, &key, "leads", leads, 3, |_| json!({"status": "contacted"}))?;
        change(
            bench,
            &product,
            &key,
            "clients",
            clients,
            2,
            |number| json!({"buyingStage": stages[number % stages.len()]}),
        )?;
        product.settle();
        let cookie = sign_in(&product, &email)?;
        let mut side = Self { leads, clients, product, cookie, pages: Vec::new() };
        side.pages = side.list(&key, &webhook)?;
        Ok(side)
    }

    fn list(&self, key: &str, webhook: &str) -> Result<Vec<(&'static str, String)>, String> {
        let first = |list: &str, query: &str| {
            let page = self.read(&format!("/api/v1/{list}?limit=1&{query}"), key)?;
            Ok::<_, String>((text(&page[list][0], "id")?, text(&page, "nextCursor").unwrap_or_default()))
        };
        let (lead, _) = first("leads", "")?;
        let (client, _) = first("clients", "")?;
        let (_, halfway) = first("leads", &format!("offset={}", self.leads / 2))?;
        let stages = self.read("/api/v1/stages", key)?;
        let searching =
            stages["stages"].as_array().and_then(|stages| stages.iter().find(|stage| stage["name"] == "Searching"));
        let searching = text(searching.ok_or("there is no stage Searching")?, "id")?;
        let leads = |query: &str| format!("/dashboard/leads?{query}");
        let clients = |query: &str| format!("/dashboard/clients?{query}");
        Ok(vec![
            ("Today", String::from("/dashboard")),
            ("leads", leads("")),
            ("leads, halfway down", leads(&format!("after={halfway}"))),
            ("leads, oldest first", leads("sort=createdAt")),
            ("leads, last changed first", leads("sort=-updatedAt")),
            ("leads of a status", leads("status=contacted")),
            ("leads of a source", leads("source=referral")),
            ("leads of a status and a source", leads("status=contacted&source=zillow")),
            ("leads since a day", leads("from=2020-01-01")),
            ("leads until a day, last changed first", leads("to=2099-01-01&sort=-updatedAt")),
            ("leads by a name that many have", leads("q=smith")),
            ("leads by the beginning of a name", leads("q=smi")),
            ("leads by one address", leads("q=lead.0000123@example.com")),
            ("leads by a phone number", leads("q=5550000123")),
            ("leads by a name and a status", leads("q=smith&status=contacted")),
            ("leads by a word that nobody has", leads("q=zzyzx")),
            ("clients", clients("")),
            ("clients of a stage", clients(&format!("stage={searching}"))),
            ("clients by a name that many have", clients("q=smith")),
            ("clients by one address", clients("q=client.0000123@example.com")),
            ("board", String::from("/dashboard/clients/board")),
            ("board of the sellers", String::from("/dashboard/clients/board?pipeline=seller")),
            ("a lead", format!("/dashboard/leads/{lead}")),
            ("a client", format!("/dashboard/clients/{client}")),
            ("notifications", String::from("/dashboard/settings/notifications")),
            ("outbox", String::from("/dashboard/outbox")),
            ("stages", String::from("/dashboard/settings/stages")),
            ("keys and webhooks", String::from("/dashboard/settings/api")),
            ("a webhook with its log", format!("/dashboard/settings/api/webhooks/{webhook}")),
        ])
    }

    fn read(&self, target: &str, key: &str) -> Result<Value, String> {
        read(&self.product, target, key)
    }
}

/// Names in which some words stand often, and others never again.
fn name(number: u64) -> String {
    let first = ["John", "Jane", "Ada", "Bo", "Chidi", "Dana", "Eve"][number as usize % 7];
    let last = ["Smith", "Jones", "Garcia", "Nguyen"][number as usize / 7 % 4];
    format!("{first} {last} {}", ["North", "South", "East"][number as usize / 28 % 3])
}

/// Creates so many records, over all connections.
fn fill(
    bench: &Bench,
    product: &Server,
    path: &'static str,
    key: &str,
    count: usize,
    record: fn(u64) -> Value,
) -> Result<(), String> {
    let next = Arc::new(AtomicU64::new(0));
    let line = |_| {
        let records = Records::new(path, key, count as u64, &next, record);
        (product.address, Box::new(records) as Box<_>)
    };
    let lines: Vec<Line> = (0..bench.connections).map(line).collect();
    bench.measure(&format!("filling {path} with {count}"), &[product], lines, Span::ToTheEnd).map(drop)
}

/// Changes one record of `every`, whichever they are.
fn change(
    bench: &Bench,
    product: &Server,
    key: &str,
    list: &str,
    count: usize,
    every: usize,
    body: impl Fn(usize) -> Value,
) -> Result<(), String> {
    let (mut changes, mut cursor) = (Vec::new(), String::new());
    for _ in 0..count.div_ceil(100) {
        let page = read(product, &format!("/api/v1/{list}?limit=100{cursor}"), key)?;
        for record in page[list].as_array().ok_or("no list")?.iter().step_by(every) {
            let path = format!("/api/v1/{list}/{}", text(record, "id")?);
            changes.push((requests::with_body("PATCH", &path, key, &body(changes.len()).to_string()), 200));
        }
        cursor = text(&page, "nextCursor").map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    let (changes, next): (Arc<[_]>, _) = (changes.into(), Arc::default());
    let line = |_| (product.address, Box::new(Shared::new(&changes, &next, 1)) as Box<_>);
    let lines: Vec<Line> = (0..bench.connections).map(line).collect();
    bench.measure(&format!("changing {list}"), &[product], lines, Span::ToTheEnd).map(drop)
}

/// Signs in by the form; the session's cookie.
fn sign_in(product: &Server, email: &str) -> Result<String, String> {
    let mut visitor = load::Visitor::open(product.address)?;
    let escaped = |text: &str| text.replace('@', "%40").replace(' ', "+");
    let body = format!("email={}&password={}", escaped(email), escaped(PASSWORD));
    let answer = visitor.ask(&requests::form("/login", &body), 303)?;
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
    cookie.map(str::to_owned).ok_or_else(|| format!("no cookie: {answer}"))
}

fn read(product: &Server, target: &str, key: &str) -> Result<Value, String> {
    let answer = load::ask(product.address, &requests::get(target, key), 200)?;
    serde_json::from_slice(&answer).map_err(|error| error.to_string())
}

fn post(product: &Server, target: &str, key: &str, body: &str) -> Result<Value, String> {
    let answer = load::ask(product.address, &requests::with_body("POST", target, key, body), 201)?;
    serde_json::from_slice(&answer).map_err(|error| error.to_string())
}

fn text(record: &Value, field: &str) -> Result<String, String> {
    record[field].as_str().map(str::to_owned).ok_or_else(|| format!("no {field}: {record}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_tables_and_lists() {
        assert_eq!(rows("<table><tr><td>a</td></tr><tr></tr></table><ul><li class=\"x\">b</li></ul>"), 3);
    }
}
