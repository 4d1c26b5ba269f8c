//! The real binary in a process of its own, to be killed.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
};

use db::Engine;

use crate::postgres::{TempDatabase, fresh_database};

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

/// A place of its own on an engine: folder and database go with it.
pub struct Home {
    /// The place.
    pub place: Place,
    _folder: tempfile::TempDir,
    _database: Option<TempDatabase>,
}

impl Home {
    /// An empty one.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = (engine == Engine::Postgres).then(fresh_database);
        let database_url = database.as_ref().map(|database| database.url.clone()).unwrap_or_default();
        let place = Place { folder: folder.path().to_owned(), database_url };
        Self { place, _folder: folder, _database: database }
    }
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
        self.serve_with(&[])
    }

    /// The same with settings of the environment.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn serve_with(&self, settings: &[(&str, &str)]) -> Server {
        let mut command = self.command(&["serve"]);
        command.envs(settings.iter().copied()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
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

    /// Asks the process to stop, as systemd and Docker do.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When the system cannot say.
    pub fn ended(mut self) -> ExitStatus {
        self.child.wait().expect("the process is ours")
    }

    /// The memory that it holds of its own, in bytes: without its code, which is large where it is not optimized.
    ///
    /// # Panics
    /// Where the system does not tell.
    #[must_use]
    pub fn held(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("Linux tells");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
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
