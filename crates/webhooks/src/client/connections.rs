//! Open connections, in use and idle.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use crm::clock::Clock;
use http::Response;
use http_body_util::Full;
use hyper::{
    Request,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::JoinHandle,
    time::{sleep, timeout},
};
use url::Host;

use super::{Failure, Phase, Progress, describe};
use crate::guard::{Scheme, Target};

/// More header fields than any receiver that means well sends.
const MAX_FIELDS: usize = 512;
/// And as many bytes of them.
const MAX_HEAD: usize = 128 * 1024;

/// What passes over a connection, as far as an attempt has to know.
#[derive(Debug, Default)]
pub(super) struct Wire {
    is_sent: AtomicBool,
    has_heard: AtomicBool,
}

impl Wire {
    /// Whether the receiver has said anything since the request began.
    pub(super) fn has_heard(&self) -> bool {
        self.has_heard.load(Ordering::Relaxed)
    }

    fn phase(&self) -> Phase {
        match (self.is_sent.load(Ordering::Relaxed), self.has_heard()) {
            (_, true) => Phase::Reading,
            (true, false) => Phase::Waiting,
            (false, false) => Phase::Sending,
        }
    }
}

/// A stream that tells its [`Wire`] what passes.
struct Tapped<S> {
    stream: S,
    wire: Arc<Wire>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Tapped<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.wire.has_heard.store(true, Ordering::Relaxed);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tapped<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wire.is_sent.store(false, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        if polled.is_ready() {
            self.wire.is_sent.store(true, Ordering::Relaxed);
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A connection to a receiver. Dropping it closes it.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    pub(super) wire: Arc<Wire>,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Speaks HTTP/1.1 over an open stream.
    pub(super) async fn open<S>(stream: S) -> Result<Self, hyper::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let wire = Arc::new(Wire::default());
        let tapped = Tapped { stream, wire: Arc::clone(&wire) };
        let mut builder = http1::Builder::new();
        builder.max_headers(MAX_FIELDS).max_buf_size(MAX_HEAD);
        let (sender, connection) = builder.handshake(TokioIo::new(tapped)).await?;
        let driver = tokio::spawn(async move {
            // What goes wrong reaches whoever sends.
            let _ = connection.await;
        });
        Ok(Self { sender, wire, driver })
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        progress: &Progress,
    ) -> Result<Response<Incoming>, hyper::Error> {
        self.wire.is_sent.store(false, Ordering::Relaxed);
        self.wire.has_heard.store(false, Ordering::Relaxed);
        let watched = Watched { wire: &self.wire, progress };
        progress.enter(Phase::Sending);
        let answer = self.sender.send_request(request).await;
        drop(watched);
        answer
    }

    /// Words for an error of [`Connection::send`].
    pub(super) fn failure(&self, cause: &hyper::Error) -> Failure {
        Failure { phase: self.wire.phase(), cause: describe(cause) }
    }
}

/// Tells the attempt the phase of the wire when a request ends, be it because its time is over.
struct Watched<'a> {
    wire: &'a Wire,
    progress: &'a Progress,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.progress.enter(self.wire.phase());
    }
}

/// What connections have in common that are as good as each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key(Scheme, Host, u16);

impl Key {
    pub(super) fn of(target: &Target) -> Self {
        Self(target.scheme, target.host.clone(), target.port)
    }
}

type Idle = HashMap<Key, Vec<(Duration, Connection)>>;

/// Connections that wait for their next request, each for a few seconds.
pub(super) struct Pool {
    clock: Arc<dyn Clock>,
    patience: Duration,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    idle: Idle,
    is_swept: bool,
}

impl Pool {
    pub(super) fn new(clock: Arc<dyn Clock>, patience: Duration) -> Self {
        Self { clock, patience, shared: Arc::default() }
    }

    /// The connection that was used last, if one is still open.
    pub(super) fn take(&self, key: &Key) -> Option<Connection> {
        let now = self.clock.monotonic();
        let mut shared = self.shared.lock().expect("no panic while it is held");
        let idle = shared.idle.get_mut(key)?;
        while let Some((since, connection)) = idle.pop() {
            if now.saturating_sub(since) < self.patience && connection.sender.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection whose answer was read to its end, unless the receiver closes it.
    pub(super) async fn put(&self, key: Key, mut connection: Connection, wait: Duration) {
        if !matches!(timeout(wait, connection.sender.ready()).await, Ok(Ok(()))) {
            return;
        }
        let mut shared = self.shared.lock().expect("no panic while it is held");
        shared.idle.entry(key).or_default().push((self.clock.monotonic(), connection));
        if !shared.is_swept {
            shared.is_swept = true;
            tokio::spawn(sweep(Arc::downgrade(&self.shared), Arc::clone(&self.clock), self.patience));
        }
    }

    /// How many connections are idle.
    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.shared.lock().unwrap().idle.values().map(Vec::len).sum()
    }
}

/// Closes what has waited too long, until nothing waits.
async fn sweep(shared: Weak<Mutex<Shared>>, clock: Arc<dyn Clock>, patience: Duration) {
    loop {
        sleep(patience / 4).await;
        let Some(shared) = shared.upgrade() else { return };
        let now = clock.monotonic();
        let mut shared = shared.lock().expect("no panic while it is held");
        shared.idle.retain(|_, idle| {
            idle.retain(|(since, connection)| now.saturating_sub(*since) < patience && !connection.sender.is_closed());
            !idle.is_empty()
        });
        if shared.idle.is_empty() {
            shared.is_swept = false;
            return;
        }
    }
}
