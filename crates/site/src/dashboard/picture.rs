//! Today's small picture of the business: leads by source over eight weeks, how many become clients and close, how soon they are
//! answered. Drawn as SVG, with a table that says the same.

use crm::{
    clients,
    clock::UnixMillis,
    pages::{Filter, Page, Sort, Start, Total},
    pictures,
    sessions::Session,
    stages,
};

use super::timeline::SourceNames;
use crate::{Site, pages::Refusal, times::Times};

const WEEKS: i64 = 8;
/// Sources with a tone of their own; the others share one.
const SHOWN: usize = 4;
/// Fewer answered leads than these tell nothing yet.
const FEW: usize = 5;
/// The drawing, in its own units: a column's place and width, and the height of the tallest.
const COLUMN: u64 = 80;
const BAR: u64 = 52;
const TALLEST: u64 = 140;
const TOP: u64 = 24;

/// A part of a column.
pub(super) struct Bar {
    pub x: u64,
    pub y: u64,
    pub height: u64,
    pub tone: usize,
}

/// A column's week.
pub(super) struct Week {
    /// Where its words stand.
    pub x: u64,
    /// Where its sum stands.
    pub y: u64,
    pub begins: String,
    pub total: u64,
}

/// A source with its leads of each week.
pub(super) struct Series {
    pub name: String,
    pub tone: usize,
    pub weeks: Vec<u64>,
    pub total: u64,
}

/// A step of the way from lead to closing.
pub(super) struct Step {
    pub words: &'static str,
    pub count: String,
    /// Of the first step, in hundredths.
    pub share: u64,
}

/// All of it.
pub(super) struct Picture {
    pub weeks: Vec<Week>,
    pub bars: Vec<Bar>,
    pub series: Vec<Series>,
    pub total: u64,
    pub is_cut: bool,
    pub steps: Vec<Step>,
    pub response: String,
}

impl Picture {
    /// Of an agent; `all_leads` and `won` are how many leads there are, and how many of them became clients.
    pub async fn read(site: &Site, session: &Session, all_leads: u64, won: u64) -> Result<Self, Refusal> {
        let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
        let bounds = (0..=WEEKS).filter_map(|n| times.monday(now, n + 1 - WEEKS)).collect::<Vec<_>>();
        let read = pictures::read(&site.crm, session.agent, bounds.clone()).await?;
        let names = SourceNames::read(&site.crm, session.agent).await?;
        let series = series(read.sources, &names);
        let closed = closed(site, session).await?;
        let share = |count: u64| (count * 100 / all_leads.max(1)).min(100);
        let step = |words, count: u64, more: bool| Step {
            words,
            count: if more { format!("more than {count}") } else { count.to_string() },
            share: share(count),
        };
        let steps = vec![
            step("Leads", all_leads, false),
            step("Became clients", won, false),
            step("Clients who closed", closed.0, !closed.1),
        ];
        let (weeks, bars) = drawn(&series, &bounds, &times);
        let total = series.iter().map(|series| series.total).sum();
        let response = response(read.answered, read.median_ms);
        Ok(Self { weeks, bars, series, total, is_cut: read.is_cut, steps, response })
    }
}

/// The largest sources each by itself, then the others together.
fn series(sources: std::collections::BTreeMap<String, Vec<u64>>, names: &SourceNames) -> Vec<Series> {
    let sum = |weeks: &[u64]| weeks.iter().sum::<u64>();
    let mut found = sources.into_iter().collect::<Vec<_>>();
    found.sort_by_key(|(_, weeks)| std::cmp::Reverse(sum(weeks)));
    let rest = found.split_off(found.len().min(SHOWN));
    let mut series = found
        .into_iter()
        .enumerate()
        .map(|(tone, (source, weeks))| Series { name: names.of(&source), tone, total: sum(&weeks), weeks })
        .collect::<Vec<_>>();
    if let Some((_, first)) = rest.first() {
        let weeks = (0..first.len()).map(|week| rest.iter().map(|(_, weeks)| weeks[week]).sum()).collect::<Vec<_>>();
        series.push(Series { name: String::from("Others"), tone: SHOWN, total: sum(&weeks), weeks });
    }
    series
}

fn drawn(series: &[Series], bounds: &[UnixMillis], times: &Times) -> (Vec<Week>, Vec<Bar>) {
    let total = |week: usize| series.iter().map(|series| series.weeks[week]).sum::<u64>();
    let count = bounds.len().saturating_sub(1);
    let most = (0..count).map(total).max().unwrap_or(0).max(1);
    let (mut weeks, mut bars) = (Vec::new(), Vec::new());
    for (week, place) in (0..count).zip(0u64..) {
        let x = place * COLUMN + (COLUMN - BAR) / 2;
        let mut below = 0;
        for of in series.iter().filter(|series| series.weeks[week] > 0) {
            // Rounded as a whole, so that parts add up to their column.
            let (from, to) = (below * TALLEST / most, (below + of.weeks[week]) * TALLEST / most);
            bars.push(Bar { x, y: TOP + TALLEST - to, height: to - from, tone: of.tone });
            below += of.weeks[week];
        }
        let y = TOP + TALLEST - below * TALLEST / most - 6;
        weeks.push(Week { x: x + BAR / 2, y, begins: times.short_day(bounds[week]), total: below });
    }
    (weeks, bars)
}

/// How many clients closed, and whether that is the number.
async fn closed(site: &Site, session: &Session) -> Result<(u64, bool), Refusal> {
    let (mut count, mut is_exact) = (0, true);
    for stage in stages::list(&site.crm, session.agent).await? {
        if stage.kind != stages::Kind::Closed {
            continue;
        }
        let filter = Filter { stage: Some(stage.id), ..Filter::default() };
        let page = Page { sort: Sort::LastChangedFirst, start: Start::Offset(0), limit: 1, counted: Total::COUNTED };
        let listed = clients::list(&site.crm, session.agent, filter, page).await?;
        count += listed.total.count;
        is_exact &= listed.total.is_exact;
    }
    Ok((count, is_exact))
}

/// How soon leads are answered, in words.
fn response(answered: usize, median_ms: Option<i64>) -> String {
    let minutes = median_ms.unwrap_or(0) / 60_000;
    let time = match minutes {
        0 => String::from("less than a minute"),
        1 => String::from("1 minute"),
        2..120 => format!("{minutes} minutes"),
        120..2_880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    };
    match answered {
        0 => String::from("No lead was answered yet: a new status or a note tells that one was."),
        1..FEW => format!("Too few answered leads to tell how soon you answer: {answered} so far."),
        _ => format!("Half of your last {answered} answered leads waited no longer than {time} for you."),
    }
}

#[cfg(test)]
mod tests {
    use super::response;

    #[test]
    fn little_is_told_of_little() {
        assert!(response(0, None).starts_with("No lead"));
        assert!(response(4, Some(60_000)).starts_with("Too few"));
        assert!(response(5, Some(150 * 60_000)).contains("no longer than 2 hours"));
    }
}
