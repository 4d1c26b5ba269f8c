//! `organicagent export --agent SLUG DIR`: everything of one agent, as CSV for spreadsheets and JSON for programs.
//!
//! Each list is read page by page, so that an export of millions takes no more memory than one of ten. Secrets and hashes are
//! no part of any record.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
};

use crm::{
    AgentId, Crm, agents,
    exports::{
        files::{self, Kept},
        sheets::{self, Sheet},
    },
    photos,
};

use super::print;
use crate::{config::Config, files::NewFile, storage};

/// Writes everything of an agent into a folder.
pub(super) async fn run(config: &Config, slug: &str, folder: &Path) -> Result<(), String> {
    make_folder(folder)?;
    let crm = storage::open(config).await?;
    let records = write(&crm, slug, folder).await?;
    crm.database().close().await;
    print(&format!("{}: {records} records", folder.display()))
}

/// Writes everything of the agent of that slug into an existing folder. Says how many records there are.
///
/// # Errors
/// A sentence for the operator.
pub async fn write(crm: &Crm, slug: &str, folder: &Path) -> Result<u64, String> {
    let agent = agents::get_by_slug(crm, slug).await.map_err(|error| match error {
        crm::Error::NotFound => format!("there is no agent {slug:?}"),
        other => other.to_string(),
    })?;
    let told = sheets::agent(crm, agent.id).await.map_err(|error| error.to_string())?;
    write_whole(folder, "agent.json", format!("{told}\n").as_bytes())?;
    if let Some(hash) = photos::find(crm, agent.id).await.map_err(|error| error.to_string())? {
        let bytes = photos::get(crm, agent.id, hash).await.map_err(|error| error.to_string())?;
        write_whole(folder, "photo.jpg", &bytes)?;
    }
    let mut last = None;
    loop {
        let kept = files::kept(crm, agent.id, last).await.map_err(|error| error.to_string())?;
        let rest = kept.iter().filter(|file| Some(file.id) != last).collect::<Vec<_>>();
        let Some(end) = rest.last() else { break };
        for file in &rest {
            write_file(crm, agent.id, file, folder).await?;
        }
        last = Some(end.id);
    }
    let mut records = 1;
    for sheet in Sheet::ALL {
        records += write_sheet(crm, agent.id, sheet, folder).await?;
    }
    Ok(records)
}

fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    let mut file = begin(folder, name)?;
    file.write_all(bytes).and_then(|()| finish(file)).map_err(|error| explain(&folder.join(name), &error))
}

/// A folder that nobody else reads.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn make_folder(folder: &Path) -> Result<(), String> {
    let explain = |error: io::Error| explain(folder, &error);
    make_private(folder).map_err(explain)?;
    if fs::read_dir(folder).map_err(explain)?.next().is_some() {
        return Err(format!("{}: the folder is not empty; an export never overwrites", folder.display()));
    }
    Ok(())
}

/// Writes a file that the agent uploaded, piece by piece.
async fn write_file(crm: &Crm, agent: AgentId, file: &Kept, folder: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}", file.name);
    if let Some(parent) = Path::new(&file.name).parent() {
        make_private(&folder.join(parent)).map_err(failed)?;
    }
    let mut written = begin(folder, &file.name)?;
    for number in 0..file.pieces() {
        let piece = file.piece(crm, agent, number).await.map_err(|error| format!("{}: {error}", file.name))?;
        written.write_all(&piece).map_err(failed)?;
    }
    finish(written).map_err(failed)
}

/// Writes one list in both forms: `NAME.csv`, and `NAME.json`, an array with a record a line.
async fn write_sheet(crm: &Crm, agent: AgentId, sheet: Sheet, folder: &Path) -> Result<u64, String> {
    let name = sheet.name();
    let told = |error: crm::Error| format!("{name}: {error}");
    let failed = |error: io::Error| format!("{name}: {error}");
    let mut csv = begin(folder, &format!("{name}.csv"))?;
    let mut json = begin(folder, &format!("{name}.json"))?;
    csv.write_all(sheet.head().map_err(told)?.as_bytes()).map_err(failed)?;
    let (mut records, mut after) = (0, None);
    loop {
        let part = sheet.read(crm, agent, after.as_deref()).await.map_err(told)?;
        for record in part.records {
            let separator = if records == 0 { "[\n" } else { ",\n" };
            write!(json, "{separator}{record}").map_err(failed)?;
            csv.write_all(sheet.row(&record).map_err(told)?.as_bytes()).map_err(failed)?;
            records += 1;
        }
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    let end = if records == 0 { "[]\n" } else { "\n]\n" };
    json.write_all(end.as_bytes()).and_then(|()| finish(json)).and_then(|()| finish(csv)).map_err(failed)?;
    Ok(records)
}

fn begin(folder: &Path, name: &str) -> Result<BufWriter<NewFile>, String> {
    let path = folder.join(name);
    NewFile::create(&path).map(BufWriter::new).map_err(|error| explain(&path, &error))
}

fn finish(file: BufWriter<NewFile>) -> io::Result<()> {
    file.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
}

fn explain(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
