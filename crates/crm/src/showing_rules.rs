//! What holds of the showings of one listing, with the fields and words of the RESO Data Dictionary 2.0.

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error,
    availability::{NOTICE_MINUTES, whole},
    choices::choices,
    error::FieldError,
    ids::ListingId,
    input::max,
    listings,
    values::PhoneNumber,
    weekly_hours::{TypedHours, WeeklyHours},
};

choices! {
    /// Whether a listing is shown (RESO lookup ShowingStatus).
    ShowingsTaken {
        Accepting = "Accepting Requests",
        Restricted = "Restricted Showings",
        OnHold = "On Hold",
        None = "No Showings",
    }

    /// Who is to be asked (RESO lookup ShowingContactType).
    ShowingContactType {
        Agent = "Agent",
        Occupant = "Occupant",
        Owner = "Owner",
        PropertyManager = "Property Manager",
    }

    /// How one gets in (RESO lookup LockBoxType).
    LockBoxType {
        None = "None",
        Combo = "Combo",
        Electronic = "Electronic",
        SentriLock = "SentriLock",
        Supra = "Supra",
        CallListingOffice = "Call Listing Office",
        CallSellerDirect = "Call Seller Direct",
        Other = "Other",
        SeeRemarks = "See Remarks",
    }

    /// What a showing asks for (RESO lookup ShowingRequirements).
    ShowingRequirement {
        AppointmentOnly = "Appointment Only",
        DayNotice = "24 Hour Notice",
        RestrictedHours = "Restricted Hours",
        RegisterAndShow = "Register and Show",
        CallListingAgent = "Call Listing Agent",
        TextListingAgent = "Text Listing Agent",
        EmailListingAgent = "Email Listing Agent",
        CallListingOffice = "Call Listing Office",
        CallOwner = "Call Owner",
        CallTenant = "Call Tenant",
        CallManager = "Call Manager",
        ShowingService = "Showing Service",
        Lockbox = "Lockbox",
        CombinationLockBox = "Combination Lock Box",
        NoLockbox = "No Lockbox",
        KeyInOffice = "Key In Office",
        SecuritySystem = "Security System",
        Occupied = "Occupied",
        DaySleeper = "Day Sleeper",
        Pets = "Pet(s) on Premises",
        NoSign = "No Sign",
        UnderConstruction = "Under Construction",
        ToBeBuilt = "To Be Built",
        SeeRemarks = "See Remarks",
        DoNotShow = "Do Not Show",
    }
}

/// What holds of a listing's showings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowingRules {
    /// Whether it is shown (RESO ShowingStatus).
    pub status: ShowingsTaken,
    /// What a showing asks for (RESO ShowingRequirements).
    pub requirements: Vec<ShowingRequirement>,
    /// Whom to ask (RESO ShowingContactName).
    pub contact_name: Option<String>,
    /// How that one is reached (RESO ShowingContactPhone), as typed.
    pub contact_phone: Option<String>,
    /// Who that is (RESO ShowingContactType).
    pub contact_type: Option<ShowingContactType>,
    /// How one gets in (RESO LockBoxType).
    pub lock_box_type: Option<LockBoxType>,
    /// How long ahead a showing is to be asked for, in minutes; where the agent's notice is longer, that holds.
    pub notice_minutes: i64,
    /// Hours of the listing's own, in the agent's time zone: shown only within them and the agent's.
    pub hours: Option<WeeklyHours>,
}

impl ShowingRules {
    /// Whether showings can be asked for.
    #[must_use]
    pub fn takes_requests(&self) -> bool {
        let is_shown = matches!(self.status, ShowingsTaken::Accepting | ShowingsTaken::Restricted);
        is_shown && !self.requirements.contains(&ShowingRequirement::DoNotShow)
    }
}

impl Default for ShowingRules {
    fn default() -> Self {
        Self {
            status: ShowingsTaken::Accepting,
            requirements: Vec::new(),
            contact_name: None,
            contact_phone: None,
            contact_type: None,
            lock_box_type: None,
            notice_minutes: 0,
            hours: None,
        }
    }
}

/// The same as they are typed; words are those of the lists, or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedRules {
    /// Whether it is shown; empty for yes.
    pub status: String,
    /// What a showing asks for.
    pub requirements: Vec<String>,
    /// Whom to ask.
    pub contact_name: String,
    /// How.
    pub contact_phone: String,
    /// Who that is.
    pub contact_type: String,
    /// How one gets in.
    pub lock_box_type: String,
    /// Minutes; empty for none.
    pub notice_minutes: String,
    /// Hours of the listing's own; none at all for the agent's.
    pub hours: TypedHours,
}

/// The rules of a listing; the default where nothing was said.
///
/// # Errors
/// [`Error::NotFound`] for a listing that is not the agent's.
pub async fn get(crm: &Crm, agent: AgentId, listing: ListingId) -> Result<ShowingRules, Error> {
    crm.db.read("showing_rules.get", move |tx| find(tx, agent, listing)).await
}

