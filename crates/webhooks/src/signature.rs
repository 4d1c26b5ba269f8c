//! The two signatures of a webhook, made of one secret.
//!
//! The published scheme keys with the secret as it is shown, the Standard Webhooks scheme (specification 1.0.0) with the
//! bytes that the secret encodes. So one string to copy serves both.

use aws_lc_rs::hmac;
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};

/// What secrets begin with. Part of the published key, no part of the standard one.
pub const PREFIX: &str = "whsec_";

/// Libraries show secrets with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret that is not `whsec_` and base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotASecret;

/// `X-OrganicAgent-Signature`: lower-case hex HMAC-SHA256 over the text of `data` and then the timestamp of the body.
#[must_use]
pub fn published(secret: &str, data: &str, timestamp: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(data.as_bytes());
    context.update(timestamp.as_bytes());
    hex(context.sign().as_ref())
}

/// One value of `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over id, timestamp in seconds and body, joined by dots.
///
/// # Errors
/// [`NotASecret`] when the secret holds no base64.
pub fn standard(secret: &str, id: &str, seconds: i64, body: &[u8]) -> Result<String, NotASecret> {
    let encoded = secret.strip_prefix(PREFIX).unwrap_or(secret);
    let decoded = LENIENT.decode(encoded).map_err(|_| NotASecret)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &decoded);
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{id}.{seconds}.").as_bytes());
    context.update(body);
    Ok(format!("v1,{}", STANDARD.encode(context.sign().as_ref())))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    /// The vector of the Standard Webhooks libraries.
    #[test]
    fn the_standard_vector_holds_with_and_without_prefix() {
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let expected = Ok("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=".to_owned());
        for secret in [SECRET, SECRET.strip_prefix(PREFIX).unwrap()] {
            assert_eq!(standard(secret, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body), expected);
        }
    }

    /// Made with Python's hmac module; Node's `createHmac("sha256", secret)` keys with the same bytes.
    #[test]
    fn the_published_example_is_signed_with_the_bytes_of_the_secret_as_shown() {
        let data = r#"{"name":"John Smith","email":"john@example.com","phone":"555-0100","source":"zillow"}"#;
        assert_eq!(
            published(SECRET, data, "1711234567890"),
            "4f6b3ebc3e8a51cb567f0e741524b3a49438fcf07e73d9f2f11d3ef2cf4520a9"
        );
    }

    #[test]
    fn padding_does_not_matter_and_other_alphabets_are_refused() {
        let signed = |secret| standard(secret, "evt_1", 1, b"{}");
        assert_eq!(signed("whsec_AAE="), signed("whsec_AAE"));
        assert_eq!(signed("whsec_A-_A"), Err(NotASecret));
        assert_eq!(signed("whsec_not base64"), Err(NotASecret));
    }

    proptest! {
        #[test]
        fn every_byte_that_is_signed_counts(data in ".{1,40}", timestamp in "[0-9]{13}", place in any::<prop::sample::Index>()) {
            let signature = published(SECRET, &data, &timestamp);
            prop_assert_eq!(signature.len(), 64);
            prop_assert!(signature.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
            let mut letters: Vec<char> = data.chars().collect();
            let letter = place.get(&letters);
            let changed = if *letter == 'x' { 'y' } else { 'x' };
            let at = place.index(letters.len());
            letters[at] = changed;
            prop_assert_ne!(&published(SECRET, &letters.iter().collect::<String>(), &timestamp), &signature);
            prop_assert_ne!(&published("whsec_other", &data, &timestamp), &signature);
        }

        #[test]
        fn the_standard_signature_covers_id_time_and_body(body in proptest::collection::vec(any::<u8>(), 0..60), seconds in 0..4_000_000_000i64) {
            let signature = standard(SECRET, "evt_a", seconds, &body).unwrap();
            prop_assert!(signature.starts_with("v1,"));
            prop_assert_ne!(&standard(SECRET, "evt_b", seconds, &body).unwrap(), &signature);
            prop_assert_ne!(&standard(SECRET, "evt_a", seconds + 1, &body).unwrap(), &signature);
            let mut longer = body.clone();
            longer.push(b' ');
            prop_assert_ne!(&standard(SECRET, "evt_a", seconds, &longer).unwrap(), &signature);
        }
    }
}
