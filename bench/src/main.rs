//! Load and scale benchmarks: what the product does beside a floor measured in the same run, on the same machine, by the same
//! generator. `bench/README.md` says what each figure means.
#![expect(clippy::disallowed_methods, reason = "a benchmark meets the machine: its clock, its settings, its processes")]

mod clock;
mod dead;
mod floor;
mod histogram;
mod load;
mod machine;
mod mailbox;
mod open_loop;
mod poster;
mod process;
mod report;
mod requests;
mod scenarios;
mod sink;
#[expect(dead_code, reason = "tests use more of it than the benchmark does")]
#[path = "../../crates/testkit/src/postgres.rs"]
mod temporary_postgres;
mod wire;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand, ValueEnum};

/// Measures the product beside a floor and prints a table.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    mode: Option<Mode>,
    /// Three seconds a figure instead of ten, and no million
    #[arg(long)]
    quick: bool,
    /// Which engine
    #[arg(long, value_enum, default_value_t = Engines::Both)]
    engine: Engines,
    /// Only this scenario
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// Keep-alive connections
    #[arg(long, default_value_t = 64, value_name = "N")]
    connections: usize,
    /// A folder on a real disk [default: bench-data in the target folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The product's binary [default: built with the profile `dist`]
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// Also with so many deliveries in the log of a webhook, made by sending them
    #[arg(long, value_name = "N")]
    log: Option<usize>,
}

#[derive(Subcommand)]
enum Mode {
    /// Serves what the product is compared with; the benchmark starts it by itself
    Floor(floor::Options),
    /// Receives webhooks and remembers when; the benchmark starts it by itself
    Sink,
    /// Takes mail and syncs each; the benchmark starts it by itself
    Mailbox(mailbox::Options),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engines {
    Sqlite,
    Postgres,
    Both,
}

/// The scenarios, in the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Creating leads
    Create,
    /// Listing leads at several sizes
    List,
    /// The dashboard's pages with little data and with much
    Pages,
    /// Many keys at their full limit
    Keys,
    /// Two nodes beside one (PostgreSQL)
    Nodes,
    /// Sending webhooks
    Webhooks,
    /// Mail that becomes leads
    Mail,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.mode {
        Some(Mode::Floor(options)) => floor::serve(options),
        Some(Mode::Sink) => sink::serve(),
        Some(Mode::Mailbox(options)) => mailbox::serve(&options),
        None => scenarios::run(&arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells whoever waits how far it is; the table alone goes to standard output.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
