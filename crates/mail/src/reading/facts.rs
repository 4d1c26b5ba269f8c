//! Labels and their values on a page: on one line, in the next line, in the next cell, or under each other in two rows.

use super::{
    contacts,
    labels::{self, Field},
    limits,
    pages::{Line, Page, SEAM, cut, without_seams},
    texts, vocabulary,
};

/// A label with its value.
#[derive(Clone, Debug)]
pub(crate) struct Labelled {
    pub field: Option<Field>,
    /// As written.
    pub label: String,
    /// Never blank; lines stay lines.
    pub value: String,
    /// Where the value stands.
    pub line: usize,
}

/// Labels of a page at most.
const MAX_FOUND: usize = 2_000;

/// All labels with values of a page, in their order.
pub(crate) fn read(page: &Page) -> Vec<Labelled> {
    let mut found = Vec::new();
    let mut skip = 0;
    for index in 0..page.lines.len() {
        if index < skip || page.lines[index].is_hidden {
            continue;
        }
        if let Some(end) = columns(page, index, &mut found).or_else(|| text_columns(page, index, &mut found)) {
            skip = end;
            continue;
        }
        skip = line(page, index, &mut found).max(index + 1);
        if found.len() >= MAX_FOUND {
            break;
        }
    }
    found
}

/// A label at the start of a line, and what follows.
pub(crate) struct Start<'a> {
    pub field: Option<Field>,
    pub label: &'a str,
    pub value: &'a str,
    /// Whether a sign, not only the layout, sets them apart.
    pub is_marked: bool,
}

/// The label that a line begins with.
pub(crate) fn start(line: &str) -> Option<Start<'_>> {
    let line = line.trim_matches(|letter: char| letter.is_whitespace() || letter == SEAM);
    let head = cut(line, labels::MAX_LABEL * 3);
    let mut unknown = None;
    for (at, letter) in head.char_indices() {
        let after = &line[at + letter.len_utf8()..];
        let (is_sign, skip) = match letter {
            ':' | '：' => (true, 0),
            SEAM | '\t' | '|' | '│' => (false, 0),
            '=' => (false, usize::from(after.starts_with('>'))),
            '?' | '？' => (false, 0),
            '-' | '–' | '—' if line[..at].ends_with([' ', SEAM]) && after.starts_with([' ', SEAM]) => {
                (false, usize::from(after.starts_with(['-', '>'])))
            }
            ' ' if after.starts_with(' ') => (false, 0),
            '】' | ']' if at > 0 => (false, 0),
            '.' if after.starts_with("..") => (false, after.len() - after.trim_start_matches('.').len()),
            _ => continue,
        };
        if letter == ':'
            && (after.starts_with("//")
                || after.starts_with(|next: char| next.is_ascii_digit())
                    && line[..at].ends_with(|before: char| before.is_ascii_digit()))
        {
            continue;
        }
        let label = if letter == '?' { &line[..=at] } else { &line[..at] };
        let value = after[skip..].trim_start_matches(|letter: char| {
            letter.is_whitespace() || matches!(letter, SEAM | ':' | '：' | '|' | '│')
        });
        // `*Name:* Jane`
        let value = value.strip_prefix('*').map_or(value, str::trim_start);
        if let Some(field) = labels::find(label) {
            let is_doubted = !is_sign && matches!(letter, ' ' | '-' | '–' | '—' | '?' | '？') && is_prose(label);
            if !is_doubted {
                return Some(Start { field: Some(field), label, value, is_marked: true });
            }
        } else if is_sign && unknown.is_none() {
            unknown = Some(Start { field: None, label, value, is_marked: true });
        }
        if is_sign {
            break;
        }
    }
    let unknown = unknown.filter(|start| looks_like_label(start.label));
    unknown.or_else(|| {
        let field = (line.len() <= labels::MAX_LABEL * 3).then(|| labels::find(line)).flatten()?;
        (!is_prose(line)).then_some(Start { field: Some(field), label: line, value: "", is_marked: false })
    })
}

/// Words that are labels only where a sign says so: menus, buttons and prose use them too.
fn is_prose(label: &str) -> bool {
    let folded = texts::fold(label);
    vocabulary::list("prose_labels").contains(&folded.trim()) || folded.starts_with("view ")
}

fn looks_like_label(label: &str) -> bool {
    let label = without_seams(label);
    let words = label.split_whitespace().count();
    let count = label.chars().count();
    (1..=7).contains(&words)
        && (2..=48).contains(&count)
        && label.chars().any(char::is_alphabetic)
        && !label.contains(['.', '@', '"', '“', ';'])
        && label.chars().next().is_some_and(|first| !first.is_lowercase() || label.contains('_') || words == 1)
}

