//! Two nodes on one PostgreSQL, beside one.

use super::{
    Bench, Engine, Floor, UNLIMITED,
    create::created,
    creates, gets,
    installation::{Installation, fill},
};
use crate::{
    load::{self, Line},
    process::Server,
    report::Row,
    requests::{self, Person},
};

/// The same load on one node and spread over both.
pub fn run(bench: &mut Bench) -> Result<(), String> {
    const AGENTS: usize = 16;
    let engine = Engine::Postgres;
    let installation = Installation::new(bench, engine, "nodes")?;
    let (one, two) = (installation.serve(UNLIMITED)?, installation.serve(UNLIMITED)?);
    let keys = (0..=AGENTS).map(|_| installation.key()).collect::<Result<Vec<_>, _>>()?;
    let (listed, keys) = keys.split_first().expect("one more than none");
    fill(bench, &one, listed, 10_000)?;
    let page = requests::get("/api/v1/leads?limit=50", listed);
    let floor = bench.floor(&created(&one, &keys[0])?, &load::ask(one.address, &page, 200)?)?;
    let connections = bench.connections;

    type Lines<'a> = Box<dyn Fn(&[&Server]) -> Vec<Line> + 'a>;
    let kinds: [(&str, Lines<'_>); 3] = [
        ("create lead, one agent", Box::new(|servers| creates(connections, servers, &keys[..1], Person::New))),
        ("create lead, 16 agents", Box::new(|servers| creates(connections, servers, keys, Person::New))),
        ("list 50 of 10 thousand", Box::new(|servers| gets(connections, servers, vec![page.clone()]))),
    ];
    for (what, lines) in kinds {
        let mut floors = Floor::default();
        floors.measure(bench, what, &floor, lines(&[&floor]))?;
        let mut measured = Vec::new();
        for (nodes, servers) in [("one node", &[&one][..]), ("two nodes", &[&one, &two][..])] {
            let what = format!("{what}, {nodes}");
            measured.push((bench.measure(&what, servers, lines(servers), bench.span)?, what, servers.len()));
        }
        floors.measure(bench, what, &floor, lines(&[&floor]))?;
        let rate = Some(floors.rate_around());
        bench.add(floors.row(engine, what));
        for ((measured, processor), what, nodes) in measured {
            let memory = one.peak_memory().max(if nodes > 1 { two.peak_memory() } else { 0 });
            bench.add(Row {
                engine: engine.name(),
                what,
                measured,
                floor: rate,
                processor,
                memory,
                note: String::new(),
            });
        }
    }
    one.stop()?;
    two.stop()
}
