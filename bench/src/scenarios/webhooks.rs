//! Sending webhooks to a local sink.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    Bench, Engine, Floor,
    create::created,
    creates,
    installation::{Installation, fill},
};
use crate::{
    clock::monotonic,
    dead::Dead,
    histogram::Histogram,
    load::{self, Measured, Moment},
    machine::millis,
    open_loop::{self, Created},
    poster,
    process::{self, Server},
    report::Row,
    requests::{self, Person},
    say,
    sink::{Sink, within},
};

const POSTED: &str = "reqwest posts the same bytes to the sink";
const CREATED: &str = "parse and answer a create, 32 connections";

/// All about sending.
pub fn run(bench: &mut Bench, engine: Engine) -> Result<(), String> {
    backlog(bench, engine)?;
    let installation = Installation::new(bench, engine, "deliveries")?;
    let place = Place::new(bench, &installation)?;
    at_once(bench, engine, &place)?;
    for rate in [100, 250, 500] {
        let measured = place.follow(bench, rate, &place.keys(), &format!("{rate} creates/s, one webhook"))?;
        let (p50, p99) = (measured.quantile(0.5), measured.quantile(0.99));
        let acknowledged = millis(measured.since_acknowledged.quantile(0.99));
        if engine == Engine::Sqlite {
            bench.promise(
                format!("webhook received at {rate} creates/s: p50 {p50:.2} (at most 3), p99 {p99:.2} (at most 8) ms"),
                p50 <= 3.0 && p99 <= 8.0,
            );
            bench.promise(
                format!("webhook received at {rate} creates/s: p99 {acknowledged:.2} (at most 3) ms after the answer"),
                acknowledged <= 3.0,
            );
        }
        bench.add(measured.row(engine, &place));
    }
    place.product.stop()?;
    beside_dead_ones(bench, engine)?;
    match bench.log {
        Some(count) => with_a_log(bench, engine, count),
        None => Ok(()),
    }
}

/// A running product with an agent that has one webhook, and the sink that it goes to.
struct Place {
    sink: Sink,
    product: Server,
    key: String,
    webhook: String,
}

impl Place {
    fn new(bench: &Bench, installation: &Installation) -> Result<Self, String> {
        let (sink, product) = (Sink::start(&bench.folder)?, installation.serve_sending()?);
        let key = installation.key()?;
        let webhook = register(&product, &key, &sink.url())?;
        Ok(Self { sink, product, key, webhook })
    }

    fn keys(&self) -> [String; 1] {
        [self.key.clone()]
    }

    fn path(&self) -> String {
        format!("/api/v1/webhooks/{}", self.webhook)
    }

    fn enable(&self, is_enabled: bool) -> Result<(), String> {
        let body = json!({"enabled": is_enabled}).to_string();
        load::ask(self.product.address, &requests::with_body("PATCH", &self.path(), &self.key, &body), 200).map(drop)
    }

    /// Waits until every delivery is in the log.
    fn wait_until_recorded(&self) -> Result<(), String> {
        let mut health = Value::Null;
        for _ in 0..1_500 {
            let details = read(self.product.address, &self.path(), &self.key)?;
            health = details["health"].clone();
            if health["pending"] == 0 && health["held"] == 0 {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("the queue does not become empty: {health}"))
    }

    /// Sends `count` held deliveries: what came to the sink, and the processor time of each in microseconds.
    fn send_backlog(&self, bench: &Bench, count: usize) -> Result<(Measured, f64, String), String> {
        self.wait_until_recorded()?;
        self.enable(false)?;
        fill(bench, &self.product, &self.key, count)?;
        let (had, before, from) = (self.sink.count()?, self.product.processor_time(), monotonic());
        self.enable(true)?;
        self.sink.wait_for(had + count)?;
        self.wait_until_recorded()?;
        let processor = self.product.processor_time().saturating_sub(before).as_secs_f64() * 1e6 / count as f64;
        let arrivals = self.sink.since(had)?;
        let leads: HashSet<u64> = arrivals.iter().map(|arrival| arrival.lead).collect();
        if leads.len() != count {
            return Err(format!("{} leads of {count} came to the sink", leads.len()));
        }
        let to = arrivals.iter().map(|arrival| arrival.at).max().unwrap_or(from);
        let mut measured = within(&arrivals, from, to);
        measured.count = count as u64;
        say(&format!("{count} deliveries: {:.0}/s", measured.rate()));
        Ok((measured, processor, format!("{} sent twice", arrivals.len() - count)))
    }

    /// Creates at a steady rate, by the keys in turn, and sees when the first agent's webhooks arrive.
    fn follow(&self, bench: &Bench, rate: u32, keys: &[String], what: &str) -> Result<Followed, String> {
        let is_ours = |created: &&Created| keys[created.key] == self.key;
        let had = self.sink.count()?;
        let warm_up = open_loop::create(self.product.address, keys, rate, Duration::from_secs(2))?;
        let before = self.product.processor_time();
        let span = if bench.is_quick { 5 } else { 15 };
        let created = open_loop::create(self.product.address, keys, rate, Duration::from_secs(span))?;
        let processor = self.product.processor_time().saturating_sub(before).as_secs_f64() * 1e6;
        self.sink.wait_for(had + warm_up.iter().chain(&created).filter(is_ours).count())?;
        self.wait_until_recorded()?;
        let arrived: HashMap<u64, u64> =
            self.sink.since(had)?.iter().rev().map(|arrival| (arrival.lead, arrival.at)).collect();
        let (mut since_due, mut since_acknowledged) = (Histogram::default(), Histogram::default());
        for created in created.iter().filter(is_ours) {
            let at = arrived.get(&created.lead).ok_or("a lead has not come to the sink")?;
            since_due.record(Duration::from_nanos(at.saturating_sub(created.due)));
            since_acknowledged.record(Duration::from_nanos(at.saturating_sub(created.acknowledged)));
        }
        let measured = Measured { elapsed: Duration::from_secs(span), count: since_due.count(), latencies: since_due };
        let processor = processor / created.len().max(1) as f64;
        let followed = Followed { what: what.to_owned(), measured, since_acknowledged, processor };
        say(&format!("{what}: p50 {:.2} ms, p99 {:.2} ms", followed.quantile(0.5), followed.quantile(0.99)));
        Ok(followed)
    }
}

/// How webhooks arrived.
struct Followed {
    what: String,
    measured: Measured,
    since_acknowledged: Histogram,
    processor: f64,
}

impl Followed {
    fn quantile(&self, share: f64) -> f64 {
        millis(self.measured.latencies.quantile(share))
    }

