use std::time::Duration;

use crm::{Error, ids::ListingId, listings, trash};
use db::params;
use serde_json::{Value, json};
use testkit::{Caller, on_both_engines};

/// A listing as the published list shows it.
fn oak_avenue() -> Value {
    json!({"address": "456 Oak Ave, Miami, FL", "price": 750000, "bedrooms": 4, "bathrooms": 3, "sqft": 2400})
}

/// Adds a listing; gives back its id.
async fn add(api: &Caller, listing: &Value) -> ListingId {
    let created = api.post("/api/v1/listings", listing).await.expect(201).json();
    created["listingId"].as_str().unwrap().parse().unwrap()
}

/// Adds a listing of an address and a status; gives back its path.
async fn add_as(api: &Caller, address: &str, status: &str) -> String {
    format!("/api/v1/listings/{}", add(api, &json!({"address": address, "price": 1, "status": status})).await)
}

fn addresses(page: &Value) -> Vec<&str> {
    page["listings"].as_array().unwrap().iter().map(|listing| listing["address"].as_str().unwrap()).collect()
}

/// The data of every `listing.created` so far.
async fn announced(api: &Caller) -> Vec<Value> {
    let feed = api.get("/api/v1/events?type=listing.created").await.expect(200).json();
    feed["events"].as_array().unwrap().iter().map(|event| event["data"].clone()).collect()
}

