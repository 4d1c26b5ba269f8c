//! `organicagent agent …`

use std::{io::Write, process::Stdio};

use crate::desk::{Desk, cookie, text};

#[test]
fn agent_create_prints_the_slug_and_nothing_else() {
    let desk = Desk::new();
    assert_eq!(
        desk.ok(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]),
        "sarah-johnson\n"
    );
    assert_eq!(
        desk.ok(&["agent", "create", "--name", "Sarah Johnson", "--email", "s2@example.com"]),
        "sarah-johnson-2\n"
    );
    assert_eq!(desk.ok(&["agent", "create", "--name", "Zoë", "--email", "z@example.com", "--slug", "zed"]), "zed\n");
}

#[test]
fn a_password_comes_from_standard_input() {
    let desk = Desk::new();
    let create = |password: &str, email: &str| {
        let arguments = ["agent", "create", "--name", "Bob", "--email", email, "--password-stdin"];
        let mut child = desk
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let short = create("too short\n", "bob@example.com");
    assert!(!short.status.success() && text(&short.stderr).contains("15 to 256"), "{}", text(&short.stderr));
    assert!(!text(&short.stderr).contains("too short"));
    let made = create("correct horse battery staple\n", "bob@example.com");
    assert_eq!(text(&made.stdout), "bob\n");
}

#[test]
fn reset_password_prints_a_link_that_lets_in_once() {
    let desk = Desk::new();
    desk.agent();
    let server = desk.serve(&[]);
    let base = format!("http://{}", server.address);
    let printed = desk.ok(&["agent", "reset-password", "--agent", "sarah-johnson", "--public-url", &base]);
    let path = printed.trim_end().strip_prefix(&base).unwrap();
    assert!(path.starts_with("/reset/") && path.len() == 50 && printed.lines().count() == 1, "{printed}");
    let password = "password=three+green+doors+and+a+lamp";
    let (status, head, _) = server.post_form(path, "", password);
    assert_eq!(status, 303, "{head}");
    let page = server.send(&format!("GET /dashboard/settings/api HTTP/1.1\r\nCookie: {}", cookie(&head)), "");
    assert!(page.0 == 200 && page.1.contains("Sarah Johnson"), "{page:?}");
    assert_eq!(server.post_form("/login", "", &format!("email=sarah%40example.com&{password}")).0, 303);
    assert_eq!(server.post_form(path, "", password).0, 404);
    assert!(desk.fails(&["agent", "reset-password", "--agent", "nobody"]).contains("there is no agent \"nobody\""));
    let also = ["agent", "reset-password", "--agent", "sarah-johnson", "--without-two-step"];
    assert!(desk.ok(&also).contains("/reset/"));
    server.terminate();
    let (_, log) = server.end();
    assert!(!log.contains(&path["/reset/".len()..]), "the log lets nobody in: {log}");
}
