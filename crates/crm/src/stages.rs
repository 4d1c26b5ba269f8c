//! Stages: where a client stands on the way to a closing. Every agent has three pipelines of them.

use db::{Tx, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AgentId, Crm, Error,
    choices::choices,
    clock::UnixMillis,
    ids::{self, StageId},
    randomness::Randomness,
};

mod edits;

pub use edits::{Direction, LONGEST, MOST, create, delete, order, rename, set_kind, shift};

/// A row of stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(example = "buyer")]
pub enum Pipeline {
    /// Those who buy.
    Buyer,
    /// Those who sell.
    Seller,
    /// Those who do neither for now.
    Side,
}

impl Pipeline {
    /// Every pipeline, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Buyer, Self::Seller, Self::Side];

    /// The public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Seller => "seller",
            Self::Side => "side",
        }
    }

    /// The stages that an agent begins with.
    fn defaults(self) -> &'static [&'static str] {
        match self {
            Self::Buyer => &[
                "New",
                "Consultation",
                "Pre-approved",
                "Searching",
                "Touring",
                "Offer",
                "Under Contract",
                "Closed",
                "Past Client",
            ],
            Self::Seller => &[
                "New",
                "Valuation",
                "Listing Appointment",
                "Signed",
                "Preparing",
                "Active",
                "Under Contract",
                "Closed",
                "Past Client",
            ],
            Self::Side => &["On Hold", "Lost"],
        }
    }
}

choices! {
    /// What a stage means for the clients on it, whatever its agent calls it.
    Kind {
        Active = "active",
        Closed = "closed",
        Resting = "resting",
    }
}

impl Kind {
    /// Of a new stage of a pipeline: nobody waits on those aside.
    fn of_new(pipeline: Pipeline) -> Self {
        if pipeline == Pipeline::Side { Self::Resting } else { Self::Active }
    }

    /// Of a stage that an agent begins with.
    fn of_default(pipeline: Pipeline, name: &str) -> Self {
        if ["Closed", "Past Client"].contains(&name) { Self::Closed } else { Self::of_new(pipeline) }
    }
}

impl db::FromColumn for Pipeline {
    fn from_column(row: &db::Row<'_>, index: usize) -> Result<Self, db::DbError> {
        let name = row.text(index)?;
        let pipeline = Self::ALL.into_iter().find(|pipeline| pipeline.name() == name);
        pipeline.ok_or_else(|| db::DbError::Internal(format!("column {index} is no pipeline")))
    }
}

/// The stage that a client begins in, of the buyer's pipeline: the published example.
pub const FIRST: &str = "Searching";

/// A stage of one of the agent's pipelines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stage {
    /// The id.
    pub id: StageId,
    /// The name, which may stand in several pipelines.
    #[schema(example = "Searching")]
    pub name: String,
    /// The pipeline.
    pub pipeline: Pipeline,
    /// What it means for the clients on it. No part of the API's form, which is as published.
    #[serde(skip)]
    pub kind: Kind,
}

/// Makes the pipelines that an agent begins with. Ids are drawn after `last`; gives back the last one drawn.
pub(crate) fn insert_defaults(
    tx: &mut Tx<'_>,
    agent: AgentId,
    last: [u8; 16],
    now: UnixMillis,
    random: &dyn Randomness,
) -> Result<[u8; 16], Error> {
    let mut last = last;
    for pipeline in Pipeline::ALL {
        for (position, name) in (0i64..).zip(pipeline.defaults()) {
            last = ids::next(&last, now, random);
            let kind = Kind::of_default(pipeline, name);
            tx.execute(
                "INSERT INTO stages (agent_id, id, name, pipeline, position, kind) VALUES ($1, $2, $3, $4, $5, $6)",
                params![&agent, &last, *name, pipeline.name(), position, kind],
            )?;
        }
    }
    Ok(last)
}

/// The agent's stages in their order, within a transaction.
pub(crate) fn all(tx: &mut Tx<'_>, agent: AgentId) -> Result<Vec<Stage>, Error> {
    let sql = "SELECT id, name, pipeline, kind, position FROM stages WHERE agent_id = $1";
    let mut stages = tx.query(sql, params![&agent], |row| {
        let stage = Stage { id: row.get(0)?, name: row.get(1)?, pipeline: row.get(2)?, kind: row.get(3)? };
        Ok((row.get::<i64>(4)?, stage))
    })?;
    stages.sort_by_key(|(position, stage)| (stage.pipeline, *position, stage.id));
    Ok(stages.into_iter().map(|(_, stage)| stage).collect())
}

