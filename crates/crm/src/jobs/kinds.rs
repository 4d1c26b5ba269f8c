//! What jobs do. Each run is one slice of a job's work; what is left is a further run.

use std::time::Duration;

use serde::Deserialize;

use super::ClaimedJob;
use crate::{
    Crm, Error, departures, exports::copies, files, idempotency, imports, inbox, inquiries, mails, search, sessions,
    showing_reminders, trash, visits, webhooks,
};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Answers of idempotency keys that are past their time are thrown away.
    PruneIdempotency,
    /// What was deleted longer ago than it is kept is erased.
    EraseTrash,
    /// Records that were indexed by older rules are indexed again.
    SweepSearch,
    /// What the log of webhooks holds past its time is thrown away, and what deleted webhooks left behind.
    PruneWebhooks,
    /// Events past their time are thrown away.
    PruneEvents,
    /// Sessions and links that have ended are thrown away.
    PruneSessions,
    /// The copy of its data that an agent asked for is made.
    MakeExport,
    /// Copies past their time are thrown away.
    PruneExports,
    /// Agents who left are erased.
    EraseAgents,
    /// Leads of the agent's running imports are taken in.
    RunImports,
    /// Files of leads that nothing is done with any more are thrown away.
    PruneImports,
    /// Mails past their time are thrown away.
    PruneMails,
    /// Agents are told of leads that came in.
    TellLeads,
    /// Agents are told of webhooks that fail.
    TellFailing,
    /// Files that nothing refers to any more are thrown away.
    PruneFiles,
    /// Agents are reminded of showings.
    RemindShowings,
    /// Numbers of visits past their time are thrown away, and how often an address was written to on another day.
    PruneVisits,
    /// Mails that came in and that nothing came of are thrown away past their time.
    PruneInbox,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is left to do.
    Done,
    /// More may be left: another run is due at once.
    More,
}

impl Progress {
    /// After a slice that found `count` things of `most` it could have taken.
    fn after(count: usize, most: usize) -> Self {
        if count >= most { Self::More } else { Self::Done }
    }
}

const HOUR: Duration = Duration::from_secs(60 * 60);

/// The version of the payloads of today.
const VERSION: u32 = 1;

#[derive(Deserialize)]
struct Payload {
    v: u32,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::PruneIdempotency,
        Self::EraseTrash,
        Self::SweepSearch,
        Self::PruneWebhooks,
        Self::PruneEvents,
        Self::PruneSessions,
        Self::MakeExport,
        Self::PruneExports,
        Self::EraseAgents,
        Self::RunImports,
        Self::PruneImports,
        Self::PruneMails,
        Self::TellLeads,
        Self::TellFailing,
        Self::PruneFiles,
        Self::RemindShowings,
        Self::PruneVisits,
        Self::PruneInbox,
    ];

    /// The kinds that come round again, and how often.
    pub const RECURRING: [(Self, Duration); 16] = [
        (Self::PruneIdempotency, HOUR),
        (Self::EraseTrash, HOUR),
        (Self::SweepSearch, Duration::from_secs(24 * 60 * 60)),
        (Self::PruneWebhooks, HOUR),
        (Self::PruneEvents, HOUR),
        (Self::PruneSessions, HOUR),
        (Self::PruneExports, HOUR),
        (Self::EraseAgents, HOUR),
        (Self::PruneImports, HOUR),
        (Self::PruneMails, HOUR),
        (Self::TellLeads, Duration::from_secs(15)),
        (Self::TellFailing, Duration::from_secs(5 * 60)),
        (Self::PruneFiles, HOUR),
        (Self::RemindShowings, Duration::from_secs(60)),
        (Self::PruneVisits, HOUR),
        (Self::PruneInbox, HOUR),
    ];

    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PruneIdempotency => "idempotency.prune",
            Self::EraseTrash => "trash.erase",
            Self::SweepSearch => "search.sweep",
            Self::PruneWebhooks => "webhooks.prune",
            Self::PruneEvents => "events.prune",
            Self::PruneSessions => "sessions.prune",
            Self::MakeExport => "exports.make",
            Self::PruneExports => "exports.prune",
            Self::EraseAgents => "agents.erase",
            Self::RunImports => "imports.run",
            Self::PruneImports => "imports.prune",
            Self::PruneMails => "mails.prune",
            Self::TellLeads => "mails.tell_leads",
            Self::TellFailing => "webhooks.tell_failing",
            Self::PruneFiles => "files.prune",
            Self::RemindShowings => "showings.remind",
            Self::PruneVisits => "visits.prune",
            Self::PruneInbox => "inbox.prune",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a new job of this kind is given.
    pub(super) fn payload(self) -> &'static str {
        r#"{"v":1}"#
    }
}

