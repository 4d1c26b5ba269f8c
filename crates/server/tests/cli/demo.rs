//! `organicagent serve --demo`.

use std::{fs, process::Command};

use serde_json::Value;

use crate::desk::{Desk, cookie, text, total};

#[test]
fn the_demo_has_data_and_a_curl_line_that_works() {
    let desk = Desk::new();
    let demo = desk.serve(&["--demo"]);
    let line = |welcome: &str, label: &str| -> String {
        let line = welcome.lines().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in\n{welcome}")).trim().to_owned()
    };
    let key = line(&demo.welcome, "API key");
    assert_eq!(line(&demo.welcome, "Documentation"), format!("http://{}/docs", demo.address));
    let count = |noun: &str| {
        let (status, body) = demo.get(&format!("/api/v1/{noun}"), &key);
        assert_eq!(status, 200, "{body}");
        total(&body)
    };
    let before = (count("leads"), count("clients"), count("listings?status=all"), count("showings"));
    assert!(before.0 >= 40 && before.1 >= 15 && before.2 >= 12 && before.3 >= 8, "{before:?}");
    for status in [
        "new",
        "attempted",
        "contacted",
        "appointment",
        "qualified",
        "nurture",
        "client",
        "archived",
        "junk",
        "do_not_contact",
    ] {
        assert!(count(&format!("leads?status={status}")) > 0, "no lead is {status}");
    }
    for status in ["draft", "coming_soon", "active", "active_under_contract", "pending", "closed"] {
        assert!(count(&format!("listings?status={status}")) > 0, "no listing is {status}");
    }
    for status in ["requested", "confirmed", "declined", "cancelled", "completed"] {
        assert!(count(&format!("showings?status={status}")) > 0, "no showing is {status}");
    }
    let events: Value = serde_json::from_str(&demo.get("/api/v1/events?limit=100", &key).1).unwrap();
    let times: Vec<i64> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["timestamp"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(times.is_sorted() && times.len() > 60);

    let curl = line(&demo.welcome, "Try it");
    let output = Command::new("sh").args(["-c", &format!("{curl} -s")]).output().unwrap();
    assert!(text(&output.stdout).starts_with("{\"success\":true,\"leadId\":"), "{output:?}");
    drop(demo);

    let again = desk.serve(&["--demo"]);
    let new_key = line(&again.welcome, "API key");
    assert_eq!(again.get("/api/v1/me", &key).0, 401, "the older key is revoked");
    assert_eq!(total(&again.get("/api/v1/leads", &new_key).1), before.0 + 1, "the data are made once");
    drop(again);
    assert!(desk.path("data/demo/organicagent.db").exists() && !desk.path("data/organicagent.db").exists());
    desk.ok(&["agent", "create", "--name", "Bob", "--email", "bob@example.com", "--data-dir", "data/demo"]);
    assert!(desk.fails(&["serve", "--demo", "--listen", "127.0.0.1:0"]).contains("other agents"));
}

#[test]
fn the_demo_leaves_a_real_agent_alone() {
    let desk = Desk::new();
    let url = format!("sqlite:{}", desk.path("real.db").display());
    let create = ["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com", "--database-url", &url];
    assert_eq!(desk.ok(&create), "sarah-johnson\n");
    // Even with its key at hand.
    fs::create_dir(desk.path("data/demo")).unwrap();
    fs::copy(desk.path("data/secret.key"), desk.path("data/demo/secret.key")).unwrap();
    let said = desk.fails(&["serve", "--demo", "--listen", "127.0.0.1:0", "--database-url", &url]);
    assert!(said.contains("no demo's"), "{said}");
}

#[test]
fn each_start_of_the_demo_prints_a_fresh_sign_in() {
    let desk = Desk::new();
    let demo = desk.serve(&["--demo"]);
    let sign_in = |welcome: &str| -> String {
        let line = welcome.lines().find_map(|line| line.strip_prefix("Sign in")).unwrap().trim().to_owned();
        let (place, rest) = line.split_once("  as ").unwrap();
        let (email, password) = rest.split_once(" with ").unwrap();
        assert!(place.starts_with("http://127.0.0.1:") && place.ends_with("/login") && password.len() >= 15, "{line}");
        format!("email={email}&password={password}")
    };
    let first = sign_in(&demo.welcome);
    let (status, head, _) = demo.post_form("/login", "", &first);
    assert_eq!(status, 303, "{head}");
    let session = cookie(&head).to_owned();
    let page = format!("GET /dashboard/settings/api HTTP/1.1\r\nCookie: {session}");
    assert_eq!(demo.send(&page, "").0, 200);
    drop(demo);

    let again = desk.serve(&["--demo"]);
    assert_eq!(again.send(&page, "").0, 303, "the older sign-in is revoked");
    assert_eq!(again.post_form("/login", "", &first).0, 422);
    assert_eq!(again.post_form("/login", "", &sign_in(&again.welcome)).0, 303);
}
