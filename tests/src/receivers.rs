//! Receivers in other languages judge what is sent: the published verification letter for letter, the official libraries of
//! Standard Webhooks, and every snippet of docs/webhooks.md. `./test receivers` installs what they need.

mod documents;
mod judges;
mod payloads;
mod snippet;

use std::{collections::BTreeMap, time::Duration};

use crm::{
    clock::UnixMillis,
    events::EventKind,
    ids::{DeliveryId, EventId},
    json,
    webhooks::{self as hooks, sample},
};
use webhooks::{
    envelope::{self, Envelope, Message},
    rotation::{LastAttempt, Rotated, Secrets},
    signature,
};

use self::{
    judges::{Judge, is_installed, tools_python},
    payloads::Draw,
};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV0b5sSYspob7oD";
const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STRANGER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

#[expect(clippy::disallowed_methods, reason = "./test says how much, and from which seed")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The seed of this run: the one that `./test` gives, in a long run a new one.
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    let given = variable("PROPTEST_RNG_SEED").and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| if is_long() { RandomState::new().hash_one(()) } else { 20_240_323 })
}

fn is_long() -> bool {
    variable("ORGANICAGENT_LONG").is_some()
}

/// The libraries judge times by the machine's clock.
#[expect(clippy::disallowed_methods, reason = "so do the libraries, in processes of their own")]
fn now() -> UnixMillis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    UnixMillis(i64::try_from(since.as_millis()).expect("it is long before the end of time"))
}

fn only(secret: &str) -> Secrets {
    Secrets { current: secret.to_owned(), old: None, published: hooks::Published::Current }
}

/// What is sent of an event.
struct Sent {
    secret: String,
    envelope: Envelope,
    event: EventId,
}

impl Sent {
    /// A generated payload, sealed for an attempt at `now`.
    fn generated(seed: u64, index: u64, now: UnixMillis) -> Self {
        let mut draw = Draw::new(seed, index);
        let (event, secret) = (EventId(draw.id()), draw.secret());
        let data =
            json::to_string(&payloads::data(&mut draw, index, &event.to_string())).expect("all of it can be encoded");
        let message = Message {
            delivery: DeliveryId(draw.id()),
            event,
            kind: draw.pick(&EventKind::ALL).name(),
            sequence: Some(1),
            timestamp: UnixMillis(i64::try_from(draw.below(4_000_000_000_000)).unwrap()),
            agent: draw.pick(&["sarah-johnson", "li-2", "a"]),
            data: &data,
        };
        let envelope = envelope::seal(&message, &only(&secret), None, &[], now).expect("the secret is one");
        Self { secret, envelope, event }
    }

    fn header(&self, name: &str) -> &str {
        let found = self.envelope.headers.iter().find(|(written, _)| written == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }

    /// The body with another letter in the id that its data holds.
    fn tampered_body(&self) -> Vec<u8> {
        let id = self.event.to_string();
        let mut body = self.envelope.body.to_vec();
        let at = body.windows(id.len()).position(|window| window == id.as_bytes()).expect("the data holds the id");
        let last = &mut body[at + id.len() - 1];
        *last = if *last == b'0' { b'1' } else { b'0' };
        body
    }

    /// A request of the published kind.
    fn published(&self) -> Published {
        Published {
            secret: self.secret.clone(),
            timestamp: self.header("X-OrganicAgent-Timestamp").to_owned(),
            signature: self.header("X-OrganicAgent-Signature").to_owned(),
            body: self.envelope.body.to_vec(),
        }
    }
}

/// What the published signature is judged by.
#[derive(Clone)]
struct Published {
    secret: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
}

impl Published {
    fn line(&self) -> Vec<u8> {
        let mut line = format!("{}\t{}\t{}\t", self.secret, self.timestamp, self.signature).into_bytes();
        line.extend_from_slice(&self.body);
        line
    }

    /// The request with its body changed.
    fn with_body(&self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.clone() }
    }
}

