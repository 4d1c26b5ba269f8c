//! Signing in with a second step.

use std::time::Duration;

use aws_lc_rs::hmac;
use crm::{accounts, clock::Clock, two_step};
use db::DbError;
use server::http::Network;
use testkit::{Answer, Browser, TestAgent, TestApp, browser::PASSWORD, on_both_engines};

const PATH: &str = "/dashboard/settings/account/two-step";
const STEP: Duration = Duration::from_secs(30);

/// An authenticator: what it was told, and the code of a time, reckoned anew here after RFC 6238.
struct Phone {
    secret: Vec<u8>,
}

impl Phone {
    fn new(page: &str) -> Self {
        let text = page.split("id=\"secret\">").nth(1).unwrap().split('<').next().unwrap();
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bits = text.chars().filter(|letter| *letter != ' ').flat_map(|letter| {
            let value = letters.find(letter).unwrap();
            (0..5).rev().map(move |bit| value >> bit & 1)
        });
        let bits = bits.collect::<Vec<_>>();
        let bytes = bits.chunks_exact(8).map(|bits| bits.iter().fold(0u8, |byte, bit| byte << 1 | *bit as u8));
        Self { secret: bytes.collect() }
    }

    /// The code so many steps from now.
    fn code(&self, app: &TestApp, steps: i64) -> String {
        let counter = (app.clock.now().0 / 30_000 + steps).to_be_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = hmac::sign(&key, &counter);
        let at = usize::from(tag.as_ref()[19] & 15);
        let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", word % 1_000_000)
    }

    fn wrong(&self, app: &TestApp) -> String {
        let taken = [-1, 0, 1].map(|step| self.code(app, step));
        ["111111", "222222", "333333", "444444"]
            .into_iter()
            .find(|code| taken.iter().all(|taken| taken != code))
            .unwrap()
            .to_owned()
    }
}

/// The recovery codes that a page shows.
fn shown(page: &str) -> Vec<String> {
    let text = page.split("id=\"recovery-codes\" tabindex=\"0\">").nth(1).unwrap().split('<').next().unwrap();
    text.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect()
}

/// Turns it on for an agent: the browser in which that was done, the phone, the recovery codes.
async fn turn_on(app: &TestApp, agent: &TestAgent) -> (Browser, Phone, Vec<String>) {
    let mut browser = app.sign_in(agent).await;
    let _ = browser.post(&format!("{PATH}/offer"), &[("password", PASSWORD)]).await.expect(303);
    let phone = Phone::new(&browser.get(PATH).await.expect(200).text());
    let page = browser.post(&format!("{PATH}/on"), &[("code", &phone.code(app, 0))]).await.expect(200).text();
    app.clock.advance(STEP);
    (browser, phone, shown(&page))
}

/// Gives the password, which leads to the code.
async fn give_password(browser: &mut Browser, agent: &TestAgent) {
    let answer = browser.post("/login", &[("email", &agent.email), ("password", PASSWORD)]).await.expect(303);
    assert_eq!(answer.header("location"), "/login/code");
}

async fn give_code(browser: &mut Browser, code: &str) -> Answer {
    browser.post("/login/code", &[("code", code)]).await
}

async fn is_in(browser: &mut Browser) -> bool {
    browser.get("/dashboard").await.status == 200
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let read = app.crm.database().read("test", move |tx| tx.query_one(sql, &[], |row| row.get::<i64>(0)));
    read.await.unwrap_or_else(|error: DbError| panic!("{error}"))
}

