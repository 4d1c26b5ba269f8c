//! A browser's subscription: where its push service takes messages, and what they are encrypted with (W3C Push API).

use std::fmt;

use aws_lc_rs::{
    agreement::{ECDH_P256, ParsedPublicKey, UnparsedPublicKey},
    digest,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{AgentId, Crm, Error, ids::DeviceId, seal::Place, webhooks::UrlRule};

/// Longest address of a push service that is kept.
const ENDPOINT: usize = 2_000;
/// Of an uncompressed point on P-256, and of the secret beside it (RFC 8291, sections 3.1 and 3.2).
const POINT_BYTES: usize = 65;
const SECRET_BYTES: usize = 16;

/// What a browser gives for being told. Whoever has it can tell the device things, so it is only ever kept sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Where the push service takes messages for it.
    pub endpoint: String,
    /// The browser's public key, in base64url.
    p256dh: String,
    /// The browser's secret, in base64url.
    auth: String,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Subscription(…)")
    }
}

impl Subscription {
    /// Reads what a browser gave.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an address that nothing may be sent to, and for what are no keys.
    pub fn parse(endpoint: &str, p256dh: &str, auth: &str, rule: &UrlRule) -> Result<Self, Error> {
        if endpoint.len() > ENDPOINT {
            return Err(Error::invalid("endpoint", format!("must be {ENDPOINT} characters or less")));
        }
        rule.check(endpoint).map_err(|sentence| Error::invalid("endpoint", sentence.trim_end_matches('.')))?;
        let [p256dh, auth] = [p256dh, auth].map(|text| text.trim_end_matches('=').to_owned());
        let new = Self { endpoint: endpoint.to_owned(), p256dh, auth };
        let is_point = new.public_key().is_some_and(|bytes| {
            ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, bytes)).is_ok() && bytes[0] == 4
        });
        if !is_point {
            return Err(Error::invalid("p256dh", "must be a public key of P-256 in base64url"));
        }
        if new.secret().is_none() {
            return Err(Error::invalid("auth", "must be 16 bytes in base64url"));
        }
        Ok(new)
    }

    /// The browser's public key: a point, not compressed.
    #[must_use]
    pub fn public_key(&self) -> Option<[u8; POINT_BYTES]> {
        BASE64_URL_SAFE_NO_PAD.decode(&self.p256dh).ok()?.try_into().ok()
    }

    /// The secret that goes into the encryption beside the keys.
    #[must_use]
    pub fn secret(&self) -> Option<[u8; SECRET_BYTES]> {
        BASE64_URL_SAFE_NO_PAD.decode(&self.auth).ok()?.try_into().ok()
    }

    /// What tells the endpoint from others without telling it.
    pub(super) fn endpoint_hash(&self) -> [u8; 32] {
        let digest = digest::digest(&digest::SHA256, self.endpoint.as_bytes());
        digest.as_ref().try_into().expect("SHA-256 gives 32 bytes")
    }

    pub(super) fn seal(&self, crm: &Crm, agent: AgentId, device: &DeviceId) -> Result<Vec<u8>, Error> {
        let text = serde_json::to_vec(self).map_err(|_| Error::Internal)?;
        Ok(crm.keyring.seal(&*crm.random, place(agent, device), &text))
    }

    /// `None`, with a line in the log, when its key is gone.
    pub(super) fn open(crm: &Crm, agent: AgentId, device: &DeviceId, sealed: &[u8]) -> Option<Self> {
        let opened = crm.keyring.open(place(agent, device), sealed);
        let text = opened.inspect_err(|error| tracing::error!(%error, %device, "a subscription is lost")).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// Where a subscription is sealed.
fn place(agent: AgentId, device: &DeviceId) -> Place<'_> {
    Place { agent, column: "devices.subscription", row: &device.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8291, appendix A.
    const POINT: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const SECRET: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn parse(endpoint: &str, p256dh: &str, auth: &str) -> Result<Subscription, Error> {
        Subscription::parse(endpoint, p256dh, auth, &UrlRule::default())
    }

    #[test]
    fn only_an_address_of_the_web_and_keys_of_the_curve_are_taken() {
        let url = "https://push.example.com/x";
        assert!(parse(url, POINT, SECRET).is_ok() && parse(url, &format!("{POINT}="), &format!("{SECRET}==")).is_ok());
        let off = POINT.replace("BCVx", "BCVy");
        let compressed = &BASE64_URL_SAFE_NO_PAD.encode([[2_u8; 33].as_slice(), &[0; 32]].concat());
        for (endpoint, p256dh, auth) in [
            ("ftp://push.example.com/x", POINT, SECRET),
            (&format!("{url}{}", "x".repeat(ENDPOINT)), POINT, SECRET),
            (url, &off, SECRET),
            (url, compressed, SECRET),
            (url, "", SECRET),
            (url, POINT, ""),
            (url, POINT, "AAAA"),
            (url, POINT, &SECRET.replace('_', "/")),
        ] {
            assert!(parse(endpoint, p256dh, auth).is_err(), "{endpoint} {p256dh} {auth}");
        }
    }
}
