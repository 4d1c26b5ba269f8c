//! Everything that could be a value, and the choice among it.

use super::{
    Fact, Found, Origin, Reading, addresses,
    contacts::{self, Others},
    facts::{self, Labelled},
    fallbacks,
    labels::Field,
    letters::Letter,
    limits, notes, origins,
    pages::{Page, cut},
    providers::{self, Kind, Provider},
    structured::{self, Item},
    texts, vocabulary,
};

/// What was found for each field.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    names: Vec<Found>,
    emails: Vec<Found>,
    phones: Vec<Found>,
    addresses: Vec<Found>,
    messages: Vec<Found>,
    sources: Vec<Found>,
    /// It holds a lead for machines.
    pub has_structure: bool,
    /// It holds a card of a person.
    has_card: bool,
    /// Labels of the form that a person fills in: names, addresses, numbers, messages.
    has_name_label: bool,
    has_email_label: bool,
    has_phone_label: bool,
    has_message_label: bool,
}

pub(crate) fn one(value: &str, confidence: u8, origin: Origin, evidence: &str) -> Found {
    Found {
        value: value.to_owned(),
        confidence,
        origin,
        evidence: texts::squeeze(evidence).chars().take(limits::MAX_EVIDENCE).collect(),
    }
}

impl Candidates {
    /// Whether labels were filled in by a person: who, and how to reach them or what they want.
    pub(crate) fn is_form(&self) -> bool {
        let contacts = u8::from(self.has_email_label) + u8::from(self.has_phone_label);
        self.has_card || contacts > 0 && (self.has_name_label || self.has_message_label || contacts > 1)
    }

    /// A person's own name, address and number under their mail are a signature, however they are labelled; no form.
    fn leave_signature_out(&mut self, letter: &Letter) {
        let own = &letter.from.address;
        if letter.is_sender_lost || self.has_message_label || !contacts::is_email(own) || contacts::is_shared(own) {
            return;
        }
        let is_own_email = self.emails.iter().all(|email| email.value.eq_ignore_ascii_case(own));
        let is_own_name = self.names.iter().all(|name| name.value.eq_ignore_ascii_case(&letter.from.name));
        if is_own_email && (is_own_name || !self.has_name_label) {
            self.has_name_label = false;
            self.has_email_label = false;
        }
    }

    /// Whether a message stands behind a label.
    pub(crate) fn message(&self) -> Option<&str> {
        best(&self.messages).map(|found| found.value.as_str())
    }

    /// Takes a value behind a label or in a structure.
    fn add(&mut self, field: Field, value: &str, confidence: u8, origin: Origin, evidence: &str, others: &Others) {
        match field {
            Field::Name => {
                // `Jane Doe <jane@x.example>`, `Jane Doe, 512-555-0142`
                for email in contacts::emails(value).filter(|email| fallbacks::is_persons(email, others)).take(1) {
                    self.emails.push(one(email, confidence - 2, origin, evidence));
                    self.has_email_label |= origin == Origin::Label;
                }
                let phones = contacts::phones(value);
                let is_phone = |phone: &&contacts::Phone| {
                    phone.is_certain && !contacts::is_no_persons(&phone.text) && !others.has_phone(&phone.text)
                };
                if let Some(phone) = phones.iter().find(is_phone) {
                    self.phones.push(one(&phone.text, confidence - 6, origin, evidence));
                }
                if let Some(name) = contacts::name(value).filter(|name| !others.has_name(name)) {
                    self.has_name_label |= origin == Origin::Label;
                    self.names.push(one(&name, confidence, origin, evidence));
                }
            }
            Field::Email => {
                if let Some(email) = contacts::emails(value).find(|email| fallbacks::is_persons(email, others)) {
                    self.has_email_label |= origin == Origin::Label;
                    self.emails.push(one(email, confidence, origin, evidence));
                } else if let Some(given) = contacts::emails(value).find(|email| others.may_be_given(email)) {
                    self.has_email_label |= origin == Origin::Label;
                    self.emails.push(one(given, confidence - 15, origin, evidence));
                } else if let Some(relay) = contacts::emails(value).find(|email| providers::is_relay(email)) {
                    self.emails.push(one(relay, confidence - 20, origin, evidence));
                }
            }
            Field::Phone => {
                let found = contacts::phones(value);
                let phone =
                    found.iter().find(|phone| !contacts::is_no_persons(&phone.text) && !others.has_phone(&phone.text));
                if let Some(phone) = phone {
                    self.has_phone_label |= matches!(origin, Origin::Label | Origin::Link) && confidence > 75;
                    self.phones.push(one(&phone.text, confidence, origin, evidence));
                }
            }
            Field::Message => {
                let text = notes::unquote(value);
                if !contacts::is_nothing(&text) {
                    self.has_message_label |= origin == Origin::Label;
                    self.messages.push(one(cut(&text, limits::MAX_NOTES), confidence, origin, evidence));
                }
            }
            Field::Address | Field::AnyAddress | Field::Property => {
                if let Some(address) = clean_address(value, field) {
                    let less = match field {
                        Field::Address => 0,
                        Field::Property => 4,
                        _ => 10,
                    };
                    self.addresses.push(one(&address, confidence - less, origin, evidence));
                }
            }
            Field::Source => {
                if let Some(source) = providers::source_named(value) {
                    self.sources.push(one(source, confidence, origin, evidence));
                }
            }
            _ => {}
        }
    }

