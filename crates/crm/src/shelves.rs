//! Listings as a website shows them: what is on offer and what is sold, narrowed and in an order, a page at a time.
//!
//! A page costs the same however many listings there are: it walks one index from where the page before ended, looks at no more than
//! [`WALKED`] entries, and reads the few records that it found. Where there were none among those, the next page looks further.

use db::{Row, Tx, Value, params};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::ListingId,
    listings::{self, Bathrooms, Listing, ListingStatus},
    totals::{self, Kind},
    values::Money,
};

/// Entries of an index that one page looks at.
pub const WALKED: usize = 2_000;
/// Areas that are offered to choose from.
const MOST_AREAS: usize = 60;
/// Pages that a shelf is parted into, at most.
const MOST_TURNS: usize = 1_000;

/// Where a listing stands on the website.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shelf {
    /// What is on offer, or soon will be.
    #[default]
    Open,
    /// What is sold or let.
    Sold,
}

impl Shelf {
    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sold => "sold",
        }
    }

    /// The statuses that stand on it.
    #[must_use]
    pub fn statuses(self) -> &'static [ListingStatus] {
        use ListingStatus::{Active, ActiveUnderContract, Closed, ComingSoon, Pending};
        match self {
            Self::Open => &[Active, ComingSoon, ActiveUnderContract, Pending],
            Self::Sold => &[Closed],
        }
    }
}

/// The order of a shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The cheapest first.
    Cheapest,
    /// The dearest first.
    Dearest,
}

/// Kinds of property as people look for them, each several of RESO's PropertySubType and PropertyType.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HomeKind {
    /// A house by itself.
    House,
    /// A part of a building.
    Condo,
    /// One of a row.
    Townhouse,
    /// A building with several homes.
    MultiFamily,
    /// A home that was built elsewhere.
    Manufactured,
    /// Land, and farms.
    Land,
    /// What is no home.
    Commercial,
}

impl HomeKind {
    /// Every kind with its name in addresses.
    pub const NAMES: [(&'static str, Self); 7] = [
        ("house", Self::House),
        ("condo", Self::Condo),
        ("townhouse", Self::Townhouse),
        ("multi_family", Self::MultiFamily),
        ("manufactured", Self::Manufactured),
        ("land", Self::Land),
        ("commercial", Self::Commercial),
    ];

    /// The kind of one of RESO's words; `None` for a word that tells none, such as `Residential`.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "Single Family Residence" | "Cabin" | "Ranch" => Self::House,
            "Condominium" | "Apartment" | "Stock Cooperative" | "Own Your Own" | "Timeshare" => Self::Condo,
            "Townhouse" => Self::Townhouse,
            "Duplex" | "Triplex" | "Quadruplex" | "Multi Family" | "Residential Income" => Self::MultiFamily,
            "Manufactured Home" | "Manufactured On Land" | "Mobile Home" | "Manufactured In Park" => Self::Manufactured,
            "Unimproved Land" | "Agriculture" | "Farm" | "Land" => Self::Land,
            "Business"
            | "Hotel/Motel"
            | "Industrial"
            | "Mixed Use"
            | "Office"
            | "Retail"
            | "Warehouse"
            | "Commercial Sale"
            | "Commercial Lease"
            | "Business Opportunity" => Self::Commercial,
            _ => return None,
        })
    }
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Where.
    pub shelf: Shelf,
    /// In which order.
    pub order: Order,
    /// Only in this city, as the listings have it.
    pub area: Option<String>,
    /// At least this price.
    pub min_price: Option<Money>,
    /// At most this price.
    pub max_price: Option<Money>,
    /// At least so many bedrooms.
    pub bedrooms: Option<i64>,
    /// At least so many bathrooms.
    pub bathrooms: Option<Bathrooms>,
    /// Only this kind.
    pub kind: Option<HomeKind>,
    /// Only this status.
    pub status: Option<ListingStatus>,
}