/// Whether a line begins with a label: then it is no value of the one before.
pub(crate) fn begins_label(line: &str) -> bool {
    start(line).is_some_and(|start| {
        start.field.is_some()
            || start.is_marked && !start.label.is_empty() && start.label.len() < 40 && !is_aside(start.label)
    })
}

fn is_aside(label: &str) -> bool {
    matches!(
        texts::fold(label).trim(),
        "ps" | "p.s." | "p.s" | "note" | "edit" | "hi" | "hello" | "also" | "question" | "thanks" | "hola" | "update"
    )
}

/// A label alone in its cell, with a cell beside it: there even words that menus and prose use are labels.
fn cell_label(page: &Page, index: usize) -> Option<Start<'_>> {
    let line = &page.lines[index];
    let next = page.lines.get(index + 1)?;
    let is_pair = line.cell?.is_beside(next.cell?) && line.cell != next.cell && line.cell?.column == 1;
    let field = labels::find(&line.text).filter(|_| is_pair)?;
    Some(Start { field: Some(field), label: &line.text, value: "", is_marked: false })
}

/// A label alone on its line, in a stack of labels and values: the next but one is a label too.
fn stacked_label(page: &Page, index: usize) -> Option<Start<'_>> {
    let line = &page.lines[index];
    let field = labels::find(&line.text).filter(|_| line.is_after_gap || page.is_html)?;
    let value = page.lines.get(index + 1)?;
    let next = page.lines.get(index + 2)?;
    let is_stack = labels::find(&value.text).is_none() && labels::find(&next.text).is_some() && line.cell.is_none();
    is_stack.then_some(Start { field: Some(field), label: &line.text, value: "", is_marked: false })
}

/// Reads one line; gives the line after the value.
fn line(page: &Page, index: usize, found: &mut Vec<Labelled>) -> usize {
    let text = page.lines[index].text.as_str();
    let Some(first) = start(text).or_else(|| cell_label(page, index)).or_else(|| stacked_label(page, index)) else {
        return index + 1;
    };
    let mut field = first.field;
    let mut label = first.label;
    let mut rest = first.value;
    // `Name: Jane Doe Email: jane@… Phone: …`
    while field != Some(Field::Message) && found.len() < MAX_FOUND {
        let Some((at, next)) = inner_label(rest) else { break };
        push(found, field, label, &rest[..at], index);
        field = next.field;
        label = next.label;
        rest = next.value;
    }
    let value = if contacts::is_nothing(rest) { "" } else { rest };
    if field == Some(Field::Heading) && value.is_empty() {
        return index + 1;
    }
    if !value.is_empty() || !rest.trim().is_empty() && value.is_empty() {
        let end = extend(page, index, field, value, !value.is_empty());
        push_lines(page, found, field, label, value, index, end);
        return end;
    }
    // The value stands below or beside.
    let Some(next) = following(page, index) else { return index + 1 };
    if begins_label(&page.lines[next].text) && !is_value_that_looks_like_label(page, field, next) {
        return index + 1;
    }
    if is_end(&page.lines[next].text) {
        return index + 1;
    }
    let end = extend(page, next, field, &page.lines[next].text, true);
    push_lines(page, found, field, label, &page.lines[next].text, next, end);
    end
}

/// A name such as `Guest: …` never stands below a label; but a message may begin with `Hi: `, and an address with a word of streets.
fn is_value_that_looks_like_label(page: &Page, field: Option<Field>, next: usize) -> bool {
    let start = start(&page.lines[next].text);
    let is_unknown = start.as_ref().is_some_and(|start| start.field.is_none());
    let is_bare = start.is_some_and(|start| !start.is_marked);
    field == Some(Field::Message) && is_unknown && !is_bare
}

fn following(page: &Page, index: usize) -> Option<usize> {
    let next = (index + 1..page.lines.len().min(index + 4)).find(|next| !page.lines[*next].is_hidden)?;
    let (here, there) = (page.lines[index].cell, page.lines[next].cell);
    // Out of the table that the label stands in: nothing of it.
    if let (Some(here), Some(there)) = (here, there)
        && here.table == there.table
        && there.row > here.row + 1
    {
        return None;
    }
    Some(next)
}

