//! `organicagent key …`

use std::time::Duration;

use crm::{
    agents,
    api_keys::{self, NewKey, Scopes},
};

use super::print;
use crate::{config::Config, storage};

/// What `key create` is told.
pub(super) struct Create {
    pub agent: String,
    pub name: String,
    pub scope: Vec<String>,
    pub expires: Option<String>,
}

/// Makes a key and prints it.
pub(super) async fn create(config: &Config, create: Create) -> Result<(), String> {
    let scopes =
        Scopes::from_names(create.scope.iter().map(String::as_str)).map_err(|message| format!("--scope: {message}"))?;
    let lifetime = create.expires.as_deref().map(read_lifetime).transpose()?;
    let crm = storage::open(config).await?;
    let agent = agents::get_by_slug(&crm, &create.agent).await.map_err(|error| match error {
        crm::Error::NotFound => format!("there is no agent {:?}", create.agent),
        other => other.to_string(),
    })?;
    let key = api_keys::create(&crm, agent.id, NewKey { name: create.name, scopes, lifetime }).await;
    let key = key.map_err(|error| error.to_string())?;
    crm.database().close().await;
    print(key.reveal())
}

/// `90d`, `12h`, `30m`: how long a key holds.
fn read_lifetime(text: &str) -> Result<Duration, String> {
    const MESSAGE: &str = "--expires must look like 90d, 12h or 30m";
    let unit = text.chars().last().ok_or(MESSAGE)?;
    let seconds = match unit {
        'd' => 24 * 60 * 60,
        'h' => 60 * 60,
        'm' => 60,
        _ => return Err(MESSAGE.to_owned()),
    };
    let number = text.strip_suffix(unit).unwrap_or_default();
    let number = number.parse::<u64>().ok().filter(|number| (1..=36_500).contains(number) && !text.starts_with('+'));
    number.map(|number| Duration::from_secs(number * seconds)).ok_or_else(|| MESSAGE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        assert_eq!(read_lifetime("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(read_lifetime("12h"), Ok(Duration::from_secs(12 * 3_600)));
        for wrong in ["", "d", "90", "0d", "-1d", "+1d", "1.5h", "90 d", "9999999d", "é"] {
            assert!(read_lifetime(wrong).is_err(), "{wrong}");
        }
    }
}
