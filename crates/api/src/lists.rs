//! What all lists share: parameters in, envelope out.

use crm::{
    clock::UnixMillis,
    fold::fold,
    pages::{Cursor, Filter, Listed, Page, Sort, Start, Total},
    values::{EmailAddress, PhoneNumber},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{Problem, query::Params, reply};

/// The deepest offset.
const MAX_OFFSET: u32 = 1_000_000;

/// Records a page has when the request does not say.
pub(crate) const DEFAULT_LIMIT: u32 = 50;
/// The most a request may ask for.
pub(crate) const MAX_LIMIT: u32 = 100;
/// What the published lists without paging return when the request does not say.
pub(crate) const WHOLE_LIMIT: u32 = 1_000;

/// Reads the parameters of a list of people. `statuses` are those that `status` may name; `default_limit` holds without
/// `limit`.
pub(crate) fn read(params: &mut Params, statuses: &[&str], default_limit: u32) -> (Filter, Page) {
    let (mut filter, page) = read_common(params, statuses, default_limit);
    filter.email_key = params.text("email").map(|text| EmailAddress::key_of(&text));
    filter.phone_key = params.text("phone").map(|text| PhoneNumber::key_of(&text).unwrap_or_default());
    filter.source_key = params.text("source").map(|text| fold(&text));
    filter.words = words(params);
    (filter, page)
}

/// Reads the parameters that every list takes: as [`read`], without those that name a person, a source or words.
pub(crate) fn read_common(params: &mut Params, statuses: &[&str], default_limit: u32) -> (Filter, Page) {
    let filter = Filter {
        status: status(params, statuses),
        since: instant(params, "since"),
        updated_since: instant(params, "updatedSince"),
        ..Filter::default()
    };
    (filter, page(params, default_limit))
}

/// Reads the words to search for.
pub(crate) fn words(params: &mut Params) -> Vec<String> {
    params.text("q").map(|text| crm::search::words(&text)).unwrap_or_default()
}

fn status(params: &mut Params, statuses: &[&str]) -> Option<String> {
    if statuses.is_empty() {
        return None;
    }
    params.parsed("status", |text| {
        statuses
            .contains(&text)
            .then(|| text.to_owned())
            .ok_or_else(|| format!("must be one of {}", statuses.join(", ")))
    })
}

fn instant(params: &mut Params, name: &str) -> Option<UnixMillis> {
    params.parsed(name, |text| UnixMillis::parse(text).ok_or(UnixMillis::FORMS))
}

fn page(params: &mut Params, default_limit: u32) -> Page {
    let sort = params.parsed("sort", |text| {
        let found = Sort::NAMES.iter().find(|(name, _)| *name == text).map(|(_, sort)| *sort);
        found.ok_or("must be -createdAt, createdAt or -updatedAt")
    });
    let sort = sort.unwrap_or_default();
    let limit = params.number("limit", 1..=MAX_LIMIT, default_limit);
    let offset = offset(params);
    let cursor = params.parsed("cursor", |text| Cursor::parse(text, sort));
    let start = match (cursor, offset) {
        (Some(_), Some(_)) => {
            params.refuse("offset", "cannot be combined with cursor");
            Start::Offset(0)
        }
        (Some(cursor), None) => Start::After(cursor),
        (None, offset) => Start::Offset(offset.unwrap_or(0)),
    };
    Page { sort, start, limit, counted: Total::COUNTED }
}

fn offset(params: &mut Params) -> Option<u32> {
    params.parsed("offset", |text| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let offset = text.parse::<u32>().ok().filter(|offset| is_number && *offset <= MAX_OFFSET);
        offset
            .ok_or("must be a whole number from 0 to 1000000; go deeper with cursor, from the nextCursor of each page")
    })
}

/// A page as answered: `{"leads":[…],"total":1}`, with `totalIsExact` where it is not and `nextCursor` where there is more.
struct Envelope<'a, T> {
    key: &'static str,
    listed: &'a Listed<T>,
}

impl<T: Serialize> Serialize for Envelope<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Listed { items, total, next } = self.listed;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.key, items)?;
        map.serialize_entry("total", &total.count)?;
        if !total.is_exact {
            map.serialize_entry("totalIsExact", &false)?;
        }
        if let Some(next) = next {
            map.serialize_entry("nextCursor", &next.to_string())?;
        }
        map.end()
    }
}

/// Renders a page under its published key.
pub(crate) fn answer<T: Serialize>(key: &'static str, listed: &Listed<T>) -> reply::Answer {
    reply::representation(&Envelope { key, listed })
}

/// Reads parameters with a closure and refuses the request if any was wrong.
pub(crate) fn checked<T>(mut params: Params, read: impl FnOnce(&mut Params) -> T) -> Result<T, Problem> {
    let value = read(&mut params);
    params.finish()?;
    Ok(value)
}
