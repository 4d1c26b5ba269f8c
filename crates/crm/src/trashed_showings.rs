//! Showings whose client or listing is in the trash: in a table of their own, so that no list has to look past them.

use db::{Tx, params};

use crate::{
    Error,
    clock::UnixMillis,
    events,
    ids::{ClientId, ListingId, ShowingId},
    showing_states::{ShowingState, ShowingStatus},
    taken_times::{self, Holder},
    totals::{self, Kind},
    turns::Turn,
};

/// What a showing belongs to: it is there while both its parents are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Parent {
    Client(ClientId),
    Listing(ListingId),
}

/// The statements that move the showings of a parent from one table to the other.
struct Moves {
    /// How many there are of each status.
    count: &'static str,
    /// Copies them, changed now: those who follow changes see them again.
    copy: &'static str,
    remove: &'static str,
}

const TRASH_OF_CLIENT: Moves = Moves {
    count: "SELECT status, COUNT(*) FROM showings WHERE agent_id = $1 AND client_id = $2 GROUP BY status",
    copy: "INSERT INTO trashed_showings (agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, notes, updated_at)
           SELECT agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, notes, CAST($3 AS BIGINT)
           FROM showings WHERE agent_id = $1 AND client_id = $2",
    remove: "DELETE FROM showings WHERE agent_id = $1 AND client_id = $2",
};

const TRASH_OF_LISTING: Moves = Moves {
    count: "SELECT status, COUNT(*) FROM showings WHERE agent_id = $1 AND listing_id = $2 GROUP BY status",
    copy: "INSERT INTO trashed_showings (agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, notes, updated_at)
           SELECT agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, notes, CAST($3 AS BIGINT)
           FROM showings WHERE agent_id = $1 AND listing_id = $2",
    remove: "DELETE FROM showings WHERE agent_id = $1 AND listing_id = $2",
};

const RESTORE_OF_CLIENT: Moves = Moves {
    count: "SELECT status, COUNT(*) FROM trashed_showings t WHERE agent_id = $1 AND client_id = $2
              AND EXISTS (SELECT 1 FROM listings l WHERE l.agent_id = t.agent_id AND l.id = t.listing_id)
            GROUP BY status",
    copy: "INSERT INTO showings (agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, notes, updated_at)
           SELECT agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, notes, CAST($3 AS BIGINT)
           FROM trashed_showings t WHERE agent_id = $1 AND client_id = $2
             AND EXISTS (SELECT 1 FROM listings l WHERE l.agent_id = t.agent_id AND l.id = t.listing_id)",
    remove: "DELETE FROM trashed_showings WHERE agent_id = $1 AND client_id = $2
               AND EXISTS (SELECT 1 FROM listings l WHERE l.agent_id = trashed_showings.agent_id AND l.id = trashed_showings.listing_id)",
};

const RESTORE_OF_LISTING: Moves = Moves {
    count: "SELECT status, COUNT(*) FROM trashed_showings t WHERE agent_id = $1 AND listing_id = $2
              AND EXISTS (SELECT 1 FROM clients c WHERE c.agent_id = t.agent_id AND c.id = t.client_id)
            GROUP BY status",
    copy: "INSERT INTO showings (agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, notes, updated_at)
           SELECT agent_id, id, client_id, listing_id, status, requested_times, confirmed_time, notes, CAST($3 AS BIGINT)
           FROM trashed_showings t WHERE agent_id = $1 AND listing_id = $2
             AND EXISTS (SELECT 1 FROM clients c WHERE c.agent_id = t.agent_id AND c.id = t.client_id)",
    remove: "DELETE FROM trashed_showings WHERE agent_id = $1 AND listing_id = $2
               AND EXISTS (SELECT 1 FROM clients c WHERE c.agent_id = trashed_showings.agent_id AND c.id = trashed_showings.client_id)",
};

/// Frees the times of a client's showings.
const FREE_OF_CLIENT: &str = "DELETE FROM taken_times WHERE agent_id = $1 AND showing_id IN
    (SELECT id FROM showings WHERE agent_id = $1 AND client_id = $2)";

/// Frees the times of a listing's showings.
const FREE_OF_LISTING: &str = "DELETE FROM taken_times WHERE agent_id = $1 AND showing_id IN
    (SELECT id FROM showings WHERE agent_id = $1 AND listing_id = $2)";

/// The showings of a client that will come back and take up time.
const OPEN_OF_CLIENT: &str = "SELECT id, listing_id, status, requested_times, confirmed_time FROM trashed_showings t
    WHERE agent_id = $1 AND client_id = $2 AND status IN ('requested', 'confirmed')
      AND EXISTS (SELECT 1 FROM listings l WHERE l.agent_id = t.agent_id AND l.id = t.listing_id)
    ORDER BY id";

