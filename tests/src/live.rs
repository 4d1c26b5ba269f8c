//! What open pages are told, and when they are no longer.

use crm::{live, sessions};
use serde_json::json;
use testkit::{Browser, Engine, Following, TestApp, block_on, on_both_engines, on_both_engines_with};

use crate::hooks::{receiver, settings};

const PATH: &str = "/dashboard/live";

async fn lead(app: &TestApp, name: &str) -> String {
    let made = app.agent.api.post("/api/v1/leads", &json!({"name": name})).await.expect(201);
    made.json()["leadId"].as_str().unwrap().to_owned()
}

/// A page that shows all events so far, and is looked for by now.
async fn follow(app: &TestApp, browser: &Browser) -> Following {
    let _ = lead(app, "First").await;
    let number = live::number(&app.crm, app.agent.id).await.unwrap();
    let mut page = browser.follow(&format!("{PATH}?after={}", number - 1)).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.next_of("lead.created").await.id, number);
    page
}

on_both_engines! {
    async fn a_page_is_told_of_its_own_agents_leads_and_of_no_others(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let other = app.another_agent("Other").await;
        let mut page = follow(&app, &browser).await;
        let _ = other.api.post("/api/v1/leads", &json!({"name": "Theirs"})).await.expect(201);
        let id = lead(&app, "Jane Doe").await;
        let told = page.next_of("lead.created").await;
        assert_eq!((told.id, told.data), (2, json!({"id": id, "name": "Jane Doe"})));
        let told = page.next().await.unwrap();
        assert_eq!((told.id, told.event.as_str(), told.data), (2, "changed", json!({"nouns": ["leads"]})));
    }

    async fn a_changed_lead_is_told_under_the_number_that_holds(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let id = lead(&app, "Jane").await;
        let mut page = follow(&app, &browser).await;
        let _ = app.agent.api.patch(&format!("/api/v1/leads/{id}"), &json!({"status": "contacted"})).await.expect(200);
        let told = page.next().await.unwrap();
        assert_eq!((told.id, told.event.as_str(), &told.data), (2, "changed", &json!({"nouns": ["leads"]})));
        let _ = app.agent.api.delete(&format!("/api/v1/leads/{id}")).await.expect(204);
        assert_eq!(page.next().await.unwrap().event, "changed");
    }

    async fn pages_that_come_and_go_among_creates_miss_none_and_get_none_twice(app: TestApp) {
        const LEADS: i64 = 60;
        let browser = app.sign_in(&app.agent).await;
        let makers = (0..4).map(|maker| {
            let api = app.agent.api.clone();
            tokio::spawn(async move {
                for n in 0..LEADS / 4 {
                    let _ = api.post("/api/v1/leads", &json!({"name": format!("{maker} {n}")})).await.expect(201);
                }
            })
        });
        let makers = makers.collect::<Vec<_>>();
        let (mut numbers, mut last) = (Vec::new(), 0);
        while last < LEADS {
            let page = browser.with("Last-Event-ID", &last.to_string());
            let mut page = page.follow(PATH).await;
            // Each page leaves after a few messages, whatever is on its way to it by then.
            for _ in 0..3 {
                let told = page.next().await.unwrap();
                assert!(told.id >= last, "{told:?}");
                last = told.id;
                if told.event == "lead.created" {
                    numbers.push(told.id);
                }
                if last == LEADS {
                    break;
                }
            }
        }
        assert_eq!(numbers, (1..=LEADS).collect::<Vec<_>>());
        for maker in makers {
            maker.await.unwrap();
        }
    }

    async fn a_page_ends_with_its_session(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let mut there = app.browser();
        let fields = [("email", app.agent.email.as_str()), ("password", testkit::browser::PASSWORD)];
        let _ = there.post("/login", &fields).await.expect(303);
        let (mut here, mut elsewhere) = (follow(&app, &browser).await, follow(&app, &there).await);
        let held = browser.clone();
        let _ = browser.post("/logout", &[]).await.expect(303);
        let last = here.rest().await;
        assert_eq!(last.last().unwrap().event, "signed-out");
        assert_eq!(held.follow(PATH).await.status, 204, "the one answer after which a browser does not come back");
        // The other session is another's business.
        let _ = lead(&app, "Jane").await;
        let _ = elsewhere.next_of("lead.created").await;
        let _ = there.post("/logout", &[("everywhere", "1")]).await.expect(303);
        assert_eq!(elsewhere.rest().await.last().unwrap().event, "signed-out");
    }

    async fn a_page_ends_when_its_session_runs_out(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let mut page = follow(&app, &browser).await;
        app.clock.advance(sessions::IDLE);
        assert_eq!(page.rest().await.last().unwrap().event, "signed-out");
    }

    async fn a_page_ends_when_the_server_stops(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let mut page = follow(&app, &browser).await;
        app.stop();
        assert!(page.rest().await.iter().all(|told| told.event == "changed"), "the browser comes back by itself");
    }

    async fn the_oldest_of_too_many_pages_of_a_session_gives_way(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let mut pages = Vec::new();
        for _ in 0..9 {
            pages.push(follow(&app, &browser).await);
        }
        let last = pages.remove(0).rest().await;
        assert_eq!(last.last().unwrap().event, "replaced");
        let _ = lead(&app, "Jane").await;
        for page in &mut pages {
            let _ = page.next_of("lead.created").await;
        }
    }

    async fn beyond_the_bound_of_the_process_nobody_is_taken(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let node = app.arranged(|app| app.with_site(|site| site.with_open_pages(2))).await;
        let browser = browser.at(&node.base);
        let first = browser.follow(PATH).await;
        let second = browser.follow(PATH).await;
        assert_eq!((first.status, second.status), (200, 200));
        assert_eq!(browser.follow(PATH).await.status, 503);
    }

    async fn nobody_follows_without_signing_in(app: TestApp) {
        assert_eq!(app.browser().follow(PATH).await.status, 204);
        // A key of the API opens no page.
        assert_eq!(app.agent.api.get(PATH).await.status, 204);
    }

    async fn an_operators_new_password_ends_pages(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let mut page = follow(&app, &browser).await;
        app.set_password(&app.agent).await;
        assert_eq!(page.rest().await.last().unwrap().event, "signed-out");
    }
}

