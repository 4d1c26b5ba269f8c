//! Content-Transfer-Encoding (RFC 2045 section 6), read as leniently as mail programs do.

/// Decodes `body` as `encoding` names, up to `limit` bytes. An encoding that is none leaves the body as it is.
pub(crate) fn decode(body: &[u8], encoding: &str, limit: usize) -> Vec<u8> {
    super::limits::work(body.len());
    match encoding {
        "base64" => base64(body, limit),
        "quoted-printable" => quoted_printable(body, limit),
        _ => body[..body.len().min(limit)].to_vec(),
    }
}

/// Base64 without minding line ends, blanks, missing padding or padding in the middle.
pub(crate) fn base64(body: &[u8], limit: usize) -> Vec<u8> {
    let mut decoded = Vec::with_capacity((body.len() / 4 * 3).min(limit));
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &byte in body {
        if decoded.len() >= limit {
            break;
        }
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                // Padding ends a run of base64; another may follow, as when two encoded texts were joined.
                (bits, held) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push(u8::try_from((bits >> held) & 0xff).unwrap_or_default());
            bits &= (1 << held) - 1;
        }
    }
    decoded
}

/// Quoted-printable; what is no escape stands for itself.
pub(crate) fn quoted_printable(body: &[u8], limit: usize) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len().min(limit));
    let mut at = 0;
    while at < body.len() && decoded.len() < limit {
        let byte = body[at];
        at += 1;
        if byte != b'=' {
            decoded.push(byte);
            continue;
        }
        if let (Some(high), Some(low)) = (body.get(at).copied().and_then(hex), body.get(at + 1).copied().and_then(hex))
        {
            decoded.push(high << 4 | low);
            at += 2;
            continue;
        }
        // A soft line end: blanks may stand before it, and CRs may be doubled.
        let rest = &body[at..body.len().min(at + 16)];
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        match rest.get(blanks) {
            Some(b'\n') => at += blanks + 1,
            None if at + blanks >= body.len() => at = body.len(),
            _ => decoded.push(b'='),
        }
    }
    decoded
}

/// The value of a hexadecimal digit.
pub(crate) fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Percent escapes; with `+` as a blank.
pub(crate) fn percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'+' => decoded.push(b' '),
            b'%' => match (bytes.get(at + 1).copied().and_then(hex), bytes.get(at + 2).copied().and_then(hex)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    at += 2;
                }
                _ => decoded.push(b'%'),
            },
            byte => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8(decoded).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_base64_gives_what_is_in_it() {
        assert_eq!(base64(b"SGVs bG8\r\n=", 100), b"Hello");
        assert_eq!(base64(b"SGVsbG8=SGVsbG8", 100), b"HelloHello");
        assert_eq!(base64(b"SGVsbG8=", 2), b"He");
    }

    #[test]
    fn quoted_printable_forgives() {
        assert_eq!(quoted_printable(b"a=3D=\r\r\nb =zz=", 100), b"a=b =zz");
        assert_eq!(quoted_printable("caf=C3=A9".as_bytes(), 100), "café".as_bytes());
    }
}
