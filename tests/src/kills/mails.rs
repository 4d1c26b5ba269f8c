//! kill -9 while mails come in: senders send again what they got no answer to, and each mail is one lead, with its event.

use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use testkit::{
    Caller, Engine, Peer,
    mail_in::{DOMAIN, code},
    process::{Home, Place},
};

use super::{records, rounds, with_events};

/// Senders at once.
const SENDERS: usize = 6;

/// Of each mail that was begun, whether it was acknowledged.
type Sent = Arc<Mutex<HashMap<u64, bool>>>;

/// A form of a website, by another person each time.
fn mail(number: u64) -> String {
    format!(
        "Message-ID: <{number}@forms.example>\r\nFrom: Website <wordpress@forms.example>\r\nSubject: New inquiry from your website\r\n\r\n\
         Name: Person Number{number}\r\nEmail: person{number}@mail.example.com\r\nProperty Address: {number} Elm St, Miami, FL\r\nMessage: Hello\r\n"
    )
}

/// Hands a mail over; `None` when no answer came.
async fn hand_over(peer: &mut Peer, to: &str, number: u64) -> Option<u16> {
    for line in ["MAIL FROM:<wordpress@forms.example>", &format!("RCPT TO:<{to}>"), "DATA"] {
        match peer.code(line).await {
            250 | 354 => {}
            0 | 421 => return None,
            code => return Some(code),
        }
    }
    peer.send(mail(number)).await;
    Some(peer.code(".").await).filter(|code| *code != 0)
}

/// Sends what has no answer yet, then new ones, until the server is gone.
async fn send_until_gone(address: SocketAddr, to: String, again: Vec<u64>, next: Arc<AtomicU64>, sent: Sent) {
    let Some(mut peer) = Peer::try_to(address).await else { return };
    if code(&peer.reply().await) != 220 || peer.code("EHLO there.example").await != 250 {
        return;
    }
    let mut again = again.into_iter();
    loop {
        let number = again.next().unwrap_or_else(|| next.fetch_add(1, Ordering::Relaxed));
        sent.lock().unwrap().entry(number).or_insert(false);
        match hand_over(&mut peer, &to, number).await {
            Some(250) => drop(sent.lock().unwrap().insert(number, true)),
            Some(code) => panic!("{code}"),
            None => return,
        }
    }
}

/// What has no answer, in so many parts.
fn unanswered(sent: &Sent) -> Vec<Vec<u64>> {
    let mut parts = vec![Vec::new(); SENDERS];
    let sent = sent.lock().unwrap();
    for (place, number) in sent.iter().filter(|(_, is_answered)| !**is_answered).map(|(number, _)| *number).enumerate()
    {
        parts[place % SENDERS].push(number);
    }
    parts
}

async fn survive(place: &Place) {
    let slug = place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    let key = place.output_of(&["key", "create", "--agent", &slug, "--name", "Load"]);
    let (sent, next) = (Sent::default(), Arc::new(AtomicU64::new(1)));
    for round in 0..=rounds() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let settings =
            [("ORGANICAGENT_SMTP_LISTEN", free.to_string()), ("ORGANICAGENT_INBOUND_DOMAIN", DOMAIN.to_owned())];
        let server = place.serve_with(&settings.each_ref().map(|(name, value)| (*name, value.as_str())));
        let api = Caller::new(&server.base).with_key(&key);
        let to = api.get("/api/v1/me").await.expect(200).json()["inboundAddress"].as_str().unwrap().to_owned();
        let before = sent.lock().unwrap().values().filter(|is_answered| **is_answered).count();
        if round == rounds() {
            // The last time nobody is killed: the senders have their way.
            let mut peer = Peer::to(free).await;
            assert_eq!((code(&peer.reply().await), peer.code("EHLO there.example").await), (220, 250));
            for number in unanswered(&sent).concat() {
                assert_eq!(hand_over(&mut peer, &to, number).await, Some(250));
                sent.lock().unwrap().insert(number, true);
            }
            let (leads, total) = records(&api, "leads", "name").await;
            let mails = sent.lock().unwrap().len();
            assert_eq!((leads.len(), total), (mails, mails as u64), "each mail is one lead");
            assert_eq!(with_events(&api).await.len(), leads.len());
            server.kill();
            return;
        }
        let load = unanswered(&sent)
            .into_iter()
            .map(|again| tokio::spawn(send_until_gone(free, to.clone(), again, Arc::clone(&next), Arc::clone(&sent))));
        let load = load.collect::<Vec<_>>();
        while sent.lock().unwrap().values().filter(|is_answered| **is_answered).count() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis((round * 73) % 260)).await;
        server.kill();
        for sender in load {
            sender.await.unwrap();
        }
    }
}

#[test]
fn a_mail_that_is_sent_again_after_a_kill_is_one_lead_sqlite() {
    testkit::block_on(async { survive(&Home::new(Engine::Sqlite).place).await });
}

#[test]
fn a_mail_that_is_sent_again_after_a_kill_is_one_lead_postgres() {
    testkit::block_on(async { survive(&Home::new(Engine::Postgres).place).await });
}
