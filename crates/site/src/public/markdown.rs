//! Markdown (CommonMark) as HTML. HTML in it is shown as it was typed, links lead to the web, to mail or to a phone, and a picture is its
//! description: nothing that is typed can do harm.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

const OPTIONS: Options = Options::ENABLE_STRIKETHROUGH.union(Options::ENABLE_TABLES);

/// Where a link may lead.
fn is_allowed(target: &str) -> bool {
    let lower = target.trim().to_ascii_lowercase();
    let has_scheme = lower.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':'));
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| lower.starts_with(scheme))
        || (!has_scheme && !lower.starts_with("//") && !lower.starts_with('\\'))
}

/// The page has a heading of the first level of its own.
fn lowered(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 | HeadingLevel::H2 => HeadingLevel::H2,
        HeadingLevel::H3 => HeadingLevel::H3,
        _ => HeadingLevel::H4,
    }
}

fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    Some(match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        // HTML blocks become text, which stands in a paragraph.
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
        Event::Start(Tag::Heading { level, .. }) => {
            Event::Start(Tag::Heading { level: lowered(level), id: None, classes: Vec::new(), attrs: Vec::new() })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lowered(level))),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) if !is_allowed(&dest_url) => {
            let _ = dest_url;
            Event::Start(Tag::Link { link_type, dest_url: CowStr::Borrowed("#"), title, id })
        }
        other => other,
    })
}

/// The HTML of a text.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, Parser::new_ext(text, OPTIONS).filter_map(harmless));
    out
}

/// Its words alone.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    for event in Parser::new_ext(text, OPTIONS) {
        match event {
            Event::Text(text) | Event::Code(text) => out.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(_) => out.push(' '),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".").replace(" ,", ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_marked_is_shown_so() {
        let text = "# Title\n\nSome **bold** and [a link](https://example.com).\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |";
        let told = html(text);
        for part in [
            "<h2>Title</h2>",
            "<strong>bold</strong>",
            "<a href=\"https://example.com\">a link</a>",
            "<li>one</li>",
            "<td>1</td>",
        ] {
            assert!(told.contains(part), "{told}");
        }
        assert_eq!(plain("# One\n\n*two* `three`"), "One two three");
    }

    #[test]
    fn nothing_in_it_can_do_harm() {
        let text = "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\nInline <b onclick=x>b</b> [x](javascript:alert(1)) \
                    [y](JaVaScRiPt:x) [z](data:text/html,x) [w](//evil.example) [v](vbscript:x) ![pic](https://evil.example/x.png) \
                    <https://ok.example> <javascript:alert(1)>";
        let told = html(text);
        for part in
            ["<script", "<img", "<b ", "javascript:alert(1)\"", "href=\"data", "href=\"//", "href=\"vb", "href=\"Ja"]
        {
            assert!(!told.contains(part), "{part}: {told}");
        }
        assert!(
            told.contains("&lt;script&gt;") && told.contains("pic") && told.contains("href=\"https://ok.example\""),
            "{told}"
        );
        for (target, is_fine) in [
            ("/a/x", true),
            ("#top", true),
            ("mailto:a@example.com", true),
            ("page?x=a:b", true),
            (" javascript:x", false),
            ("java\u{0}script:x", false),
            ("\\\\evil", false),
            ("feed:x", false),
        ] {
            assert_eq!(is_allowed(target), is_fine, "{target}");
        }
    }
}
