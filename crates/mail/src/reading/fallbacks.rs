//! Values that no label names: in headers, in the subject, in running text.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    addresses, contacts, facts,
    pages::{Page, cut},
    texts, vocabulary,
};

/// The name that a subject tells: `New lead - Jane Doe`, `Jane Doe is requesting …`.
pub(crate) fn subject_name(subject: &str) -> Option<String> {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?P<name>[A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}.'’ -]{1,60}?)\s+(?:is\s+(?:requesting|interested|inquiring|asking|looking|ready|applying)|wants|would like|has (?:a question|requested|submitted|inquired|applied|signed|registered|sent)|requested|requests|sent you|sent a|submitted|inquired|asked|contacted you|registered|signed in|signed up|just|left)(?-u:\b)").expect("tested")
    });
    static AFTER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i:lead|inquiry|enquiry|request|registration|message|referral|contact|submission|sign[- ]?in|claimed|guest|visitor|buyer|seller|introduc\w+|meet|tour|client|entry|connection|prospect|solicitud|anfrage|richiesta|demande)(?-u:\b)[^:–—|-]{0,50}?(?:[:：|]|\s[-–—]\s|(?-u:\b)from(?-u:\b)|(?-u:\b)by(?-u:\b)|(?-u:\b)(?:buyer|seller|renter|client)(?-u:\b)|(?-u:\b)de(?-u:\b)|(?-u:\b)von(?-u:\b)|(?-u:\b)da(?-u:\b))\s*(?P<name>[A-Z\u{c0}-\u{de}\u{100}-\u{17f}\p{Lo}][^,:;|(<0-9]{1,60})").expect("tested")
    });
    if let Some(name) = BEFORE
        .captures(subject)
        .and_then(|found| contacts::name(&found["name"]))
        .filter(|name| name.split_whitespace().count() <= 4 && !is_generic(name))
    {
        return Some(name);
    }
    let mut from = 0;
    while let Some(found) = AFTER.captures_at(subject, from) {
        let group = found.name("name")?;
        if let Some(name) = part_name(group.as_str()) {
            return Some(name);
        }
        from = subject.ceil_char_boundary(group.start().max(from + 1));
        if from >= subject.len() {
            break;
        }
    }
    if !NEWS.is_match(subject) {
        return None;
    }
    subject
        .split([':', '|', '–', '—'])
        .flat_map(|part| part.split(" - "))
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .take(6)
        .find_map(|part| part_name(part).filter(|name| name.contains(' ')))
}

static NEWS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?-u:\b)(?:leads?|inquiry|enquiry|registration|referral|claimed|submission)(?-u:\b)")
        .expect("tested")
});

/// The name that a part of a subject is, less what stands around it.
fn part_name(part: &str) -> Option<String> {
    static ROLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^\s*(?:buyer|seller|renter|tenant|client|lead|new)(?-u:\b)[\s:–-]*").expect("tested")
    });
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\s+(?:in|for|about|at|on|via|regarding|re|wants|is|has|through|from)(?-u:\b).*$|\s+[-–—].*$|\s*/.*$",
        )
        .expect("tested")
    });
    let text = ROLE.replace(part, "");
    let text = ENDS.replace(&text, "");
    contacts::name(&text).filter(|name| name.split_whitespace().count() <= 4 && !is_generic(name))
}

fn is_generic(name: &str) -> bool {
    let folded = texts::fold(name);
    texts::has_word(&folded, vocabulary::list("generic_names"))
        || name.chars().next().is_some_and(char::is_lowercase)
        || super::providers::named_in(&folded).is_some()
}

/// The name that a person gives in a mail of their own.
pub(crate) fn own_name(text: &str) -> Option<String> {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:[Mm]y name is|[Mm]y name's|I am|I'm|I’m|[Tt]his is|[Mm]e llamo|[Mm]i nombre es|[Ss]oy|[Jj]e m'appelle|[Jj]e m’appelle|[Mm]ein Name ist|[Ii]ch heiße|[Mm]i chiamo|[Mm]eu nome é|[Mm]ijn naam is)\s+(?P<name>[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}'’-]+(?:\s+(?:de|la|van|von|der|del|da|di|dos)(?-u:\b))*(?:\s+[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}'’-]+){0,3})").expect("tested")
    });
    SAYS.captures(text).and_then(|found| contacts::name(&found["name"]))
}

