//! The command line, as scripts use it: the real binary in processes of its own.
#![expect(clippy::unwrap_used, reason = "the helpers here are part of the tests")]
#![expect(clippy::disallowed_methods, reason = "these tests meet the machine: processes, and how long they take")]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use crm::{
    backup::{self, Restore},
    migrations::MIGRATIONS,
};
use db::{Database, Options};
use serde_json::Value;
use tempfile::TempDir;

/// What fails does so long before; a test that is wrong must end all the same.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder to run commands in, with nothing of the machine's own settings.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_organicagent"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command that succeeds prints on stdout.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What a command that fails says on stderr. One that does not end is ended.
    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let mut child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let began = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if began.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("{arguments:?} goes on instead of failing");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success(), "{arguments:?} succeeded");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        text(&output.stderr)
    }

    fn agent(&self) -> String {
        self.ok(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]).trim_end().to_owned()
    }

    fn key(&self) -> String {
        self.ok(&["key", "create", "--agent", "sarah-johnson", "--name", "Test"]).trim_end().to_owned()
    }

    fn serve(&self, arguments: &[&str]) -> Serving {
        let all = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut child = self.command(&all).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut welcome = String::new();
        let address = loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let said = child.wait_with_output().unwrap();
                panic!("the server did not start: {}", text(&said.stderr));
            }
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.trim_end().to_owned();
            }
            welcome.push_str(&line);
        };
        Serving { child, _stdout: stdout, address, welcome }
    }
}

/// A running server, ended with this value.
struct Serving {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    address: String,
    /// What it printed before it listened.
    welcome: String,
}

impl Serving {
    /// Sends a request on a connection of its own; answers status and body.
    fn send(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = self.begin(head, body.len());
        stream.write_all(body.as_bytes()).unwrap();
        answer(&mut stream)
    }

    /// Sends the head of a request and leaves the body to be sent.
    fn begin(&self, head: &str, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n").unwrap();
        stream
    }

    fn get(&self, path: &str, key: &str) -> (u16, String) {
        self.send(&format!("GET {path} HTTP/1.1\r\nX-API-Key: {key}"), "")
    }

    fn post_lead(&self, key: &str, name: &str) -> (u16, String) {
        let head = format!("POST /api/v1/leads HTTP/1.1\r\nX-API-Key: {key}\r\nContent-Type: application/json");
        self.send(&head, &format!("{{\"name\":\"{name}\"}}"))
    }

