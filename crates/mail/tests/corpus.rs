//! The project's own corpus of mails: what is read out of them, counted.
//!
//! `corpus/train` is what rules may be written against, `corpus/held-out` what they are only measured with. `cargo run -p mail
//! --example score` prints the same figures and each difference.

use std::{collections::BTreeMap, path::PathBuf};

use scoring::{Count, Score};

#[path = "corpus/scoring.rs"]
mod scoring;

fn score(part: &str) -> Score {
    scoring::score(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(part))
}

#[test]
fn every_field_is_read_and_no_lead_is_invented() {
    let parts = ["train", "held-out"].map(|part| {
        let score = score(part);
        println!("{part}: {}{}", score.table(), score.differences.join("\n"));
        score
    });
    let mails = parts.iter().map(|score| score.mails).sum::<u32>();
    assert!(mails >= 80, "{mails} mails");
    assert!(parts[1].mails * 3 >= mails, "a third is held out");
    let mut counts = BTreeMap::<&str, Count>::new();
    for (field, count) in parts.iter().flat_map(|score| &score.counts) {
        let sum = counts.entry(field).or_default();
        sum.right += count.right;
        sum.wrong += count.wrong;
        sum.missed += count.missed;
    }
    for (field, count) in &counts {
        assert!(count.precision() >= 0.98, "{field}: precision {:.3}", count.precision());
        assert!(count.recall() >= 0.98, "{field}: recall {:.3}", count.recall());
    }
    assert_eq!(counts["isLead"].wrong, 0, "no false lead");
}
