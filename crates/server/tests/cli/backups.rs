//! `organicagent backup` and `restore`, and the copy before a migration.

use std::{collections::BTreeSet, fs, io::Write, path::Path, process::Stdio};

use crm::{
    backup::{self, Restore},
    migrations::MIGRATIONS,
};
use db::{Database, Options};

use crate::desk::{Desk, text, total};

#[test]
fn a_backup_is_restored_with_its_key_and_the_server_goes_on() {
    let desk = Desk::new();
    desk.agent();
    let key = desk.key();
    let server = desk.serve(&[]);
    assert_eq!(server.post_lead(&key, "Jane").0, 201);
    desk.ok(&["backup", "whole.backup"]);
    desk.ok(&["backup", "--without-key", "keyless.backup"]);
    drop(server);
    let secret = fs::read_to_string(desk.path("data/secret.key")).unwrap();
    #[cfg(unix)]
    for private in ["data/secret.key", "whole.backup", "data/organicagent.db"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(desk.path(private)).unwrap().permissions().mode() & 0o777, 0o600, "{private}");
    }

    let elsewhere = ["--data-dir", "elsewhere"];
    let restored = desk.ok(&[&["restore", "whole.backup"][..], &elsewhere].concat());
    assert!(restored.starts_with("restored "), "{restored}");
    assert_eq!(fs::read_to_string(desk.path("elsewhere/secret.key")).unwrap(), secret);
    let again = desk.serve(&elsewhere);
    assert_eq!(total(&again.get("/api/v1/leads", &key).1), 1);
    drop(again);
    assert!(desk.fails(&[&["restore", "whole.backup"][..], &elsewhere].concat()).contains("never overwrites"));

    let third = ["--data-dir", "third"];
    let restored = desk.ok(&[&["restore", "keyless.backup"][..], &third].concat());
    assert!(restored.contains("holds no key"), "{restored}");
    assert!(!desk.path("third/secret.key").exists());
    assert!(desk.fails(&[&["serve"][..], &third].concat()).contains("secret.key is missing"));
    fs::write(
        desk.path("third/secret.key"),
        "00000000 1111111111111111111111111111111111111111111111111111111111111111\n",
    )
    .unwrap();
    assert!(desk.fails(&[&["serve"][..], &third].concat()).contains("lacks the key"));
    fs::write(desk.path("third/secret.key"), &secret).unwrap();
    let again = desk.serve(&third);
    assert_eq!(total(&again.get("/api/v1/leads", &key).1), 1);
}

