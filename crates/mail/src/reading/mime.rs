//! The parts of a message (RFC 2045, 2046), of any message: boundaries that are missing or never closed, encodings that are
//! none, nesting without end. Each level of nesting reads its bytes once, and there are at most [`limits::MAX_DEPTH`].

use super::{charsets, headers::Headers, limits, transfer};

/// A message taken apart.
#[derive(Debug, Default)]
pub(crate) struct Message {
    /// Its headers.
    pub headers: Headers,
    /// Its texts, in their order; alternatives are both here.
    pub texts: Vec<Text>,
    /// Text-like files: XML, vCards, text that is an attachment.
    pub files: Vec<File>,
    /// Messages that it carries.
    pub messages: Vec<Message>,
    /// Whether a part is a calendar's.
    pub has_calendar: bool,
    /// The `report-type` of a multipart/report, in lower case.
    pub report: Option<String>,
}

/// A text of the body.
#[derive(Debug)]
pub(crate) struct Text {
    pub is_html: bool,
    pub is_flowed: bool,
    pub text: String,
}

/// A file whose text may tell something.
#[derive(Debug)]
pub(crate) struct File {
    pub text: String,
}

/// Takes a message apart.
pub(crate) fn parse(raw: &[u8]) -> Message {
    let raw = &raw[..raw.len().min(limits::MAX_RAW_BYTES)];
    let mut budget = Budget { parts: limits::MAX_PARTS, bytes: limits::MAX_DECODED_BYTES };
    message(raw, 0, &mut budget)
}

struct Budget {
    parts: usize,
    bytes: usize,
}

fn message(raw: &[u8], depth: usize, budget: &mut Budget) -> Message {
    let raw = skip_blank_lines(raw);
    let (headers, body) = Headers::split(raw);
    let mut message = Message::default();
    part(&headers, &raw[body..], depth, budget, &mut message, Place::Top);
    message.headers = headers;
    message
}

fn skip_blank_lines(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let start = raw.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    &raw[start..]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Inner,
    InDigest,
}

