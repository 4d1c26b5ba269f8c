//! Slots compared with the slow truth: a clock read minute by minute.

use jiff::civil::date;
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::weekly_hours::TypedHours;

/// Days on which a clock is put forward or back, or nothing happens.
const DAYS: [(&str, i16, i8, i8); 15] = [
    ("UTC", 2026, 11, 23),
    ("America/New_York", 2026, 3, 8),
    ("America/New_York", 2026, 11, 1),
    ("Europe/Madrid", 2026, 3, 29),
    ("Europe/Madrid", 2026, 10, 25),
    // Half an hour.
    ("Australia/Lord_Howe", 2026, 4, 5),
    ("Australia/Lord_Howe", 2026, 10, 4),
    // At midnight: the day begins at one, or 23 to 24 comes twice.
    ("Asia/Beirut", 2026, 3, 29),
    ("Asia/Beirut", 2026, 10, 25),
    ("America/Havana", 2026, 3, 8),
    ("America/Havana", 2026, 11, 1),
    // Three quarters of an hour from any other.
    ("Asia/Kathmandu", 2026, 6, 1),
    ("Pacific/Chatham", 2026, 4, 5),
    // A day that never was.
    ("Pacific/Apia", 2011, 12, 30),
    ("Africa/Casablanca", 2026, 2, 15),
];

fn hours(spans: &[(&str, &str)]) -> WeeklyHours {
    let spans = spans.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect::<Vec<_>>();
    let typed: TypedHours = std::array::from_fn(|_| spans.clone());
    WeeklyHours::parse(&typed).unwrap()
}

fn rules(zone: &str, hours: WeeklyHours, minutes: i64) -> Rules {
    let zone = TimeZone::get(zone).unwrap();
    Rules { zone, hours, length: minutes * MINUTE, earliest: i64::MIN, latest: i64::MAX }
}

/// The slots of a day as a clock there shows them.
fn shown(rules: &Rules, day: Date) -> Vec<String> {
    let (from, to) = (rules.beginning(day), rules.beginning(day.tomorrow().unwrap()));
    let slots = rules.free(&[], from, to, usize::MAX);
    slots.iter().map(|slot| rules.zone.to_datetime(timestamp(*slot)).strftime("%H:%M").to_string()).collect()
}

#[test]
fn an_hour_that_is_skipped_has_no_slot() {
    let rules = rules("America/New_York", hours(&[("01:00", "04:00")]), 30);
    assert_eq!(shown(&rules, date(2026, 3, 8)), ["01:00", "01:30", "03:00", "03:30"]);
    assert_eq!(shown(&rules, date(2026, 3, 9)).len(), 6);
}

#[test]
fn an_hour_that_comes_twice_has_its_slots_once() {
    let rules = rules("America/New_York", hours(&[("00:30", "02:30")]), 30);
    assert_eq!(shown(&rules, date(2026, 11, 1)), ["00:30", "01:00", "01:30", "02:00"]);
}

#[test]
fn hours_stay_those_of_the_clock_on_the_wall() {
    let rules = rules("Europe/Madrid", hours(&[("09:00", "10:00")]), 60);
    let nine = |day| rules.free(&[], rules.beginning(day), rules.beginning(day) + DAY, 1)[0];
    assert_eq!(UnixMillis(nine(date(2026, 10, 24))).to_rfc3339(), "2026-10-24T07:00:00.000Z");
    assert_eq!(UnixMillis(nine(date(2026, 10, 26))).to_rfc3339(), "2026-10-26T08:00:00.000Z");
}

#[test]
fn what_is_busy_pushes_slots_to_the_next_quarter() {
    let rules = rules("UTC", hours(&[("09:00", "12:00")]), 45);
    let from = rules.beginning(date(2026, 11, 23));
    let at = |minutes: i64| from + minutes * MINUTE;
    let busy = [Busy { from: at(600), to: at(610) }];
    let slots = rules.free(&busy, from, from + DAY, usize::MAX);
    assert_eq!(slots, [at(540), at(615), at(660)]);
    assert_eq!(rules.free(&busy, from, from + DAY, 2), [at(540), at(615)]);
}

#[test]
fn the_last_days_that_can_be_written_are_no_trouble() {
    let rules = rules("Pacific/Kiritimati", hours(&[("00:00", "00:00")]), 30);
    for time in [i64::MIN, *UnixMillis::RANGE.start(), *UnixMillis::RANGE.end(), i64::MAX] {
        assert!(!rules.is_open(time));
    }
    assert!(rules.is_open(0));
}

