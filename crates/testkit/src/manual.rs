//! Time and randomness that a test holds in its hand.

use std::{sync::Mutex, time::Duration};

use crm::{
    clock::{Clock, UnixMillis},
    randomness::Randomness,
};

/// 2026-11-23T15:00:00Z: when every test begins.
pub const START: UnixMillis = UnixMillis(1_795_446_000_000);

/// A clock that stands still until it is moved.
pub struct ManualClock {
    since_start: Mutex<Duration>,
}

impl Default for ManualClock {
    fn default() -> Self {
        Self { since_start: Mutex::new(Duration::ZERO) }
    }
}

impl ManualClock {
    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        *self.since_start.lock().expect("no test panics while it holds the clock") += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        START.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        *self.since_start.lock().expect("no test panics while it holds the clock")
    }
}

/// Randomness from a seed: splitmix64.
pub struct SeededRandomness {
    state: Mutex<u64>,
}

impl SeededRandomness {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new(seed) }
    }

    fn next(&self) -> u64 {
        let mut state = self.state.lock().expect("drawing does not panic");
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Randomness for SeededRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.next().to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}