    fn row(self, engine: Engine, place: &Place) -> Row {
        let after = |share| millis(self.since_acknowledged.quantile(share));
        let note = format!("after the answer: p50 {:.2}, p99 {:.2} ms", after(0.5), after(0.99));
        let (what, measured, processor) = (self.what, self.measured, self.processor);
        let memory = place.product.peak_memory();
        Row { engine: engine.name(), what, measured, floor: None, processor, memory, note }
    }
}

fn register(product: &Server, key: &str, url: &str) -> Result<String, String> {
    let body = json!({"url": url, "events": ["lead.created"]}).to_string();
    let made = load::ask(product.address, &requests::with_body("POST", "/api/v1/webhooks", key, &body), 201)?;
    let made: Value = serde_json::from_slice(&made).map_err(|error| error.to_string())?;
    made["id"].as_str().map(str::to_owned).ok_or_else(|| format!("a webhook without an id: {made}"))
}

fn read(address: SocketAddr, target: &str, key: &str) -> Result<Value, String> {
    serde_json::from_slice(&load::ask(address, &requests::get(target, key), 200)?).map_err(|error| error.to_string())
}

/// What was held is sent as fast as it goes.
fn backlog(bench: &mut Bench, engine: Engine) -> Result<(), String> {
    let count = if bench.is_quick { 10_000 } else { 100_000 };
    let installation = Installation::new(bench, engine, "backlog")?;
    let place = Place::new(bench, &installation)?;
    created(&place.product, &place.key)?;
    place.sink.wait_for(1)?;
    let mut floors = Floor::default();
    floor(bench, &place.sink, &mut floors)?;
    let (measured, processor, note) = place.send_backlog(bench, count)?;
    place.product.settle();
    floor(bench, &place.sink, &mut floors)?;
    let (rate, memory) = (floors.rate_around(), place.product.peak_memory());
    bench.add(floors.row(engine, POSTED));
    let what = format!("send a backlog of {count} webhooks");
    let row = Row { engine: engine.name(), what, measured, floor: Some(rate), processor, memory, note };
    if engine == Engine::Sqlite {
        let ratio = row.ratio().unwrap_or(0.0);
        bench.promise(format!("a backlog is sent at 0.3 of a bare client: {ratio:.3}"), ratio >= 0.3);
    }
    bench.add(row);
    place.product.stop()
}

fn floor(bench: &Bench, sink: &Sink, floors: &mut Floor) -> Result<(), String> {
    let span = Duration::from_secs(if bench.is_quick { 3 } else { 10 });
    let (measured, processor) = poster::post(sink.0.address, &sink.sample()?, span)?;
    say(&format!("floor: {POSTED}: {:.0}/s", measured.rate()));
    floors.runs.push(measured);
    (floors.processor, floors.memory) = (processor, process::peak_memory("self"));
    Ok(())
}

/// Leads are created as fast as it goes, with a webhook due for each.
fn at_once(bench: &mut Bench, engine: Engine, place: &Place) -> Result<(), String> {
    const CONNECTIONS: usize = 32;
    let (sink, product) = (&place.sink, &place.product);
    let floor = bench.floor(&created(product, &place.key)?, b"{}")?;
    let lines = |server| creates(CONNECTIONS, &[server], &place.keys(), Person::New);
    let mut floors = Floor::default();
    floors.measure(bench, CREATED, &floor, lines(&floor))?;
    let had = sink.count()?;
    let (mut from, mut to) = (0, 0);
    let (mut before, mut after) = (Duration::ZERO, Duration::ZERO);
    let measured = load::send(lines(product), bench.span, |moment| match moment {
        Moment::Begin => (from, before) = (monotonic(), product.processor_time()),
        Moment::End => (to, after) = (monotonic(), product.processor_time()),
    })?;
    let ended = Instant::now();
    place.wait_until_recorded()?;
    let drained = ended.elapsed();
    let delivered = within(&sink.since(had)?, from, to);
    product.settle();
    floors.measure(bench, CREATED, &floor, lines(&floor))?;
    let (floor, memory) = (floors.rate_around(), product.peak_memory());
    let processor = after.saturating_sub(before).as_secs_f64() * 1e6;
    say(&format!("32 connections: created {:.0}/s, delivered {:.0}/s", measured.rate(), delivered.rate()));
    if engine == Engine::Sqlite {
        let ratio = measured.rate().min(delivered.rate()) / floor;
        bench.promise(format!("created and delivered at 0.10 of the floor's POST: {ratio:.3}"), ratio >= 0.10);
    }
    bench.add(floors.row(engine, CREATED));
    let note = format!("the rest was delivered {:.1} s later", drained.as_secs_f64());
    for (what, measured, note) in [
        ("create lead, 32 connections, one webhook due", measured, String::new()),
        ("its webhooks, delivered meanwhile", delivered, note),
    ] {
        let processor = processor / measured.count.max(1) as f64;
        let (what, floor) = (what.to_owned(), Some(floor));
        bench.add(Row { engine: engine.name(), what, measured, floor, processor, memory, note });
    }
    Ok(())
}

/// A healthy webhook without and with 200 others whose receivers are none.
fn beside_dead_ones(bench: &mut Bench, engine: Engine) -> Result<(), String> {
    const AGENTS: usize = 20;
    const EACH: usize = 10;
    let installation = Installation::new(bench, engine, "deadones")?;
    let place = Place::new(bench, &installation)?;
    let others = (0..AGENTS).map(|_| installation.key()).collect::<Result<Vec<_>, _>>()?;
    // Every fifth lead is another agent's, and is due for ten dead webhooks.
    let own = || std::iter::repeat_n(place.key.clone(), 4);
    let keys: Vec<String> = others.iter().flat_map(|other| own().chain([other.clone()])).collect();
    let (mut p99, dead) = (Vec::new(), Dead::start()?);
    for (what, are_dead) in [("without dead ones", false), ("beside 200 dead ones", true)] {
        if are_dead {
            for (number, key) in others.iter().enumerate() {
                for webhook in 0..EACH {
                    let address = dead.addresses[(number + webhook) % dead.addresses.len()];
                    register(&place.product, key, &format!("http://{address}/"))?;
                }
            }
            // Each has something to send from now on.
            open_loop::create(place.product.address, &others, 100, Duration::from_secs(2))?;
        }
        let measured = place.follow(bench, 125, &keys, &format!("a healthy webhook at 100 creates/s, {what}"))?;
        p99.push(measured.quantile(0.99));
        bench.add(measured.row(engine, &place));
    }
    if engine == Engine::Sqlite {
        let ratio = p99[1] / p99[0].max(f64::MIN_POSITIVE);
        bench.promise(format!("200 dead webhooks raise a healthy one's p99 at most 2 times: {ratio:.2}"), ratio <= 2.0);
    }
    place.product.stop()
}

/// The log of deliveries and a steady rate, with few and with many deliveries in the log.
fn with_a_log(bench: &mut Bench, engine: Engine, count: usize) -> Result<(), String> {
    let installation = Installation::new(bench, engine, "longlog")?;
    let place = Place::new(bench, &installation)?;
    let (mut listing, mut p99) = (Vec::new(), Vec::new());
    for filled in [0, count] {
        if filled > 0 {
            let (measured, processor, note) = place.send_backlog(bench, filled)?;
            let (what, memory) = (format!("send {filled} webhooks for the log"), place.product.peak_memory());
            bench.add(Row { engine: engine.name(), what, measured, floor: None, processor, memory, note });
        }
        let what = format!("250 creates/s, {filled} deliveries in the log");
        let measured = place.follow(bench, 250, &place.keys(), &what)?;
        p99.push(measured.quantile(0.99));
        bench.add(measured.row(engine, &place));
        let request = requests::get(&format!("{}/deliveries?limit=50", place.path()), &place.key);
        let lines = super::gets(bench.connections, &[&place.product], vec![request]);
        let what = format!("list 50 deliveries of {filled} more");
        let (measured, processor) = bench.measure(&what, &[&place.product], lines, bench.span)?;
        listing.push(processor);
        let memory = place.product.peak_memory();
        bench.add(Row { engine: engine.name(), what, measured, floor: None, processor, memory, note: String::new() });
    }
    let (list, dispatch) = (listing[1] / listing[0], p99[1] / p99[0]);
    bench.promise(
        format!("with {count} deliveries in the log, listing costs {list:.2} times and a webhook's p99 is {dispatch:.2} times that of few (at most 2)"),
        list <= 2.0 && dispatch <= 2.0,
    );
    place.product.stop()
}