    /// Asks it to stop, as systemd and Docker do.
    fn terminate(&self) {
        let status = Command::new("/bin/sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().unwrap();
        assert!(status.success());
    }

    /// Its exit code and its log.
    fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut whole = String::new();
    stream.read_to_string(&mut whole).unwrap();
    let (head, body) = whole.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {whole:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn total(body: &str) -> u64 {
    serde_json::from_str::<Value>(body).unwrap()["total"].as_u64().unwrap()
}

#[test]
fn agent_create_prints_the_slug_and_nothing_else() {
    let desk = Desk::new();
    assert_eq!(
        desk.ok(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]),
        "sarah-johnson\n"
    );
    assert_eq!(
        desk.ok(&["agent", "create", "--name", "Sarah Johnson", "--email", "s2@example.com"]),
        "sarah-johnson-2\n"
    );
    assert_eq!(desk.ok(&["agent", "create", "--name", "Zoë", "--email", "z@example.com", "--slug", "zed"]), "zed\n");
}

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
        (&["serve", "--database-url", "mysql://x"], "sqlite: or postgres://"),
    ] {
        let error = desk.fails(arguments);
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[test]
fn a_password_comes_from_standard_input() {
    let desk = Desk::new();
    let create = |password: &str, email: &str| {
        let arguments = ["agent", "create", "--name", "Bob", "--email", email, "--password-stdin"];
        let mut child = desk
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let short = create("too short\n", "bob@example.com");
    assert!(!short.status.success() && text(&short.stderr).contains("15 to 256"), "{}", text(&short.stderr));
    assert!(!text(&short.stderr).contains("too short"));
    let made = create("correct horse battery staple\n", "bob@example.com");
    assert_eq!(text(&made.stdout), "bob\n");
}

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
fn commands_work_while_the_server_runs() {
    let desk = Desk::new();
    let server = desk.serve(&[]);
    assert!(!server.address.ends_with(":0"));
    desk.agent();
    let key = desk.key();
    let (status, body) = server.post_lead(&key, "Jane");
    assert_eq!(status, 201, "{body}");
    assert!(desk.ok(&["backup", "one.backup"]).starts_with("one.backup: "));
    assert!(desk.ok(&["export", "--agent", "sarah-johnson", "out"]).starts_with("out: "));
    assert!(fs::read_to_string(desk.path("out/leads.csv")).unwrap().contains("Jane"));
    assert_eq!(desk.ok(&["migrate"]), "up to date\n");
    assert_eq!(total(&server.get("/api/v1/leads", &key).1), 1);
}

#[test]
fn a_stopping_server_finishes_what_it_accepted_and_exits_with_0() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    let server = desk.serve(&[]);
    let body = "{\"name\":\"Late\"}";
    let head = format!(
        "POST /api/v1/leads HTTP/1.1\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nExpect: 100-continue"
    );
    let mut begun = server.begin(&head, body.len());
    // The server asks for the body: it has accepted the request.
    let mut go_on = [0; 25];
    begun.read_exact(&mut go_on).unwrap();
    assert_eq!(text(&go_on), "HTTP/1.1 100 Continue\r\n\r\n");
    server.terminate();
    // It takes nobody new; when it has noticed, the accepted request is finished.
    while TcpStream::connect(&server.address).is_ok() {
        std::thread::yield_now();
    }
    begun.write_all(body.as_bytes()).unwrap();
    assert_eq!(answer(&mut begun).0, 201);
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    // Logs are JSON where nobody watches, and on stderr.
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}")));
    let lines = lines.collect::<Vec<_>>();
    assert_eq!(lines.last().unwrap()["message"], "stopped");
    let again = desk.serve(&[]);
    assert_eq!(total(&again.get("/api/v1/leads", &key).1), 1);
}

#[test]
fn a_server_stopped_as_soon_as_it_listens_exits_with_0_too() {
    let desk = Desk::new();
    for _ in 0..10 {
        let server = desk.serve(&[]);
        server.terminate();
        assert_eq!(server.end().0, Some(0));
    }
}

#[test]
fn the_log_tells_neither_keys_nor_people() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    let server = desk.serve(&[]);
    let (status, _) = server.post_lead(&key, "Zebediah");
    assert_eq!(status, 201);
    assert_eq!(server.get("/api/v1/leads?q=zebediah", &key).0, 200);
    assert_eq!(server.get(&format!("/api/v1/leads?X-API-Key={key}"), "").0, 401);
    server.terminate();
    let (_, log) = server.end();
    assert!(!log.to_lowercase().contains("zebediah") && !log.contains("oa_live_"), "{log}");
}

#[test]
fn a_backup_is_restored_with_its_key_and_the_server_goes_on() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    let server = desk.serve(&[]);
    assert_eq!(server.post_lead(&key, "Jane").0, 201);
    desk.ok(&["backup", "whole.backup"]);
    desk.ok(&["backup", "--without-key", "keyless.backup"]);
    drop(server);
    let secret = fs::read_to_string(desk.path("data/secret.key")).unwrap();
    #[cfg(unix)]
    for private in ["data/secret.key", "whole.backup", "data/organicagent.db"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(desk.path(private)).unwrap().permissions().mode() & 0o777, 0o600, "{private}");
    }

    let elsewhere = ["--data-dir", "elsewhere"];
    let restored = desk.ok(&[&["restore", "whole.backup"][..], &elsewhere].concat());
    assert!(restored.starts_with("restored "), "{restored}");
    assert_eq!(fs::read_to_string(desk.path("elsewhere/secret.key")).unwrap(), secret);
    let again = desk.serve(&elsewhere);
    assert_eq!(total(&again.get("/api/v1/leads", &key).1), 1);
    drop(again);
    assert!(desk.fails(&[&["restore", "whole.backup"][..], &elsewhere].concat()).contains("never overwrites"));

    let third = ["--data-dir", "third"];
    let restored = desk.ok(&[&["restore", "keyless.backup"][..], &third].concat());
    assert!(restored.contains("holds no key"), "{restored}");
    assert!(!desk.path("third/secret.key").exists());
    assert!(desk.fails(&[&["serve"][..], &third].concat()).contains("secret.key is missing"));
    fs::write(
        desk.path("third/secret.key"),
        "00000000 1111111111111111111111111111111111111111111111111111111111111111\n",
    )
    .unwrap();
    assert!(desk.fails(&[&["serve"][..], &third].concat()).contains("lacks the key"));
    fs::write(desk.path("third/secret.key"), &secret).unwrap();
    let again = desk.serve(&third);
    assert_eq!(total(&again.get("/api/v1/leads", &key).1), 1);
}

