//! The key pair by which push services know this installation (VAPID, RFC 8292): made at first use, one for all nodes.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use db::{Lane, Tx, params};

use crate::{
    AgentId, Crm, Error,
    randomness::{self, Randomness},
    seal::Place,
};

/// Its name in the table `settings`.
const NAME: &str = "push_key";
/// Where it is sealed: it is nobody's.
const PLACE: Place<'static> = Place { agent: AgentId([0; 16]), column: "settings.push_key", row: &[0; 16] };

/// A key pair on the curve P-256.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerKey {
    private: [u8; 32],
    public: [u8; 65],
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ServerKey({})", self.public_text())
    }
}

impl ServerKey {
    /// A new pair.
    ///
    /// # Panics
    /// When the randomness gives nothing but numbers above the curve's order.
    #[must_use]
    pub fn generate(random: &dyn Randomness) -> Self {
        // One draw in 2^32 is not below the order.
        let drawn = std::iter::repeat_with(|| randomness::bytes(random)).take(64);
        drawn.filter_map(Self::of_private).next().expect("the randomness is random")
    }

    /// The pair of a private key; `None` for what is none.
    #[must_use]
    pub fn of_private(private: [u8; 32]) -> Option<Self> {
        let key = PrivateKey::from_private_key(&ECDH_P256, &private).ok()?;
        let public = key.compute_public_key().ok()?;
        Some(Self { private, public: public.as_ref().try_into().ok()? })
    }

    /// The secret number, as 32 bytes.
    #[must_use]
    pub fn private(&self) -> &[u8; 32] {
        &self.private
    }

    /// The public point, not compressed.
    #[must_use]
    pub fn public(&self) -> &[u8; 65] {
        &self.public
    }

    /// The same as browsers and push services are given it.
    #[must_use]
    pub fn public_text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.public)
    }
}

/// The installation's key pair; made by who asks first.
///
/// # Errors
/// [`Error::Internal`] when the key that sealed it is gone, storage's errors.
pub async fn server_key(crm: &Crm) -> Result<ServerKey, Error> {
    let sealed = match crm.db.read("pushes.server_key", held).await? {
        Some(sealed) => sealed,
        None => {
            let made = ServerKey::generate(&*crm.random);
            let sealed = BASE64_STANDARD.encode(crm.keyring.seal(&*crm.random, PLACE, made.private()));
            let adopted = crm.db.write("pushes.make_server_key", Lane::SHARED, move |tx| {
                // Whoever comes second waits here for the first, and then reads what it wrote.
                let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
                tx.execute(sql, params![NAME, &sealed])?;
                held(tx)?.ok_or(Error::Internal)
            });
            adopted.await?
        }
    };
    let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| Error::Internal)?;
    let private = crm.keyring.open(PLACE, &sealed)?;
    private.try_into().ok().and_then(ServerKey::of_private).ok_or(Error::Internal)
}

fn held(tx: &mut Tx<'_>) -> Result<Option<String>, Error> {
    Ok(tx.query_opt("SELECT value FROM settings WHERE name = $1", params![NAME], |row| row.get(0))?)
}
