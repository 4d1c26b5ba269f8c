//! Inquiries from the agent's website: the contact form, a question about a listing, a home to be valued, a guide. Each becomes a lead, with
//! where it came from and what was agreed to beside it.
//!
//! Spam is kept out without puzzles, and nothing is refused for looking like it. What is doubtful is kept and marked; what is spam as
//! far as anybody can tell is kept as junk, and `lead.created` waits until the agent says otherwise. No network address is stored.

mod acknowledgements;
mod doubts;
mod downloads;
pub mod form_tokens;
mod origins;
mod other_sites;
mod posts;

use std::{net::IpAddr, time::Duration};

use db::{Row, Tx, params};
use serde::{Deserialize, Serialize};

pub use self::{
    acknowledgements::MOST_A_DAY,
    doubts::Doubt,
    downloads::{Download, LASTS as DOWNLOAD_LASTS, find_download, link as download_link, take_download},
    origins::{DIRECT, origin_of},
    other_sites::{MOST as MOST_SITES, is_of_other_site, other_sites, set_other_sites},
    posts::MOST as MOST_POSTS,
};
pub(crate) use self::{acknowledgements::prune as prune_acknowledgements, posts::Posts};
use crate::{
    AgentId, Crm, Error,
    choices::choices,
    clock::UnixMillis,
    guide_leads,
    guides::{self, SOURCE as GUIDE_SOURCE},
    idempotency::Once,
    ids::{GuideId, LeadId, ListingId},
    input::max,
    leads::{self, JUNK, NewLead, STATUSES},
    listings,
    values::{EmailAddress, PhoneNumber},
};
use form_tokens::Told;

/// The source of the leads of the website's forms, but for guides.
pub const SOURCE: &str = "website";
/// The most characters of a message.
pub const LONGEST_MESSAGE: usize = 5_000;
/// The most characters of an address that is kept: of a page, of a referrer.
const LONGEST_URL: usize = 1_000;
/// The most characters of a campaign's parameter.
const LONGEST_PARAMETER: usize = 100;
/// The parameters of a campaign that are kept.
pub const CAMPAIGN: [&str; 5] = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"];
/// Doubtful inquiries that are listed at once.
pub const LISTED: i64 = 50;

choices! {
    /// Which form it is.
    InquiryKind {
        Contact = "contact",
        Question = "question",
        Valuation = "valuation",
        Guide = "guide",
    }
}

/// What is asked, and about what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Whatever the visitor writes.
    Contact,
    /// A listing of the agent's.
    Question(ListingId),
    /// What a home is worth.
    Valuation,
    /// The published guide of a slug.
    Guide(String),
}

impl Subject {
    /// Which form it is.
    #[must_use]
    pub fn kind(&self) -> InquiryKind {
        match self {
            Self::Contact => InquiryKind::Contact,
            Self::Question(_) => InquiryKind::Question,
            Self::Valuation => InquiryKind::Valuation,
            Self::Guide(_) => InquiryKind::Guide,
        }
    }

    /// The name of its form in a page of a language, which its token is bound to.
    #[must_use]
    pub fn form(&self, language: &str) -> String {
        let about = match self {
            Self::Question(listing) => listing.to_string(),
            Self::Guide(slug) => slug.clone(),
            Self::Contact | Self::Valuation => String::new(),
        };
        format!("{} {language} {about}", self.kind().name())
    }
}

/// What is typed into a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// The visitor's name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their phone number.
    pub phone: String,
    /// The address of their home, for a valuation.
    pub address: String,
    /// What they write.
    pub message: String,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is needed.
    Missing,
    /// It or the phone number is needed: the agent could not answer.
    NoReach,
    /// It is no e-mail address.
    NotAnAddress,
    /// It has more characters than this.
    TooLong(usize),
}

/// Where an inquiry comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The path of the page with the form, or the address of another site's.
    pub page: Option<String>,
    /// The address from which the visitor had come to the site.
    pub referrer: Option<String>,
    /// The parameters of a campaign, each one of [`CAMPAIGN`].
    pub campaign: Vec<(String, String)>,
}

