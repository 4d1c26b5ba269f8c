//! Changing the stages of an agent's pipelines: adding, renaming, ordering, deleting.

use db::{Tx, params};

use super::{Kind, Pipeline, Stage, all};
use crate::{AgentId, Crm, Error, clients, fold::fold, ids::StageId};

/// The most stages of a pipeline.
pub const MOST: usize = 40;
/// The most characters of a stage's name.
pub const LONGEST: usize = 60;
/// Clients that are moved in one transaction.
const TOGETHER: usize = 100;

/// Which way a stage goes among its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Toward the beginning.
    Up,
    /// Toward the end.
    Down,
}

/// Adds a stage at the end of a pipeline.
///
/// # Errors
/// [`Error::Invalid`] for a name that will not do, and when the pipeline is full.
pub async fn create(crm: &Crm, agent: AgentId, pipeline: Pipeline, name: &str) -> Result<StageId, Error> {
    let name = checked(name)?;
    crm.change("stages.create", agent, move |tx, turn| {
        let stages = all(tx, turn.agent)?;
        let here = stages.iter().filter(|stage| stage.pipeline == pipeline).collect::<Vec<_>>();
        if here.len() >= MOST {
            return Err(Error::invalid("name", format!("is one too many: a pipeline has at most {MOST} stages")));
        }
        check_free(&here, &name)?;
        let id = StageId(turn.next_id());
        let sql = "INSERT INTO stages (agent_id, id, name, pipeline, position, kind) VALUES ($1, $2, $3, $4, $5, $6)";
        // Whatever the positions of the others are, this is behind them.
        let sql_last = "SELECT COALESCE(MAX(position), -1) FROM stages WHERE agent_id = $1 AND pipeline = $2";
        let last = tx.query_one(sql_last, params![&turn.agent, pipeline.name()], |row| row.get::<i64>(0))?;
        tx.execute(sql, params![&turn.agent, &id, &name, pipeline.name(), last + 1, Kind::of_new(pipeline)])?;
        Ok(id)
    })
    .await
}

/// Gives a stage another name. Clients stay on it, so nothing is raised.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] for a name that will not do.
pub async fn rename(crm: &Crm, agent: AgentId, id: StageId, name: &str) -> Result<(), Error> {
    let name = checked(name)?;
    crm.change("stages.rename", agent, move |tx, turn| {
        let stages = all(tx, turn.agent)?;
        let stage = find(&stages, id)?;
        let others = stages.iter().filter(|other| other.pipeline == stage.pipeline && other.id != id);
        check_free(&others.collect::<Vec<_>>(), &name)?;
        let sql = "UPDATE stages SET name = $3 WHERE agent_id = $1 AND id = $2";
        tx.execute(sql, params![&turn.agent, &id, &name])?;
        Ok(())
    })
    .await
}

/// Says what a stage means for the clients on it. They stay on it, so nothing is raised.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn set_kind(crm: &Crm, agent: AgentId, id: StageId, kind: Kind) -> Result<(), Error> {
    crm.change("stages.set_kind", agent, move |tx, turn| {
        let sql = "UPDATE stages SET kind = $3 WHERE agent_id = $1 AND id = $2";
        if tx.execute(sql, params![&turn.agent, &id, kind])? == 0 { Err(Error::NotFound) } else { Ok(()) }
    })
    .await
}

/// Moves a stage past its neighbour; one that is at the end already stays.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn shift(crm: &Crm, agent: AgentId, id: StageId, direction: Direction) -> Result<(), Error> {
    crm.change("stages.shift", agent, move |tx, turn| {
        let stages = all(tx, turn.agent)?;
        let pipeline = find(&stages, id)?.pipeline;
        let mut order = ids_of(&stages, pipeline);
        let place = order.iter().position(|held| *held == id).ok_or(Error::NotFound)?;
        let other = match direction {
            Direction::Up => place.saturating_sub(1),
            Direction::Down => (place + 1).min(order.len() - 1),
        };
        order.swap(place, other);
        put_in_order(tx, turn.agent, &order)
    })
    .await
}

/// Puts a pipeline's stages in this order; those that are not named keep theirs behind them.
///
/// # Errors
/// Storage's errors.
pub async fn order(crm: &Crm, agent: AgentId, pipeline: Pipeline, wanted: Vec<StageId>) -> Result<(), Error> {
    crm.change("stages.order", agent, move |tx, turn| {
        let held = ids_of(&all(tx, turn.agent)?, pipeline);
        let mut order = Vec::with_capacity(held.len());
        for id in wanted.iter().chain(&held) {
            if held.contains(id) && !order.contains(id) {
                order.push(*id);
            }
        }
        put_in_order(tx, turn.agent, &order)
    })
    .await
}

/// Deletes a stage, after moving its clients to another: each is a change of stage, and raises `client.stage_changed` once. They are
/// moved in slices, so that nobody waits long; a call that was cut off is made again and goes on with those that are left.
///
/// # Errors
/// [`Error::NotFound`] for a stage that the agent has not; [`Error::Invalid`] for the last stage of a pipeline, and when the clients
/// are to go to the stage itself.
pub async fn delete(crm: &Crm, agent: AgentId, id: StageId, heir: StageId) -> Result<(), Error> {
    loop {
        let is_gone = crm.change("stages.delete", agent, move |tx, turn| {
            let stages = all(tx, turn.agent)?;
            let stage = find(&stages, id)?;
            let heir = stages.iter().find(|stage| stage.id == heir && stage.id != id);
            let heir =
                heir.ok_or_else(|| Error::invalid("heir", "choose another stage for the clients on this one"))?;
            if ids_of(&stages, stage.pipeline).len() == 1 {
                return Err(Error::invalid("heir", "a pipeline keeps one stage at least"));
            }
            if clients::move_some(tx, turn, id, heir, TOGETHER)? == TOGETHER {
                return Ok(false);
            }
            tx.execute("DELETE FROM stages WHERE agent_id = $1 AND id = $2", params![&turn.agent, &id])?;
            Ok(true)
        });
        if is_gone.await? {
            return Ok(());
        }
    }
}

fn checked(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST {
        return Err(Error::invalid("name", format!("must have 1 to {LONGEST} characters")));
    }
    if name.chars().any(char::is_control) || name.parse::<StageId>().is_ok() {
        return Err(Error::invalid("name", "must be words, on one line"));
    }
    Ok(name.to_owned())
}

fn check_free(others: &[&Stage], name: &str) -> Result<(), Error> {
    let folded = fold(name);
    match others.iter().find(|other| fold(&other.name) == folded) {
        Some(other) => Err(Error::invalid("name", format!("is that of “{}”, which is here already", other.name))),
        None => Ok(()),
    }
}

fn find(stages: &[Stage], id: StageId) -> Result<&Stage, Error> {
    stages.iter().find(|stage| stage.id == id).ok_or(Error::NotFound)
}

fn ids_of(stages: &[Stage], pipeline: Pipeline) -> Vec<StageId> {
    stages.iter().filter(|stage| stage.pipeline == pipeline).map(|stage| stage.id).collect()
}

fn put_in_order(tx: &mut Tx<'_>, agent: AgentId, order: &[StageId]) -> Result<(), Error> {
    for (position, id) in (0i64..).zip(order) {
        let sql = "UPDATE stages SET position = $3 WHERE agent_id = $1 AND id = $2 AND position <> $3";
        tx.execute(sql, params![&agent, id, position])?;
    }
    Ok(())
}
