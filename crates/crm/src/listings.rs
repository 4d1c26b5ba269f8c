//! Listings: properties on offer.

use db::{Row, Tx, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AgentId, Crm, Error,
    choices::choices,
    clock::UnixMillis,
    events::EventKind,
    idempotency::{Answer, Once},
    ids::ListingId,
    imports, listing_prices,
    pages::{self, Filter, Listed, Page, Source},
    search,
    showings::{self, Parent},
    totals::{self, Kind},
    trash,
    turns::Turn,
    values::Money,
};

pub use crate::{
    listing_details::{Bathrooms, FeeFrequency, ListingDetails, PropertySubType, PropertyType},
    listing_inputs::{ListingChange, NewListing},
};

choices! {
    /// Where a listing stands (RESO StandardStatus; `draft` is RESO's Incomplete).
    ListingStatus {
        Draft = "draft",
        ComingSoon = "coming_soon",
        Active = "active",
        ActiveUnderContract = "active_under_contract",
        Pending = "pending",
        Closed = "closed",
        Hold = "hold",
        Withdrawn = "withdrawn",
        Canceled = "canceled",
        Expired = "expired",
    }
}

impl ListingStatus {
    /// Whether the listing is offered no more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Withdrawn | Self::Canceled | Self::Expired)
    }
}

/// What of a listing the public may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publicity {
    /// Its page.
    Shown,
    /// Nothing, as if it were not there.
    Hidden,
    /// That it was there, and is no more.
    Gone,
}

impl ListingStatus {
    /// What the public may see of a listing with this status.
    #[must_use]
    pub fn publicity(self) -> Publicity {
        match self {
            Self::ComingSoon | Self::Active | Self::ActiveUnderContract | Self::Pending | Self::Closed => {
                Publicity::Shown
            }
            Self::Draft | Self::Hold => Publicity::Hidden,
            Self::Withdrawn | Self::Canceled | Self::Expired => Publicity::Gone,
        }
    }
}

/// The currency of a listing that names none.
pub const DEFAULT_CURRENCY: &str = "USD";

/// A listing, with its fields in the order of the API.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// The id.
    pub id: ListingId,
    /// The address (RESO UnparsedAddress).
    #[schema(example = "456 Oak Ave, Miami, FL")]
    pub address: String,
    /// The asking price in units of `currency` (RESO ListPrice).
    #[schema(value_type = f64, example = 750_000)]
    pub price: Money,
    /// How many bedrooms (RESO BedroomsTotal).
    #[schema(example = 4)]
    pub bedrooms: Option<i64>,
    /// How many bathrooms, in quarters (RESO BathroomsTotalInteger and its parts).
    #[schema(value_type = Option<f64>, example = 3)]
    pub bathrooms: Option<Bathrooms>,
    /// The living area in square feet (RESO LivingArea).
    #[schema(example = 2400)]
    pub sqft: Option<i64>,
    /// Where it stands (RESO StandardStatus).
    pub status: ListingStatus,
    /// The currency of every amount of the listing (ISO 4217).
    #[schema(example = "USD")]
    pub currency: String,
    /// What else is known.
    #[serde(flatten)]
    pub details: ListingDetails,
    /// When it was added.
    pub created_at: UnixMillis,
    /// When it last changed (RESO ModificationTimestamp).
    pub updated_at: UnixMillis,
}

/// A listing as `listing.created` tells it: the same keys, the telling ones first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListingCreated<'a> {
    address: &'a str,
    price: Money,
    bedrooms: Option<i64>,
    bathrooms: Option<Bathrooms>,
    sqft: Option<i64>,
    id: ListingId,
    status: ListingStatus,
    currency: &'a str,
    #[serde(flatten)]
    details: &'a ListingDetails,
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

impl<'a> From<&'a Listing> for ListingCreated<'a> {
    fn from(listing: &'a Listing) -> Self {
        let Listing {
            id,
            address,
            price,
            bedrooms,
            bathrooms,
            sqft,
            status,
            currency,
            details,
            created_at,
            updated_at,
        } = listing;
        Self {
            address,
            price: *price,
            bedrooms: *bedrooms,
            bathrooms: *bathrooms,
            sqft: *sqft,
            id: *id,
            status: *status,
            currency,
            details,
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }
}

