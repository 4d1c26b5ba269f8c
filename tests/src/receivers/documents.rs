//! What is read from the documentation: the published snippet, and the code of docs/webhooks.md.

/// The published text.
const PUBLISHED: &str = include_str!("../../../docs/reference/api-v1-published.txt");
/// The page for users.
pub const WEBHOOKS: &str = include_str!("../../../docs/webhooks.md");

/// The published verification, letter for letter.
pub fn published_snippet() -> &'static str {
    let (_, after) = PUBLISHED.split_once("Verify it using your webhook secret:\n").expect("the check is published");
    after.split_once("Headers included:").expect("the headers come after it").0
}

/// The first code in `language` under `heading` of docs/webhooks.md.
pub fn snippet(heading: &str, language: &str) -> &'static str {
    let (_, after) =
        WEBHOOKS.split_once(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let section = after.split_once("\n#").map_or(after, |(section, _)| section);
    let (_, code) =
        section.split_once(&format!("\n```{language}\n")).unwrap_or_else(|| panic!("{heading} has no code"));
    code.split_once("```").expect("the code ends").0
}
