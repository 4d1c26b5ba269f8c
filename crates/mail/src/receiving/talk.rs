//! One connection: what comes goes through the session, mails go to the inbox, answers go back.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use crm::{
    AgentId, Error,
    inbox::{self, Incoming, Trust, Way},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{
    Envelope, Protocol, Receiver,
    framing::{self, Line, Mail, Progress, Verdict},
    session::{Reply, Session, Step},
};

/// Bytes that are read at once.
const READ: usize = 16 * 1024;
/// Bytes of a mail for which there is always room.
const SMALL: usize = 256 * 1024;
/// What is still read of a peer who is sent away, so that the answer reaches it.
const DRAINED: usize = 1024 * 1024;
const DRAIN: Duration = Duration::from_secs(2);

/// A stream in clear or over TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Why a talk ended without a word.
enum Gone {
    /// The peer, or the network.
    Peer,
    /// Nothing came for too long.
    Silent,
    /// The server stops.
    Stopping,
}

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Self {
        Self::Peer
    }
}

struct Talk {
    receiver: Arc<Receiver>,
    stream: Box<dyn Stream>,
    peer: IpAddr,
    session: Session,
    /// What has come and was not looked at.
    inbox: Vec<u8>,
    /// Answers that wait until nothing more is to be looked at (RFC 2920).
    outbox: Vec<u8>,
    is_skipping: bool,
    stopping: CancellationToken,
}

/// Talks until the peer goes, is sent away, or has stayed for too long.
pub(super) async fn talk(receiver: Arc<Receiver>, stream: TcpStream, peer: IpAddr, stopping: CancellationToken) {
    let session = Session::new(&receiver.host, &receiver.domain, &receiver.limits, receiver.tls.is_some());
    let longest = receiver.limits.session;
    let mut talk = Talk {
        receiver,
        stream: Box::new(stream),
        peer,
        session,
        inbox: Vec::new(),
        outbox: Vec::new(),
        is_skipping: false,
        stopping,
    };
    let ended = match timeout(longest, Box::pin(talk.run())).await {
        Ok(Ok(())) => return,
        Ok(Err(gone)) => gone,
        Err(_) => Gone::Silent,
    };
    let last = match ended {
        Gone::Peer => return,
        Gone::Silent => Reply::new(421, "4.4.2", "Nothing came for too long"),
        Gone::Stopping => Reply::new(421, "4.3.2", "The server stops"),
    };
    talk.answer(&last);
    let _ = timeout(DRAIN, talk.leave()).await;
}

impl Talk {
    async fn run(&mut self) -> Result<(), Gone> {
        let welcome = self.session.welcome();
        self.answer(&welcome);
        loop {
            let step = match self.line().await? {
                Line::Whole(line) => self.session.command(&line),
                _ => self.session.bad_line(),
            };
            let step = match step {
                Step::Find(token) => self.find(&token).await,
                step => step,
            };
            match step {
                Step::Reply(reply) => self.answer(&reply),
                Step::Take(reply) => {
                    self.answer(&reply);
                    if !Box::pin(self.take()).await? {
                        return self.leave().await;
                    }
                }
                Step::Encrypt(reply) => {
                    self.answer(&reply);
                    self.flush().await?;
                    self.encrypt().await?;
                }
                Step::Close(reply) => {
                    self.answer(&reply);
                    return self.leave().await;
                }
                Step::Find(_) => return Ok(()),
            }
        }
    }

