//! What machines wrote for machines: lead metadata, ADF XML, h-cards, JSON, parameters of links.

use super::{
    entities,
    labels::{self, Field},
    limits,
    pages::{Page, cut},
    texts, transfer,
};

/// A value that was machine-readable.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub field: Field,
    pub label: String,
    pub value: String,
    pub confidence: u8,
}

/// Lead Metadata 1.0: `<meta name="lead_…" content="…">`, wherever they stand.
pub(crate) fn metadata(page: &Page) -> Vec<Item> {
    let mut items = Vec::new();
    for (name, content) in &page.metas {
        let Some(key) = name.strip_prefix("lead_") else { continue };
        let field = match key {
            "name" => Field::Name,
            "first_name" => Field::FirstName,
            "last_name" => Field::LastName,
            "email" => Field::Email,
            "phone" => Field::Phone,
            "message" => Field::Message,
            "property_address" => Field::Address,
            "source" => Field::Source,
            "mls" | "property_mls" | "property_mls_number" => Field::Mls,
            "property_url" | "property_link" => Field::Url,
            "information_version" | "assigned_agent" | "assigned_agent_email" | "assigned_lender" => continue,
            _ => Field::Fact,
        };
        push(&mut items, field, &key.replace('_', " "), content, 97);
    }
    items
}

fn push(items: &mut Vec<Item>, field: Field, label: &str, value: &str, confidence: u8) {
    let value = value.trim();
    if !value.is_empty() && !super::contacts::is_nothing(value) {
        items.push(Item { field, label: label.to_owned(), value: value.to_owned(), confidence });
    }
}

/// What an ADF prospect holds.
pub(crate) struct Adf {
    pub items: Vec<Item>,
    /// Its number in the sender's system.
    pub id: Option<String>,
}