/// The agent's stages: those of the buyers, then the sellers, then aside.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId) -> Result<Vec<Stage>, Error> {
    crm.db.read("stages.list", move |tx| all(tx, agent)).await
}

/// The stage that a new client begins in: [`FIRST`], or the first buyer's stage where the agent has none of that name.
pub(crate) fn first(stages: &[Stage]) -> Result<&Stage, Error> {
    let is_first = |stage: &&Stage| stage.pipeline == Pipeline::Buyer && stage.name == FIRST;
    stages.iter().find(is_first).or(stages.first()).ok_or_else(|| {
        tracing::error!("an agent has no stages");
        Error::Internal
    })
}

/// The stage of an id that a client has. A client whose stage is gone begins anew.
pub(crate) fn held(stages: &[Stage], id: StageId) -> Result<&Stage, Error> {
    stages.iter().find(|stage| stage.id == id).map_or_else(|| first(stages), Ok)
}

/// The stage of a name or an id. A name that stands in several pipelines is that of the current one, then the buyer's, the
/// seller's, the one aside.
pub(crate) fn pick<'a>(stages: &'a [Stage], text: &str, current: Pipeline) -> Option<&'a Stage> {
    let is_asked = |stage: &&Stage| stage.name == text || text.parse() == Ok(stage.id);
    let here = stages.iter().filter(|stage| stage.pipeline == current).find(is_asked);
    here.or_else(|| stages.iter().find(is_asked))
}

/// The refusal of a stage that the agent does not have: it names those there are.
pub(crate) fn unknown(stages: &[Stage]) -> Error {
    let mut names = Vec::<&str>::new();
    for stage in stages {
        if !names.contains(&stage.name.as_str()) {
            names.push(&stage.name);
        }
    }
    Error::invalid("buyingStage", format!("must be one of {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages() -> Vec<Stage> {
        let named = Pipeline::ALL
            .into_iter()
            .flat_map(|pipeline| pipeline.defaults().iter().map(move |name| (pipeline, *name)));
        (0u8..)
            .zip(named)
            .map(|(n, (pipeline, name))| Stage {
                id: StageId([n; 16]),
                name: name.to_owned(),
                pipeline,
                kind: Kind::of_default(pipeline, name),
            })
            .collect()
    }

    #[test]
    fn a_client_begins_by_searching() {
        let stages = stages();
        assert_eq!(first(&stages).unwrap().name, "Searching");
        assert_eq!(first(&stages[..2]).unwrap().name, "New");
    }

    #[test]
    fn a_name_of_several_pipelines_is_that_of_the_current_one() {
        let stages = stages();
        let pipeline_of = |text: &str, current| pick(&stages, text, current).map(|stage| stage.pipeline);
        assert_eq!(pipeline_of("Closed", Pipeline::Seller), Some(Pipeline::Seller));
        assert_eq!(pipeline_of("Closed", Pipeline::Side), Some(Pipeline::Buyer));
        assert_eq!(pipeline_of("Valuation", Pipeline::Buyer), Some(Pipeline::Seller));
        assert_eq!(pipeline_of("Lost", Pipeline::Buyer), Some(Pipeline::Side));
        assert_eq!(pipeline_of("closed", Pipeline::Buyer), None);
        assert_eq!(pipeline_of("", Pipeline::Buyer), None);
    }

    #[test]
    fn an_id_names_one_stage_whatever_the_pipeline() {
        let stages = stages();
        let closed = stages.iter().find(|stage| stage.pipeline == Pipeline::Seller && stage.name == "Closed").unwrap();
        assert_eq!(pick(&stages, &closed.id.to_string(), Pipeline::Buyer), Some(closed));
    }

    #[test]
    fn a_client_whose_stage_is_gone_begins_anew() {
        let stages = stages();
        assert_eq!(held(&stages, stages[5].id).unwrap(), &stages[5]);
        assert_eq!(held(&stages, StageId([99; 16])).unwrap().name, "Searching");
    }

    #[test]
    fn an_unknown_stage_is_told_every_name_once() {
        let message = unknown(&stages()).to_string();
        assert!(
            message.starts_with("buyingStage: must be one of New, Consultation, Pre-approved, Searching"),
            "{message}"
        );
        assert!(message.ends_with("On Hold, Lost"), "{message}");
        assert_eq!(message.matches("Past Client").count(), 1);
    }
}
