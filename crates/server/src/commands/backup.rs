//! `organicagent backup FILE` and `organicagent restore FILE`

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use crm::{
    backup::{self, Restore, Summary},
    clock::Clock,
    seal::{self, Keyring},
};

use super::print;
use crate::{config::Config, files::NewFile, key_files, machine::MachineClock, storage};

/// The name of standard input and output.
const STANDARD: &str = "-";

const BUFFER: usize = 256 * 1024;

/// Whether the archive holds the key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    Included,
    LeftOut,
}

/// Writes a backup. A file appears under its name when it is whole and on the disk.
pub(super) async fn write(config: &Config, file: &Path, keys: Keys) -> Result<(), String> {
    let database = storage::connect(config).await?;
    let keyring = match keys {
        Keys::LeftOut => None,
        Keys::Included => {
            let held = seal::fingerprint(&database).await.map_err(|error| error.to_string())?;
            find_keys(config, held.as_deref())?
        }
    };
    let made_at = MachineClock::default().now();
    if file == Path::new(STANDARD) {
        let written = tokio::task::spawn_blocking(move || {
            let mut out = BufWriter::with_capacity(BUFFER, io::stdout());
            backup::write(&database, keyring.as_ref(), made_at, &mut out)?;
            out.flush()?;
            Ok::<_, backup::BackupError>(())
        });
        return written.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string());
    }
    let target = check_target(file)?;
    let written = tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(BUFFER, NewFile::create(&target)?);
        let rows = backup::write(&database, keyring.as_ref(), made_at, &mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
        Ok::<_, backup::BackupError>(rows)
    });
    let rows = written.await.map_err(|error| error.to_string())?;
    let rows = rows.map_err(|error| format!("{}: {error}", file.display()))?;
    print(&format!("{}: {rows} rows", file.display()))
}

/// Where a backup is written: a new file, or in place of an older one, behind a link too. A device or a pipe is not replaced.
fn check_target(file: &Path) -> Result<PathBuf, String> {
    let explain = |error: io::Error| format!("{}: {error}", file.display());
    match std::fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(file.to_owned()),
        Err(error) => Err(explain(error)),
        Ok(found) if found.is_file() => std::fs::canonicalize(file).map_err(explain),
        Ok(_) => Err(format!("{} is no file: name one, or - for standard output", file.display())),
    }
}

/// The keys that the archive is to hold.
fn find_keys(config: &Config, fingerprint: Option<&str>) -> Result<Option<Keyring>, String> {
    let path = &config.secret_key_file;
    match (key_files::load(path)?, fingerprint) {
        (Some(keyring), Some(fingerprint)) if !keyring.has(fingerprint) => Err(key_files::foreign(path, fingerprint)),
        (None, Some(_)) => Err(format!(
            "the key file {} is missing: set ORGANICAGENT_SECRET_KEY_FILE, or leave the key out with --without-key",
            path.display()
        )),
        (keyring, _) => Ok(keyring),
    }
}

/// Reads a backup into the configured database, which must hold no agent.
pub(super) async fn restore(config: &Config, file: &Path) -> Result<(), String> {
    let database = storage::connect(config).await?;
    let _claim = storage::claim(config)?;
    if file == Path::new(STANDARD) {
        // It is read twice: first checked, then stored.
        let spool = || -> io::Result<NewFile> {
            let mut spooled = NewFile::create(&config.data_dir.join("restore"))?;
            io::copy(&mut io::stdin().lock(), &mut spooled)?;
            Ok(spooled)
        };
        let spooled = spool().map_err(|error| format!("standard input: {error}"))?;
        return read_in(config, &database, spooled.path()).await;
    }
    read_in(config, &database, file).await
}

async fn read_in(config: &Config, database: &db::Database, file: &Path) -> Result<(), String> {
    let explain = |error: backup::BackupError| format!("{}: {error}", file.display());
    let open =
        || File::open(file).map(|file| BufReader::with_capacity(BUFFER, file)).map_err(|error| explain(error.into()));
    let summary = backup::verify(open()?).map_err(explain)?;
    let restore = Restore::begin(database, &summary).await.map_err(explain)?;
    restore.load(open()?).await.map_err(explain)?;
    let Summary { keyring, rows, made_at, .. } = summary;
    let has_keys = keyring.is_some();
    if let Some(keyring) = keyring {
        key_files::add(&config.secret_key_file, keyring)?;
    }
    restore.finish().await.map_err(explain)?;
    let held = seal::fingerprint(database).await.map_err(|error| error.to_string())?;
    database.close().await;
    print(&format!("restored {rows} rows as of {}", made_at.to_rfc3339()))?;
    match held {
        Some(fingerprint) if !has_keys => print(&format!(
            "the backup holds no key: before starting, put the key file with the key {fingerprint} at {}",
            config.secret_key_file.display()
        )),
        _ => Ok(()),
    }
}
