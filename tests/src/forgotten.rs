//! A forgotten password, and signing up where anybody may: what is so stands in a mail, and no answer tells who has an account.

use std::time::Duration;

use crm::accounts::LINK_LASTS;
use mail::sender;
use site::SignUp;
use testkit::{Browser, Postbox, TestApp, browser::PASSWORD, on_both_engines, on_both_engines_with, until};

use crate::mails::settings;

const NEW: &str = "four blue windows and a cat";

/// Sends what is queued until so many mails have come.
async fn posted(app: &TestApp, postbox: &Postbox, count: usize) {
    let mailer = postbox.mailer(app);
    until(async || {
        let _ = sender::send_due(&app.crm, &mailer).await.unwrap();
        postbox.posted().len() >= count
    })
    .await;
}

/// What a page says, without the address that was typed.
fn without(page: &str, email: &str) -> String {
    page.replace(email, "")
}

/// Signs up; the page.
async fn sign_up(base: &str, email: &str) -> (u16, String) {
    let fields = [("name", "Bob Builder"), ("email", email), ("password", PASSWORD)];
    let answer = Browser::new(base).with("Accept-Language", "es-MX,es;q=0.9").post("/signup", &fields).await;
    (answer.status, without(&answer.text(), email))
}

on_both_engines_with! {
    settings();

    async fn a_link_to_a_new_password_comes_by_mail_and_holds_for_one_use(app: TestApp) {
        let postbox = Postbox::open().await;
        let mut browser = app.browser();
        assert!(browser.get("/login").await.expect(200).text().contains("href=\"/forgot\""));
        let _ = browser.get("/forgot").await.expect(200);
        let _ = browser.post("/forgot", &[("email", &app.agent.email)]).await.expect(200);
        posted(&app, &postbox, 1).await;
        let link = postbox.posted()[0].link("/reset/").unwrap();
        // A scanner that looks at the link does not use it up.
        for _ in 0..3 {
            let _ = app.browser().get(&link).await.expect(200);
        }
        let _ = browser.post(&link, &[("password", NEW)]).await.expect(303);
        let _ = browser.get("/dashboard").await.expect(200);
        let _ = app.browser().post(&link, &[("password", NEW)]).await.expect(404);
    }

    async fn l3_a_stranger_is_answered_as_an_account_is(app: TestApp) {
        let ask = async |email: &str| {
            let page = app.browser().post("/forgot", &[("email", email)]).await.expect(200).text();
            without(&page, email)
        };
        let known = ask(&app.agent.email).await;
        for stranger in ["nobody@example.com", "no address", "", "x@y\r\nBcc: z@example.com"] {
            let answer = ask(stranger).await;
            if stranger.contains('@') && !stranger.contains('\n') {
                assert_eq!(answer, known);
            }
        }
        let postbox = Postbox::open().await;
        posted(&app, &postbox, 1).await;
        assert_eq!(postbox.posted().len(), 1);
    }

    async fn l7_the_link_leads_to_this_server_whatever_host_was_asked(app: TestApp) {
        let postbox = Postbox::open().await;
        let browser = app.browser();
        let evil = browser.with("X-Forwarded-Host", "evil.example").post("/forgot", &[("email", &app.agent.email)]).await;
        let _ = evil.expect(200);
        posted(&app, &postbox, 1).await;
        let mail = postbox.posted().remove(0);
        assert!(mail.text().contains(&format!("{}/reset/", app.base)) && !mail.data.contains("evil.example"));
    }

    async fn nobodys_mailbox_is_filled(app: TestApp) {
        // From other addresses each time, as whoever wants to annoy does it.
        for number in 0..12_u8 {
            crm::accounts::ask_for_link(&app.crm, &app.agent.email, [192, 0, 2, number].into()).unwrap();
        }
        until(async || crm::mails::list(&app.crm, app.agent.id, None, 50).await.unwrap().mails.len() >= 5).await;
        let postbox = Postbox::open().await;
        posted(&app, &postbox, 5).await;
        assert_eq!(postbox.posted().len(), 5);
        // And one address waits.
        let mut statuses = Vec::new();
        for _ in 0..12 {
            statuses.push(app.browser().post("/forgot", &[("email", "x@example.com")]).await.status);
        }
        assert_eq!((statuses[9], statuses[10]), (200, 429));
        assert_eq!(app.browser().post("/forgot", &[("email", "other@example.com")]).await.status, 200);
    }

    async fn a_new_password_ends_the_other_links(app: TestApp) {
        let postbox = Postbox::open().await;
        for _ in 0..2 {
            let _ = app.browser().post("/forgot", &[("email", &app.agent.email)]).await.expect(200);
        }
        posted(&app, &postbox, 2).await;
        let links = postbox.posted().iter().map(|mail| mail.link("/reset/").unwrap()).collect::<Vec<_>>();
        let _ = app.browser().post(&links[0], &[("password", NEW)]).await.expect(303);
        let _ = app.browser().get(&links[1]).await.expect(404);
    }

    async fn where_anybody_signs_up_the_answer_does_not_tell_who_has_an_account(app: TestApp) {
        let node = app.arranged(|app| app.with_site(|site| site.with_sign_up(SignUp::Open, None))).await;
        let postbox = Postbox::open().await;
        let known = sign_up(&node.base, &app.agent.email).await;
        posted(&app, &postbox, 1).await;
        let fresh = sign_up(&node.base, "bob@example.com").await;
        posted(&app, &postbox, 2).await;
        assert_eq!(known, fresh);
        assert_eq!(known.0, 200);
        let mails = postbox.posted();
        assert_eq!((mails[0].to[0].as_str(), mails[0].header("Subject")), (app.agent.email.as_str(), String::from("You have an account already")));
        // The stranger's browser speaks Spanish, and no agent is named.
        assert_eq!((mails[1].to[0].as_str(), mails[1].header("Subject")), ("bob@example.com", String::from("Termina el registro")));
        assert_eq!(mails[1].header("From"), "OrganicAgent <office@example.com>");
        assert_eq!(mails[1].header("Reply-To"), "");
        // Nothing is made before the link is followed, and looking at it follows nothing.
        let link = mails[1].link("/signup/").unwrap();
        assert!(crm::agents::get_by_slug(&app.crm, "bob-builder").await.is_err());
        let mut bob = Browser::new(&node.base);
        let _ = bob.get(&link).await.expect(200);
        assert!(crm::agents::get_by_slug(&app.crm, "bob-builder").await.is_err());
        assert_eq!(bob.post(&link, &[]).await.expect(303).header("location"), "/dashboard");
        assert!(bob.get("/dashboard").await.expect(200).text().contains("Bob Builder"));
        let _ = Browser::new(&node.base).post(&link, &[]).await.expect(404);
        let _ = Browser::new(&node.base).post("/login", &[("email", "bob@example.com"), ("password", PASSWORD)]).await.expect(303);
        // What is wrong with the form itself is told as ever.
        let fields = [("name", ""), ("email", "bob@example.com"), ("password", "short")];
        let _ = Browser::new(&node.base).post("/signup", &fields).await.expect(422);
    }

    async fn a_sign_up_ends_after_an_hour_and_where_it_is_closed(app: TestApp) {
        let node = app.arranged(|app| app.with_site(|site| site.with_sign_up(SignUp::Open, None))).await;
        let postbox = Postbox::open().await;
        let _ = sign_up(&node.base, "bob@example.com").await;
        posted(&app, &postbox, 1).await;
        let link = postbox.posted()[0].link("/signup/").unwrap();
        let _ = app.browser().get(&link).await.expect(404);
        let _ = app.browser().post(&link, &[]).await.expect(404);
        app.clock.advance(LINK_LASTS - Duration::from_millis(1));
        let _ = Browser::new(&node.base).get(&link).await.expect(200);
        app.clock.advance(Duration::from_millis(1));
        let _ = Browser::new(&node.base).get(&link).await.expect(404);
        let _ = Browser::new(&node.base).post(&link, &[]).await.expect(404);
    }

    async fn of_two_sign_ups_with_one_address_one_makes_an_agent(app: TestApp) {
        let node = app.arranged(|app| app.with_site(|site| site.with_sign_up(SignUp::Open, None))).await;
        let postbox = Postbox::open().await;
        for _ in 0..2 {
            let _ = sign_up(&node.base, "bob@example.com").await;
        }
        posted(&app, &postbox, 2).await;
        let links = postbox.posted().iter().map(|mail| mail.link("/signup/").unwrap()).collect::<Vec<_>>();
        let _ = Browser::new(&node.base).post(&links[0], &[]).await.expect(303);
        let _ = Browser::new(&node.base).post(&links[1], &[]).await.expect(404);
    }
}

on_both_engines! {
    async fn without_a_mail_server_the_page_says_who_can_help(app: TestApp) {
        let mut browser = app.browser();
        assert!(browser.get("/forgot").await.expect(200).text().contains("reset-password --agent"));
        let page = browser.post("/forgot", &[("email", &app.agent.email)]).await.expect(200).text();
        assert!(page.contains("reset-password --agent"));
    }
}
