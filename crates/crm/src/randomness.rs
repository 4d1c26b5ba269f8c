//! Randomness as an argument: the operating system's in the server, a seeded one in tests.

/// A source of bytes that nobody can foresee (the server's) or that a seed repeats (the tests').
pub trait Randomness: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub fn bytes<const N: usize>(source: &dyn Randomness) -> [u8; N] {
    let mut bytes = [0; N];
    source.fill(&mut bytes);
    bytes
}

/// A text of `length` characters of `alphabet`, each equally likely.
///
/// # Panics
/// Never for an alphabet of 1 to 256 characters.
pub fn text(source: &dyn Randomness, alphabet: &[u8], length: usize) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let drawn = bytes::<64>(source);
        let usable = drawn.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(usable.take(length - text.len()).map(|byte| char::from(alphabet[byte % alphabet.len()])));
    }
    text
}
