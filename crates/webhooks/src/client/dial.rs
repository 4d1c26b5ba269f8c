//! New connections: addresses, TCP, TLS.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsConnector;
use url::Host;

use super::{Failure, Phase, Progress, connections::Connection, server_name};
use crate::{
    guard::{Guard, Origin, Scheme, Target},
    resolver::Resolver,
};

/// After which the next address is tried beside the ones before (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// How many addresses of a name are tried at most.
const ADDRESSES: usize = 8;

/// Opens connections.
pub(super) struct Dialer {
    resolver: Resolver,
    tls: TlsConnector,
    patience: Duration,
}

/// The certificates that the system trusts, private authorities among them; the bundled ones where the system has none.
#[must_use]
pub fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!("the system has no trusted certificates; webhooks use the bundled ones");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

impl Dialer {
    pub(super) fn new(resolver: Resolver, roots: RootCertStore, patience: Duration) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3");
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { resolver, tls: TlsConnector::from(Arc::new(config)), patience }
    }

    /// Opens a connection to the target, to an address that the guard lets it have.
    pub(super) async fn dial(
        &self,
        target: &Target,
        guard: &Guard,
        progress: &Progress,
    ) -> Result<Connection, Failure> {
        let addresses = self.addresses(target, guard, progress).await?;
        progress.enter(Phase::Connect);
        let opened = timeout(self.patience, self.open(target, &addresses, progress)).await;
        opened.unwrap_or_else(|_| Err(progress.give_up(self.patience)))
    }

    async fn addresses(&self, target: &Target, guard: &Guard, progress: &Progress) -> Result<Vec<IpAddr>, Failure> {
        let literal = match &target.host {
            Host::Domain(name) => {
                progress.enter(Phase::Name);
                let found = self.resolver.resolve(name, target, guard).await;
                return found.map(|found| interleaved(&found)).map_err(|cause| progress.fail(cause));
            }
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address),
        };
        progress.enter(Phase::Connect);
        guard.check_address(literal, target, Origin::Literal).map_err(|refused| progress.fail(refused.to_string()))?;
        Ok(vec![literal])
    }

    async fn open(&self, target: &Target, addresses: &[IpAddr], progress: &Progress) -> Result<Connection, Failure> {
        let connected = connect(addresses, target.port).await;
        let stream = connected.map_err(|cause| progress.fail(describe(&cause)))?;
        // A request is written at once, so nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        let opened = match target.scheme {
            Scheme::Http => Connection::open(stream).await,
            Scheme::Https => {
                progress.enter(Phase::Tls);
                let name = server_name(&target.host).map_err(|cause| progress.fail(cause))?;
                let handshake = self.tls.connect(name, stream).await;
                Connection::open(handshake.map_err(|cause| progress.fail(describe(&cause)))?).await
            }
        };
        opened.map_err(|cause| progress.fail(cause.to_string()))
    }
}

/// IPv6 and IPv4 in turn, beginning with the family that the resolver puts first: one of them may lead nowhere.
fn interleaved(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let is_first = |address: &&IpAddr| address.is_ipv6() == addresses[0].is_ipv6();
    let mut first = addresses.iter().filter(is_first);
    let mut second = addresses.iter().filter(|address| !is_first(address));
    let mut ordered = Vec::with_capacity(addresses.len());
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            ordered.truncate(ADDRESSES);
            return ordered;
        }
        ordered.extend(pair.into_iter().flatten());
    }
}

/// The first connection that stands, trying each address a little after the one before, or at once when that one failed.
async fn connect(addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter();
    let mut racing = JoinSet::new();
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        let next = waiting.next();
        if let Some(address) = next {
            racing.spawn(TcpStream::connect(SocketAddr::new(*address, port)));
        }
        let pause = async {
            match waiting.len() {
                0 => std::future::pending().await,
                _ => sleep(STAGGER).await,
            }
        };
        tokio::select! {
            joined = racing.join_next() => match joined {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(cause))) => failed = cause,
                Some(Err(_)) => {}
                None => return Err(failed),
            },
            () = pause => {}
        }
    }
}

/// Words for an error of a stream or of TLS.
pub(super) fn describe(cause: &io::Error) -> String {
    let tls = cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(cause) = tls {
        return describe_tls(cause);
    }
    match cause.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "the receiver broke the connection".to_owned(),
        io::ErrorKind::UnexpectedEof => "the receiver closed the connection".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no way to the address".to_owned()
        }
        _ => cause.to_string(),
    }
}

fn describe_tls(cause: &rustls::Error) -> String {
    use rustls::{AlertDescription, Error, InvalidMessage};
    match cause {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the receiver does not speak TLS at this port".to_owned()
        }
        Error::PeerIncompatible(_) | Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            format!("the receiver speaks no TLS 1.2 or 1.3 that is safe ({cause})")
        }
        _ => cause.to_string(),
    }
}
