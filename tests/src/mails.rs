//! Outgoing mail: queued with its reason, sent as one message however often it is tried, kept where there is no mail server.

use std::time::Duration;

use crm::{
    accounts, jobs,
    mails::{self, LEASE, MailState},
};
use db::{DbError, params};
use mail::sender::{self, Mailer};
use testkit::{Manner, Postbox, Settings, TestApp, block_on, on_both_engines, on_both_engines_with, until};

/// Mail goes out.
pub fn settings() -> Settings {
    Settings { sends_mail: true, rate_limit: 1_000_000, ..Settings::default() }
}

const MINUTE: Duration = Duration::from_secs(60);

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let counted = app.crm.database().read("test", move |tx| tx.query_one(sql, params![], |row| row.get::<i64>(0)));
    counted.await.unwrap_or_else(|error: DbError| panic!("{error}"))
}

/// Has a link to a new password mailed to an agent, and waits until it is queued.
async fn forget(app: &TestApp, email: &str) {
    let before = count(app, "SELECT COUNT(*) FROM mails").await;
    accounts::ask_for_link(&app.crm, email, [192, 0, 2, 1].into()).unwrap();
    until(async || count(app, "SELECT COUNT(*) FROM mails").await > before).await;
}

async fn state(app: &TestApp) -> (MailState, i64, Option<String>) {
    let mail = mails::list(&app.crm, app.agent.id, None, 1).await.unwrap().mails.remove(0);
    (mail.state, mail.attempts, mail.error)
}

async fn send(app: &TestApp, mailer: &Mailer) -> usize {
    sender::send_due(&app.crm, mailer).await.unwrap()
}

/// Has the agent told of a webhook that does not matter: a mail that is tried for days.
async fn announce(app: &TestApp) {
    let lead = serde_json::json!({"name": "Jane Doe", "email": "jane@example.com"});
    let _ = app.agent.api.post("/api/v1/leads", &lead).await.expect(201);
    mails::tell_leads(&app.crm).await.unwrap();
}