/// Runs a claimed job once.
///
/// # Errors
/// With a sentence for the operator.
pub(super) async fn run_once(crm: &Crm, job: &ClaimedJob) -> Result<Progress, String> {
    let payload = serde_json::from_str::<Payload>(&job.payload)
        .map_err(|error| format!("the payload cannot be read: {error}"))?;
    if payload.v > VERSION {
        return Err(format!("the payload is of version {}, which a newer version of OrganicAgent knows", payload.v));
    }
    let ran: Result<Progress, Error> = match job.kind {
        JobKind::PruneIdempotency => {
            idempotency::prune(crm).await.map(|count| Progress::after(count, idempotency::PRUNED_AT_ONCE))
        }
        JobKind::EraseTrash => trash::erase_due(crm).await.map(|count| Progress::after(count, trash::SLICE)),
        JobKind::SweepSearch => search::sweep(crm).await.map(|count| Progress::after(count, search::SWEPT_AT_ONCE)),
        JobKind::PruneWebhooks => webhooks::prune(crm).await.map(|count| Progress::after(count, webhooks::SLICE)),
        JobKind::PruneEvents => webhooks::prune_events(crm).await.map(|count| Progress::after(count, webhooks::SLICE)),
        JobKind::PruneSessions => sessions::prune(crm).await.map(|count| Progress::after(count, sessions::SLICE)),
        JobKind::MakeExport => match job.agent {
            Some(agent) => copies::make(crm, agent).await,
            None => Ok(Progress::Done),
        },
        JobKind::PruneExports => copies::prune(crm).await.map(|count| Progress::after(count, 1)),
        JobKind::EraseAgents => departures::erase_due(crm).await.map(|count| Progress::after(count, departures::SLICE)),
        JobKind::RunImports => match job.agent {
            Some(agent) => imports::run(crm, agent).await,
            None => Ok(Progress::Done),
        },
        JobKind::PruneImports => imports::prune(crm).await.map(|count| Progress::after(count, imports::PRUNED_AT_ONCE)),
        JobKind::PruneMails => mails::prune(crm).await.map(|count| Progress::after(count, mails::SLICE)),
        JobKind::TellLeads => mails::tell_leads(crm).await.map(|()| Progress::Done),
        JobKind::TellFailing => webhooks::tell_failing(crm).await.map(|()| Progress::Done),
        JobKind::PruneFiles => files::prune(crm).await.map(|count| Progress::after(count, files::SLICE)),
        JobKind::RemindShowings => {
            showing_reminders::remind(crm).await.map(|count| Progress::after(count, showing_reminders::SLICE))
        }
        JobKind::PruneVisits => {
            let addresses = inquiries::prune_acknowledgements(crm).await;
            let visits = visits::prune(crm).await;
            addresses.and_then(|addresses| Ok(Progress::after(addresses.max(visits?), visits::SLICE)))
        }
        JobKind::PruneInbox => inbox::prune(crm).await.map(|count| Progress::after(count, inbox::SLICE)),
    };
    ran.map_err(|error| error.to_string())
}
