//! Scores folders of mails: `cargo run -p mail --example score -- FOLDER...`; the project's own corpus when none is named.

#![expect(clippy::print_stdout, reason = "a program that prints")]

use std::path::PathBuf;

#[path = "../tests/corpus/scoring.rs"]
mod scoring;

fn main() {
    let mut folders = std::env::args().skip(1).map(PathBuf::from).collect::<Vec<_>>();
    if folders.is_empty() {
        let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
        folders = vec![corpus.join("train"), corpus.join("held-out")];
    }
    for folder in folders {
        let score = scoring::score(&folder);
        println!("{}: {}", folder.display(), score.table());
        for difference in score.differences {
            println!("  {difference}");
        }
    }
}
