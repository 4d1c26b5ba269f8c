//! Reading fields from outside: every wrong field is collected, so that one answer names them all.
//!
//! Optional text that is `null`, empty or blank counts as absent when creating (Zapier and Make send empty fields);
//! when changing, `null` clears (RFC 7396) and blank is absent.

use serde_json::{Map, Value};

use crate::{
    clock::UnixMillis,
    error::{Error, FieldError},
    values::{EmailAddress, Money, PhoneNumber},
};

/// What an input said of one optional field.
#[derive(Debug, Clone, PartialEq)]
pub enum Given<T> {
    /// Nothing.
    Absent,
    /// `null`: to be cleared.
    Null,
    /// A value.
    Value(T),
}

impl<T> Given<T> {
    /// The value, if one was given.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// What a field that held `old` holds after the change.
    pub fn or_keep(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Absent => old,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// The same of what `map` makes of the value.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Given<U> {
        self.try_map(|value| Some(map(value)))
    }

    fn try_map<U>(self, map: impl FnOnce(T) -> Option<U>) -> Given<U> {
        match self {
            Self::Absent => Given::Absent,
            Self::Null => Given::Null,
            Self::Value(value) => map(value).map_or(Given::Absent, Given::Value),
        }
    }
}

/// Whether a record is made or changed: decides what a missing required field means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Required fields must be there.
    Create,
    /// A missing field stays as it is.
    Change,
}

/// Longest texts, in characters.
pub mod max {
    /// A person's, key's or webhook's name.
    pub const NAME: usize = 200;
    /// Where a lead came from.
    pub const SOURCE: usize = 64;
    /// A postal address.
    pub const ADDRESS: usize = 500;
    /// Notes and descriptions.
    pub const NOTES: usize = 20_000;
    /// A short text with a form of its own (a code, a type).
    pub const SHORT: usize = 100;
    /// A URL.
    pub const URL: usize = 8_192;
}

