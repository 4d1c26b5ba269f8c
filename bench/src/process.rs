//! The servers that are measured: processes of their own, watched from outside.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

/// A server that listens; it ends with this value.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command` and waits for the line that says where it listens. What it logs goes to a file in `folder`.
    pub fn start(mut command: Command, folder: &Path) -> Result<Self, String> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        const LINE: &str = "listening on http://";
        let log = folder.join(format!("server-{}.log", COUNT.fetch_add(1, Relaxed)));
        let file = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file).spawn();
        let mut child = spawned.map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        let output = child.stdout.take().expect("piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix(LINE)?.parse().ok());
        // Whatever else it prints is read away, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        let mut server = Self { address: SocketAddr::from(([0; 4], 0)), child, log };
        match address {
            Some(address) => {
                server.address = address;
                Ok(server)
            }
            None => Err(server.last_words()),
        }
    }

    /// The most memory it has had so far (resident), in bytes.
    pub fn peak_memory(&self) -> u64 {
        peak_memory(&self.child.id().to_string())
    }

    /// The processor time it has taken so far.
    pub fn processor_time(&self) -> Duration {
        processor_time(&self.child.id().to_string())
    }

    /// Waits until it has nothing left to do: what was created is indexed, and the log is copied.
    pub fn settle(&self) {
        const LOOK: Duration = Duration::from_millis(500);
        for _ in 0..600 {
            let before = self.processor_time();
            std::thread::sleep(LOOK);
            if self.processor_time().saturating_sub(before) <= LOOK / 25 {
                return;
            }
        }
    }

    /// Stops it as an operator would.
    ///
    /// # Errors
    /// When it fails in stopping.
    pub fn stop(mut self) -> Result<(), String> {
        let signal = Command::new("sh").args(["-c", "kill -TERM \"$0\""]).arg(self.child.id().to_string()).status();
        signal.map_err(|error| error.to_string())?;
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(self.last_words()) }
    }

    fn last_words(&self) -> String {
        format!("a server failed; it said: {}", fs::read_to_string(&self.log).unwrap_or_default())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory a process has had so far (resident), in bytes.
pub fn peak_memory(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// The processor time a process has taken so far.
pub fn processor_time(process: &str) -> Duration {
    /// Linux counts these in hundredths of a second on every architecture.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|number| number.parse::<u32>().ok()).sum::<u32>();
    TICK * ticks
}

/// The product's binary: the one given, else built now with the profile `dist`, else the one beside this program.
pub fn product(given: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let ourselves = std::env::current_exe().map_err(|error| error.to_string())?;
    let beside = ourselves.with_file_name("organicagent");
    // Set by `cargo run`.
    let Some(cargo) = std::env::var_os("CARGO") else {
        return if beside.is_file() { Ok(beside) } else { Err(format!("{} is not there", beside.display())) };
    };
    let target = ourselves.ancestors().nth(2).ok_or("this program lies in no target folder")?;
    let mut build = Command::new(cargo);
    build.args(["build", "--profile", "dist", "-p", "server", "--bin", "organicagent", "--manifest-path"]);
    build.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).arg("--target-dir").arg(target);
    let status = build.status().map_err(|error| error.to_string())?;
    if status.success() {
        Ok(target.join("dist").join("organicagent"))
    } else {
        Err(String::from("the product was not built"))
    }
}
