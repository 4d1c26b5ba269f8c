//! What may stand in a header, and in a line of text: nothing that could begin another one.

/// Longest subject, in characters.
pub(crate) const SUBJECT: usize = 150;
/// Longest name of a person before an address.
pub(crate) const NAME: usize = 80;
/// Longest value in the text of a mail.
pub(crate) const VALUE: usize = 500;

/// Text as one line of at most `most` characters: line ends, tabs and runs of blanks are one blank; controls, and marks that turn the
/// direction of what follows, are gone.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let kept = text.chars().filter(|letter| !is_unseen(*letter) || letter.is_whitespace()).collect::<String>();
    let line = kept.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let line = line.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    cut(&line, most)
}

/// Text of several lines: as [`one_line`], but line ends stay, and two at most follow one another.
pub(crate) fn lines(text: &str, most: usize) -> String {
    let kept = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let kept = kept.split('\n').map(|line| one_line(line, most)).collect::<Vec<_>>().join("\n");
    let mut kept = kept.trim_matches('\n').to_owned();
    while kept.contains("\n\n\n") {
        kept = kept.replace("\n\n\n", "\n\n");
    }
    cut(&kept, most)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Controls, and the marks of Unicode that change how their surroundings are shown or are nothing to see.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one() {
        for (text, line) in [
            ("Jane\r\nBcc: eve@example.com", "Jane Bcc: eve@example.com"),
            ("Jane\u{2028}Doe\u{85}x", "Jane Doe x"),
            ("a\0b\u{1b}[31mc", "ab[31mc"),
            ("\u{202e}evil\u{202c} \u{2066}x\u{2069}", "evil x"),
            ("  a \t b  ", "a b"),
            ("Ana \"Nita\" O'Neill, Jr. <x@y>", "Ana \"Nita\" O'Neill, Jr. <x@y>"),
            ("\u{1f469}\u{200d}\u{1f4bb} Zoë", "\u{1f469}\u{200d}\u{1f4bb} Zoë"),
        ] {
            assert_eq!(one_line(text, 100), line);
        }
        assert_eq!(one_line(&"é".repeat(300), 5), "ééééé…");
    }

    #[test]
    fn of_several_lines_two_ends_at_most_follow_one_another() {
        assert_eq!(lines("\n\na\r\nb\n\n\n\n\nc \u{202e}d\n", 100), "a\nb\n\nc d");
    }
}
