//! The sliding log against its promise, over any schedule.

use proptest::prelude::*;

use super::*;

const MINUTE: u64 = 60_000_000;

/// How the clock moves from one request to the next, in microseconds.
#[derive(Debug, Clone, Copy)]
enum Step {
    On(u64),
    /// A request that read the clock earlier comes later.
    Back(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::On(0)),
        4 => (1..3_000_000_u64).prop_map(Step::On),
        2 => (MINUTE - 2..MINUTE + 2).prop_map(Step::On),
        2 => (1..2 * MINUTE).prop_map(Step::Back),
        1 => (MINUTE..MINUTE * 60 * 24 * 365).prop_map(Step::On),
        1 => Just(Step::On(u64::MAX / 4)),
    ];
    proptest::collection::vec(step, 1..400)
}

fn moved(now: u64, step: Step) -> u64 {
    match step {
        Step::On(by) => now.saturating_add(by).min(u64::MAX / 2),
        Step::Back(by) => now.saturating_sub(by),
    }
}

proptest! {
    #[test]
    fn no_window_holds_more_than_the_limit_and_nothing_below_it_is_refused(limit in 1..12_u32, steps in steps()) {
        let log = SlidingLog::new(limit);
        let (mut now, mut latest, mut admitted) = (0, 0, Vec::<u64>::new());
        for step in steps {
            now = moved(now, step);
            let said = log.admit((), Duration::from_micros(now));
            // What comes late counts as of the last that was let in: time does not go back within a log.
            let at = now.max(latest);
            let used = admitted.iter().filter(|earlier| **earlier + MINUTE > at).count();
            prop_assert_eq!(said.is_admitted, used < limit as usize);
            if said.is_admitted {
                admitted.push(at);
                latest = at;
            }
            let oldest = admitted.iter().find(|earlier| **earlier + MINUTE > at).expect("a full window is not empty");
            prop_assert_eq!(said.reset_after, Duration::from_micros(oldest + MINUTE - at));
            prop_assert_eq!(said.remaining, limit - (used as u32 + u32::from(said.is_admitted)));
        }
        let most = limit as usize;
        for first in 0..admitted.len().saturating_sub(most) {
            prop_assert!(admitted[first + most] - admitted[first] >= MINUTE);
        }
    }

    #[test]
    fn a_refused_request_is_let_in_once_it_has_waited_as_told(limit in 1..6_u32, steps in steps()) {
        let log = SlidingLog::new(limit);
        let mut now = 0;
        for step in steps {
            if let Step::On(by) = step {
                now = moved(now, Step::On(by));
            }
            let said = log.admit((), Duration::from_micros(now));
            if !said.is_admitted {
                let due = Duration::from_micros(now) + said.reset_after;
                prop_assert!(!log.look(&(), due - Duration::from_micros(1)).is_admitted);
                prop_assert!(log.look(&(), due).is_admitted);
            }
        }
    }
}

#[test]
fn a_log_holds_no_more_instants_than_its_limit() {
    let log = SlidingLog::new(5);
    for n in 0..100_000 {
        log.admit((), Duration::from_millis(n));
    }
    let logs = log.logs.lock().unwrap();
    assert!(logs.instants[&()].len() <= 5);
    assert!(logs.instants[&()].capacity() <= 16);
}

#[test]
fn keys_that_were_not_used_for_a_window_are_forgotten() {
    let log = SlidingLog::new(5);
    for n in 0..200_000_u64 {
        // 100 keys a second, each once: 6,000 of them are within a window.
        log.admit(n, Duration::from_millis(n * 10));
    }
    assert!(log.logs.lock().unwrap().instants.len() <= 2 * 6_001);
}

#[test]
fn one_key_does_not_use_up_another() {
    let log = SlidingLog::new(1);
    assert!(log.admit("a", Duration::ZERO).is_admitted);
    assert!(log.admit("b", Duration::ZERO).is_admitted);
    assert!(!log.admit("a", Duration::ZERO).is_admitted);
}
