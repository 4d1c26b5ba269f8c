//! Sealed values: what must be read back but never in clear in the database (webhook secrets, passwords of mailboxes).
//!
//! AES-256-GCM (NIST SP 800-38D) with a random nonce. The additional data bind a value to its agent, column and row: copied
//! to another place it does not open. The keys come from a file of the operator's, one a line; the first seals, all open, so
//! a key is replaced by putting a new one before it. The database keeps the fingerprint of the newest key it was used with.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    constant_time, digest, hmac,
};
use db::{Database, Lane, Tx, params};

use crate::{
    AgentId, Error,
    randomness::{self, Randomness},
};

/// The format of sealed values, their first byte.
const VERSION: u8 = 1;
const ID_BYTES: usize = 4;
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + ID_BYTES + NONCE_LEN;

/// The name of the newest key's fingerprint in the table `settings`.
const FINGERPRINT: &str = "key_fingerprint";

/// What the fingerprint's digest begins with, so that it is the digest of nothing else.
const FINGERPRINT_CONTEXT: &[u8] = b"OrganicAgent key fingerprint\0";

/// What the key of signatures is derived with, so that no key both seals and signs.
const SIGNING_CONTEXT: &[u8] = b"OrganicAgent signatures\0";

/// The bytes of a signature: 128 bits.
pub const SIGNATURE_BYTES: usize = 16;

/// Where a sealed value stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Whose it is.
    pub agent: AgentId,
    /// Table and column, such as `webhooks.secret`.
    pub column: &'static str,
    /// The row's id.
    pub row: &'a [u8; 16],
}

impl Place<'_> {
    /// The two ids have a fixed length, so no two places read alike.
    fn associated_data(&self) -> Vec<u8> {
        [&self.agent.0[..], &self.row[..], self.column.as_bytes()].concat()
    }
}

/// A value that does not open: sealed for another place, with a key that is gone, or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOpened;

impl fmt::Display for NotOpened {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a sealed value does not open: it was altered, or its key is not in the key file")
    }
}

impl std::error::Error for NotOpened {}

impl From<NotOpened> for Error {
    fn from(error: NotOpened) -> Self {
        tracing::error!(%error);
        Self::Internal
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Key {
    id: [u8; ID_BYTES],
    secret: [u8; KEY_BYTES],
}

impl Key {
    fn cipher(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.secret).expect("the key has the cipher's length"))
    }

    /// The first 128 bits of an HMAC-SHA256 (RFC 2104) over what is signed, and what for.
    fn sign(&self, purpose: &'static str, text: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.secret), SIGNING_CONTEXT);
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()));
        context.update(purpose.as_bytes());
        context.update(b"\0");
        context.update(text);
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(&context.sign().as_ref()[..SIGNATURE_BYTES]);
        signature
    }

    fn fingerprint(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(FINGERPRINT_CONTEXT);
        context.update(&self.secret);
        hex(&context.finish().as_ref()[..16])
    }
}

/// The keys, newest first; at least one.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyring {
    keys: Vec<Key>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Keyring({} keys)", self.keys.len())
    }
}

impl Keyring {
    /// One new key.
    pub fn generate(random: &dyn Randomness) -> Self {
        Self { keys: vec![Key { id: randomness::bytes(random), secret: randomness::bytes(random) }] }
    }

