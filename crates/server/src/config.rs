//! Settings: flags, then the environment, then `organicagent.toml`, then defaults.

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use api::Origins;
use clap::Args;
use crm::values::EmailAddress;
use serde::Deserialize;
use site::SignUp;

use crate::{
    http::Network,
    tls::{acme::Acme, pem::PemFiles},
};

/// What stands after the @ of the agents' addresses where mail is listened for and no domain is set.
const SAMPLE_DOMAIN: &str = "leads.example.com";

/// The settings' file, in the working directory.
pub const FILE: &str = "organicagent.toml";

const MIB: u64 = 1024 * 1024;
/// Settings that are numbers in the file.
const NUMBERS: [&str; 3] = ["rate_limit", "file_quota_mib", "file_cache_mib"];

/// Settings as given: by flags and the environment (clap reads both), or by the file.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Given {
    /// Address to listen on; port 0 picks one [default: 127.0.0.1:8080]
    #[arg(long, env = "ORGANICAGENT_LISTEN", global = true, value_name = "ADDRESS", help_heading = "Settings")]
    listen: Option<Text>,
    /// The address that visitors and integrators use [default: made from LISTEN]
    #[arg(long, env = "ORGANICAGENT_PUBLIC_URL", global = true, value_name = "URL", help_heading = "Settings")]
    public_url: Option<Text>,
    /// Where data is kept [default: data]
    #[arg(long, env = "ORGANICAGENT_DATA_DIR", global = true, value_name = "DIR", help_heading = "Settings")]
    data_dir: Option<Text>,
    /// sqlite:PATH or postgres://... [default: sqlite:{DATA_DIR}/organicagent.db]
    #[arg(
        long,
        env = "ORGANICAGENT_DATABASE_URL",
        global = true,
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Settings"
    )]
    database_url: Option<Text>,
    /// Requests per minute and key, 1 to 100,000,000 [default: 100]
    #[arg(long, env = "ORGANICAGENT_RATE_LIMIT", global = true, value_name = "N", help_heading = "Settings")]
    rate_limit: Option<Text>,
    /// Address ranges where plain-http and non-public webhook targets are allowed, on any port, between commas [default: none]
    #[arg(long, env = "ORGANICAGENT_WEBHOOK_ALLOW", global = true, value_name = "RANGES", help_heading = "Settings")]
    webhook_allow: Option<Text>,
    /// The mail server for outgoing mail: smtp(s)://USER:PASSWORD@HOST[:PORT][?from=ADDRESS] [default: none, mail is kept in the outbox]
    #[arg(
        long,
        env = "ORGANICAGENT_MAIL_URL",
        global = true,
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Settings"
    )]
    mail_url: Option<Text>,
    /// Address to take mail at, by SMTP and LMTP; port 0 picks one [default: off]
    #[arg(long, env = "ORGANICAGENT_SMTP_LISTEN", global = true, value_name = "ADDRESS", help_heading = "Settings")]
    smtp_listen: Option<Text>,
    /// The domain at which agents get their mail in, such as leads.example.com
    #[arg(long, env = "ORGANICAGENT_INBOUND_DOMAIN", global = true, value_name = "DOMAIN", help_heading = "Settings")]
    inbound_domain: Option<Text>,
    /// Who may make an agent in the browser: open, first (only while there is none) or closed [default: first]
    #[arg(long, env = "ORGANICAGENT_SIGNUP", global = true, value_name = "WHO", help_heading = "Settings")]
    signup: Option<Text>,
    /// Seals what must be read back [default: {DATA_DIR}/secret.key]
    #[arg(long, env = "ORGANICAGENT_SECRET_KEY_FILE", global = true, value_name = "FILE", help_heading = "Settings")]
    secret_key_file: Option<Text>,
    /// Address ranges whose X-Forwarded-For and -Proto are believed, between commas
    #[arg(long, env = "ORGANICAGENT_TRUSTED_PROXIES", global = true, value_name = "RANGES", help_heading = "Settings")]
    trusted_proxies: Option<Text>,
    /// A certificate with its chain (PEM, read again when it changes): the server speaks https [default: http]
    #[arg(long, env = "ORGANICAGENT_TLS_CERT", global = true, value_name = "FILE", help_heading = "Settings")]
    tls_cert: Option<Text>,
    /// The certificate's private key (PEM)
    #[arg(long, env = "ORGANICAGENT_TLS_KEY", global = true, value_name = "FILE", help_heading = "Settings")]
    tls_key: Option<Text>,
    /// The address of whoever answers for the certificates that a certificate authority (ACME) issues: https for this server's name
    /// and agents' own domains [default: none are asked for]
    #[arg(long, env = "ORGANICAGENT_ACME", global = true, value_name = "E-MAIL", help_heading = "Settings")]
    acme: Option<Text>,
    /// The directory of the certificate authority [default: Let's Encrypt]
    #[arg(long, env = "ORGANICAGENT_ACME_DIRECTORY", global = true, value_name = "URL", help_heading = "Settings")]
    acme_directory: Option<Text>,
    /// Certificates (PEM) by which a private certificate authority's own is judged [default: the system's]
    #[arg(long, env = "ORGANICAGENT_ACME_ROOTS", global = true, value_name = "FILE", help_heading = "Settings")]
    acme_roots: Option<Text>,
    /// Token for /metrics [default: off]
    #[arg(
        long,
        env = "ORGANICAGENT_OPERATOR_TOKEN",
        global = true,
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "Settings"
    )]
    operator_token: Option<Text>,
    /// Megabytes (MiB) of photos and documents that each agent may have [default: 20480]
    #[arg(long, env = "ORGANICAGENT_FILE_QUOTA_MIB", global = true, value_name = "MIB", help_heading = "Settings")]
    file_quota_mib: Option<Text>,
    /// Megabytes (MiB) of them that are held at hand in {DATA_DIR}/cache; 0 for none [default: 512]
    #[arg(long, env = "ORGANICAGENT_FILE_CACHE_MIB", global = true, value_name = "MIB", help_heading = "Settings")]
    file_cache_mib: Option<Text>,
    /// Origins whose pages may call the API, between commas [default: none]
    #[arg(long, env = "ORGANICAGENT_API_CORS", global = true, value_name = "ORIGINS", help_heading = "Settings")]
    api_cors: Option<Text>,
}

