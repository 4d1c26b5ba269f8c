//! What mails say about showings.

use crm::{
    clock::UnixMillis,
    mails::{AskedShowing, ToldShowing},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    compose::{Fact, Item, Link, QUOTE, Said, mailto, tel},
    headers::{SUBJECT, VALUE, lines, one_line},
    words::Words,
};

/// A time as somebody in a time zone reads it: `Mon, Nov 30, 14:00`, and the hours and minutes alone.
fn moment(words: &Words, at: UnixMillis, zone: &str) -> (String, String) {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let local = Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned_datetime(zone);
    let word = |list: &str, place: i8| {
        let names = words.say(list);
        names.split_whitespace().nth(usize::try_from(place).unwrap_or(0)).unwrap_or_default().to_owned()
    };
    let (weekday, month) =
        (word("weekdays", local.weekday().to_monday_zero_offset()), word("months", local.month() - 1));
    let (day, time) = (local.day().to_string(), local.strftime("%H:%M").to_string());
    let said = words.say_with("moment", &[("weekday", &weekday), ("month", &month), ("day", &day), ("time", &time)]);
    (said, time)
}

/// Clients ask to see listings: each with links that answer.
pub(crate) fn asked(words: &Words, showings: &[AskedShowing], count: u32, zone: &str, site: &str) -> Said {
    let name = showings.first().map(|asked| one_line(&asked.showing.name, 100)).unwrap_or_default();
    let heading = words.say_count("showings-requested-subject", count, ("name", &name));
    let items = showings.iter().map(|asked| {
        let answer = |text: String, token: &str| Link { text, url: format!("{site}/showings/{token}") };
        let confirm = asked.confirm.iter().map(|(at, token)| {
            answer(words.say_with("showing-confirm", &[("time", &moment(words, *at, zone).0)]), token)
        });
        let decline = answer(words.say("showing-decline"), &asked.decline);
        let times = answer(words.say("showing-times"), &format!("{}?times", asked.decline));
        item(words, &asked.showing, confirm.chain([times, decline]).collect())
    });
    let rest = count.saturating_sub(u32::try_from(showings.len()).unwrap_or(u32::MAX));
    let more = (rest > 0).then(|| words.say_count("showings-more", rest, ("name", "")));
    let said = Said {
        subject: one_line(&heading, SUBJECT),
        heading,
        paragraphs: vec![words.say_count("showings-requested-text", count, ("name", &name))],
        items: items.collect(),
        button: None,
        notes: more.into_iter().chain([words.say("showing-link-note"), settings(words, site)]).collect(),
    };
    match showings {
        [one] if count == 1 => said.linking(words.say("showing-open"), page(site, &one.showing)),
        _ => said.linking(words.say("showings-open"), format!("{site}/dashboard/showings")),
    }
}

/// A confirmed showing is near.
pub(crate) fn reminder(words: &Words, showing: &ToldShowing, at: UnixMillis, zone: &str, site: &str) -> Said {
    let (said, time) = moment(words, at, zone);
    let address = one_line(&showing.address, VALUE);
    let subject = words.say_with("reminder-subject", &[("time", &time), ("address", &address)]);
    let mut item = item(words, showing, Vec::new());
    item.facts.insert(0, Fact { name: words.say("showing-time"), value: said, href: None });
    let said = Said {
        subject: one_line(&subject, SUBJECT),
        heading: words.say("reminder-heading"),
        paragraphs: Vec::new(),
        items: vec![item],
        button: None,
        notes: vec![settings(words, site)],
    };
    said.linking(words.say("showing-open"), page(site, showing))
}

fn item(words: &Words, showing: &ToldShowing, links: Vec<Link>) -> Item {
    let fact = |name: &str, value: &str, href| Fact { name: words.say(name), value: one_line(value, VALUE), href };
    let phone = showing.phone.as_deref().map(|phone| fact("lead-phone", phone, tel(phone)));
    let facts = [
        Some(fact("showing-client", &showing.name, None)),
        phone,
        Some(fact("lead-email", &showing.email, mailto(&showing.email))),
    ];
    let quote = showing.notes.as_deref().map(|notes| lines(notes, QUOTE)).filter(|notes| !notes.is_empty());
    Item {
        title: one_line(&showing.address, 200),
        facts: facts.into_iter().flatten().collect(),
        quote: quote.map(|value| Fact { name: words.say("showing-notes"), value, href: None }),
        links,
    }
}

fn page(site: &str, showing: &ToldShowing) -> String {
    format!("{site}/dashboard/showings/{}", showing.id)
}

fn settings(words: &Words, site: &str) -> String {
    words.say_with("mails-note", &[("url", &format!("{site}/dashboard/settings/notifications"))])
}