    /// Chooses the values.
    pub(crate) fn choose(&self, letter: &Letter, provider: Option<&'static Provider>, reading: &mut Reading) {
        let mut name = best(&self.names).cloned();
        if let Some(short) = &name
            && let Some(longer) = self
                .names
                .iter()
                .filter(|other| is_longer(&other.value, &short.value))
                .max_by_key(|other| other.confidence)
        {
            name = Some(Found { confidence: short.confidence, ..longer.clone() });
        }
        reading.name = name;
        reading.email = best(&self.emails).cloned();
        reading.phone = best(&self.phones).cloned();
        let mut address = best(&self.addresses).cloned();
        if let Some(short) = &address
            && let Some(longer) = self
                .addresses
                .iter()
                .filter(|other| {
                    other.value.len() > short.value.len()
                        && texts::fold(&other.value).starts_with(&texts::fold(&short.value))
                        && other.value.len() < short.value.len() + 60
                })
                .max_by_key(|other| other.confidence)
        {
            address = Some(longer.clone());
        }
        reading.property_address = address;
        reading.notes = best(&self.messages).cloned();
        reading.source = best(&self.sources).cloned().or_else(|| Some(default_source(letter, provider, self)));
    }
}

fn is_longer(other: &str, short: &str) -> bool {
    let (other, short) = (texts::fold(other), texts::fold(short));
    let rest = other.strip_prefix(short.trim_end_matches('.'));
    other.len() > short.len() && !short.contains(' ') && rest.is_some_and(|rest| rest.starts_with(' '))
        || short.ends_with('.')
            && other.len() > short.len()
            && other.starts_with(short.trim_end_matches('.'))
            && short.contains(' ')
}

fn best(found: &[Found]) -> Option<&Found> {
    // The first of the surest.
    found.iter().rev().max_by_key(|found| found.confidence)
}

/// What a mail of that kind comes from when nothing in it says so.
fn default_source(letter: &Letter, provider: Option<&'static Provider>, found: &Candidates) -> Found {
    if let Some(source) = provider.and_then(|provider| provider.source.as_deref()) {
        return one(source, 85, Origin::Provider, &letter.from.address);
    }
    let is_direct =
        !found.is_form() && !found.has_structure && provider.is_none() && !contacts::is_shared(&letter.from.address);
    one(if is_direct { "email" } else { "website" }, 60, Origin::Provider, &letter.from.address)
}

