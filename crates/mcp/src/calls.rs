//! Calls of the API within the process, with the admission of the request that they serve.

use api::{Admitted, ClientAddress, RequestId};
use axum::{Router, body::Body};
use http::{Request, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::tools::Call;

/// Who makes calls.
#[derive(Clone)]
pub(crate) struct Caller {
    routes: Router,
    admitted: Option<Admitted>,
    request: Option<RequestId>,
    address: Option<ClientAddress>,
}

impl Caller {
    /// For the request with these parts. Without an admission the API refuses whatever is asked.
    pub fn new(routes: &Router, parts: Option<&Parts>) -> Self {
        let extensions = parts.map(|parts| &parts.extensions);
        Self {
            routes: routes.clone(),
            admitted: extensions.and_then(|extensions| extensions.get().cloned()),
            request: extensions.and_then(|extensions| extensions.get().cloned()),
            address: extensions.and_then(|extensions| extensions.get().copied()),
        }
    }

    /// What the API answers.
    ///
    /// # Errors
    /// The API's sentence for what is wrong.
    pub async fn make(&self, call: Call) -> Result<Value, String> {
        let mut request = Request::builder().method(call.method).uri(&call.target);
        if call.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = call.body.map_or_else(Body::empty, |members| Body::from(Value::Object(members).to_string()));
        let mut request = request.body(body).map_err(|_| String::from("An argument is too long or no text."))?;
        let extensions = request.extensions_mut();
        self.admitted.clone().map(|admitted| extensions.insert(admitted));
        self.request.clone().map(|id| extensions.insert(id));
        self.address.map(|address| extensions.insert(address));

        let response = match self.routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let bytes =
            response.into_body().collect().await.map_err(|_| String::from("The answer was cut off."))?.to_bytes();
        let answer = match status {
            StatusCode::NO_CONTENT => json!({"success": true}),
            _ => serde_json::from_slice(&bytes).map_err(|_| format!("The API answered {status}."))?,
        };
        if status.is_success() { Ok(answer) } else { Err(sentence(status, &answer)) }
    }

    /// What the API answers to GET.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub async fn get(&self, target: &str) -> Result<Value, String> {
        self.make(Call { method: http::Method::GET, target: target.to_owned(), body: None }).await
    }
}

/// A refusal in words; what is at fault in other fields follows.
fn sentence(status: StatusCode, problem: &Value) -> String {
    let error = problem["error"].as_str().map_or_else(|| format!("The API answered {status}."), str::to_owned);
    let fields = problem["errors"].as_array().into_iter().flatten().filter_map(|field| {
        let line = format!("{}: {}", field["field"].as_str()?, field["message"].as_str()?);
        (!error.contains(&line)).then_some(line)
    });
    std::iter::once(error.clone()).chain(fields).collect::<Vec<_>>().join("\n")
}
