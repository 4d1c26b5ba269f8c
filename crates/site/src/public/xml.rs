//! Text in XML.

/// A text as it stands in XML 1.0: what marks it up is escaped, and what it cannot hold is left out.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(letter),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_marks_up_is_escaped_and_what_cannot_stand_there_is_left_out() {
        assert_eq!(escaped("a <b> & \"c\" 'd'\u{1}\u{ffff}é\n"), "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;é\n");
    }
}