/// Where the value that begins in line `index` ends (exclusive).
fn extend(page: &Page, index: usize, field: Option<Field>, value: &str, has_value: bool) -> usize {
    let first = &page.lines[index];
    let mut end = index + 1;
    if !has_value {
        return end;
    }
    match field {
        Some(Field::Message) => {
            while end < page.lines.len() {
                let line = &page.lines[end];
                if line.is_hidden {
                    end += 1;
                    continue;
                }
                let is_elsewhere = match (first.cell, line.cell) {
                    (Some(here), Some(there)) => here != there,
                    (Some(_), None) => true,
                    (None, Some(_)) => page.is_html,
                    (None, None) => false,
                };
                let is_print = line.is_after_gap && super::fallbacks::is_small_print(&line.text);
                let is_sign_off = line.is_after_gap && is_company_sign_off(page, end);
                if is_elsewhere
                    || is_sign_off
                    || is_print
                    || is_end(&line.text)
                    || is_boundary(line)
                    || line.quotes > first.quotes
                {
                    break;
                }
                end += 1;
            }
        }
        Some(Field::Address | Field::AnyAddress | Field::Property | Field::ContactAddress) => {
            while end < page.lines.len().min(index + 3) {
                let line = &page.lines[end];
                let same_place = first.cell == line.cell && !line.is_hidden && (!line.is_after_gap || page.is_html);
                let so_far = if end == index + 1 { value.to_owned() } else { page.lines[end - 1].plain() };
                if !same_place || begins_label(&line.text) || !super::addresses::continues(&so_far, &line.plain()) {
                    break;
                }
                end += 1;
            }
        }
        _ => {}
    }
    end
}

/// `Best,` and a team's name: whoever passed the message on signs, not who wrote it.
fn is_company_sign_off(page: &Page, index: usize) -> bool {
    let line = page.lines[index].plain();
    let is_short = line.split_whitespace().count() <= 3 && line.trim_end().ends_with([',', '!', '.']);
    is_short
        && page.lines.get(index + 1).is_some_and(|next| {
            let folded = texts::fold(cut(&next.text, 80));
            texts::has_word(&folded, &["team"]) || super::providers::named_in(&folded).is_some()
        })
}

/// A line that begins another field and so ends a message.
fn is_boundary(line: &Line) -> bool {
    start(&line.text).is_some_and(|start| match start.field {
        Some(Field::Heading) => line.is_after_gap,
        Some(Field::Name | Field::Message | Field::FirstName | Field::LastName) if !start.is_marked => {
            line.is_after_gap
        }
        // In a message people write `Phone: …` as a signature; whoever reads labels wants it too.
        Some(_) => true,
        None => {
            start.is_marked
                && start.label.split_whitespace().count() <= 4
                && !is_aside(start.label)
                && start.label.len() < 32
                && start.label.chars().next().is_some_and(char::is_uppercase)
        }
    })
}

/// A line after which no message goes on: buttons, footers, rules.
pub(crate) fn is_end(line: &str) -> bool {
    let text = texts::squeeze(line);
    if text.len() >= 2
        && text.chars().all(|letter| matches!(letter, '-' | '_' | '=' | '*' | '~' | '—' | '–' | '#' | '+'))
    {
        return true;
    }
    let folded = texts::fold(cut(&text, 200));
    if folded.starts_with("about ") && text.split(' ').count() <= 4 && !text.ends_with(['.', '?', '!']) {
        return true;
    }
    let folded = folded.trim_start_matches(|letter: char| !letter.is_alphanumeric() && letter != '©');
    vocabulary::list("message_ends").iter().any(|start| folded.starts_with(start))
}

