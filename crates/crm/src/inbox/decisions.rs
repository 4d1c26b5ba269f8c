//! What becomes of a mail that was read: decided within the transaction that keeps it, so that two of one inquiry make one lead.

use std::time::Duration;

use db::{Tx, params};

use super::{Found, Outcome, Reading, Standing, Tray, Trust, Verdict, keys};
use crate::{
    AgentId, Error,
    fold::fold,
    ids::{self, ClientId, LeadId, NoteId},
    input::max,
    leads::{self, NewLead},
    notes::{self, About},
    tags,
    turns::Turn,
    values::{EmailAddress, PhoneNumber},
};

/// How long an inquiry by the same person about the same property is the same inquiry: a portal and what relays it send both, and
/// people press the button twice.
pub(super) const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// Leads of one person that are looked at.
const NEAR: i64 = 50;
/// What the lead of a mail whose sender was forged is marked with.
pub const UNVERIFIED: &str = "Unverified sender";

/// What a mail came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    pub outcome: Outcome,
    pub tray: Tray,
    pub reason: String,
    pub lead: Option<LeadId>,
    pub client: Option<ClientId>,
}

impl Decision {
    fn of(outcome: Outcome, tray: Tray, reason: impl Into<String>) -> Self {
        Self { outcome, tray, reason: reason.into(), lead: None, client: None }
    }

    fn about(mut self, lead: LeadId) -> Self {
        self.lead = Some(lead);
        self
    }
}

/// Decides, and does it: makes the lead, or adds to the timeline of whom it is from.
pub(super) fn decide(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    reading: &Reading,
    trust: Option<&Trust>,
) -> Result<Decision, Error> {
    let agent = turn.agent;
    if reading.forwarding.is_some() {
        return Ok(Decision::of(Outcome::Ignored, Tray::Confirmation, reading.reason.as_str()));
    }
    let person = Person::of(reading);
    if reading.verdict != Verdict::Ignored
        && let Some(key) = provider_key(reading)
        && let Some(lead) = lead_of_provider(tx, agent, &key)?
    {
        let reason = "The portal sent this inquiry before";
        return Ok(Decision::of(Outcome::Duplicate, Tray::Ignored, reason).about(lead));
    }
    if reading.is_personal
        && !reading.is_automatic
        && let Some(decision) = reply(tx, turn, reading, &person)?
    {
        return Ok(decision);
    }
    match reading.verdict {
        Verdict::Ignored => {
            let mut decision = Decision::of(Outcome::Ignored, Tray::Ignored, reading.reason.as_str());
            decision.lead = person.newest_lead(tx, agent)?;
            Ok(decision)
        }
        Verdict::Review => Ok(Decision::of(Outcome::Review, Tray::Review, reading.reason.as_str())),
        Verdict::Lead => match person.recent_lead(tx, turn, reading)? {
            Some(lead) => {
                add_what_is_new(tx, turn, lead, reading)?;
                let reason = "The same person asked about the same home within a day";
                Ok(Decision::of(Outcome::Duplicate, Tray::Ignored, reason).about(lead))
            }
            None => {
                let lead = leads::insert(tx, turn, &new_lead(reading))?;
                let mut reason = reading.reason.clone();
                if trust.is_some_and(|trust| trust.standing == Standing::Unverified) {
                    tags::put(tx, agent, About::Lead(lead), UNVERIFIED)?;
                    reason = format!("{reason}. Its sender could not be verified");
                }
                Ok(Decision::of(Outcome::Lead, Tray::Lead, reason).about(lead))
            }
        },
    }
}

/// The lead that a reading tells of, cut to what a lead may have.
pub(super) fn new_lead(reading: &Reading) -> NewLead {
    let text = |found: &Option<Found>, most| {
        found.as_ref().map(|found| cut(&found.text, most)).filter(|text| !text.is_empty())
    };
    let email = text(&reading.email, EmailAddress::MAX).and_then(|email| EmailAddress::parse(&email).ok());
    let phone = text(&reading.phone, PhoneNumber::MAX).and_then(|phone| PhoneNumber::parse(&phone).ok());
    let name = text(&reading.name, max::NAME)
        .or_else(|| email.as_ref().map(|email| cut(email.as_str(), max::NAME)))
        .or_else(|| phone.as_ref().map(|phone| phone.as_str().to_owned()));
    NewLead {
        name: name.unwrap_or_else(|| String::from("Somebody")),
        email,
        phone,
        source: text(&reading.source, max::SOURCE).unwrap_or_else(|| String::from("email")),
        property_address: text(&reading.property_address, max::ADDRESS),
        notes: text(&reading.notes, max::NOTES),
    }
}

/// Text as it may be kept: no longer than `most` characters, without what a database does not take, nor white space around it.
pub(super) fn cut(text: &str, most: usize) -> String {
    let kept = text.chars().filter(|letter| *letter != '\0').take(most).collect::<String>();
    kept.trim().to_owned()
}

/// What the portal calls the inquiry.
pub(super) fn provider_key(reading: &Reading) -> Option<String> {
    let id = cut(reading.provider_id.as_deref()?, 200);
    let source = reading.source.as_ref().map_or("", |source| source.text.as_str());
    (!id.is_empty()).then(|| format!("{} {id}", fold(&cut(source, max::SOURCE))))
}

fn lead_of_provider(tx: &mut Tx<'_>, agent: AgentId, key: &str) -> Result<Option<LeadId>, Error> {
    let sql =
        "SELECT lead_id FROM inbound_messages WHERE agent_id = $1 AND provider_key = $2 ORDER BY id DESC LIMIT 20";
    let held = tx.query(sql, params![&agent, key], |row| row.get::<Option<LeadId>>(0))?;
    for lead in held.into_iter().flatten() {
        if leads::exists(tx, agent, lead)? {
            return Ok(Some(lead));
        }
    }
    Ok(None)
}

