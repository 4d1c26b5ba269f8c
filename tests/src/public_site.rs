//! The agents' public websites: what everybody finds, what nobody does, and what search engines are told. Numbers are those of the
//! catalogue of attacks in docs/security.md.

use std::collections::BTreeMap;

use crm::{
    guides::GuideStatus,
    posts::{self, PostStatus, TypedPost},
    websites::{self, Look, Texts, Theme},
};
use image::ImageFormat;
use serde_json::{Value, json};
use testkit::{Answer, TestApp, on_both_engines};

use crate::photos::{picture, send};

/// A row of each table of these, for whoever needs one.
pub(crate) async fn fill_rows(app: &TestApp) {
    websites::save(&app.crm, app.agent.id, Look { theme: Theme::Modern, ..Look::default() }).await.unwrap();
    let typed = TypedPost {
        title: String::from("A"),
        text: String::from("b"),
        language: String::from("en"),
        slug: String::new(),
    };
    posts::create(&app.crm, app.agent.id, &typed, None).await.unwrap();
}

/// Where the agent's website is.
fn base(app: &TestApp) -> String {
    format!("/a/{}", app.agent.slug)
}

/// Adds a listing; gives back its id.
async fn add(app: &TestApp, listing: &Value) -> String {
    let made = app.agent.api.post("/api/v1/listings", listing).await.expect(201).json();
    made["listingId"].as_str().unwrap().to_owned()
}

async fn get(app: &TestApp, rest: &str) -> Answer {
    app.anonymous().get(&format!("{}{rest}", base(app))).await
}

async fn page(app: &TestApp, rest: &str) -> String {
    get(app, rest).await.expect(200).text()
}

fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    page.split(from).nth(1).unwrap_or_else(|| panic!("{from}: {page}")).split(to).next().unwrap()
}