/// An address out of a labelled value: without prices, numbers and remarks beside it.
fn clean_address(value: &str, field: Field) -> Option<String> {
    let value = addresses::tidy(value);
    let found = addresses::find(&value);
    if let Some(found) = &found
        && (field == Field::Property
            || value.len() > found.len() + 12
            || found.len() + 3 >= value.len() && !value.ends_with('.'))
    {
        let rest = value.strip_prefix(found.as_str()).unwrap_or_default();
        let is_town = rest.starts_with(", ")
            && rest.len() < 45
            && rest.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | ',' | '\'' | '-'));
        return Some(if is_town { value } else { found.clone() });
    }
    if field == Field::Property {
        return None;
    }
    let cut_at = [" (", " - $", " – $", " | ", " MLS", " #MLS", " http", " - MLS", " — "]
        .iter()
        .filter_map(|mark| value.find(mark))
        .min()
        .unwrap_or(value.len());
    let value = addresses::tidy(&value[..cut_at]);
    addresses::is_plausible(&value).then_some(value)
}

/// Finds everything.
pub(crate) fn gather(letter: &mut Letter, provider: Option<&'static Provider>, reading: &mut Reading) -> Candidates {
    let labelled = letter.pages.iter().map(facts::read).collect::<Vec<_>>();
    for labelled in labelled.iter().flatten().filter(|labelled| labelled.field == Some(Field::Foreign)) {
        add_foreign(labelled, &mut letter.others);
    }
    let mut found = Candidates::default();
    structures(letter, &mut found, reading);
    for (page, labelled) in letter.pages.iter().zip(&labelled) {
        labels(page, labelled, &letter.others, &mut found, reading);
    }
    found.leave_signature_out(letter);
    if provider.is_none() && !found.is_form() && !letter.is_sender_lost {
        hand_over(letter);
    }
    headers(letter, provider, &mut found);
    running_text(letter, provider, &mut found);
    found.sources.extend(origins::find(letter, provider));
    found
}

/// A colleague passes somebody on in their own words: then the sender is not who asks.
fn hand_over(letter: &mut Letter) {
    let Some(page) = letter.pages.first() else { return };
    let says = texts::has_word(&texts::fold(&page.text(4_000)), vocabulary::list("handoffs"));
    let names_other = fallbacks::email(page, &letter.others)
        .is_some_and(|(email, _)| !email.eq_ignore_ascii_case(&letter.from.address));
    if says && names_other {
        let from = letter.from.clone();
        letter.others.add_email(&from.address);
        letter.others.add_name(&from.name);
        from.name.split_whitespace().next().into_iter().for_each(|first| letter.others.add_name(first));
    }
}

fn add_foreign(labelled: &Labelled, others: &mut Others) {
    contacts::emails(&labelled.value).for_each(|email| others.add_email(email));
    contacts::phones(&labelled.value).iter().for_each(|phone| others.add_phone(&phone.text));
    if let Some(name) = contacts::name(&labelled.value) {
        others.add_name(&name);
    }
}

fn structures(letter: &Letter, found: &mut Candidates, reading: &mut Reading) {
    let mut items: Vec<Item> = Vec::new();
    for page in &letter.pages {
        items.extend(structured::metadata(page));
    }
    for file in &letter.files {
        if let Some(adf) = structured::adf(file) {
            items.extend(adf.items);
            reading.provider_id = reading.provider_id.take().or(adf.id);
        }
        items.extend(structured::json(file));
        items.extend(structured::xml(file));
        items.extend(structured::vcard(file));
    }
    if items.is_empty() {
        let is_adf = |line: &super::pages::Line| line.text.contains("<adf") || line.text.contains("<prospect");
        for page in letter.pages.iter().filter(|page| page.lines.iter().any(is_adf)) {
            let text = page.lines.iter().map(super::pages::Line::plain).collect::<Vec<_>>().join("\n");
            if let Some(adf) = structured::adf(&text) {
                items.extend(adf.items);
                reading.provider_id = reading.provider_id.take().or(adf.id);
            }
        }
    }
    let is_lead = items.iter().any(|item| matches!(item.field, Field::Email | Field::Phone)) && items.len() > 1;
    found.has_structure = is_lead;
    for page in &letter.pages {
        let card = structured::card(page);
        let has = |fields: &[Field]| card.iter().any(|item| fields.contains(&item.field));
        found.has_card |= has(&[Field::Name, Field::FirstName]) && has(&[Field::Email, Field::Phone]);
        items.extend(card);
        let linked = structured::links(page);
        items.extend(linked.items);
        reading.provider_id = reading.provider_id.take().or(linked.inquiry);
        if let Some(source) = linked.brand.as_deref().and_then(providers::source_named) {
            found.sources.push(one(source, 96, Origin::Link, linked.brand.as_deref().unwrap_or_default()));
        }
    }
    let mut first_last = (None, None);
    for item in &items {
        match item.field {
            Field::FirstName => first_last.0 = first_last.0.or(Some(item.value.clone())),
            Field::LastName => first_last.1 = first_last.1.or(Some(item.value.clone())),
            Field::Mls | Field::Url | Field::Fact => add_fact(reading, &item.label, &item.value),
            field => found.add(field, &item.value, item.confidence, Origin::Structured, &item.value, &letter.others),
        }
    }
    if let (Some(first), last) = first_last {
        let name = format!("{first} {}", last.unwrap_or_default());
        found.add(Field::Name, name.trim(), 93, Origin::Structured, &name, &letter.others);
    }
}

