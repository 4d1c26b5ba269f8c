//! The calendar's feed, read back by a library.

use std::time::Duration;

use crm::{
    availability::{self, TypedAvailability},
    weekly_hours::TypedHours,
};
use icalendar::{Calendar, CalendarComponent, Component};
use serde_json::json;
use testkit::{Browser, on_both_engines};

use crate::showing_pages::{client, listing, live_in, request};

const SETTINGS: &str = "/dashboard/settings/calendar";

/// Makes an address; gives back its path.
async fn subscribe(browser: &mut Browser) -> String {
    let page = browser.post(SETTINGS, &[]).await.expect(200).text();
    let address = page.split("<code id=\"feed-address\">").nth(1).unwrap().split('<').next().unwrap();
    let token = address.rsplit('/').next().unwrap();
    assert!(page.contains("href=\"webcal://") && token.len() >= 43 + 4, "{page}");
    format!("/calendar/{token}")
}

/// The events of a feed, by their ids.
fn events(text: &str) -> Vec<(String, icalendar::Event)> {
    let calendar: Calendar = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    let events = calendar.components.into_iter().map(|component| match component {
        CalendarComponent::Event(event) => (event.get_uid().unwrap().to_owned(), event),
        other => panic!("{other:?}"),
    });
    events.collect()
}

fn value<'a>(event: &'a icalendar::Event, name: &str) -> &'a str {
    event.property_value(name).unwrap_or_default()
}

