//! What an agent keeps beside leads, clients, listings and showings, for an export: tags, follow-ups, next steps, what merged leads asked,
//! what leads from the website brought along, what became of showings, and what holds of them; prices, open houses and the words under photos and documents of listings.

use db::{Row, Tx, params};
use serde::{Deserialize, Serialize};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{self, ClientId, LeadId, ListingId, MessageId, ShowingId},
    totals::Kind,
    values::Money,
    weekly_hours::WeeklyHours,
};

/// Something that stands beside a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extra {
    /// The id of the lead, client, listing or showing; of a mail that is about none, its own.
    pub about: String,
    /// `tag`, `followUp`, `nextStep`, `inquiry`, `showingStep`, `showingRules`, `price`, `openHouse`, `photo`, `document`, `website` or `mail`.
    pub kind: &'static str,
    /// The tag, when to follow up, what comes next, what was asked, what a showing became, with the words to the client, what holds of a
    /// listing's showings, what it cost from when on, when it is open to visitors, or where a file of it stands in the export, with its
    /// caption or name; of a lead from the website, which form it was, where it came from, and what was agreed to.
    pub text: String,
}

/// The lists, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum List {
    Tags,
    FollowUps,
    NextSteps,
    Inquiries,
    Steps,
    ShowingRules,
    Prices,
    OpenHouses,
    Attachments,
    Website,
    Mails,
}

/// A place among them: right after one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraCursor {
    list: List,
    words: (String, String),
    ids: ([u8; 16], [u8; 16]),
}

impl ExtraCursor {
    fn first_of(list: List) -> Self {
        Self { list, words: Default::default(), ids: ([0; 16], [0; 16]) }
    }

    fn next_list(&self) -> Option<Self> {
        let next = match self.list {
            List::Tags => List::FollowUps,
            List::FollowUps => List::NextSteps,
            List::NextSteps => List::Inquiries,
            List::Inquiries => List::Steps,
            List::Steps => List::ShowingRules,
            List::ShowingRules => List::Prices,
            List::Prices => List::OpenHouses,
            List::OpenHouses => List::Attachments,
            List::Attachments => List::Website,
            List::Website => List::Mails,
            List::Mails => return None,
        };
        Some(Self::first_of(next))
    }
}

fn lead_or_client(kind: &str, id: [u8; 16]) -> String {
    if kind == Kind::Lead.name() { LeadId(id).to_string() } else { ClientId(id).to_string() }
}

/// What stands after a place, at most `limit` of it, and the place after that; `None` at the end.
///
/// # Errors
/// Storage's errors.
pub async fn extras(
    crm: &Crm,
    agent: AgentId,
    after: Option<ExtraCursor>,
    limit: u32,
) -> Result<(Vec<Extra>, Option<ExtraCursor>), Error> {
    let after = after.unwrap_or_else(|| ExtraCursor::first_of(List::Tags));
    crm.db
        .read("exports.extras", move |tx| {
            let mut last = after.clone();
            let extras = read(tx, agent, &after, limit, &mut last)?;
            let next = if extras.len() < limit as usize { after.next_list() } else { Some(last) };
            Ok((extras, next))
        })
        .await
}

