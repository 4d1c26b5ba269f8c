//! `organicagent domain …`

use crm::{
    Crm, agents,
    domains::{self, Domain},
};

use super::print;
use crate::{config::Config, hosts, storage};

/// Adds a domain and prints it as it goes over the wire.
pub(super) async fn add(config: &Config, agent: &str, name: &str) -> Result<(), String> {
    let crm = storage::open(config).await?;
    let own_host = config.public_url.as_deref().and_then(hosts::of_public_url);
    let added = domains::add(&crm, find(&crm, agent).await?, name, own_host.as_deref()).await;
    crm.database().close().await;
    print(&added.map_err(|error| error.to_string())?)
}

/// Removes one.
pub(super) async fn remove(config: &Config, agent: &str, name: &str) -> Result<(), String> {
    let crm = storage::open(config).await?;
    let name = domains::parse(name, None).map_err(|error| error.to_string())?;
    let removed = domains::remove(&crm, find(&crm, agent).await?, &name).await;
    crm.database().close().await;
    removed.map_err(|error| match error {
        crm::Error::NotFound => format!("{agent} has no domain {name}"),
        other => other.to_string(),
    })
}

/// Prints an agent's domains, one a line, with how each stands.
pub(super) async fn list(config: &Config, agent: &str) -> Result<(), String> {
    let crm = storage::open(config).await?;
    let listed = domains::list(&crm, find(&crm, agent).await?).await;
    crm.database().close().await;
    listed.map_err(|error| error.to_string())?.iter().try_for_each(|domain| print(&line(domain)))
}

fn line(domain: &Domain) -> String {
    let state = match (&domain.verified_at, &domain.failure) {
        (Some(_), _) => String::from("leads here"),
        (None, Some(failure)) => format!("does not lead here: {failure}"),
        (None, None) => String::from("not looked at yet"),
    };
    let certificate = match &domain.certificate {
        None => "",
        Some(certificate) if certificate.expires_at.is_some() => ", has a certificate",
        Some(_) => ", waits for a certificate",
    };
    format!("{}\t{state}{certificate}", domain.name)
}

async fn find(crm: &Crm, slug: &str) -> Result<crm::AgentId, String> {
    match agents::get_by_slug(crm, slug).await {
        Ok(agent) => Ok(agent.id),
        Err(crm::Error::NotFound) => Err(format!("there is no agent {slug:?}")),
        Err(error) => Err(error.to_string()),
    }
}
