//! Mails about requests, and the links in them that answer without signing in.

use std::time::Duration;

use crm::{
    availability::{self, TypedAvailability},
    mails::{self, Letter, Mail},
    weekly_hours::TypedHours,
};
use mail::sender;
use serde_json::json;
use testkit::{Postbox, TestAgent, TestApp, on_both_engines, on_both_engines_with, until};

use crate::{
    mails::settings,
    showing_pages::{client, get, listing, live_in, request},
};

async fn told(app: &TestApp, agent: &TestAgent) -> Vec<Mail> {
    mails::tell_leads(&app.crm).await.unwrap();
    mails::list(&app.crm, agent.id, None, 50).await.unwrap().mails
}

/// The links of the newest mail that was sent: those that confirm, and the one that declines.
async fn links(app: &TestApp, postbox: &Postbox) -> (Vec<String>, String) {
    let count = postbox.posted().len();
    mails::tell_leads(&app.crm).await.unwrap();
    let mailer = postbox.mailer(app);
    until(async || {
        let _ = sender::send_due(&app.crm, &mailer).await.unwrap();
        postbox.posted().len() > count
    })
    .await;
    let text = postbox.posted().pop().unwrap().text();
    let mut links = Vec::<String>::new();
    for rest in text.split("/showings/").skip(1) {
        let token = rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter));
        let link = format!("/showings/{}", token.collect::<String>());
        // What is no token is the showing's page.
        if !link.contains("shw_") && !links.contains(&link) {
            links.push(link);
        }
    }
    let decline = links.pop().unwrap();
    (links, decline)
}

/// The names in each mail about requests, newest first, and how many requests it tells of.
async fn names(app: &TestApp, agent: &TestAgent) -> Vec<(Vec<String>, u32)> {
    let mails = told(app, agent).await.into_iter().filter_map(|mail| match mail.letter {
        Some(Letter::ShowingsRequested { showings, count, .. }) => {
            Some((showings.into_iter().map(|asked| asked.showing.name).collect(), count))
        }
        _ => None,
    });
    mails.collect()
}