fn add_fact(reading: &mut Reading, name: &str, value: &str) {
    let value = cut(value.trim(), limits::MAX_VALUE);
    let is_there = reading.facts.iter().any(|fact| fact.name == name && fact.value == value);
    if !is_there && reading.facts.len() < 60 && !value.is_empty() {
        reading.facts.push(Fact { name: name.to_owned(), value: value.to_owned() });
    }
}

fn labels(page: &Page, labelled: &[Labelled], others: &Others, found: &mut Candidates, reading: &mut Reading) {
    let sure = if page.is_html { 88 } else { 87 };
    let mut first = None;
    let mut last = None;
    let mut parts: Vec<(Field, String)> = Vec::new();
    for one in labelled {
        let Some(field) = one.field else {
            continue;
        };
        let evidence = format!("{}: {}", one.label, one.value);
        match field {
            Field::FirstName => first = first.or(Some(one.value.clone())),
            Field::LastName => last = last.or(Some(one.value.clone())),
            Field::Street | Field::Unit | Field::City | Field::State | Field::Zip => {
                if !parts.iter().any(|(found, _)| *found == field) {
                    parts.push((field, one.value.clone()));
                }
            }
            Field::Mls | Field::Url | Field::Fact => add_fact(reading, &one.label, &one.value),
            Field::Email if contacts::emails(&one.value).next().is_none() => {
                // Cut off for show, whole in the link.
                let linked = page
                    .links_of(one.line)
                    .filter_map(|link| link.strip_prefix("mailto:"))
                    .map(|link| link.split('?').next().unwrap_or(link))
                    .collect::<Vec<_>>();
                for email in linked {
                    found.add(Field::Email, email, sure, Origin::Label, &evidence, others);
                }
            }
            Field::Phone if contacts::phones(&one.value).is_empty() => {
                let linked = page.links_of(one.line).filter_map(|link| link.strip_prefix("tel:")).collect::<Vec<_>>();
                for phone in linked {
                    found.add(
                        Field::Phone,
                        &super::transfer::percent(&phone.replace('+', "%2B")),
                        sure - 8,
                        Origin::Link,
                        &evidence,
                        others,
                    );
                }
            }
            Field::Address | Field::AnyAddress => {
                found.add(field, &one.value, sure, Origin::Label, &evidence, others);
                if !parts.iter().any(|(found, _)| *found == Field::Street) && !one.value.contains(',') {
                    parts.push((Field::Street, one.value.clone()));
                }
            }
            field => found.add(field, &one.value, sure, Origin::Label, &evidence, others),
        }
    }
    // Where one half is named alone, the label for names means the other: `Nom` beside `Prénom`, `Name` beside `Vorname`.
    let plain = labelled.iter().find(|one| one.field == Some(Field::Name) && !one.value.contains('@'));
    let plain = plain.map(|one| one.value.clone());
    let other = |half: &str| plain.clone().filter(|name| !texts::fold(name).contains(&texts::fold(half)));
    let name = match (first, last) {
        (Some(first), None) => {
            let last = other(&first);
            format!("{first} {}", last.unwrap_or_default())
        }
        (None, Some(last)) => match other(&last) {
            Some(first) => format!("{first} {last}"),
            None => plain.unwrap_or(last),
        },
        (Some(first), Some(last)) => format!("{first} {last}"),
        (None, None) => String::new(),
    };
    if !name.trim().is_empty() {
        found.add(Field::Name, name.trim(), sure + 1, Origin::Label, &name, others);
    }
    if parts.iter().any(|(field, _)| *field == Field::Street)
        && parts.iter().any(|(field, _)| matches!(field, Field::City | Field::Zip))
    {
        parts.sort_by_key(|(field, _)| *field as u8);
        let joined = parts.iter().map(|(_, value)| value.trim()).collect::<Vec<_>>().join(", ");
        found.addresses.push(one(&addresses::tidy(&joined), sure, Origin::Label, &joined));
    }
}

