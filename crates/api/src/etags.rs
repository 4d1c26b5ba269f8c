//! Entity tags (RFC 9110, section 8.8.3): a hash of the answer's bytes, so that equal tags mean equal representations.

use aws_lc_rs::digest;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;

/// Characters of the tag: 96 bits.
const BYTES: usize = 12;

/// The strong tag of an answer's bytes.
pub(crate) fn of_bytes(bytes: &[u8]) -> HeaderValue {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut tag = String::with_capacity(2 + BYTES * 2);
    tag.push('"');
    for byte in &digest.as_ref()[..BYTES] {
        for half in [byte >> 4, byte & 15] {
            tag.push(char::from_digit(u32::from(half), 16).expect("below 16"));
        }
    }
    tag.push('"');
    HeaderValue::try_from(tag).expect("hexadecimal digits in quotes")
}

/// The tags of a condition's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`: any representation.
    Any,
    /// A list of tags as sent.
    List(Vec<String>),
}

impl Tags {
    /// Reads `If-Match` or `If-None-Match`; `None` where it is not sent.
    pub fn read(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut tags = Vec::new();
        for value in headers.get_all(name) {
            let text = value.to_str().unwrap_or_default();
            if text.trim() == "*" {
                return Some(Self::Any);
            }
            // Our tags hold no comma; a foreign one that does matches nothing, as it should.
            tags.extend(text.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()));
        }
        headers.contains_key(name).then_some(Self::List(tags))
    }

    /// Strong comparison, for `If-Match`.
    pub fn hold(&self, tag: &HeaderValue) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags.iter().any(|held| held.as_bytes() == tag.as_bytes()),
        }
    }

    /// Weak comparison, for `If-None-Match`.
    pub fn hold_weakly(&self, tag: &HeaderValue) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => {
                tags.iter().any(|held| held.strip_prefix("W/").unwrap_or(held).as_bytes() == tag.as_bytes())
            }
        }
    }
}

/// The tag of a record with something beside it that changes by itself: two tags, joined. A change asks for the first only, so that
/// what happens meanwhile to the rest does not stand in its way.
pub(crate) fn of_record_and_rest(record: &[u8], whole: &[u8]) -> HeaderValue {
    let (record, whole) = (of_bytes(record), of_bytes(whole));
    let text = |tag: &HeaderValue| tag.to_str().unwrap_or_default().trim_matches('"').to_owned();
    HeaderValue::try_from(format!("\"{}.{}\"", text(&record), text(&whole))).expect("hexadecimal digits in quotes")
}

/// As [`precondition`], of a record that [`of_record_and_rest`] tagged.
pub(crate) fn record_precondition<T: Serialize>(headers: &HeaderMap) -> impl Fn(&T) -> bool + Send + Sync + 'static {
    let tags = Tags::read(headers, &header::IF_MATCH).map(|tags| match tags {
        Tags::Any => Tags::Any,
        Tags::List(tags) => Tags::List(tags.into_iter().map(without_rest).collect()),
    });
    held_by(tags)
}

fn without_rest(tag: String) -> String {
    match tag.split_once('.') {
        Some((record, _)) => format!("{record}\""),
        None => tag,
    }
}

/// The precondition of a change: what `If-Match` asks of the record, `true` where it is not sent.
pub(crate) fn precondition<T: Serialize>(headers: &HeaderMap) -> impl Fn(&T) -> bool + Send + Sync + 'static {
    held_by(Tags::read(headers, &header::IF_MATCH))
}

fn held_by<T: Serialize>(tags: Option<Tags>) -> impl Fn(&T) -> bool + Send + Sync + 'static {
    move |record| match &tags {
        None => true,
        Some(tags) => crm::json::to_string(record).is_ok_and(|text| tags.hold(&of_bytes(text.as_bytes()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (header::IF_MATCH, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_tag_is_found_in_a_list_and_by_a_star() {
        let tag = HeaderValue::from_static("\"b\"");
        for (sent, holds) in [
            (vec!["\"b\""], true),
            (vec!["\"a\", \"b\""], true),
            (vec!["\"a\"", "\"b\""], true),
            (vec!["*"], true),
            (vec!["\"a\""], false),
            (vec![""], false),
        ] {
            assert_eq!(Tags::read(&headers(&sent), &header::IF_MATCH).unwrap().hold(&tag), holds, "{sent:?}");
        }
        assert_eq!(Tags::read(&headers(&[]), &header::IF_MATCH), None);
    }

    #[test]
    fn a_change_asks_for_the_record_not_for_what_is_beside_it() {
        let tag = of_record_and_rest(b"\"record\"", b"whole");
        let sent = HeaderMap::from_iter([(header::IF_MATCH, tag)]);
        assert!(record_precondition(&sent)(&"record"));
        assert!(!record_precondition(&sent)(&"changed"));
    }

    #[test]
    fn a_weak_tag_matches_weakly_only() {
        let tags = Tags::read(&headers(&["W/\"b\""]), &header::IF_MATCH).unwrap();
        let tag = HeaderValue::from_static("\"b\"");
        assert!(!tags.hold(&tag));
        assert!(tags.hold_weakly(&tag));
    }
}