on_both_engines_with! {
    settings();

    async fn a_link_asks_once_more_and_then_answers(app: TestApp) {
        let postbox = Postbox::open().await;
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane Doe").await, listing(agent, "456 Oak Ave").await);
        let id = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z", "2026-11-25T16:30:00Z"]).await;
        let (confirm, decline) = links(&app, &postbox).await;
        assert_eq!(confirm.len(), 2);
        // Whoever looks through mail follows every link, more than once.
        let mut visitor = app.browser();
        for link in confirm.iter().chain([&decline]).chain(&confirm) {
            let page = visitor.get(link).await.expect(200).text();
            assert!(page.contains("Nothing is done yet.") && page.contains("456 Oak Ave"), "{page}");
        }
        assert_eq!(get(agent, &id).await["status"], "requested");
        let page = visitor.post(&confirm[1], &[]).await.expect(200).text();
        assert!(page.contains("Confirmed for Wed 25 Nov 2026, 16:30") && !page.contains("Confirm Wed"), "{page}");
        assert_eq!(get(agent, &id).await["confirmedTime"], "2026-11-25T16:30:00.000Z");
        // Every link says what became of it, and does nothing more.
        for link in [&confirm[0], &confirm[1], &decline] {
            assert!(visitor.get(link).await.expect(200).text().contains("Confirmed for Wed 25 Nov 2026, 16:30"));
            assert!(visitor.post(link, &[("words", "no")]).await.expect(200).text().contains("Confirmed for"));
        }
        assert_eq!(get(agent, &id).await["status"], "confirmed");
        assert!(visitor.cookies().is_empty());
    }

    async fn a_request_is_declined_with_words(app: TestApp) {
        let postbox = Postbox::open().await;
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let id = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z"]).await;
        let (_, decline) = links(&app, &postbox).await;
        let mut visitor = app.browser();
        let page = visitor.post(&decline, &[("words", &"x".repeat(1_001))]).await.expect(422).text();
        assert!(page.contains("Must have at most 1000 characters"), "{page}");
        let page = visitor.post(&decline, &[("words", "It is sold.")]).await.expect(200).text();
        assert!(page.contains("This showing is declined"), "{page}");
        assert_eq!(get(agent, &id).await["status"], "declined");
        let mut browser = app.sign_in(agent).await;
        assert!(browser.get(&format!("/dashboard/showings/{id}")).await.expect(200).text().contains("It is sold."));
    }

    async fn a_link_moves_to_the_times_that_it_offers_and_to_no_other(app: TestApp) {
        let postbox = Postbox::open().await;
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let id = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z", "2026-11-25T16:30:00Z"]).await;
        let mut hours = TypedHours::default();
        hours[1] = vec![(String::from("10:00"), String::from("12:00"))];
        let [showing_minutes, notice_minutes, travel_minutes, days_ahead] = ["30", "0", "0", "30"].map(str::to_owned);
        let typed = TypedAvailability { hours, showing_minutes, notice_minutes, travel_minutes, days_ahead };
        availability::replace(&app.crm, agent.id, &typed).await.unwrap();
        let (confirm, decline) = links(&app, &postbox).await;
        let mut visitor = app.browser();
        let page = visitor.get(&format!("{decline}?times")).await.expect(200).text();
        for offered in ["Which time suits you?", "2026-11-24T15:00:00.000Z", "2026-11-25T16:30:00.000Z", "2026-11-24T10:00:00.000Z"] {
            assert!(page.contains(offered), "{offered}: {page}");
        }
        assert!(!page.contains(">Decline<"), "{page}");
        for wrong in ["2026-11-24T13:00:00.000Z", "2026-11-24T10:07:00.000Z"] {
            let page = visitor.post(&decline, &[("at", wrong)]).await.expect(422).text();
            assert!(page.contains("Is not among the times that are free now"), "{page}");
        }
        let _ = visitor.post(&decline, &[("at", "soon")]).await.expect(400);
        assert_eq!(get(agent, &id).await["status"], "requested");
        // A free time that nobody asked for; and on from there.
        let page = visitor.post(&confirm[0], &[("at", "2026-11-24T10:30:00.000Z")]).await.expect(200).text();
        assert!(page.contains("Confirmed for Tue 24 Nov 2026, 10:30") && page.contains("mailto:jane"), "{page}");
        let page = visitor.post(&confirm[1], &[("at", "2026-11-25T16:30:00.000Z")]).await.expect(200).text();
        assert!(page.contains("Confirmed for Wed 25 Nov 2026, 16:30"), "{page}");
        // The same twice is no error.
        let _ = visitor.post(&confirm[1], &[("at", "2026-11-25T16:30:00.000Z")]).await.expect(200);
        // What another showing has got meanwhile is offered no more.
        let other = request(agent, &jane, &oak, &["2026-11-24T11:00:00Z"]).await;
        let _ = agent.api.patch(&format!("/api/v1/showings/{other}"), &json!({"status": "confirmed"})).await.expect(200);
        assert!(!visitor.get(&decline).await.expect(200).text().contains("2026-11-24T11:00:00.000Z"));
        let _ = visitor.post(&decline, &[("at", "2026-11-24T11:00:00.000Z")]).await.expect(422);
        assert_eq!(get(agent, &id).await["confirmedTime"], "2026-11-25T16:30:00.000Z");
    }

    async fn a_link_takes_back_that_it_declined(app: TestApp) {
        let postbox = Postbox::open().await;
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let id = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z"]).await;
        let (confirm, decline) = links(&app, &postbox).await;
        let mut visitor = app.browser();
        let page = visitor.post(&decline, &[("words", "It is sold & gone.")]).await.expect(200).text();
        // The words go to the client with one tap, and are seen.
        assert!(page.contains("It is sold &#38; gone.") && page.contains("It%20is%20sold%20%26%20gone."), "{page}");
        let page = visitor.post(&decline, &[("undo", "1")]).await.expect(200).text();
        assert!(page.contains("Decline this showing?"), "{page}");
        assert_eq!(get(agent, &id).await["status"], "requested");
        let _ = visitor.post(&confirm[0], &[]).await.expect(200);
        // What is confirmed is nothing to take back.
        let _ = visitor.post(&decline, &[("undo", "1")]).await.expect(200);
        assert_eq!(get(agent, &id).await["status"], "confirmed");
    }

    async fn a_link_ends_with_its_time_with_its_showing_and_with_its_agent(app: TestApp) {
        let postbox = Postbox::open().await;
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let id = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z", "2026-12-24T15:00:00Z"]).await;
        let (confirm, decline) = links(&app, &postbox).await;
        let mut visitor = app.browser();
        let ended = async |visitor: &mut testkit::Browser, link: &str| {
            let page = visitor.get(link).await.expect(404).text();
            assert!(page.contains("This link has ended"), "{page}");
            let _ = visitor.post(link, &[]).await.expect(404);
        };
        app.clock.advance(Duration::from_secs(24 * 60 * 60 + 1));
        ended(&mut visitor, &confirm[0]).await;
        let _ = visitor.get(&confirm[1]).await.expect(200);
        let _ = visitor.get(&decline).await.expect(200);
        for wrong in ["/showings/x", &format!("/showings/{}", "a".repeat(43))] {
            ended(&mut visitor, wrong).await;
        }
        app.clock.advance(Duration::from_secs(29 * 24 * 60 * 60));
        ended(&mut visitor, &confirm[1]).await;
        ended(&mut visitor, &decline).await;
        assert_eq!(get(agent, &id).await["status"], "requested");
        // In the trash.
        let _ = request(agent, &jane, &oak, &["2027-01-24T15:00:00Z"]).await;
        let (confirm, _) = links(&app, &postbox).await;
        let _ = visitor.get(&confirm[0]).await.expect(200);
        let _ = agent.api.delete(&format!("/api/v1/clients/{jane}")).await.expect(204);
        ended(&mut visitor, &confirm[0]).await;
    }

}

