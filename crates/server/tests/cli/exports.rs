//! `organicagent export`.

use crate::desk::Desk;

#[test]
fn an_export_never_overwrites() {
    let desk = Desk::new();
    desk.agent();
    desk.ok(&["export", "--agent", "sarah-johnson", "out"]);
    assert!(desk.fails(&["export", "--agent", "sarah-johnson", "out"]).contains("not empty"));
}
