//! Weekly hours: on which days of the week, from when to when, by the clock on the wall.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::FieldError;

/// The days of a week: how forms and messages call each.
pub const DAYS: [(&str, &str); 7] = [
    ("monday", "Monday"),
    ("tuesday", "Tuesday"),
    ("wednesday", "Wednesday"),
    ("thursday", "Thursday"),
    ("friday", "Friday"),
    ("saturday", "Saturday"),
    ("sunday", "Sunday"),
];
/// The most spans of a day.
pub const MOST_SPANS: usize = 4;
/// Minutes of a day, by the clock on the wall.
pub const DAY_MINUTES: i64 = 24 * 60;

/// From when to when on a day, in minutes since its midnight; the end does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The first minute, 0 to 1439.
    pub from: i64,
    /// The minute after the last, to 1440.
    pub to: i64,
}

/// The hours of each day, from Monday on: in order, none touching another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklyHours([Vec<Span>; 7]);

/// The same as it is typed: from and to of each span of each day, such as `09:00` and `17:30`.
pub type TypedHours = [Vec<(String, String)>; 7];

impl WeeklyHours {
    /// Reads hours as they are typed. A span without both ends is none; one that ends at 00:00 ends at midnight; spans that touch become
    /// one.
    ///
    /// # Errors
    /// One for each day that is wrong, with the day's name as its field.
    pub fn parse(typed: &TypedHours) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut hours = Self::default();
        for ((typed, (field, _)), kept) in typed.iter().zip(DAYS).zip(&mut hours.0) {
            match spans(typed) {
                Ok(spans) => *kept = spans,
                Err(message) => wrong.push(FieldError { field: field.to_owned(), message: message.to_owned() }),
            }
        }
        if wrong.is_empty() { Ok(hours) } else { Err(wrong) }
    }

    /// Every day from one time to another, in minutes of the day.
    #[must_use]
    pub fn daily(from: i64, to: i64) -> Self {
        Self(std::array::from_fn(|_| vec![Span { from, to }]))
    }

    /// Whether there is no hour in the week.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// The spans of a day, counted from Monday, 0 to 6.
    #[must_use]
    pub fn of(&self, day: usize) -> &[Span] {
        self.0.get(day).map_or(&[], Vec::as_slice)
    }

    /// What both have.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|day| {
            let pairs = self.of(day).iter().flat_map(|a| other.of(day).iter().map(move |b| (a, b)));
            let common = pairs.map(|(a, b)| Span { from: a.from.max(b.from), to: a.to.min(b.to) });
            common.filter(|span| span.from < span.to).collect()
        }))
    }

    /// As it is typed.
    #[must_use]
    pub fn typed(&self) -> TypedHours {
        let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
        std::array::from_fn(|day| self.of(day).iter().map(|span| (clock(span.from), clock(span.to))).collect())
    }

    /// As it is stored.
    pub(crate) fn encode(&self) -> String {
        serde_json::to_string(self).expect("lists of integers")
    }

    /// From what is stored.
    pub(crate) fn decode(text: &str) -> Result<Self, db::DbError> {
        serde_json::from_str(text).map_err(|_| db::DbError::Internal("hours cannot be read".to_owned()))
    }
}

/// Each day that has hours: `Monday 09:00-12:00, 13:00-17:00; Saturday 10:00-12:00`.
impl fmt::Display for WeeklyHours {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let days = self.0.iter().zip(DAYS).filter(|(spans, _)| !spans.is_empty()).map(|(spans, (_, name))| {
            let spans = spans.iter().map(|span| format!("{}-{}", clock(span.from), clock(span.to)));
            format!("{name} {}", spans.collect::<Vec<_>>().join(", "))
        });
        out.write_str(&days.collect::<Vec<_>>().join("; "))
    }
}

