//! `organicagent leads …`, `listings import` and `webhook listen`, as scripts use them.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::desk::Desk;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn leads_are_created_listed_and_exported() {
    let desk = Desk::new();
    desk.agent();
    let create = |name: &str, more: &[&str]| {
        desk.ok(&[&["leads", "create", "--agent", "sarah-johnson", "--name", name], more].concat()).trim().to_owned()
    };
    let ann = create("Ann", &["--email", "ann@example.com", "--phone", "(555) 123-4567", "--source", "zillow"]);
    let bob = create("=Bob", &["--notes", "Two lines,\nand \"quotes\"", "--property-address", "1 Palm Way"]);
    assert!(ann.starts_with("lead_"), "{ann}");

    let list = |more: &[&str]| lines(&desk.ok(&[&["leads", "list", "--agent", "sarah-johnson"], more].concat()));
    let all = list(&[]);
    assert_eq!(all.iter().map(|lead| &lead["id"]).collect::<Vec<_>>(), [&json!(bob), &json!(ann)]);
    assert_eq!(all[0]["source"], "api");
    for filter in [["--source", "Zillow"], ["--phone", "555.123.4567"], ["--email", "ANN@example.com"]] {
        assert_eq!(list(&filter).iter().map(|lead| &lead["id"]).collect::<Vec<_>>(), [&json!(ann)], "{filter:?}");
    }
    assert_eq!(list(&["--limit", "1"]).len(), 1);
    assert!(list(&["--status", "contacted"]).is_empty());

    let csv = desk.ok(&["leads", "export", "--agent", "sarah-johnson"]);
    assert!(csv.starts_with("id,name,email,"), "{csv}");
    assert!(csv.contains("'=Bob") && csv.contains("\"Two lines,\nand \"\"quotes\"\"\""), "{csv}");
    let mut exported = lines(&desk.ok(&["leads", "export", "--agent", "sarah-johnson", "--format", "json"]));
    exported.sort_by_key(|lead| std::cmp::Reverse(lead["id"].to_string()));
    assert_eq!(exported, all);
}

#[test]
fn leads_say_what_is_wrong() {
    let desk = Desk::new();
    desk.agent();
    assert!(desk.fails(&["leads", "list", "--agent", "nobody"]).contains("there is no agent \"nobody\""));
    assert!(desk.fails(&["leads", "list", "--agent", "sarah-johnson", "--status", "sold"]).contains("do_not_contact"));
    let create = ["leads", "create", "--agent", "sarah-johnson", "--name", "Ann"];
    assert!(desk.fails(&[&create[..], &["--email", "no address"]].concat()).contains("email"));
    assert!(desk.fails(&["leads", "create", "--agent", "sarah-johnson", "--name", " "]).contains("name"));
    assert_eq!(desk.ok(&["leads", "list", "--agent", "sarah-johnson"]), "");
}

#[test]
fn listings_are_looked_at_and_taken_in_and_the_same_file_again_changes_nothing() {
    let desk = Desk::new();
    desk.agent();
    let file =
        "Address,Price,Bedrooms,MLS Number\n1 Palm Way,512500.50,3,A1\n2 Palm Way,nothing,3,A2\n3 Palm Way,100,1,A3\n";
    std::fs::write(desk.path("listings.csv"), file).unwrap();
    let import = |more: &[&str]| {
        let printed = desk.ok(&[&["listings", "import", "--agent", "sarah-johnson"], more].concat());
        serde_json::from_str::<Value>(&printed).unwrap()
    };
    let look = import(&["--dry-run", "listings.csv"]);
    assert_eq!([&look["rows"], &look["new"], &look["bad"]], [&json!(3), &json!(2), &json!(1)], "{look}");
    assert_eq!(look["errors"][0]["line"], 3);
    let done = import(&["listings.csv"]);
    assert_eq!([&done["imported"], &done["failed"]], [&json!(2), &json!(1)], "{done}");
    let again = import(&["listings.csv"]);
    assert_eq!([&again["imported"], &again["changed"], &again["known"]], [&json!(0), &json!(0), &json!(2)], "{again}");

    std::fs::write(desk.path("photo.csv"), [0u8, 159, 146, 150]).unwrap();
    assert!(!desk.fails(&["listings", "import", "--agent", "sarah-johnson", "photo.csv"]).is_empty());
    std::fs::write(desk.path("empty.csv"), "").unwrap();
    assert!(!desk.fails(&["listings", "import", "--agent", "sarah-johnson", "empty.csv"]).is_empty());
    assert!(desk.fails(&["listings", "import", "--agent", "sarah-johnson", "none.csv"]).contains("none.csv"));
}