#[test]
fn a_backup_goes_through_pipes() {
    let desk = Desk::new();
    desk.agent();
    let written = desk.run(&["backup", "-"]);
    assert!(written.status.success());
    assert!(text(&written.stdout).starts_with("{\"organicagent\":\"backup\""));
    let mut restore = desk
        .command(&["restore", "-", "--data-dir", "elsewhere"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    restore.stdin.take().unwrap().write_all(&written.stdout).unwrap();
    assert!(restore.wait_with_output().unwrap().status.success());
    assert!(
        desk.fails(&["agent", "create", "--name", "X", "--email", "sarah@example.com", "--data-dir", "elsewhere"])
            .contains("belongs to an account")
    );
    let left: BTreeSet<_> = fs::read_dir(desk.path("elsewhere"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(left.iter().all(|name| name.starts_with("organicagent.db") || name == "secret.key"), "{left:?}");
}

#[test]
fn a_damaged_backup_is_refused_and_the_target_stays_as_it_was() {
    let desk = Desk::new();
    desk.agent();
    desk.ok(&["backup", "whole.backup"]);
    let whole = fs::read(desk.path("whole.backup")).unwrap();
    let mut altered = whole.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    for (damage, bytes) in
        [("cut", &whole[..whole.len() - 1]), ("altered", &altered), ("empty", b""), ("another file", b"PK\x03\x04")]
    {
        fs::write(desk.path("damaged.backup"), bytes).unwrap();
        let said = desk.fails(&["restore", "damaged.backup", "--data-dir", "elsewhere"]);
        assert!(
            ["cut off", "damaged", "no OrganicAgent backup"].iter().any(|words| said.contains(words)),
            "{damage}: {said}"
        );
    }
    assert!(!desk.path("elsewhere/secret.key").exists());
    // Nothing was begun: the place can still be used for anything.
    assert_eq!(
        desk.ok(&["agent", "create", "--name", "Bob", "--email", "bob@example.com", "--data-dir", "elsewhere"]),
        "bob\n"
    );
}

#[test]
fn nothing_runs_on_a_restore_that_was_broken_off_until_it_is_run_again() {
    let desk = Desk::new();
    desk.agent();
    desk.ok(&["backup", "whole.backup"]);
    fs::create_dir(desk.path("elsewhere")).unwrap();
    let url = format!("sqlite:{}", desk.path("elsewhere/organicagent.db").display());
    let database = Database::open(&url, Options::default()).unwrap();
    let summary = backup::verify(&fs::read(desk.path("whole.backup")).unwrap()[..]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    drop(runtime.block_on(Restore::begin(&database, &summary)).unwrap());
    drop(database);
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["agent", "create", "--name", "Bob", "--email", "bob@example.com"],
        &["backup", "half.backup"],
    ] {
        let said = desk.fails(&[arguments, &["--data-dir", "elsewhere"]].concat());
        assert!(said.contains("was broken off"), "{said}");
    }
    assert!(!desk.path("half.backup").exists());
    desk.ok(&["restore", "whole.backup", "--data-dir", "elsewhere"]);
    desk.ok(&["key", "create", "--agent", "sarah-johnson", "--name", "x", "--data-dir", "elsewhere"]);
}

#[test]
fn the_database_is_copied_before_its_schema_changes() {
    let desk = Desk::new();
    fs::create_dir(desk.path("data")).unwrap();
    let url = format!("sqlite:{}", desk.path("data/organicagent.db").display());
    let old = Database::open(&url, Options::default()).unwrap();
    old.migrate(&MIGRATIONS[..1]).unwrap();
    drop(old);
    drop(desk.serve(&[]));
    let copies = copies(&desk.path("data"));
    assert_eq!(copies, [format!("organicagent.db.before-v{}", MIGRATIONS[1].version)]);
    drop(desk.serve(&[]));
    assert_eq!(self::copies(&desk.path("data")), copies, "nothing to change, nothing to copy");
}

fn copies(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".before-")).collect()
}

#[test]
fn a_backup_replaces_files_only() {
    let desk = Desk::new();
    desk.ok(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    std::os::unix::net::UnixListener::bind(desk.path("socket")).unwrap();
    for place in ["socket", "."] {
        let said = desk.fails(&["backup", place]);
        assert!(said.contains("is no file"), "{said}");
    }
    // Behind a link the file is replaced, and the link stays.
    fs::write(desk.path("older"), "older").unwrap();
    std::os::unix::fs::symlink(desk.path("older"), desk.path("link")).unwrap();
    desk.ok(&["backup", "link"]);
    assert!(fs::symlink_metadata(desk.path("link")).unwrap().is_symlink());
    assert_ne!(fs::read(desk.path("older")).unwrap(), b"older");
}

#[test]
fn one_server_runs_on_a_file_and_nothing_is_restored_beneath_it() {
    let desk = Desk::new();
    desk.ok(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    desk.ok(&["backup", "whole.backup"]);
    let server = desk.serve(&[]);
    let said = desk.fails(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("a server runs on"), "{said}");
    let said = desk.fails(&["restore", "whole.backup"]);
    assert!(said.contains("a server runs on"), "{said}");
    // Every other command works beside it.
    desk.ok(&["key", "create", "--agent", "sarah-johnson", "--name", "x"]);
    server.terminate();
    let _ = server.end();
    let again = desk.serve(&[]);
    again.terminate();
    let _ = again.end();
}