/// The text with its last character changed to another hexadecimal digit.
fn tampered(signature: &str) -> String {
    let (rest, last) = signature.split_at(signature.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

/// A genuine request, spoiled in one of three ways.
fn spoiled(sent: &Sent, way: u64) -> Published {
    let request = sent.published();
    match way % 3 {
        0 => request.with_body(sent.tampered_body()),
        1 => Published { signature: tampered(&request.signature), ..request },
        _ => Published { secret: STRANGER.to_owned(), ..request },
    }
}

/// Has so many generated requests judged, and after each [`EVERY`] of them one that is spoiled.
fn judge_generated(judge: Judge, genuine: u64) {
    const EVERY: u64 = 500;
    let (seed, at) = (seed(), UnixMillis(1_795_446_000_000));
    let is_spoiled = |place| place % (EVERY + 1) == EVERY;
    let make = move |place| {
        let round = place / (EVERY + 1);
        if is_spoiled(place) {
            spoiled(&Sent::generated(seed, round, at), round).line()
        } else {
            Sent::generated(seed, place - round, at).published().line()
        }
    };
    let mut accepted = 0;
    judge.judge((0..genuine + genuine / EVERY).map(make), |place, verdict| {
        let expected = if is_spoiled(place) { "no" } else { "yes" };
        assert_eq!(verdict, expected, "seed {seed}, place {place}: {}", String::from_utf8_lossy(&make(place)));
        accepted += u64::from(verdict == "yes");
    });
    assert_eq!(accepted, genuine);
}

#[test]
fn the_published_check_accepts_a_hundred_thousand_payloads_and_no_broken_one() {
    let count = if is_long() { 1_000_000 } else { 100_000 };
    judge_generated(Judge::node("published", documents::published_snippet()), count);
}

/// Requests that a receiver could be fooled by, each with whether it is genuine.
fn cases() -> Vec<(&'static str, Published, bool)> {
    let data = r#"{"name":"Zoë 😀 \"Z\" <b>&/\u0000\u001f","notes":"\"data\":{\"a\":1}}, \\\"data\\\":[] ","bathrooms":2.5,"price":1e+21,"tiny":5e-324,"list":[],"none":null}"#;
    let message = Message {
        delivery: DeliveryId([1; 16]),
        event: EventId([2; 16]),
        kind: "lead.created",
        sequence: Some(7),
        timestamp: UnixMillis(1_711_234_567_890),
        agent: "sarah-johnson",
        data,
    };
    let envelope = envelope::seal(&message, &only(SECRET), None, &[], UnixMillis(1_711_234_999_999)).unwrap();
    let sent = Sent { secret: SECRET.to_owned(), envelope, event: message.event };
    let good = sent.published();
    let text = String::from_utf8(good.body.clone()).unwrap();
    let head = text.strip_suffix(&format!("{data}}}")).unwrap();
    let body = |text: String| good.with_body(text);
    vec![
        ("as it is", good.clone(), true),
        ("a letter of the data", body(text.replace("Zoë", "Zoe")), false),
        ("a digit of a number", body(text.replace("2.5", "2.6")), false),
        ("another spelling of the same text", body(text.replace("ë", "\\u00eb")), false),
        ("another spelling of the same number", body(text.replace("2.5", "2.50")), false),
        ("a blank", body(text.replace(r#""price":"#, r#""price": "#)), false),
        ("data twice", body(format!(r#"{head}{data},"data":{{"name":"Eve"}}}}"#)), false),
        ("data twice, the false one first", body(format!(r#"{head}{{"name":"Eve"}},"data":{data}}}"#)), false),
        ("a member after data", body(format!(r#"{head}{data},"more":1}}"#)), false),
        ("no data", body(format!("[12345{data}}}")), false),
        ("six bytes before the data", body(format!(r#"{{"a": {data}}}"#)), false),
        ("no brace", body(r#"{"data":"#.to_owned()), false),
        ("a brace before the data only", body(r#"} "data":"#.to_owned()), false),
        ("nothing", body(String::new()), false),
        ("bytes that are no text", good.with_body(vec![0xff; 9]), false),
        ("another time", Published { timestamp: "1711234567891".to_owned(), ..good.clone() }, false),
        ("no time", Published { timestamp: String::new(), ..good.clone() }, false),
        ("another secret", Published { secret: STRANGER.to_owned(), ..good.clone() }, false),
        ("a digit of the signature", Published { signature: tampered(&good.signature), ..good.clone() }, false),
        ("half a signature", Published { signature: good.signature[..32].to_owned(), ..good.clone() }, false),
        ("a longer signature", Published { signature: format!("{}00", good.signature), ..good.clone() }, false),
        ("no signature", Published { signature: String::new(), ..good.clone() }, false),
        ("a signature that is no ASCII", Published { signature: "é".repeat(32), ..good.clone() }, false),
        ("two signatures", Published { signature: format!("{0}, {0}", good.signature), ..good.clone() }, false),
    ]
}

/// Each case, then generated requests.
fn assert_snippet_judges(make: impl Fn() -> Judge) {
    let cases = cases();
    let lines = cases.iter().map(|(_, request, _)| request.line()).collect::<Vec<_>>();
    let verdicts = make().verdicts(&lines);
    for ((what, _, is_genuine), verdict) in cases.iter().zip(verdicts) {
        // A snippet refuses, it does not throw.
        assert_eq!(verdict, if *is_genuine { "yes" } else { "no" }, "{what}");
    }
    judge_generated(make(), 3_000);
}

#[test]
fn the_node_snippets_of_the_documentation_judge_rightly() {
    assert_eq!(
        documents::snippet("Node: as published", "js").trim_end(),
        documents::published_snippet().trim_end(),
        "letter for letter"
    );
    assert_snippet_judges(|| Judge::node("cut", documents::snippet("Node: in constant time", "js")));
}

#[test]
fn the_python_snippet_of_the_documentation_judges_rightly() {
    let snippet = documents::snippet("Python", "python");
    assert_snippet_judges(|| Judge::new("python3", &[], Some("cut"), "py", snippet));
}

#[test]
fn the_ruby_snippet_of_the_documentation_judges_rightly() {
    if !is_installed("ruby", "--version") {
        println!("SKIPPED: ruby is not installed");
        return;
    }
    assert_snippet_judges(|| Judge::new("ruby", &[], None, "rb", documents::snippet("Ruby", "ruby")));
}

#[test]
fn the_php_snippet_of_the_documentation_judges_rightly() {
    if !is_installed("php", "--version") {
        println!("SKIPPED: php is not installed");
        return;
    }
    assert_snippet_judges(|| Judge::new("php", &[], None, "php", documents::snippet("PHP", "php")));
}

#[test]
fn the_go_snippet_of_the_documentation_judges_rightly() {
    if !is_installed("go", "version") {
        println!("SKIPPED: go is not installed");
        return;
    }
    let snippet = format!("package main\n\n{}", documents::snippet("Go", "go"));
    assert_snippet_judges(|| Judge::new("go", &["run"], None, "go", &snippet));
}

#[test]
fn the_rust_snippet_of_the_documentation_judges_rightly() {
    let compiled = include_str!("receivers/snippet.rs");
    assert!(compiled.ends_with(documents::snippet("Rust", "rust")), "tests/src/receivers/snippet.rs is another");
    let judge = |request: &Published| {
        let Published { secret, timestamp, signature, body } = request;
        snippet::is_from_organicagent(body, timestamp, signature, secret)
    };
    for (what, request, is_genuine) in cases() {
        assert_eq!(judge(&request), is_genuine, "{what}");
    }
    for index in 0..3_000 {
        let sent = Sent::generated(seed(), index, UnixMillis(0));
        assert!(judge(&sent.published()), "payload {index}");
        assert!(!judge(&sent.published().with_body(sent.tampered_body())), "payload {index}");
    }
}

/// What a library of Standard Webhooks is asked.
fn standard_line(secret: &str, sent: &Sent, body: &[u8]) -> Vec<u8> {
    let [id, time, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| sent.header(name));
    let mut line = format!("{secret}\t{id}\t{time}\t{signatures}\t").into_bytes();
    line.extend_from_slice(body);
    line
}

/// An event of some time ago, in an attempt of now.
fn attempt(event_age: i64, attempt_age: i64, secrets: &Secrets, last: Option<LastAttempt>) -> Sent {
    let now = now();
    let data = json::to_string(&sample(EventKind::LeadCreated)).unwrap().replace("John", "Zoë 😀\u{2028}");
    let message = Message {
        delivery: DeliveryId([1; 16]),
        event: EventId([2; 16]),
        kind: "lead.created",
        sequence: Some(7),
        timestamp: UnixMillis(now.0 - event_age),
        agent: "sarah-johnson",
        data: &data,
    };
    let at = UnixMillis(now.0 - attempt_age);
    let envelope = envelope::seal(&message, secrets, last, &[], at).unwrap();
    Sent { secret: secrets.current.clone(), envelope, event: message.event }
}

fn rotating(until: i64) -> Secrets {
    let now = now();
    let old =
        Rotated { secret: OLD.to_owned(), rotated_at: UnixMillis(now.0 - MINUTE), until: UnixMillis(now.0 + until) };
    Secrets { current: SECRET.to_owned(), old: Some(old), published: hooks::Published::Old }
}

const MISMATCH: &str = "No matching signature found";

/// The official library `make` judges the second signature.
fn assert_library_judges(make: impl Fn() -> Judge) {
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    let mut ask = |what: &'static str, line: Vec<u8>, answer: &'static str| {
        requests.push(line);
        expected.push((what, answer));
    };
    let whole = |secret: &str, sent: &Sent| standard_line(secret, sent, &sent.envelope.body);

    for (what, age) in [("at once", 0), ("6 minutes later", 6 * MINUTE), ("3 days later", 3 * DAY)] {
        ask(what, whole(SECRET, &attempt(age, 0, &only(SECRET), None)), "yes");
        let sent = attempt(age, 0, &rotating(DAY), None);
        ask(what, whole(SECRET, &sent), "yes");
        ask(what, whole(OLD, &sent), "yes");
        ask(what, whole(STRANGER, &sent), MISMATCH);
        // A receiver that refused one published signature: the standard header carries both all the same.
        let refused = LastAttempt { at: now(), used: hooks::Published::Old, status: Some(401) };
        let sent = attempt(age, 0, &rotating(DAY), Some(refused));
        ask(what, whole(SECRET, &sent), "yes");
        ask(what, whole(OLD, &sent), "yes");
        let sent = attempt(age, 0, &rotating(-1), None);
        ask("after the rotation", whole(SECRET, &sent), "yes");
        ask("after the rotation", whole(OLD, &sent), MISMATCH);
    }
    // What an attempt that is not signed anew would look like, which shows that the libraries look at the time.
    ask(
        "an old attempt",
        whole(SECRET, &attempt(6 * MINUTE, 6 * MINUTE, &only(SECRET), None)),
        "Message timestamp too old",
    );
    ask("one to come", whole(SECRET, &attempt(0, -6 * MINUTE, &only(SECRET), None)), "Message timestamp too new");

    let sent = attempt(0, 0, &only(SECRET), None);
    ask("without the prefix", whole(SECRET.strip_prefix(signature::PREFIX).unwrap(), &sent), "yes");
    let text = String::from_utf8(sent.envelope.body.to_vec()).unwrap();
    ask("a changed body", standard_line(SECRET, &sent, text.replace("Zoë", "Zoe").as_bytes()), MISMATCH);
    ask("another event", standard_line(SECRET, &sent, text.replace("lead.", "client.").as_bytes()), MISMATCH);
    let line = String::from_utf8(whole(SECRET, &sent)).unwrap();
    let id = sent.event.to_string();
    assert!(line.contains(&id));
    ask("another id", line.replace(&id, &EventId([3; 16]).to_string()).into_bytes(), MISMATCH);

    for ((what, answer), verdict) in expected.iter().zip(make().verdicts(&requests)) {
        match *answer {
            "yes" => assert_eq!(verdict, "yes", "{what}"),
            reason => assert!(verdict.starts_with("no ") && verdict.ends_with(reason), "{what}: {verdict}"),
        }
    }

    // Signed once for all of them, within the five minutes.
    let (seed, at) = (seed(), now());
    let line = move |index| {
        let sent = Sent::generated(seed, index, at);
        whole(&sent.secret, &sent)
    };
    make().judge((0..3_000).map(line), |index, verdict| assert_eq!(verdict, "yes", "seed {seed}, payload {index}"));
}

#[test]
fn the_official_node_library_accepts_the_second_signature() {
    assert_library_judges(Judge::node_standard);
}

#[test]
fn the_official_python_library_accepts_the_second_signature() {
    let version = std::process::Command::new(tools_python()).args(["-c", "import standardwebhooks"]).status();
    assert!(
        version.is_ok_and(|status| status.success()),
        "requirements.txt is not installed: ./test receivers does it"
    );
    assert_library_judges(Judge::python_standard);
}

/// The JSON of docs/webhooks.md whose `event` is told, by that.
fn examples() -> BTreeMap<String, serde_json::Value> {
    let mut found = BTreeMap::new();
    for piece in documents::WEBHOOKS.split("\n```json\n").skip(1) {
        let text = piece.split_once("```").expect("the example ends").0;
        let value = serde_json::from_str::<serde_json::Value>(text).expect("the example is JSON");
        if let Some(event) = value["event"].as_str() {
            assert!(found.insert(event.to_owned(), value).is_none(), "two examples of one event");
        }
    }
    found
}

/// The samples are compared with the events themselves where those are.
#[test]
fn the_documentation_has_an_example_of_each_event_with_its_keys_in_order() {
    let examples = examples();
    assert_eq!(examples.len(), EventKind::ALL.len());
    for kind in EventKind::ALL {
        let example = &examples[kind.name()];
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(example), ["event", "timestamp", "agentId", "data"]);
        assert_eq!(keys(&example["data"]), keys(&sample(kind)), "{}", kind.name());
    }
}

#[test]
fn the_request_in_the_documentation_is_signed_as_it_would_be() {
    let text = documents::snippet("A request to try your code with", "http");
    let (head, body) = text.trim_end().split_once("\n\n").expect("a body after the headers");
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name}"))
    };
    let (_, data) = body.split_once(r#""data":"#).unwrap();
    let data = data.strip_suffix('}').unwrap();
    let time = header("X-OrganicAgent-Timestamp");
    assert_eq!(header("X-OrganicAgent-Signature"), signature::published(SECRET, data, time));
    let seconds = header("webhook-timestamp").parse().unwrap();
    let standard = signature::standard(SECRET, header("webhook-id"), seconds, body.as_bytes()).unwrap();
    assert_eq!(header("webhook-signature"), standard);
    assert_eq!(header("Content-Length"), body.len().to_string());
    assert!(documents::WEBHOOKS.contains(SECRET));
    assert!(Duration::from_millis(time.parse().unwrap()).as_secs() < seconds.unsigned_abs());
}
