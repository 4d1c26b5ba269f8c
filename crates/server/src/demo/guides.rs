//! The demo's guide: its words, and its PDF, which is set here from a text so that the binary carries no more than that.

use std::fmt::Write;

use crm::{
    AgentId, Crm, Error,
    guides::{self, DocumentArrival, GuideStatus, TypedGuide},
};

const TEXT: &str = include_str!("sample_guide.txt");
const TITLE: &str = "Five things to do before you sell";
const AUTHOR: &str = "Sarah Johnson";
const FILE_NAME: &str = "Five things to do before you sell.pdf";

/// The slug of the guide.
pub(super) const SLUG: &str = "five-things-to-do-before-you-sell";
/// Downloads beside those of the sample's own leads: of people who came back for it.
const DOWNLOADS: usize = 9;

/// Makes the guide and publishes it.
pub(super) async fn seed(crm: &Crm, agent: AgentId) -> Result<(), Error> {
    let typed = TypedGuide {
        title: TITLE.to_owned(),
        headline: String::from("Sell for more, without a renovation"),
        text: String::from(
            "Most of what decides the price of your home happens in the four weeks before it is listed. This guide is what I go \
             through with every seller: two pages, no theory.\n\nYou can do all of it in two weekends.",
        ),
        points: String::from(
            "What buyers notice in the first minute\nThe three repairs that save most sales\nWhat to pack before the photographs\n\
             What is left for you after the closing\nWhen to list, and when to wait",
        ),
        slug: String::new(),
    };
    let id = guides::create(crm, agent, &typed, None).await?.value.id;
    let mut arrival = DocumentArrival::begin(crm, agent, id, FILE_NAME).await?;
    arrival.push(&pdf()).await?;
    let _ = arrival.finish(crm, agent).await?;
    guides::set_status(crm, agent, id, GuideStatus::Published).await?;
    for _ in 0..DOWNLOADS {
        guides::record_download(crm, agent, SLUG).await?;
    }
    Ok(())
}

/// A line on a page, from its top.
struct Line {
    /// Points below the line before.
    down: u32,
    font: &'static str,
    size: u32,
    text: String,
}

/// Letters on a line of Helvetica of 13 points, about.
const WIDE: usize = 76;

/// The lines of each page: headings with their number, and paragraphs, broken anew.
fn lines() -> Vec<Vec<Line>> {
    let mut pages = vec![Vec::new()];
    for (number, part) in (1..).zip(TEXT.split("\n\n")) {
        if number == 4 {
            pages.push(Vec::new());
        }
        let Some(page) = pages.last_mut() else { break };
        let (heading, paragraph) = part.trim_start_matches("# ").split_once('\n').unwrap_or((part, ""));
        // The sixth is what comes after the five.
        let text = if number > 5 { heading.to_owned() } else { format!("{number}. {heading}") };
        page.push(Line { down: 46, font: "F2", size: 17, text });
        let mut down = 26;
        for text in broken(paragraph) {
            page.push(Line { down, font: "F1", size: 13, text });
            down = 20;
        }
    }
    pages
}

/// A paragraph in lines of [`WIDE`] letters at most.
fn broken(paragraph: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= WIDE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A page's content (ISO 32000-2, 8.2 and 9.4): a band with the title, the lines, and whose it is.
fn content(number: usize, lines: &[Line]) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
    let (band, title_at) = if number == 0 { (150, 700) } else { (64, 752) };
    let mut content = format!("0.114 0.42 0.271 rg 0 {} 612 {band} re f\n", 792 - band);
    let size = if number == 0 { 27 } else { 13 };
    let _ = writeln!(content, "BT 1 1 1 rg /F2 {size} Tf 64 {title_at} Td ({}) Tj ET", escaped(TITLE));
    if number == 0 {
        let _ = writeln!(content, "BT 1 1 1 rg /F1 12 Tf 64 674 Td (A guide by {AUTHOR}) Tj ET");
    }
    let mut at = 792 - band - 20;
    for line in lines {
        at -= line.down;
        let _ = writeln!(
            content,
            "BT 0.1 0.13 0.11 rg /{} {} Tf 64 {at} Td ({}) Tj ET",
            line.font,
            line.size,
            escaped(&line.text)
        );
    }
    let _ = writeln!(content, "BT 0.33 0.38 0.35 rg /F1 9 Tf 64 40 Td ({AUTHOR}, page {} of 2) Tj ET", number + 1);
    content
}

/// The PDF (ISO 32000-2, 7.5): a page an object, its content another, and at the end where each of them begins.
fn pdf() -> Vec<u8> {
    let pages = lines();
    let kids = (0..pages.len()).map(|n| format!("{} 0 R", 6 + 2 * n)).collect::<Vec<_>>().join(" ");
    let font = |name: &str| format!("<</Type/Font/Subtype/Type1/BaseFont/{name}/Encoding/WinAnsiEncoding>>");
    let mut objects = vec![
        String::from("<</Type/Catalog/Pages 2 0 R/Lang(en-US)/ViewerPreferences<</DisplayDocTitle true>>>>"),
        format!("<</Type/Pages/Kids[{kids}]/Count {}>>", pages.len()),
        font("Helvetica"),
        font("Helvetica-Bold"),
        format!("<</Title({TITLE})/Author({AUTHOR})>>"),
    ];
    for (number, lines) in pages.iter().enumerate() {
        let content = content(number, lines);
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>/Contents {} 0 R>>",
            7 + 2 * number
        ));
        objects.push(format!("<</Length {}>>\nstream\n{content}endstream", content.len()));
    }
    let mut file = String::from("%PDF-1.7\n");
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(file.len());
        let _ = write!(file, "{number} 0 obj\n{object}\nendobj\n");
    }
    let table = file.len();
    let _ = write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(file, "{place:010} 00000 n ");
    }
    let _ = write!(file, "trailer\n<</Size {}/Root 1 0 R/Info 5 0 R>>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_is_two_pages_whose_objects_stand_where_it_says() {
        let file = String::from_utf8(pdf()).unwrap();
        assert!(file.is_ascii() && file.len() < 60_000 && lines().len() == 2);
        let table = file.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse::<usize>().unwrap();
        let entries = file[table..].lines().skip(3).take_while(|line| line.ends_with(" n "));
        for (number, entry) in (1..).zip(entries) {
            let place = entry[..10].parse::<usize>().unwrap();
            assert!(file[place..].starts_with(&format!("{number} 0 obj\n")), "{entry}");
        }
        // Nothing runs off a page.
        for page in lines() {
            assert!(page.iter().map(|line| line.down).sum::<u32>() < 792 - 170 - 60);
            assert!(page.iter().all(|line| line.text.len() <= WIDE));
        }
    }
}