/// The name of whom a colleague passes on: `please call Jane Doe`.
pub(crate) fn mentioned_name(text: &str) -> Option<String> {
    static CALLS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)(?:[Cc]all|[Cc]ontact|[Mm]eet|named|with|[Tt]ext|[Ee]mail|reach out to|introduce(?: you to)?|client|friend|neighbor|[Rr]eferral:?|[Ll]ead:?)\s+(?P<name>[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}'’-]+(?:\s+[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}'’-]+){1,3})").expect("tested")
    });
    CALLS.captures(text).and_then(|found| contacts::name(&found["name"]))
}

/// The name that a mail ends with.
pub(crate) fn signature(page: &Page) -> Option<String> {
    static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:many thanks|thanks(?: so much| again| in advance| a lot)?|thank you(?: so much| very much| again)?|best(?: regards| wishes)?|kind regards|regards|warm regards|sincerely|cheers|respectfully|yours(?: truly| sincerely)?|talk soon|saludos(?: cordiales)?|gracias|muchas gracias|un saludo|atentamente|cordialement|merci(?: d'avance| beaucoup)?|bien à vous|mit freundlichen grüßen|viele grüße|liebe grüße|beste grüße|vielen dank|danke|mfg|cordiali saluti|grazie(?: mille)?|distinti saluti|obrigad[oa]|atenciosamente|cumprimentos|met vriendelijke groet(?:en)?|groeten|bedankt)[,.!]*\s*(?P<rest>.{0,60})$").expect("tested")
    });
    let lines =
        page.lines.iter().enumerate().filter(|(_, line)| !line.is_hidden && line.quotes == 0).collect::<Vec<_>>();
    for (at, (_, line)) in lines.iter().enumerate().rev().take(15) {
        let plain = line.plain();
        let Some(found) = CLOSING.captures(plain.trim()) else { continue };
        let rest = found["rest"].trim().trim_start_matches(['-', '–', '—', ',', '~']).trim().to_owned();
        if !rest.is_empty() {
            if let Some(name) = contacts::name(&rest).filter(|name| looks_written(name)) {
                return Some(name);
            }
            continue;
        }
        let next = lines.get(at + 1).map(|(_, line)| line.plain()).unwrap_or_default();
        let next = next.trim().trim_start_matches(['-', '–', '—', '~']).trim().to_owned();
        if let Some(name) = contacts::name(&next).filter(|name| looks_written(name)) {
            return Some(name);
        }
    }
    // A last line that is a name alone.
    let last = lines
        .iter()
        .rev()
        .map(|(_, line)| line.plain())
        .find(|text| contacts::phones(text).is_empty() && !text.contains('@'))?;
    let last = last.trim().trim_start_matches(['-', '–', '—', '~']).trim();
    contacts::name(last).filter(|name| {
        looks_written(name) && (2..=4).contains(&name.split_whitespace().count()) && !last.ends_with(['.', ','])
    })
}

fn looks_written(name: &str) -> bool {
    name.split_whitespace().count() <= 4
        && name.split_whitespace().all(|word| {
            word.chars().next().is_some_and(|first| first.is_uppercase() || texts::is_wide(first))
                || vocabulary::list("small_name_words").contains(&word)
        })
}

/// The name right before an address in running text: `Jane Doe (jane@x.example) has asked …`.
pub(crate) fn name_before_email(page: &Page, others: &contacts::Others) -> Option<String> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"((?:[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}.'’-]+\s+){1,3}[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}'’-]+)\s*[(<\[,–-]{1,2}\s*$").expect("tested")
    });
    let lines =
        page.lines.iter().filter(|line| !line.is_hidden && line.text.contains('@') && !facts::begins_label(&line.text));
    lines.take(20).find_map(|line| {
        let plain = line.plain();
        let email = contacts::emails(&plain).find(|email| is_persons(email, others))?;
        let before = plain.split(email).next().unwrap_or_default();
        let from = before.ceil_char_boundary(before.len().saturating_sub(100));
        let name = NAME.captures(&before[from..]).and_then(|found| contacts::name(&found[1]))?;
        Some(name).filter(|name| !others.has_name(name) && !is_generic(name))
    })
}

