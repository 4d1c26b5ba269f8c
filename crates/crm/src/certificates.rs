//! Certificates of the names that the server is reached by, as one certificate authority issues them to all nodes (ACME, RFC 8555):
//! what there is, what is due, and what the authority is shown meanwhile. The keys are sealed.

use std::time::Duration;

use aws_lc_rs::digest;
use db::{Lane, Row, Tx, params};

use crate::{AgentId, Crm, Error, clock::UnixMillis, seal::Place};

/// How long an attempt may take at most; then another node tries.
const LEASE: Duration = Duration::from_secs(10 * 60);
/// How long a challenge is answered.
const CHALLENGE: Duration = Duration::from_secs(15 * 60);
/// Waits after a failed attempt: authorities count failures, some five an hour for a name.
const WAITS: [u64; 5] = [2 * 60, 20 * 60, 60 * 60, 6 * 60 * 60, 24 * 60 * 60];
/// The longest text of a failure that is kept, in characters.
const FAILURE: usize = 500;

/// Nobody's: what is sealed here belongs to the installation.
const NOBODY: AgentId = AgentId([0; 16]);

/// A certificate in use.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// With its chain, as PEM.
    pub chain: String,
    /// Its private key, as PEM.
    pub key: String,
    /// Until when it is valid.
    pub expires_at: UnixMillis,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Certificate(until {})", self.expires_at.0)
    }
}

/// The row of a name or a directory: so much of its digest that no two have the same.
fn row_of(text: &str) -> [u8; 16] {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref()[..16].try_into().expect("SHA-256 gives 32 bytes")
}

fn key_place(row: &[u8; 16]) -> Place<'_> {
    Place { agent: NOBODY, column: "certificates.private_key", row }
}

fn account_place(row: &[u8; 16]) -> Place<'_> {
    Place { agent: NOBODY, column: "acme_accounts.credentials", row }
}

/// Has a certificate made for a name, within a transaction; for one that has one, or waits, this changes nothing.
pub(crate) fn want(tx: &mut Tx<'_>, name: &str, now: UnixMillis) -> Result<(), Error> {
    let sql = "INSERT INTO certificates (name, renew_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    tx.execute(sql, params![name, now.0])?;
    Ok(())
}

/// Has certificates made for the server's own name and for all that led here before the server saw to certificates.
///
/// # Errors
/// Storage's errors.
pub async fn want_all(crm: &Crm, own_host: Option<&str>) -> Result<(), Error> {
    let (now, own_host) = (crm.clock.now(), own_host.map(str::to_owned));
    crm.db
        .write("certificates.want_all", Lane::SHARED, move |tx| {
            if let Some(own) = &own_host {
                want(tx, own, now)?;
            }
            let sql = "INSERT INTO certificates (name, renew_at) SELECT name, $1 FROM hosts WHERE true
                       ON CONFLICT (name) DO NOTHING";
            tx.execute(sql, params![now.0])?;
            Ok(())
        })
        .await
}

/// The certificate of a name, if there is one.
///
/// # Errors
/// [`Error::Internal`] when the key that sealed it is gone; storage's errors.
pub async fn get(crm: &Crm, name: &str) -> Result<Option<Certificate>, Error> {
    let (name, place) = (name.to_owned(), row_of(name));
    let sql = "SELECT chain, private_key, expires_at FROM certificates WHERE name = $1 AND issued_at IS NOT NULL";
    let row = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?, UnixMillis(row.get(2)?)));
    let held =
        crm.db.read("certificates.get", move |tx| Ok::<_, Error>(tx.query_opt(sql, params![&name], row)?)).await?;
    let Some((chain, sealed, expires_at)) = held else { return Ok(None) };
    let key = String::from_utf8(crm.keyring.open(key_place(&place), &sealed)?).map_err(|_| Error::Internal)?;
    Ok(Some(Certificate { chain, key, expires_at }))
}

/// The next name whose certificate is due; no other node takes it for ten minutes. Names that lead here no more are forgotten.
///
/// # Errors
/// Storage's errors.
pub async fn claim(crm: &Crm, own_host: Option<&str>) -> Result<Option<String>, Error> {
    let now = crm.clock.now();
    let sql = "SELECT name FROM certificates WHERE renew_at <= $1 ORDER BY renew_at LIMIT 1";
    let due = move |tx: &mut Tx<'_>| Ok::<_, Error>(tx.query_opt(sql, params![now.0], |row| row.get::<String>(0))?);
    // Mostly nothing is due, and a read disturbs nobody.
    let Some(name) = crm.db.read("certificates.due", due).await? else { return Ok(None) };
    let is_own = own_host.is_some_and(|own| own == name);
    let claimed = crm.db.write("certificates.claim", Lane::SHARED, {
        let name = name.clone();
        move |tx| {
            let sql = "SELECT 1 FROM hosts WHERE name = $1";
            if !is_own && tx.query_opt(sql, params![&name], |_| Ok(()))?.is_none() {
                tx.execute("DELETE FROM certificates WHERE name = $1", params![&name])?;
                return Ok::<_, Error>(false);
            }
            let sql = "UPDATE certificates SET renew_at = $2 WHERE name = $1 AND renew_at <= $3";
            Ok(tx.execute(sql, params![&name, now.plus(LEASE).0, now.0])? > 0)
        }
    });
    Ok(claimed.await?.then_some(name))
}

