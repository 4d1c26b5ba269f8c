//! The machine's clocks and randomness: the only place that asks for them.
#![expect(clippy::disallowed_methods, reason = "the rest of the program gets time and randomness from here")]

use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::rand;
use crm::{
    clock::{Clock, UnixMillis},
    randomness::Randomness,
};

/// The machine's clocks.
pub struct MachineClock {
    started: Instant,
}

impl Default for MachineClock {
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for MachineClock {
    fn now(&self) -> UnixMillis {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        UnixMillis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The operating system's randomness.
pub struct MachineRandomness;

impl Randomness for MachineRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes).expect("the operating system gives randomness");
    }
}

/// The IANA name of the machine's time zone, `UTC` where it has none.
#[must_use]
pub fn time_zone() -> String {
    jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}