impl Arrival {
    fn bounded(self) -> Self {
        let cut = |text: String, most: usize| {
            text.chars().filter(|letter| !letter.is_control()).take(most).collect::<String>()
        };
        let is_kept = |name: &String| CAMPAIGN.contains(&name.as_str());
        let campaign = self.campaign.into_iter().filter(|(name, value)| is_kept(name) && !value.trim().is_empty());
        Self {
            page: self.page.map(|page| cut(page, LONGEST_URL)),
            referrer: self.referrer.map(|referrer| cut(referrer, LONGEST_URL)),
            campaign: campaign
                .take(CAMPAIGN.len())
                .map(|(name, value)| (name, cut(value, LONGEST_PARAMETER)))
                .collect(),
        }
    }

    /// What it is counted under.
    #[must_use]
    pub fn origin(&self) -> String {
        let source = self.campaign.iter().find(|(name, _)| name == CAMPAIGN[0]).map(|(_, value)| value.as_str());
        origin_of(source, self.referrer.as_deref())
    }
}

/// A form as it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What is asked.
    pub subject: Subject,
    /// What was typed.
    pub typed: Typed,
    /// Where it comes from.
    pub arrival: Arrival,
    /// The tag of the language of the page.
    pub language: String,
    /// The words beside the button that tell what is agreed to. They count where the token says that our page showed them.
    pub consent: String,
    /// The form's token; blank for none.
    pub token: String,
    /// What stands in the field that nobody sees.
    pub trap: String,
    /// Whether a page of one of the agent's other sites sent it.
    pub is_from_own_site: bool,
    /// The network address that sent it; it is not kept.
    pub address: IpAddr,
}

/// The outcome of [`receive`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The new lead.
    pub lead: LeadId,
    /// The guide that was asked for.
    pub guide: Option<GuideId>,
}

