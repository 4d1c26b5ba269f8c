//! The listener: who may connect, and the graceful stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use crm::{Crm, inbox::Trust};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Checker, Envelope, Limits, Protocol, places::Places, talk};

/// After a failed accept: the wait.
const BACKOFF: Duration = Duration::from_millis(100);

/// What takes mail.
pub struct Receiver {
    pub(super) crm: Crm,
    pub(super) host: String,
    pub(super) domain: String,
    pub(super) limits: Limits,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) room: Arc<Semaphore>,
    pub(super) places: Places,
    checker: Option<Arc<dyn Checker>>,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Receiver").field("domain", &self.domain).finish_non_exhaustive()
    }
}

impl Receiver {
    /// One for a domain, within limits.
    #[must_use]
    pub fn new(crm: Crm, domain: &str, limits: Limits) -> Self {
        let room = Arc::new(Semaphore::new(Self::pieces(limits.large_mail_bytes)));
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        Self { crm, host: domain.clone(), domain, limits, tls: None, room, places: Places::default(), checker: None }
    }

    /// The same, offering STARTTLS.
    #[must_use]
    pub fn with_tls(mut self, tls: Arc<ServerConfig>) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The same, looking at who sent a mail.
    #[must_use]
    pub fn with_checker(mut self, checker: Arc<dyn Checker>) -> Self {
        self.checker = Some(checker);
        self
    }

    /// What there is to say of a mail's sender, soon.
    pub(super) async fn check(&self, envelope: &Envelope, raw: &[u8]) -> Option<Trust> {
        let checker = self.checker.as_ref()?;
        timeout(self.limits.check, checker.check(envelope, raw)).await.ok().flatten()
    }

    /// The lines that a server puts on top of a mail (RFC 5321, section 4.4).
    pub(super) fn trace(&self, envelope: &Envelope) -> String {
        let Envelope { peer, greeting, sender, protocol, is_encrypted } = envelope;
        let by = match (protocol, is_encrypted) {
            (Protocol::Smtp, false) => "ESMTP",
            (Protocol::Smtp, true) => "ESMTPS",
            (Protocol::Lmtp, false) => "LMTP",
            (Protocol::Lmtp, true) => "LMTPS",
        };
        let now = Timestamp::from_millisecond(self.crm.clock().now().0).unwrap_or(Timestamp::UNIX_EPOCH);
        let date = DateTimePrinter::new().timestamp_to_string(&now).unwrap_or_default();
        format!(
            "Return-Path: <{sender}>\r\nReceived: from {greeting} ([{peer}])\r\n by {} with {by}; {date}\r\n",
            self.host
        )
    }
}

/// Takes mail until `stopping`: then nobody new is heard, who says nothing is sent away, and what is under way ends within
/// [`Limits::stop`].
pub async fn run(listener: TcpListener, receiver: Receiver, stopping: CancellationToken) {
    let receiver = Arc::new(receiver);
    let (tasks, cut) = (TaskTracker::new(), CancellationToken::new());
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => welcome(&tasks, &receiver, stream, peer, &stopping, &cut),
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "accepting mail connections failed; trying again");
                tokio::select! {
                    () = stopping.cancelled() => break,
                    () = sleep(BACKOFF) => {}
                }
            }
        }
    }
    drop(listener);
    tasks.close();
    if timeout(receiver.limits.stop, tasks.wait()).await.is_err() {
        tracing::warn!("mails that are still on their way are cut off: their senders send them again");
        cut.cancel();
        tasks.wait().await;
    }
}

fn welcome(
    tasks: &TaskTracker,
    receiver: &Arc<Receiver>,
    stream: TcpStream,
    peer: SocketAddr,
    stopping: &CancellationToken,
    cut: &CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let Some(place) = receiver.places.take(peer.ip(), &receiver.limits) else {
        // Said at once or not at all: who is one too many is not waited for.
        let _ = stream.try_write(b"421 4.7.0 Too many connections\r\n");
        return;
    };
    let (receiver, stopping, cut) = (Arc::clone(receiver), stopping.clone(), cut.clone());
    tasks.spawn(async move {
        let _place = place;
        tokio::select! {
            () = cut.cancelled() => {}
            () = talk::talk(receiver, stream, peer.ip().to_canonical(), stopping) => {}
        }
    });
}

/// Whether the failure concerns the connection that was to be accepted, not the listener.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
