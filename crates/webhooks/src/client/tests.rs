//! Attempts against real sockets. Receivers write raw bytes, for much of what they send no library would.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};

use super::*;
use crate::resolver::Answer;

struct Machine(std::time::Instant);

impl Machine {
    #[expect(clippy::disallowed_methods, reason = "real sockets take real time")]
    fn new() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Clock for Machine {
    fn now(&self) -> UnixMillis {
        UnixMillis(784_111_777_000)
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A table of names; the n-th question gets the n-th answer, and the last one from then on. An empty table never answers.
#[derive(Default)]
struct Table(Vec<Vec<IpAddr>>, AtomicUsize);

impl Lookup for Table {
    fn lookup<'a>(&'a self, _: &'a str) -> Answer<'a> {
        let Some(last) = self.0.len().checked_sub(1) else { return Box::pin(std::future::pending()) };
        let answer = self.0[self.1.fetch_add(1, Ordering::Relaxed).min(last)].clone();
        Box::pin(async { Ok(answer) })
    }
}

const LIMITS: Limits = Limits {
    name: Duration::from_millis(200),
    connect: Duration::from_millis(400),
    whole: Duration::from_millis(900),
    idle: Duration::from_millis(400),
};

fn client_of(lookup: Table) -> Client {
    let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new());
    Client::new(guard, Arc::new(lookup), RootCertStore::empty(), Arc::new(Machine::new()), LIMITS)
}

fn client() -> Client {
    client_of(Table::default())
}

/// A receiver that does the same with each connection; it is told which one it is.
async fn receiver<F, T>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream, usize) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, number));
        }
    });
    address
}

/// Reads one request with its body, or nothing when the client closes.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
            if body.len() >= length.parse().unwrap() {
                return text.into_owned();
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return String::new(),
            Ok(read) => bytes.extend_from_slice(&more[..read]),
        }
    }
}

/// A receiver that answers each request with these bytes and then closes.
async fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = Arc::new(answer.into());
    receiver(move |mut stream, _| {
        let answer = Arc::clone(&answer);
        async move {
            request(&mut stream).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
            // Closing with bytes unread would reset the connection.
            let _ = stream.read(&mut [0; 64]).await;
        }
    })
    .await
}

async fn post(client: &Client, url: &str) -> Attempt {
    let headers =
        [("X-OrganicAgent-Event".to_owned(), "lead.created".to_owned()), ("webhook-id".to_owned(), "evt_1".to_owned())];
    client.attempt(&Request { url, headers: &headers, body: Bytes::from_static(b"{\"a\":1}") }).await
}

async fn answered(answer: impl Into<Vec<u8>>) -> Attempt {
    post(&client(), &format!("http://{}/hook?x=1", answering(answer).await)).await
}

fn words(attempt: &Attempt) -> &str {
    attempt.error.as_deref().unwrap_or("")
}

