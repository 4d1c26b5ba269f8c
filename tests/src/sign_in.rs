//! Signing in and out, sessions and reset links, as a browser without scripts does it.

use std::time::Duration;

use crm::accounts;
use server::{app::App, http::Network};
use testkit::{Answer, Browser, TestApp, browser::PASSWORD, on_both_engines, until};

const HOUR: Duration = Duration::from_secs(60 * 60);
const COOKIE: &str = "organicagent";
/// 43 letters, as a token has them.
const PLANTED: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

async fn try_in(browser: &mut Browser, email: &str, password: &str) -> Answer {
    browser.post("/login", &[("email", email), ("password", password)]).await
}

/// Whether the browser is let into the dashboard.
async fn is_in(browser: &mut Browser) -> bool {
    let answer = browser.get("/dashboard").await;
    match (answer.status, answer.header("location")) {
        (200, _) => true,
        (303, "/login?next=%2Fdashboard") => false,
        (status, other) => panic!("{status}, sent to {other}"),
    }
}

/// A path to a new password.
async fn link(app: &TestApp) -> String {
    format!("/reset/{}", accounts::create_link(&app.crm, app.agent.id).await.unwrap().reveal())
}

/// A browser behind a proxy that this server trusts.
fn from(base: &str, address: &str) -> Browser {
    Browser::new(base).with("X-Forwarded-For", address)
}