on_both_engines! {
    async fn a_calendar_reads_what_is_agreed_on_without_a_cookie(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let name = "Zoë; \"Z\", O'Neill\\";
        let jane = json!({"name": name, "email": "zoe@example.com"});
        let jane = agent.api.post("/api/v1/clients", &jane).await.expect(201).json()["clientId"].as_str().unwrap().to_owned();
        let address = "456 Oak Ave; Apt 4, Miami, FL, with a name that is long enough to be folded at seventy-five octets";
        let oak = listing(agent, address).await;
        let mut browser = app.sign_in(agent).await;
        let path = subscribe(&mut browser).await;
        let id = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z"]).await;
        let visitor = app.anonymous();
        let read = visitor.get(&path).await.expect(200);
        assert_eq!(read.header("content-type"), "text/calendar; charset=utf-8");
        assert!(events(&read.text()).is_empty(), "what waits for an answer is none of it");
        let _ = agent.api.patch(&format!("/api/v1/showings/{id}"), &json!({"status": "confirmed"})).await.expect(200);
        let open = [("day", "2026-11-28"), ("starts", "14:00"), ("ends", "16:00"), ("notes", "Ring\nat 4B")];
        let _ = browser.post(&format!("/dashboard/listings/{oak}/open-houses"), &open).await.expect(303);
        let read = visitor.get(&path).await.expect(200);
        let text = read.text();
        assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.lines().all(|line| line.len() <= 75), "{text}");
        let found = events(&text);
        assert_eq!(found.len(), 2, "{text}");
        let (uid, showing) = &found[0];
        assert!(uid.starts_with(&format!("{id}@")), "{uid}");
        assert_eq!(showing.get_summary(), Some(format!("Showing with {name}").as_str()));
        assert_eq!(value(showing, "LOCATION"), address);
        assert_eq!((value(showing, "DTSTART"), value(showing, "STATUS"), showing.get_sequence()), ("20261124T150000Z", "CONFIRMED", Some(1)));
        let opening = &found[1].1;
        assert_eq!((value(opening, "DTSTART"), value(opening, "DTEND")), ("20261128T140000Z", "20261128T160000Z"));
        assert_eq!(opening.get_description(), Some("Ring\nat 4B"));

        // The same again is not sent again.
        let tag = read.header("etag").to_owned();
        let again = visitor.with("If-None-Match", &tag).get(&path).await.expect(304);
        assert_eq!((again.text().as_str(), again.header("etag")), ("", tag.as_str()));
        // Moved: the same event, changed once more. Called off, it is marked.
        app.clock.advance(Duration::from_secs(5));
        let _ = agent.api.patch(&format!("/api/v1/showings/{id}"), &json!({"confirmedTime": "2026-11-25T08:00:00Z"})).await.expect(200);
        let moved = visitor.with("If-None-Match", &tag).get(&path).await.expect(200).text();
        let (moved_uid, moved) = events(&moved).remove(0);
        assert_eq!((&moved_uid, value(&moved, "DTSTART"), moved.get_sequence()), (uid, "20261125T080000Z", Some(2)));
        let _ = agent.api.patch(&format!("/api/v1/showings/{id}"), &json!({"status": "cancelled"})).await.expect(200);
        let (off_uid, off) = events(&visitor.get(&path).await.expect(200).text()).remove(0);
        assert_eq!((&off_uid, value(&off, "STATUS"), off.get_sequence()), (uid, "CANCELLED", Some(3)));
    }

    async fn an_address_holds_until_it_is_renewed_or_ended(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let visitor = app.anonymous();
        let first = subscribe(&mut browser).await;
        let _ = visitor.get(&first).await.expect(200);
        let page = browser.get(SETTINGS).await.expect(200).text();
        assert!(page.contains("There is an address") && !page.contains(&first), "it is shown once: {page}");
        let second = subscribe(&mut browser).await;
        let _ = visitor.get(&first).await.expect(404);
        let _ = visitor.get(&second).await.expect(200);
        for wrong in ["/calendar/x.ics", "/calendar/.ics", second.strip_suffix(".ics").unwrap(), &format!("{second}.ics")] {
            let _ = visitor.get(wrong).await.expect(404);
        }
        let page = browser.post(&format!("{SETTINGS}/end"), &[]).await.expect(303).header("location").to_owned();
        let _ = browser.get(&page).await.expect(200);
        let _ = visitor.get(&second).await.expect(404);
        // What is kept of it is a hash.
        let third = subscribe(&mut browser).await;
        let token = third.strip_prefix("/calendar/").unwrap().strip_suffix(".ics").unwrap().to_owned();
        let held = app.crm.database().read("test", |tx| tx.query_one("SELECT token_hash FROM calendar_feeds", &[], |row| row.bytes(0).map(<[u8]>::to_vec)));
        let held = held.await.unwrap_or_else(|error: db::DbError| panic!("{error}"));
        assert_eq!(held.len(), 32);
        assert_ne!(held, token.into_bytes());
    }

    async fn a_feed_tells_one_agents_and_a_year_and_a_quarter_of_it(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        for at in ["2026-11-24T10:00:00Z", "2027-11-20T10:00:00Z", "2027-11-30T10:00:00Z"] {
            let id = request(agent, &jane, &oak, &[at]).await;
            let _ = agent.api.patch(&format!("/api/v1/showings/{id}"), &json!({"status": "confirmed"})).await.expect(200);
        }
        let other = app.another_agent("Other").await;
        let mut theirs = app.sign_in(&other).await;
        let path = subscribe(&mut theirs).await;
        assert!(events(&app.anonymous().get(&path).await.expect(200).text()).is_empty());
        let path = subscribe(&mut app.sign_in(agent).await).await;
        let starts = async || {
            let found = events(&app.anonymous().get(&path).await.expect(200).text());
            found.iter().map(|(_, event)| value(event, "DTSTART").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(starts().await, ["20261124T100000Z", "20271120T100000Z"]);
        app.clock.advance(Duration::from_secs(91 * 24 * 60 * 60));
        assert_eq!(starts().await, ["20261124T100000Z", "20271120T100000Z", "20271130T100000Z"]);
        app.clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
        assert_eq!(starts().await, ["20271120T100000Z", "20271130T100000Z"]);
    }

    async fn a_showing_ends_as_it_was_agreed_on_whatever_others_take_later(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let confirm = async |at: &str| {
            let id = request(agent, &jane, &oak, &[at]).await;
            let _ = agent.api.patch(&format!("/api/v1/showings/{id}"), &json!({"status": "confirmed"})).await.expect(200);
        };
        let last = async |minutes: &str| {
            let [notice_minutes, travel_minutes, days_ahead] = ["0", "0", "30"].map(str::to_owned);
            let typed = TypedAvailability { hours: TypedHours::default(), showing_minutes: minutes.to_owned(), notice_minutes, travel_minutes, days_ahead };
            availability::replace(&app.crm, agent.id, &typed).await.unwrap();
        };
        last("45").await;
        confirm("2026-11-24T10:00:00Z").await;
        last("90").await;
        confirm("2026-11-24T12:00:00Z").await;
        let path = subscribe(&mut app.sign_in(agent).await).await;
        let found = events(&app.anonymous().get(&path).await.expect(200).text());
        let ends = found.iter().map(|(_, event)| value(event, "DTEND").to_owned()).collect::<Vec<_>>();
        assert_eq!(ends, ["20261124T104500Z", "20261124T133000Z"]);
    }
}
