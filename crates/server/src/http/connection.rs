//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body::Body;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};
use tower::Service;

use super::bodies::RequestBody;
use super::exchanges::{House, answer_http1, answer_http2};
use super::frames::{FrameGuard, PREFACE};
use super::guard::{Guard, Start};
use super::seats::Seat;
use super::sockets::Socket;
use super::streams::Streams;

/// What is read to tell the protocol.
const FIRST_READ_BYTES: usize = 2 * 1024;
/// Bytes that an HTTP/1 connection reads ahead of who uses them.
const READ_AHEAD_BYTES: usize = 64 * 1024;
/// h2's own bound on a header list. Up to here an oversized one is refused by us, with a request id; beyond, h2 words
/// the 431, and past four times this it ends the connection.
const H2_HEADER_LISTS: usize = 4;
/// Streams a client may make us reset by its errors before the connection ends (CVE-2025-8671).
const H2_ERROR_RESETS: usize = 64;
/// Streams a client may open and reset before they were looked at (CVE-2023-44487); h2's default, said here.
const H2_PENDING_RESETS: usize = 20;
const H2_PING_INTERVAL: Duration = Duration::from_secs(10);
const H2_PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an HTTP/2 peer may take to agree to a GOAWAY.
const H2_GOODBYE: Duration = Duration::from_secs(2);

/// Serves a connection until it ends, speaking the protocol that its first bytes ask for.
pub(super) async fn serve_connection<IO, S, B>(mut io: IO, peer: SocketAddr, seat: Seat, house: Arc<House<S>>)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let grace = async {
        house.stop.cancelled().await;
        sleep(house.limits.stop_grace).await;
    };
    let first = tokio::select! {
        first = read_first(&mut io, &house) => first,
        () = grace => return,
    };
    let Some(first) = first else {
        return;
    };
    let socket = Socket::new(io, house.limits.write_timeout);
    match first.protocol {
        Protocol::Http1 => {
            let (limits, stop) = (house.limits.clone(), house.stop.clone());
            let guard = Guard::new(socket, first.bytes, first.begun_at, first.start, stop, limits, seat);
            serve_http1(guard, peer, house).await;
        }
        Protocol::Http2 => {
            let streams = Streams::new(seat);
            let guard = FrameGuard::new(socket, first.bytes, streams.clone());
            serve_http2(guard, peer, streams, house).await;
        }
    }
}

enum Protocol {
    Http1,
    Http2,
}

/// What a connection begins with.
struct First {
    protocol: Protocol,
    bytes: BytesMut,
    /// When the first byte came.
    begun_at: Instant,
    start: Start,
}

/// Reads until the protocol is clear. `None`: nothing came. A client that stops within the preface is taken for one of
/// HTTP/1, whose guard refuses it.
async fn read_first<IO, S>(io: &mut IO, house: &House<S>) -> Option<First>
where
    IO: AsyncRead + Unpin,
{
    let mut bytes = BytesMut::with_capacity(FIRST_READ_BYTES);
    let idle_until = Instant::now() + house.limits.idle_timeout;
    if !matches!(timeout_at(idle_until, io.read_buf(&mut bytes)).await, Ok(Ok(1..))) {
        return None;
    }
    let (begun_at, start) = (Instant::now(), Start::now(&house.stop));
    loop {
        let compared = bytes.len().min(PREFACE.len());
        let protocol = match bytes[..compared] == PREFACE[..compared] {
            true if compared < PREFACE.len() => {
                let due = begun_at + house.limits.head_timeout;
                match timeout_at(due, io.read_buf(&mut bytes)).await {
                    Ok(Ok(1..)) => continue,
                    _ => Protocol::Http1,
                }
            }
            true => Protocol::Http2,
            false => Protocol::Http1,
        };
        return Some(First { protocol, bytes, begun_at, start });
    }
}

async fn serve_http1<IO, S, B>(guard: Guard<IO>, peer: SocketAddr, house: Arc<House<S>>)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let exchange = guard.exchange();
    let stop = house.stop.clone();
    let service = {
        let exchange = exchange.clone();
        service_fn(move |request| answer_http1(request, house.clone(), peer, exchange.clone()))
    };
    let connection = http1::Builder::new()
        // A client may end its side and still read its answer; the guard tells hyper when a request breaks off.
        .half_close(true)
        .header_read_timeout(None)
        // More than a head may have. What is read ahead of who uses it is held, for each connection.
        .max_buf_size(READ_AHEAD_BYTES)
        .serve_connection(TokioIo::new(guard), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            exchange.stop();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection broke");
    }
}

async fn serve_http2<IO, S, B>(guard: FrameGuard<IO>, peer: SocketAddr, streams: Arc<Streams>, house: Arc<House<S>>)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let limits = house.limits.clone();
    let stop = house.stop.clone();
    let service = {
        let streams = streams.clone();
        service_fn(move |request| answer_http2(request, house.clone(), peer, streams.clone()))
    };
    let header_list = u32::try_from(limits.header_bytes * H2_HEADER_LISTS).unwrap_or(u32::MAX);
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(header_list)
        .max_pending_accept_reset_streams(H2_PENDING_RESETS)
        .max_local_error_reset_streams(H2_ERROR_RESETS)
        .keep_alive_interval(H2_PING_INTERVAL)
        .keep_alive_timeout(H2_PING_TIMEOUT)
        .serve_connection(TokioIo::new(guard), service);
    let mut connection = pin!(connection);
    let mut tick = interval((limits.idle_timeout / 8).clamp(Duration::from_millis(10), Duration::from_secs(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut goodbye_at = None;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            () = stop.cancelled(), if goodbye_at.is_none() => {}
            _ = tick.tick() => {}
        }
        let now = Instant::now();
        let is_over = |since: Option<Instant>, bound| since.is_some_and(|since| now.duration_since(since) >= bound);
        if is_over(streams.unread_since(), limits.write_timeout) {
            return;
        }
        let is_idle = is_over(streams.idle_since(), limits.idle_timeout);
        if goodbye_at.is_none() && (is_idle || stop.is_cancelled()) {
            connection.as_mut().graceful_shutdown();
            goodbye_at = Some(now);
        }
        // Requests in flight are waited for; a peer that has none and does not agree is not.
        if is_over(goodbye_at, H2_GOODBYE) && is_over(streams.idle_since(), H2_GOODBYE) {
            return;
        }
    }
}