fn spans(typed: &[(String, String)]) -> Result<Vec<Span>, &'static str> {
    let mut spans = Vec::new();
    for (from, to) in typed {
        let span = match (from.trim(), to.trim()) {
            ("", "") => continue,
            ("", _) | (_, "") => return Err("needs both a beginning and an end, or neither"),
            (from, to) => (minutes(from), minutes(to)),
        };
        match span {
            (Some(from), Some(0)) => spans.push(Span { from, to: DAY_MINUTES }),
            (Some(from), Some(to)) if from < to => spans.push(Span { from, to }),
            (Some(_), Some(_)) => return Err("must end after it begins; what goes past midnight stands on two days"),
            _ => return Err("must be times such as 09:00 and 17:30"),
        }
    }
    if spans.len() > MOST_SPANS {
        return Err("may have four spans at most");
    }
    spans.sort_unstable();
    let mut kept = Vec::<Span>::new();
    for span in spans {
        match kept.last_mut() {
            Some(last) if span.from < last.to => return Err("has times that overlap"),
            Some(last) if span.from == last.to => last.to = span.to,
            _ => kept.push(span),
        }
    }
    Ok(kept)
}

/// Minutes of `09:30`; seconds that a browser adds are taken where they are none.
fn minutes(text: &str) -> Option<i64> {
    let text = text.strip_suffix(":00").filter(|rest| rest.contains(':')).unwrap_or(text);
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str, most: i64| {
        let is_plain = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| part.parse::<i64>().ok()).flatten().filter(|number| *number <= most)
    };
    Some(number(hours, 23)? * 60 + number(minutes, 59).filter(|_| minutes.len() == 2)?)
}

/// Minutes in words, in the largest unit that fits: `45 minutes`, `2 hours`, `1 day`.
#[must_use]
pub fn span(minutes: i64) -> String {
    let (count, unit) = match minutes {
        minutes if minutes > 0 && minutes % (24 * 60) == 0 => (minutes / (24 * 60), "day"),
        minutes if minutes > 0 && minutes % 60 == 0 => (minutes / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(spans: &[(&str, &str)]) -> TypedHours {
        let mut typed = TypedHours::default();
        typed[0] = spans.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        typed
    }

    fn of(from: i64, to: i64) -> Span {
        Span { from, to }
    }

    #[test]
    fn hours_are_put_in_order_and_joined() {
        let hours =
            WeeklyHours::parse(&typed(&[("13:00", "17:30"), ("", ""), ("9:00", "12:00"), ("12:00:00", "13:00")]));
        assert_eq!(hours.unwrap().of(0), [of(540, 1050)]);
        let hours = WeeklyHours::parse(&typed(&[("22:00", "00:00"), ("00:00", "01:00")])).unwrap();
        assert_eq!(hours.of(0), [of(0, 60), of(1320, 1440)]);
        assert_eq!(hours.to_string(), "Monday 00:00-01:00, 22:00-24:00");
        assert_eq!(WeeklyHours::parse(&hours.typed()), Ok(hours.clone()));
        assert_eq!(WeeklyHours::decode(&hours.encode()).unwrap(), hours);
    }

    #[test]
    fn what_is_no_span_is_refused_by_its_day() {
        for spans in [
            [("9:00", ""), ("", "")],
            [("", "9:00"), ("", "")],
            [("17:00", "9:00"), ("", "")],
            [("9:00", "9:00"), ("", "")],
            [("9:00", "12:00"), ("11:59", "13:00")],
            [("9", "12:00"), ("", "")],
            [("9:0", "12:00"), ("", "")],
            [("24:00", "12:00"), ("", "")],
            [("9:60", "12:00"), ("", "")],
            [("+9:00", "12:00"), ("", "")],
            [("９:00", "12:00"), ("", "")],
        ] {
            let wrong = WeeklyHours::parse(&typed(&spans)).unwrap_err();
            assert_eq!(wrong.iter().map(|wrong| wrong.field.as_str()).collect::<Vec<_>>(), ["monday"], "{spans:?}");
        }
    }

    #[test]
    fn both_hours_hold_where_both_are_open() {
        let a = WeeklyHours::parse(&typed(&[("9:00", "12:00"), ("13:00", "17:00")])).unwrap();
        let b = WeeklyHours::parse(&typed(&[("11:00", "14:00"), ("17:00", "18:00")])).unwrap();
        assert_eq!(a.within(&b).of(0), [of(660, 720), of(780, 840)]);
        assert!(a.within(&WeeklyHours::default()).is_empty());
    }

    #[test]
    fn minutes_are_told_in_the_largest_unit() {
        let told = [0, 1, 45, 60, 120, 90, 1440, 2880].map(span);
        assert_eq!(told, ["0 minutes", "1 minute", "45 minutes", "1 hour", "2 hours", "90 minutes", "1 day", "2 days"]);
    }
}