fn part(headers: &Headers, body: &[u8], depth: usize, budget: &mut Budget, message: &mut Message, place: Place) {
    if budget.parts == 0 || depth > limits::MAX_DEPTH {
        return;
    }
    budget.parts -= 1;
    let (mut kind, parameters) = headers.structured("content-type");
    if !kind.contains('/') {
        kind = if place == Place::InDigest { "message/rfc822".to_owned() } else { "text/plain".to_owned() };
    }
    let (disposition, disposition_parameters) = headers.structured("content-disposition");
    let name = disposition_parameters.get("filename").or_else(|| parameters.get("name")).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let is_attachment = disposition == "attachment" && place != Place::Top;
    let encoding = headers.structured("content-transfer-encoding").0;

    if kind.starts_with("multipart/") {
        if kind == "multipart/report" {
            message.report = Some(parameters.get("report-type").unwrap_or_default().to_ascii_lowercase());
        }
        let inner = if kind == "multipart/digest" { Place::InDigest } else { Place::Inner };
        for piece in pieces(body, parameters.get("boundary").as_deref()) {
            if budget.parts == 0 {
                return;
            }
            let (headers, start) = Headers::split(piece);
            part(&headers, &piece[start..], depth + 1, budget, message, inner);
        }
        return;
    }
    let is_message = kind == "message/rfc822" || kind == "message/global" || name.ends_with(".eml");
    if is_message {
        let decoded;
        let inner = if matches!(encoding.as_str(), "base64" | "quoted-printable") {
            decoded = transfer::decode(body, &encoding, budget.bytes);
            budget.bytes -= decoded.len();
            decoded.as_slice()
        } else {
            body
        };
        message.messages.push(self::message(inner, depth + 1, budget));
        return;
    }
    match kind.as_str() {
        "text/calendar" | "application/ics" => {
            message.has_calendar = true;
            return;
        }
        "message/delivery-status" => {
            message.report.get_or_insert_with(|| "delivery-status".to_owned());
            return;
        }
        "message/disposition-notification" => {
            message.report.get_or_insert_with(|| "disposition-notification".to_owned());
            return;
        }
        _ => {}
    }
    if name.ends_with(".ics") {
        message.has_calendar = true;
        return;
    }
    let is_xml = kind.ends_with("/xml")
        || kind.ends_with("+xml")
        || kind.contains("adf")
        || name.ends_with(".xml")
        || name.ends_with(".adf");
    let is_text = kind.starts_with("text/") || matches!(kind.as_str(), "text" | "application/xhtml+xml");
    if !is_text && !is_xml && kind != "application/json" {
        return;
    }
    let decoded = transfer::decode(body, &encoding, budget.bytes);
    budget.bytes -= decoded.len();
    let text = charsets::decode(&decoded, parameters.get("charset").as_deref());
    let is_html = matches!(kind.as_str(), "text/html" | "application/xhtml+xml")
        || kind == "text/plain" && looks_like_html(&text);
    if is_attachment
        || is_xml && !is_html
        || kind == "application/json"
        || kind == "text/x-vcard"
        || kind == "text/vcard"
    {
        message.files.push(File { text });
        return;
    }
    let is_flowed = parameters.get("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
    message.texts.push(Text { is_html: is_html && has_tags(&text), is_flowed, text });
}

fn looks_like_html(text: &str) -> bool {
    let head = text.trim_start().get(..300).unwrap_or(text.trim_start()).to_ascii_lowercase();
    head.starts_with("<!doctype html")
        || head.starts_with("<html")
        || head.starts_with("<body")
        || head.starts_with("<table")
}

fn has_tags(text: &str) -> bool {
    text.contains('<') && text.contains('>')
}

/// What stands between the boundary lines. A boundary that no header names is the first line that looks like one; a last part
/// that nothing closes ends with the message. A boundary is a whole line: the same characters within a line are text.
fn pieces<'a>(body: &'a [u8], boundary: Option<&str>) -> Vec<&'a [u8]> {
    let boundary =
        boundary.map(str::trim).filter(|boundary| !boundary.is_empty()).map(|boundary| boundary.as_bytes().to_vec());
    let Some(boundary) = boundary.or_else(|| guess(body)) else { return vec![body] };
    let mut pieces = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = 0;
    while at < body.len() {
        let end = body[at..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |length| at + length + 1);
        limits::work(end - at);
        let line = body[at..end].trim_ascii_end();
        if let Some(rest) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary.as_slice()))
            && (rest.is_empty() || rest == b"--")
        {
            if let Some(start) = open.take() {
                pieces.push(&body[start..at]);
            }
            if pieces.len() >= limits::MAX_PARTS {
                return pieces;
            }
            if rest.is_empty() {
                open = Some(end);
            }
        }
        at = end;
    }
    if let Some(start) = open {
        pieces.push(&body[start..]);
    }
    // No boundary in it: better the whole as text than nothing.
    if pieces.is_empty() && !body.trim_ascii().is_empty() {
        pieces.push(body);
    }
    pieces
}

fn guess(body: &[u8]) -> Option<Vec<u8>> {
    let mut lines = body.split(|byte| *byte == b'\n').take(200).map(<[u8]>::trim_ascii_end);
    let line =
        lines.find(|line| line.len() > 6 && line.len() < 80 && line.starts_with(b"--") && !line.contains(&b' '))?;
    Some(line[2..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_within_a_line_is_text() {
        let raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee --b here\n--bc\nend\n--b--\n";
        let message = parse(raw);
        assert_eq!(message.texts.len(), 1);
        assert_eq!(message.texts[0].text, "see --b here\n--bc\nend\n");
    }

    #[test]
    fn a_thousand_levels_stop_at_twenty() {
        let mut raw = String::new();
        for level in 0..1_000 {
            raw += &format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
        }
        raw += "\nhello";
        assert!(parse(raw.as_bytes()).texts.is_empty());
    }

    #[test]
    fn a_hundred_thousand_parts_are_a_thousand() {
        let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(100_000));
        assert!(parse(raw.as_bytes()).texts.len() <= limits::MAX_PARTS);
    }

    #[test]
    fn what_is_decoded_is_bounded() {
        let part = format!("--b\nContent-Transfer-Encoding: base64\n\n{}\n", "QUFB".repeat(1 << 20));
        let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", part.repeat(6));
        let bytes = parse(raw.as_bytes()).texts.iter().map(|text| text.text.len()).sum::<usize>();
        assert!(bytes <= limits::MAX_DECODED_BYTES, "{bytes}");
    }
}
