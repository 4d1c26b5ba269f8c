// The Rust of docs/webhooks.md; a test compares them.

use aws_lc_rs::{constant_time, hmac}; // `ring` has the same functions

pub fn is_from_organicagent(raw_body: &[u8], timestamp: &str, signature: &str, webhook_secret: &str) -> bool {
    const MARK: &[u8] = br#""data":"#;
    let Some(mark) = raw_body.windows(MARK.len()).position(|window| window == MARK) else { return false };
    let Some(end) = raw_body.iter().rposition(|byte| *byte == b'}') else { return false };
    let Some(data) = raw_body.get(mark + MARK.len()..end) else { return false };

    let key = hmac::Key::new(hmac::HMAC_SHA256, webhook_secret.as_bytes());
    let tag = hmac::sign(&key, &[data, timestamp.as_bytes()].concat());
    let expected = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    constant_time::verify_slices_are_equal(expected.as_bytes(), signature.as_bytes()).is_ok()
}
