//! What the owner of a failing webhook is told by mail: after an hour, a day before it is disabled, and when it is; each once.

use std::time::Duration;

use crm::{
    jobs,
    mails::{self, Letter},
    webhooks::{
        Attempt, Published,
        outbox::{self, After, Outcome, Recorded},
    },
};
use serde_json::json;
use testkit::{TestApp, on_both_engines};

use crate::outboxes;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// A webhook and the event that fails there.
struct Failing {
    webhook: crm::ids::WebhookId,
    event: crm::ids::EventId,
}

impl Failing {
    /// One at an address that is a secret, with an event that was refused once.
    async fn new(app: &TestApp) -> Self {
        jobs::seed(&app.crm).await.unwrap();
        let new = json!({"url": "https://hooks.example.com/secret-path"});
        let made = app.agent.api.post("/api/v1/webhooks", &new).await.expect(201).json();
        let webhook = made["id"].as_str().unwrap().parse().unwrap();
        let _ = app.agent.api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
        let event = outboxes::fresh(&app.crm, app.agent.id, webhook, None, 1).await[0].event;
        let failing = Self { webhook, event };
        failing.end(app, 500, After::Retry { due_at: app.crm.clock().now() }).await;
        failing
    }

    async fn end(&self, app: &TestApp, status: u16, after: After) {
        let attempt = Attempt {
            at: app.crm.clock().now(),
            duration_ms: 5,
            status_code: Some(status),
            error: (status >= 300).then(|| format!("The receiver answered {status}")),
            response: None,
            is_manual: false,
            published: Published::Current,
        };
        let (agent, webhook, event) = (app.agent.id, self.webhook, self.event);
        let target = outbox::target(&app.crm, agent, webhook).await.unwrap().unwrap();
        let outcome = Outcome { agent, webhook, event, epoch: target.epoch, attempt, after, is_repeated: false };
        let recorded = outbox::record(&app.crm, vec![outcome]).await.unwrap();
        assert!(matches!(recorded[0], Recorded::As(_)), "{recorded:?}");
    }
}

/// The kinds of the mails about webhooks, oldest first.
async fn told(app: &TestApp) -> Vec<&'static str> {
    let _ = jobs::run_due(&app.crm).await.unwrap();
    let mails = mails::list(&app.crm, app.agent.id, None, 50).await.unwrap().mails;
    let letters = mails.iter().rev().filter_map(|mail| mail.letter.as_ref());
    letters.map(Letter::kind).filter(|kind| kind.starts_with("webhook")).collect()
}

on_both_engines! {
    async fn each_notice_comes_once_in_its_time(app: TestApp) {
        let failing = Failing::new(&app).await;
        app.clock.advance(HOUR - Duration::from_millis(1));
        assert!(told(&app).await.is_empty());
        app.clock.advance(HOUR);
        assert_eq!(told(&app).await, ["webhook_failing"]);
        app.clock.advance(93 * HOUR);
        assert_eq!(told(&app).await, ["webhook_failing"]);
        app.clock.advance(2 * HOUR);
        assert_eq!(told(&app).await, ["webhook_failing", "webhook_disabled_soon"]);
        app.clock.advance(24 * HOUR);
        assert_eq!(told(&app).await.len(), 2);
        failing.end(&app, 500, After::Dead).await;
        assert_eq!(told(&app).await, ["webhook_failing", "webhook_disabled_soon", "webhook_disabled"]);
        app.clock.advance(24 * HOUR);
        assert_eq!(told(&app).await.len(), 3);
        let mails = mails::list(&app.crm, app.agent.id, None, 50).await.unwrap().mails;
        for mail in mails.iter().filter(|mail| mail.letter.as_ref().is_some_and(|letter| letter.kind().starts_with("webhook"))) {
            let said = mail::render(mail.letter.as_ref(), "en", &mail.recipient, &app.base);
            assert!(said.subject.contains("hooks.example.com") && !said.text.contains("secret-path"), "{}", said.text);
            assert!(said.text.contains("The receiver answered 500"), "{}", said.text);
            assert!(said.text.contains(&format!("{}/dashboard/settings/api/webhooks/{}", app.base, failing.webhook)));
        }
    }

    async fn a_success_begins_a_new_spell(app: TestApp) {
        let failing = Failing::new(&app).await;
        app.clock.advance(2 * HOUR);
        assert_eq!(told(&app).await, ["webhook_failing"]);
        failing.end(&app, 200, After::Delivered).await;
        app.clock.advance(200 * HOUR);
        assert_eq!(told(&app).await.len(), 1);
        let _ = app.agent.api.post("/api/v1/leads", &json!({"name": "Joe"})).await.expect(201);
        let event = outboxes::fresh(&app.crm, app.agent.id, failing.webhook, None, 1).await[0].event;
        let again = Failing { event, ..failing };
        again.end(&app, 503, After::Retry { due_at: app.crm.clock().now() }).await;
        app.clock.advance(2 * HOUR);
        assert_eq!(told(&app).await, ["webhook_failing", "webhook_failing"]);
    }

    async fn a_receiver_that_is_gone_is_told_at_once(app: TestApp) {
        let failing = Failing::new(&app).await;
        failing.end(&app, 410, After::Held).await;
        assert_eq!(told(&app).await, ["webhook_disabled"]);
        app.clock.advance(200 * HOUR);
        assert_eq!(told(&app).await, ["webhook_disabled"]);
    }

    async fn where_nothing_waits_any_more_nobody_is_warned(app: TestApp) {
        let failing = Failing::new(&app).await;
        app.clock.advance(2 * HOUR);
        assert_eq!(told(&app).await, ["webhook_failing"]);
        app.clock.advance(80 * HOUR);
        failing.end(&app, 500, After::Dead).await;
        app.clock.advance(48 * HOUR);
        assert_eq!(told(&app).await, ["webhook_failing"]);
    }

    async fn what_the_owner_disables_is_no_news(app: TestApp) {
        let failing = Failing::new(&app).await;
        let path = format!("/api/v1/webhooks/{}", failing.webhook);
        let _ = app.agent.api.patch(&path, &json!({"enabled": false})).await.expect(200);
        app.clock.advance(200 * HOUR);
        assert!(told(&app).await.is_empty());
    }
}
