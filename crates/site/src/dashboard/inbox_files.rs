//! Mails that are uploaded: one a file (`.eml`), or a mailbox of them (`.mbox`, RFC 4155).

use axum::{
    extract::{Multipart, State, multipart::Field as Part},
    response::Response,
};
use crm::{
    AgentId, Crm, Error,
    inbox::{self, Incoming, MOST, Outcome, Way},
};

use super::inbox::{PATH as INBOX, refused};
use crate::{
    Site,
    forms::Wrong,
    pages::{Refusal, see_other},
    signed_in::SignedIn,
    uploads,
};

pub(super) const PATH: &str = "/dashboard/inbox/upload";
/// Bytes of all files of an upload.
const MOST_BYTES: usize = 50 * 1024 * 1024;
/// Mails of an upload.
const MOST_MAILS: usize = 2_000;

/// The files, and what a form puts around them.
pub(super) fn body_bytes(method: &str, path: &str) -> Option<u64> {
    (method == "POST" && path == PATH).then_some((MOST_BYTES + uploads::AROUND) as u64)
}

/// How many mails became what: leads, to be looked at, ignored, here already.
type Counts = [u64; 4];

/// That in words.
pub(super) fn told([leads, review, ignored, known]: Counts) -> String {
    let plural = |count: u64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts = [
        plural(leads, "became a lead", "became leads"),
        plural(review, "is to be looked at", "are to be looked at"),
        plural(ignored, "was ignored", "were ignored"),
        plural(known, "was known already", "were known already"),
    ];
    let parts = parts.into_iter().flatten().collect::<Vec<_>>();
    if parts.is_empty() {
        String::from("There was no mail in it.")
    } else {
        format!("The mails are read: {}.", parts.join(", "))
    }
}

pub(super) async fn upload(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    uploads::Form(mut form): uploads::Form,
) -> Result<Response, Refusal> {
    match take(&site.crm, session.agent, &mut form).await {
        Ok([leads, review, ignored, known]) => Ok(see_other(&format!(
            "{INBOX}?done=mails-uploaded&leads={leads}&review={review}&ignored={ignored}&known={known}"
        ))),
        Err(Refusal::Failed(error)) => {
            uploads::drain(&mut form).await;
            refused(&site, &session, Wrong::of(error)?).await
        }
        Err(refusal) => Err(refusal),
    }
}

async fn take(crm: &Crm, agent: AgentId, form: &mut Multipart) -> Result<Counts, Refusal> {
    let (mut counts, mut mails, mut left, mut is_any) = ([0; 4], 0, MOST_BYTES, false);
    while let Some(part) = form.next_field().await.map_err(|_| Refusal::BadForm)? {
        if part.name() != Some("file") || part.file_name().unwrap_or_default().is_empty() {
            continue;
        }
        is_any = true;
        let mut reader = Mailbox::default();
        let mut part = part;
        while let Some(piece) = next(&mut part, &mut left).await? {
            for mail in reader.push(&piece)? {
                mails += 1;
                count(&mut counts, keep(crm, agent, mail, mails).await?);
            }
        }
        if let Some(mail) = reader.finish() {
            mails += 1;
            count(&mut counts, keep(crm, agent, mail, mails).await?);
        }
    }
    if !is_any {
        return Err(Error::invalid("file", "is required: choose one or more .eml or .mbox files").into());
    }
    Ok(counts)
}

async fn next(part: &mut Part<'_>, left: &mut usize) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(piece) = part.chunk().await.map_err(|_| Refusal::BadForm)? else { return Ok(None) };
    match left.checked_sub(piece.len()) {
        Some(rest) => *left = rest,
        None => return Err(Error::invalid("file", "must have at most 50 MiB: upload the rest after it").into()),
    }
    Ok(Some(piece.to_vec()))
}

fn count(counts: &mut Counts, outcome: Outcome) {
    let place = match outcome {
        Outcome::Lead => 0,
        Outcome::Review => 1,
        Outcome::Ignored => 2,
        Outcome::Duplicate => 3,
    };
    counts[place] += 1;
}

