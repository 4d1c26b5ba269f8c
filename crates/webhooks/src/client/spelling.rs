//! Header names as they are written.
//!
//! Names are case-insensitive (RFC 9110, section 5.1), yet receivers exist that are not, and people search their logs for what
//! the documentation shows. hyper writes names in lower case unless a request carries the spellings that its server has seen:
//! that is how it lets proxies keep them, and there is no other way to make such a note. So a head with our spellings is shown
//! to a hyper server in memory, and what it notes goes along with the request.

use std::convert::Infallible;

use http::{Extensions, HeaderName, HeaderValue};
use http_body_util::Empty;
use hyper::{Request, Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt, sync::mpsc};

/// The note that makes hyper write the names as spelled.
pub(super) async fn of(fields: &[(HeaderName, String, HeaderValue)]) -> Extensions {
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