    /// Reads the text of a key file: a key a line, its id and its 32 bytes in hexadecimal; `#` begins a comment.
    ///
    /// # Errors
    /// With a sentence for the operator that names the line, never the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut keys: Vec<Key> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let mut words = line.split_whitespace();
            let id = words.next().and_then(unhex::<ID_BYTES>);
            let secret = words.next().and_then(unhex::<KEY_BYTES>);
            let (Some(id), Some(secret), None) = (id, secret, words.next()) else {
                return Err(format!("line {} is no key: an id of 8 and a key of 64 hexadecimal digits", number + 1));
            };
            if keys.iter().any(|key| key.id == id) {
                return Err(format!("line {} has the id of an earlier key", number + 1));
            }
            keys.push(Key { id, secret });
        }
        if keys.is_empty() { Err(String::from("there is no key in it")) } else { Ok(Self { keys }) }
    }

    /// The text of a key file with these keys.
    #[must_use]
    pub fn to_text(&self) -> String {
        let note = "# Seals what OrganicAgent must read back. Keep a copy apart from the database; never remove a key in use.\n";
        let lines = self.keys.iter().map(|key| format!("{} {}\n", hex(&key.id), hex(&key.secret)));
        std::iter::once(note.to_owned()).chain(lines).collect()
    }

    /// These keys, then those of `other` that are missing here. An id that both use for different keys stays with these.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        for key in other.keys {
            if self.keys.iter().all(|held| held.id != key.id) {
                self.keys.push(key);
            }
        }
        self
    }

    /// What tells the newest key from others without telling the key: 32 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.newest().fingerprint()
    }

    /// Whether a key of this fingerprint is here.
    #[must_use]
    pub fn has(&self, fingerprint: &str) -> bool {
        self.keys.iter().any(|key| key.fingerprint() == fingerprint)
    }

    /// Seals `plain` for a place, with the newest key.
    pub fn seal(&self, random: &dyn Randomness, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let key = self.newest();
        let nonce = randomness::bytes::<NONCE_LEN>(random);
        let mut sealed = Vec::with_capacity(HEAD_BYTES + plain.len() + TAG_BYTES);
        sealed.push(VERSION);
        sealed.extend(key.id);
        sealed.extend(nonce);
        sealed.extend(plain);
        let body = &mut sealed[HEAD_BYTES..];
        let aad = Aad::from(place.associated_data());
        let tag = key.cipher().seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, body);
        sealed.extend(tag.expect("a value is shorter than the cipher's bound of 64 GiB").as_ref());
        sealed
    }

    /// Opens what was sealed for the same place, with whichever of the keys.
    ///
    /// # Errors
    /// [`NotOpened`] for anything else.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let (head, body) = sealed.split_at_checked(HEAD_BYTES).ok_or(NotOpened)?;
        let (id, nonce) = head[1..].split_at(ID_BYTES);
        let key = self.keys.iter().find(|key| head[0] == VERSION && key.id == id).ok_or(NotOpened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotOpened)?;
        let mut body = body.to_vec();
        let opened = key.cipher().open_in_place(nonce, Aad::from(place.associated_data()), &mut body);
        let length = opened.map_err(|_| NotOpened)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// Signs `text` with the newest key: what comes back with this signature was made here, for this purpose.
    #[must_use]
    pub fn sign(&self, purpose: &'static str, text: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.newest().sign(purpose, text)
    }

    /// Whether `text` was signed for this purpose, with whichever of the keys.
    #[must_use]
    pub fn has_signed(&self, purpose: &'static str, text: &[u8], signature: &[u8]) -> bool {
        let is_of = |key: &Key| constant_time::verify_slices_are_equal(&key.sign(purpose, text), signature).is_ok();
        self.keys.iter().any(is_of)
    }

    fn newest(&self) -> &Key {
        self.keys.first().expect("a keyring has a key")
    }
}

/// The fingerprint of the newest key that a database, of whatever schema, was used with; `None` for one used with none.
///
/// # Errors
/// Storage's errors.
pub async fn fingerprint(database: &Database) -> Result<Option<String>, Error> {
    database
        .read("seal.fingerprint", |tx| {
            let is_there = tx.tables()?.iter().any(|table| table.name == "settings");
            if is_there { held(tx) } else { Ok(None) }
        })
        .await
}

/// Notes the newest of these keys in the database as the one in use.
///
/// # Errors
/// [`Error::PreconditionFailed`] when the database was last used with a key that is not among these; storage's errors.
pub async fn adopt(database: &Database, keyring: &Keyring) -> Result<(), Error> {
    let keyring = keyring.clone();
    database
        .write("seal.adopt", Lane::SHARED, move |tx| {
            let newest = keyring.fingerprint();
            // Whoever comes second waits here for the first, and then reads what it wrote.
            tx.execute(
                "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                params![FINGERPRINT, &newest],
            )?;
            match held(tx)? {
                Some(held) if held == newest => Ok(()),
                Some(held) if keyring.has(&held) => {
                    tx.execute("UPDATE settings SET value = $2 WHERE name = $1", params![FINGERPRINT, &newest])?;
                    Ok(())
                }
                _ => Err(Error::PreconditionFailed),
            }
        })
        .await
}

