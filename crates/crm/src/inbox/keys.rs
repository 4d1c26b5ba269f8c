//! What mails and properties are known by.

use aws_lc_rs::digest::{Context, SHA256};

use crate::fold::fold;

/// The digest of a mail's Message-ID and body: the same mail has it by whatever way it comes, with whatever a server has put on top.
pub(super) fn of_message(raw: &[u8]) -> [u8; 32] {
    let (head, body) = split(raw);
    let mut digest = Context::new(&SHA256);
    match header(head, b"message-id") {
        Some(id) => digest.update(&id),
        // Without one, mails of the same words are told apart by these.
        None => {
            for name in [&b"from"[..], b"date", b"subject"] {
                digest.update(&header(head, name).unwrap_or_default());
                digest.update(b"\n");
            }
        }
    }
    digest.update(b"\0");
    // Servers and files differ in how lines end.
    for line in body.split(|byte| *byte == b'\n') {
        digest.update(line.strip_suffix(b"\r").unwrap_or(line));
        digest.update(b"\n");
    }
    digest.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    let mut from = 0;
    while let Some(end) = raw[from..].iter().position(|byte| *byte == b'\n') {
        if matches!(&raw[from..from + end], b"" | b"\r") {
            let body = &raw[from + end + 1..];
            // What ends a file is no part of the mail.
            return (&raw[..from], body.trim_ascii_end());
        }
        from += end + 1;
    }
    (raw, b"")
}

/// The first header of a name (lower case), unfolded and without its white space.
fn header(head: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut value: Option<Vec<u8>> = None;
    for line in head.split(|byte| *byte == b'\n') {
        match &mut value {
            Some(value) if line.starts_with(b" ") || line.starts_with(b"\t") => value.extend(visible(line)),
            Some(_) => break,
            None => {
                let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
                if line[..colon].trim_ascii().eq_ignore_ascii_case(name) {
                    value = Some(visible(&line[colon + 1..]).collect());
                }
            }
        }
    }
    value.filter(|value| !value.is_empty())
}

fn visible(line: &[u8]) -> impl Iterator<Item = u8> {
    line.iter().copied().filter(|byte| !byte.is_ascii_whitespace())
}

/// Whether two addresses may be of the same home: one may say the town and the other not.
pub(super) fn is_same_property(one: Option<&str>, other: Option<&str>) -> bool {
    match (one.map(property), other.map(property)) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
            // A number alone is no street.
            short == long || (short.len() > 1 && long.starts_with(&short))
        }
        _ => false,
    }
}

/// The words of an address.
fn property(address: &str) -> Vec<String> {
    let folded = fold(address);
    folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_mail_has_one_key_whatever_was_put_on_top_and_however_lines_end() {
        let one = b"Received: from a\r\n by b\r\nMessage-ID:\r\n <x@y>\r\nSubject: A\r\n\r\nBody\r\nmore\r\n";
        let same = b"message-id: <x@y>\nSubject: A\n\nBody\nmore";
        assert_eq!(of_message(one), of_message(same));
        for other in [
            &b"Message-ID: <x@z>\n\nBody\nmore"[..],
            b"Message-ID: <x@y>\n\nBody\nmore!",
            b"Subject: A\n\nBody\nmore",
            b"",
        ] {
            assert_ne!(of_message(one), of_message(other));
        }
    }

    #[test]
    fn without_an_id_mails_of_the_same_words_are_told_apart_by_sender_and_date() {
        let mail = |from: &str| of_message(format!("From: {from}\nDate: D\n\nCall me").as_bytes());
        assert_eq!(mail("a@b"), mail("a@b"));
        assert_ne!(mail("a@b"), mail("c@b"));
    }

    #[test]
    fn a_home_is_the_same_with_and_without_its_town() {
        for (one, other) in [
            ("12 Elm St., Miami, FL 33101", "12 elm st"),
            ("12 Elm St, Miami", "12 ELM ST Miami FL"),
            ("Calle Ñandú 4", "calle nandu 4"),
        ] {
            assert!(is_same_property(Some(one), Some(other)), "{one} {other}");
        }
        assert!(is_same_property(None, None));
        for (one, other) in
            [("12 Elm St", "14 Elm St"), ("12 Elm St, Unit 3", "12 Elm St, Unit 4"), ("12", "12 Elm St")]
        {
            assert!(!is_same_property(Some(one), Some(other)), "{one} {other}");
        }
        assert!(!is_same_property(Some("12 Elm St"), None));
    }
}