impl Wanted {
    /// Whether each entry is looked at beyond where it stands.
    fn is_narrowed(&self) -> bool {
        let Self { shelf: _, order: _, area: _, min_price, max_price, bedrooms, bathrooms, kind, status } = self;
        min_price.is_some()
            || max_price.is_some()
            || bedrooms.is_some()
            || bathrooms.is_some()
            || kind.is_some()
            || status.is_some()
    }

    fn holds_of(&self, entry: &Entry) -> bool {
        self.min_price.is_none_or(|least| entry.price >= least.cents())
            && self.max_price.is_none_or(|most| entry.price <= most.cents())
            && self.bedrooms.is_none_or(|least| entry.bedrooms.is_some_and(|count| count >= least))
            && self.bathrooms.is_none_or(|least| entry.bathrooms.is_some_and(|count| count >= least.quarters()))
            && self.kind.is_none_or(|kind| entry.kind.as_deref().and_then(HomeKind::of) == Some(kind))
            && self.status.is_none_or(|status| entry.status == status)
    }
}

/// Where a page ended, and the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    price: i64,
    id: ListingId,
}

impl Place {
    /// As it stands in an address.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{}.{}", self.price, self.id)
    }

    /// Reads [`Place::to_text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (price, id) = text.split_once('.')?;
        Some(Self { price: price.parse().ok().filter(|price| *price >= 0)?, id: id.parse().ok()? })
    }
}

/// A page of a shelf.
#[derive(Debug, Default)]
pub struct Found {
    /// The listings.
    pub listings: Vec<Listing>,
    /// Where the next page begins; `None` where the list has ended.
    pub next: Option<Place>,
}

/// An entry of an index.
struct Entry {
    id: ListingId,
    price: i64,
    bedrooms: Option<i64>,
    bathrooms: Option<i64>,
    status: ListingStatus,
    kind: Option<String>,
}

fn entry(row: &Row<'_>) -> Result<Entry, db::DbError> {
    Ok(Entry {
        id: row.get(0)?,
        price: row.get(1)?,
        bedrooms: row.get(2)?,
        bathrooms: row.get(3)?,
        status: row.get(4)?,
        kind: row.get(5)?,
    })
}

/// The entries from a place on.
fn walk(
    tx: &mut Tx<'_>,
    agent: AgentId,
    wanted: &Wanted,
    after: Option<Place>,
    most: usize,
) -> Result<Vec<Entry>, Error> {
    let mut sql = String::from(
        "SELECT id, price, bedrooms, bathrooms, status, kind FROM listings WHERE agent_id = $1 AND shelf = $2",
    );
    let mut values = vec![Value::Bytes(&agent.0), Value::Text(wanted.shelf.name())];
    if let Some(area) = &wanted.area {
        values.push(Value::Text(area));
        sql.push_str(" AND area = $3");
    }
    let n = values.len();
    let after = after.as_ref();
    match (wanted.order, after) {
        (Order::Newest, None) => {}
        (Order::Newest, Some(place)) => {
            values.push(Value::Bytes(&place.id.0));
            sql.push_str(&format!(" AND id < ${}", n + 1));
        }
        (order, Some(place)) => {
            values.extend([Value::Int(place.price), Value::Bytes(&place.id.0)]);
            let sign = if order == Order::Cheapest { '>' } else { '<' };
            sql.push_str(&format!(" AND (price, id) {sign} (${}, ${})", n + 1, n + 2));
        }
        // By price, the walk begins where the prices do.
        (Order::Cheapest, None) => {
            if let Some(least) = wanted.min_price {
                values.push(Value::Int(least.cents()));
                sql.push_str(&format!(" AND price >= ${}", n + 1));
            }
        }
        (Order::Dearest, None) => {
            if let Some(most) = wanted.max_price {
                values.push(Value::Int(most.cents()));
                sql.push_str(&format!(" AND price <= ${}", n + 1));
            }
        }
    }
    sql.push_str(match wanted.order {
        Order::Newest => " ORDER BY id DESC",
        Order::Cheapest => " ORDER BY price, id",
        Order::Dearest => " ORDER BY price DESC, id DESC",
    });
    values.push(Value::Int(i64::try_from(most).unwrap_or(i64::MAX)));
    sql.push_str(&format!(" LIMIT ${}", values.len()));
    Ok(tx.query(&sql, &values, entry)?)
}

