//! Tokens: what whoever holds it is let in by. 256 random bits, kept as their SHA-256.

use aws_lc_rs::digest;

use crate::randomness::{self, Randomness};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Of 64 letters, as many as hold 256 bits.
const LENGTH: usize = 43;

/// A token in clear: only ever in the hands of its bearer.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn generate(random: &dyn Randomness) -> Self {
        Self(randomness::text(random, ALPHABET, LENGTH))
    }

    /// What may be a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        is_one.then(|| Self(text.to_owned()))
    }

    /// The text to hand to its bearer.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let digest = digest::digest(&digest::SHA256, self.0.as_bytes());
        digest.as_ref().try_into().expect("SHA-256 gives 32 bytes")
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Token(…)")
    }
}