/// Why an inquiry is not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Fields are wrong.
    Wrong(Vec<(&'static str, Fault)>),
    /// The use case did nothing.
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Counts a form that comes from a network address, before anything else is done with it.
///
/// # Errors
/// With how long to wait, past [`MOST_POSTS`] in a minute.
pub fn admit(crm: &Crm, address: IpAddr) -> Result<(), Duration> {
    crm.posts.admit(crm, address)
}

/// What was typed, checked.
struct Checked {
    name: String,
    email: Option<EmailAddress>,
    phone: Option<PhoneNumber>,
    address: Option<String>,
    message: Option<String>,
}

fn check(kind: InquiryKind, typed: &Typed) -> Result<Checked, Refused> {
    let mut wrong = Vec::new();
    let mut text = |field: &'static str, text: &str, most: usize| {
        let text = text.trim();
        if text.chars().nth(most).is_some() {
            wrong.push((field, Fault::TooLong(most)));
        }
        Some(text.to_owned()).filter(|text| !text.is_empty())
    };
    let name = text("name", &typed.name, max::NAME);
    let email = text("email", &typed.email, EmailAddress::MAX);
    let phone = text("phone", &typed.phone, PhoneNumber::MAX);
    let address = text("address", &typed.address, max::ADDRESS);
    let message = text("message", &typed.message, LONGEST_MESSAGE);
    if name.is_none() {
        wrong.push(("name", Fault::Missing));
    }
    let parsed = email.as_deref().map(EmailAddress::parse);
    match (&parsed, &phone) {
        (Some(Err(_)), _) if !wrong.iter().any(|(field, _)| *field == "email") => {
            wrong.push(("email", Fault::NotAnAddress));
        }
        // The guide goes there.
        (None, _) if kind == InquiryKind::Guide => wrong.push(("email", Fault::Missing)),
        (None, None) => wrong.push(("email", Fault::NoReach)),
        _ => {}
    }
    if kind == InquiryKind::Valuation && address.is_none() {
        wrong.push(("address", Fault::Missing));
    }
    match name {
        Some(name) if wrong.is_empty() => Ok(Checked {
            name,
            email: parsed.and_then(Result::ok),
            phone: phone.as_deref().and_then(|phone| PhoneNumber::parse(phone).ok()),
            address: address.filter(|_| kind == InquiryKind::Valuation),
            message,
        }),
        _ => Err(Refused::Wrong(wrong)),
    }
}

/// Takes an inquiry in: a lead, with what it brought along, and an acknowledgement to the visitor. The same form with the same words
/// again, within a day, is the same inquiry. What is doubtful is taken in as well, and marked.
///
/// # Errors
/// [`Refused::Wrong`] with every wrong field; [`Error::NotFound`] where the listing or guide is not there for everybody; storage's errors.
pub async fn receive(crm: &Crm, agent: AgentId, sent: Sent) -> Result<Received, Refused> {
    let kind = sent.subject.kind();
    let checked = check(kind, &sent.typed)?;
    let Sent { subject, typed, arrival, language, consent, token, trap, is_from_own_site, address } = sent;
    let told = form_tokens::read(crm, agent, &subject.form(&language), &token);
    let doubts = doubts::about(&doubts::Judged {
        token: &told,
        is_from_own_site,
        trap: &trap,
        name: &checked.name,
        message: checked.message.as_deref().unwrap_or_default(),
        before: crm.posts.inquiries(crm, address),
    });
    let is_held = doubts::is_spam(&doubts);
    let (nonce, is_shown) = match &told {
        Told::Shown { nonce, .. } => (nonce.as_str(), true),
        Told::Missing | Told::Forged => ("none", false),
    };
    // What was typed counts too: a page that a cache handed to two visitors has one token.
    let words = [&typed.name, &typed.email, &typed.phone, &typed.address, &typed.message].map(|text| text.trim());
    let body = format!("{subject:?}\n{words:?}");
    let once = Once::of_form("website", nonce, body.as_bytes());
    let arrival = arrival.bounded();
    let state = crm.clone();
    let received = crm.change_once("leads.receive", agent, Some(once), move |tx, turn| {
        let Checked { name, email, phone, address, message } = &checked;
        let (listing, guide) = match &subject {
            Subject::Question(listing) => (Some(listings::find_shown(tx, agent, *listing)?), None),
            Subject::Guide(slug) => (None, Some(guides::find_by_slug(tx, agent, slug)?)),
            Subject::Contact | Subject::Valuation => (None, None),
        };
        let new = NewLead {
            name: name.clone(),
            email: email.clone(),
            phone: phone.clone(),
            source: if guide.is_some() { GUIDE_SOURCE } else { SOURCE }.to_owned(),
            property_address: listing.as_ref().map(|listing| listing.address.clone()).or_else(|| address.clone()),
            notes: message.clone(),
        };
        let lead = if is_held { leads::insert_held(tx, turn, &new)? } else { leads::insert(tx, turn, &new)? };
        if let Some(guide) = &guide {
            guide_leads::note(tx, agent, lead, guide.id)?;
        }
        let inquiry = Inquiry {
            lead,
            kind,
            language: language.clone(),
            arrival: arrival.clone(),
            consent: is_shown.then(|| (consent.clone(), turn.now)),
            listing: listing.as_ref().map(|listing| listing.id),
            doubts: doubts.clone(),
            standing: if doubts.is_empty() { Standing::Fine } else { Standing::Doubtful },
            is_held,
        };
        store(tx, agent, &inquiry)?;
        // What is held is told to nobody, and least of all to whom a program named.
        if let (Some(email), false) = (email, is_held) {
            let about = acknowledgements::About {
                lead,
                kind,
                language: &language,
                listing: listing.as_ref(),
                guide: guide.as_ref(),
            };
            acknowledgements::queue(tx, &state, agent, email, &about)?;
        }
        Ok(Received { lead, guide: guide.map(|guide| guide.id) })
    });
    let received = received.await?;
    if !received.is_replayed {
        crm.posts.note(crm, address);
        crm.mail_is_queued();
    }
    Ok(received.value)
}

/// How it stands with an inquiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is doubtful.
    Fine,
    /// It is doubtful, and nobody has looked at it.
    Doubtful,
    /// The agent found that it is fine.
    Good,
    /// The agent found that it is junk.
    Junk,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Fine, Self::Doubtful, Self::Good, Self::Junk];

    fn number(self) -> i64 {
        Self::ALL.iter().zip(0..).find(|(standing, _)| **standing == self).map_or(0, |(_, number)| number)
    }

    fn of(number: i64) -> Self {
        usize::try_from(number).ok().and_then(|number| Self::ALL.get(number)).copied().unwrap_or(Self::Fine)
    }
}

