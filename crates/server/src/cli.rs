//! The command line. Results go to stdout, logs to stderr; a clear error and a non-zero exit on bad input.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

use crate::config::Given;

/// A real-estate agent's front office in one binary: leads, clients, listings, showings, API and events.
#[derive(Debug, Parser)]
#[command(name = "organicagent", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Settings that every command takes.
    #[command(flatten)]
    pub given: Given,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process
    Serve {
        /// Run on sample data of its own, with a fresh API key printed at each start; nothing is sent out
        #[arg(long)]
        demo: bool,
    },
    /// Make agents
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Make API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Make webhooks
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// An agent's own domains, where their website is found
    #[command(subcommand)]
    Domain(DomainCommand),
    /// Read mails that tell of leads, or take them in
    #[command(subcommand)]
    Email(EmailCommand),
    /// Work with leads from scripts
    #[command(subcommand)]
    Leads(LeadsCommand),
    /// Work with listings from scripts
    #[command(subcommand)]
    Listings(ListingsCommand),
    /// Write everything of one agent into a folder, as CSV and JSON
    Export {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// The folder: a new or an empty one
        dir: PathBuf,
    },
    /// Write everything into one portable file, from one snapshot; the server may run
    Backup {
        /// The file; - is standard output
        file: PathBuf,
        /// Leave the key file out: keep it elsewhere, or sealed values are lost
        #[arg(long)]
        without_key: bool,
    },
    /// Read a backup, of either engine, into an empty database; no server may run
    Restore {
        /// The file; - is standard input
        file: PathBuf,
    },
    /// Bring the database's schema up to date now
    Migrate,
    /// Print the settings in force, secrets masked
    Config,
}

/// What can be done with agents.
#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Make an agent; prints the slug
    Create {
        /// The agent's name
        #[arg(long)]
        name: String,
        /// The agent's e-mail address, to sign in with
        #[arg(long)]
        email: String,
        /// The public name in addresses; made from the name when missing
        #[arg(long)]
        slug: Option<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Print a link, for one use within an hour, to set a new password with
    ResetPassword {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// Also let the agent sign in by the password alone again: for who has lost phone and recovery codes
        #[arg(long)]
        without_two_step: bool,
    },
}

/// `organicagent domain`
#[derive(Debug, Subcommand)]
pub enum DomainCommand {
    /// Give an agent a domain; the running server looks at once whether it leads here. Prints it as it goes over the wire
    Add {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// The domain, such as sarah-homes.com
        name: String,
    },
    /// Take a domain away
    Remove {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// The domain
        name: String,
    },
    /// Print an agent's domains and how each stands
    List {
        /// The agent's slug
        #[arg(long)]
        agent: String,
    },
}

/// What can be done with API keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key; prints it, once
    Create {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// What its owner calls it
        #[arg(long)]
        name: String,
        /// read or write; both when missing
        #[arg(long)]
        scope: Vec<String>,
        /// How long it holds, such as 90d or 12h; for ever when missing
        #[arg(long)]
        expires: Option<String>,
    },
}

/// What can be done with webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Make a webhook; prints its id and its secret as JSON, the secret once
    Create {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// Where to send events
        #[arg(long)]
        url: String,
        /// The events to send, such as lead.created; all when missing
        #[arg(long, num_args = 1.., value_name = "NAME")]
        event: Vec<String>,
    },
    /// Receive webhooks on this machine, for development: verifies each request and prints it as a line of JSON, until it is stopped.
    /// Needs ORGANICAGENT_WEBHOOK_ALLOW=127.0.0.0/8, and a server that runs
    Listen {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// The loopback address to receive on; a port of its own when missing
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
        on: SocketAddr,
        /// The events to receive, such as lead.created; all when missing
        #[arg(long, num_args = 1.., value_name = "NAME")]
        event: Vec<String>,
        /// First print the feed from after this event; `start` is its beginning
        #[arg(long, value_name = "EVENT_ID")]
        after: Option<String>,
        /// End after so many lines
        #[arg(long, value_name = "N")]
        count: Option<u64>,
    },
}

/// What can be done with leads.
#[derive(Debug, Subcommand)]
pub enum LeadsCommand {
    /// Print leads, newest first, a line of JSON each
    List {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// Only leads of this status
        #[arg(long)]
        status: Option<String>,
        /// Only leads from this source
        #[arg(long)]
        source: Option<String>,
        /// Only leads with this e-mail address
        #[arg(long)]
        email: Option<String>,
        /// Only leads with this phone number, however it is written
        #[arg(long)]
        phone: Option<String>,
        /// At most so many; all when missing
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
    },
    /// Record a lead; prints its id
    Create {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// The person's name
        #[arg(long)]
        name: String,
        /// The person's e-mail address
        #[arg(long)]
        email: Option<String>,
        /// The person's phone number
        #[arg(long)]
        phone: Option<String>,
        /// Where the lead comes from; `api` when missing
        #[arg(long)]
        source: Option<String>,
        /// The property asked about
        #[arg(long)]
        property_address: Option<String>,
        /// What the person wrote
        #[arg(long)]
        notes: Option<String>,
    },
    /// Write all leads to standard output
    Export {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// csv, with a head; or json, a line each
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// What can be done with listings.
#[derive(Debug, Subcommand)]
pub enum ListingsCommand {
    /// Take in listings from a sheet (CSV) or RESO JSON; prints what came of its rows as JSON. The same file again brings them up to date
    Import {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// Look only: say what would come of the rows
        #[arg(long)]
        dry_run: bool,
        /// The file; - is standard input
        file: PathBuf,
    },
}

/// How records are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For spreadsheets.
    #[default]
    Csv,
    /// For programs.
    Json,
}

/// What can be done with mails.
#[derive(Debug, Subcommand)]
pub enum EmailCommand {
    /// Take mails in for an agent, each once; prints what is read and what became of each, one JSON line for each
    Import {
        /// The agent's slug
        #[arg(long)]
        agent: String,
        /// Mails as they are on the wire (.eml); - is standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print what is read out of mails, one JSON line for each; stores nothing
    Parse {
        /// Mails as they are on the wire (.eml); - is standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}
