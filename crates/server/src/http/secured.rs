//! TLS in front of a connection: the handshake, within its time; and whoever speaks plain HTTP at the same port.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tower::Service;

use super::bodies::RequestBody;
use super::connection::serve_connection;
use super::exchanges::House;
use super::seats::Seat;

/// The first byte of a TLS record that holds a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// The protocol of a certificate authority that looks whether a name leads here (RFC 8737): the handshake is all of it.
pub const ACME_PROTOCOL: &[u8] = b"acme-tls/1";

/// Knows the certificates of names; asked before a handshake goes on, since they may have to be fetched.
pub trait Names: Send + Sync {
    /// Has the certificate of a name at hand (that of the server where the client asks for none), or what is shown to a certificate
    /// authority that looks whether the name leads here.
    fn prepare<'a>(
        &'a self,
        name: Option<&'a str>,
        is_challenge: bool,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// TLS as a listener speaks it.
#[derive(Clone)]
pub struct Tls {
    /// With a resolver of certificates that finds what `names` has prepared.
    pub config: Arc<ServerConfig>,
    /// The names.
    pub names: Arc<dyn Names>,
}

/// What a connection meets first where TLS is on.
pub(super) struct Front<S> {
    pub(super) tls: Tls,
    /// What plain HTTP is answered by.
    pub(super) plain: Arc<House<S>>,
}

/// Serves a connection behind TLS, and one without it by the plain service.
pub(super) async fn serve_secured<S, B>(
    stream: TcpStream,
    peer: SocketAddr,
    seat: Seat,
    front: Arc<Front<S>>,
    house: Arc<House<S>>,
) where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut first = [0];
    let greeted = timeout(house.limits.idle_timeout, stream.peek(&mut first));
    let stopped = async {
        house.stop.cancelled().await;
        sleep(house.limits.stop_grace).await;
    };
    tokio::select! {
        greeted = greeted => {
            if !matches!(greeted, Ok(Ok(1..))) {
                return;
            }
        }
        () = stopped => return,
    }
    if first[0] != HANDSHAKE {
        return Box::pin(serve_connection(stream, peer, seat, front.plain.clone())).await;
    }
    let shaken = timeout(house.limits.head_timeout, shake(&front.tls, stream)).await;
    let stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "no TLS"),
        Err(_) => return tracing::debug!("a TLS handshake took too long"),
    };
    if is_acme(&stream) {
        return farewell(stream).await;
    }
    Box::pin(serve_connection(stream, peer, seat, house)).await;
}

/// The handshake: the hello first, then what it asks for, then the rest.
async fn shake(tls: &Tls, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let (name, is_challenge) = {
        let hello = start.client_hello();
        (hello.server_name().map(str::to_owned), is_challenge(&hello))
    };
    tls.names.prepare(name.as_deref(), is_challenge).await;
    start.into_stream(tls.config.clone()).await
}

/// Whether whoever says this hello is a certificate authority that looks: it offers that protocol, and no other.
pub(crate) fn is_challenge(hello: &ClientHello<'_>) -> bool {
    let mut offered = hello.alpn().into_iter().flatten();
    offered.next() == Some(ACME_PROTOCOL) && offered.next().is_none()
}

fn is_acme(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(ACME_PROTOCOL)
}

/// Ends a connection of which the handshake was all.
async fn farewell(mut stream: TlsStream<TcpStream>) {
    if let Err(error) = stream.shutdown().await {
        tracing::debug!(%error, "a certificate authority hung up");
    }
}
