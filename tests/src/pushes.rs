//! Web Push: who is told of leads on which device, what a push service gets, and what its answers mean.

use std::{sync::Arc, time::Duration};

use crm::{
    accounts, mails,
    pushes::{self, LEASE, MOST, Outcome},
    webhooks::UrlRule,
};
use db::{DbError, params};
use push::sender::{self, Pusher};
use serde_json::{Value, json};
use testkit::{
    Browser, Phone, Reply, Settings, Sink, TestAgent, TestApp,
    browser::PASSWORD,
    on_both_engines, on_both_engines_with,
    phone::{self, pusher},
    sending::Here,
    until,
};
use webhooks::{
    client::{Client, Limits, system_roots},
    guard::Guard,
};

use crate::showing_pages::{client, listing, request};

const PATH: &str = "/dashboard/settings/notifications";
const DEVICES: &str = "/dashboard/settings/notifications/devices";

async fn lead(agent: &TestAgent, name: &str) -> String {
    let body = json!({"name": name, "source": "Zillow", "propertyAddress": "12 Oak Street"});
    agent.api.post("/api/v1/leads", &body).await.expect(201).json()["leadId"].as_str().unwrap().to_owned()
}

/// Has a phone told.
async fn subscribe(browser: &mut Browser, phone: &Phone) {
    let fields = phone.fields();
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(
        browser.post(DEVICES, &fields).await.expect(303).header("location"),
        format!("{PATH}?done=device-added")
    );
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let counted = app.crm.database().read("test", move |tx| tx.query_one(sql, params![], |row| row.get::<i64>(0)));
    counted.await.unwrap_or_else(|error: DbError| panic!("{error}"))
}

async fn devices(app: &TestApp) -> i64 {
    count(app, "SELECT COUNT(*) FROM devices").await
}

async fn waiting(app: &TestApp) -> i64 {
    count(app, "SELECT COUNT(*) FROM pushes").await
}

async fn send(app: &TestApp) -> usize {
    sender::send_due(&app.crm, &app.pusher()).await.unwrap()
}

/// A lead comes in, and what is told of it is sent.
async fn tell(app: &TestApp, agent: &TestAgent, name: &str) -> usize {
    let _ = lead(agent, name).await;
    mails::tell_leads(&app.crm).await.unwrap();
    let sent = send(app).await;
    app.clock.advance(mails::TOLD_APART);
    sent
}

/// The titles that a phone was shown.
fn titles(sink: &Sink, path: &str, phone: &Phone) -> Vec<String> {
    sink.received(path).iter().map(|message| phone.read(message)["title"].as_str().unwrap().to_owned()).collect()
}

/// An id in the page, behind `devices/`.
fn ids(page: &str) -> Vec<String> {
    let mark = format!("{DEVICES}/");
    let mut ids = page.split(&mark).skip(1).map(|rest| rest.split('/').next().unwrap().to_owned()).collect::<Vec<_>>();
    ids.dedup();
    ids
}

