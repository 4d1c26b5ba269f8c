//! The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header-07).

use aws_lc_rs::digest;
use axum::extract::{FromRequestParts, OriginalUri};
use crm::idempotency::Once;
use http::request::Parts;

use crate::Problem;

const NAME: &str = "idempotency-key";
const MESSAGE: &str = "must be sent once, with 1 to 255 visible ASCII characters";

/// The key of a request, if it has one, and what it counts within.
pub(crate) struct IdempotencyKey {
    scope: String,
    key: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let path = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.path(), |uri| uri.path());
        let scope = format!("{} {}", parts.method, path.trim_end_matches('/'));
        let mut values = parts.headers.get_all(NAME).iter();
        let key = match (values.next(), values.next()) {
            (None, _) => None,
            (Some(value), None) if is_key(value.as_bytes()) => value.to_str().ok().map(str::to_owned),
            _ => return Err(Problem::field("Idempotency-Key", MESSAGE)),
        };
        Ok(Self { scope, key })
    }
}

fn is_key(bytes: &[u8]) -> bool {
    (1..=255).contains(&bytes.len()) && bytes.iter().all(|byte| (0x21..=0x7e).contains(byte))
}

impl IdempotencyKey {
    /// What the use case is to do once, for a request with this body.
    pub fn once(self, body: &[u8]) -> Option<Once> {
        let digest = digest::digest(&digest::SHA256, body);
        let fingerprint = digest.as_ref().try_into().expect("SHA-256 gives 32 bytes");
        self.key.map(|key| Once { scope: self.scope, key, fingerprint })
    }
}
