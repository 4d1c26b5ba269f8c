//! Mail that comes in by SMTP and LMTP: the catalogue's attacks, and that 250 means kept.

use crm::{
    Settings,
    inbox::{self, Outcome, Place},
};
use mail::receiving::Limits;
use serde_json::{Value, json};
use testkit::{
    MailIn, Peer, TestApp,
    faulty_vfs::{Duration, Fault, FaultyVfs},
    mail_in::{code, mail, settings},
    on_both_engines_with,
};

fn lead(name: &str) -> Value {
    let found = |text: &str| json!({"text": text, "confidence": 95});
    json!({
        "verdict": "lead",
        "reason": "A portal's notice",
        "name": found(name),
        "email": found(&format!("{}@example.com", name.to_lowercase())),
        "source": found("zillow"),
        "propertyAddress": found("12 Elm St, Miami, FL"),
    })
}

/// How many leads, and how many mails, the agent has.
async fn counts(app: &TestApp) -> (u64, usize) {
    let leads = app.agent.api.get("/api/v1/leads").await.expect(200).json()["total"].as_u64().unwrap();
    let mails = inbox::list(&app.crm, app.agent.id, Place::default(), 1_000).await.unwrap();
    (leads, mails.messages.len())
}

async fn begun(app: &TestApp) -> (MailIn, String, Peer) {
    let (server, to) = (app.mail_in().await, app.mail_address(&app.agent).await);
    let peer = server.connect().await;
    (server, to, peer)
}

