//! Listings from a file, a sheet or RESO JSON: what is told first, what comes of it, and that the same file again changes rather than
//! adds.

use crm::{jobs, trash};
use serde_json::{Value, json};
use testkit::{Browser, TestApp, on_both_engines};

const PATH: &str = "/dashboard/listings/import";
const SHEET: &str = "MLS #,Street,City,State,Zip,List Price,Beds,Baths,Sq Ft,Status,Style\n\
                     A1,1 Main St,Miami,FL,33101,\"$750,000\",3,2.5,\"1,850\",Active,Bungalow\n\
                     A2,2 Oak Ave,Miami,FL,33133,call us,,,,Active,\n\
                     A3,3 Elm Ct,Miami,FL,33133,500000,2,1,900,Incomplete,Condo\n";

async fn send(browser: &mut Browser, name: &str, file: &str) -> String {
    browser.post_file(PATH, name, file.as_bytes()).await.expect(303).header("location").to_owned()
}

/// Runs an import to its end; its page.
async fn take_in(app: &TestApp, browser: &mut Browser, path: &str) -> String {
    let _ = browser.post(&format!("{path}/run"), &[]).await.expect(303);
    let _ = jobs::run_due(&app.crm).await.unwrap();
    browser.get(path).await.expect(200).text()
}

fn fact(page: &str, name: &str) -> u64 {
    let number =
        page.split(&format!("<dt>{name}</dt><dd>")).nth(1).and_then(|rest| rest.split('<').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("{name}: {page}"))
}

async fn all(app: &TestApp) -> Value {
    app.agent.api.get("/api/v1/listings?status=all&sort=createdAt").await.expect(200).json()["listings"].take()
}

async fn events(app: &TestApp) -> usize {
    let feed = app.agent.api.get("/api/v1/events?type=listing.created").await.expect(200).json();
    feed["events"].as_array().unwrap().len()
}