on_both_engines! {
    async fn each_request_is_told_once_and_many_of_a_minute_in_one_mail(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let _ = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z"]).await;
        assert_eq!(names(&app, agent).await, [(vec![String::from("Jane")], 1)]);
        for hour in 0..12 {
            let _ = request(agent, &jane, &oak, &[&format!("2026-11-25T{hour:02}:00:00Z")]).await;
        }
        assert_eq!(names(&app, agent).await.len(), 1, "the minute is not over");
        app.clock.advance(mails::TOLD_APART);
        // What is answered by then is no news.
        let last = request(agent, &jane, &oak, &["2026-11-26T15:00:00Z"]).await;
        let _ = agent.api.patch(&format!("/api/v1/showings/{last}"), &json!({"status": "declined"})).await.expect(200);
        let all = names(&app, agent).await;
        assert_eq!((all.len(), all[0].0.len(), all[0].1), (2, 10, 12));
        app.clock.advance(mails::TOLD_APART);
        assert_eq!(names(&app, agent).await.len(), 2);
        let other = app.another_agent("Other").await;
        assert!(told(&app, &other).await.is_empty());
    }

    async fn who_wants_no_such_mail_gets_none_and_what_the_agent_adds_is_no_news(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let mut browser = app.sign_in(agent).await;
        let fields = [("client", jane.as_str()), ("listing", &oak), ("day", "2026-11-24"), ("time", "12:00")];
        let _ = browser.post("/dashboard/showings/new", &fields).await.expect(303);
        assert!(names(&app, agent).await.is_empty());
        let settings = "/dashboard/settings/notifications";
        let _ = browser.post(settings, &[("language", "en"), ("leads", "1"), ("reminder", "0")]).await.expect(303);
        let _ = request(agent, &jane, &oak, &["2026-11-25T15:00:00Z"]).await;
        assert!(names(&app, agent).await.is_empty());
        let _ = browser.post(settings, &[("language", "en"), ("showings", "1"), ("reminder", "60")]).await.expect(303);
        assert!(names(&app, agent).await.is_empty(), "what came before is not told any more");
        let page = browser.get(settings).await.expect(200).text();
        assert!(page.contains("<option value=\"60\" selected>") && page.contains("name=\"showings\" value=\"1\" checked"), "{page}");
        for wrong in ["61", "-60", "x", "99999999999999999999"] {
            let _ = browser.post(settings, &[("language", "en"), ("reminder", wrong)]).await.expect(400);
        }
        app.clock.advance(mails::TOLD_APART);
        let _ = request(agent, &jane, &oak, &["2026-11-26T15:00:00Z"]).await;
        assert_eq!(names(&app, agent).await.len(), 1);
    }

    async fn the_outbox_covers_the_links(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let _ = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z"]).await;
        let mails = told(&app, agent).await;
        let rendered = mail::render(mails[0].letter.as_ref(), "es", &agent.email, "https://agent.example.com");
        let covered = "Confirmar mar 24 nov, 15:00: https://agent.example.com/showings/••••••••";
        assert!(rendered.text.contains(covered), "{}", rendered.text);
        let mut browser = app.sign_in(agent).await;
        let outbox = browser.get("/dashboard/outbox").await.expect(200).text();
        assert!(outbox.contains("Jane asks for a showing"), "{outbox}");
        let shown = browser.get(&format!("/dashboard/outbox/{}", mails[0].id)).await.expect(200).text();
        assert!(shown.contains("/showings/••••••••"), "{shown}");
    }
}
