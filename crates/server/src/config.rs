//! Settings: flags, then the environment, then `organicagent.toml`, then defaults.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;

/// The settings' file, in the working directory.
pub const FILE: &str = "organicagent.toml";

/// Settings as given: by flags and the environment (clap reads both), or by the file.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Given {
    /// Address to listen on; port 0 picks one [default: 127.0.0.1:8080]
    #[arg(long, env = "ORGANICAGENT_LISTEN", global = true, value_name = "ADDRESS", help_heading = "Settings")]
    listen: Option<SocketAddr>,
    /// The address that visitors and integrators use [default: made from LISTEN]
    #[arg(long, env = "ORGANICAGENT_PUBLIC_URL", global = true, value_name = "URL", help_heading = "Settings")]
    public_url: Option<String>,
    /// Where data is kept [default: data]
    #[arg(long, env = "ORGANICAGENT_DATA_DIR", global = true, value_name = "DIR", help_heading = "Settings")]
    data_dir: Option<PathBuf>,
    /// sqlite:PATH or postgres://... [default: sqlite:{DATA_DIR}/organicagent.db]
    #[arg(long, env = "ORGANICAGENT_DATABASE_URL", global = true, value_name = "URL", hide_env_values = true, help_heading = "Settings")]
    database_url: Option<String>,
    /// Requests per minute and key, 1 to 100,000,000 [default: 100]
    #[arg(long, env = "ORGANICAGENT_RATE_LIMIT", global = true, value_name = "N", help_heading = "Settings")]
    rate_limit: Option<u32>,
    /// Seals what must be read back [default: {DATA_DIR}/secret.key]
    #[arg(long, env = "ORGANICAGENT_SECRET_KEY_FILE", global = true, value_name = "FILE", help_heading = "Settings")]
    secret_key_file: Option<PathBuf>,
    /// Address ranges whose X-Forwarded-For and -Proto are believed, between commas
    #[arg(long, env = "ORGANICAGENT_TRUSTED_PROXIES", global = true, value_name = "RANGES", help_heading = "Settings")]
    trusted_proxies: Option<String>,
    /// Token for /metrics [default: off]
    #[arg(long, env = "ORGANICAGENT_OPERATOR_TOKEN", global = true, value_name = "TOKEN", hide_env_values = true, help_heading = "Settings")]
    operator_token: Option<String>,
    /// Origins whose pages may call the API, between commas [default: none]
    #[arg(long, env = "ORGANICAGENT_API_CORS", global = true, value_name = "ORIGINS", help_heading = "Settings")]
    api_cors: Option<String>,
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
    /// The key file, absolute.
    pub secret_key_file: PathBuf,
    /// Address ranges of trusted proxies.
    pub trusted_proxies: Vec<String>,
    /// Token for `/metrics`.
    pub operator_token: Option<String>,
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

    /// Each setting of `self`, else of `other`; an empty text counts as not given.
    fn or(self, other: Self) -> Self {
        fn text(first: Option<String>, second: Option<String>) -> Option<String> {
            first.filter(|text| !text.is_empty()).or(second).filter(|text| !text.is_empty())
        }
        fn path(first: Option<PathBuf>, second: Option<PathBuf>) -> Option<PathBuf> {
            first.filter(|path| !path.as_os_str().is_empty()).or(second)
        }
        Self {
            listen: self.listen.or(other.listen),
            public_url: text(self.public_url, other.public_url),
            data_dir: path(self.data_dir, other.data_dir),
            database_url: text(self.database_url, other.database_url),
            rate_limit: self.rate_limit.or(other.rate_limit),
            secret_key_file: path(self.secret_key_file, other.secret_key_file),
            trusted_proxies: text(self.trusted_proxies, other.trusted_proxies),
            operator_token: text(self.operator_token, other.operator_token),
            api_cors: text(self.api_cors, other.api_cors),
        }
    }

    fn checked(self) -> Result<Config, String> {
        let data_dir = absolute(&self.data_dir.unwrap_or_else(|| PathBuf::from("data")))?;
        let rate_limit = self.rate_limit.unwrap_or(100);
        if !(1..=100_000_000).contains(&rate_limit) {
            return Err(String::from("ORGANICAGENT_RATE_LIMIT must be from 1 to 100000000"));
        }
        let public_url = self.public_url.map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &public_url {
            check_public_url(url)?;
        }
        let database_url = match self.database_url {
            None => format!("sqlite:{}", data_dir.join("organicagent.db").display()),
            Some(url) => match url.strip_prefix("sqlite:") {
                None => url,
                Some(path) => format!("sqlite:{}", absolute(Path::new(path))?.display()),
            },
        };
        Ok(Config {
            listen: self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            public_url,
            database_url,
            rate_limit,
            secret_key_file: match self.secret_key_file {
                Some(file) => absolute(&file)?,
                None => data_dir.join("secret.key"),
            },
            data_dir,
            trusted_proxies: words(self.trusted_proxies),
            operator_token: self.operator_token,
            api_cors: words(self.api_cors),
        })
    }
}

fn words(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn check_public_url(url: &str) -> Result<(), String> {
    const MESSAGE: &str = "ORGANICAGENT_PUBLIC_URL must look like https://agent.example.com, without a path";
    let uri = url.parse::<http::Uri>().map_err(|_| MESSAGE)?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let is_bare = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
    if is_http && uri.authority().is_some() && is_bare { Ok(()) } else { Err(MESSAGE.to_owned()) }
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
            ("secret_key_file", self.secret_key_file.display().to_string()),
            ("trusted_proxies", self.trusted_proxies.join(",")),
            ("operator_token", self.operator_token.as_ref().map_or("", |_| "***").to_owned()),
            ("api_cors", self.api_cors.join(",")),
        ];
        let quoted = lines.map(|(name, value)| if name == "rate_limit" { format!("{name} = {value}\n") } else { format!("{name} = {value:?}\n") });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_masked() {
        assert_eq!(mask_password("postgres://u:p@ss@host:5432/db"), "postgres://u:***@host:5432/db");
        assert_eq!(mask_password("postgres://host/db?user=u&password=x&sslmode=require"), "postgres://host/db?user=u&password=***&sslmode=require");
        assert_eq!(mask_password("sqlite:/srv/x.db"), "sqlite:/srv/x.db");
    }

    #[test]
    fn a_flag_or_the_environment_beats_the_file_and_empty_is_not_given() {
        let first = Given { rate_limit: Some(7), public_url: Some(String::new()), ..Given::default() };
        let file = Given { rate_limit: Some(8), public_url: Some(String::from("https://a.example/")), ..Given::default() };
        let config = first.or(file).checked().unwrap();
        assert_eq!((config.rate_limit, config.public_url.as_deref()), (7, Some("https://a.example")));
        assert!(config.database_url.ends_with("data/organicagent.db"));
    }

    #[test]
    fn what_cannot_hold_is_refused() {
        for given in [
            Given { rate_limit: Some(0), ..Given::default() },
            Given { public_url: Some(String::from("agent.example.com")), ..Given::default() },
            Given { public_url: Some(String::from("https://agent.example.com/x")), ..Given::default() },
        ] {
            assert!(given.checked().is_err());
        }
    }
}