/// What a lead from the website brought along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// The lead; it holds when.
    pub lead: LeadId,
    /// Which form it was.
    pub kind: InquiryKind,
    /// The tag of the language of the page.
    pub language: String,
    /// Where it came from.
    pub arrival: Arrival,
    /// The words that were agreed to, and when.
    pub consent: Option<(String, UnixMillis)>,
    /// The listing that was asked about.
    pub listing: Option<ListingId>,
    /// What is doubtful about it.
    pub doubts: Vec<Doubt>,
    /// How it stands with it.
    pub standing: Standing,
    /// Whether nobody was told of it.
    pub is_held: bool,
}

fn store(tx: &mut Tx<'_>, agent: AgentId, inquiry: &Inquiry) -> Result<(), Error> {
    let lines = |pairs: &[(String, String)]| {
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
    };
    let campaign = Some(lines(&inquiry.arrival.campaign)).filter(|text| !text.is_empty());
    let doubts = inquiry.doubts.iter().map(|doubt| doubt.name()).collect::<Vec<_>>().join("\n");
    tx.execute(
        "INSERT INTO website_inquiries (agent_id, lead_id, kind, language, page, referrer, campaign, origin, consent, consented_at,
             listing_id, doubts, standing, is_held)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            &agent,
            &inquiry.lead,
            inquiry.kind,
            &inquiry.language,
            inquiry.arrival.page.as_deref(),
            inquiry.arrival.referrer.as_deref(),
            campaign.as_deref(),
            &inquiry.arrival.origin(),
            inquiry.consent.as_ref().map(|(text, _)| text.as_str()),
            inquiry.consent.as_ref().map(|(_, at)| at.0),
            inquiry.listing.as_ref().map(|listing| &listing.0),
            &doubts,
            inquiry.standing.number(),
            i64::from(inquiry.is_held)
        ],
    )?;
    Ok(())
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT i.lead_id, i.kind, i.language, i.page, i.referrer, i.campaign, i.consent, i.consented_at, i.listing_id, i.doubts,
                 i.standing, i.is_held FROM website_inquiries i",
            $rest
        )
    };
}

fn from_row(row: &Row<'_>) -> Result<Inquiry, db::DbError> {
    let campaign = row.get::<Option<String>>(5)?.unwrap_or_default();
    let campaign = campaign.lines().filter_map(|line| line.split_once('='));
    let doubts = row.get::<String>(9)?;
    let known = |word: &str| Doubt::WORDS.iter().find(|(known, _)| *known == word).map(|(_, doubt)| *doubt);
    Ok(Inquiry {
        lead: row.get(0)?,
        kind: row.get(1)?,
        language: row.get(2)?,
        arrival: Arrival {
            page: row.get(3)?,
            referrer: row.get(4)?,
            campaign: campaign.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        },
        consent: row.get::<Option<String>>(6)?.zip(row.get::<Option<i64>>(7)?.map(UnixMillis)),
        listing: row.get::<Option<[u8; 16]>>(8)?.map(ListingId),
        doubts: doubts.lines().filter_map(known).collect(),
        standing: Standing::of(row.get(10)?),
        is_held: row.get::<i64>(11)? != 0,
    })
}

/// What these leads brought along; nothing for those that came in otherwise.
///
/// # Errors
/// Storage's errors.
pub async fn of(crm: &Crm, agent: AgentId, leads: Vec<LeadId>) -> Result<Vec<Inquiry>, Error> {
    crm.db
        .read("inquiries.of", move |tx| {
            let mut found = Vec::new();
            for lead in &leads {
                let sql = select!(" WHERE i.agent_id = $1 AND i.lead_id = $2");
                found.extend(tx.query_opt(sql, params![&agent, lead], from_row)?);
            }
            Ok::<_, Error>(found)
        })
        .await
}

