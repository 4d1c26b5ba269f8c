//! Form tokens: what tells a form that a page of ours showed from one that a program made up. Signed, not stored, and not bound to a
//! visitor: a page that was kept for a while, or by a cache in between, still works, and no cookie is needed.

use std::time::Duration;

use crate::{
    AgentId, Crm,
    clock::UnixMillis,
    randomness,
    seal::{SIGNATURE_BYTES, hex, unhex},
};

/// What the signature is for.
const PURPOSE: &str = "form";
/// Nobody fills in a form faster.
pub const QUICKEST: Duration = Duration::from_secs(2);
/// A page that is older was kept by somebody.
pub const LASTS: Duration = Duration::from_secs(24 * 60 * 60);
/// The bytes that tell two tokens of one millisecond apart.
const NONCE_BYTES: usize = 8;
/// How far the clocks of two nodes may be apart.
const SKEW: Duration = Duration::from_secs(60);

/// What a form's token tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Nothing: there is none.
    Missing,
    /// Nothing: it was not made here, or for another form.
    Forged,
    /// When the form was shown, and what makes a second arrival known.
    Shown {
        /// How long ago, in milliseconds.
        age_ms: i64,
        /// Unlike that of any other showing of the form.
        nonce: String,
    },
}

/// A token for a form of an agent that is shown now. `form` names it, its language included.
#[must_use]
pub fn make(crm: &Crm, agent: AgentId, form: &str) -> String {
    let nonce = hex(&randomness::bytes::<NONCE_BYTES>(&*crm.random));
    let issued_at = crm.clock.now().0;
    let signature = crm.keyring.sign(PURPOSE, &signed(agent, form, issued_at, &nonce));
    format!("{issued_at:x}.{nonce}.{}", hex(&signature))
}

/// What the token tells that came with a form.
#[must_use]
pub fn read(crm: &Crm, agent: AgentId, form: &str, token: &str) -> Told {
    if token.is_empty() {
        return Told::Missing;
    }
    let Some((issued_at, nonce, signature)) = parts(token) else { return Told::Forged };
    if !crm.keyring.has_signed(PURPOSE, &signed(agent, form, issued_at, nonce), &signature) {
        return Told::Forged;
    }
    let age_ms = crm.clock.now().0 - issued_at;
    if UnixMillis(age_ms).plus(SKEW).0 < 0 {
        return Told::Forged;
    }
    Told::Shown { age_ms: age_ms.max(0), nonce: nonce.to_owned() }
}

fn parts(token: &str) -> Option<(i64, &str, [u8; SIGNATURE_BYTES])> {
    let mut parts = token.split('.');
    let (issued_at, nonce, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let issued_at = i64::from_str_radix(issued_at, 16).ok().filter(|_| parts.next().is_none())?;
    let _: [u8; NONCE_BYTES] = unhex(nonce)?;
    Some((issued_at, nonce, unhex(signature)?))
}

/// Fixed lengths first, so that no two read alike.
fn signed(agent: AgentId, form: &str, issued_at: i64, nonce: &str) -> Vec<u8> {
    [&agent.0[..], &issued_at.to_be_bytes(), nonce.as_bytes(), form.as_bytes()].concat()
}
