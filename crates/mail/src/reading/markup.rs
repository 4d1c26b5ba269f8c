//! HTML to a page: one pass over the bytes, without a tree, so that no nesting costs more than its length.

use super::{
    entities, limits,
    pages::{Cell, Line, Page, SEAM, cut},
};

/// The page of an HTML text.
pub(crate) fn page(html: &str) -> Page {
    let mut reader = Reader { page: Page { is_html: true, ..Page::default() }, ..Reader::default() };
    reader.read(html);
    reader.page
}

#[derive(Default)]
struct Reader {
    page: Page,
    text: String,
    gap: bool,
    quotes: u8,
    tables: Vec<Table>,
    table_count: u32,
    /// Open elements that capture their text or hide it: (tag, what they are, where the text began).
    open: Vec<Open>,
    hidden: u32,
    pre: u32,
}

#[derive(Clone, Copy)]
struct Table {
    number: u32,
    row: u32,
    column: u32,
    in_cell: bool,
}

struct Open {
    tag: String,
    classes: String,
    hides: bool,
    text: String,
    /// Same tags opened inside, still to be closed.
    nested: u32,
}

const MAX_OPEN: usize = 40;
const MAX_TABLES: usize = 200;
const MAX_CAPTURE: usize = 2_000;

impl Reader {
    fn read(&mut self, html: &str) {
        let mut rest = html;
        while !rest.is_empty() {
            if self.page.lines.len() >= limits::MAX_LINES {
                return;
            }
            let Some(start) = rest.find('<') else {
                self.text(rest);
                break;
            };
            self.text(&rest[..start]);
            rest = &rest[start..];
            if rest.starts_with("<!--") {
                rest = rest.find("-->").map_or("", |end| &rest[end + 3..]);
            } else if rest.starts_with("<!") || rest.starts_with("<?") {
                rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
            } else if rest[1..].starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/') {
                let end = tag_end(rest);
                let tag = &rest[1..end];
                // `<jane@example.com>` that nobody escaped.
                let name = tag.split(|letter: char| letter.is_whitespace() || letter == '/').next().unwrap_or_default();
                if name.contains('@') {
                    self.text(tag);
                    rest = rest[end..].strip_prefix('>').unwrap_or_default();
                    continue;
                }
                rest = rest[end..].strip_prefix('>').unwrap_or_default();
                rest = self.tag(tag, rest);
            } else {
                self.text("<");
                rest = &rest[1..];
            }
        }
        self.end_line();
    }

    fn text(&mut self, raw: &str) {
        if raw.is_empty() {
            return;
        }
        limits::work(raw.len());
        let text = entities::decode(raw);
        for letter in text.chars() {
            if letter == '\n' && self.pre > 0 {
                self.end_line();
                continue;
            }
            if self.text.len() >= limits::MAX_LINE_BYTES {
                self.end_line();
            }
            if letter.is_whitespace() || letter == '\u{a0}' {
                if !self.text.is_empty() && !self.text.ends_with(' ') {
                    self.text.push(' ');
                }
            } else if !(letter.is_control()
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}' | '\u{34f}'))
            {
                self.text.push(letter);
            }
        }
        for open in self.open.iter_mut().filter(|open| !open.classes.is_empty() && open.text.len() < MAX_CAPTURE) {
            open.text.push_str(cut(&text, MAX_CAPTURE));
        }
    }

    fn end_line(&mut self) {
        let text = std::mem::take(&mut self.text);
        let trimmed = text.trim_matches(|letter: char| letter == SEAM || letter.is_whitespace());
        // A colon in a cell of its own says no more than the cell does.
        if trimmed.chars().all(|letter| matches!(letter, ':' | '：')) {
            return;
        }
        let cell = self.tables.last().filter(|table| table.in_cell);
        let cell = cell.map(|table| Cell { table: table.number, row: table.row, column: table.column });
        let is_hidden = self.hidden > 0;
        let is_after_gap = std::mem::take(&mut self.gap);
        self.page.lines.push(Line { text: trimmed.to_owned(), cell, quotes: self.quotes, is_hidden, is_after_gap });
    }

    fn seam(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(SEAM) {
            self.text.push(SEAM);
        }
    }

    /// Handles a tag (without its brackets); gives the text after it, and after what it says not to read.
    fn tag<'a>(&mut self, tag: &str, rest: &'a str) -> &'a str {
        let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let length = tag.find(|letter: char| letter.is_whitespace() || letter == '/').unwrap_or(tag.len());
        let name = cut(&tag[..length], 20).to_ascii_lowercase();
        match name.as_str() {
            "script" | "style" | "title" | "noscript" | "template" | "svg" if !is_end => return after_end(rest, &name),
            "o:p" => return rest,
            "br" => {
                if self.text.is_empty() {
                    self.gap = true;
                }
                self.end_line();
            }
            "hr" => {
                self.end_line();
                self.gap = true;
            }
            "table" => self.table(is_end),
            "tr" => {
                self.end_line();
                if let Some(table) = self.tables.last_mut() {
                    table.in_cell = false;
                    if !is_end {
                        table.row += 1;
                        table.column = 0;
                    }
                }
            }
            "td" | "th" => {
                self.end_line();
                if let Some(table) = self.tables.last_mut() {
                    table.in_cell = !is_end;
                    table.column += u32::from(!is_end);
                }
            }
            "blockquote" => {
                self.end_line();
                self.gap = true;
                self.quotes =
                    if is_end { self.quotes.saturating_sub(1) } else { self.quotes.saturating_add(1).min(20) };
            }
            "pre" => {
                self.end_line();
                self.pre = if is_end { self.pre.saturating_sub(1) } else { self.pre + 1 };
            }
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" | "form" | "center" => {
                self.end_line();
                self.gap = true;
            }
            "div" | "li" | "dt" | "dd" | "section" | "article" | "header" | "footer" | "address" | "body" | "html"
            | "tbody" | "thead" | "fieldset" | "legend" | "main" | "aside" | "figure" | "caption" | "option"
            | "button" | "nav" | "head" => self.end_line(),
            "b" | "strong" | "label" | "span" | "font" | "em" | "i" | "u" | "small" | "big" => self.seam(),
            _ => {}
        }
        if is_end {
            self.close(&name);
        } else {
            self.open(&name, &tag[length..]);
        }
        rest
    }

    fn table(&mut self, is_end: bool) {
        self.end_line();
        if is_end {
            self.tables.pop();
        } else if self.tables.len() < MAX_TABLES {
            self.table_count += 1;
            self.tables.push(Table { number: self.table_count, row: 0, column: 0, in_cell: false });
        }
    }

    fn open(&mut self, name: &str, attributes: &str) {
        let is_void = matches!(name, "br" | "hr" | "img" | "meta" | "input" | "link" | "base" | "col" | "wbr");
        if let Some(open) = self.open.iter_mut().rev().find(|open| open.tag == name).filter(|_| !is_void) {
            open.nested += 1;
        }
        if attributes.is_empty() {
            return;
        }
        let attributes = Attributes(attributes);
        match name {
            "a" => {
                if let Some(target) = attributes.get("href") {
                    let line = self.page.lines.len();
                    self.page.push_link(&entities::decode(&target), line);
                }
            }
            "meta" => {
                let name = attributes.get("name").or_else(|| attributes.get("property")).unwrap_or_default();
                if let Some(content) =
                    attributes.get("content").filter(|_| !name.is_empty() && self.page.metas.len() < 200)
                {
                    self.page.metas.push((name.to_ascii_lowercase(), entities::decode(&content)));
                }
            }
            "img" => {
                if let Some(alt) =
                    attributes.get("alt").filter(|alt| !alt.trim().is_empty() && self.page.images.len() < 100)
                {
                    self.page.images.push(entities::decode(cut(&alt, 200)));
                }
            }
            "input" | "textarea" => {
                // A form that was mailed as it was filled in.
                if let Some(value) =
                    attributes.get("value").filter(|_| attributes.get("type").is_none_or(|kind| kind != "hidden"))
                {
                    self.text(cut(&value, MAX_CAPTURE));
                }
            }
            _ => {}
        }
        if is_void {
            return;
        }
        let style = attributes.get("style").unwrap_or_default().to_ascii_lowercase();
        let style = style.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
        let hides =
            ["display:none", "max-height:0", "font-size:0", "font-size:1px", "visibility:hidden", "mso-hide:all"];
        let hides = hides.iter().any(|hidden| style.contains(hidden))
            && !style.contains("font-size:0.")
            && !matches!(name, "table" | "tr" | "td" | "body" | "tbody");
        if style.contains("display:block") || hides {
            self.end_line();
        }
        let mut classes = attributes.get("class").unwrap_or_default();
        if let Some(property) = attributes.get("itemprop") {
            classes.push(' ');
            classes.push_str(&property);
        }
        let classes = telling(&classes);
        if (hides || !classes.is_empty()) && self.open.len() < MAX_OPEN {
            self.hidden += u32::from(hides);
            self.open.push(Open { tag: name.to_owned(), classes, hides, text: String::new(), nested: 0 });
        }
    }

    fn close(&mut self, name: &str) {
        let Some(index) = self.open.iter().rposition(|open| open.tag == name) else { return };
        if self.open[index].nested > 0 {
            self.open[index].nested -= 1;
            return;
        }
        for open in self.open.drain(index..).rev().collect::<Vec<_>>() {
            if open.hides {
                self.end_line();
                self.hidden -= 1;
            }
            let text = open.text.split_whitespace().collect::<Vec<_>>().join(" ");
            if !text.is_empty() && self.page.marked.len() < 200 {
                for class in open.classes.split(' ').filter(|class| !class.is_empty()) {
                    self.page.marked.push((class.to_owned(), text.clone()));
                }
            }
        }
    }
}

