//! Mail that comes in: taken in by a command, and by the listener of the real binary.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Command,
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::aws_lc_rs, pki_types::ServerName};
use serde_json::Value;

use crate::{
    desk::{Desk, Serving},
    tls::certify,
};

const DOMAIN: [&str; 2] = ["--inbound-domain", "leads.example.com"];

/// A form of a website, by mail.
fn inquiry(id: &str, name: &str) -> String {
    format!(
        "Message-ID: <{id}@forms.example>\r\nFrom: Website <wordpress@forms.example>\r\nTo: sarah@example.com\r\n\
         Subject: New inquiry from your website\r\nDate: Sat, 28 Nov 2026 10:00:00 +0000\r\n\r\n\
         Name: {name}\r\nEmail: {}@mail.example.com\r\nPhone: (305) 555-0147\r\nProperty Address: 12 Elm St, Miami, FL 33101\r\n\
         Message: Is it still for sale? I would like to see it.\r\n",
        name.to_lowercase().replace(' ', ".")
    )
}

fn import(desk: &Desk, file: &str) -> Value {
    let line = desk.ok(&["email", "import", "--agent", "sarah-johnson", file]);
    serde_json::from_str(&line).unwrap()
}

fn total(server: &Serving, key: &str) -> Value {
    let (status, body) = server.get("/api/v1/leads", key);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["total"].clone()
}

#[test]
fn a_mail_is_taken_in_once_also_while_the_server_runs() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    fs::write(desk.path("a.eml"), inquiry("1", "Ada King")).unwrap();
    fs::write(desk.path("b.eml"), "From: News <news@shop.example>\r\nSubject: Our newsletter\r\nList-Unsubscribe: <mailto:x@shop.example>\r\n\r\nUnsubscribe here. 20 % off.\r\n").unwrap();
    let first = import(&desk, "a.eml");
    assert_eq!(
        (&first["outcome"], &first["isLead"], &first["name"]),
        (&"lead".into(), &true.into(), &"Ada King".into()),
        "{first}"
    );
    let lead = first["leadId"].as_str().unwrap();
    // As after a kill between keeping and printing.
    let again = import(&desk, "a.eml");
    assert_eq!((&again["outcome"], again["leadId"].as_str()), (&"duplicate".into(), Some(lead)), "{again}");
    let server = desk.serve(&[]);
    assert_eq!(total(&server, &key), 1);
    let ignored = import(&desk, "b.eml");
    assert_eq!(
        (&ignored["outcome"], &ignored["leadId"], &ignored["isLead"]),
        (&"ignored".into(), &Value::Null, &false.into()),
        "{ignored}"
    );
    fs::write(desk.path("c.eml"), inquiry("2", "Ben Lee")).unwrap();
    assert_eq!(import(&desk, "c.eml")["outcome"], "lead");
    assert_eq!(total(&server, &key), 2);
    // What was there is told, what was not does not keep the others from it.
    let output = desk.run(&["email", "import", "--agent", "sarah-johnson", "none.eml", "c.eml"]);
    assert!(!output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap().matches("\"duplicate\"").count(), 1);
    assert!(desk.fails(&["email", "import", "--agent", "nobody", "a.eml"]).contains("there is no agent"));
}

/// Who hands mail over.
struct Peer<S: Read + Write> {
    stream: BufReader<S>,
}

impl<S: Read + Write> Peer<S> {
    fn reply(&mut self) -> u16 {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
            }
        }
    }

    fn say(&mut self, line: &str) -> u16 {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.reply()
    }
}

fn connect(server: &mut Serving) -> Peer<TcpStream> {
    let line = server.line();
    let address = line.strip_prefix("smtp on ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
    connect_to(&address)
}

fn connect_to(address: &str) -> Peer<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut peer = Peer { stream: BufReader::new(stream) };
    assert_eq!(peer.reply(), 220);
    peer
}

/// The agent's address, as the API tells it.
fn address(server: &Serving, key: &str) -> String {
    let (_, me) = server.get("/api/v1/me", key);
    serde_json::from_str::<Value>(&me).unwrap()["inboundAddress"].as_str().unwrap().to_owned()
}

