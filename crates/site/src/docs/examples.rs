//! Examples made from schemas: the document gives each field one, so that a whole record reads like a real one.

use serde_json::{Map, Value};

/// How deep a schema may refer to others.
const DEPTH: u8 = 8;

/// An example of a schema: its own, else one put together from its parts.
pub(super) fn of_schema(document: &Value, schema: &Value) -> Value {
    at_depth(document, schema, DEPTH)
}

fn at_depth(document: &Value, schema: &Value, depth: u8) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    let inner = |schema: &Value| at_depth(document, schema, depth - 1);
    if let Some(example) = schema.get("example").or_else(|| schema.get("examples").and_then(|examples| examples.get(0)))
    {
        return example.clone();
    }
    if let Some(name) = schema["$ref"].as_str() {
        return inner(&document["components"]["schemas"][name.rsplit('/').next().unwrap_or_default()]);
    }
    if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let telling = choices.iter().find(|choice| choice["type"] != "null");
        return telling.map_or(Value::Null, inner);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let members = parts.iter().map(inner).filter_map(|part| part.as_object().cloned());
        return Value::Object(members.flatten().collect());
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.first().cloned().unwrap_or(Value::Null);
    }
    if let Some(properties) = schema["properties"].as_object() {
        let required = schema["required"].as_array();
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|held| held == name));
        let telling = properties.iter().filter(|(name, schema)| is_required(name) || has_example(schema));
        return Value::Object(telling.map(|(name, schema)| (name.clone(), inner(schema))).collect::<Map<_, _>>());
    }
    match kind(schema) {
        "array" => match inner(&schema["items"]) {
            Value::Null => Value::Array(Vec::new()),
            item => Value::Array(vec![item]),
        },
        "integer" | "number" => Value::from(1),
        "boolean" => Value::Bool(true),
        "object" => Value::Object(Map::new()),
        "string" if schema["format"] == "date-time" => Value::from("2026-11-23T15:00:00.000Z"),
        "string" => Value::from("text"),
        _ => Value::Null,
    }
}

/// Whether a schema brings an example or leads to one; an optional field without tells nothing.
fn has_example(schema: &Value) -> bool {
    ["example", "examples", "$ref", "oneOf"].iter().any(|key| !schema[key].is_null())
}

/// The type of a schema, without `null`.
pub(super) fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        _ => "",
    }
}

/// JSON for reading.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a Value is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_put_together_from_its_fields() {
        let document = json!({"components": {"schemas": {
            "Lead": {"type": "object", "properties": {
                "id": {"$ref": "#/components/schemas/Id"},
                "email": {"type": ["string", "null"], "example": "john@example.com"},
                "status": {"oneOf": [{"type": "null"}, {"enum": ["new", "junk"]}]},
                "tags": {"type": "array", "items": {"type": "string", "example": "hot"}},
                "more": {"type": "string"}
            }, "required": ["tags"]},
            "Id": {"type": "string", "examples": ["lead_1"]}
        }}});
        let example = of_schema(&document, &json!({"$ref": "#/components/schemas/Lead"}));
        assert_eq!(example, json!({"id": "lead_1", "email": "john@example.com", "status": "new", "tags": ["hot"]}));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let document = json!({"components": {"schemas": {"A": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}}}}});
        assert!(of_schema(&document, &document["components"]["schemas"]["A"]).is_object());
    }
}
