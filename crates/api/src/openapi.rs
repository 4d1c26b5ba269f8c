//! The OpenAPI 3.1 document, generated from the handlers' own descriptions.

use std::collections::BTreeMap;

use crm::clock::UnixMillis;
use utoipa::{
    IntoParams, IntoResponses, Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, Required, ResponseBuilder,
        header::HeaderBuilder,
        path::{Parameter, ParameterIn},
        schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type},
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};

use crate::problem::{ProblemBody, ProblemCode, ProblemField};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "OrganicAgent API",
        version = "1.0.0",
        description = "Leads, clients, listings, showings, events and webhooks of one real-estate agent. Every request carries an API key in `X-API-Key`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "This server")),
    components(schemas(ProblemBody<'_>, ProblemField<'_>)),
    security(("api_key" = [])),
    modifiers(&Security),
    tags(
        (name = "Leads", description = "Inquiries by people."),
        (name = "Clients", description = "Signed-up buyers and sellers, each on a stage of a pipeline."),
        (name = "Notes", description = "What is written down about a lead or a client."),
        (name = "Menus", description = "What can be chosen."),
        (name = "Listings", description = "Properties on offer."),
        (name = "Showings", description = "Requests to see a listing."),
        (name = "Events", description = "What happened, in order."),
        (name = "Webhooks", description = "Who is told of events, and what became of each."),
        (name = "Account", description = "Whose key this is."),
    ),
)]
pub(crate) struct Base;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let scheme = ApiKey::Header(ApiKeyValue::with_description(
            "X-API-Key",
            "Made in Dashboard → Settings → API, or with `organicagent key create`.",
        ));
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(scheme));
    }
}

/// The document as served: every path under the base.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    crate::routes::described().1
}

/// POSTs that may come without a body.
const WITHOUT_BODY: [&str; 2] = ["rotate_webhook_secret", "test_webhook"];

/// Says of the bodies that may be left out that they may. (Described as optional, they would be said to take `null`.)
pub(crate) fn mark_optional_bodies(document: &mut utoipa::openapi::OpenApi) {
    for post in document.paths.paths.values_mut().filter_map(|item| item.post.as_mut()) {
        let is_optional = post.operation_id.as_deref().is_some_and(|id| WITHOUT_BODY.contains(&id));
        if let Some(RefOr::T(body)) = post.request_body.as_mut().filter(|_| is_optional) {
            body.required = Some(Required::False);
        }
    }
}

/// The parameters that every list of records takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `lists::read_common` reads")]
pub(crate) struct CommonParams {
    /// How many records a page has.
    #[param(required = false, minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// How many records to skip.
    #[param(required = false, minimum = 0, maximum = 1_000_000, example = 0)]
    offset: Option<u32>,
    /// Where the page begins: the `nextCursor` of an earlier page.
    #[param(required = false)]
    cursor: Option<String>,
    /// Only records made at or after this time: RFC 3339 or milliseconds since 1970.
    #[param(required = false, schema_with = instant, example = "2026-11-23T15:00:00Z")]
    since: Option<String>,
    /// Only records changed at or after this time: RFC 3339 or milliseconds since 1970.
    #[param(required = false, schema_with = instant, example = "2026-11-23T15:00:00Z")]
    updated_since: Option<String>,
    /// The order.
    #[param(required = false, inline)]
    sort: Option<SortName>,
}

/// The parameter of lists that can be searched.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `lists::words` reads")]
pub(crate) struct SearchParams {
    /// Only records that hold words beginning with these.
    #[param(required = false, example = "oak ave")]
    q: Option<String>,
}

/// The parameters that lists of people take beside the common ones.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `lists::read` reads")]
pub(crate) struct PersonParams {
    /// Only records with this e-mail address.
    #[param(required = false)]
    email: Option<String>,
    /// Only records with this phone number, however it is written.
    #[param(required = false)]
    phone: Option<String>,
    /// Only records from this source.
    #[param(required = false)]
    source: Option<String>,
}

/// The parameters that lists of people take.
pub(crate) struct ListParams;

impl IntoParams for ListParams {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut params = CommonParams::into_params(&parameter_in);
        params.extend(PersonParams::into_params(&parameter_in));
        params.extend(SearchParams::into_params(&parameter_in));
        params
    }
}

