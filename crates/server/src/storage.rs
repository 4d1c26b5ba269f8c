//! Opening storage for a command or the server: the folder, the database, the newest schema, the keys.

use std::{
    fs::{File, TryLockError},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use crm::{Crm, Settings, backup, migrations::MIGRATIONS, seal};
use db::{Database, DbError, Options};
use mail::MailReader;

use crate::{
    config::{Config, mask_password},
    key_files,
    machine::{MachineClock, MachineRandomness},
    sending,
};

/// The domain over the configured database, migrated, with its keys, for a command.
///
/// # Errors
/// A sentence for the operator.
pub async fn open(config: &Config) -> Result<Crm, String> {
    open_for(config, config.listen).await
}

/// The same for a server that listens on `address`: its webhooks are not to go there.
///
/// # Errors
/// A sentence for the operator.
pub async fn open_for(config: &Config, address: SocketAddr) -> Result<Crm, String> {
    let database = connect(config).await?;
    let explain = |error: crm::Error| error.to_string();
    if backup::is_restoring(&database).await.map_err(explain)? {
        return Err(String::from(
            "a restore into this database was broken off: run `organicagent restore FILE` again; until it is done nothing else runs",
        ));
    }
    let database = blocking(config, move || database.migrate(MIGRATIONS).map(|_| database)).await?;
    let held = seal::fingerprint(&database).await.map_err(explain)?;
    let keyring = key_files::load_or_make(&config.secret_key_file, held.as_deref(), &MachineRandomness)?;
    seal::adopt(&database, &keyring).await.map_err(|error| match error {
        crm::Error::PreconditionFailed => String::from(
            "another process has just begun to use the database with another key file: they must be the same",
        ),
        other => other.to_string(),
    })?;
    let settings = Settings {
        rate_limit: config.rate_limit,
        webhook_url_rule: sending::url_rule(config, address),
        sends_mail: config.mail_url.is_some(),
        inbound_domain: config.inbound_domain.clone(),
        reader: Arc::new(MailReader),
        files_per_agent: config.file_quota,
        file_cache: (config.file_cache > 0).then(|| (config.data_dir.join("cache"), config.file_cache)),
    };
    Ok(Crm::new(database, Arc::new(MachineClock::default()), Arc::new(MachineRandomness), keyring, &settings))
}

/// The configured database as it is.
///
/// # Errors
/// A sentence for the operator.
pub async fn connect(config: &Config) -> Result<Database, String> {
    make_folder(&config.data_dir)?;
    let url = config.database_url.clone();
    blocking(config, move || Database::open(&url, Options::default())).await
}

/// Claims a SQLite database for one server, for as long as the file that is given back stays open; PostgreSQL has any number of them.
///
/// # Errors
/// A sentence for the operator when another server has it.
pub fn claim(config: &Config) -> Result<Option<File>, String> {
    let Some(path) = config.database_url.strip_prefix("sqlite:") else { return Ok(None) };
    let path = path.split('?').next().unwrap_or(path);
    let lock = format!("{path}.lock");
    let explain = |error: std::io::Error| format!("{lock}: {error}");
    let file = File::options().create(true).truncate(false).write(true).open(&lock).map_err(explain)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            Err(format!("a server runs on {path} already: SQLite has one node, PostgreSQL any number of them"))
        }
        // A file system without locks: nothing is claimed, and nothing is refused.
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, lock, "the database is not claimed");
            Ok(None)
        }
    }
}

/// Runs what blocks apart from the async threads.
async fn blocking<T: Send + 'static>(
    config: &Config,
    work: impl FnOnce() -> Result<T, DbError> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?;
    done.map_err(|error| format!("{}: {error}", mask_password(&config.database_url)))
}

fn make_folder(folder: &Path) -> Result<(), String> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What is in it names people: nobody else reads it.
        let is_ours = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        if is_ours {
            let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
        }
    }
    Ok(())
}
