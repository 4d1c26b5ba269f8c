//! Header lines: unfolding, RFC 2047 words, RFC 2231 parameters, addresses.

use super::{charsets, limits, transfer};

/// A name and an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name; may be empty.
    pub name: String,
    /// The address, as written.
    pub address: String,
}

/// The headers of a part, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers {
    fields: Vec<(String, Vec<u8>)>,
}

impl Headers {
    /// Reads headers from the start of `raw`; also gives where the body begins.
    pub(crate) fn split(raw: &[u8]) -> (Self, usize) {
        let mut headers = Self::default();
        let mut at = 0;
        while at < raw.len() {
            let end = raw[at..].iter().position(|byte| *byte == b'\n').map_or(raw.len(), |length| at + length + 1);
            limits::work(end - at);
            let line = trim_end(&raw[at..end]);
            if line.is_empty() {
                // A CR CR LF file looks as if each line were followed by nothing: its lines are only ended thrice.
                return (headers, end);
            }
            let continues = matches!(line[0], b' ' | b'\t');
            if continues {
                if let Some((_, value)) = headers.fields.last_mut() {
                    push(value, b" ");
                    push(value, line.trim_ascii_start());
                }
            } else if let Some(colon) = name_length(line) {
                if headers.fields.len() < limits::MAX_HEADERS {
                    let name = String::from_utf8_lossy(&line[..colon]).trim().to_ascii_lowercase();
                    let mut value = Vec::new();
                    push(&mut value, line[colon + 1..].trim_ascii());
                    headers.fields.push((name, value));
                }
            } else if headers.fields.is_empty() && (line.starts_with(b"From ") || line.starts_with(b">From ")) {
                // The line that separates messages in an mbox.
            } else {
                // No header: the blank line is missing, and the body begins here.
                return (headers, at);
            }
            at = end;
        }
        (headers, raw.len())
    }

    /// The first field of that name (lower case), its encoded words decoded.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.raw(name).map(text)
    }

    /// All fields of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.fields.iter().filter(move |(found, _)| found == name).map(|(_, value)| text(value))
    }

    /// The addresses of all fields of that name.
    pub(crate) fn mailboxes(&self, name: &str) -> Vec<Mailbox> {
        let fields = self.fields.iter().filter(|(found, _)| found == name);
        fields.flat_map(|(_, value)| mailboxes(&charsets::decode(value, None))).take(50).collect()
    }

    /// Whether there is a field of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Whether there is no field at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The value of a structured field, in lower case, and its parameters.
    pub(crate) fn structured(&self, name: &str) -> (String, Parameters) {
        let text = self.raw(name).map(|value| charsets::decode(value, None)).unwrap_or_default();
        parameters(&text)
    }

    fn raw(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_slice())
    }
}

fn push(value: &mut Vec<u8>, more: &[u8]) {
    let room = limits::MAX_HEADER_BYTES.saturating_sub(value.len());
    value.extend_from_slice(&more[..more.len().min(room)]);
}

fn trim_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    &line[..end]
}

/// The length of a field's name, if the line begins with one.
fn name_length(line: &[u8]) -> Option<usize> {
    let colon = line.iter().take(80).position(|byte| *byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    (!name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic())).then_some(colon)
}

/// A field's text: encoded words decoded, other bytes in the charset that they show.
fn text(value: &[u8]) -> String {
    words(&charsets::decode(value, None)).trim().to_owned()
}

