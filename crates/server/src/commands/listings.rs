//! `organicagent listings …`

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crm::{
    AgentId, Crm,
    imports::{self, Import, Subject, Upload},
};
use serde_json::{Value, json};

use super::{agent_of, print};
use crate::{config::Config, storage};

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// Takes a file of listings in, or only looks at it.
pub(super) async fn import(config: &Config, slug: &str, file: &Path, is_dry: bool) -> Result<(), String> {
    let mut source: Box<dyn Read + Send> = if file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(file).map_err(|error| format!("{}: {error}", file.display()))?)
    };
    let crm = storage::open(config).await?;
    let agent = agent_of(&crm, slug).await?;
    let name =
        file.file_name().map_or_else(|| String::from("standard input"), |name| name.to_string_lossy().into_owned());
    let done = take_in(&crm, agent, &name, &mut source, is_dry).await;
    crm.database().close().await;
    print(&done?.to_string())
}

async fn take_in(
    crm: &Crm,
    agent: AgentId,
    name: &str,
    source: &mut (dyn Read + Send),
    is_dry: bool,
) -> Result<Value, String> {
    let told = |error: crm::Error| error.to_string();
    let mut upload = Upload::begin(crm, agent, Subject::Listings, name).await.map_err(told)?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = source.read(&mut piece).map_err(|error| format!("{name}: {error}"))?;
        if read == 0 {
            break;
        }
        if let Err(error) = upload.push(&piece[..read]).await {
            let _ = upload.abandon().await;
            return Err(error.to_string());
        }
    }
    let id = upload.finish().await.map_err(told)?;
    let checked = match imports::check(crm, agent, id, None).await {
        Ok(checked) => checked,
        Err(error) => {
            let _ = imports::delete(crm, agent, id).await;
            return Err(error.to_string());
        }
    };
    if is_dry {
        imports::delete(crm, agent, id).await.map_err(told)?;
        return Ok(look(&checked));
    }
    let done = imports::finish(crm, agent, id).await.map_err(told)?;
    Ok(json!({
        "rows": checked.rows_found, "imported": done.imported, "changed": done.changed, "known": done.known, "failed": done.failed,
        "errors": errors(&checked),
    }))
}

/// What would come of the rows.
fn look(import: &Import) -> Value {
    let fields = import.columns.iter().map(|column| json!({"header": column.header, "field": column.field}));
    json!({
        "rows": import.rows_found, "new": import.rows_good, "changed": import.rows_changed, "known": import.rows_known,
        "bad": import.rows_bad, "columns": fields.collect::<Vec<_>>(), "errors": errors(import),
    })
}

/// The first rows that nothing comes of, and why.
fn errors(import: &Import) -> Vec<Value> {
    import.first_errors.iter().map(|error| json!({"line": error.line, "message": error.message})).collect()
}
