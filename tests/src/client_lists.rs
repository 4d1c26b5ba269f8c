//! The list of clients in the dashboard: narrowed, ordered, page after page.

use std::time::Duration;

use db::{DbError, Engine, Lane, params};
use serde_json::json;
use testkit::{Browser, TestAgent, on_both_engines};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const PATH: &str = "/dashboard/clients";

async fn client(agent: &TestAgent, name: &str, stage: &str) -> String {
    let made = json!({"name": name, "email": format!("{}@example.com", name.replace(' ', "."))});
    let made = agent.api.post("/api/v1/clients", &made).await.expect(201).json();
    let id = made["clientId"].as_str().unwrap();
    // Where clients begin.
    if stage != "Searching" {
        let moved = json!({"buyingStage": stage});
        let _ = agent.api.patch(&format!("/api/v1/clients/{id}"), &moved).await.expect(200);
    }
    id.to_owned()
}

async fn page(browser: &mut Browser, query: &str) -> String {
    browser.get(&format!("{PATH}?{query}")).await.expect(200).text()
}

/// The names on a page.
fn names(page: &str) -> Vec<String> {
    page.split("<strong dir=\"auto\">").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

async fn listed(browser: &mut Browser, query: &str) -> Vec<String> {
    names(&page(browser, query).await)
}

/// Where the link with these words leads.
fn link(page: &str, words: &str) -> Option<String> {
    let before = page.split(&format!(">{words}</a>")).next().filter(|before| before.len() < page.len())?;
    let path = before.rsplit("href=\"").next()?.split('"').next()?;
    Some(path.replace("&#38;", "&").replace("&amp;", "&"))
}

on_both_engines! {
    async fn clients_are_narrowed_and_ordered_as_leads_are(app: TestApp) {
        let agent = &app.agent;
        let ada = client(agent, "Ada", "Touring").await;
        app.clock.advance(DAY);
        let grace = client(agent, "Grace", "Touring").await;
        app.clock.advance(DAY);
        let _ = client(agent, "Mary", "Searching").await;
        app.clock.advance(DAY);
        let _ = agent.api.patch(&format!("/api/v1/clients/{ada}"), &json!({"phone": "555-0100"})).await.expect(200);
        let mut browser = app.sign_in(agent).await;
        for id in [&ada, &grace] {
            let _ = browser.post(&format!("{PATH}/{id}/tags"), &[("tag", "Investor")]).await.expect(303);
        }
        let stages = agent.api.get("/api/v1/stages").await.expect(200).json();
        let offer = stages["stages"].as_array().unwrap().iter().find(|stage| stage["name"] == "Touring").unwrap();
        let offer = format!("stage={}", offer["id"].as_str().unwrap());
        // The clock began on Monday, 23 November 2026.
        for (query, found) in [
            ("", vec!["Ada", "Mary", "Grace"]),
            ("sort=-createdAt", vec!["Mary", "Grace", "Ada"]),
            ("sort=createdAt", vec!["Ada", "Grace", "Mary"]),
            ("sort=-updatedAt&status=new&source=x", vec!["Ada", "Mary", "Grace"]),
            ("tag=investor", vec!["Ada", "Grace"]),
            ("tag=investor&sort=-createdAt", vec!["Grace", "Ada"]),
            (&offer, vec!["Ada", "Grace"]),
            (&format!("{offer}&sort=-createdAt"), vec!["Grace", "Ada"]),
            (&format!("{offer}&sort=-createdAt&from=2026-11-24"), vec!["Grace"]),
            (&format!("{offer}&tag=Investor&to=2026-11-23"), vec!["Ada"]),
            ("from=2026-11-24", vec!["Mary", "Grace"]),
            ("to=2026-11-24", vec!["Ada", "Grace"]),
            ("from=2026-11-24&to=2026-11-24", vec!["Grace"]),
            ("tag=nobodys", vec![]),
        ] {
            assert_eq!(listed(&mut browser, query).await, found, "{query}");
        }
        let page = page(&mut browser, &format!("{offer}&sort=-createdAt&tag=Investor&from=2026-11-01")).await;
        assert!(page.contains("2 found") && page.contains("Client since") && page.contains("tag label\" dir=\"auto\">Investor"), "{page}");
        for chosen in ["<option value=\"Investor\" selected>", "<option value=\"-createdAt\" selected>", "value=\"2026-11-01\""] {
            assert!(page.contains(chosen), "{chosen}: {page}");
        }
        let other = app.another_agent("Other").await;
        let mut theirs = app.sign_in(&other).await;
        assert_eq!(listed(&mut theirs, &format!("{offer}&sort=-createdAt")).await, Vec::<String>::new());
    }

    async fn pages_follow_one_another_with_all_that_narrows_them(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let mut made = Vec::new();
        for n in 0..60 {
            app.clock.advance(Duration::from_millis(10));
            let name = format!("Person {n}");
            let id = client(&app.agent, &name, "Searching").await;
            let _ = browser.post(&format!("{PATH}/{id}/tags"), &[("tag", "R&D")]).await.expect(303);
            made.push(name);
        }
        for (sort, is_newest) in [("", true), ("sort=-createdAt", true), ("sort=createdAt", false)] {
            let query = format!("tag=R%26D&from=2026-11-01&{sort}");
            let first = page(&mut browser, &query).await;
            assert_eq!(link(&first, "To the first page"), None);
            let next = link(&first, "Next page").unwrap();
            assert!(next.contains("tag=R%26D&from=2026-11-01&after=") && next.contains(sort), "{next}");
            let second = browser.get(&next).await.expect(200).text();
            let seen = [names(&first), names(&second)].concat();
            let mut wanted = made.clone();
            if is_newest {
                wanted.reverse();
            }
            assert_eq!(seen, wanted, "{sort}");
            assert_eq!((names(&first).len(), link(&second, "Next page")), (50, None));
            let back = browser.get(&link(&second, "To the first page").unwrap()).await.expect(200).text();
            assert_eq!(names(&back), names(&first));
        }
        // A place in another order is none in this one.
        let next = link(&page(&mut browser, "sort=createdAt").await, "Next page").unwrap();
        let elsewhere = browser.get(&next.replace("sort=createdAt", "sort=-createdAt")).await.expect(200).text();
        assert_eq!(names(&elsewhere)[0], "Person 59");
    }

    async fn many_of_some_days_are_walked_by_their_last_change(app: TestApp) {
        let first = client(&app.agent, "Early", "Touring").await;
        app.clock.advance(DAY);
        let late = client(&app.agent, "Late", "Touring").await;
        app.clock.advance(DAY);
        // More than are counted, all made after the two and changed before the later one.
        let copied = app.crm.database().write("test", Lane::SHARED, |tx| {
            let (id, mail) = match tx.engine() {
                Engine::Sqlite => ("unhex('7f' || printf('%030x', n))", "printf('%d@example.com', n)"),
                Engine::Postgres => ("decode('7f' || lpad(to_hex(n), 30, '0'), 'hex')", "n || '@example.com'"),
            };
            let sql = format!(
                "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 20005)
                 INSERT INTO clients (agent_id, id, name, email, email_key, stage_id, updated_at)
                 SELECT agent_id, {id}, 'Copy', {mail}, {mail}, stage_id, updated_at + n FROM clients, counted WHERE name = 'Early'"
            );
            tx.execute(&sql, params![])
        });
        assert_eq!(copied.await, Ok::<_, DbError>(20_005));
        let mut browser = app.sign_in(&app.agent).await;
        let all = page(&mut browser, "from=2026-11-23").await;
        assert!(all.contains("more than 200 found"), "{all}");
        assert_eq!((names(&all).len(), names(&all)[0].as_str()), (50, "Late"));
        let next = browser.get(&link(&all, "Next page").unwrap()).await.expect(200).text();
        assert_eq!((names(&next).len(), names(&next)[0].as_str()), (50, "Copy"));
        // Few of many days are found though all others were changed after them.
        let _ = app.agent.api.patch(&format!("/api/v1/clients/{late}"), &json!({"notes": "Later"})).await.expect(200);
        let few = page(&mut browser, "to=2026-11-24").await;
        assert_eq!(names(&few), ["Late", "Early"]);
        assert!(few.contains("2 found"), "{first}: {few}");
    }
}