/// A further known label within a value, marked by a colon.
fn inner_label(whole: &str) -> Option<(usize, Start<'_>)> {
    let value = cut(whole, 2_000);
    let mut from = 0;
    while let Some(colon) = value[from..].find([':', '：', '=', SEAM]).map(|at| from + at) {
        let letter = value[colon..].chars().next()?;
        from = colon + letter.len_utf8();
        let after = &value[from..];
        if after.starts_with("//") {
            continue;
        }
        // The longest known label of at most five words before the colon.
        let head = value[..colon].trim_end();
        let window = head.len().saturating_sub(labels::MAX_LABEL);
        let window = head.ceil_char_boundary(window);
        let mut starts = head[window..].char_indices().rev().filter(|(at, letter)| {
            let place = window + at;
            let is_border = head[..place].chars().next_back().is_none_or(|before| {
                before.is_whitespace()
                    || matches!(before, '|' | ',' | ';' | '/' | '•' | '·' | SEAM | '(' | '*' | '"' | '。' | '、')
            });
            is_border && !letter.is_whitespace()
        });
        let mut best = None;
        for _ in 0..6 {
            let Some((at, _)) = starts.next() else { break };
            let label = &head[window + at..];
            if let Some(field) = labels::find(label)
                && (letter != SEAM || !is_prose(label))
                && (letter != '=' || !label.contains(' '))
            {
                best = Some((window + at, label, field));
            }
        }
        if let Some((at, label, field)) = best
            && at > 0
        {
            // A lone lower-case word in running text is no label.
            let is_prose = label.chars().next().is_some_and(char::is_lowercase)
                && !label.contains('_')
                && head[..at].split_whitespace().count() > 4;
            if !is_prose {
                let from = from
                    + (after.len()
                        - after
                            .trim_start_matches(|letter: char| {
                                letter.is_whitespace() || matches!(letter, SEAM | ':' | '*')
                            })
                            .len());
                return Some((at, Start { field: Some(field), label, value: &whole[from..], is_marked: true }));
            }
        }
    }
    None
}

fn push_lines(
    page: &Page,
    found: &mut Vec<Labelled>,
    field: Option<Field>,
    label: &str,
    value: &str,
    first: usize,
    end: usize,
) {
    let mut text = without_seams(value);
    for line in page.lines[first + 1..end].iter().filter(|line| !line.is_hidden) {
        if text.len() > limits::MAX_NOTES * 4 {
            break;
        }
        text.push_str(if line.is_after_gap { "\n\n" } else { "\n" });
        text.push_str(&line.plain());
    }
    push(found, field, label, &text, first);
}

fn push(found: &mut Vec<Labelled>, field: Option<Field>, label: &str, value: &str, line: usize) {
    let value = value.replace(SEAM, " ");
    let value =
        value.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '|' | ';' | '•' | '·' | '│'));
    let value = if field == Some(Field::Message) {
        value
    } else {
        value.trim_end_matches([',', '*']).trim_start_matches('*').trim()
    };
    if value.is_empty() || contacts::is_nothing(value) {
        return;
    }
    let label = texts::squeeze(label)
        .trim_matches(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '#' | '?'))
        .to_owned();
    found.push(Labelled { field, label, value: value.to_owned(), line });
}

/// A row of labels, with the values in the row below.
fn columns(page: &Page, index: usize, found: &mut Vec<Labelled>) -> Option<usize> {
    let first = page.lines[index].cell?;
    if index > 0 && page.lines[index - 1].cell.is_some_and(|cell| cell.is_beside(first)) {
        return None;
    }
    let row_end = |start: usize| {
        (start..page.lines.len())
            .take(64)
            .find(|at| page.lines[*at].cell.is_none_or(|cell| !cell.is_beside(page.lines[start].cell.unwrap_or(first))))
            .unwrap_or(page.lines.len().min(start + 64))
    };
    let end = row_end(index);
    let labels = &page.lines[index..end];
    if labels.len() < 2
        || labels.iter().filter(|line| labels::find(&line.text).is_some() && !line.text.contains(": ")).count()
            < 2.max(labels.len() - labels.len() / 3)
    {
        return None;
    }
    let below = page.lines.get(end)?.cell?;
    if below.table != first.table || below.row != first.row + 1 {
        return None;
    }
    let below_end = row_end(end);
    let values = &page.lines[end..below_end];
    if values.iter().filter(|line| begins_label(&line.text)).count() * 2 > values.len() {
        return None;
    }
    for label in labels {
        let column = label.cell?.column;
        let value = values
            .iter()
            .filter(|value| value.cell.is_some_and(|cell| cell.column == column))
            .map(Line::plain)
            .collect::<Vec<_>>();
        push(found, labels::find(&label.text), &label.text, &value.join("\n"), end);
    }
    Some(below_end)
}

/// The same in text, in columns of blanks, tabs, bars or commas.
fn text_columns(page: &Page, index: usize, found: &mut Vec<Labelled>) -> Option<usize> {
    let line = &page.lines[index];
    if line.cell.is_some() || line.text.len() > 400 || line.text.contains(": ") {
        return None;
    }
    let (cells, split) = split(&line.text)?;
    if cells.iter().filter(|cell| labels::find(cell).is_some()).count() < cells.len().max(2) {
        return None;
    }
    let mut next = index + 1;
    while next < page.lines.len()
        && page.lines[next].text.chars().all(|letter| matches!(letter, '-' | '|' | '+' | '=' | ' ' | ':' | '_'))
    {
        next += 1;
    }
    let values = split_by(&page.lines.get(next)?.text, split);
    if values.len() != cells.len() || values.iter().all(|value| labels::find(value).is_some()) {
        return None;
    }
    for (label, value) in cells.iter().zip(&values) {
        push(found, labels::find(label), label, value, next);
    }
    Some(next + 1)
}