/// A page of at most so many listings.
///
/// # Errors
/// Storage's errors.
pub async fn list(
    crm: &Crm,
    agent: AgentId,
    wanted: Wanted,
    after: Option<Place>,
    limit: usize,
) -> Result<Found, Error> {
    crm.db.read("shelves.list", move |tx| read(tx, agent, &wanted, after, limit)).await
}

fn read(tx: &mut Tx<'_>, agent: AgentId, wanted: &Wanted, after: Option<Place>, limit: usize) -> Result<Found, Error> {
    let most = if wanted.is_narrowed() { WALKED } else { limit };
    let entries = walk(tx, agent, wanted, after, most + 1)?;
    let is_beyond = |entry: &Entry| match wanted.order {
        Order::Newest => false,
        Order::Cheapest => wanted.max_price.is_some_and(|most| entry.price > most.cents()),
        Order::Dearest => wanted.min_price.is_some_and(|least| entry.price < least.cents()),
    };
    let is_cut = entries.len() > most && !entries.last().is_some_and(is_beyond);
    let mut found = Vec::new();
    let mut next = None;
    let mut last = None;
    for entry in entries.iter().take(most).take_while(|entry| !is_beyond(entry)) {
        if wanted.holds_of(entry) {
            if found.len() == limit {
                next = last;
                break;
            }
            found.push(entry.id);
        }
        last = Some(Place { price: entry.price, id: entry.id });
    }
    if next.is_none() && is_cut {
        next = last;
    }
    let listings = found.into_iter().map(|id| listings::read(tx, agent, id)).collect::<Result<_, _>>()?;
    Ok(Found { listings, next })
}

/// Other listings on offer that are like one: of its city, or of anywhere where it names none; those next to its price first.
///
/// # Errors
/// Storage's errors.
pub async fn similar(crm: &Crm, agent: AgentId, listing: &Listing, limit: usize) -> Result<Vec<Listing>, Error> {
    let (id, price, area) = (listing.id, listing.price, listing.details.city.clone());
    crm.db
        .read("shelves.similar", move |tx| {
            let place = Some(Place { price: price.cents(), id });
            let mut near = Vec::new();
            for order in [Order::Cheapest, Order::Dearest] {
                let wanted = Wanted { order, area: area.clone(), ..Wanted::default() };
                near.extend(walk(tx, agent, &wanted, place, limit)?);
            }
            near.sort_by_key(|entry| (entry.price - price.cents()).abs());
            near.truncate(limit);
            near.into_iter().map(|entry| listings::read(tx, agent, entry.id)).collect()
        })
        .await
}

/// The cities that the listings of a shelf are in, in the order of their letters.
///
/// # Errors
/// Storage's errors.
pub async fn areas(crm: &Crm, agent: AgentId, shelf: Shelf) -> Result<Vec<String>, Error> {
    crm.db
        .read("shelves.areas", move |tx| {
            let sql =
                "SELECT area FROM listings WHERE agent_id = $1 AND shelf = $2 AND area > $3 ORDER BY area LIMIT 1";
            let mut areas = Vec::<String>::new();
            // Each step goes to the next city in the index, past all of its listings.
            while areas.len() < MOST_AREAS {
                let last = areas.last().map_or("", String::as_str);
                let values = [Value::Bytes(&agent.0), Value::Text(shelf.name()), Value::Text(last)];
                match tx.query_opt(sql, &values, |row| row.get(0))? {
                    Some(area) => areas.push(area),
                    None => break,
                }
            }
            Ok::<_, Error>(areas)
        })
        .await
}

