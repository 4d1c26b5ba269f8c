use std::time::Duration;

use crm::{clients, listings, trash};
use db::params;
use serde_json::{Value, json};
use testkit::{Caller, TestApp, on_both_engines};

const NOON: &str = "2026-11-24T12:00:00.000Z";
const ONE: &str = "2026-11-24T13:00:00.000Z";
const TWO: &str = "2026-11-24T14:00:00.000Z";

/// Adds a client; gives back its id.
async fn add_client(api: &Caller, name: &str) -> String {
    let client =
        json!({"name": name, "email": format!("{}@example.com", name.to_lowercase()), "phone": "(555) 987-6543"});
    api.post("/api/v1/clients", &client).await.expect(201).json()["clientId"].as_str().unwrap().to_owned()
}

/// Adds a listing; gives back its id.
async fn add_listing(api: &Caller, address: &str) -> String {
    let listing = json!({"address": address, "price": 1});
    api.post("/api/v1/listings", &listing).await.expect(201).json()["listingId"].as_str().unwrap().to_owned()
}

/// Requests a showing; gives back its path.
async fn request(api: &Caller, client: &str, listing: &str, times: &[&str]) -> String {
    let showing = json!({"clientId": client, "listingId": listing, "requestedTimes": times});
    let created = api.post("/api/v1/showings", &showing).await.expect(201);
    created.header("location").to_owned()
}

/// Requests a showing of a new client and listing.
async fn request_one(api: &Caller, times: &[&str]) -> String {
    let client = add_client(api, "Jane").await;
    let listing = add_listing(api, "1 Main St").await;
    request(api, &client, &listing, times).await
}

/// How many showings each list of a status has.
async fn totals(api: &Caller) -> Vec<i64> {
    let mut totals = Vec::new();
    for query in
        ["", "?status=requested", "?status=confirmed", "?status=declined", "?status=cancelled", "?status=completed"]
    {
        let page = api.get(&format!("/api/v1/showings{query}")).await.expect(200).json();
        assert_eq!(page["total"], page["showings"].as_array().unwrap().len());
        totals.push(page["total"].as_i64().unwrap());
    }
    totals
}

async fn addresses(api: &Caller, query: &str) -> Vec<String> {
    let page = api.get(&format!("/api/v1/showings{query}")).await.expect(200).json();
    let addresses =
        page["showings"].as_array().unwrap().iter().map(|showing| showing["address"].as_str().unwrap().to_owned());
    let addresses = addresses.collect::<Vec<_>>();
    assert_eq!(page["total"], addresses.len());
    addresses
}

fn errors(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors.map(|error| (error["field"].as_str().unwrap(), error["message"].as_str().unwrap())).collect()
}

async fn rows(app: &TestApp, sql: &'static str) -> i64 {
    let agent = app.agent.id;
    app.crm
        .database()
        .read("test.count", move |tx| tx.query_one(sql, params![&agent], |row| row.get::<i64>(0)))
        .await
        .unwrap()
}