/// What the headers tell: who writes, where answers go, what the subject names.
fn headers(letter: &Letter, provider: Option<&'static Provider>, found: &mut Candidates) {
    let header = |mailbox: &super::Mailbox| format!("{} <{}>", mailbox.name, mailbox.address);
    if let Some(reply_to) = &letter.reply_to {
        let is_other = !reply_to.address.eq_ignore_ascii_case(&letter.from.address);
        if fallbacks::is_persons(&reply_to.address, &letter.others) {
            found.emails.push(one(&reply_to.address, 78, Origin::Header, &header(reply_to)));
            if is_other && let Some(name) = contacts::name(&reply_to.name).filter(|name| !letter.others.has_name(name))
            {
                found.names.push(one(&name, 76, Origin::Header, &header(reply_to)));
            }
        } else if providers::is_relay(&reply_to.address) {
            found.emails.push(one(&reply_to.address, 64, Origin::Header, &header(reply_to)));
        }
    }
    if !letter.is_sender_lost {
        let from = &letter.from;
        if providers::is_relay(&from.address) {
            found.emails.push(one(&from.address, 66, Origin::Header, &header(from)));
        } else if provider.is_none() && fallbacks::is_persons(&from.address, &letter.others) && !found.is_form() {
            found.emails.push(one(&from.address, 80, Origin::Header, &header(from)));
        } else if provider.is_none() && fallbacks::is_persons(&from.address, &letter.others) {
            found.emails.push(one(&from.address, 52, Origin::Header, &header(from)));
        }
        let is_named = providers::is_relay(&from.address)
            || !contacts::is_shared(&from.address) && provider.is_none_or(|provider| provider.kind != Kind::Noise);
        if let Some(name) = contacts::name(&from.name).filter(|name| is_named && !letter.others.has_name(name)) {
            let confidence = if providers::is_relay(&from.address) {
                80
            } else if provider.is_none() && !found.is_form() {
                84
            } else {
                40
            };
            if confidence > 50 || !contacts::is_shared(&from.address) {
                found.names.push(one(&name, confidence, Origin::Header, &header(from)));
            }
        }
    }
    if let Some(name) = fallbacks::subject_name(&letter.subject).filter(|name| !letter.others.has_name(name)) {
        found.names.push(one(&name, 70, Origin::Subject, &letter.subject));
    }
    for phone in contacts::phones(&letter.subject)
        .iter()
        .filter(|phone| phone.is_certain || contacts::digits(&phone.text).len() == 10)
    {
        if !contacts::is_no_persons(&phone.text) && !letter.others.has_phone(&phone.text) {
            found.phones.push(one(&phone.text, 72, Origin::Subject, &letter.subject));
        }
    }
    if let Some(email) = contacts::emails(&letter.subject).find(|email| fallbacks::is_persons(email, &letter.others)) {
        found.emails.push(one(email, 72, Origin::Subject, &letter.subject));
    }
    if let Some(address) = addresses::find(&letter.subject) {
        found.addresses.push(one(&address, 76, Origin::Subject, &letter.subject));
    }
}

