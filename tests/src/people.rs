//! What an agent keeps beside leads and clients: follow-ups, tags, the next step, saved views.

use std::time::Duration;

use crm::{clients, leads, search, trash};
use db::{DbError, params};
use serde_json::{Value, json};
use testkit::{Browser, TestAgent, TestApp, on_both_engines};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn lead(agent: &TestAgent, lead: Value) -> String {
    agent.api.post("/api/v1/leads", &lead).await.expect(201).json()["leadId"].as_str().unwrap().to_owned()
}

async fn client(agent: &TestAgent, name: &str) -> String {
    let made = json!({"name": name, "email": format!("{}@example.com", name.to_lowercase())});
    agent.api.post("/api/v1/clients", &made).await.expect(201).json()["clientId"].as_str().unwrap().to_owned()
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let counted = app.crm.database().read("test", move |tx| tx.query_one(sql, params![], |row| row.get::<i64>(0)));
    counted.await.unwrap_or_else(|error: DbError| panic!("{error}"))
}

/// Posts to a path and goes where it sends.
async fn follow(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let to = browser.post(path, fields).await.expect(303).header("location").to_owned();
    browser.get(&to).await.expect(200).text()
}

/// The names in the list of leads.
async fn names(browser: &mut Browser, path: &str) -> Vec<String> {
    let page = browser.get(path).await.expect(200).text();
    page.split("<strong dir=\"auto\">").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

on_both_engines! {
    async fn a_follow_up_stands_under_today_when_it_is_due(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let id = lead(&app.agent, json!({"name": "Ada", "notes": "Wants a garden"})).await;
        let before = app.agent.api.get(&format!("/api/v1/leads/{id}")).await.expect(200).text();
        let path = format!("/dashboard/leads/{id}/follow-up");
        let page = follow(&mut browser, &path, &[("when", "tomorrow")]).await;
        // The clock says Monday, 23 November 2026, 15:00 UTC.
        assert!(page.contains("datetime=\"2026-11-24T14:00:00.000Z\""), "{page}");
        let today = browser.get("/dashboard").await.expect(200).text();
        assert!(!today.contains("Ada"), "put off: {today}");
        app.clock.advance(DAY);
        let mut browser = app.sign_in(&app.agent).await;
        let today = browser.get("/dashboard").await.expect(200).text();
        assert!(today.contains("You wanted to follow up") && today.contains("Wants a garden"), "{today}");
        let today = follow(&mut browser, &path, &[("when", "next-week"), ("here", "/dashboard")]).await;
        assert!(!today.contains("You wanted to follow up") && today.contains("Undo"), "{today}");
        assert!(browser.get(&format!("/dashboard/leads/{id}")).await.text().contains("2026-11-30T14:00:00.000Z"));
        let at = today.split("name=\"at\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let _ = follow(&mut browser, &path, &[("when", "was"), ("at", &at)]).await;
        let today = follow(&mut browser, &path, &[("when", "never"), ("here", "/dashboard")]).await;
        assert!(today.contains("Done: there is nothing to follow up on.") && !today.contains("You wanted"));
        for wrong in [("when", "yesterday"), ("when", "date"), ("when", "was")] {
            let _ = browser.post(&path, &[wrong, ("date", "2026-11-01"), ("at", "soon")]).await.expect(400);
        }
        let _ = follow(&mut browser, &path, &[("when", "date"), ("date", "2027-02-28")]).await;
        assert_eq!(app.agent.api.get(&format!("/api/v1/leads/{id}")).await.expect(200).text(), before, "the API knows nothing of it");
        assert_eq!(app.agent.api.get("/api/v1/events").await.json()["events"].as_array().unwrap().len(), 1);
    }

    async fn a_quiet_client_who_was_put_off_waits_until_then(app: TestApp) {
        let id = client(&app.agent, "Quiet").await;
        app.clock.advance(15 * DAY);
        let mut browser = app.sign_in(&app.agent).await;
        assert!(browser.get("/dashboard").await.text().contains("Quiet for more than two weeks"));
        let _ = follow(&mut browser, &format!("/dashboard/clients/{id}/follow-up"), &[("when", "three-days")]).await;
        assert!(!browser.get("/dashboard").await.text().contains("Quiet for more than two weeks"));
    }

    async fn tags_are_put_on_found_by_and_taken_off(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let ids = [lead(&app.agent, json!({"name": "Ada"})).await, lead(&app.agent, json!({"name": "Grace"})).await];
        let path = format!("/dashboard/leads/{}/tags", ids[0]);
        let page = follow(&mut browser, &path, &[("tag", "  First  Home ")]).await;
        assert!(page.contains("value=\"First Home\""), "{page}");
        let _ = follow(&mut browser, &path, &[("tag", "FIRST HOME")]).await;
        assert_eq!(count(&app, "SELECT COUNT(*) FROM tags").await, 1);
        assert_eq!(names(&mut browser, "/dashboard/leads?tag=first+home").await, ["Ada"]);
        let fields = [("lead", ids[0].as_str()), ("lead", &ids[1]), ("do", "tag"), ("tag", "first home"), ("to", "junk")];
        let page = follow(&mut browser, "/dashboard/leads/change", &fields).await;
        assert!(page.contains("1 lead is tagged."), "{page}");
        assert_eq!(names(&mut browser, "/dashboard/leads?tag=First+Home").await, ["Grace", "Ada"]);
        let _ = follow(&mut browser, "/dashboard/leads/untag", &[("was", &format!("{}.first home", ids[1]))]).await;
        assert_eq!(names(&mut browser, "/dashboard/leads?tag=First+Home&status=new").await, ["Ada"]);
        let _ = follow(&mut browser, &path, &[("off", "First Home")]).await;
        assert_eq!(names(&mut browser, "/dashboard/leads?tag=First+Home").await, Vec::<String>::new());
        assert_eq!(count(&app, "SELECT COUNT(*) FROM tag_totals WHERE total <> 0").await, 0);
        for wrong in ["", "a,b", &"x".repeat(51)] {
            let _ = browser.post(&path, &[("tag", wrong)]).await.expect(400);
        }
        for n in 0..20 {
            let _ = browser.post(&path, &[("tag", &format!("Tag {n}"))]).await.expect(303);
        }
        let _ = browser.post(&path, &[("tag", "One more")]).await.expect(400);
        let status = app.agent.api.get(&format!("/api/v1/leads/{}", ids[0])).await.json();
        assert_eq!(status["status"], "new");
    }

    async fn a_tag_narrows_what_words_find_and_counts_it(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for n in 0..60 {
            let id = lead(&app.agent, json!({"name": format!("Person {n}"), "source": if n % 2 == 0 { "zillow" } else { "redfin" }})).await;
            if n % 3 == 0 {
                let _ = browser.post(&format!("/dashboard/leads/{id}/tags"), &[("tag", "Investor")]).await.expect(303);
            }
        }
        search::index_all(&app.crm).await.unwrap();
        let page = browser.get("/dashboard/leads?tag=investor&q=person&source=zillow").await.expect(200).text();
        assert!(page.contains("10 found"), "{page}");
        assert_eq!(names(&mut browser, "/dashboard/leads?tag=investor&sort=createdAt").await.len(), 20);
    }

    async fn what_stands_beside_a_record_goes_and_comes_with_it(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let (ada, grace) = (lead(&app.agent, json!({"name": "Ada"})).await, client(&app.agent, "Grace").await);
        for page in [format!("/dashboard/leads/{ada}"), format!("/dashboard/clients/{grace}")] {
            let _ = browser.post(&format!("{page}/tags"), &[("tag", "Investor")]).await.expect(303);
            let _ = browser.post(&format!("{page}/follow-up"), &[("when", "tomorrow")]).await.expect(303);
        }
        let page = follow(&mut browser, &format!("/dashboard/clients/{grace}/next-step"), &[("nextStep", " We send the offer. ")]).await;
        assert!(page.contains(">We send the offer.</textarea>"), "{page}");
        let _ = browser.post(&format!("/dashboard/clients/{grace}/next-step"), &[("nextStep", &"x".repeat(501))]).await.expect(400);
        let rows = "SELECT (SELECT COUNT(*) FROM tags) + (SELECT COUNT(*) FROM follow_ups) + (SELECT COUNT(*) FROM next_steps)";
        assert_eq!(count(&app, rows).await, 5);
        let _ = app.agent.api.delete(&format!("/api/v1/leads/{ada}")).await.expect(204);
        let _ = app.agent.api.delete(&format!("/api/v1/clients/{grace}")).await.expect(204);
        assert_eq!(count(&app, rows).await, 0);
        let _ = leads::restore(&app.crm, app.agent.id, ada.parse().unwrap()).await.unwrap();
        let _ = clients::restore(&app.crm, app.agent.id, grace.parse().unwrap()).await.unwrap();
        assert_eq!(count(&app, rows).await, 5);
        let folder = tempfile::tempdir().unwrap();
        let _ = server::commands::export::write(&app.crm, &app.agent.slug, folder.path()).await.unwrap();
        let extras = std::fs::read_to_string(folder.path().join("extras.csv")).unwrap();
        let expected = [
            format!("{grace},tag,Investor"),
            format!("{ada},tag,Investor"),
            format!("{ada},followUp,2026-11-24T14:00:00.000Z"),
            format!("{grace},followUp,2026-11-24T14:00:00.000Z"),
            format!("{grace},nextStep,We send the offer."),
        ];
        assert_eq!(extras.lines().skip(1).collect::<Vec<_>>(), expected);
        let page = browser.get(&format!("/dashboard/clients/{grace}")).await.expect(200).text();
        assert!(page.contains("We send the offer.") && page.contains("2026-11-24T14:00:00.000Z") && page.contains("value=\"Investor\""));
        let _ = app.agent.api.delete(&format!("/api/v1/clients/{grace}")).await.expect(204);
        app.clock.advance(trash::KEPT);
        assert_eq!(trash::erase_due(&app.crm).await, Ok(1));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM next_steps").await, 0);
    }

    async fn today_pictures_where_leads_came_from_and_how_soon_they_are_answered(app: TestApp) {
        let mut ids = Vec::new();
        for n in 0..6 {
            ids.push(lead(&app.agent, json!({"name": format!("Person {n}"), "source": if n < 4 { "zillow" } else { "A street" }})).await);
        }
        let mut browser = app.sign_in(&app.agent).await;
        let page = browser.get("/dashboard").await.expect(200).text();
        assert!(page.contains("No lead was answered yet") && page.contains("Week of 23 Nov: 6."), "{page}");
        for id in &ids[..5] {
            app.clock.advance(Duration::from_secs(600));
            let _ = app.agent.api.patch(&format!("/api/v1/leads/{id}"), &json!({"status": "contacted"})).await.expect(200);
        }
        // What came later is no first answer; a note is one.
        let _ = app.agent.api.post(&format!("/api/v1/leads/{}/notes", ids[0]), &json!({"text": "Again"})).await.expect(201);
        let _ = app.agent.api.post(&format!("/api/v1/leads/{}/notes", ids[5]), &json!({"text": "Rang"})).await.expect(201);
        let page = browser.get("/dashboard").await.expect(200).text();
        assert!(page.contains("Half of your last 6 answered leads waited no longer than 30 minutes for you."), "{page}");
        assert!(page.contains("<span dir=\"auto\">Zillow</span> <strong>4</strong>") && page.contains("<span dir=\"auto\">A street</span> <strong>2</strong>"));
        // A status taken back was no answer.
        let _ = app.agent.api.patch(&format!("/api/v1/leads/{}", ids[1]), &json!({"status": "new"})).await.expect(200);
        assert!(browser.get("/dashboard").await.text().contains("your last 5 answered leads"));
        app.clock.advance(7 * DAY);
        let mut browser = app.sign_in(&app.agent).await;
        assert!(browser.get("/dashboard").await.text().contains("Week of 23 Nov: 6. Week of 30 Nov: 0."));
        app.clock.advance(56 * DAY);
        let mut browser = app.sign_in(&app.agent).await;
        assert!(browser.get("/dashboard").await.text().contains("0 leads in the last eight weeks."));
    }

    async fn a_view_is_saved_found_again_and_deleted(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for name in ["Ada", "Grace"] {
            let _ = lead(&app.agent, json!({"name": name, "source": name})).await;
        }
        let fields = [("name", " Ada's  own "), ("query", "source=ada&sort=createdAt&after=x&evil=%22%3E&done=undone")];
        let page = follow(&mut browser, "/dashboard/leads/views", &fields).await;
        assert!(page.contains("The view is saved.") && page.contains("href=\"/dashboard/leads?source=ada&#38;sort=createdAt\""), "{page}");
        assert_eq!(names(&mut browser, "/dashboard/leads?source=ada&sort=createdAt").await, ["Ada"]);
        let id = page.split("/dashboard/leads/views/").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let mut other = app.sign_in(&app.another_agent("Other Agent").await).await;
        assert!(!other.get("/dashboard/leads").await.text().contains("Ada&#39;s own"));
        let _ = other.post(&format!("/dashboard/leads/views/{id}/delete"), &[]).await.expect(404);
        let page = follow(&mut browser, &format!("/dashboard/leads/views/{id}/delete"), &[]).await;
        assert!(page.contains("The view is deleted.") && !page.contains("Ada&#39;s own"));
        for wrong in ["", &"x".repeat(51)] {
            let _ = browser.post("/dashboard/leads/views", &[("name", wrong)]).await.expect(400);
        }
        for n in 0..30 {
            let _ = browser.post("/dashboard/leads/views", &[("name", &format!("View {n}"))]).await.expect(303);
        }
        let _ = browser.post("/dashboard/leads/views", &[("name", "One more")]).await.expect(400);
    }

    async fn leads_are_found_by_the_days_on_which_they_came(app: TestApp) {
        let _ = lead(&app.agent, json!({"name": "Monday"})).await;
        app.clock.advance(DAY);
        let _ = lead(&app.agent, json!({"name": "Tuesday"})).await;
        app.clock.advance(DAY);
        let _ = lead(&app.agent, json!({"name": "Wednesday"})).await;
        let mut browser = app.sign_in(&app.agent).await;
        assert_eq!(names(&mut browser, "/dashboard/leads?from=2026-11-24").await, ["Wednesday", "Tuesday"]);
        assert_eq!(names(&mut browser, "/dashboard/leads?to=2026-11-24").await, ["Tuesday", "Monday"]);
        assert_eq!(names(&mut browser, "/dashboard/leads?from=2026-11-24&to=2026-11-24&sort=-updatedAt").await, ["Tuesday"]);
        assert_eq!(names(&mut browser, "/dashboard/leads?from=nonsense&to=2026-99-99").await.len(), 3);
        let sheet = browser.get("/dashboard/leads/export?to=2026-11-23").await.expect(200).text();
        assert!(sheet.contains("Monday") && !sheet.contains("Tuesday"));
    }

    async fn leads_are_found_by_name_address_phone_property_and_notes(app: TestApp) {
        let made = json!({"name": "Zoë Quist", "email": "zq@example.org", "phone": "(555) 867-5309", "propertyAddress": "9 Elm Court", "notes": "Needs parking"});
        let _ = lead(&app.agent, made).await;
        let _ = lead(&app.agent, json!({"name": "Other"})).await;
        search::index_all(&app.crm).await.unwrap();
        let mut browser = app.sign_in(&app.agent).await;
        for q in ["zoe", "zq%40example.org", "867-5309", "5558675309", "elm+court", "parking"] {
            assert_eq!(names(&mut browser, &format!("/dashboard/leads?q={q}")).await, ["Zoë Quist"], "{q}");
        }
    }

    async fn what_is_another_agents_is_not_touched(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let (their_lead, their_client) = (lead(&other, json!({"name": "Secret"})).await, client(&other, "Hidden").await);
        let mut browser = app.sign_in(&app.agent).await;
        for (path, fields) in [
            (format!("/dashboard/leads/{their_lead}/follow-up"), ("when", "tomorrow")),
            (format!("/dashboard/clients/{their_client}/follow-up"), ("when", "tomorrow")),
            (format!("/dashboard/leads/{their_lead}/tags"), ("tag", "Mine")),
            (format!("/dashboard/clients/{their_client}/tags"), ("tag", "Mine")),
            (format!("/dashboard/clients/{their_client}/next-step"), ("nextStep", "Mine")),
        ] {
            let _ = browser.post(&path, &[fields]).await.expect(404);
        }
        let _ = browser.post("/dashboard/leads/change", &[("lead", &their_lead), ("do", "tag"), ("tag", "Mine")]).await;
        assert_eq!(count(&app, "SELECT (SELECT COUNT(*) FROM tags) + (SELECT COUNT(*) FROM follow_ups)").await, 0);
    }
}
