//! HTTP/1: what passes and what is refused.

use super::rig::{Server, soon};

const GOOD: &str = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n";

fn post(fields: &str, body: &str) -> String {
    format!("POST /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}")
}

#[tokio::test]
async fn every_answer_carries_an_id_that_the_service_knows() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send("GET /who HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    let id = answer.header("x-request-id").unwrap().to_owned();
    answer.assert_ok(&format!("127.0.0.1 {id}"));
    client.send("GET /missing HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let missing = client.answer().await.unwrap();
    missing.assert_signed();
    assert_eq!(missing.status, 404);
    assert_ne!(missing.header("x-request-id"), Some(&id[..]));
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_order() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let chunked = "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n";
    let stream = [
        GOOD.to_owned(),
        post("Content-Length: 5", "hello"),
        post("Transfer-Encoding: chunked", chunked),
        "\r\nPUT http://a/abs HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
    ]
    .concat();
    for pieces in [stream.len(), 7, 1] {
        let mut client = server.connect().await;
        for piece in stream.as_bytes().chunks(pieces) {
            client.send(piece).await;
        }
        let answers = client.rest().await;
        let bodies = ["GET /good 0 ", "POST /x 5 hello", "POST /x 11 hello world", "PUT /abs 0 ", "GET /last 0 "];
        assert_eq!(answers.len(), bodies.len());
        for (answer, body) in answers.iter().zip(bodies) {
            answer.assert_ok(body);
        }
    }
    client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.head().await.contains("content-length: 10\r\n"));
    client.send(GOOD).await;
    client.answer().await.unwrap().assert_ok("GET /good 0 ");
}

#[tokio::test]
async fn two_lengths_are_no_length() {
    let server = Server::start().await;
    let smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    server.refuses(post("Content-Length: 5\r\nTransfer-Encoding: chunked", smuggled), "length_with_encoding").await;
    server.refuses(post("Transfer-Encoding: chunked\r\nContent-Length: 50", smuggled), "length_with_encoding").await;
    server.refuses(post("Content-Length: 5\r\nContent-Length: 5", "hello"), "length_repeated").await;
    for bad in ["+5", "0x5", "5, 5", "-5", "5 5", "", "99999999999999999999"] {
        server.refuses(post(&format!("Content-Length: {bad}"), "hello"), "length_invalid").await;
    }
    for bad in ["gzip", "chunked, gzip", "gzip, chunked", "identity", "xchunked", "chunked, chunked"] {
        server.refuses(post(&format!("Transfer-Encoding: {bad}"), smuggled), "encoding_invalid").await;
    }
    let old = format!("POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{smuggled}");
    server.refuses(old, "encoding_version").await;
}

