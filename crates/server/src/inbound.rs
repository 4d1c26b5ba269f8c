//! Mail that comes in: the listener beside that of HTTP.

use std::{future::Future, sync::Arc};

use crm::Crm;
use mail::receiving::{self, Limits, Receiver, SenderChecks};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    tls::{self, certificates::Certificates},
};

/// Binds the listener, where one is set.
///
/// # Errors
/// A sentence for the operator.
pub async fn bind(config: &Config) -> Result<Option<TcpListener>, String> {
    let Some(address) = config.smtp_listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    listener.map(Some).map_err(|error| format!("ORGANICAGENT_SMTP_LISTEN: {address}: {error}"))
}

/// Takes mail until `stopping`.
pub fn run(
    listener: TcpListener,
    config: &Config,
    crm: &Crm,
    certificates: Option<&Arc<Certificates>>,
    stopping: CancellationToken,
) -> impl Future<Output = ()> + Send + use<> {
    let domain = config.inbound_domain.as_deref().unwrap_or_default();
    let mut receiver = Receiver::new(crm.clone(), domain, Limits::default());
    if let Some(certificates) = certificates {
        receiver = receiver.with_tls(tls::for_mail(Arc::clone(certificates)));
    }
    match SenderChecks::of_system(domain) {
        Ok(checks) => receiver = receiver.with_checker(Arc::new(checks)),
        Err(error) => tracing::warn!(error, "senders of mails are not checked: the system names no name server"),
    }
    receiving::run(listener, receiver, stopping)
}
