//! Keys that are known to be used up: refused here, without asking the database again and again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::clock::UnixMillis;

/// Keys, by their hashes, that another node or this one has used up.
#[derive(Default)]
pub(crate) struct Exhausted {
    keys: Mutex<HashMap<[u8; 32], Until>>,
}

#[derive(Clone, Copy)]
struct Until {
    /// On the monotonic clock: before, no request of the key can be let in.
    reset_at: Duration,
    /// When the key itself ends: it is unknown then, not used up.
    expires_at: Option<UnixMillis>,
}

impl Until {
    fn holds(&self, monotonic: Duration, now: UnixMillis) -> bool {
        monotonic < self.reset_at && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Keys held before those that are free again are looked for.
const SWEPT_AT: usize = 1_024;

impl Exhausted {
    /// Notes that a key can do nothing before `reset_at`.
    pub fn note(&self, key: [u8; 32], reset_at: Duration, expires_at: Option<UnixMillis>) {
        self.keys().insert(key, Until { reset_at, expires_at });
    }

    /// How long the key is still used up; `None` when that is not known.
    pub fn reset_after(&self, key: &[u8; 32], monotonic: Duration, now: UnixMillis) -> Option<Duration> {
        let mut keys = self.keys();
        if keys.len() >= SWEPT_AT {
            keys.retain(|_, until| until.holds(monotonic, now));
        }
        let until = *keys.get(key)?;
        if until.holds(monotonic, now) {
            return Some(until.reset_at - monotonic);
        }
        keys.remove(key);
        None
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<[u8; 32], Until>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_up_key_is_refused_until_its_window_moves_on() {
        let exhausted = Exhausted::default();
        let (second, now) = (Duration::from_secs(1), UnixMillis(1_711_234_567_890));
        exhausted.note([1; 32], second * 10, None);
        assert_eq!(exhausted.reset_after(&[1; 32], second * 4, now), Some(second * 6));
        assert_eq!(exhausted.reset_after(&[2; 32], second * 4, now), None);
        assert_eq!(exhausted.reset_after(&[1; 32], second * 10, now), None);
    }

    #[test]
    fn a_key_that_has_ended_is_no_longer_known_as_used_up() {
        let exhausted = Exhausted::default();
        let now = UnixMillis(1_711_234_567_890);
        exhausted.note([1; 32], Duration::from_secs(60), Some(now));
        assert_eq!(exhausted.reset_after(&[1; 32], Duration::ZERO, now), None);
    }
}
