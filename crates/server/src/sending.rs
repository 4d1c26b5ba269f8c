//! Webhooks in the server: where they may go, and the sender that runs beside the listener.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use crm::{Crm, webhooks::UrlRule};
use http::Uri;
use tokio_util::sync::CancellationToken;
use webhooks::{
    client::{Client, Limits, system_roots},
    dispatcher,
    guard::Guard,
    ipnet::IpNet,
    resolver::SystemLookup,
};

use crate::{config::Config, http::Network};

/// How long a sender that panicked rests.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// Whom a server sends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Whoever a webhook may name.
    Everyone,
    /// Only the ranges that the operator allows: the demo tells nobody about people who do not exist.
    AllowedOnly,
}

/// The rules for a server that listens on `address` and is known as `public_url`.
#[must_use]
pub fn guard(config: &Config, address: SocketAddr, public_url: Option<&str>, reach: Reach) -> Guard {
    let mut own = vec![(String::from("localhost"), address.port()), (address.ip().to_string(), address.port())];
    // A command does not know which port a server picks.
    own.retain(|(_, port)| *port != 0);
    if let Some(url) = public_url.and_then(|url| url.parse::<Uri>().ok())
        && let Some(host) = url.host()
    {
        let usual = if url.scheme_str() == Some("http") { 80 } else { 443 };
        own.push((host.to_owned(), url.port_u16().unwrap_or(usual)));
    }
    let allow = config.webhook_allow.iter().map(range).collect();
    let mut guard = Guard::new(allow, own);
    if address.ip().is_unspecified() && address.port() != 0 {
        guard = guard.listening_everywhere(address.port());
    }
    if reach == Reach::AllowedOnly { guard.allowed_only() } else { guard }
}

/// What the rules of a server that listens on `address` say of a URL when it is saved.
#[must_use]
pub fn url_rule(config: &Config, address: SocketAddr) -> UrlRule {
    let guard = guard(config, address, config.public_url.as_deref(), Reach::Everyone);
    UrlRule::new(move |url| guard.check_url(url))
}

/// The client of this server's webhooks.
#[must_use]
pub fn client(crm: &Crm, guard: Guard) -> Arc<Client> {
    let clock = crm.shared_clock();
    let lookup = Arc::new(SystemLookup::new(Arc::clone(&clock)));
    Arc::new(Client::new(guard, lookup, system_roots(), clock, Limits::default()))
}

/// Sends until `stopping`. Should the sender panic, it begins anew: what was under way is sent again.
pub async fn run(crm: Crm, client: Arc<Client>, stopping: CancellationToken) {
    loop {
        let sender = dispatcher::run(crm.clone(), Arc::clone(&client), stopping.clone().cancelled_owned());
        match tokio::spawn(sender).await {
            Ok(()) => return,
            Err(error) => tracing::error!(%error, "the sender of webhooks panicked and begins anew"),
        }
        tokio::time::sleep(AFTER_PANIC).await;
    }
}

/// A setting's range as the guard has it.
pub(crate) fn range(network: &Network) -> IpNet {
    let (address, prefix) = network.parts();
    IpNet::new(address, prefix).expect("a range's prefix is no longer than its address")
}
