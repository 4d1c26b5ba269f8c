//! Pages of long lists: cursors that cost the same at any depth, beside `offset`, and totals.

use db::{Engine, Row, Tx, Value};

use crate::{
    AgentId, Error,
    clock::UnixMillis,
    ids::{self, ClientId, ListingId, StageId},
    search::{Lookup, WALKED},
    tags::Tagged,
    totals::{self, Kind},
};

/// The order of a list. Ids break ties, so an order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Newest first (`-createdAt`).
    #[default]
    NewestFirst,
    /// Oldest first (`createdAt`).
    OldestFirst,
    /// Last changed first (`-updatedAt`).
    LastChangedFirst,
}

impl Sort {
    /// Every order with its public name.
    pub const NAMES: [(&'static str, Self); 3] =
        [("-createdAt", Self::NewestFirst), ("createdAt", Self::OldestFirst), ("-updatedAt", Self::LastChangedFirst)];

    /// As [`Sort::clause`], but by sorting: SQLite takes no index for a term with a sign. PostgreSQL counts its rows, and knows.
    fn sorted_clause(self, engine: Engine) -> &'static str {
        match (engine, self) {
            (Engine::Sqlite, Self::NewestFirst) => " ORDER BY +t.id DESC",
            (Engine::Sqlite, Self::OldestFirst) => " ORDER BY +t.id",
            (Engine::Sqlite, Self::LastChangedFirst) => " ORDER BY +t.updated_at DESC, t.id DESC",
            (Engine::Postgres, _) => self.clause(),
        }
    }

    fn clause(self) -> &'static str {
        match self {
            Self::NewestFirst => " ORDER BY t.id DESC",
            Self::OldestFirst => " ORDER BY t.id",
            Self::LastChangedFirst => " ORDER BY t.updated_at DESC, t.id DESC",
        }
    }
}

/// A place in a list: right after a record. Opaque to callers; valid while the records live, whatever is added meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    kind: u8,
    sort: Sort,
    updated_at: i64,
    id: [u8; 16],
}

/// First byte of every cursor: its format, and with it the kind of list.
const CURSOR_VERSION: u8 = 0x20;
const CURSOR_BYTES: usize = 2 + 8 + 16;
/// What is said of a text that is no cursor of the list.
const NO_CURSOR: &str = "must be the nextCursor of an earlier page of the same list with the same sort";

impl Cursor {
    fn new(kind: Kind, sort: Sort, updated_at: i64, id: [u8; 16]) -> Self {
        let updated_at = if sort == Sort::LastChangedFirst { updated_at } else { 0 };
        Self { kind: kind as u8, sort, updated_at, id }
    }

    /// Reads a cursor of the given order.
    ///
    /// # Errors
    /// With a sentence for the sender when it is none, or one of another order.
    pub fn parse(text: &str, sort: Sort) -> Result<Self, &'static str> {
        let bytes = Self::decode(text).ok_or(NO_CURSOR)?;
        let (place, id) = bytes[2..].split_at(8);
        let updated_at = i64::from_be_bytes(place.try_into().expect("split at 8"));
        let id = id.try_into().expect("26 less 2 and 8 is 16");
        let kind = bytes[0] & 0x0f;
        let is_of_sort = bytes[0] & 0xf0 == CURSOR_VERSION && bytes[1] == sort as u8;
        is_of_sort.then_some(Self { kind, sort, updated_at, id }).ok_or(NO_CURSOR)
    }

    fn decode(text: &str) -> Option<[u8; CURSOR_BYTES]> {
        if text.len() != CURSOR_BYTES * 2 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return None;
        }
        let mut bytes = [0; CURSOR_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(bytes)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:02x}{:02x}{:016x}", CURSOR_VERSION | self.kind, self.sort as u8, self.updated_at)?;
        self.id.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After so many records.
    Offset(u32),
    /// Right after a record of an earlier page.
    After(Cursor),
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The list's order.
    pub sort: Sort,
    /// Where it begins.
    pub start: Start,
    /// At most so many records.
    pub limit: u32,
}

/// How many records a list has in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The number, or [`Total::COUNTED`] where there are more than are counted.
    pub count: u64,
    /// Whether it is the number.
    pub is_exact: bool,
}

impl Total {
    /// A filtered list is counted up to here.
    pub const COUNTED: u64 = 10_000;
}

/// One page of a list.
#[derive(Debug)]
pub struct Listed<T> {
    /// The records.
    pub items: Vec<T>,
    /// How many the whole list has.
    pub total: Total,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// What a list can be narrowed by. Every field is an index's leading column.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this status.
    pub status: Option<String>,
    /// Only this folded e-mail address.
    pub email_key: Option<String>,
    /// Only these digits of a phone number.
    pub phone_key: Option<String>,
    /// Only this folded source.
    pub source_key: Option<String>,
    /// Only this client's.
    pub client: Option<ClientId>,
    /// Only this listing's.
    pub listing: Option<ListingId>,
    /// Only clients of this stage.
    pub stage: Option<StageId>,
    /// Only leads or clients with this folded tag.
    pub tag_key: Option<String>,
    /// Only records found by these words.
    pub words: Vec<String>,
    /// Only records made at or after this instant.
    pub since: Option<UnixMillis>,
    /// Only records made before this instant.
    pub until: Option<UnixMillis>,
    /// Only records changed at or after this instant.
    pub updated_since: Option<UnixMillis>,
}

