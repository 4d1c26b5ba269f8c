//! Opening storage for a command or the server: the folder, the database, the newest schema.

use std::{path::Path, sync::Arc};

use crm::{Crm, Settings, migrations::MIGRATIONS};
use db::{Database, Options};

use crate::{
    config::{Config, mask_password},
    machine::{MachineClock, MachineRandomness},
};

/// The domain over the configured database, migrated.
///
/// # Errors
/// A sentence for the operator.
pub async fn open(config: &Config) -> Result<Crm, String> {
    make_folder(&config.data_dir)?;
    let url = config.database_url.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let database = Database::open(&url, Options::default())?;
        database.migrate(MIGRATIONS)?;
        Ok::<_, db::DbError>(database)
    });
    let database = opened.await.map_err(|error| error.to_string())?;
    let database = database.map_err(|error| format!("{}: {error}", mask_password(&config.database_url)))?;
    let settings = Settings { rate_limit: config.rate_limit };
    Ok(Crm::new(database, Arc::new(MachineClock::default()), Arc::new(MachineRandomness), &settings))
}

fn make_folder(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
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
