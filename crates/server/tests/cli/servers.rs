//! `organicagent serve`: beside commands, stopping, its log.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use crate::desk::{Desk, answer, text, total};

#[test]
fn commands_work_while_the_server_runs() {
    let desk = Desk::new();
    let server = desk.serve(&[]);
    assert!(!server.address.ends_with(":0"));
    desk.agent();
    let key = desk.key();
    let (status, body) = server.post_lead(&key, "Jane");
    assert_eq!(status, 201, "{body}");
    assert!(desk.ok(&["backup", "one.backup"]).starts_with("one.backup: "));
    assert!(desk.ok(&["export", "--agent", "sarah-johnson", "out"]).starts_with("out: "));
    assert!(fs::read_to_string(desk.path("out/leads.csv")).unwrap().contains("Jane"));
    assert_eq!(desk.ok(&["migrate"]), "up to date\n");
    assert_eq!(total(&server.get("/api/v1/leads", &key).1), 1);
}

#[test]
fn a_stopping_server_finishes_what_it_accepted_and_exits_with_0() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    let server = desk.serve(&[]);
    let body = "{\"name\":\"Late\"}";
    let head = format!(
        "POST /api/v1/leads HTTP/1.1\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nExpect: 100-continue"
    );
    let mut begun = server.begin(&head, body.len());
    // The server asks for the body: it has accepted the request.
    let mut go_on = [0; 25];
    begun.read_exact(&mut go_on).unwrap();
    assert_eq!(text(&go_on), "HTTP/1.1 100 Continue\r\n\r\n");
    server.terminate();
    // It takes nobody new; when it has noticed, the accepted request is finished.
    while TcpStream::connect(&server.address).is_ok() {
        std::thread::yield_now();
    }
    begun.write_all(body.as_bytes()).unwrap();
    assert_eq!(answer(&mut begun).0, 201);
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    // Logs are JSON where nobody watches, and on stderr.
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}")));
    let lines = lines.collect::<Vec<_>>();
    assert_eq!(lines.last().unwrap()["message"], "stopped");
    let again = desk.serve(&[]);
    assert_eq!(total(&again.get("/api/v1/leads", &key).1), 1);
}

#[test]
fn a_server_stopped_as_soon_as_it_listens_exits_with_0_too() {
    let desk = Desk::new();
    for _ in 0..10 {
        let server = desk.serve(&[]);
        server.terminate();
        assert_eq!(server.end().0, Some(0));
    }
}

#[test]
fn the_log_tells_neither_keys_nor_people() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    let server = desk.serve(&[]);
    let (status, _) = server.post_lead(&key, "Zebediah");
    assert_eq!(status, 201);
    assert_eq!(server.get("/api/v1/leads?q=zebediah", &key).0, 200);
    assert_eq!(server.get(&format!("/api/v1/leads?X-API-Key={key}"), "").0, 401);
    server.terminate();
    let (_, log) = server.end();
    assert!(!log.to_lowercase().contains("zebediah") && !log.contains("oa_live_"), "{log}");
}

#[test]
fn a_stopping_server_answers_503_on_the_connections_that_it_has() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    let server = desk.serve(&[]);
    let mut kept = [0, 1].map(|_| TcpStream::connect(&server.address).unwrap());
    for stream in &mut kept {
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut head = [0; 15];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
    }
    // What else is left of the answer stands before the next.
    server.terminate();
    while TcpStream::connect(&server.address).is_ok() {
        std::thread::yield_now();
    }
    let [ready, post] = &mut kept;
    write!(ready, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let body = "{\"name\":\"Late\"}";
    write!(post, "POST /api/v1/leads HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    for stream in &mut kept {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        let (_, answer) = rest.split_once("HTTP/1.1 ").unwrap_or_else(|| panic!("no answer but {rest:?}"));
        let answer = answer.to_lowercase();
        assert!(
            answer.starts_with("503 ") && answer.contains("retry-after: ") && answer.contains("connection: close"),
            "{answer}"
        );
    }
    assert_eq!(server.end().0, Some(0));
    assert_eq!(total(&desk.serve(&[]).get("/api/v1/leads", &key).1), 0);
}
