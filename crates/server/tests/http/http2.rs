//! HTTP/2 with prior knowledge: the same rules, and floods.

use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Method, Request};
use server::http::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::rig::{Server, limits, soon};

const SHORT: Duration = Duration::from_millis(200);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn assert_signed(&self) {
        let id = self.headers["x-request-id"].to_str().unwrap();
        assert!(id.starts_with("req_"));
        assert_eq!(self.headers["x-content-type-options"], "nosniff");
    }

    fn assert_ok(&self, body: &str) {
        self.assert_signed();
        assert_eq!((self.status, &self.body[..]), (200, body));
    }

    fn assert_refusal(&self, status: u16, kind: &str) {
        self.assert_signed();
        assert_eq!(self.status, status);
        assert!(self.body.starts_with(&format!("{{\"kind\":\"{kind}\"")), "{}", self.body);
    }
}

async fn connect(server: &Server) -> SendRequest<Bytes> {
    let client = server.connect().await;
    let (requests, connection) = soon(h2::client::handshake(client.stream)).await.unwrap();
    tokio::spawn(connection);
    requests
}

fn request(method: Method, uri: &str) -> http::request::Builder {
    Request::builder().method(method).uri(uri)
}

/// Sends a request; `None` for the body leaves the stream open.
async fn ask(requests: &SendRequest<Bytes>, request: http::request::Builder, body: Option<&[u8]>) -> Answer {
    let request = request.body(()).unwrap();
    let mut requests = soon(requests.clone().ready()).await.unwrap();
    let is_empty = body.is_some_and(<[u8]>::is_empty);
    let (response, mut stream) = requests.send_request(request, is_empty).unwrap();
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        // In two frames; the answer may come before the body is sent.
        let (first, last) = body.split_at(body.len() / 2);
        let _ = stream.send_data(Bytes::copy_from_slice(first), false);
        let _ = stream.send_data(Bytes::copy_from_slice(last), true);
    }
    let response = soon(response).await.unwrap();
    let (parts, mut stream) = response.into_parts();
    let mut body = Vec::new();
    while let Some(data) = soon(stream.data()).await {
        let data = data.unwrap();
        stream.flow_control().release_capacity(data.len()).unwrap();
        body.extend_from_slice(&data);
    }
    Answer { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8(body).unwrap() }
}

#[tokio::test]
async fn requests_are_answered_side_by_side() {
    let server = Server::start().await;
    let requests = connect(&server).await;
    let waiting = ask(&requests, request(Method::GET, "http://a/wait"), Some(b""));
    let others = async {
        soon(server.probe.started.acquire()).await.unwrap().forget();
        let posted = ask(&requests, request(Method::POST, "http://a/x"), Some(b"hello")).await;
        posted.assert_ok("POST /x 5 hello");
        let who = ask(&requests, request(Method::GET, "http://a/who"), Some(b"")).await;
        let id = who.headers["x-request-id"].to_str().unwrap().to_owned();
        who.assert_ok(&format!("127.0.0.1 {id}"));
        server.probe.go.add_permits(1);
    };
    let (waited, ()) = tokio::join!(waiting, others);
    waited.assert_ok("waited");
}

#[tokio::test]
async fn the_rules_are_those_of_http1() {
    let server = Server::start().await;
    let requests = connect(&server).await;
    let refused = async |request, status, kind| {
        ask(&requests, request, Some(b"")).await.assert_refusal(status, kind);
    };
    let get = |uri: &str| request(Method::GET, uri);
    refused(get(&format!("http://a/{}", "x".repeat(8192))), 414, "target_too_long").await;
    refused(get("http://a/").header("x", "x".repeat(17_000)), 431, "headers_too_large").await;
    let many = (0..101).fold(get("http://a/"), |request, number| request.header(format!("x{number}"), "y"));
    refused(many, 431, "too_many_fields").await;
    refused(get("http://a/").header("host", "b"), 400, "host_mismatch").await;
    refused(get("http://a/").header("host", "a").header("host", "a"), 400, "host_repeated").await;
    refused(get("http://a,b/"), 400, "host_invalid").await;
    assert_eq!(server.probe.calls(), 0);
    ask(&requests, get("http://a/x"), Some(b"")).await.assert_ok("GET /x 0 ");
}

#[tokio::test]
async fn a_body_is_capped() {
    let server = Server::start().await;
    let requests = connect(&server).await;
    let declared = request(Method::POST, "http://a/x").header("content-length", "101");
    ask(&requests, declared, None).await.assert_refusal(413, "body_too_large");
    assert_eq!(server.probe.calls(), 0);
    for path in ["/x", "/stubborn"] {
        let undeclared = request(Method::POST, &format!("http://a{path}"));
        ask(&requests, undeclared, Some(&[b'x'; 101])).await.assert_refusal(413, "body_too_large");
    }
    let largest = ask(&requests, request(Method::POST, "http://a/x"), Some(&[b'x'; 100])).await;
    assert_eq!(largest.status, 200);
    let large = ask(&requests, request(Method::PUT, "http://a/large"), Some(&vec![b'x'; 500_000])).await;
    assert!(large.body.starts_with("PUT /large 500000 "), "{}", large.body);
}

