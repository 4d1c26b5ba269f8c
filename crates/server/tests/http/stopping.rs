//! The graceful stop.

use std::time::Duration;

use server::http::Limits;

use super::rig::{Server, limits, soon};

const GOOD: &str = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn a_stop_closes_the_idle_and_finishes_what_is_in_flight() {
    let server = Server::start().await;
    let mut idle = server.connect().await;
    idle.send(GOOD).await;
    idle.answer().await.unwrap().assert_ok("GET /good 0 ");
    let mut fresh = server.connect().await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    soon(server.probe.started.acquire()).await.unwrap().forget();
    let mut sending = server.connect().await;
    sending.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
    soon(async {
        while server.probe.calls() < 3 {
            tokio::task::yield_now().await;
        }
    })
    .await;

    server.stop.cancel();
    assert!(idle.answer().await.is_none());
    assert!(fresh.answer().await.is_none());
    assert!(!server.task.is_finished());
    server.probe.go.add_permits(1);
    sending.send("0\r\n\r\n").await;
    for (client, body) in [(&mut busy, "waited"), (&mut sending, "POST /x 5 hello")] {
        let answer = client.answer().await.unwrap();
        answer.assert_ok(body);
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(client.answer().await.is_none());
    }
    soon(server.task).await.unwrap();
    assert!(tokio::net::TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let server = Server::start_with(Limits { stop_timeout: Duration::from_millis(100), ..limits() }).await;
    let mut stuck = server.connect().await;
    stuck.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    soon(server.probe.started.acquire()).await.unwrap().forget();
    server.stop.cancel();
    soon(server.task).await.unwrap();
    assert!(stuck.is_dropped().await);
}

#[tokio::test]
async fn a_request_that_comes_after_the_stop_is_refused_and_not_looked_at() {
    let server = Server::start_with(Limits { stop_grace: Duration::from_secs(3600), ..limits() }).await;
    let (mut kept, mut posting) = (server.connect().await, server.connect().await);
    for client in [&mut kept, &mut posting] {
        client.send(GOOD).await;
        client.answer().await.unwrap().assert_ok("GET /good 0 ");
    }
    let mut fresh = server.connect().await;
    let mut begun = server.connect().await;
    begun.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
    soon(async {
        while server.probe.calls() < 3 {
            tokio::task::yield_now().await;
        }
    })
    .await;

    server.stop.cancel();
    for (client, request) in [
        (&mut kept, GOOD),
        (&mut fresh, GOOD),
        (&mut posting, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
    ] {
        client.send(request).await;
        let answer = client.answer().await.unwrap();
        answer.assert_refusal("stopping");
        assert_eq!(answer.status, 503);
        assert!(client.answer().await.is_none());
    }
    begun.send("0\r\n\r\n").await;
    begun.answer().await.unwrap().assert_ok("POST /x 5 hello");
    assert_eq!(server.probe.calls(), 3, "only what had begun");
    drop((kept, fresh, posting, begun));
    soon(server.task).await.unwrap();
}