/// A setting as it was written: text, or in the file a number. Empty (as in a list of settings to be filled in) counts as not given.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "TextOrNumber")]
struct Text(String);

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(i64),
}

impl From<TextOrNumber> for Text {
    fn from(given: TextOrNumber) -> Self {
        match given {
            TextOrNumber::Text(text) => Self(text),
            TextOrNumber::Number(number) => Self(number.to_string()),
        }
    }
}

impl FromStr for Text {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// Settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// The public address without a trailing slash; made from the bound address when `None`.
    pub public_url: Option<String>,
    /// Where data is kept, absolute.
    pub data_dir: PathBuf,
    /// The database.
    pub database_url: String,
    /// Requests per minute and key.
    pub rate_limit: u32,
    /// Address ranges where plain-http and non-public webhook targets are allowed.
    pub webhook_allow: Vec<Network>,
    /// The mail server for outgoing mail, as it was given; checked.
    pub mail_url: Option<String>,
    /// Address to take mail at.
    pub smtp_listen: Option<SocketAddr>,
    /// The domain at which agents get their mail in.
    pub inbound_domain: Option<String>,
    /// Who may make an agent in the browser.
    pub signup: SignUp,
    /// The key file, absolute.
    pub secret_key_file: PathBuf,
    /// Address ranges of trusted proxies.
    pub trusted_proxies: Vec<Network>,
    /// The operator's certificate; the server speaks https.
    pub tls: Option<PemFiles>,
    /// Whom certificates are got from.
    pub acme: Option<Acme>,
    /// Token for `/metrics`.
    pub operator_token: Option<String>,
    /// Bytes of files that each agent may have.
    pub file_quota: u64,
    /// Bytes of files that are held at hand on this node; 0 for none.
    pub file_cache: u64,
    /// Origins whose pages may call the API.
    pub api_cors: Vec<String>,
}