on_both_engines! {
    async fn a_sheet_is_looked_at_and_then_becomes_listings(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, "listings.csv", SHEET).await;
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(["Rows", "New listings", "Brought up to date", "Cannot be imported"].map(|name| fact(&page, name)), [3, 2, 0, 1]);
        assert!(page.contains("List Price: must be a number") && page.contains("Import 2 listings"), "{page}");
        assert!(page.contains("1 Main St, Miami, FL 33101") && page.contains("$750,000"), "{page}");
        assert_eq!((all(&app).await, events(&app).await), (json!([]), 0), "a look writes nothing");
        let page = take_in(&app, &mut browser, &path).await;
        assert_eq!(["Listings imported", "Could not be imported"].map(|name| fact(&page, name)), [2, 1]);
        let listings = all(&app).await;
        let (main, elm) = (&listings[0], &listings[1]);
        assert_eq!(
            ["address", "price", "bedrooms", "bathrooms", "sqft", "status", "mlsNumber", "privateRemarks"].map(|field| &main[field]),
            [&json!("1 Main St, Miami, FL 33101"), &json!(750_000), &json!(3), &json!(2.5), &json!(1_850), &json!("active"), &json!("A1"), &json!("Kind: Bungalow")]
        );
        assert_eq!((&elm["status"], &elm["propertySubType"]), (&json!("draft"), &json!("Condominium")));
        assert_eq!(events(&app).await, 1, "a draft is no news");
        let sheet = browser.get(&format!("{path}/errors")).await.expect(200).text();
        assert!(sheet.contains("2 Oak Ave") && !sheet.contains("1 Main St"), "{sheet}");
    }

    async fn the_same_file_again_changes_what_is_another_and_adds_nothing(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, "listings.csv", SHEET).await;
        let _ = take_in(&app, &mut browser, &path).await;
        let id = all(&app).await[0]["id"].as_str().unwrap().to_owned();
        let said = json!({"description": "Written by hand", "privateRemarks": "Seller in a hurry"});
        let _ = app.agent.api.patch(&format!("/api/v1/listings/{id}"), &said).await.expect(200);
        // A price of another day, and a draft that is one no more.
        let later = SHEET.replace("$750,000", "$725,000").replace("Incomplete", "Active");
        let path = send(&mut browser, "listings.csv", &later).await;
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(["New listings", "Brought up to date"].map(|name| fact(&page, name)), [0, 2]);
        assert!(page.contains("Change 2 listings"), "{page}");
        let page = take_in(&app, &mut browser, &path).await;
        assert_eq!(["Listings imported", "Brought up to date", "Imported before"].map(|name| fact(&page, name)), [0, 2, 0]);
        let listings = all(&app).await;
        let told = ["price", "description", "privateRemarks"].map(|field| &listings[0][field]);
        assert_eq!((listings.as_array().unwrap().len(), told), (2, [&json!(725_000), &json!("Written by hand"), &json!("Seller in a hurry")]));
        assert_eq!(events(&app).await, 2, "each once, when it first is no draft");
        let page = browser.get(&format!("/dashboard/listings/{id}")).await.expect(200).text();
        assert!(page.contains("725,000") && page.contains("750,000"), "the price's history: {page}");
        // Nothing has changed since, and what was deleted stays so.
        let _ = app.agent.api.delete(&format!("/api/v1/listings/{id}")).await.expect(204);
        let path = send(&mut browser, "listings.csv", &later).await;
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(["New listings", "Brought up to date"].map(|name| fact(&page, name)), [0, 0]);
        let _ = take_in(&app, &mut browser, &path).await;
        assert_eq!(all(&app).await.as_array().unwrap().len(), 1);
    }

    async fn a_listing_that_stands_twice_comes_in_as_its_first_row_says_each_time(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let file = "MLS,Address,Price\nA1,1 Main St,5\nA1,1 Main St,6\n";
        for wanted in [[1, 0, 1], [0, 0, 2]] {
            let path = send(&mut browser, "x.csv", file).await;
            let page = browser.get(&path).await.expect(200).text();
            let names = ["New listings", "Brought up to date", "Imported before and the same, or twice in the file"];
            assert_eq!(names.map(|name| fact(&page, name)), wanted);
            let page = take_in(&app, &mut browser, &path).await;
            assert_eq!(["Listings imported", "Brought up to date", "Imported before"].map(|name| fact(&page, name)), wanted);
            assert_eq!(all(&app).await[0]["price"], 5);
        }
        // The same home from an MLS's server, which has a key for it too, and then by that key alone.
        for (record, price) in [
            (json!({"ListingKey": "k1", "ListingId": "a1", "UnparsedAddress": "1 Main St", "ListPrice": 7}), 7),
            (json!({"ListingKey": "k1", "UnparsedAddress": "1 Main St", "ListPrice": 8}), 8),
        ] {
            let path = send(&mut browser, "x.json", &record.to_string()).await;
            let _ = take_in(&app, &mut browser, &path).await;
            let listings = all(&app).await;
            assert_eq!((listings.as_array().unwrap().len(), &listings[0]["price"]), (1, &json!(price)));
        }
    }

    async fn records_of_a_reso_server_become_listings(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let record = |n: usize| json!({
            "ListingKey": n.to_string(), "StandardStatus": "Active", "ListPrice": 500_000 + n, "UnparsedAddress": format!("{n} Main St"), "City": "Miami",
            "BathroomsFull": 2, "BathroomsHalf": 1, "LivingArea": 1_200, "LivingAreaUnits": "Square Feet", "PublicRemarks": "x".repeat(300),
            "Media": [{"MediaURL": "https://photos.example.com/1.jpg"}]
        });
        // More than a window of the file holds.
        let mut records = (0..900).map(record).collect::<Vec<_>>();
        records[3]["ListPrice"] = Value::Null;
        records[4] = json!("no record");
        let file = serde_json::to_string_pretty(&json!({"@odata.context": "x", "value": records})).unwrap();
        let path = send(&mut browser, "feed.json", &file).await;
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(["Rows", "New listings", "Cannot be imported"].map(|name| fact(&page, name)), [900, 898, 2]);
        assert!(page.contains("<strong>Record 4</strong> has no price") && page.contains("Records of JSON"), "{page}");
        let page = take_in(&app, &mut browser, &path).await;
        assert_eq!(["Listings imported", "Could not be imported"].map(|name| fact(&page, name)), [898, 2]);
        let list = app.agent.api.get("/api/v1/listings?sort=createdAt&limit=1").await.expect(200).json();
        assert_eq!(list["total"], 898);
        let listing = &list["listings"][0];
        assert_eq!([&listing["address"], &listing["price"], &listing["bathrooms"]], [&json!("0 Main St, Miami"), &json!(500_000), &json!(2.5)]);
        let feed = app.agent.api.get("/api/v1/events?type=listing.created&limit=1").await.expect(200).json();
        assert_eq!(feed["events"][0]["data"]["address"], "0 Main St, Miami");
    }

    async fn what_is_no_file_of_listings_is_refused_in_words(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for (file, told) in [
            ("", "is empty"),
            ("[{\"ListPrice\": 1},", "cannot be read as JSON"),
            ("[]", "has no record in it"),
            ("{\"a\": \"\\u0000\"}", "has a character that no text has"),
        ] {
            let answer = browser.post_file(PATH, "x.json", file.as_bytes()).await;
            let page = if answer.status == 303 {
                let path = answer.header("location").to_owned();
                browser.get(&path).await.expect(200).text()
            } else {
                answer.expect(400).text()
            };
            assert!(page.contains(told), "{file}: {page}");
        }
        // A file of leads is not found among those of listings, nor another agent's among one's own.
        let leads = browser.post_file("/dashboard/leads/import", "leads.csv", b"Name\nAda\n").await.expect(303);
        let id = leads.header("location").rsplit('/').next().unwrap().to_owned();
        let _ = browser.get(&format!("{PATH}/{id}")).await.expect(404);
        let _ = browser.post(&format!("{PATH}/{id}/run"), &[]).await.expect(404);
        let path = send(&mut browser, "listings.csv", SHEET).await;
        let other = app.another_agent("Bob").await;
        let mut stranger = app.sign_in(&other).await;
        let _ = stranger.get(&path).await.expect(404);
        let _ = stranger.post(&format!("{path}/run"), &[]).await.expect(404);
    }

    async fn the_days_of_a_column_are_read_in_one_order(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        // The last row tells that all of them begin with the day.
        let sheet = "MLS,Address,Price,Close date,List date\nA1,1 Main St,5,3/4/2026,1/2/2026\nA2,2 Main St,5,4/4/2026,1/2/2026\nA3,3 Main St,5,31/5/2026,1/2/2026\n";
        let path = send(&mut browser, "listings.csv", sheet).await;
        let page = browser.get(&path).await.expect(200).text();
        assert!(page.contains("<option value=\"closeDateByDay\" selected>") && page.contains("<option value=\"onMarketDate\" selected>"), "{page}");
        assert!(page.contains("read with the month first"), "{page}");
        let _ = take_in(&app, &mut browser, &path).await;
        let days = async |field: &'static str| all(&app).await.as_array().unwrap().iter().map(|listing| listing[field].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(days("closeDate").await, ["2026-04-03", "2026-04-04", "2026-05-31"]);
        assert_eq!(days("onMarketDate").await, ["2026-01-02", "2026-01-02", "2026-01-02"]);
        // Where nothing tells, whoever knows does.
        let path = send(&mut browser, "listings.csv", "MLS,Address,Price,List date\nA1,1 Main St,5,1/2/2026\n").await;
        let columns = [("column0", "mlsNumber"), ("column1", "address"), ("column2", "price"), ("column3", "onMarketDateByDay")];
        let _ = browser.post(&format!("{path}/columns"), &columns).await.expect(303);
        let _ = take_in(&app, &mut browser, &path).await;
        assert_eq!(days("onMarketDate").await, ["2026-02-01", "2026-01-02", "2026-01-02"]);
        // A day that is none in the chosen order is an error of its row.
        let path = send(&mut browser, "listings.csv", "MLS,Address,Price,List date\nA1,1 Main St,5,13/2/2026\nA2,1 Main St,5,2/13/2026\n").await;
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(fact(&page, "Cannot be imported"), 0, "each is plain by itself: {page}");
    }

    async fn a_listing_that_was_made_by_hand_is_known_by_its_number(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let make = async |number: &str| {
            let made = json!({"address": "By hand", "price": 1, "mlsNumber": number});
            app.agent.api.post("/api/v1/listings", &made).await.expect(201).json()["listingId"].as_str().unwrap().to_owned()
        };
        let first = make("a9").await;
        let patch = async |id: &str, number: &str| {
            let _ = app.agent.api.patch(&format!("/api/v1/listings/{id}"), &json!({"mlsNumber": number})).await.expect(200);
        };
        // A slip that was mended: the number is another's by then.
        patch(&first, "A1").await;
        let second = make("A9").await;
        let sheet = "MLS,Address,Price\n A1 ,1 Main St,5\nA9,9 Main St,9\nA7,7 Main St,7\n";
        let path = send(&mut browser, "listings.csv", sheet).await;
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(["New listings", "Brought up to date"].map(|name| fact(&page, name)), [1, 2], "{page}");
        let _ = take_in(&app, &mut browser, &path).await;
        assert_eq!(all(&app).await.as_array().unwrap().len(), 3);
        for (id, address) in [(&first, "1 Main St"), (&second, "9 Main St")] {
            let held = app.agent.api.get(&format!("/api/v1/listings/{id}")).await.expect(200).json();
            assert_eq!(held["address"], address);
        }
        // Another agent's numbers are their own.
        let bob = app.another_agent("Bob").await;
        let mut theirs = app.sign_in(&bob).await;
        let path = send(&mut theirs, "listings.csv", sheet).await;
        assert_eq!(fact(&theirs.get(&path).await.expect(200).text(), "New listings"), 3);
    }

    async fn files_that_are_done_with_keep_no_other_out(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let mut paths = Vec::new();
        for number in 0..12 {
            let path = send(&mut browser, "listings.csv", &format!("MLS,Address,Price\nB{number},{number} Main St,5\n")).await;
            let _ = take_in(&app, &mut browser, &path).await;
            paths.push(path);
        }
        // The oldest have made room; what came of them is there.
        for (path, status) in [(&paths[0], 404), (&paths[1], 404), (&paths[2], 200), (&paths[11], 200)] {
            let _ = browser.get(path).await.expect(status);
        }
        assert_eq!(all(&app).await.as_array().unwrap().len(), 12);
        // One that is done with can be thrown away, too.
        let _ = browser.post(&format!("{}/delete", paths[11]), &[]).await.expect(303);
        let _ = browser.get(&paths[11]).await.expect(404);
        // Ten whose rows wait are the most.
        for _ in 0..10 {
            let _ = send(&mut browser, "listings.csv", "MLS,Address,Price\nC1,1 Main St,5\n").await;
        }
        let refused = browser.post_file(PATH, "listings.csv", b"MLS,Address,Price\nC1,1 Main St,5\n").await;
        assert!(refused.status >= 400 && refused.text().contains("ten files are here already"));
    }

    async fn columns_can_be_told_by_hand(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, "x.csv", "Where,How much\n1 Main St,5\n").await;
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(fact(&page, "Cannot be imported"), 1);
        let _ = browser.post(&format!("{path}/columns"), &[("column0", "address"), ("column1", "price")]).await.expect(303);
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(fact(&page, "New listings"), 1);
    }

    async fn an_erased_listing_can_come_in_again(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let file = "Address,Price\n1 Main St,5\n";
        let path = send(&mut browser, "x.csv", file).await;
        let _ = take_in(&app, &mut browser, &path).await;
        let id = all(&app).await[0]["id"].as_str().unwrap().to_owned();
        let _ = app.agent.api.delete(&format!("/api/v1/listings/{id}")).await.expect(204);
        app.clock.advance(std::time::Duration::from_secs(31 * 24 * 60 * 60));
        assert_eq!(trash::erase_due(&app.crm).await, Ok(1));
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, "x.csv", file).await;
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(fact(&page, "New listings"), 1);
    }
}
