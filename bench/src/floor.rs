//! The floor: bare axum that answers the bytes of the product's own answers, and does nothing else.

use std::{io::Write, net::SocketAddr, path::PathBuf};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use clap::Args;
use serde::Deserialize;

/// What the floor serves.
#[derive(Args)]
pub struct Options {
    /// Port; 0 picks one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The answer to POST /api/v1/leads
    #[arg(long, value_name = "TEXT", default_value = "{\"success\":true}")]
    created: String,
    /// A file with the answer to GET /api/v1/leads
    #[arg(long, value_name = "FILE")]
    listed: Option<PathBuf>,
}

/// The published body, as a bare server would read it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsing is the work; nothing is done with it")]
struct Lead {
    name: String,
    email: Option<String>,
    phone: Option<String>,
    source: Option<String>,
    property_address: Option<String>,
    notes: Option<String>,
}

/// Serves until it is killed.
pub fn serve(options: Options) -> Result<(), String> {
    let listed = match &options.listed {
        Some(file) => std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?,
        None => b"{}".to_vec(),
    };
    let (listed, created) = (Bytes::from(listed), Bytes::from(options.created));
    let list = move || async move { json(StatusCode::OK, listed) };
    let create = move |body: Bytes| async move {
        match serde_json::from_slice::<Lead>(&body) {
            Ok(_) => json(StatusCode::CREATED, created),
            Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        }
    };
    let router = Router::new().route("/api/v1/leads", post(create).merge(get(list)));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let address = SocketAddr::from(([127, 0, 0, 1], options.port));
        let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        writeln!(std::io::stdout(), "listening on http://{address}").map_err(|error| error.to_string())?;
        axum::serve(listener, router).await.map_err(|error| error.to_string())
    })
}

fn json(status: StatusCode, body: Bytes) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
