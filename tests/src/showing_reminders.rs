//! Reminders: once before each confirmed showing, as long ahead as the agent wants.

use std::time::Duration;

use crm::{
    mails::{self, Letter},
    showing_reminders,
};
use serde_json::json;
use testkit::{TestAgent, TestApp, on_both_engines};

use crate::showing_pages::{client, listing, request};

const MINUTE: Duration = Duration::from_secs(60);

/// Runs the job; the times of all the showings that mails reminded of so far, the last first.
async fn reminded(app: &TestApp, agent: &TestAgent) -> Vec<String> {
    let _ = showing_reminders::remind(&app.crm).await.unwrap();
    let mails = mails::list(&app.crm, agent.id, None, 50).await.unwrap().mails;
    let reminders = mails.into_iter().filter_map(|mail| match mail.letter {
        Some(Letter::ShowingReminder { at, .. }) => Some(at.to_rfc3339()),
        _ => None,
    });
    reminders.collect()
}

/// A showing that is confirmed for a time; gives back its path in the API.
async fn confirmed(agent: &TestAgent, client: &str, listing: &str, at: &str) -> String {
    let path = format!("/api/v1/showings/{}", request(agent, client, listing, &[at]).await);
    let _ = agent.api.patch(&path, &json!({"status": "confirmed"})).await.expect(200);
    path
}

/// Chooses how long ahead, in minutes.
async fn ahead(app: &TestApp, minutes: &str) {
    let mut browser = app.sign_in(&app.agent).await;
    let fields = [("language", "en"), ("leads", "1"), ("showings", "1"), ("reminder", minutes)];
    let _ = browser.post("/dashboard/settings/notifications", &fields).await.expect(303);
}

// The clock began at 15:00 on 23 November 2026.
on_both_engines! {
    async fn a_reminder_comes_once_and_in_time(app: TestApp) {
        let agent = &app.agent;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let _ = confirmed(agent, &jane, &oak, "2026-11-23T20:00:00Z").await;
        let _ = request(agent, &jane, &oak, &["2026-11-23T21:00:00Z"]).await;
        assert!(reminded(&app, agent).await.is_empty());
        app.clock.advance(MINUTE * 179);
        assert!(reminded(&app, agent).await.is_empty());
        app.clock.advance(MINUTE);
        assert_eq!(reminded(&app, agent).await, ["2026-11-23T20:00:00.000Z"]);
        app.clock.advance(MINUTE * 60);
        assert_eq!(reminded(&app, agent).await.len(), 1);
        // Confirmed at the last minute, it is in the agent's mind anyway.
        let _ = confirmed(agent, &jane, &oak, "2026-11-23T20:30:00Z").await;
        app.clock.advance(MINUTE * 30);
        assert_eq!(reminded(&app, agent).await.len(), 1);
    }

    async fn one_that_cannot_be_told_keeps_none_waiting(app: TestApp) {
        let agent = &app.agent;
        let other = app.another_agent("Bob").await;
        let (theirs, elm) = (client(&other, "Ann").await, listing(&other, "Elm").await);
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let _ = confirmed(&other, &theirs, &elm, "2026-11-23T20:00:00Z").await;
        let _ = confirmed(agent, &jane, &oak, "2026-11-23T20:01:00Z").await;
        let broken = other.id;
        let spoil = async |sql: &'static str| {
            let ran = app.crm.database().write("test.spoil", db::Lane::SHARED, move |tx| tx.execute(sql, db::params![&broken]));
            let _ = ran.await.unwrap_or_else(|error: db::DbError| panic!("{error}"));
        };
        spoil("UPDATE showings SET requested_times = '?' WHERE agent_id = $1").await;
        app.clock.advance(MINUTE * 181);
        assert!(showing_reminders::remind(&app.crm).await.is_err());
        assert_eq!(reminded(&app, agent).await, ["2026-11-23T20:01:00.000Z"]);
        // It is tried again a little later, and comes when it can.
        spoil("UPDATE showings SET requested_times = '[1763928000000]' WHERE agent_id = $1").await;
        assert!(reminded(&app, &other).await.is_empty());
        app.clock.advance(MINUTE * 6);
        assert_eq!(reminded(&app, &other).await, ["2026-11-23T20:00:00.000Z"]);
    }

    async fn nobody_is_reminded_of_what_was_called_off_moved_deleted_or_is_over(app: TestApp) {
        let agent = &app.agent;
        let (jane, john, oak) = (client(agent, "Jane").await, client(agent, "John").await, listing(agent, "Oak").await);
        let off = confirmed(agent, &jane, &oak, "2026-11-23T20:00:00Z").await;
        let moved = confirmed(agent, &jane, &oak, "2026-11-23T21:00:00Z").await;
        let _ = confirmed(agent, &john, &oak, "2026-11-23T22:00:00Z").await;
        let _ = agent.api.patch(&off, &json!({"status": "cancelled"})).await.expect(200);
        let _ = agent.api.patch(&moved, &json!({"confirmedTime": "2026-11-24T21:00:00Z"})).await.expect(200);
        let _ = agent.api.delete(&format!("/api/v1/clients/{john}")).await.expect(204);
        app.clock.advance(MINUTE * 60 * 6);
        assert!(reminded(&app, agent).await.is_empty());
        app.clock.advance(MINUTE * 60 * 22);
        assert_eq!(reminded(&app, agent).await, ["2026-11-24T21:00:00.000Z"]);
        // Nobody ran the job for a day: it is over.
        let _ = confirmed(agent, &jane, &oak, "2026-11-25T10:00:00Z").await;
        app.clock.advance(MINUTE * 60 * 24);
        assert_eq!(reminded(&app, agent).await.len(), 1);
    }

    async fn the_time_ahead_is_the_agents_and_can_be_changed(app: TestApp) {
        let agent = &app.agent;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let _ = confirmed(agent, &jane, &oak, "2026-11-23T20:00:00Z").await;
        ahead(&app, "0").await;
        let _ = confirmed(agent, &jane, &oak, "2026-11-23T21:00:00Z").await;
        app.clock.advance(MINUTE * 60 * 3);
        assert!(reminded(&app, agent).await.is_empty(), "at 18:00, with none wanted");
        ahead(&app, "60").await;
        app.clock.advance(MINUTE * 60);
        assert_eq!(reminded(&app, agent).await, ["2026-11-23T20:00:00.000Z"], "at 19:00, an hour ahead");
        // What would be late by the new time does not come.
        ahead(&app, "1440").await;
        assert_eq!(reminded(&app, agent).await.len(), 1);
        let _ = confirmed(agent, &jane, &oak, "2026-11-25T10:00:00Z").await;
        app.clock.advance(MINUTE * 60 * 15);
        assert_eq!(reminded(&app, agent).await[0], "2026-11-25T10:00:00.000Z");
    }

    async fn two_nodes_that_look_at_once_remind_once(app: TestApp) {
        let agent = &app.agent;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let _ = confirmed(agent, &jane, &oak, "2026-11-23T20:00:00Z").await;
        app.clock.advance(MINUTE * 180);
        let lookers = (0..6).map(|_| {
            let crm = app.crm.clone();
            tokio::spawn(async move { showing_reminders::remind(&crm).await })
        });
        for looker in lookers.collect::<Vec<_>>() {
            let _ = looker.await.unwrap().unwrap();
        }
        assert_eq!(reminded(&app, agent).await.len(), 1);
    }
}
