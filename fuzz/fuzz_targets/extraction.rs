//! A body of any text or HTML, from a sender whose mails hold leads.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let kind = ["text/plain", "text/html", "text/plain; format=flowed", "application/xml"][usize::from(*first) % 4];
    let from = if first & 0x10 == 0 { "leads@email.realtor.com" } else { "Jane <jane@x.example>" };
    let mut raw = format!("From: {from}\nSubject: New lead - Jane Doe\nContent-Type: {kind}; charset=utf-8\n\n").into_bytes();
    raw.extend_from_slice(rest);
    fuzz::check(&raw);
});
