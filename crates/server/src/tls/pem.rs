//! The operator's certificate: two PEM files, read again when they change, so that whatever renews them need not tell the server.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use tokio_util::sync::CancellationToken;

use super::certificates::Certificates;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Where the certificate and its key stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PemFiles {
    /// The certificate with its chain, the server's own first.
    pub certificate: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC1, unencrypted.
    pub key: PathBuf,
}

/// By what a changed file is known: when it was written, and its length.
type Stamp = [(Option<SystemTime>, u64); 2];

impl PemFiles {
    /// Reads both.
    ///
    /// # Errors
    /// A sentence for the operator: which file cannot be read, or that the two do not belong together.
    pub fn read(&self) -> Result<CertifiedKey, String> {
        let chain = read(&self.certificate)?;
        let key = read(&self.key)?;
        let told = |path: &Path, error: &dyn Display| format!("{}: {error}", path.display());
        parse(&chain, &key).map_err(|wrong| match wrong {
            Wrong::Chain(error) => told(&self.certificate, &error),
            Wrong::Key(error) => told(&self.key, &error),
            Wrong::Pair(error) => format!("{} and {}: {error}", self.certificate.display(), self.key.display()),
        })
    }

    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| match std::fs::metadata(path) {
            Ok(data) => (data.modified().ok(), data.len()),
            Err(_) => (None, 0),
        })
    }

    /// Puts the pair among the certificates each time it has changed, until `stopping`. A pair that does not fit (one file of two is
    /// written) changes nothing; the next look sees the other.
    pub async fn follow(self, certificates: Arc<Certificates>, stopping: CancellationToken) {
        let mut seen = self.stamp();
        let mut failed = None;
        while stopping.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let stamp = self.stamp();
            if stamp == seen || failed == Some(stamp) {
                continue;
            }
            match self.read() {
                Ok(pair) => {
                    certificates.set_usual(pair);
                    tracing::info!(file = %self.certificate.display(), "the certificate has changed");
                    seen = stamp;
                }
                Err(error) => {
                    tracing::warn!(error, "the certificate has changed and cannot be used; the one before stays");
                    failed = Some(stamp);
                }
            }
        }
    }
}

/// What is wrong with a pair.
#[derive(Debug)]
pub enum Wrong {
    /// The chain.
    Chain(String),
    /// The key.
    Key(String),
    /// Each for itself is right.
    Pair(String),
}

/// A chain and its key, as PEM.
///
/// # Errors
/// Which of the two is wrong, and how.
pub fn parse(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, Wrong> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let chain = chain.map_err(|error| Wrong::Chain(error.to_string()))?;
    if chain.is_empty() {
        return Err(Wrong::Chain(String::from("there is no certificate in it")));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| Wrong::Key(error.to_string()))?;
    let key = aws_lc_rs::default_provider().key_provider.load_private_key(key);
    let key = key.map_err(|error| Wrong::Key(error.to_string()))?;
    let pair = CertifiedKey::new(chain, key);
    pair.keys_match().map_err(|error| Wrong::Pair(error.to_string()))?;
    Ok(pair)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
