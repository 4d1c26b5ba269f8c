//! `/listings`.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    ids::ListingId,
    listings::{self, Listing, ListingChange, ListingDetails, ListingStatus, NewListing},
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api, Problem,
    body::Fields,
    etags,
    idempotency::IdempotencyKey,
    lists::{self, WHOLE_LIMIT},
    openapi::{ChangeErrors, CommonParams, CreateErrors, DeleteErrors, ListErrors, ReadErrors, SearchParams},
    paths::PathId,
    query::Params,
    reply::{self, Answer, Created},
};

/// A listing to add.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListingInput {
    /// The address (RESO UnparsedAddress).
    #[schema(min_length = 1, max_length = 500, pattern = r"\S", example = "456 Oak Ave, Miami, FL")]
    address: String,
    /// The asking price in units of `currency` (RESO ListPrice).
    #[schema(minimum = 0, maximum = 999_999_999_999.99, multiple_of = 0.01, example = 750_000)]
    price: f64,
    /// How many bedrooms (RESO BedroomsTotal).
    #[schema(required = false, minimum = 0, maximum = 1000, example = 4)]
    bedrooms: Option<i64>,
    /// How many bathrooms, in quarters (RESO BathroomsTotalInteger and its parts).
    #[schema(required = false, minimum = 0, maximum = 100, multiple_of = 0.25, example = 3)]
    bathrooms: Option<f64>,
    /// The living area in square feet (RESO LivingArea).
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000, example = 2400)]
    sqft: Option<i64>,
    /// Where it stands (RESO StandardStatus); `active` when missing. A draft raises no event until it is none.
    #[schema(required = false, example = "active")]
    status: Option<ListingStatus>,
    /// The currency of every amount (ISO 4217); `USD` when missing.
    #[schema(required = false, pattern = "^([A-Z]{3})?$", example = "USD")]
    currency: Option<String>,
    #[serde(flatten)]
    details: ListingDetails,
}

/// A change of a listing (JSON Merge Patch, RFC 7396): `null` clears.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListingPatch {
    /// The address (RESO UnparsedAddress).
    #[schema(
        required = false,
        nullable = false,
        min_length = 1,
        max_length = 500,
        pattern = r"\S",
        example = "456 Oak Ave, Miami, FL"
    )]
    address: Option<String>,
    /// The asking price in units of `currency` (RESO ListPrice).
    #[schema(
        required = false,
        nullable = false,
        minimum = 0,
        maximum = 999_999_999_999.99,
        multiple_of = 0.01,
        example = 735_000
    )]
    price: Option<f64>,
    /// How many bedrooms (RESO BedroomsTotal).
    #[schema(minimum = 0, maximum = 1000, example = 4)]
    bedrooms: Option<i64>,
    /// How many bathrooms, in quarters (RESO BathroomsTotalInteger and its parts).
    #[schema(minimum = 0, maximum = 100, multiple_of = 0.25, example = 2.5)]
    bathrooms: Option<f64>,
    /// The living area in square feet (RESO LivingArea).
    #[schema(minimum = 0, maximum = 1_000_000_000, example = 2400)]
    sqft: Option<i64>,
    /// Where it stands (RESO StandardStatus). The first status other than `draft` raises `listing.created`.
    #[schema(required = false, nullable = false, example = "pending")]
    status: Option<ListingStatus>,
    /// The currency of every amount (ISO 4217); `null` makes it `USD`.
    #[schema(pattern = "^([A-Z]{3})?$", example = "USD")]
    currency: Option<String>,
    #[serde(flatten)]
    details: ListingDetails,
}

/// What `status` of the list can ask for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "active")]
#[expect(dead_code, reason = "describes what is read by its name")]
pub(crate) enum ListingStatusFilter {
    All,
    Draft,
    ComingSoon,
    Active,
    ActiveUnderContract,
    Pending,
    Closed,
    Hold,
    Withdrawn,
    Canceled,
    Expired,
}

/// The answer of a create.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListingCreated {
    /// Always `true`.
    #[schema(example = true)]
    success: bool,
    /// The new listing's id.
    #[schema(example = "lst_01k9x3v7e8f4sahm7d9q2b5c6n")]
    listing_id: String,
}

