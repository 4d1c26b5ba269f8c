//! Character references of HTML.

/// The character that a reference such as `amp` or `#x27` (without `&` and `;`) stands for.
pub(crate) fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        // As browsers do: the controls of ISO 8859-1 are meant in windows-1252.
        if (0x80..0xa0).contains(&code) {
            let byte = [u8::try_from(code).ok()?];
            return encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next();
        }
        return char::from_u32(code).filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'));
    }
    let found = NAMED.iter().find(|(found, _)| *found == name);
    found.map(|(_, letter)| *letter).or_else(|| latin(name))
}

const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("AMP", '&'),
    ("LT", '<'),
    ("GT", '>'),
    ("QUOT", '"'),
    ("nbsp", ' '),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("zwnj", ' '),
    ("zwj", ' '),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("bull", '•'),
    ("hellip", '…'),
    ("euro", '€'),
    ("trade", '™'),
    ("rarr", '→'),
    ("larr", '←'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
    ("colon", ':'),
    ("commat", '@'),
    ("period", '.'),
    ("comma", ','),
    ("num", '#'),
    ("lpar", '('),
    ("rpar", ')'),
    ("plus", '+'),
    ("sol", '/'),
    ("excl", '!'),
    ("quest", '?'),
    ("lowbar", '_'),
    ("Tab", ' '),
    ("NewLine", '\n'),
    ("zcaron", 'ž'),
    ("Zcaron", 'Ž'),
    ("ccaron", 'č'),
    ("cacute", 'ć'),
    ("lstrok", 'ł'),
    ("Lstrok", 'Ł'),
];

/// ISO 8859-1, from U+00A0.
fn latin(name: &str) -> Option<char> {
    const NAMES: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 \
        acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig \
        Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave \
        Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave \
        iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";
    let index = NAMES.split_whitespace().position(|found| found == name)?;
    char::from_u32(0xa0 + u32::try_from(index).ok()?)
}

/// Decodes the references of a text.
pub(crate) fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let length = rest.bytes().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
        let Some(letter) = character(&rest[..length]).filter(|_| length > 0) else {
            decoded.push('&');
            continue;
        };
        // `&copy=1` in a link is a parameter, not a sign.
        let is_closed = rest.as_bytes().get(length) == Some(&b';');
        if !is_closed && (!rest.starts_with('#') && !matches!(&rest[..length], "amp" | "lt" | "gt" | "quot" | "nbsp")) {
            decoded.push('&');
            continue;
        }
        decoded.push(letter);
        rest = &rest[length + usize::from(is_closed)..];
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_and_parameters_left() {
        assert_eq!(decode("a&amp;b &eacute;&#8217;&#x40;&#146; &nope; ?a=1&copy=2&"), "a&b é’@’ &nope; ?a=1&copy=2&");
    }
}
