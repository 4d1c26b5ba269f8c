//! The pages of showings: lists by what waits and by time, answers at one tap, showings that the agent adds.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Browser, TestAgent, TestApp, on_both_engines, on_both_engines_with};

use crate::{availability::set_hours, mails::settings};

const PATH: &str = "/dashboard/showings";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Gives the first agent a time zone.
pub async fn live_in(app: &TestApp, zone: &'static str) {
    let agent = app.agent.id;
    let moved = app.crm.database().write("test", db::Lane::SHARED, move |tx| {
        tx.execute("UPDATE agents SET time_zone = $2 WHERE id = $1", db::params![&agent, zone])
    });
    let _ = moved.await.unwrap_or_else(|error: db::DbError| panic!("{error}"));
}

/// Adds a client; gives back its id.
pub async fn client(agent: &TestAgent, name: &str) -> String {
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    let made = agent.api.post("/api/v1/clients", &json!({"name": name, "email": email, "phone": "555-0100"})).await;
    made.expect(201).json()["clientId"].as_str().unwrap().to_owned()
}

/// Adds a listing; gives back its id.
pub async fn listing(agent: &TestAgent, address: &str) -> String {
    let made = agent.api.post("/api/v1/listings", &json!({"address": address, "price": 1})).await;
    made.expect(201).json()["listingId"].as_str().unwrap().to_owned()
}

/// Requests a showing; gives back its id.
pub async fn request(agent: &TestAgent, client: &str, listing: &str, times: &[&str]) -> String {
    let body = json!({"clientId": client, "listingId": listing, "requestedTimes": times, "notes": "The garden?"});
    let made = agent.api.post("/api/v1/showings", &body).await.expect(201);
    made.json()["showingId"].as_str().unwrap().to_owned()
}

/// The showing as the API tells it.
pub async fn get(agent: &TestAgent, id: &str) -> Value {
    agent.api.get(&format!("/api/v1/showings/{id}")).await.expect(200).json()
}

/// Posts a form and follows where it leads.
async fn follow(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = browser.post(path, fields).await.expect(303);
    let next = answer.header("location").to_owned();
    browser.get(&next).await.expect(200).text()
}

/// The addresses of a list, in its order.
async fn addresses(browser: &mut Browser, query: &str) -> Vec<String> {
    let page = browser.get(&format!("{PATH}?{query}")).await.expect(200).text();
    let list = page.split("data-region=\"list\"").nth(1).unwrap();
    let rows = list.split("<strong dir=\"auto\">").skip(1);
    rows.map(|row| row.split("</strong>").next().unwrap().to_owned()).collect()
}