#[tokio::test]
async fn lines_and_fields_are_by_the_letter() {
    let server = Server::start().await;
    server.refuses("GET / HTTP/1.1\nHost: a\n\n", "line_ending").await;
    server.refuses("GET / HTTP/1.1\r\nHost: a\n\r\n", "line_ending").await;
    server.refuses("GET / HTTP/1.1\r\nHost: a\r\n\n", "line_ending").await;
    server.refuses("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", "folding").await;
    server.refuses("GET / HTTP/1.1\r\nHost: a\r\nName : x\r\n\r\n", "field_name").await;
    server.refuses("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "field_name").await;
    server.refuses("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", "field_value").await;
    server.refuses("GET / HTTP/1.1\r\nHost: a\r\nX: a\x0bb\r\n\r\n", "field_value").await;
    server.refuses("GET /\r\n", "request_line").await;
    server.refuses("GET / HTTP/3.0\r\nHost: a\r\n\r\n", "version").await;
    server.refuses("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "version").await;
    server.refuses("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "method").await;
    server.refuses(b"\x16\x03\x01\x02\x00\x01\x00", "request_line").await;
    server.refuses("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "target").await;
}

#[tokio::test]
async fn the_host_is_one_and_clear() {
    let server = Server::start().await;
    server.refuses("GET / HTTP/1.1\r\n\r\n", "host_missing").await;
    server.refuses("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "host_repeated").await;
    server.refuses("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "host_invalid").await;
    server.refuses("GET / HTTP/1.1\r\nHost: a<script>\r\n\r\n", "host_invalid").await;
    server.refuses("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "host_mismatch").await;
    let answers = server.exchange("GET /old HTTP/1.0\r\n\r\n").await;
    assert_eq!(answers.len(), 1);
    answers[0].assert_ok("GET /old 0 ");
}

#[tokio::test]
async fn chunks_are_by_the_letter() {
    let server = Server::start().await;
    for (body, kind) in [
        ("5;x\ny\r\nhello\r\n0\r\n\r\n", "chunk_extension"),
        ("5;\0\r\nhello\r\n0\r\n\r\n", "chunk_extension"),
        ("5;x\x07\r\nhello\r\n0\r\n\r\n", "chunk_extension"),
        ("0x5\r\nhello\r\n0\r\n\r\n", "chunk_size"),
        ("+5\r\nhello\r\n0\r\n\r\n", "chunk_size"),
        ("5\nhello\r\n0\r\n\r\n", "chunk_size"),
        ("fffffffffffffffff\r\n", "chunk_size"),
        ("5\r\nhelloGET /smuggled HTTP/1.1\r\n\r\n", "chunk_end"),
        ("5\r\nhello\n0\r\n\r\n", "chunk_end"),
        ("0\r\nX : y\r\n\r\n", "trailer"),
    ] {
        server.refuses(post("Transfer-Encoding: chunked", body), kind).await;
    }
}

#[tokio::test]
async fn a_violation_within_a_body_is_the_one_answer_though_the_service_has_the_request() {
    let server = Server::start().await;
    for path in ["/x", "/stubborn"] {
        let calls = server.probe.calls();
        let mut client = server.connect().await;
        client
            .send(format!("POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"))
            .await;
        soon(async {
            while server.probe.calls() == calls {
                tokio::task::yield_now().await;
            }
        })
        .await;
        client.send("zzz\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answers = client.rest().await;
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers[0].assert_refusal("chunk_size");
        assert_eq!(server.probe.calls(), calls + 1);
    }
}

#[tokio::test]
async fn good_requests_before_a_bad_one_are_answered_first_and_what_follows_is_none() {
    let server = Server::start().await;
    let bad = "GET / HTTP/1.1\nHost: a\n\n";
    let stream = format!("{GOOD}{}{bad}{GOOD}{GOOD}", post("Content-Length: 2", "hi"));
    for pieces in [stream.len(), 1] {
        let calls = server.probe.calls();
        let mut client = server.connect().await;
        for piece in stream.as_bytes().chunks(pieces) {
            if tokio::io::AsyncWriteExt::write_all(&mut client.stream, piece).await.is_err() {
                break;
            }
        }
        let answers = client.rest().await;
        assert_eq!(answers.len(), 3, "{answers:?}");
        answers[0].assert_ok("GET /good 0 ");
        answers[1].assert_ok("POST /x 2 hi");
        answers[2].assert_refusal("line_ending");
        assert_eq!(server.probe.calls(), calls + 2);
    }
}

#[tokio::test]
async fn a_body_of_a_get_is_no_request() {
    let server = Server::start().await;
    let body = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for path in ["/x", "/early"] {
        for split in [true, false] {
            let mut client = server.connect().await;
            let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
            match split {
                true => {
                    client.send(&head).await;
                    tokio::task::yield_now().await;
                    client.send(body).await;
                }
                false => client.send(format!("{head}{body}")).await,
            }
            assert_eq!(client.answer().await.unwrap().status, 200);
            client.send(GOOD).await;
            client.answer().await.unwrap().assert_ok("GET /good 0 ");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_expected_to_be_asked_for_is_asked_for() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n").await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello").await;
    client.answer().await.unwrap().assert_ok("POST /x 5 hello");
    client.send(GOOD).await;
    client.answer().await.unwrap().assert_ok("GET /good 0 ");

    // Nobody knows whether the body comes after an early answer: the connection ends.
    client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\nExpect: 100-continue\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    answer.assert_ok("early");
    assert_eq!(answer.header("connection"), Some("close"));
    client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.answer().await.is_none());
}

#[tokio::test]
async fn an_odd_expectation_poisons_nothing() {
    let server = Server::start().await;
    for odd in ["200-ok", "100-continue, 100-continue", "x=\"y", ""] {
        let mut client = server.connect().await;
        client
            .send(format!("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: {odd}\r\n\r\nhello{GOOD}"))
            .await;
        client.answer().await.unwrap().assert_ok("POST /x 5 hello");
        client.answer().await.unwrap().assert_ok("GET /good 0 ");
        client.send(format!("GET /x HTTP/1.1\r\nHost: a\r\nExpect: {odd}\r\n\r\n{GOOD}")).await;
        client.answer().await.unwrap().assert_ok("GET /x 0 ");
        client.answer().await.unwrap().assert_ok("GET /good 0 ");
    }
}

#[tokio::test]
async fn an_early_answer_to_a_small_body_keeps_the_connection() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n").await;
    client.send("hello").await;
    let answer = client.answer().await.unwrap();
    answer.assert_ok("early");
    assert_eq!(answer.header("connection"), None);
    client.send(GOOD).await;
    client.answer().await.unwrap().assert_ok("GET /good 0 ");
}

#[tokio::test]
async fn an_early_answer_says_that_it_is_the_last_while_the_body_is_still_coming() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send("POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
    let answer = client.answer().await.unwrap();
    answer.assert_ok("early");
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.answer().await.is_none());
}

#[tokio::test]
async fn a_client_that_ends_its_side_still_gets_its_answer() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send(GOOD).await;
    tokio::io::AsyncWriteExt::shutdown(&mut client.stream).await.unwrap();
    let answers = client.rest().await;
    assert_eq!(answers.len(), 1);
    answers[0].assert_ok("GET /good 0 ");
    for part in ["GET / HT", &post("Content-Length: 5", "hel"), &post("Transfer-Encoding: chunked", "5\r\nhel")] {
        let mut client = server.connect().await;
        client.send(part).await;
        tokio::io::AsyncWriteExt::shutdown(&mut client.stream).await.unwrap();
        let answers = client.rest().await;
        assert_eq!(answers.len(), 1, "{part:?}");
        answers[0].assert_refusal("incomplete");
    }
}

#[tokio::test]
async fn a_refused_head_request_gets_no_body() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\nName : x\r\n\r\n").await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert!(head.contains("x-request-id: req_"), "{head}");
    assert!(client.is_dropped().await);
}