/// ADF, whether or not it is well-formed: elements are looked for by name, and end where the next tag begins.
pub(crate) fn adf(text: &str) -> Option<Adf> {
    let lower = text.to_ascii_lowercase();
    if !lower.contains("<adf") && !lower.contains("<prospect") && !lower.contains("<?adf") {
        return None;
    }
    let text = cut(text, limits::MAX_DECODED_BYTES);
    let mut adf = Adf { items: Vec::new(), id: None };
    let mut section = Section::None;
    let mut address = Vec::new();
    let mut property = Vec::new();
    let mut first_name = String::new();
    let mut last_name = String::new();
    let mut rest = text;
    let mut in_name = true;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(data) = rest.strip_prefix("![CDATA[") {
            rest = data;
            continue;
        }
        let Some(end) = rest.find('>') else { break };
        let tag = cut(&rest[..end], 400).to_lowercase();
        rest = &rest[end + 1..];
        let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag.as_str()), |tag| (true, tag));
        let name = tag.split([' ', '/', '\t', '\n', '\r']).next().unwrap_or_default();
        let is_empty = tag.ends_with('/');
        match name {
            "customer" | "buyer" => section = if is_end { Section::None } else { Section::Customer },
            "vendor" | "agent" | "dealer" => section = if is_end { Section::None } else { Section::Vendor },
            "provider" => section = if is_end { Section::None } else { Section::Provider },
            "vehicle" | "property" | "realestate" | "real_estate" | "listing" | "home" => {
                section = if is_end { Section::None } else { Section::Property }
            }
            _ => {}
        }
        if is_end || is_empty {
            continue;
        }
        let value = value_of(rest);
        if value.is_empty() {
            continue;
        }
        match (section, name) {
            (Section::Vendor, _) => {}
            (Section::Provider, "name" | "service") => {
                push(&mut adf.items, Field::Source, name, &value, if name == "name" { 80 } else { 82 });
            }
            (Section::Provider, _) => {}
            (_, "id") if adf.id.is_none() => adf.id = Some(value),
            (Section::Customer | Section::None, "name") => {
                let part = attribute(tag, "part").unwrap_or_default();
                match part.as_str() {
                    "first" if in_name => first_name = value,
                    "last" => {
                        last_name = value;
                        in_name = false;
                    }
                    "" | "full" => push(&mut adf.items, Field::Name, "name", &value, 95),
                    _ => {}
                }
            }
            (Section::Customer | Section::None, "firstname" | "first_name") => first_name = value,
            (Section::Customer | Section::None, "lastname" | "last_name") => last_name = value,
            (Section::Customer | Section::None, "email") => push(&mut adf.items, Field::Email, "email", &value, 95),
            (Section::Customer | Section::None, "phone") => push(&mut adf.items, Field::Phone, "phone", &value, 95),
            (_, "comments" | "comment" | "message") => push(&mut adf.items, Field::Message, "comments", &value, 95),
            (
                Section::Property,
                "street" | "address" | "streetaddress" | "propertyaddress" | "line1" | "city" | "regioncode" | "state"
                | "postalcode" | "zip" | "apartment" | "unit",
            ) => property.push((name.to_owned(), value)),
            (Section::Customer, "street" | "apartment" | "city" | "regioncode" | "postalcode") => address.push(value),
            (Section::Property, "mls" | "mlsnumber" | "mls_number" | "stock" | "listingid" | "mlsid") => {
                push(&mut adf.items, Field::Mls, "MLS", &value, 90);
            }
            (Section::Property, "url" | "link") => push(&mut adf.items, Field::Url, "URL", &value, 90),
            (Section::Property, "description" | "model" | "make" | "trim" | "title" | "name")
                if super::addresses::find(&value).is_some() =>
            {
                push(&mut adf.items, Field::Property, name, &value, 70);
            }
            (_, "propertyaddress" | "property_address") => {
                push(&mut adf.items, Field::Address, "property address", &value, 95);
            }
            (_, "source" | "leadsource") => push(&mut adf.items, Field::Source, "source", &value, 90),
            (Section::Property, "price" | "bedrooms" | "bathrooms" | "beds" | "baths" | "bodystyle") => {
                push(&mut adf.items, Field::Fact, name, &value, 90);
            }
            (_, "requestdate" | "timeframe" | "earliestdate" | "timezone" | "description") => {
                push(&mut adf.items, Field::Fact, name, &value, 60);
            }
            _ => {}
        }
    }
    let full =
        [first_name.trim(), last_name.trim()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    push(&mut adf.items, Field::Name, "name", &full, 94);
    if property
        .iter()
        .any(|(name, _)| matches!(name.as_str(), "street" | "address" | "streetaddress" | "propertyaddress" | "line1"))
    {
        let joined = property.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
        push(&mut adf.items, Field::Address, "property", &joined, 94);
    }
    if !address.is_empty() {
        push(&mut adf.items, Field::Fact, "address", &address.join(", "), 80);
    }
    (!adf.items.is_empty()).then_some(adf)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    None,
    Customer,
    Vendor,
    Provider,
    Property,
}

fn value_of(rest: &str) -> String {
    let trimmed = rest.trim_start();
    let value = match trimmed.strip_prefix("<![CDATA[") {
        Some(data) => cut(data, limits::MAX_NOTES * 4).split("]]>").next().unwrap_or_default().to_owned(),
        None => {
            let head = cut(rest, limits::MAX_NOTES * 4);
            entities::decode(head.split('<').next().unwrap_or_default())
        }
    };
    value.replace('\r', "").trim().to_owned()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!("{name}="))? + name.len() + 1;
    let rest = tag[at..].trim_start_matches(['"', '\'', ' ']);
    Some(rest.split(['"', '\'', ' ', '/']).next().unwrap_or_default().to_owned())
}

