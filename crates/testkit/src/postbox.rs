//! A mail server of a test's own, on a real socket: takes mail, puts it off, refuses it, hangs or breaks off.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mail::{Server, sender::Mailer};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::{Gate, TestApp};

/// How a postbox treats mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// Takes it.
    #[default]
    Accept,
    /// 451 to the recipient.
    Defer,
    /// 550 to the recipient.
    Refuse,
    /// 535 to whoever signs in.
    RefuseSignIn,
    /// Takes the whole mail and answers nothing.
    Hang,
    /// Closes the connection within the mail.
    DropInData,
    /// Takes the whole mail, keeps it, and closes the connection instead of saying so.
    DropAfterData,
}

/// A mail as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The envelope's sender.
    pub from: String,
    /// Its recipients.
    pub to: Vec<String>,
    /// The message.
    pub data: String,
}

impl Posted {
    /// A header of the message, unfolded; empty where it has none.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let head = self.data.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let prefix = format!("{name}: ");
        let line = head.split("\r\n").find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned);
        line.unwrap_or_default()
    }

    /// The text part, with the soft line ends of quoted-printable taken out.
    #[must_use]
    pub fn text(&self) -> String {
        self.data.replace("=\r\n", "").replace("=3D", "=")
    }

    /// The first link of ours whose path begins so: what stands behind the prefix.
    #[must_use]
    pub fn link(&self, path: &str) -> Option<String> {
        let text = self.text();
        let at = text.find(path)?;
        let rest = &text[at + path.len()..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)).unwrap_or(rest.len());
        Some(format!("{path}{}", &rest[..end]))
    }
}

/// A mail server of a test's own.
pub struct Postbox {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    manner: Mutex<Manner>,
    posted: Mutex<Vec<Posted>>,
    /// Opened when a mail is whole and not answered.
    hanging: Gate,
}

impl Drop for Postbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Postbox {
    /// One that takes everything.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    // Whoever breaks off has no more to say.
                    let _ = talk(stream, &state).await;
                });
            }
        });
        Self { address, state, server }
    }

    /// Its URL, as the setting has it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://user:secret@{}?from=office%40example.com", self.address)
    }

    /// What sends to it, for an app.
    ///
    /// # Panics
    /// When the URL is none.
    #[must_use]
    pub fn mailer(&self, app: &TestApp) -> Mailer {
        let server = Server::parse(&self.url()).expect("a mail server");
        server.mailer(&app.base).expect("a mailer")
    }

    /// Treats what comes from now on so.
    pub fn behave(&self, manner: Manner) {
        *lock(&self.state.manner) = manner;
    }

    /// What it has taken, in order.
    #[must_use]
    pub fn posted(&self) -> Vec<Posted> {
        lock(&self.state.posted).clone()
    }

    /// Waits until a whole mail stands there without an answer.
    pub async fn hangs(&self) {
        self.state.hanging.passed().await;
    }
}

async fn talk(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut posted = Posted { from: String::new(), to: Vec::new(), data: String::new() };
    stream.write_all(b"220 postbox\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let manner = *lock(&state.manner);
        let (word, rest) = line.trim_end().split_once([' ', ':']).unwrap_or((line.trim_end(), ""));
        let answer = match (word.to_ascii_uppercase().as_str(), manner) {
            ("EHLO", _) => "250-postbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN\r\n",
            ("AUTH", Manner::RefuseSignIn) => "535 5.7.8 who are you\r\n",
            ("AUTH", _) => "235 welcome\r\n",
            ("MAIL", _) => {
                posted = Posted { from: path(rest), to: Vec::new(), data: String::new() };
                "250 sender\r\n"
            }
            ("RCPT", Manner::Defer) => "451 4.7.1 come back later\r\n",
            ("RCPT", Manner::Refuse) => "550 5.1.1 nobody of that name\r\n",
            ("RCPT", _) => {
                posted.to.push(path(rest));
                "250 recipient\r\n"
            }
            ("DATA", _) => {
                stream.write_all(b"354 go on\r\n").await?;
                if manner == Manner::DropInData {
                    let mut some = String::new();
                    let _ = stream.read_line(&mut some).await?;
                    return Ok(());
                }
                read_data(&mut stream, &mut posted.data).await?;
                if manner == Manner::Hang {
                    state.hanging.open();
                    std::future::pending::<()>().await;
                }
                lock(&state.posted).push(posted.clone());
                if manner == Manner::DropAfterData {
                    return Ok(());
                }
                "250 taken\r\n"
            }
            ("QUIT", _) => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            ("RSET" | "NOOP", _) => "250 well\r\n",
            _ => "500 what\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

async fn read_data(stream: &mut BufReader<TcpStream>, data: &mut String) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(());
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// `FROM:<a@b>` and what may follow: the address.
fn path(text: &str) -> String {
    let start = text.find('<').map_or(0, |at| at + 1);
    let end = text.find('>').unwrap_or(text.len());
    text[start..end].to_owned()
}