/// The same of a listing.
const OPEN_OF_LISTING: &str = "SELECT id, listing_id, status, requested_times, confirmed_time FROM trashed_showings t
    WHERE agent_id = $1 AND listing_id = $2 AND status IN ('requested', 'confirmed')
      AND EXISTS (SELECT 1 FROM clients c WHERE c.agent_id = t.agent_id AND c.id = t.client_id)
    ORDER BY id";

/// Hides the showings of a client or listing that goes into the trash, and frees their times.
pub(crate) fn trash_of(tx: &mut Tx<'_>, turn: &Turn, parent: Parent) -> Result<(), Error> {
    let (free, moves, id) = match parent {
        Parent::Client(id) => (FREE_OF_CLIENT, &TRASH_OF_CLIENT, id.0),
        Parent::Listing(id) => (FREE_OF_LISTING, &TRASH_OF_LISTING, id.0),
    };
    tx.execute(free, params![&turn.agent, &id])?;
    move_all(tx, turn, moves, &id, -1)
}

/// Shows the showings of a client or listing again that is back from the trash, but for those whose other parent is still
/// there. One whose time was given to another meanwhile is requested again.
pub(crate) fn restore_of(tx: &mut Tx<'_>, turn: &Turn, parent: Parent) -> Result<(), Error> {
    let (open, moves, id) = match parent {
        Parent::Client(id) => (OPEN_OF_CLIENT, &RESTORE_OF_CLIENT, id.0),
        Parent::Listing(id) => (OPEN_OF_LISTING, &RESTORE_OF_LISTING, id.0),
    };
    take_again(tx, turn, open, &id)?;
    move_all(tx, turn, moves, &id, 1)
}

fn take_again(tx: &mut Tx<'_>, turn: &Turn, open: &'static str, parent: &[u8; 16]) -> Result<(), Error> {
    let agent = turn.agent;
    let showings = tx.query(open, params![&agent, parent], |row| {
        let (id, listing): (ShowingId, ListingId) = (row.get(0)?, row.get(1)?);
        let state = ShowingState { status: row.get(2)?, confirmed_time: row.get::<Option<i64>>(4)?.map(UnixMillis) };
        let times = serde_json::from_str::<Vec<i64>>(row.text(3)?);
        let times = times.map_err(|_| db::DbError::Internal("a showing's times cannot be read".to_owned()))?;
        Ok((id, listing, state, times.into_iter().map(UnixMillis).collect::<Vec<_>>()))
    })?;
    for (showing, listing, mut state, times) in showings {
        if let Some(time) = state.confirmed_time
            && taken_times::is_double(tx, agent, time)?
        {
            state = ShowingState::REQUESTED;
            let sql = "UPDATE trashed_showings SET status = $3, confirmed_time = NULL WHERE agent_id = $1 AND id = $2";
            tx.execute(sql, params![&agent, &showing, state.status])?;
        }
        taken_times::keep(tx, agent, &Holder { showing, listing, state, requested_times: &times })?;
    }
    Ok(())
}

/// Erases the hidden showings of a client or listing that is erased, with the `data` of their events, which names the client.
pub(crate) fn erase_of(tx: &mut Tx<'_>, turn: &Turn, parent: &[u8; 16]) -> Result<(), Error> {
    let agent = turn.agent;
    let showings = tx.query(
        "SELECT id FROM trashed_showings WHERE agent_id = $1 AND (client_id = $2 OR listing_id = $2)",
        params![&agent, parent],
        |row| row.get::<ShowingId>(0),
    )?;
    for showing in showings {
        events::erase(tx, agent, &showing.0, turn.now)?;
        for sql in [
            "DELETE FROM trashed_showings WHERE agent_id = $1 AND id = $2",
            "DELETE FROM showing_steps WHERE agent_id = $1 AND showing_id = $2",
            "DELETE FROM showing_reminders WHERE agent_id = $1 AND showing_id = $2",
            "DELETE FROM showing_links WHERE agent_id = $1 AND showing_id = $2",
        ] {
            tx.execute(sql, params![&agent, &showing])?;
        }
    }
    Ok(())
}

fn move_all(tx: &mut Tx<'_>, turn: &Turn, moves: &Moves, parent: &[u8; 16], sign: i64) -> Result<(), Error> {
    let counted = tx.query(moves.count, params![&turn.agent, parent], |row| {
        Ok((row.get::<ShowingStatus>(0)?, row.get::<i64>(1)?))
    })?;
    if counted.is_empty() {
        return Ok(());
    }
    tx.execute(moves.copy, params![&turn.agent, parent, turn.now.0])?;
    tx.execute(moves.remove, params![&turn.agent, parent])?;
    for (status, count) in counted {
        totals::add(tx, turn.agent, Kind::Showing, status.name(), sign * count)?;
    }
    Ok(())
}