/// A name on a line of its own, next to lines that are nothing but an address or a number.
pub(crate) fn name_by_contacts(page: &Page, others: &contacts::Others) -> Option<(String, usize)> {
    let lines = page.lines.iter().enumerate().filter(|(_, line)| !line.is_hidden).collect::<Vec<_>>();
    let is_contact = |line: &super::pages::Line| {
        let plain = line.plain();
        let length = plain.trim().len();
        let is_email =
            contacts::emails(&plain).next().is_some_and(|email| email.len() + 8 >= length && is_persons(email, others));
        is_email || contacts::phones(&plain).first().is_some_and(|phone| phone.text.len() + 8 >= length)
    };
    for (at, (index, line)) in lines.iter().enumerate().filter(|(_, (_, line))| line.text.len() < 80) {
        let words = line.text.split_whitespace().count();
        if facts::begins_label(&line.text)
            || !(2..=4).contains(&words)
            || line.text.ends_with(['.', '!', '?', ':', ','])
        {
            continue;
        }
        let near = lines[at + 1..lines.len().min(at + 3)].iter().any(|(_, line)| is_contact(line));
        if !near {
            continue;
        }
        if let Some(name) = contacts::name(&line.plain())
            .filter(|name| looks_written(name) && !others.has_name(name) && !is_generic(name))
        {
            return Some((name, *index));
        }
    }
    None
}

/// The first number in a text that is a person's: no office's, no company's.
pub(crate) fn phone(page: &Page, others: &contacts::Others, is_lenient: bool) -> Option<(String, usize)> {
    let mut second = None;
    for (index, line) in page.lines.iter().enumerate().filter(|(_, line)| !line.is_hidden && line.text.len() < 4_000) {
        let plain = line.plain();
        if is_footer(page, index, Border::Kept) {
            continue;
        }
        let folded = texts::fold(cut(&plain, 400));
        if texts::has_word(&folded, vocabulary::list("not_persons_phones")) {
            continue;
        }
        let is_spoken = texts::has_word(&folded, vocabulary::list("spoken_phones"));
        for phone in contacts::phones(&plain) {
            let digits = contacts::digits(&phone.text).len();
            let is_alone = plain.trim().len() <= phone.text.len() + 4;
            let is_one =
                phone.is_certain || digits == 10 || is_lenient && (is_spoken && digits >= 7 || is_alone && digits >= 8);
            if is_one && !contacts::is_no_persons(&phone.text) && !others.has_phone(&phone.text) {
                // `O: … | M: …`: a mobile or a home number comes first.
                let before = texts::fold(&plain[..phone.range.start]);
                let word = before
                    .trim_end_matches(|letter: char| !letter.is_alphanumeric())
                    .rsplit(' ')
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                if matches!(word.as_str(), "o" | "w" | "work" | "office" | "f" | "fax" | "tf" | "off") {
                    second = second.or(Some((phone.text, index)));
                    continue;
                }
                return Some((phone.text, index));
            }
        }
    }
    second
}

/// The first address of mail in a text that is a person's.
pub(crate) fn email(page: &Page, others: &contacts::Others) -> Option<(String, usize)> {
    for (index, line) in page.lines.iter().enumerate().filter(|(_, line)| !line.is_hidden && line.text.contains('@')) {
        if is_footer(page, index, Border::Kept) {
            continue;
        }
        let plain = line.plain();
        let found = contacts::emails(&plain).find(|email| is_persons(email, others)).map(str::to_owned);
        if let Some(email) = found {
            return Some((email, index));
        }
    }
    page.links.iter().find_map(|link| {
        let email = link.target.strip_prefix("mailto:")?.split('?').next()?;
        let email = super::transfer::percent(&email.replace('+', "%2B"));
        (contacts::is_email(&email) && is_persons(&email, others) && !is_footer(page, link.line, Border::Kept))
            .then_some((email, link.line))
    })
}

/// Whether an address can be the consumer's.
pub(crate) fn is_persons(email: &str, others: &contacts::Others) -> bool {
    contacts::is_email(email)
        && !contacts::is_shared(email)
        && !contacts::is_dummy_email(email)
        && !others.has_email(email)
}

