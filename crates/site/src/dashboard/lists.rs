//! What a list of people is narrowed by and how it is ordered, as it stands in the address: one for leads and for clients.

use std::collections::HashMap;

use crm::{
    fold::fold,
    ids::StageId,
    leads::STATUSES,
    pages::{Cursor, Filter, Page, Sort, Start, Total},
    search, tags,
};

use crate::times::Times;

/// Rows of a page.
const ROWS: u32 = 50;
/// How far a filtered list is counted: what is more than this is not read one by one, and each count costs.
pub(super) const COUNTED: u32 = 200;

/// A list of people.
#[derive(Debug)]
pub(super) struct List {
    /// Where it stands.
    pub path: &'static str,
    /// What it can be narrowed by, beside words and days.
    narrows: &'static [&'static str],
    /// Its orders as the address and the page name them. The first goes without saying.
    orders: [(&'static str, Sort, &'static str); 3],
    /// Which of its fields words are looked for in.
    searched: &'static str,
    /// What its days are.
    days: &'static str,
}

/// The list of leads.
pub(super) static LEADS: List = List {
    path: super::leads::PATH,
    narrows: &["status", "source", "tag"],
    orders: [
        ("", Sort::NewestFirst, "Newest first"),
        ("createdAt", Sort::OldestFirst, "Oldest first"),
        ("-updatedAt", Sort::LastChangedFirst, "Last changed first"),
    ],
    searched: "Name, e-mail, phone, address, notes",
    days: "Came in from",
};

/// The list of clients.
pub(super) static CLIENTS: List = List {
    path: super::clients::PATH,
    narrows: &["stage", "tag"],
    orders: [
        ("", Sort::LastChangedFirst, "Last changed first"),
        ("-createdAt", Sort::NewestFirst, "Newest first"),
        ("createdAt", Sort::OldestFirst, "Oldest first"),
    ],
    searched: "Name, e-mail, phone, notes",
    days: "Client from",
};

/// What of a list is asked for.
#[derive(Clone)]
pub(super) struct Asked {
    list: &'static List,
    q: String,
    status: String,
    source: String,
    stage: String,
    sort: String,
    tag: String,
    from: String,
    to: String,
    after: String,
}

impl Asked {
    /// Reads an address. What the list does not know is left out.
    pub fn read(list: &'static List, query: &HashMap<String, String>) -> Self {
        let get = |name: &str| query.get(name).map(|value| value.trim().to_owned()).unwrap_or_default();
        let known = |name: &str| if list.narrows.contains(&name) { get(name) } else { String::new() };
        let status = Some(known("status")).filter(|status| STATUSES.contains(&status.as_str())).unwrap_or_default();
        let stage = known("stage").parse::<StageId>().map(|stage| stage.to_string()).unwrap_or_default();
        let sort = Some(get("sort")).filter(|sort| list.orders.iter().any(|(name, ..)| name == sort));
        let q = get("q").chars().take(200).collect();
        let day = |name| Some(get(name)).filter(|day| Times::of("UTC").start_of(day).is_some()).unwrap_or_default();
        let tag = known("tag").chars().take(tags::MAX).collect();
        let (from, to, source, after) = (day("from"), day("to"), known("source"), get("after"));
        Self { list, q, status, source, stage, sort: sort.unwrap_or_default(), tag, from, to, after }
    }

    /// Whether it is less than all.
    pub fn is_narrowed(&self) -> bool {
        [&self.q, &self.status, &self.source, &self.stage, &self.tag, &self.from, &self.to]
            .iter()
            .any(|text| !text.is_empty())
    }

    /// Whether it is narrowed by more than words.
    pub fn is_filtered(&self) -> bool {
        Self { q: String::new(), ..self.clone() }.is_narrowed() || !self.is_ordered_as_ever()
    }

    /// Whether it has the order that goes without saying.
    pub fn is_ordered_as_ever(&self) -> bool {
        self.sort.is_empty()
    }

    /// Whether what comes next in its order stands first in it.
    pub fn is_first_of_all(&self) -> bool {
        !self.is_narrowed() && self.is_ordered_as_ever() && self.after.is_empty()
    }

    fn order(&self) -> (Sort, &'static str) {
        let orders = &self.list.orders;
        let order = orders.iter().find(|(name, ..)| *name == self.sort).unwrap_or(&orders[0]);
        (order.1, order.2)
    }