/// A made-up listing as `listing.created` tells it.
pub(crate) fn sample() -> serde_json::Value {
    let fields = serde_json::json!({
        "address": "456 Oak Ave, Miami, FL",
        "price": 750_000,
        "bedrooms": 3,
        "bathrooms": 2.5,
        "sqft": 1_850
    });
    let new = NewListing::read(fields.as_object().expect("an object")).expect("a listing");
    let id = "lst_01k9x3v7e8f4sahm7d9q2b5c6n".parse().expect("an id");
    let text = crate::json::to_string(&ListingCreated::from(&new.with_id(id))).expect("small numbers");
    serde_json::from_str(&text).expect("JSON that was just written")
}

/// The outcome of [`create`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The new listing's id.
    pub id: ListingId,
}

/// Adds a listing and, unless it is a draft, raises `listing.created`.
///
/// # Errors
/// [`Error::IdempotencyKeyReused`] and storage's errors.
pub async fn create(crm: &Crm, agent: AgentId, new: NewListing, once: Option<Once>) -> Result<Answer<Created>, Error> {
    crm.change_once("listings.create", agent, once, move |tx, turn| {
        let id = insert(tx, turn, &new)?;
        Ok(Created { id })
    })
    .await
}

/// Adds a listing within a transaction.
pub(crate) fn insert(tx: &mut Tx<'_>, turn: &mut Turn, new: &NewListing) -> Result<ListingId, Error> {
    let id = ListingId(turn.next_id());
    let mut kept = Kept { listing: new.with_id(id), announced_at: None };
    let is_announced = kept.announce(turn.now);
    store(tx, turn.agent, &kept)?;
    if let Some(number) = &kept.listing.details.mls_number {
        imports::know(tx, turn.agent, id, number)?;
    }
    totals::add(tx, turn.agent, Kind::Listing, kept.listing.status.name(), 1)?;
    if is_announced {
        turn.record(tx, EventKind::ListingCreated, &id.0, &ListingCreated::from(&kept.listing))?;
    }
    search::enqueue(tx, turn.agent, Kind::Listing, &id.0)?;
    Ok(id)
}

/// A listing with what only storage knows of it.
struct Kept {
    listing: Listing,
    /// When `listing.created` was raised.
    announced_at: Option<UnixMillis>,
}

impl Kept {
    /// Notes that the listing is offered now, once. Whether it is news.
    fn announce(&mut self, now: UnixMillis) -> bool {
        let is_news = self.announced_at.is_none() && self.listing.status != ListingStatus::Draft;
        if is_news {
            self.announced_at = Some(now);
        }
        is_news
    }
}

fn store(tx: &mut Tx<'_>, agent: AgentId, kept: &Kept) -> Result<(), Error> {
    let Listing { id, address, price, bedrooms, bathrooms, sqft, status, currency, details, created_at: _, updated_at } =
        &kept.listing;
    let details = details.encode().map_err(|cause| {
        tracing::error!(%cause, "a listing cannot be stored");
        Error::Internal
    })?;
    tx.execute(
        "INSERT INTO listings (agent_id, id, address, price, currency, bedrooms, bathrooms, sqft, status, details, announced_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            &agent,
            id,
            address,
            price.cents(),
            currency,
            *bedrooms,
            bathrooms.map(Bathrooms::quarters),
            *sqft,
            *status,
            &details,
            kept.announced_at.map(|at| at.0),
            updated_at.0
        ],
    )?;
    Ok(())
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.updated_at, t.address, t.price, t.bedrooms, t.bathrooms, t.sqft, t.status, t.currency, t.details, t.announced_at
             FROM listings t",
            $rest
        )
    };
}

const LISTINGS: Source = Source { kind: Kind::Listing, select: select!(""), count: "SELECT 1 FROM listings t" };

fn from_row(row: &Row<'_>) -> Result<Kept, db::DbError> {
    let id: ListingId = row.get(0)?;
    let details = serde_json::from_str(row.text(9)?)
        .map_err(|_| db::DbError::Internal("a listing's details cannot be read".to_owned()))?;
    let listing = Listing {
        id,
        address: row.get(2)?,
        price: Money::from_cents(row.get(3)?),
        bedrooms: row.get(4)?,
        bathrooms: row.get::<Option<i64>>(5)?.map(Bathrooms::from_quarters),
        sqft: row.get(6)?,
        status: row.get(7)?,
        currency: row.get(8)?,
        details,
        created_at: id.created_at(),
        updated_at: UnixMillis(row.get(1)?),
    };
    Ok(Kept { listing, announced_at: row.get::<Option<i64>>(10)?.map(UnixMillis) })
}