/// Decodes the encoded words (RFC 2047) of a line; two that only white space parts are joined, also in the middle of a letter.
pub(crate) fn words(line: &str) -> String {
    let mut decoded = String::with_capacity(line.len());
    let mut held: Option<(String, Vec<u8>)> = None;
    let mut rest = line;
    while let Some(start) = rest.find("=?") {
        let Some(word) = encoded_word(&rest[start..]) else {
            flush(&mut held, &mut decoded);
            decoded.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        let between = &rest[..start];
        match &mut held {
            Some((charset, bytes)) if between.trim().is_empty() && charset.eq_ignore_ascii_case(&word.charset) => {
                bytes.extend_from_slice(&word.bytes);
            }
            Some(_) if between.trim().is_empty() => {
                flush(&mut held, &mut decoded);
                held = Some((word.charset, word.bytes));
            }
            _ => {
                flush(&mut held, &mut decoded);
                decoded.push_str(between);
                held = Some((word.charset, word.bytes));
            }
        }
        rest = &rest[start + word.length..];
        if decoded.len() > limits::MAX_HEADER_BYTES {
            break;
        }
    }
    flush(&mut held, &mut decoded);
    decoded.push_str(rest);
    decoded
}

fn flush(held: &mut Option<(String, Vec<u8>)>, decoded: &mut String) {
    if let Some((charset, bytes)) = held.take() {
        let text = charsets::decode(&bytes, Some(&charset));
        decoded.extend(text.chars().map(|letter| if matches!(letter, '\n' | '\r' | '\t') { ' ' } else { letter }));
    }
}

struct EncodedWord {
    charset: String,
    bytes: Vec<u8>,
    length: usize,
}

fn encoded_word(text: &str) -> Option<EncodedWord> {
    const LONGEST: usize = 500;
    let head = &text.as_bytes()[..text.len().min(LONGEST)];
    limits::work(head.len());
    let mut marks = head.iter().enumerate().skip(2).filter(|(_, byte)| **byte == b'?').map(|(at, _)| at);
    let charset_end = marks.next()?;
    let encoding_end = marks.next()?;
    if encoding_end != charset_end + 2 || charset_end > 60 {
        return None;
    }
    let mut end = marks.next()?;
    // A question mark may stand unencoded in the middle.
    while head.get(end + 1) != Some(&b'=') {
        end = marks.next()?;
    }
    let charset = text.get(2..charset_end)?.split('*').next()?.to_owned();
    let body = &head[encoding_end + 1..end];
    let bytes = match head[charset_end + 1].to_ascii_uppercase() {
        b'B' => transfer::base64(body, LONGEST),
        b'Q' => {
            let blanks = body.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect::<Vec<_>>();
            transfer::quoted_printable(&blanks, LONGEST)
        }
        _ => return None,
    };
    Some(EncodedWord { charset, bytes, length: end + 2 })
}

/// The parameters of a structured field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// A parameter, put together as RFC 2231 says.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let plain = || self.0.iter().find(|(found, _)| found == name).map(|(_, value)| words(value));
        let mut pieces = Vec::new();
        for (found, value) in &self.0 {
            let Some(rest) = found.strip_prefix(name).and_then(|rest| rest.strip_prefix('*')) else { continue };
            let is_encoded = rest.is_empty() || rest.ends_with('*');
            let index = rest.trim_end_matches('*').parse::<u16>().unwrap_or_default();
            pieces.push((index, is_encoded, value));
        }
        if pieces.is_empty() {
            return plain();
        }
        pieces.sort_by_key(|(index, ..)| *index);
        let mut charset = None;
        let mut bytes = Vec::new();
        for (at, (_, is_encoded, value)) in pieces.iter().enumerate() {
            let mut value = value.as_str();
            if at == 0 && *is_encoded {
                let mut parts = value.splitn(3, '\'');
                if let (Some(named), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
                    charset = Some(named.to_owned());
                    value = rest;
                }
            }
            if *is_encoded {
                let escaped = value.replace('%', "=");
                bytes.extend(transfer::quoted_printable(escaped.as_bytes(), limits::MAX_HEADER_BYTES));
            } else {
                bytes.extend_from_slice(value.as_bytes());
            }
        }
        Some(charsets::decode(&bytes, charset.as_deref()))
    }
}

fn parameters(text: &str) -> (String, Parameters) {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let (mut in_quotes, mut is_escaped) = (false, false);
    for letter in text.chars() {
        match letter {
            _ if is_escaped => {
                piece.push(letter);
                is_escaped = false;
            }
            '\\' if in_quotes => is_escaped = true,
            '"' => in_quotes = !in_quotes,
            ';' if !in_quotes => pieces.push(std::mem::take(&mut piece)),
            _ => piece.push(letter),
        }
    }
    pieces.push(piece);
    let mut pieces = pieces.into_iter();
    let value = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
    let named = pieces.filter_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    });
    (value, Parameters(named.take(50).collect()))
}