    /// Its order in words.
    pub fn order_words(&self) -> &'static str {
        self.order().1
    }

    /// What is to be found; days are those of a time zone.
    pub fn filter(&self, times: &Times) -> Filter {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Filter {
            status: given(&self.status),
            source_key: given(&self.source).map(|source| fold(&source)),
            stage: self.stage.parse().ok(),
            tag_key: given(&self.tag).map(|tag| fold(&tag)),
            words: search::words(&self.q),
            since: times.start_of(&self.from),
            until: times.end_of(&self.to),
            ..Filter::default()
        }
    }

    /// Which page of it.
    pub fn page(&self) -> Page {
        let (sort, _) = self.order();
        let start = Cursor::parse(&self.after, sort).map_or(Start::Offset(0), Start::After);
        Page { sort, start, limit: ROWS, counted: COUNTED }
    }

    /// The address of the same list from another place.
    pub fn link(&self, after: Option<&str>) -> String {
        self.link_to(self.list.path, after)
    }

    /// The address of this very page.
    pub fn here(&self) -> String {
        self.link(Some(&self.after))
    }

    /// The address of the first page, from another one.
    pub fn newest(&self) -> Option<String> {
        (!self.after.is_empty()).then(|| self.link(None))
    }

    /// The address of what comes after a place.
    pub fn older(&self, next: Option<Cursor>) -> Option<String> {
        next.map(|next| self.link(Some(&next.to_string())))
    }

    /// The same list at another path.
    pub fn link_to(&self, path: &str, after: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("q", self.q.as_str()),
            ("status", &self.status),
            ("source", &self.source),
            ("stage", &self.stage),
            ("sort", &self.sort),
            ("tag", &self.tag),
            ("from", &self.from),
            ("to", &self.to),
            ("after", after.unwrap_or_default()),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The form above the list. `choices` are the menus of this list, `tags` those that its people have.
    pub fn bar(&self, mut choices: Vec<Choice>, tags: &[String]) -> Bar {
        let mut tags = tags.iter().map(|tag| (tag.clone(), tag.clone())).collect::<Vec<_>>();
        // One that nobody has, or that is too far down to be listed: whoever searches again is not to lose it.
        if !self.tag.is_empty() && tags.iter().all(|(tag, _)| *tag != self.tag) {
            tags.push((self.tag.clone(), self.tag.clone()));
        }
        if !tags.is_empty() {
            choices.push(Choice::new("tag", "Tag", tags));
        }
        for choice in &mut choices {
            choice.chosen = match choice.name {
                "status" => self.status.clone(),
                "source" => self.source.clone(),
                "stage" => self.stage.clone(),
                _ => self.tag.clone(),
            };
        }
        Bar {
            path: self.list.path,
            searched: self.list.searched,
            days: self.list.days,
            q: self.q.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            sort: self.sort.clone(),
            choices,
            orders: self.list.orders.map(|(name, _, words)| (name, words)),
            is_open: self.is_filtered(),
        }
    }
}

/// The form that narrows and orders a list.
pub(super) struct Bar {
    pub path: &'static str,
    pub searched: &'static str,
    pub days: &'static str,
    pub q: String,
    pub from: String,
    pub to: String,
    pub sort: String,
    pub choices: Vec<Choice>,
    pub orders: [(&'static str, &'static str); 3],
    /// Whether the filters are in sight on a small screen, too.
    pub is_open: bool,
}

/// A menu in it: any, or one of these.
pub(super) struct Choice {
    pub name: &'static str,
    pub label: &'static str,
    pub chosen: String,
    /// Values and what they are called.
    pub options: Vec<(String, String)>,
}

impl Choice {
    /// A menu of the field with this name, of values with what they are called.
    pub fn new(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Self {
        Self { name, label, chosen: String::new(), options }
    }
}

/// How many there are, in words.
pub(super) fn count(total: Total) -> String {
    match total.is_exact {
        true => total.count.to_string(),
        false => format!("more than {}", total.count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &'static List, query: &str) -> Asked {
        Asked::read(list, &form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    #[test]
    fn an_address_keeps_what_the_list_knows_and_nothing_else() {
        let stage = "stg_0000000000000000000000000a";
        let query =
            format!("q=a+b&status=new&stage={stage}&sort=createdAt&tag=x%26y&from=2026-01-02&to=nonsense&done=saved");
        let kept = "q=a+b&status=new&sort=createdAt&tag=x%26y&from=2026-01-02";
        assert_eq!(read(&LEADS, &query).link(None), format!("/dashboard/leads?{kept}"));
        let clients = read(&CLIENTS, &query);
        let kept = format!("q=a+b&stage={stage}&sort=createdAt&tag=x%26y&from=2026-01-02");
        assert_eq!(clients.link(None), format!("/dashboard/clients?{kept}"));
        assert!(clients.filter(&Times::of("UTC")).status.is_none(), "clients have no status");
    }

    #[test]
    fn each_list_has_an_order_that_goes_without_saying() {
        assert_eq!(read(&LEADS, "").page().sort, Sort::NewestFirst);
        assert_eq!(read(&LEADS, "sort=-createdAt").link(None), "/dashboard/leads");
        assert_eq!(read(&CLIENTS, "sort=-updatedAt").page().sort, Sort::LastChangedFirst);
        assert_eq!(read(&CLIENTS, "sort=-createdAt").page().sort, Sort::NewestFirst);
    }
}
