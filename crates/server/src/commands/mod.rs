//! What the binary does beside serving. Each command prints its result on stdout.

mod agents;
mod backup;
mod domains;
mod emails;
pub mod export;
mod keys;
mod leads;
mod listings;
mod receiver;
mod webhooks;

use std::io::Write;

use crm::{AgentId, Crm};

use crate::{
    cli::{AgentCommand, Cli, Command, DomainCommand, EmailCommand, KeyCommand, ListingsCommand, WebhookCommand},
    config::Config,
    serve, storage,
};

/// Runs a command.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(cli: Cli) -> Result<(), String> {
    let config = cli.given.resolve()?;
    match cli.command {
        Command::Serve { demo } => serve::run(config, demo).await,
        Command::Agent(AgentCommand::Create { name, email, slug, password_stdin }) => {
            agents::create(&config, agents::Create { name, email, slug, password_stdin }).await
        }
        Command::Agent(AgentCommand::ResetPassword { agent, without_two_step }) => {
            agents::reset_password(&config, &agent, without_two_step).await
        }
        Command::Key(KeyCommand::Create { agent, name, scope, expires }) => {
            keys::create(&config, keys::Create { agent, name, scope, expires }).await
        }
        Command::Webhook(WebhookCommand::Create { agent, url, event }) => {
            webhooks::create(&config, webhooks::Create { agent, url, event }).await
        }
        Command::Domain(DomainCommand::Add { agent, name }) => domains::add(&config, &agent, &name).await,
        Command::Domain(DomainCommand::Remove { agent, name }) => domains::remove(&config, &agent, &name).await,
        Command::Domain(DomainCommand::List { agent }) => domains::list(&config, &agent).await,
        Command::Email(EmailCommand::Parse { files }) => emails::parse(&files),
        Command::Email(EmailCommand::Import { agent, files }) => emails::import(&config, &agent, &files).await,
        Command::Webhook(WebhookCommand::Listen { agent, on, event, after, count }) => {
            receiver::run(&config, receiver::Listen { agent, on, event, after, count }).await
        }
        Command::Leads(command) => leads::run(&config, command).await,
        Command::Listings(ListingsCommand::Import { agent, dry_run, file }) => {
            listings::import(&config, &agent, &file, dry_run).await
        }
        Command::Export { agent, dir } => export::run(&config, &agent, &dir).await,
        Command::Backup { file, without_key } => {
            let keys = if without_key { backup::Keys::LeftOut } else { backup::Keys::Included };
            backup::write(&config, &file, keys).await
        }
        Command::Restore { file } => backup::restore(&config, &file).await,
        Command::Migrate => migrate(&config).await,
        Command::Config => print(config.describe().trim_end()),
    }
}

async fn migrate(config: &Config) -> Result<(), String> {
    let crm = storage::open(config).await?;
    crm.database().close().await;
    print("up to date")
}

/// The agent of a slug.
async fn agent_of(crm: &Crm, slug: &str) -> Result<AgentId, String> {
    match crm::agents::get_by_slug(crm, slug).await {
        Ok(agent) => Ok(agent.id),
        Err(crm::Error::NotFound) => Err(format!("there is no agent {slug:?}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Prints a result line.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn print(text: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{text}").map_err(|error| format!("stdout: {error}"))
}