/// The rules within a transaction.
pub(crate) fn find(tx: &mut Tx<'_>, agent: AgentId, listing: ListingId) -> Result<ShowingRules, Error> {
    let sql = "SELECT r.status, r.requirements, r.contact_name, r.contact_phone, r.contact_type, r.lock_box_type, r.notice_minutes, r.hours
               FROM listings l LEFT JOIN showing_rules r ON r.agent_id = l.agent_id AND r.listing_id = l.id
               WHERE l.agent_id = $1 AND l.id = $2";
    let found = tx.query_opt(sql, params![&agent, &listing], |row| {
        let Some(status) = row.get::<Option<ShowingsTaken>>(0)? else { return Ok(ShowingRules::default()) };
        Ok(ShowingRules {
            status,
            requirements: row.text(1)?.lines().filter_map(|line| word(line, ShowingRequirement::WORDS)).collect(),
            contact_name: row.get(2)?,
            contact_phone: row.get(3)?,
            contact_type: row.get(4)?,
            lock_box_type: row.get(5)?,
            notice_minutes: row.get(6)?,
            hours: row.get::<Option<String>>(7)?.map(|text| WeeklyHours::decode(&text)).transpose()?,
        })
    })?;
    found.ok_or(Error::NotFound)
}

fn word<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}

/// Puts rules in place of a listing's.
///
/// # Errors
/// [`Error::Invalid`] with every wrong field; [`Error::NotFound`].
pub async fn replace(crm: &Crm, agent: AgentId, listing: ListingId, typed: &TypedRules) -> Result<(), Error> {
    let new = check(typed)?;
    crm.change("showing_rules.replace", agent, move |tx, turn| {
        listings::require(tx, turn.agent, listing)?;
        let requirements = new.requirements.iter().map(|one| one.name()).collect::<Vec<_>>().join("\n");
        tx.execute(
            "INSERT INTO showing_rules (agent_id, listing_id, status, requirements, contact_name, contact_phone, contact_type,
                 lock_box_type, notice_minutes, hours)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (agent_id, listing_id) DO UPDATE SET status = excluded.status, requirements = excluded.requirements,
                 contact_name = excluded.contact_name, contact_phone = excluded.contact_phone, contact_type = excluded.contact_type,
                 lock_box_type = excluded.lock_box_type, notice_minutes = excluded.notice_minutes, hours = excluded.hours",
            params![
                &turn.agent,
                &listing,
                new.status,
                &requirements,
                new.contact_name.as_deref(),
                new.contact_phone.as_deref(),
                new.contact_type.map(ShowingContactType::name),
                new.lock_box_type.map(LockBoxType::name),
                new.notice_minutes,
                new.hours.as_ref().map(WeeklyHours::encode).as_deref()
            ],
        )?;
        Ok(())
    })
    .await
}

/// Erases the rules of a listing that is erased: they name people.
pub(crate) fn erase_of(tx: &mut Tx<'_>, agent: AgentId, listing: &[u8; 16]) -> Result<(), Error> {
    tx.execute("DELETE FROM showing_rules WHERE agent_id = $1 AND listing_id = $2", params![&agent, listing])?;
    Ok(())
}

fn check(typed: &TypedRules) -> Result<ShowingRules, Error> {
    let mut wrong = Vec::new();
    let hours = WeeklyHours::parse(&typed.hours).unwrap_or_else(|days| {
        wrong.extend(days);
        WeeklyHours::default()
    });
    let mut note = |field: &str, message: String| wrong.push(FieldError { field: field.to_owned(), message });
    let status = chosen(&typed.status, ShowingsTaken::WORDS).unwrap_or_else(|message| {
        note("status", message);
        None
    });
    let contact_type = chosen(&typed.contact_type, ShowingContactType::WORDS).unwrap_or_else(|message| {
        note("contactType", message);
        None
    });
    let lock_box_type = chosen(&typed.lock_box_type, LockBoxType::WORDS).unwrap_or_else(|message| {
        note("lockBoxType", message);
        None
    });
    let mut short = |field: &str, text: &str, most: usize| {
        let text = text.trim();
        if text.chars().count() > most {
            note(field, format!("must have at most {most} characters"));
        }
        Some(text.to_owned()).filter(|text| !text.is_empty())
    };
    let contact_name = short("contactName", &typed.contact_name, max::NAME);
    let contact_phone = short("contactPhone", &typed.contact_phone, PhoneNumber::MAX);
    let notice_minutes = match typed.notice_minutes.trim() {
        "" => 0,
        text => whole(text, NOTICE_MINUTES, "minutes").unwrap_or_else(|message| {
            note("noticeMinutes", message);
            0
        }),
    };
    let is_asked = |one: &ShowingRequirement| typed.requirements.iter().any(|word| word == one.name());
    let requirements = ShowingRequirement::WORDS.iter().map(|(_, one)| *one).filter(is_asked).collect::<Vec<_>>();
    if typed.requirements.iter().any(|text| word(text, ShowingRequirement::WORDS).is_none()) {
        note("requirements", String::from("must be chosen from the list"));
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    Ok(ShowingRules {
        status: status.unwrap_or(ShowingsTaken::Accepting),
        requirements,
        contact_name,
        contact_phone,
        contact_type,
        lock_box_type,
        notice_minutes,
        hours: Some(hours).filter(|hours| !hours.is_empty()),
    })
}

/// The word chosen; `None` for none.
fn chosen<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<Option<T>, String> {
    match text {
        "" => Ok(None),
        text => word(text, words).map(Some).ok_or_else(|| String::from("must be chosen from the list")),
    }
}