/// Keeps a certificate that was issued. The next is asked for when a third of its time is left.
///
/// # Errors
/// Storage's errors.
pub async fn keep(crm: &Crm, name: &str, certificate: &Certificate) -> Result<(), Error> {
    let now = crm.clock.now();
    let sealed = crm.keyring.seal(&*crm.random, key_place(&row_of(name)), certificate.key.as_bytes());
    let (name, chain, expires_at) = (name.to_owned(), certificate.chain.clone(), certificate.expires_at);
    let lasts = Duration::from_millis(u64::try_from(expires_at.0 - now.0).unwrap_or(0));
    let renew_at = now.plus(lasts - lasts / 3);
    crm.db
        .write("certificates.keep", Lane::SHARED, move |tx| {
            let sql =
                "UPDATE certificates SET chain = $2, private_key = $3, issued_at = $4, expires_at = $5, renew_at = $6,
                           attempts = 0, failure = NULL WHERE name = $1";
            tx.execute(sql, params![&name, &chain, &sealed, now.0, expires_at.0, renew_at.0])?;
            tx.execute("DELETE FROM acme_challenges WHERE name = $1", params![&name])?;
            Ok(())
        })
        .await
}

/// Notes why an attempt failed, in words. The certificate in use stays.
///
/// # Errors
/// Storage's errors.
pub async fn fail(crm: &Crm, name: &str, why: &str) -> Result<(), Error> {
    let now = crm.clock.now();
    let (name, why) = (name.to_owned(), why.chars().take(FAILURE).collect::<String>());
    crm.db
        .write("certificates.fail", Lane::SHARED, move |tx| {
            let sql = "SELECT attempts FROM certificates WHERE name = $1";
            let Some(attempts) = tx.query_opt(sql, params![&name], |row| row.get::<i64>(0))? else { return Ok(()) };
            let at = usize::try_from(attempts).unwrap_or(0).min(WAITS.len() - 1);
            let renew_at = now.plus(Duration::from_secs(WAITS[at]));
            let sql = "UPDATE certificates SET attempts = attempts + 1, failure = $2, renew_at = $3 WHERE name = $1";
            tx.execute(sql, params![&name, &why, renew_at.0])?;
            tx.execute("DELETE FROM acme_challenges WHERE name = $1", params![&name])?;
            Ok(())
        })
        .await
}

/// Has every node show this digest at a name to the authority (RFC 8737, section 3).
///
/// # Errors
/// Storage's errors.
pub async fn challenge(crm: &Crm, name: &str, digest: &[u8]) -> Result<(), Error> {
    let now = crm.clock.now();
    let (name, digest) = (name.to_owned(), digest.to_vec());
    crm.db
        .write("certificates.challenge", Lane::SHARED, move |tx| {
            tx.execute("DELETE FROM acme_challenges WHERE expires_at < $1", params![now.0])?;
            let sql = "INSERT INTO acme_challenges (name, digest, expires_at) VALUES ($1, $2, $3)
                       ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at";
            tx.execute(sql, params![&name, &digest, now.plus(CHALLENGE).0])?;
            Ok(())
        })
        .await
}

/// The digest that the authority is to be shown at a name, if any.
///
/// # Errors
/// Storage's errors.
pub async fn shown(crm: &Crm, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let (now, name) = (crm.clock.now(), name.to_owned());
    let sql = "SELECT digest FROM acme_challenges WHERE name = $1 AND expires_at >= $2";
    crm.db.read("certificates.shown", move |tx| Ok(tx.query_opt(sql, params![&name, now.0], |row| row.get(0))?)).await
}

/// The credentials of the account at an authority, by the URL of its directory.
///
/// # Errors
/// [`Error::Internal`] when the key that sealed them is gone; storage's errors.
pub async fn account(crm: &Crm, directory: &str) -> Result<Option<Vec<u8>>, Error> {
    let (directory, place) = (directory.to_owned(), row_of(directory));
    let sql = "SELECT credentials FROM acme_accounts WHERE directory = $1";
    let row = |row: &Row<'_>| row.get::<Vec<u8>>(0);
    let held = move |tx: &mut Tx<'_>| Ok::<_, Error>(tx.query_opt(sql, params![&directory], row)?);
    match crm.db.read("certificates.account", held).await? {
        None => Ok(None),
        Some(sealed) => Ok(Some(crm.keyring.open(account_place(&place), &sealed)?)),
    }
}

/// Keeps the credentials of a new account. Where another node was quicker, its account stays.
///
/// # Errors
/// Storage's errors.
pub async fn keep_account(crm: &Crm, directory: &str, credentials: &[u8]) -> Result<(), Error> {
    let sealed = crm.keyring.seal(&*crm.random, account_place(&row_of(directory)), credentials);
    let directory = directory.to_owned();
    crm.db
        .write("certificates.keep_account", Lane::SHARED, move |tx| {
            let sql = "INSERT INTO acme_accounts (directory, credentials) VALUES ($1, $2)
                       ON CONFLICT (directory) DO NOTHING";
            tx.execute(sql, params![&directory, &sealed])?;
            Ok(())
        })
        .await
}