async fn keep(crm: &Crm, agent: AgentId, raw: Vec<u8>, mails: usize) -> Result<Outcome, Error> {
    if mails > MOST_MAILS {
        return Err(Error::invalid(
            "file",
            "must hold at most 2,000 mails: those before are read, upload the rest after it",
        ));
    }
    let taken = inbox::take_in(crm, agent, Incoming { raw, way: Way::Upload, trust: None }).await?;
    Ok(taken.outcome)
}

/// Takes mails out of a file as it comes.
#[derive(Default)]
struct Mailbox {
    /// What has come of the mail.
    mail: Vec<u8>,
    /// Up to where it was looked through.
    seen: usize,
    is_mailbox: bool,
}

impl Mailbox {
    /// Takes more of the file; the mails that ended.
    fn push(&mut self, piece: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let mut ended = Vec::new();
        self.mail.extend_from_slice(piece);
        if self.mail.len() >= 5 {
            self.is_mailbox |= self.seen == 0 && self.mail.starts_with(b"From ");
        }
        while self.is_mailbox {
            let from = self.seen.max(1) - 1;
            let Some(at) = self.mail[from..].windows(6).position(|six| six == b"\nFrom ") else {
                // The mark may come in two pieces.
                self.seen = self.mail.len().saturating_sub(5).max(1);
                break;
            };
            let rest = self.mail.split_off(from + at + 1);
            ended.extend(self.take());
            self.mail = rest;
            self.seen = 1;
        }
        if self.mail.len() > MOST {
            return Err(Error::invalid("file", "must hold mails of at most 10 MiB each"));
        }
        Ok(ended)
    }

    fn finish(mut self) -> Option<Vec<u8>> {
        self.take()
    }

    /// The mail that has ended, without the line that begins it in a mailbox.
    fn take(&mut self) -> Option<Vec<u8>> {
        let mail = std::mem::take(&mut self.mail);
        if !self.is_mailbox {
            return Some(mail).filter(|mail| !mail.trim_ascii().is_empty());
        }
        let line = mail.iter().position(|byte| *byte == b'\n').map_or(mail.len(), |end| end + 1);
        let body = &mail[line..];
        if body.trim_ascii().is_empty() {
            return None;
        }
        // Lines that looked like the beginning of a mail were quoted.
        let mut plain = Vec::with_capacity(body.len());
        for line in body.split_inclusive(|byte| *byte == b'\n') {
            let quotes = line.iter().take_while(|byte| **byte == b'>').count();
            let is_quoted = quotes > 0 && line[quotes..].starts_with(b"From ");
            plain.extend_from_slice(if is_quoted { &line[1..] } else { line });
        }
        Some(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &[u8], step: usize) -> Vec<String> {
        let mut mailbox = Mailbox::default();
        let mut mails = Vec::new();
        for piece in file.chunks(step) {
            mails.extend(mailbox.push(piece).unwrap());
        }
        mails.extend(mailbox.finish());
        mails.into_iter().map(|mail| String::from_utf8(mail).unwrap()).collect()
    }

    #[test]
    fn a_mailbox_is_cut_into_its_mails_however_it_comes() {
        let file = b"From a@b Sat Nov 28\r\nSubject: 1\r\n\r\nOne\r\n>From here\r\n\r\nFrom c@d Sat\r\nSubject: 2\r\n\r\nTwo\r\nFrom e@f Sun\r\n\r\n";
        for step in 1..file.len() {
            assert_eq!(
                read(file, step),
                ["Subject: 1\r\n\r\nOne\r\nFrom here\r\n\r\n", "Subject: 2\r\n\r\nTwo\r\n"],
                "{step}"
            );
        }
    }

    #[test]
    fn a_file_of_one_mail_is_that_mail() {
        let file = b"Subject: 1\n\nOne\nFrom here to there\n";
        for step in 1..file.len() {
            assert_eq!(read(file, step), [String::from_utf8(file.to_vec()).unwrap()]);
        }
        assert!(read(b"", 1).is_empty());
        assert!(read(b" \r\n", 1).is_empty());
    }

    #[test]
    fn an_upload_is_told_in_words() {
        assert_eq!(
            told([2, 1, 0, 1]),
            "The mails are read: 2 became leads, 1 is to be looked at, 1 was known already."
        );
        assert_eq!(told([0; 4]), "There was no mail in it.");
    }
}
