//! What holds of a listing's showings: the card on its page, and the form.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use crm::{
    availability::{self, Outside},
    clock::UnixMillis,
    ids::ListingId,
    listings,
    sessions::Session,
    showing_rules::{
        self, LockBoxType, ShowingContactType, ShowingRequirement, ShowingRules, ShowingsTaken, TypedRules,
    },
    slots,
    weekly_hours::span,
};
use http::StatusCode;

use super::{
    availability::{FreeDay, by_day},
    hours::{self, Day, Minutes},
    leads::dialled,
    listing::path,
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::Times,
};

/// Free times that the card names.
const SHOWN: usize = 4;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/dashboard/listings/{id}/showing-rules", get(show).post(save))
}

/// Who lets one in, and how, in words.
pub(super) fn getting_in(rules: &ShowingRules) -> Vec<(&'static str, String)> {
    let requirements = rules.requirements.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
    let told = [
        ("Ask", contact(rules)),
        ("Phone", rules.contact_phone.clone()),
        ("Lockbox", rules.lock_box_type.map(|one| one.name().to_owned())),
        ("Requirements", Some(requirements).filter(|text| !text.is_empty())),
    ];
    told.into_iter().filter_map(|(label, text)| text.map(|text| (label, text))).collect()
}

fn contact(rules: &ShowingRules) -> Option<String> {
    match (&rules.contact_name, rules.contact_type.map(ShowingContactType::name)) {
        (Some(name), Some(role)) => Some(format!("{name} ({})", role.to_lowercase())),
        (Some(name), None) => Some(name.clone()),
        (None, role) => role.map(str::to_owned),
    }
}

/// The card on a listing's page.
pub(super) struct Card {
    pub status: &'static str,
    pub tone: &'static str,
    pub requirements: Vec<&'static str>,
    pub contact: Option<String>,
    pub contact_phone: Option<String>,
    /// The digits of the phone number.
    pub dialled: String,
    pub lock_box: Option<&'static str>,
    pub notice: Option<String>,
    pub hours: Vec<(String, String)>,
    /// What to know of these hours where they are not all within the agent's.
    pub outside: Option<&'static str>,
    pub free: Vec<FreeDay>,
}

impl Card {
    pub async fn read(site: &Site, session: &Session, id: ListingId, now: UnixMillis) -> Result<Self, Refusal> {
        let rules = showing_rules::get(&site.crm, session.agent, id).await?;
        let free = slots::free(&site.crm, session.agent, id, now, SHOWN).await?;
        Ok(Self {
            status: rules.status.name(),
            tone: match rules.status {
                ShowingsTaken::Accepting => " good",
                ShowingsTaken::Restricted => " busy",
                ShowingsTaken::OnHold | ShowingsTaken::None => " bad",
            },
            requirements: rules.requirements.iter().map(|one| one.name()).collect(),
            contact: contact(&rules),
            dialled: rules.contact_phone.as_deref().map(dialled).unwrap_or_default(),
            lock_box: rules.lock_box_type.map(LockBoxType::name),
            notice: Some(rules.notice_minutes).filter(|minutes| *minutes > 0).map(span),
            hours: rules.hours.as_ref().map(hours::words).unwrap_or_default(),
            outside: match availability::outside(&site.crm, session.agent, rules.hours.as_ref()).await? {
                Outside::Nothing => None,
                Outside::Part => Some(
                    "Part of its hours lie outside of yours: then nothing can be asked for. Change them, or your availability.",
                ),
                Outside::All => Some(
                    "All of its hours lie outside of yours: nothing can be asked for. Change them, or your availability.",
                ),
            },
            free: by_day(free, &Times::of(&session.time_zone)),
            contact_phone: rules.contact_phone,
        })
    }
}

/// A word to choose.
struct Choice {
    word: &'static str,
    /// What it means, where that is not plain.
    hint: &'static str,
    is_chosen: bool,
}