on_both_engines_with! {
    settings();

    async fn a_mail_goes_out_once_with_the_headers_of_its_agent(app: TestApp) {
        let postbox = Postbox::open().await;
        let mailer = postbox.mailer(&app);
        forget(&app, &app.agent.email.to_uppercase()).await;
        assert_eq!(send(&app, &mailer).await, 1);
        assert_eq!(send(&app, &mailer).await, 0);
        let posted = postbox.posted();
        assert_eq!(posted.len(), 1);
        let mail = &posted[0];
        assert_eq!((mail.from.as_str(), &mail.to), ("office@example.com", &vec![app.agent.email.clone()]));
        assert_eq!(mail.header("From"), "\"Sarah Johnson\" <office@example.com>");
        assert_eq!(mail.header("Reply-To"), format!("\"Sarah Johnson\" <{}>", app.agent.email));
        assert_eq!(mail.header("Subject"), "Set a new password");
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert!(mail.header("Message-ID").starts_with("<mail_") && mail.header("Message-ID").ends_with("@example.com>"));
        assert!(!mail.header("Date").is_empty());
        assert!(mail.link("/reset/").is_some_and(|link| link.len() == 7 + 43), "{}", mail.data);
        assert!(mail.text().contains(&app.base));
        assert_eq!(state(&app).await, (MailState::Sent, 1, None));
    }

    async fn a_mail_that_is_put_off_is_tried_for_two_days_as_the_same_message(app: TestApp) {
        let postbox = Postbox::open().await;
        let mailer = postbox.mailer(&app);
        postbox.behave(Manner::Defer);
        announce(&app).await;
        let pauses = [1, 5, 30, 2 * 60, 6 * 60, 12 * 60, 24 * 60];
        assert_eq!(send(&app, &mailer).await, 1);
        let (state_now, _, error) = state(&app).await;
        assert_eq!(state_now, MailState::Queued);
        assert!(error.as_deref().is_some_and(|error| error.contains("put it off") && error.contains("come back later")), "{error:?}");
        for (made, pause) in (1..).zip(pauses) {
            assert_eq!(state(&app).await.1, made);
            app.clock.advance(pause * MINUTE - Duration::from_millis(1));
            assert_eq!(send(&app, &mailer).await, 0);
            app.clock.advance(Duration::from_millis(1));
            assert_eq!(send(&app, &mailer).await, 1);
        }
        let (last, attempts, _) = state(&app).await;
        assert_eq!((last, attempts), (MailState::Failed, 8));
        app.clock.advance(48 * 60 * MINUTE);
        assert_eq!(send(&app, &mailer).await, 0);
        assert!(postbox.posted().is_empty());
    }

    async fn what_is_refused_for_good_fails_at_once_but_a_wrong_sign_in_does_not(app: TestApp) {
        let postbox = Postbox::open().await;
        announce(&app).await;
        postbox.behave(Manner::RefuseSignIn);
        assert_eq!(send(&app, &postbox.mailer(&app)).await, 1);
        let (put_off, _, error) = state(&app).await;
        assert_eq!(put_off, MailState::Queued);
        assert!(error.as_deref().is_some_and(|error| error.contains("sign in") && !error.contains("secret")), "{error:?}");
        postbox.behave(Manner::Refuse);
        app.clock.advance(MINUTE);
        assert_eq!(send(&app, &postbox.mailer(&app)).await, 1);
        let (refused, attempts, error) = state(&app).await;
        assert_eq!((refused, attempts), (MailState::Failed, 2));
        assert!(error.as_deref().is_some_and(|error| error.contains("nobody of that name")), "{error:?}");
    }

    async fn a_connection_that_breaks_within_the_mail_is_another_attempt_at_the_same_message(app: TestApp) {
        let postbox = Postbox::open().await;
        announce(&app).await;
        for manner in [Manner::DropInData, Manner::DropAfterData, Manner::Accept] {
            postbox.behave(manner);
            assert_eq!(send(&app, &postbox.mailer(&app)).await, 1);
            app.clock.advance(5 * MINUTE);
        }
        assert_eq!(state(&app).await, (MailState::Sent, 3, None));
        let ids = postbox.posted().iter().map(|mail| mail.header("Message-ID")).collect::<Vec<_>>();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0], ids[1]);
    }

    async fn a_sender_that_dies_before_it_notes_what_it_sent_sends_the_same_message_again(app: TestApp) {
        let postbox = Postbox::open().await;
        announce(&app).await;
        // Claimed and sent, and then nothing more is heard of it.
        let claimed = mails::claim(&app.crm, 10).await.unwrap();
        assert_eq!(postbox.mailer(&app).send(&app.crm, &claimed[0]).await, mails::Outcome::Sent);
        assert_eq!(send(&app, &postbox.mailer(&app)).await, 0);
        app.clock.advance(LEASE);
        assert_eq!(send(&app, &postbox.mailer(&app)).await, 1);
        let ids = postbox.posted().iter().map(|mail| mail.header("Message-ID")).collect::<Vec<_>>();
        assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
        // What the dead one would say counts no more.
        assert!(!mails::settle(&app.crm, &claimed[0], mails::Outcome::Never(String::from("late"))).await.unwrap());
        assert_eq!(state(&app).await.0, MailState::Sent);
    }

    async fn while_a_mail_server_hangs_nothing_else_waits(app: TestApp) {
        let postbox = Postbox::open().await;
        postbox.behave(Manner::Hang);
        announce(&app).await;
        let (crm, mailer) = (app.crm.clone(), postbox.mailer(&app));
        let hanging = tokio::spawn(async move { sender::send_due(&crm, &mailer).await });
        postbox.hangs().await;
        // Its row too can be read and written: no transaction is open.
        assert_eq!(state(&app).await.0, MailState::Queued);
        announce(&app).await;
        let erased = app.crm.database().write("test", db::Lane::SHARED, |tx| tx.execute("UPDATE mails SET last_error = 'x'", params![]));
        erased.await.map(drop).unwrap_or_else(|error: DbError| panic!("{error}"));
        hanging.abort();
    }

    async fn a_link_is_not_mailed_when_it_has_ended(app: TestApp) {
        let postbox = Postbox::open().await;
        postbox.behave(Manner::Defer);
        forget(&app, &app.agent.email).await;
        for pause in [0, 1, 5, 30] {
            app.clock.advance(pause * MINUTE);
            assert_eq!(send(&app, &postbox.mailer(&app)).await, 1);
        }
        assert_eq!(state(&app).await.0, MailState::Failed);
    }

    async fn mails_are_thrown_away_after_90_days(app: TestApp) {
        let postbox = Postbox::open().await;
        jobs::seed(&app.crm).await.unwrap();
        announce(&app).await;
        assert_eq!(send(&app, &postbox.mailer(&app)).await, 1);
        app.clock.advance(90 * 24 * 60 * MINUTE - MINUTE);
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM mails").await, 1);
        app.clock.advance(60 * MINUTE);
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM mails").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM mail_records").await, 0);
    }

    async fn what_is_queued_when_the_mail_server_is_taken_away_is_kept(app: TestApp) {
        announce(&app).await;
        sender::run(app.crm.clone(), None, std::future::pending()).await;
        assert_eq!(state(&app).await.0, MailState::Kept);
    }

    async fn the_sender_is_woken_and_stops_when_it_is_told(app: TestApp) {
        let postbox = Postbox::open().await;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(sender::run(app.crm.clone(), Some(postbox.mailer(&app)), async { drop(stopped.await) }));
        announce(&app).await;
        until(async || !postbox.posted().is_empty()).await;
        drop(stop);
        running.await.unwrap();
    }
}

