//! Instants in words, in somebody's time zone.

use crm::clock::UnixMillis;
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Weekday},
    tz::TimeZone,
};

/// A time as a page shows it: in words for people, in full for machines.
pub(crate) struct Time {
    /// `24 Nov 2026, 15:04`.
    pub words: String,
    /// RFC 3339, for `<time datetime>`.
    pub exact: String,
}

/// Tells times of one person.
pub(crate) struct Times {
    zone: TimeZone,
}

impl Times {
    /// In this time zone; in UTC where the name is none.
    pub fn of(zone: &str) -> Self {
        Self { zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC) }
    }

    /// A time to the minute.
    pub fn show(&self, at: UnixMillis) -> Time {
        Time { words: self.format(at, "%-d %b %Y, %H:%M"), exact: at.to_rfc3339() }
    }

    /// A time in the past as one speaks of it: minutes, hours, the day of the week, then the date.
    pub fn show_near(&self, at: UnixMillis, now: UnixMillis) -> Time {
        const MINUTE: i64 = 60_000;
        let ago = (now.0 - at.0) / MINUTE;
        let words = match ago {
            ..0 | 10_080.. => return self.show(at),
            0 => String::from("just now"),
            1..60 => format!("{ago} min ago"),
            60..1_440 => format!("{} h ago", ago / 60),
            _ => self.format(at, "%a, %H:%M"),
        };
        Time { words, exact: at.to_rfc3339() }
    }

    /// A time in the days to come.
    pub fn show_weekday(&self, at: UnixMillis) -> Time {
        Time { words: self.format(at, "%a %-d %b, %H:%M"), exact: at.to_rfc3339() }
    }

    /// Nine in the morning, so many days from now.
    pub fn morning_in(&self, now: UnixMillis, days: i64) -> Option<UnixMillis> {
        self.morning(self.date(now).checked_add(days.days()).ok()?)
    }

    /// Nine in the morning of the next Monday.
    pub fn next_monday(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.morning(self.date(now).nth_weekday(1, Weekday::Monday).ok()?)
    }

    /// When the Monday of this week began, or so many weeks later.
    pub fn monday(&self, now: UnixMillis, weeks: i64) -> Option<UnixMillis> {
        let today = self.date(now);
        let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?;
        self.instant(monday.checked_add(weeks.weeks()).ok()?.at(0, 0, 0, 0))
    }

    /// A day as short as it can be: `23 Nov`.
    pub fn short_day(&self, at: UnixMillis) -> String {
        self.format(at, "%-d %b")
    }

    /// Nine in the morning of a day as a date field has it.
    pub fn morning_of(&self, day: &str) -> Option<UnixMillis> {
        self.morning(self.parse(day)?)
    }

    /// When a day as a date field has it begins.
    pub fn start_of(&self, day: &str) -> Option<UnixMillis> {
        self.instant(self.parse(day)?.at(0, 0, 0, 0))
    }

    /// When a day as a date field has it is over.
    pub fn end_of(&self, day: &str) -> Option<UnixMillis> {
        self.instant(self.parse(day)?.tomorrow().ok()?.at(0, 0, 0, 0))
    }

    /// The instant of a day and a time as fields of a form have them.
    pub fn at(&self, day: &str, time: &str) -> Option<UnixMillis> {
        self.instant(self.parse(day)?.to_datetime(time.parse().ok()?))
    }

    /// From one instant to another within a day: `Sat 28 Nov 2026, 14:00 to 16:00`.
    pub fn span(&self, from: UnixMillis, to: UnixMillis) -> String {
        format!("{} to {}", self.format(from, "%a %-d %b %Y, %H:%M"), self.format(to, "%H:%M"))
    }

    /// From one instant to another, with the days that it takes: whole ones without times.
    pub fn stretch(&self, from: UnixMillis, to: UnixMillis) -> String {
        const DAY: &str = "%a %-d %b %Y";
        let is_midnight = |at| self.format(at, "%H:%M") == "00:00";
        let last = UnixMillis(to.0 - 1);
        let is_one_day = self.date(from) == self.date(last);
        match (is_midnight(from) && is_midnight(to), is_one_day) {
            (true, true) => self.format(from, DAY),
            (true, false) => format!("{} to {}", self.format(from, DAY), self.format(last, DAY)),
            (false, true) => self.span(from, to),
            (false, false) => {
                let form = "%a %-d %b %Y, %H:%M";
                format!("{} to {}", self.format(from, form), self.format(to, form))
            }
        }
    }

    /// A time with its day and year: `Sat 28 Nov 2026, 14:00`.
    pub fn show_full(&self, at: UnixMillis) -> Time {
        Time { words: self.format(at, "%a %-d %b %Y, %H:%M"), exact: at.to_rfc3339() }
    }

    /// A time with its day; within about nine months the year goes without saying.
    pub fn show_day(&self, at: UnixMillis, now: UnixMillis) -> Time {
        const NEAR: i64 = 270 * 24 * 60 * 60 * 1_000;
        if (at.0 - now.0).abs() < NEAR { self.show_weekday(at) } else { self.show_full(at) }
    }

    /// A sentence in which instants, as the API has them, are in words.
    pub fn in_words(&self, text: &str) -> String {
        let words = text.split(' ').map(|word| {
            let bare = word.trim_end_matches([':', ',', '.']);
            let at = Some(bare).filter(|bare| bare.ends_with('Z')).and_then(UnixMillis::parse_rfc3339);
            at.map_or_else(|| word.to_owned(), |at| format!("{}{}", self.show_full(at).words, &word[bare.len()..]))
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// Hours and minutes.
    pub fn clock(&self, at: UnixMillis) -> String {
        self.format(at, "%H:%M")
    }

    /// A day and a time as the fields of a form have them.
    pub fn fields(&self, at: UnixMillis) -> (String, String) {
        (self.format(at, "%Y-%m-%d"), self.clock(at))
    }

    /// The day of an instant.
    pub fn date_of(&self, at: UnixMillis) -> Date {
        self.date(at)
    }

    /// When a day begins: at midnight, or where the clocks skip that, after the gap.
    pub fn begins(&self, date: Date) -> Option<UnixMillis> {
        self.instant(date.at(0, 0, 0, 0))
    }

    /// A day as a date field has it, in words.
    pub fn calendar(&self, day: &str) -> String {
        self.parse(day).map_or_else(|| day.to_owned(), |date| date.strftime("%-d %b %Y").to_string())
    }

    fn parse(&self, day: &str) -> Option<Date> {
        day.parse::<Date>().ok().filter(|date| (1970..=9998).contains(&date.year()))
    }

    fn date(&self, at: UnixMillis) -> Date {
        Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned_datetime(self.zone.clone()).date()
    }

    fn morning(&self, date: Date) -> Option<UnixMillis> {
        self.instant(date.at(9, 0, 0, 0))
    }

    /// The instant of a local time; where the clocks skip it, the one after the gap.
    fn instant(&self, time: DateTime) -> Option<UnixMillis> {
        let instant = time.to_zoned_datetime(self.zone.clone()).ok()?.timestamp();
        Some(UnixMillis(instant.as_millisecond()))
    }

    /// The day, in words.
    pub fn day(&self, at: UnixMillis) -> String {
        self.format(at, "%A, %-d %B %Y")
    }

    fn format(&self, at: UnixMillis, form: &str) -> String {
        let timestamp = Timestamp::from_millisecond(at.0).unwrap_or_default();
        timestamp.to_zoned_datetime(self.zone.clone()).strftime(form).to_string()
    }

    /// A time to the second.
    pub fn show_second(&self, at: UnixMillis) -> Time {
        Time { words: self.format(at, "%-d %b %Y, %H:%M:%S"), exact: at.to_rfc3339() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_in_a_sentence_are_put_into_words() {
        let times = Times::of("America/New_York");
        let text = "overlaps the one that is confirmed for 2026-11-24T15:00:00.000Z: choose another. Z 12Z";
        let said = "overlaps the one that is confirmed for Tue 24 Nov 2026, 10:00: choose another. Z 12Z";
        assert_eq!(times.in_words(text), said);
    }
}
