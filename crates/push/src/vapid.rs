//! Who a push is from: a token signed with the installation's key (VAPID, RFC 8292; JWT, RFC 7519, with ES256, RFC 7518).

use std::time::Duration;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use crm::{clock::UnixMillis, pushes::ServerKey};
use serde_json::json;
use url::Url;

/// How long a token holds: no more than a day is allowed (RFC 8292, section 2), and clocks differ.
const HOLDS: Duration = Duration::from_secs(12 * 60 * 60);

/// The value of `Authorization` for a message to this endpoint. `None` for an endpoint without an origin.
///
/// # Panics
/// Never: the key is one of the curve.
#[must_use]
pub fn authorization(key: &ServerKey, endpoint: &str, subject: &str, now: UnixMillis) -> Option<String> {
    let origin = Url::parse(endpoint).ok()?.origin();
    let audience = origin.is_tuple().then(|| origin.ascii_serialization())?;
    let expires = now.plus(HOLDS).0 / 1_000;
    let encode = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let head = encode(json!({"typ": "JWT", "alg": "ES256"}));
    let claims = encode(json!({"aud": audience, "exp": expires, "sub": subject}));
    let signed = format!("{head}.{claims}");
    let pair = EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        key.private().as_slice(),
        key.public().as_slice(),
    );
    #[expect(clippy::disallowed_methods, reason = "the library asks for it and draws its nonce by itself")]
    let signature = pair.and_then(|pair| pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(Into::into));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.expect("the key is one of the curve"));
    Some(format!("vapid t={signed}.{signature}, k={}", key.public_text()))
}

/// Whom a push service may write to about our messages: the public URL. It takes no address but of https and mail (RFC 8292, section
/// 2.1), so for a server on a plain one, who tries things out, it is the host's postmaster.
#[must_use]
pub fn subject(public_url: &str) -> String {
    if public_url.starts_with("https://") {
        return public_url.trim_end_matches('/').to_owned();
    }
    let host = Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    format!("mailto:postmaster@{}", host.unwrap_or_else(|| String::from("localhost")))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_token_is_signed_for_the_origin_of_its_push_service_and_for_half_a_day() {
        let key = ServerKey::of_private([7; 32]).unwrap();
        let now = UnixMillis(1_700_000_000_500);
        let value = authorization(&key, "https://Push.example.com:8443/x?y", "https://a.example", now).unwrap();
        let (token, public) = value.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(public, key.public_text());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public());
        assert!(verifier.verify(signed.as_bytes(), &signature).is_ok());
        let claims = BASE64_URL_SAFE_NO_PAD.decode(signed.split('.').nth(1).unwrap()).unwrap();
        let claims = serde_json::from_slice::<serde_json::Value>(&claims).unwrap();
        assert_eq!(
            claims,
            json!({"aud": "https://push.example.com:8443", "exp": 1_700_043_200, "sub": "https://a.example"})
        );
        assert_eq!(authorization(&key, "data:x", "", now), None);
    }

    #[test]
    fn the_subject_is_an_address_of_https_or_mail() {
        assert_eq!(subject("https://crm.example.com/"), "https://crm.example.com");
        assert_eq!(subject("http://127.0.0.1:8080"), "mailto:postmaster@127.0.0.1");
        assert_eq!(subject("nonsense"), "mailto:postmaster@localhost");
    }
}
