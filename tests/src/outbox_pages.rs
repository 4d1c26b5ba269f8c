//! The outbox in the dashboard, and what the agent chooses to be told.

use crm::{accounts, mails};
use testkit::{Manner, Postbox, TestApp, on_both_engines, on_both_engines_with, until};

use crate::mails::settings;

async fn first_mail(app: &TestApp) -> String {
    until(async || !mails::list(&app.crm, app.agent.id, None, 1).await.unwrap().mails.is_empty()).await;
    let mail = mails::list(&app.crm, app.agent.id, None, 1).await.unwrap().mails.remove(0);
    format!("/dashboard/outbox/{}", mail.id)
}

async fn lead(app: &TestApp, name: &str) {
    let _ = app.agent.api.post("/api/v1/leads", &serde_json::json!({"name": name})).await.expect(201);
    mails::tell_leads(&app.crm).await.unwrap();
}

on_both_engines! {
    async fn every_mail_is_shown_where_none_is_sent(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        assert!(browser.get("/dashboard/outbox").await.expect(200).text().contains("No mail yet"));
        lead(&app, "Jane <script>alert(1)</script>").await;
        let list = browser.get("/dashboard/outbox").await.expect(200).text();
        assert!(list.contains("ORGANICAGENT_MAIL_URL") && list.contains("New lead: Jane &#60;script&#62;"), "{list}");
        assert!(list.contains(">Kept<"));
        let path = first_mail(&app).await;
        let page = browser.get(&path).await.expect(200).text();
        assert!(page.contains(&format!("<iframe class=\"letter\" title=\"The mail as it looks\" sandbox src=\"{path}/letter\"")), "{page}");
        assert!(!page.contains("Send again"), "nothing sends it");
        let letter = browser.get(&format!("{path}/letter")).await.expect(200);
        let policy = letter.header("content-security-policy").to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'") && policy.ends_with("sandbox"), "{policy}");
        assert!(!letter.text().contains("<script>") && letter.text().contains("Open the lead"));
    }

    async fn a_link_that_lets_in_is_covered(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        accounts::ask_for_link(&app.crm, &app.agent.email, [192, 0, 2, 1].into()).unwrap();
        let path = first_mail(&app).await;
        for page in [path.clone(), format!("{path}/letter")] {
            let text = browser.get(&page).await.expect(200).text();
            assert!(text.contains("/reset/••••••••"), "{text}");
        }
    }

    async fn another_agents_mail_is_not_there(app: TestApp) {
        lead(&app, "Jane").await;
        let path = first_mail(&app).await;
        let mut other = app.sign_in(&app.another_agent("Other Agent").await).await;
        assert!(other.get("/dashboard/outbox").await.expect(200).text().contains("No mail yet"));
        let _ = other.get(&path).await.expect(404);
        let _ = other.get(&format!("{path}/letter")).await.expect(404);
        let _ = other.post(&format!("{path}/send-again"), &[]).await.expect(404);
        let _ = app.browser().get(&path).await.expect(303);
    }

    async fn older_mails_are_a_page_further(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for number in 0..52 {
            lead(&app, &format!("Person{number:02}x")).await;
            app.clock.advance(mails::TOLD_APART);
        }
        let first = browser.get("/dashboard/outbox").await.expect(200).text();
        assert!(first.contains("Person51x") && first.contains("Person02x") && !first.contains("Person01x"));
        let older = first.split("href=\"").find(|part| part.starts_with("/dashboard/outbox?after=")).unwrap();
        let second = browser.get(older.split('"').next().unwrap()).await.expect(200).text();
        assert!(second.contains("Person01x") && second.contains("Person00x") && !second.contains("Person02x"));
        assert!(!second.contains(">Older<"));
        let _ = browser.get("/dashboard/outbox?after=nonsense").await.expect(404);
    }

    async fn the_agent_chooses_the_language_and_whether_leads_are_told(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let page = "/dashboard/settings/notifications";
        let shown = browser.get(page).await.expect(200).text();
        assert!(shown.contains("name=\"leads\" value=\"1\" checked") && shown.contains("value=\"en\" lang=\"en\" selected"), "{shown}");
        let _ = browser.post(page, &[("leads", "1"), ("language", "es")]).await.expect(303);
        lead(&app, "Ana").await;
        assert!(browser.get("/dashboard/outbox").await.expect(200).text().contains("Nuevo contacto: Ana"));
        let _ = browser.post(page, &[("language", "es")]).await.expect(303);
        let shown = browser.get(page).await.expect(200).text();
        assert!(!shown.contains("name=\"leads\" value=\"1\" checked") && shown.contains("value=\"es\" lang=\"es\" selected"));
        app.clock.advance(mails::TOLD_APART);
        lead(&app, "Bea").await;
        let _ = browser.post(page, &[("leads", "1"), ("language", "es")]).await.expect(303);
        app.clock.advance(mails::TOLD_APART);
        lead(&app, "Eva").await;
        let list = browser.get("/dashboard/outbox").await.expect(200).text();
        assert!(list.contains("Eva") && !list.contains("Bea"), "{list}");
        let _ = browser.post(page, &[("language", "xx")]).await.expect(400);
    }
}

