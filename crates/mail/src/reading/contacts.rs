//! E-mail addresses, phone numbers and names: finding them in text, and telling a person's from everybody else's.

use std::{collections::HashSet, ops::Range, sync::LazyLock};

use regex::Regex;

use super::{Known, labels, pages::SEAM, providers, texts, vocabulary};

/// Addresses, numbers and names that are no consumer's: the agent's, the portal's.
#[derive(Debug, Default)]
pub(crate) struct Others {
    emails: HashSet<String>,
    phones: HashSet<String>,
    names: HashSet<String>,
    sender_domain: String,
}

impl Others {
    pub(crate) fn new(known: &Known) -> Self {
        let mut others = Self::default();
        known.emails.iter().for_each(|email| others.add_email(email));
        known.phones.iter().for_each(|phone| others.add_phone(phone));
        known.names.iter().for_each(|name| others.add_name(name));
        others
    }

    pub(crate) fn add_email(&mut self, email: &str) {
        self.emails.insert(email.trim().to_lowercase());
    }

    pub(crate) fn add_phone(&mut self, phone: &str) {
        let digits = key(phone);
        if digits.len() >= 7 {
            self.phones.insert(digits);
        }
    }

    pub(crate) fn add_name(&mut self, name: &str) {
        let folded = texts::fold(name.trim());
        if folded.chars().count() > 2 {
            self.names.insert(folded);
        }
    }

    /// The domain that the mail came from.
    pub(crate) fn set_sender(&mut self, address: &str) {
        self.sender_domain = address.rsplit('@').next().unwrap_or_default().to_lowercase();
    }

    /// Whether an address that many share can still be the consumer's, since they gave it themselves: `info@` of a firm of theirs.
    pub(crate) fn may_be_given(&self, email: &str) -> bool {
        let email = email.to_lowercase();
        let domain = email.rsplit('@').next().unwrap_or_default();
        let is_robots = ["reply", "daemon", "bounce", "notif", "alert", "lead", "postmaster", "wordpress"]
            .iter()
            .any(|word| email.contains(word));
        !is_robots
            && domain != self.sender_domain
            && !providers::is_relaying_domain(domain)
            && !self.has_email(&email)
            && !is_dummy_email(&email)
    }

    pub(crate) fn has_email(&self, email: &str) -> bool {
        self.emails.contains(&email.to_lowercase())
    }

    pub(crate) fn has_phone(&self, phone: &str) -> bool {
        self.phones.contains(&key(phone))
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.names.contains(&texts::fold(name.trim()))
    }
}

/// The last ten digits: what two ways to write a number share.
fn key(phone: &str) -> String {
    let digits = digits(phone);
    digits[digits.len().saturating_sub(10)..].to_owned()
}

/// The digits of a text.
pub(crate) fn digits(text: &str) -> String {
    text.chars()
        .filter_map(|letter| letter.to_digit(10).or_else(|| wide_digit(letter)))
        .filter_map(|digit| char::from_digit(digit, 10))
        .collect()
}

fn wide_digit(letter: char) -> Option<u32> {
    u32::from(letter).checked_sub(0xff10).filter(|digit| *digit < 10)
}

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\p{L}\p{N}._%+'’=~!#$&*/?^{|}-]+@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,24}").expect("tested")
});

/// The addresses in a text, as written.
pub(crate) fn emails(text: &str) -> impl Iterator<Item = &str> {
    super::limits::work(text.len());
    // What holds no sign of an address costs no more than that.
    let text = if text.contains('@') { text } else { "" };
    EMAIL.find_iter(text).map(|found| trim_email(found.as_str())).filter(|email| is_email(email))
}

fn trim_email(email: &str) -> &str {
    let email = email
        .trim_start_matches(['\'', '’', '.', '*', '=', '/', '-', '{', '|', '?', '&', '#', '!', '~', '^', '$', '%']);
    email.get(..7).filter(|head| head.eq_ignore_ascii_case("mailto:")).map_or(email, |_| &email[7..])
}

