//! `organicagent webhook …`

use serde_json::Value;

use crate::desk::Desk;

#[test]
fn webhook_create_prints_the_id_and_the_secret_as_json() {
    let desk = Desk::new();
    desk.agent();
    let create = ["webhook", "create", "--agent", "sarah-johnson", "--url", "https://example.com/hook"];
    for events in [
        &[][..],
        &["--event", "lead.created", "--event", "client.created"],
        &["--event", "lead.created", "client.created"],
    ] {
        let made: Value = serde_json::from_str(&desk.ok(&[&create[..], events].concat())).unwrap();
        assert_eq!(made.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "secret"]);
        assert!(made["id"].as_str().unwrap().starts_with("whk_"), "{made}");
        assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
    }
}
