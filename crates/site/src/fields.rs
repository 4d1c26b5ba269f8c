//! A posted form.

use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, Request},
};
use crm::{idempotency::Once, randomness};
use http::header;

use crate::{Site, pages::Refusal};

/// The most bytes of a form without files.
const MOST: usize = 256 * 1024;
/// The most fields.
const MOST_FIELDS: usize = 2_000;

/// The fields of a form, in the order sent.
pub(crate) struct Fields {
    fields: Vec<(String, String)>,
    body: Bytes,
}

/// The field with a form's token.
const TOKEN: &str = "once";
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What makes a form's second arrival known: a double click, a page loaded again.
pub(crate) fn token(site: &Site) -> String {
    randomness::text(site.crm.random(), LETTERS, 24)
}

impl Fields {
    /// The request that this form is, to take effect once; `None` for a form without a token.
    pub fn once(&self, scope: &str) -> Option<Once> {
        let token = self.get(TOKEN);
        let is_token = token.len() == 24 && token.bytes().all(|byte| LETTERS.contains(&byte));
        is_token.then(|| Once::of_form(scope, token, &self.body))
    }

    /// A field's value, its first where it is there several times; empty where it is not.
    pub fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

impl<S: Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refusal::BadForm);
        }
        let body = to_bytes(request.into_body(), MOST).await.map_err(|_| Refusal::BadForm)?;
        let fields = form_urlencoded::parse(&body).take(MOST_FIELDS + 1);
        let fields = fields.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect::<Vec<_>>();
        if fields.len() > MOST_FIELDS || fields.iter().any(|(_, value)| value.contains('\0')) {
            return Err(Refusal::BadForm);
        }
        Ok(Self { fields, body })
    }
}
