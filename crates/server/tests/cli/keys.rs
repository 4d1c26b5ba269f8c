//! `organicagent key …`

use crate::desk::Desk;

#[test]
fn key_create_prints_the_key_and_nothing_else() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.ok(&[
        "key",
        "create",
        "--agent",
        "sarah-johnson",
        "--name",
        "Zapier",
        "--scope",
        "read",
        "--expires",
        "90d",
    ]);
    assert!(key.starts_with("oa_live_") && key.ends_with('\n') && key.trim_end().len() == 44, "{key:?}");
    assert!(key.trim_end().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
}
