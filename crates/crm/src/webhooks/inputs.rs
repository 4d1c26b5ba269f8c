//! Webhooks as they come from outside.

use serde_json::{Map, Value};

use super::{UrlRule, headers};
use crate::{
    Error,
    events::EventKind,
    input::{Given, Purpose, Reader, max},
};

/// The longest description, in characters.
pub(super) const MAX_DESCRIPTION: usize = 500;

/// A webhook to be made.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    pub(super) url: String,
    pub(super) events: EventFilter,
    pub(super) description: Option<String>,
    pub(super) headers: headers::Pairs,
}

impl NewWebhook {
    /// Reads a webhook from outside. Without `events`, or one `event`, it is for all.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; a URL that `rule` forbids is one.
    pub fn read(fields: &Map<String, Value>, rule: &UrlRule) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let url = read_url(&mut reader, rule, Purpose::Create);
        let events = read_events(&mut reader, fields).value().unwrap_or_default();
        let description = reader.text("description", MAX_DESCRIPTION).value();
        let headers = read_headers(&mut reader, fields).value().unwrap_or_default();
        reader.finish(|| Self { url: url.expect("required"), events, description, headers })
    }
}

/// What is to become of the events that were held while a webhook was disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum HeldEvents {
    #[default]
    Send,
    Skip,
}

/// A change of a webhook: what is absent stays.
#[derive(Debug, Clone)]
pub struct WebhookChange {
    pub(super) url: Option<String>,
    pub(super) events: Given<EventFilter>,
    pub(super) description: Given<String>,
    pub(super) headers: Given<headers::Pairs>,
    pub(super) is_enabled: Option<bool>,
    pub(super) held: HeldEvents,
}

impl WebhookChange {
    /// Reads a change from outside (RFC 7396): `null` clears; of `events` that means all.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>, rule: &UrlRule) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let url = read_url(&mut reader, rule, Purpose::Change);
        let events = read_events(&mut reader, fields);
        let description = reader.text("description", MAX_DESCRIPTION);
        let headers = read_headers(&mut reader, fields);
        let enabled = reader.flag("enabled");
        if enabled == Given::Null {
            reader.refuse("enabled", "must be true or false");
        }
        let held = reader.choice("held", &[("send", HeldEvents::Send), ("skip", HeldEvents::Skip)]);
        if held == Given::Null {
            reader.refuse("held", "must be send or skip");
        }
        let held = held.value().unwrap_or_default();
        reader.finish(|| Self { url, events, description, headers, is_enabled: enabled.value(), held })
    }
}

fn read_url(reader: &mut Reader<'_>, rule: &UrlRule, purpose: Purpose) -> Option<String> {
    let url = reader.required_text("url", max::URL, purpose)?;
    reader.keep("url", rule.check(&url).map(|()| url.clone()))
}

/// Which events a webhook wants, as the database has it: names between blanks, with one at each end; empty for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct EventFilter(pub String);

impl EventFilter {
    /// The filter of these kinds; that of none and that of every kind let all pass.
    fn of(kinds: &[EventKind]) -> Self {
        let wanted = EventKind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect::<Vec<_>>();
        if wanted.is_empty() || wanted.len() == EventKind::ALL.len() {
            return Self::default();
        }
        Self(wanted.iter().fold(String::from(" "), |text, kind| text + kind.name() + " "))
    }

    /// The kinds that it lets pass.
    pub fn kinds(&self) -> impl Iterator<Item = EventKind> + '_ {
        EventKind::ALL.into_iter().filter(|kind| wants(&self.0, *kind))
    }
}

/// Whether a filter of the database lets a kind pass.
pub(super) fn wants(events: &str, kind: EventKind) -> bool {
    events.is_empty() || events.split(' ').any(|name| name == kind.name())
}

fn read_events(reader: &mut Reader<'_>, fields: &Map<String, Value>) -> Given<EventFilter> {
    let names = || format!("must be one of {}", EventKind::ALL.map(EventKind::name).join(", "));
    let one = reader.text("event", max::SHORT).value();
    let list = match fields.get("events") {
        // One name is a list of one.
        Some(Value::String(_)) => {
            reader.text("events", max::SHORT).value().map_or(Given::Absent, |name| Given::Value(vec![name]))
        }
        _ => reader
            .list("events")
            .map(|items| items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect()),
    };
    let (field, given) = match (list, one) {
        (Given::Absent, Some(name)) => ("event", Given::Value(vec![name])),
        (list, _) => ("events", list),
    };
    let is_list = fields.get("events").is_some_and(Value::is_array);
    given.map(|given| {
        let mut kinds = Vec::new();
        for (place, name) in given.iter().enumerate() {
            match EventKind::from_name(name.trim()) {
                Some(kind) => kinds.push(kind),
                None if is_list => reader.refuse(format!("{field}[{place}]"), names()),
                None => reader.refuse(field, names()),
            }
        }
        EventFilter::of(&kinds)
    })
}

fn read_headers(reader: &mut Reader<'_>, fields: &Map<String, Value>) -> Given<headers::Pairs> {
    match fields.get("headers") {
        None => Given::Absent,
        Some(Value::Null) => Given::Null,
        Some(Value::String(text)) if text.trim().is_empty() => Given::Absent,
        Some(given) => {
            let mut errors = Vec::new();
            let pairs = headers::read(given, &mut errors);
            for error in errors {
                reader.refuse(error.field, error.message);
            }
            Given::Value(pairs)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filter_of(input: &Value) -> Result<String, Error> {
        let mut fields = input.as_object().unwrap().clone();
        fields.insert(String::from("url"), json!("https://example.com"));
        NewWebhook::read(&fields, &UrlRule::default()).map(|new| new.events.0)
    }

    #[test]
    fn no_filter_means_every_event() {
        assert!(wants("", EventKind::LeadCreated));
        assert!(wants(" lead.created client.created ", EventKind::ClientCreated));
        assert!(!wants(" lead.created ", EventKind::ClientCreated));
        let all = EventKind::ALL.map(EventKind::name);
        for input in
            [json!({}), json!({"events": null}), json!({"events": []}), json!({"event": ""}), json!({"events": all})]
        {
            assert_eq!(filter_of(&input).as_deref(), Ok(""), "{input}");
        }
    }

    #[test]
    fn events_are_named_in_a_list_or_alone() {
        for input in [
            json!({"events": ["client.created", "lead.created", "lead.created"]}),
            json!({"events": ["lead.created", "client.created"], "event": "listing.created"}),
        ] {
            assert_eq!(filter_of(&input).as_deref(), Ok(" lead.created client.created "), "{input}");
        }
        assert_eq!(filter_of(&json!({"event": "lead.created"})).as_deref(), Ok(" lead.created "));
        assert_eq!(filter_of(&json!({"events": "lead.created"})).as_deref(), Ok(" lead.created "));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let input = json!({
            "url": "ftp://x", "events": ["lead.created", "lead.deleted", 5], "description": "x".repeat(501),
            "headers": {"Host": "x"}, "enabled": null, "held": "maybe"
        });
        let Err(Error::Invalid(errors)) = WebhookChange::read(input.as_object().unwrap(), &UrlRule::default()) else {
            panic!("it is refused");
        };
        let fields = errors.into_iter().map(|error| error.field).collect::<Vec<_>>();
        assert_eq!(fields, ["url", "events[1]", "events[2]", "description", "headers.Host", "enabled", "held"]);
    }
}
