//! Mails to clients about their showings, as the agent's own mail program begins them.

use crm::showings::{Showing, ShowingStatus};

use crate::times::Times;

/// The address of a mail to the client that says how it stands, with the last words to them, to be sent by the agent's own program.
pub(crate) fn to_client(showing: &Showing, words: Option<&str>, times: &Times) -> String {
    let at = showing.confirmed_time.map(|at| times.show_full(at).words).unwrap_or_default();
    let said = match showing.status {
        ShowingStatus::Requested | ShowingStatus::Completed => String::new(),
        ShowingStatus::Confirmed => format!("Your showing of {} is confirmed for {at}.", showing.address),
        ShowingStatus::Declined => format!("The showing of {} that you asked for cannot take place.", showing.address),
        ShowingStatus::Cancelled => format!("Your showing of {} is cancelled.", showing.address),
    };
    let words = words.unwrap_or_default().to_owned();
    let body = [said, words].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\r\n\r\n");
    let subject = encoded(&format!("Showing: {}", showing.address));
    let address = encoded(&showing.email).replace("%40", "@");
    format!("mailto:{address}?subject={subject}&body={}", encoded(&body))
}

/// Text as a part of an address of mail has it (RFC 6068, section 2).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => encoded.push(byte.into()),
            false => encoded += &format!("%{byte:02X}"),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn nothing_in_a_mail_begins_another_field_of_it() {
        assert_eq!(encoded("a b&bcc=x\r\n+é?#"), "a%20b%26bcc%3Dx%0D%0A%2B%C3%A9%3F%23");
    }
}