on_both_engines! {
    async fn the_right_password_opens_the_dashboard(app: TestApp) {
        app.set_password(&app.agent).await;
        let mut browser = app.browser();
        assert!(!is_in(&mut browser).await);
        let page = browser.get("/login").await.expect(200).text();
        assert!(page.contains("name=\"email\"") && page.contains("name=\"password\""));
        let answer = try_in(&mut browser, &app.agent.email.to_uppercase(), PASSWORD).await.expect(303);
        assert_eq!(answer.header("location"), "/dashboard");
        let token = browser.cookie(COOKIE).to_owned();
        assert_eq!(answer.header("set-cookie"), format!("{COOKIE}={token}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax"));
        assert!(token.len() == 43 && answer.header("strict-transport-security").is_empty());
        assert!(is_in(&mut browser).await);
        assert_eq!(browser.get("/login").await.expect(303).header("location"), "/dashboard");
        assert!(browser.get("/dashboard/settings/api").await.expect(200).text().contains("Sarah Johnson"));
    }

    async fn l9_where_the_public_url_is_https_the_cookie_is_kept_to_it(app: TestApp) {
        app.set_password(&app.agent).await;
        let node = app.arranged(|_| App::new(app.crm.clone(), "https://office.example.com")).await;
        let mut browser = Browser::new(&node.base);
        // L9: one without the prefix, which a neighbouring host may set, counts for nothing.
        browser.plant(COOKIE, app.sign_in(&app.agent).await.cookie(COOKIE));
        assert!(!is_in(&mut browser).await);
        let answer = try_in(&mut browser, &app.agent.email, PASSWORD).await.expect(303);
        let token = browser.cookie("__Host-organicagent").to_owned();
        assert_eq!(answer.header("set-cookie"), format!("__Host-organicagent={token}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"));
        assert_eq!(answer.header("strict-transport-security"), "max-age=63072000");
        assert!(is_in(&mut browser).await);
    }

    async fn l1_a_cookie_from_before_is_never_signed_in(app: TestApp) {
        app.set_password(&app.agent).await;
        let mut browser = app.browser();
        browser.plant(COOKIE, PLANTED);
        assert!(!is_in(&mut browser).await);
        let _ = try_in(&mut browser, &app.agent.email, PASSWORD).await.expect(303);
        let first = browser.clone();
        assert_ne!(first.cookie(COOKIE), PLANTED);
        let mut planted = app.browser();
        planted.plant(COOKIE, PLANTED);
        assert!(!is_in(&mut planted).await);
        // Nor does a session outlive that another begins in its browser.
        let _ = try_in(&mut browser, &app.agent.email, PASSWORD).await.expect(303);
        assert_ne!(browser.cookie(COOKIE), first.cookie(COOKIE));
        assert!(is_in(&mut browser).await && !is_in(&mut first.clone()).await);
    }

    async fn l2_signing_out_and_a_new_password_end_the_cookie(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let mut kept = browser.clone();
        let mut elsewhere = app.browser();
        let _ = try_in(&mut elsewhere, &app.agent.email, PASSWORD).await.expect(303);
        let out = browser.post("/logout", &[]).await.expect(303);
        assert_eq!((out.header("location"), browser.cookie(COOKIE)), ("/login", ""));
        assert!(!is_in(&mut kept).await && is_in(&mut elsewhere).await);
        let mut third = elsewhere.clone();
        let _ = third.post("/logout", &[("everywhere", "1")]).await.expect(303);
        assert!(!is_in(&mut elsewhere).await);

        let mut before = app.sign_in(&app.agent).await;
        let mut changing = app.browser();
        let new = "four blue windows and a bench";
        let _ = changing.post(&link(&app).await, &[("password", new)]).await.expect(303);
        assert!(is_in(&mut changing).await && !is_in(&mut before).await);
        let _ = try_in(&mut before, &app.agent.email, PASSWORD).await.expect(422);
        let _ = try_in(&mut before, &app.agent.email, new).await.expect(303);
    }

    async fn l3_a_wrong_password_and_an_unknown_address_are_answered_alike(app: TestApp) {
        app.set_password(&app.agent).await;
        let nobody = "nobody.at.all@example.com";
        let mut answers = Vec::new();
        let another = app.another_agent("No Password").await;
        for (email, password) in [(app.agent.email.as_str(), "not this one, surely"), (nobody, PASSWORD), (&another.email, PASSWORD), ("no address", "")] {
            let mut browser = app.browser();
            let answer = try_in(&mut browser, email, password).await.expect(422);
            assert!(answer.header("set-cookie").is_empty() && answer.text().contains(email) && !answer.text().contains(PASSWORD));
            let mut headers = answer.headers.clone();
            for own in ["x-request-id", "date", "content-length"] {
                headers.remove(own);
            }
            answers.push((headers, answer.text().replace(email, "…")));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }

    async fn l4_after_ten_failures_that_address_waits_and_the_owner_enters(app: TestApp) {
        app.set_password(&app.agent).await;
        let trusted: Network = "127.0.0.0/8".parse().unwrap();
        let node = app.arranged(|app| app.with_proxies(&[trusted])).await;
        let mut guesser = from(&node.base, "203.0.113.9");
        for _ in 0..10 {
            let _ = try_in(&mut guesser, &app.agent.email, "a guess of many words").await.expect(422);
        }
        for password in ["another guess of words", PASSWORD] {
            let waits = try_in(&mut guesser, &app.agent.email, password).await.expect(429);
            assert!(waits.text().contains("Try again in") && waits.header("set-cookie").is_empty());
        }
        let mut owner = from(&node.base, "198.51.100.1");
        let _ = try_in(&mut owner, &app.agent.email, PASSWORD).await.expect(303);
        assert!(is_in(&mut owner).await);
        // The pause grows with each further failure, up to a minute; who then knows the password enters.
        app.clock.advance(Duration::from_secs(1));
        let _ = try_in(&mut guesser, &app.agent.email, "one more guess of words").await.expect(422);
        app.clock.advance(Duration::from_secs(1));
        let _ = try_in(&mut guesser, &app.agent.email, PASSWORD).await.expect(429);
        app.clock.advance(Duration::from_secs(1));
        let _ = try_in(&mut guesser, &app.agent.email, PASSWORD).await.expect(303);
    }

    async fn l5_a_password_of_a_megabyte_is_refused(app: TestApp) {
        app.set_password(&app.agent).await;
        let mut browser = app.browser();
        let long = "x".repeat(1_000_000);
        let refused = try_in(&mut browser, &app.agent.email, &long).await;
        assert!((400..500).contains(&refused.status), "{}", refused.status);
        let path = link(&app).await;
        let refused = browser.post(&path, &[("password", &long)]).await;
        assert!((400..500).contains(&refused.status), "{}", refused.status);
        let _ = browser.post(&path, &[("password", &"ab cdefgh".repeat(29))]).await.expect(422);
        let _ = try_in(&mut browser, &app.agent.email, &"ab cdefgh".repeat(29)).await.expect(422);
        let _ = try_in(&mut browser, &app.agent.email, PASSWORD).await.expect(303);
    }

    async fn l7_a_reset_link_holds_for_one_use_and_an_hour(app: TestApp) {
        app.set_password(&app.agent).await;
        let (path, other) = (link(&app).await, link(&app).await);
        let mut browser = app.browser();
        for _ in 0..3 {
            // A mail scanner that looks at it does not use it up.
            assert!(browser.get(&path).await.expect(200).text().contains(&app.agent.email));
        }
        let short = browser.post(&path, &[("password", "too short")]).await.expect(422);
        assert!(short.text().contains("15 to 256") && !short.text().contains("too short"));
        let new = "four blue windows and a bench";
        let answer = browser.post(&path, &[("password", new)]).await.expect(303);
        assert_eq!(answer.header("location"), "/dashboard");
        assert!(is_in(&mut browser).await);
        for used in [&path, &other] {
            let ended = browser.post(used, &[("password", "five red gates and a pond")]).await.expect(404);
            assert!(ended.text().contains("This link has ended") && browser.get(used).await.status == 404);
        }
        let _ = try_in(&mut app.browser(), &app.agent.email, new).await.expect(303);

        let late = link(&app).await;
        app.clock.advance(HOUR - Duration::from_millis(1));
        let _ = browser.get(&late).await.expect(200);
        app.clock.advance(Duration::from_millis(1));
        let _ = browser.get(&late).await.expect(404);
        let _ = browser.post(&late, &[("password", new)]).await.expect(404);
        for never in [format!("/reset/{PLANTED}"), String::from("/reset/x")] {
            let _ = browser.get(&never).await.expect(404);
        }
    }

    async fn l10_only_pages_of_ours_come_next(app: TestApp) {
        app.set_password(&app.agent).await;
        for (next, expected) in [
            ("//evil.example", "/dashboard"),
            ("https://evil.example/", "/dashboard"),
            ("/\\evil.example", "/dashboard"),
            ("/dashboard/settings/api?done=x", "/dashboard/settings/api?done=x"),
        ] {
            let mut browser = app.browser();
            let query = next.replace('?', "%3F").replace('\\', "%5C");
            let page = browser.get(&format!("/login?next={query}")).await.expect(200).text();
            assert!(!page.contains("evil"), "{next}");
            let fields = [("email", app.agent.email.as_str()), ("password", PASSWORD), ("next", next)];
            let answer = browser.post("/login", &fields).await.expect(303);
            assert_eq!(answer.header("location"), expected);
            let again = browser.get(&format!("/login?next={query}")).await.expect(303);
            assert_eq!(again.header("location"), expected);
        }
    }

    async fn l11_every_page_has_its_policy_and_is_kept_nowhere(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let mut stranger = app.browser();
        let made = app.agent.api.post("/api/v1/webhooks", &serde_json::json!({"url": "https://example.com"})).await.expect(201).json();
        let webhook = format!("/dashboard/settings/api/webhooks/{}", made["id"].as_str().unwrap());
        let mut answers = vec![
            ("the form", stranger.get("/login").await.expect(200)),
            ("sent to it", stranger.get("/dashboard").await.expect(303)),
            ("a wrong password", try_in(&mut stranger, "a@example.com", "x").await.expect(422)),
            ("no form", stranger.post("/login", &vec![("x", ""); 2_001]).await.expect(400)),
            ("a link that ended", stranger.get("/reset/x").await.expect(404)),
            ("cross-site", stranger.with("Sec-Fetch-Site", "cross-site").post("/login", &[]).await.expect(403)),
        ];
        for path in ["/dashboard/settings/api", "/dashboard/settings/api/webhooks/new", &webhook] {
            answers.push(("a page", browser.get(path).await.expect(200)));
        }
        answers.push(("no webhook", browser.get("/dashboard/settings/api/webhooks/x").await.expect(404)));
        for (what, answer) in answers {
            let header = |name| answer.header(name);
            assert_eq!((header("content-security-policy"), header("cache-control")), (POLICY, "no-store"), "{what}");
            assert_eq!((header("x-content-type-options"), header("referrer-policy")), ("nosniff", "same-origin"), "{what}");
            assert_eq!((header("cross-origin-opener-policy"), header("cross-origin-resource-policy")), ("same-origin", "same-origin"), "{what}");
            assert!(!header("permissions-policy").is_empty() && header("access-control-allow-origin").is_empty(), "{what}");
            let text = answer.text();
            assert!(!text.contains("style=") && !text.contains("<script>") && !text.contains(" onclick"), "{what}: {text}");
        }
        assert!(stranger.get("/docs").await.expect(200).header("content-security-policy").contains("frame-ancestors 'none'"));
    }

    async fn f1_a_post_from_another_site_is_refused(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        for (name, value) in [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "null"), ("Origin", "https://evil.example")] {
            let mut misled = browser.with(name, value);
            for (path, fields) in [
                ("/login", &[("email", app.agent.email.as_str()), ("password", PASSWORD)][..]),
                ("/logout", &[]),
                ("/dashboard/settings/api/keys", &[("name", "Theirs")]),
                ("/dashboard/settings/api/webhooks/new", &[("url", "https://evil.example/")]),
            ] {
                let refused = misled.post(path, fields).await.expect(403);
                assert!(refused.header("set-cookie").is_empty(), "{path}, {name}: {value}");
            }
        }
        let mut own = browser.clone();
        let page = own.get("/dashboard/settings/api").await.expect(200).text();
        assert!(!page.contains("Theirs") && !page.contains("evil.example"), "still signed in, and nothing was made");
        for (name, value) in [("Sec-Fetch-Site", "same-origin"), ("Origin", app.base.as_str())] {
            let _ = browser.with(name, value).post("/dashboard/settings/api/keys", &[("name", "Mine")]).await.expect(201);
        }
    }

    async fn a_session_that_is_not_used_ends_after_twelve_hours_and_every_one_after_a_week(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let mut used = Duration::ZERO;
        let step = 11 * HOUR;
        while used + step < 7 * 24 * HOUR {
            app.clock.advance(step);
            used += step;
            assert!(is_in(&mut browser).await, "{used:?}");
            until(async || app.use_is_noted().await).await;
        }
        app.clock.advance(7 * 24 * HOUR - used - Duration::from_millis(1));
        assert!(is_in(&mut browser).await);
        app.clock.advance(Duration::from_millis(1));
        assert!(!is_in(&mut browser).await, "however much it was used");

        let mut idle = app.sign_in(&app.agent).await;
        app.clock.advance(12 * HOUR - Duration::from_millis(1));
        let mut other = idle.clone();
        assert!(is_in(&mut other).await);
        until(async || app.use_is_noted().await).await;
        app.clock.advance(12 * HOUR);
        assert!(!is_in(&mut idle).await);
    }

    async fn l9_two_cookies_of_one_name_are_none(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let own = format!("{COOKIE}={}", browser.cookie(COOKIE));
        let mut two = app.browser().with("Cookie", &format!("{COOKIE}={PLANTED}; {own}"));
        assert!(!is_in(&mut two).await);
        assert!(is_in(&mut app.browser().with("Cookie", &format!("theme=dark; {own}"))).await);
    }
}
