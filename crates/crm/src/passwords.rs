//! Passwords: Argon2id as OWASP's floor has it (19 MiB, two passes, one lane); never stored or shown.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{Crm, Error, randomness};

/// Fewest characters of a password.
pub const MIN: usize = 15;
/// Most characters of a password: bounds the work of hashing.
pub const MAX: usize = 256;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many are hashed at once: each takes [`MEMORY_KIB`].
const AT_ONCE: usize = 2;
/// How many may wait for that; one more is told to come again.
const WAITING: usize = 256;

/// Different characters that a password has at least.
const VARIETY: usize = 5;
/// What people type who are told to take at least 15 characters. Compared without case and blanks.
const COMMON: [&str; 23] = [
    "passwordpassword",
    "password1234567",
    "password12345678",
    "password123456789",
    "passwordpassword1",
    "123456789012345",
    "1234567890123456",
    "12345678901234567890",
    "123456789123456789",
    "123123123123123",
    "qwertyuiopasdfgh",
    "qwertyuiopasdfghjkl",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop123456",
    "qwertyuiop1234567890",
    "qwerty123456789",
    "abcdefghijklmno",
    "abcdefghijklmnopqrstuvwxyz",
    "1q2w3e4r5t6y7u8i",
    "1qaz2wsx3edc4rfv",
    "iloveyouiloveyou",
    "letmeinletmeinletmein",
    "administrator123",
];

/// How much hashing goes on.
pub(crate) struct Hashing {
    running: Semaphore,
    waiting: Semaphore,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { running: Semaphore::new(AT_ONCE), waiting: Semaphore::new(WAITING) }
    }
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("OWASP's parameters are within Argon2's");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Whether a text will do as a new password of somebody with this e-mail address.
///
/// # Errors
/// A sentence for the person.
pub fn check(password: &str, email: &str) -> Result<(), &'static str> {
    let length = password.chars().count();
    if !(MIN..=MAX).contains(&length) {
        return Err("must have 15 to 256 characters");
    }
    let folded = password.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase);
    let folded = folded.collect::<String>();
    let variety = folded.chars().collect::<std::collections::HashSet<_>>().len();
    if variety < VARIETY || COMMON.contains(&folded.as_str()) {
        return Err("is one of the first that anybody would try: take a few words that belong to nobody else");
    }
    if folded == email.to_lowercase() {
        return Err("is the e-mail address: take a few words that belong to nobody else");
    }
    Ok(())
}

/// The hash of a password that [will do](check), in PHC string form. Takes tens of milliseconds: not for an async thread.
///
/// # Errors
/// A sentence for the person.
pub fn hash(crm: &Crm, password: &str, email: &str) -> Result<String, &'static str> {
    check(password, email)?;
    let salt = randomness::bytes::<16>(crm.random());
    let hash = hasher().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.expect("the parameters are fixed").to_string())
}

/// As [`hash`], beside the async threads, in turn with others.
///
/// # Errors
/// [`Error::Invalid`] for the field `password`, [`Error::Unavailable`] when too many wait.
pub(crate) async fn hash_in_turn(crm: &Crm, password: String, email: String) -> Result<String, Error> {
    let own = crm.clone();
    in_turn(crm, move || hash(&own, &password, &email)).await?.map_err(|message| Error::invalid("password", message))
}

/// Whether `password` is the one behind `hash`. Takes the same time where there is no hash, so that nobody learns which accounts
/// there are.
///
/// # Errors
/// [`Error::Unavailable`] when too many wait.
pub(crate) async fn verify_in_turn(crm: &Crm, password: String, hash: Option<String>) -> Result<bool, Error> {
    if password.chars().count() > MAX {
        return Ok(false);
    }
    let salt = randomness::bytes::<16>(crm.random());
    in_turn(crm, move || match hash.as_deref().map(PasswordHash::new) {
        Some(Ok(hash)) => hasher().verify_password(password.as_bytes(), &hash).is_ok(),
        _ => {
            let _ = hasher().hash_password_with_salt(password.as_bytes(), &salt);
            false
        }
    })
    .await
}

async fn in_turn<T: Send + 'static>(crm: &Crm, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let _waiting = crm.hashing.waiting.try_acquire().map_err(|_| Error::Unavailable)?;
    let _running = crm.hashing.running.acquire().await.map_err(|_| Error::Unavailable)?;
    spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "hashing a password failed");
        Error::Internal
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_would_try_is_no_password() {
        for wrong in
            ["short", "PasswordPassword", "aaaaaaaaaaaaaaaaaaaa", "abababababababab", "Sarah.Johnson@example.com"]
        {
            assert!(check(wrong, "sarah.johnson@example.com").is_err(), "{wrong}");
        }
        for right in ["three green doors", "пять зелёных дверей", "ünïcödé ünïcödé"] {
            assert_eq!(check(right, "sarah@example.com"), Ok(()), "{right}");
        }
        assert!(check(&"ab cdefgh".repeat(29), "").is_err());
    }
}