on_both_engines! {
    async fn what_waits_is_answered_at_one_tap(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane Doe").await, listing(agent, "456 Oak Ave").await);
        let mut browser = app.sign_in(agent).await;
        let page = browser.get(PATH).await.expect(200).text();
        assert!(page.contains("Nobody waits for an answer") && page.contains("No showing is ahead"), "{page}");
        let id = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z", "2026-11-25T16:30:00Z"]).await;
        let page = browser.get(PATH).await.expect(200).text();
        assert!(page.contains("1 request waits for you") && page.contains("Tue 24 Nov, 15:00") && page.contains("The garden?"), "{page}");
        let page = browser.get(&format!("{PATH}/{id}")).await.expect(200).text();
        assert!(page.contains("Confirm Wed 25 Nov, 16:30") && page.contains("Jane Doe"), "{page}");
        let page = follow(&mut browser, &format!("{PATH}/{id}/confirm"), &[("at", "2026-11-25T16:30:00.000Z"), ("here", PATH)]).await;
        assert!(page.contains("The showing is confirmed.") && page.contains("Nobody waits for an answer"), "{page}");
        let shown = get(agent, &id).await;
        assert_eq!((&shown["status"], &shown["confirmedTime"]), (&json!("confirmed"), &json!("2026-11-25T16:30:00.000Z")));
        // Moved, and back.
        let page = follow(&mut browser, &format!("{PATH}/{id}/confirm"), &[("day", "2026-11-26"), ("time", "09:15")]).await;
        assert!(page.contains("The showing is moved.") && page.contains("Moved to Thu 26 Nov 2026, 09:15"), "{page}");
        let undo = page.split("name=\"at\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let _ = follow(&mut browser, &format!("{PATH}/{id}/confirm"), &[("at", &undo)]).await;
        assert_eq!(get(agent, &id).await["confirmedTime"], "2026-11-25T16:30:00.000Z");
        // It takes place.
        app.clock.advance(HOUR * 72);
        let mut browser = app.sign_in(agent).await;
        let page = follow(&mut browser, &format!("{PATH}/{id}/end"), &[("status", "completed")]).await;
        assert!(page.contains("Took place") && !page.contains("It took place</button>"), "{page}");
    }

    async fn a_refusal_is_told_where_it_belongs_and_keeps_what_was_typed(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let id = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z"]).await;
        let mut browser = app.sign_in(agent).await;
        for (fields, told) in [
            (vec![("day", "2026-11-01"), ("time", "10:00")], "Must be in the future"),
            (vec![("day", "2026-11-01"), ("time", "")], "Needs a day and a time"),
            (vec![("at", "tomorrow")], "Needs a day and a time"),
        ] {
            let page = browser.post(&format!("{PATH}/{id}/confirm"), &fields).await.expect(422).text();
            assert!(page.contains(told), "{told}: {page}");
        }
        let page = browser.post(&format!("{PATH}/{id}/end"), &[("status", "completed"), ("words", "Well <b>then</b>")]).await.expect(422).text();
        assert!(page.contains("a requested showing can become") && page.contains("Well &#60;b&#62;then"), "{page}");
        let _ = browser.post(&format!("{PATH}/{id}/end"), &[("status", "sold")]).await.expect(400);
        let long = "x".repeat(1_001);
        let _ = browser.post(&format!("{PATH}/{id}/end"), &[("status", "declined"), ("words", &long)]).await.expect(422);
        let _ = browser.post(&format!("{PATH}/{id}/notes"), &[("notes", &"x".repeat(20_001))]).await.expect(422);
        assert_eq!(get(agent, &id).await["status"], "requested");
        // Only a page of the dashboard is gone on with.
        let answer = browser.post(&format!("{PATH}/{id}/end"), &[("status", "declined"), ("words", "Sold, sorry."), ("here", "//evil.example.com")]).await.expect(303);
        assert_eq!(answer.header("location"), format!("{PATH}/{id}?done=showing-declined"));
        let page = browser.get(&format!("{PATH}/{id}")).await.expect(200).text();
        assert!(page.contains("Sold, sorry.") && page.contains("Declined"), "{page}");
        let page = browser.post(&format!("{PATH}/{id}/confirm"), &[("at", "2026-11-24T15:00:00Z")]).await.expect(422).text();
        assert!(page.contains("is final") || page.contains("Is final"), "{page}");
        let page = follow(&mut browser, &format!("{PATH}/{id}/notes"), &[("notes", "Bought elsewhere")]).await;
        assert!(page.contains("Bought elsewhere</textarea>"), "{page}");
        let _ = follow(&mut browser, &format!("{PATH}/{id}/notes"), &[("notes", " ")]).await;
        assert_eq!(get(agent, &id).await["notes"], Value::Null);
    }

    async fn what_was_called_off_is_taken_back_unless_its_time_is_anothers(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let mut browser = app.sign_in(agent).await;
        let id = request(agent, &jane, &oak, &["2026-11-24T15:00:00Z", "2026-11-25T15:00:00Z"]).await;
        let page = follow(&mut browser, &format!("{PATH}/{id}/end"), &[("status", "declined"), ("words", "No.")]).await;
        assert!(page.contains("The showing is declined.") && page.contains(&format!("{PATH}/{id}/back")), "{page}");
        let page = follow(&mut browser, &format!("{PATH}/{id}/back"), &[("undo", "1")]).await;
        assert!(page.contains("It is taken back") && page.contains("Taken back: it waits for an answer"), "{page}");
        assert_eq!(get(agent, &id).await["status"], "requested");
        // What waits is nothing to take back; twice is once.
        let _ = browser.post(&format!("{PATH}/{id}/back"), &[]).await.expect(303);
        let _ = browser.post(&format!("{PATH}/{id}/confirm"), &[("at", "2026-11-24T15:00:00Z")]).await.expect(303);
        // Still to come, it has not taken place.
        let page = browser.post(&format!("{PATH}/{id}/end"), &[("status", "completed")]).await.expect(422).text();
        assert!(page.contains("the showing is still to come") && !page.contains(">It took place<"), "{page}");
        let _ = browser.post(&format!("{PATH}/{id}/end"), &[("status", "cancelled")]).await.expect(303);
        let page = follow(&mut browser, &format!("{PATH}/{id}/back"), &[]).await;
        assert!(page.contains("Taken back: confirmed for Tue 24 Nov 2026, 15:00"), "{page}");
        let shown = get(agent, &id).await;
        assert_eq!((&shown["status"], &shown["confirmedTime"]), (&json!("confirmed"), &json!("2026-11-24T15:00:00.000Z")));
        // Meanwhile somebody else has its time.
        let _ = browser.post(&format!("{PATH}/{id}/end"), &[("status", "cancelled")]).await.expect(303);
        let other = request(agent, &jane, &oak, &["2026-11-24T15:10:00Z"]).await;
        let _ = browser.post(&format!("{PATH}/{other}/confirm"), &[("at", "2026-11-24T15:10:00Z")]).await.expect(303);
        let page = browser.post(&format!("{PATH}/{id}/back"), &[]).await.expect(422).text();
        assert!(page.contains("verlaps the showing that is confirmed for Tue 24 Nov 2026, 15:10"), "{page}");
        assert_eq!(get(agent, &id).await["status"], "cancelled");
        // Another agent's is not there.
        let bob = app.another_agent("Bob").await;
        let _ = app.sign_in(&bob).await.post(&format!("{PATH}/{id}/back"), &[]).await.expect(404);
        // Years ahead it can only be a slip.
        for (day, told) in [("2046-11-24", "Is more than ten years ahead"), ("9998-11-24", "Is more than ten years ahead")] {
            let page = browser.post(&format!("{PATH}/{other}/confirm"), &[("day", day), ("time", "15:00")]).await.expect(422).text();
            assert!(page.contains(told), "{page}");
        }
        app.clock.advance(HOUR * 72);
        let mut browser = app.sign_in(agent).await;
        let _ = browser.post(&format!("{PATH}/{other}/end"), &[("status", "completed")]).await.expect(303);
        let _ = browser.post(&format!("{PATH}/{other}/back"), &[]).await.expect(303);
        assert_eq!(get(agent, &other).await["status"], "confirmed");
    }

    async fn who_takes_it_back_and_who_confirms_at_once_never_book_twice(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        for round in 0..6 {
            let at = format!("2026-12-{:02}T15:00:00Z", round + 1);
            let [one, other] = [request(agent, &jane, &oak, &[&at]).await, request(agent, &jane, &oak, &[&at]).await];
            let _ = agent.api.patch(&format!("/api/v1/showings/{one}"), &json!({"status": "confirmed"})).await.expect(200);
            let _ = agent.api.patch(&format!("/api/v1/showings/{one}"), &json!({"status": "cancelled"})).await.expect(200);
            let browser = app.sign_in(agent).await;
            let [mut first, mut second] = [browser.at(&app.base), browser.at(&app.base)];
            let (back, confirm) = (format!("{PATH}/{one}/back"), format!("{PATH}/{other}/confirm"));
            let at = [("at", at.as_str())];
            let (back, confirm) = tokio::join!(first.post(&back, &[]), second.post(&confirm, &at));
            let mut answers = [back.status, confirm.status];
            answers.sort_unstable();
            assert_eq!(answers, [303, 422]);
            let states = [get(agent, &one).await["status"].clone(), get(agent, &other).await["status"].clone()];
            assert_eq!(states.iter().filter(|status| **status == "confirmed").count(), 1, "{states:?}");
        }
    }

    async fn a_showing_outside_the_hours_is_added_only_anyway(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        set_hours(&app).await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let mut browser = app.sign_in(agent).await;
        let at = |text| crm::clock::UnixMillis::parse_rfc3339(text).unwrap();
        crm::blocked_times::create(&app.crm, agent.id, at("2026-11-25T10:00:00Z"), at("2026-11-25T11:00:00Z"), "").await.unwrap();
        let add = async |browser: &mut Browser, day: &str, time: &str, anyway: &str| {
            let fields = [("client", jane.as_str()), ("listing", &oak), ("day", day), ("time", time), ("anyway", anyway)];
            browser.post(&format!("{PATH}/new"), &fields).await
        };
        for (day, time, told) in [
            ("2026-11-24", "12:30", "is outside the hours in which you give showings there"),
            ("2026-11-25", "10:15", "is at a time that you have blocked"),
        ] {
            let page = add(&mut browser, day, time, "").await.expect(422).text();
            assert!(page.contains(told) && page.contains("name=\"anyway\"") && !page.contains("override"), "{page}");
            let _ = add(&mut browser, day, time, "1").await.expect(303);
        }
        // Within them nothing is asked, however soon; years ahead nothing helps.
        let _ = add(&mut browser, "2026-11-23", "15:30", "").await.expect(303);
        let page = add(&mut browser, "9998-11-23", "15:30", "1").await.expect(422).text();
        assert!(page.contains("Is more than ten years ahead"), "{page}");
    }

    async fn no_answer_books_a_time_twice(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "America/New_York").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let [first, second] = [request(agent, &jane, &oak, &["2026-11-24T15:00:00Z"]).await, request(agent, &jane, &oak, &["2026-11-24T15:10:00Z"]).await];
        let mut browser = app.sign_in(agent).await;
        let _ = browser.post(&format!("{PATH}/{first}/confirm"), &[("at", "2026-11-24T15:00:00Z")]).await.expect(303);
        let page = browser.post(&format!("{PATH}/{second}/confirm"), &[("at", "2026-11-24T15:10:00Z"), ("here", "/dashboard")]).await.expect(422).text();
        assert!(page.contains("Overlaps the showing that is confirmed for Tue 24 Nov 2026, 10:00"), "{page}");
        let fields = [("client", jane.as_str()), ("listing", &oak), ("day", "2026-11-24"), ("time", "10:20")];
        let page = browser.post(&format!("{PATH}/new"), &fields).await.expect(422).text();
        assert!(page.contains("Overlaps the showing that is confirmed for Tue 24 Nov 2026, 10:00") && page.contains("value=\"10:20\""), "{page}");
        assert_eq!(get(agent, &second).await["status"], "requested");
    }

    async fn other_times_are_offered_as_the_agent_is_free(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let id = request(agent, &jane, &oak, &["2026-11-25T15:00:00Z"]).await;
        let mut browser = app.sign_in(agent).await;
        let path = format!("{PATH}/{id}");
        // Without hours every time is as good as another.
        assert!(!browser.get(&path).await.expect(200).text().contains("You are free next"));
        set_hours(&app).await;
        let page = browser.get(&path).await.expect(200).text();
        let offered = page.split("You are free next").nth(1).unwrap().split("</form>").next().unwrap();
        let first = offered.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(offered.matches("<button").count(), 6, "{offered}");
        let page = follow(&mut browser, &format!("{path}/confirm"), &[("at", &first)]).await;
        assert!(page.contains("The showing is confirmed.") && page.contains("You are free next"), "{page}");
        let _ = browser.post(&format!("{path}/end"), &[("status", "cancelled")]).await.expect(303);
        assert!(!browser.get(&path).await.expect(200).text().contains("You are free next"));
    }

    async fn showings_are_found_by_client_and_by_address(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (ada, grace) = (client(agent, "Ada Lovelace").await, client(agent, "Grace Hopper").await);
        let (oak, elm) = (listing(agent, "1 Oak St").await, listing(agent, "2 Elm St").await);
        for (who, place) in [(&ada, &oak), (&ada, &elm), (&grace, &elm)] {
            let _ = request(agent, who, place, &["2026-11-30T15:00:00Z"]).await;
        }
        crm::search::index_all(&app.crm).await.unwrap();
        let mut browser = app.sign_in(agent).await;
        assert_eq!(addresses(&mut browser, "q=lovelace").await, ["2 Elm St", "1 Oak St"]);
        assert_eq!(addresses(&mut browser, "q=elm").await, ["2 Elm St", "2 Elm St"]);
        assert_eq!(addresses(&mut browser, "q=lovelace&status=confirmed").await, [] as [&str; 0]);
        assert_eq!(addresses(&mut browser, "q=nobody").await, [] as [&str; 0]);
        // Words of a client and of a listing together find the showings of both.
        assert_eq!(addresses(&mut browser, "q=lovelace+elm").await, ["2 Elm St"]);
        assert_eq!(addresses(&mut browser, "q=elm+st+ada").await, ["2 Elm St"]);
        assert_eq!(addresses(&mut browser, "q=hopper+oak").await, [] as [&str; 0]);
        assert_eq!(addresses(&mut browser, "q=lovelace+nobody").await, [] as [&str; 0]);
    }

    async fn one_that_the_agent_adds_is_confirmed_and_no_request(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let mut browser = app.sign_in(agent).await;
        let page = browser.get(&format!("{PATH}/new?client={jane}&listing={oak}")).await.expect(200).text();
        assert_eq!(page.matches(" selected>").count(), 2, "{page}");
        let once = page.split("name=\"once\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let mut fields = vec![("once", once.as_str()), ("client", &jane), ("listing", &oak), ("day", "2026-11-20"), ("time", "10:00")];
        let page = browser.post(&format!("{PATH}/new"), &fields).await.expect(422).text();
        assert!(page.contains("Must be in the future") && page.contains("value=\"2026-11-20\""), "{page}");
        let page = browser.post(&format!("{PATH}/new"), &[("client", ""), ("listing", "x"), ("day", ""), ("time", "")]).await.expect(422).text();
        assert!(page.matches("Is required").count() >= 2, "{page}");
        fields[3] = ("day", "2026-11-27");
        let made = browser.post(&format!("{PATH}/new"), &fields).await.expect(303).header("location").to_owned();
        // A second click.
        assert_eq!(browser.post(&format!("{PATH}/new"), &fields).await.expect(303).header("location"), made);
        let page = browser.get(&made).await.expect(200).text();
        assert!(page.contains("The showing is added, and confirmed.") && page.contains("Confirmed for Fri 27 Nov 2026, 10:00"), "{page}");
        let list = agent.api.get("/api/v1/showings").await.expect(200).json();
        assert_eq!((&list["total"], &list["showings"][0]["confirmedTime"]), (&json!(1), &json!("2026-11-27T10:00:00.000Z")));
        assert_eq!(agent.api.get("/api/v1/events?type=showing.requested").await.json()["events"], json!([]));
        // It stands with its client, with its listing, and under Today when its day has come.
        let id = list["showings"][0]["id"].as_str().unwrap();
        for page in [format!("/dashboard/clients/{jane}"), format!("/dashboard/listings/{oak}")] {
            let page = browser.get(&page).await.expect(200).text();
            assert!(page.contains(&format!("{PATH}/{id}")), "{page}");
        }
        assert!(!browser.get("/dashboard").await.expect(200).text().contains(id));
        app.clock.advance(HOUR * 24 * 4);
        let mut browser = app.sign_in(agent).await;
        let page = browser.get("/dashboard").await.expect(200).text();
        assert!(page.contains(id) && page.contains("Showing with Jane"), "{page}");
    }

    async fn erasing_a_client_erases_what_was_kept_of_their_showings(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let (jane, oak) = (client(agent, "Jane").await, listing(agent, "Oak").await);
        let id = request(agent, &jane, &oak, &["2026-11-30T15:00:00Z"]).await;
        crm::mails::tell_leads(&app.crm).await.unwrap();
        let _ = agent.api.patch(&format!("/api/v1/showings/{id}"), &json!({"status": "confirmed"})).await.expect(200);
        let count = async |table: &'static str| {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            app.crm.database().read("test.count", move |tx| tx.query_one(&sql, &[], |row| row.get::<i64>(0))).await.unwrap()
        };
        let kept = ["showing_steps", "showing_reminders", "showing_links"];
        for table in kept {
            assert!(count(table).await > 0, "{table}");
        }
        let _ = agent.api.delete(&format!("/api/v1/clients/{jane}")).await.expect(204);
        app.clock.advance(crm::trash::KEPT + HOUR);
        assert_eq!(crm::trash::erase_due(&app.crm).await.unwrap(), 1);
        for table in kept {
            assert_eq!(count(table).await, 0, "{table}");
        }
    }
}

