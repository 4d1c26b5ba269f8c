//! Signing up, and the account's own page.

use site::SignUp;
use testkit::{Browser, TestApp, TestNode, browser::PASSWORD, on_both_engines};

const ACCOUNT: &str = "/dashboard/settings/account";

async fn arranged(app: &TestApp, rule: SignUp, code: Option<&'static str>) -> TestNode {
    app.arranged(|app| app.with_site(|site| site.with_sign_up(rule, code))).await
}

/// Signs up; the status.
async fn sign_up(browser: &mut Browser, email: &str, more: &[(&str, &str)]) -> u16 {
    let fields = [&[("name", "Bob Builder"), ("email", email), ("password", PASSWORD)], more].concat();
    browser.post("/signup", &fields).await.status
}

on_both_engines! {
    async fn where_an_agent_is_nobody_else_signs_up_unless_all_may(app: TestApp) {
        for rule in [SignUp::First, SignUp::Closed] {
            let node = arranged(&app, rule, None).await;
            let mut browser = Browser::new(&node.base);
            assert!(browser.get("/signup").await.expect(404).text().contains("Nobody can sign up here"));
            assert_eq!(sign_up(&mut browser, "bob@example.com", &[]).await, 404);
        }
        let node = arranged(&app, SignUp::Open, None).await;
        let mut browser = Browser::new(&node.base);
        let _ = browser.get("/signup").await.expect(200);
        assert_eq!(sign_up(&mut browser, "bob@example.com", &[("timeZone", "Asia/Tokyo")]).await, 303);
        assert!(browser.get("/dashboard").await.expect(200).text().contains("Bob Builder"));
        let bob = crm::agents::get_by_slug(&app.crm, "bob-builder").await.unwrap();
        assert_eq!((bob.email.as_str(), bob.time_zone.as_str()), ("bob@example.com", "Asia/Tokyo"));
        assert_eq!(sign_up(&mut Browser::new(&node.base), "BOB@example.com", &[]).await, 422);
    }

    async fn what_is_wrong_stands_beside_its_field(app: TestApp) {
        let node = arranged(&app, SignUp::Open, None).await;
        let mut browser = Browser::new(&node.base);
        let fields = [("name", " "), ("email", "no address"), ("password", "too short")];
        let page = browser.post("/signup", &fields).await.expect(422).text();
        for wrong in ["id=\"name-wrong\"", "id=\"email-wrong\"", "id=\"password-wrong\""] {
            assert!(page.contains(wrong), "{wrong}: {page}");
        }
        assert!(!page.contains("too short"));
    }

    async fn of_many_who_would_be_first_one_is(app: TestApp) {
        let erased = app.crm.database().write("test.erase", db::Lane::SHARED, |tx| {
            for table in ["agents", "accounts", "turns", "stages"] {
                tx.execute(&format!("DELETE FROM {table}"), &[])?;
            }
            Ok::<_, db::DbError>(())
        });
        erased.await.unwrap();
        let node = arranged(&app, SignUp::First, Some("k2m4")).await;
        assert!(Browser::new(&node.base).get("/signup").await.expect(200).text().contains("name=\"code\""));
        assert_eq!(sign_up(&mut Browser::new(&node.base), "eve@example.com", &[("code", "guess")]).await, 422);
        let rivals = (0..6).map(|n| {
            let mut browser = Browser::new(&node.base);
            tokio::spawn(async move { sign_up(&mut browser, &format!("rival{n}@example.com"), &[("code", "k2m4")]).await })
        });
        let mut statuses = Vec::new();
        for rival in rivals.collect::<Vec<_>>() {
            statuses.push(rival.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 404, 404, 404, 404, 404]);
    }

    async fn a_new_password_ends_every_other_session(app: TestApp) {
        let mut here = app.sign_in(&app.agent).await;
        let mut there = app.browser();
        let _ = there.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(303);
        let page = here.get(ACCOUNT).await.expect(200).text();
        assert_eq!(page.matches("class=\"apart seat\"").count(), 2);
        let change = format!("{ACCOUNT}/password");
        let new = "four blue windows and a cat";
        let page = here.post(&change, &[("password", "not the password"), ("newPassword", new)]).await.expect(422).text();
        assert!(page.contains("id=\"old-wrong\""), "{page}");
        let page = here.post(&change, &[("password", PASSWORD), ("newPassword", "short")]).await.expect(422).text();
        assert!(page.contains("id=\"new-wrong\""), "{page}");
        let _ = there.get("/dashboard").await.expect(200);
        let _ = here.post(&change, &[("password", PASSWORD), ("newPassword", new)]).await.expect(303);
        let _ = here.get("/dashboard").await.expect(200);
        let _ = there.get("/dashboard").await.expect(303);
        assert_eq!(there.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.status, 422);
        let _ = there.post("/login", &[("email", &app.agent.email), ("password", new)]).await.expect(303);
    }

    async fn one_session_is_ended_and_then_all(app: TestApp) {
        let mut here = app.sign_in(&app.agent).await;
        let mut there = app.browser();
        let _ = there.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(303);
        let page = here.get(ACCOUNT).await.expect(200).text();
        let end = page.split("action=\"").find(|part| part.starts_with(&format!("{ACCOUNT}/sessions/"))).unwrap();
        let end = end.split('"').next().unwrap().to_owned();
        // Another agent's session is none of theirs.
        let mut other = app.sign_in(&app.another_agent("Other Agent").await).await;
        let _ = other.post(&end, &[]).await.expect(303);
        let _ = there.get("/dashboard").await.expect(200);
        let _ = here.post(&end, &[]).await.expect(303);
        let _ = there.get("/dashboard").await.expect(303);
        let _ = there.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(303);
        let _ = here.post("/logout", &[("everywhere", "1")]).await.expect(303);
        for browser in [&mut here, &mut there] {
            let _ = browser.get("/dashboard").await.expect(303);
        }
    }
}
