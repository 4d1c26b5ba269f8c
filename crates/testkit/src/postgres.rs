//! PostgreSQL for tests: one cluster for a run, one database for a test.
//!
//! `./test` starts the cluster (`test-postgres`) and hands its address on in `ORGANICAGENT_TEST_POSTGRES`. A test that is run by
//! hand without it starts a cluster for its own process, which takes some seconds. Either way the cluster ends, and its folder
//! goes, when the process that started it ends, however it ends.
//!
//! `crates/db` includes this file into its own tests, so it uses nothing of this crate.
#![expect(
    clippy::disallowed_methods,
    reason = "this is where tests meet the machine: its settings, its clock, its processes"
)]

use std::{
    fs::{self, File},
    io::{self, Read},
    net::TcpListener,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use postgres::{Client, NoTls};

/// The variable with the address of a cluster that is already there: a superuser's database.
pub const VARIABLE: &str = "ORGANICAGENT_TEST_POSTGRES";

const MISSING: &str = "these tests need PostgreSQL: install it with `apt-get install postgresql`, or set ORGANICAGENT_TEST_POSTGRES to the address of a superuser's database";
/// A tmpfs with less than this is left alone.
const ENOUGH_MEMORY: u64 = 1 << 30;
const START: Duration = Duration::from_secs(60);

/// A running cluster of our own, with `fsync` on. It ends with this value, and at the latest with the process.
pub struct Cluster {
    url: String,
    /// A shell that ends the server when its standard input closes: that happens even if we are killed.
    watchdog: Child,
}

impl Cluster {
    /// Makes a cluster in memory (in the temporary folder where there is too little of it) and starts it.
    ///
    /// # Panics
    /// With a sentence on what to install or what the server said.
    #[must_use]
    pub fn start() -> Self {
        let memory = Path::new("/dev/shm");
        let base = if free_bytes(memory) >= ENOUGH_MEMORY { memory.to_owned() } else { std::env::temp_dir() };
        Self::start_in(&base, &[])
    }

    /// Makes a cluster in a new folder below `base` and starts it, with further settings (`name=value`).
    ///
    /// # Panics
    /// As [`Cluster::start`].
    #[must_use]
    pub fn start_in(base: &Path, settings: &[&str]) -> Self {
        let programs = find_programs().unwrap_or_else(|| panic!("{MISSING}"));
        let user = User::find();
        let folder = make_folder(&user, base);
        let data = folder.join("data");
        let mut initdb = user.command(&programs.join("initdb"));
        initdb.arg("-D").arg(&data).args([
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        let made = initdb.current_dir(&folder).stdin(Stdio::null()).output().expect("initdb can be started");
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));

        // The port is free now; should another take it before the server does, the server says so and another is tried.
        let mut said = String::new();
        for _ in 0..5 {
            let port =
                TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
            let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
            let watchdog = run_server(&user, &programs.join("postgres"), &folder, port, settings);
            let mut cluster = Self { url, watchdog };
            if cluster.wait(&folder.join("log")) {
                return cluster;
            }
            said = fs::read_to_string(folder.join("log")).unwrap_or_default();
            cluster.end(Keep::Folder);
        }
        panic!("PostgreSQL did not start:\n{said}");
    }

    /// The address of a superuser's database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the server came up.
    fn wait(&self, log: &Path) -> bool {
        let started = Instant::now();
        while started.elapsed() < START {
            // The port may be another's, so our own server has to say that it is ready.
            let said = fs::read_to_string(log).unwrap_or_default();
            if said.contains("FATAL:  could not create") {
                return false;
            }
            if said.contains("ready to accept connections") && Client::connect(&self.url, NoTls).is_ok() {
                return true;
            }
            thread::sleep(Duration::from_millis(30));
        }
        false
    }

    fn end(&mut self, keep: Keep) {
        if let Some(mut stdin) = self.watchdog.stdin.take()
            && keep == Keep::Folder
        {
            let _ = io::Write::write_all(&mut stdin, b"keep\n");
        }
        let _ = self.watchdog.wait();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end(Keep::Nothing);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    Folder,
}

/// The address of the run's cluster: that of `ORGANICAGENT_TEST_POSTGRES`, or of one that this process starts.
///
/// # Panics
/// With a sentence on what to install when there is no PostgreSQL: a test that needs it never passes without.
#[must_use]
pub fn cluster() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| match std::env::var(VARIABLE) {
        Ok(url) if !url.is_empty() => url,
        _ => {
            // Statics are not dropped; the watchdog sees the process end.
            static OWN: OnceLock<Cluster> = OnceLock::new();
            OWN.get_or_init(Cluster::start).url().to_owned()
        }
    })
}

/// An empty database for one test; it is dropped with this value, whoever is still connected.
pub struct TempDatabase {
    /// Its address.
    pub url: String,
    name: String,
}

