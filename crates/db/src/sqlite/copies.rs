//! Copies of the database made before its schema changes.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::connection::{create_file, folder_of};
use crate::{DbError, dialect::sqlite::failure};

/// How many copies are kept.
const KEPT: usize = 3;

/// Copies the database beside itself, as `{name}.before-v{version}`, and removes all but the newest copies.
///
/// The copy appears under its name when it is whole and on the disk; one of the same name is replaced.
pub(crate) fn copy(connection: &Connection, path: &Path, version: i64) -> Result<PathBuf, DbError> {
    let target = with_suffix(path, &format!(".before-v{version}"));
    let unfinished = with_suffix(path, ".before.unfinished");
    let explain =
        |error: io::Error| DbError::Unavailable(format!("cannot copy the database to {}: {error}", target.display()));
    remove(&unfinished).map_err(explain)?;
    // Created first so that it is for its owner alone; VACUUM INTO takes an empty file.
    create_file(&unfinished).map_err(explain)?;
    let name = unfinished.to_str().ok_or_else(|| DbError::Refused("the database's path is no UTF-8".to_owned()))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|error| failure(&error))?;
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(explain)?;
    fs::rename(&unfinished, &target).map_err(explain)?;
    File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(explain)?;
    prune(path).map_err(explain)?;
    Ok(target)
}

fn prune(path: &Path) -> io::Result<()> {
    let prefix = path.file_name().unwrap_or_default().to_string_lossy().into_owned() + ".before-v";
    let mut copies = Vec::new();
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(version) =
            name.to_string_lossy().strip_prefix(&prefix).and_then(|version| version.parse::<i64>().ok())
        {
            copies.push((version, entry.path()));
        }
    }
    copies.sort_unstable();
    let surplus = copies.len().saturating_sub(KEPT);
    copies[..surplus].iter().try_for_each(|(_, copy)| remove(copy))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
