//! A page: the lines and cells of a text, the same whether it came as text or as HTML.

use super::{limits, transfer};

/// Stands between two runs of a line that are set apart by markup alone, such as a bold label and its value.
pub(crate) const SEAM: char = '\u{1f}';

/// The lines of a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub lines: Vec<Line>,
    pub links: Vec<Link>,
    /// `<meta name content>`, wherever they stand.
    pub metas: Vec<(String, String)>,
    /// Texts of elements with telling classes or `itemprop`: (class or property, text).
    pub marked: Vec<(String, String)>,
    /// Alternative texts of images.
    pub images: Vec<String>,
    pub is_html: bool,
}

/// A line: what stands between two breaks, in one cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// Never blank.
    pub text: String,
    pub cell: Option<Cell>,
    /// How often it is quoted.
    pub quotes: u8,
    /// Not shown, such as a preheader.
    pub is_hidden: bool,
    /// A blank line, a rule or the border of a block stands before it.
    pub is_after_gap: bool,
}

/// Where a line stands in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub table: u32,
    pub row: u32,
    pub column: u32,
}

impl Cell {
    /// Whether the other is of the same row.
    pub(crate) fn is_beside(self, other: Self) -> bool {
        self.table == other.table && self.row == other.row
    }
}

/// A link.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// Its target, taken out of the links that mail filters and click counters wrap around.
    pub target: String,
    /// The index of the line that it stands in.
    pub line: usize,
}

impl Line {
    /// The text without seams.
    pub(crate) fn plain(&self) -> String {
        without_seams(&self.text)
    }
}

/// `text` without seams.
pub(crate) fn without_seams(text: &str) -> String {
    if !text.contains(SEAM) {
        return text.to_owned();
    }
    text.split(SEAM).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Page {
    /// The page of a plain text.
    pub(crate) fn of_text(text: &str, is_flowed: bool) -> Self {
        let mut page = Self::default();
        let mut gap = true;
        let mut flowing = false;
        for raw in text.split('\n') {
            if page.lines.len() >= limits::MAX_LINES {
                break;
            }
            let raw = cut(raw.trim_end_matches('\r'), limits::MAX_LINE_BYTES);
            let is_soft = is_flowed && raw.ends_with(' ') && raw.trim_end() != "--";
            limits::work(raw.len());
            let (quotes, rest) = unquote(raw);
            let line = page.add_links(rest);
            if line.trim().is_empty() {
                gap = true;
                flowing = false;
                continue;
            }
            if flowing
                && let Some(last) = page
                    .lines
                    .last_mut()
                    .filter(|last| last.quotes == quotes && last.text.len() < limits::MAX_LINE_BYTES)
            {
                last.text.push(' ');
                last.text.push_str(line.trim());
            } else {
                page.lines.push(Line { text: line, quotes, is_after_gap: gap, ..Line::default() });
            }
            gap = false;
            flowing = is_soft;
        }
        page
    }

    /// Takes `<https://…>`, `<mailto:…>` and `[image: …]` out of a line of text, keeping the links.
    fn add_links(&mut self, line: &str) -> String {
        let index = self.lines.len();
        let mut kept = String::with_capacity(line.len());
        let mut rest = line;
        while let Some(start) = rest.find(['<', '[']) {
            let close = if rest.as_bytes()[start] == b'<' { '>' } else { ']' };
            let Some(length) = rest[start..].find(close) else { break };
            let inside = &rest[start + 1..start + length];
            let is_image = inside.starts_with("image:") || inside.starts_with("cid:");
            let is_link = is_target(inside);
            if is_link {
                self.push_link(inside, index);
            }
            kept.push_str(&rest[..start]);
            let after = &rest[start + length + 1..];
            let is_alone = kept.trim().is_empty() && after.trim().is_empty();
            if is_link && (is_alone || close == ']' && kept.trim().is_empty()) && inside.starts_with("mailto:") {
                kept.push_str(inside.trim_start_matches("mailto:"));
            } else if !is_link && !is_image {
                kept.push_str(&rest[start..=start + length]);
            }
            rest = after;
        }
        kept.push_str(rest);
        let mut from = 0;
        while let Some(start) = kept[from..].find("http").map(|start| from + start) {
            let end = kept[start..]
                .find(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | ')'))
                .map_or(kept.len(), |length| start + length);
            if is_target(&kept[start..end]) {
                let target = kept[start..end].trim_end_matches(['.', ',', ';']).to_owned();
                self.push_link(&target, index);
            }
            from = end.max(start + 4);
        }
        kept
    }

    /// Adds a link that stands in the line `line`.
    pub(crate) fn push_link(&mut self, target: &str, line: usize) {
        if self.links.len() < limits::MAX_LINKS {
            let target = unwrap(cut(target.trim(), limits::MAX_LINK_BYTES));
            self.links.push(Link { target, line });
        }
    }

    /// The links of the line `line`.
    pub(crate) fn links_of(&self, line: usize) -> impl Iterator<Item = &str> {
        let start = self.links.partition_point(|link| link.line < line);
        self.links[start..].iter().take_while(move |link| link.line == line).map(|link| link.target.as_str())
    }

    /// The page from line `start` to `end`, with one quotation mark less where all of it is quoted.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Self {
        let mut lines = self.lines[start..end].to_vec();
        let quotes = lines.iter().map(|line| line.quotes).min().unwrap_or_default();
        for line in &mut lines {
            line.quotes -= quotes;
        }
        let links = self.links.iter().filter(|link| (start..end).contains(&link.line));
        let links = links.map(|link| Link { target: link.target.clone(), line: link.line - start }).collect();
        Self { lines, links, ..self.clone_marks() }
    }

    fn clone_marks(&self) -> Self {
        Self {
            metas: self.metas.clone(),
            marked: self.marked.clone(),
            images: self.images.clone(),
            is_html: self.is_html,
            ..Self::default()
        }
    }

    /// The text to show, `limit` bytes at most.
    pub(crate) fn text(&self, limit: usize) -> String {
        let mut text = String::new();
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.is_hidden) {
            let beside = index > 0
                && matches!((line.cell, self.lines[index - 1].cell), (Some(a), Some(b)) if a.is_beside(b) && a.column != b.column);
            if !text.is_empty() {
                text.push_str(if beside {
                    "  "
                } else if line.is_after_gap {
                    "\n\n"
                } else {
                    "\n"
                });
            }
            text.push_str(cut(line.plain().trim_end(), limit.saturating_sub(text.len())));
            if text.len() >= limit {
                break;
            }
        }
        text
    }
}