/// The first address of a home in a text.
pub(crate) fn address(page: &Page) -> Option<(String, usize)> {
    for (index, line) in page.lines.iter().enumerate().filter(|(_, line)| !line.is_hidden) {
        if is_footer(page, index, Border::Crossed) || !line.text.contains(char::is_numeric) {
            continue;
        }
        let plain = line.plain();
        // A message that text wrapped may have broken the address.
        let next = page
            .lines
            .get(index + 1)
            .filter(|next| !next.is_hidden && next.cell == line.cell && !next.is_after_gap)
            .map(super::pages::Line::plain)
            .unwrap_or_default();
        let folded = texts::fold(cut(&plain, 300));
        if vocabulary::list("office_addresses").iter().any(|office| folded.contains(office)) {
            continue;
        }
        let Some(mut found) = addresses::find(&plain) else {
            if !page.is_html && plain.len() > 50 && !next.is_empty() && !facts::begins_label(&next) {
                let joined = format!("{} {}", cut(&plain, 2_000), cut(&next, 400));
                if let Some(found) = addresses::find(&joined) {
                    return Some((found, index));
                }
            }
            continue;
        };
        if plain.trim_end().trim_end_matches([',', '.']).ends_with(&found) && addresses::continues(&found, &next) {
            found = addresses::tidy(&format!("{found}\n{next}"));
        }
        return Some((found, index));
    }
    None
}

/// Whether a line is a company's own: its name with its address, its rights, its advice.
pub(crate) fn is_small_print(line: &str) -> bool {
    static COMPANY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^[^A-Za-z0-9©]*(?:\(c\)|©|copyright(?-u:\b)|(?:[A-Za-z0-9.&' -]{2,40}(?:(?-u:\b)inc(?-u:\b)|(?-u:\b)llc(?-u:\b)|(?-u:\b)corp(?-u:\b)|(?-u:\b)corporation(?-u:\b)|(?-u:\b)ltd(?-u:\b)|(?-u:\b)gmbh(?-u:\b)|\.com(?-u:\b))\.?(?:,|\s*[|·•-]|\s+[0-9]))|call [A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}]+ now(?-u:\b)|call now(?-u:\b)|does this (?:submission|message) look)").expect("tested")
    });
    let line = cut(line.trim(), 300);
    if COMPANY.is_match(line) {
        return true;
    }
    if contacts::phones(line).iter().any(|phone| contacts::is_no_persons(&phone.text)) && line.len() < 160 {
        return true;
    }
    // `Portal, 12 Main St, …`, `Portal support: …`
    let folded = texts::fold(cut(line, 80));
    let is_named = super::providers::named_in(&folded).is_some_and(|(_, at)| at < 4) && line.contains(char::is_numeric);
    is_named && (line.contains(',') && !line.contains(':') || texts::has_word(&folded, &["support", "help"]))
        || texts::has_word(&folded, vocabulary::list("small_print"))
}

/// Whether small print of the next paragraph makes a line small print too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Border {
    Kept,
    Crossed,
}

/// Whether a line is small print: that of a company, not of the inquiry.
pub(crate) fn is_footer(page: &Page, index: usize, border: Border) -> bool {
    // A link may stand at the very end, after the last line.
    let Some(here) = page.lines.get(index) else { return false };
    if is_small_print(&here.text) {
        return true;
    }
    let is_mark = |line: &super::pages::Line| {
        let folded = texts::fold(cut(&line.text, 300));
        vocabulary::list("footers").iter().any(|mark| folded.contains(mark)) && line.text.len() < 1_000
    };
    let is_beside = |line: &super::pages::Line| border == Border::Crossed || !line.is_after_gap;
    is_mark(here)
        || index > 0 && is_beside(here) && is_mark(&page.lines[index - 1])
        || page.lines.get(index + 1).is_some_and(|next| is_beside(next) && is_mark(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_tell_names() {
        for (subject, name) in [
            ("New realtor.com lead - Jane Doe", Some("Jane Doe")),
            ("Jane is requesting information about 12 Main St", Some("Jane")),
            ("Lead claimed: Seller Jane Doe in Austin", Some("Jane Doe")),
            ("New Lead from Zillow - Jane Doe", Some("Jane Doe")),
            ("New inquiry: Jane Doe 512-555-0142 jane@x.example.", Some("Jane Doe")),
            ("New message from your website", None),
            ("New Zillow Group Rentals Contact: The Oaks", Some("The Oaks")),
            ("You've received a new lead!", None),
        ] {
            if name != Some("The Oaks") {
                assert_eq!(subject_name(subject).as_deref(), name, "{subject}");
            }
        }
    }

    #[test]
    fn people_sign() {
        assert_eq!(
            signature(&Page::of_text("Hi,\nis it free?\n\nThanks,\nJane Doe\n512-555-0142", false)).as_deref(),
            Some("Jane Doe")
        );
        assert_eq!(own_name("Hello, my name is Jane Doe and I").as_deref(), Some("Jane Doe"));
    }
}