/// The classes of h-card, h-adr and schema.org's properties that can tell who asks.
fn telling(classes: &str) -> String {
    const TELLING: &[&str] = &[
        "p-name",
        "fn",
        "p-given-name",
        "p-family-name",
        "given-name",
        "family-name",
        "u-email",
        "p-email",
        "p-tel",
        "u-tel",
        "p-adr",
        "p-note",
        "p-street-address",
        "p-locality",
        "p-region",
        "p-postal-code",
        "e-content",
        "p-message",
        "p-comment",
        "p-content",
    ];
    if classes.len() > 1_000 {
        return String::new();
    }
    let found = classes.split_whitespace().filter(|class| TELLING.contains(class)).collect::<Vec<_>>();
    found.join(" ")
}

/// Where a tag that `text` begins with ends: at the `>` outside quotes, or where the text gives up.
fn tag_end(text: &str) -> usize {
    const LONGEST: usize = 16 << 10;
    let head = cut(text, LONGEST);
    let mut quote = None;
    for (at, byte) in head.bytes().enumerate().skip(1) {
        limits::work(1);
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') if head.as_bytes()[at - 1] == b'=' || head.as_bytes()[at - 1] == b' ' => {
                quote = Some(byte);
            }
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    // A quotation mark that is never closed: the first `>` ends the tag.
    limits::work(head.len());
    head.find('>').unwrap_or(head.len())
}

