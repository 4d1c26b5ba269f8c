//! Mails about leads that came in: each lead once, many of a minute in one, none that the agent made.

use std::time::Duration;

use crm::{
    Crm, Error,
    mails::{self, Letter, Mail},
};
use serde_json::json;
use testkit::{TestAgent, TestApp, on_both_engines};

async fn tell(crm: &Crm) -> Result<(), Error> {
    mails::tell_leads(crm).await
}

async fn lead(agent: &TestAgent, name: &str) -> String {
    let body =
        json!({"name": name, "email": "jane@example.com", "phone": "(555) 123-4567", "notes": "Is it still free?"});
    agent.api.post("/api/v1/leads", &body).await.expect(201).json()["leadId"].as_str().unwrap().to_owned()
}

async fn told(app: &TestApp, agent: &TestAgent) -> Vec<Mail> {
    mails::list(&app.crm, agent.id, None, 50).await.unwrap().mails
}

/// The names in each mail, newest first, and how many leads it tells of.
async fn names(app: &TestApp) -> Vec<(Vec<String>, u32)> {
    let mails = told(app, &app.agent).await;
    let names = mails.into_iter().map(|mail| match mail.letter {
        Some(Letter::NewLeads { leads, count, .. }) => (leads.into_iter().map(|lead| lead.name).collect(), count),
        other => panic!("{other:?}"),
    });
    names.collect()
}

on_both_engines! {
    async fn each_lead_is_told_once_and_many_of_a_minute_in_one_mail(app: TestApp) {
        tell(&app.crm).await.unwrap();
        let _ = lead(&app.agent, "First").await;
        tell(&app.crm).await.unwrap();
        tell(&app.crm).await.unwrap();
        assert_eq!(names(&app).await, [(vec![String::from("First")], 1)]);
        for number in 0..12 {
            let _ = lead(&app.agent, &format!("Lead {number}")).await;
        }
        tell(&app.crm).await.unwrap();
        assert_eq!(names(&app).await.len(), 1, "the minute is not over");
        app.clock.advance(mails::TOLD_APART);
        tell(&app.crm).await.unwrap();
        app.clock.advance(mails::TOLD_APART);
        tell(&app.crm).await.unwrap();
        let all = names(&app).await;
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].0.len(), all[0].1), (10, 12));
        assert_eq!(all[0].0[0], "Lead 0");
        assert_eq!(told(&app, &app.agent).await[0].recipient, app.agent.email);
    }

    async fn two_nodes_that_look_at_once_tell_once(app: TestApp) {
        let _ = lead(&app.agent, "Jane").await;
        let lookers = (0..6).map(|_| {
            let crm = app.crm.clone();
            tokio::spawn(async move { tell(&crm).await })
        });
        for looker in lookers.collect::<Vec<_>>() {
            looker.await.unwrap().unwrap();
        }
        assert_eq!(names(&app).await.len(), 1);
    }

    async fn what_the_agent_adds_is_no_news(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let _ = browser.post("/dashboard/leads/new", &[("name", "By Hand")]).await.expect(303);
        tell(&app.crm).await.unwrap();
        assert!(names(&app).await.is_empty());
        let _ = lead(&app.agent, "By Form").await;
        tell(&app.crm).await.unwrap();
        assert_eq!(names(&app).await, [(vec![String::from("By Form")], 1)]);
    }

    async fn a_lead_that_was_deleted_again_is_no_news(app: TestApp) {
        let gone = lead(&app.agent, "Spam").await;
        let _ = lead(&app.agent, "Jane").await;
        let _ = app.agent.api.delete(&format!("/api/v1/leads/{gone}")).await.expect(204);
        tell(&app.crm).await.unwrap();
        assert_eq!(names(&app).await, [(vec![String::from("Jane")], 1)]);
    }

    async fn an_agent_is_told_of_their_own_leads(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let _ = lead(&other, "Theirs").await;
        tell(&app.crm).await.unwrap();
        assert!(told(&app, &app.agent).await.is_empty());
        let mails = told(&app, &other).await;
        assert_eq!((mails.len(), mails[0].recipient.as_str()), (1, other.email.as_str()));
    }

    async fn an_import_of_any_length_is_no_news_and_hides_none(app: TestApp) {
        // As an import leaves them: events that are quiet, more than are looked at in one go.
        let agent = app.agent.id;
        let _ = lead(&app.agent, "Before").await;
        tell(&app.crm).await.unwrap();
        let imported = app.crm.database().write("test", db::Lane::SHARED, move |tx| {
            let mut id = 0x0190_0000_0000_7000_8000_0000_0000_0000_u128;
            let sql = "SELECT last_id FROM turns WHERE agent_id = $1";
            let last = tx.query_one(sql, db::params![&agent], |row| row.get::<[u8; 16]>(0))?;
            id = id.max(u128::from_be_bytes(last));
            for n in 0..10_500_i64 {
                id += 1;
                tx.execute(
                    "INSERT INTO events (agent_id, id, sequence, event, entity_id, is_quiet) VALUES ($1, $2, $3, 'lead.created', $4, 1)",
                    db::params![&agent, &id.to_be_bytes(), n + 100, &id.to_be_bytes()],
                )?;
            }
            tx.execute(
                "UPDATE turns SET last_id = $2, last_sequence = 10600 WHERE agent_id = $1",
                db::params![&agent, &id.to_be_bytes()],
            )
        });
        imported.await.map(drop).unwrap_or_else(|error: db::DbError| panic!("{error}"));
        app.clock.advance(Duration::from_secs(60));
        let _ = lead(&app.agent, "Behind").await;
        for _ in 0..3 {
            tell(&app.crm).await.unwrap();
        }
        let all = names(&app).await;
        assert_eq!(all[0], (vec![String::from("Behind")], 1));
        assert_eq!(all.len(), 2);
    }
}