/// Reads the fields of one input object.
pub struct Reader<'a> {
    fields: &'a Map<String, Value>,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    /// A reader over the members of an object. Members that nobody asks for are ignored.
    #[must_use]
    pub fn new(fields: &'a Map<String, Value>) -> Self {
        Self { fields, errors: Vec::new() }
    }

    /// Notes what is wrong with a field.
    pub fn refuse(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Whether any field was wrong so far.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The end: all errors, or the built value. `build` is called only where every field was right.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn finish<T>(self, build: impl FnOnce() -> T) -> Result<T, Error> {
        if self.errors.is_empty() { Ok(build()) } else { Err(Error::Invalid(self.errors)) }
    }

    /// Optional text as sent, of at most `most` characters.
    pub fn text(&mut self, field: &'static str, most: usize) -> Given<String> {
        self.read_text(field, most, |text| text)
    }

    /// Optional text, outer white space cut, of at most `most` characters then.
    pub fn trimmed_text(&mut self, field: &'static str, most: usize) -> Given<String> {
        self.read_text(field, most, str::trim)
    }

    fn read_text(&mut self, field: &'static str, most: usize, kept: fn(&str) -> &str) -> Given<String> {
        match self.fields.get(field) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(Value::String(text)) if text.trim().is_empty() => Given::Absent,
            Some(Value::String(text)) if kept(text).chars().nth(most).is_some() => {
                self.refuse(field, format!("must have at most {most} characters"));
                Given::Absent
            }
            Some(Value::String(text)) => Given::Value(kept(text).to_owned()),
            Some(_) => {
                self.refuse(field, "must be a string");
                Given::Absent
            }
        }
    }

    /// Required text, outer white space cut. When creating it must be there; when changing it may be missing but not
    /// `null` or blank.
    pub fn required_text(&mut self, field: &'static str, most: usize, purpose: Purpose) -> Option<String> {
        let text = self.trimmed_text(field, most);
        self.required(field, text, purpose)
    }

    /// The same, kept as sent.
    pub fn required_text_as_sent(&mut self, field: &'static str, most: usize, purpose: Purpose) -> Option<String> {
        let text = self.text(field, most);
        self.required(field, text, purpose)
    }

    /// The value of a required field that was read as `given`. When creating it must be there; when changing it may be
    /// missing but not `null` or blank.
    pub fn required<T>(&mut self, field: &'static str, given: Given<T>, purpose: Purpose) -> Option<T> {
        let value = given.value();
        let is_wanted = purpose == Purpose::Create || self.fields.contains_key(field);
        let is_refused = self.errors.iter().any(|error| error.field == field);
        if value.is_none() && is_wanted && !is_refused {
            self.refuse(field, "is required");
        }
        value
    }

    /// An optional e-mail address.
    pub fn email(&mut self, field: &'static str) -> Given<EmailAddress> {
        let text = self.trimmed_text(field, EmailAddress::MAX);
        text.try_map(|text| self.keep(field, EmailAddress::parse(&text)))
    }

    /// A required e-mail address: as [`Reader::required_text`].
    pub fn required_email(&mut self, field: &'static str, purpose: Purpose) -> Option<EmailAddress> {
        let text = self.required_text(field, EmailAddress::MAX, purpose)?;
        self.keep(field, EmailAddress::parse(&text))
    }

    /// An optional phone number.
    pub fn phone(&mut self, field: &'static str) -> Given<PhoneNumber> {
        let text = self.trimmed_text(field, PhoneNumber::MAX);
        text.try_map(|text| self.keep(field, PhoneNumber::parse(&text)))
    }

    /// An optional number within `range`.
    pub fn number(&mut self, field: &'static str, range: std::ops::RangeInclusive<f64>) -> Given<f64> {
        match self.fields.get(field) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(Value::String(text)) if text.trim().is_empty() => Given::Absent,
            Some(Value::Number(number)) => match number.as_f64().filter(|number| range.contains(number)) {
                Some(number) => Given::Value(number),
                None => {
                    self.refuse(field, format!("must be a number from {} to {}", range.start(), range.end()));
                    Given::Absent
                }
            },
            Some(_) => {
                self.refuse(field, "must be a number");
                Given::Absent
            }
        }
    }

    /// An optional whole number within `range`.
    pub fn integer(&mut self, field: &'static str, range: std::ops::RangeInclusive<i64>) -> Given<i64> {
        let number = self.number(field, (*range.start() as f64)..=(*range.end() as f64));
        number.try_map(|number| {
            let whole = (number.fract() == 0.0).then_some(number as i64).ok_or("must be a whole number");
            self.keep(field, whole)
        })
    }

    /// An optional amount of money.
    pub fn money(&mut self, field: &'static str) -> Given<Money> {
        let units = self.number(field, 0.0..=Money::MAX_UNITS);
        units.try_map(|units| self.keep(field, Money::parse(units)))
    }

    /// An optional `true` or `false`.
    pub fn flag(&mut self, field: &'static str) -> Given<bool> {
        match self.fields.get(field) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(Value::String(text)) if text.trim().is_empty() => Given::Absent,
            Some(Value::Bool(flag)) => Given::Value(*flag),
            Some(_) => {
                self.refuse(field, "must be true or false");
                Given::Absent
            }
        }
    }

    /// An optional one of a list of words.
    pub fn choice<T: Copy>(&mut self, field: &'static str, choices: &[(&'static str, T)]) -> Given<T> {
        let text = self.text(field, max::SHORT);
        text.try_map(|text| {
            let found = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
            if found.is_none() {
                let words = choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
                self.refuse(field, format!("must be one of {words}"));
            }
            found
        })
    }

    /// An optional RFC 3339 instant.
    pub fn instant(&mut self, field: &'static str) -> Given<UnixMillis> {
        let text = self.text(field, max::SHORT);
        text.try_map(|text| {
            self.keep(
                field,
                UnixMillis::parse_rfc3339(&text).ok_or("must be a time as RFC 3339 has it: 2026-11-23T15:00:00Z"),
            )
        })
    }

    /// An optional id.
    pub fn id<T: std::str::FromStr>(&mut self, field: &'static str) -> Given<T> {
        let text = self.text(field, max::SHORT);
        text.try_map(|text| self.keep(field, text.parse().map_err(|_| "is not the id of a record of yours")))
    }

    /// An optional list.
    pub fn list(&mut self, field: &'static str) -> Given<&'a [Value]> {
        match self.fields.get(field) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(Value::Array(items)) => Given::Value(items),
            Some(_) => {
                self.refuse(field, "must be a list");
                Given::Absent
            }
        }
    }

    /// The value, or a note of what is wrong with the field.
    pub fn keep<T>(&mut self, field: &'static str, read: Result<T, impl Into<String>>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(message) => {
                self.refuse(field, message);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn errors_of(input: &Value, read: impl FnOnce(&mut Reader<'_>)) -> Vec<(String, String)> {
        let mut reader = Reader::new(input.as_object().unwrap());
        read(&mut reader);
        match reader.finish(|| ()) {
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| (error.field, error.message)).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let input = json!({"name": " ", "email": "nobody", "price": -1, "beds": 2.5, "status": "sold"});
        let errors = errors_of(&input, |reader| {
            reader.required_text("name", max::NAME, Purpose::Create);
            reader.email("email");
            reader.money("price");
            reader.integer("beds", 0..=100);
            reader.choice("status", &[("active", ()), ("closed", ())]);
        });
        let fields = errors.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>();
        assert_eq!(fields, ["name", "email", "price", "beds", "status"]);
        assert_eq!(errors[4].1, "must be one of active, closed");
    }

    #[test]
    fn blank_is_absent_and_null_clears() {
        let input = json!({"a": "", "b": "  \t", "c": null, "d": " x ", "e": false});
        let mut reader = Reader::new(input.as_object().unwrap());
        assert_eq!(reader.text("a", 5), Given::Absent);
        assert_eq!(reader.text("b", 1), Given::Absent);
        assert_eq!(reader.text("c", 5), Given::Null);
        assert_eq!(reader.text("d", 5), Given::Value(" x ".to_owned()));
        assert_eq!(
            ["a", "c", "d", "e"].map(|field| reader.flag(field)),
            [Given::Absent, Given::Null, Given::Absent, Given::Value(false)]
        );
        assert_eq!([reader.number("a", 0.0..=1.0), reader.number("b", 0.0..=1.0)], [Given::Absent, Given::Absent]);
        assert!(reader.finish(|| ()).is_err(), "\" x \" is no flag");
    }

    #[test]
    fn a_required_field_may_be_missing_from_a_change_but_not_blank() {
        assert!(errors_of(&json!({}), |r| drop(r.required_text("name", 9, Purpose::Change))).is_empty());
        for input in [json!({"name": null}), json!({"name": ""}), json!({"name": ["x"]}), json!({"name": "0123456789"})]
        {
            assert_eq!(errors_of(&input, |r| drop(r.required_text("name", 9, Purpose::Change))).len(), 1, "{input}");
        }
    }

    #[test]
    fn a_length_is_that_of_what_is_kept() {
        let input = json!({"name": " 0123456789\t"});
        let mut reader = Reader::new(input.as_object().unwrap());
        assert_eq!(reader.required_text("name", 10, Purpose::Create).as_deref(), Some("0123456789"));
        assert_eq!(reader.required_text_as_sent("name", 12, Purpose::Create).as_deref(), Some(" 0123456789\t"));
        assert!(!reader.has_errors());
        assert_eq!(reader.required_text("name", 9, Purpose::Create), None);
        assert!(reader.has_errors());
        assert_eq!(errors_of(&input, |r| drop(r.required_text_as_sent("name", 11, Purpose::Create))).len(), 1);
    }

    #[test]
    fn a_length_counts_characters_not_bytes() {
        assert!(errors_of(&json!({"name": "王王王"}), |r| drop(r.text("name", 3))).is_empty());
        assert_eq!(errors_of(&json!({"name": "王王王王"}), |r| drop(r.text("name", 3))).len(), 1);
    }
}
