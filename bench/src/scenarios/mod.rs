//! What is measured, and in which order.

mod create;
mod installation;
mod keys;
mod list;
mod mail;
mod nodes;
mod pages;
mod webhooks;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use crate::{
    Arguments, Engines, Only,
    load::{self, Line, Measured, Moment, Span},
    machine, process,
    process::Server,
    report::{self, Row, Target},
    requests::{Creates, Gets, Person},
    say,
    temporary_postgres::Cluster,
};

/// The limit of a key where it must not be what is measured.
const UNLIMITED: u32 = 100_000_000;

/// Which engine the product runs on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// One run of the benchmark.
struct Bench {
    product: PathBuf,
    folder: PathBuf,
    connections: usize,
    is_quick: bool,
    /// How many deliveries to have in the log, where that is asked for.
    log: Option<usize>,
    span: Span,
    cluster: Option<Cluster>,
    rows: Vec<Row>,
    targets: Vec<Target>,
}

/// Measures what the arguments ask for and prints the table.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let product = process::product(arguments.server.as_deref())?;
    let folder = make_folder(arguments.data.as_deref())?;
    let machine = machine::describe(&folder)?;
    say(&machine);
    if matches!(machine::file_system(&folder), kind if kind == "tmpfs") {
        return Err(format!("{} is in memory: name a folder on a disk with --data", folder.display()));
    }
    let measured = Duration::from_secs(if arguments.quick { 3 } else { 10 });
    let mut bench = Bench {
        product,
        folder: folder.clone(),
        connections: arguments.connections.max(1),
        is_quick: arguments.quick,
        log: arguments.log,
        span: Span::Timed { warm_up: Duration::from_secs(2), measured },
        cluster: None,
        rows: Vec::new(),
        targets: Vec::new(),
    };
    let engines = match arguments.engine {
        Engines::Sqlite => vec![Engine::Sqlite],
        Engines::Postgres => vec![Engine::Postgres],
        Engines::Both => vec![Engine::Sqlite, Engine::Postgres],
    };
    let ended = engines.into_iter().try_for_each(|engine| bench.measure_engine(engine, arguments.only));
    if ended.is_ok() {
        bench.judge_memory();
        let _ = fs::remove_dir_all(&folder);
    } else {
        say(&format!("what the servers logged is in {}", folder.display()));
    }
    // What was measured before something failed is worth reading.
    let text = report::markdown(&machine, &bench.rows, &bench.targets);
    writeln!(io::stdout(), "\n{text}").map_err(|error| error.to_string())?;
    ended
}

fn make_folder(given: Option<&Path>) -> Result<PathBuf, String> {
    let ourselves = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = ourselves.ancestors().nth(2).ok_or("this program lies in no target folder")?;
    let folder = given.map_or_else(|| target.join("bench-data"), |given| given.join("bench-data"));
    // What an interrupted run left behind.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    std::path::absolute(&folder).map_err(|error| error.to_string())
}

impl Bench {
    fn measure_engine(&mut self, engine: Engine, only: Option<Only>) -> Result<(), String> {
        let is_wanted = |scenario| only.is_none_or(|only| only == scenario);
        if is_wanted(Only::Create) {
            create::run(self, engine)?;
        }
        if is_wanted(Only::List) {
            list::run(self, engine)?;
        }
        if is_wanted(Only::Pages) {
            pages::run(self, engine)?;
        }
        if is_wanted(Only::Keys) {
            keys::run(self, engine)?;
        }
        if engine == Engine::Postgres && is_wanted(Only::Nodes) {
            nodes::run(self)?;
        }
        if is_wanted(Only::Webhooks) {
            webhooks::run(self, engine)?;
        }
        if is_wanted(Only::Mail) {
            mail::run(self, engine)?;
        }
        self.cluster = None;
        Ok(())
    }

