//! A receiver of webhooks: HTTP/1.1 on a real socket, each path a receiver of its own. It keeps what comes in as it was written and
//! answers by a rule that the test sets.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::AbortHandle,
    time::{sleep, timeout},
};

pub use crate::received::Received;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something that replies can wait for: closed until it is opened.
#[derive(Debug, Clone)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Gate {
    /// Lets through who waits and who comes.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is open.
    pub async fn passed(&self) {
        // The sender is held by `self`.
        let _ = self.0.subscribe().wait_for(|is_open| *is_open).await;
    }
}

/// What a receiver answers, and how.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    pause: Duration,
    gate: Option<Gate>,
    manner: Manner,
}

#[derive(Debug, Clone)]
enum Manner {
    /// All at once.
    Whole,
    /// The body a byte at a time, with pauses.
    Drip(Duration),
    /// Never.
    Hang,
    /// The connection is closed without a word.
    Close,
    /// These bytes, and then the connection is closed.
    Raw(Vec<u8>),
}

impl Reply {
    /// An answer of this status without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let (headers, body, pause) = (Vec::new(), Vec::new(), Duration::ZERO);
        Self { status, headers, body, pause, gate: None, manner: Manner::Whole }
    }

    /// No answer at all.
    #[must_use]
    pub fn hang() -> Self {
        Self { manner: Manner::Hang, ..Self::status(0) }
    }

    /// The connection is closed instead of an answer.
    #[must_use]
    pub fn close() -> Self {
        Self { manner: Manner::Close, ..Self::status(0) }
    }

    /// These bytes, HTTP or not, before the connection is closed.
    #[must_use]
    pub fn raw(bytes: &[u8]) -> Self {
        Self { manner: Manner::Raw(bytes.to_vec()), ..Self::status(0) }
    }

    /// With this header too.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// The body comes a byte at a time.
    #[must_use]
    pub fn dripping(self, pause: Duration) -> Self {
        Self { manner: Manner::Drip(pause), ..self }
    }

    /// After a while of real time.
    #[must_use]
    pub fn after(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Once the gate is open.
    #[must_use]
    pub fn behind(self, gate: &Gate) -> Self {
        Self { gate: Some(gate.clone()), ..self }
    }

    /// Writes the answer; whether the connection goes on.
    async fn write(&self, stream: &mut TcpStream) -> io::Result<bool> {
        if let Some(gate) = &self.gate {
            gate.passed().await;
        }
        if !self.pause.is_zero() {
            sleep(self.pause).await;
        }
        let mut head = format!("HTTP/1.1 {} Answer\r\nContent-Length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        match &self.manner {
            Manner::Whole => stream.write_all(&[head.as_bytes(), &self.body].concat()).await?,
            Manner::Drip(pause) => {
                stream.write_all(head.as_bytes()).await?;
                for byte in &self.body {
                    sleep(*pause).await;
                    stream.write_all(&[*byte]).await?;
                }
            }
            // Until the sender goes away.
            Manner::Hang => return stream.read(&mut [0]).await.map(|_| false),
            Manner::Close => return Ok(false),
            Manner::Raw(bytes) => return stream.write_all(bytes).await.map(|()| false),
        }
        Ok(true)
    }
}

type Rule = Arc<dyn Fn(&Received, usize) -> Reply + Send + Sync>;

#[derive(Default)]
struct State {
    received: Vec<Received>,
    rules: HashMap<String, Rule>,
    counts: HashMap<String, usize>,
    idle: Option<Duration>,
    connections: usize,
}

struct Shared {
    state: Mutex<State>,
    /// How many requests have come in.
    count: watch::Sender<usize>,
}

/// A running receiver. It ends with this value.
pub struct Sink {
    base: String,
    shared: Arc<Shared>,
    listener: AbortHandle,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Sink {
    /// A receiver on a free port that answers 200 to everything.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let shared = Arc::new(Shared { state: Mutex::default(), count: watch::Sender::new(0) });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { base, shared, listener: accepting.abort_handle() }
    }

    /// The URL of one of its receivers, by the path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Its port.
    ///
    /// # Panics
    /// Never: it is bound.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.base.rsplit(':').next().and_then(|port| port.parse().ok()).expect("bound")
    }

    /// What a receiver answers from now on.
    pub fn answer(&self, path: &str, reply: Reply) {
        self.answer_by(path, move |_, _| reply.clone());
    }

    /// What a receiver answers from now on, by the request and how many came to it before.
    pub fn answer_by(&self, path: &str, rule: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) {
        self.state(|state| state.rules.insert(path.to_owned(), Arc::new(rule)));
    }

    /// Connections are closed after so long without a request.
    pub fn close_idle_after(&self, idle: Duration) {
        self.state(|state| state.idle = Some(idle));
    }

    /// What a receiver has got so far, in order.
    #[must_use]
    pub fn received(&self, path: &str) -> Vec<Received> {
        self.state(|state| state.received.iter().filter(|request| request.path == path).cloned().collect())
    }

    /// How many connections were opened to it.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state(|state| state.connections)
    }

    /// Waits until a receiver has got so many requests; all that it has got.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn wait_for(&self, path: &str, count: usize) -> Vec<Received> {
        let mut counted = self.shared.count.subscribe();
        let enough = counted.wait_for(|_| self.state(|state| state.counts.get(path).copied()) >= Some(count));
        if count > 0 && timeout(PATIENCE, enough).await.is_err() {
            let got = self.received(path);
            let got = got.iter().map(|request| request.text().to_owned()).collect::<Vec<_>>().join("\n");
            panic!("{count} requests should have come to {path}, but these did:\n{got}");
        }
        self.received(path)
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.shared.state.lock().expect("no panic while it is held"))
    }
}

/// A URL at which nobody listens.
///
/// # Panics
/// When there is no free port.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    format!("http://{}/", listener.local_addr().expect("bound"))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // The connections end with the listener's task.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let number = {
            let mut state = shared.state.lock().expect("no panic while it is held");
            state.connections += 1;
            state.connections
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A sender that goes away is part of the tests.
            let _ = serve(stream, number, &shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, connection: usize, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let idle = shared.state.lock().expect("no panic while it is held").idle.unwrap_or(Duration::from_secs(3_600));
        if buffer.is_empty() {
            let Ok(read) = timeout(idle, stream.read_buf(&mut buffer)).await else { return Ok(()) };
            if read? == 0 {
                return Ok(());
            }
        }
        let request = loop {
            if let Some(request) = Received::take(&mut buffer, connection) {
                break request;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let reply = {
            let mut state = shared.state.lock().expect("no panic while it is held");
            let nth = state.counts.entry(request.path.clone()).or_default();
            *nth += 1;
            let before = *nth - 1;
            let rule = state.rules.get(&request.path).cloned();
            state.received.push(request.clone());
            rule.map_or_else(|| Reply::status(200), |rule| rule(&request, before))
        };
        shared.count.send_modify(|count| *count += 1);
        if !reply.write(&mut stream).await? {
            return Ok(());
        }
    }
}
