//! Certificates of a certificate authority (ACME, RFC 8555), for the server's own name and the names that lead here. The authority
//! looks by TLS at the port of https (RFC 8737), so that port is all it needs.

use std::{path::PathBuf, time::Duration};

use crm::{
    Crm,
    certificates::{self, Certificate},
    clock::UnixMillis,
};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, LetsEncrypt, NewAccount, NewOrder,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{pki_types::PrivateKeyDer, sign::CertifiedKey};
use tokio::time::timeout;

/// How long an attempt may take: less than another node waits for it.
const WHOLE: Duration = Duration::from_secs(5 * 60);

/// The certificate authority and who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    /// Where the authority writes to: `mailto:` and an address.
    pub contact: String,
    /// The URL of the authority's directory.
    pub directory: String,
    /// A PEM file of the certificates that the authority's own is judged by, where it is none of the public ones.
    pub roots: Option<PathBuf>,
}

impl Acme {
    /// The directory that is used where none is set.
    #[must_use]
    pub fn usual_directory() -> &'static str {
        LetsEncrypt::Production.url()
    }

    /// Gets a certificate for a name and keeps it, or notes why there is none.
    pub async fn certify(&self, crm: &Crm, name: &str) {
        let issued = timeout(WHOLE, self.order(crm, name)).await;
        let issued = issued.unwrap_or_else(|_| Err(String::from("the authority took too long")));
        let noted = match &issued {
            Ok(certificate) => {
                tracing::info!(name, "a certificate was issued");
                certificates::keep(crm, name, certificate).await
            }
            Err(why) => {
                tracing::warn!(name, why, "no certificate was issued");
                certificates::fail(crm, name, why).await
            }
        };
        if let Err(error) = noted {
            tracing::error!(%error, name, "what came of a certificate cannot be stored");
        }
    }

    /// Asks for a certificate, shows what the authority wants to see, and fetches it.
    async fn order(&self, crm: &Crm, name: &str) -> Result<Certificate, String> {
        let told = |error: instant_acme::Error| error.to_string();
        let stored = |error: crm::Error| error.to_string();
        let account = self.account(crm).await?;
        let mut order = account.new_order(&NewOrder::new(&[Identifier::Dns(name.to_owned())])).await.map_err(told)?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(told)?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
            let mut challenge = challenge.ok_or("the authority does not look by TLS (tls-alpn-01)")?;
            let digest = challenge.key_authorization().digest().as_ref().to_vec();
            certificates::challenge(crm, name, &digest).await.map_err(stored)?;
            challenge.set_ready().await.map_err(told)?;
        }
        let retries = RetryPolicy::new().timeout(WHOLE / 2);
        match order.poll_ready(&retries).await.map_err(told)? {
            OrderStatus::Ready | OrderStatus::Valid => {}
            _ => return Err(refusal(&mut order).await),
        }
        let key = order.finalize().await.map_err(told)?;
        let chain = order.poll_certificate(&retries).await.map_err(told)?;
        let expires_at = expiry(&chain).ok_or("the authority's certificate cannot be read")?;
        Ok(Certificate { chain, key, expires_at })
    }

    /// The account: made at first use, one for all nodes.
    async fn account(&self, crm: &Crm) -> Result<Account, String> {
        let told = |error: instant_acme::Error| error.to_string();
        let stored = |error: crm::Error| error.to_string();
        let builder = || match &self.roots {
            Some(roots) => Account::builder_with_root(roots),
            None => Account::builder(),
        };
        let held = certificates::account(crm, &self.directory).await.map_err(stored)?;
        if let Some(credentials) = held {
            let credentials: AccountCredentials =
                serde_json::from_slice(&credentials).map_err(|error| error.to_string())?;
            return builder().map_err(told)?.from_credentials(credentials).await.map_err(told);
        }
        let new = NewAccount { contact: &[&self.contact], terms_of_service_agreed: true, only_return_existing: false };
        let created = builder().map_err(told)?.create(&new, self.directory.clone(), None).await;
        let (account, credentials) = created.map_err(told)?;
        let credentials = serde_json::to_vec(&credentials).map_err(|error| error.to_string())?;
        certificates::keep_account(crm, &self.directory, &credentials).await.map_err(stored)?;
        Ok(account)
    }
}

/// Why an order is not ready, in the authority's words.
async fn refusal(order: &mut instant_acme::Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let error = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        if let Some(problem) = error {
            return format!("the authority says: {problem}");
        }
    }
    String::from("the authority refuses, and does not say why")
}

/// What the authority is shown at a name: a certificate of our own that carries the digest (RFC 8737, section 3).
pub(super) fn shown(name: &str, digest: &[u8]) -> Option<CertifiedKey> {
    let digest: [u8; 32] = digest.try_into().ok()?;
    let made = || -> Result<CertifiedKey, String> {
        let mut params = CertificateParams::new([name.to_owned()]).map_err(|error| error.to_string())?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(&digest)];
        let key = KeyPair::generate().map_err(|error| error.to_string())?;
        let certificate = params.self_signed(&key).map_err(|error| error.to_string())?;
        let private = PrivateKeyDer::try_from(key.serialize_der())?;
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let private = provider.key_provider.load_private_key(private).map_err(|error| error.to_string())?;
        Ok(CertifiedKey::new(vec![certificate.der().clone()], private))
    };
    made().map_err(|error| tracing::error!(error, name, "a challenge cannot be shown")).ok()
}

/// Until when the first certificate of a chain is valid.
fn expiry(chain: &str) -> Option<UnixMillis> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(chain.as_bytes()).ok()?;
    let certificate = pem.parse_x509().ok()?;
    certificate.validity().not_after.timestamp().checked_mul(1000).map(UnixMillis)
}