/// Whether a clock shows open hours from an instant on, all along, none of it for the second time.
fn is_open_by_the_minute(rules: &Rules, time: i64) -> bool {
    (time..time + rules.length).step_by(MINUTE as usize).all(|minute| {
        let shown = rules.zone.to_datetime(timestamp(minute));
        let minutes = i64::from(shown.hour()) * 60 + i64::from(shown.minute());
        let day = rules.hours.of(shown.weekday().to_monday_zero_offset().unsigned_abs().into());
        let is_second = match rules.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Fold { before, .. } => rules.zone.to_offset(timestamp(minute)) != before,
            _ => false,
        };
        !is_second && day.iter().any(|span| (span.from..span.to).contains(&minutes))
    })
}

fn any_hours() -> impl Strategy<Value = WeeklyHours> {
    let time = (0..96i64).prop_map(|quarter| quarter * 15);
    let day = vec((time, 1..40i64), 0..3).prop_map(|spans| {
        let mut typed = Vec::new();
        let mut last = 0;
        let mut spans = spans;
        spans.sort_unstable();
        for (from, quarters) in spans {
            let from = from.max(last);
            let to = (from + quarters * 15).min(1440);
            if from < to {
                let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
                typed.push((clock(from), clock(to)));
                last = to;
            }
        }
        typed
    });
    let week = [day.clone(), day.clone(), day.clone(), day.clone(), day.clone(), day.clone(), day];
    prop_oneof![9 => week.prop_map(|typed| WeeklyHours::parse(&typed).unwrap()), 1 => Just(WeeklyHours::daily(0, 1440))]
}

fn any_rules() -> impl Strategy<Value = (Rules, i64)> {
    (select(DAYS.to_vec()), any_hours(), select(vec![5i64, 20, 30, 45, 60, 90, 480]), -2..=1i64).prop_map(
        |((zone, year, month, day), hours, minutes, shift)| {
            let rules = rules(zone, hours, minutes);
            let from = rules.beginning(date(year, month, day)) + shift * DAY;
            (rules, from)
        },
    )
}

proptest! {
    #[test]
    fn a_time_is_open_where_every_minute_of_it_is((rules, from) in any_rules(), minute in 0..(3 * 24 * 60i64)) {
        let time = from + minute * MINUTE;
        prop_assert_eq!(rules.is_open(time), is_open_by_the_minute(&rules, time));
    }

    #[test]
    fn slots_keep_to_the_rules_and_none_is_forgotten(
        (mut rules, from) in any_rules(),
        busy in vec((-60..(3 * 24 * 60i64), 1..400i64), 0..12),
        (notice, ahead) in (0..2_000i64, 1_000..5_000i64),
    ) {
        let to = from + 3 * DAY;
        let busy = busy.into_iter().map(|(at, minutes)| Busy { from: from + at * MINUTE, to: from + (at + minutes) * MINUTE });
        let busy = busy.collect::<Vec<_>>();
        let is_busy = |time: i64, length: i64| busy.iter().any(|busy| busy.from < time + length && busy.to > time);
        for (earliest, latest) in [(i64::MIN, i64::MAX), (from + notice * MINUTE, from + ahead * MINUTE)] {
            (rules.earliest, rules.latest) = (earliest, latest);
            let slots = rules.free(&busy, from, to, usize::MAX);
            for slot in &slots {
                prop_assert!((from..=to - rules.length).contains(slot));
                prop_assert!((earliest..latest).contains(slot));
                prop_assert!(is_open_by_the_minute(&rules, *slot));
                prop_assert!(!is_busy(*slot, rules.length));
            }
            prop_assert!(slots.windows(2).all(|pair| pair[0] + rules.length <= pair[1]), "slots overlap");
            let mut shown = slots.iter().map(|slot| rules.zone.to_datetime(timestamp(*slot))).collect::<Vec<_>>();
            shown.dedup();
            prop_assert_eq!(shown.len(), slots.len());
            if earliest == i64::MIN {
                // Whatever else is free begins or ends within one of them.
                let quarters = (from + (STEP - from.rem_euclid(STEP)) % STEP..=to - rules.length).step_by(STEP as usize);
                for time in quarters.filter(|time| is_open_by_the_minute(&rules, *time) && !is_busy(*time, rules.length)) {
                    prop_assert!(slots.iter().any(|slot| *slot < time + rules.length && slot + rules.length > time), "{time} is forgotten");
                }
            }
        }
    }
}
