//! Leads of one person made one, and taken apart again.

use std::time::Duration;

use crm::{Error, leads, trash};
use db::{DbError, params};
use serde_json::{Value, json};
use testkit::{Browser, TestAgent, TestApp, on_both_engines};

async fn lead(agent: &TestAgent, lead: Value) -> String {
    agent.api.post("/api/v1/leads", &lead).await.expect(201).json()["leadId"].as_str().unwrap().to_owned()
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let counted = app.crm.database().read("test", move |tx| tx.query_one(sql, params![], |row| row.get::<i64>(0)));
    counted.await.unwrap_or_else(|error: DbError| panic!("{error}"))
}

/// Three inquiries of one person, oldest first, with a note and a tag each.
async fn inquiries(app: &TestApp, browser: &mut Browser) -> [String; 3] {
    let mut ids = Vec::new();
    for (name, phone, source, notes) in [
        ("Ada", Value::Null, "zillow", "Wants a garden"),
        ("Ada Lovelace", json!("555-0100"), "redfin", "Wants a pool"),
        ("ada", Value::Null, "website", "Hello"),
    ] {
        app.clock.advance(Duration::from_secs(60));
        let made = json!({"name": name, "email": "ada@example.com", "phone": phone, "source": source, "notes": notes});
        let id = lead(&app.agent, made).await;
        let _ = app
            .agent
            .api
            .post(&format!("/api/v1/leads/{id}/notes"), &json!({"text": format!("Note of {source}")}))
            .await
            .expect(201);
        let _ = browser.post(&format!("/dashboard/leads/{id}/tags"), &[("tag", source)]).await.expect(303);
        ids.push(id);
    }
    ids.try_into().unwrap()
}

async fn everything(agent: &TestAgent, ids: &[String]) -> Vec<Value> {
    let mut all = Vec::new();
    for id in ids {
        let mut lead = agent.api.get(&format!("/api/v1/leads/{id}")).await.expect(200).json();
        lead["updatedAt"] = Value::Null;
        all.push(lead);
        all.push(agent.api.get(&format!("/api/v1/leads/{id}/notes")).await.expect(200).json());
    }
    all.push(agent.api.get("/api/v1/leads?status=new").await.json()["total"].clone());
    all
}