#[test]
fn listings_come_from_standard_input_too() {
    let desk = Desk::new();
    desk.agent();
    let mut command = desk.command(&["listings", "import", "--agent", "sarah-johnson", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"Address,Price\n1 Palm Way,100\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(done["imported"], 1);
}

#[test]
fn the_receiver_replays_the_feed_and_prints_what_comes_verified() {
    let desk = Desk::new();
    desk.agent();
    let create = |name: &str| {
        desk.ok(&["leads", "create", "--agent", "sarah-johnson", "--name", name]);
    };
    create("First");
    create("Second");
    let listen = ["webhook", "listen", "--agent", "sarah-johnson"];
    let allowed = [("ORGANICAGENT_WEBHOOK_ALLOW", "127.0.0.0/8"), ("ORGANICAGENT_LISTEN", "127.0.0.1:0")];

    // The feed alone needs no server and no permission.
    let replayed = lines(&desk.ok(&[&listen[..], &["--after", "start", "--count", "2"]].concat()));
    assert_eq!(replayed.iter().map(|line| &line["data"]["name"]).collect::<Vec<_>>(), ["First", "Second"]);
    let first = replayed[0]["id"].as_str().unwrap().to_owned();
    let rest = lines(&desk.ok(&[&listen[..], &["--after", &first, "--count", "1"]].concat()));
    assert_eq!(rest[0]["data"]["name"], "Second");

    let mut server = desk.command(&["serve"]).envs(allowed).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(server.stdout.take().unwrap()).lines();
    while !told.next().unwrap().unwrap().starts_with("listening on ") {}
    let wanted = [&listen[..], &["--event", "lead.created", "--count", "2"]].concat();
    let mut receiver = desk.command(&wanted).envs(allowed).stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(receiver.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let head = printed.next().unwrap();
    assert!(head["secret"].as_str().unwrap().starts_with("whsec_"), "{head}");
    create("Third");
    let line = printed.next().unwrap();
    assert_eq!(
        [&line["from"], &line["verified"], &line["event"]],
        [&json!("webhook"), &json!(true), &json!("lead.created")]
    );
    assert_eq!([&line["data"]["name"], &line["sequence"]], [&json!("Third"), &json!(3)]);

    // What somebody else sends is printed as not verified, and refused.
    let address = head["listening"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let body = r#"{"event":"lead.created","timestamp":"1","agentId":"x","data":{"name":"Forged"}}"#;
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
        .unwrap();
    let forged = printed.next().unwrap();
    assert_eq!([&forged["verified"], &forged["data"]["name"]], [&json!(false), &json!("Forged")]);
    assert!(receiver.wait().unwrap().success());
    server.kill().unwrap();
    server.wait().unwrap();

    let left = desk.ok(&["export", "--agent", "sarah-johnson", "all"]);
    assert!(!left.is_empty());
    assert_eq!(std::fs::read_to_string(desk.path("all/webhooks.json")).unwrap(), "[]\n", "the webhook is taken away");
}

#[test]
fn the_receiver_says_what_it_needs() {
    let desk = Desk::new();
    desk.agent();
    let listen = ["webhook", "listen", "--agent", "sarah-johnson"];
    assert!(desk.fails(&listen).contains("ORGANICAGENT_WEBHOOK_ALLOW"));
    assert!(desk.fails(&[&listen[..], &["--on", "0.0.0.0:0"]].concat()).contains("loopback"));
    assert!(desk.fails(&[&listen[..], &["--after", "nonsense"]].concat()).contains("--after"));
    assert!(desk.fails(&["webhook", "listen", "--agent", "nobody"]).contains("there is no agent"));
}
