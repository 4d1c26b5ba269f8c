//! The command line, as scripts use it: the real binary in processes of its own.
#![expect(clippy::unwrap_used, reason = "the helpers here are part of the tests")]
#![expect(clippy::disallowed_methods, reason = "these tests meet the machine: processes, and how long they take")]

#[path = "cli/acme.rs"]
mod acme;
#[path = "cli/agents.rs"]
mod agents;
#[path = "cli/automation.rs"]
mod automation;
#[path = "cli/backups.rs"]
mod backups;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/desk.rs"]
mod desk;
#[path = "cli/exports.rs"]
mod exports;
#[path = "cli/keys.rs"]
mod keys;
#[path = "cli/mails.rs"]
mod mails;
#[path = "cli/servers.rs"]
mod servers;
#[path = "cli/settings.rs"]
mod settings;
#[path = "cli/tls.rs"]
mod tls;
#[path = "cli/webhooks.rs"]
mod webhooks;