#[tokio::test]
async fn a_request_is_written_as_spelled_and_of_known_length() {
    let seen = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&seen);
    let address = receiver(move |mut stream, _| {
        let keep = Arc::clone(&keep);
        async move {
            *keep.lock().unwrap() = request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine").await.unwrap();
        }
    })
    .await;
    let attempt = post(&client(), &format!("http://{address}/hook?x=1")).await;
    assert_eq!((attempt.status, attempt.response.as_slice(), words(&attempt)), (Some(200), b"fine".as_slice(), ""));
    let expected = format!(
        "POST /hook?x=1 HTTP/1.1\r\nHost: {address}\r\nContent-Length: 7\r\nX-OrganicAgent-Event: lead.created\r\nwebhook-id: evt_1\r\n\r\n{{\"a\":1}}"
    );
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[tokio::test]
async fn only_2xx_is_a_success_and_the_status_stands_in_the_words() {
    let attempt = answered("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(attempt.is_success() && attempt.error.is_none());
    let attempt = answered("HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nbad").await;
    assert_eq!((attempt.status, attempt.response.as_slice()), (Some(500), b"bad".as_slice()));
    assert_eq!(words(&attempt), "status: 500 Internal Server Error");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_not_followed() {
    let inner = receiver(|_, _| async { panic!("followed") }).await;
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://{inner}/\r\nContent-Length: 0\r\n\r\n");
    let attempt = answered(answer).await;
    assert_eq!(words(&attempt), "status: 302 Found, and redirects are not followed");
}

#[tokio::test]
async fn what_precedes_the_answer_is_passed_over() {
    for first in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"] {
        let attempt = answered(format!("{first}{first}HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")).await;
        assert_eq!(attempt.status, Some(201), "{}", words(&attempt));
    }
}

#[tokio::test]
async fn a_2xx_whose_body_drips_is_a_success_within_the_time() {
    let address = receiver(|mut stream, _| async move {
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await.unwrap();
        while stream.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let client = client();
    let attempt = post(&client, &format!("http://{address}/")).await;
    assert!(attempt.is_success() && attempt.error.is_none() && !attempt.response.is_empty());
    assert!(attempt.duration < LIMITS.whole + Duration::from_millis(300), "{:?}", attempt.duration);
    assert_eq!(client.pool.idle(), 0);
}

#[tokio::test]
async fn of_an_endless_body_a_little_is_read_and_less_kept() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let address = receiver(move |mut stream, _| {
        let count = Arc::clone(&count);
        async move {
            request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'x'; 8192]).await.is_ok() {
                count.fetch_add(8192, Ordering::Relaxed);
            }
        }
    })
    .await;
    let attempt = post(&client(), &format!("http://{address}/")).await;
    assert!(attempt.is_success() && attempt.duration < LIMITS.whole);
    assert_eq!(attempt.response.len(), KEPT);
    // The rest is what the system's buffers hold.
    assert!(sent.load(Ordering::Relaxed) < 64 * 1024 * 1024);
}

#[tokio::test]
async fn any_bytes_may_come_back() {
    let mut answer =
        b"HTTP/1.1 200 OK\r\nX-Odd: \xff\xfe\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\n".to_vec();
    answer.extend_from_slice(b"\x1f\x8b\0\xff\xc3(");
    let attempt = answered(answer).await;
    assert!(attempt.is_success(), "{}", words(&attempt));
    assert_eq!(attempt.response, b"\x1f\x8b\0\xff\xc3(");
}

