//! A folder to run the binary in, and a server that runs there.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// What fails does so long before; a test that is wrong must end all the same.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder to run commands in, with nothing of the machine's own settings.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_organicagent"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command that succeeds prints on stdout.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What a command that fails says on stderr. One that does not end is ended.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
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

    pub(crate) fn agent(&self) -> String {
        self.ok(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]).trim_end().to_owned()
    }

    pub(crate) fn key(&self) -> String {
        self.ok(&["key", "create", "--agent", "sarah-johnson", "--name", "Test"]).trim_end().to_owned()
    }

    pub(crate) fn serve(&self, arguments: &[&str]) -> Serving {
        let usual: &[&str] = if arguments.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        let all = [&["serve"], usual, arguments].concat();
        let mut child = self.command(&all).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut welcome = String::new();
        let address = loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let said = child.wait_with_output().unwrap();
                panic!("the server did not start: {}", text(&said.stderr));
            }
            let told = line.strip_prefix("listening on ").and_then(|url| url.split_once("://"));
            if let Some((_, address)) = told {
                break address.trim_end().to_owned();
            }
            welcome.push_str(&line);
        };
        Serving { child, stdout, address, welcome }
    }
}

/// A running server, ended with this value.
pub(crate) struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) address: String,
    /// What it printed before it listened.
    pub(crate) welcome: String,
}

impl Serving {
    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Ends it as a power cut would: without a word.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a request on a connection of its own; answers status and body.
    pub(crate) fn send(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = self.begin(head, body.len());
        stream.write_all(body.as_bytes()).unwrap();
        answer(&mut stream)
    }

    /// Sends the head of a request and leaves the body to be sent.
    pub(crate) fn begin(&self, head: &str, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n").unwrap();
        stream
    }

    pub(crate) fn get(&self, path: &str, key: &str) -> (u16, String) {
        self.send(&format!("GET {path} HTTP/1.1\r\nX-API-Key: {key}"), "")
    }

    /// Posts a form as a browser does; answers status, head and body.
    pub(crate) fn post_form(&self, path: &str, cookie: &str, fields: &str) -> (u16, String, String) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n\
             Cookie: {cookie}"
        );
        let mut stream = self.begin(&head, fields.len());
        stream.write_all(fields.as_bytes()).unwrap();
        whole(&mut stream)
    }

    pub(crate) fn post_lead(&self, key: &str, name: &str) -> (u16, String) {
        let head = format!("POST /api/v1/leads HTTP/1.1\r\nX-API-Key: {key}\r\nContent-Type: application/json");
        self.send(&head, &format!("{{\"name\":\"{name}\"}}"))
    }

    /// Asks it to stop, as systemd and Docker do.
    pub(crate) fn terminate(&self) {
        let status = Command::new("/bin/sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().unwrap();
        assert!(status.success());
    }

    /// Its exit code and its log.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
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

/// Status and body.
pub(crate) fn answer(stream: &mut TcpStream) -> (u16, String) {
    let (status, _, body) = whole(stream);
    (status, body)
}

fn whole(stream: &mut TcpStream) -> (u16, String, String) {
    let mut whole = String::new();
    stream.read_to_string(&mut whole).unwrap();
    let (head, body) = whole.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {whole:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
}

/// The cookie that an answer's head hands out, as it is sent back.
pub(crate) fn cookie(head: &str) -> &str {
    let line = head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    line.and_then(|line| line.split(';').next()).unwrap_or_else(|| panic!("no cookie in {head}"))
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn total(body: &str) -> u64 {
    serde_json::from_str::<Value>(body).unwrap()["total"].as_u64().unwrap()
}