on_both_engines_with! { settings();
    async fn a_mail_becomes_a_lead_with_its_event_and_250_means_that_it_is_kept(app: TestApp) {
        let (server, to, mut peer) = begun(&app).await;
        let me = app.agent.api.get("/api/v1/me").await.expect(200).json();
        assert_eq!(me["inboundAddress"], to.as_str());
        peer.open("EHLO", &[&to.to_uppercase()]).await;
        peer.send(mail("1", &lead("Ada"))).await;
        assert_eq!(peer.code(".").await, 250);
        // The next on the same connection, with a line that begins with a dot.
        peer.envelope(&[&to]).await;
        peer.send("Message-ID: <2@x>\r\n\r\n..not json\r\n").await;
        assert_eq!(peer.code(".").await, 250);
        assert_eq!(peer.code("QUIT").await, 221);
        assert_eq!(counts(&app).await, (1, 2));
        let found = app.agent.api.get("/api/v1/leads").await.expect(200).json()["leads"][0].clone();
        assert_eq!((&found["name"], &found["source"], &found["propertyAddress"]), (&json!("Ada"), &json!("zillow"), &json!("12 Elm St, Miami, FL")));
        let events = app.agent.api.get("/api/v1/events").await.expect(200).json();
        assert_eq!(events["events"].as_array().unwrap().iter().map(|event| (&event["event"], &event["data"]["id"])).collect::<Vec<_>>(), [(&json!("lead.created"), &found["id"])]);
        let mails = inbox::list(&app.crm, app.agent.id, Place::default(), 10).await.unwrap().messages;
        assert_eq!(mails.iter().map(|mail| mail.outcome).collect::<Vec<_>>(), [Outcome::Review, Outcome::Lead]);
        let raw = String::from_utf8(inbox::raw(&app.crm, app.agent.id, mails[0].id).await.unwrap()).unwrap();
        assert!(raw.starts_with("Return-Path: <leads@portal.example>\r\nReceived: from there.example ([127.0.0.1])\r\n by leads.example.com with ESMTP; "), "{raw}");
        assert!(raw.ends_with("\r\n\r\n.not json\r\n"), "{raw}");
        drop(server);
    }

    async fn a_mail_that_is_sent_again_makes_no_second_lead(app: TestApp) {
        let (server, to, _) = begun(&app).await;
        let one = mail("1", &lead("Ada"));
        let again = format!("Received: from elsewhere\r\n{one}");
        let (first, second, third) = tokio::join!(
            Peer::deliver(server.address, &to, &one),
            Peer::deliver(server.address, &to, &again),
            Peer::deliver(server.address, &to, &one),
        );
        assert_eq!((first, second, third), (250, 250, 250));
        assert_eq!(counts(&app).await, (1, 1));
    }

    async fn lmtp_answers_for_each_recipient(app: TestApp) {
        let (server, to, mut peer) = begun(&app).await;
        let other = app.another_agent("Ben").await;
        let bens = app.mail_address(&other).await;
        peer.open("LHLO", &[&to, &bens, &to]).await;
        peer.send(mail("1", &lead("Ada"))).await;
        peer.send(".\r\n").await;
        for _ in 0..3 {
            assert_eq!(code(&peer.reply().await), 250);
        }
        assert_eq!(peer.code("NOOP").await, 250);
        assert_eq!(counts(&app).await, (1, 1));
        assert_eq!(other.api.get("/api/v1/leads").await.expect(200).json()["total"], 1);
        // Too large for one is too large for all, and is said so often.
        peer.envelope(&[&to, &bens]).await;
        peer.send([vec![b'x'; 1_200], b"\r\n.\r\n".to_vec()].concat()).await;
        assert_eq!((code(&peer.reply().await), code(&peer.reply().await)), (500, 500));
        assert_eq!(peer.code("NOOP").await, 250);
        drop(server);
    }

    async fn s1_lines_that_do_not_end_with_cr_lf_are_rejected(app: TestApp) {
        let (server, to, _) = begun(&app).await;
        let whole = mail("1", &lead("Ada"));
        let smuggled = format!("MAIL FROM:<x@y.example>\r\nRCPT TO:<{to}>\r\nDATA\r\n{}.\r\n", mail("2", &lead("Eve")));
        for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r.\r\n", "\n\n.\r\n"] {
            let mut peer = server.connect().await;
            peer.open("EHLO", &[&to]).await;
            peer.send(format!("{}{end}{smuggled}", whole.trim_end())).await;
            assert_eq!(code(&peer.reply().await), 521, "{end:?}");
            assert_eq!(peer.reply().await, "", "{end:?}");
        }
        let mut peer = server.connect().await;
        assert_eq!(code(&peer.reply().await), 220);
        peer.send("EHLO there.example\nMAIL FROM:<a@b.example>\n").await;
        assert_eq!((code(&peer.reply().await), code(&peer.reply().await)), (500, 500));
        assert_eq!(counts(&app).await, (0, 0));
    }

    async fn s2_nothing_is_relayed(app: TestApp) {
        let (_server, to, mut peer) = begun(&app).await;
        let token = to.split('@').next().unwrap();
        assert_eq!(code(&peer.reply().await), 220);
        assert_eq!(peer.code("EHLO there.example").await, 250);
        assert_eq!(peer.code("MAIL FROM:<a@b.example>").await, 250);
        for foreign in [
            "<victim@other.example>",
            &format!("<victim%other.example@{}>", testkit::mail_in::DOMAIN),
            &format!("<{token}%other.example@{}>", testkit::mail_in::DOMAIN),
            &format!("<@other.example:{to}>"),
            &format!("<@a.example,@b.example:{to}>"),
            &format!("<other.example!{to}>"),
            "<aaaaaaaaaaaaaaaaaaaa@leads.example.com>",
        ] {
            assert_eq!(peer.code(&format!("RCPT TO:{foreign}")).await, 550, "{foreign}");
        }
        assert_eq!(peer.code("DATA").await, 503);
        assert_eq!(peer.code("AUTH PLAIN AHgAeA==").await, 502);
        assert_eq!(peer.code(&format!("RCPT TO:<{to}>")).await, 250);
    }

    async fn an_address_that_was_replaced_or_is_of_who_leaves_takes_nothing(app: TestApp) {
        let (server, to, mut peer) = begun(&app).await;
        let new = inbox::renew(&app.crm, app.agent.id).await.unwrap();
        assert_eq!(code(&peer.reply().await), 220);
        assert_eq!(peer.code("EHLO there.example").await, 250);
        assert_eq!(peer.code("MAIL FROM:<a@b.example>").await, 250);
        assert_eq!(peer.code(&format!("RCPT TO:<{to}>")).await, 550);
        assert_eq!(peer.code(&format!("RCPT TO:<{new}@leads.example.com>")).await, 250);
        app.crm.database().write("test.leave", db::Lane::SHARED, {
            let agent = app.agent.id;
            move |tx| tx.execute("INSERT INTO departures (agent_id, due_at) VALUES ($1, 9)", db::params![&agent])
        }).await.unwrap();
        assert_eq!(peer.code(&format!("RCPT TO:<{new}@leads.example.com>")).await, 550);
        drop(server);
    }

    async fn s4_overlong_lines_and_commands_are_refused(app: TestApp) {
        let (_server, to, mut peer) = begun(&app).await;
        assert_eq!(code(&peer.reply().await), 220);
        assert_eq!(peer.code(&format!("EHLO {}", "x".repeat(5_000))).await, 500);
        assert_eq!(peer.code(&format!("NOOP {}", "x".repeat(100_000))).await, 500);
        assert_eq!(peer.code("EHLO there.example").await, 250);
        peer.envelope(&[&to]).await;
        peer.send(format!("Subject: x\r\n\r\n{}\r\n{}\r\n", "x".repeat(998), "y".repeat(999))).await;
        assert_eq!(peer.code(".").await, 500);
        assert_eq!(counts(&app).await, (0, 0));
        peer.envelope(&[&to]).await;
        peer.send(format!("Subject: x\r\n\r\n{}\r\n", "x".repeat(998))).await;
        assert_eq!(peer.code(".").await, 250);
    }

    async fn s5_the_101st_recipient_is_put_off(app: TestApp) {
        let (_server, to, mut peer) = begun(&app).await;
        assert_eq!(code(&peer.reply().await), 220);
        assert_eq!(peer.code("EHLO there.example").await, 250);
        assert_eq!(peer.code("MAIL FROM:<a@b.example>").await, 250);
        for _ in 0..100 {
            assert_eq!(peer.code(&format!("RCPT TO:<{to}>")).await, 250);
        }
        assert_eq!(peer.code(&format!("RCPT TO:<{to}>")).await, 452);
        assert_eq!(peer.code("DATA").await, 354);
        peer.send(mail("1", &lead("Ada"))).await;
        assert_eq!(peer.code(".").await, 250);
        assert_eq!(counts(&app).await, (1, 1));
    }

    async fn s6_a_mail_beyond_its_size_is_refused_and_nothing_is_kept(app: TestApp) {
        let limits = Limits { mail_bytes: 600_000, ..Limits::default() };
        let (server, to) = (app.mail_in_with(|receiver| receiver, limits).await, app.mail_address(&app.agent).await);
        let mut peer = server.connect().await;
        assert_eq!(code(&peer.reply().await), 220);
        assert!(peer.say("EHLO there.example").await.contains("250-SIZE 600000\r\n"));
        assert_eq!(peer.code("MAIL FROM:<a@b.example> SIZE=600001").await, 552);
        peer.envelope(&[&to]).await;
        let line = format!("{}\r\n", "x".repeat(98));
        peer.send(line.repeat(6_001)).await;
        assert_eq!(peer.code(".").await, 552);
        assert_eq!(counts(&app).await, (0, 0));
        // One of more than a piece is kept whole.
        peer.envelope(&[&to]).await;
        let large = format!("Message-ID: <large@x>\r\n\r\n{}", line.repeat(5_900));
        peer.send(&large).await;
        assert_eq!(peer.code(".").await, 250);
        let kept = inbox::list(&app.crm, app.agent.id, Place::default(), 10).await.unwrap().messages[0].id;
        let raw = inbox::raw(&app.crm, app.agent.id, kept).await.unwrap();
        assert!(raw.ends_with(large.as_bytes()));
    }

    async fn s7_idle_clients_are_sent_away(app: TestApp) {
        let limits = Limits { connections: 30, connections_of_one: 20, ..Limits::default() };
        let server = app.mail_in_with(|receiver| receiver, limits).await;
        let mut codes = Vec::new();
        let mut held = Vec::new();
        for _ in 0..500 {
            let mut peer = server.connect().await;
            codes.push(code(&peer.reply().await));
            held.push(peer);
        }
        assert_eq!(codes.iter().filter(|code| **code == 220).count(), 20);
        assert_eq!(codes.iter().filter(|code| **code == 421).count(), 480);
        drop(held);
        // Those who have a place and say nothing lose it, the sooner the more there are.
        let limits = Limits { command: std::time::Duration::from_secs(3_600), command_in_a_crowd: std::time::Duration::from_millis(20), crowd: 2, ..Limits::default() };
        let server = app.mail_in_with(|receiver| receiver, limits).await;
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(server.connect().await);
            assert_eq!(code(&held.last_mut().unwrap().reply().await), 220);
        }
        assert_eq!(code(&held.last_mut().unwrap().reply().await), 421);
    }

    async fn s8_bad_commands_are_borne_twenty_times(app: TestApp) {
        let (_server, _, mut peer) = begun(&app).await;
        assert_eq!(code(&peer.reply().await), 220);
        for _ in 0..19 {
            assert_eq!(peer.code("EHLOO there.example").await, 500);
        }
        assert_eq!(peer.code("EHLOO there.example").await, 421);
        assert_eq!(peer.reply().await, "");
    }

    async fn s11_nothing_is_sent_to_whoever_sends(app: TestApp) {
        let (_server, to, mut peer) = begun(&app).await;
        assert_eq!(code(&peer.reply().await), 220);
        assert_eq!(peer.code("EHLO there.example").await, 250);
        for (id, sender) in [("1", ""), ("2", "bot@portal.example")] {
            assert_eq!(peer.code(&format!("MAIL FROM:<{sender}>")).await, 250);
            assert_eq!(peer.code(&format!("RCPT TO:<{to}>")).await, 250);
            assert_eq!(peer.code("DATA").await, 354);
            let ignored = json!({"verdict": "ignored", "reason": "An automatic answer"});
            peer.send(format!("Auto-Submitted: auto-replied\r\n{}", mail(id, &ignored))).await;
            assert_eq!(peer.code(".").await, 250);
        }
        let queued = "SELECT COUNT(*) FROM mails";
        let count = app.crm.database().read("test.count", move |tx| tx.query_opt(queued, &[], |row| row.get::<i64>(0))).await.unwrap();
        assert_eq!((count, counts(&app).await), (Some(0), (0, 2)));
    }

    async fn commands_and_a_mail_may_come_in_one_piece(app: TestApp) {
        let (_server, to, mut peer) = begun(&app).await;
        assert_eq!(code(&peer.reply().await), 220);
        let one = |id: &str| format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<{to}>\r\nDATA\r\n{}.\r\n", mail(id, &lead("Ada")));
        peer.send(format!("EHLO there.example\r\n{}RSET\r\n{}QUIT\r\n", one("1"), one("2"))).await;
        let mut codes = Vec::new();
        loop {
            match code(&peer.reply().await) {
                0 => break,
                code => codes.push(code),
            }
        }
        assert_eq!(codes, [250, 250, 250, 354, 250, 250, 250, 250, 354, 250, 221]);
        assert_eq!(counts(&app).await, (1, 2));
    }

    async fn a_stop_ends_what_is_under_way_and_sends_the_idle_away(app: TestApp) {
        let (server, to, mut busy) = begun(&app).await;
        let mut idle = server.connect().await;
        assert_eq!(code(&idle.reply().await), 220);
        busy.open("EHLO", &[&to]).await;
        busy.send("Message-ID: <1@x>\r\n").await;
        let stopped = tokio::spawn(server.stop());
        assert_eq!(code(&idle.reply().await), 421);
        busy.send(format!("\r\n{}\r\n", lead("Ada"))).await;
        assert_eq!(busy.code(".").await, 250);
        assert_eq!(code(&busy.reply().await), 421);
        stopped.await.unwrap();
        assert_eq!(counts(&app).await, (1, 1));
    }

    async fn large_mails_at_once_have_bounded_room(app: TestApp) {
        let limits = Limits { large_mail_bytes: 2 * 256 * 1024, ..Limits::default() };
        let (server, to) = (app.mail_in_with(|receiver| receiver, limits).await, app.mail_address(&app.agent).await);
        let large = format!("{}\r\n", "x".repeat(98)).repeat(7_000);
        let (mut first, mut second) = (server.connect().await, server.connect().await);
        first.open("EHLO", &[&to]).await;
        first.send(&large).await;
        // Both are read when this is answered, since the room that the first takes is seen by the second only then.
        second.open("EHLO", &[&to]).await;
        second.send(&large).await;
        let (a, b) = (first.code(".").await, second.code(".").await);
        assert!([a, b].contains(&452), "{a} {b}");
        assert_eq!(Peer::deliver(server.address, &to, &mail("1", &lead("Ada"))).await, 250);
    }
}

