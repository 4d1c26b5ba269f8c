//! A listener around a small echo service, and a client that sends bytes as they are.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use server::http::{Edge, FramingError, Limits, Reader, RequestBody, RequestId, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// After this a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// `future`'s output, or a panic when it takes too long.
pub async fn soon<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("it happens in time")
}

/// What the service was asked, and what lets `/wait` go on.
pub struct Probe {
    calls: AtomicUsize,
    pub started: Semaphore,
    pub go: Semaphore,
}

impl Probe {
    /// Requests that reached the service.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// A running listener.
pub struct Server {
    pub address: SocketAddr,
    pub probe: Arc<Probe>,
    pub stop: CancellationToken,
    pub task: JoinHandle<()>,
}

struct Ids(AtomicUsize);

impl Edge for Ids {
    fn request_id(&self) -> RequestId {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        RequestId::parse(&format!("req_{number}")).expect("a short id")
    }

    fn refuse(&self, error: FramingError, id: &RequestId, _: Reader) -> Response<Bytes> {
        let text = format!("{{\"kind\":\"{}\",\"instance\":\"{id}\"}}", error.kind());
        let mut response = Response::new(text.into());
        *response.status_mut() = error.status();
        let problem = http::HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert("content-type", problem);
        response
    }
}

/// Limits of the tests: bodies of 100 bytes, and of any size under `/large`; all the time in the world, so that nothing
/// ends by a timeout that the test does not mean.
pub fn limits() -> Limits {
    let long = Duration::from_secs(3600);
    Limits {
        head_timeout: long,
        request_timeout: long,
        idle_timeout: long,
        write_timeout: long,
        stop_grace: Duration::from_millis(50),
        stop_timeout: long,
        body_bytes: |_, path| match path.starts_with("/large") {
            true => u64::MAX,
            false => 100,
        },
        ..Limits::default()
    }
}

impl Server {
    /// A listener within the tests' limits.
    pub async fn start() -> Server {
        Self::start_with(limits()).await
    }

    pub async fn start_with(limits: Limits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let probe = Arc::new(Probe { calls: AtomicUsize::new(0), started: Semaphore::new(0), go: Semaphore::new(0) });
        let service = {
            let probe = probe.clone();
            tower::service_fn(move |request| answer(request, probe.clone()))
        };
        let stop = CancellationToken::new();
        let edge = Arc::new(Ids(AtomicUsize::new(0)));
        let task = tokio::spawn(serve(listener, service, limits, edge, stop.clone()));
        Server { address, probe, stop, task }
    }

    pub async fn connect(&self) -> Client {
        let stream = soon(TcpStream::connect(self.address)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, received: Vec::new() }
    }

    /// Sends `bytes` at once on a fresh connection and reads what comes until the server closes.
    pub async fn exchange(&self, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.rest().await
    }

    /// Asserts that these bytes get one refusal, that no request of theirs reaches the service, and that the
    /// connection is closed; in one piece and byte by byte.
    #[track_caller]
    pub fn refuses(&self, bytes: impl AsRef<[u8]> + Send, kind: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let bytes = bytes.as_ref();
            for pieces in [bytes.len().max(1), 1] {
                let calls = self.probe.calls();
                let mut client = self.connect().await;
                for piece in bytes.chunks(pieces) {
                    if client.stream.write_all(piece).await.is_err() {
                        break;
                    }
                }
                let answers = client.rest().await;
                let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
                assert_eq!(answers.len(), 1, "{caller}: {shown:?}: {answers:?}");
                answers[0].assert_refusal(kind);
                if pieces > 1 {
                    assert_eq!(self.probe.calls(), calls, "{caller}: {shown:?} reached the service");
                }
            }
        }
    }
}

/// A body in one piece, in many of 16 KiB, or in single bytes, each of which comes when it is let go.
pub enum Text {
    Whole(Full<Bytes>),
    Pieces(usize),
    Followed(usize, Pin<Box<dyn Future<Output = ()> + Send>>, Arc<Probe>),
}

/// Bytes of a followed answer.
const FOLLOWED: usize = 3;

impl Text {
    fn followed(left: usize, probe: Arc<Probe>) -> Text {
        let told = probe.clone();
        Text::Followed(left, Box::pin(async move { told.go.acquire().await.unwrap().forget() }), probe)
    }
}

impl Body for Text {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Text::Whole(text) => Pin::new(text).poll_frame(cx),
            Text::Pieces(0) | Text::Followed(0, ..) => Poll::Ready(None),
            Text::Followed(left, told, probe) => {
                std::task::ready!(told.as_mut().poll(cx));
                let next = Text::followed(*left - 1, probe.clone());
                *self = next;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
            }
            Text::Pieces(left) => {
                *left -= 1;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 16 * 1024])))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Text::Whole(text) => text.is_end_stream(),
            Text::Pieces(left) | Text::Followed(left, ..) => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Text::Whole(text) => text.size_hint(),
            Text::Pieces(left) => SizeHint::with_exact(*left as u64 * 16 * 1024),
            Text::Followed(left, ..) => SizeHint::with_exact(*left as u64),
        }
    }
}