/// Makes an empty database in the run's cluster.
///
/// # Panics
/// When there is no cluster and none can be started.
#[must_use]
pub fn fresh_database() -> TempDatabase {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_nanos();
    let name = format!("test_{}_{nanos:x}_{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
    administer(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")).expect("a database for the test");
    let (server, query) = split(cluster());
    TempDatabase { url: format!("{server}/{name}{query}"), name }
}

impl Drop for TempDatabase {
    fn drop(&mut self) {
        // Leftovers are harmless: the cluster goes with the run.
        let _ = administer(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Runs a superuser's statement in the run's cluster.
///
/// # Errors
/// What the server answers.
pub fn administer(sql: &str) -> Result<(), postgres::Error> {
    // On a thread of its own: the client panics on a thread of the async runtime.
    thread::scope(|scope| {
        let work = scope.spawn(|| Client::connect(cluster(), NoTls)?.batch_execute(sql));
        work.join().expect("the statement's thread does not panic")
    })
}

/// An address without its database, and what follows the database.
fn split(url: &str) -> (&str, &str) {
    let (address, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let authority = address.find("://").map_or(0, |scheme| scheme + 3);
    let end = address[authority..].find('/').map_or(address.len(), |slash| authority + slash);
    (&address[..end], query)
}

/// The folder with the newest `initdb` and `postgres`.
fn find_programs() -> Option<PathBuf> {
    let mut debian: Vec<(u32, PathBuf)> = Vec::new();
    for entry in fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let version = entry.file_name().to_string_lossy().parse();
        debian.extend(version.ok().map(|version| (version, entry.path().join("bin"))));
    }
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = debian.into_iter().rev().map(|(_, folder)| folder).chain(std::env::split_paths(&path));
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// Who runs the server: PostgreSQL refuses to run as root.
enum User {
    Ourselves,
    Other { name: &'static str, uid: u32, gid: u32 },
}

impl User {
    fn find() -> Self {
        let is_root = fs::metadata("/proc/self").is_ok_and(|ourselves| ourselves.uid() == 0);
        if !is_root {
            return Self::Ourselves;
        }
        let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
        let find = |name: &'static str| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            Some(Self::Other { name, uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
        };
        find("postgres").or_else(|| find("nobody")).expect("a user other than root")
    }

    fn command(&self, program: &Path) -> Command {
        match self {
            Self::Ourselves => Command::new(program),
            Self::Other { uid, gid, .. } if Path::new("/usr/bin/setpriv").exists() => {
                let mut command = Command::new("/usr/bin/setpriv");
                command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--clear-groups").arg(program);
                command
            }
            Self::Other { name, .. } => {
                let mut command = Command::new("runuser");
                command.args(["-u", name, "--"]).arg(program);
                command
            }
        }
    }
}

fn make_folder(user: &User, base: &Path) -> PathBuf {
    let mut name = [0; 8];
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut name)).expect("random bytes");
    let folder = base.join(format!("organicagent-postgres-{:016x}", u64::from_ne_bytes(name)));
    fs::create_dir(&folder).expect("a folder for the cluster");
    if let User::Other { uid, gid, .. } = user {
        std::os::unix::fs::chown(&folder, Some(*uid), Some(*gid)).expect("the cluster's folder changes hands");
    }
    folder
}

fn free_bytes(folder: &Path) -> u64 {
    let df = Command::new("df").args(["--output=avail", "-B1"]).arg(folder).stderr(Stdio::null()).output();
    let text = df.map(|df| String::from_utf8_lossy(&df.stdout).into_owned()).unwrap_or_default();
    text.lines().last().and_then(|line| line.trim().parse().ok()).unwrap_or(0)
}

/// Starts the server below a shell that waits for its standard input to close, kills the server and removes the folder.
fn run_server(user: &User, program: &Path, folder: &Path, port: u16, settings: &[&str]) -> Child {
    let log = File::create(folder.join("log")).expect("a log for the cluster");
    let mut server = user.command(program);
    server.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]);
    let ours = [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=on",
        "synchronous_commit=on",
        "max_connections=500",
        "shared_buffers=64MB",
        "max_wal_size=512MB",
        "autovacuum_naptime=10s",
    ];
    // Of a setting that stands twice, the last holds.
    for setting in ours.iter().chain(settings) {
        server.args(["-c", setting]);
    }
    // SIGQUIT ends the server at once: what it would still write is about to be removed.
    let script = r#"folder=$1; shift
        "$@" & server=$!
        read -r word
        kill -QUIT $server
        wait $server
        [ "$word" = keep ] || rm -rf "$folder""#;
    Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(folder)
        .arg(server.get_program())
        .args(server.get_args())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(log.try_clone().expect("the log twice"))
        .stderr(log)
        // A group of its own: an interrupt from the keyboard must not end the watchdog before its work is done.
        .process_group(0)
        .spawn()
        .expect("sh can be started")
}
