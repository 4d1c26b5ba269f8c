//! Showings whose client or listing is in the trash: in a table of their own, so that no list has to look past them.

use db::{Tx, params};

use crate::{
    Error, events,
    ids::{ClientId, ListingId, ShowingId},
    showing_states::ShowingStatus,
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

/// Hides the showings of a client or listing that goes into the trash.
pub(crate) fn trash_of(tx: &mut Tx<'_>, turn: &Turn, parent: Parent) -> Result<(), Error> {
    match parent {
        Parent::Client(id) => move_all(tx, turn, &TRASH_OF_CLIENT, &id.0, -1),
        Parent::Listing(id) => move_all(tx, turn, &TRASH_OF_LISTING, &id.0, -1),
    }
}

/// Shows the showings of a client or listing again that is back from the trash, but for those whose other parent is still
/// there.
pub(crate) fn restore_of(tx: &mut Tx<'_>, turn: &Turn, parent: Parent) -> Result<(), Error> {
    match parent {
        Parent::Client(id) => move_all(tx, turn, &RESTORE_OF_CLIENT, &id.0, 1),
        Parent::Listing(id) => move_all(tx, turn, &RESTORE_OF_LISTING, &id.0, 1),
    }
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