impl Given {
    /// The settings in force. Relative paths are from the working directory.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn resolve(self) -> Result<Config, String> {
        let file = match std::fs::read_to_string(FILE) {
            Ok(text) => toml::from_str::<Self>(&text).map_err(|error| format!("{FILE}: {error}"))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(format!("{FILE}: {error}")),
        };
        self.or(file).checked()
    }

    /// Each setting of `self`, else of `other`.
    fn or(self, other: Self) -> Self {
        fn first(first: Option<Text>, second: Option<Text>) -> Option<Text> {
            first.filter(|text| !text.0.is_empty()).or(second).filter(|text| !text.0.is_empty())
        }
        Self {
            listen: first(self.listen, other.listen),
            public_url: first(self.public_url, other.public_url),
            data_dir: first(self.data_dir, other.data_dir),
            database_url: first(self.database_url, other.database_url),
            rate_limit: first(self.rate_limit, other.rate_limit),
            webhook_allow: first(self.webhook_allow, other.webhook_allow),
            mail_url: first(self.mail_url, other.mail_url),
            smtp_listen: first(self.smtp_listen, other.smtp_listen),
            inbound_domain: first(self.inbound_domain, other.inbound_domain),
            signup: first(self.signup, other.signup),
            secret_key_file: first(self.secret_key_file, other.secret_key_file),
            trusted_proxies: first(self.trusted_proxies, other.trusted_proxies),
            tls_cert: first(self.tls_cert, other.tls_cert),
            tls_key: first(self.tls_key, other.tls_key),
            acme: first(self.acme, other.acme),
            acme_directory: first(self.acme_directory, other.acme_directory),
            acme_roots: first(self.acme_roots, other.acme_roots),
            operator_token: first(self.operator_token, other.operator_token),
            file_quota_mib: first(self.file_quota_mib, other.file_quota_mib),
            file_cache_mib: first(self.file_cache_mib, other.file_cache_mib),
            api_cors: first(self.api_cors, other.api_cors),
        }
    }

    fn checked(self) -> Result<Config, String> {
        let listen = self.listen.map_or_else(|| String::from("127.0.0.1:8080"), |listen| listen.0);
        let listen = listen
            .parse()
            .map_err(|_| format!("ORGANICAGENT_LISTEN: {listen:?} is no address and port, such as 127.0.0.1:8080"))?;
        let data_dir = absolute(Path::new(self.data_dir.as_ref().map_or("data", |folder| &folder.0)))?;
        let rate_limit = self.rate_limit.map_or_else(|| String::from("100"), |limit| limit.0);
        let rate_limit = rate_limit.parse().ok().filter(|limit| (1..=100_000_000).contains(limit));
        let rate_limit = rate_limit.ok_or("ORGANICAGENT_RATE_LIMIT must be a whole number from 1 to 100000000")?;
        let public_url = self.public_url.map(|url| url.0.trim_end_matches('/').to_owned());
        if let Some(url) = &public_url {
            check_public_url(url)?;
        }
        let database_url = match self.database_url {
            None => format!("sqlite:{}", data_dir.join("organicagent.db").display()),
            Some(Text(url)) => match url.strip_prefix("sqlite:") {
                None if url.starts_with("postgres://") || url.starts_with("postgresql://") => url,
                Some(path) if !path.is_empty() && path != ":memory:" => {
                    format!("sqlite:{}", absolute(Path::new(path))?.display())
                }
                _ => {
                    return Err(String::from(
                        "ORGANICAGENT_DATABASE_URL must begin with sqlite: and a path, or postgres://",
                    ));
                }
            },
        };
        let trusted_proxies = networks("ORGANICAGENT_TRUSTED_PROXIES", self.trusted_proxies)?;
        let webhook_allow = networks("ORGANICAGENT_WEBHOOK_ALLOW", self.webhook_allow)?;
        let signup = match self.signup.as_ref().map_or("first", |who| &who.0) {
            "open" => SignUp::Open,
            "first" => SignUp::First,
            "closed" => SignUp::Closed,
            _ => return Err(String::from("ORGANICAGENT_SIGNUP must be open, first or closed")),
        };
        let mail_url = self.mail_url.map(|url| url.0);
        if let Some(url) = &mail_url {
            mail::Server::parse(url).map_err(|error| format!("ORGANICAGENT_MAIL_URL {error}"))?;
        }
        let inbound_domain = self.inbound_domain.map(|domain| domain.0.trim_end_matches('.').to_ascii_lowercase());
        if let Some(domain) = inbound_domain.as_ref().filter(|domain| !is_domain(domain)) {
            return Err(format!("ORGANICAGENT_INBOUND_DOMAIN: {domain:?} is no domain, such as leads.example.com"));
        }
        let smtp_listen = self.smtp_listen.map(|listen| {
            let wrong =
                || format!("ORGANICAGENT_SMTP_LISTEN: {:?} is no address and port, such as 127.0.0.1:2525", listen.0);
            listen.0.parse().map_err(|_| wrong())
        });
        let smtp_listen = smtp_listen.transpose()?;
        // So that it can be tried before there is a domain.
        let sample = smtp_listen.is_some().then(|| SAMPLE_DOMAIN.to_owned());
        let inbound_domain = inbound_domain.or(sample);
        let file_quota = mebibytes("ORGANICAGENT_FILE_QUOTA_MIB", self.file_quota_mib, 20 * 1024, 1)?;
        let file_cache = mebibytes("ORGANICAGENT_FILE_CACHE_MIB", self.file_cache_mib, 512, 0)?;
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(PemFiles { certificate: absolute(Path::new(&certificate.0))?, key: absolute(Path::new(&key.0))? })
            }
            (None, None) => None,
            _ => return Err(String::from("ORGANICAGENT_TLS_CERT and ORGANICAGENT_TLS_KEY go together: set both")),
        };
        let acme = match self.acme {
            Some(contact) => Some(acme(&contact.0, self.acme_directory, self.acme_roots)?),
            None => None,
        };
        let api_cors = words(self.api_cors);
        Origins::parse(api_cors.iter().map(String::as_str))
            .map_err(|error| format!("ORGANICAGENT_API_CORS: {error}"))?;
        Ok(Config {
            listen,
            public_url,
            database_url,
            rate_limit,
            webhook_allow,
            mail_url,
            smtp_listen,
            inbound_domain,
            signup,
            secret_key_file: match self.secret_key_file {
                Some(file) => absolute(Path::new(&file.0))?,
                None => data_dir.join("secret.key"),
            },
            data_dir,
            trusted_proxies,
            tls,
            acme,
            operator_token: self.operator_token.map(|token| token.0),
            file_quota,
            file_cache,
            api_cors,
        })
    }
}

