//! HTTP/1: sizes, deadlines and the number of connections.

use std::time::Duration;

use server::http::Limits;
use tokio::io::AsyncWriteExt;

use super::rig::{Server, limits, soon};

const GOOD: &str = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n";
const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_head_is_bounded() {
    let server = Server::start().await;
    let url = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(length - 1));
    let headers = |length: usize| format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(length - 16));
    server.refuses(url(8 * 1024 + 1), "target_too_long").await;
    server.refuses(headers(16 * 1024 + 1), "headers_too_large").await;
    server.refuses(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(100)), "too_many_fields").await;
    let largest = format!("GET /{} HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(8191), "x".repeat(16 * 1024 - 16));
    let most = format!("GET /most HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(99));
    let mut client = server.connect().await;
    for good in [largest, most, GOOD.to_owned()] {
        client.send(good).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn an_endless_head_is_refused_before_it_ends() {
    let server = Server::start().await;
    server.refuses(b"x".repeat(100_000), "method").await;
    server.refuses([b"GET /".to_vec(), b"x".repeat(100_000)].concat(), "target_too_long").await;
    server.refuses([b"GET / HTTP/1.1\r\nX: ".to_vec(), b"x".repeat(100_000)].concat(), "headers_too_large").await;
}

#[tokio::test]
async fn a_declared_body_beyond_the_cap_is_refused_at_once() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n").await;
    let answers = client.rest().await;
    assert_eq!(answers.len(), 1);
    answers[0].assert_refusal("body_too_large");
    assert_eq!(server.probe.calls(), 0);
}

#[tokio::test]
async fn a_client_that_sends_a_large_body_first_still_reads_the_refusal() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let body = "x".repeat(5 << 20);
    client.send(format!("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
    let answers = client.rest().await;
    assert_eq!(answers.len(), 1);
    answers[0].assert_refusal("body_too_large");
}

#[tokio::test]
async fn a_chunked_body_is_refused_when_it_passes_the_cap() {
    let server = Server::start().await;
    let chunk = format!("64\r\n{}\r\n", "x".repeat(100));
    let head = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    server.refuses(format!("{head}{chunk}1\r\n"), "body_too_large").await;
    server.refuses(format!("{head}65\r\n"), "body_too_large").await;
    let answers = server.exchange(format!("{head}{chunk}0\r\n\r\n{GOOD}x\t")).await;
    assert_eq!(answers[0].body.len(), "POST /x 100 ".len() + 100);
    answers[1].assert_ok("GET /good 0 ");
}

#[tokio::test]
async fn a_path_may_have_a_cap_of_its_own() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let body = "x".repeat(3 << 20);
    client.send(format!("PUT /large HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}{GOOD}", body.len())).await;
    let answer = client.answer().await.unwrap();
    assert!(answer.body.starts_with("PUT /large 3145728 xxx"), "{}", answer.body);
    client.answer().await.unwrap().assert_ok("GET /good 0 ");
}

#[tokio::test]
async fn a_head_that_does_not_end_in_time_is_refused() {
    let server = Server::start_with(Limits { head_timeout: SHORT, ..limits() }).await;
    for start in ["G", "GET / HTTP/1.1\r\nHost: a\r\n", "\r\n", "PRI"] {
        for before in ["", GOOD] {
            let mut client = server.connect().await;
            client.send(before).await;
            if !before.is_empty() {
                client.answer().await.unwrap().assert_ok("GET /good 0 ");
            }
            client.send(start).await;
            let answers = client.rest().await;
            assert_eq!(answers.len(), 1, "{start:?}");
            answers[0].assert_refusal("head_timeout");
        }
    }
}

#[tokio::test]
async fn a_trickle_does_not_prolong_the_time() {
    let server = Server::start_with(Limits { head_timeout: SHORT, ..limits() }).await;
    let mut client = server.connect().await;
    let (mut reader, mut writer) = client.stream.split();
    let trickle = async {
        loop {
            if writer.write_all(b"X").await.is_err() {
                return;
            }
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    let read = async {
        let mut bytes = [0; 12];
        tokio::io::AsyncReadExt::read_exact(&mut reader, &mut bytes).await.unwrap();
        bytes
    };
    // At 15 ms a byte the method is too long only after half a second.
    let bytes = soon(async {
        tokio::select! {
            bytes = read => bytes,
            () = trickle => panic!("dropped without an answer"),
        }
    })
    .await;
    assert_eq!(&bytes, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_body_that_does_not_end_in_time_is_refused() {
    let server = Server::start_with(Limits { request_timeout: SHORT, ..limits() }).await;
    for (path, fields) in [
        ("/x", "Content-Length: 5\r\n\r\nhel"),
        ("/x", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        ("/large", "Content-Length: 50000\r\n\r\nhel"),
        ("/stubborn", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"),
    ] {
        let mut client = server.connect().await;
        client.send(format!("POST {path} HTTP/1.1\r\nHost: a\r\n{fields}")).await;
        let answers = client.rest().await;
        assert_eq!(answers.len(), 1, "{path} {fields}");
        answers[0].assert_refusal("request_timeout");
    }
}

#[tokio::test]
async fn a_long_body_has_the_time_that_a_poor_connection_takes() {
    let server = Server::start_with(Limits { request_timeout: SHORT, ..limits() }).await;
    let length = 256 * 1024 + 10 * 32 * 1024;
    let mut client = server.connect().await;
    client
        .send(format!("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"))
        .await;
    client.send(vec![b'x'; 100]).await;
    // Past the time of a short one.
    tokio::time::sleep(SHORT * 2).await;
    client.send(vec![b'x'; length - 100]).await;
    let answers = client.rest().await;
    assert_eq!((answers.len(), answers[0].status), (1, 200));
}

#[tokio::test]
async fn an_idle_connection_is_closed_silently() {
    let server = Server::start_with(Limits { idle_timeout: SHORT, ..limits() }).await;
    let mut fresh = server.connect().await;
    assert!(fresh.answer().await.is_none());
    let mut used = server.connect().await;
    used.send(GOOD).await;
    used.answer().await.unwrap().assert_ok("GET /good 0 ");
    assert!(used.answer().await.is_none());
}

#[tokio::test]
async fn a_handler_may_take_longer_than_a_request_may() {
    let server =
        Server::start_with(Limits { head_timeout: SHORT, request_timeout: SHORT, idle_timeout: SHORT, ..limits() })
            .await;
    let mut client = server.connect().await;
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    tokio::time::sleep(SHORT * 3).await;
    server.probe.go.add_permits(1);
    client.answer().await.unwrap().assert_ok("waited");
}

#[tokio::test]
async fn an_answer_that_says_nothing_for_long_is_not_cut() {
    let server = Server::start_with(Limits {
        head_timeout: SHORT,
        request_timeout: SHORT,
        idle_timeout: SHORT,
        write_timeout: SHORT,
        ..limits()
    })
    .await;
    let mut client = server.connect().await;
    client.send("GET /followed HTTP/1.1\r\nHost: a\r\n\r\n").await;
    for _ in 0..3 {
        tokio::time::sleep(SHORT * 3).await;
        server.probe.go.add_permits(1);
    }
    client.answer().await.unwrap().assert_ok("xxx");
}

#[tokio::test]
async fn an_answer_left_unread_does_not_hold_the_connection() {
    let server = Server::start_with(Limits { write_timeout: SHORT, ..limits() }).await;
    let client = server.connect().await;
    let (mut reader, mut writer) = client.stream.into_split();
    writer.write_all(b"GET /large-answer HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // The client does not read; once the connection is dropped, what it sends is refused.
    soon(async {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    })
    .await;
    let mut all = Vec::new();
    let _ = soon(tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut all)).await;
    assert!(all.len() < 64 << 20);
}

#[tokio::test]
async fn a_full_house_lets_the_longest_waiting_go() {
    let server = Server::start_with(Limits { connections: 3, ..limits() }).await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    soon(server.probe.started.acquire()).await.unwrap().forget();
    let mut slow = server.connect().await;
    slow.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel").await;
    let mut idle = server.connect().await;
    idle.send(GOOD).await;
    idle.answer().await.unwrap().assert_ok("GET /good 0 ");

    let mut third = server.connect().await;
    third.send(GOOD).await;
    third.answer().await.unwrap().assert_ok("GET /good 0 ");
    assert!(slow.is_dropped().await, "the slow one waited longest");
    idle.send(GOOD).await;
    idle.answer().await.unwrap().assert_ok("GET /good 0 ");

    let mut fourth = server.connect().await;
    fourth.send(GOOD).await;
    fourth.answer().await.unwrap().assert_ok("GET /good 0 ");
    assert!(third.is_dropped().await);
    server.probe.go.add_permits(1);
    busy.answer().await.unwrap().assert_ok("waited");
}

#[tokio::test]
async fn a_house_full_of_answers_makes_the_next_wait() {
    let server = Server::start_with(Limits { connections: 1, ..limits() }).await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    soon(server.probe.started.acquire()).await.unwrap().forget();
    let mut next = server.connect().await;
    next.send(GOOD).await;
    server.probe.go.add_permits(1);
    busy.answer().await.unwrap().assert_ok("waited");
    next.answer().await.unwrap().assert_ok("GET /good 0 ");
}

#[tokio::test]
async fn a_thousand_slow_connections_do_not_keep_an_honest_one_out() {
    let server = Server::start().await;
    let mut slow = Vec::new();
    for _ in 0..1_200 {
        let mut client = server.connect().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
        slow.push(client);
    }
    for _ in 0..50 {
        let mut honest = server.connect().await;
        honest.send(GOOD).await;
        honest.answer().await.unwrap().assert_ok("GET /good 0 ");
    }
    assert!(slow[0].is_dropped().await);
}
