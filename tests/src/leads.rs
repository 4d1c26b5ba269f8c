use serde_json::json;
use testkit::on_both_engines;

on_both_engines! {
    async fn a_person_is_known_by_a_number_that_many_share(app: TestApp) {
        let jane = json!({"name": "Jane", "phone": "555-0100"});
        let first = app.agent.api.post("/api/v1/leads", &jane).await.expect(201).json()["leadId"].clone();
        for n in 0..80 {
            let fields = json!({"name": format!("Other {n}"), "phone": "(555) 0100"});
            let new = crm::leads::NewLead::read(fields.as_object().unwrap()).unwrap();
            crm::leads::create(&app.crm, app.agent.id, new, None).await.unwrap();
        }
        let again = app.agent.api.post("/api/v1/leads", &jane).await.expect(201);
        let lead = app.agent.api.get(again.header("location")).await.expect(200).json();
        assert_eq!(lead["samePersonAs"], json!([first]));
    }

    async fn a_cursor_belongs_to_its_list(app: TestApp) {
        for n in 0..2 {
            let _ = app.agent.api.post("/api/v1/leads", &json!({"name": format!("Lead {n}")})).await.expect(201);
            let client = json!({"name": format!("Client {n}"), "email": format!("c{n}@example.com")});
            let _ = app.agent.api.post("/api/v1/clients", &client).await.expect(201);
        }
        let next = |page: serde_json::Value| page["nextCursor"].as_str().unwrap().to_owned();
        let of_leads = next(app.agent.api.get("/api/v1/leads?limit=1").await.expect(200).json());
        let of_clients = next(app.agent.api.get("/api/v1/clients?limit=1").await.expect(200).json());
        for path in [format!("leads?cursor={of_clients}"), format!("clients?cursor={of_leads}"), format!("listings?cursor={of_leads}")] {
            let refused = app.agent.api.get(&format!("/api/v1/{path}")).await.expect(400).json();
            assert_eq!(refused["errors"][0]["field"], "cursor", "{path}");
        }
        let _ = app.agent.api.get(&format!("/api/v1/leads?cursor={of_leads}")).await.expect(200);
    }

    async fn a_created_lead_is_read_back_as_sent(app: TestApp) {
        let api = &app.agent.api;
        let sent = json!({
            "name": " John Smith ", "email": "John@Example.com", "phone": "(555) 123-4567", "source": "Zillow",
            "propertyAddress": "123 Main St, Miami, FL", "notes": "Interested in 3BR homes\n"
        });
        let created = api.post("/api/v1/leads", &sent).await.expect(201);
        let id = created.json()["leadId"].as_str().unwrap().to_owned();
        assert_eq!(created.text(), format!("{{\"success\":true,\"leadId\":\"{id}\"}}"));
        assert_eq!(created.header("location"), format!("/api/v1/leads/{id}"));

        let lead = api.get(&format!("/api/v1/leads/{id}")).await.expect(200).json();
        let expected = json!({
            "id": id, "name": "John Smith", "email": "John@Example.com", "status": "new", "phone": "(555) 123-4567",
            "source": "Zillow", "propertyAddress": "123 Main St, Miami, FL", "notes": "Interested in 3BR homes\n",
            "samePersonAs": [], "createdAt": "2026-11-23T15:00:00.000Z", "updatedAt": "2026-11-23T15:00:00.000Z"
        });
        assert_eq!(lead, expected);
    }

    async fn a_length_is_counted_after_the_outer_white_space_is_cut(app: TestApp) {
        let api = &app.agent.api;
        let (name, phone) = ("n".repeat(200), "5".repeat(64));
        let email = format!("{}@example.com", "e".repeat(242));
        let blanks = " ".repeat(600);
        let sent = json!({"name": format!("{blanks}{name} "), "phone": format!(" {phone}{blanks}"), "email": format!("{blanks}{email}\n")});
        let id = api.post("/api/v1/leads", &sent).await.expect(201).json()["leadId"].as_str().unwrap().to_owned();
        let lead = api.get(&format!("/api/v1/leads/{id}")).await.expect(200).json();
        assert_eq!((&lead["name"], &lead["phone"], &lead["email"]), (&json!(name), &json!(phone), &json!(email)));
        for (field, text) in [("name", name), ("phone", phone), ("email", format!("e{email}"))] {
            let longer = if field == "email" { text } else { format!("{text}1") };
            let mut sent = json!({"name": "x"});
            sent[field] = json!(longer);
            assert_eq!(api.post("/api/v1/leads", &sent).await.expect(400).json()["errors"][0]["field"], field);
        }
    }

    async fn a_name_is_enough_and_blank_fields_are_absent(app: TestApp) {
        let api = &app.agent.api;
        let sent = json!({"name": "王小明", "email": "", "phone": null, "source": "  ", "notes": ""});
        let id = api.post("/api/v1/leads", &sent).await.expect(201).json()["leadId"].clone();
        let lead = api.get(&format!("/api/v1/leads/{}", id.as_str().unwrap())).await.expect(200).json();
        assert_eq!((&lead["name"], &lead["email"], &lead["phone"], &lead["source"]), (&json!("王小明"), &json!(null), &json!(null), &json!("api")));
    }

    async fn the_same_person_again_is_recorded_and_linked(app: TestApp) {
        let api = &app.agent.api;
        let mut ids = Vec::new();
        for sent in [
            json!({"name": "Jane Doe", "email": "jane@example.com"}),
            json!({"name": "Someone Else", "email": "else@example.com", "phone": "555-0100"}),
            json!({"name": "J. Doe", "email": "JANE@example.com", "phone": "555-0100"}),
            json!({"name": "j. doe", "phone": "555 0100"}),
        ] {
            ids.push(api.post("/api/v1/leads", &sent).await.expect(201).json()["leadId"].clone());
        }
        let linked = |lead: serde_json::Value| lead["samePersonAs"].clone();
        let path = |n: usize| format!("/api/v1/leads/{}", ids[n].as_str().unwrap());
        assert_eq!(linked(api.get(&path(1)).await.json()), json!([]));
        assert_eq!(linked(api.get(&path(2)).await.json()), json!([ids[0]]));
        assert_eq!(linked(api.get(&path(3)).await.json()), json!([ids[2]]));

        let _ = api.delete(&path(2)).await.expect(204);
        assert_eq!(linked(api.get(&path(3)).await.json()), json!([]));
        let _ = api.patch(&path(1), &json!({"name": "J. DOE"})).await.expect(200);
        assert_eq!(linked(api.get(&path(3)).await.json()), json!([ids[1]]));
    }

    async fn a_list_is_newest_first_with_its_total(app: TestApp) {
        let api = &app.agent.api;
        for n in 1..=5 {
            let _ = api.post("/api/v1/leads", &json!({"name": format!("Lead {n}")})).await.expect(201);
        }
        let page = api.get("/api/v1/leads?limit=2&offset=1").await.expect(200).json();
        let names = page["leads"].as_array().unwrap().iter().map(|lead| lead["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(names, ["Lead 4", "Lead 3"]);
        assert_eq!(page["total"], 5);

        let mut names = Vec::new();
        let mut path = String::from("/api/v1/leads?limit=2");
        loop {
            let page = api.get(&path).await.expect(200).json();
            names.extend(page["leads"].as_array().unwrap().iter().map(|lead| lead["name"].as_str().unwrap().to_owned()));
            match page["nextCursor"].as_str() {
                Some(cursor) => path = format!("/api/v1/leads?limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(names, ["Lead 5", "Lead 4", "Lead 3", "Lead 2", "Lead 1"]);

        let empty = api.get("/api/v1/leads?offset=1000000").await.expect(200).json();
        assert_eq!(empty, json!({"leads": [], "total": 5}));
    }

    async fn filters_narrow_the_list_and_its_total(app: TestApp) {
        let api = &app.agent.api;
        let _ = api.post("/api/v1/leads", &json!({"name": "A", "email": "a@example.com", "source": "Zillow"})).await.expect(201);
        let _ = api.post("/api/v1/leads", &json!({"name": "B", "phone": "+1 (555) 123-4567", "source": "zillow "})).await.expect(201);
        app.clock.advance(std::time::Duration::from_secs(10));
        let third = api.post("/api/v1/leads", &json!({"name": "C"})).await.expect(201).json()["leadId"].clone();
        let _ = api.patch(&format!("/api/v1/leads/{}", third.as_str().unwrap()), &json!({"status": "contacted"})).await.expect(200);
        for (query, names) in [
            ("status=new", vec!["B", "A"]),
            ("status=contacted", vec!["C"]),
            ("status=junk", vec![]),
            ("email=A@EXAMPLE.COM", vec!["A"]),
            ("phone=555.123.4567", vec!["B"]),
            ("source=ZILLOW", vec!["B", "A"]),
            ("source=zillow&status=contacted", vec![]),
            ("since=2026-11-23T15:00:10Z", vec!["C"]),
            ("updatedSince=1795446010000", vec!["C"]),
            ("sort=createdAt", vec!["A", "B", "C"]),
            ("sort=-updatedAt", vec!["C", "B", "A"]),
            ("status=&email=", vec!["C", "B", "A"]),
        ] {
            let page = api.get(&format!("/api/v1/leads?{query}")).await.expect(200).json();
            let found = page["leads"].as_array().unwrap().iter().map(|lead| lead["name"].as_str().unwrap()).collect::<Vec<_>>();
            assert_eq!(found, names, "{query}");
            assert_eq!(page["total"], names.len(), "{query}");
        }
    }

    async fn a_change_keeps_what_it_does_not_name_and_null_clears(app: TestApp) {
        let api = &app.agent.api;
        let sent = json!({"name": "Jane", "email": "jane@example.com", "notes": "x"});
        let id = api.post("/api/v1/leads", &sent).await.expect(201).json()["leadId"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/leads/{id}");
        app.clock.advance(std::time::Duration::from_secs(1));
        let changed = api.patch(&path, &json!({"email": null, "status": "nurture", "agentId": "x"})).await.expect(200).json();
        assert_eq!((&changed["name"], &changed["email"], &changed["notes"], &changed["status"]), (&json!("Jane"), &json!(null), &json!("x"), &json!("nurture")));
        assert_eq!(changed["updatedAt"], "2026-11-23T15:00:01.000Z");
        assert_eq!(api.get(&path).await.json(), changed);
        assert_eq!(api.get("/api/v1/leads?status=new").await.json()["total"], 0);
        for refused in [json!({"name": ""}), json!({"name": null}), json!({"status": null}), json!({"status": "sold"}), json!({"email": "x"})] {
            let _ = api.patch(&path, &refused).await.expect(400);
        }
    }

    async fn a_change_based_on_an_old_state_is_refused(app: TestApp) {
        let api = &app.agent.api;
        let id = api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201).json()["leadId"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/leads/{id}");
        let tag = api.get(&path).await.expect(200).header("etag").to_owned();
        let _ = api.with("If-None-Match", &tag).get(&path).await.expect(304);
        let changed = api.with("If-Match", &tag).patch(&path, &json!({"notes": "one"})).await.expect(200);
        let _ = api.with("If-Match", &tag).patch(&path, &json!({"notes": "two"})).await.expect(412);
        let _ = api.with("If-Match", &tag).delete(&path).await.expect(412);
        let new_tag = changed.header("etag").to_owned();
        assert_ne!(new_tag, tag);
        assert_eq!(api.get(&path).await.header("etag"), new_tag);
        let _ = api.with("If-Match", &new_tag).delete(&path).await.expect(204);
        let _ = api.get(&path).await.expect(404);
        assert_eq!(api.get("/api/v1/leads").await.json(), json!({"leads": [], "total": 0}));
    }

    async fn every_lead_has_its_event_in_order(app: TestApp) {
        let api = &app.agent.api;
        let empty = api.get("/api/v1/events").await.expect(200).json();
        assert_eq!(empty, json!({"events": [], "nextCursor": null}));
        let mut ids = Vec::new();
        for n in 1..=3 {
            ids.push(api.post("/api/v1/leads", &json!({"name": format!("Lead {n}")})).await.expect(201).json()["leadId"].clone());
        }
        let feed = api.get("/api/v1/events?limit=2").await.expect(200).json();
        let events = feed["events"].as_array().unwrap();
        assert_eq!(events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2]);
        let first = &events[0];
        assert_eq!((&first["event"], &first["agentId"], &first["timestamp"]), (&json!("lead.created"), &json!("sarah-johnson"), &json!("1795446000000")));
        let lead = api.get(&format!("/api/v1/leads/{}", ids[0].as_str().unwrap())).await.json();
        assert_eq!(first["data"], lead);
        let cursor = feed["nextCursor"].as_str().unwrap();
        let rest = api.get(&format!("/api/v1/events?after={cursor}")).await.expect(200).json();
        assert_eq!(rest["events"].as_array().unwrap().len(), 1);
        assert_eq!(rest["events"][0]["data"]["id"], ids[2]);
        let last = rest["nextCursor"].as_str().unwrap();
        let end = api.get(&format!("/api/v1/events?after={last}&type=lead.created")).await.expect(200).json();
        assert_eq!(end, json!({"events": [], "nextCursor": last}));
    }
}
