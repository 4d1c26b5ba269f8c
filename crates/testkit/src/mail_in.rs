//! Mail that comes in, as tests have it: a reader that takes a mail's body for what was read, the listener on a port of its own, and a
//! peer that says what it is told, byte for byte.

use std::{net::SocketAddr, sync::Arc};

use crm::{
    Settings,
    inbox::{self, Known, Reader, Reading, Shown},
};
use mail::receiving::{self, Limits, Receiver};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use crate::{TestAgent, TestApp};

/// The domain of tests' addresses.
pub const DOMAIN: &str = "leads.example.com";

/// Takes the body of a mail for the JSON of its reading.
#[derive(Debug, Clone, Copy)]
pub struct JsonReader(pub i64);

impl Reader for JsonReader {
    fn read(&self, raw: &[u8], _: &Known) -> Reading {
        let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
        assert!(!text.contains("panic!"), "a reader that fails");
        let body = text.split_once("\n\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_else(|_| Reading::review("It cannot be read"))
    }

    fn show(&self, raw: &[u8]) -> Shown {
        let text = String::from_utf8_lossy(raw).into_owned();
        let html = text.contains("<html>").then(|| text.clone());
        Shown { text, html }
    }

    fn rules(&self) -> i64 {
        self.0
    }
}

/// Settings with a domain for mail, and a [`JsonReader`].
#[must_use]
pub fn settings() -> Settings {
    Settings {
        inbound_domain: Some(DOMAIN.to_owned()),
        reader: Arc::new(JsonReader(1)),
        rate_limit: 1_000_000,
        ..Settings::default()
    }
}

/// A mail of an id whose reading is this.
#[must_use]
pub fn mail(id: &str, reading: &serde_json::Value) -> String {
    format!("Message-ID: <{id}@portal.example>\r\nFrom: leads@portal.example\r\nSubject: New lead\r\n\r\n{reading}\r\n")
}

/// A listener for mail beside an app.
pub struct MailIn {
    /// Where it listens.
    pub address: SocketAddr,
    stopping: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for MailIn {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl MailIn {
    /// Stops it as SIGTERM does, and waits until it has.
    ///
    /// # Panics
    /// When it ended badly.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        (&mut self.task).await.expect("it ends well");
    }

    /// A peer that is connected.
    ///
    /// # Panics
    /// When it cannot connect.
    pub async fn connect(&self) -> Peer {
        Peer::to(self.address).await
    }
}

impl TestApp {
    /// A listener for mail, with the usual limits.
    pub async fn mail_in(&self) -> MailIn {
        self.mail_in_with(|receiver| receiver, Limits::default()).await
    }

    /// The same within other limits, arranged in another way.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn mail_in_with(&self, arrange: impl FnOnce(Receiver) -> Receiver, limits: Limits) -> MailIn {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let stopping = CancellationToken::new();
        let receiver = arrange(Receiver::new(self.crm.clone(), DOMAIN, limits));
        let task = tokio::spawn(receiving::run(listener, receiver, stopping.clone()));
        MailIn { address, stopping, task }
    }

    /// An agent's address for mail.
    ///
    /// # Panics
    /// Without a domain in the settings.
    pub async fn mail_address(&self, agent: &TestAgent) -> String {
        inbox::address(&self.crm, agent.id).await.expect("stored").expect("a domain is set")
    }
}

/// Who hands mail over.
pub struct Peer {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Peer {
    /// One that is connected to an address.
    ///
    /// # Panics
    /// When it cannot connect.
    pub async fn to(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.expect("somebody listens"), read: Vec::new() }
    }

    /// The same; `None` where nobody listens any more.
    pub async fn try_to(address: SocketAddr) -> Option<Self> {
        Some(Self { stream: TcpStream::connect(address).await.ok()?, read: Vec::new() })
    }

    /// The next reply, with all its lines; empty when the connection was closed.
    pub async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            while let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line = self.read.drain(..=end).collect::<Vec<_>>();
                let line = String::from_utf8_lossy(&line).into_owned();
                let is_last = line.as_bytes().get(3) != Some(&b'-');
                reply.push_str(&line);
                if is_last {
                    return reply;
                }
            }
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece).await {
                Ok(length) if length > 0 => self.read.extend_from_slice(&piece[..length]),
                _ => return reply,
            }
        }
    }

    /// Sends bytes as they are. Whoever was cut off notices at the next reply.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Says a line, and hears the reply.
    pub async fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Says a line; the code of the reply, 0 when the connection was closed.
    pub async fn code(&mut self, line: &str) -> u16 {
        code(&self.say(line).await)
    }

    /// Goes up to where the mail itself comes.
    ///
    /// # Panics
    /// When a step is refused.
    pub async fn open(&mut self, greeting: &str, to: &[&str]) {
        assert_eq!(code(&self.reply().await), 220);
        assert_eq!(self.code(&format!("{greeting} there.example")).await, 250);
        self.envelope(to).await;
    }

    /// The steps of a mail up to where it comes itself.
    ///
    /// # Panics
    /// When a step is refused.
    pub async fn envelope(&mut self, to: &[&str]) {
        assert_eq!(self.code("MAIL FROM:<leads@portal.example>").await, 250);
        for to in to {
            assert_eq!(self.code(&format!("RCPT TO:<{to}>")).await, 250);
        }
        assert_eq!(self.code("DATA").await, 354);
    }

    /// Hands a mail over by SMTP on a connection of its own; the code of the reply.
    ///
    /// # Panics
    /// When a step before it is refused.
    pub async fn deliver(address: SocketAddr, to: &str, mail: &str) -> u16 {
        let mut peer = Self::to(address).await;
        peer.open("EHLO", &[to]).await;
        peer.send(mail).await;
        peer.code(".").await
    }

    /// Gives the connection away, with nothing unread.
    #[must_use]
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }
}

/// The code of a reply.
#[must_use]
pub fn code(reply: &str) -> u16 {
    reply.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0)
}
