//! JSON Schemas for assistants, from those of the API's document: references are filled in and samples left out.

use serde_json::{Map, Value};

/// How deep references go at most; the document's go two deep.
const MAX_DEPTH: usize = 16;

/// The members of an object schema: its properties, and the names of the required ones.
pub(crate) struct Members {
    pub properties: Map<String, Value>,
    pub required: Vec<String>,
}

/// A schema without references and samples.
pub(crate) fn plain(schema: &Value, named: &Map<String, Value>) -> Value {
    within(schema, named, 0)
}

fn within(schema: &Value, named: &Map<String, Value>, depth: usize) -> Value {
    match schema {
        Value::Object(members) if depth < MAX_DEPTH => {
            let mut plain = Map::new();
            if let Some(Value::Object(referred)) = find(members, named).map(|found| within(found, named, depth + 1)) {
                plain.extend(referred);
            }
            for (name, value) in members {
                if !matches!(name.as_str(), "$ref" | "example" | "examples") {
                    plain.insert(name.clone(), within(value, named, depth + 1));
                }
            }
            Value::Object(plain)
        }
        Value::Array(values) => values.iter().map(|value| within(value, named, depth + 1)).collect(),
        other => other.clone(),
    }
}

fn find<'a>(members: &Map<String, Value>, named: &'a Map<String, Value>) -> Option<&'a Value> {
    named.get(members.get("$ref")?.as_str()?.rsplit('/').next()?)
}

/// The members of an object schema, those of its parts (`allOf`) included.
pub(crate) fn members(schema: &Value, named: &Map<String, Value>) -> Members {
    let mut all = Members { properties: Map::new(), required: Vec::new() };
    let schema = plain(schema, named);
    let parts = schema.get("allOf").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![schema]);
    // The noun's own fields come before what else can be said of it.
    for part in parts.iter().rev() {
        if let Some(properties) = part.get("properties").and_then(Value::as_object) {
            all.properties.extend(properties.clone());
        }
        let required = part.get("required").and_then(Value::as_array).into_iter().flatten();
        all.required.extend(required.filter_map(Value::as_str).map(str::to_owned));
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_filled_in_and_samples_left_out() {
        let named = json!({"Id": {"type": "string", "examples": ["a"], "description": "Opaque."}});
        let named = named.as_object().unwrap();
        let schema = json!({"items": {"$ref": "#/components/schemas/Id", "description": "The id."}, "example": 1});
        assert_eq!(plain(&schema, named), json!({"items": {"type": "string", "description": "The id."}}));
    }

    #[test]
    fn the_parts_of_an_object_are_one() {
        let named = json!({"More": {"type": "object", "properties": {"b": {"type": "number"}}}});
        let schema =
            json!({"allOf": [{"$ref": "#/x/More"}, {"required": ["a"], "properties": {"a": {"type": "string"}}}]});
        let members = members(&schema, named.as_object().unwrap());
        assert_eq!(members.properties.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(members.required, ["a"]);
    }
}
