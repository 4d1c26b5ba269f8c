//! Settings, and input that will not do.

use std::fs;

use crate::desk::{Desk, text};

#[test]
fn config_prints_every_setting_and_masks_secrets() {
    let desk = Desk::new();
    fs::write(desk.path("organicagent.toml"), "rate_limit = 7\nlisten = \"127.0.0.1:1\"\n").unwrap();
    let output = desk
        .command(&["config", "--listen", "127.0.0.1:2"])
        .env("ORGANICAGENT_RATE_LIMIT", "9")
        .env("ORGANICAGENT_PUBLIC_URL", "")
        .env("ORGANICAGENT_SECRET_KEY_FILE", "")
        .env("ORGANICAGENT_DATABASE_URL", "postgres://me:hush@db.example/x")
        .env("ORGANICAGENT_OPERATOR_TOKEN", "hush-hush")
        .output();
    let printed = text(&output.unwrap().stdout);
    for line in [
        "listen = \"127.0.0.1:2\"",
        "rate_limit = 9",
        "public_url = \"\"",
        "database_url = \"postgres://me:***@db.example/x\"",
        "operator_token = \"***\"",
        "trusted_proxies = \"\"",
        "api_cors = \"\"",
        "webhook_allow = \"\"",
        &format!("data_dir = {:?}", desk.path("data")),
        &format!("secret_key_file = {:?}", desk.path("data/secret.key")),
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line} is not in\n{printed}");
    }
    assert!(!printed.contains("hush"), "{printed}");
    assert!(!desk.path("data").exists(), "looking at the settings makes nothing");
}

#[test]
fn bad_input_fails_with_a_sentence_and_prints_no_result() {
    let desk = Desk::new();
    desk.agent();
    for (arguments, said) in [
        (&["key", "create", "--agent", "nobody", "--name", "x"][..], "there is no agent \"nobody\""),
        (&["key", "create", "--agent", "sarah-johnson", "--name", ""], "name"),
        (&["key", "create", "--agent", "sarah-johnson", "--name", "x", "--scope", "admin"], "read or write"),
        (&["key", "create", "--agent", "sarah-johnson", "--name", "x", "--expires", "soon"], "90d"),
        (&["webhook", "create", "--agent", "nobody", "--url", "https://example.com"], "there is no agent \"nobody\""),
        (&["webhook", "create", "--agent", "sarah-johnson", "--url", "nowhere"], "url"),
        (
            &["webhook", "create", "--agent", "sarah-johnson", "--url", "https://example.com", "--event", "x"],
            "lead.created",
        ),
        (&["agent", "create", "--name", "X", "--email", "nobody"], "--email"),
        (&["agent", "create", "--name", "X", "--email", "sarah@example.com"], "belongs to an account"),
        (&["agent", "create", "--name", "X", "--email", "x@example.com", "--slug", "No Slug"], "--slug"),
        (&["agent", "create", "--name", "X", "--email", "x@example.com", "--slug", "sarah-johnson"], "taken"),
        (&["export", "--agent", "nobody", "out"], "there is no agent \"nobody\""),
        (&["backup", "no/such/folder/file"], "no/such/folder/file"),
        (&["restore", "nothing"], "nothing"),
        (&["nonsense"], "unrecognized subcommand"),
        (&["serve", "--rate-limit", "0"], "RATE_LIMIT"),
        (&["serve", "--trusted-proxies", "example.com"], "TRUSTED_PROXIES"),
        (&["serve", "--api-cors", "*"], "API_CORS"),
        (&["serve", "--database-url", "mysql://x"], "must begin with sqlite:"),
    ] {
        let error = desk.fails(arguments);
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}
