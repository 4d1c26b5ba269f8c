//! An installation of the product: a database, a data folder and what its commands make there.

use std::{
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use postgres::{Client, NoTls};

use super::{Bench, Engine, UNLIMITED};
use crate::{
    load::{self, Line, Measured, Span},
    process::Server,
    requests::{self, Creates},
    say,
    temporary_postgres::Cluster,
};

/// As a small server would be set up: a quarter of a gigabyte of memory for PostgreSQL, and its own defaults.
const POSTGRES: [&str; 2] = ["shared_buffers=256MB", "max_wal_size=1GB"];

/// A fresh installation.
pub struct Installation {
    product: PathBuf,
    folder: PathBuf,
    data: PathBuf,
    url: String,
    agents: AtomicUsize,
}

impl Installation {
    /// An empty one.
    pub fn new(bench: &mut Bench, engine: Engine, name: &str) -> Result<Self, String> {
        let data = bench.folder.join(format!("{}-{name}", engine.name()));
        let url = match engine {
            Engine::Sqlite => format!("sqlite:{}", data.join("organicagent.db").display()),
            Engine::Postgres => {
                let folder = bench.folder.clone();
                let cluster = bench.cluster.get_or_insert_with(|| Cluster::start_in(&folder, &POSTGRES));
                let made = Client::connect(cluster.url(), NoTls).and_then(|mut client| {
                    client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
                });
                made.map_err(|error| error.to_string())?;
                let (server, _) = cluster.url().rsplit_once('/').expect("an address names a database");
                format!("{server}/{name}")
            }
        };
        let (product, folder) = (bench.product.clone(), bench.folder.clone());
        Ok(Self { product, folder, data, url, agents: AtomicUsize::new(0) })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.product);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ORGANICAGENT_")) {
            command.env_remove(name);
        }
        // No settings' file of whoever runs this.
        command.current_dir(&self.folder);
        command.env("ORGANICAGENT_DATA_DIR", &self.data).env("ORGANICAGENT_DATABASE_URL", &self.url);
        command
    }

    /// Starts a node.
    pub fn serve(&self, rate_limit: u32) -> Result<Server, String> {
        Server::start(self.node(rate_limit), &self.folder)
    }

    /// Starts a node without a limit that may send webhooks to this machine.
    pub fn serve_sending(&self) -> Result<Server, String> {
        let mut command = self.node(UNLIMITED);
        command.env("ORGANICAGENT_WEBHOOK_ALLOW", "127.0.0.0/8");
        Server::start(command, &self.folder)
    }

    /// Starts a node that takes mail at an address.
    pub fn serve_mail(&self, rate_limit: u32, smtp: SocketAddr) -> Result<Server, String> {
        let mut command = self.node(rate_limit);
        command.env("ORGANICAGENT_SMTP_LISTEN", smtp.to_string());
        command.env("ORGANICAGENT_INBOUND_DOMAIN", "leads.example.com");
        Server::start(command, &self.folder)
    }

    fn node(&self, rate_limit: u32) -> Command {
        let mut command = self.command();
        command
            .arg("serve")
            .env("ORGANICAGENT_LISTEN", "127.0.0.1:0")
            .env("ORGANICAGENT_RATE_LIMIT", rate_limit.to_string());
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        self.run_telling(arguments, "")
    }

    /// Runs a command with a line on its standard input.
    fn run_telling(&self, arguments: &[&str], line: &str) -> Result<String, String> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().map(|mut input| writeln!(input, "{line}"));
        let ran = child.wait_with_output().map_err(|error| error.to_string())?;
        if !ran.status.success() {
            return Err(format!("{}: {}", arguments.join(" "), String::from_utf8_lossy(&ran.stderr)));
        }
        Ok(String::from_utf8_lossy(&ran.stdout).trim().to_owned())
    }

    /// Makes an agent with so many keys.
    pub fn keys(&self, count: usize) -> Result<Vec<String>, String> {
        let number = self.agents.fetch_add(1, Relaxed);
        let (name, email) = (format!("Agent {number}"), format!("agent{number}@example.com"));
        let slug = self.run(&["agent", "create", "--name", &name, "--email", &email])?;
        (0..count).map(|key| self.run(&["key", "create", "--agent", &slug, "--name", &format!("Key {key}")])).collect()
    }

    /// Makes an agent who signs in with a password: the e-mail address, and a key.
    pub fn agent_with(&self, password: &str) -> Result<(String, String), String> {
        let email = format!("agent{}@example.com", self.agents.fetch_add(1, Relaxed));
        let arguments = ["agent", "create", "--name", "Signed In", "--email", &email, "--password-stdin"];
        let slug = self.run_telling(&arguments, password)?;
        Ok((email, self.run(&["key", "create", "--agent", &slug, "--name", "Key"])?))
    }

    /// Makes an agent with a key.
    pub fn key(&self) -> Result<String, String> {
        let keys = self.keys(1)?;
        keys.into_iter().next().ok_or_else(|| String::from("no key was made"))
    }
}

/// Creates so many leads through the API, and sees that the list says so.
pub fn fill(bench: &Bench, server: &Server, key: &str, count: usize) -> Result<(Measured, f64), String> {
    let total = |page: &serde_json::Value| page["total"].as_u64().and_then(|total| usize::try_from(total).ok());
    let had = total(&list(server, key, "limit=1")?).unwrap_or(0);
    let left = Arc::new(AtomicU64::new(count as u64));
    let line = |_| (server.address, Box::new(Creates::limited(key, &left)) as Box<_>);
    let lines: Vec<Line> = (0..bench.connections).map(line).collect();
    let measured = bench.measure(&format!("filling {count}"), &[server], lines, Span::ToTheEnd)?;
    let listed = list(server, key, "limit=50")?;
    if total(&listed) != Some(had + count)
        || listed["leads"].as_array().is_none_or(|leads| leads.len() != 50.min(had + count))
    {
        return Err(format!("after {count} creates the list says: {}, {}", listed["total"], listed["leads"]));
    }
    server.settle();
    say(&format!("{count} leads are there"));
    Ok(measured)
}

/// A page of leads, read.
pub fn list(server: &Server, key: &str, query: &str) -> Result<serde_json::Value, String> {
    let page = load::ask(server.address, &requests::get(&format!("/api/v1/leads?{query}"), key), 200)?;
    serde_json::from_slice(&page).map_err(|error| error.to_string())
}