/// By what a person is known.
pub(super) struct Person {
    pub email_key: Option<String>,
    phone_key: Option<String>,
    name: String,
}

impl Person {
    pub fn of(reading: &Reading) -> Self {
        let new = new_lead(reading);
        Self {
            email_key: new.email.as_ref().map(EmailAddress::key),
            phone_key: new.phone.as_ref().and_then(PhoneNumber::key).filter(|digits| digits.len() >= 7),
            name: fold(&new.name),
        }
    }

    /// The person's last lead.
    fn newest_lead(&self, tx: &mut Tx<'_>, agent: AgentId) -> Result<Option<LeadId>, Error> {
        let Some(key) = &self.email_key else { return Ok(None) };
        let sql = "SELECT id FROM leads WHERE agent_id = $1 AND email_key = $2 ORDER BY id DESC LIMIT 1";
        Ok(tx.query_opt(sql, params![&agent, key], |row| row.get(0))?)
    }

    fn client(&self, tx: &mut Tx<'_>, agent: AgentId) -> Result<Option<ClientId>, Error> {
        let Some(key) = &self.email_key else { return Ok(None) };
        let sql = "SELECT id FROM clients WHERE agent_id = $1 AND email_key = $2";
        Ok(tx.query_opt(sql, params![&agent, key], |row| row.get(0))?)
    }

    /// A lead of the last [`WINDOW`] by this person, about the same home.
    fn recent_lead(&self, tx: &mut Tx<'_>, turn: &Turn, reading: &Reading) -> Result<Option<LeadId>, Error> {
        let (agent, since) = (turn.agent, LeadId(ids::floor(turn.now.minus(WINDOW))));
        let asked = new_lead(reading).property_address;
        let row = |row: &db::Row<'_>| {
            Ok((
                row.get::<LeadId>(0)?,
                row.get::<Option<String>>(1)?,
                row.get::<String>(2)?,
                row.get::<Option<String>>(3)?,
            ))
        };
        let is_same_home = |address: &Option<String>| keys::is_same_property(address.as_deref(), asked.as_deref());
        if let Some(key) = &self.email_key {
            let sql = "SELECT id, property_address, name, email_key FROM leads
                       WHERE agent_id = $1 AND email_key = $2 AND id >= $3 ORDER BY id DESC LIMIT $4";
            let held = tx.query(sql, params![&agent, key, &since, NEAR], row)?;
            if let Some((id, ..)) = held.iter().find(|(_, address, ..)| is_same_home(address)) {
                return Ok(Some(*id));
            }
        }
        if let Some(key) = &self.phone_key {
            let sql = "SELECT id, property_address, name, email_key FROM leads
                       WHERE agent_id = $1 AND phone_key = $2 AND id >= $3 ORDER BY id DESC LIMIT $4";
            let held = tx.query(sql, params![&agent, key, &since, NEAR], row)?;
            // Two people may share a telephone: they differ in name, and each gives an address.
            let is_same = |name: &str, email: &Option<String>| {
                fold(name) == self.name || email.is_none() || self.email_key.is_none()
            };
            let found = held.iter().find(|(_, address, name, email)| is_same_home(address) && is_same(name, email));
            return Ok(found.map(|(id, ..)| *id));
        }
        Ok(None)
    }
}

/// A known person's own mail goes on their timeline; `None` for somebody new.
fn reply(tx: &mut Tx<'_>, turn: &mut Turn, reading: &Reading, person: &Person) -> Result<Option<Decision>, Error> {
    let agent = turn.agent;
    let (lead, client) = (person.newest_lead(tx, agent)?, person.client(tx, agent)?);
    let about = match (lead, client) {
        (Some(lead), _) => About::Lead(lead),
        (None, Some(client)) => About::Client(client),
        (None, None) => return Ok(None),
    };
    put_note(tx, turn, about, reading)?;
    let reason = "A reply from a person you know: it is on their timeline";
    let mut decision = Decision::of(Outcome::Ignored, Tray::Ignored, reason);
    (decision.lead, decision.client) = (lead, if lead.is_some() { None } else { client });
    Ok(Some(decision))
}

/// What the same inquiry says that the lead does not yet.
fn add_what_is_new(tx: &mut Tx<'_>, turn: &mut Turn, lead: LeadId, reading: &Reading) -> Result<(), Error> {
    let Some(said) = new_lead(reading).notes else { return Ok(()) };
    let sql = "SELECT notes FROM leads WHERE agent_id = $1 AND id = $2";
    let held = tx.query_opt(sql, params![&turn.agent, &lead], |row| row.get::<Option<String>>(0))?.flatten();
    if held.is_some_and(|held| fold(&held).contains(&fold(&said))) {
        return Ok(());
    }
    put_note(tx, turn, About::Lead(lead), reading)
}

fn put_note(tx: &mut Tx<'_>, turn: &mut Turn, about: About, reading: &Reading) -> Result<(), Error> {
    let subject = cut(&reading.subject, 500);
    let said = reading.notes.as_ref().map(|said| said.text.trim()).unwrap_or_default();
    let head = if subject.is_empty() { String::from("Mail") } else { format!("Mail: {subject}") };
    let text = if said.is_empty() { head } else { format!("{head}\n\n{said}") };
    let id = NoteId(turn.next_id());
    notes::insert(tx, turn.agent, about, id, &cut(&text, max::NOTES))
}