/// A lead in XML of its own making: elements named as labels are.
pub(crate) fn xml(text: &str) -> Vec<Item> {
    let trimmed = text.trim_start();
    let head = cut(trimmed, 400).to_ascii_lowercase();
    let is_lead = ["<?xml", "<lead", "<lts", "<contact"].iter().any(|start| head.starts_with(start));
    if !is_lead || ["<adf", "<?adf", "<html", "<prospect"].iter().any(|other| head.contains(other)) {
        return Vec::new();
    }
    let mut items = Vec::new();
    let mut foreign = 0_u32;
    let mut rest = trimmed;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let Some(end) = rest.find('>') else { break };
        let tag = cut(&rest[..end], 100);
        rest = &rest[end + 1..];
        let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let name = tag.split([' ', '/', '\n']).next().unwrap_or_default();
        let field = labels::find(name);
        let value = value_of(rest);
        if field == Some(Field::Foreign) && value.is_empty() {
            foreign = if is_end { foreign.saturating_sub(1) } else { foreign + 1 };
        }
        if is_end || foreign > 0 || value.is_empty() || items.len() > 200 {
            continue;
        }
        if let Some(field) = field.filter(|field| !matches!(field, Field::Foreign | Field::Heading)) {
            push(&mut items, field, name, &value, 92);
        }
    }
    items
}

/// A business card (RFC 6350).
pub(crate) fn vcard(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    if !cut(text.trim_start(), 40).to_ascii_uppercase().starts_with("BEGIN:VCARD") {
        return items;
    }
    for (key, value) in text.lines().take(200).filter_map(|line| line.split_once(':')) {
        let key = key.rsplit('.').next().unwrap_or(key).split(';').next().unwrap_or_default().to_ascii_uppercase();
        let field = match key.as_str() {
            "FN" => Field::Name,
            "EMAIL" => Field::Email,
            "TEL" => Field::Phone,
            "NOTE" => Field::Message,
            _ => continue,
        };
        push(&mut items, field, &key, value.trim_start_matches("tel:"), 60);
    }
    items
}

/// h-card classes and schema.org's properties.
pub(crate) fn card(page: &Page) -> Vec<Item> {
    let mut items = Vec::new();
    let mut street = Vec::new();
    for (class, text) in &page.marked {
        let field = match class.as_str() {
            "p-name" | "fn" => Field::Name,
            "p-given-name" | "given-name" => Field::FirstName,
            "p-family-name" | "family-name" => Field::LastName,
            "u-email" | "p-email" => Field::Email,
            "p-tel" | "u-tel" => Field::Phone,
            "p-note" | "e-content" | "p-message" | "p-comment" | "p-content" => Field::Message,
            "p-street-address" | "p-locality" | "p-region" | "p-postal-code" => {
                street.push(text.as_str());
                continue;
            }
            "p-adr" => Field::AnyAddress,
            _ => continue,
        };
        push(&mut items, field, class, text, 90);
    }
    if !street.is_empty() {
        push(&mut items, Field::AnyAddress, "address", &street.join(", "), 85);
    }
    items
}

/// `"full_name": "Jane Doe"`: a body that is JSON, as relays send it.
pub(crate) fn json(text: &str) -> Vec<Item> {
    let trimmed = text.trim();
    if !trimmed.starts_with(['{', '[']) || trimmed.len() > 1 << 20 {
        return Vec::new();
    }
    let mut items = Vec::new();
    let mut strings = quoted(trimmed).peekable();
    while let Some((key, is_key)) = strings.next() {
        if !is_key || items.len() > 500 {
            continue;
        }
        // Facebook's own form: {"name": "full_name", "values": ["Jane Doe"]}.
        let value = match strings.peek() {
            Some((_, true)) | None => continue,
            Some((value, false)) => value.clone(),
        };
        if key == "name" && labels::find(&value).is_some_and(|field| field != Field::Fact) {
            let mut ahead = strings.clone();
            ahead.next();
            if let (Some((values, true)), Some((inner, false))) = (ahead.next(), ahead.next())
                && values == "values"
                && let Some(field) = labels::find(&value)
            {
                push(&mut items, field, &value, &inner, 92);
                continue;
            }
        }
        if let Some(field) = labels::find(&key) {
            push(&mut items, field, &key, &value, 92);
        }
    }
    items
}

