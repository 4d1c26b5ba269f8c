//! The document's operations as the page shows them: grouped by noun, each with its parameters, a curl line and examples.

use serde_json::Value;

use super::examples;

/// The operations of one noun.
pub(super) struct Section {
    /// The noun, such as `Leads`.
    pub name: String,
    /// The anchor.
    pub anchor: String,
    /// What it is, in a sentence.
    pub description: String,
    /// What can be done with it.
    pub operations: Vec<Operation>,
}

/// One method of one path.
pub(super) struct Operation {
    /// The anchor: the operation's id.
    pub anchor: String,
    /// GET, POST, PATCH, DELETE.
    pub method: String,
    /// The path with its parameters named.
    pub path: String,
    /// What it does, in a few words.
    pub summary: String,
    /// More about it; may be empty.
    pub description: String,
    /// What it takes beside a body.
    pub parameters: Vec<Field>,
    /// What the body holds.
    pub fields: Vec<Field>,
    /// A request that works.
    pub curl: String,
    /// The successful answer.
    pub answer: Option<Answer>,
    /// The statuses of the errors it can answer.
    pub errors: String,
}

/// A parameter or a member of a body.
pub(super) struct Field {
    pub name: String,
    pub place: String,
    pub kind: String,
    pub is_required: bool,
    pub description: String,
}

/// A successful answer.
pub(super) struct Answer {
    pub status: String,
    pub description: String,
    pub example: Option<String>,
}

const METHODS: [&str; 4] = ["get", "post", "patch", "delete"];

/// The sections in the order of the document's tags.
pub(super) fn sections(document: &Value, base_url: &str) -> Vec<Section> {
    let tags = document["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sections = tags.iter().map(|tag| {
        let name = text(&tag["name"]);
        Section {
            anchor: name.to_lowercase().replace(' ', "-"),
            description: text(&tag["description"]),
            operations: operations(document, &name, base_url),
            name,
        }
    });
    sections.filter(|section| !section.operations.is_empty()).collect()
}

fn operations(document: &Value, tag: &str, base_url: &str) -> Vec<Operation> {
    let mut found = Vec::new();
    let Some(paths) = document["paths"].as_object() else { return found };
    for (path, item) in paths {
        for method in METHODS {
            let operation = &item[method];
            if operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|held| held == tag)) {
                found.push(describe(document, path, method, operation, base_url));
            }
        }
    }
    found
}

fn describe(document: &Value, path: &str, method: &str, operation: &Value, base_url: &str) -> Operation {
    let body = &operation["requestBody"]["content"]["application/json"];
    let schema = resolve(document, &body["schema"]);
    let example =
        body.get("example").cloned().or_else(|| schema.is_object().then(|| examples::of_schema(document, schema)));
    Operation {
        anchor: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]).trim_end_matches('.').to_owned(),
        description: text(&operation["description"]),
        parameters: parameters(document, operation),
        fields: fields(document, schema),
        curl: curl(method, path, base_url, example.as_ref()),
        answer: answer(document, operation),
        errors: errors(operation),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => &document["components"]["schemas"][name.rsplit('/').next().unwrap_or_default()],
        None => schema,
    }
}

fn parameters(document: &Value, operation: &Value) -> Vec<Field> {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fields = parameters.iter().map(|parameter| Field {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        kind: describe_kind(document, &parameter["schema"]),
        is_required: parameter["required"] == true,
        description: text(&parameter["description"]),
    });
    fields.collect()
}

fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = resolve(document, schema);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let inherited = parts.flat_map(|part| fields(document, part));
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let own = properties.map(|(name, property)| Field {
        name: name.clone(),
        place: String::from("body"),
        kind: describe_kind(document, property),
        is_required: required.iter().any(|held| held == name),
        description: text(&property["description"]),
    });
    own.chain(inherited).collect()
}

/// A type in words: `string, at most 200 characters`, `one of new, attempted`.
fn describe_kind(document: &Value, schema: &Value) -> String {
    let choices = schema["oneOf"].as_array().and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"));
    let schema = resolve(document, choices.unwrap_or(schema));
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str).collect::<Vec<_>>();
        return format!("one of {}", words.join(", "));
    }
    let mut words = match examples::kind(schema) {
        "array" => format!("list of {}", describe_kind(document, &schema["items"])),
        "" => String::from("value"),
        kind => kind.to_owned(),
    };
    if schema["format"] == "date-time" {
        words.push_str(" (RFC 3339)");
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        words.push_str(&format!(", at most {most} characters"));
    }
    if let (Some(least), Some(most)) = (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
        words.push_str(&format!(", {least} to {most}"));
    }
    words
}

fn curl(method: &str, path: &str, base_url: &str, body: Option<&Value>) -> String {
    let mut line = String::from("curl");
    if method != "get" {
        line.push_str(&format!(" -X {}", method.to_uppercase()));
    }
    line.push_str(&format!(" {base_url}{path}"));
    if body.is_some() {
        line.push_str(" \\\n  -H \"Content-Type: application/json\"");
    }
    line.push_str(" \\\n  -H \"X-API-Key: your_api_key_here\"");
    if let Some(body) = body {
        line.push_str(&format!(" \\\n  -d '{}'", body.to_string().replace('\'', "'\\''")));
    }
    line
}

fn answer(document: &Value, operation: &Value) -> Option<Answer> {
    let (status, response) = operation["responses"].as_object()?.iter().find(|(status, _)| status.starts_with('2'))?;
    let schema = &response["content"]["application/json"]["schema"];
    let example = schema.is_object().then(|| examples::pretty(&examples::of_schema(document, schema)));
    Some(Answer { status: status.clone(), description: text(&response["description"]), example })
}

fn errors(operation: &Value) -> String {
    let responses = operation["responses"].as_object();
    let statuses = responses.into_iter().flat_map(|responses| responses.keys());
    statuses.filter(|status| status.starts_with(['4', '5'])).cloned().collect::<Vec<_>>().join(", ")
}