/// The first `limit` bytes, at the border of a character.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit { text } else { &text[..text.floor_char_boundary(limit)] }
}

fn unquote(line: &str) -> (u8, &str) {
    let mut rest = line;
    let mut quotes = 0_u8;
    while let Some(after) = rest.trim_start_matches(' ').strip_prefix('>') {
        if quotes == 20 {
            break;
        }
        quotes += 1;
        rest = after;
    }
    (quotes, if quotes > 0 { rest.strip_prefix(' ').unwrap_or(rest) } else { rest })
}

fn is_target(text: &str) -> bool {
    let head = cut(text, 8).to_ascii_lowercase();
    ["http://", "https://", "mailto:", "tel:", "sms:"].iter().any(|scheme| head.starts_with(scheme))
}

/// The target that a link wraps in a parameter, if it does so: safe links, click counters.
fn unwrap(target: &str) -> String {
    let mut target = target.to_owned();
    for _ in 0..3 {
        let Some((_, query)) = target.split_once('?') else { break };
        let inner = query.split(['&', ';']).filter_map(|pair| pair.split_once('=')).find_map(|(name, value)| {
            let is_url = matches!(
                name.to_ascii_lowercase().as_str(),
                "url"
                    | "u"
                    | "q"
                    | "target"
                    | "redirect"
                    | "dest"
                    | "link"
                    | "to"
                    | "r"
                    | "redirect_url"
                    | "destination"
            );
            let value = transfer::percent(value);
            (is_url && is_target(&value)).then_some(value)
        });
        match inner {
            Some(inner) if inner.len() < target.len() => target = inner,
            _ => break,
        }
    }
    target
}