impl Filter {
    /// Whether the kept totals tell the count.
    fn is_kept(&self) -> bool {
        let Self {
            status: _,
            email_key,
            phone_key,
            source_key,
            client,
            listing,
            stage,
            tag_key,
            words,
            since,
            until,
            updated_since,
        } = self;
        email_key.is_none()
            && phone_key.is_none()
            && source_key.is_none()
            && client.is_none()
            && listing.is_none()
            && stage.is_none()
            && tag_key.is_none()
            && words.is_empty()
            && since.is_none()
            && until.is_none()
            && updated_since.is_none()
    }
}

/// The table behind a list.
pub(crate) struct Source {
    /// What is counted.
    pub kind: Kind,
    /// `SELECT` with its columns and `FROM` with its joins; the listed table is named `t`. Column 0 is `t.id`, column 1 `t.updated_at`.
    pub select: &'static str,
    /// `SELECT 1 FROM` the listed table named `t`.
    pub count: &'static str,
}

/// SQL under assembly: static fragments, numbered parameters.
#[derive(Clone)]
pub(crate) struct Assembly<'a> {
    pub conditions: String,
    params: Vec<Value<'a>>,
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

    /// Only what comes after a place, in an order.
    fn after(&mut self, place: &'a Cursor) {
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
    fn up_to(&mut self, place: &'a Cursor) {
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

/// Reads one page. `map` reads a row of `source.select`.
pub(crate) fn read<T>(
    tx: &mut Tx<'_>,
    agent: AgentId,
    source: &Source,
    filter: &Filter,
    page: &Page,
    map: impl Fn(&Row<'_>) -> Result<T, db::DbError>,
) -> Result<Listed<T>, Error> {
    // Of another list: what comes after a place in it means nothing here.
    if let Start::After(cursor) = &page.start
        && cursor.kind != source.kind as u8
    {
        return Err(Error::invalid("cursor", NO_CURSOR));
    }
    let (since, until) = (filter.since.map(ids::floor), filter.until.map(ids::floor));
    let mut sql = Assembly { conditions: String::from(" WHERE t.agent_id = $1"), params: vec![Value::Bytes(&agent.0)] };
    if let Some(status) = &filter.status {
        sql.and("t.status =", status);
    }
    if let Some(email) = &filter.email_key {
        sql.and("t.email_key =", email);
    }
    if let Some(phone) = &filter.phone_key {
        sql.and("t.phone_key =", phone);
    }
    if let Some(folded) = &filter.source_key {
        sql.and("t.source_key =", folded);
    }
    if let Some(client) = &filter.client {
        sql.and("t.client_id =", client);
    }
    if let Some(listing) = &filter.listing {
        sql.and("t.listing_id =", listing);
    }
    if let Some(stage) = &filter.stage {
        sql.and("t.stage_id =", stage);
    }
    // What a walk goes over: the same list, without the instants that the index of its order does not have.
    let mut unnarrowed = sql.clone();
    let is_by_change = page.sort == Sort::LastChangedFirst;
    let mut bound = |condition: &'static str, id| {
        sql.and(condition, id);
        if !is_by_change {
            unnarrowed.and(condition, id);
        }
    };
    if let Some(since) = &since {
        bound("t.id >=", since);
    }
    if let Some(until) = &until {
        bound("t.id <", until);
    }
    if let Some(updated_since) = filter.updated_since {
        sql.and("t.updated_at >=", updated_since.0);
    }
    let lookup = match &*filter.words {
        [] => None,
        words => Some(Lookup::plan(tx, agent, source.kind, words)?),
    };
    let tagged = match &filter.tag_key {
        None => None,
        Some(key) => Some(Tagged::plan(tx, agent, source.kind, key)?),
    };
    // What one of them finds, the other only narrows.
    let walks = |lookup: &Lookup| lookup.is_walk() && tagged.as_ref().is_none_or(|tagged| tagged.is_common);
    let is_tag_walk = lookup.is_none() && tagged.as_ref().is_some_and(|tagged| tagged.is_common);
    let finds_by_walking = is_tag_walk || lookup.as_ref().is_some_and(walks);
    let mut walked = if finds_by_walking { walk(tx, source, page.sort, &unnarrowed)? } else { None };
    let total = match (&lookup, &tagged) {
        (None, None) => total(tx, agent, source, filter, &sql)?,
        _ => {
            let mut sql = sql.clone();
            if let Some(end) = &walked {
                sql.up_to(end);
            }
            if let Some(lookup) = &lookup {
                lookup.narrow(tx.engine(), &mut sql);
            }
            if let Some(tagged) = &tagged {
                tagged.narrow(tx.engine(), &mut sql);
            }
            let total = count(tx, source, &sql)?;
            Total { is_exact: total.is_exact && walked.is_none(), ..total }
        }
    };
    // Records stand in one index as they were made, in another as they changed. Narrowed by the one and ordered by the other, few are
    // sorted, and among many the list is walked.
    let is_bound = if is_by_change { since.is_some() || until.is_some() } else { filter.updated_since.is_some() };
    let is_out_of_order = is_bound && lookup.is_none();
    let is_walk = finds_by_walking || (is_out_of_order && !total.is_exact);
    let mut offset = 0;
    match &page.start {
        Start::Offset(skipped) if u64::from(*skipped) >= total.count && total.is_exact => {
            return Ok(Listed { items: Vec::new(), total, next: None });
        }
        Start::Offset(skipped) => offset = *skipped,
        Start::After(cursor) => {
            sql.after(cursor);
            unnarrowed.after(cursor);
        }
    }
    // To find by words, the first page was walked already.
    if is_walk && (!finds_by_walking || matches!(page.start, Start::After(_))) {
        walked = walk(tx, source, page.sort, &unnarrowed)?;
    }
    if let Some(end) = &walked {
        sql.up_to(end);
    }
    if let Some(lookup) = &lookup {
        lookup.narrow(tx.engine(), &mut sql);
    }
    if let Some(tagged) = &tagged {
        tagged.narrow(tx.engine(), &mut sql);
    }
    let mut text = String::with_capacity(source.select.len() + sql.conditions.len() + 64);
    text.push_str(source.select);
    text.push_str(&sql.conditions);
    text.push_str(if is_out_of_order && !is_walk { page.sort.sorted_clause(tx.engine()) } else { page.sort.clause() });
    text.push_str(&format!(" LIMIT {}", sql.param(i64::from(page.limit) + 1)));
    if offset > 0 {
        text.push_str(&format!(" OFFSET {}", sql.param(i64::from(offset))));
    }
    let mut places = Vec::with_capacity(page.limit as usize + 1);
    let mut items = tx.query(&text, &sql.params, |row| {
        places.push((row.get::<[u8; 16]>(0)?, row.get::<i64>(1)?));
        map(row)
    })?;
    let limit = page.limit as usize;
    let next = (items.len() > limit).then(|| {
        let (id, updated_at) = places[limit - 1];
        Cursor::new(source.kind, page.sort, updated_at, id)
    });
    items.truncate(limit);
    // What was walked had too few: the next page goes on from where this one stopped.
    Ok(Listed { items, total, next: next.or(walked) })
}

/// The last of the records that one page may look at, if there are more.
fn walk(tx: &mut Tx<'_>, source: &Source, sort: Sort, sql: &Assembly<'_>) -> Result<Option<Cursor>, Error> {
    let from = source.count.strip_prefix("SELECT 1").expect("every source counts ones");
    let order = sort.clause();
    let text = format!("SELECT t.id, t.updated_at{from}{}{order} LIMIT 2 OFFSET {}", sql.conditions, WALKED - 1);
    let ends = tx.query(&text, &sql.params, |row| Ok(Cursor::new(source.kind, sort, row.get(1)?, row.get(0)?)))?;
    Ok(if ends.len() == 2 { ends.first().copied() } else { None })
}

fn total(
    tx: &mut Tx<'_>,
    agent: AgentId,
    source: &Source,
    filter: &Filter,
    sql: &Assembly<'_>,
) -> Result<Total, Error> {
    if filter.is_kept() {
        let count = totals::get(tx, agent, source.kind, filter.status.as_deref())?;
        return Ok(Total { count, is_exact: true });
    }
    count(tx, source, sql)
}

fn count(tx: &mut Tx<'_>, source: &Source, sql: &Assembly<'_>) -> Result<Total, Error> {
    let text =
        format!("SELECT COUNT(*) FROM ({}{} LIMIT {}) counted", source.count, sql.conditions, Total::COUNTED + 1);
    let counted = tx.query_one(&text, &sql.params, |row| row.get::<i64>(0))?;
    let counted = u64::try_from(counted).unwrap_or(0);
    Ok(Total { count: counted.min(Total::COUNTED), is_exact: counted <= Total::COUNTED })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_round_trips_and_belongs_to_its_sort() {
        let cursor = Cursor { kind: 3, sort: Sort::LastChangedFirst, updated_at: 1_711_234_567_890, id: [7; 16] };
        let text = cursor.to_string();
        assert_eq!(Cursor::parse(&text, Sort::LastChangedFirst), Ok(cursor));
        assert!(Cursor::parse(&text, Sort::NewestFirst).is_err());
        for wrong in
            ["", "0", "lead_", &text.to_uppercase().replace('0', "G"), &text[..50], &format!("02{}", &text[2..])]
        {
            assert!(Cursor::parse(wrong, Sort::LastChangedFirst).is_err(), "{wrong}");
        }
    }
}