/// The strings and bare values of JSON; whether a colon follows.
fn quoted(text: &str) -> impl Iterator<Item = (String, bool)> + Clone + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find('"')?;
        rest = &rest[start + 1..];
        let mut string = String::new();
        let mut letters = rest.char_indices();
        let mut end = rest.len();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match letters.next().map(|(_, letter)| letter) {
                    Some('n') => string.push('\n'),
                    Some('t') => string.push(' '),
                    Some('r') => {}
                    Some('u') => {
                        let code = letters.by_ref().take(4).map(|(_, letter)| letter).collect::<String>();
                        string.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
                    }
                    Some(other) => string.push(other),
                    None => break,
                },
                other => string.push(other),
            }
        }
        rest = &rest[end.min(rest.len())..];
        Some((string, rest.trim_start().starts_with(':')))
    })
}

/// What the parameters of links tell, as in the call and text buttons of portals.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    pub items: Vec<Item>,
    pub inquiry: Option<String>,
    pub brand: Option<String>,
}

/// Reads the links of a page.
pub(crate) fn links(page: &Page) -> Linked {
    let mut linked = Linked::default();
    for link in &page.links {
        let Some((_, query)) = link.target.split_once('?') else { continue };
        let query = query.split('#').next().unwrap_or_default();
        let mut found = Vec::new();
        let mut is_inquiry = false;
        for (name, value) in query.split('&').take(60).filter_map(|pair| pair.split_once('=')) {
            let value = transfer::percent(value);
            let value = cut(value.trim(), limits::MAX_VALUE);
            if value.is_empty() {
                continue;
            }
            let key = texts::fold(name).replace(' ', "");
            match key.as_str() {
                "inquiryid" | "leadid" | "inquiry" | "contactid" | "leadguid" | "enquiryid" => {
                    is_inquiry = true;
                    linked.inquiry.get_or_insert_with(|| value.to_owned());
                }
                "renterbrand" | "brand" => {
                    is_inquiry |= key == "renterbrand";
                    linked.brand.get_or_insert_with(|| value.to_owned());
                }
                "name" | "rentername" | "consumername" | "fullname" => found.push((Field::Name, value.to_owned())),
                "phone" | "renterphone" | "consumerphone" | "phonenumber" | "tel" => {
                    found.push((Field::Phone, value.to_owned()));
                }
                "email" | "renteremail" | "consumeremail" => found.push((Field::Email, value.to_owned())),
                _ => {}
            }
        }
        let is_telling = is_inquiry || found.len() > 1;
        if !is_telling || linked.items.len() >= 50 {
            continue;
        }
        for (field, value) in found {
            push(&mut linked.items, field, "link", &value, 75);
        }
    }
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_adf_is_read() {
        let text = "<?ADF version=1.0?><adf><prospect><requestdate>2026<customer><contact><name part=\"first\">Jane</name><name part='last'>Doe\n<email>jane@x.example</email><phone type=\"voice\">512-555-0142</phone></contact><comments><![CDATA[Is it <free>?]]></comments></customer><vendor><contact><name part=\"full\">Agent</name><email>a@b.example</email>";
        let adf = adf(text).unwrap();
        let values = adf.items.iter().map(|item| (item.field, item.value.as_str())).collect::<Vec<_>>();
        assert!(values.contains(&(Field::Name, "Jane Doe")), "{values:?}");
        assert!(values.contains(&(Field::Message, "Is it <free>?")), "{values:?}");
        assert!(!values.contains(&(Field::Email, "a@b.example")), "{values:?}");
    }

    #[test]
    fn facebooks_json_is_read() {
        let items = json(
            r#"{"field_data":[{"name":"full_name","values":["Jane Doe"]},{"name":"email","values":["jane@x.example"]}],"phone_number":"+15125550142"}"#,
        );
        let values = items.iter().map(|item| (item.field, item.value.as_str())).collect::<Vec<_>>();
        assert_eq!(
            values,
            [(Field::Name, "Jane Doe"), (Field::Email, "jane@x.example"), (Field::Phone, "+15125550142")]
        );
    }
}
