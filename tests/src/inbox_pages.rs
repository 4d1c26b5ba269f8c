//! The inbox in the dashboard, and mails that a service posts.

use std::time::Duration;

use crm::inbox::{self, MOST, Tray};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::{
    TestApp,
    mail_in::{mail, settings},
    on_both_engines_with,
};

use crate::photos::send;

const PATH: &str = "/dashboard/inbox";

fn found(text: &str) -> Value {
    json!({"text": text, "confidence": 40})
}

fn unsure(name: &str) -> Value {
    json!({
        "verdict": "review", "reason": "Who asks is not clear", "subject": format!("About <b>{name}</b>"), "sender": "Portal", "senderAddress": "leads@portal.example",
        "name": found(name), "email": found(&format!("{}@example.com", name.to_lowercase())), "propertyAddress": found("12 Elm St"), "notes": found("Hello <script>"),
    })
}

/// What a service posts, and is answered.
async fn post(app: &TestApp, path: &str, kind: &str, body: Vec<u8>) -> u16 {
    let caller = app.anonymous().with("Content-Type", kind);
    caller.try_send(Method::POST, path, body).await.map_or(0, |answer| answer.status)
}

on_both_engines_with! { settings();
    async fn a_service_posts_mails_to_an_address_that_nobody_guesses(app: TestApp) {
        let token = inbox::token(&app.crm, app.agent.id).await.unwrap();
        let path = format!("/inbound/{token}");
        let lead = json!({"verdict": "lead", "reason": "So", "name": found("Ada"), "email": found("ada@example.com")});
        let raw = mail("1", &lead).into_bytes();
        let kind = "message/rfc822";
        assert_eq!(post(&app, &path, kind, raw.clone()).await, 200);
        assert_eq!(post(&app, &path, kind, raw.clone()).await, 200);
        assert_eq!(app.agent.api.get("/api/v1/leads").await.expect(200).json()["total"], 1);
        for other in ["/inbound/aaaaaaaaaaaaaaaaaaaa", "/inbound/x", "/inbound/%00"] {
            assert_eq!(post(&app, other, kind, raw.clone()).await, 404, "{other}");
        }
        // What a form of another site could send is no mail.
        for other in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""] {
            assert_eq!(post(&app, &path, other, raw.clone()).await, 400, "{other}");
        }
        assert_eq!(post(&app, &path, kind, b"\r\n".to_vec()).await, 400);
        let large = [raw.clone(), vec![b'x'; 1024 * 1024]].concat();
        assert_eq!(post(&app, &path, kind, large).await, 200);
        assert_eq!(post(&app, &path, kind, vec![b'x'; MOST + 1]).await, 413);
        let answer = app.anonymous().get(&path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED.as_u16());
        let _ = inbox::renew(&app.crm, app.agent.id).await.unwrap();
        assert_eq!(post(&app, &path, kind, raw).await, 404);
    }

    async fn a_mail_is_looked_at_corrected_and_made_a_lead(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        assert!(browser.get(PATH).await.expect(200).text().contains("Nothing to look at"));
        let incoming = inbox::Incoming { raw: mail("1", &unsure("Ada")).into_bytes(), way: inbox::Way::Smtp, trust: None };
        let id = inbox::take_in(&app.crm, app.agent.id, incoming).await.unwrap().id;
        let page = browser.get(PATH).await.expect(200).text();
        assert!(page.contains("About &#60;b&#62;Ada&#60;/b&#62;") && !page.contains("<b>Ada"), "{page}");
        assert!(page.contains("1 mail waits for a look") && page.contains(&app.mail_address(&app.agent).await));
        assert!(browser.get("/dashboard").await.expect(200).text().contains("A mail to look at"));
        let one = browser.get(&format!("{PATH}/{id}")).await.expect(200).text();
        assert!(one.contains("A guess") && one.contains("Hello &#60;script&#62;") && !one.contains("Hello <script>"), "{one}");
        let accept = format!("{PATH}/{id}/accept");
        let wrong = browser.post(&accept, &[("name", " "), ("email", "nothing")]).await.expect(422).text();
        assert_eq!(wrong.matches("class=\"wrong\"").count(), 2, "{wrong}");
        let fields = [("name", "Ada King"), ("email", "ada@example.com"), ("propertyAddress", "12 Elm St"), ("here", PATH)];
        let to = browser.post(&accept, &fields).await.expect(303).header("location").to_owned();
        assert_eq!(to, format!("{PATH}?done=mail-accepted&undo={id}"));
        let said = browser.get(&to).await.expect(200).text();
        assert!(said.contains("A lead is made of it.") && said.contains("Undo"));
        let lead = app.agent.api.get("/api/v1/leads").await.expect(200).json()["leads"][0].clone();
        assert_eq!((&lead["name"], &lead["source"]), (&json!("Ada King"), &json!("email")));
        let page = browser.get(&format!("/dashboard/leads/{}", lead["id"].as_str().unwrap())).await.expect(200).text();
        assert!(page.contains("Came by mail") && page.contains(&id.to_string()));
        let _ = browser.post(&format!("{PATH}/{id}/undo"), &[]).await.expect(303);
        let _ = browser.post(&format!("{PATH}/{id}/undo"), &[]).await.expect(303);
        assert_eq!(app.agent.api.get("/api/v1/leads").await.expect(200).json()["total"], 0);
        let _ = browser.post(&format!("{PATH}/{id}/dismiss"), &[]).await.expect(303);
        let ignored = browser.get(&format!("{PATH}?view=ignored")).await.expect(200).text();
        assert!(ignored.contains("You put it aside"));
        for path in [format!("{PATH}?view=none"), format!("{PATH}?before=x"), format!("{PATH}/msg_x"), format!("{PATH}/{id}/letter")] {
            let _ = browser.get(&path).await.expect(404);
        }
        // Nobody else's.
        let other = app.another_agent("Ben").await;
        let mut bens = app.sign_in(&other).await;
        for path in ["", "/mail.eml", "/letter"] {
            let _ = bens.get(&format!("{PATH}/{id}{path}")).await.expect(404);
        }
        for path in ["accept", "dismiss", "undo", "read-again", "confirmed"] {
            let _ = bens.post(&format!("{PATH}/{id}/{path}"), &[("name", "Ben")]).await.expect(404);
        }
    }

    async fn m5_a_mail_of_html_is_shown_without_what_could_act(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let raw = "Subject: x\r\n\r\n<html><body onload=alert(1)><p>Hello</p><img src=https://t.example/p onerror=alert(2)><script>alert(3)</script></html>";
        let incoming = inbox::Incoming { raw: raw.into(), way: inbox::Way::Smtp, trust: None };
        let id = inbox::take_in(&app.crm, app.agent.id, incoming).await.unwrap().id;
        let letter = browser.get(&format!("{PATH}/{id}/letter")).await.expect(200);
        assert!(letter.header("content-security-policy").ends_with("sandbox") && letter.header("content-security-policy").starts_with("default-src 'none'"));
        let html = letter.text();
        assert!(html.contains("<p>Hello</p>") && !html.contains("alert") && !html.contains("t.example"), "{html}");
        let page = browser.get(&format!("{PATH}/{id}")).await.expect(200).text();
        assert!(page.contains("sandbox") && page.contains("&#60;script&#62;"), "{page}");
        let kept = browser.get(&format!("{PATH}/{id}/mail.eml")).await.expect(200);
        assert_eq!((kept.header("content-type"), kept.text().as_str()), ("message/rfc822", raw));
        assert!(kept.header("content-disposition").starts_with("attachment; filename=\"msg_"));
    }

    async fn m6_files_of_mails_are_read_and_their_names_are_nobodys(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let lead = |id: &str, name: &str| mail(id, &json!({"verdict": "lead", "reason": "So", "name": found(name), "email": found(&format!("{name}@example.com"))}));
        let mailbox = format!("From a@b Sat\r\n{}\r\nFrom c@d Sat\r\n{}\r\n", lead("1", "Ada"), mail("2", &unsure("Ben")));
        let to = send(&mut browser, &format!("{PATH}/upload"), &[("../../all.mbox", "application/mbox", mailbox.as_bytes()), ("x.eml", "message/rfc822", lead("3", "Cy").as_bytes())]).await.expect(303).header("location").to_owned();
        let page = browser.get(&to).await.expect(200).text();
        assert!(page.contains("The mails are read: 2 became leads, 1 is to be looked at."), "{page}");
        let again = send(&mut browser, &format!("{PATH}/upload"), &[("a.mbox", "application/mbox", mailbox.as_bytes())]).await.expect(303).header("location").to_owned();
        assert!(browser.get(&again).await.expect(200).text().contains("2 were known already"));
        let none = send(&mut browser, &format!("{PATH}/upload"), &[]).await.expect(422).text();
        assert!(none.contains("The file is required"), "{none}");
        let large = vec![b'x'; MOST + 1];
        let refused = send(&mut browser, &format!("{PATH}/upload"), &[("a.eml", "message/rfc822", &large)]).await.expect(422).text();
        assert!(refused.contains("mails of at most 10 MiB"), "{refused}");
    }

    async fn a_question_about_forwarding_stands_on_top_until_it_is_answered(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let asks = |link: &str| json!({"verdict": "ignored", "reason": "Gmail asks", "sender": "Gmail Team", "forwarding": {"code": "123456789", "link": link, "mailbox": "sarah@gmail.com"}});
        let mut ids = Vec::new();
        for (id, link) in [("1", "https://mail.google.com/mail/vf-x"), ("2", "javascript:alert(1)")] {
            let incoming = inbox::Incoming { raw: mail(id, &asks(link)).into_bytes(), way: inbox::Way::Smtp, trust: None };
            ids.push(inbox::take_in(&app.crm, app.agent.id, incoming).await.unwrap().id);
        }
        let page = browser.get(PATH).await.expect(200).text();
        assert!(page.contains("123456789") && page.contains("sarah@gmail.com") && page.contains("href=\"https://mail.google.com/mail/vf-x\""));
        assert!(!page.contains("javascript:alert"), "{page}");
        assert!(browser.get("/dashboard").await.expect(200).text().contains("Confirm the forwarding"));
        for id in ids {
            let _ = browser.post(&format!("{PATH}/{id}/confirmed"), &[]).await.expect(303);
        }
        assert!(!browser.get(PATH).await.expect(200).text().contains("123456789"));
    }

    async fn the_address_is_replaced_and_old_rules_are_left_behind(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let before = app.mail_address(&app.agent).await;
        let to = browser.post(&format!("{PATH}/address"), &[]).await.expect(303).header("location").to_owned();
        let page = browser.get(&to).await.expect(200).text();
        let now = app.mail_address(&app.agent).await;
        assert!(before != now && page.contains(&now) && !page.contains(&before));
        let to = browser.post(&format!("{PATH}/read-again"), &[]).await.expect(303).header("location").to_owned();
        assert!(browser.get(&to).await.expect(200).text().contains("No new lead was found"));
        // Older pages hold what the first does not.
        for number in 0..31 {
            let incoming = inbox::Incoming { raw: mail(&number.to_string(), &unsure("Ada")).into_bytes(), way: inbox::Way::Smtp, trust: None };
            let _ = inbox::take_in(&app.crm, app.agent.id, incoming).await.unwrap();
            app.clock.advance(Duration::from_millis(1));
        }
        let page = browser.get(PATH).await.expect(200).text();
        let next = page.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        let older = browser.get(&next).await.expect(200).text();
        assert_eq!((page.matches("class=\"line post\"").count(), older.matches("class=\"line post\"").count()), (30, 1));
        let tray = inbox::Place { tray: Some(Tray::Review), before: None };
        assert_eq!(inbox::list(&app.crm, app.agent.id, tray, 100).await.unwrap().messages.len(), 31);
    }
}
