//! One attempt over HTTP/1.1: a connection to an address that was judged, the request, and what came back, in words.
//!
//! This stands on hyper's connections rather than on a whole client because an attempt has to tell in which phase it failed,
//! because each new connection, to a name or to a literal, has to pass the guard, and because header names go out as they are
//! written. Nothing else is here: no proxy, no redirects, no cookies, no decompression (so no bombs), no HTTP/2.

mod connections;
mod dial;
mod spelling;
#[cfg(test)]
mod tests;

use std::{
    error::Error as _,
    io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use crm::clock::{Clock, UnixMillis};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use rustls::RootCertStore;
use tokio::time::timeout;
use url::Host;

use self::{
    connections::{Connection, Key, Pool},
    dial::Dialer,
    spelling::Spellings,
};
use crate::{
    guard::{Guard, Scheme, Target},
    resolver::{Lookup, Resolver},
    retries::parse_retry_after,
    rotation::is_success,
};

pub use self::dial::system_roots;

/// How much of an answer's body is read at most.
const READ: usize = 64 * 1024;
/// How much of it is kept.
const KEPT: usize = 1024;

/// How long an attempt and its parts may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the addresses of a name.
    pub name: Duration,
    /// For a connection, with TLS.
    pub connect: Duration,
    /// For all of an attempt.
    pub whole: Duration,
    /// After which an unused connection is closed: before the receiver does, and Node's servers do after 5 seconds.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            name: Duration::from_secs(3),
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(15),
            idle: Duration::from_secs(4),
        }
    }
}

/// What an attempt sends.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The webhook's URL.
    pub url: &'a str,
    /// Names as they are to be written, with their values.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: Bytes,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: UnixMillis,
    /// How long it took.
    pub duration: Duration,
    /// The status it was answered with.
    pub status: Option<u16>,
    /// The first bytes of the answer's body.
    pub response: Vec<u8>,
    /// Why it failed: the phase and what happened there. None for a 2xx.
    pub error: Option<String>,
    /// What the receiver asked to wait, a day at most.
    pub retry_after: Option<Duration>,
}

impl Attempt {
    /// Whether the delivery has arrived.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(is_success)
    }
}

/// The client for all webhooks of a server.
pub struct Client {
    guard: Guard,
    clock: Arc<dyn Clock>,
    limits: Limits,
    dialer: Dialer,
    pool: Pool,
    spellings: Spellings,
}

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Name,
    Connect,
    Tls,
    Sending,
    Waiting,
    Reading,
}

/// The phase an attempt is in, told by whoever works on it, so that whoever loses patience can name it.
#[derive(Debug, Default)]
struct Progress(AtomicU8);

/// Why an attempt has no answer.
#[derive(Debug)]
struct Failure {
    phase: Phase,
    cause: String,
}

/// The parts of an answer that come before its body.
struct Head {
    status: StatusCode,
    retry_after: Option<Duration>,
}

impl Client {
    /// A client under the rules of `guard`, which trusts `roots`.
    ///
    /// # Panics
    /// Never: the cryptographic library knows TLS 1.2 and 1.3.
    #[must_use]
    pub fn new(
        guard: Guard,
        lookup: Arc<dyn Lookup>,
        roots: RootCertStore,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Self {
        let dialer = Dialer::new(Resolver::new(lookup, limits.name), roots, limits.connect);
        let pool = Pool::new(Arc::clone(&clock), limits.idle);
        Self { guard, clock, limits, dialer, pool, spellings: Spellings::default() }
    }

    /// Sends the request once and says what came of it, within [`Limits::whole`].
    pub async fn attempt(&self, request: &Request<'_>) -> Attempt {
        let (at, start) = (self.clock.now(), self.clock.monotonic());
        let left = || self.limits.whole.saturating_sub(self.clock.monotonic().saturating_sub(start));
        let progress = Progress::default();
        let mut attempt = Attempt {
            at,
            duration: Duration::ZERO,
            status: None,
            response: Vec::new(),
            error: None,
            retry_after: None,
        };

        let exchange = timeout(self.limits.whole, self.exchange(request, &progress)).await;
        let exchange = exchange.unwrap_or_else(|_| Err(progress.give_up(self.limits.whole)));
        match exchange {
            Err(failure) => attempt.error = Some(failure.to_string()),
            // The status is told with the whole head: hyper keeps a part of one to itself.
            Ok((target, connection, answer)) => {
                // From here on it is decided: a body that drips or never ends changes nothing.
                let head = self.head(&answer);
                attempt.status = Some(head.status.as_u16());
                attempt.retry_after = head.retry_after;
                attempt.error = (!head.status.is_success()).then(|| refusal(head.status));
                let is_whole = timeout(left(), read(answer.into_body(), &mut attempt.response)).await;
                if is_whole == Ok(true) {
                    self.pool.put(Key::of(&target), connection, left()).await;
                }
            }
        }
        attempt.duration = self.clock.monotonic().saturating_sub(start);
        attempt
    }

    /// Until the head of the answer is there.
    async fn exchange(
        &self,
        request: &Request<'_>,
        progress: &Progress,
    ) -> Result<(Target, Connection, Response<Incoming>), Failure> {
        progress.enter(Phase::Name);
        let target = self.guard.target(request.url).map_err(|sentence| progress.fail(sentence))?;
        let fields = fields(request, &target).map_err(|cause| Failure { phase: Phase::Sending, cause })?;
        let spelled = self.spellings.of(&fields).await;
        let message = || {
            let mut message = http::Request::new(Full::new(request.body.clone()));
            *message.method_mut() = Method::POST;
            *message.uri_mut() = target.path.parse().map_err(|_| "the URL's path cannot be sent".to_owned())?;
            message.headers_mut().extend(fields.iter().map(|(name, _, value)| (name.clone(), value.clone())));
            *message.extensions_mut() = spelled.clone();
            Ok(message)
        };
        let message = || message().map_err(|cause| Failure { phase: Phase::Sending, cause });

        if let Some(mut connection) = self.pool.take(&Key::of(&target)) {
            match connection.send(message()?, progress).await {
                // Some servers say 408 into an idle connection before they close it (RFC 9110, section 15.5.9).
                Ok(answer) if answer.status() != StatusCode::REQUEST_TIMEOUT => {
                    return Ok((target, connection, answer));
                }
                Ok(_) => {}
                // The receiver closed it just then. As it said nothing, the request counts as not taken, and sending it again
                // is part of this attempt, once and on a connection of its own.
                Err(_) if !connection.wire.has_heard() => {}
                Err(cause) => return Err(connection.failure(&cause)),
            }
        }
        let mut connection = self.dialer.dial(&target, &self.guard, progress).await?;
        match connection.send(message()?, progress).await {
            Ok(answer) => Ok((target, connection, answer)),
            Err(cause) => Err(connection.failure(&cause)),
        }
    }

    fn head(&self, answer: &Response<Incoming>) -> Head {
        let retry_after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| parse_retry_after(value, self.clock.now()));
        Head { status: answer.status(), retry_after }
    }
}

