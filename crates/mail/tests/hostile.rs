//! Mails that nobody would send, and mails that broke on their way: none may end the program.

use mail::reading::{self, Known, MAX_DECODED_BYTES, Verdict};
use proptest::prelude::*;

fn read(raw: &[u8]) -> reading::Reading {
    let reading = reading::read(raw, &Known { emails: vec!["agent@x.example".to_owned()], ..Known::default() });
    let values =
        [&reading.name, &reading.email, &reading.phone, &reading.source, &reading.property_address, &reading.notes];
    for found in values.into_iter().flatten() {
        assert!(!found.value.trim().is_empty() && (1..=100).contains(&found.confidence), "{found:?}");
    }
    assert!(!reading.reason.is_empty());
    reading
}

const MAIL: &[u8] = b"From: \"Agent, The\" <agent@x.example>\r\nTo: inbox@leads.example\r\nSubject: =?utf-8?Q?Fwd=3A_Caf=C3=A9?= 12 Main St\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n---------- Forwarded message ---------\r\nFrom: Jane Doe <jane@x.example>\r\nDate: today\r\nSubject: Hi\r\n\r\nName: Zo=C3=AB D=\r\noe\r\nPhone: (512) 555-0142 x12\r\nProperty address: 12 Main St\r\nAustin, TX 78701\r\nMessage: is it \xe5\xae\xb6 free?\r\n--b\r\nContent-Type: text/html\r\n\r\n<table><tr><td class=\"p-name\">Name<td>Jane &amp; Bob<tr><td>Phone<td><a href=\"tel:5125550142\">call</a></table>\r\n--b\r\nContent-Type: application/xml; name*0*=utf-8''a%2E; name*1*=xml\r\n\r\n<adf><prospect><customer><contact><name part=\"first\">Jane</name></contact></customer></prospect></adf>\r\n--b--\r\n";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read(&raw);
    }

    #[test]
    fn any_text_is_read_as_any_kind(kind in "(text/html|text/plain|multipart/mixed; boundary=b|application/xml|message/rfc822)", body in "[ -~\u{a0}é家\n\t<>:=&@|\\-0-9]{0,400}") {
        let _ = read(format!("Content-Type: {kind}\n\n{body}").as_bytes());
        let _ = read(format!("From: {body}\nSubject: {body}\n\n{body}").as_bytes());
    }

    #[test]
    fn a_mail_that_broke_is_read(cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..12)) {
        let mut raw = MAIL.to_vec();
        for (at, byte, kind) in cuts {
            let at = at.index(raw.len());
            match kind {
                0 => raw[at] = byte,
                1 => raw.insert(at, byte),
                2 => drop(raw.remove(at)),
                _ => {
                    let tail = raw.split_off(at);
                    raw.extend_from_slice(&tail[..tail.len() / 2]);
                    raw.extend_from_slice(&tail);
                    raw.truncate(20_000);
                }
            }
        }
        let _ = read(&raw);
    }

    #[test]
    fn a_mail_that_was_cut_off_is_read(length in 0..MAIL.len()) {
        let _ = read(&MAIL[..length]);
    }
}

#[test]
fn an_empty_mail_is_read() {
    assert_eq!(read(b"").verdict, Verdict::Ignored);
}

#[test]
fn the_whole_mail_is_a_lead() {
    let reading = read(MAIL);
    assert_eq!(reading.verdict, Verdict::Lead, "{}", reading.reason);
    assert_eq!(reading.phone.map(|found| found.value).as_deref(), Some("(512) 555-0142"));
}

/// M1 to M4 of the catalogue: nesting, parts, sizes, charsets.
#[test]
fn bombs_are_bounded() {
    let nested = (0..1_000)
        .map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"))
        .collect::<String>();
    let messages = "Content-Type: message/rfc822\n\n".repeat(1_000);
    let parts = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nName: x\n".repeat(100_000));
    let encoded = format!("Content-Transfer-Encoding: base64\n\n{}", "QUFBQUFB".repeat(16 << 20 >> 3));
    let words = format!("Subject: {}\n\nx", "=?utf-8?B?QUFBQQ==?= ".repeat(200_000));
    let charset = "Content-Type: text/plain; charset=\"../../x\0\"\nSubject: =?no-such?Q?=FF=FE?=\n\nName: \u{fffd}\n";
    for raw in [nested.as_str(), &messages, &parts, &encoded, &words, charset] {
        let reading = read(raw.as_bytes());
        assert_ne!(reading.verdict, Verdict::Lead);
        assert!(reading.text.len() <= MAX_DECODED_BYTES && reading.subject.len() < 20_000);
    }
}
