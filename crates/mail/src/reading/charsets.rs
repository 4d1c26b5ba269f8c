//! Text out of bytes: the charset that is named, else the one that the bytes show.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Decodes `bytes`, said to be in `label`. What is said is not always so: bytes that are UTF-8 beyond doubt are read as such,
/// and bytes that are not, though said to be, as windows-1252.
pub(crate) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    super::limits::work(bytes.len());
    let label = label.map(|label| label.trim().trim_matches(['"', '\'']).trim()).filter(|label| !label.is_empty());
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return clean(&encoding.decode_without_bom_handling(&bytes[length..]).0);
    }
    let named = label.and_then(by_label);
    let utf8 = std::str::from_utf8(bytes);
    if bytes.is_ascii() && named.is_none_or(|named| named.is_ascii_compatible()) {
        return clean(utf8.unwrap_or_default());
    }
    match (named, utf8) {
        (Some(named), Ok(text)) if is_one_byte(named) || named == UTF_8 => clean(text),
        (None, Ok(text)) => clean(text),
        (Some(named), _) if named != UTF_8 => clean(&named.decode_without_bom_handling(bytes).0),
        _ => clean(&WINDOWS_1252.decode_without_bom_handling(bytes).0),
    }
}

/// Charsets in which every byte is a letter: text in them that happens to be valid UTF-8 with letters beyond ASCII is UTF-8.
fn is_one_byte(encoding: &'static Encoding) -> bool {
    encoding.is_single_byte()
}

fn by_label(label: &str) -> Option<&'static Encoding> {
    // Names that mail uses and the web's list lacks.
    let folded = label.to_ascii_lowercase();
    let name = match folded.as_str() {
        "utf8" | "utf-8mb4" | "utf8mb4" | "unicode" | "unicode-1-1-utf-8" => "utf-8",
        "cp-1252" | "cp1252" | "ansi" | "windows1252" | "iso-8859-1-windows-3.1-latin-1" => "windows-1252",
        "gb2312-80" | "cp936" | "ms936" | "x-gbk" => "gbk",
        "cp950" | "big-5" | "big5-eten" => "big5",
        "cp932" | "ms932" | "windows-932" | "shift-jis" => "shift_jis",
        "iso-2022-jp-1" | "iso-2022-jp-2" | "iso-2022-jp-3" | "iso-2022-jp-ms" | "cp50220" | "cp50221" => "iso-2022-jp",
        "ks_c_5601" | "cp949" | "uhc" => "euc-kr",
        "utf-16" | "utf16" => "utf-16be",
        other => other,
    };
    Encoding::for_label(name.as_bytes())
}

/// Without what can only do harm: controls but line ends and tabs, marks that turn the direction of text, byte-order marks.
fn clean(text: &str) -> String {
    text.chars().filter(|letter| !is_harmful(*letter)).collect()
}

fn is_harmful(letter: char) -> bool {
    match letter {
        '\n' | '\r' | '\t' | '\u{1b}' => letter == '\u{1b}',
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{34f}' => true,
        letter => letter.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_charset_is_put_right() {
        assert_eq!(decode("Zoë".as_bytes(), Some("iso-8859-1")), "Zoë");
        assert_eq!(decode(b"Zo\xeb", Some("utf-8")), "Zoë");
        assert_eq!(decode(b"Zo\xeb", None), "Zoë");
        assert_eq!(decode(b"Zo\xeb", Some("x-nonsense")), "Zoë");
    }

    #[test]
    fn charsets_of_east_asia_are_read() {
        assert_eq!(decode(b"\x1b$B;3ED\x1b(B", Some("ISO-2022-JP")), "山田");
        assert_eq!(decode(b"\xcd\xf5\xb7\xbc", Some("gb2312")), "王芳");
        assert_eq!(decode(b"\xff\xfeA\0", Some("utf-16")), "A");
    }
}
