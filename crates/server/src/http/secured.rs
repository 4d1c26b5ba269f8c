//! TLS in front of a connection: the handshake, within its time; and whoever speaks plain HTTP at the same port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
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

/// What a connection meets first where TLS is on.
pub(super) struct Front<S> {
    pub(super) acceptor: TlsAcceptor,
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
    let shaken = timeout(house.limits.head_timeout, front.acceptor.accept(stream)).await;
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

fn is_acme(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(ACME_PROTOCOL)
}

/// Ends a connection of which the handshake was all.
async fn farewell(mut stream: TlsStream<TcpStream>) {
    if let Err(error) = stream.shutdown().await {
        tracing::debug!(%error, "a certificate authority hung up");
    }
}
