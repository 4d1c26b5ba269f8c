//! Settings → Website forms: on which other sites the forms may stand, and what to paste there.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use crm::{
    guides::{self, GuideStatus},
    inquiries,
    sessions::Session,
};
use http::StatusCode;

use super::shell::{Place, Shell};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
};

const PATH: &str = "/dashboard/settings/website-forms";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(save))
}

/// A form to be pasted into another page.
struct Snippet {
    id: &'static str,
    title: String,
    text: String,
}

#[derive(Template)]
#[template(path = "dashboard/website_forms.html")]
struct Settings {
    shell: Shell,
    origins: String,
    has_sites: bool,
    wrong: Wrong,
    snippets: Vec<Snippet>,
    /// Addresses of the forms themselves: what it is, and where.
    links: Vec<(String, String)>,
}

impl Settings {
    async fn read(
        site: &Site,
        session: &Session,
        shell: Shell,
        typed: Option<&str>,
        wrong: Wrong,
    ) -> Result<Self, Refusal> {
        let held = inquiries::other_sites(&site.crm, session.agent).await?;
        let base = format!("{}/a/{}", site.public_url, session.slug);
        let first = held.first().cloned().unwrap_or_else(|| String::from("https://www.example.com"));
        let framed = |id, title: &str, form: &str| Snippet {
            id,
            title: title.to_owned(),
            text: format!(
                "<iframe src=\"{base}/embed/{form}\" title=\"{title}\" style=\"width:100%;min-height:46rem;border:0\" loading=\"lazy\"></iframe>"
            ),
        };
        let mut snippets = vec![
            framed("snippet-contact", "Contact form", "contact"),
            framed("snippet-valuation", "Home valuation", "valuation"),
        ];
        let guides = guides::list(&site.crm, session.agent).await?;
        let guide = guides.iter().find(|guide| guide.status == GuideStatus::Published);
        if let Some(guide) = guide {
            snippets.push(framed("snippet-guide", "Guide", &format!("guides/{}", guide.slug)));
        }
        snippets.push(Snippet {
            id: "snippet-plain",
            title: String::from("A form of your own"),
            text: plain(&base, &first),
        });
        let mut links = vec![
            (String::from("Contact"), format!("{base}/contact")),
            (String::from("Home valuation"), format!("{base}/valuation")),
        ];
        links.extend(guide.map(|guide| (format!("Guide: {}", guide.title), format!("{base}/guides/{}", guide.slug))));
        Ok(Self {
            shell,
            has_sites: !held.is_empty(),
            origins: typed.map_or_else(|| held.join("\n"), str::to_owned),
            wrong,
            snippets,
            links,
        })
    }
}

/// A form in plain HTML that sends itself here and leads back.
fn plain(base: &str, site: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{base}/contact\">\n\
         \x20 <label>Your name <input name=\"name\" required maxlength=\"200\" autocomplete=\"name\"></label>\n\
         \x20 <label>E-mail <input name=\"email\" type=\"email\" maxlength=\"254\" autocomplete=\"email\"></label>\n\
         \x20 <label>Phone <input name=\"phone\" type=\"tel\" maxlength=\"64\" autocomplete=\"tel\"></label>\n\
         \x20 <label>Message <textarea name=\"message\" maxlength=\"5000\"></textarea></label>\n\
         \x20 <input type=\"hidden\" name=\"return\" value=\"{site}/thank-you\">\n\
         \x20 <button>Send</button>\n\
         </form>"
    )
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Account).saying(query.get("done").map(String::as_str));
    Ok(ok(&Settings::read(&site, &session, shell, None, Wrong::default()).await?))
}

async fn save(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let typed = fields.get("origins");
    match inquiries::set_other_sites(&site.crm, session.agent, typed).await {
        Ok(()) => Ok(see_other(&format!("{PATH}?done=forms-saved"))),
        Err(error) => {
            let (wrong, shell) = (Wrong::of(error)?, Shell::new(&session, Place::Account));
            let settings = Settings::read(&site, &session, shell, Some(typed), wrong).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &settings))
        }
    }
}
