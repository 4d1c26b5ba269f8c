//! Another address to sign in with: by a link to it, with a notice to the old one.

use mail::sender;
use testkit::{Browser, Postbox, TestApp, browser::PASSWORD, on_both_engines, on_both_engines_with};

use crate::mails::settings;

const ACCOUNT: &str = "/dashboard/settings/account";

async fn ask(browser: &mut Browser, email: &str, password: &str) -> testkit::Answer {
    browser.post(&format!("{ACCOUNT}/address"), &[("email", email), ("password", password)]).await
}

async fn login(app: &TestApp, email: &str) -> u16 {
    app.browser().post("/login", &[("email", email), ("password", PASSWORD)]).await.status
}

async fn send(app: &TestApp, postbox: &Postbox) {
    let _ = sender::send_due(&app.crm, &postbox.mailer(app)).await.unwrap();
}

on_both_engines_with! {
    settings();

    async fn the_new_address_counts_once_its_link_is_followed(app: TestApp) {
        let postbox = Postbox::open().await;
        let mut browser = app.sign_in(&app.agent).await;
        let old = app.agent.email.clone();
        for (email, password, wrong) in [
            ("new@example.com", "not the password at all", "id=\"confirm-wrong\""),
            ("no address", PASSWORD, "id=\"new-address-wrong\""),
            (old.as_str(), PASSWORD, "id=\"new-address-wrong\""),
        ] {
            let page = ask(&mut browser, email, password).await.expect(422).text();
            assert!(page.contains(wrong), "{page}");
        }
        let answer = ask(&mut browser, "new@example.com", PASSWORD).await.expect(303);
        assert_eq!(answer.header("location"), format!("{ACCOUNT}?done=address-asked"));
        send(&app, &postbox).await;
        let mails = postbox.posted();
        assert_eq!((mails.len(), mails[0].to[0].as_str()), (1, "new@example.com"));
        let link = mails[0].link("/confirm-address/").unwrap();
        let _ = app.browser().get(&link).await.expect(200);
        assert_eq!((login(&app, &old).await, login(&app, "new@example.com").await), (303, 422));
        let _ = app.browser().post(&link, &[]).await.expect(200);
        assert_eq!((login(&app, &old).await, login(&app, "new@example.com").await), (422, 303));
        assert!(browser.get(ACCOUNT).await.expect(200).text().contains("new@example.com"), "the session goes on");
        send(&app, &postbox).await;
        let mails = postbox.posted();
        assert_eq!((mails.len(), mails[1].to[0].as_str()), (2, old.as_str()));
        assert!(mails[1].text().contains("new@example.com"));
        let _ = app.browser().post(&link, &[]).await.expect(404);
        assert_eq!(crm::agents::get(&app.crm, app.agent.id).await.unwrap().email, "new@example.com");
    }

    async fn an_address_that_has_an_account_is_told_to_nobody_but_its_reader(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let postbox = Postbox::open().await;
        let mut browser = app.sign_in(&app.agent).await;
        let taken = ask(&mut browser, &other.email, PASSWORD).await.expect(303);
        let free = ask(&mut browser, "free@example.com", PASSWORD).await.expect(303);
        assert_eq!(taken.header("location"), free.header("location"));
        send(&app, &postbox).await;
        let mails = postbox.posted();
        let to_other = mails.iter().find(|mail| mail.to[0] == other.email).unwrap();
        let link = to_other.link("/confirm-address/").unwrap();
        let _ = app.browser().post(&link, &[]).await.expect(409);
        assert_eq!(login(&app, &app.agent.email).await, 303);
    }

    async fn a_new_password_ends_what_was_asked_with_the_old_one(app: TestApp) {
        let postbox = Postbox::open().await;
        let mut browser = app.sign_in(&app.agent).await;
        let _ = ask(&mut browser, "thief@example.com", PASSWORD).await.expect(303);
        send(&app, &postbox).await;
        let link = postbox.posted()[0].link("/confirm-address/").unwrap();
        app.set_password(&app.agent).await;
        let _ = app.browser().get(&link).await.expect(404);
        let _ = app.browser().post(&link, &[]).await.expect(404);
    }

    async fn a_link_to_an_address_sets_no_password_and_the_other_way_round(app: TestApp) {
        let postbox = Postbox::open().await;
        let mut browser = app.sign_in(&app.agent).await;
        let _ = ask(&mut browser, "new@example.com", PASSWORD).await.expect(303);
        send(&app, &postbox).await;
        let token = postbox.posted()[0].link("/confirm-address/").unwrap().replace("/confirm-address/", "");
        let _ = app.browser().get(&format!("/reset/{token}")).await.expect(404);
        let _ = app.browser().get(&format!("/signup/{token}")).await.expect(404);
        let reset = crm::accounts::create_link(&app.crm, app.agent.id).await.unwrap();
        let _ = app.browser().get(&format!("/confirm-address/{}", reset.reveal())).await.expect(404);
    }

    async fn an_address_is_not_asked_for_without_end(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for number in 0..5 {
            let _ = ask(&mut browser, &format!("victim{number}@example.com"), PASSWORD).await.expect(303);
        }
        let _ = ask(&mut browser, "victim6@example.com", PASSWORD).await.expect(422);
    }
}

on_both_engines! {
    async fn where_no_mail_goes_out_the_address_is_changed_at_once(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let mut browser = app.sign_in(&app.agent).await;
        let _ = ask(&mut browser, &other.email, PASSWORD).await.expect(422);
        let answer = ask(&mut browser, "new@example.com", PASSWORD).await.expect(303);
        assert_eq!(answer.header("location"), format!("{ACCOUNT}?done=address-changed"));
        assert_eq!((login(&app, &app.agent.email).await, login(&app, "new@example.com").await), (422, 303));
        let list = browser.get("/dashboard/outbox").await.expect(200).text();
        assert!(list.contains(&app.agent.email) && list.contains("Your e-mail address was changed"));
    }
}