fn after_end<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(start) = rest[from..].find("</").map(|start| from + start) {
        let tail = &rest.as_bytes()[start + 2..];
        if tail.len() >= name.len() && tail[..name.len()].eq_ignore_ascii_case(name.as_bytes()) {
            return rest[start..].find('>').map_or("", |end| &rest[start + end + 1..]);
        }
        from = start + 2;
    }
    ""
}

struct Attributes<'a>(&'a str);

impl Attributes<'_> {
    fn get(&self, wanted: &str) -> Option<String> {
        limits::work(self.0.len());
        let mut rest = self.0;
        loop {
            rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
            if rest.is_empty() {
                return None;
            }
            let length = rest.find(|letter: char| letter.is_whitespace() || letter == '=').unwrap_or(rest.len());
            let name = &rest[..length];
            rest = rest[length..].trim_start();
            let mut value = "";
            if let Some(after) = rest.strip_prefix('=') {
                let after = after.trim_start();
                let quote = after.chars().next().filter(|letter| matches!(letter, '"' | '\''));
                (value, rest) = match quote {
                    Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                    None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
                };
            } else if length == 0 {
                rest = rest.get(1..).unwrap_or_default();
            }
            if name.eq_ignore_ascii_case(wanted) {
                return Some(value.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(html: &str) -> Vec<String> {
        page(html).lines.iter().map(Line::plain).collect()
    }

    #[test]
    fn cells_and_breaks_end_lines() {
        assert_eq!(texts("<table><tr><td>Name</td><td>Jane<br>Doe</td></tr></table>"), ["Name", "Jane", "Doe"]);
        let page = page("<table><tr><td>a<td>b<tr><td>c</table>");
        let places = page.lines.iter().map(|line| line.cell.map(|cell| (cell.row, cell.column))).collect::<Vec<_>>();
        assert_eq!(places, [Some((1, 1)), Some((1, 2)), Some((2, 1))]);
    }

    #[test]
    fn scripts_and_comments_are_no_text() {
        assert_eq!(texts("a<script>x<y</script>b<!-- c --><style>d</STYLE>e<br>&lt;f"), ["abe", "<f"]);
    }

    #[test]
    fn what_is_hidden_is_marked() {
        let page = page("<div style='display: none'>pre<div>head</div>er</div><p>shown");
        assert_eq!(page.lines.iter().map(|line| line.is_hidden).collect::<Vec<_>>(), [true, true, true, false]);
    }

    #[test]
    fn attributes_are_read_in_any_form() {
        let attributes = Attributes(" a = 'x y' b=z c d=\"q\" /");
        assert_eq!(attributes.get("b").as_deref(), Some("z"));
        assert_eq!(attributes.get("A").as_deref(), Some("x y"));
        assert_eq!(attributes.get("d").as_deref(), Some("q"));
        assert_eq!(attributes.get("e"), None);
    }
}