fn running_text(letter: &Letter, provider: Option<&'static Provider>, found: &mut Candidates) {
    let is_alone = provider.is_none() && !found.is_form() && !found.has_structure;
    let is_direct = is_alone && (letter.is_sender_lost || !contacts::is_shared(&letter.from.address));
    let first_names = found.names.iter().filter(|name| !name.value.contains(' ')).map(|name| texts::fold(&name.value));
    let first_names = first_names.collect::<Vec<_>>();
    for page in &letter.pages {
        for line in page.lines.iter().filter(|line| line.text.len() < 80 && !first_names.is_empty()) {
            let Some(name) =
                contacts::name(&line.text).filter(|name| name.contains(' ') && !letter.others.has_name(name))
            else {
                continue;
            };
            let folded = texts::fold(&name);
            if first_names
                .iter()
                .any(|first| folded.strip_prefix(first.as_str()).is_some_and(|rest| rest.starts_with(' ')))
                && name.split(' ').count() <= 4
            {
                found.names.push(one(&name, 50, Origin::Text, &name));
            }
        }
        if let Some((message, who, line)) = notes::said(page) {
            found.messages.push(one(cut(&message, limits::MAX_NOTES), 80, Origin::Text, &page.lines[line].plain()));
            if let Some(who) = who.filter(|who| !letter.others.has_name(who)) {
                found.names.push(one(&who, 74, Origin::Text, &page.lines[line].plain()));
            }
        } else if let Some((message, line)) = notes::quoted(page).filter(|_| !is_direct) {
            found.messages.push(one(cut(&message, limits::MAX_NOTES), 60, Origin::Text, &page.lines[line].plain()));
        }
        if let Some(name) = fallbacks::name_before_email(page, &letter.others).filter(|_| !is_direct) {
            found.names.push(one(&name, 57, Origin::Text, &name));
        }
        if found.names.is_empty()
            && let Some((name, line)) = fallbacks::name_by_contacts(page, &letter.others)
        {
            found.names.push(one(&name, 56, Origin::Text, &page.lines[line].plain()));
        }
        if let Some((phone, line)) = fallbacks::phone(page, &letter.others, is_direct) {
            found.phones.push(one(&phone, 60, Origin::Text, &page.lines[line].plain()));
        }
        if let Some((email, line)) = fallbacks::email(page, &letter.others) {
            let text = page.lines.get(line).map(super::pages::Line::plain).unwrap_or_default();
            found.emails.push(one(
                &email,
                if is_direct && !letter.is_sender_lost { 50 } else { 68 },
                Origin::Text,
                &text,
            ));
        }
        if let Some((address, line)) = fallbacks::address(page) {
            found.addresses.push(one(&address, 62, Origin::Text, &page.lines[line].plain()));
        }
        for link in page.links.iter().filter_map(|link| {
            link.target
                .strip_prefix("tel:")
                .or_else(|| link.target.strip_prefix("sms:"))
                .map(|phone| (phone, link.line))
        }) {
            let phone =
                super::transfer::percent(&link.0.split(['?', ';']).next().unwrap_or_default().replace('+', "%2B"));
            if contacts::digits(&phone).len() >= 7
                && !contacts::is_no_persons(&phone)
                && !letter.others.has_phone(&phone)
                && !fallbacks::is_footer(page, link.1, fallbacks::Border::Kept)
            {
                found.phones.push(one(&phone, 55, Origin::Link, &phone));
            }
        }
        if is_alone {
            let body = notes::body(page);
            if let Some(name) = fallbacks::own_name(cut(&body, 4_000)).filter(|name| !letter.others.has_name(name)) {
                found.names.push(one(&name, 66, Origin::Text, &name));
            }
            if letter.others.has_email(&letter.from.address)
                && let Some(name) =
                    fallbacks::mentioned_name(cut(&body, 4_000)).filter(|name| !letter.others.has_name(name))
            {
                found.names.push(one(&name, 68, Origin::Text, &name));
            }
            if let Some(name) = fallbacks::signature(page).filter(|name| !letter.others.has_name(name)) {
                found.names.push(one(&name, 64, Origin::Text, &name));
            }
            if !body.trim().is_empty() {
                found.messages.push(one(cut(body.trim(), limits::MAX_NOTES), 50, Origin::Text, &body));
            }
        }
    }
}
