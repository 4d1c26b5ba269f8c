//! Listing the newest 50 leads with their total, at several sizes and depths.

use super::{
    Bench, Engine, Floor, UNLIMITED, create, gets,
    installation::{Installation, fill, list},
};
use crate::{load, process::Server, report::Row, requests};

const PAGE: usize = 50;
const FLOOR: &str = "answer the bytes of a list";
/// Pages near one depth, asked in turn.
const PAGES: usize = 16;

/// Where a list is read.
struct Depth {
    name: &'static str,
    place: Place,
}

enum Place {
    FirstPage,
    /// The first page under so many targets (a parameter that nobody knows is ignored) that no answer to one is kept until it is asked again.
    FirstPageAnew,
    /// In hundredths of the list.
    Percent(usize),
}

/// Targets of [`Place::FirstPageAnew`]: their answers are several times what the product keeps.
const TARGETS: usize = 4_096;

const DEPTHS: [Depth; 5] = [
    Depth { name: "first page", place: Place::FirstPage },
    Depth { name: "first page, read anew each time", place: Place::FirstPageAnew },
    Depth { name: "by cursor at 10 %", place: Place::Percent(10) },
    Depth { name: "by cursor at 50 %", place: Place::Percent(50) },
    Depth { name: "by cursor at 99 %", place: Place::Percent(99) },
];

/// A product with so many leads of one agent.
struct Filled {
    size: usize,
    name: &'static str,
    product: Server,
    key: String,
}

/// Each size is an installation of its own, all running at once, so that the sizes can be measured in turn.
pub fn run(bench: &mut Bench, engine: Engine) -> Result<(), String> {
    let sizes = [(1_000, "1 thousand"), (100_000, "100 thousand"), (1_000_000, "1 million")];
    let sizes = if bench.is_quick { &sizes[..2] } else { &sizes[..] };
    let mut filled = Vec::new();
    for (size, name) in sizes {
        let installation = Installation::new(bench, engine, &format!("list{size}"))?;
        let product = installation.serve(UNLIMITED)?;
        let key = installation.key()?;
        let (measured, processor) = fill(bench, &product, &key, *size)?;
        let what = format!("create lead, from none to {name}");
        bench.add(Row {
            engine: engine.name(),
            what,
            measured,
            floor: None,
            processor,
            memory: product.peak_memory(),
            note: String::new(),
        });
        filled.push(Filled { size: *size, name, product, key });
    }
    let page = load::ask(filled[1].product.address, &filled[1].request("limit=50"), 200)?;
    let floor = bench.floor(b"{}", &page)?;
    let floor_lines = || gets(bench.connections, &[&floor], vec![filled[1].request("limit=50")]);
    let mut floors = Floor::default();
    floors.measure(bench, FLOOR, &floor, floor_lines())?;
    let mut rows = Vec::new();
    for depth in DEPTHS {
        let mut measured = Vec::new();
        for filled in &filled {
            let what = format!("list 50 of {}, {}", filled.name, depth.name);
            let lines = gets(bench.connections, &[&filled.product], filled.requests(&depth)?);
            measured.push((
                what,
                bench.measure("list", &[&filled.product], lines, bench.span)?,
                filled.product.peak_memory(),
            ));
        }
        floors.measure(bench, FLOOR, &floor, floor_lines())?;
        let floor = Some(floors.rate_around());
        for (what, (measured, processor), memory) in measured {
            rows.push(Row { engine: engine.name(), what, measured, floor, processor, memory, note: String::new() });
        }
    }
    judge(bench, engine, &filled, &rows);
    let mut floors = floors.row(engine, FLOOR);
    floors.note = format!("{}; {} bytes", floors.note, page.len());
    bench.add(floors);
    rows.into_iter().for_each(|row| bench.add(row));
    if let Some(Filled { size: 1_000_000, name, product, key }) = filled.last() {
        create::run_beside(bench, engine, product, key, name)?;
    }
    filled.into_iter().try_for_each(|filled| filled.product.stop())
}

impl Filled {
    fn request(&self, query: &str) -> Vec<u8> {
        requests::get(&format!("/api/v1/leads?{query}"), &self.key)
    }

    /// The requests for full pages at a depth.
    fn requests(&self, depth: &Depth) -> Result<Vec<Vec<u8>>, String> {
        let percent = match depth.place {
            Place::FirstPage => return Ok(vec![self.request("limit=50")]),
            Place::FirstPageAnew => {
                return Ok((0..TARGETS).map(|target| self.request(&format!("limit=50&target={target}"))).collect());
            }
            Place::Percent(percent) => percent,
        };
        // Every page is a full one with a next: the sizes and the floor then answer alike.
        let first = (self.size * percent / 100).min(self.size - 2 * PAGE - PAGES);
        let page = |number| {
            let before = list(&self.product, &self.key, &format!("limit=1&offset={}", first + number))?;
            let cursor =
                before["nextCursor"].as_str().ok_or("a page that is not the last has no nextCursor")?.to_owned();
            let query = format!("limit=50&cursor={cursor}");
            let page = list(&self.product, &self.key, &query)?;
            let is_full =
                page["leads"].as_array().is_some_and(|leads| leads.len() == PAGE) && page["nextCursor"].is_string();
            if is_full && page["total"] == self.size {
                Ok(self.request(&query))
            } else {
                Err(format!("not a full page: {page}"))
            }
        };
        (0..PAGES).map(page).collect()
    }
}

fn judge(bench: &mut Bench, engine: Engine, filled: &[Filled], rows: &[Row]) {
    let (sizes, first) = (filled.len(), rows[0].measured.rate());
    let least = rows.iter().filter_map(Row::ratio).fold(f64::MAX, f64::min);
    let name = engine.name();
    if engine == Engine::Sqlite {
        let ratio = rows[0].ratio().unwrap_or(0.0);
        bench.promise(
            format!("list on {name} is at least 0.35 of the floor: {ratio:.3} (the least of all: {least:.3})"),
            ratio >= 0.35,
        );
    }
    // The rows of one depth stand together, smallest size first.
    let worst = rows.chunks(sizes).map(|depth| {
        // What is read anew is compared with itself, the rest with the first page too.
        let is_anew = depth[0].what.contains("anew");
        let of = |row: &Row| depth[0].measured.rate().max(if is_anew { 0.0 } else { first }) / row.measured.rate();
        depth.last().map_or(0.0, of)
    });
    let worst = worst.fold(0.0, f64::max);
    let last = filled.last().map_or("", |filled| filled.name);
    bench.promise(
        format!("list on {name} at {last} takes at most 1.2 times that at 1 thousand, at any depth: {worst:.3}"),
        worst <= 1.2,
    );
}
