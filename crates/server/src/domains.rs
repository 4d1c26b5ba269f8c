//! Agents' own domains in the server: which website a host is, what it answers there to itself, and who looks whether a name leads
//! here and sees to its certificate.

use std::{sync::Arc, time::Duration};

use api::{Problem, ProblemCode, RequestId};
use axum::{
    Router,
    extract::{Path, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use crm::{Crm, certificates, domains};
use http::{Uri, header};
use quick_cache::sync::Cache;
use site::OwnDomain;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use webhooks::{
    client::{Attempt, Client, Request as Question},
    guard::Guard,
};

use crate::{app::App, config::Config, hosts, sending, tls::acme::Acme};

/// Where the server asks itself at a name.
const PATH: &str = "/.well-known/organicagent/";
/// How often it is looked whether anything is due.
const POLL: Duration = Duration::from_secs(2);
/// Looks and orders that are under way at once.
const TOGETHER: usize = 8;
/// How many hosts are remembered, and for how long: a domain that is removed leads nowhere after that.
const HELD: usize = 10_000;
const FRESH: Duration = Duration::from_secs(2);

/// Which hosts lead to which website, as of the last seconds.
pub(crate) struct OwnHosts {
    crm: Crm,
    held: Cache<String, (Duration, Option<Arc<str>>)>,
}

impl OwnHosts {
    pub(crate) fn new(crm: &Crm) -> Self {
        Self { crm: crm.clone(), held: Cache::new(HELD) }
    }

    /// The slug of the website that a host leads to.
    async fn slug_of(&self, host: &str) -> Option<Arc<str>> {
        let now = self.crm.clock().monotonic();
        if let Some((read_at, slug)) = self.held.get(host)
            && now.saturating_sub(read_at) < FRESH
        {
            return slug;
        }
        match domains::slug_of(&self.crm, host).await {
            Ok(slug) => {
                let slug = slug.map(Arc::from);
                self.held.insert(host.to_owned(), (now, slug.clone()));
                slug
            }
            Err(error) => {
                tracing::warn!(%error, "whose a host is cannot be read");
                None
            }
        }
    }
}

/// Leads a request for an agent's own domain to their website: `/listings` there is `/a/{slug}/listings` here.
pub(crate) async fn lead(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let host = app.foreign_host(&request);
    if let Some((name, slug)) = app.own_domain(host).await {
        if let Some(uri) = inward(request.uri(), &slug) {
            *request.uri_mut() = uri;
        }
        request.extensions_mut().insert(OwnDomain { name });
    }
    next.run(request).await
}

impl App {
    /// The host of a request that is not the server's own.
    fn foreign_host(&self, request: &Request) -> Option<String> {
        // A question comes before the host is anybody's, and that is not to be remembered.
        let is_known = self.hosts().knows(request) || is_question(request);
        let host = hosts::sent(request).filter(|_| !is_known).map(hosts::name);
        host.filter(|host| (1..=253).contains(&host.len()))
    }

    /// The agent's own domain that such a host is, with the slug of the website there.
    async fn own_domain(&self, host: Option<String>) -> Option<(Arc<str>, Arc<str>)> {
        let host = host?;
        let slug = self.own_hosts().slug_of(&host).await?;
        Some((host.into(), slug))
    }
}

/// Knows a request for an agent's own domain as one that is answered, and leaves its address: it is told to come by https.
pub(crate) async fn mark(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let host = app.foreign_host(&request);
    if let Some((name, _)) = app.own_domain(host).await {
        request.extensions_mut().insert(OwnDomain { name });
    }
    next.run(request).await
}

/// The address here of an address there; `None` where they are the same.
fn inward(uri: &Uri, slug: &str) -> Option<Uri> {
    let path = uri.path();
    let base = format!("/a/{slug}");
    let is_same = path.starts_with("/assets/")
        || path.starts_with(PATH)
        || matches!(path, "/healthz" | "/readyz")
        || path.strip_prefix(&base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_same {
        return None;
    }
    let path = if path == "/" { "" } else { path };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = format!("{base}{path}{query}").parse().ok();
    Uri::from_parts(parts).ok()
}

/// What this server answers to itself at a name.
pub(crate) fn routes(app: &Arc<App>) -> Router {
    #[expect(clippy::disallowed_methods, reason = "a route that is no part of the API")]
    Router::new().route("/.well-known/organicagent/{question}", any(answer)).with_state(Arc::clone(app))
}

async fn answer(State(app): State<Arc<App>>, Path(question): Path<String>, request: Request) -> Response {
    let host = hosts::sent(&request).map(hosts::name).unwrap_or_default();
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    match domains::answer(app.crm(), &host, &question).await {
        Ok(Some(answer)) => ([(header::CACHE_CONTROL, "no-store")], answer).into_response(),
        Ok(None) => Problem::new(ProblemCode::NotFound, "There is nothing here.").render(&id),
        Err(_) => Problem::new(ProblemCode::Unavailable, "Try again.").render(&id),
    }
}

/// Whether a request is one of the server's to itself: it comes before it is known whose the host is.
pub(crate) fn is_question(request: &Request) -> bool {
    request.uri().path().starts_with(PATH)
}

/// Looks whether names lead here, and sees to certificates.
pub(crate) struct Keeper {
    crm: Crm,
    client: Arc<Client>,
    /// Where names are asked: the port that visitors use, where that is not the usual one.
    port: Option<u16>,
    own_host: Option<String>,
    acme: Option<Acme>,
}

impl Keeper {
    /// For the server of this public URL.
    pub(crate) fn new(crm: &Crm, config: &Config, public_url: &str) -> Self {
        let allow = config.webhook_allow.iter().map(sending::range).collect();
        let client = sending::client(crm, Guard::new(allow, Vec::new()).plain_too());
        let port = public_url.parse::<Uri>().ok().and_then(|uri| uri.port_u16());
        Self {
            crm: crm.clone(),
            client,
            port: port.filter(|port| !matches!(port, 80 | 443)),
            own_host: certified_host(public_url),
            acme: config.acme.clone(),
        }
    }

    /// Until `stopping`. What is under way then is done by whoever comes next.
    pub(crate) async fn run(self, stopping: CancellationToken) {
        let keeper = Arc::new(self);
        if keeper.acme.is_some()
            && let Err(error) = certificates::want_all(&keeper.crm, keeper.own_host.as_deref()).await
        {
            tracing::error!(%error, "certificates are not asked for");
        }
        let mut tasks = JoinSet::new();
        loop {
            while tasks.len() < TOGETHER {
                match Arc::clone(&keeper).next().await {
                    Ok(Some(task)) => drop(tasks.spawn(task.done(Arc::clone(&keeper)))),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(%error, "what is due for domains cannot be read");
                        break;
                    }
                }
            }
            let waited = async {
                tokio::time::sleep(POLL).await;
                while tasks.try_join_next().is_some() {}
            };
            if stopping.run_until_cancelled(waited).await.is_none() {
                return;
            }
        }
    }

    async fn next(self: Arc<Self>) -> Result<Option<Task>, crm::Error> {
        if let Some(look) = domains::claim(&self.crm).await? {
            return Ok(Some(Task::Look(look)));
        }
        if self.acme.is_none() {
            return Ok(None);
        }
        Ok(certificates::claim(&self.crm, self.own_host.as_deref()).await?.map(Task::Certificate))
    }

    /// Asks at the name for what only this server can answer: by http, then by https, where a proxy wants it so.
    async fn look(&self, look: &domains::Look) -> Result<(), String> {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let plainly = self.ask(&format!("http://{}{port}{PATH}{}", look.name, look.question), &look.answer).await;
        match plainly {
            Err(_) if self.port.is_none() => {
                let secured = self.ask(&format!("https://{}{PATH}{}", look.name, look.question), &look.answer).await;
                secured.or(plainly)
            }
            other => other,
        }
    }

    async fn ask(&self, url: &str, answer: &str) -> Result<(), String> {
        let attempt = self.client.attempt(&Question { url, headers: &[], body: Bytes::new() }).await;
        judged(&attempt, answer)
    }
}

/// What an answer at a name says, in words for the agent.
fn judged(attempt: &Attempt, answer: &str) -> Result<(), String> {
    match &attempt.error {
        Some(error) => Err(error.clone()),
        None if attempt.response == answer.as_bytes() => Ok(()),
        None => Err(String::from("another server answers at this name")),
    }
}

/// What is due.
enum Task {
    Look(domains::Look),
    Certificate(String),
}

impl Task {
    async fn done(self, keeper: Arc<Keeper>) {
        match self {
            Self::Look(look) => {
                let found = keeper.look(&look).await;
                tracing::info!(name = look.name, found = ?found, "looked whether a domain leads here");
                if let Err(error) = domains::settle(&keeper.crm, &look, found, keeper.acme.is_some()).await {
                    tracing::error!(%error, name = look.name, "what a look has found cannot be stored");
                }
            }
            Self::Certificate(name) => {
                if let Some(acme) = &keeper.acme {
                    acme.certify(&keeper.crm, &name).await;
                }
            }
        }
    }
}

/// The server's own name, if a certificate authority could certify it: neither an address nor `localhost`.
pub(crate) fn certified_host(public_url: &str) -> Option<String> {
    let host = hosts::of_public_url(public_url)?;
    let is_name = host.contains('.') && host.parse::<std::net::Ipv4Addr>().is_err() && !host.starts_with('[');
    is_name.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_there_lead_inward() {
        for (there, here) in [
            ("/", Some("/a/sarah")),
            ("/listings?page=2", Some("/a/sarah/listings?page=2")),
            ("/api/v1/leads", Some("/a/sarah/api/v1/leads")),
            ("/a/sarahx", Some("/a/sarah/a/sarahx")),
            ("/a/sarah", None),
            ("/a/sarah/listings", None),
            ("/assets/public/site.css", None),
        ] {
            let led = inward(&there.parse().unwrap(), "sarah");
            assert_eq!(led, here.map(|here| here.parse().unwrap()), "{there}");
        }
    }

    #[test]
    fn only_a_name_is_certified() {
        assert_eq!(certified_host("https://Office.example.com:8443"), Some(String::from("office.example.com")));
        for url in ["https://127.0.0.1:8443", "http://localhost:8080", "https://[::1]"] {
            assert_eq!(certified_host(url), None, "{url}");
        }
    }
}