/// Whether it looks like an address that mail reaches.
pub(crate) fn is_email(email: &str) -> bool {
    email.len() <= 254
        && EMAIL.find(email).is_some_and(|found| found.range() == (0..email.len()))
        && !email.contains("..")
}

/// Whether the address is a stand-in for none, as forms demand one.
pub(crate) fn is_dummy_email(email: &str) -> bool {
    let email = email.to_lowercase();
    let (local, domain) = email.split_once('@').unwrap_or((&email, ""));
    let site = domain.split('.').next().unwrap_or_default();
    vocabulary::list("dummy_emails").contains(&local)
        && (vocabulary::list("dummy_emails").contains(&site)
            || matches!(site, "example" | "gmail" | "none" | "mail" | "domain"))
        || matches!(
            local,
            "noemail" | "no-email" | "notprovided" | "not-provided" | "noemailprovided" | "none" | "no.email"
        )
        || matches!(site, "noemail" | "noemailprovided" | "nomail")
}

/// Whether many people share the address: no person is reached by it.
pub(crate) fn is_shared(email: &str) -> bool {
    let email = email.to_lowercase();
    let (local, domain) = email.split_once('@').unwrap_or((&email, ""));
    let local = local.split('+').next().unwrap_or(local);
    let plain = local.replace(['-', '_', '.'], "");
    vocabulary::list("shared_emails").contains(&plain.as_str())
        || plain.contains("noreply")
        || plain.contains("donotreply")
        || plain.starts_with("bounce")
        || plain.starts_with("mailerdaemon")
        || providers::is_relaying_domain(domain)
}

static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:\+?1[\s.\-–]{0,2})?\([2-9][0-9]{2}\)[\s.\-–/]{0,3}[0-9]{3}[\s.\-–]{0,2}[0-9]{4}",
        r"|(?:\+?1[\s.\-–]{0,2})?[2-9][0-9]{2}[\s.\-–/]{0,3}[0-9]{3}[\s.\-–]{0,2}[0-9]{4}",
        r"|(?:\+|00)[0-9]{1,3}(?:[\s.\-–/]{0,2}\(?[0-9]{1,10}\)?){1,6}",
        r"|\(?[0-9]{1,5}\)?(?:[\s.\-–/]{1,2}\(?[0-9]{1,8}\)?){1,5}",
        r"|[0-9]{7,13}",
    ))
    .expect("tested")
});

/// A number in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phone {
    /// As printed.
    pub text: String,
    /// Whether it is one beyond doubt, by its form alone.
    pub is_certain: bool,
    /// Where it stands.
    pub range: Range<usize>,
}

/// The numbers in a text.
pub(crate) fn phones(text: &str) -> Vec<Phone> {
    super::limits::work(text.len());
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for number in PHONE.find_iter(text) {
        let before = text[..number.start()].chars().next_back();
        let after = text[number.end()..].chars().next();
        if before.is_some_and(|letter| {
            letter.is_alphanumeric() && !texts::is_wide(letter)
                || matches!(letter, '$' | '€' | '£' | '#' | '@' | '=' | '_')
        }) || after.is_some_and(|letter| letter.is_ascii_digit() || matches!(letter, '@' | '%' | '_'))
        {
            continue;
        }
        if matches!((before, number.as_str().as_bytes()[0]), (Some('.' | ',' | '-' | '/'), b'0'..=b'9'))
            && text[..number.start()].chars().rev().nth(1).is_some_and(char::is_alphanumeric)
        {
            continue;
        }
        let printed = number
            .as_str()
            .trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '.' | '-' | '–' | '/'));
        let printed = american(balanced(printed));
        let digits = digits(printed);
        if !(7..=15).contains(&digits.len())
            || is_date(printed)
            || after.is_some_and(char::is_alphabetic)
                && !after.is_some_and(|letter| matches!(letter, 'x' | 'e' | 'X' | 'E'))
                && !after.is_some_and(texts::is_wide)
        {
            continue;
        }
        let is_split = printed.contains([' ', '-', '.', '(', '–', '\u{a0}']);
        let is_certain = printed.starts_with('+') && digits.len() >= 8
            || is_split
                && (digits.len() == 10 || digits.len() == 11 && digits.starts_with('1'))
                && !digits.starts_with("20");
        found.push(Phone { text: printed.to_owned(), is_certain, range: number.range() });
    }
    found
}

