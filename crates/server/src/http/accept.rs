//! The accept loop and the graceful stop.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::bodies::RequestBody;
use super::connection::serve_connection;
use super::exchanges::House;
use super::metering::Metering;
use super::seats::Seats;
use super::secured::{Front, Tls, serve_secured};
use super::{Edge, Limits};

/// After a failed accept: the first wait and the longest.
const BACKOFF: Duration = Duration::from_millis(10);
const BACKOFF_MAX: Duration = Duration::from_secs(1);
/// How often a full house, all of it being answered, is looked at again.
const ROOM_CHECK: Duration = Duration::from_millis(20);

/// Accepts connections and serves them until `shutdown`: then no more are accepted, idle ones are closed after
/// [`Limits::stop_grace`], within which a request is answered 503; requests in flight are finished for at most
/// [`Limits::stop_timeout`], and the rest is cut off.
///
/// The service finds the peer's `SocketAddr` and the [`RequestId`](super::RequestId) in the request's extensions.
/// A failing `accept` (too many open files) is tried again later; it ends nothing.
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    limits: Limits,
    edge: Arc<dyn Edge>,
    shutdown: CancellationToken,
) where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    serve_with(listener, None, service, limits, edge, shutdown).await;
}

/// The same over TLS (HTTP/2 where the client offers it). Whoever speaks plain HTTP at this port is answered by the service that
/// comes with it.
pub async fn serve_with<S, B>(
    listener: TcpListener,
    tls: Option<(Tls, S)>,
    service: S,
    limits: Limits,
    edge: Arc<dyn Edge>,
    shutdown: CancellationToken,
) where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let metering = Metering::new();
    let seats = Seats::new(metering.clone());
    let tasks = TaskTracker::new();
    let stop_timeout = limits.stop_timeout;
    let most = limits.connections;
    let limits = Arc::new(limits);
    let house_of =
        |service| Arc::new(House { service, limits: limits.clone(), edge: edge.clone(), stop: shutdown.clone() });
    let front = tls.map(|(tls, plain)| Arc::new(Front { tls, plain: house_of(plain) }));
    let house = house_of(service);
    let mut backoff = BACKOFF;
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &seats, most) => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                backoff = BACKOFF;
                let seat = seats.take();
                let number = seat.number();
                let task = match &front {
                    None => tasks.spawn(serve_connection(stream, peer, seat, house.clone())),
                    Some(front) => tasks.spawn(serve_secured(stream, peer, seat, front.clone(), house.clone())),
                };
                seats.settle(number, task.abort_handle());
            }
            Err(error) => {
                metering.accept_failures.increment(1);
                if is_about_one_connection(&error) {
                    continue;
                }
                tracing::warn!(%error, "accepting connections failed; trying again");
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    () = sleep(backoff) => {}
                }
                backoff = (backoff * 2).min(BACKOFF_MAX);
            }
        }
    }
    drop(listener);
    tasks.close();
    if timeout(stop_timeout, tasks.wait()).await.is_err() {
        tracing::warn!(connections = seats.count(), "requests still in flight are cut off");
        seats.abort_all();
        tasks.wait().await;
    }
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, seats: &Seats, most: usize) -> io::Result<(TcpStream, std::net::SocketAddr)> {
    let (stream, peer) = listener.accept().await?;
    while seats.count() >= most && seats.evict_longest_waiting().is_none() {
        sleep(ROOM_CHECK).await;
    }
    // Small answers must not wait for the peer's acknowledgements.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    Ok((stream, peer))
}

/// Whether the failure concerns the connection that was to be accepted, not the listener.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