/// A listing that is found under an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub id: ListingId,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// The listings of a shelf, the newest first: at most so many, before one where it is given.
///
/// # Errors
/// Storage's errors.
pub async fn standing(
    crm: &Crm,
    agent: AgentId,
    shelf: Shelf,
    before: Option<ListingId>,
    limit: u32,
) -> Result<Vec<Standing>, Error> {
    crm.db
        .read("shelves.standing", move |tx| {
            let row = |row: &Row<'_>| Ok(Standing { id: row.get(0)?, updated_at: UnixMillis(row.get(1)?) });
            let standing = match &before {
                None => tx.query(
                    "SELECT id, updated_at FROM listings WHERE agent_id = $1 AND shelf = $2 ORDER BY id DESC LIMIT $3",
                    params![&agent, shelf.name(), limit],
                    row,
                )?,
                Some(before) => tx.query(
                    "SELECT id, updated_at FROM listings WHERE agent_id = $1 AND shelf = $2 AND id < $3 ORDER BY id DESC LIMIT $4",
                    params![&agent, shelf.name(), before, limit],
                    row,
                )?,
            };
            Ok::<_, Error>(standing)
        })
        .await
}

/// The last listing of each page but the last, where a shelf is read in pages of so many.
///
/// # Errors
/// Storage's errors.
pub async fn turns(crm: &Crm, agent: AgentId, shelf: Shelf, limit: u32) -> Result<Vec<ListingId>, Error> {
    crm.db
        .read("shelves.turns", move |tx| {
            let first = "SELECT id FROM listings WHERE agent_id = $1 AND shelf = $2 ORDER BY id DESC LIMIT 1 OFFSET $3";
            let next = "SELECT id FROM listings WHERE agent_id = $1 AND shelf = $2 AND id < $3 ORDER BY id DESC LIMIT 1 OFFSET $4";
            let last_of_page = limit.saturating_sub(1);
            let mut turns = Vec::<ListingId>::new();
            loop {
                let found = match turns.last() {
                    None => tx.query_opt(first, params![&agent, shelf.name(), last_of_page], |row| row.get(0))?,
                    Some(last) => {
                        tx.query_opt(next, params![&agent, shelf.name(), last, last_of_page], |row| row.get(0))?
                    }
                };
                match found {
                    Some(id) if turns.len() < MOST_TURNS => turns.push(id),
                    _ => return Ok::<_, Error>(turns),
                }
            }
        })
        .await
}

/// How many listings a shelf has in all.
///
/// # Errors
/// Storage's errors.
pub async fn count(crm: &Crm, agent: AgentId, shelf: Shelf) -> Result<u64, Error> {
    crm.db.read("shelves.count", move |tx| total(tx, agent, shelf)).await
}

/// The same within a transaction.
pub(crate) fn total(tx: &mut Tx<'_>, agent: AgentId, shelf: Shelf) -> Result<u64, Error> {
    let mut count = 0;
    for status in shelf.statuses() {
        count += totals::get(tx, agent, Kind::Listing, Some(status.name()))?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listings::{PropertySubType, PropertyType};

    #[test]
    fn a_place_comes_back_from_an_address() {
        let place = Place { price: 75_000_000, id: ListingId([7; 16]) };
        assert_eq!(Place::parse(&place.to_text()), Some(place));
        for wrong in ["", ".", "1", "1.x", "-1.lst_x", "x.lst_01k9x3v7e8f4sahm7d9q2b5c6n"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_sub_type_has_a_kind_and_only_homes_in_general_have_none() {
        for (word, _) in PropertySubType::WORDS {
            let is_none = matches!(*word, "Boat Slip" | "Deeded Parking");
            assert_eq!(HomeKind::of(word).is_none(), is_none, "{word}");
        }
        for (word, _) in PropertyType::WORDS {
            let is_none = matches!(*word, "Residential" | "Residential Lease");
            assert_eq!(HomeKind::of(word).is_none(), is_none, "{word}");
        }
    }
}