#[tokio::test]
async fn a_body_that_does_not_end_in_time_is_refused() {
    let server = Server::start_with(Limits { request_timeout: SHORT, ..limits() }).await;
    let requests = connect(&server).await;
    for path in ["/x", "/stubborn"] {
        let open = request(Method::POST, &format!("http://a{path}"));
        ask(&requests, open, None).await.assert_refusal(408, "request_timeout");
    }
    ask(&requests, request(Method::GET, "http://a/x"), Some(b"")).await.assert_ok("GET /x 0 ");
}

#[tokio::test]
async fn streams_are_bounded() {
    let server = Server::start().await;
    let mut wire = Wire::connect(&server).await;
    let settings = wire.frame(SETTINGS).await;
    let most = settings.chunks(6).find(|setting| setting[..2] == [0, 3]).expect("MAX_CONCURRENT_STREAMS");
    assert_eq!(most[2..], 100u32.to_be_bytes());
}

#[tokio::test]
async fn an_idle_connection_is_told_goodbye() {
    let server = Server::start_with(Limits { idle_timeout: SHORT, ..limits() }).await;
    let mut wire = Wire::connect(&server).await;
    wire.send(&get(1)).await;
    assert_eq!(wire.goaway().await, 0);
}

#[tokio::test]
async fn an_idle_connection_makes_room_in_a_full_house() {
    let server = Server::start_with(Limits { connections: 1, ..limits() }).await;
    let first = connect(&server).await;
    ask(&first, request(Method::GET, "http://a/x"), Some(b"")).await.assert_ok("GET /x 0 ");
    let second = connect(&server).await;
    ask(&second, request(Method::GET, "http://a/x"), Some(b"")).await.assert_ok("GET /x 0 ");
}

#[tokio::test]
async fn a_head_that_never_ends_does_not_hold_the_connection() {
    let server = Server::start_with(Limits { idle_timeout: SHORT, ..limits() }).await;
    let mut wire = Wire::connect(&server).await;
    wire.send(&frame(HEADERS, 0, 1, &HEADER_BLOCK[..5])).await;
    assert_eq!(wire.goaway().await, 0);
    assert!(wire.is_closed().await);
}