on_both_engines_with! {
    settings();

    async fn the_list_is_by_time_page_after_page(app: TestApp) {
        let agent = &app.agent;
        live_in(&app, "UTC").await;
        let jane = client(agent, "Jane").await;
        let mut ids = Vec::new();
        // Made in another order than they take place in.
        for n in (0..65).rev() {
            let home = listing(agent, &format!("Home {n:02}")).await;
            let at = format!("2026-11-{:02}T{:02}:00:00Z", 24 + n / 13, n % 13);
            let id = request(agent, &jane, &home, &[&at]).await;
            if n != 7 {
                let _ = agent.api.patch(&format!("/api/v1/showings/{id}"), &json!({"status": "confirmed"})).await.expect(200);
            }
            ids.push(id);
        }
        let mut browser = app.sign_in(agent).await;
        let names = |range: std::ops::Range<usize>| range.filter(|n| *n != 7).map(|n| format!("Home {n:02}")).collect::<Vec<_>>();
        assert_eq!(addresses(&mut browser, "").await, names(0..31));
        let page = browser.get(PATH).await.expect(200).text();
        let next = page.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&");
        let query = next.split_once('?').unwrap().1.to_owned();
        assert_eq!(addresses(&mut browser, &query).await, names(31..61));
        assert_eq!(addresses(&mut browser, "view=waiting").await, ["Home 07"]);
        assert_eq!(addresses(&mut browser, "view=past").await, [] as [&str; 0]);
        app.clock.advance(HOUR * 24);
        let mut browser = app.sign_in(agent).await;
        let mut past = names(0..13);
        past.reverse();
        assert_eq!(addresses(&mut browser, "view=past").await, past);
        // Called off, it is no more ahead.
        let _ = browser.post(&format!("{PATH}/{}/end", ids[64 - 20]), &[("status", "cancelled")]).await.expect(303);
        assert!(!addresses(&mut browser, "").await.contains(&String::from("Home 20")));
        assert_eq!(addresses(&mut browser, "view=all&status=cancelled").await, ["Home 20"]);
        crm::search::index_all(&app.crm).await.unwrap();
        assert_eq!(addresses(&mut browser, "q=home+33").await, ["Home 33"]);
        assert_eq!(addresses(&mut browser, "after=nonsense").await.len(), 30);
    }
}
