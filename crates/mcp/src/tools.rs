//! The tools: each is an operation of the API's document, under a name and with the hints by which an assistant asks before it acts.

use std::{collections::BTreeSet, sync::Arc};

use form_urlencoded::Serializer;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::schemas;

/// What a tool does to the records.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Read,
    /// Adds one; again is another.
    Create,
    /// Adds one; again gives the one that is there.
    Ensure,
    /// Changes one; again changes nothing more.
    Update,
}

/// Name, operation, kind, title.
const TOOLS: [(&str, &str, Kind, &str); 22] = [
    ("find_leads", "list_leads", Kind::Read, "Find leads"),
    ("get_lead", "get_lead", Kind::Read, "Read a lead"),
    ("create_lead", "create_lead", Kind::Create, "Record a lead"),
    ("update_lead", "update_lead", Kind::Update, "Change a lead"),
    ("find_lead_notes", "list_lead_notes", Kind::Read, "Read the notes about a lead"),
    ("add_lead_note", "create_lead_note", Kind::Create, "Write a note about a lead"),
    ("find_clients", "list_clients", Kind::Read, "Find clients"),
    ("get_client", "get_client", Kind::Read, "Read a client"),
    ("create_client", "create_client", Kind::Ensure, "Add a client"),
    ("update_client", "update_client", Kind::Update, "Change a client, or move them to another stage"),
    ("find_client_notes", "list_client_notes", Kind::Read, "Read the notes about a client"),
    ("add_client_note", "create_client_note", Kind::Create, "Write a note about a client"),
    ("find_listings", "list_listings", Kind::Read, "Find listings"),
    ("get_listing", "get_listing", Kind::Read, "Read a listing"),
    ("create_listing", "create_listing", Kind::Create, "Add a listing"),
    ("update_listing", "update_listing", Kind::Update, "Change a listing"),
    ("find_showings", "list_showings", Kind::Read, "Find showings"),
    ("get_showing", "get_showing", Kind::Read, "Read a showing"),
    ("create_showing", "create_showing", Kind::Create, "Request a showing"),
    ("update_showing", "update_showing", Kind::Update, "Confirm, move, decline or complete a showing"),
    ("find_stages", "list_stages", Kind::Read, "Read the stages of the pipelines"),
    ("find_sources", "list_sources", Kind::Read, "Read the sources of leads"),
];

/// What may stand in a segment of a path as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// All tools, in their order.
pub(crate) struct Tools(Vec<Operation>);

/// One tool with the call that it makes.
pub(crate) struct Operation {
    /// As the protocol describes it.
    pub tool: Tool,
    method: Method,
    route: String,
    path: Vec<String>,
    query: BTreeSet<String>,
    /// A list that gives up to 1,000 where nobody asks for less.
    is_long: bool,
}

/// A call of the API.
pub(crate) struct Call {
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The members of its body.
    pub body: Option<Map<String, Value>>,
}

impl Tools {
    /// The tools over the API's document.
    pub fn new(document: &Value) -> Self {
        let none = Map::new();
        let named = document.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&none);
        let tools = TOOLS.iter().map(|(name, operation, kind, title)| {
            let (route, method, described) = find(document, operation).expect("the document has every operation");
            Operation::new(name, title, *kind, route, &method, described, named)
        });
        Self(tools.collect())
    }

    /// Each as the protocol describes it.
    pub fn described(&self) -> Vec<Tool> {
        self.0.iter().map(|operation| operation.tool.clone()).collect()
    }

    /// The tool of that name.
    pub fn find(&self, name: &str) -> Option<&Operation> {
        self.0.iter().find(|operation| operation.tool.name == name)
    }
}

fn find<'a>(document: &'a Value, operation: &str) -> Option<(&'a str, String, &'a Value)> {
    let paths = document.get("paths")?.as_object()?;
    paths.iter().find_map(|(route, methods)| {
        let methods = methods.as_object()?;
        let (method, described) = methods.iter().find(|(_, described)| described["operationId"] == operation)?;
        Some((route.as_str(), method.to_uppercase(), described))
    })
}