#[tokio::test]
async fn an_answer_left_unread_does_not_hold_the_connection() {
    let server = Server::start_with(Limits { write_timeout: SHORT, idle_timeout: SHORT, ..limits() }).await;
    for path in ["/large-answer", "/streamed-answer"] {
        let mut wire = Wire::connect(&server).await;
        // The client never widens its window of 65,535 bytes.
        let path = [&[0x04, path.len() as u8], path.as_bytes()].concat();
        let block = [&[0x82][..], &path, &[0x86, 0x41, 1, b'a']].concat();
        wire.send(&frame(HEADERS, 5, 1, &block)).await;
        assert!(wire.is_closed().await);
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_for_long_is_not_cut() {
    let short = Limits { request_timeout: SHORT, idle_timeout: SHORT, write_timeout: SHORT, ..limits() };
    let server = Server::start_with(short).await;
    let requests = connect(&server).await;
    let following = ask(&requests, request(Method::GET, "http://a/followed"), Some(b""));
    let telling = async {
        for _ in 0..3 {
            tokio::time::sleep(SHORT * 3).await;
            server.probe.go.add_permits(1);
        }
    };
    let (followed, ()) = tokio::join!(following, telling);
    followed.assert_ok("xxx");
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_is_finished_however_long_it_takes() {
    let server = Server::start_with(Limits { idle_timeout: SHORT, ..limits() }).await;
    let mut wire = Wire::connect(&server).await;
    let path = [&[0x04, 13][..], b"/large-answer"].concat();
    let block = [&[0x82][..], &path, &[0x86, 0x41, 1, b'a']].concat();
    wire.send(&frame(HEADERS, 5, 1, &block)).await;
    wire.send(&frame(WINDOW_UPDATE, 0, 1, &(100u32 << 20).to_be_bytes())).await;
    let mut received = 0;
    let mut window = 65_535;
    while received < 64 << 20 {
        let (kind, payload) = wire.next().await.expect("more of the answer");
        if kind == DATA {
            received += payload.len();
            window -= payload.len();
        }
        // 64 windows, each after a pause shorter than the idle time: together longer than idling and goodbye.
        if window == 0 {
            tokio::time::sleep(SHORT / 4).await;
            window = 1 << 20;
            wire.send(&frame(WINDOW_UPDATE, 0, 0, &(1u32 << 20).to_be_bytes())).await;
        }
    }
}

#[tokio::test]
async fn a_stop_finishes_streams_in_flight() {
    let server = Server::start().await;
    let requests = connect(&server).await;
    let idle = connect(&server).await;
    let waiting = ask(&requests, request(Method::GET, "http://a/wait"), Some(b""));
    let stopping = async {
        soon(server.probe.started.acquire()).await.unwrap().forget();
        server.stop.cancel();
        server.probe.go.add_permits(1);
    };
    let (waited, ()) = tokio::join!(waiting, stopping);
    waited.assert_ok("waited");
    soon(server.task).await.unwrap();
    drop((requests, idle));
}

#[tokio::test]
async fn rapid_resets_end_in_a_goaway() {
    let server = Server::start().await;
    let mut wire = Wire::connect(&server).await;
    let flood: Vec<u8> = (0..5_000)
        .flat_map(|number| {
            let stream = number * 2 + 1;
            [get(stream), frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())].concat()
        })
        .collect();
    wire.flood(&flood).await;
    assert_ne!(wire.goaway().await, 0);
}

#[tokio::test]
async fn patient_resets_end_in_a_goaway_too() {
    let server = Server::start().await;
    let mut wire = Wire::connect(&server).await;
    wire.frame(SETTINGS).await;
    for number in 0..1_500 {
        let stream = number * 2 + 1;
        let pair = [get(stream), frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())].concat();
        if wire.stream.write_all(&pair).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_ne!(wire.goaway().await, 0);
}

#[tokio::test]
async fn a_flood_of_continuations_ends_in_a_goaway() {
    let server = Server::start().await;
    let mut wire = Wire::connect(&server).await;
    let mut flood = frame(HEADERS, 1, 1, HEADER_BLOCK);
    for _ in 0..10_000 {
        flood.extend(frame(CONTINUATION, 0, 1, b"\x00\x01x\x01y"));
    }
    wire.flood(&flood).await;
    assert_ne!(wire.goaway().await, 0);
}

#[tokio::test]
async fn floods_of_control_frames_end_in_a_goaway() {
    let server = Server::start().await;
    let ping = frame(PING, 0, 0, b"12345678");
    let settings = frame(SETTINGS, 0, 0, &[]);
    let empty = frame(DATA, 0, 1, &[]);
    for (name, piece) in [("ping", ping), ("settings", settings), ("empty data", empty)] {
        let mut wire = Wire::connect(&server).await;
        let open = frame(HEADERS, 4, 1, HEADER_BLOCK);
        wire.flood(&[open, piece.repeat(20_000)].concat()).await;
        assert_ne!(wire.goaway().await, 0, "{name}");
    }
    let requests = connect(&server).await;
    ask(&requests, request(Method::GET, "http://a/x"), Some(b"")).await.assert_ok("GET /x 0 ");
}

#[tokio::test]
async fn an_enormous_header_list_ends_in_a_goaway() {
    let server = Server::start().await;
    let mut wire = Wire::connect(&server).await;
    // One field in the dynamic table, then named again and again: a byte each on the wire.
    let mut block = HEADER_BLOCK.to_vec();
    block.extend([0x40, 1, b'x', 0x7f, 0xa1, 0x1e]);
    block.extend([b'y'; 4000]);
    block.extend([0xbe; 5_000]);
    wire.flood(&frame(HEADERS, 5, 1, &block)).await;
    assert_ne!(wire.goaway().await, 0);
}

/// `GET / HTTP/2` to host `a`, in HPACK's static table.
const HEADER_BLOCK: &[u8] = &[0x82, 0x84, 0x86, 0x41, 1, b'a'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A whole GET request.
fn get(stream: u32) -> Vec<u8> {
    frame(HEADERS, 5, stream, HEADER_BLOCK)
}

/// A client that sends frames as they are.
struct Wire {
    stream: tokio::net::TcpStream,
}

impl Wire {
    async fn connect(server: &Server) -> Wire {
        let mut wire = Wire { stream: server.connect().await.stream };
        wire.send(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await;
        wire
    }

    async fn send(&mut self, bytes: &[u8]) {
        soon(self.stream.write_all(bytes)).await.unwrap();
    }

    /// Sends as much as the server takes, reading nothing.
    async fn flood(&mut self, bytes: &[u8]) {
        let _ = tokio::time::timeout(Duration::from_secs(5), self.stream.write_all(bytes)).await;
    }

    /// The next frame's kind and payload; `None` at the end.
    async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut header = [0; 9];
        soon(self.stream.read_exact(&mut header)).await.ok()?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; length as usize];
        soon(self.stream.read_exact(&mut payload)).await.ok()?;
        Some((header[3], payload))
    }

    /// The next frame of a kind.
    async fn frame(&mut self, kind: u8) -> Vec<u8> {
        loop {
            let (next, payload) = self.next().await.expect("a frame before the end");
            if next == kind {
                return payload;
            }
        }
    }

    /// The error code of the GOAWAY.
    async fn goaway(&mut self) -> u32 {
        let payload = self.frame(GOAWAY).await;
        u32::from_be_bytes(payload[4..8].try_into().unwrap())
    }

    /// Reads to the end, and answers pings, so that nobody takes the client for dead.
    async fn is_closed(&mut self) -> bool {
        soon(async {
            while let Some((kind, payload)) = self.next().await {
                if kind == PING {
                    let _ = self.stream.write_all(&frame(PING, 1, 0, &payload)).await;
                }
            }
            true
        })
        .await
    }
}
