//! Reads a page of a list by the way that costs little, however long the list is.
//!
//! What few records have gives them at once. What many have is near everywhere: the list is walked in its order, a little way
//! first. Only where that does not fill the page is more found out, and [`WALKED`] records are looked at, at most: a page that is
//! not full by then says where to go on.

use db::{Engine, Row, Tx, Value};

use super::{Assembly, Cursor, Filter, Listed, Page, Sort, Source, Start, Total, assembly::Bounds, cursor::NO_CURSOR};
use crate::{
    AgentId, Error,
    search::Lookup,
    tags::Tagged,
    totals::{self, Kind},
};

/// A word or tag with no more rows than this gives its records at once.
const FEW: u32 = 300;
/// One with no more than this gives them where a walk found too few.
const RARE: u32 = 10_000;
/// Records that are walked at first.
const NEAR: u32 = 1_000;
/// Records that are walked for a page, at most.
const WALKED: u32 = 20_000;

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
    let bounds = Bounds::of(filter);
    let mut list = List::new(tx.engine(), &agent, source, filter, page, &bounds);
    let most = if page.counted > FEW { RARE } else { FEW };
    let mut finder = Finder::plan(tx, agent, source.kind, filter, most)?;
    let total = total(tx, agent, filter, page, &list, &finder)?;
    let offset = match &page.start {
        Start::Offset(skipped) if u64::from(*skipped) >= total.count && total.is_exact => {
            return Ok(Listed { items: Vec::new(), total, next: None });
        }
        Start::Offset(skipped) => *skipped,
        Start::After(cursor) => {
            list.after(cursor);
            0
        }
    };
    let is_out_of_order = list.is_out_of_order && finder.lookup.is_none();
    let mut way = match (finder.is_walk(), is_out_of_order, total.is_exact) {
        (true, ..) | (_, true, false) => Way::Walk(NEAR),
        (_, true, true) => Way::Sort,
        _ => Way::Index,
    };
    let mut found = list.rows(tx, &finder, way, page, offset, &map)?;
    if way == Way::Walk(NEAR) && found.end.is_some() && found.next.is_none() {
        way = if finder.is_walk() {
            if most < RARE {
                finder = Finder::plan(tx, agent, source.kind, filter, RARE)?;
            }
            if finder.is_walk() { Way::Walk(WALKED) } else { Way::Index }
        } else {
            let is_few = list.count(tx, &finder, None, RARE)?.is_exact;
            if is_few { Way::Sort } else { Way::Walk(WALKED) }
        };
        found = list.rows(tx, &finder, way, page, offset, &map)?;
    }
    // What was walked had too few: the next page goes on from where this one stopped.
    let Found { items, next, end } = found;
    let next = next.or(end);
    let total = total.at_least(page, items.len(), next.is_none());
    Ok(Listed { items, total, next })
}

/// Records are found by an index, or by going over the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By the index of what is asked for.
    Index,
    /// By the index of what is asked for, then put in order.
    Sort,
    /// In the list's order, over so many records at most.
    Walk(u32),
}

/// What words and a tag of the filter narrow a list to.
struct Finder<'a> {
    lookup: Option<Lookup>,
    tagged: Option<Tagged<'a>>,
}

impl<'a> Finder<'a> {
    /// Chooses where to begin, of what has at most so many rows.
    fn plan(tx: &mut Tx<'_>, agent: AgentId, kind: Kind, filter: &'a Filter, most: u32) -> Result<Self, Error> {
        let lookup = match &*filter.words {
            [] => None,
            words => Some(Lookup::plan(tx, agent, kind, words, most)?),
        };
        let tagged = match &filter.tag_key {
            None => None,
            Some(key) => Some(Tagged::plan(tx, agent, kind, key, most)?),
        };
        Ok(Self { lookup, tagged })
    }

    /// Whether neither gives records to begin with. What one of them finds, the other only narrows.
    fn is_walk(&self) -> bool {
        match (&self.lookup, &self.tagged) {
            (Some(lookup), Some(tagged)) => lookup.is_walk() && tagged.is_common(),
            (Some(lookup), None) => lookup.is_walk(),
            (None, Some(tagged)) => tagged.is_common(),
            (None, None) => false,
        }
    }
}

/// A page's records, and what comes after them.
struct Found<T> {
    items: Vec<T>,
    /// After the last of them, where there are more.
    next: Option<Cursor>,
    /// After the last that was looked at, where a walk ended before the list did.
    end: Option<Cursor>,
}

/// A list under its filters, words and tag aside.
struct List<'a> {
    engine: Engine,
    source: &'a Source,
    sort: Sort,
    sql: Assembly<'a>,
    /// What a walk goes over: the same list, without the instants that the index of its order does not have.
    unnarrowed: Assembly<'a>,
    /// Whether it is narrowed by one instant of its records and ordered by another: they stand in one index as they were made, in
    /// another as they changed. Few are sorted, and among many the list is walked.
    is_out_of_order: bool,
}

