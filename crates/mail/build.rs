//! Embeds the words: every file `words/TAG.ftl` is a language.

use std::{env, fs, path::Path};

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script by its environment")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("words");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    let languages = files.iter().filter_map(|file| {
        let tag = file.file_name()?.to_str()?.strip_suffix(".ftl")?;
        Some(format!("    ({tag:?}, include_str!({:?})),\n", file.display().to_string()))
    });
    let list = format!("&[\n{}]\n", languages.collect::<String>());
    fs::write(Path::new(&env::var("OUT_DIR")?).join("languages.rs"), list)?;
    Ok(())
}
