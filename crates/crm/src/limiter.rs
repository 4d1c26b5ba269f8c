//! The sliding log: at most so many admissions in any window, exactly, and never a refusal below that.
//!
//! A fixed window or a token bucket of the same limit would admit up to twice as many in some window; a log of the
//! admitted instants does not.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::Mutex,
    time::Duration,
};

use crate::ids::ApiKeyId;

mod exhausted;
pub(crate) mod postgres;

pub(crate) use exhausted::Exhausted;

/// The window of the request limit.
pub const WINDOW: Duration = Duration::from_secs(60);

/// The limiter of API keys, held in this process (SQLite, and limits past what nodes share).
pub type Limiter = SlidingLog<ApiKeyId>;

/// Whether a request was let in, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// Whether it was let in.
    pub is_admitted: bool,
    /// The limit.
    pub limit: u32,
    /// How many more would be let in now.
    pub remaining: u32,
    /// How long until the oldest admission leaves the window: when refused, how long to wait.
    pub reset_after: Duration,
}

/// One log of admitted instants per key. Memory grows with what is admitted in a window, never with the limit.
pub struct SlidingLog<K> {
    limit: u32,
    logs: Mutex<Logs<K>>,
}

struct Logs<K> {
    /// Microseconds of the monotonic clock, oldest first.
    instants: HashMap<K, VecDeque<u64>>,
    /// How many keys may be held before those without a live instant are dropped.
    swept_at: usize,
}

const SWEPT_AT_LEAST: usize = 1_024;

impl<K: Eq + Hash> SlidingLog<K> {
    /// A limiter that admits `limit` (at least 1) in any [`WINDOW`].
    #[must_use]
    pub fn new(limit: u32) -> Self {
        let logs = Logs { instants: HashMap::new(), swept_at: SWEPT_AT_LEAST };
        Self { limit: limit.max(1), logs: Mutex::new(logs) }
    }

    /// The limit.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Lets one request of `key` in at `now` (of [`crate::clock::Clock::monotonic`]) unless the window is full.
    pub fn admit(&self, key: K, now: Duration) -> Admission {
        let now = micros(now);
        let mut logs = self.logs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        logs.sweep(now);
        let log = logs.instants.entry(key).or_default();
        // The clock is read before the lock is had: a request that waited must not be logged before one already in.
        let now = log.back().map_or(now, |last| now.max(*last));
        drop_expired(log, now);
        let is_admitted = log.len() < self.limit as usize;
        if is_admitted {
            log.push_back(now);
        }
        self.describe(log, now, is_admitted)
    }

    /// What [`SlidingLog::admit`] would say, without letting anything in.
    pub fn look(&self, key: &K, now: Duration) -> Admission {
        let now = micros(now);
        let mut logs = self.logs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match logs.instants.get_mut(key) {
            None => self.describe(&VecDeque::new(), now, true),
            Some(log) => {
                drop_expired(log, now);
                self.describe(log, now, log.len() < self.limit as usize)
            }
        }
    }

    fn describe(&self, log: &VecDeque<u64>, now: u64, is_admitted: bool) -> Admission {
        let remaining = self.limit.saturating_sub(u32::try_from(log.len()).unwrap_or(u32::MAX));
        let reset_after = log.front().map_or(0, |oldest| oldest.saturating_add(micros(WINDOW)).saturating_sub(now));
        Admission { is_admitted, limit: self.limit, remaining, reset_after: Duration::from_micros(reset_after) }
    }
}

impl<K: Eq + Hash> Logs<K> {
    fn sweep(&mut self, now: u64) {
        if self.instants.len() >= self.swept_at {
            self.instants.retain(|_, log| {
                drop_expired(log, now);
                !log.is_empty()
            });
            self.instants.shrink_to_fit();
            self.swept_at = (self.instants.len() * 2).max(SWEPT_AT_LEAST);
        }
    }
}

/// An instant leaves the window when it is 60 s old: two requests exactly 60 s apart do not share a window.
fn drop_expired(log: &mut VecDeque<u64>, now: u64) {
    while log.front().is_some_and(|oldest| oldest.saturating_add(micros(WINDOW)) <= now) {
        log.pop_front();
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