impl<'a> List<'a> {
    fn new(
        engine: Engine,
        agent: &'a AgentId,
        source: &'a Source,
        filter: &'a Filter,
        page: &Page,
        bounds: &'a Bounds,
    ) -> Self {
        let sql = Assembly { conditions: String::from(" WHERE t.agent_id = $1"), params: vec![Value::Bytes(&agent.0)] };
        let mut list = Self { engine, source, sort: page.sort, unnarrowed: sql.clone(), sql, is_out_of_order: false };
        list.sql.equal(filter);
        list.unnarrowed = list.sql.clone();
        let is_by_change = page.sort == Sort::LastChangedFirst;
        bounds.made(&mut list.sql);
        if !is_by_change {
            bounds.made(&mut list.unnarrowed);
        }
        bounds.changed(&mut list.sql);
        list.is_out_of_order = if is_by_change { bounds.are_of_making() } else { bounds.are_of_change() };
        list
    }

    fn after(&mut self, cursor: &'a Cursor) {
        self.sql.after(cursor);
        self.unnarrowed.after(cursor);
    }

    fn rows<T>(
        &self,
        tx: &mut Tx<'_>,
        finder: &Finder<'_>,
        way: Way,
        page: &Page,
        offset: u32,
        map: impl Fn(&Row<'_>) -> Result<T, db::DbError>,
    ) -> Result<Found<T>, Error> {
        let end = match way {
            Way::Walk(most) => self.walk(tx, most)?,
            Way::Index | Way::Sort => None,
        };
        let mut sql = self.narrowed(finder, end.as_ref());
        let mut text = String::with_capacity(self.source.select.len() + sql.conditions.len() + 64);
        text.push_str(self.source.select);
        text.push_str(&sql.conditions);
        text.push_str(if way == Way::Sort { self.sort.sorted_clause(self.engine) } else { self.sort.clause() });
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
            Cursor::new(self.source.kind, self.sort, updated_at, id)
        });
        items.truncate(limit);
        Ok(Found { items, next, end })
    }

    /// The list's conditions, with those of words and tag, up to a place.
    fn narrowed<'s>(&'s self, finder: &'s Finder<'_>, end: Option<&'s Cursor>) -> Assembly<'s> {
        let mut sql: Assembly<'s> = self.sql.clone();
        if let Some(end) = end {
            sql.up_to(end);
        }
        if let Some(lookup) = &finder.lookup {
            lookup.narrow(self.engine, &mut sql);
        }
        if let Some(tagged) = &finder.tagged {
            tagged.narrow(self.engine, &mut sql);
        }
        sql
    }

    /// The last of so many records, if there are more.
    fn walk(&self, tx: &mut Tx<'_>, most: u32) -> Result<Option<Cursor>, Error> {
        let Self { source, sort, unnarrowed, .. } = self;
        let from = source.count.strip_prefix("SELECT 1").expect("every source counts ones");
        let order = sort.clause();
        let mut sql = unnarrowed.clone();
        let skipped = sql.param(i64::from(most) - 1);
        let text = format!("SELECT t.id, t.updated_at{from}{}{order} LIMIT 2 OFFSET {skipped}", sql.conditions);
        let ends = tx.query(&text, &sql.params, |row| Ok(Cursor::new(source.kind, *sort, row.get(1)?, row.get(0)?)))?;
        Ok(if ends.len() == 2 { ends.first().copied() } else { None })
    }

    /// How many there are up to a place, counted no further than `most`.
    fn count(&self, tx: &mut Tx<'_>, finder: &Finder<'_>, end: Option<&Cursor>, most: u32) -> Result<Total, Error> {
        let mut sql = self.narrowed(finder, end);
        let limit = sql.param(i64::from(most) + 1);
        let text = format!("SELECT COUNT(*) FROM ({}{} LIMIT {limit}) counted", self.source.count, sql.conditions);
        let counted = tx.query_one(&text, &sql.params, |row| row.get::<i64>(0))?;
        let total = Total::counted(counted, most);
        Ok(Total { is_exact: total.is_exact && end.is_none(), ..total })
    }
}

/// How many records the whole list has.
fn total(
    tx: &mut Tx<'_>,
    agent: AgentId,
    filter: &Filter,
    page: &Page,
    list: &List<'_>,
    finder: &Finder<'_>,
) -> Result<Total, Error> {
    let is_kept = filter.is_kept_but_for_words_and_tag();
    match (&finder.lookup, &finder.tagged) {
        (None, None) if is_kept => {
            let count = totals::get(tx, agent, list.source.kind, filter.status.as_deref())?;
            Ok(Total { count, is_exact: true })
        }
        (None, Some(tagged)) if is_kept && filter.status.is_none() => {
            Ok(Total { count: tagged.total(), is_exact: true })
        }
        _ if page.counted == 0 => Ok(Total { count: 0, is_exact: false }),
        (Some(lookup), None) if is_kept && filter.status.is_none() && lookup.is_walk() && filter.words.len() == 1 => {
            lookup.count(tx, agent, &filter.words[0], page.counted).map_err(Error::from)
        }
        // Each record would be looked at, for what no index has together: what the page shows says enough.
        _ if page.counted <= FEW && (finder.is_walk() || filter.values() > 1) => {
            Ok(Total { count: 0, is_exact: false })
        }
        _ if finder.is_walk() => {
            let end = list.walk(tx, page.counted.saturating_mul(2))?;
            list.count(tx, finder, end.as_ref(), page.counted)
        }
        _ => list.count(tx, finder, None, page.counted),
    }
}
