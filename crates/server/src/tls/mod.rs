//! TLS: the certificates that the server shows, by the name that a client asks for.
//!
//! - [`pem`]: the operator's own files, read again when they change.
//! - [`acme`]: certificates of a certificate authority, got and renewed by itself.
//! - [`certificates`]: which certificate a client gets.

pub mod acme;
pub mod certificates;
pub mod pem;

use std::sync::Arc;

use rustls::{ServerConfig, crypto::aws_lc_rs};

use self::certificates::Certificates;
use crate::http::{ACME_PROTOCOL, Tls};

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, with these certificates.
///
/// # Panics
/// Never: the cryptographic library knows TLS 1.2 and 1.3.
#[must_use]
pub fn with(certificates: Arc<Certificates>) -> Tls {
    let mut config = config(Arc::clone(&certificates));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), ACME_PROTOCOL.to_vec()];
    Tls { config: Arc::new(config), names: certificates }
}

/// The same for connections that begin in clear, and speak no HTTP: STARTTLS.
///
/// # Panics
/// As [`with`].
#[must_use]
pub fn for_mail(certificates: Arc<Certificates>) -> Arc<ServerConfig> {
    Arc::new(config(certificates))
}

fn config(certificates: Arc<Certificates>) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_cert_resolver(certificates)
}
