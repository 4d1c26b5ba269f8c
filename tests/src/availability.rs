//! When an agent shows homes: what can be asked for, what is refused and what is offered instead, and that nothing is booked twice.

use std::time::Duration;

use crm::{
    availability::{self, TypedAvailability},
    blocked_times, clients,
    clock::{Clock, UnixMillis},
    listings,
    migrations::MIGRATIONS,
    showing_rules::{self, TypedRules},
    slots,
    weekly_hours::TypedHours,
};
use db::{DbError, Lane};
use serde_json::{Value, json};
use testkit::{Caller, EmptyDatabase, TestApp, on_both_engines};
use tokio::task::JoinSet;

/// The clocks of tests stand on Monday, 23 November 2026, 10:00 in New York: 15:00 UTC.
const TUESDAY_NINE: &str = "2026-11-24T14:00:00.000Z";
const TUESDAY_HALF_PAST_NINE: &str = "2026-11-24T14:30:00.000Z";
const TUESDAY_NOON: &str = "2026-11-24T17:00:00.000Z";
const SETTINGS: &str = "/dashboard/settings/availability";

/// The same hours on each of some days, counted from Monday.
fn hours(days: &[usize], spans: &[(&str, &str)]) -> TypedHours {
    let mut typed = TypedHours::default();
    for day in days {
        typed[*day] = spans.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    }
    typed
}

fn availability_of(hours: TypedHours) -> TypedAvailability {
    TypedAvailability {
        hours,
        showing_minutes: "30".to_owned(),
        notice_minutes: "120".to_owned(),
        travel_minutes: "30".to_owned(),
        days_ahead: "14".to_owned(),
    }
}

/// Weekdays from nine to noon and from one to five.
pub async fn set_hours(app: &TestApp) {
    let typed = availability_of(hours(&[0, 1, 2, 3, 4], &[("09:00", "12:00"), ("13:00", "17:00")]));
    availability::replace(&app.crm, app.agent.id, &typed).await.unwrap();
}

async fn add_client(api: &Caller, name: &str) -> String {
    let client = json!({"name": name, "email": format!("{}@example.com", name.to_lowercase())});
    api.post("/api/v1/clients", &client).await.expect(201).json()["clientId"].as_str().unwrap().to_owned()
}

async fn add_listing(api: &Caller, address: &str) -> String {
    let listing = json!({"address": address, "price": 1});
    api.post("/api/v1/listings", &listing).await.expect(201).json()["listingId"].as_str().unwrap().to_owned()
}

/// A client who asks for showings of two listings.
struct Asker {
    api: Caller,
    client: String,
    listing: String,
    other: String,
}

impl Asker {
    async fn new(app: &TestApp) -> Self {
        let api = app.agent.api.clone();
        let client = add_client(&api, "Jane").await;
        let (listing, other) = (add_listing(&api, "1 Main St").await, add_listing(&api, "2 Side St").await);
        Self { api, client, listing, other }
    }

    fn asked(&self, listing: &str, times: &[&str]) -> Value {
        json!({"clientId": self.client, "listingId": listing, "requestedTimes": times})
    }

    /// Asks for a showing of the first listing; gives back its path.
    async fn ask(&self, times: &[&str]) -> String {
        self.ask_for(&self.listing, times).await
    }

    async fn ask_for(&self, listing: &str, times: &[&str]) -> String {
        let created = self.api.post("/api/v1/showings", &self.asked(listing, times)).await.expect(201);
        created.header("location").to_owned()
    }

    /// Asks with override.
    async fn insist(&self, listing: &str, times: &[&str]) -> String {
        let mut asked = self.asked(listing, times);
        asked["override"] = json!(true);
        self.api.post("/api/v1/showings", &asked).await.expect(201).header("location").to_owned()
    }

    /// What is said of each time that is refused.
    async fn refused(&self, listing: &str, times: &[&str]) -> Vec<(String, String)> {
        let problem = self.api.post("/api/v1/showings", &self.asked(listing, times)).await.expect(400).json();
        errors(&problem)
    }

    /// The reason for which one time is refused, without what is free.
    async fn reason(&self, listing: &str, time: &str) -> String {
        let errors = self.refused(listing, &[time]).await;
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].0, "requestedTimes[0]");
        errors[0].1.split(';').next().unwrap().to_owned()
    }

    async fn confirm(&self, path: &str, time: &str) {
        let _ = self.api.patch(path, &json!({"status": "confirmed", "confirmedTime": time})).await.expect(200);
    }
}

fn errors(problem: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|error| (text(&error["field"]), text(&error["message"]))).collect()
}

/// The times that a refusal names as free.
fn named(message: &str) -> Vec<String> {
    let free = message.split_once("free are ").map_or("", |(_, rest)| rest.split_once(". With").unwrap().0);
    free.split(", ").filter(|time| !time.is_empty()).map(str::to_owned).collect()
}