async fn answer(request: Request<RequestBody>, probe: Arc<Probe>) -> Result<Response<Text>, Infallible> {
    probe.calls.fetch_add(1, Ordering::SeqCst);
    let (parts, body) = request.into_parts();
    let text = match parts.uri.path() {
        // Answers without a look at the body.
        "/early" => "early".to_owned(),
        "/wait" => {
            probe.started.add_permits(1);
            probe.go.acquire().await.unwrap().forget();
            "waited".to_owned()
        }
        "/large-answer" => "x".repeat(64 << 20),
        "/followed" => return Ok(Response::new(Text::followed(FOLLOWED, probe))),
        "/streamed-answer" => return Ok(Response::new(Text::Pieces(4096))),
        "/who" => {
            let peer = parts.extensions.get::<SocketAddr>().unwrap().ip();
            let id = parts.extensions.get::<RequestId>().unwrap();
            format!("{peer} {id}")
        }
        // Reads the body in a task of its own, and answers well whatever became of it.
        "/stubborn" => {
            let read = tokio::spawn(body.collect()).await.unwrap();
            format!("stubborn {}", read.is_ok())
        }
        path => {
            let path = path.to_owned();
            match body.collect().await {
                Ok(body) => {
                    let body = body.to_bytes();
                    let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
                    format!("{} {path} {} {shown}", parts.method, body.len())
                }
                Err(_) => "the body broke off".to_owned(),
            }
        }
    };
    let mut response = Response::new(Text::Whole(Full::new(Bytes::from(text))));
    if parts.uri.path() == "/missing" {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(response)
}

/// An HTTP/1 answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|header| header.0 == name);
        let first = named.next().map(|header| &header.1[..]);
        assert!(named.next().is_none(), "{name} twice in {self:?}");
        first
    }

    /// The fields that stand on every answer.
    pub fn assert_signed(&self) {
        let id = self.header("x-request-id").unwrap_or_default();
        assert!(id.starts_with("req_"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        assert!(self.header("date").is_some(), "{self:?}");
    }

    pub fn assert_ok(&self, body: &str) {
        self.assert_signed();
        assert_eq!((self.status, &self.body[..]), (200, body), "{self:?}");
    }

    pub fn assert_refusal(&self, kind: &str) {
        self.assert_signed();
        let id = self.header("x-request-id").unwrap();
        assert_eq!(self.body, format!("{{\"kind\":\"{kind}\",\"instance\":\"{id}\"}}"));
        let error = FramingError::ALL.into_iter().find(|error| error.kind() == kind).unwrap();
        assert_eq!(self.status, error.status().as_u16());
        assert_eq!(self.header("connection"), Some("close"));
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("content-length"), Some(&self.body.len().to_string()[..]));
    }
}

/// A client that sends what it is told.
pub struct Client {
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        soon(self.stream.write_all(bytes.as_ref())).await.expect("the server takes the bytes");
    }

    /// The next answer to a request that was no HEAD; `None` when the server closed in good order.
    pub async fn answer(&mut self) -> Option<Answer> {
        loop {
            if let Some((answer, length)) = parse(&self.received) {
                self.received.drain(..length);
                return Some(answer);
            }
            let mut piece = vec![0; 16 * 1024];
            let length = soon(self.stream.read(&mut piece)).await.expect("no reset before the answer is read");
            if length == 0 {
                let left = String::from_utf8_lossy(&self.received);
                assert_eq!(left, "", "closed in the middle of an answer");
                return None;
            }
            self.received.extend_from_slice(&piece[..length]);
        }
    }

    /// All answers until the server closes.
    pub async fn rest(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(answer) = self.answer().await {
            answers.push(answer);
        }
        answers
    }

    /// Whether the server closes or resets without another byte.
    pub async fn is_dropped(&mut self) -> bool {
        let mut byte = [0];
        matches!(soon(self.stream.read(&mut byte)).await, Ok(0) | Err(_))
    }

    /// The bytes up to and including the next empty line.
    pub async fn head(&mut self) -> String {
        while !self.received.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut piece = vec![0; 1024];
            let length = soon(self.stream.read(&mut piece)).await.unwrap();
            assert_ne!(length, 0, "closed before a whole head");
            self.received.extend_from_slice(&piece[..length]);
        }
        let end = self.received.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        String::from_utf8(self.received.drain(..end).collect()).unwrap()
    }
}

fn parse(bytes: &[u8]) -> Option<(Answer, usize)> {
    let head_end = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..head_end]).expect("an ASCII head");
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status");
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").expect("a header line"))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length =
        headers.iter().find(|header| header.0 == "content-length").map_or(0, |header| header.1.parse().unwrap());
    let body = bytes.get(head_end..head_end + length)?;
    let body = String::from_utf8(body.to_vec()).unwrap();
    let answer = Answer { status, headers, body };
    Some((answer, head_end + length))
}