/// Doubtful inquiries that nobody has looked at, the newest first: [`LISTED`] at most. Those of deleted leads are not among them.
///
/// # Errors
/// Storage's errors.
pub async fn doubtful(crm: &Crm, agent: AgentId) -> Result<Vec<(leads::Lead, Inquiry)>, Error> {
    crm.db
        .read("inquiries.doubtful", move |tx| {
            let sql = select!(
                " JOIN leads l ON l.agent_id = i.agent_id AND l.id = i.lead_id
                  WHERE i.agent_id = $1 AND i.standing = $2 ORDER BY i.lead_id DESC LIMIT $3"
            );
            let values = params![&agent, Standing::Doubtful.number(), LISTED];
            let found = tx.query(sql, values, from_row)?;
            let with_lead = |inquiry: Inquiry| Ok((leads::find(tx, agent, inquiry.lead)?, inquiry));
            found.into_iter().map(with_lead).collect::<Result<Vec<_>, Error>>()
        })
        .await
}

/// How many of them there are, to [`LISTED`].
///
/// # Errors
/// Storage's errors.
pub async fn count_doubtful(crm: &Crm, agent: AgentId) -> Result<usize, Error> {
    crm.db
        .read("inquiries.count_doubtful", move |tx| {
            let sql = "SELECT 1 FROM website_inquiries i JOIN leads l ON l.agent_id = i.agent_id AND l.id = i.lead_id
                       WHERE i.agent_id = $1 AND i.standing = $2 LIMIT $3";
            Ok(tx.query(sql, params![&agent, Standing::Doubtful.number(), LISTED], |_| Ok(()))?.len())
        })
        .await
}

/// What the agent found a doubtful inquiry to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A person wrote it.
    Good,
    /// It is junk.
    Junk,
}

/// Takes down what the agent found. A good one that counted as junk is a new lead; if it was held, `lead.created` is raised now.
///
/// # Errors
/// [`Error::NotFound`] where the lead is not there, or is not from the website.
pub async fn judge(crm: &Crm, agent: AgentId, id: LeadId, finding: Finding) -> Result<(), Error> {
    crm.change("leads.judge", agent, move |tx, turn| {
        let sql = "SELECT 1 FROM website_inquiries WHERE agent_id = $1 AND lead_id = $2";
        tx.query_opt(sql, params![&agent, &id], |_| Ok(()))?.ok_or(Error::NotFound)?;
        let old = leads::find(tx, agent, id)?;
        let status = match finding {
            Finding::Good if old.status == JUNK => STATUSES[0],
            Finding::Good => old.status.as_str(),
            Finding::Junk => JUNK,
        };
        leads::replace(tx, turn, &old, leads::Lead { status: status.to_owned(), ..old.clone() })?;
        set_standing(tx, agent, id, if finding == Finding::Good { Standing::Good } else { Standing::Junk })
    })
    .await
}

fn set_standing(tx: &mut Tx<'_>, agent: AgentId, lead: LeadId, standing: Standing) -> Result<(), Error> {
    let sql = "UPDATE website_inquiries SET standing = $3 WHERE agent_id = $1 AND lead_id = $2 AND standing <> 0";
    tx.execute(sql, params![&agent, &lead, standing.number()])?;
    Ok(())
}

/// Takes down what a new status says of a lead's inquiry. Whether it was held until now, and is to be told.
pub(crate) fn settle(tx: &mut Tx<'_>, agent: AgentId, lead: LeadId, is_junk: bool) -> Result<bool, Error> {
    set_standing(tx, agent, lead, if is_junk { Standing::Junk } else { Standing::Good })?;
    if is_junk {
        return Ok(false);
    }
    let sql = "UPDATE website_inquiries SET is_held = 0 WHERE agent_id = $1 AND lead_id = $2 AND is_held = 1";
    Ok(tx.execute(sql, params![&agent, &lead])? > 0)
}

/// Forgets what an erased lead brought along, and those that were merged into it.
pub(crate) fn erase(tx: &mut Tx<'_>, agent: AgentId, lead: &[u8; 16]) -> Result<(), Error> {
    let sql = "DELETE FROM website_inquiries WHERE agent_id = $1 AND lead_id IN
                   (SELECT id FROM inquiries WHERE agent_id = $1 AND lead_id = $2)";
    tx.execute(sql, params![&agent, lead])?;
    tx.execute("DELETE FROM website_inquiries WHERE agent_id = $1 AND lead_id = $2", params![&agent, lead])?;
    Ok(())
}
