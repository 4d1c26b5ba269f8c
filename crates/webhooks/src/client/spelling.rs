//! Header names as they are written.
//!
//! Names are case-insensitive (RFC 9110, section 5.1), yet receivers exist that are not, and people search their logs for what
//! the documentation shows. hyper writes names in lower case unless a request carries the spellings that its server has seen:
//! that is how it lets proxies keep them, and there is no other way to make such a note. So a head with our spellings is shown
//! to a hyper server in memory, and what it notes goes along with the request.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

use http::{Extensions, HeaderName, HeaderValue};
use http_body_util::Empty;
use hyper::{Request, Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt, sync::mpsc};

/// How many notes are kept: one for each set of custom headers, with a sequence and without.
const KEPT: usize = 1_000;

/// The notes that were made. Names differ from webhook to webhook only where headers of its own come along, so hardly an attempt
/// needs a new one.
#[derive(Default)]
pub(super) struct Spellings(Mutex<HashMap<String, Extensions>>);

impl Spellings {
    /// The note that makes hyper write the names as spelled.
    pub(super) async fn of(&self, fields: &[(HeaderName, String, HeaderValue)]) -> Extensions {
        let names: String = fields.iter().flat_map(|(_, spelled, _)| [spelled.as_str(), "\n"]).collect();
        let notes = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = notes().get(&names).cloned();
        if let Some(note) = kept {
            return note;
        }
        let note = make(fields).await;
        let mut notes = notes();
        if notes.len() >= KEPT {
            notes.clear();
        }
        notes.insert(names, note.clone());
        note
    }
}

async fn make(fields: &[(HeaderName, String, HeaderValue)]) -> Extensions {
    let mut head = "GET / HTTP/1.1\r\n".to_owned();
    for (_, spelled, _) in fields {
        let value = if spelled.eq_ignore_ascii_case("content-length") { "0" } else { "x" };
        head.extend([spelled, ": ", value, "\r\n"]);
    }
    head.push_str("Connection: close\r\n\r\n");

    let (mut ours, theirs) = tokio::io::duplex(head.len().max(1024));
    let (note, mut noted) = mpsc::channel(1);
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let _ = note.try_send(request.extensions().clone());
        async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) }
    });
    let mut server = http1::Builder::new();
    server.preserve_header_case(true);
    let served = server.serve_connection(TokioIo::new(theirs), service);
    let fed = async {
        let _ = ours.write_all(head.as_bytes()).await;
        let _ = ours.shutdown().await;
    };
    let _ = tokio::join!(served, fed);
    noted.try_recv().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str]) -> Vec<(HeaderName, String, HeaderValue)> {
        let field = |name: &&str| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), (*name).to_owned(), HeaderValue::from_static("x"))
        };
        names.iter().map(field).collect()
    }

    #[tokio::test]
    async fn a_note_is_made_once_for_each_way_of_writing() {
        let spellings = Spellings::default();
        for names in [&["Host", "X-Key"][..], &["Host", "X-Key"], &["Host", "x-key"], &["Host"]] {
            assert!(!spellings.of(&fields(names)).await.is_empty());
        }
        assert_eq!(spellings.0.lock().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn notes_are_bounded() {
        let spellings = Spellings::default();
        for number in 0..KEPT + 2 {
            spellings.of(&fields(&["Host", &format!("X-{number}")])).await;
        }
        assert_eq!(spellings.0.lock().unwrap().len(), 2);
    }
}