/// A page of listings.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListingList {
    /// The listings, newest first unless `sort` says otherwise.
    listings: Vec<Listing>,
    /// How many listings match in all.
    #[schema(example = 1)]
    total: u64,
    /// `false` where `total` stopped counting; else missing.
    #[schema(required = false, nullable = false)]
    total_is_exact: Option<bool>,
    /// Where the next page begins; missing on the last.
    #[schema(required = false, nullable = false)]
    next_cursor: Option<String>,
}

/// Create a new listing.
///
/// Raises `listing.created` unless it is a draft; a draft raises it when it first is none.
#[utoipa::path(
    post, path = "/listings", tag = "Listings", operation_id = "create_listing",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request make one listing.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$")),
    request_body = ListingInput,
    responses((status = 201, description = "The listing is added.", body = ListingCreated, headers(("Location" = String, description = "The listing's path."))), CreateErrors),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    key: IdempotencyKey,
    fields: Fields,
) -> Answer {
    let new = NewListing::read(&fields.members)?;
    let answer = listings::create(&api.crm, caller.agent, new, key.once(&fields.bytes)).await?;
    let id = answer.value.id.to_string();
    Created {
        status: StatusCode::CREATED,
        key: "listingId",
        id,
        collection: "/listings",
        is_replayed: answer.is_replayed,
    }
    .answer()
}

/// List listings.
///
/// Active ones, unless `status` asks for others. Without `limit` up to 1,000 at once.
#[utoipa::path(
    get, path = "/listings", tag = "Listings", operation_id = "list_listings",
    params(("status" = inline(Option<ListingStatusFilter>), Query, description = "Only listings of this status; `all` for every status. `active` when missing."), CommonParams, SearchParams),
    responses((status = 200, description = "A page of listings.", body = ListingList), ListErrors),
)]
pub(crate) async fn list(State(api): State<Api>, Extension(caller): Extension<Caller>, params: Params) -> Answer {
    let (filter, page) = lists::checked(params, |params| {
        let statuses =
            std::iter::once(ALL).chain(ListingStatus::WORDS.iter().map(|(word, _)| *word)).collect::<Vec<_>>();
        let (mut filter, page) = lists::read_common(params, &statuses, WHOLE_LIMIT);
        filter.words = lists::words(params);
        filter.status = match filter.status.as_deref() {
            None => Some(ListingStatus::Active.name().to_owned()),
            Some(ALL) => None,
            Some(status) => Some(status.to_owned()),
        };
        (filter, page)
    })?;
    let listed = listings::list(&api.crm, caller.agent, filter, page).await?;
    lists::answer("listings", &listed)
}

/// Asks for listings of every status.
const ALL: &str = "all";

/// Read a listing.
#[utoipa::path(
    get, path = "/listings/{id}", tag = "Listings", operation_id = "get_listing", params(("id" = String, Path, description = "The listing's id.")),
    responses((status = 200, description = "The listing.", body = Listing), ReadErrors),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<ListingId>,
) -> Answer {
    reply::representation(&listings::get(&api.crm, caller.agent, id).await?)
}

/// Change a listing.
#[utoipa::path(
    patch, path = "/listings/{id}", tag = "Listings", operation_id = "update_listing",
    params(("id" = String, Path, description = "The listing's id."), ("If-Match" = Option<String>, Header, description = "Change it only if its ETag is this.")),
    request_body = ListingPatch,
    responses((status = 200, description = "The changed listing.", body = Listing), ChangeErrors),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<ListingId>, Problem>,
    headers: HeaderMap,
    fields: Fields,
) -> Answer {
    let change = ListingChange::read(&fields.members)?;
    let PathId(id) = id?;
    let listing = listings::update(&api.crm, caller.agent, id, change, etags::precondition(&headers)).await?;
    reply::representation(&listing)
}

/// Delete a listing.
///
/// Its showings go with it.
#[utoipa::path(
    delete, path = "/listings/{id}", tag = "Listings", operation_id = "delete_listing",
    params(("id" = String, Path, description = "The listing's id."), ("If-Match" = Option<String>, Header, description = "Delete it only if its ETag is this.")),
    responses((status = 204, description = "The listing is gone."), DeleteErrors),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<ListingId>,
    headers: HeaderMap,
) -> Answer {
    listings::delete(&api.crm, caller.agent, id, etags::precondition(&headers)).await?;
    Ok(reply::gone())
}