/// The ten digits at the end of a run that another number runs into: `3. 512 555 0142`.
fn american(printed: &str) -> &str {
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|\D)((?:1[\s.–-])?\(?[2-9][0-9]{2}\)?[\s.–/-]{1,3}[2-9][0-9]{2}[\s.–-]{1,2}[0-9]{4})$")
            .expect("tested")
    });
    let is_other = printed.starts_with(['+', '0']) || digits(printed).len() <= 10;
    if is_other {
        printed
    } else {
        ENDS.captures(printed).and_then(|found| found.get(1)).map_or(printed, |inner| inner.as_str())
    }
}

fn balanced(printed: &str) -> &str {
    let opens = printed.matches('(').count();
    let closes = printed.matches(')').count();
    if opens > closes {
        printed.strip_prefix('(').unwrap_or(printed)
    } else if closes > opens {
        printed.strip_suffix(')').unwrap_or(printed)
    } else {
        printed
    }
}

fn is_date(text: &str) -> bool {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:(?:19|20)[0-9][0-9][-./][0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}[-./][0-9]{1,2}[-./](?:19|20)[0-9][0-9])(?:[ ][0-9]{1,2})?$")
            .expect("tested")
    });
    DATE.is_match(text)
}

/// Whether nobody has the number: one digit, a run, or a toll-free one, which is a company's.
pub(crate) fn is_no_persons(phone: &str) -> bool {
    let digits = digits(phone);
    let national = digits.strip_prefix('1').filter(|rest| rest.len() == 10).unwrap_or(&digits);
    let is_one_digit = digits.chars().all(|digit| digits.starts_with(digit))
        || national.chars().all(|digit| national.starts_with(digit));
    let is_run = matches!(national, "1234567890" | "0123456789" | "1234567" | "9876543210" | "12345678" | "123456789");
    let is_toll_free = national.len() == 10
        && ["800", "888", "877", "866", "855", "844", "833", "822", "900"]
            .iter()
            .any(|code| national.starts_with(code))
        && !phone.starts_with("+4")
        && !phone.starts_with("+3")
        && !phone.starts_with("+8");
    is_one_digit || is_run || is_toll_free || national.len() == 10 && national[3..].chars().all(|digit| digit == '0')
}

/// Words that say that there is no value.
pub(crate) fn is_nothing(value: &str) -> bool {
    let folded = texts::fold(value);
    let folded = folded.trim_matches(|letter: char| !letter.is_alphanumeric());
    folded.is_empty() || vocabulary::list("no_values").contains(&folded)
}

/// A name out of a value, if it can be one: without an address beside it, quotation marks, or where it came by.
pub(crate) fn name(value: &str) -> Option<String> {
    static VIA: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\s*(?:[(\[]\s*)?(?:(?-u:\b)via(?-u:\b)|(?-u:\b)through(?-u:\b)|(?-u:\b)from zillow(?-u:\b)|(?-u:\b)on zillow(?-u:\b)|(?-u:\b)has |(?-u:\b)is (?:interested|requesting|inquiring|looking)\b|(?-u:\b)says(?-u:\b)).*$").expect("tested")
    });
    let mut text = value.replace(SEAM, " ");
    if let Some(email) = EMAIL.find(&text) {
        text.truncate(email.start());
    }
    if let Some(phone) = phones(&text).first() {
        text.truncate(phone.range.start);
    }
    let text = text.split(['<', '|', '\n', '\t', '•', ';', '·']).next().unwrap_or_default();
    let text = VIA.replace(text, "");
    let text = texts::squeeze(&text);
    let text = text.trim_matches(|letter: char| {
        letter.is_whitespace()
            || matches!(
                letter,
                ',' | ':'
                    | '"'
                    | '“'
                    | '”'
                    | '*'
                    | '-'
                    | '–'
                    | '—'
                    | '_'
                    | '['
                    | '\''
                    | '‘'
                    | '’'
                    | '/'
                    | '>'
                    | '!'
                    | '「'
                    | '」'
                    | '='
                    | '&'
                    | '@'
                    | '#'
            )
    });
    let text = text.strip_suffix('(').map_or(text, str::trim_end);
    let text = text.split(" (").next().unwrap_or(text);
    let text = ["様", "さん", "님", "先生", "女士", "小姐"]
        .iter()
        .find_map(|title| text.strip_suffix(title))
        .map_or(text, str::trim_end);
    is_name(text).then(|| text.to_owned())
}