/// A number of MiB as bytes.
fn mebibytes(name: &str, text: Option<Text>, usual: u64, least: u64) -> Result<u64, String> {
    const MOST: u64 = 1 << 30;
    let number = text.map_or(Some(usual), |text| text.0.parse().ok());
    let number = number.filter(|number| (least..=MOST).contains(number));
    let number = number.ok_or_else(|| format!("{name} must be a whole number of MiB from {least} to {MOST}"))?;
    Ok(number * MIB)
}

fn words(text: Option<Text>) -> Vec<String> {
    let text = text.map(|text| text.0).unwrap_or_default();
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn networks(name: &str, text: Option<Text>) -> Result<Vec<Network>, String> {
    let ranges = words(text);
    let ranges = ranges.iter().map(|range| range.parse()).collect::<Result<Vec<Network>, _>>();
    ranges.map_err(|error| format!("{name}: {error}"))
}

/// Whether a text can stand after an @.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn join(ranges: &[Network]) -> String {
    ranges.iter().map(Network::to_string).collect::<Vec<_>>().join(",")
}

fn acme(contact: &str, directory: Option<Text>, roots: Option<Text>) -> Result<Acme, String> {
    let address = contact.trim().trim_start_matches("mailto:");
    EmailAddress::parse(address)
        .map_err(|_| format!("ORGANICAGENT_ACME: {contact:?} is no e-mail address; the authority writes to it"))?;
    let directory = directory.map_or_else(|| Acme::usual_directory().to_owned(), |directory| directory.0);
    if !directory.starts_with("https://") {
        return Err(String::from("ORGANICAGENT_ACME_DIRECTORY must begin with https://"));
    }
    let roots = roots.map(|roots| absolute(Path::new(&roots.0))).transpose()?;
    Ok(Acme { contact: format!("mailto:{address}"), directory, roots })
}