    fn answer(&mut self, reply: &Reply) {
        self.outbox.extend_from_slice(reply.render().as_bytes());
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let (bytes, patience) = (std::mem::take(&mut self.outbox), self.receiver.patience());
        let written = timeout(patience, async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        });
        written.await.map_err(|_| Gone::Peer)?.map_err(Gone::from)
    }

    /// The next line; whole, or bad.
    async fn line(&mut self) -> Result<Line, Gone> {
        loop {
            let most = self.receiver.limits.command_bytes;
            match framing::take_line(&mut self.inbox, most, &mut self.is_skipping) {
                Line::Unfinished => {
                    // An overlong line is answered for before its end: who sends one may wait for that.
                    self.flush().await?;
                    self.read(Wait::Idle).await?;
                }
                line => return Ok(line),
            }
        }
    }

    /// Waits for more from the peer.
    async fn read(&mut self, wait: Wait) -> Result<(), Gone> {
        let patience = self.receiver.patience();
        self.inbox.reserve(READ);
        let reading = timeout(patience, self.stream.read_buf(&mut self.inbox));
        let read = match wait {
            Wait::Idle => tokio::select! {
                read = reading => read,
                () = self.stopping.cancelled() => return Err(Gone::Stopping),
            },
            // What is under way ends, for as long as the listener waits.
            Wait::Mail => reading.await,
        };
        match read.map_err(|_| Gone::Silent)?? {
            0 => Err(Gone::Peer),
            _ => Ok(()),
        }
    }

    async fn find(&mut self, token: &str) -> Step {
        match inbox::host_of(&self.receiver.crm, token).await {
            Ok(host) => self.session.found(host.map(|host| host.agent)),
            Err(error) => {
                tracing::warn!(%error, "a recipient could not be looked up");
                Step::Reply(Reply::new(451, "4.3.0", "Try again later"))
            }
        }
    }

    /// Takes a mail and answers for it. Whether the talk goes on.
    async fn take(&mut self) -> Result<bool, Gone> {
        let limits = &self.receiver.limits;
        let mut mail = Mail::new(limits.mail_bytes, limits.line_bytes);
        let mut room = Vec::new();
        loop {
            let piece = std::mem::take(&mut self.inbox);
            match mail.push(&piece) {
                Progress::Bare => {
                    self.answer(&Reply::new(521, "5.5.2", "Lines end with CR LF, and nothing else does"));
                    return Ok(false);
                }
                Progress::Ended(at) => {
                    self.inbox = piece[at..].to_vec();
                    break;
                }
                Progress::More => {
                    if !self.receiver.make_room(mail.len(), &mut room) {
                        mail.refuse(Verdict::NoRoom);
                        room.clear();
                    }
                    self.flush().await?;
                    self.read(Wait::Mail).await?;
                }
            }
        }
        match mail.finish() {
            Ok(raw) => self.store(raw).await,
            Err(verdict) => {
                let reply = refusal(verdict, self.receiver.limits.mail_bytes);
                self.answer_all(&reply);
            }
        }
        self.session.ended();
        Ok(true)
    }

    /// The same answer for the mail, or for each recipient.
    fn answer_all(&mut self, reply: &Reply) {
        let count = match self.session.greeting().0 {
            Protocol::Smtp => 1,
            Protocol::Lmtp => self.session.recipients().len(),
        };
        for _ in 0..count {
            self.answer(reply);
        }
    }

    /// Keeps a mail for each recipient. Nobody is told that it is kept before it is.
    async fn store(&mut self, raw: Vec<u8>) {
        let (protocol, greeting) = self.session.greeting();
        let envelope = Envelope {
            peer: self.peer,
            greeting: greeting.to_owned(),
            sender: self.session.sender().to_owned(),
            protocol,
            is_encrypted: self.session.is_encrypted(),
        };
        let trust = self.receiver.check(&envelope, &raw).await;
        let raw = [self.receiver.trace(&envelope).into_bytes(), raw].concat();
        let mut replies = Vec::new();
        let mut kept = Vec::<AgentId>::new();
        for recipient in self.session.recipients() {
            if kept.contains(&recipient.agent) {
                replies.push(stored());
                continue;
            }
            let reply = keep(&self.receiver, recipient.agent, &raw, protocol, trust.clone()).await;
            if reply.code == 250 {
                kept.push(recipient.agent);
            }
            replies.push(reply);
        }
        match protocol {
            Protocol::Lmtp => replies.iter().for_each(|reply| self.answer(reply)),
            // One answer for all: who is not told 250 sends it again, and those who have it do not get it twice.
            Protocol::Smtp => {
                let worst = replies.into_iter().max_by_key(|reply| (reply.code / 100 == 4, reply.code));
                self.answer(&worst.unwrap_or_else(stored));
            }
        }
    }

    async fn encrypt(&mut self) -> Result<(), Gone> {
        // What came in clear after the command was said by whoever sits in between.
        self.inbox.clear();
        let Some(config) = self.receiver.tls.clone() else { return Err(Gone::Peer) };
        let (closed, _) = tokio::io::duplex(1);
        let stream = std::mem::replace(&mut self.stream, Box::new(closed));
        let accepted = timeout(self.receiver.patience(), TlsAcceptor::from(config).accept(stream)).await;
        let accepted = accepted.map_err(|_| Gone::Peer)??;
        self.stream = Box::new(accepted);
        self.session.encrypted();
        Ok(())
    }

    /// Says what is to be said, and goes; what the peer is still sending is read for a little, so that it hears why.
    async fn leave(&mut self) -> Result<(), Gone> {
        self.flush().await?;
        let _ = self.stream.shutdown().await;
        let drain = async {
            let (mut piece, mut drained) = (vec![0; READ], 0);
            while drained < DRAINED {
                match self.stream.read(&mut piece).await {
                    Ok(length) if length > 0 => drained += length,
                    _ => break,
                }
            }
        };
        let _ = timeout(DRAIN, drain).await;
        Ok(())
    }
}