on_both_engines! {
    async fn any_time_to_come_is_taken_while_nothing_is_set(app: TestApp) {
        let asker = Asker::new(&app).await;
        let far = "9998-01-01T03:00:00.000Z";
        let _ = asker.ask(&["2026-11-23T15:00:00.001Z", "2026-11-24T07:00:00Z", far]).await;
        // What others ask for, and what is agreed on, is no hindrance either.
        let path = asker.ask(&[TUESDAY_NINE]).await;
        asker.confirm(&path, TUESDAY_NINE).await;
        let _ = asker.ask(&[TUESDAY_NINE, far]).await;
    }

    async fn a_time_outside_the_hours_is_refused_with_those_that_are_free(app: TestApp) {
        let asker = Asker::new(&app).await;
        set_hours(&app).await;
        // Noon lasts an hour; at a quarter to twelve a showing would run into it.
        for time in [TUESDAY_NOON, "2026-11-24T16:45:00Z", "2026-11-24T13:59:00Z", "2026-11-28T15:00:00Z", "2026-11-24T21:45:00Z"] {
            assert_eq!(asker.reason(&asker.listing, time).await, "is outside the hours in which showings are given", "{time}");
        }
        let errors = asker.refused(&asker.listing, &[TUESDAY_NINE, TUESDAY_NOON]).await;
        let [(field, message)] = &errors[..] else { panic!("{errors:?}") };
        assert_eq!(field, "requestedTimes[1]");
        assert!(message.ends_with("With \"override\": true it is asked for all the same"), "{message}");
        let free = named(message);
        let expected = ["14:00", "14:30", "15:00", "15:30", "16:00"].map(|time| format!("2026-11-24T{time}:00.000Z"));
        assert_eq!(free, expected);
        // On a day without any, the next.
        assert_eq!(named(&asker.refused(&asker.listing, &["2026-11-28T15:00:00Z"]).await[0].1)[0], "2026-11-30T14:00:00.000Z");
        // Beyond the last day, from now on.
        assert_eq!(named(&asker.refused(&asker.listing, &["2027-11-28T15:00:00Z"]).await[0].1)[0], "2026-11-23T18:00:00.000Z");
        for free in &free {
            let _ = asker.ask(&[free]).await;
        }
        let _ = asker.ask(&["2026-11-24T21:30:00Z"]).await;
        let _ = asker.insist(&asker.listing, &[TUESDAY_NOON]).await;
        let mut asked = asker.asked(&asker.listing, &["2026-11-28T15:00:00Z"]);
        asked["override"] = json!(false);
        let _ = asker.api.post("/api/v1/showings", &asked).await.expect(400);
        // Whoever insists asks for a time to come all the same.
        asked["requestedTimes"] = json!(["2026-11-23T15:00:00Z"]);
        asked["override"] = json!(true);
        let problem = asker.api.post("/api/v1/showings", &asked).await.expect(400).json();
        assert_eq!(errors_of(&problem), ["must be in the future"]);
    }

    async fn notice_and_the_days_ahead_hold_to_the_minute(app: TestApp) {
        let asker = Asker::new(&app).await;
        set_hours(&app).await;
        // Two hours from ten is twelve, which lasts until one: 18:00 UTC is the first.
        let soon = asker.reason(&asker.listing, "2026-11-23T16:30:00Z").await;
        assert_eq!(soon, "is too soon: showings are asked for 2 hours ahead");
        app.clock.advance(Duration::from_secs(60 * 60));
        let soon = asker.reason(&asker.listing, "2026-11-23T17:59:59.999Z").await;
        assert_eq!(soon, "is too soon: showings are asked for 2 hours ahead");
        let _ = asker.ask(&["2026-11-23T18:00:00Z"]).await;
        // Until the end of the fourteenth day from today.
        let _ = asker.ask(&["2026-12-07T21:30:00Z"]).await;
        let late = asker.reason(&asker.listing, "2026-12-08T14:00:00Z").await;
        assert_eq!(late, "is too far ahead: showings are asked for up to 14 days ahead");
    }

    async fn hours_follow_the_clock_on_the_wall(app: TestApp) {
        let asker = Asker::new(&app).await;
        let typed = TypedAvailability { days_ahead: "365".to_owned(), ..availability_of(hours(&[0, 1, 2, 3, 4, 5, 6], &[("01:00", "03:30")])) };
        availability::replace(&app.crm, app.agent.id, &typed).await.unwrap();
        // On 14 March 2027 New York goes from 2:00 to 3:00 at 07:00 UTC, on 7 November from 2:00 to 1:00 at 06:00 UTC.
        let listing = asker.listing.parse().unwrap();
        for (from, expected) in [
            ("2027-03-14T05:00:00Z", ["2027-03-14T06:00:00.000Z", "2027-03-14T06:30:00.000Z", "2027-03-14T07:00:00.000Z", "2027-03-15T05:00:00.000Z"]),
            ("2027-11-07T04:00:00Z", ["2027-11-07T05:00:00.000Z", "2027-11-07T05:30:00.000Z", "2027-11-07T07:00:00.000Z", "2027-11-07T07:30:00.000Z"]),
        ] {
            let from = UnixMillis::parse(from).unwrap();
            let free = slots::free(&app.crm, app.agent.id, listing, from, 4).await.unwrap();
            assert_eq!(free.into_iter().map(UnixMillis::to_rfc3339).collect::<Vec<_>>(), expected);
        }
        let _ = asker.ask(&["2027-03-14T07:00:00Z", "2027-11-07T05:30:00Z"]).await;
        assert!(asker.reason(&asker.listing, "2027-11-07T06:00:00Z").await.contains("outside"));
        assert!(asker.reason(&asker.listing, "2027-03-14T07:30:00Z").await.contains("outside"));
    }

    async fn blocked_times_are_kept_free(app: TestApp) {
        let (asker, agent) = (Asker::new(&app).await, app.agent.id);
        let at = |text: &str| UnixMillis::parse(text).unwrap();
        let (from, to) = (at("2026-11-24T14:15:00Z"), at("2026-11-24T16:00:00Z"));
        let id = blocked_times::create(&app.crm, agent, from, to, " The dentist ").await.unwrap();
        // Blocked is blocked, hours or none.
        assert_eq!(asker.reason(&asker.listing, TUESDAY_NINE).await, "is at a time at which no showings are given");
        let _ = asker.ask(&["2026-11-24T13:45:00Z", "2026-11-24T16:00:00Z"]).await;
        set_hours(&app).await;
        let message = &asker.refused(&asker.listing, &[TUESDAY_HALF_PAST_NINE]).await[0].1;
        assert_eq!(named(message)[..2], ["2026-11-24T16:30:00.000Z", "2026-11-24T18:00:00.000Z"], "11:00 is asked for already");
        blocked_times::delete(&app.crm, agent, id).await.unwrap();
        blocked_times::restore(&app.crm, agent, id).await.unwrap();
        let listed = blocked_times::list(&app.crm, agent).await.unwrap();
        assert_eq!((listed[0].starts_at, listed[0].ends_at, listed[0].note.as_deref(), listed.len()), (from, to, Some("The dentist"), 1));
        assert!(asker.reason(&asker.listing, TUESDAY_HALF_PAST_NINE).await.contains("no showings are given"));
        assert_eq!(blocked_times::restore(&app.crm, agent, id).await, Err(crm::Error::NotFound));
        blocked_times::delete(&app.crm, agent, id).await.unwrap();
        let _ = asker.ask(&[TUESDAY_HALF_PAST_NINE]).await;
        assert_eq!(blocked_times::list(&app.crm, agent).await.unwrap(), []);

        let refused = |error: Result<_, crm::Error>| match error {
            Err(crm::Error::Invalid(errors)) => errors[0].field.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(blocked_times::create(&app.crm, agent, to, from, "").await), "ends");
        assert_eq!(refused(blocked_times::create(&app.crm, agent, at("2026-11-01T00:00:00Z"), at("2026-11-23T15:00:00Z"), "").await), "ends");
        assert_eq!(refused(blocked_times::create(&app.crm, agent, from, at("2028-01-01T00:00:00Z"), "").await), "ends");
        assert_eq!(refused(blocked_times::create(&app.crm, agent, from, to, &"x".repeat(201)).await), "note");
        assert_eq!(blocked_times::delete(&app.crm, app.another_agent("Other").await.id, id).await, Err(crm::Error::NotFound));
    }

    async fn a_time_that_is_taken_is_not_given_again_nor_the_way_to_it(app: TestApp) {
        let asker = Asker::new(&app).await;
        set_hours(&app).await;
        let taken = "is taken by another showing, or too close to one elsewhere";
        let first = asker.ask(&["2026-11-24T15:00:00Z", "2026-11-25T15:00:00Z"]).await;
        for time in ["2026-11-24T15:00:00Z", "2026-11-24T15:29:00Z", "2026-11-24T14:31:00Z", "2026-11-25T15:00:00Z"] {
            assert_eq!(asker.reason(&asker.listing, time).await, taken, "{time}");
        }
        // At the other listing half an hour more is needed, before and after.
        for time in ["2026-11-24T14:30:00Z", "2026-11-24T15:30:00Z", "2026-11-24T15:59:00Z"] {
            assert_eq!(asker.reason(&asker.other, time).await, taken, "{time}");
        }
        let second = asker.ask(&["2026-11-24T15:30:00Z"]).await;
        let third = asker.ask_for(&asker.other, &["2026-11-24T14:00:00Z"]).await;
        // What is confirmed stays taken, and the other times that were asked for are free again.
        asker.confirm(&first, "2026-11-25T15:00:00Z").await;
        let _ = asker.ask(&["2026-11-24T15:00:00Z"]).await;
        assert_eq!(asker.reason(&asker.other, "2026-11-25T15:30:00Z").await, taken);
        // So is what is declined, cancelled or over.
        let _ = asker.api.patch(&second, &json!({"status": "declined"})).await.expect(200);
        let _ = asker.ask(&["2026-11-24T15:30:00Z"]).await;
        let _ = asker.api.patch(&third, &json!({"status": "cancelled"})).await.expect(200);
        let _ = asker.ask(&["2026-11-24T14:00:00Z"]).await;
        let _ = asker.api.patch(&first, &json!({"status": "completed"})).await.expect(200);
        let _ = asker.ask_for(&asker.other, &["2026-11-25T15:30:00Z"]).await;
    }

    async fn a_listing_has_rules_of_its_own(app: TestApp) {
        let (asker, agent) = (Asker::new(&app).await, app.agent.id);
        let listing = asker.listing.parse().unwrap();
        for (status, is_refused) in [("On Hold", true), ("No Showings", true), ("Restricted Showings", false), ("Accepting Requests", false)] {
            let typed = TypedRules { status: status.to_owned(), ..TypedRules::default() };
            showing_rules::replace(&app.crm, agent, listing, &typed).await.unwrap();
            if is_refused {
                let refused = asker.refused(&asker.listing, &[TUESDAY_NINE]).await;
                assert_eq!(refused, [(String::from("listingId"), format!("takes no showing requests now ({status}), unless \"override\" is true"))]);
                let _ = asker.insist(&asker.listing, &[TUESDAY_NINE]).await;
                assert_eq!(slots::free(&app.crm, agent, listing, app.clock.now(), 5).await, Ok(Vec::new()));
            } else {
                let _ = asker.ask(&[TUESDAY_NINE]).await;
            }
        }
        // Hours of its own hold where the agent has none, and within the agent's where there are some.
        let typed = TypedRules { notice_minutes: "1440".to_owned(), hours: hours(&[1, 5], &[("08:00", "10:00")]), ..TypedRules::default() };
        showing_rules::replace(&app.crm, agent, listing, &typed).await.unwrap();
        assert_eq!(asker.reason(&asker.listing, "2026-11-24T14:59:59Z").await, "is too soon: showings are asked for 1 day ahead");
        assert_eq!(asker.reason(&asker.listing, "2026-12-01T12:59:00Z").await, "is outside the hours in which showings are given");
        let _ = asker.ask(&["2026-12-01T13:00:00Z", "2026-11-28T13:00:00Z", "2027-12-04T13:00:00Z"]).await;
        let _ = asker.ask_for(&asker.other, &["2026-11-24T04:00:00Z"]).await;
        set_hours(&app).await;
        assert_eq!(asker.reason(&asker.listing, "2026-11-28T13:00:00Z").await, "is outside the hours in which showings are given");
        assert_eq!(asker.reason(&asker.listing, "2026-12-01T13:30:00Z").await, "is outside the hours in which showings are given");
        let message = &asker.refused(&asker.listing, &["2026-12-01T13:30:00Z"]).await[0].1;
        assert_eq!(named(message), ["2026-12-01T14:00:00.000Z", "2026-12-01T14:30:00.000Z"], "no third week");
        let _ = asker.ask(&["2026-12-01T14:30:00Z"]).await;

        // Hours that have nothing in common with the agent's leave no time at all.
        let typed = TypedRules { hours: hours(&[6], &[("08:00", "10:00")]), ..TypedRules::default() };
        showing_rules::replace(&app.crm, agent, listing, &typed).await.unwrap();
        assert!(asker.refused(&asker.listing, &["2026-12-01T14:00:00Z"]).await[0].1.contains("; no time is free. "));
    }

    async fn rules_are_kept_as_they_were_typed_and_go_with_their_listing(app: TestApp) {
        let (asker, agent) = (Asker::new(&app).await, app.agent.id);
        let listing = asker.listing.parse().unwrap();
        assert_eq!(showing_rules::get(&app.crm, agent, listing).await, Ok(showing_rules::ShowingRules::default()));
        let typed = TypedRules {
            status: "Restricted Showings".to_owned(),
            requirements: vec!["Pet(s) on Premises".to_owned(), "Appointment Only".to_owned()],
            contact_name: " Olga Owner ".to_owned(),
            contact_phone: "555-0100".to_owned(),
            contact_type: "Owner".to_owned(),
            lock_box_type: "Combo".to_owned(),
            notice_minutes: "60".to_owned(),
            hours: hours(&[5], &[("10:00", "12:00")]),
        };
        showing_rules::replace(&app.crm, agent, listing, &typed).await.unwrap();
        let kept = showing_rules::get(&app.crm, agent, listing).await.unwrap();
        assert_eq!((kept.contact_name.as_deref(), kept.contact_phone.as_deref()), (Some("Olga Owner"), Some("555-0100")));
        assert_eq!(kept.requirements.iter().map(|one| one.name()).collect::<Vec<_>>(), ["Appointment Only", "Pet(s) on Premises"]);
        assert_eq!((kept.contact_type.unwrap().name(), kept.lock_box_type.unwrap().name(), kept.notice_minutes), ("Owner", "Combo", 60));
        assert_eq!(kept.hours.unwrap().typed(), typed.hours);
        let wrong = TypedRules {
            status: "Maybe".to_owned(),
            requirements: vec!["Shoes off".to_owned()],
            contact_name: "x".repeat(201),
            contact_phone: "5".repeat(65),
            contact_type: "Cat".to_owned(),
            lock_box_type: "Box".to_owned(),
            notice_minutes: "soon".to_owned(),
            hours: hours(&[2], &[("12:00", "11:00")]),
        };
        let Err(crm::Error::Invalid(errors)) = showing_rules::replace(&app.crm, agent, listing, &wrong).await else { panic!("taken") };
        let fields = errors.into_iter().map(|error| error.field).collect::<Vec<_>>();
        assert_eq!(fields, ["wednesday", "status", "contactType", "lockBoxType", "contactName", "contactPhone", "noticeMinutes", "requirements"]);

        let other = app.another_agent("Other").await;
        assert_eq!(showing_rules::get(&app.crm, other.id, listing).await, Err(crm::Error::NotFound));
        assert_eq!(showing_rules::replace(&app.crm, other.id, listing, &typed).await, Err(crm::Error::NotFound));
        // The published record has the keys that it had.
        let record = asker.api.get(&format!("/api/v1/listings/{listing}")).await.expect(200).text();
        assert!(!record.contains("Olga") && !record.contains("lockBox"), "{record}");

        listings::delete(&app.crm, agent, listing, |_| true).await.unwrap();
        assert_eq!(showing_rules::get(&app.crm, agent, listing).await, Err(crm::Error::NotFound));
        let _ = listings::restore(&app.crm, agent, listing).await.unwrap();
        assert_eq!(showing_rules::get(&app.crm, agent, listing).await.unwrap().notice_minutes, 60);
        listings::delete(&app.crm, agent, listing, |_| true).await.unwrap();
        app.clock.advance(crm::trash::KEPT);
        assert_eq!(crm::trash::erase_due(&app.crm).await, Ok(1));
        assert_eq!(rows(&app, "SELECT COUNT(*) FROM showing_rules WHERE agent_id = $1").await, 0);
    }

    async fn two_showings_are_never_confirmed_for_one_time(app: TestApp) {
        let asker = Asker::new(&app).await;
        let [first, second, third] = [
            asker.ask(&["2026-11-24T15:00:00Z"]).await,
            asker.ask(&["2026-11-24T15:29:00Z"]).await,
            asker.ask_for(&asker.other, &["2026-11-24T15:30:00Z", "2026-11-24T14:31:00Z"]).await,
        ];
        asker.confirm(&first, "2026-11-24T15:00:00Z").await;
        let problem = asker.api.patch(&second, &json!({"status": "confirmed"})).await.expect(400).json();
        let said = [(String::from("confirmedTime"), String::from("overlaps the showing that is confirmed for 2026-11-24T15:00:00.000Z: choose another time"))];
        assert_eq!(errors(&problem), said);
        assert_eq!(asker.api.get(&second).await.json()["status"], "requested");
        let problem = asker.api.patch(&third, &json!({"status": "confirmed", "confirmedTime": "2026-11-24T14:31:00Z"})).await.expect(400).json();
        assert_eq!(errors(&problem), said);
        asker.confirm(&third, "2026-11-24T15:30:00Z").await;
        // The same again is nothing new; a little later it would be in the way of the third, not of itself.
        asker.confirm(&first, "2026-11-24T15:00:00Z").await;
        let _ = asker.api.patch(&first, &json!({"confirmedTime": "2026-11-24T15:10:00Z"})).await.expect(400);
        let _ = asker.api.patch(&first, &json!({"confirmedTime": "2026-11-24T14:50:00Z"})).await.expect(200);
        let _ = asker.api.patch(&first, &json!({"notes": "x"})).await.expect(200);
        // When one is over, its time is free.
        let _ = asker.api.patch(&first, &json!({"status": "cancelled"})).await.expect(200);
        asker.confirm(&second, "2026-11-24T15:00:00Z").await;
        // Another agent's time is their own.
        let other = app.another_agent("Other").await;
        let theirs = (add_client(&other.api, "Eve").await, add_listing(&other.api, "Theirs").await);
        let asked = json!({"clientId": theirs.0, "listingId": theirs.1, "requestedTimes": ["2026-11-24T15:00:00Z"]});
        let path = other.api.post("/api/v1/showings", &asked).await.expect(201).header("location").to_owned();
        let _ = other.api.patch(&path, &json!({"status": "confirmed"})).await.expect(200);
    }

    async fn a_showing_takes_as_long_as_it_was_when_it_was_agreed_on(app: TestApp) {
        let asker = Asker::new(&app).await;
        let typed = TypedAvailability { showing_minutes: "480".to_owned(), ..availability_of(TypedHours::default()) };
        availability::replace(&app.crm, app.agent.id, &typed).await.unwrap();
        let long = asker.ask(&["2026-11-24T08:00:00Z"]).await;
        asker.confirm(&long, "2026-11-24T08:00:00Z").await;
        availability::replace(&app.crm, app.agent.id, &TypedAvailability { showing_minutes: "5".to_owned(), ..typed }).await.unwrap();
        let short = asker.ask(&["2026-11-24T15:59:59.999Z", "2026-11-24T16:00:00Z", "2026-11-24T07:55:00Z"]).await;
        let _ = asker.api.patch(&short, &json!({"status": "confirmed", "confirmedTime": "2026-11-24T15:59:59.999Z"})).await.expect(400);
        asker.confirm(&short, "2026-11-24T16:00:00Z").await;
        asker.confirm(&short, "2026-11-24T07:55:00Z").await;
    }

    async fn what_goes_to_the_trash_frees_its_time_and_takes_it_again_where_it_can(app: TestApp) {
        let (asker, agent) = (Asker::new(&app).await, app.agent.id);
        let john = add_client(&asker.api, "John").await;
        let first = asker.ask(&["2026-11-24T15:00:00Z"]).await;
        asker.confirm(&first, "2026-11-24T15:00:00Z").await;
        let later = asker.ask(&["2026-11-24T17:00:00Z"]).await;
        asker.confirm(&later, "2026-11-24T17:00:00Z").await;
        let jane = asker.client.parse().unwrap();
        clients::delete(&app.crm, agent, jane, |_| true).await.unwrap();
        let asked = json!({"clientId": john, "listingId": asker.listing, "requestedTimes": ["2026-11-24T15:15:00Z"]});
        let his = asker.api.post("/api/v1/showings", &asked).await.expect(201).header("location").to_owned();
        asker.confirm(&his, "2026-11-24T15:15:00Z").await;
        let _ = clients::restore(&app.crm, agent, jane).await.unwrap();
        let back = asker.api.get(&first).await.expect(200).json();
        assert_eq!((&back["status"], &back["confirmedTime"]), (&json!("requested"), &json!(null)));
        assert_eq!(asker.api.get(&later).await.json()["status"], "confirmed");
        let counts = asker.api.get("/api/v1/showings?status=confirmed").await.json()["total"].clone();
        assert_eq!(counts, 2);
        let _ = asker.api.patch(&first, &json!({"status": "confirmed"})).await.expect(400);
        let _ = asker.api.patch(&his, &json!({"confirmedTime": "2026-11-24T16:45:00Z"})).await.expect(400);
        let _ = asker.api.patch(&his, &json!({"status": "cancelled"})).await.expect(200);
        asker.confirm(&first, "2026-11-24T15:00:00Z").await;
    }

    async fn of_many_who_want_one_time_one_gets_it(app: TestApp) {
        let asker = Asker::new(&app).await;
        set_hours(&app).await;
        let mut all = JoinSet::new();
        for _ in 0..50 {
            let (api, asked) = (asker.api.clone(), asker.asked(&asker.listing, &[TUESDAY_NINE]));
            all.spawn(async move { api.post("/api/v1/showings", &asked).await });
        }
        let (mut taken, mut refused) = (0, 0);
        for answer in all.join_all().await {
            if answer.status == 201 {
                taken += 1;
                continue;
            }
            let errors = errors(&answer.expect(400).json());
            assert_eq!(named(&errors[0].1)[0], TUESDAY_HALF_PAST_NINE);
            refused += 1;
        }
        assert_eq!((taken, refused), (1, 49));
        assert_eq!(asker.api.get("/api/v1/showings").await.json()["total"], 1);
    }

    async fn of_many_that_are_confirmed_for_one_time_one_is(app: TestApp) {
        let asker = Asker::new(&app).await;
        let mut paths = Vec::new();
        for _ in 0..20 {
            paths.push(asker.ask(&[TUESDAY_NINE]).await);
        }
        let mut all = JoinSet::new();
        for path in paths {
            let api = asker.api.clone();
            all.spawn(async move { api.patch(&path, &json!({"status": "confirmed"})).await.status });
        }
        let mut statuses = all.join_all().await;
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (200, &[400; 19][..]));
        assert_eq!(asker.api.get("/api/v1/showings?status=confirmed").await.json()["total"], 1);
    }

    async fn showings_from_before_keep_their_times(app: TestApp) {
        let old = EmptyDatabase::open(app.engine).await;
        let step = |database: db::Database, steps: &'static [db::Migration]| {
            tokio::task::spawn_blocking(move || database.migrate(steps))
        };
        let before = MIGRATIONS.iter().position(|step| step.name == "taken_times").unwrap();
        step(old.database.clone(), &MIGRATIONS[..before]).await.unwrap().unwrap();
        let insert = old.database.write("test.insert", Lane::SHARED, |tx| {
            let sql = "INSERT INTO showings (agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, updated_at)
                       VALUES ($1, $2, $1, $1, $3, '[3000,1000]', $4, 0)";
            for (id, status, time) in [(1, "requested", None), (2, "confirmed", Some(5_000)), (3, "declined", None), (4, "completed", Some(7_000))] {
                tx.execute(sql, db::params![&[0u8; 16], &[id as u8; 16], status, time.map(i64::from)])?;
            }
            Ok::<_, DbError>(())
        });
        insert.await.unwrap();
        step(old.database.clone(), MIGRATIONS).await.unwrap().unwrap();
        let kept = old.database.read("test.taken", |tx| {
            let sql = "SELECT showing_id, is_confirmed, starts_at, ends_at, listing_id FROM taken_times ORDER BY starts_at";
            tx.query(sql, &[], |row| {
                assert_eq!(row.get::<[u8; 16]>(4)?, [0; 16]);
                Ok((row.get::<[u8; 16]>(0)?[0], row.get::<bool>(1)?, row.get::<i64>(2)?, row.get::<i64>(3)? - 1_800_000))
            })
        });
        assert_eq!(kept.await, Ok::<_, DbError>(vec![(1, false, 1_000, 1_000), (1, false, 3_000, 3_000), (2, true, 5_000, 5_000)]));
    }

    async fn the_pages_keep_hours_blocked_times_and_rules(app: TestApp) {
        let asker = Asker::new(&app).await;
        let mut browser = app.sign_in(&app.agent).await;
        let page = browser.get(SETTINGS).await.expect(200).text();
        assert!(page.contains("No hours are set") && page.contains("In your time zone, America/New_York."), "{page}");
        let numbers = [("showingMinutes", "60"), ("noticeMinutes", "0"), ("travelMinutes", "0"), ("daysAhead", "14")];
        let monday = [("monday.from", "09:00"), ("monday.to", "11:00"), ("monday.from", ""), ("monday.to", ""), ("monday.from", "13:00"), ("monday.to", "14:00")];
        let all = [&monday[..], &numbers, &[("hours", "weekdays")]].concat();
        assert_eq!(browser.post(SETTINGS, &all).await.expect(303).header("location"), format!("{SETTINGS}?done=availability-saved"));
        let kept = availability::get(&app.crm, app.agent.id).await.unwrap();
        assert_eq!(kept.hours.typed(), hours(&[0, 1, 2, 3, 4], &[("09:00", "11:00"), ("13:00", "14:00")]));
        assert_eq!((kept.showing_minutes, kept.notice_minutes, kept.travel_minutes, kept.days_ahead), (60, 0, 0, 14));
        let page = browser.get(SETTINGS).await.expect(200).text();
        // It is Monday, ten o'clock: the hour from ten has begun.
        assert_eq!(free_times(&page)[..3], ["2026-11-23T18:00:00.000Z", "2026-11-24T14:00:00.000Z", "2026-11-24T15:00:00.000Z"]);

        // What is wrong is told beside what was typed, and nothing is kept.
        let wrong = [("friday.from", "12:00"), ("friday.to", "11:00"), ("showingMinutes", "4"), ("noticeMinutes", "x"), ("travelMinutes", "241"), ("daysAhead", "0")];
        let page = browser.post(SETTINGS, &wrong).await.expect(422).text();
        for part in ["Not saved yet", "Must end after it begins", "Must be 5 to 480 minutes", "Must be 0 to 20160 minutes", "Must be 0 to 240 minutes", "Must be 1 to 365 days", "value=\"12:00\""] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(availability::get(&app.crm, app.agent.id).await.unwrap(), kept);

        // A whole day, then an hour of one.
        let blocked = format!("{SETTINGS}/blocked");
        let _ = browser.post(&blocked, &[("firstDay", "2026-11-24"), ("note", "Moving <house>")]).await.expect(303);
        let _ = browser.post(&blocked, &[("firstDay", "2026-11-25"), ("starts", "09:30"), ("lastDay", "2026-11-25"), ("ends", "10:00")]).await.expect(303);
        let page = browser.get(SETTINGS).await.expect(200).text();
        for part in ["<strong>Tue 24 Nov 2026</strong>", "Moving &#60;house&#62;", "<strong>Wed 25 Nov 2026, 09:30 to 10:00</strong>"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(free_times(&page)[1..3], ["2026-11-25T15:00:00.000Z", "2026-11-25T18:00:00.000Z"]);
        for (fields, said) in [
            (vec![("firstDay", "")], "Needs the day on which it begins"),
            (vec![("firstDay", "2026-11-25"), ("ends", "25:00")], "Must be a day and a time"),
            (vec![("firstDay", "2026-11-22")], "Must be in the future"),
            (vec![("firstDay", "2026-11-25"), ("lastDay", "2026-11-24")], "Must be after the beginning"),
        ] {
            let page = browser.post(&blocked, &fields).await.expect(422).text();
            assert!(page.contains(said), "{said}: {page}");
        }
        let id = page.split(&format!("{blocked}/")).nth(1).unwrap().split('/').next().unwrap().to_owned();
        let done = browser.post(&format!("{blocked}/{id}/delete"), &[]).await.expect(303).header("location").to_owned();
        let page = browser.get(&done).await.expect(200).text();
        assert!(page.contains("The time is open again.") && !page.contains("Moving"), "{page}");
        assert_eq!(free_times(&page)[1], TUESDAY_NINE);
        let _ = browser.post(&format!("{blocked}/{id}/restore"), &[("restore", "1")]).await.expect(303);
        assert!(browser.get(SETTINGS).await.text().contains("Moving"));

        // A listing's rules, in the card and the form.
        let path = format!("/dashboard/listings/{}", asker.listing);
        let page = browser.get(&path).await.expect(200).text();
        assert!(page.contains("Accepting Requests") && page.contains("Monday, 23 November 2026: <time datetime=\"2026-11-23T18:00:00.000Z\">13:00</time>"), "{page}");
        let rules = [
            ("status", "On Hold"), ("requirement", "Occupied"), ("requirement", "Day Sleeper"), ("contactName", "<Olga>"), ("contactPhone", "(555) 010-0100"),
            ("contactType", "Owner"), ("lockBoxType", "Supra"), ("noticeMinutes", "1440"), ("wednesday.from", "10:00"), ("wednesday.to", "12:00"),
            ("thursday.from", "10:00"), ("thursday.to", "12:00"),
        ];
        let done = browser.post(&format!("{path}/showing-rules"), &rules).await.expect(303).header("location").to_owned();
        let page = browser.get(&done).await.expect(200).text();
        for part in ["On Hold", "Occupied, Day Sleeper", "&#60;Olga&#62; (owner)", "href=\"tel:5550100100\"", "Supra", "1 day", "Wednesday and Thursday: 10:00 to 12:00", "<dd>None</dd>"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let form = browser.get(&format!("{path}/showing-rules")).await.expect(200).text();
        for part in ["value=\"On Hold\" checked", "value=\"Occupied\" checked", "value=\"&#60;Olga&#62;\"", "<option selected>Supra</option>", "<option value=\"1440\" selected>1 day</option>"] {
            assert!(form.contains(part), "{part}: {form}");
        }
        let page = browser.post(&format!("{path}/showing-rules"), &[("status", "Never"), ("noticeMinutes", "1"), ("sunday.from", "1:00"), ("sunday.to", "")]).await.expect(422).text();
        assert!(page.contains("Must be chosen from the list") && page.contains("Needs both a beginning and an end"), "{page}");
        // Another agent's are not there.
        let other = app.another_agent("Other").await;
        let mut stranger = app.sign_in(&other).await;
        let _ = stranger.get(&format!("{path}/showing-rules")).await.expect(404);
        let _ = stranger.post(&format!("{path}/showing-rules"), &rules).await.expect(404);
        let _ = stranger.post(&format!("{blocked}/{id}/delete"), &[]).await.expect(404);
        let _ = stranger.post(&format!("{blocked}/{id}/restore"), &[]).await.expect(404);
        let _ = browser.post(SETTINGS, &[&numbers[..], &[("hours", "none")]].concat()).await.expect(303);
        assert!(browser.get(SETTINGS).await.text().contains("No hours are set"));
    }

    async fn the_dashboard_says_when_a_time_was_given_to_another(app: TestApp) {
        let asker = Asker::new(&app).await;
        let first = asker.ask(&[TUESDAY_NINE]).await;
        let second = asker.ask(&[TUESDAY_NINE, TUESDAY_NOON]).await;
        asker.confirm(&first, TUESDAY_NINE).await;
        let mut browser = app.sign_in(&app.agent).await;
        let confirm = format!("{}/confirm", second.replace("/api/v1/", "/dashboard/"));
        let page = browser.post(&confirm, &[("at", TUESDAY_NINE)]).await.expect(422).text();
        assert!(page.contains("verlaps the showing that is confirmed for Tue 24 Nov 2026, 09:00: choose another time"), "{page}");
        assert_eq!(asker.api.get(&second).await.json()["status"], "requested");
        let _ = browser.post(&confirm, &[("at", TUESDAY_NOON)]).await.expect(303);
        assert_eq!(asker.api.get(&second).await.json()["status"], "confirmed");
    }

    async fn a_showing_that_is_moved_is_not_in_its_own_way(app: TestApp) {
        let asker = Asker::new(&app).await;
        set_hours(&app).await;
        let path = asker.ask(&[TUESDAY_NINE]).await;
        asker.confirm(&path, TUESDAY_NINE).await;
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        let from = UnixMillis::parse(TUESDAY_NINE).unwrap();
        let free = slots::free_to_move(&app.crm, app.agent.id, id, from, 1).await.unwrap();
        assert_eq!(free, [from]);
        // Its page says who lets one in.
        let rules = TypedRules { contact_name: "Olga".to_owned(), lock_box_type: "Combo".to_owned(), ..TypedRules::default() };
        showing_rules::replace(&app.crm, app.agent.id, asker.listing.parse().unwrap(), &rules).await.unwrap();
        let mut browser = app.sign_in(&app.agent).await;
        let address = path.replace("/api/v1/", "/dashboard/");
        let page = browser.get(&address).await.expect(200).text();
        assert!(page.contains("name=\"at\" value=\"2026-11-23T18:00:00.000Z\">"), "{page}");
        assert!(page.contains("<dd dir=\"auto\">Olga</dd>") && page.contains("<dd dir=\"auto\">Combo</dd>"), "{page}");
        let _ = browser.post(&format!("{address}/confirm"), &[("at", "2026-11-23T18:00:00.000Z")]).await.expect(303);
        let _ = browser.post(&format!("{address}/confirm"), &[("at", TUESDAY_NINE)]).await.expect(303);
        let free = slots::free(&app.crm, app.agent.id, asker.other.parse().unwrap(), from, 1).await.unwrap();
        assert_eq!(free[0].to_rfc3339(), "2026-11-24T15:00:00.000Z", "with the way there");
        let other = app.another_agent("Other").await;
        assert_eq!(slots::free_to_move(&app.crm, other.id, id, from, 1).await, Err(crm::Error::NotFound));
        assert_eq!(slots::free(&app.crm, other.id, asker.listing.parse().unwrap(), from, 1).await, Err(crm::Error::NotFound));
    }
}

fn errors_of(problem: &Value) -> Vec<String> {
    errors(problem).into_iter().map(|(_, message)| message).collect()
}

async fn rows(app: &TestApp, sql: &'static str) -> i64 {
    let agent = app.agent.id;
    let read = app
        .crm
        .database()
        .read("test.count", move |tx| tx.query_one(sql, db::params![&agent], |row| row.get::<i64>(0)));
    read.await.unwrap()
}

/// The times that the page shows as free.
fn free_times(page: &str) -> Vec<String> {
    let list = page.split("class=\"lines free\"").nth(1).map_or("", |rest| rest.split("</ul>").next().unwrap());
    list.split("datetime=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}
