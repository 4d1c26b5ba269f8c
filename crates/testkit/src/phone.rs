//! A device as a push service knows it: a subscription with keys of its own, and what it makes of a message. Written after RFC 8291, 8188
//! and 8292, without the sender's own code.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree},
    hmac,
    signature::{self, ECDSA_P256_SHA256_FIXED},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use crm::Crm;
use push::sender::Pusher;
use serde_json::Value;
use webhooks::{
    client::{Client, Limits, system_roots},
    guard::Guard,
};

use crate::{Received, TestApp, sending::Here};

/// Somebody's phone.
pub struct Phone {
    /// Where its push service takes messages.
    pub endpoint: String,
    key: PrivateKey,
    public: Vec<u8>,
    secret: [u8; 16],
}

impl Phone {
    /// One of its own keys, at this endpoint.
    ///
    /// # Panics
    /// Never: these are private keys of the curve.
    #[must_use]
    pub fn new(endpoint: &str, number: u8) -> Self {
        let key = PrivateKey::from_private_key(&ECDH_P256, &[number + 1; 32]).expect("a key of the curve");
        let public = key.compute_public_key().expect("a key has a public one").as_ref().to_vec();
        Self { endpoint: endpoint.to_owned(), key, public, secret: [number; 16] }
    }

    /// What its browser posts to be told.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, String); 3] {
        let (p256dh, auth) = (URL_SAFE_NO_PAD.encode(&self.public), URL_SAFE_NO_PAD.encode(self.secret));
        [("endpoint", self.endpoint.clone()), ("p256dh", p256dh), ("auth", auth)]
    }

    /// What a message tells.
    ///
    /// # Panics
    /// When it is not for this phone.
    #[must_use]
    pub fn read(&self, message: &Received) -> Value {
        assert_eq!((message.method.as_str(), message.header("content-encoding")), ("POST", "aes128gcm"));
        let body = &message.body;
        let (salt, size, length) = (&body[..16], &body[16..20], usize::from(body[20]));
        assert!(u32::from_be_bytes(size.try_into().expect("4 bytes")) as usize >= body.len() && body.len() <= 4_096);
        let (sender, record) = (&body[21..21 + length], &body[21 + length..]);
        let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
        let shared = agree(&self.key, peer, (), |shared| Ok(shared.to_vec())).expect("a point of the curve");
        let info = [b"WebPush: info\0", &self.public[..], sender].concat();
        let input = derive(&self.secret, &shared, &info, 32);
        let key = derive(salt, &input, b"Content-Encoding: aes128gcm\0", 16);
        let nonce = derive(salt, &input, b"Content-Encoding: nonce\0", 12);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).expect("16 bytes"));
        let nonce = Nonce::try_assume_unique_for_key(&nonce).expect("12 bytes");
        let mut record = record.to_vec();
        let text = key.open_in_place(nonce, Aad::empty(), &mut record).expect("it is for this phone");
        let end = text.iter().rposition(|byte| *byte != 0).expect("a delimiter");
        assert_eq!(text[end], 2, "the last record");
        serde_json::from_slice(&text[..end]).expect("JSON")
    }
}

/// HKDF (RFC 5869) with one block.
fn derive(salt: &[u8], input: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let sign = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec();
    sign(&sign(salt, input), &[info, &[1]].concat())[..length].to_vec()
}

/// Who a message says it is from: the public key, in base64url, and the claims of its token, once the signature is right.
///
/// # Panics
/// When it says so in no form that RFC 8292 has, or the signature is wrong.
#[must_use]
pub fn sender(message: &Received) -> (String, Value) {
    let said = message.header("authorization").strip_prefix("vapid t=").expect("RFC 8292, section 3");
    let (token, public) = said.split_once(", k=").expect("a token and a key");
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let verifier = signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(public));
    assert!(verifier.verify(signed.as_bytes(), &decode(signature)).is_ok(), "the signature is wrong");
    let (head, claims) = signed.split_once('.').expect("two parts are signed");
    let head = serde_json::from_slice::<Value>(&decode(head)).expect("JSON");
    assert_eq!((head["typ"].as_str(), head["alg"].as_str()), (Some("JWT"), Some("ES256")));
    (public.to_owned(), serde_json::from_slice(&decode(claims)).expect("JSON"))
}

impl TestApp {
    /// The product's sender of pushes, allowed to reach this machine.
    #[must_use]
    pub fn pusher(&self) -> Pusher {
        pusher(&self.crm, &self.base, Duration::from_secs(15))
    }
}

/// The same for any node, with this limit for an attempt.
#[must_use]
pub fn pusher(crm: &Crm, public_url: &str, whole: Duration) -> Pusher {
    let allowed = "127.0.0.0/8".parse().expect("a range");
    let limits = Limits { whole, ..Limits::default() };
    let guard = Guard::new(vec![allowed], Vec::new());
    let client = Client::new(guard, Arc::new(Here), system_roots(), crm.shared_clock(), limits);
    Pusher::new(Arc::new(client), public_url)
}
