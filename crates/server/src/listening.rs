//! Serving an app on its sockets: plain, or over TLS with the way there for whoever comes without it.

use std::{net::SocketAddr, sync::Arc};

use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    http::{self, Edge, Limits},
    plain,
    tls::{self, certificates::Certificates},
};

/// The ports that https and http have where a URL names none.
const HTTPS_PORT: u16 = 443;
const HTTP_PORT: u16 = 80;

/// Serves an app until `stopping`, over TLS where there are certificates; accepted requests finish.
pub async fn listen(
    listener: TcpListener,
    app: App,
    certificates: Option<Arc<Certificates>>,
    stopping: CancellationToken,
) {
    let edge = Arc::new(app.clone());
    // Ends the streams of open pages at once when the server stops, so that their requests end within the grace.
    let watcher = tokio::spawn(app.site().watch(stopping.clone().cancelled_owned()));
    match certificates {
        None => http::serve(listener, app.router(), limits(), edge, stopping).await,
        Some(certificates) => {
            let plain = plain::router(Arc::new(app.clone()));
            let beside = tokio::spawn(redirect(beside(&listener).await, plain.clone(), edge.clone(), stopping.clone()));
            let front = Some((tls::with(certificates), plain));
            http::serve_with(listener, front, app.router(), limits(), edge, stopping).await;
            ended(beside, "the way to https").await;
        }
    }
    ended(watcher, "telling open pages of changes").await;
}

fn limits() -> Limits {
    Limits {
        body_bytes: |method, path| site::body_bytes(method, path).unwrap_or(Limits::SHORT_BODY),
        ..Limits::default()
    }
}

/// The port of plain HTTP beside that of https: a browser that is given a bare name may begin there.
async fn beside(listener: &TcpListener) -> Option<TcpListener> {
    let address = listener.local_addr().ok().filter(|address| address.port() == HTTPS_PORT)?;
    let address = SocketAddr::new(address.ip(), HTTP_PORT);
    match TcpListener::bind(address).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(%address, %error, "nobody is sent from http to https: the port cannot be listened on");
            None
        }
    }
}

async fn redirect(listener: Option<TcpListener>, plain: Router, edge: Arc<dyn Edge>, stopping: CancellationToken) {
    if let Some(listener) = listener {
        http::serve(listener, plain, limits(), edge, stopping).await;
    }
}

async fn ended(worker: JoinHandle<()>, what: &str) {
    if let Err(error) = worker.await {
        tracing::error!(%error, what, "a worker ended badly");
    }
}
