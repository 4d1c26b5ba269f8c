//! Text as somebody types it, as it is shown on a page: paragraphs and lists. A blank line ends a paragraph, a dash begins a point.
//! There is nothing else to it, so nothing in it can do harm.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Whether its lines are the points of a list.
    pub is_list: bool,
    /// The lines.
    pub lines: Vec<String>,
}

/// The parts of a text.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::<Block>::new();
    let mut has_ended = true;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            has_ended = true;
            continue;
        }
        let point = ["- ", "* ", "• "].iter().find_map(|mark| line.strip_prefix(mark));
        let (is_list, line) = (point.is_some(), point.unwrap_or(line).trim().to_owned());
        match blocks.last_mut() {
            // Points with blank lines between them are one list.
            Some(last) if last.is_list == is_list && (is_list || !has_ended) => last.lines.push(line),
            _ => blocks.push(Block { is_list, lines: vec![line] }),
        }
        has_ended = false;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn blank_lines_part_paragraphs_and_dashes_begin_points() {
        let told = blocks("One\r\ntwo\n\n\nthree\n- a\n\n* b\n•c\n-d\n");
        let told = told.iter().map(|block| (block.is_list, block.lines.join("|"))).collect::<Vec<_>>();
        let told = told.iter().map(|(is_list, lines)| (*is_list, lines.as_str())).collect::<Vec<_>>();
        assert_eq!(told, [(false, "One|two"), (false, "three"), (true, "a|b"), (false, "•c|-d")]);
        assert!(blocks(" \n\n").is_empty());
    }
}
