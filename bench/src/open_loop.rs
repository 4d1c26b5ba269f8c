//! The other generator: requests fall due at a fixed rate, whether or not the server keeps up, and count from then on.
//!
//! Each connection has a thread that sleeps until its next request is due, for the timers of Tokio are a millisecond coarse.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::{
    clock::monotonic,
    requests::{Creates, Person, Requests},
    sink::{lead_in, number},
    wire::Connection,
};

/// A lead that was created.
pub struct Created {
    /// The number of its id.
    pub lead: u64,
    /// Which of the keys it was created with.
    pub key: usize,
    /// When its request was due, on the monotonic clock.
    pub due: u64,
    /// When its answer was there.
    pub acknowledged: u64,
}

/// More than are ever under way at the rates that are asked for, unless the server falls behind.
const CONNECTIONS: u64 = 32;

/// Creates leads at `rate` a second for `span`, with the keys in turn.
pub fn create(address: SocketAddr, keys: &[String], rate: u32, span: Duration) -> Result<Vec<Created>, String> {
    let (next, step) = (AtomicU64::new(0), 1_000_000_000 / u64::from(rate));
    let count = u64::from(rate) * span.as_secs();
    // Time to open the connections.
    let start = monotonic() + 200_000_000;
    let send = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let mut connection = runtime.block_on(Connection::open(address))?;
        let mut requests: Vec<Creates> = keys.iter().map(|key| Creates::new(key, Person::New)).collect();
        let mut created = Vec::new();
        loop {
            let turn = next.fetch_add(1, Relaxed);
            if turn >= count {
                return Ok::<_, String>(created);
            }
            let due = start + turn * step;
            std::thread::sleep(Duration::from_nanos(due.saturating_sub(monotonic())));
            let key = usize::try_from(turn).unwrap_or(0) % requests.len();
            let (request, expected) = requests[key].next().expect("without end");
            let answer = runtime.block_on(connection.exchange(request))?;
            let acknowledged = monotonic();
            let lead = lead_in(answer.body).filter(|_| answer.status == expected);
            let lead = lead.ok_or_else(|| format!("expected {expected} and an id, got: {}", answer.text()))?;
            created.push(Created { lead: number(lead), key, due, acknowledged });
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(send)).collect();
        let created = threads.into_iter().map(|thread| thread.join().expect("no panic"));
        created.collect::<Result<Vec<_>, _>>().map(|created| created.into_iter().flatten().collect())
    })
}