on_both_engines! {
    async fn leads_of_one_person_become_one_and_are_taken_apart_again(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let ids = inquiries(&app, &mut browser).await;
        let [first, second, third] = ids.each_ref().map(String::as_str);
        let before = everything(&app.agent, &ids).await;
        let events = app.agent.api.get("/api/v1/events").await.text();
        let page = browser.get(&format!("/dashboard/leads/{third}")).await.expect(200).text();
        assert!(page.contains(&format!("/dashboard/leads/{third}/merge")));
        let page = browser.get(&format!("/dashboard/leads/{second}/merge")).await.expect(200).text();
        assert!(page.contains(&format!("value=\"{first}\" checked")) && page.contains(&format!("value=\"{third}\" checked")), "{page}");
        let fields = [("lead", first), ("lead", third), ("name", second), ("notes", first), ("phone", second), ("status", second)];
        let to = browser.post(&format!("/dashboard/leads/{second}/merge"), &fields).await.expect(303).header("location").to_owned();
        let page = browser.get(&to).await.expect(200).text();
        for told in ["They are one now.", "Asked as well, from Zillow", "Asked as well, from Website", "Note of website", "Note of redfin", "value=\"zillow\"", "Take apart"] {
            assert!(page.contains(told), "{told}: {page}");
        }
        let kept = app.agent.api.get(&format!("/api/v1/leads/{second}")).await.expect(200).json();
        assert_eq!([&kept["name"], &kept["notes"], &kept["phone"], &kept["samePersonAs"]], [&json!("Ada Lovelace"), &json!("Wants a garden"), &json!("555-0100"), &json!([])]);
        assert_eq!(app.agent.api.get("/api/v1/leads").await.json()["total"], 1);
        for id in [first, third] {
            let _ = app.agent.api.get(&format!("/api/v1/leads/{id}")).await.expect(404);
            let _ = app.agent.api.get(&format!("/api/v1/leads/{id}/notes")).await.expect(404);
            assert_eq!(leads::restore(&app.crm, app.agent.id, id.parse().unwrap()).await, Err(Error::NotFound));
        }
        assert_eq!(app.agent.api.get("/api/v1/events").await.text(), events, "no event is invented");
        let merge = to.split("undo=").nth(1).unwrap().to_owned();
        let _ = browser.post(&format!("/dashboard/leads/{second}/unmerge"), &[("merge", &merge)]).await.expect(303);
        assert_eq!(everything(&app.agent, &ids).await, before);
        assert_eq!(count(&app, "SELECT (SELECT COUNT(*) FROM merges) + (SELECT COUNT(*) FROM inquiries) + (SELECT COUNT(*) FROM trash)").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM tags").await, 3);
        let _ = browser.post(&format!("/dashboard/leads/{second}/unmerge"), &[("merge", &merge)]).await.expect(404);
    }

    async fn what_was_changed_since_a_merge_stays_changed(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let [first, second, third] = inquiries(&app, &mut browser).await;
        let fields = [("lead", first.as_str()), ("lead", &third), ("name", &first), ("notes", &first)];
        let to = browser.post(&format!("/dashboard/leads/{second}/merge"), &fields).await.expect(303).header("location").to_owned();
        let _ = app.agent.api.patch(&format!("/api/v1/leads/{second}"), &json!({"name": "Countess", "status": "qualified"})).await.expect(200);
        let _ = app.agent.api.post(&format!("/api/v1/leads/{second}/notes"), &json!({"text": "After"})).await.expect(201);
        let merge = to.split("undo=").nth(1).unwrap().to_owned();
        let _ = browser.post(&format!("/dashboard/leads/{second}/unmerge"), &[("merge", &merge)]).await.expect(303);
        let kept = app.agent.api.get(&format!("/api/v1/leads/{second}")).await.expect(200).json();
        assert_eq!([&kept["name"], &kept["status"], &kept["notes"]], ["Countess", "qualified", "Wants a pool"]);
        let notes = app.agent.api.get(&format!("/api/v1/leads/{second}/notes")).await.expect(200).json();
        assert_eq!([&notes["notes"][0]["text"], &notes["notes"][1]["text"]], ["After", "Note of redfin"]);
    }

    async fn a_merge_can_be_taken_apart_for_thirty_days_and_then_only_the_inquiry_stays(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let [first, second, third] = inquiries(&app, &mut browser).await;
        let fields = [("lead", first.as_str()), ("lead", &third)];
        let to = browser.post(&format!("/dashboard/leads/{second}/merge"), &fields).await.expect(303).header("location").to_owned();
        let merge = to.split("undo=").nth(1).unwrap().to_owned();
        app.clock.advance(trash::KEPT);
        let mut browser = app.sign_in(&app.agent).await;
        let _ = browser.post(&format!("/dashboard/leads/{second}/unmerge"), &[("merge", &merge)]).await.expect(404);
        assert_eq!(trash::erase_due(&app.crm).await, Ok(2));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM merges").await, 0);
        let page = browser.get(&format!("/dashboard/leads/{second}")).await.expect(200).text();
        assert!(page.contains("Asked as well, from Zillow") && !page.contains("Take apart"));
        let _ = app.agent.api.delete(&format!("/api/v1/leads/{second}")).await.expect(204);
        app.clock.advance(trash::KEPT);
        assert_eq!(trash::erase_due(&app.crm).await, Ok(1));
        assert_eq!(count(&app, "SELECT (SELECT COUNT(*) FROM inquiries) + (SELECT COUNT(*) FROM notes) + (SELECT COUNT(*) FROM tags)").await, 0);
    }

    async fn another_agents_leads_are_not_merged(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let made = json!({"name": "Ada", "email": "ada@example.com"});
        let (theirs, own) = (lead(&other, made.clone()).await, lead(&app.agent, made).await);
        let mut browser = app.sign_in(&app.agent).await;
        let _ = browser.get(&format!("/dashboard/leads/{theirs}/merge")).await.expect(404);
        let _ = browser.post(&format!("/dashboard/leads/{theirs}/merge"), &[("lead", &own)]).await.expect(404);
        let _ = browser.post(&format!("/dashboard/leads/{own}/merge"), &[("lead", &theirs)]).await.expect(404);
        let _ = browser.post(&format!("/dashboard/leads/{own}/merge"), &[("lead", &own)]).await.expect(400);
        assert!(browser.get(&format!("/dashboard/leads/{own}/merge")).await.expect(200).text().contains("No other lead"));
        assert_eq!(other.api.get("/api/v1/leads").await.json()["total"], 1);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM merges").await, 0);
    }
}