fn read(
    tx: &mut Tx<'_>,
    agent: AgentId,
    after: &ExtraCursor,
    limit: u32,
    last: &mut ExtraCursor,
) -> Result<Vec<Extra>, Error> {
    let ExtraCursor { list, words: (kind, key), ids: (first, second) } = after;
    let rows = match list {
        List::Tags => tx.query(
            "SELECT t.kind, t.tag_key, t.about_id, n.name FROM tags t
             JOIN tag_totals n ON n.agent_id = t.agent_id AND n.kind = t.kind AND n.tag_key = t.tag_key
             WHERE t.agent_id = $1 AND (t.kind, t.tag_key, t.about_id) > ($2, $3, $4)
             ORDER BY t.kind, t.tag_key, t.about_id LIMIT $5",
            params![&agent, kind, key, first, limit],
            |row| {
                let (kind, id) = (row.get::<String>(0)?, row.get(2)?);
                last.ids.0 = id;
                let about = lead_or_client(&kind, id);
                last.words = (kind, row.get(1)?);
                Ok(Extra { about, kind: "tag", text: row.get(3)? })
            },
        ),
        List::FollowUps => tx.query(
            "SELECT about_id, kind, follow_up_at FROM follow_ups WHERE agent_id = $1 AND about_id > $2 ORDER BY about_id LIMIT $3",
            params![&agent, first, limit],
            |row| {
                last.ids.0 = row.get(0)?;
                let (about, at) = (lead_or_client(row.text(1)?, last.ids.0), UnixMillis(row.get(2)?));
                Ok(Extra { about, kind: "followUp", text: at.to_rfc3339() })
            },
        ),
        List::NextSteps => tx.query(
            "SELECT client_id, text FROM next_steps WHERE agent_id = $1 AND client_id > $2 ORDER BY client_id LIMIT $3",
            params![&agent, first, limit],
            |row| {
                last.ids.0 = row.get(0)?;
                Ok(Extra { about: ClientId(last.ids.0).to_string(), kind: "nextStep", text: row.get(1)? })
            },
        ),
        // Those of deleted leads are not among them.
        List::Inquiries => tx.query(
            "SELECT i.lead_id, i.id, i.source, i.property_address, i.notes FROM inquiries i
             JOIN leads l ON l.agent_id = i.agent_id AND l.id = i.lead_id
             WHERE i.agent_id = $1 AND (i.lead_id, i.id) > ($2, $3) ORDER BY i.lead_id, i.id LIMIT $4",
            params![&agent, first, second, limit],
            |row| {
                last.ids = (row.get(0)?, row.get(1)?);
                inquiry(row)
            },
        ),
        List::ShowingRules => tx.query(
            "SELECT r.listing_id, r.status, r.requirements, r.contact_name, r.contact_phone, r.contact_type, r.lock_box_type, r.notice_minutes, r.hours
             FROM showing_rules r JOIN listings l ON l.agent_id = r.agent_id AND l.id = r.listing_id
             WHERE r.agent_id = $1 AND r.listing_id > $2 ORDER BY r.listing_id LIMIT $3",
            params![&agent, first, limit],
            |row| {
                last.ids.0 = row.get(0)?;
                showing_rules(row)
            },
        ),
        List::Prices => tx.query(
            "SELECT p.listing_id, p.id, p.price, p.currency FROM listing_prices p
             JOIN listings l ON l.agent_id = p.agent_id AND l.id = p.listing_id
             WHERE p.agent_id = $1 AND (p.listing_id, p.id) > ($2, $3) ORDER BY p.listing_id, p.id LIMIT $4",
            params![&agent, first, second, limit],
            |row| {
                last.ids = (row.get(0)?, row.get(1)?);
                let (price, currency) = (Money::from_cents(row.get(2)?).units(), row.text(3)?);
                let text = format!("{}\n{price} {currency}", ids::instant(&last.ids.1).to_rfc3339());
                Ok(Extra { about: ListingId(last.ids.0).to_string(), kind: "price", text })
            },
        ),
        List::OpenHouses => tx.query(
            "SELECT h.id, h.listing_id, h.starts_at, h.ends_at, h.notes FROM open_houses h
             JOIN listings l ON l.agent_id = h.agent_id AND l.id = h.listing_id
             WHERE h.agent_id = $1 AND h.id > $2 ORDER BY h.id LIMIT $3",
            params![&agent, first, limit],
            |row| {
                last.ids.0 = row.get(0)?;
                let at = |column| Ok::<_, db::DbError>(UnixMillis(row.get(column)?).to_rfc3339());
                let said = [Some(format!("{} to {}", at(2)?, at(3)?)), row.get(4)?];
                let text = said.into_iter().flatten().collect::<Vec<_>>().join("\n");
                Ok(Extra { about: row.get::<ListingId>(1)?.to_string(), kind: "openHouse", text })
            },
        ),
        List::Attachments => tx.query(
            "SELECT a.id, a.listing_id, a.kind, a.words FROM attachments a
             JOIN listings l ON l.agent_id = a.agent_id AND l.id = a.listing_id
             WHERE a.agent_id = $1 AND a.id > $2 AND a.deleted_at IS NULL ORDER BY a.id LIMIT $3",
            params![&agent, first, limit],
            |row| {
                last.ids.0 = row.get(0)?;
                let (listing, is_photo) = (row.get::<ListingId>(1)?, row.text(2)? == "photo");
                let file = super::files::of_listing(listing, &last.ids.0, is_photo);
                let text = [file, row.get::<String>(3)?].into_iter().filter(|text| !text.is_empty());
                let (about, text) = (listing.to_string(), text.collect::<Vec<_>>().join("\n"));
                Ok(Extra { about, kind: if is_photo { "photo" } else { "document" }, text })
            },
        ),
        List::Website => tx.query(
            "SELECT i.lead_id, i.kind, i.language, i.page, i.referrer, i.campaign, i.consent, i.consented_at, i.doubts FROM website_inquiries i
             JOIN leads l ON l.agent_id = i.agent_id AND l.id = i.lead_id
             WHERE i.agent_id = $1 AND i.lead_id > $2 ORDER BY i.lead_id LIMIT $3",
            params![&agent, first, limit],
            |row| {
                last.ids.0 = row.get(0)?;
                website(row)
            },
        ),
        List::Mails => tx.query(
            "SELECT m.id, m.lead_id, m.outcome, m.reason, m.sender, m.subject FROM inbound_messages m
             WHERE m.agent_id = $1 AND m.id > $2
               AND (m.lead_id IS NULL OR EXISTS (SELECT 1 FROM leads l WHERE l.agent_id = m.agent_id AND l.id = m.lead_id))
             ORDER BY m.id LIMIT $3",
            params![&agent, first, limit],
            |row| {
                let id = row.get::<MessageId>(0)?;
                last.ids.0 = id.0;
                let about = row.get::<Option<LeadId>>(1)?.map_or_else(|| id.to_string(), |lead| lead.to_string());
                let said = [super::files::of_mail(id), id.created_at().to_rfc3339(), row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
                Ok(Extra { about, kind: "mail", text: said.join("\n") })
            },
        ),
        // Those of showings whose client or listing is deleted are not among them.
        List::Steps => tx.query(
            "SELECT p.showing_id, p.id, p.status, p.confirmed_time, p.words FROM showing_steps p
             JOIN showings t ON t.agent_id = p.agent_id AND t.id = p.showing_id
             WHERE p.agent_id = $1 AND (p.showing_id, p.id) > ($2, $3) ORDER BY p.showing_id, p.id LIMIT $4",
            params![&agent, first, second, limit],
            |row| {
                last.ids = (row.get(0)?, row.get(1)?);
                let at = row.get::<Option<i64>>(3)?.map(|at| UnixMillis(at).to_rfc3339());
                let said = [Some(ids::instant(&last.ids.1).to_rfc3339()), Some(row.get(2)?), at, row.get(4)?];
                let text = said.into_iter().flatten().collect::<Vec<_>>().join("\n");
                Ok(Extra { about: ShowingId(last.ids.0).to_string(), kind: "showingStep", text })
            },
        ),
    };
    Ok(rows?)
}

fn website(row: &Row<'_>) -> Result<Extra, db::DbError> {
    let line =
        |name: &str, text: Option<String>| text.filter(|text| !text.is_empty()).map(|text| format!("{name}: {text}"));
    let consented_at = row.get::<Option<i64>>(7)?.map(|at| UnixMillis(at).to_rfc3339());
    let lines = [
        line("Form", row.get(1)?),
        line("Language", row.get(2)?),
        line("Page", row.get(3)?),
        line("Referrer", row.get(4)?),
        row.get::<Option<String>>(5)?,
        line("Agreed", consented_at),
        line("Agreed to", row.get(6)?),
        line("Doubts", Some(row.text(8)?.replace('\n', ", "))),
    ];
    let text = lines.into_iter().flatten().collect::<Vec<_>>().join("\n");
    Ok(Extra { about: row.get::<LeadId>(0)?.to_string(), kind: "website", text })
}

fn inquiry(row: &Row<'_>) -> Result<Extra, db::DbError> {
    let (lead, asked) = (row.get::<LeadId>(0)?, row.get::<LeadId>(1)?.created_at().to_rfc3339());
    let said = [Some(asked), row.get(2)?, row.get(3)?, row.get::<Option<String>>(4)?];
    Ok(Extra {
        about: lead.to_string(),
        kind: "inquiry",
        text: said.into_iter().flatten().collect::<Vec<_>>().join("\n"),
    })
}

fn showing_rules(row: &Row<'_>) -> Result<Extra, db::DbError> {
    let line =
        |name: &str, text: Option<String>| text.filter(|text| !text.is_empty()).map(|text| format!("{name}: {text}"));
    let hours = row.get::<Option<String>>(8)?.map(|text| WeeklyHours::decode(&text)).transpose()?;
    let lines = [
        line("ShowingStatus", row.get(1)?),
        line("ShowingRequirements", Some(row.text(2)?.replace('\n', ", "))),
        line("ShowingContactName", row.get(3)?),
        line("ShowingContactPhone", row.get(4)?),
        line("ShowingContactType", row.get(5)?),
        line("LockBoxType", row.get(6)?),
        line("Notice in minutes", Some(row.get::<i64>(7)?.to_string())),
        line("Hours", hours.map(|hours| hours.to_string())),
    ];
    let text = lines.into_iter().flatten().collect::<Vec<_>>().join("\n");
    Ok(Extra { about: row.get::<ListingId>(0)?.to_string(), kind: "showingRules", text })
}