fn held(tx: &mut Tx<'_>) -> Result<Option<String>, Error> {
    Ok(tx.query_opt("SELECT value FROM settings WHERE name = $1", params![FINGERPRINT], |row| row.get(0))?)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = text.len() == 2 * N && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(is_hex.then_some(text.as_bytes())?.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use proptest::prelude::*;

    use super::*;

    /// Every draw differs from the last.
    struct Counting(AtomicU8);

    impl Randomness for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn random() -> Counting {
        Counting(AtomicU8::new(1))
    }

    const HERE: Place<'static> = Place { agent: AgentId([1; 16]), column: "webhooks.secret", row: &[2; 16] };

    #[test]
    fn a_sealed_value_opens_in_its_own_place_only() {
        let random = random();
        let keyring = Keyring::generate(&random);
        let sealed = keyring.seal(&random, HERE, b"whsec_1");
        assert_eq!(keyring.open(HERE, &sealed).as_deref(), Ok(&b"whsec_1"[..]));
        for elsewhere in [
            Place { agent: AgentId([3; 16]), ..HERE },
            Place { column: "webhooks.headers", ..HERE },
            Place { row: &[4; 16], ..HERE },
            Place { agent: AgentId([2; 16]), row: &[1; 16], ..HERE },
        ] {
            assert_eq!(keyring.open(elsewhere, &sealed), Err(NotOpened), "{elsewhere:?}");
        }
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let random = random();
        let old = Keyring::generate(&random);
        let sealed = old.seal(&random, HERE, b"before");
        let both = Keyring::generate(&random).joined(old.clone());
        assert_eq!(both.open(HERE, &sealed).as_deref(), Ok(&b"before"[..]));
        assert!(both.has(&old.fingerprint()));
        assert_ne!(both.fingerprint(), old.fingerprint());
        assert_eq!(old.open(HERE, &both.seal(&random, HERE, b"after")), Err(NotOpened));
    }

    #[test]
    fn a_signature_holds_for_its_text_and_purpose_and_outlives_a_new_key() {
        let random = random();
        let old = Keyring::generate(&random);
        let signature = old.sign("forms", b"text");
        let both = Keyring::generate(&random).joined(old.clone());
        assert!(old.has_signed("forms", b"text", &signature) && both.has_signed("forms", b"text", &signature));
        assert_ne!(both.sign("forms", b"text"), signature);
        for (purpose, text, signature) in [
            ("downloads", &b"text"[..], &signature[..]),
            ("forms", b"texts", &signature),
            ("forms", b"text", &signature[1..]),
            ("forms", b"text", b""),
        ] {
            assert!(!both.has_signed(purpose, text, signature), "{purpose}");
        }
    }

    #[test]
    fn sealing_twice_gives_two_texts() {
        let random = random();
        let keyring = Keyring::generate(&random);
        assert_ne!(keyring.seal(&random, HERE, b"same"), keyring.seal(&random, HERE, b"same"));
    }

    #[test]
    fn a_key_file_is_read_back_and_its_mistakes_are_named() {
        let random = random();
        let keyring = Keyring::generate(&random).joined(Keyring::generate(&random));
        assert_eq!(Keyring::parse(&keyring.to_text()), Ok(keyring.clone()));
        let twice = format!("{0}{0}", keyring.to_text());
        for (text, message) in [
            ("", "there is no key in it"),
            ("# only a note\n", "there is no key in it"),
            ("\nsecret\n", "line 2 is no key"),
            (&format!("01020304 {}", "z".repeat(64)), "line 1 is no key"),
            (&format!("01020304 {} x", "0".repeat(64)), "line 1 is no key"),
            (&format!("01020304 {}", "0".repeat(62)), "line 1 is no key"),
            (&twice, "line 5 has the id of an earlier key"),
        ] {
            let refused = Keyring::parse(text).unwrap_err();
            assert!(refused.starts_with(message), "{refused}");
        }
    }

    #[test]
    fn a_keyring_does_not_show_its_keys() {
        assert_eq!(format!("{:?}", Keyring::generate(&random())), "Keyring(1 keys)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn every_value_comes_back(plain in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let random = random();
            let keyring = Keyring::generate(&random);
            let sealed = keyring.seal(&random, HERE, &plain);
            prop_assert_eq!(keyring.open(HERE, &sealed), Ok(plain));
        }

        #[test]
        fn an_altered_value_never_opens(plain in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let random = random();
            let keyring = Keyring::generate(&random);
            let mut sealed = keyring.seal(&random, HERE, &plain);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(keyring.open(HERE, &sealed), Err(NotOpened));
            sealed[at] ^= 1 << bit;
            sealed.truncate(at);
            prop_assert_eq!(keyring.open(HERE, &sealed), Err(NotOpened));
        }
    }
}
