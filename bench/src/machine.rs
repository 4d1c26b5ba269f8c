//! What the figures were measured on.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use crate::histogram::Histogram;

/// A line for the table's head.
pub fn describe(folder: &Path) -> Result<String, String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, name)| name);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kibibytes = memory.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let syncs = syncs(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(format!(
        "{cores} cores ({model}), {} GiB of memory, Linux {}; data on {}, where 4 KiB take {:.2} ms to be durable (p99 {:.2} ms); load before the run {load}",
        kibibytes.div_ceil(1 << 20),
        kernel.trim(),
        file_system(folder),
        millis(syncs.quantile(0.5)),
        millis(syncs.quantile(0.99)),
    ))
}

/// Milliseconds.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The type of the file system that holds a folder.
pub fn file_system(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let holding = mounts.filter(|(point, _)| folder.starts_with(point)).max_by_key(|(point, _)| point.len());
    holding.map_or("an unknown file system", |(_, kind)| kind).to_owned()
}

/// How long appending 4 KiB durably takes.
fn syncs(folder: &Path) -> std::io::Result<Histogram> {
    let path = folder.join("sync");
    let mut file = File::create(&path)?;
    let mut latencies = Histogram::default();
    for _ in 0..200 {
        let started = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        latencies.record(started.elapsed());
    }
    fs::remove_file(path)?;
    Ok(latencies)
}