    /// Starts the floor with the product's own answers.
    fn floor(&self, created: &[u8], listed: &[u8]) -> Result<Server, String> {
        let file = self.folder.join("listed.json");
        fs::write(&file, listed).map_err(|error| format!("{}: {error}", file.display()))?;
        let ourselves = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(ourselves);
        command.args(["floor", "--port", "0", "--created"]).arg(String::from_utf8_lossy(created).as_ref());
        command.arg("--listed").arg(file);
        Server::start(command, &self.folder)
    }

    /// Sends requests to servers for the usual time and says what that took of their processors, in microseconds an answer.
    fn measure(
        &self,
        what: &str,
        servers: &[&Server],
        lines: Vec<Line>,
        span: Span,
    ) -> Result<(Measured, f64), String> {
        let spent = || servers.iter().map(|server| server.processor_time()).sum::<Duration>();
        let (mut before, mut after) = (Duration::ZERO, Duration::ZERO);
        let measured = load::send(lines, span, |moment| match moment {
            Moment::Begin => before = spent(),
            Moment::End => after = spent(),
        });
        let measured = measured.map_err(|error| format!("{what}: {error}"))?;
        let processor = after.saturating_sub(before).as_secs_f64() * 1e6 / measured.count.max(1) as f64;
        say(&format!(
            "{what}: {:.0}/s, p99 {:.2} ms",
            measured.rate(),
            machine::millis(measured.latencies.quantile(0.99))
        ));
        Ok((measured, processor))
    }

    fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    fn promise(&mut self, what: String, is_met: bool) {
        self.targets.push(Target { what, is_met });
    }

    fn judge_memory(&mut self) {
        let product = self.rows.iter().filter(|row| !row.what.starts_with("floor"));
        if let Some(most) = product.map(|row| row.memory).max() {
            let mebibytes = most as f64 / f64::from(1 << 20);
            self.promise(format!("server memory stays under 100 MiB: {mebibytes:.1} MiB"), mebibytes < 100.0);
        }
    }
}

/// Lines that create leads: connection by connection to the servers and with the keys in turn.
fn creates(connections: usize, servers: &[&Server], keys: &[String], person: Person) -> Vec<Line> {
    let line = |index: usize| {
        let creates = Creates::new(&keys[index % keys.len()], person);
        (servers[index % servers.len()].address, Box::new(creates) as Box<_>)
    };
    (0..connections).map(line).collect()
}

/// Lines that get the same few targets.
fn gets(connections: usize, servers: &[&Server], requests: Vec<Vec<u8>>) -> Vec<Line> {
    let requests: Arc<[Vec<u8>]> = requests.into();
    let line = |index: usize| {
        (
            servers[index % servers.len()].address,
            Box::new(Gets::new(&requests, index * requests.len() / connections.max(1))) as Box<_>,
        )
    };
    (0..connections).map(line).collect()
}

/// A floor measured several times around the product.
#[derive(Default)]
struct Floor {
    runs: Vec<Measured>,
    processor: f64,
    memory: u64,
}

impl Floor {
    fn measure(&mut self, bench: &Bench, what: &str, server: &Server, lines: Vec<Line>) -> Result<(), String> {
        let (measured, processor) = bench.measure(&format!("floor: {what}"), &[server], lines, bench.span)?;
        self.runs.push(measured);
        self.processor = processor;
        self.memory = server.peak_memory();
        Ok(())
    }

    /// The mean rate of the last two runs: those around what was measured between them.
    fn rate_around(&self) -> f64 {
        let last = &self.runs[self.runs.len().saturating_sub(2)..];
        last.iter().map(Measured::rate).sum::<f64>() / last.len() as f64
    }

    fn row(self, engine: Engine, what: &str) -> Row {
        let rates = self.runs.iter().map(Measured::rate);
        let (least, most) = rates.fold((f64::MAX, 0.0_f64), |(least, most), rate| (least.min(rate), most.max(rate)));
        let note = format!("{} runs, {least:.0} to {most:.0}/s", self.runs.len());
        let measured = self.runs.iter().fold(Measured::default(), Measured::and);
        let (processor, memory) = (self.processor, self.memory);
        Row { engine: engine.name(), what: format!("floor: {what}"), measured, floor: None, processor, memory, note }
    }
}