on_both_engines_with! {
    settings();

    async fn whoever_has_missed_too_much_loads_the_page_again(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        for n in 0..=live::TOLD_AGAIN {
            let _ = lead(&app, &n.to_string()).await;
        }
        let newest = live::TOLD_AGAIN + 1;
        // Too many; and a number that this database never had.
        for after in [0, newest + 5] {
            let told = browser.follow(&format!("{PATH}?after={after}")).await.next().await.unwrap();
            assert_eq!((told.id, told.event.as_str()), (newest, "reload"), "{after}");
        }
        let mut page = browser.follow(&format!("{PATH}?after=1")).await;
        for number in 2..=newest {
            assert_eq!(page.next().await.unwrap().id, number);
        }
    }

    async fn the_page_of_a_webhook_is_told_of_what_its_receiver_answers(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let mut browser = app.sign_in(&app.agent).await;
        let webhook = hook.path.rsplit('/').next().unwrap();
        let _ = lead(&app, "Jane").await;
        let mut page = browser.follow(&format!("{PATH}?after=0&webhook={webhook}")).await;
        let _ = page.next_of("lead.created").await;
        let mut elsewhere = follow(&app, &browser).await;
        let _ = page.next_of("deliveries").await;
        let _sending = app.send_webhooks();
        sink.wait_for("/hook", 2).await;
        let told = page.next_of("deliveries").await;
        assert_eq!(told.data, json!({"webhook": webhook}));
        hook.delivered().await;
        drop(page);
        let _ = browser.post("/logout", &[]).await.expect(303);
        assert!(elsewhere.rest().await.iter().all(|told| told.event != "deliveries"), "a page that shows no log");
    }
}

#[test]
fn what_is_changed_on_one_node_is_told_on_another() {
    block_on(async {
        let app = TestApp::start(Engine::Postgres).await;
        let other = app.another_node().await;
        let mut browser = app.sign_in(&app.agent).await;
        let there = browser.at(&other.base);
        let mut page = there.follow(&format!("{PATH}?after=0")).await;
        let id = lead(&app, "Jane").await;
        let told = page.next_of("lead.created").await;
        assert_eq!(told.data["id"], json!(id));
        let _ = page.next_of("changed").await;
        let _ = app.agent.api.patch(&format!("/api/v1/leads/{id}"), &json!({"status": "contacted"})).await.expect(200);
        let _ = page.next_of("changed").await;
        let _ = browser.post("/logout", &[]).await.expect(303);
        assert_eq!(page.rest().await.last().unwrap().event, "signed-out");
    });
}

#[test]
fn what_nobody_tells_of_is_found_by_the_look() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        block_on(async {
            let app = TestApp::start(engine).await;
            // A process that serves nothing, as a command beside the server: it tells nobody.
            let beside = app.beside().await;
            let browser = app.sign_in(&app.agent).await;
            let mut page = follow(&app, &browser).await;
            let new = crm::leads::NewLead::read(json!({"name": "Jane"}).as_object().unwrap()).unwrap();
            for number in 2..4 {
                let made = crm::leads::create(&beside, app.agent.id, new.clone(), None).await.unwrap();
                let told = page.next_of("lead.created").await;
                assert_eq!((told.id, told.data["id"].clone()), (number, json!(made.value.id)));
            }
        });
    }
}