on_both_engines! {
    async fn a_lead_is_told_on_the_device_in_a_message_that_only_it_reads(app: TestApp) {
        let sink = Sink::start().await;
        sink.answer("/a", Reply::status(201));
        let phone = Phone::new(&sink.url("/a"), 1);
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &phone).await;
        let id = lead(&app.agent, "Jane Doe").await;
        mails::tell_leads(&app.crm).await.unwrap();
        assert_eq!((send(&app).await, send(&app).await), (1, 0));
        let received = sink.received("/a");
        let [message] = &received[..] else { panic!("{received:?}") };
        let told = phone.read(message);
        assert_eq!(
            (told["title"].as_str(), told["body"].as_str(), told["url"].as_str(), told["lang"].as_str()),
            (Some("New lead: Jane Doe"), Some("From Zillow · 12 Oak Street"), Some(&*format!("/dashboard/leads/{id}")), Some("en"))
        );
        assert!(!message.body.windows(4).any(|part| part == b"Jane"));
        assert_eq!((message.header("ttl"), message.header("urgency")), ("86400", "high"));
        let topic = message.header("topic");
        assert!(topic.len() <= 32 && !topic.is_empty(), "RFC 8030, section 5.4: {topic}");
        // Who it is from, as the push service checks it.
        let (key, claims) = phone::sender(message);
        assert!(browser.get(PATH).await.text().contains(&format!("data-key=\"{key}\"")));
        assert_eq!(claims["aud"], sink.url(""));
        assert_eq!(claims["sub"], "mailto:postmaster@127.0.0.1");
        let left = claims["exp"].as_i64().unwrap() - app.crm.clock().now().0 / 1_000;
        assert!((1..=24 * 60 * 60).contains(&left), "{left}");
        assert_eq!(waiting(&app).await, 0);
    }

    async fn several_leads_are_one_message_in_the_agents_language_without_mail_too(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &phone).await;
        let _ = browser.post(PATH, &[("language", "es")]).await.expect(303);
        for name in ["Ana", "Luis", "Eva", "Pol"] {
            let _ = lead(&app.agent, name).await;
        }
        mails::tell_leads(&app.crm).await.unwrap();
        mails::tell_leads(&app.crm).await.unwrap();
        assert_eq!(send(&app).await, 1);
        let told = phone.read(&sink.received("/a")[0]);
        assert_eq!((told["title"].as_str(), told["body"].as_str()), (Some("4 contactos nuevos"), Some("Ana, Luis, Eva y uno más")));
        assert_eq!(told["url"], "/dashboard/leads");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM mails").await, 0);
    }

    async fn a_request_for_a_showing_is_told_with_the_way_to_it(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &phone).await;
        // Without mail, too.
        let _ = browser.post(PATH, &[("language", "en")]).await.expect(303);
        let (jane, oak) = (client(&app.agent, "Jane Doe").await, listing(&app.agent, "456 Oak Ave").await);
        let id = request(&app.agent, &jane, &oak, &["2026-11-30T15:00:00Z"]).await;
        mails::tell_leads(&app.crm).await.unwrap();
        assert_eq!((send(&app).await, send(&app).await), (1, 0));
        let told = phone.read(&sink.received("/a")[0]);
        assert_eq!(
            (told["title"].as_str(), told["body"].as_str(), told["url"].as_str()),
            (Some("Jane Doe asks for a showing"), Some("456 Oak Ave"), Some(&*format!("/dashboard/showings/{id}")))
        );
        app.clock.advance(mails::TOLD_APART);
        for day in ["2026-12-01", "2026-12-02"] {
            let _ = request(&app.agent, &jane, &oak, &[&format!("{day}T15:00:00Z")]).await;
        }
        mails::tell_leads(&app.crm).await.unwrap();
        assert_eq!(send(&app).await, 1);
        let told = phone.read(&sink.received("/a")[1]);
        assert_eq!((told["title"].as_str(), told["body"].as_str()), (Some("2 showings are asked for"), Some("Jane Doe, Jane Doe")));
        assert_eq!((told["url"].as_str(), count(&app, "SELECT COUNT(*) FROM mails").await), (Some("/dashboard/showings"), 0));
    }

    async fn a_device_that_is_gone_is_forgotten_with_all_that_waits_for_it(app: TestApp) {
        let sink = Sink::start().await;
        let mut browser = app.sign_in(&app.agent).await;
        for (number, status) in [(1, 404), (2, 410)] {
            let path = format!("/{status}");
            sink.answer(&path, Reply::status(503));
            subscribe(&mut browser, &Phone::new(&sink.url(&path), number)).await;
            assert_eq!(tell(&app, &app.agent, "First").await, 1);
            assert_eq!(waiting(&app).await, 1);
            sink.answer(&path, Reply::status(status));
            let _ = tell(&app, &app.agent, "Second").await;
            assert_eq!((devices(&app).await, waiting(&app).await), (0, 0), "{status}");
        }
        assert!(!browser.get(PATH).await.text().contains("this one"));
    }

    async fn a_push_service_that_asks_for_time_gets_it_and_then_the_same_message(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &phone).await;
        sink.answer("/a", Reply::status(429).header("Retry-After", "600"));
        assert_eq!(tell(&app, &app.agent, "Jane").await, 1);
        let page = browser.get(PATH).await.text();
        assert!(page.contains("Not reached since") && page.contains("429 Too Many Requests"), "{page}");
        app.clock.advance(Duration::from_secs(600) - mails::TOLD_APART - Duration::from_millis(1));
        assert_eq!(send(&app).await, 0);
        app.clock.advance(Duration::from_millis(1));
        sink.answer("/a", Reply::status(500));
        assert_eq!(send(&app).await, 1);
        // Without being asked, the second pause is a minute.
        app.clock.advance(Duration::from_secs(60));
        sink.answer("/a", Reply::status(201));
        assert_eq!(send(&app).await, 1);
        let received = sink.received("/a");
        let told = received.iter().map(|message| phone.read(message)).collect::<Vec<Value>>();
        assert!(told.len() == 3 && told[0] == told[1] && told[1] == told[2]);
        assert!(received.iter().all(|message| message.header("topic") == received[0].header("topic")));
        assert_eq!(received[2].header("ttl"), (24 * 60 * 60 - 660).to_string());
        let page = browser.get(PATH).await.text();
        assert!(page.contains("last told") && !page.contains("Not reached"), "{page}");
        assert_eq!(waiting(&app).await, 0);
    }

    async fn what_is_refused_is_shown_and_not_tried_again(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &phone).await;
        let elsewhere = sink.url("/b");
        for (status, words) in [(400, "400 Bad Request"), (403, "403 Forbidden"), (413, "413 Payload Too Large"), (307, "redirects are not followed")] {
            sink.answer("/a", Reply::status(status).header("Location", &elsewhere));
            assert_eq!(tell(&app, &app.agent, "Jane").await, 1);
            let page = browser.get(PATH).await.text();
            assert!(page.contains(words), "{page}");
            assert_eq!(waiting(&app).await, 0, "{status}");
        }
        assert!(sink.received("/b").is_empty());
        sink.answer("/a", Reply::status(201));
        assert_eq!(tell(&app, &app.agent, "Jane").await, 1);
        assert!(!browser.get(PATH).await.text().contains("Forbidden"));
    }

    async fn after_a_day_without_the_push_service_a_push_is_given_up(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &phone).await;
        sink.answer("/a", Reply::close());
        let _ = lead(&app.agent, "Jane").await;
        mails::tell_leads(&app.crm).await.unwrap();
        let mut attempts = 0;
        let pusher = app.pusher();
        for _ in 0..24 * 60 {
            attempts += sender::send_due(&app.crm, &pusher).await.unwrap();
            app.clock.advance(Duration::from_secs(60));
        }
        assert_eq!((attempts, waiting(&app).await, devices(&app).await), (10, 0, 1));
        // Nor is anything told late: here nothing was sent for a day.
        sink.answer("/a", Reply::status(201));
        let before = sink.received("/a").len();
        let _ = lead(&app.agent, "Late").await;
        mails::tell_leads(&app.crm).await.unwrap();
        app.clock.advance(pushes::LASTS);
        assert_eq!((send(&app).await, waiting(&app).await), (1, 0));
        assert_eq!(sink.received("/a").len(), before);
    }

    async fn a_sender_that_dies_leaves_the_push_to_the_next_one_on_any_node(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &phone).await;
        let _ = lead(&app.agent, "Jane").await;
        mails::tell_leads(&app.crm).await.unwrap();
        // Claimed and sent, and then nothing more is heard of it.
        let claimed = pushes::claim(&app.crm, 10).await.unwrap();
        assert_eq!(app.pusher().send(&app.crm, &claimed[0]).await.unwrap(), Outcome::Sent);
        // Another process on the same data, with keys of its own in memory: the installation's are the same.
        let node = app.another_node().await;
        let other = pusher(&node.crm, &app.base, Duration::from_secs(15));
        assert_eq!(sender::send_due(&node.crm, &other).await.unwrap(), 0);
        app.clock.advance(LEASE);
        assert_eq!(sender::send_due(&node.crm, &other).await.unwrap(), 1);
        let received = sink.received("/a");
        assert_eq!(received.len(), 2);
        assert_eq!(phone.read(&received[0]), phone.read(&received[1]));
        assert_eq!(phone::sender(&received[0]).0, phone::sender(&received[1]).0);
        assert_ne!(received[0].body[..100], received[1].body[..100], "salt and key are drawn anew");
        // What the dead one would say counts no more.
        assert!(!pushes::settle(&app.crm, &claimed[0], Outcome::Gone).await.unwrap());
        assert_eq!(devices(&app).await, 1);
    }

    async fn nodes_that_ask_at_once_share_one_key(app: TestApp) {
        let node = app.another_node().await;
        let asked = (0..8).map(|number| {
            let crm = if number % 2 == 0 { app.crm.clone() } else { node.crm.clone() };
            tokio::spawn(async move { pushes::server_key(&crm).await.unwrap() })
        });
        let mut keys = Vec::new();
        for key in asked.collect::<Vec<_>>() {
            keys.push(key.await.unwrap());
        }
        assert!(keys.iter().all(|key| *key == keys[0]));
        // Sealed, and in no other form.
        let sql = "SELECT value FROM settings WHERE name = 'push_key'";
        let held = app.crm.database().read("test", move |tx| tx.query_one(sql, params![], |row| row.get::<String>(0)));
        let held: Result<String, DbError> = held.await;
        assert!(held.unwrap().len() > 40);
    }

    async fn the_sender_beside_the_server_sends_what_is_queued_and_a_hanging_service_holds_up_nobody(app: TestApp) {
        let sink = Sink::start().await;
        sink.answer("/slow", Reply::hang());
        let other = app.another_agent("Other Agent").await;
        let (slow, quick) = (Phone::new(&sink.url("/slow"), 1), Phone::new(&sink.url("/quick"), 2));
        let mut first = app.sign_in(&app.agent).await;
        subscribe(&mut first, &slow).await;
        let mut second = app.sign_in(&other).await;
        subscribe(&mut second, &quick).await;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let sending = tokio::spawn(sender::run(app.crm.clone(), pusher(&app.crm, &app.base, Duration::from_secs(2)), async { let _ = stopped.await; }));
        let _ = lead(&app.agent, "Slow").await;
        mails::tell_leads(&app.crm).await.unwrap();
        let _ = sink.wait_for("/slow", 1).await;
        let _ = lead(&other, "Quick").await;
        mails::tell_leads(&app.crm).await.unwrap();
        let _ = sink.wait_for("/quick", 1).await;
        assert_eq!(titles(&sink, "/quick", &quick), ["New lead: Quick"]);
        until(async || waiting(&app).await == 1).await;
        drop(stop);
        sending.await.unwrap();
        assert_eq!((waiting(&app).await, devices(&app).await), (1, 2));
    }

    async fn agents_are_told_of_their_own_leads_and_touch_their_own_devices(app: TestApp) {
        let sink = Sink::start().await;
        let other = app.another_agent("Other Agent").await;
        let (mine, theirs) = (Phone::new(&sink.url("/mine"), 1), Phone::new(&sink.url("/theirs"), 2));
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &mine).await;
        let mut stranger = app.sign_in(&other).await;
        subscribe(&mut stranger, &theirs).await;
        assert_eq!(tell(&app, &other, "Theirs").await, 1);
        assert_eq!(titles(&sink, "/theirs", &theirs), ["New lead: Theirs"]);
        assert!(sink.received("/mine").is_empty());
        let page = browser.get(PATH).await.text();
        let [id] = &ids(&page)[..] else { panic!("{page}") };
        let _ = stranger.post(&format!("{DEVICES}/{id}/test"), &[]).await.expect(404);
        let _ = stranger.post(&format!("{DEVICES}/{id}/remove"), &[]).await.expect(303);
        let _ = app.browser().post(&format!("{DEVICES}/{id}/remove"), &[]).await.expect(401);
        assert_eq!(devices(&app).await, 2);
        // Whoever learns an endpoint does not take it from its owner.
        let fields = mine.fields();
        let _ = stranger.post(DEVICES, &fields.each_ref().map(|(name, value)| (*name, value.as_str()))).await.expect(303);
        assert_eq!(ids(&browser.get(PATH).await.text()), std::slice::from_ref(id));
    }

    async fn a_device_is_tested_and_removed_by_plain_forms(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let mut browser = app.sign_in(&app.agent).await.with("User-Agent", "Mozilla/5.0 (Linux; Android 15) Chrome/140.0");
        subscribe(&mut browser, &phone).await;
        let page = browser.get(PATH).await.text();
        assert!(page.contains("Chrome on Android") && page.contains("this one") && page.contains("nothing told yet"), "{page}");
        let id = &ids(&page)[0];
        for _ in 0..3 {
            let _ = browser.post(&format!("{DEVICES}/{id}/test"), &[]).await.expect(303);
        }
        assert_eq!(send(&app).await, 1, "one that waits is enough");
        let told = phone.read(&sink.received("/a")[0]);
        assert_eq!((told["title"].as_str(), told["url"].as_str()), (Some("This device is told"), Some(PATH)));
        let _ = browser.post(&format!("{DEVICES}/{id}/test"), &[]).await.expect(303);
        let _ = browser.post(&format!("{DEVICES}/{id}/remove"), &[]).await.expect(303);
        let _ = browser.post(&format!("{DEVICES}/{id}/remove"), &[]).await.expect(303);
        assert_eq!((devices(&app).await, waiting(&app).await, tell(&app, &app.agent, "Jane").await), (0, 0, 0));
        let _ = browser.post(&format!("{DEVICES}/nonsense/remove"), &[]).await.expect(404);
    }

    async fn the_same_browser_is_one_device_and_there_are_twenty_at_most(app: TestApp) {
        let sink = Sink::start().await;
        let mut browser = app.sign_in(&app.agent).await;
        let phone = Phone::new(&sink.url("/0"), 0);
        subscribe(&mut browser, &phone).await;
        let first = ids(&browser.get(PATH).await.text());
        subscribe(&mut browser, &phone).await;
        assert_eq!(ids(&browser.get(PATH).await.text()), first, "the same endpoint is the same device");
        // The browser got another endpoint from its push service.
        subscribe(&mut browser, &Phone::new(&sink.url("/1"), 1)).await;
        assert_eq!(devices(&app).await, 1);
        let mut last = browser.clone();
        for number in 2..=MOST {
            last = app.browser();
            let _ = last.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(303);
            subscribe(&mut last, &Phone::new(&sink.url(&format!("/{number}")), u8::try_from(number).unwrap())).await;
        }
        assert_eq!(devices(&app).await, MOST);
        let one_more = Phone::new(&sink.url("/more"), 99);
        let fields = one_more.fields();
        let mut elsewhere = app.browser();
        let _ = elsewhere.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(303);
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let refused = elsewhere.post(DEVICES, &fields).await.expect(422).text();
        assert!(refused.contains("20 devices are told already: remove one of them first."), "{refused}");
        // Those that are there can still come again.
        subscribe(&mut last, &Phone::new(&sink.url("/20"), 20)).await;
        assert_eq!(devices(&app).await, MOST);
    }

    async fn what_is_no_subscription_is_refused_in_words(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let phone = Phone::new("https://push.example.com/x", 1);
        let [_, (_, p256dh), (_, auth)] = phone.fields();
        for (endpoint, p256dh, auth, words) in [
            ("nonsense", p256dh.as_str(), auth.as_str(), "push service cannot be used"),
            (phone.endpoint.as_str(), "AAAA", auth.as_str(), "gave no keys"),
            (phone.endpoint.as_str(), p256dh.as_str(), "", "gave no keys"),
        ] {
            let fields = [("endpoint", endpoint), ("p256dh", p256dh), ("auth", auth)];
            let page = browser.post(DEVICES, &fields).await.expect(422).text();
            assert!(page.contains(words), "{page}");
        }
        // A page of another site has nothing told.
        let fields = [("endpoint", phone.endpoint.as_str()), ("p256dh", &p256dh), ("auth", &auth)];
        let _ = browser.with("Sec-Fetch-Site", "cross-site").post(DEVICES, &fields).await.expect(403);
        assert_eq!(devices(&app).await, 0);
    }

    async fn a_device_that_is_signed_out_is_told_nothing_more(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let (mut desk, mut mobile) = (app.sign_in(&app.agent).await, app.browser());
        let sign_in = [("email", app.agent.email.as_str()), ("password", PASSWORD)];
        let _ = mobile.post("/login", &sign_in).await.expect(303);
        let cookie = format!("{:?}", mobile.cookie("organicagent-device"));
        subscribe(&mut mobile, &phone).await;
        assert_ne!(cookie, format!("{:?}", mobile.cookie("organicagent-device")));

        // Signing out on it.
        let _ = mobile.post("/logout", &[]).await.expect(303);
        assert_eq!((devices(&app).await, tell(&app, &app.agent, "One").await), (0, 0));

        // Signing it out from elsewhere, after it was signed in again: then the later session counts.
        let _ = mobile.post("/login", &sign_in).await.expect(303);
        subscribe(&mut mobile, &phone).await;
        app.clock.advance(crm::sessions::IDLE);
        assert_eq!(tell(&app, &app.agent, "Two").await, 1, "a session that ends by itself changes nothing");
        let _ = desk.post("/login", &sign_in).await.expect(303);
        let _ = mobile.post("/login", &sign_in).await.expect(303);
        let page = desk.get("/dashboard/settings/account").await.text();
        let seat = page.split("account/sessions/").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let _ = desk.post(&format!("/dashboard/settings/account/sessions/{seat}/end"), &[]).await.expect(303);
        let _ = mobile.get("/dashboard").await.expect(303);
        assert_eq!((devices(&app).await, tell(&app, &app.agent, "Three").await), (0, 0));

        // Signing out everywhere, where the session had ended by itself.
        let _ = mobile.post("/login", &sign_in).await.expect(303);
        subscribe(&mut mobile, &phone).await;
        app.clock.advance(crm::sessions::IDLE);
        let _ = desk.post("/login", &sign_in).await.expect(303);
        let _ = desk.post("/logout", &[("everywhere", "1")]).await.expect(303);
        assert_eq!((devices(&app).await, tell(&app, &app.agent, "Four").await), (0, 0));

        // Another password keeps the device where it was changed.
        let _ = desk.post("/login", &sign_in).await.expect(303);
        subscribe(&mut desk, &Phone::new(&sink.url("/desk"), 2)).await;
        let _ = mobile.post("/login", &sign_in).await.expect(303);
        subscribe(&mut mobile, &phone).await;
        assert_eq!(devices(&app).await, 2);
        let fields = [("password", PASSWORD), ("newPassword", "four blue doors and a stair")];
        let _ = desk.post("/dashboard/settings/account/password", &fields).await.expect(303);
        assert_eq!(devices(&app).await, 1);
        accounts::reset_password(&app.crm, app.agent.id, String::from(PASSWORD)).await.unwrap();
        assert_eq!(devices(&app).await, 0);
        assert_eq!(titles(&sink, "/a", &phone), ["New lead: Two"]);
    }

    async fn whoever_signs_in_on_a_device_ends_what_somebody_else_was_told_there(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let other = app.another_agent("Other Agent").await;
        app.set_password(&other).await;
        let mut shared = app.sign_in(&app.agent).await;
        subscribe(&mut shared, &phone).await;
        app.clock.advance(crm::sessions::IDLE);
        let _ = shared.post("/login", &[("email", &other.email), ("password", PASSWORD)]).await.expect(303);
        assert_eq!((devices(&app).await, tell(&app, &app.agent, "Jane").await), (0, 0));
    }

    async fn who_leaves_is_told_nothing_more(app: TestApp) {
        let sink = Sink::start().await;
        sink.answer("/a", Reply::status(503));
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &Phone::new(&sink.url("/a"), 1)).await;
        assert_eq!(tell(&app, &app.agent, "Jane").await, 1);
        assert_eq!(waiting(&app).await, 1);
        let fields = [("slug", app.agent.slug.as_str()), ("password", PASSWORD)];
        let _ = browser.post("/dashboard/settings/data/leave", &fields).await.expect(303);
        assert_eq!((devices(&app).await, waiting(&app).await), (0, 0));
    }

    async fn what_waits_for_a_device_is_bounded_and_the_newest_stays(app: TestApp) {
        let sink = Sink::start().await;
        let phone = Phone::new(&sink.url("/a"), 1);
        let mut browser = app.sign_in(&app.agent).await;
        subscribe(&mut browser, &phone).await;
        for number in 0..103 {
            let new = json!({"name": format!("Lead {number}"), "email": "jane@example.com"});
            let new = crm::leads::NewLead::read(new.as_object().unwrap()).unwrap();
            crm::leads::create(&app.crm, app.agent.id, new, None).await.unwrap();
            mails::tell_leads(&app.crm).await.unwrap();
            app.clock.advance(mails::TOLD_APART);
        }
        assert_eq!(waiting(&app).await, 100);
        assert_eq!(send(&app).await, 100);
        let told = titles(&sink, "/a", &phone);
        assert!(told.contains(&String::from("New lead: Lead 102")) && !told.contains(&String::from("New lead: Lead 2")));
    }

    async fn the_service_worker_is_for_everybody_and_stands_at_the_root(app: TestApp) {
        let worker = app.browser().get("/service-worker.js").await.expect(200);
        assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
        let text = worker.text();
        let icon = text.split("ICON = \"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(app.browser().get(icon).await.expect(200).header("content-type"), "image/png");
    }
}