/// The mailboxes of a field: `Name <a@b>, "Last, First" <c@d>, e@f (Name)`; groups and nonsense are passed over.
pub(crate) fn mailboxes(field: &str) -> Vec<Mailbox> {
    limits::work(field.len());
    let mut found = Vec::new();
    let mut name = String::new();
    let mut comment = String::new();
    let mut angle: Option<String> = None;
    let (mut in_quotes, mut is_escaped, mut in_angle, mut depth) = (false, false, false, 0_u32);
    let mut finish = |name: &mut String, comment: &mut String, angle: &mut Option<String>| {
        let written = words(std::mem::take(name).trim()).trim().to_owned();
        let comment = words(std::mem::take(comment).trim()).trim().to_owned();
        let (name, address) = match angle.take() {
            Some(address) => (if written.is_empty() { comment } else { written }, address),
            None if written.contains('@') && !written.contains(' ') => (comment, written),
            None => return,
        };
        let address = address.trim().trim_start_matches("mailto:").trim_matches(['\'', '"']).to_owned();
        if address.contains('@') {
            let name = name.trim_matches(['"', '\'', ' ']).to_owned();
            found.push(Mailbox {
                name: if name.eq_ignore_ascii_case(&address) { String::new() } else { name },
                address,
            });
        }
    };
    for letter in field.chars().take(limits::MAX_HEADER_BYTES) {
        match letter {
            _ if is_escaped => {
                name.push(letter);
                is_escaped = false;
            }
            '\\' if in_quotes => is_escaped = true,
            '"' if depth == 0 && !in_angle => in_quotes = !in_quotes,
            _ if in_quotes => name.push(letter),
            '(' if !in_angle => {
                depth += 1;
                if depth > 1 {
                    comment.push(letter);
                }
            }
            ')' if depth > 0 => {
                depth -= 1;
                if depth > 0 {
                    comment.push(letter);
                }
            }
            _ if depth > 0 => comment.push(letter),
            '<' => {
                in_angle = true;
                angle = Some(String::new());
            }
            '>' => in_angle = false,
            ',' | ';' if !in_angle => finish(&mut name, &mut comment, &mut angle),
            ':' if !in_angle && !name.contains('@') => name.clear(),
            _ if in_angle => {
                if let Some(angle) = &mut angle {
                    angle.push(letter);
                }
            }
            _ => name.push(letter),
        }
    }
    finish(&mut name, &mut comment, &mut angle);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_within_a_letter() {
        assert_eq!(words("=?utf-8?B?w6nD?= =?utf-8?B?qQ==?= x"), "éé x");
        assert_eq!(words("=?iso-8859-1?Q?Jos=E9_P=E9rez?= <a@b.c>"), "José Pérez <a@b.c>");
        assert_eq!(words("=?x?y?z =?utf-8?Q?a?b?="), "=?x?y?z a?b");
    }

    #[test]
    fn a_name_may_hold_commas_and_words() {
        let found =
            mailboxes("\"Doe, Jane\" <jane@x.example>, =?utf-8?Q?Zo=C3=AB?= <zoe@x.example>, bob@x.example (Bob B)");
        let found = found.iter().map(|mailbox| (mailbox.name.as_str(), mailbox.address.as_str())).collect::<Vec<_>>();
        assert_eq!(found, [("Doe, Jane", "jane@x.example"), ("Zoë", "zoe@x.example"), ("Bob B", "bob@x.example")]);
    }

    #[test]
    fn parameters_are_put_together() {
        let (value, parameters) = parameters("attachment; filename*0*=utf-8''Jos%C3; filename*1*=%A9.eml; x=\"a;b\"");
        assert_eq!(value, "attachment");
        assert_eq!(parameters.get("filename").as_deref(), Some("José.eml"));
        assert_eq!(parameters.get("x").as_deref(), Some("a;b"));
    }

    #[test]
    fn a_missing_blank_line_begins_the_body() {
        let (headers, body) = Headers::split(b"Subject: a\r\n b\r\nHello there\r\n");
        assert_eq!(headers.get("subject").as_deref(), Some("a b"));
        assert_eq!(body, 16);
    }
}