/// The catalogue's S9: whoever got no answer sends again, and it is one lead.
#[test]
fn s9_a_server_killed_before_its_answer_makes_one_lead_of_what_is_sent_again() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    let settings = [&["--smtp-listen", "127.0.0.1:0"][..], &DOMAIN].concat();
    for (round, is_whole) in [true, false, true, true].into_iter().enumerate() {
        let mail = inquiry(&round.to_string(), &format!("Person Number{round}"));
        let mut server = desk.serve(&settings);
        let to = address(&server, &key);
        let mut peer = connect(&mut server);
        assert_eq!(peer.say("EHLO there.example"), 250);
        assert_eq!(peer.say("MAIL FROM:<wordpress@forms.example>"), 250);
        assert_eq!(peer.say(&format!("RCPT TO:<{to}>")), 250);
        assert_eq!(peer.say("DATA"), 354);
        let end = if is_whole { ".\r\n" } else { "" };
        peer.stream.get_mut().write_all(format!("{mail}{end}").as_bytes()).unwrap();
        // Sooner or later than it is kept, from round to round.
        std::thread::sleep(Duration::from_millis(round as u64 * 4));
        server.kill();
        drop(server);
        let mut server = desk.serve(&settings);
        let mut peer = connect(&mut server);
        assert_eq!(peer.say("EHLO there.example"), 250);
        assert_eq!(peer.say("MAIL FROM:<wordpress@forms.example>"), 250);
        assert_eq!(peer.say(&format!("RCPT TO:<{to}>")), 250);
        assert_eq!(peer.say("DATA"), 354);
        assert_eq!(peer.say(&format!("{mail}.")), 250);
        assert_eq!(peer.say("QUIT"), 221);
        assert_eq!(total(&server, &key), round + 1);
    }
}

/// The catalogue's S3: what was said before TLS is forgotten with it.
#[test]
fn s3_what_comes_before_tls_is_thrown_away() {
    let desk = Desk::new();
    desk.agent();
    let certificate = certify(&desk);
    let settings =
        [&["--smtp-listen", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"][..], &DOMAIN].concat();
    let mut server = desk.serve(&settings);
    let mut peer = connect(&mut server);
    assert_eq!(peer.say("EHLO there.example"), 250);
    // In one piece: whoever sits in between has put two commands behind it.
    let stream = peer.stream.get_mut();
    stream.write_all(b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@evil.example>\r\n").unwrap();
    assert_eq!(peer.reply(), 220);
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut peer = Peer { stream: BufReader::new(StreamOwned::new(client, peer.stream.into_inner())) };
    assert_eq!(peer.say("MAIL FROM:<a@b.example>"), 503, "nothing that was said in clear holds");
    assert_eq!(peer.say("EHLO there.example"), 250);
    assert_eq!(peer.say("MAIL FROM:<a@b.example>"), 250);
    assert_eq!(peer.say("STARTTLS"), 502);
    assert_eq!(peer.say("QUIT"), 221);
}

/// What it says where the program is there; `None` where it is not.
fn swaks(address: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("swaks");
    command.args(["--server", address, "--helo", "there.example", "--from", "wordpress@forms.example"]).args(arguments);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{error}"),
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn another_program_hands_mails_over_by_smtp_and_lmtp() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    let mut server = desk.serve(&[&["--smtp-listen", "127.0.0.1:0"][..], &DOMAIN].concat());
    let to = address(&server, &key);
    let listens = server.line();
    let listens = listens.strip_prefix("smtp on ").unwrap();
    for (number, protocol) in ["SMTP", "ESMTP", "LMTP"].into_iter().enumerate() {
        let file = desk.path("mail.eml");
        fs::write(&file, inquiry(&format!("swaks-{number}"), &format!("Person Number{number}"))).unwrap();
        let file = format!("@{}", file.display());
        let Some(said) = swaks(listens, &["--protocol", protocol, "--to", &to, "--data", &file]) else {
            println!("skipped: swaks is not installed");
            return;
        };
        assert!(said.contains("<-  250 2.0.0 Kept"), "{said}");
        assert_eq!(total(&server, &key), number + 1);
    }
    let refused = swaks(listens, &["--to", "victim@other.example"]).unwrap();
    assert!(refused.contains("<** 550 5.7.1"), "{refused}");
    let said = swaks(listens, &["--to", &to, "--auth-user", "x", "--auth-password", "y"]).unwrap();
    assert!(!said.contains("AUTH") && !said.contains("DATA"), "{said}");
}
