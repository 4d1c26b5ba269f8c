//! What an agent says of themselves: name, licence, brokerage, how they are reached, in which languages and where they work.

use db::{Tx, params};
use serde::Serialize;

use crate::{AgentId, Crm, Error, agents, brand::Color, error::FieldError, input::max, values::PhoneNumber};

/// The most languages or service areas.
const MOST_LINES: usize = 50;

/// What an agent says of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The name.
    pub name: String,
    /// IANA name of the time zone.
    pub time_zone: String,
    /// The licence, as it is to be shown.
    pub licence: Option<String>,
    /// Whom the agent works with.
    pub brokerage: Option<String>,
    /// The phone number, as typed.
    pub phone: Option<String>,
    /// Languages that the agent speaks.
    pub languages: Vec<String>,
    /// Where the agent works.
    pub service_areas: Vec<String>,
    /// The agent's own colour: six hexadecimal digits.
    pub brand: Option<String>,
}

/// The same as it is typed: lists have one entry a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedProfile {
    /// The name.
    pub name: String,
    /// IANA name of the time zone.
    pub time_zone: String,
    /// The licence.
    pub licence: String,
    /// Whom the agent works with.
    pub brokerage: String,
    /// The phone number.
    pub phone: String,
    /// Languages, one a line.
    pub languages: String,
    /// Service areas, one a line.
    pub service_areas: String,
    /// The colour; empty for the product's own.
    pub brand: String,
}

/// The profile of an agent.
///
/// # Errors
/// [`Error::NotFound`] when there is no such agent.
pub async fn get(crm: &Crm, agent: AgentId) -> Result<Profile, Error> {
    crm.db.read("profiles.get", move |tx| read(tx, agent)).await
}

/// The profile of an agent, within a transaction.
pub(crate) fn read(tx: &mut Tx<'_>, agent: AgentId) -> Result<Profile, Error> {
    let sql = "SELECT a.name, a.time_zone, p.licence, p.brokerage, p.phone, p.languages, p.service_areas, p.brand
               FROM agents a LEFT JOIN profiles p ON p.agent_id = a.id WHERE a.id = $1";
    let lines = |text: Option<String>| text.unwrap_or_default().lines().map(str::to_owned).collect();
    let profile = tx.query_opt(sql, params![&agent], |row| {
        Ok(Profile {
            name: row.get(0)?,
            time_zone: row.get(1)?,
            licence: row.get(2)?,
            brokerage: row.get(3)?,
            phone: row.get(4)?,
            languages: lines(row.get(5)?),
            service_areas: lines(row.get(6)?),
            brand: row.get(7)?,
        })
    })?;
    profile.ok_or(Error::NotFound)
}

/// Puts a profile in place of an agent's.
///
/// # Errors
/// [`Error::Invalid`] with every wrong field.
pub async fn replace(crm: &Crm, agent: AgentId, typed: &TypedProfile) -> Result<(), Error> {
    let new = check(typed)?;
    crm.change("profiles.replace", agent, move |tx, turn| {
        let sql = "UPDATE agents SET name = $2, time_zone = $3 WHERE id = $1";
        tx.execute(sql, params![&turn.agent, &new.name, &new.time_zone])?;
        tx.execute(
            "INSERT INTO profiles (agent_id, licence, brokerage, phone, languages, service_areas, brand)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (agent_id) DO UPDATE SET licence = excluded.licence, brokerage = excluded.brokerage,
                 phone = excluded.phone, languages = excluded.languages, service_areas = excluded.service_areas,
                 brand = excluded.brand",
            params![
                &turn.agent,
                new.licence.as_deref(),
                new.brokerage.as_deref(),
                new.phone.as_deref(),
                &new.languages.join("\n"),
                &new.service_areas.join("\n"),
                new.brand.as_deref()
            ],
        )?;
        Ok(())
    })
    .await
}

/// Names of time zones to choose from.
#[must_use]
pub fn time_zones() -> Vec<String> {
    let names = jiff::tz::db().available().map(|name| name.to_string());
    let mut names = names.filter(|name| name == "UTC" || name.contains('/')).collect::<Vec<_>>();
    names.retain(|name| !["Etc/", "SystemV/", "posix/", "right/"].iter().any(|prefix| name.starts_with(prefix)));
    names.sort();
    names.dedup();
    names
}

fn check(typed: &TypedProfile) -> Result<Profile, Error> {
    let mut wrong = Vec::new();
    let mut note = |field: &str, message: String| wrong.push(FieldError { field: field.to_owned(), message });
    let mut short = |field: &str, text: &str, most: usize| {
        let text = text.trim();
        if text.chars().count() > most {
            note(field, format!("must have at most {most} characters"));
        }
        Some(text.to_owned()).filter(|text| !text.is_empty())
    };
    let licence = short("licence", &typed.licence, max::SHORT);
    let brokerage = short("brokerage", &typed.brokerage, max::NAME);
    let phone = short("phone", &typed.phone, PhoneNumber::MAX);
    let mut lines = |field: &str, text: &str| {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut kept = Vec::<String>::new();
        for line in lines {
            if !kept.iter().any(|known| known == line) {
                kept.push(line.to_owned());
            }
        }
        if kept.len() > MOST_LINES || kept.iter().any(|line| line.chars().count() > max::SHORT) {
            note(field, format!("may have {MOST_LINES} lines of {} characters", max::SHORT));
        }
        kept
    };
    let languages = lines("languages", &typed.languages);
    let service_areas = lines("serviceAreas", &typed.service_areas);
    let name = agents::checked_name(&typed.name).unwrap_or_else(|_| {
        note("name", format!("must have 1 to {} characters", max::NAME));
        String::new()
    });
    let time_zone = typed.time_zone.trim();
    if time_zone.is_empty() || jiff::tz::TimeZone::get(time_zone).is_err() {
        note("timeZone", String::from("must be a time zone such as America/New_York: type a part of it, and choose"));
    }
    let brand = match typed.brand.trim() {
        "" => None,
        text => match Color::parse(text) {
            Ok(color) => Some(color.to_string()),
            Err(message) => {
                note("brand", message.to_owned());
                None
            }
        },
    };
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let time_zone = time_zone.to_owned();
    Ok(Profile { name, time_zone, licence, brokerage, phone, languages, service_areas, brand })
}
