//! Passwords: Argon2id as OWASP's floor has it (19 MiB, two passes, one lane); never stored or shown.

use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher};

use crate::{Crm, randomness};

/// Fewest characters of a password.
pub const MIN: usize = 15;
/// Most characters of a password: bounds the work of hashing.
pub const MAX: usize = 256;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("OWASP's parameters are within Argon2's");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash of a new password, in PHC string form. Takes tens of milliseconds: not for an async thread.
///
/// # Errors
/// A sentence for the person when the password is too short or too long.
pub fn hash(crm: &Crm, password: &str) -> Result<String, &'static str> {
    let length = password.chars().count();
    if !(MIN..=MAX).contains(&length) {
        return Err("must have 15 to 256 characters");
    }
    let salt = randomness::bytes::<16>(crm.random());
    let hash = hasher().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.expect("the parameters are fixed").to_string())
}