/// Whether a text can be a person's name.
pub(crate) fn is_name(text: &str) -> bool {
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let count = text.chars().count();
    if letters == 0 || digits > 1 || count > 80 || count < 2 && !text.chars().any(texts::is_wide) || letters * 2 < count
    {
        return false;
    }
    if text.split_whitespace().count() > 7
        || text.contains(['@', '?', '!', '{', '}', '$', '=', '\\', '%', ':', '：', '。', '、', '>', '<'])
        || text.contains("www.")
        || text.contains("http")
    {
        return false;
    }
    if is_nothing(text) || texts::fold(text) == "test" {
        return false;
    }
    let folded = texts::fold(text);
    !texts::has_word(&folded, vocabulary::list("no_names"))
        && !matches!(labels::find(text), Some(field) if field != labels::Field::City && text.split_whitespace().count() > 1 || matches!(field, labels::Field::Email | labels::Field::Phone | labels::Field::Message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Vec<String> {
        phones(text).into_iter().map(|phone| phone.text).collect()
    }

    #[test]
    fn numbers_are_found_as_printed() {
        assert_eq!(printed("call (512) 555-0142 x12 or 512.555.0143"), ["(512) 555-0142", "512.555.0143"]);
        assert_eq!(printed("+1 512-555-0142, +44 20 7946 0958."), ["+1 512-555-0142", "+44 20 7946 0958"]);
        assert_eq!(printed("5125550142 ext. 5"), ["5125550142"]);
        assert_eq!(printed("090-1234-5678"), ["090-1234-5678"]);
        assert_eq!(printed("on 2026-11-28, $512-555-0142, MLS #5125550142"), Vec::<String>::new());
        assert_eq!(printed("06 12 34 56 78"), ["06 12 34 56 78"]);
    }

    #[test]
    fn nobodys_numbers_and_addresses_are_told() {
        for phone in ["1111111111", "(800) 555-0100", "1-888-555-0100", "123-456-7890", "0000000000"] {
            assert!(is_no_persons(phone), "{phone}");
        }
        for phone in ["(512) 555-0142", "555-0142", "+44 20 7946 0958", "2125551234"] {
            assert!(!is_no_persons(phone), "{phone}");
        }
        assert!(is_dummy_email("none@none.com"));
        assert!(!is_dummy_email("jane@example.com"));
        assert!(is_shared("no-reply@x.example") && is_shared("leads@x.example") && !is_shared("jane.lead@x.example"));
    }

    #[test]
    fn a_name_is_no_address_and_no_number() {
        assert_eq!(name("Jane Doe <jane@x.example>").as_deref(), Some("Jane Doe"));
        assert_eq!(name("\"Jane O'Neil\" (via Zillow)").as_deref(), Some("Jane O'Neil"));
        assert_eq!(name("山田太郎 様").as_deref(), Some("山田太郎"));
        for no in ["jane@x.example", "(512) 555-0142", "12 Main St", "Not provided", "Zillow Rentals", "Phone"] {
            assert_eq!(name(no), None, "{no}");
        }
    }
}
