//! Any text, forwarded by any program: behind a subject and a marker that make the reader unwrap it.
#![no_main]

use libfuzzer_sys::fuzz_target;

const HEADS: [&str; 4] = [
    "---------- Forwarded message ---------\nFrom: Jane Doe <jane@x.example>\nDate: today\nSubject: Hi\nTo: a@x.example\n\n",
    "Begin forwarded message:\n\n> From: Jane Doe <jane@x.example>\n> Subject: Hi\n> Date: today\n> \n> ",
    "________________________________\nFrom: Jane Doe [mailto:jane@x.example]\nSent: today\nTo: A\nSubject: Hi\n\n",
    "On Sat, Nov 28, 2026 at 9:00 AM A <a@x.example> wrote:\n> ",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let head = HEADS[usize::from(*first) % HEADS.len()];
    let at = rest.len() / 2;
    let kind = if first & 0x10 == 0 { "text/plain" } else { "text/html" };
    let mut raw = format!("From: a@x.example\nSubject: Fwd: Hi\nContent-Type: {kind}\n\n").into_bytes();
    raw.extend_from_slice(&rest[..at]);
    raw.push(b'\n');
    raw.extend_from_slice(head.as_bytes());
    raw.extend_from_slice(&rest[at..]);
    fuzz::check(&raw);
});
