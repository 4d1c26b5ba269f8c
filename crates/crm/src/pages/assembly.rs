//! SQL that depends on what a list is narrowed by, put together of fixed pieces.

use db::Value;

use super::{Cursor, Filter, Sort};
use crate::{clock::UnixMillis, ids};

/// SQL under assembly: static fragments, numbered parameters.
#[derive(Clone)]
pub(crate) struct Assembly<'a> {
    pub conditions: String,
    pub params: Vec<Value<'a>>,
}

impl<'a> Assembly<'a> {
    fn and(&mut self, condition: &'static str, value: impl Into<Value<'a>>) {
        let param = self.param(value);
        self.conditions.push_str(" AND ");
        self.conditions.push_str(condition);
        self.conditions.push(' ');
        self.conditions.push_str(&param);
    }

    /// Adds a parameter. What stands for it in the text.
    pub fn param(&mut self, value: impl Into<Value<'a>>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    /// Only what has the filter's values, its instants, words and tag aside.
    pub fn equal(&mut self, filter: &'a Filter) {
        if let Some(status) = &filter.status {
            self.and("t.status =", status);
        }
        if let Some(email) = &filter.email_key {
            self.and("t.email_key =", email);
        }
        if let Some(phone) = &filter.phone_key {
            self.and("t.phone_key =", phone);
        }
        if let Some(folded) = &filter.source_key {
            self.and("t.source_key =", folded);
        }
        if let Some(client) = &filter.client {
            self.and("t.client_id =", client);
        }
        if let Some(listing) = &filter.listing {
            self.and("t.listing_id =", listing);
        }
        if let Some(stage) = &filter.stage {
            self.and("t.stage_id =", stage);
        }
    }

    /// Only what comes after a place, in an order.
    pub fn after(&mut self, place: &'a Cursor) {
        let Cursor { sort, updated_at, id, .. } = place;
        match sort {
            Sort::NewestFirst => self.and("t.id <", id),
            Sort::OldestFirst => self.and("t.id >", id),
            Sort::LastChangedFirst => {
                let (updated_at, id) = (self.param(*updated_at), self.param(id));
                self.conditions.push_str(&format!(" AND (t.updated_at, t.id) < ({updated_at}, {id})"));
            }
        }
    }

    /// Only what comes before a place, in an order, and the place itself.
    pub fn up_to(&mut self, place: &'a Cursor) {
        let Cursor { sort, updated_at, id, .. } = place;
        match sort {
            Sort::NewestFirst => self.and("t.id >=", id),
            Sort::OldestFirst => self.and("t.id <=", id),
            Sort::LastChangedFirst => {
                let (updated_at, id) = (self.param(*updated_at), self.param(id));
                self.conditions.push_str(&format!(" AND (t.updated_at, t.id) >= ({updated_at}, {id})"));
            }
        }
    }
}

/// The instants of a filter, as a list is bound by them.
pub(super) struct Bounds {
    since: Option<[u8; 16]>,
    until: Option<[u8; 16]>,
    updated_since: Option<UnixMillis>,
}

impl Bounds {
    pub fn of(filter: &Filter) -> Self {
        let Filter { since, until, updated_since, .. } = filter;
        Self { since: since.map(ids::floor), until: until.map(ids::floor), updated_since: *updated_since }
    }

    /// Whether records are narrowed by when they were made.
    pub fn are_of_making(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// Whether records are narrowed by when they changed.
    pub fn are_of_change(&self) -> bool {
        self.updated_since.is_some()
    }

    /// Only what was made in time.
    pub fn made<'a>(&'a self, sql: &mut Assembly<'a>) {
        if let Some(since) = &self.since {
            sql.and("t.id >=", since);
        }
        if let Some(until) = &self.until {
            sql.and("t.id <", until);
        }
    }

    /// Only what changed in time.
    pub fn changed(&self, sql: &mut Assembly<'_>) {
        if let Some(since) = self.updated_since {
            sql.and("t.updated_at >=", since.0);
        }
    }
}