/// The header fields of a request: name, its spelling, value.
fn fields(request: &Request<'_>, target: &Target) -> Result<Vec<(HeaderName, String, HeaderValue)>, String> {
    let authority = match (target.scheme, target.port) {
        (Scheme::Http, 80) | (Scheme::Https, 443) => target.host.to_string(),
        (_, port) => format!("{}:{port}", target.host),
    };
    let own = [("Host".to_owned(), authority), ("Content-Length".to_owned(), request.body.len().to_string())];
    let all = own.iter().chain(request.headers);
    let field = |(name, value): &(String, String)| {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        let (parsed, value) = parsed.ok_or_else(|| format!("the header {name} cannot be sent"))?;
        Ok((parsed, name.clone(), value))
    };
    all.map(field).collect()
}

/// Reads a body up to the limit and keeps its beginning; whether it ended.
async fn read(mut body: Incoming, kept: &mut Vec<u8>) -> bool {
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let Some(data) = frame.data_ref() else { continue };
        let wanted = KEPT.saturating_sub(kept.len()).min(data.len());
        kept.extend_from_slice(&data[..wanted]);
        read += data.len();
        if read > READ {
            return false;
        }
    }
    true
}

fn refusal(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("no status of HTTP");
    match status.is_redirection() {
        true => format!("status: {} {reason}, and redirects are not followed", status.as_u16()),
        false => format!("status: {} {reason}", status.as_u16()),
    }
}

/// Words for what went wrong on a connection after it was opened.
fn describe(cause: &hyper::Error) -> String {
    if cause.is_parse_too_large() {
        return "the answer's head is too large".to_owned();
    }
    if cause.is_parse() {
        return "the answer is not HTTP/1.1".to_owned();
    }
    if cause.is_incomplete_message() || cause.is_canceled() || cause.is_closed() {
        return "the receiver closed the connection".to_owned();
    }
    let io = cause.source().and_then(|source| source.downcast_ref::<io::Error>());
    io.map_or_else(|| cause.to_string(), dial::describe)
}

impl Progress {
    fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    fn phase(&self) -> Phase {
        const PHASES: [Phase; 6] =
            [Phase::Name, Phase::Connect, Phase::Tls, Phase::Sending, Phase::Waiting, Phase::Reading];
        PHASES[usize::from(self.0.load(Ordering::Relaxed)) % PHASES.len()]
    }

    fn fail(&self, cause: impl Into<String>) -> Failure {
        Failure { phase: self.phase(), cause: cause.into() }
    }

    fn give_up(&self, after: Duration) -> Failure {
        let seconds = after.as_secs_f32();
        self.fail(match self.phase() {
            Phase::Name => format!("no address within {seconds} s"),
            Phase::Connect => format!("no connection within {seconds} s"),
            Phase::Tls => format!("the handshake was not over within {seconds} s"),
            Phase::Sending => format!("the request was not taken within {seconds} s"),
            Phase::Waiting => format!("no answer within {seconds} s"),
            Phase::Reading => format!("the answer's head was not complete within {seconds} s"),
        })
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let phase = match self.phase {
            Phase::Name => "name",
            Phase::Connect => "connect",
            Phase::Tls => "TLS",
            Phase::Sending => "sending",
            Phase::Waiting => "waiting",
            Phase::Reading => "reading",
        };
        write!(out, "{phase}: {}", self.cause)
    }
}

/// The name that a certificate must be for.
fn server_name(host: &Host) -> Result<rustls::pki_types::ServerName<'static>, String> {
    match host {
        Host::Ipv4(address) => Ok(std::net::IpAddr::V4(*address).into()),
        Host::Ipv6(address) => Ok(std::net::IpAddr::V6(*address).into()),
        Host::Domain(name) => name.clone().try_into().map_err(|_| "no certificate can be for this name".to_owned()),
    }
}
