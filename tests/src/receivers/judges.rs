//! Receivers in other languages as processes: a request per line goes in, a verdict per line comes out.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::documents;

/// How a receiver in one language is run.
pub struct Judge {
    command: Command,
    /// The snippet as a file, as long as the judge is.
    _folder: tempfile::TempDir,
}

/// The folder of the harnesses.
fn harness(name: &str) -> PathBuf {
    root().join("tests/receivers").join(name)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in a folder of the project")
}

/// The Python of the tools that `./test` installs.
pub fn tools_python() -> PathBuf {
    root().join(".venv/bin/python")
}

/// Whether a program can be started.
pub fn is_installed(program: &str, version: &str) -> bool {
    let probe = Command::new(program).arg(version).stdin(Stdio::null()).output();
    probe.is_ok_and(|output| output.status.success())
}

impl Judge {
    /// `program`, its arguments, the harness and, last, the file of the snippet, which has this extension.
    pub fn new(
        program: impl AsRef<OsStr>,
        arguments: &[&str],
        kind: Option<&str>,
        extension: &str,
        snippet: &str,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join(format!("snippet.{extension}"));
        std::fs::write(&file, snippet).expect("the snippet can be written");
        let mut harness = harness(&format!("harness.{extension}"));
        if extension == "go" {
            // Go wants the files of a program side by side.
            let beside = folder.path().join("harness.go");
            let _ = std::fs::copy(&harness, &beside).expect("the harness can be copied");
            harness = beside;
        }
        let mut command = Command::new(program);
        let _ = command.args(arguments).arg(harness).args(kind).arg(file).current_dir(folder.path());
        Self { command, _folder: folder }
    }

    /// Node with one of the kinds of its harness.
    pub fn node(kind: &str, snippet: &str) -> Self {
        Self::new("node", &[], Some(kind), "cjs", snippet)
    }

    /// Node with the official library.
    pub fn node_standard() -> Self {
        let library = root().join("tests/receivers/node_modules/standardwebhooks");
        assert!(library.exists(), "npm ci was not run in tests/receivers: ./test receivers does it");
        Self::node("standard", documents::snippet("Node: Standard Webhooks", "js"))
    }

    /// Python with the official library.
    pub fn python_standard() -> Self {
        assert!(tools_python().exists(), "requirements.txt is not installed in .venv: ./test receivers does it");
        let snippet = documents::snippet("Python: Standard Webhooks", "python");
        Self::new(tools_python(), &[], Some("standard"), "py", snippet)
    }

    /// Sends the requests and hears the verdict on each.
    pub fn judge(mut self, requests: impl Iterator<Item = Vec<u8>> + Send, mut hear: impl FnMut(u64, &str)) {
        let program = self.command.get_program().to_owned();
        let child = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|cause| panic!("{} is needed: {cause}", program.display()));
        let input = child.stdin.take().expect("it is piped");
        let mut output = BufReader::with_capacity(1 << 16, child.stdout.take().expect("it is piped"));
        // What is moved in is dropped when `hear` panics: with its output the judge ends, and with that the writer.
        let (sent, heard) = std::thread::scope(move |scope| {
            let writer = scope.spawn(move || {
                let mut input = BufWriter::with_capacity(1 << 16, input);
                let mut sent = 0u64;
                for request in requests {
                    assert!(!request.contains(&b'\n'), "a request is one line");
                    // A judge that ended early is told by its status, below.
                    if input.write_all(&request).and_then(|()| input.write_all(b"\n")).is_err() {
                        break;
                    }
                    sent += 1;
                }
                let _ = input.flush();
                sent
            });
            let (mut heard, mut line) = (0, String::new());
            while output.read_line(&mut line).expect("verdicts are text") > 0 {
                hear(heard, line.trim_end_matches('\n'));
                heard += 1;
                line.clear();
            }
            (writer.join().expect("the requests can be made"), heard)
        });
        let status = child.wait().expect("it was started");
        assert!(status.success(), "{}: {status}", program.display());
        assert_eq!(heard, sent, "a verdict for each request");
    }

    /// The verdicts on these requests, in their order.
    pub fn verdicts(self, requests: &[Vec<u8>]) -> Vec<String> {
        let mut verdicts = Vec::new();
        self.judge(requests.iter().cloned(), |_, verdict| verdicts.push(verdict.to_owned()));
        verdicts
    }
}