on_both_engines! {
    async fn without_a_mail_server_every_mail_is_kept(app: TestApp) {
        announce(&app).await;
        assert_eq!(state(&app).await, (MailState::Kept, 0, None));
        assert!(mails::claim(&app.crm, 10).await.unwrap().is_empty());
    }

    async fn erasing_a_person_erases_the_mails_that_name_them(app: TestApp) {
        announce(&app).await;
        let told = app.agent.api.get("/api/v1/leads").await.expect(200).json();
        let id = told["leads"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM mail_records").await, 1);
        let _ = app.agent.api.delete(&format!("/api/v1/leads/{id}")).await.expect(204);
        app.clock.advance(crm::trash::KEPT);
        assert_eq!(crm::trash::erase_due(&app.crm).await, Ok(1));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM mails").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM mail_records").await, 0);
    }

    async fn what_a_mail_tells_is_sealed(app: TestApp) {
        announce(&app).await;
        let read = app.crm.database().read("test", |tx| {
            tx.query_one("SELECT letter FROM mails", params![], |row| row.get::<Vec<u8>>(0))
        });
        let sealed = read.await.unwrap_or_else(|error: DbError| panic!("{error}"));
        assert!(!String::from_utf8_lossy(&sealed).contains("Jane"));
    }
}

#[test]
fn two_nodes_never_send_the_same_mail() {
    block_on(async {
        let app = TestApp::start_with(testkit::Engine::Postgres, &settings()).await;
        let other = app.another_node().await;
        for number in 0..40 {
            let agent = app.another_agent(&format!("Agent {number}")).await;
            let _ = agent.api.post("/api/v1/leads", &serde_json::json!({"name": "Jane"})).await.expect(201);
        }
        mails::tell_leads(&app.crm).await.unwrap();
        let postbox = Postbox::open().await;
        let senders = [&app.crm, &other.crm].map(|crm| {
            let (crm, mailer) = (crm.clone(), postbox.mailer(&app));
            tokio::spawn(async move { sender::send_due(&crm, &mailer).await.unwrap() })
        });
        let mut sent = 0;
        for sender in senders {
            sent += sender.await.unwrap();
        }
        let mut ids = postbox.posted().iter().map(|mail| mail.header("Message-ID")).collect::<Vec<_>>();
        ids.sort();
        ids.dedup();
        assert_eq!((sent, ids.len()), (40, 40));
    });
}
