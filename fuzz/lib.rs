//! What the targets are made of: the reader of mail, from its own files.

#[path = "../crates/mail/src/reading/mod.rs"]
pub mod reading;

/// Reads a mail and checks what holds of any reading.
pub fn check(raw: &[u8]) {
    let reading = reading::read(raw, &reading::Known::default());
    for found in [&reading.name, &reading.email, &reading.phone, &reading.source, &reading.property_address, &reading.notes] {
        if let Some(found) = found {
            assert!(!found.value.trim().is_empty());
            assert!((1..=100).contains(&found.confidence));
        }
    }
    assert!(!reading.reason.is_empty());
    assert!(reading.text.len() <= 20_000);
}
