//! Leads from a file: what is taken in, what is told first, and that nothing comes in twice.

use std::{fmt::Write, time::Duration};

use crm::{imports, jobs};
use db::{DbError, params};
use serde_json::{Value, json};
use testkit::{Browser, TestAgent, TestApp, on_both_engines};

const PATH: &str = "/dashboard/leads/import";

/// Sends a file; the path of its import.
async fn send(browser: &mut Browser, file: &[u8]) -> String {
    browser.post_file(PATH, "leads.csv", file).await.expect(303).header("location").to_owned()
}

/// Runs an import to its end; its page.
async fn take_in(app: &TestApp, browser: &mut Browser, path: &str) -> String {
    let _ = browser.post(&format!("{path}/run"), &[]).await.expect(303);
    let _ = jobs::run_due(&app.crm).await.unwrap();
    browser.get(path).await.expect(200).text()
}

/// The numbers on an import's page, by what stands above them.
fn facts(page: &str) -> Vec<(String, u64)> {
    let facts = page.split("<div><dt>").skip(1).filter_map(|fact| {
        let (name, rest) = fact.split_once("</dt><dd>")?;
        Some((name.to_owned(), rest.split('<').next()?.parse().ok()?))
    });
    facts.collect()
}

fn fact(page: &str, name: &str) -> u64 {
    let facts = facts(page);
    facts.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name}: {facts:?}\n{page}")).1
}

async fn leads(agent: &TestAgent) -> Value {
    agent.api.get("/api/v1/leads?sort=createdAt&limit=100").await.expect(200).json()
}

async fn total(agent: &TestAgent) -> u64 {
    leads(agent).await["total"].as_u64().unwrap()
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let counted = app.crm.database().read("test", move |tx| tx.query_one(sql, params![], |row| row.get::<i64>(0)));
    counted.await.unwrap_or_else(|error: DbError| panic!("{error}"))
}

/// A file of so many rows.
fn rows(range: std::ops::Range<usize>) -> String {
    range.fold(String::from("Name,Email\n"), |mut file, n| {
        let _ = writeln!(file, "Person {n},p{n}@example.com");
        file
    })
}