/// The rule of a server that allows nothing besides.
fn strict() -> Settings {
    let guard = Guard::new(Vec::new(), Vec::new());
    let webhook_url_rule = UrlRule::new(move |url| guard.check_url(url));
    Settings { webhook_url_rule, ..Settings::default() }
}

on_both_engines_with! {
    strict();

    async fn a_push_goes_to_no_address_that_is_not_public(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for endpoint in ["http://169.254.169.254/x", "https://10.0.0.1/x", "https://localhost/x", "https://0x7f.1/x", "http://push.example.com/x"] {
            let fields = Phone::new(endpoint, 1).fields();
            let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
            assert!(browser.post(DEVICES, &fields).await.expect(422).text().contains("push service cannot be used"), "{endpoint}");
        }
        // A name that leads here only once something is sent.
        subscribe(&mut browser, &Phone::new("https://push.example.com/x", 1)).await;
        let client = Client::new(Guard::new(Vec::new(), Vec::new()), Arc::new(Here), system_roots(), app.crm.shared_clock(), Limits::default());
        let _ = lead(&app.agent, "Jane").await;
        mails::tell_leads(&app.crm).await.unwrap();
        assert_eq!(sender::send_due(&app.crm, &Pusher::new(Arc::new(client), &app.base)).await.unwrap(), 1);
        let page = browser.get(PATH).await.text();
        assert!(page.contains("127.0.0.1 is refused"), "{page}");
        assert_eq!(waiting(&app).await, 1);
    }
}
