//! The key file: made at the first use, for its owner's eyes only; never made anew for a database that was used with one.

use std::{fs, io, io::Write, path::Path};

use crm::{randomness::Randomness, seal::Keyring};

use crate::files::NewFile;

/// The keys of the file; where there is none, a new one is made, unless the database was used with a key
/// (`fingerprint`) already.
///
/// # Errors
/// A sentence for the operator.
pub fn load_or_make(path: &Path, fingerprint: Option<&str>, random: &dyn Randomness) -> Result<Keyring, String> {
    if let Some(keyring) = load(path)? {
        return match fingerprint {
            Some(fingerprint) if !keyring.has(fingerprint) => Err(foreign(path, fingerprint)),
            _ => Ok(keyring),
        };
    }
    if let Some(fingerprint) = fingerprint {
        return Err(format!(
            "the key file {} is missing, but the database holds values sealed with a key (fingerprint {fingerprint}): \
             put the file back, or set ORGANICAGENT_SECRET_KEY_FILE to where it is",
            path.display()
        ));
    }
    let made = Keyring::generate(random);
    let explain = |error: io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(explain)?;
    }
    let mut file = NewFile::create(path).map_err(explain)?;
    file.write_all(made.to_text().as_bytes()).map_err(explain)?;
    if file.finish_unless_there().map_err(explain)? {
        return Ok(made);
    }
    // Another process was faster; its key is the key.
    load(path)?.ok_or_else(|| format!("{}: the key file went away while it was read", path.display()))
}

/// The keys of the file; `None` where there is no file.
///
/// # Errors
/// A sentence for the operator when it cannot be read or is no key file.
pub fn load(path: &Path) -> Result<Option<Keyring>, String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            Keyring::parse(&text).map(Some).map_err(|message| format!("the key file {}: {message}", path.display()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("the key file {}: {error}", path.display())),
    }
}

/// Puts these keys into the file, before those that it has already.
///
/// # Errors
/// A sentence for the operator.
pub fn add(path: &Path, keyring: Keyring) -> Result<(), String> {
    let keyring = match load(path)? {
        Some(held) if held.has(&keyring.fingerprint()) => return Ok(()),
        Some(held) => keyring.joined(held),
        None => keyring,
    };
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = NewFile::create(path)?;
        file.write_all(keyring.to_text().as_bytes())?;
        file.finish()
    };
    write().map_err(|error| format!("the key file {}: {error}", path.display()))
}

/// What to say when the database was used with a key that the file lacks.
#[must_use]
pub fn foreign(path: &Path, fingerprint: &str) -> String {
    format!(
        "the key file {} lacks the key that the database was used with (fingerprint {fingerprint}): \
         add that key to the file, below the others; without it sealed values cannot be read",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::MachineRandomness;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/secret.key");
        let made = load_or_make(&path, None, &MachineRandomness).unwrap();
        assert_eq!(load_or_make(&path, Some(&made.fingerprint()), &MachineRandomness).unwrap(), made);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    }

    #[test]
    fn no_key_is_made_for_a_database_that_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let missing = load_or_make(&path, Some("00ff"), &MachineRandomness).unwrap_err();
        assert!(missing.contains("is missing") && !path.exists(), "{missing}");
        load_or_make(&path, None, &MachineRandomness).unwrap();
        let foreign = load_or_make(&path, Some("00ff"), &MachineRandomness).unwrap_err();
        assert!(foreign.contains("lacks the key"), "{foreign}");
    }

    #[test]
    fn an_added_key_comes_first_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let old = load_or_make(&path, None, &MachineRandomness).unwrap();
        let new = Keyring::generate(&MachineRandomness);
        add(&path, new.clone()).unwrap();
        let both = load(&path).unwrap().unwrap();
        assert_eq!(both.fingerprint(), new.fingerprint());
        assert!(both.has(&old.fingerprint()));
    }
}