on_both_engines! {
    async fn it_is_on_only_after_a_right_code_and_sessions_stay(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let _ = browser.post(&format!("{PATH}/offer"), &[("password", "not my password at all")]).await.expect(422);
        assert!(!browser.get(PATH).await.expect(200).text().contains("otpauth"));
        let _ = browser.post(&format!("{PATH}/offer"), &[("password", PASSWORD)]).await.expect(303);
        let page = browser.get(PATH).await.expect(200).text();
        let phone = Phone::new(&page);
        assert!(page.contains("<svg class=\"qr\"") && page.contains(&format!("otpauth://totp/OrganicAgent:{}?secret=", app.agent.email)));
        let refused = browser.post(&format!("{PATH}/on"), &[("code", &phone.wrong(&app))]).await.expect(422);
        assert!(refused.text().contains("not the code of this moment"));
        // Not on yet: the password alone lets in.
        let mut other = app.browser();
        let answer = other.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(303);
        assert_eq!(answer.header("location"), "/dashboard");
        let on = browser.post(&format!("{PATH}/on"), &[("code", &phone.code(&app, 0))]).await.expect(200).text();
        assert_eq!(shown(&on).len(), 10);
        assert!(is_in(&mut browser).await && is_in(&mut other).await);
        let page = browser.get(PATH).await.expect(200).text();
        assert!(!page.contains("otpauth") && !page.contains("recovery-codes\""), "shown once");
        // Nothing of it stands in the database in clear.
        let secret = phone.secret.clone();
        let held = app.crm.database().read("test", |tx| tx.query_one("SELECT secret FROM two_steps", &[], |row| row.get::<Vec<u8>>(0)));
        let held: Vec<u8> = held.await.unwrap_or_else(|error: DbError| panic!("{error}"));
        assert!(!held.windows(secret.len()).any(|part| part == secret));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM recovery_codes").await, 10);
    }

    async fn l8_a_code_is_taken_once_and_a_step_either_way(app: TestApp) {
        let (_, phone, _) = turn_on(&app, &app.agent).await;
        let mut browser = app.browser();
        give_password(&mut browser, &app.agent).await;
        assert!(!is_in(&mut browser).await, "the password alone is no session");
        assert!(browser.cookie("organicagent").is_empty() && browser.cookie("organicagent-code").len() == 43);
        // The pending token is none of a session either.
        let mut bold = app.browser();
        bold.plant("organicagent", browser.cookie("organicagent-code"));
        assert!(!is_in(&mut bold).await);
        // The code that turned it on, a step ago, is used up; so is what is further off.
        for steps in [-1, 2, -2] {
            let _ = give_code(&mut browser, &phone.code(&app, steps)).await.expect(422);
        }
        let code = phone.code(&app, 1);
        let spaced = format!(" {} {}", &code[..3], &code[3..]);
        let answer = give_code(&mut browser, &spaced).await.expect(303);
        assert_eq!(answer.header("location"), "/dashboard");
        assert!(is_in(&mut browser).await && browser.cookie("organicagent-code").is_empty());
        // A pending sign-in is used up, and the code is too; nor is an earlier one taken.
        let mut again = app.browser();
        give_password(&mut again, &app.agent).await;
        for steps in [1, 0] {
            let _ = give_code(&mut again, &phone.code(&app, steps)).await.expect(422);
        }
        app.clock.advance(2 * STEP);
        let _ = give_code(&mut again, &phone.code(&app, -1)).await.expect(422);
        let _ = give_code(&mut again, &phone.code(&app, 0)).await.expect(303);
        assert!(is_in(&mut again).await);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM pending_sign_ins").await, 0);
    }

    async fn a_recovery_code_lets_in_once_and_new_ones_take_their_place(app: TestApp) {
        let (mut browser, phone, codes) = turn_on(&app, &app.agent).await;
        let mut lost = app.browser();
        give_password(&mut lost, &app.agent).await;
        let _ = give_code(&mut lost, &codes[0].to_uppercase().replace('-', " ")).await.expect(303);
        assert!(is_in(&mut lost).await);
        assert!(lost.get("/dashboard/settings/account").await.text().contains("9 recovery codes are left"));
        give_password(&mut lost, &app.agent).await;
        let _ = give_code(&mut lost, &codes[0]).await.expect(422);
        let fields = [("password", "not my password at all"), ("code", codes[1].as_str())];
        let _ = browser.post(&format!("{PATH}/codes"), &fields).await.expect(422);
        let fields = [("password", PASSWORD), ("code", &phone.code(&app, 0))];
        let fresh = shown(&browser.post(&format!("{PATH}/codes"), &fields).await.expect(200).text());
        assert!(fresh.len() == 10 && fresh.iter().all(|code| !codes.contains(code)));
        let _ = give_code(&mut lost, &codes[1]).await.expect(422);
        let _ = give_code(&mut lost, &fresh[1]).await.expect(303);
        assert!(is_in(&mut lost).await);
    }

    async fn it_is_off_only_with_the_password_and_a_code(app: TestApp) {
        let (mut browser, phone, codes) = turn_on(&app, &app.agent).await;
        let off = format!("{PATH}/off");
        let _ = browser.post(&off, &[("password", PASSWORD), ("code", &phone.wrong(&app))]).await.expect(422);
        let _ = browser.post(&off, &[("password", "not my password at all"), ("code", &phone.code(&app, 0))]).await.expect(422);
        let _ = browser.post(&off, &[("password", PASSWORD), ("code", "")]).await.expect(422);
        // Nor is another secret put in its place.
        let _ = browser.post(&format!("{PATH}/offer"), &[("password", PASSWORD)]).await.expect(303);
        let _ = browser.post(&off, &[("password", PASSWORD), ("code", &codes[3])]).await.expect(303);
        let mut other = app.browser();
        let answer = other.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(303);
        assert_eq!(answer.header("location"), "/dashboard");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM two_steps").await + count(&app, "SELECT COUNT(*) FROM recovery_codes").await, 0);
    }

    async fn the_time_for_the_code_is_ten_minutes_and_ends_with_the_password(app: TestApp) {
        let (_, phone, _) = turn_on(&app, &app.agent).await;
        let mut browser = app.browser();
        assert_eq!(browser.get("/login/code").await.expect(303).header("location"), "/login");
        give_password(&mut browser, &app.agent).await;
        app.clock.advance(two_step::PENDING_LASTS - Duration::from_millis(1));
        let _ = browser.get("/login/code").await.expect(200);
        app.clock.advance(Duration::from_millis(1));
        assert_eq!(give_code(&mut browser, &phone.code(&app, 0)).await.expect(303).header("location"), "/login");
        assert!(!is_in(&mut browser).await);
        give_password(&mut browser, &app.agent).await;
        app.set_password(&app.agent).await;
        assert_eq!(give_code(&mut browser, &phone.code(&app, 0)).await.expect(303).header("location"), "/login");
        assert!(!is_in(&mut browser).await);
    }

    async fn a_link_to_a_new_password_asks_for_the_code_too_unless_the_operator_says_otherwise(app: TestApp) {
        let (_, phone, _) = turn_on(&app, &app.agent).await;
        let link = async || format!("/reset/{}", accounts::create_link(&app.crm, app.agent.id).await.unwrap().reveal());
        let mut browser = app.browser();
        let answer = browser.post(&link().await, &[("password", PASSWORD)]).await.expect(303);
        assert_eq!(answer.header("location"), "/login/code");
        assert!(!is_in(&mut browser).await);
        let _ = give_code(&mut browser, &phone.code(&app, 0)).await.expect(303);
        assert!(is_in(&mut browser).await);
        two_step::reset(&app.crm, app.agent.id).await.unwrap();
        let answer = browser.post(&link().await, &[("password", PASSWORD)]).await.expect(303);
        assert_eq!(answer.header("location"), "/dashboard");
    }

    async fn who_guesses_codes_waits_there_and_the_owner_enters_elsewhere(app: TestApp) {
        let (_, phone, codes) = turn_on(&app, &app.agent).await;
        let trusted: Network = "127.0.0.0/8".parse().unwrap();
        let node = app.arranged(|app| app.with_proxies(&[trusted])).await;
        let from = |address: &str| Browser::new(&node.base).with("X-Forwarded-For", address);
        let mut guesser = from("203.0.113.9");
        give_password(&mut guesser, &app.agent).await;
        for _ in 0..10 {
            let _ = give_code(&mut guesser, &phone.wrong(&app)).await.expect(422);
        }
        let _ = give_code(&mut guesser, &phone.code(&app, 0)).await.expect(429);
        // Typing the password again, which the guesser knows, lets nobody off.
        give_password(&mut guesser, &app.agent).await;
        let _ = give_code(&mut guesser, &phone.code(&app, 0)).await.expect(429);
        let mut owner = from("198.51.100.1");
        give_password(&mut owner, &app.agent).await;
        let _ = give_code(&mut owner, &phone.code(&app, 0)).await.expect(303);
        // From many places, no more than fifty in a day; the owner has the recovery codes.
        app.clock.advance(STEP);
        for place in 1..=4 {
            let mut guesser = from(&format!("203.0.113.{}", 20 + place));
            give_password(&mut guesser, &app.agent).await;
            for _ in 0..10 {
                let _ = give_code(&mut guesser, &phone.wrong(&app)).await.expect(422);
            }
        }
        let mut owner = from("198.51.100.2");
        give_password(&mut owner, &app.agent).await;
        let told = give_code(&mut owner, &phone.code(&app, 0)).await.expect(429);
        assert!(told.text().contains("only a recovery code is taken"));
        let _ = give_code(&mut owner, &codes[0]).await.expect(303);
        assert!(is_in(&mut owner).await);
        app.clock.advance(Duration::from_secs(24 * 60 * 60));
        let mut owner = from("198.51.100.3");
        give_password(&mut owner, &app.agent).await;
        let _ = give_code(&mut owner, &phone.code(&app, 0)).await.expect(303);
    }

    async fn a_code_of_one_agent_is_nothing_to_another(app: TestApp) {
        let (_, phone, codes) = turn_on(&app, &app.agent).await;
        let other = app.another_agent("Other Agent").await;
        let (_, theirs, _) = turn_on(&app, &other).await;
        let mut browser = app.browser();
        give_password(&mut browser, &other).await;
        for code in [phone.code(&app, 0), codes[0].clone()] {
            let _ = give_code(&mut browser, &code).await.expect(422);
        }
        let answer = give_code(&mut browser, &theirs.code(&app, 0)).await.expect(303);
        assert_eq!(answer.header("location"), "/dashboard");
        let page = browser.get("/dashboard/settings/account").await.expect(200).text();
        assert!(page.contains(&other.email) && page.contains("10 recovery codes are left"));
    }
}
