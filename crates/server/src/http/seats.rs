//! Who is connected. When the house is full, the connection that waits longest for a complete request leaves;
//! there is no bound per address, since proxies bring many clients.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::metering::Metering;

/// A request is being answered.
const BUSY: u64 = 0;
/// Told to leave.
const EVICTED: u64 = u64::MAX;

/// All connections of one listener.
pub(super) struct Seats {
    opened_at: Instant,
    metering: Metering,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    next_number: u64,
    seats: HashMap<u64, Tenant>,
}

struct Tenant {
    state: Arc<AtomicU64>,
    /// Of the connection's task; set right after it was spawned.
    task: Option<AbortHandle>,
}

impl Seats {
    pub(super) fn new(metering: Metering) -> Arc<Seats> {
        Arc::new(Seats { opened_at: Instant::now(), metering, taken: Mutex::default() })
    }

    /// Seats a new connection, as waiting from now.
    pub(super) fn take(self: &Arc<Self>) -> Seat {
        let state = Arc::new(AtomicU64::new(self.stamp(Instant::now())));
        let mut taken = self.lock();
        let number = taken.next_number;
        taken.next_number += 1;
        taken.seats.insert(number, Tenant { state: state.clone(), task: None });
        drop(taken);
        self.metering.accepted.increment(1);
        self.metering.open.increment(1.0);
        Seat { seats: self.clone(), number, state }
    }

    /// Makes the seat's task known, so that it can be told to leave.
    pub(super) fn settle(&self, number: u64, task: AbortHandle) {
        // The connection may be over already.
        if let Some(tenant) = self.lock().seats.get_mut(&number) {
            tenant.task = Some(task);
        }
    }

    /// Connections now.
    pub(super) fn count(&self) -> usize {
        self.lock().seats.len()
    }

    /// Closes the connection that waits longest for a complete request. `None`: all are being answered.
    pub(super) fn evict_longest_waiting(&self) -> Option<()> {
        let mut taken = self.lock();
        loop {
            let (number, since) = taken
                .seats
                .iter()
                .filter(|(_, tenant)| tenant.task.is_some())
                .map(|(number, tenant)| (*number, tenant.state.load(Ordering::Acquire)))
                .filter(|(_, since)| !matches!(*since, BUSY | EVICTED))
                .min_by_key(|(_, since)| *since)?;
            let tenant = taken.seats.get(&number)?;
            // Its request may just have become complete: then it stays and another is looked for.
            let left = tenant.state.compare_exchange(since, EVICTED, Ordering::AcqRel, Ordering::Acquire);
            if left.is_ok() {
                let tenant = taken.seats.remove(&number)?;
                if let Some(task) = tenant.task {
                    task.abort();
                }
                self.metering.evicted.increment(1);
                return Some(());
            }
        }
    }

    /// Ends every connection at once.
    pub(super) fn abort_all(&self) {
        for tenant in self.lock().seats.values() {
            if let Some(task) = &tenant.task {
                task.abort();
            }
        }
    }

    fn stamp(&self, at: Instant) -> u64 {
        let since: Duration = at.saturating_duration_since(self.opened_at);
        u64::try_from(since.as_nanos()).unwrap_or(EVICTED - 2) + 1
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place; given back when dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    state: Arc<AtomicU64>,
}

impl Seat {
    /// The key for [`Seats::settle`].
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The connection waits for a request since then.
    pub(super) fn wait(&self, since: Instant) {
        let stamp = self.seats.stamp(since);
        // Only this connection leaves BUSY, so a failure means EVICTED.
        let _ = self.state.compare_exchange(BUSY, stamp, Ordering::AcqRel, Ordering::Acquire);
    }

    /// A request is complete. `false`: too late, the connection was told to leave.
    pub(super) fn answer(&self) -> bool {
        let since = self.state.load(Ordering::Acquire);
        since != EVICTED && self.state.compare_exchange(since, BUSY, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().seats.remove(&self.number);
        self.seats.metering.open.decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seated(seats: &Arc<Seats>) -> (Seat, tokio::task::JoinHandle<()>) {
        let seat = seats.take();
        let task = tokio::spawn(std::future::pending());
        seats.settle(seat.number(), task.abort_handle());
        (seat, task)
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_that_waits_longest_leaves() {
        let seats = Seats::new(Metering::new());
        let (busy, _first) = seated(&seats).await;
        assert!(busy.answer());
        tokio::time::advance(Duration::from_secs(1)).await;
        let (slow, slow_task) = seated(&seats).await;
        tokio::time::advance(Duration::from_secs(1)).await;
        let (quick, _third) = seated(&seats).await;

        assert_eq!(seats.evict_longest_waiting(), Some(()));
        assert!(slow_task.await.unwrap_err().is_cancelled());
        assert!(!slow.answer(), "an evicted connection starts no request");
        assert!(quick.answer());
        assert_eq!(seats.evict_longest_waiting(), None, "all others are being answered");

        busy.wait(Instant::now());
        assert_eq!(seats.evict_longest_waiting(), Some(()));
        drop((busy, slow, quick));
        assert_eq!(seats.count(), 0);
    }
}