fn find(tx: &mut Tx<'_>, agent: AgentId, id: ListingId) -> Result<Kept, Error> {
    tx.query_opt(select!(" WHERE t.agent_id = $1 AND t.id = $2"), params![&agent, &id], from_row)?
        .ok_or(Error::NotFound)
}

/// A listing of the agent's, within a transaction.
pub(crate) fn read(tx: &mut Tx<'_>, agent: AgentId, id: ListingId) -> Result<Listing, Error> {
    find(tx, agent, id).map(|kept| kept.listing)
}

/// The MLS number of a listing, if it has one; `None` for a listing that is not there.
pub(crate) fn number_of(tx: &mut Tx<'_>, agent: AgentId, id: ListingId) -> Result<Option<Option<String>>, Error> {
    match find(tx, agent, id) {
        Ok(kept) => Ok(Some(kept.listing.details.mls_number)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Refuses where the agent has no such listing.
pub(crate) fn require(tx: &mut Tx<'_>, agent: AgentId, id: ListingId) -> Result<(), Error> {
    let sql = "SELECT 1 FROM listings WHERE agent_id = $1 AND id = $2";
    tx.query_opt(sql, params![&agent, &id], |_| Ok(()))?.ok_or(Error::NotFound)
}

/// A listing whose page is there for everybody.
pub(crate) fn find_shown(tx: &mut Tx<'_>, agent: AgentId, id: ListingId) -> Result<Listing, Error> {
    let listing = find(tx, agent, id)?.listing;
    let is_shown = listing.status.publicity() == Publicity::Shown;
    if is_shown { Ok(listing) } else { Err(Error::NotFound) }
}

/// One page of an agent's listings.
pub async fn list(crm: &Crm, agent: AgentId, filter: Filter, page: Page) -> Result<Listed<Listing>, Error> {
    let row = |row: &Row<'_>| from_row(row).map(|kept| kept.listing);
    crm.db.read("listings.list", move |tx| pages::read(tx, agent, &LISTINGS, &filter, &page, row)).await
}

/// A listing of the agent's.
///
/// # Errors
/// [`Error::NotFound`] for an id that is no listing of this agent.
pub async fn get(crm: &Crm, agent: AgentId, id: ListingId) -> Result<Listing, Error> {
    crm.db.read("listings.get", move |tx| find(tx, agent, id).map(|kept| kept.listing)).await
}

/// Changes a listing, if `precondition` holds of it. The first change of a draft into something else raises `listing.created`.
///
/// # Errors
/// [`Error::NotFound`], [`Error::PreconditionFailed`].
pub async fn update<P>(
    crm: &Crm,
    agent: AgentId,
    id: ListingId,
    change: ListingChange,
    precondition: P,
) -> Result<Listing, Error>
where
    P: Fn(&Listing) -> bool + Send + 'static,
{
    crm.change("listings.update", agent, move |tx, turn| {
        let kept = find(tx, agent, id)?;
        if !precondition(&kept.listing) {
            return Err(Error::PreconditionFailed);
        }
        put(tx, turn, kept, &change).map(|(listing, _)| listing)
    })
    .await
}

/// Changes a listing within a transaction. Whether it is another now.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) fn change_within(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    id: ListingId,
    change: &ListingChange,
) -> Result<bool, Error> {
    let kept = find(tx, turn.agent, id)?;
    put(tx, turn, kept, change).map(|(_, is_changed)| is_changed)
}

/// Whether a change would make another of a listing; not where there is none.
pub(crate) fn would_change(
    tx: &mut Tx<'_>,
    agent: AgentId,
    id: ListingId,
    change: &ListingChange,
) -> Result<bool, Error> {
    match find(tx, agent, id) {
        Ok(kept) => Ok(change.apply(&kept.listing) != kept.listing),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Stores a listing as a change makes it. Whether it is another now.
fn put(tx: &mut Tx<'_>, turn: &mut Turn, mut kept: Kept, change: &ListingChange) -> Result<(Listing, bool), Error> {
    let (agent, id, old) = (turn.agent, kept.listing.id, kept.listing);
    kept.listing = change.apply(&old);
    if kept.listing == old {
        return Ok((old, false));
    }
    kept.listing.updated_at = turn.now.max(old.updated_at);
    let is_announced = kept.announce(turn.now);
    tx.execute("DELETE FROM listings WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
    store(tx, agent, &kept)?;
    if let Some(number) = &kept.listing.details.mls_number
        && old.details.mls_number.as_ref() != Some(number)
    {
        imports::know(tx, agent, id, number)?;
    }
    listing_prices::note(tx, turn, &old, &kept.listing)?;
    totals::shift(tx, agent, Kind::Listing, old.status.name(), kept.listing.status.name())?;
    if is_announced {
        turn.record(tx, EventKind::ListingCreated, &id.0, &ListingCreated::from(&kept.listing))?;
    }
    search::enqueue(tx, agent, Kind::Listing, &id.0)?;
    Ok((kept.listing, true))
}

/// A deleted listing as the trash keeps it: what [`store`] stores.
#[derive(Serialize, Deserialize)]
struct Trashed {
    address: String,
    cents: i64,
    bedrooms: Option<i64>,
    bathroom_quarters: Option<i64>,
    sqft: Option<i64>,
    status: ListingStatus,
    currency: String,
    details: ListingDetails,
    announced_at: Option<i64>,
}

impl From<Kept> for Trashed {
    fn from(Kept { listing, announced_at }: Kept) -> Self {
        Self {
            address: listing.address,
            cents: listing.price.cents(),
            bedrooms: listing.bedrooms,
            bathroom_quarters: listing.bathrooms.map(Bathrooms::quarters),
            sqft: listing.sqft,
            status: listing.status,
            currency: listing.currency,
            details: listing.details,
            announced_at: announced_at.map(|at| at.0),
        }
    }
}

impl Trashed {
    /// The listing again, changed now: a follower of changes has to see it.
    fn restored(self, id: ListingId, now: UnixMillis) -> Kept {
        let listing = Listing {
            id,
            address: self.address,
            price: Money::from_cents(self.cents),
            bedrooms: self.bedrooms,
            bathrooms: self.bathroom_quarters.map(Bathrooms::from_quarters),
            sqft: self.sqft,
            status: self.status,
            currency: self.currency,
            details: self.details,
            created_at: id.created_at(),
            updated_at: now,
        };
        Kept { listing, announced_at: self.announced_at.map(UnixMillis) }
    }
}

/// Deletes a listing and its showings, if `precondition` holds of it: they are gone at once from lists, totals and search,
/// and kept for a while so that they can be brought back.
///
/// # Errors
/// [`Error::NotFound`], [`Error::PreconditionFailed`].
pub async fn delete<P>(crm: &Crm, agent: AgentId, id: ListingId, precondition: P) -> Result<(), Error>
where
    P: Fn(&Listing) -> bool + Send + 'static,
{
    crm.change("listings.delete", agent, move |tx, turn| {
        let kept = find(tx, agent, id)?;
        if !precondition(&kept.listing) {
            return Err(Error::PreconditionFailed);
        }
        let status = kept.listing.status;
        trash::put(tx, turn, Kind::Listing, &id.0, &Trashed::from(kept))?;
        tx.execute("DELETE FROM listings WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
        totals::add(tx, agent, Kind::Listing, status.name(), -1)?;
        showings::trash_of(tx, turn, Parent::Listing(id))?;
        search::enqueue(tx, agent, Kind::Listing, &id.0)
    })
    .await
}

/// Brings a deleted listing back, with its showings.
///
/// # Errors
/// [`Error::NotFound`] for what is not in the agent's trash.
pub async fn restore(crm: &Crm, agent: AgentId, id: ListingId) -> Result<Listing, Error> {
    crm.change("listings.restore", agent, move |tx, turn| {
        let trashed: Trashed = trash::take(tx, turn, Kind::Listing, &id.0)?;
        let kept = trashed.restored(id, turn.now.max(id.created_at()));
        store(tx, agent, &kept)?;
        totals::add(tx, agent, Kind::Listing, kept.listing.status.name(), 1)?;
        showings::restore_of(tx, turn, Parent::Listing(id))?;
        search::enqueue(tx, agent, Kind::Listing, &id.0)?;
        Ok(kept.listing)
    })
    .await
}
