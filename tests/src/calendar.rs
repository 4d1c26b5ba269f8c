//! The calendar: what stands on which day, in the agent's time zone.

use serde_json::json;
use testkit::{Browser, on_both_engines};

use crate::showing_pages::{client, listing, live_in, request};

const PATH: &str = "/dashboard/showings/calendar";

/// The days with something in them: the date, then the time and the address of each entry.
async fn days(browser: &mut Browser, query: &str) -> Vec<(String, Vec<String>)> {
    let page = browser.get(&format!("{PATH}?{query}")).await.expect(200).text();
    // The legend stands behind the last day.
    let page = page.split("</ol>").next().unwrap();
    let days = page.split("<li class=\"day").skip(1).map(|day| {
        let date = day.split("<time datetime=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let entries = day.split("class=\"entry ").skip(1).map(|entry| {
            let clock = entry.split("\">").nth(2).unwrap().split('<').next().unwrap();
            let address = entry.split("<strong dir=\"auto\">").nth(1).unwrap().split('<').next().unwrap();
            format!("{} {clock} {address}", entry.split('"').next().unwrap())
        });
        (date, entries.collect::<Vec<_>>())
    });
    days.filter(|(_, entries)| !entries.is_empty()).collect()
}

on_both_engines! {
    async fn each_thing_stands_on_its_day_as_what_it_is(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak, elm) = (client(agent, "Jane").await, listing(agent, "Oak").await, listing(agent, "Elm").await);
        let sure = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z"]).await;
        let _ = agent.api.patch(&format!("/api/v1/showings/{sure}"), &json!({"status": "confirmed"})).await.expect(200);
        let off = request(agent, &jane, &oak, &["2026-11-24T17:00:00Z"]).await;
        for status in ["confirmed", "cancelled"] {
            let _ = agent.api.patch(&format!("/api/v1/showings/{off}"), &json!({"status": status})).await.expect(200);
        }
        let _ = request(agent, &jane, &elm, &["2026-11-24T09:00:00Z", "2026-11-26T09:00:00Z", "2027-01-02T09:00:00Z"]).await;
        let mut browser = app.sign_in(agent).await;
        let open = [("day", "2026-11-28"), ("starts", "14:00"), ("ends", "16:00")];
        let _ = browser.post(&format!("/dashboard/listings/{oak}/open-houses"), &open).await.expect(303);
        let week = days(&mut browser, "view=week&on=2026-11-29").await;
        let day = |date: &str, entries: &[&str]| (date.to_owned(), entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>());
        let expected = [
            day("2026-11-24", &["is-open 09:00 Elm", "is-sure 15:00 Oak", "is-off 17:00 Oak"]),
            day("2026-11-26", &["is-open 09:00 Elm"]),
            day("2026-11-28", &["is-house 14:00 Oak"]),
        ];
        assert_eq!(week, expected);
        assert_eq!(days(&mut browser, "view=month&on=2026-11-01").await, expected);
        assert_eq!(days(&mut browser, "view=day&on=2026-11-26").await, expected[1..2]);
        assert_eq!(days(&mut browser, "view=day&on=2027-01-02").await.len(), 1);
        assert_eq!(days(&mut browser, "view=day&on=2026-11-27").await, []);
        // Without anything asked, and with nonsense, it is this week.
        assert_eq!(days(&mut browser, "").await, expected);
        assert_eq!(days(&mut browser, "view=year&on=2026-02-30").await, expected);
        for on in ["1970-01-01", "9000-12-31", "9999-12-31", "-0001-01-01"] {
            for view in ["day", "week", "month"] {
                let _ = browser.get(&format!("{PATH}?view={view}&on={on}")).await.expect(200);
            }
        }
        let other = app.another_agent("Other").await;
        let mut theirs = app.sign_in(&other).await;
        assert_eq!(days(&mut theirs, "view=month&on=2026-11-24").await, []);
    }

    async fn days_are_those_of_the_agent_when_the_clocks_change_too(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "America/New_York").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        // On 14 March 2027 the clocks go from 2 to 3: the day has 23 hours. UTC-5 before, UTC-4 after.
        for at in ["2027-03-14T04:30:00Z", "2027-03-14T05:00:00Z", "2027-03-14T06:30:00Z", "2027-03-14T07:00:00Z", "2027-03-15T03:30:00Z", "2027-03-15T04:00:00Z"] {
            let id = request(agent, &jane, &oak, &[at]).await;
            let _ = agent.api.patch(&format!("/api/v1/showings/{id}"), &json!({"status": "confirmed"})).await.expect(200);
        }
        let mut browser = app.sign_in(agent).await;
        let found = days(&mut browser, "view=month&on=2027-03-14").await;
        let clocks = found.iter().map(|(date, entries)| {
            let clocks = entries.iter().map(|entry| entry.split(' ').nth(1).unwrap()).collect::<Vec<_>>();
            (date.as_str(), clocks)
        });
        let expected = [("2027-03-13", vec!["23:30"]), ("2027-03-14", vec!["00:00", "01:30", "03:00", "23:30"]), ("2027-03-15", vec!["00:00"])];
        assert_eq!(clocks.collect::<Vec<_>>(), expected);
        assert_eq!(days(&mut browser, "view=day&on=2027-03-14").await, found[1..2]);
        // What is typed is a time of that day, too.
        let fields = [("client", jane.as_str()), ("listing", &oak), ("day", "2027-11-07"), ("time", "12:00")];
        let _ = browser.post("/dashboard/showings/new", &fields).await.expect(303);
        let list = agent.api.get("/api/v1/showings?limit=1").await.expect(200).json();
        assert_eq!(list["showings"][0]["confirmedTime"], "2027-11-07T17:00:00.000Z");
    }

    async fn a_blocked_time_stands_on_each_of_its_days(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "America/New_York").await;
        let at = |text: &str| crm::clock::UnixMillis::parse_rfc3339(text).unwrap();
        // From Tuesday at 18:00 to Thursday at 9:00.
        let (from, to) = (at("2026-11-24T23:00:00Z"), at("2026-11-26T14:00:00Z"));
        let _ = crm::blocked_times::create(&app.crm, agent.id, from, to, "Trade fair").await.unwrap();
        let mut browser = app.sign_in(agent).await;
        let day = |date: &str, entry: &str| (date.to_owned(), vec![entry.to_owned()]);
        let expected = [
            day("2026-11-24", "is-blocked 18:00 Trade fair"),
            day("2026-11-25", "is-blocked 00:00 Trade fair"),
            day("2026-11-26", "is-blocked 00:00 Trade fair"),
        ];
        assert_eq!(days(&mut browser, "view=month&on=2026-11-24").await, expected);
        let page = browser.get(&format!("{PATH}?view=day&on=2026-11-25")).await.expect(200).text();
        assert!(page.contains("all day"), "{page}");
    }

    async fn a_full_day_of_a_month_leads_to_its_own_page(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let jane = client(agent, "Jane").await;
        for hour in 9..16 {
            let home = listing(agent, &format!("Home {hour}")).await;
            let id = request(agent, &jane, &home, &[&format!("2026-11-25T{hour:02}:00:00Z")]).await;
            let _ = agent.api.patch(&format!("/api/v1/showings/{id}"), &json!({"status": "confirmed"})).await.expect(200);
        }
        let mut browser = app.sign_in(agent).await;
        let page = browser.get(&format!("{PATH}?view=month&on=2026-11-25")).await.expect(200).text();
        assert!(page.contains("3 more") && page.contains("Home 12") && !page.contains("Home 13"), "{page}");
        assert_eq!(days(&mut browser, "view=day&on=2026-11-25").await[0].1.len(), 7);
    }
}