fn choices<T>(words: &[(&'static str, T)], is_chosen: impl Fn(&str) -> bool) -> Vec<Choice> {
    let choices = words.iter().map(|(word, _)| Choice {
        word,
        hint: match *word {
            "Accepting Requests" => "Clients ask, you confirm.",
            "Restricted Showings" => "The same; what restricts it stands below.",
            "On Hold" => "No requests for now.",
            "No Showings" => "No requests at all.",
            _ => "",
        },
        is_chosen: is_chosen(word),
    });
    choices.collect()
}

#[derive(Template)]
#[template(path = "dashboard/showing_rules.html")]
struct Form {
    shell: Shell,
    path: String,
    address: String,
    zone: String,
    statuses: Vec<Choice>,
    requirements: Vec<Choice>,
    contact_types: Vec<Choice>,
    lock_boxes: Vec<Choice>,
    notices: Vec<Minutes>,
    days: Vec<Day>,
    /// Whether any are typed.
    has_hours: bool,
    typed: TypedRules,
    wrong: Wrong,
}

impl Form {
    async fn with(
        site: &Site,
        session: &Session,
        id: ListingId,
        typed: TypedRules,
        wrong: Wrong,
    ) -> Result<Self, Refusal> {
        let listing = listings::get(&site.crm, session.agent, id).await?;
        let status = if typed.status.is_empty() { ShowingsTaken::Accepting.name() } else { &typed.status };
        Ok(Self {
            shell: Shell::new(session, Place::Listings),
            path: path(id),
            address: listing.address,
            zone: session.time_zone.clone(),
            statuses: choices(ShowingsTaken::WORDS, |word| word == status),
            requirements: choices(ShowingRequirement::WORDS, |word| typed.requirements.iter().any(|one| one == word)),
            contact_types: choices(ShowingContactType::WORDS, |word| word == typed.contact_type),
            lock_boxes: choices(LockBoxType::WORDS, |word| word == typed.lock_box_type),
            notices: hours::minutes(&[0, 30, 60, 120, 240, 720, 1440, 2880, 4320], &typed.notice_minutes, "As for all"),
            days: hours::days(&typed.hours, &wrong),
            has_hours: typed.hours.iter().any(|spans| !spans.is_empty()),
            typed,
            wrong,
        })
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
) -> Result<Response, Refusal> {
    let held = showing_rules::get(&site.crm, session.agent, id).await?;
    let typed = TypedRules {
        status: held.status.name().to_owned(),
        requirements: held.requirements.iter().map(|one| one.name().to_owned()).collect(),
        contact_name: held.contact_name.unwrap_or_default(),
        contact_phone: held.contact_phone.unwrap_or_default(),
        contact_type: held.contact_type.map(|one| one.name().to_owned()).unwrap_or_default(),
        lock_box_type: held.lock_box_type.map(|one| one.name().to_owned()).unwrap_or_default(),
        notice_minutes: held.notice_minutes.to_string(),
        hours: held.hours.map(|hours| hours.typed()).unwrap_or_default(),
    };
    Ok(ok(&Form::with(&site, &session, id, typed, Wrong::default()).await?))
}

async fn save(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let field = |name| fields.get(name).to_owned();
    let typed = TypedRules {
        status: field("status"),
        requirements: fields.all("requirement").map(str::to_owned).collect(),
        contact_name: field("contactName"),
        contact_phone: field("contactPhone"),
        contact_type: field("contactType"),
        lock_box_type: field("lockBoxType"),
        notice_minutes: field("noticeMinutes"),
        hours: hours::read(&fields),
    };
    match showing_rules::replace(&site.crm, session.agent, id, &typed).await {
        Ok(()) => Ok(see_other(&format!("{}?done=showing-rules-saved#showing-rules", path(id)))),
        Err(error) => {
            let form = Form::with(&site, &session, id, typed, Wrong::of(error)?).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}