/// The message that begins in line `index`, whose text is `first` unless that is empty; and the line after it.
pub(crate) fn message(page: &Page, index: usize, first: &str) -> (String, usize) {
    let Some(line) = page.lines.get(index) else { return (first.to_owned(), index) };
    if first.is_empty() && is_end(&line.text) {
        return (String::new(), index);
    }
    let mut text = if first.is_empty() { line.plain() } else { first.to_owned() };
    let end = extend(page, index, Some(Field::Message), "x", true);
    for line in page.lines[index + 1..end].iter().filter(|line| !line.is_hidden) {
        text.push_str(if line.is_after_gap { "\n\n" } else { "\n" });
        text.push_str(&line.plain());
        if text.len() > limits::MAX_NOTES * 4 {
            break;
        }
    }
    (text.trim().to_owned(), end)
}

#[derive(Clone, Copy)]
enum Split {
    Tab,
    Bar,
    Blanks,
    Comma,
}

fn split(text: &str) -> Option<(Vec<String>, Split)> {
    [Split::Tab, Split::Bar, Split::Blanks, Split::Comma]
        .into_iter()
        .map(|split| (split_by(text, split), split))
        .find(|(cells, split)| cells.len() >= if matches!(split, Split::Comma) { 3 } else { 2 })
}

fn split_by(text: &str, split: Split) -> Vec<String> {
    let text = text.trim();
    let cells = match split {
        Split::Tab => text.split('\t').map(str::trim).collect::<Vec<_>>(),
        Split::Bar => text.trim_matches('|').split('|').map(str::trim).collect(),
        Split::Blanks => text.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect(),
        Split::Comma => text.split(',').map(|cell| cell.trim().trim_matches('"')).collect(),
    };
    cells.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::markup;

    fn values(page: &Page) -> Vec<(Option<Field>, String)> {
        read(page).into_iter().map(|labelled| (labelled.field, labelled.value)).collect()
    }

    #[test]
    fn values_are_found_beside_below_and_across() {
        let expected =
            vec![(Some(Field::Name), "Jane Doe".to_owned()), (Some(Field::Phone), "512-555-0142".to_owned())];
        for text in [
            "Name: Jane Doe\nPhone: 512-555-0142",
            "Name\nJane Doe\nPhone\n512-555-0142",
            "* *Name:* Jane Doe\n* *Phone:* 512-555-0142",
            "Name = Jane Doe | Phone = 512-555-0142",
            "Name: Jane Doe Phone: 512-555-0142",
            "Name       Phone\nJane Doe   512-555-0142",
        ] {
            assert_eq!(values(&Page::of_text(text, false)), expected, "{text}");
        }
        for html in [
            "<table><tr><td>Name<td>Jane Doe<tr><td>Phone<td>512-555-0142</table>",
            "<table><tr><th>Name<th>Phone<tr><td>Jane Doe<td>512-555-0142</table>",
            "<p><b>Name</b> Jane Doe<p><b>Phone</b> 512-555-0142",
            "<table><tr><td colspan=2>Name<tr><td>&nbsp;<td>Jane Doe<tr><td colspan=2>Phone<tr><td>&nbsp;<td>512-555-0142</table>",
            "<span>Name:</span><span>Jane Doe</span><br><span>Phone:</span><a href='tel:x'>512-555-0142</a>",
        ] {
            assert_eq!(values(&markup::page(html)), expected, "{html}");
        }
    }

    #[test]
    fn a_message_goes_on_to_the_next_label() {
        let found =
            values(&Page::of_text("Comments:\nHi there\n\nIs it free?\nPhone: 512-555-0142\n--\nfooter", false));
        assert_eq!(found[0], (Some(Field::Message), "Hi there\n\nIs it free?".to_owned()));
        assert_eq!(found[1].0, Some(Field::Phone));
    }

    #[test]
    fn no_value_is_taken_from_the_next_label() {
        assert_eq!(values(&Page::of_text("Name:\nPhone: 512-555-0142", false)).len(), 1);
        assert_eq!(values(&Page::of_text("Name: Not provided\nPhone: -", false)), []);
    }
}
