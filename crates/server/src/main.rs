//! The binary `organicagent`.

use std::{io::Write, process::ExitCode};

use clap::Parser;
use server::{cli::Cli, commands, logs};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The number of mimalloc's option for how long it keeps what was freed before the system has it back (`mi_option_purge_delay`).
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Has memory given back as soon as it is free: what photos took while they arrived is not kept for the next.
#[expect(unsafe_code, reason = "the allocator is C, and has no other way to be set than this one")]
fn give_memory_back_at_once() {
    // SAFETY: it stores a number in a table of the allocator's own, at an index within it; nothing else runs yet.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, 0) };
}

fn main() -> ExitCode {
    give_memory_back_at_once();
    let cli = Cli::parse();
    logs::start();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "organicagent: {message}");
    ExitCode::FAILURE
}