#[test]
fn s10_a_full_disk_is_452_and_never_250() {
    let vfs = FaultyVfs::register("mail-full");
    testkit::block_on(async {
        let app = TestApp::start_on_vfs("mail-full", &settings()).await;
        let (server, to) = (app.mail_in().await, app.mail_address(&app.agent).await);
        let mut kept = 0;
        for nth in 1..=6 {
            vfs.fail(Fault::DiskFull, nth, Duration::Lasting);
            let mut refused = 0;
            for attempt in 0..5 {
                match Peer::deliver(
                    server.address,
                    &to,
                    &mail(&format!("{nth}-{attempt}"), &lead(&format!("P{nth}x{attempt}"))),
                )
                .await
                {
                    250 => kept += 1,
                    code => {
                        assert_eq!(code, 452);
                        refused += 1;
                    }
                }
            }
            assert!(refused > 0, "the disk was full at operation {nth}");
            vfs.heal();
            // The sender's next attempt.
            assert_eq!(
                Peer::deliver(server.address, &to, &mail(&format!("{nth}-0"), &lead(&format!("P{nth}x0")))).await,
                250
            );
            let known = inbox::list(&app.crm, app.agent.id, Place::default(), 1_000).await.unwrap().messages.len();
            assert!(known >= kept, "a mail that was acknowledged is lost");
            kept = known;
        }
        let (leads, mails) = counts(&app).await;
        assert_eq!(leads, mails as u64, "each mail has its lead, and none is half there");
    });
}

#[test]
fn s10_an_error_of_the_disk_is_never_250_either() {
    let vfs = FaultyVfs::register("mail-error");
    testkit::block_on(async {
        let app = TestApp::start_on_vfs("mail-error", &settings()).await;
        let (server, to) = (app.mail_in().await, app.mail_address(&app.agent).await);
        for (nth, fault) in [Fault::WriteError, Fault::SyncError].into_iter().enumerate() {
            vfs.fail(fault, 1, Duration::Lasting);
            let code = Peer::deliver(server.address, &to, &mail(&format!("{nth}"), &lead(&format!("P{nth}")))).await;
            assert!([451, 452].contains(&code), "{code}");
            vfs.heal();
            let code = Peer::deliver(server.address, &to, &mail(&format!("{nth}"), &lead(&format!("P{nth}")))).await;
            assert_eq!(code, 250);
        }
        assert_eq!(counts(&app).await, (2, 2));
    });
}

#[test]
fn without_a_domain_there_is_no_address() {
    testkit::block_on(async {
        let app = TestApp::start_with(testkit::Engine::Sqlite, &Settings::default()).await;
        assert_eq!(app.agent.api.get("/api/v1/me").await.expect(200).json()["inboundAddress"], Value::Null);
    });
}
