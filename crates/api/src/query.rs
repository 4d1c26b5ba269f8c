//! Query parameters: decoded strictly, each known one at most once, an empty one absent, unknown ones ignored.

use axum::extract::FromRequestParts;
use crm::FieldError;
use http::request::Parts;

use crate::Problem;

/// The decoded parameters of a request, in order.
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl Params {
    /// Decodes a query string (application/x-www-form-urlencoded).
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        let pairs = pairs.collect::<Option<Vec<_>>>();
        let pairs =
            pairs.ok_or_else(|| Problem::bad_request("The query must be percent-encoded UTF-8 without NUL."))?;
        Ok(Self { pairs, errors: Vec::new() })
    }

    /// Notes what is wrong with a parameter.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError { field: name.to_owned(), message: message.into() });
    }

    /// The value of a parameter; `None` when missing or empty.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone());
        let first = values.next();
        if values.next().is_some() {
            self.refuse(name, "must be given once");
            return None;
        }
        first.filter(|value| !value.is_empty())
    }

    /// A whole number within `range`, else `default`.
    pub fn number(&mut self, name: &str, range: std::ops::RangeInclusive<u32>, default: u32) -> u32 {
        let Some(text) = self.text(name) else { return default };
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>().ok().filter(|number| is_plain && range.contains(number)) {
            Some(number) => number,
            None => {
                self.refuse(name, format!("must be a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    /// A parameter read by `read`, with a note of what is wrong.
    pub fn parsed<T, M: Into<String>>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, M>) -> Option<T> {
        let text = self.text(name)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(message) => {
                self.refuse(name, message);
                None
            }
        }
    }

    /// The end: all errors, or nothing.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(crm::Error::Invalid(self.errors).into()) }
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_decoded_and_an_empty_one_is_absent() {
        let mut params = Params::parse("q=J%C3%B6rg+Smith&status=&limit=7&other=1&other=2").unwrap();
        assert_eq!(params.text("q").as_deref(), Some("Jörg Smith"));
        assert_eq!(params.text("status"), None);
        assert_eq!(params.number("limit", 1..=100, 50), 7);
        assert!(params.finish().is_ok());
    }

    #[test]
    fn a_repeated_parameter_is_refused_where_it_is_known() {
        let mut params = Params::parse("limit=1&limit=1").unwrap();
        params.number("limit", 1..=100, 50);
        assert!(params.finish().is_err());
    }

    #[test]
    fn numbers_are_refused_never_clamped() {
        for text in ["-1", "0", "101", "1e9", "abc", "%2B5", " 5", "5.0", "99999999999999999999", "٥"] {
            let mut params = Params::parse(&format!("limit={text}")).unwrap();
            params.number("limit", 1..=100, 50);
            assert!(params.finish().is_err(), "{text}");
        }
    }

    #[test]
    fn nul_broken_escapes_and_bad_utf8_are_refused() {
        for query in ["q=%00", "q=%C0%80", "q=%FF", "q=%", "q=%2", "q=%zz", "%00=1"] {
            assert!(Params::parse(query).is_err(), "{query}");
        }
    }
}
