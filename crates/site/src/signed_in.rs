//! Pages for somebody who is signed in.

use axum::extract::FromRequestParts;
use crm::sessions::{self, Session};
use http::{Method, request::Parts};

use crate::{Site, cookies, pages::Refusal};

/// Who is signed in. A page that takes it is for nobody else: others are sent to sign in first and then come back.
pub(crate) struct SignedIn(pub Session);

impl FromRequestParts<Site> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Refusal> {
        let session = match cookies::token(site, &parts.headers) {
            Some(token) => sessions::find(&site.crm, &token).await?,
            None => None,
        };
        if let Some(session) = session.as_ref().filter(|session| session.leaves_at.is_some()) {
            return Err(Refusal::Leaving(Box::new(session.clone())));
        }
        session.map(Self).ok_or_else(|| {
            let is_page = matches!(parts.method, Method::GET | Method::HEAD);
            let target = parts.uri.path_and_query().map(|target| target.as_str().to_owned());
            Refusal::SignIn(target.filter(|_| is_page))
        })
    }
}
