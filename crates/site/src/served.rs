//! A file from the database as an answer: streamed piece by piece, whole or in part (RFC 9110, section 14), and not at all to whoever
//! has it.

use axum::{
    body::{Body, Bytes},
    response::Response,
};

use crm::{
    AgentId,
    files::{self, File, PIECE},
};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::Site;

/// The answer with this file; with a name it is one to be saved.
pub(crate) fn answer(site: &Site, agent: AgentId, file: &File, asked: &HeaderMap, saved_as: Option<&str>) -> Response {
    let tag = format!("\"{}\"", file.hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let mut answer = Response::new(Body::empty());
    let is_held = is_held(asked, &tag);
    let range = match asked.get(header::IF_RANGE) {
        Some(held) if *held != tag.as_str() => Range::Whole,
        _ => Range::read(text(header::RANGE), file.size),
    };
    let part = match (is_held, range) {
        (true, _) => {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            None
        }
        (_, Range::Whole) => Some((0, file.size)),
        (_, Range::Part(from, to)) => {
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            set(&mut answer, header::CONTENT_RANGE, &format!("bytes {from}-{}/{}", to - 1, file.size));
            Some((from, to))
        }
        (_, Range::None) => {
            *answer.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            set(&mut answer, header::CONTENT_RANGE, &format!("bytes */{}", file.size));
            return answer;
        }
    };
    set(&mut answer, header::ETAG, &tag);
    set(&mut answer, header::ACCEPT_RANGES, "bytes");
    set(&mut answer, header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    set(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Under one address there are always the same bytes. A picture may be kept; a document is shown to nobody who is signed out.
    let kept = if saved_as.is_some() { "private, no-cache" } else { "private, max-age=31536000, immutable" };
    set(&mut answer, header::CACHE_CONTROL, kept);
    if let Some((from, to)) = part {
        set(&mut answer, header::CONTENT_TYPE, &file.media_type);
        set(&mut answer, header::CONTENT_LENGTH, &(to - from).to_string());
        if let Some(name) = saved_as {
            set(&mut answer, header::CONTENT_DISPOSITION, &disposition(name));
        }
        *answer.body_mut() = body(site, agent, file, from, to);
    }
    answer
}

/// Whether somebody who asks has what bears this tag (RFC 9110, section 13.1.2).
pub(crate) fn is_held(asked: &HeaderMap, tag: &str) -> bool {
    let held = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    held.split(',').map(str::trim).any(|held| held == "*" || held.trim_start_matches("W/") == tag)
}

fn set(answer: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// To be saved under a name, in ASCII for old programs, and as it is (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || " ._-()".contains(letter) { letter } else { '_' });
    let whole = name.bytes().fold(String::new(), |mut whole, byte| {
        match byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            true => whole.push(byte.into()),
            false => whole += &format!("%{byte:02X}"),
        }
        whole
    });
    format!("attachment; filename=\"{}\"; filename*=UTF-8''{whole}", plain.collect::<String>())
}

/// The bytes of a file from one place up to another.
fn body(site: &Site, agent: AgentId, file: &File, from: u64, to: u64) -> Body {
    let (crm, file) = (site.crm.clone(), file.clone());
    let pieces = stream::try_unfold(from, move |at| {
        let (crm, file) = (crm.clone(), file.clone());
        async move {
            if at >= to {
                return Ok::<_, crm::Error>(None);
            }
            let number = at / PIECE as u64;
            let piece = Bytes::from(files::piece_at_hand(&crm, agent, &file, number).await?);
            let begins = number * PIECE as u64;
            let end = usize::try_from(to - begins).unwrap_or(usize::MAX).min(piece.len());
            let start = usize::try_from(at - begins).unwrap_or(usize::MAX).min(end);
            // A piece that is too short would go round for ever.
            if start == end {
                return Err(crm::Error::Internal);
            }
            Ok(Some((piece.slice(start..end), begins + end as u64)))
        }
    });
    Body::from_stream(pieces)
}

/// What is asked for of a file.
#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    /// From a place up to another.
    Part(u64, u64),
    /// Nothing that there is.
    None,
}

impl Range {
    /// Reads a header. What asks for several parts, or cannot be read, is answered with the whole, as it may be.
    fn read(text: &str, size: u64) -> Self {
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u64>().ok(),
            false => None,
        };
        let Some((first, last)) = text.strip_prefix("bytes=").and_then(|part| part.split_once('-')) else {
            return Self::Whole;
        };
        match (number(first.trim()), number(last.trim()), first.trim().is_empty(), last.trim().is_empty()) {
            (Some(from), _, _, true) if from < size => Self::Part(from, size),
            (Some(from), Some(to), ..) if to < from => Self::Whole,
            (Some(from), Some(to), ..) if from < size => Self::Part(from, to.saturating_add(1).min(size)),
            (_, Some(0), true, _) => Self::None,
            (_, Some(length), true, _) if size > 0 => Self::Part(size.saturating_sub(length), size),
            (Some(_), Some(_), ..) | (Some(_), _, _, true) => Self::None,
            _ => Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Range, disposition};

    #[test]
    fn one_part_is_given_and_nothing_past_the_end() {
        for (text, range) in [
            ("", Range::Whole),
            ("bytes=0-", Range::Part(0, 100)),
            ("bytes=10-19", Range::Part(10, 20)),
            ("bytes=90-1000", Range::Part(90, 100)),
            ("bytes=-10", Range::Part(90, 100)),
            ("bytes=-1000", Range::Part(0, 100)),
            ("bytes=100-", Range::None),
            ("bytes=100-200", Range::None),
            ("bytes=-0", Range::None),
            ("bytes=5-4", Range::Whole),
            ("bytes=0-1,5-6", Range::Whole),
            ("bytes=99999999999999999999-", Range::Whole),
            ("bytes=0-18446744073709551615", Range::Part(0, 100)),
            ("bytes=-", Range::Whole),
            ("bytes=+1-2", Range::Whole),
            ("lines=0-1", Range::Whole),
        ] {
            assert_eq!(Range::read(text, 100), range, "{text}");
        }
    }

    #[test]
    fn a_name_stays_within_its_header() {
        let told = disposition("Plan é\"; x=\r\n.pdf");
        assert!(
            told.starts_with("attachment; filename=\"Plan ___ x___.pdf\"; filename*=UTF-8''Plan%20%C3%A9%22%3B"),
            "{told}"
        );
    }
}