/// What is waited for.
enum Wait {
    /// A command.
    Idle,
    /// More of a mail.
    Mail,
}

fn stored() -> Reply {
    Reply::new(250, "2.0.0", "Kept")
}

async fn keep(receiver: &Receiver, agent: AgentId, raw: &[u8], protocol: Protocol, trust: Option<Trust>) -> Reply {
    let way = match protocol {
        Protocol::Smtp => Way::Smtp,
        Protocol::Lmtp => Way::Lmtp,
    };
    let taken = inbox::take_in(&receiver.crm, agent, Incoming { raw: raw.to_vec(), way, trust }).await;
    match taken {
        Ok(taken) => {
            tracing::info!(message = %taken.id, outcome = taken.outcome.name(), "a mail was taken in");
            stored()
        }
        Err(Error::NotFound) => Reply::new(550, "5.1.1", "There is nobody of this address"),
        Err(Error::Invalid(_)) if raw.len() > inbox::MOST => refusal(Verdict::TooLarge, receiver.limits.mail_bytes),
        // The agent has no room for more files: that may change.
        Err(Error::Invalid(_)) => Reply::new(452, "4.2.2", "No room for more files: try again later"),
        Err(Error::Unavailable) => Reply::new(452, "4.3.1", "Not kept: try again later"),
        Err(error) => {
            tracing::warn!(%error, "a mail was not kept");
            Reply::new(451, "4.3.0", "Not kept: try again later")
        }
    }
}

fn refusal(verdict: Verdict, most: usize) -> Reply {
    match verdict {
        Verdict::TooLarge => Reply::new(552, "5.3.4", format!("A mail has at most {most} bytes")),
        Verdict::LongLine => Reply::new(500, "5.5.2", "A line is too long"),
        Verdict::Whole | Verdict::NoRoom => Reply::new(452, "4.3.1", "No room now: try again later"),
    }
}

impl Receiver {
    /// How long is waited for a peer.
    fn patience(&self) -> Duration {
        if self.places.count() > self.limits.crowd { self.limits.command_in_a_crowd } else { self.limits.command }
    }

    /// Sees to room for a mail of so many bytes; whether there is.
    fn make_room(&self, length: usize, room: &mut Vec<OwnedSemaphorePermit>) -> bool {
        let needed = length.saturating_sub(SMALL).div_ceil(SMALL);
        while room.len() < needed {
            match Arc::clone(&self.room).try_acquire_owned() {
                Ok(permit) => room.push(permit),
                Err(_) => return false,
            }
        }
        true
    }

    /// How many pieces of large mails there is room for.
    pub(super) fn pieces(bytes: usize) -> usize {
        bytes / SMALL
    }
}