on_both_engines! {
    async fn a_file_is_looked_at_and_then_becomes_leads(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let file = "First Name,Last Name,Email,Phone,Lead Source,Stage,tenantId,Notes\n\
                    Ada,Lovelace,ada@example.com,'+1 555 0100,Open house,Qualified,agt_1,\"Wants, above all,\na garden\"\n\
                    \n\
                    Grace,Hopper,nobody,,,,,\n\
                    ,,only@example.com,,,Hot,,\n";
        let path = send(&mut browser, file.as_bytes()).await;
        let page = browser.get(&path).await.expect(200).text();
        let told = ["Rows", "New leads", "Cannot be imported"].map(|name| fact(&page, name));
        assert_eq!(told, [3, 2, 1]);
        assert!(page.contains("<strong>Line 5</strong> Email: "), "{page}");
        assert!(page.contains("Ada Lovelace") && page.contains("8 columns between commas, UTF-8"));
        assert_eq!(total(&app.agent).await, 0, "a look writes nothing");
        let page = take_in(&app, &mut browser, &path).await;
        assert_eq!(["Leads imported", "Could not be imported"].map(|name| fact(&page, name)), [2, 1]);
        let leads = leads(&app.agent).await;
        let (ada, other) = (&leads["leads"][0], &leads["leads"][1]);
        assert_eq!(
            [&ada["name"], &ada["phone"], &ada["source"], &ada["status"], &ada["notes"]],
            [&json!("Ada Lovelace"), &json!("+1 555 0100"), &json!("Open house"), &json!("qualified"), &json!("Wants, above all,\na garden")]
        );
        assert_eq!([&other["name"], &other["source"], &other["status"], &other["notes"]], ["only@example.com", "csv_import", "new", "Status: Hot"]);
        let feed = app.agent.api.get("/api/v1/events?type=lead.created").await.expect(200).json();
        assert_eq!(feed["events"].as_array().unwrap().len(), 2);
        assert_eq!(app.agent.api.get("/api/v1/leads?status=qualified").await.json()["total"], 1);
        let sheet = browser.get(&format!("{path}/errors")).await.expect(200).text();
        assert!(sheet.lines().nth(1).unwrap().starts_with("5,") && sheet.contains("Grace,Hopper,nobody"), "{sheet}");
    }

    async fn the_same_file_again_adds_nothing(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let first = send(&mut browser, b"Name;Phone\nAda;555-0100\nAda;555-0100\nGrace;555-0101\n").await;
        assert_eq!(fact(&browser.get(&first).await.text(), "New leads"), 2);
        let page = take_in(&app, &mut browser, &first).await;
        assert_eq!(["Leads imported", "Imported before"].map(|name| fact(&page, name)), [2, 1]);
        // The same rows as another program writes them, and one more.
        let second = send(&mut browser, b"Name\tPhone\r\n\"Ada\"\t555-0100\r\nGrace\t555-0101\r\nNew\t555-0102\r\n").await;
        let page = browser.get(&second).await.expect(200).text();
        assert_eq!(["New leads", "Imported before, or twice in the file"].map(|name| fact(&page, name)), [1, 2]);
        let page = take_in(&app, &mut browser, &second).await;
        assert_eq!(["Leads imported", "Imported before"].map(|name| fact(&page, name)), [1, 2]);
        assert_eq!(total(&app.agent).await, 3);
        // An id tells a row, whatever else has changed; what another agent imported does not.
        let path = send(&mut browser, b"Id,Name\n7,Linus\n").await;
        let _ = take_in(&app, &mut browser, &path).await;
        let path = send(&mut browser, b"Id,Name\n7,Linus T\n").await;
        let page = take_in(&app, &mut browser, &path).await;
        assert_eq!(fact(&page, "Imported before"), 1);
        let other = app.another_agent("Other Agent").await;
        let mut browser = app.sign_in(&other).await;
        let path = send(&mut browser, b"Id,Name\n7,Linus\n").await;
        assert_eq!(fact(&take_in(&app, &mut browser, &path).await, "Leads imported"), 1);
    }

    async fn our_own_sheet_comes_back(app: TestApp) {
        let made = json!({"name": "=Zoë", "phone": "+1 555 0100", "source": "zillow", "propertyAddress": "1 Main St", "notes": "a\n\"b\""});
        let _ = app.agent.api.post("/api/v1/leads", &made).await.expect(201);
        let mut browser = app.sign_in(&app.agent).await;
        let sheet = browser.get("/dashboard/leads/export").await.expect(200).body;
        let other = app.another_agent("Other Agent").await;
        let mut browser = app.sign_in(&other).await;
        let path = send(&mut browser, &sheet).await;
        let _ = take_in(&app, &mut browser, &path).await;
        let lead = &leads(&other).await["leads"][0];
        for key in ["name", "phone", "source", "propertyAddress"] {
            assert_eq!(lead[key], made[key], "{key}");
        }
        assert!(lead["notes"].as_str().unwrap().starts_with("a\n\"b\"\nCame in: 20"));
    }

    async fn windows_1252_and_spanish_headers_are_read(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, b"Nombre;Apellidos;Correo electr\xf3nico;Tel\xe9fono;Observaciones\nJos\xe9;Mu\xf1oz;jose@example.com;555-0100;\x80 300.000\n").await;
        assert!(browser.get(&path).await.text().contains("Windows-1252"));
        let _ = take_in(&app, &mut browser, &path).await;
        let leads = leads(&app.agent).await;
        assert_eq!([&leads["leads"][0]["name"], &leads["leads"][0]["notes"]], ["José Muñoz", "€ 300.000"]);
    }

    async fn what_the_columns_are_can_be_said_otherwise(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, b"Wer,Wo\nAda,1 Main St\n").await;
        assert_eq!(fact(&browser.get(&path).await.text(), "Cannot be imported"), 1);
        let _ = browser.post(&format!("{path}/columns"), &[("column0", "name"), ("column1", "address")]).await.expect(303);
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(["New leads", "Cannot be imported"].map(|name| fact(&page, name)), [1, 0]);
        let _ = take_in(&app, &mut browser, &path).await;
        assert_eq!(leads(&app.agent).await["leads"][0]["propertyAddress"], "1 Main St");
        // Once it has run, the columns are what they were.
        let _ = browser.post(&format!("{path}/columns"), &[("column0", "ignored")]).await.expect(422);
        let _ = browser.post(&format!("{path}/run"), &[]).await.expect(400);
    }

    async fn broken_rows_are_told_by_their_lines_and_the_others_come_in(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, b"Name,Notes\nAda,x\n\"Grace,x\nNul,\0\nLinus,y\nToo,many,cells\n").await;
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(["New leads", "Cannot be imported"].map(|name| fact(&page, name)), [2, 3]);
        for line in ["Line 3</strong> a quote", "Line 4</strong> has a character", "Line 6</strong> has 3 cells"] {
            assert!(page.contains(line), "{line}: {page}");
        }
        let page = take_in(&app, &mut browser, &path).await;
        assert_eq!(["Leads imported", "Could not be imported"].map(|name| fact(&page, name)), [2, 3]);
        let utf16 = "Name\nAda\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let page = browser.post_file(PATH, "a.csv", &[b"\xff\xfe", &utf16[..]].concat()).await.expect(400).text();
        assert!(page.contains("UTF-16".to_lowercase().as_str()) || page.contains("UTF-16"), "{page}");
        // Without a mark every row has a NUL, the first among them.
        let _ = browser.post_file(PATH, "a.csv", &utf16).await.expect(400);
    }

    async fn what_is_no_table_or_too_large_is_refused_and_not_kept(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for file in [b"".to_vec(), b"\n\n".to_vec(), b",".repeat(10_000), b"\"".to_vec()] {
            let _ = browser.post_file(PATH, "a.csv", &file).await.expect(400);
        }
        let too_long = vec![b'x'; usize::try_from(imports::MOST_BYTES).unwrap() + 1];
        let _ = browser.post_file(PATH, "a.csv", &too_long).await.expect(400);
        let _ = browser.post_file(PATH, "a.csv", &[b"Name\n\"".as_slice(), &too_long[..2_000_000]].concat()).await.expect(303);
        assert_eq!(app.announce(PATH, 22 * 1024 * 1024).await, 413);
        let _ = browser.post(PATH, &[("file", "x")]).await.expect(400);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM imports").await, 1);
        assert_eq!(count(&app, "SELECT COUNT(DISTINCT import_id) FROM import_pieces").await, 1);
        // Ten at once; then one has to go.
        for n in 1..10 {
            let _ = send(&mut browser, format!("Name\nPerson {n}\n").as_bytes()).await;
        }
        let _ = browser.post_file(PATH, "a.csv", b"Name\nAda\n").await.expect(400);
    }

    async fn a_line_longer_than_any_row_is_no_lead_from_its_beginning_to_its_end(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for length in [200_000, 400_000, 700_001] {
            let file = [b"Name\nAda\n\"".as_slice(), &vec![b'x'; length], b"\nGrace\n"].concat();
            let path = send(&mut browser, &file).await;
            let page = browser.get(&path).await.expect(200).text();
            assert_eq!(fact(&page, "Cannot be imported"), 1, "{length}");
            let page = take_in(&app, &mut browser, &path).await;
            assert_eq!(fact(&page, "Could not be imported"), 1, "{length}");
        }
        assert_eq!(total(&app.agent).await, 2);
    }

    async fn a_bad_row_is_found_before_the_first_is_written(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let file = format!("{}Nobody,no address\n", rows(0..9_998));
        let path = send(&mut browser, file.as_bytes()).await;
        let page = browser.get(&path).await.expect(200).text();
        assert!(page.contains("Line 10000</strong> Email: "), "{page}");
        assert_eq!(["Rows", "New leads", "Cannot be imported"].map(|name| fact(&page, name)), [9_999, 9_998, 1]);
        assert_eq!(total(&app.agent).await, 0);
    }

    async fn an_import_that_broke_off_goes_on_where_it_was(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, rows(0..700).as_bytes()).await;
        let _ = browser.post(&format!("{path}/run"), &[]).await.expect(303);
        let crm = app.crm.clone();
        let running = tokio::spawn(async move { jobs::run_due(&crm).await });
        testkit::until(async || total(&app.agent).await > 0).await;
        running.abort();
        let _ = running.await;
        // Whoever held the job says nothing more; it falls due again soon.
        app.clock.advance(Duration::from_secs(10));
        let _ = jobs::run_due(&app.crm).await.unwrap();
        let page = browser.get(&path).await.expect(200).text();
        assert_eq!(["Leads imported", "Imported before"].map(|name| fact(&page, name)), [700, 0]);
        assert_eq!(total(&app.agent).await, 700);
        assert_eq!(count(&app, "SELECT COUNT(DISTINCT email) FROM leads").await, 700);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM events").await, 700);
    }

    async fn a_stopped_import_goes_on_when_it_is_asked_to(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, rows(0..250).as_bytes()).await;
        let _ = browser.post(&format!("{path}/run"), &[]).await.expect(303);
        let page = browser.get(&path).await.expect(200).text();
        assert!(page.contains("0 of 250 rows are done") && page.contains("http-equiv=\"refresh\""), "{page}");
        let _ = browser.post(&format!("{path}/cancel"), &[]).await.expect(303);
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(total(&app.agent).await, 0);
        assert!(browser.get(&path).await.text().contains("Stopped"));
        let page = take_in(&app, &mut browser, &path).await;
        assert_eq!((fact(&page, "Leads imported"), total(&app.agent).await), (250, 250));
        let _ = browser.post(&format!("{path}/cancel"), &[]).await.expect(303);
        assert!(browser.get(&path).await.text().contains("<h2 id=\"run\">Imported</h2>"));
        let _ = browser.post(&format!("{path}/delete"), &[]).await.expect(303);
        let _ = browser.get(&path).await.expect(404);
        assert_eq!(total(&app.agent).await, 250);
    }

    async fn another_agents_file_is_as_if_it_never_was(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let mut theirs = app.sign_in(&other).await;
        let path = send(&mut theirs, b"Name\nSecret\n").await;
        let mut browser = app.sign_in(&app.agent).await;
        for path in [path.clone(), format!("{path}/errors")] {
            let _ = browser.get(&path).await.expect(404);
        }
        for action in ["columns", "run", "cancel", "delete"] {
            let _ = browser.post(&format!("{path}/{action}"), &[("column0", "ignored")]).await.expect(404);
        }
        assert!(!browser.get(PATH).await.expect(200).text().contains(&path));
        let page = take_in(&app, &mut theirs, &path).await;
        assert_eq!((fact(&page, "Leads imported"), total(&app.agent).await), (1, 0));
    }

    async fn a_file_goes_after_a_week_and_an_erased_lead_is_forgotten(app: TestApp) {
        jobs::seed(&app.crm).await.unwrap();
        let mut browser = app.sign_in(&app.agent).await;
        let path = send(&mut browser, b"Name\nAda\nGrace\n").await;
        let _ = take_in(&app, &mut browser, &path).await;
        let id = leads(&app.agent).await["leads"][0]["id"].as_str().unwrap().to_owned();
        let _ = app.agent.api.delete(&format!("/api/v1/leads/{id}")).await.expect(204);
        app.clock.advance(imports::KEPT);
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT (SELECT COUNT(*) FROM imports) + (SELECT COUNT(*) FROM import_pieces)").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM import_rows").await, 2, "a deleted lead does not come back by a second run");
        app.clock.advance(crm::trash::KEPT);
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM import_rows").await, 1);
    }
}
