//! Days and times in the words of the visit's language.

use crm::clock::UnixMillis;
use jiff::civil::Date;
use words::Words;

use crate::times::Times;

fn month(t: &Words, date: Date) -> String {
    t.say(&format!("month-{}", date.month()))
}

/// A day of a year that goes without saying: `Saturday, November 28`.
pub(crate) fn weekday(t: &Words, date: Date) -> String {
    let weekday = t.say(&format!("weekday-{}", date.weekday().to_monday_one_offset()));
    let day = date.day().to_string();
    t.say_with("date-weekday", &[("weekday", &weekday), ("day", &day), ("month", &month(t, date))])
}

/// A day: `November 28, 2026`.
pub(crate) fn day(t: &Words, date: Date) -> String {
    let (day, year) = (date.day().to_string(), date.year().to_string());
    t.say_with("date-day", &[("day", &day), ("month", &month(t, date)), ("year", &year)])
}

/// A day as a field of a record has it.
pub(crate) fn day_of(t: &Words, text: &str) -> String {
    text.parse::<Date>().map_or_else(|_| text.to_owned(), |date| day(t, date))
}

/// A time of the day: `2:30 PM`.
pub(crate) fn clock(t: &Words, times: &Times, at: UnixMillis) -> String {
    let text = times.clock(at);
    let (hour, minute) = text.split_once(':').unwrap_or(("0", "00"));
    let hour = hour.parse::<u8>().unwrap_or(0);
    let half = if hour < 12 { "time-am" } else { "time-pm" };
    let hour = (hour + 11) % 12 + 1;
    t.say_with(half, &[("time", &format!("{hour}:{minute}"))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public::words as said;

    #[test]
    fn days_and_times_are_said_as_each_language_says_them() {
        let date = "2026-11-28".parse::<Date>().unwrap();
        let (en, es) = (said::of("en"), said::of("es"));
        assert_eq!(
            (weekday(en, date), weekday(es, date)),
            (String::from("Saturday, November 28"), String::from("sábado, 28 de noviembre"))
        );
        assert_eq!(
            (day(en, date), day(es, date)),
            (String::from("November 28, 2026"), String::from("28 de noviembre de 2026"))
        );
        let times = Times::of("UTC");
        let at = |text| UnixMillis::parse_rfc3339(text).unwrap();
        for (text, told) in [
            ("2026-11-28T00:05:00Z", "12:05 AM"),
            ("2026-11-28T12:00:00Z", "12:00 PM"),
            ("2026-11-28T13:30:00Z", "1:30 PM"),
        ] {
            assert_eq!(clock(en, &times, at(text)), told);
        }
        assert_eq!(day_of(en, "soon"), "soon");
    }
}