#[tokio::test]
async fn a_hundred_header_fields_are_fine() {
    let fields: String = (0..100).map(|number| format!("X-Field-{number}: {number}\r\n")).collect();
    let attempt = answered(format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n")).await;
    assert!(attempt.is_success(), "{}", words(&attempt));
}

#[tokio::test]
async fn what_is_not_http_is_told_so() {
    for answer in ["hello\r\n", "<html>hello</html>", "220 mail.example.com ESMTP\r\n", "HTTP/9.9 200 OK\r\n\r\n"] {
        let attempt = answered(answer).await;
        assert_eq!(attempt.status, None);
        assert_eq!(words(&attempt), "reading: the answer is not HTTP/1.1", "{answer}");
    }
}

#[tokio::test]
async fn a_receiver_that_closes_or_stops_is_told_by_phase() {
    assert_eq!(words(&answered("").await), "waiting: the receiver closed the connection");
    assert_eq!(words(&answered("HTTP/1.1 200 OK\r\nX-").await), "reading: the receiver closed the connection");
    let silent = receiver(|mut stream, _| async move {
        request(&mut stream).await;
        sleep(Duration::from_secs(60)).await;
    })
    .await;
    assert_eq!(words(&post(&client(), &format!("http://{silent}/")).await), "waiting: no answer within 0.9 s");
    let halting = receiver(|mut stream, _| async move {
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nX-").await.unwrap();
        sleep(Duration::from_secs(60)).await;
    })
    .await;
    let attempt = post(&client(), &format!("http://{halting}/")).await;
    assert_eq!(words(&attempt), "reading: the answer's head was not complete within 0.9 s");
    let deaf = receiver(|stream, _| async move {
        sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let body = Bytes::from(vec![b'x'; 32 * 1024 * 1024]);
    let attempt = client().attempt(&Request { url: &format!("http://{deaf}/"), headers: &[], body }).await;
    assert_eq!(words(&attempt), "sending: the request was not taken within 0.9 s");
}

#[tokio::test]
async fn a_closed_port_and_a_port_without_tls_are_told_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(words(&post(&client(), &format!("http://{closed}/")).await), "connect: the connection was refused");
    let plain = receiver(|mut stream, _| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    let attempt = post(&client(), &format!("https://{plain}/")).await;
    assert_eq!(words(&attempt), "TLS: the receiver does not speak TLS at this port");
    let silent = receiver(|stream, _| async move {
        sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let attempt = post(&client(), &format!("https://{silent}/")).await;
    assert_eq!(words(&attempt), "TLS: the handshake was not over within 0.4 s");
}

#[tokio::test]
async fn a_name_that_never_resolves_costs_its_own_budget_only() {
    let attempt = post(&client(), "https://silent.example/").await;
    assert_eq!(words(&attempt), "name: the name servers did not answer within 0.2 s");
    assert!(attempt.duration < LIMITS.connect);
}

#[tokio::test]
async fn names_and_literals_that_lead_inward_are_refused_at_send() {
    let inward = client_of(Table(vec![vec!["10.0.0.1".parse().unwrap()]], AtomicUsize::new(0)));
    let attempt = post(&inward, "https://example.com/").await;
    assert_eq!(words(&attempt), "name: 10.0.0.1 is refused: it is no public address (a private network)");
    let attempt = post(&inward, "https://169.254.169.254/").await;
    assert_eq!(words(&attempt), "name: The URL does not point to a public address but to a link-local network.");
}

/// What DNS rebinding does: the first answer is fine, the second leads inward. Each new connection is judged anew.
#[tokio::test]
async fn a_name_that_changes_its_address_is_judged_at_each_connection() {
    let address = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    let answers = vec![vec![address.ip()], vec!["192.168.0.1".parse().unwrap()]];
    let client = client_of(Table(answers, AtomicUsize::new(0)));
    let url = format!("http://rebinding.example:{}/", address.port());
    assert_eq!(words(&post(&client, &url).await), "");
    assert_eq!(
        words(&post(&client, &url).await),
        "name: 192.168.0.1 is refused: it is no public address (a private network)"
    );
}

#[tokio::test]
async fn an_address_that_leads_nowhere_does_not_hide_the_next() {
    let address = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let dead = "127.0.0.9".parse().unwrap();
    let client = client_of(Table(vec![vec![dead, address.ip()]], AtomicUsize::new(0)));
    assert_eq!(words(&post(&client, &format!("http://two.example:{}/", address.port())).await), "");
}

/// Answers so many requests on each connection and then does what `then` says.
async fn keeping(requests: usize, connections: &Arc<AtomicUsize>, answer: &'static [u8]) -> SocketAddr {
    let connections = Arc::clone(connections);
    receiver(move |mut stream, number| {
        connections.store(number + 1, Ordering::SeqCst);
        async move {
            for _ in 0..requests {
                if request(&mut stream).await.is_empty() {
                    return;
                }
                stream.write_all(answer).await.unwrap();
            }
            // The next request is read, but never answered.
            request(&mut stream).await;
        }
    })
    .await
}

#[tokio::test]
async fn connections_are_used_again_and_closed_when_idle() {
    let connections = Arc::new(AtomicUsize::new(0));
    let address =
        keeping(100, &connections, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").await;
    let client = client();
    for _ in 0..5 {
        let attempt = post(&client, &format!("http://{address}/")).await;
        assert_eq!(attempt.response, b"ok", "{}", words(&attempt));
    }
    assert_eq!((connections.load(Ordering::SeqCst), client.pool.idle()), (1, 1));
    sleep(LIMITS.idle * 2).await;
    assert_eq!(client.pool.idle(), 0);
    assert!(post(&client, &format!("http://{address}/")).await.is_success());
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_used_connection_that_dies_unanswered_is_replaced_within_the_attempt() {
    let connections = Arc::new(AtomicUsize::new(0));
    let address = keeping(1, &connections, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let client = client();
    for _ in 0..4 {
        let attempt = post(&client, &format!("http://{address}/")).await;
        assert_eq!(words(&attempt), "");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_new_connection_that_dies_unanswered_is_not_tried_twice() {
    let connections = Arc::new(AtomicUsize::new(0));
    let address = keeping(0, &connections, b"").await;
    let attempt = post(&client(), &format!("http://{address}/")).await;
    assert_eq!(words(&attempt), "waiting: the receiver closed the connection");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_on_a_used_connection_is_a_failure() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let address = receiver(move |mut stream, number| {
        counted.store(number + 1, Ordering::SeqCst);
        async move {
            request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 2").await.unwrap();
        }
    })
    .await;
    let client = client();
    assert!(post(&client, &format!("http://{address}/")).await.is_success());
    let attempt = post(&client, &format!("http://{address}/")).await;
    assert_eq!(words(&attempt), "reading: the receiver closed the connection");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_408_of_an_idle_connection_is_not_taken_for_the_answer() {
    let address = receiver(|mut stream, _| async move {
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n").await.unwrap();
    })
    .await;
    let client = client();
    for _ in 0..3 {
        assert_eq!(words(&post(&client, &format!("http://{address}/")).await), "");
    }
}

/// A receiver with a certificate for hooks.test, of an authority of its own.
async fn secure() -> SocketAddr {
    let certificate = include_bytes!("certificates/receiver.der").as_slice().into();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(include_bytes!("certificates/receiver.key.der").as_slice());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key.into()).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    receiver(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecure").await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_for_the_name() {
    let address = secure().await;
    let mut roots = RootCertStore::empty();
    roots.add(include_bytes!("certificates/authority.der").as_slice().into()).unwrap();
    let guard = || Guard::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new());
    let table = || Arc::new(Table(vec![vec![address.ip()]], AtomicUsize::new(0)));
    let client = |roots| Client::new(guard(), table(), roots, Arc::new(Machine::new()), LIMITS);

    let attempt = post(&client(roots.clone()), &format!("https://hooks.test:{}/", address.port())).await;
    assert_eq!((attempt.response.as_slice(), words(&attempt)), (b"secure".as_slice(), ""));
    let attempt = post(&client(roots.clone()), &format!("https://other.test:{}/", address.port())).await;
    assert!(words(&attempt).starts_with("TLS: ") && words(&attempt).contains("name"), "{}", words(&attempt));
    let attempt = post(&client(RootCertStore::empty()), &format!("https://hooks.test:{}/", address.port())).await;
    assert!(words(&attempt).starts_with("TLS: ") && words(&attempt).contains("UnknownIssuer"), "{}", words(&attempt));
}

#[tokio::test]
async fn retry_after_is_read_in_both_forms() {
    let asked =
        |value: &str| answered(format!("HTTP/1.1 503 Busy\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(asked("120").await.retry_after, Some(Duration::from_secs(120)));
    assert_eq!(asked("Sun, 06 Nov 1994 08:50:37 GMT").await.retry_after, Some(Duration::from_secs(60)));
    assert_eq!(asked("later").await.retry_after, None);
}

#[tokio::test]
async fn a_header_that_cannot_be_written_fails_before_anything_is_sent() {
    let headers = [("X-Key".to_owned(), "a\r\nX-More: b".to_owned())];
    let request = Request { url: "http://127.0.0.1:9/", headers: &headers, body: Bytes::new() };
    assert_eq!(words(&client().attempt(&request).await), "sending: the header X-Key cannot be sent");
}