on_both_engines! {
    async fn a_listing_looks_as_published(app: TestApp) {
        let api = &app.agent.api;
        let created = api.post("/api/v1/listings", &oak_avenue()).await.expect(201);
        let id = created.json()["listingId"].as_str().unwrap().to_owned();
        assert_eq!(created.text(), format!("{{\"success\":true,\"listingId\":\"{id}\"}}"));
        assert_eq!(created.header("location"), format!("/api/v1/listings/{id}"));
        let list = api.get("/api/v1/listings").await.expect(200).text();
        let published = r#""address":"456 Oak Ave, Miami, FL","price":750000,"bedrooms":4,"bathrooms":3,"sqft":2400,"#;
        assert!(list.starts_with(&format!("{{\"listings\":[{{\"id\":\"{id}\",{published}")), "{list}");
        assert!(list.ends_with("}],\"total\":1}"), "{list}");
    }

    async fn an_address_is_kept_as_sent_and_a_blank_one_refused(app: TestApp) {
        let api = &app.agent.api;
        let sent = "  1 Main St\n\tApt 4 ";
        let path = format!("/api/v1/listings/{}", add(api, &json!({"address": sent, "price": 1})).await);
        assert_eq!(api.get(&path).await.json()["address"], sent);
        assert_eq!(announced(api).await[0]["address"], sent);
        let changed = api.patch(&path, &json!({"address": " 2 Main St "})).await.expect(200).json();
        assert_eq!(changed["address"], " 2 Main St ");
        for wrong in [json!(" \t"), json!(""), json!(null), json!("x".repeat(500) + " ")] {
            let refused = api.post("/api/v1/listings", &json!({"address": wrong, "price": 1})).await.expect(400).json();
            assert_eq!(refused["errors"][0]["field"], "address", "{wrong}");
            let _ = api.patch(&path, &json!({"address": wrong})).await.expect(400);
        }
        assert_eq!(api.get(&path).await.json()["address"], " 2 Main St ");
    }

    async fn a_listing_keeps_everything_it_was_told(app: TestApp) {
        let api = &app.agent.api;
        let mut sent = json!({
            "address": " 456 Oak Ave ", "price": 1234.56, "bedrooms": 0, "bathrooms": 2.75, "sqft": 2400, "status": "coming_soon",
            "currency": "EUR", "mlsNumber": "A11234567", "propertyType": "Residential Lease", "propertySubType": "Townhouse",
            "description": "Bright\n<b>corner</b>", "city": "Miami", "stateOrProvince": "FL", "postalCode": "33133",
            "countyOrParish": "Miami-Dade", "country": "US", "unitNumber": "4B", "latitude": 25.761_679_800_000_002,
            "longitude": -80.191_8, "lotSizeSqft": 7500.5, "yearBuilt": 1998, "garageSpaces": 2.5, "hasPool": false,
            "associationFee": 250.1, "associationFeeFrequency": "Semi-Annually", "taxAnnualAmount": 9800, "originalPrice": 775000,
            "closePrice": 0.01, "closeDate": "2024-02-29", "onMarketDate": "2026-10-01", "expirationDate": "2027-03-31",
            "virtualTourUrl": "https://tours.example.com/456?x=1#y", "privateRemarks": "January", "showingInstructions": "Call first",
        });
        let id = add(api, &sent).await;
        sent["id"] = json!(id.to_string());
        sent["createdAt"] = json!("2026-11-23T15:00:00.000Z");
        sent["updatedAt"] = sent["createdAt"].clone();
        let path = format!("/api/v1/listings/{id}");
        assert_eq!(api.get(&path).await.expect(200).json(), sent);
        // A change of one field leaves every other bit as it was.
        sent["city"] = json!("Coral Gables");
        assert_eq!(api.patch(&path, &json!({"city": "Coral Gables"})).await.expect(200).json(), sent);
        assert_eq!(api.get(&path).await.expect(200).json(), sent);
    }

    async fn an_address_and_a_price_are_enough(app: TestApp) {
        let api = &app.agent.api;
        let id = add(api, &json!({"address": "1 Main St", "price": 0, "bedrooms": "", "sqft": null, "status": "", "city": " "})).await;
        let listing = api.get(&format!("/api/v1/listings/{id}")).await.expect(200).json();
        for (field, value) in listing.as_object().unwrap() {
            let known = ["id", "address", "price", "status", "currency", "createdAt", "updatedAt"].contains(&field.as_str());
            assert_eq!(!value.is_null(), known, "{field}: {value}");
        }
        assert_eq!((&listing["status"], &listing["currency"]), (&json!("active"), &json!("USD")));
        for (refused, field) in [
            (json!({"price": 1}), "address"),
            (json!({"address": "x"}), "price"),
            (json!({"address": "x", "price": "1"}), "price"),
            (json!({"address": "x", "price": 0.001}), "price"),
            (json!({"address": "x", "price": 1, "bathrooms": 1.1}), "bathrooms"),
            (json!({"address": "x", "price": 1, "status": "sold"}), "status"),
            (json!({"address": "x", "price": 1, "virtualTourUrl": "javascript:alert(1)"}), "virtualTourUrl"),
        ] {
            let problem = api.post("/api/v1/listings", &refused).await.expect(400).json();
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        }
    }

    async fn the_list_is_of_active_ones_unless_asked_otherwise(app: TestApp) {
        let api = &app.agent.api;
        for status in ["draft", "coming_soon", "active", "active_under_contract", "pending", "closed", "hold", "withdrawn", "canceled", "expired"] {
            let _ = add_as(api, status, status).await;
        }
        for (query, expected) in [
            ("", vec!["active"]),
            ("status=active", vec!["active"]),
            ("status=", vec!["active"]),
            ("status=pending", vec!["pending"]),
            ("status=all&limit=3", vec!["expired", "canceled", "withdrawn"]),
            ("status=all&limit=2&offset=8", vec!["coming_soon", "draft"]),
            ("email=nobody@example.com&phone=1&source=x", vec!["active"]),
        ] {
            let page = api.get(&format!("/api/v1/listings?{query}")).await.expect(200).json();
            assert_eq!(addresses(&page), expected, "{query}");
            assert_eq!(page["total"], if query.contains("all") { 10 } else { 1 }, "{query}");
        }
        let problem = api.get("/api/v1/listings?status=sold").await.expect(400).json();
        assert!(problem["detail"].as_str().unwrap().contains("all, draft, coming_soon, active"), "{problem}");
    }

    async fn without_a_limit_the_fifty_first_is_there_too(app: TestApp) {
        for n in 0..60 {
            let new = json!({"address": format!("{n} Main St"), "price": 1});
            let new = listings::NewListing::read(new.as_object().unwrap()).unwrap();
            listings::create(&app.crm, app.agent.id, new, None).await.unwrap();
        }
        let page = app.agent.api.get("/api/v1/listings").await.expect(200).json();
        assert_eq!((addresses(&page).len(), &page["total"], &page["nextCursor"]), (60, &json!(60), &Value::Null));
        let page = app.agent.api.get("/api/v1/listings?limit=50").await.expect(200).json();
        let rest = app.agent.api.get(&format!("/api/v1/listings?limit=50&cursor={}", page["nextCursor"].as_str().unwrap())).await.expect(200).json();
        assert_eq!((addresses(&page).len(), addresses(&rest).len()), (50, 10));
        let _ = app.agent.api.get("/api/v1/listings?limit=101").await.expect(400);
    }

    async fn a_listing_is_announced_once_when_it_first_is_no_draft(app: TestApp) {
        let api = &app.agent.api;
        let draft = add_as(api, "1 Draft St", "draft").await;
        let _ = api.patch(&draft, &json!({"price": 2})).await.expect(200);
        assert_eq!(announced(api).await, [] as [Value; 0]);
        app.clock.advance(Duration::from_secs(1));
        let offered = api.patch(&draft, &json!({"status": "coming_soon"})).await.expect(200).json();
        assert_eq!(announced(api).await, [offered]);
        for status in ["draft", "active", "draft", "closed"] {
            let _ = api.patch(&draft, &json!({"status": status})).await.expect(200);
        }
        assert_eq!(announced(api).await.len(), 1);

        let id = add(api, &oak_avenue()).await;
        let path = format!("/api/v1/listings/{id}");
        let listing = api.get(&path).await.expect(200).json();
        assert_eq!(announced(api).await[1], listing);
        // Neither a deletion nor its undoing makes it new again.
        let _ = api.delete(&path).await.expect(204);
        let _ = listings::restore(&app.crm, app.agent.id, id).await.unwrap();
        let _ = api.patch(&path, &json!({"status": "pending"})).await.expect(200);
        assert_eq!(announced(api).await.len(), 2);
    }

    async fn the_event_has_the_records_keys_the_telling_ones_first(app: TestApp) {
        let api = &app.agent.api;
        let id = add(api, &oak_avenue()).await;
        let feed = api.get("/api/v1/events").await.expect(200).text();
        let data = feed.split_once("\"data\":").unwrap().1;
        let first = format!(r#"{{"address":"456 Oak Ave, Miami, FL","price":750000,"bedrooms":4,"bathrooms":3,"sqft":2400,"id":"{id}","status":"active","#);
        assert!(data.starts_with(&first), "{data}");
        let record = api.get(&format!("/api/v1/listings/{id}")).await.expect(200).json();
        assert_eq!(announced(api).await, [record]);
    }

    async fn a_change_clears_with_null_but_not_what_is_required(app: TestApp) {
        let api = &app.agent.api;
        let mut sent = oak_avenue();
        sent["closePrice"] = json!(740_000);
        sent["currency"] = json!("CAD");
        let path = format!("/api/v1/listings/{}", add(api, &sent).await);
        app.clock.advance(Duration::from_secs(1));
        let changed = api.patch(&path, &json!({"closePrice": null, "sqft": null, "bathrooms": 2.5, "currency": null, "id": "x"})).await;
        let changed = changed.expect(200).json();
        assert_eq!((&changed["closePrice"], &changed["sqft"], &changed["bathrooms"], &changed["currency"]), (&json!(null), &json!(null), &json!(2.5), &json!("USD")));
        assert_eq!(changed["updatedAt"], "2026-11-23T15:00:01.000Z");
        app.clock.advance(Duration::from_secs(1));
        assert_eq!(api.patch(&path, &json!({"bathrooms": 2.5, "price": 750000.0})).await.expect(200).json(), changed);
        for refused in [json!({"address": null}), json!({"address": " "}), json!({"price": null}), json!({"price": ""}), json!({"status": null}), json!({"currency": "usd"})] {
            let _ = api.patch(&path, &refused).await.expect(400);
        }
        assert_eq!(api.get(&path).await.expect(200).json(), changed);
    }

    async fn a_change_based_on_an_old_state_is_refused(app: TestApp) {
        let api = &app.agent.api;
        let path = format!("/api/v1/listings/{}", add(api, &oak_avenue()).await);
        let tag = api.get(&path).await.expect(200).header("etag").to_owned();
        let _ = api.with("If-None-Match", &tag).get(&path).await.expect(304);
        let changed = api.with("If-Match", &tag).patch(&path, &json!({"status": "pending"})).await.expect(200);
        let _ = api.with("If-Match", &tag).patch(&path, &json!({"status": "closed"})).await.expect(412);
        let _ = api.with("If-Match", &tag).delete(&path).await.expect(412);
        assert_eq!(api.get("/api/v1/listings").await.json(), json!({"listings": [], "total": 0}));
        assert_eq!(api.get("/api/v1/listings?status=pending").await.json()["total"], 1);
        let _ = api.with("If-Match", changed.header("etag")).delete(&path).await.expect(204);
        let _ = api.get(&path).await.expect(404);
        let _ = api.delete(&path).await.expect(404);
        assert_eq!(api.get("/api/v1/listings?status=all").await.json(), json!({"listings": [], "total": 0}));
    }

    async fn a_repeated_request_adds_one_listing(app: TestApp) {
        let api = app.agent.api.with("Idempotency-Key", "abc");
        let first = api.post("/api/v1/listings", &oak_avenue()).await.expect(201);
        let second = api.post("/api/v1/listings", &oak_avenue()).await.expect(201);
        assert_eq!((first.text(), second.header("idempotent-replayed")), (second.text(), "true"));
        let _ = api.post("/api/v1/listings", &json!({"address": "x", "price": 1})).await.expect(422);
        assert_eq!(api.get("/api/v1/listings").await.json()["total"], 1);
        assert_eq!(announced(&api).await.len(), 1);
    }

    async fn times_narrow_and_order_the_list(app: TestApp) {
        let api = &app.agent.api;
        let first = add_as(api, "A", "active").await;
        app.clock.advance(Duration::from_secs(10));
        let _ = add_as(api, "B", "active").await;
        app.clock.advance(Duration::from_secs(10));
        let _ = api.patch(&first, &json!({"price": 2})).await.expect(200);
        for (query, expected) in [
            ("since=2026-11-23T15:00:10Z", vec!["B"]),
            ("updatedSince=2026-11-23T15:00:20Z", vec!["A"]),
            ("sort=createdAt", vec!["A", "B"]),
            ("sort=-updatedAt", vec!["A", "B"]),
            ("since=2027-01-01T00:00:00Z", vec![]),
        ] {
            let page = api.get(&format!("/api/v1/listings?{query}")).await.expect(200).json();
            assert_eq!((addresses(&page), &page["total"]), (expected.clone(), &json!(expected.len())), "{query}");
        }
    }

    async fn a_deleted_listing_comes_back_whole_for_thirty_days(app: TestApp) {
        let api = &app.agent.api;
        let mut sent = oak_avenue();
        sent["hasPool"] = json!(true);
        sent["bathrooms"] = json!(2.25);
        let [id, late] = [add(api, &sent).await, add(api, &oak_avenue()).await];
        let path = format!("/api/v1/listings/{id}");
        let mut expected = api.get(&path).await.expect(200).json();
        for id in [id, late] {
            let _ = api.delete(&format!("/api/v1/listings/{id}")).await.expect(204);
        }
        let other = app.another_agent("Other Agent").await;
        assert_eq!(listings::restore(&app.crm, other.id, id).await, Err(Error::NotFound));
        app.clock.advance(trash::KEPT - Duration::from_millis(1));
        let _ = listings::restore(&app.crm, app.agent.id, id).await.unwrap();
        expected["updatedAt"] = json!("2026-12-23T14:59:59.999Z");
        assert_eq!(api.get(&path).await.expect(200).json(), expected);
        assert_eq!(api.get("/api/v1/listings").await.json()["total"], 1);
        app.clock.advance(Duration::from_millis(1));
        assert_eq!(listings::restore(&app.crm, app.agent.id, late).await, Err(Error::NotFound));
        assert_eq!(trash::erase_due(&app.crm).await, Ok(1));
        let agent = app.agent.id;
        let left = app.crm.database().read("test.count", move |tx| {
            tx.query_one("SELECT COUNT(*) FROM trash WHERE agent_id = $1", params![&agent], |row| row.get::<i64>(0))
        });
        assert_eq!(left.await, Ok(0));
    }
}
