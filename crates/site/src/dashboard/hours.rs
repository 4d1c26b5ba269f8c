//! Weekly hours in a form and in words, and minutes to choose from.

use crm::weekly_hours::{DAYS, MOST_SPANS, TypedHours, WeeklyHours, span};

use crate::{fields::Fields, forms::Wrong};

/// A day of the form.
pub(super) struct Day {
    /// What its fields begin with.
    pub key: &'static str,
    pub name: &'static str,
    /// From and to of those that are filled, or an empty one.
    pub spans: Vec<(String, String)>,
    /// Empty ones, for more; they count on.
    pub more: Vec<usize>,
    pub wrong: Option<String>,
}

/// The days of a form.
pub(super) fn days(typed: &TypedHours, wrong: &Wrong) -> Vec<Day> {
    let days = typed.iter().zip(DAYS).map(|(spans, (key, name))| {
        let mut spans = spans.clone();
        if spans.is_empty() {
            spans.push((String::new(), String::new()));
        }
        let more = (spans.len() + 1..=MOST_SPANS).collect();
        Day { key, name, spans, more, wrong: wrong.at(key) }
    });
    days.collect()
}

/// Reads them back. What is empty is left out.
pub(super) fn read(fields: &Fields) -> TypedHours {
    std::array::from_fn(|day| {
        let key = DAYS[day].0;
        let (from, to) = (format!("{key}.from"), format!("{key}.to"));
        let spans = fields.all(&from).zip(fields.all(&to)).take(MOST_SPANS + 1);
        spans
            .filter(|(from, to)| !(from.is_empty() && to.is_empty()))
            .map(|(from, to)| (from.to_owned(), to.to_owned()))
            .collect()
    })
}

/// Hours in words: days that follow each other and have the same are one, `Monday to Friday` and `09:00 to 17:00`.
pub(super) fn words(hours: &WeeklyHours) -> Vec<(String, String)> {
    let mut words = Vec::new();
    let mut day = 0;
    while day < DAYS.len() {
        let spans = hours.of(day);
        let alike = (day..DAYS.len()).take_while(|other| hours.of(*other) == spans).count();
        if !spans.is_empty() {
            let (first, last) = (DAYS[day].1, DAYS[day + alike - 1].1);
            let days = match alike {
                1 => first.to_owned(),
                2 => format!("{first} and {last}"),
                _ => format!("{first} to {last}"),
            };
            let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            let spans = spans.iter().map(|span| format!("{} to {}", clock(span.from), clock(span.to)));
            words.push((days, spans.collect::<Vec<_>>().join(", ")));
        }
        day += alike;
    }
    words
}

/// A number of minutes to choose.
pub(super) struct Minutes {
    pub value: String,
    pub words: String,
    pub is_chosen: bool,
}

/// Usual numbers of minutes, and the one that is chosen among them.
pub(super) fn minutes(usual: &[i64], chosen: &str, none: &str) -> Vec<Minutes> {
    let mut values = usual.to_vec();
    let given = chosen.parse::<i64>().ok().filter(|given| *given >= 0);
    if let Some(given) = given
        && !values.contains(&given)
    {
        values.push(given);
        values.sort_unstable();
    }
    let told = values.iter().map(|minutes| Minutes {
        value: minutes.to_string(),
        words: if *minutes == 0 { none.to_owned() } else { span(*minutes) },
        is_chosen: given == Some(*minutes),
    });
    told.collect()
}