/// The addresses of the cards on a page, in their order, without their streets' numbers.
fn streets(page: &str) -> Vec<String> {
    let cards = page.split("<span class=\"card-address\" dir=\"auto\">").skip(1);
    cards.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// The nodes that search engines are told.
fn told(page: &str) -> Vec<Value> {
    let text = between(page, "<script type=\"application/ld+json\">", "</script>");
    let document: Value = serde_json::from_str(text).unwrap();
    assert_eq!(document["@context"], "https://schema.org");
    document["@graph"].as_array().unwrap().clone()
}

/// What schema.org says of a type that the pages use: the properties that it has (its own and those of what it is a kind of), each with
/// what stands there, and which of them Google's documentation of rich results asks for.
fn vocabulary(name: &str) -> (&'static [(&'static str, &'static str)], &'static [&'static str]) {
    match name {
        "RealEstateAgent" => (
            &[
                ("@id", "url"),
                ("name", "text"),
                ("url", "url"),
                ("telephone", "text"),
                ("image", "url"),
                ("parentOrganization", "Organization"),
                ("identifier", "text"),
                ("areaServed", "Place"),
                ("knowsLanguage", "text"),
            ],
            &["name", "url"],
        ),
        "Organization" | "Place" => {
            (&[("name", "text"), ("address", "PostalAddress"), ("geo", "GeoCoordinates")], &["name"])
        }
        "RealEstateListing" => (
            &[
                ("@id", "url"),
                ("url", "url"),
                ("name", "text"),
                ("description", "text"),
                ("inLanguage", "text"),
                ("datePosted", "time"),
                ("dateModified", "time"),
                ("image", "url"),
                ("mainEntity", "Thing"),
                ("offers", "Offer"),
            ],
            &["url", "name", "datePosted", "offers", "mainEntity"],
        ),
        "SingleFamilyResidence" | "House" | "Apartment" => (
            &[
                ("name", "text"),
                ("address", "PostalAddress"),
                ("geo", "GeoCoordinates"),
                ("numberOfBedrooms", "number"),
                ("numberOfBathroomsTotal", "integer"),
                ("floorSize", "QuantitativeValue"),
                ("yearBuilt", "number"),
            ],
            &["name", "address"],
        ),
        "PostalAddress" => (
            &[
                ("streetAddress", "text"),
                ("addressLocality", "text"),
                ("addressRegion", "text"),
                ("postalCode", "text"),
                ("addressCountry", "text"),
            ],
            &["streetAddress"],
        ),
        "GeoCoordinates" => (&[("latitude", "number"), ("longitude", "number")], &["latitude", "longitude"]),
        "QuantitativeValue" => (&[("value", "number"), ("unitCode", "text")], &["value", "unitCode"]),
        "Offer" => (
            &[
                ("url", "url"),
                ("price", "number"),
                ("priceCurrency", "currency"),
                ("availability", "ItemAvailability"),
                ("businessFunction", "url"),
                ("seller", "reference"),
            ],
            &["price", "priceCurrency", "availability"],
        ),
        "BreadcrumbList" | "ItemList" => (&[("itemListElement", "ListItem")], &["itemListElement"]),
        "ListItem" => (&[("position", "integer"), ("name", "text"), ("item", "url"), ("url", "url")], &["position"]),
        "BlogPosting" => (
            &[
                ("headline", "text"),
                ("url", "url"),
                ("description", "text"),
                ("inLanguage", "text"),
                ("datePublished", "time"),
                ("dateModified", "time"),
                ("author", "reference"),
            ],
            &["headline", "datePublished", "author"],
        ),
        other => panic!("{other} is no type that the pages use"),
    }
}

/// Refuses what schema.org does not know, or what is of another type than it says.
fn validate(node: &Value) {
    let name = node["@type"].as_str().unwrap_or_else(|| panic!("a node without type: {node}"));
    let (properties, required) = vocabulary(name);
    for property in required {
        assert!(!node[*property].is_null(), "{name} without {property}: {node}");
    }
    for (property, value) in node.as_object().unwrap().iter().filter(|(property, _)| *property != "@type") {
        let expected = properties.iter().find(|(known, _)| known == property);
        let (_, kind) = expected.unwrap_or_else(|| panic!("{name} has no {property}"));
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        assert!(!values.is_empty(), "{name}.{property} is an empty list");
        for value in values {
            let text = value.as_str().unwrap_or_default();
            let holds = match *kind {
                "text" => !text.is_empty(),
                "url" => text.starts_with("http://") || text.starts_with("https://"),
                "time" => text.len() >= 20 && text.as_bytes()[10] == b'T',
                "number" => value.is_number(),
                "integer" => value.is_i64(),
                "currency" => text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
                "ItemAvailability" => {
                    let known = ["InStock", "PreOrder", "SoldOut", "LimitedAvailability"];
                    known.iter().any(|known| text == format!("https://schema.org/{known}"))
                }
                "reference" => value["@id"].as_str().is_some_and(|id| id.starts_with("http")),
                "Thing" => {
                    validate(&value);
                    true
                }
                nested => {
                    validate(&value);
                    value["@type"] == nested
                }
            };
            assert!(holds, "{name}.{property} is no {kind}: {value}");
        }
    }
}

fn oak() -> Value {
    json!({
        "address": "456 Oak Ave, Miami, FL 33133", "price": 750_000, "bedrooms": 4, "bathrooms": 2.5, "sqft": 2400,
        "propertyType": "Residential", "propertySubType": "Single Family Residence", "city": "Miami", "stateOrProvince": "FL",
        "postalCode": "33133", "country": "US", "latitude": 25.7281, "longitude": -80.2437, "yearBuilt": 1998,
        "description": "Corner home under old oaks.", "privateRemarks": "The owner is in a hurry.", "showingInstructions": "Key under the doormat.",
        "taxAnnualAmount": 9_600, "associationFee": 100, "associationFeeFrequency": "Monthly"
    })
}

on_both_engines! {
    async fn everybody_finds_an_agent_with_listings_and_nobody_finds_what_is_for_the_agent_alone(app: TestApp) {
        let slashed = get(&app, "/listings/").await.expect(303);
        assert_eq!(slashed.header("location"), format!("/a/{}/listings", app.agent.slug));
        let id = add(&app, &oak()).await;
        let home = page(&app, "").await;
        assert!(home.contains("Sarah Johnson") && home.contains(&format!("{}/listings/{id}", base(&app))), "{home}");
        let shown = page(&app, &format!("/listings/{id}")).await;
        for part in ["$750,000", "4 bd", "2.5 ba", "2,400 sq ft", "Corner home under old oaks.", "1998", "For sale"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        for secret in ["hurry", "doormat", "@example.com"] {
            assert!(!shown.contains(secret) && !home.contains(secret), "{secret}");
        }
        // 600,000 lent at 6.5 % over 30 years, 800 of taxes and 100 of fees.
        assert!(shown.contains("$4,692 a month"), "{shown}");
        let other = page(&app, &format!("/listings/{id}?down=100&rate=x&years=-1")).await;
        assert!(other.contains("$900 a month"), "{other}");
        for rest in ["/nothing", "/listings/nothing", "/guides/nothing", "/blog/nothing"] {
            let _ = get(&app, rest).await.expect(404);
        }
        let _ = app.anonymous().get("/a/nobody").await.expect(404);
        // Nothing is remembered of whoever comes by.
        let answer = get(&app, "").await.expect(200);
        assert!(answer.headers.get("set-cookie").is_none());
    }

    async fn what_is_no_offer_is_not_there_or_gone(app: TestApp) {
        // B4: a draft is no other than what was never there.
        let id = add(&app, &json!({"address": "1 Draft Rd", "price": 1, "status": "draft"})).await;
        let unknown = get(&app, "/listings/lst_01k9x3v7e8f4sahm7d9q2b5c6n").await.expect(404);
        let strip = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("x-request-id");
            headers.remove("date");
            (headers, answer.text())
        };
        for status in ["draft", "hold"] {
            let _ = app.agent.api.patch(&format!("/api/v1/listings/{id}"), &json!({"status": status})).await.expect(200);
            assert_eq!(strip(&get(&app, &format!("/listings/{id}")).await.expect(404)), strip(&unknown), "{status}");
            assert!(!page(&app, "").await.contains(&id) && !page(&app, "/listings").await.contains(&id));
            assert!(!page(&app, "/sitemap.xml").await.contains(&id));
        }
        for status in ["withdrawn", "canceled", "expired"] {
            let _ = app.agent.api.patch(&format!("/api/v1/listings/{id}"), &json!({"status": status})).await.expect(200);
            let gone = get(&app, &format!("/listings/{id}")).await.expect(410);
            assert!(!gone.text().contains("Draft Rd"));
            assert!(!page(&app, "/sitemap.xml").await.contains(&id) && !page(&app, "/listings").await.contains(&id));
        }
        for (status, list, word) in [
            ("active", "/listings", "For sale"), ("coming_soon", "/listings", "Coming soon"), ("pending", "/listings", "Pending"),
            ("active_under_contract", "/listings", "Under contract"), ("closed", "/sold", "Sold"),
        ] {
            let _ = app.agent.api.patch(&format!("/api/v1/listings/{id}"), &json!({"status": status})).await.expect(200);
            assert!(page(&app, &format!("/listings/{id}")).await.contains(word), "{status}");
            assert!(page(&app, list).await.contains(&id) && page(&app, "/sitemap.xml").await.contains(&id), "{status}");
        }
        // Another agent's is not there, be it on offer.
        let other = app.another_agent("Bob").await;
        let _ = app.anonymous().get(&format!("/a/{}/listings/{id}", other.slug)).await.expect(404);
    }

    async fn lists_are_narrowed_put_in_order_and_turned(app: TestApp) {
        let homes = [
            ("A St", 100_000, 1, 1.0, "Condominium", "Miami", "active"),
            ("B St", 300_000, 3, 2.0, "Single Family Residence", "Miami", "pending"),
            ("C St", 200_000, 2, 1.5, "Townhouse", "Doral", "active"),
            ("D St", 400_000, 4, 3.0, "Single Family Residence", "Coral Gables", "coming_soon"),
            ("E St", 250_000, 2, 2.0, "Condominium", "Miami", "closed"),
        ];
        for (address, price, bedrooms, bathrooms, kind, city, status) in homes {
            let listing = json!({"address": address, "price": price, "bedrooms": bedrooms, "bathrooms": bathrooms,
                "propertySubType": kind, "city": city, "status": status});
            add(&app, &listing).await;
        }
        for (query, expected) in [
            ("", "DCBA"), ("?sort=price", "ACBD"), ("?sort=-price", "DBCA"), ("?area=Miami", "BA"), ("?area=Miami&sort=price", "AB"),
            ("?area=Nowhere", ""), ("?min_price=200000", "DCB"), ("?max_price=$200,000", "CA"),
            ("?min_price=150000&max_price=350000&sort=price", "CB"), ("?min_price=150000&max_price=350000&sort=-price", "BC"),
            ("?beds=3", "DB"), ("?baths=2", "DB"), ("?type=condo", "A"), ("?type=house&area=Miami", "B"), ("?status=active", "CA"),
            ("?beds=2&type=townhouse&status=active&max_price=250000", "C"), ("?beds=x&status=draft&type=castle&sort=name", "DCBA"),
            ("?min_price=-1&max_price=abc&area=%20", "DCBA"), ("?after=nonsense", "DCBA"),
        ] {
            let query = query.replace(',', "%2C").replace('$', "%24");
            let shown = page(&app, &format!("/listings{query}")).await;
            let expected = expected.chars().map(|letter| format!("{letter} St")).collect::<Vec<_>>();
            assert_eq!(streets(&shown), expected, "{query}");
        }
        assert_eq!(streets(&page(&app, "/sold").await), ["E St"]);
        let areas = page(&app, "/listings").await;
        let areas = between(&areas, "<select id=\"area\"", "</select>");
        assert!(areas.contains("Coral Gables") && areas.contains("Doral") && areas.contains("Miami"), "{areas}");
        // Pages: none is shown twice, and none is left out.
        for n in 0..25 {
            add(&app, &json!({"address": format!("{n} Long Rd"), "price": 10_000 + n % 3, "city": "Doral"})).await;
        }
        for sort in ["", "&sort=price", "&sort=-price"] {
            let (mut path, mut seen) = (format!("{}/listings?area=Doral{sort}", base(&app)), Vec::new());
            for _ in 0..4 {
                let shown = app.anonymous().get(&path).await.expect(200).text();
                seen.extend(streets(&shown));
                if !shown.contains("rel=\"next\"") {
                    break;
                }
                path = between(&shown, "<p class=\"turning\">", "</p>").rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
            }
            assert_eq!(seen.len(), 26, "{sort}: {seen:?}");
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 26, "{sort}");
        }
    }

    async fn each_language_has_its_pages_and_says_so(app: TestApp) {
        let id = add(&app, &oak()).await;
        let rest = format!("/listings/{id}");
        let spanish = app.anonymous().with("accept-language", "es-MX,es;q=0.9,en;q=0.5").get(&format!("{}{rest}", base(&app))).await.expect(200);
        assert_eq!((spanish.header("content-language"), spanish.header("vary")), ("es", "Accept-Language"));
        assert!(spanish.text().contains("En venta") && spanish.text().contains("lang=\"es\""));
        let english = get(&app, &rest).await.expect(200);
        assert_eq!(english.header("content-language"), "en");
        let named = page(&app, &format!("{rest}?lang=es")).await;
        assert!(named.contains("En venta") && named.contains(&format!("{}/about?lang=es", base(&app))), "{named}");
        let usual = between(&english.text(), "rel=\"canonical\" href=\"", "\"").to_owned();
        assert!(usual.ends_with(&rest), "{usual}");
        assert_eq!(between(&named, "rel=\"canonical\" href=\"", "\""), format!("{usual}?lang=es"));
        for (tag, url) in [("en", usual.clone()), ("es", format!("{usual}?lang=es")), ("x-default", usual.clone())] {
            assert!(named.contains(&format!("hreflang=\"{tag}\" href=\"{url}\"")), "{tag}");
        }
        // What the agent does not offer is not to be had.
        let look = Look { languages: vec![String::from("es")], ..Look::default() };
        websites::save(&app.crm, app.agent.id, look).await.unwrap();
        assert!(page(&app, "").await.contains("lang=\"en\""), "a draft is the agent's alone");
        websites::publish(&app.crm, app.agent.id).await.unwrap();
        for answer in [get(&app, "").await, get(&app, "?lang=en").await, app.anonymous().with("accept-language", "en").get(&base(&app)).await] {
            assert_eq!(answer.expect(200).header("content-language"), "es");
        }
    }

    async fn search_engines_are_told_what_schema_org_knows(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let id = add(&app, &oak()).await;
        let files = [("one.jpg", "image/jpeg", &picture(1400, 900, ImageFormat::Jpeg)[..])];
        let _ = send(&mut browser, &format!("/dashboard/listings/{id}/photos"), &files).await.expect(303);
        let shown = page(&app, &format!("/listings/{id}")).await;
        let nodes = told(&shown);
        nodes.iter().for_each(validate);
        let types = nodes.iter().map(|node| node["@type"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(types, ["RealEstateListing", "RealEstateAgent", "BreadcrumbList"]);
        assert_eq!((&nodes[0]["offers"]["price"], &nodes[0]["offers"]["priceCurrency"]), (&json!(750_000.0), &json!("USD")));
        assert_eq!(nodes[0]["mainEntity"]["@type"], "SingleFamilyResidence");
        let image = nodes[0]["image"][0].as_str().unwrap();
        assert_eq!(between(&shown, "property=\"og:image\" content=\"", "\""), image);
        let path = image.split_once("/a/").map(|(_, rest)| format!("/a/{rest}")).unwrap();
        assert_eq!(app.anonymous().get(&path).await.expect(200).header("content-type"), "image/jpeg");
        for rest in ["", "/listings", "/listings?area=Miami", "/about"] {
            let shown = page(&app, rest).await;
            told(&shown).iter().for_each(validate);
            assert!(!between(&shown, "<title>", "</title>").is_empty());
            assert!(!between(&shown, "name=\"description\" content=\"", "\"").is_empty(), "{rest}");
        }
        for (kind, word) in [("Condominium", "Apartment"), ("Unimproved Land", "Place"), ("Duplex", "House"), ("Retail", "Place")] {
            let id = add(&app, &json!({"address": "1 St", "price": 5, "propertySubType": kind, "bedrooms": 2})).await;
            let nodes = told(&page(&app, &format!("/listings/{id}")).await);
            nodes.iter().for_each(validate);
            assert_eq!(nodes[0]["mainEntity"]["@type"], word);
        }
    }

    async fn a_script_in_a_text_stays_a_text(app: TestApp) {
        // B3, in every place where what an agent typed is shown.
        let evil = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&\u{2028}";
        let id = add(&app, &json!({"address": format!("1 {evil} St, {evil}"), "price": 1, "description": evil, "city": evil})).await;
        let text = |text: &str| Texts { headline: text.chars().take(120).collect(), intro: text.to_owned(), about: text.to_owned() };
        let look = Look { texts: BTreeMap::from([(String::from("en"), text(evil))]), ..Look::default() };
        websites::save(&app.crm, app.agent.id, look).await.unwrap();
        websites::publish(&app.crm, app.agent.id).await.unwrap();
        let typed = TypedPost { title: evil.to_owned(), slug: String::from("evil"), language: String::from("en"), text: format!("{evil} [x](javascript:alert(1))") };
        let post = posts::create(&app.crm, app.agent.id, &typed, None).await.unwrap().value.id;
        let _ = get(&app, "/blog/evil").await.expect(404);
        posts::set_status(&app.crm, app.agent.id, post, PostStatus::Published).await.unwrap();
        for rest in ["", "/listings", &format!("/listings/{id}"), "/about", "/blog", "/blog/evil"] {
            let shown = page(&app, rest).await;
            assert!(!shown.contains("<script>") && !shown.contains("<img src=x") && !shown.contains("javascript:alert(1)\""), "{rest}: {shown}");
            told(&shown).iter().for_each(validate);
        }
        for rest in ["/feed.xml", "/blog/feed.xml", "/sitemap.xml", "/llms.txt"] {
            let text = page(&app, rest).await;
            assert!(!text.contains("<script>") && !text.contains("><img"), "{rest}: {text}");
        }
    }

    async fn sitemaps_feeds_and_robots_lead_to_what_there_is(app: TestApp) {
        let id = add(&app, &oak()).await;
        let robots = app.anonymous().get("/robots.txt").await.expect(200).text();
        let index = robots.lines().find_map(|line| line.strip_prefix("Sitemap: ")).unwrap().to_owned();
        assert!(robots.contains("Disallow: /dashboard") && index.ends_with("/sitemap.xml"));
        let index = app.anonymous().get("/sitemap.xml").await.expect(200).text();
        assert!(index.contains(&format!("{}/sitemap.xml</loc>", base(&app))), "{index}");
        let map = page(&app, "/sitemap.xml").await;
        for rest in ["", "/listings", "/about", &format!("/listings/{id}")] {
            assert!(map.contains(&format!("{}{rest}</loc>", base(&app))), "{rest}: {map}");
        }
        // Everything that it names is there.
        for loc in map.split("<loc>").skip(1).map(|rest| rest.split("</loc>").next().unwrap()) {
            let path = loc.find("/a/").map(|at| &loc[at..]).unwrap();
            let _ = app.anonymous().get(path).await.expect(200);
        }
        let feed = get(&app, "/feed.xml").await.expect(200);
        assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
        assert!(feed.text().contains("456 Oak Ave") && feed.text().contains("<updated>") && feed.text().contains("rel=\"self\""));
        assert!(page(&app, "/llms.txt").await.contains("456 Oak Ave"));
        assert!(app.anonymous().get("/llms.txt").await.expect(200).text().contains(&format!("{}/llms.txt", base(&app))));
        for part in ["?part=pages", "?part=open", "?part=sold", "?part=open&before=lst_01k9x3v7e8f4sahm7d9q2b5c6n", "?part=x"] {
            let _ = get(&app, &format!("/sitemap.xml{part}")).await.expect(200);
        }
        // Whoever leaves is found no more.
        let gone = app.another_agent("Gone").await;
        let sql = "INSERT INTO departures (agent_id, due_at) VALUES ($1, 9999999999999)";
        let agent = gone.id;
        let left = app.crm.database().write("test.leave", db::Lane::SHARED, move |tx| tx.execute(sql, db::params![&agent]));
        left.await.unwrap();
        let _ = app.anonymous().get(&format!("/a/{}", gone.slug)).await.expect(404);
        assert!(!app.anonymous().get("/sitemap.xml").await.expect(200).text().contains(&format!("/a/{}/", gone.slug)));
    }

    async fn a_page_is_sent_once_and_again_when_it_has_changed(app: TestApp) {
        let id = add(&app, &oak()).await;
        for rest in ["", "/listings", &format!("/listings/{id}"), "/about", "/sitemap.xml", "/feed.xml", "/llms.txt"] {
            let first = get(&app, rest).await.expect(200);
            assert!(first.header("cache-control").starts_with("public"), "{rest}");
            let held = app.anonymous().with("if-none-match", first.header("etag"));
            let again = held.get(&format!("{}{rest}", base(&app))).await.expect(304);
            assert!(again.text().is_empty() && again.header("etag") == first.header("etag"), "{rest}");
        }
        let first = get(&app, &format!("/listings/{id}")).await;
        let _ = app.agent.api.patch(&format!("/api/v1/listings/{id}"), &json!({"price": 760_000})).await.expect(200);
        let held = app.anonymous().with("if-none-match", first.header("etag"));
        let changed = held.get(&format!("{}/listings/{id}", base(&app))).await.expect(200).text();
        assert!(changed.contains("$760,000") && changed.contains("Price history") && changed.contains("+1.3 %"), "{changed}");
    }

    async fn photos_are_for_everybody_while_the_listing_is(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let id = add(&app, &oak()).await;
        let files = [("one.jpg", "image/jpeg", &picture(1400, 900, ImageFormat::Jpeg)[..])];
        let _ = send(&mut browser, &format!("/dashboard/listings/{id}/photos"), &files).await.expect(303);
        let shown = page(&app, &format!("/listings/{id}")).await;
        let photo = between(&shown, "<li id=\"photo-1\"><a href=\"", "\"").to_owned();
        assert!(shown.contains("width=\"1400\" height=\"900\"") && shown.contains("320w"), "{shown}");
        let anybody = app.anonymous();
        let sent = anybody.get(&photo).await.expect(200);
        assert!(sent.header("cache-control").starts_with("public, max-age=") && sent.header("content-type") == "image/jpeg");
        let _ = anybody.with("if-none-match", sent.header("etag")).get(&photo).await.expect(304);
        for wrong in [photo.replace("-1400.jpg", "-1401.jpg"), photo.replace(".jpg", ".png"), photo.replace("pho_", "doc_")] {
            let _ = anybody.get(&wrong).await.expect(404);
        }
        for status in ["draft", "withdrawn"] {
            let _ = app.agent.api.patch(&format!("/api/v1/listings/{id}"), &json!({"status": status})).await.expect(200);
            let _ = anybody.get(&photo).await.expect(404);
        }
        let card = between(&page(&app, "/about").await, "property=\"og:image\" content=\"", "\"").to_owned();
        let card = card.find("/a/").map(|at| card[at..].to_owned()).unwrap();
        assert_eq!(anybody.get(&card).await.expect(200).header("content-type"), "image/jpeg");
        let _ = anybody.get(&format!("{}/card/123456.jpg", base(&app))).await.expect(404);
    }

    async fn hosts_that_somebody_chose_are_nowhere(app: TestApp) {
        // B1 and B2.
        let plain = get(&app, "").await.expect(200);
        let _ = app.anonymous().with("host", "evil.example").get(&base(&app)).await.expect(404);
        for header in ["x-forwarded-host", "x-host", "x-forwarded-server", "x-original-url", "forwarded"] {
            let answer = app.anonymous().with(header, "evil.example").get(&base(&app)).await.expect(200);
            assert_eq!(answer.text(), plain.text(), "{header}");
            assert_eq!(answer.header("etag"), plain.header("etag"));
        }
    }

    async fn every_name_and_place_can_be_written(app: TestApp) {
        for name in ["李小龙", "محمد علي", "Ñandú Öğretmen 🏡", "ครับ", "O'Brien & Søn <ltd>"] {
            let agent = app.another_agent(name).await;
            let listing = json!({"address": format!("{name} 1, {name}"), "price": 1_250_000.5, "city": name, "currency": "EUR"});
            let id = agent.api.post("/api/v1/listings", &listing).await.expect(201).json()["listingId"].as_str().unwrap().to_owned();
            for rest in [String::new(), String::from("/listings"), format!("/listings/{id}"), String::from("/about"), String::from("/feed.xml")] {
                let shown = app.anonymous().get(&format!("/a/{}{rest}", agent.slug)).await.expect(200).text();
                let written = name.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;").replace('\'', "&#39;");
                assert!(shown.contains(&written) || shown.contains(name) || rest == "/feed.xml", "{name} {rest}: {shown}");
            }
            let shown = app.anonymous().get(&format!("/a/{}/listings/{id}", agent.slug)).await.expect(200).text();
            assert!(shown.contains("€1,250,000.50"), "{shown}");
        }
    }

    async fn the_website_is_changed_looked_at_and_published(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = "/dashboard/website";
        assert!(browser.get(path).await.expect(200).text().contains(&base(&app)));
        let sections = ["contact", "listings", "guides", "areas", "about", "posts", "sold"];
        let mut fields = vec![("theme", "modern"), ("language", "en"), ("language", "es"), ("usual", "es"), ("headline.en", "  Hello Miami "), ("about.es", "Hola")];
        fields.extend(sections.map(|section| ("section", section)));
        fields.push(("shown", "contact"));
        let _ = browser.post(path, &fields).await.expect(303);
        let before = page(&app, "").await;
        assert!(before.contains("data-theme=\"classic\"") && !before.contains("Hello Miami"));
        let preview = browser.get("/dashboard/website/preview?lang=en").await.expect(200);
        assert!(preview.text().contains("Hello Miami") && preview.text().contains("data-theme=\"modern\"") && preview.text().contains("inert"));
        assert!(preview.header("content-security-policy").contains("frame-ancestors 'self'") && preview.header("cache-control") == "no-store");
        let _ = app.browser().get("/dashboard/website/preview").await.expect(303);
        let _ = browser.post(&format!("{path}/publish"), &[]).await.expect(303);
        let after = page(&app, "?lang=en").await;
        assert!(after.contains("Hello Miami") && after.contains("data-theme=\"modern\"") && !after.contains("inert"));
        assert_eq!(get(&app, "").await.header("content-language"), "es");
        // Sections move, and what is hidden is.
        assert!(!after.contains("<ul class=\"cards\">"));
        fields.push(("move", "later.contact"));
        let _ = browser.post(path, &fields).await.expect(303);
        let held = websites::get(&app.crm, app.agent.id).await.unwrap();
        assert_eq!(held.draft.unwrap().sections[1].section.name(), "contact");
        let _ = browser.post(&format!("{path}/discard"), &[]).await.expect(303);
        assert!(websites::get(&app.crm, app.agent.id).await.unwrap().draft.is_none());
        assert_eq!(held.published.theme, Theme::Modern);
        // What is too long, or nothing, is told and not kept.
        let long = "x".repeat(121);
        let wrong = browser.post(path, &[("theme", "castle"), ("headline.en", &long)]).await.expect(422).text();
        assert!(wrong.contains("at most 120 characters") && wrong.contains("at least one"), "{wrong}");
        let _ = browser.post(path, &[]).await.expect(422);
        // Another agent's is another.
        let other = app.another_agent("Bob").await;
        assert!(app.anonymous().get(&format!("/a/{}", other.slug)).await.expect(200).text().contains("data-theme=\"classic\""));
    }

    async fn a_post_is_written_published_changed_and_deleted(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = "/dashboard/website/posts";
        let fields = [("title", "Buying in Miami"), ("text", "# One\n\n**two** <b>three</b>"), ("language", "en")];
        let made = browser.post(&format!("{path}/new"), &fields).await.expect(303);
        let own = made.header("location").split('?').next().unwrap().to_owned();
        let _ = get(&app, "/blog/buying-in-miami").await.expect(404);
        assert!(browser.get(&format!("{own}/preview")).await.expect(200).text().contains("<strong>two</strong>"));
        assert!(!page(&app, "").await.contains("/blog"));
        let _ = browser.post(&format!("{own}/publish"), &[]).await.expect(303);
        let shown = page(&app, "/blog/buying-in-miami").await;
        assert!(shown.contains("<h2>One</h2>") && shown.contains("&lt;b&gt;three"), "{shown}");
        told(&shown).iter().for_each(validate);
        for rest in ["", "/blog", "/blog/feed.xml", "/sitemap.xml", "/llms.txt"] {
            assert!(page(&app, rest).await.contains("/blog/buying-in-miami"), "{rest}");
        }
        let second = browser.post(&format!("{path}/new"), &fields).await.expect(303);
        assert!(browser.get(second.header("location")).await.expect(200).text().contains("buying-in-miami-2"));
        let taken = [("title", "Other"), ("text", "x"), ("language", "en"), ("slug", "buying-in-miami")];
        assert!(browser.post(&format!("{path}/new"), &taken).await.expect(422).text().contains("Is taken by another"));
        assert!(browser.post(&format!("{path}/new"), &[("title", " ")]).await.expect(422).text().contains("Is missing."));
        let late = [("title", "Late"), ("text", "x"), ("language", "en"), ("seen", "2000-01-01T00:00:00.000Z")];
        let _ = browser.post(&own, &late).await.expect(409);
        let _ = browser.post(&own, &[("title", "Now"), ("text", "new words"), ("language", "es")]).await.expect(303);
        assert!(page(&app, "/blog/buying-in-miami").await.contains("new words"));
        // Another agent's is not there.
        let other = app.another_agent("Bob").await;
        app.set_password(&other).await;
        let mut stranger = app.sign_in(&other).await;
        for what in ["", "/publish", "/withdraw", "/delete"] {
            let _ = stranger.post(&format!("{own}{what}"), &late[..3]).await.expect(404);
        }
        let _ = stranger.get(&format!("{own}/preview")).await.expect(404);
        let _ = browser.post(&format!("{own}/withdraw"), &[]).await.expect(303);
        let _ = get(&app, "/blog/buying-in-miami").await.expect(404);
        let _ = browser.post(&format!("{own}/delete"), &[]).await.expect(303);
        let _ = browser.get(&own).await.expect(404);
        assert_eq!(GuideStatus::Draft.name(), PostStatus::Draft.name());
    }

    async fn an_open_house_goes_into_a_calendar(app: TestApp) {
        let id = add(&app, &oak()).await;
        let listing = id.parse().unwrap();
        let now = app.crm.clock().now();
        let at = |hours: i64| crm::clock::UnixMillis(now.0 + hours * 3_600_000);
        crm::open_houses::create(&app.crm, app.agent.id, listing, at(48), at(50), "Ring <twice>").await.unwrap();
        crm::open_houses::create(&app.crm, app.agent.id, listing, at(-50), at(-48), "Long ago").await.unwrap();
        let shown = page(&app, &format!("/listings/{id}")).await;
        assert!(shown.contains("Open houses") && shown.contains("Ring &#60;twice&#62;") && !shown.contains("Long ago"), "{shown}");
        let file = shown.split("href=\"").find(|rest| rest.contains(".ics")).unwrap().split('"').next().unwrap().to_owned();
        let calendar = app.anonymous().get(&file).await.expect(200);
        assert_eq!(calendar.header("content-type"), "text/calendar; charset=utf-8");
        assert!(calendar.text().contains("SUMMARY:Open house: 456 Oak Ave"), "{}", calendar.text());
        let _ = app.agent.api.patch(&format!("/api/v1/listings/{id}"), &json!({"status": "draft"})).await.expect(200);
        let _ = app.anonymous().get(&file).await.expect(404);
    }
}
