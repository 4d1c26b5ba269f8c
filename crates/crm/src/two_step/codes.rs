//! One-time codes of a shared secret and the time (TOTP, RFC 6238): SHA-1, six digits, steps of 30 seconds, as every
//! authenticator has them.

use aws_lc_rs::{constant_time, hmac};

use crate::clock::UnixMillis;

/// Bytes of a secret: as many as the hash gives (RFC 4226, section 4).
pub(super) const SECRET_BYTES: usize = 20;
/// How long a code holds.
const STEP_MS: i64 = 30_000;
/// Digits of a code.
pub(super) const DIGITS: usize = 6;
/// How many steps the two clocks may be apart (RFC 6238, section 6).
const SKEW: i64 = 1;

/// The step of an instant.
pub(super) fn step(at: UnixMillis) -> i64 {
    at.0.div_euclid(STEP_MS)
}

/// The code of a step (RFC 4226, section 5.3).
pub(super) fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes[bytes.len() - 1] & 0x0f);
    let word = u32::from_be_bytes([bytes[at] & 0x7f, bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    format!("{:06}", word % 1_000_000)
}

/// The step whose code this is, of those around now and after the last one that was used.
pub(super) fn find(secret: &[u8], typed: &str, now: UnixMillis, last: i64) -> Option<i64> {
    let here = step(now);
    let is_code =
        |step: &i64| constant_time::verify_slices_are_equal(code(secret, *step).as_bytes(), typed.as_bytes()).is_ok();
    (here - SKEW..=here + SKEW).filter(|step| *step > last).find(is_code)
}

/// A secret as authenticators take it: base 32 (RFC 4648, section 6) without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut bits, mut held) = (String::new(), 0u32, 0);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(LETTERS[(bits >> held & 31) as usize]));
        }
    }
    if held > 0 {
        text.push(char::from(LETTERS[(bits << (5 - held) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, step(UnixMillis(seconds * 1_000))), expected, "{seconds}");
        }
    }

    #[test]
    fn the_secret_is_written_as_rfc_4648_has_it() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_code_holds_a_step_either_way_and_only_after_the_last_that_was_used() {
        let now = UnixMillis(1_000_000 * STEP_MS);
        for (step, is_right) in
            [(999_998, false), (999_999, true), (1_000_000, true), (1_000_001, true), (1_000_002, false)]
        {
            assert_eq!(find(SECRET, &code(SECRET, step), now, 0), is_right.then_some(step), "{step}");
            assert_eq!(find(SECRET, &code(SECRET, step), now, step), None, "{step} again");
        }
        assert_eq!(find(SECRET, &code(SECRET, 999_999), now, 1_000_000), None, "one before the last used");
    }
}