/// An instant in a query.
fn instant() -> utoipa::openapi::Schema {
    let milliseconds = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{1,13}$"));
    AnyOfBuilder::new().item(date_time()).item(milliseconds).into()
}

/// An instant in a body: also as a number.
pub(crate) fn instant_or_millis(description: &str) -> utoipa::openapi::Schema {
    let milliseconds = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(*UnixMillis::RANGE.start()))
        .maximum(Some(*UnixMillis::RANGE.end()));
    let any = AnyOfBuilder::new().item(date_time()).item(milliseconds);
    any.description(Some(description)).examples(["2026-11-23T15:00:00Z"]).into()
}

fn date_time() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

/// An e-mail address that may be left out: `null` and an empty text are none.
pub(crate) fn optional_email() -> utoipa::openapi::Schema {
    let address = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom(String::from("email"))))
        .max_length(Some(254));
    optional(address, "The person's e-mail address.", "john@example.com")
}

/// A time that may be left out: `null` and an empty text are none.
pub(crate) fn optional_time(description: &str) -> utoipa::openapi::Schema {
    optional(date_time(), description, "2026-11-28T15:00:00Z")
}

fn optional(value: ObjectBuilder, description: &str, example: &str) -> utoipa::openapi::Schema {
    let empty = ObjectBuilder::new().schema_type(Type::String).max_length(Some(0));
    let none = ObjectBuilder::new().schema_type(Type::Null);
    let any = AnyOfBuilder::new().item(value).item(empty).item(none);
    any.description(Some(description)).examples([example]).into()
}

/// The order of a list.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `lists::read` reads")]
pub(crate) enum SortName {
    #[schema(rename = "-createdAt")]
    Newest,
    #[schema(rename = "createdAt")]
    Oldest,
    #[schema(rename = "-updatedAt")]
    LastChanged,
}

type Responses = BTreeMap<String, RefOr<utoipa::openapi::Response>>;

fn problems(codes: &[ProblemCode]) -> Responses {
    let mut responses = Responses::new();
    for code in codes {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let mut response =
            ResponseBuilder::new().description(description(*code)).content("application/problem+json", content);
        if matches!(code, ProblemCode::QuotaExceeded | ProblemCode::Unavailable) {
            let seconds = ObjectBuilder::new().schema_type(Type::Integer).build();
            response = response.header(
                "Retry-After",
                HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait.")).build(),
            );
        }
        responses.insert(code.status().as_str().to_owned(), RefOr::T(response.build()));
    }
    responses
}

/// The published meaning of a status, where one is published.
fn description(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::BadRequest => "Bad request — missing or invalid parameters",
        ProblemCode::Unauthorized => "Unauthorized — invalid or missing API key",
        ProblemCode::NotFound => "Not found",
        ProblemCode::QuotaExceeded => "Rate limited — too many requests",
        ProblemCode::Internal => "Server error",
        other => other.title(),
    }
}

const ALWAYS: [ProblemCode; 6] = [
    ProblemCode::BadRequest,
    ProblemCode::Unauthorized,
    ProblemCode::Forbidden,
    ProblemCode::QuotaExceeded,
    ProblemCode::Internal,
    ProblemCode::Unavailable,
];

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident: $($code:ident),*;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> Responses {
                let mut codes = ALWAYS.to_vec();
                codes.extend::<[ProblemCode; _]>([$(ProblemCode::$code),*]);
                problems(&codes)
            }
        }
    )*};
}

errors! {
    /// What a list can answer beside 200.
    ListErrors:;
    /// What reading one record can answer beside 200.
    ReadErrors: NotFound;
    /// What a create can answer beside 201.
    CreateErrors: ContentTooLarge, IdempotencyKeyReused;
    /// What a create under a record can answer beside 201.
    CreateUnderErrors: NotFound, ContentTooLarge, IdempotencyKeyReused;
    /// What a POST under a record that makes none can answer beside 202.
    ActionErrors: NotFound, ContentTooLarge, IdempotencyKeyReused;
    /// What a change can answer beside 200.
    ChangeErrors: NotFound, PreconditionFailed, ContentTooLarge;
    /// What a delete can answer beside 204.
    DeleteErrors: NotFound, PreconditionFailed;
}
