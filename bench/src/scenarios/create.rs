//! Creating leads, durably.

use super::{Bench, Engine, Floor, UNLIMITED, creates, installation::Installation};
use crate::{
    load,
    machine::millis,
    process::Server,
    report::Row,
    requests::{Creates, Person, Requests},
};

const FLOOR: &str = "parse and answer a create";

/// One agent's creates, one person's, and those of several agents.
pub fn run(bench: &mut Bench, engine: Engine) -> Result<(), String> {
    const AGENTS: usize = 16;
    let installation = Installation::new(bench, engine, "creates")?;
    let product = installation.serve(UNLIMITED)?;
    let keys = (0..AGENTS).map(|_| installation.key()).collect::<Result<Vec<_>, _>>()?;
    let floor = bench.floor(&created(&product, &keys[0])?, b"{}")?;
    let kinds = [
        ("create lead", &keys[..1], Person::New),
        ("create lead, the same person again and again", &keys[1..2], Person::Same),
        ("create lead, 16 agents", &keys[..], Person::New),
    ];
    let mut floors = Floor::default();
    floors.measure(bench, FLOOR, &floor, creates(bench.connections, &[&floor], &keys, Person::New))?;
    let mut rows = Vec::new();
    for (what, keys, person) in kinds {
        let lines = creates(bench.connections, &[&product], keys, person);
        let (measured, processor) = bench.measure(what, &[&product], lines, bench.span)?;
        floors.measure(bench, FLOOR, &floor, creates(bench.connections, &[&floor], keys, Person::New))?;
        let floor = Some(floors.rate_around());
        let (what, memory) = (what.to_owned(), product.peak_memory());
        rows.push(Row { engine: engine.name(), what, measured, floor, processor, memory, note: String::new() });
    }
    let ratio = rows[0].ratio().unwrap_or(0.0);
    let p99 = millis(rows[0].measured.latencies.quantile(0.99));
    if engine == Engine::Sqlite {
        bench.promise(format!("create on SQLite is at least 0.15 of the floor: {ratio:.3}"), ratio >= 0.15);
        bench.promise(format!("create on SQLite has a p99 of at most 12 ms: {p99:.2} ms"), p99 <= 12.0);
    }
    bench.add(floors.row(engine, FLOOR));
    rows.into_iter().for_each(|row| bench.add(row));
    product.stop()
}

/// The answer to a create, from the product itself.
pub fn created(product: &Server, key: &str) -> Result<Vec<u8>, String> {
    let mut creates = Creates::new(key, Person::Same);
    let (request, status) = creates.next().expect("without end");
    load::ask(product.address, request, status)
}

/// Creates into a database that is large already, beside the floor.
pub fn run_beside(bench: &mut Bench, engine: Engine, product: &Server, key: &str, size: &str) -> Result<(), String> {
    let floor = bench.floor(&created(product, key)?, b"{}")?;
    let keys = [key.to_owned()];
    let mut floors = Floor::default();
    let what = format!("create lead at {size} leads");
    floors.measure(bench, FLOOR, &floor, creates(bench.connections, &[&floor], &keys, Person::New))?;
    let lines = creates(bench.connections, &[product], &keys, Person::New);
    let (measured, processor) = bench.measure(&what, &[product], lines, bench.span)?;
    floors.measure(bench, FLOOR, &floor, creates(bench.connections, &[&floor], &keys, Person::New))?;
    let (floor, memory) = (Some(floors.rate_around()), product.peak_memory());
    bench.add(Row { engine: engine.name(), what, measured, floor, processor, memory, note: String::new() });
    Ok(())
}