fn shown(path: Option<&PathBuf>) -> String {
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn check_public_url(url: &str) -> Result<(), String> {
    const MESSAGE: &str = "ORGANICAGENT_PUBLIC_URL must look like https://agent.example.com, without a path";
    let uri = url.parse::<http::Uri>().map_err(|_| MESSAGE)?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let is_bare = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
    let is_host = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if is_http && is_host && is_bare { Ok(()) } else { Err(MESSAGE.to_owned()) }
}

impl Config {
    /// The settings as lines of the settings' file, secrets masked.
    #[must_use]
    pub fn describe(&self) -> String {
        let lines = [
            ("listen", self.listen.to_string()),
            ("public_url", self.public_url.clone().unwrap_or_default()),
            ("data_dir", self.data_dir.display().to_string()),
            ("database_url", mask_password(&self.database_url)),
            ("rate_limit", self.rate_limit.to_string()),
            ("webhook_allow", join(&self.webhook_allow)),
            ("mail_url", self.mail_url.as_deref().map(mask_mail_url).unwrap_or_default()),
            ("smtp_listen", self.smtp_listen.map(|listen| listen.to_string()).unwrap_or_default()),
            ("inbound_domain", self.inbound_domain.clone().unwrap_or_default()),
            ("signup", self.signup.name().to_owned()),
            ("secret_key_file", self.secret_key_file.display().to_string()),
            ("trusted_proxies", join(&self.trusted_proxies)),
            ("tls_cert", shown(self.tls.as_ref().map(|tls| &tls.certificate))),
            ("tls_key", shown(self.tls.as_ref().map(|tls| &tls.key))),
            ("acme", self.acme.as_ref().map_or("", |acme| &acme.contact).to_owned()),
            ("acme_directory", self.acme.as_ref().map_or("", |acme| &acme.directory).to_owned()),
            ("acme_roots", shown(self.acme.as_ref().and_then(|acme| acme.roots.as_ref()))),
            ("operator_token", self.operator_token.as_ref().map_or("", |_| "***").to_owned()),
            ("file_quota_mib", (self.file_quota / MIB).to_string()),
            ("file_cache_mib", (self.file_cache / MIB).to_string()),
            ("api_cors", self.api_cors.join(",")),
        ];
        let quoted = lines.map(|(name, value)| {
            if NUMBERS.contains(&name) { format!("{name} = {value}\n") } else { format!("{name} = {value:?}\n") }
        });
        quoted.concat()
    }
}

/// `postgres://user:***@host/db`: the password of a URL is never shown.
#[must_use]
pub fn mask_password(url: &str) -> String {
    let masked = url.split_once("://").and_then(|(scheme, rest)| {
        let end = rest.find('/').unwrap_or(rest.len());
        let at = rest[..end].rfind('@')?;
        let (user, _) = rest[..at].split_once(':')?;
        Some(format!("{scheme}://{user}:***{}", &rest[at..]))
    });
    let url = masked.unwrap_or_else(|| url.to_owned());
    match url.split_once("password=") {
        None => url,
        Some((before, after)) => {
            let end = after.find('&').unwrap_or(after.len());
            format!("{before}password=***{}", &after[end..])
        }
    }
}

/// The same of a mail server's URL, which has no `?` before its parameters.
fn mask_mail_url(url: &str) -> String {
    match url.split_once('?') {
        Some((server, parameters)) => format!("{}?{parameters}", mask_password(server)),
        None => mask_password(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<Text> {
        Some(Text(text.to_owned()))
    }

    #[test]
    fn a_password_in_a_url_is_masked() {
        assert_eq!(mask_password("postgres://u:p@ss@host:5432/db"), "postgres://u:***@host:5432/db");
        assert_eq!(
            mask_password("postgres://host/db?user=u&password=x&sslmode=require"),
            "postgres://host/db?user=u&password=***&sslmode=require"
        );
        assert_eq!(
            mask_mail_url("smtps://u%40x:p%2Fw@h.example?from=a@b.example"),
            "smtps://u%40x:***@h.example?from=a@b.example"
        );
        assert_eq!(mask_password("sqlite:/srv/x.db"), "sqlite:/srv/x.db");
    }

    #[test]
    fn a_flag_or_the_environment_beats_the_file_and_empty_is_not_given() {
        let first = Given { rate_limit: text("7"), public_url: text(""), ..Given::default() };
        let file = Given { rate_limit: text("8"), public_url: text("https://a.example/"), ..Given::default() };
        let config = first.or(file).checked().unwrap();
        assert_eq!((config.rate_limit, config.public_url.as_deref()), (7, Some("https://a.example")));
        assert!(config.database_url.ends_with("data/organicagent.db"));
    }

    #[test]
    fn the_file_takes_numbers_as_numbers_or_text() {
        for file in ["rate_limit = 7", "rate_limit = \"7\""] {
            let given: Given = toml::from_str(file).unwrap();
            assert_eq!(given.or(Given::default()).checked().unwrap().rate_limit, 7);
        }
        assert!(toml::from_str::<Given>("rate_limits = 7").is_err());
    }

    #[test]
    fn what_is_described_is_a_settings_file_that_says_the_same() {
        let given = Given {
            trusted_proxies: text("10.0.0.0/8,::1"),
            webhook_allow: text("127.0.0.0/8"),
            mail_url: text("smtp://mail.example.com"),
            api_cors: text("https://a.example"),
            smtp_listen: text("127.0.0.1:2525"),
            inbound_domain: text("leads.example.com"),
            tls_cert: text("cert.pem"),
            tls_key: text("key.pem"),
            acme: text("ops@example.com"),
            ..Given::default()
        };
        let config = given.checked().unwrap();
        let again = toml::from_str::<Given>(&config.describe()).unwrap().or(Given::default()).checked().unwrap();
        assert_eq!(again.describe(), config.describe());
    }

    #[test]
    fn a_listener_for_mail_has_a_domain_to_be_tried_with() {
        let domain = |given: Given| given.checked().unwrap().inbound_domain;
        assert_eq!(domain(Given::default()), None);
        let listening = Given { smtp_listen: text("127.0.0.1:2525"), ..Given::default() };
        assert_eq!(domain(listening.clone()).as_deref(), Some("leads.example.com"));
        assert_eq!(domain(Given { inbound_domain: text("In.Example."), ..listening }).as_deref(), Some("in.example"));
    }

    #[test]
    fn what_cannot_hold_is_refused() {
        for given in [
            Given { rate_limit: text("0"), ..Given::default() },
            Given { public_url: text("agent.example.com"), ..Given::default() },
            Given { public_url: text("https://agent.example.com/x"), ..Given::default() },
            Given { listen: text("8080"), ..Given::default() },
            Given { trusted_proxies: text("10.0.0.0/8, proxy.example.com"), ..Given::default() },
            Given { webhook_allow: text("localhost"), ..Given::default() },
            Given { mail_url: text("mail.example.com"), ..Given::default() },
            Given { mail_url: text("smtp://user@mail.example.com"), ..Given::default() },
            Given { acme: text("ops"), ..Given::default() },
            Given { acme: text("ops@example.com"), acme_directory: text("http://ca.example"), ..Given::default() },
            Given { tls_cert: text("cert.pem"), ..Given::default() },
            Given { smtp_listen: text("2525"), inbound_domain: text("leads.example.com"), ..Given::default() },
            Given { inbound_domain: text("leads example"), ..Given::default() },
            Given { inbound_domain: text("a@leads.example.com"), ..Given::default() },
            Given { signup: text("anybody"), ..Given::default() },
            Given { database_url: text("mysql://x"), ..Given::default() },
            Given { database_url: text("sqlite:"), ..Given::default() },
            Given { public_url: text("https://user:password@example.com"), ..Given::default() },
            Given { api_cors: text("https://app.example.com/"), ..Given::default() },
        ] {
            assert!(given.checked().is_err());
        }
    }
}