#[test]
fn a_backup_goes_through_pipes() {
    let desk = Desk::new();
    desk.agent();
    let written = desk.run(&["backup", "-"]);
    assert!(written.status.success());
    assert!(text(&written.stdout).starts_with("{\"organicagent\":\"backup\""));
    let mut restore = desk
        .command(&["restore", "-", "--data-dir", "elsewhere"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    restore.stdin.take().unwrap().write_all(&written.stdout).unwrap();
    assert!(restore.wait_with_output().unwrap().status.success());
    assert!(
        desk.fails(&["agent", "create", "--name", "X", "--email", "sarah@example.com", "--data-dir", "elsewhere"])
            .contains("belongs to an account")
    );
    let left: BTreeSet<_> = fs::read_dir(desk.path("elsewhere"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(left.iter().all(|name| name.starts_with("organicagent.db") || name == "secret.key"), "{left:?}");
}

#[test]
fn a_damaged_backup_is_refused_and_the_target_stays_as_it_was() {
    let desk = Desk::new();
    desk.agent();
    desk.ok(&["backup", "whole.backup"]);
    let whole = fs::read(desk.path("whole.backup")).unwrap();
    let mut altered = whole.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    for (damage, bytes) in
        [("cut", &whole[..whole.len() - 1]), ("altered", &altered), ("empty", b""), ("another file", b"PK\x03\x04")]
    {
        fs::write(desk.path("damaged.backup"), bytes).unwrap();
        let said = desk.fails(&["restore", "damaged.backup", "--data-dir", "elsewhere"]);
        assert!(
            ["cut off", "damaged", "no OrganicAgent backup"].iter().any(|words| said.contains(words)),
            "{damage}: {said}"
        );
    }
    assert!(!desk.path("elsewhere/secret.key").exists());
    // Nothing was begun: the place can still be used for anything.
    assert_eq!(
        desk.ok(&["agent", "create", "--name", "Bob", "--email", "bob@example.com", "--data-dir", "elsewhere"]),
        "bob\n"
    );
}

#[test]
fn nothing_runs_on_a_restore_that_was_broken_off_until_it_is_run_again() {
    let desk = Desk::new();
    desk.agent();
    desk.ok(&["backup", "whole.backup"]);
    fs::create_dir(desk.path("elsewhere")).unwrap();
    let url = format!("sqlite:{}", desk.path("elsewhere/organicagent.db").display());
    let database = Database::open(&url, Options::default()).unwrap();
    let summary = backup::verify(&fs::read(desk.path("whole.backup")).unwrap()[..]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    drop(runtime.block_on(Restore::begin(&database, &summary)).unwrap());
    drop(database);
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["agent", "create", "--name", "Bob", "--email", "bob@example.com"],
        &["backup", "half.backup"],
    ] {
        let said = desk.fails(&[arguments, &["--data-dir", "elsewhere"]].concat());
        assert!(said.contains("was broken off"), "{said}");
    }
    assert!(!desk.path("half.backup").exists());
    desk.ok(&["restore", "whole.backup", "--data-dir", "elsewhere"]);
    desk.ok(&["key", "create", "--agent", "sarah-johnson", "--name", "x", "--data-dir", "elsewhere"]);
}

#[test]
fn an_export_never_overwrites() {
    let desk = Desk::new();
    desk.agent();
    desk.ok(&["export", "--agent", "sarah-johnson", "out"]);
    assert!(desk.fails(&["export", "--agent", "sarah-johnson", "out"]).contains("not empty"));
}

#[test]
fn the_database_is_copied_before_its_schema_changes() {
    let desk = Desk::new();
    fs::create_dir(desk.path("data")).unwrap();
    let url = format!("sqlite:{}", desk.path("data/organicagent.db").display());
    let old = Database::open(&url, Options::default()).unwrap();
    old.migrate(&MIGRATIONS[..1]).unwrap();
    drop(old);
    drop(desk.serve(&[]));
    let copies = copies(&desk.path("data"));
    assert_eq!(copies, [format!("organicagent.db.before-v{}", MIGRATIONS[1].version)]);
    drop(desk.serve(&[]));
    assert_eq!(self::copies(&desk.path("data")), copies, "nothing to change, nothing to copy");
}

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

fn copies(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".before-")).collect()
}
