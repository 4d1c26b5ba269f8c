//! The real binary in a process of its own, to be killed.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// A running `organicagent serve`.
pub struct Server {
    child: Child,
    /// Scheme and authority.
    pub base: String,
}

/// Where a server keeps its data, and with which settings it runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// The data folder.
    pub folder: PathBuf,
    /// The database's URL; the folder's own file when empty.
    pub database_url: String,
}

/// The binary: built beside the test's own.
fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("a running test has a file");
    let folder = own.parent().and_then(|deps| deps.parent()).expect("target/debug/deps");
    let binary = folder.join("organicagent");
    assert!(binary.exists(), "build the binary first: cargo build -p server");
    binary
}

impl Place {
    /// A command of the binary with this place's settings.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("ORGANICAGENT_DATA_DIR", &self.folder)
            .env("ORGANICAGENT_DATABASE_URL", &self.database_url)
            .env("ORGANICAGENT_LISTEN", "127.0.0.1:0")
            .env("ORGANICAGENT_RATE_LIMIT", "100000000")
            .env("ORGANICAGENT_WEBHOOK_ALLOW", "127.0.0.0/8")
            .env("RUST_LOG", "error");
        command
    }

    /// What a command prints on stdout.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn output_of(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("the binary runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }

    /// Starts a server and waits until it listens.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn serve(&self) -> Server {
        let mut child = self.command(&["serve"]).stdout(Stdio::piped()).spawn().expect("the binary runs");
        let stdout = child.stdout.take().expect("piped");
        let mut lines = BufReader::new(stdout).lines();
        let line =
            lines.find_map(|line| line.ok().and_then(|line| line.strip_prefix("listening on ").map(str::to_owned)));
        let base = line.unwrap_or_else(|| panic!("the server did not start: {:?}", child.wait()));
        Server { child, base }
    }
}

impl Server {
    /// Ends the process as a power cut would: without a word.
    pub fn kill(mut self) {
        self.child.kill().expect("the process is ours");
        self.child.wait().expect("the process is ours");
    }

    /// Stops the process where it stands, its connections open, until it is [woken](Self::wake).
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets a frozen process go on.
    pub fn wake(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "the process is ours");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
