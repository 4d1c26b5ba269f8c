//! When a delivery is tried again: a pure function of what came out.

use std::time::Duration;

use crm::{
    clock::UnixMillis,
    randomness::{self, Randomness},
};

use crate::rotation::is_success;

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// The pauses between attempts, before jitter: 75 hours, 35 minutes and 5 seconds in all, as Standard Webhooks gives them.
pub const SCHEDULE: [Duration; 9] = [
    Duration::from_secs(5),
    minutes(5),
    minutes(30),
    minutes(2 * 60),
    minutes(5 * 60),
    minutes(10 * 60),
    minutes(14 * 60),
    minutes(20 * 60),
    minutes(24 * 60),
];

/// How many attempts a delivery gets: the first and one after each pause.
pub const ATTEMPTS: u32 = SCHEDULE.len() as u32 + 1;

/// What a receiver asks for beyond this is not waited for.
pub const LONGEST_RETRY_AFTER: Duration = minutes(24 * 60);

/// What becomes of a delivery after a scheduled attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It has arrived.
    Delivered,
    /// It is tried again after this time.
    Retry(Duration),
    /// It was tried often enough.
    Dead,
    /// The receiver is gone for good (410): the webhook is disabled and holds what is open.
    Held,
}

/// What becomes of a delivery after `attempts` scheduled attempts, the last of which was answered with `status` and asked to
/// come back after `retry_after`. Everything but 2xx is a failure: names, certificates and allow lists get repaired.
#[must_use]
pub fn next(attempts: u32, status: Option<u16>, retry_after: Option<Duration>, random: &dyn Randomness) -> Next {
    match status {
        Some(status) if is_success(status) => return Next::Delivered,
        Some(410) => return Next::Held,
        _ => {}
    }
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(planned) = SCHEDULE.get(step) else { return Next::Dead };
    let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
    Next::Retry(jittered((*planned).max(asked), random))
}

/// How long the whole webhook waits after an answer: a receiver that is overloaded means all of its traffic.
#[must_use]
pub fn pause(status: Option<u16>, retry_after: Option<Duration>) -> Option<Duration> {
    let is_overload = matches!(status, Some(429 | 503));
    retry_after.filter(|pause| is_overload && !pause.is_zero()).map(|pause| pause.min(LONGEST_RETRY_AFTER))
}

/// Reads `Retry-After` (RFC 9110, section 10.2.3): whole seconds, or a date, of which a past one asks for nothing.
#[must_use]
pub fn parse_retry_after(value: &str, now: UnixMillis) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit()) {
        // So many digits are no nonsense, only long.
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let now = std::time::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
    let left = date.duration_since(now).ok()?;
    (!left.is_zero()).then(|| left.min(LONGEST_RETRY_AFTER))
}

/// The delay and up to a fifth more, so that what failed together does not come back together.
fn jittered(delay: Duration, random: &dyn Randomness) -> Duration {
    let draw = u32::from_le_bytes(randomness::bytes(random));
    let fifth = u64::try_from(delay.as_millis() / 5).unwrap_or(u64::MAX);
    let extra = (u128::from(fifth) * u128::from(draw)) >> 32;
    delay + Duration::from_millis(u64::try_from(extra).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Draw(u8);
    impl Randomness for Draw {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    const DAY: u64 = 86_400;

    #[test]
    fn ten_attempts_within_three_days_and_then_dead() {
        let mut total = Duration::ZERO;
        for attempts in 1..ATTEMPTS {
            match next(attempts, Some(500), None, &Draw(0)) {
                Next::Retry(delay) => total += delay,
                other => panic!("{other:?} after {attempts}"),
            }
        }
        assert_eq!(total, Duration::from_secs(75 * 3600 + 35 * 60 + 5));
        assert_eq!(ATTEMPTS, 10);
        assert_eq!(next(10, Some(500), None, &Draw(0)), Next::Dead);
        assert_eq!(next(11, None, None, &Draw(0)), Next::Dead);
    }

    #[test]
    fn only_a_2xx_delivers_and_410_holds() {
        for status in [200, 201, 204, 299] {
            assert_eq!(next(1, Some(status), None, &Draw(0)), Next::Delivered);
        }
        assert_eq!(next(1, Some(410), None, &Draw(0)), Next::Held);
        assert_eq!(next(10, Some(410), None, &Draw(0)), Next::Held);
        for status in [None, Some(101), Some(199), Some(300), Some(302), Some(400), Some(404), Some(429), Some(500)] {
            assert_eq!(next(1, status, None, &Draw(0)), Next::Retry(Duration::from_secs(5)), "{status:?}");
        }
    }

    #[test]
    fn retry_after_only_ever_delays_and_a_day_at_most() {
        let delay = |attempts, seconds| next(attempts, Some(503), Some(Duration::from_secs(seconds)), &Draw(0));
        assert_eq!(delay(1, 120), Next::Retry(Duration::from_secs(120)));
        assert_eq!(delay(2, 120), Next::Retry(Duration::from_secs(300)));
        assert_eq!(delay(1, DAY * 9), Next::Retry(Duration::from_secs(DAY)));
    }

    #[test]
    fn only_an_overloaded_receiver_pauses_the_webhook() {
        let asked = Some(Duration::from_secs(9));
        assert_eq!(pause(Some(429), asked), asked);
        assert_eq!(pause(Some(503), asked), asked);
        assert_eq!(pause(Some(500), asked), None);
        assert_eq!(pause(Some(503), None), None);
        assert_eq!(pause(Some(503), Some(Duration::ZERO)), None);
        assert_eq!(pause(Some(429), Some(Duration::from_secs(DAY * 2))), Some(Duration::from_secs(DAY)));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_nonsense_is_ignored() {
        let now = UnixMillis(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
        let seconds = |value| parse_retry_after(value, now).map(|delay| delay.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds("99999999999999999999999999"), Some(DAY));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sunday, 06-Nov-94 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun Nov  6 08:50:37 1994"), Some(60));
        assert_eq!(seconds("Fri, 31 Dec 1999 23:59:59 GMT"), Some(DAY));
        for nothing in ["", "120.6", "-1", "+5", "0x10", "soon", "Sun, 06 Nov 1994 08:49:36 GMT", "1e3", "１２０"] {
            assert_eq!(seconds(nothing), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn jitter_only_ever_adds_up_to_a_fifth(attempts in 1..ATTEMPTS, draw in any::<u8>(), asked in proptest::option::of(0..DAY * 2)) {
            let planned = SCHEDULE[attempts as usize - 1].max(Duration::from_secs(asked.unwrap_or(0).min(DAY)));
            let Next::Retry(delay) = next(attempts, None, asked.map(Duration::from_secs), &Draw(draw)) else {
                panic!("no retry");
            };
            prop_assert!(delay >= planned && delay <= planned + planned / 5);
        }

        #[test]
        fn no_retry_after_makes_it_panic(value in ".{0,40}", now in any::<i64>()) {
            let _ = parse_retry_after(&value, UnixMillis(now));
        }
    }
}