on_both_engines! {
    async fn a_requested_showing_tells_who_and_where(app: TestApp) {
        let api = &app.agent.api;
        let client = add_client(api, "Jane").await;
        let listing = add_listing(api, "456 Oak Ave, Miami, FL").await;
        let sent = json!({"clientId": client, "listingId": listing, "requestedTimes": [ONE, "2026-11-24T07:00:00-05:00"], "notes": "The garden?", "override": true});
        let created = api.post("/api/v1/showings", &sent).await.expect(201);
        let id = created.json()["showingId"].as_str().unwrap().to_owned();
        assert_eq!(created.text(), format!("{{\"success\":true,\"showingId\":\"{id}\"}}"));
        assert_eq!(created.header("location"), format!("/api/v1/showings/{id}"));
        let expected = json!({
            "id": id, "status": "requested", "clientId": client, "listingId": listing, "requestedTimes": [ONE, NOON], "confirmedTime": null,
            "notes": "The garden?", "name": "Jane", "email": "jane@example.com", "phone": "(555) 987-6543", "address": "456 Oak Ave, Miami, FL",
            "createdAt": "2026-11-23T15:00:00.000Z", "updatedAt": "2026-11-23T15:00:00.000Z",
        });
        assert_eq!(api.get(&format!("/api/v1/showings/{id}")).await.expect(200).json(), expected);
        assert_eq!(api.get("/api/v1/showings").await.expect(200).json(), json!({"showings": [expected], "total": 1}));

        let feed = api.get("/api/v1/events?type=showing.requested").await.expect(200);
        assert_eq!(feed.json()["events"][0]["data"], expected);
        let feed = feed.text();
        let data = feed.split_once("\"data\":").unwrap().1;
        let first = format!(
            r#"{{"name":"Jane","email":"jane@example.com","phone":"(555) 987-6543","address":"456 Oak Ave, Miami, FL","requestedTimes":["{ONE}","{NOON}"],"notes":"The garden?","id":"{id}","clientId":"{client}","listingId":"{listing}","#
        );
        assert!(data.starts_with(&first), "{data}");

        // The record follows its client and listing; the event stays as it was.
        let _ = api.patch(&format!("/api/v1/clients/{client}"), &json!({"name": "Jane Doe", "phone": null})).await.expect(200);
        let _ = api.patch(&format!("/api/v1/listings/{listing}"), &json!({"address": "456 Oak Ave"})).await.expect(200);
        let showing = api.get(&format!("/api/v1/showings/{id}")).await.expect(200).json();
        assert_eq!((&showing["name"], &showing["phone"], &showing["address"]), (&json!("Jane Doe"), &json!(null), &json!("456 Oak Ave")));
        assert_eq!(api.get("/api/v1/events?type=showing.requested").await.json()["events"][0]["data"], expected);
    }

    async fn a_request_names_a_client_a_listing_and_times_to_come(app: TestApp) {
        let api = &app.agent.api;
        let client = add_client(api, "Jane").await;
        let listing = add_listing(api, "1 Main St").await;
        let draft = api.post("/api/v1/listings", &json!({"address": "x", "price": 1, "status": "draft"})).await.expect(201).json();
        let now = "2026-11-23T15:00:00Z";
        for (sent, fields) in [
            (json!({}), vec!["clientId", "listingId", "requestedTimes"]),
            (json!({"clientId": "", "listingId": null, "requestedTimes": []}), vec!["clientId", "listingId", "requestedTimes"]),
            (json!({"clientId": listing, "listingId": client, "requestedTimes": [NOON]}), vec!["clientId", "listingId"]),
            (json!({"clientId": client, "listingId": listing, "requestedTimes": NOON}), vec!["requestedTimes"]),
            (json!({"clientId": client, "listingId": listing, "requestedTimes": [NOON, ONE, TWO, "2026-11-24T15:00:00Z"]}), vec!["requestedTimes"]),
            (json!({"clientId": client, "listingId": listing, "requestedTimes": [NOON, "2026-11-24T12:00:00Z"]}), vec!["requestedTimes[1]"]),
            (json!({"clientId": client, "listingId": listing, "requestedTimes": [NOON, "tomorrow"]}), vec!["requestedTimes[1]"]),
            (json!({"clientId": client, "listingId": listing, "requestedTimes": [NOON, now]}), vec!["requestedTimes[1]"]),
            (json!({"clientId": client, "listingId": listing, "requestedTimes": [NOON], "override": 1}), vec!["override"]),
            (json!({"clientId": client, "listingId": draft["listingId"], "requestedTimes": [NOON]}), vec!["listingId"]),
        ] {
            let problem = api.post("/api/v1/showings", &sent).await.expect(400).json();
            assert_eq!(errors(&problem).iter().map(|(field, _)| *field).collect::<Vec<_>>(), fields, "{problem}");
        }
        assert_eq!(totals(api).await[0], 0);
        assert_eq!(api.get("/api/v1/events?type=showing.requested").await.json()["events"], json!([]));
        let _ = request(api, &client, &listing, &["2026-11-23T15:00:00.001Z"]).await;
    }

    async fn a_foreign_id_is_refused_in_the_words_of_one_that_never_was(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let (their_client, their_listing) = (add_client(&other.api, "Eve").await, add_listing(&other.api, "Theirs").await);
        let api = &app.agent.api;
        let never = |id: &str| format!("{}_00000000000000000000000000", id.split_once('_').unwrap().0);
        let mut answers = Vec::new();
        for (client, listing) in [(their_client.clone(), their_listing.clone()), (never(&their_client), never(&their_listing)), ("x".to_owned(), "y".to_owned())] {
            let sent = json!({"clientId": client, "listingId": listing, "requestedTimes": [NOON]});
            let problem = api.post("/api/v1/showings", &sent).await.expect(400).json();
            answers.push(errors(&problem).iter().map(|(field, message)| format!("{field} {message}")).collect::<Vec<_>>());
        }
        assert_eq!(answers[0], ["clientId is not the id of a record of yours", "listingId is not the id of a record of yours"]);
        assert_eq!((&answers[1], &answers[2]), (&answers[0], &answers[0]));
    }

    async fn a_showing_goes_from_request_to_completion(app: TestApp) {
        let api = &app.agent.api;
        let path = request_one(api, &[NOON, ONE]).await;
        let problem = api.patch(&path, &json!({"status": "confirmed"})).await.expect(400).json();
        assert_eq!(errors(&problem)[0].0, "confirmedTime");
        let _ = api.patch(&path, &json!({"status": "completed"})).await.expect(400);
        let _ = api.patch(&path, &json!({"confirmedTime": TWO})).await.expect(400);
        app.clock.advance(Duration::from_secs(1));
        let confirmed = api.patch(&path, &json!({"status": "confirmed", "confirmedTime": TWO, "notes": "At the gate"})).await.expect(200).json();
        assert_eq!((&confirmed["status"], &confirmed["confirmedTime"], &confirmed["notes"]), (&json!("confirmed"), &json!(TWO), &json!("At the gate")));
        assert_eq!(confirmed["updatedAt"], "2026-11-23T15:00:01.000Z");
        assert_eq!(totals(api).await, [1, 0, 1, 0, 0, 0]);

        let moved = api.patch(&path, &json!({"confirmedTime": "2026-11-25T09:00:00+01:00"})).await.expect(200).json();
        assert_eq!(moved["confirmedTime"], "2026-11-25T08:00:00.000Z");
        let _ = api.patch(&path, &json!({"status": "requested"})).await.expect(400);
        let _ = api.patch(&path, &json!({"status": "confirmed", "confirmedTime": "2026-11-23T15:00:01Z"})).await.expect(400);
        app.clock.advance(Duration::from_secs(3 * 24 * 60 * 60));
        let done = api.patch(&path, &json!({"status": "completed"})).await.expect(200).json();
        assert_eq!((&done["status"], &done["confirmedTime"]), (&json!("completed"), &moved["confirmedTime"]));
        assert_eq!(totals(api).await, [1, 0, 0, 0, 0, 1]);
        assert_eq!(api.get(&path).await.expect(200).json(), done);
        // Moving a showing raises nothing.
        assert_eq!(api.get("/api/v1/events?type=showing.requested").await.json()["events"].as_array().unwrap().len(), 1);
    }

    async fn the_only_time_is_the_one_confirmed_while_it_is_to_come(app: TestApp) {
        let api = &app.agent.api;
        let client = add_client(api, "Jane").await;
        let listing = add_listing(api, "1 Main St").await;
        let [first, second] = [request(api, &client, &listing, &[NOON]).await, request(api, &client, &listing, &[NOON]).await];
        let confirmed = api.patch(&first, &json!({"status": "confirmed", "confirmedTime": ""})).await.expect(200).json();
        assert_eq!(confirmed["confirmedTime"], NOON);
        app.clock.advance(Duration::from_secs(24 * 60 * 60));
        let problem = api.patch(&second, &json!({"status": "confirmed"})).await.expect(400).json();
        assert_eq!(errors(&problem), [("confirmedTime", "must be in the future")]);
    }

    async fn the_same_again_changes_nothing(app: TestApp) {
        let api = &app.agent.api;
        let path = request_one(api, &[NOON]).await;
        for change in [json!({"status": "requested"}), json!({"status": "confirmed"}), json!({"status": "cancelled"})] {
            let once = api.patch(&path, &change).await.expect(200);
            app.clock.advance(Duration::from_secs(24 * 60 * 60 / 2));
            let again = api.patch(&path, &once.json()).await.expect(200);
            assert_eq!((again.text(), again.header("etag")), (once.text(), once.header("etag")));
            assert_eq!(api.patch(&path, &change).await.expect(200).text(), once.text());
        }
    }

    async fn what_is_declined_cancelled_or_completed_stays_so(app: TestApp) {
        let api = &app.agent.api;
        let client = add_client(api, "Jane").await;
        let listing = add_listing(api, "1 Main St").await;
        for end in ["declined", "cancelled", "completed"] {
            let path = request(api, &client, &listing, &[NOON]).await;
            if end == "completed" {
                let _ = api.patch(&path, &json!({"status": "confirmed"})).await.expect(200);
            }
            let ended = api.patch(&path, &json!({"status": end})).await.expect(200).json();
            for status in ["requested", "confirmed", "declined", "cancelled", "completed"] {
                if status != end {
                    let problem = api.patch(&path, &json!({"status": status, "notes": "lost"})).await.expect(400).json();
                    assert_eq!(errors(&problem), [("status", format!("is final: a {end} showing does not change").as_str())]);
                }
            }
            let _ = api.patch(&path, &json!({"confirmedTime": TWO})).await.expect(400);
            assert_eq!(api.get(&path).await.expect(200).json(), ended);
            // Notes can still be kept.
            assert_eq!(api.patch(&path, &json!({"notes": "Bought elsewhere"})).await.expect(200).json()["notes"], "Bought elsewhere");
        }
        assert_eq!(totals(api).await, [3, 0, 0, 1, 1, 1]);
    }

    async fn a_change_based_on_an_old_state_is_refused(app: TestApp) {
        let api = &app.agent.api;
        let path = request_one(api, &[NOON]).await;
        let tag = api.get(&path).await.expect(200).header("etag").to_owned();
        let changed = api.with("If-Match", &tag).patch(&path, &json!({"status": "confirmed"})).await.expect(200);
        let _ = api.with("If-Match", &tag).patch(&path, &json!({"status": "declined"})).await.expect(412);
        assert_eq!(api.get(&path).await.header("etag"), changed.header("etag"));
        let _ = api.patch(&path, &json!({"status": "sold"})).await.expect(400);
        let _ = api.patch(&path, &json!({"status": null})).await.expect(400);
        assert_eq!(api.delete(&path).await.expect(405).header("allow"), "GET, HEAD, OPTIONS, PATCH");
    }

    async fn filters_narrow_the_list_and_its_total(app: TestApp) {
        let api = &app.agent.api;
        let (jane, john) = (add_client(api, "Jane").await, add_client(api, "John").await);
        let (a, b) = (add_listing(api, "A").await, add_listing(api, "B").await);
        let first = request(api, &jane, &a, &[NOON]).await;
        app.clock.advance(Duration::from_secs(10));
        let _ = request(api, &john, &b, &[NOON]).await;
        let _ = request(api, &jane, &b, &[NOON]).await;
        app.clock.advance(Duration::from_secs(10));
        let _ = api.patch(&first, &json!({"status": "declined"})).await.expect(200);
        for (query, expected) in [
            (String::new(), vec!["B", "B", "A"]),
            (format!("?clientId={jane}"), vec!["B", "A"]),
            (format!("?listingId={b}"), vec!["B", "B"]),
            (format!("?clientId={jane}&listingId={b}"), vec!["B"]),
            (format!("?clientId={jane}&status=declined"), vec!["A"]),
            (format!("?clientId={jane}&limit=1&offset=1"), vec!["A"]),
            (String::from("?status=requested"), vec!["B", "B"]),
            (String::from("?since=2026-11-23T15:00:10Z"), vec!["B", "B"]),
            (String::from("?updatedSince=2026-11-23T15:00:20Z"), vec!["A"]),
            (String::from("?sort=createdAt"), vec!["A", "B", "B"]),
            (String::from("?sort=-updatedAt"), vec!["A", "B", "B"]),
        ] {
            let page = api.get(&format!("/api/v1/showings{query}")).await.expect(200).json();
            let found = page["showings"].as_array().unwrap().iter().map(|showing| showing["address"].as_str().unwrap()).collect::<Vec<_>>();
            assert_eq!(found, expected, "{query}");
        }
        assert_eq!(api.get(&format!("/api/v1/showings?clientId={jane}&limit=1")).await.json()["total"], 2);
        let _ = api.get("/api/v1/showings?clientId=x").await.expect(400);
        let _ = api.get("/api/v1/showings?status=active").await.expect(400);
        // One by one, every showing comes once.
        let mut ids = Vec::new();
        let mut path = String::from("/api/v1/showings?limit=1");
        loop {
            let page = api.get(&path).await.expect(200).json();
            ids.push(page["showings"][0]["id"].clone());
            match page["nextCursor"].as_str() {
                Some(cursor) => path = format!("/api/v1/showings?limit=1&cursor={cursor}"),
                None => break,
            }
        }
        let all = api.get("/api/v1/showings").await.json();
        assert_eq!(json!(ids), all["showings"].as_array().unwrap().iter().map(|showing| showing["id"].clone()).collect::<Value>());
    }

    async fn showings_go_and_come_back_with_their_client_and_listing(app: TestApp) {
        let (api, agent) = (&app.agent.api, app.agent.id);
        let (jane, john) = (add_client(api, "Jane").await, add_client(api, "John").await);
        let (a, b) = (add_listing(api, "A").await, add_listing(api, "B").await);
        let both = request(api, &jane, &a, &[NOON]).await;
        let _ = api.patch(&both, &json!({"status": "confirmed"})).await.expect(200);
        let _ = request(api, &john, &a, &[NOON]).await;
        let _ = request(api, &jane, &b, &[NOON]).await;
        let before = api.get(&both).await.expect(200).json();

        let _ = api.delete(&format!("/api/v1/listings/{a}")).await.expect(204);
        let _ = api.get(&both).await.expect(404);
        let _ = api.patch(&both, &json!({"notes": "x"})).await.expect(404);
        assert_eq!(addresses(api, "").await, ["B"]);
        assert_eq!(totals(api).await, [1, 1, 0, 0, 0, 0]);
        let refused = json!({"clientId": jane, "listingId": a, "requestedTimes": [NOON]});
        let _ = api.post("/api/v1/showings", &refused).await.expect(400);

        let _ = api.delete(&format!("/api/v1/clients/{jane}")).await.expect(204);
        assert_eq!(totals(api).await, [0; 6]);
        // Jane is still gone: only John's comes back with the listing.
        let _ = listings::restore(&app.crm, agent, a.parse().unwrap()).await.unwrap();
        assert_eq!(totals(api).await, [1, 1, 0, 0, 0, 0]);
        assert_eq!(api.get("/api/v1/showings").await.json()["showings"][0]["name"], "John");
        app.clock.advance(Duration::from_secs(61));
        let _ = clients::restore(&app.crm, agent, jane.parse().unwrap()).await.unwrap();
        assert_eq!(totals(api).await, [3, 2, 1, 0, 0, 0]);
        let mut expected = before;
        expected["updatedAt"] = json!("2026-11-23T15:01:01.000Z");
        assert_eq!(api.get(&both).await.expect(200).json(), expected);
        assert_eq!(rows(&app, "SELECT COUNT(*) FROM trashed_showings WHERE agent_id = $1").await, 0);
    }

    async fn erasing_a_client_erases_their_showings_and_what_the_events_say(app: TestApp) {
        let api = &app.agent.api;
        let (jane, john) = (add_client(api, "Jane").await, add_client(api, "John").await);
        let listing = add_listing(api, "A").await;
        let _ = request(api, &jane, &listing, &[NOON]).await;
        let kept = request(api, &john, &listing, &[NOON]).await;
        let _ = api.delete(&format!("/api/v1/clients/{jane}")).await.expect(204);
        app.clock.advance(trash::KEPT);
        assert_eq!(trash::erase_due(&app.crm).await, Ok(1));
        let events = api.get("/api/v1/events?type=showing.requested").await.expect(200).json();
        assert_eq!((&events["events"][0]["data"], &events["events"][1]["data"]["name"]), (&json!(null), &json!("John")));
        assert_eq!(rows(&app, "SELECT COUNT(*) FROM trashed_showings WHERE agent_id = $1").await, 0);
        let _ = api.get(&kept).await.expect(200);
        assert_eq!(totals(api).await, [1, 1, 0, 0, 0, 0]);
    }
}
