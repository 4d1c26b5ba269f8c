//! The API's document: committed, current, and with an example for everything.
#![expect(clippy::disallowed_methods, reason = "the test is told by the environment to write the file anew")]

use serde_json::Value;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

fn document() -> Value {
    serde_json::to_value(api::document()).unwrap()
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .values()
        .flat_map(|item| item.as_object().unwrap())
        .filter(|(_, operation)| operation["operationId"].is_string())
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let generated = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("ORGANICAGENT_BLESS").is_some() {
        std::fs::write(PATH, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/openapi.json is not current: ORGANICAGENT_BLESS=1 cargo test -p tests openapi writes it anew"
    );
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let mut count = 0;
    for (_, operation) in operations(&document) {
        count += 1;
        for key in ["summary", "operationId"] {
            assert!(operation[key].as_str().is_some_and(|text| !text.is_empty()), "{key} of {operation}");
        }
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{}", operation["operationId"]);
        let statuses = operation["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        for status in ["400", "401", "429", "500"] {
            assert!(statuses.iter().any(|held| held == status), "{} answers {status}", operation["operationId"]);
        }
        assert!(statuses.iter().any(|status| status.starts_with('2')), "{}", operation["operationId"]);
    }
    assert!(count >= 25, "{count} operations");
}

/// The members of a schema, also of those it is put together from.
fn properties<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a String, &'a Value)> {
    let schema = match schema["$ref"].as_str() {
        Some(name) => &document["components"]["schemas"][name.rsplit('/').next().unwrap()],
        None => schema,
    };
    let own = schema["properties"].as_object().into_iter().flatten();
    let parts = ["allOf", "oneOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    own.chain(parts.flat_map(|part| properties(document, part))).collect()
}

#[test]
fn every_field_that_is_sent_has_an_example() {
    let document = document();
    for (_, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let properties = properties(&document, schema);
        assert!(schema.is_null() || !properties.is_empty(), "{}", operation["operationId"]);
        for (field, property) in properties {
            let property = property["oneOf"]
                .as_array()
                .and_then(|choices| choices.iter().find(|choice| choice["$ref"].is_string()))
                .unwrap_or(property);
            let has_example = ["example", "examples", "$ref"].iter().any(|key| !property[key].is_null());
            assert!(has_example, "{}: {field} has no example", operation["operationId"]);
        }
    }
}

#[test]
fn the_published_paths_are_there() {
    let published = include_str!("../../docs/reference/api-v1-published.txt");
    let document = document();
    for (path, method) in
        [("leads", "post"), ("leads", "get"), ("listings", "get"), ("clients", "post"), ("clients", "get")]
    {
        let path = format!("/api/v1/{path}");
        assert!(published.contains(&path));
        assert!(document["paths"][&path][method].is_object(), "{method} {path}");
    }
}