on_both_engines_with! {
    settings();

    async fn a_mail_that_was_given_up_is_sent_again_as_another_one(app: TestApp) {
        let postbox = Postbox::open().await;
        let mut browser = app.sign_in(&app.agent).await;
        lead(&app, "Jane").await;
        let path = first_mail(&app).await;
        let _ = browser.post(&format!("{path}/send-again"), &[]).await.expect(409);
        postbox.behave(Manner::Refuse);
        let mailer = postbox.mailer(&app);
        let _ = mail::sender::send_due(&app.crm, &mailer).await.unwrap();
        let page = browser.get(&path).await.expect(200).text();
        assert!(page.contains("Given up") && page.contains("nobody of that name") && page.contains("Tried once"), "{page}");
        postbox.behave(Manner::Accept);
        let answer = browser.post(&format!("{path}/send-again"), &[]).await.expect(303);
        let again = answer.header("location").split('?').next().unwrap().to_owned();
        assert_ne!(again, path);
        assert!(browser.get(&again).await.expect(200).text().contains("On its way"));
        let _ = mail::sender::send_due(&app.crm, &mailer).await.unwrap();
        let posted = postbox.posted();
        assert_eq!(posted.len(), 1);
        assert!(posted[0].header("Message-ID").contains(again.rsplit('/').next().unwrap()));
        // It is erased with the person too.
        let ids = app.agent.api.get("/api/v1/leads").await.expect(200).json();
        let _ = app.agent.api.delete(&format!("/api/v1/leads/{}", ids["leads"][0]["id"].as_str().unwrap())).await.expect(204);
        app.clock.advance(crm::trash::KEPT);
        let _ = crm::trash::erase_due(&app.crm).await.unwrap();
        assert!(mails::list(&app.crm, app.agent.id, None, 5).await.unwrap().mails.is_empty());
    }

    async fn a_link_that_has_ended_is_not_sent_again(app: TestApp) {
        let postbox = Postbox::open().await;
        let mut browser = app.sign_in(&app.agent).await;
        accounts::ask_for_link(&app.crm, &app.agent.email, [192, 0, 2, 1].into()).unwrap();
        let path = first_mail(&app).await;
        let _ = mail::sender::send_due(&app.crm, &postbox.mailer(&app)).await.unwrap();
        assert!(browser.get(&path).await.expect(200).text().contains("Send again"));
        app.clock.advance(accounts::LINK_LASTS);
        assert!(!browser.get(&path).await.expect(200).text().contains("Send again"));
        let _ = browser.post(&format!("{path}/send-again"), &[]).await.expect(409);
    }
}
