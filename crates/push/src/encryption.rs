//! A message that only the device reads: RFC 8291, in the content coding `aes128gcm` of RFC 8188, as one record.

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};

/// The most bytes of a message that every push service takes (RFC 8030, section 7.2), and what the coding adds to the text of one.
pub const MOST: usize = 4_096 - OVERHEAD;
/// The header with its salt, record size and key, the delimiter, the tag.
const OVERHEAD: usize = SALT + 4 + 1 + POINT + 1 + 16;

const SALT: usize = 16;
const POINT: usize = 65;
const KEY: usize = 16;
/// No record is longer; there is one.
const RECORD: u32 = 4_096;

/// To whom a message is encrypted: what the browser gave when it subscribed.
#[derive(Clone, Copy)]
pub struct Recipient<'a> {
    /// Its public key, a point of P-256 that is not compressed.
    pub public_key: &'a [u8; POINT],
    /// The secret beside it.
    pub secret: &'a [u8; 16],
}

/// What is drawn anew for each message.
pub struct Fresh {
    /// A private key of P-256.
    pub private_key: [u8; 32],
    /// The salt.
    pub salt: [u8; SALT],
}

/// Encrypts a text. `None` where a key is none of the curve's, or the text is longer than [`MOST`].
#[must_use]
pub fn encrypt(text: &[u8], recipient: Recipient<'_>, fresh: &Fresh) -> Option<Vec<u8>> {
    if text.len() > MOST {
        return None;
    }
    let own = PrivateKey::from_private_key(&ECDH_P256, &fresh.private_key).ok()?;
    let own_public = own.compute_public_key().ok()?;
    let (theirs, ours) = (recipient.public_key, own_public.as_ref());
    let peer = UnparsedPublicKey::new(&ECDH_P256, theirs);
    // RFC 8291, section 3.4: the shared secret, with the browser's own and both keys, is the input of RFC 8188.
    let input = agree(&own, peer, (), |shared| {
        let prk = Salt::new(HKDF_SHA256, recipient.secret).extract(shared);
        expand::<32>(&prk, &[b"WebPush: info\0", theirs, ours])
    });
    let prk = Salt::new(HKDF_SHA256, &fresh.salt).extract(&input.ok()?);
    let key = expand::<KEY>(&prk, &[b"Content-Encoding: aes128gcm\0"]).ok()?;
    let nonce = expand::<NONCE_LEN>(&prk, &[b"Content-Encoding: nonce\0"]).ok()?;

    let mut message = Vec::with_capacity(text.len() + OVERHEAD);
    message.extend(fresh.salt);
    message.extend(RECORD.to_be_bytes());
    message.push(POINT as u8);
    message.extend(ours);
    let head = message.len();
    message.extend(text);
    // The delimiter of the last record (RFC 8188, section 2).
    message.push(2);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut message[head..]).ok()?;
    message.extend(tag.as_ref());
    Some(message)
}

/// A length for the library.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], ()> {
    let mut bytes = [0; N];
    prk.expand(info, Length(N)).and_then(|okm| okm.fill(&mut bytes)).map_err(|_| ())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
    }

    /// RFC 8291, appendix A.
    #[test]
    fn the_example_of_the_rfc_is_met_to_the_byte() {
        let public_key =
            bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let secret = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let fresh = Fresh {
            private_key: bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
            salt: bytes("DGv6ra1nlYgDCS1FRnbzlw"),
        };
        let recipient = Recipient { public_key: &public_key, secret: &secret };
        let message = encrypt(b"When I grow up, I want to be a watermelon", recipient, &fresh).unwrap();
        assert_eq!(
            BASE64_URL_SAFE_NO_PAD.encode(message),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn a_text_that_is_too_long_and_keys_that_are_none_are_refused() {
        let public_key =
            bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let recipient = Recipient { public_key: &public_key, secret: &[1; 16] };
        let fresh = Fresh { private_key: [7; 32], salt: [0; 16] };
        let longest = encrypt(&[b'x'; MOST], recipient, &fresh).unwrap();
        assert_eq!(longest.len(), 4_096);
        assert_eq!(encrypt(&[b'x'; MOST + 1], recipient, &fresh), None);
        let off = [4; 65];
        assert_eq!(encrypt(b"x", Recipient { public_key: &off, ..recipient }, &fresh), None);
        assert_eq!(encrypt(b"x", recipient, &Fresh { private_key: [0xff; 32], salt: [0; 16] }), None);
    }
}