impl Operation {
    fn new(
        name: &'static str,
        title: &str,
        kind: Kind,
        route: &str,
        method: &str,
        described: &Value,
        named: &Map<String, Value>,
    ) -> Self {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let (mut path, mut query) = (Vec::new(), BTreeSet::new());
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            let Some(name) = parameter["name"].as_str() else { continue };
            match parameter["in"].as_str() {
                Some("path") => {
                    path.push(name.to_owned());
                    required.push(name.to_owned());
                }
                Some("query") => drop(query.insert(name.to_owned())),
                _ => continue,
            }
            let mut schema = schemas::plain(&parameter["schema"], named);
            if let (Some(schema), Some(says)) = (schema.as_object_mut(), parameter.get("description")) {
                schema.insert(String::from("description"), says.clone());
            }
            properties.insert(name.to_owned(), schema);
        }
        if let Some(body) = described.pointer("/requestBody/content/application~1json/schema") {
            let members = schemas::members(body, named);
            properties.extend(members.properties);
            required.extend(members.required);
        }
        let schema =
            json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        let Value::Object(schema) = schema else { unreachable!("it is an object") };
        let says = [&described["summary"], &described["description"]].map(|text| text.as_str().unwrap_or_default());
        let tool = Tool::new(name, says.join(" ").trim().to_owned(), Arc::new(schema))
            .with_title(title)
            .with_annotations(hints(kind, title));
        let is_long = matches!(name, "find_clients" | "find_listings");
        let method = Method::from_bytes(method.as_bytes()).expect("the document names methods");
        Self { tool, method, route: route.to_owned(), path, query, is_long }
    }

    /// The call that these arguments ask for.
    ///
    /// # Errors
    /// A sentence for the assistant, where an argument is missing or there is none of its name.
    pub fn call(&self, arguments: &Map<String, Value>) -> Result<Call, String> {
        let known = self.tool.input_schema["properties"].as_object().expect("the schema has properties");
        if let Some(name) = arguments.keys().find(|name| !known.contains_key(*name)) {
            let names = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(format!("There is no argument {name:?}; there are: {names}."));
        }
        let mut route = self.route.clone();
        for name in &self.path {
            let value = arguments.get(name).and_then(Value::as_str).filter(|id| !id.trim_matches('.').is_empty());
            let value = value.ok_or_else(|| format!("{name}: is required"))?;
            route = route.replace(&format!("{{{name}}}"), &utf8_percent_encode(value, SEGMENT).to_string());
        }
        let mut query = Serializer::new(String::new());
        for name in &self.query {
            match arguments.get(name) {
                None | Some(Value::Null) if name == "limit" && self.is_long => drop(query.append_pair(name, "50")),
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => drop(query.append_pair(name, text)),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => drop(query.append_pair(name, &value.to_string())),
                Some(_) => return Err(format!("{name}: must be one value")),
            }
        }
        let query = query.finish();
        let target = if query.is_empty() { route } else { format!("{route}?{query}") };
        let body = (self.method != Method::GET).then(|| {
            let is_of_body = |name: &String| !self.path.contains(name) && !self.query.contains(name);
            arguments
                .iter()
                .filter(|(name, _)| is_of_body(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        });
        Ok(Call { method: self.method.clone(), target, body })
    }
}

/// By these an assistant asks before it acts. A change overwrites what was there; nothing here reaches beyond the office.
fn hints(kind: Kind, title: &str) -> ToolAnnotations {
    ToolAnnotations::with_title(title)
        .read_only(kind == Kind::Read)
        .destructive(kind == Kind::Update)
        .idempotent(matches!(kind, Kind::Read | Kind::Ensure | Kind::Update))
        .open_world(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools() -> Tools {
        Tools::new(&serde_json::to_value(api::document()).unwrap())
    }

    fn arguments(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn every_tool_has_a_schema_without_references() {
        for tool in tools().described() {
            let schema = serde_json::to_string(&tool.input_schema).unwrap();
            assert!(!schema.contains("$ref"), "{}", tool.name);
            assert!(!tool.description.unwrap().is_empty(), "{}", tool.name);
        }
    }

    #[test]
    fn arguments_become_path_query_and_body() {
        let tools = tools();
        let call =
            tools.find("update_lead").unwrap().call(&arguments(&json!({"id": "a/../b", "status": "new"}))).unwrap();
        assert_eq!((call.method.as_str(), call.target.as_str()), ("PATCH", "/api/v1/leads/a%2F..%2Fb"));
        assert_eq!(call.body.unwrap(), arguments(&json!({"status": "new"})));
        let call = tools
            .find("find_leads")
            .unwrap()
            .call(&arguments(&json!({"q": "oak & pine", "limit": 5, "source": null})))
            .unwrap();
        assert_eq!(call.target, "/api/v1/leads?limit=5&q=oak+%26+pine");
        assert!(call.body.is_none());
        assert_eq!(tools.find("find_clients").unwrap().call(&Map::new()).unwrap().target, "/api/v1/clients?limit=50");
    }

    #[test]
    fn an_argument_that_is_missing_or_unknown_is_named() {
        let tools = tools();
        let refused = |tool: &str, given: &Value| tools.find(tool).unwrap().call(&arguments(given)).err().unwrap();
        assert!(refused("get_lead", &json!({})).contains("id"));
        assert!(refused("get_lead", &json!({"id": ".."})).contains("id"));
        assert!(refused("find_leads", &json!({"state": "new"})).contains("status"));
        assert!(refused("find_leads", &json!({"q": ["a"]})).contains('q'));
    }
}
