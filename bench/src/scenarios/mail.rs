//! Mail that comes in by SMTP: from the connection to a lead that is committed.

use std::{net::TcpListener, process::Command, time::Duration};

use super::{Bench, Engine, UNLIMITED, installation::Installation};
use crate::{
    load::{self, Measured},
    machine::millis,
    mailbox,
    process::Server,
    report::Row,
    requests, say,
};

/// As many as one sender may have.
const CONNECTIONS: usize = 8;
const FLOOR: &str = "a bare SMTP server that syncs each mail";

/// Mails to one agent, beside a server that only keeps them.
pub fn run(bench: &mut Bench, engine: Engine) -> Result<(), String> {
    let installation = Installation::new(bench, engine, "mails")?;
    // Which port is free is not told by the line that the others are found by.
    let smtp =
        TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_err(|error| error.to_string())?;
    let product = installation.serve_mail(UNLIMITED, smtp)?;
    let key = installation.key()?;
    let me = load::ask(product.address, &requests::get("/api/v1/me", &key), 200)?;
    let me = serde_json::from_slice::<serde_json::Value>(&me).map_err(|error| error.to_string())?;
    let to = me["inboundAddress"].as_str().ok_or("the agent has no address for mail")?.to_owned();
    let floor = floor(bench)?;
    let times = (Duration::from_secs(2), Duration::from_secs(if bench.is_quick { 3 } else { 10 }));
    let measure = |what: &str, server: &Server, address, to: &str| -> Result<(Measured, f64), String> {
        let (mut before, mut after) = (Duration::ZERO, Duration::ZERO);
        let measured = mailbox::send(address, to, CONNECTIONS, times, |begins| {
            *(if begins { &mut before } else { &mut after }) = server.processor_time();
        })?;
        let processor = after.saturating_sub(before).as_secs_f64() * 1e6 / measured.count.max(1) as f64;
        say(&format!("{what}: {:.0}/s, p99 {:.2} ms", measured.rate(), millis(measured.latencies.quantile(0.99))));
        Ok((measured, processor))
    };
    let (first, _) = measure(FLOOR, &floor, floor.address, "floor@example.com")?;
    let (measured, processor) = measure("a mail to a lead", &product, smtp, &to)?;
    let (second, of_floor) = measure(FLOOR, &floor, floor.address, "floor@example.com")?;
    let leads = super::installation::list(&product, &key, "limit=1")?;
    if leads["total"].as_u64().is_none_or(|total| total < measured.count) {
        return Err(format!("{} mails were taken, and there are {} leads", measured.count, leads["total"]));
    }
    let around = f64::midpoint(first.rate(), second.rate());
    let note = format!("2 runs, {:.0} and {:.0}/s", first.rate(), second.rate());
    bench.add(Row {
        engine: engine.name(),
        what: format!("floor: {FLOOR}"),
        measured: first.and(&second),
        floor: None,
        processor: of_floor,
        memory: floor.peak_memory(),
        note,
    });
    bench.add(Row {
        engine: engine.name(),
        what: format!("a mail by SMTP to a committed lead, {CONNECTIONS} connections"),
        measured,
        floor: Some(around),
        processor,
        memory: product.peak_memory(),
        note: String::new(),
    });
    product.stop()
}

fn floor(bench: &Bench) -> Result<Server, String> {
    let ourselves = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(ourselves);
    command.args(["mailbox", "--folder"]).arg(&bench.folder);
    Server::start(command, &bench.folder)
}
