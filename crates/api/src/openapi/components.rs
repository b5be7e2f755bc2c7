//! Components that operations reference: errors, headers and parameters.

use std::collections::{BTreeMap, HashMap};

use utoipa::openapi::example::Example;
use utoipa::openapi::path::{Parameter, ParameterIn, PathItem};
use utoipa::openapi::{
    Components, ContentBuilder, Header, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response,
    ResponseBuilder, Type,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::parts::operations;
use crate::wire::envelope::{ErrorCode, ErrorEnvelope, sample};

/// Response headers: name, component name, type and description.
const HEADERS: [(&str, &str, Type, &str); 12] = [
    ("accept-encoding", "AcceptEncoding", Type::String, "The encodings that bodies of requests may have"),
    ("etag", "ETag", Type::String, "Changes whenever the object does"),
    ("flowdock-user", "FlowdockUser", Type::Integer, "Flowdock: the number of the caller's account"),
    (
        "idempotency-replayed",
        "IdempotencyReplayed",
        Type::String,
        "`true` if this is the stored response to an earlier, identical request with the same `Idempotency-Key`. An \
         error keeps its first `request_id`",
    ),
    ("link", "Link", Type::String, "The next page, as `<URL>; rel=\"next\"`; absent on the last page"),
    ("ratelimit", "RateLimit", Type::String, "Requests left in the window, as in `\"key\";r=998;t=1`"),
    (
        "ratelimit-policy",
        "RateLimitPolicy",
        Type::String,
        "Maximum requests (`q`) per window of `w` seconds, as in `\"key\";q=1000;w=1`",
    ),
    ("retry-after", "RetryAfter", Type::String, "Seconds to wait before a retry"),
    ("www-authenticate", "WWWAuthenticate", Type::String, "The expected credential"),
    (
        "x-ignored-fields",
        "IgnoredFields",
        Type::String,
        "FlowMate: the fields of the body that the operation does not know, percent-encoded, with commas between them; absent if \
         there are none",
    ),
    (
        "x-request-id",
        "RequestId",
        Type::String,
        "The request id: the client's own `x-request-id`, or a new one",
    ),
    (
        "x-total-count",
        "TotalCount",
        Type::Integer,
        "The number of entries in the whole list, with `count=true`",
    ),
];

/// Adds the errors and headers that operations reference.
pub(super) fn add(components: &mut Components) {
    let mut schemas = vec![(ErrorEnvelope::name().into_owned(), ErrorEnvelope::schema())];
    ErrorEnvelope::schemas(&mut schemas);
    components.schemas.extend(schemas);
    for (_, component, schema_type, description) in HEADERS {
        let schema = ObjectBuilder::new().schema_type(schema_type).build();
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
        components.headers.insert(component.to_owned(), header.into());
    }
    // Only the router returns this one, for methods that the document does not list.
    let named = ErrorCode::ALL.into_iter().filter(|(code, _)| *code != ErrorCode::MethodNotAllowed);
    for (code, status) in named {
        components.responses.insert(name_of(code), error_component(code).into());
        let mut example = Example::new();
        example.value = Some(sample(code.as_str(), description_of(code), status.as_u16()));
        components.examples.insert(name_of(code), example.into());
    }
}

/// Returns the error code of a status.
pub(super) fn error_of(status: &str) -> Option<ErrorCode> {
    ErrorCode::ALL.into_iter().find(|(_, of_code)| of_code.as_str() == status).map(|(code, _)| code)
}

/// References an error, with the operation's own description if any.
pub(super) fn error(code: ErrorCode, response: &RefOr<Response>) -> RefOr<Response> {
    let mut reference = Ref::from_response_name(name_of(code));
    if let RefOr::T(response) = response
        && response.description != description_of(code)
    {
        reference.description.clone_from(&response.description);
    }
    reference.into()
}

/// Adds a header to a response.
pub(super) fn add_header(response: &mut Response, name: &str) {
    if let Some(reference) = header(name) {
        response.headers.insert(name.to_owned(), reference);
    }
}

/// Replaces a response's headers by references.
pub(super) fn share_headers(response: &mut Response) {
    for (name, shown) in &mut response.headers {
        if let Some(reference) = header(name) {
            *shown = reference;
        }
    }
}

/// Replaces parameters that several operations share by references.
pub(super) fn share_parameters(document: &mut OpenApi) {
    let mut uses: HashMap<String, usize> = HashMap::new();
    for parameter in document.paths.paths.values_mut().flat_map(parameters) {
        if let Some(text) = shareable(parameter) {
            *uses.entry(text).or_default() += 1;
        }
    }
    let mut shared: BTreeMap<String, String> = BTreeMap::new();
    let components = document.components.get_or_insert_default();
    for parameter in document.paths.paths.values_mut().flat_map(parameters) {
        let Some(text) = shareable(parameter).filter(|text| uses[text] > 1) else { continue };
        let RefOr::T(inline) = &*parameter else { continue };
        let name = pascal_case(&inline.name);
        if *shared.entry(name.clone()).or_insert_with(|| text.clone()) == text {
            components.parameters.entry(name.clone()).or_insert_with(|| inline.clone().into());
            *parameter = RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")));
        }
    }
}

/// Returns the parameters of a path's operations.
fn parameters(item: &mut PathItem) -> impl Iterator<Item = &mut RefOr<Parameter>> {
    operations(item).filter_map(|operation| operation.parameters.as_mut()).flatten()
}

/// Returns a shareable parameter as JSON. Path parameters are not shared: they are short, with their own descriptions.
fn shareable(parameter: &RefOr<Parameter>) -> Option<String> {
    match parameter {
        RefOr::T(inline) if inline.parameter_in != ParameterIn::Path => serde_json::to_string(inline).ok(),
        _ => None,
    }
}

fn header(name: &str) -> Option<RefOr<Header>> {
    let (_, component, ..) = HEADERS.into_iter().find(|(known, ..)| *known == name)?;
    Some(RefOr::Ref(Ref::new(format!("#/components/headers/{component}"))))
}

fn error_component(code: ErrorCode) -> Response {
    let (name, schema) = (name_of(code), Ref::from_schema_name(ErrorEnvelope::name()));
    let mut content = ContentBuilder::new().schema(Some(schema)).build();
    let example = Ref::new(format!("#/components/examples/{name}"));
    content.examples.insert(name, RefOr::Ref(example));
    let mut response =
        ResponseBuilder::new().description(description_of(code)).content("application/json", content).build();
    let own: &[&str] = match code {
        ErrorCode::Unauthenticated => &["www-authenticate"],
        ErrorCode::Conflict => &["flowdock-user", "idempotency-replayed", "retry-after"],
        ErrorCode::RateLimited | ErrorCode::Unavailable => &["flowdock-user", "retry-after"],
        ErrorCode::UnsupportedMediaType => &["accept-encoding", "flowdock-user"],
        ErrorCode::PayloadTooLarge | ErrorCode::InternalError => &["flowdock-user"],
        _ => &["flowdock-user", "idempotency-replayed"],
    };
    for name in [&["x-request-id", "ratelimit", "ratelimit-policy"], own].concat() {
        add_header(&mut response, name);
    }
    response
}

/// Describes an error that an operation does not describe.
fn description_of(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadRequest => "A parameter or the body is malformed.",
        ErrorCode::Unauthenticated => "No valid credential.",
        ErrorCode::Forbidden => "The credential lacks the scope, or the user is blocked.",
        ErrorCode::NotFound => "Not found.",
        ErrorCode::MethodNotAllowed => "The path does not support this method.",
        ErrorCode::Conflict => {
            "The first request with this idempotency key is still in progress or had another credential, or other \
             requests kept changing the same object."
        }
        ErrorCode::Gone => "The feed has no such position any more, or not yet.",
        ErrorCode::PreconditionFailed => "The condition in `If-Match` or `If-None-Match` is not met.",
        ErrorCode::PayloadTooLarge => "The body is larger than the limit.",
        ErrorCode::UnsupportedMediaType => {
            "The `Content-Type` is not JSON in UTF-8, or the `Content-Encoding` is unknown."
        }
        ErrorCode::ValidationFailed => {
            "The body has invalid fields (400 in Zaia, FlowMate and Flowdock), or the idempotency key was sent with another \
             request."
        }
        ErrorCode::RateLimited => "Too many requests per second.",
        ErrorCode::InternalError => "The server failed.",
        ErrorCode::Unavailable => {
            "The server is starting, stopping, overloaded, or cannot reach its database."
        }
    }
}

fn name_of(code: ErrorCode) -> String {
    pascal_case(code.as_str())
}

/// `page_size`, `pageSize` and `page-size` as `PageSize`.
fn pascal_case(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let capitalized = words.filter_map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    });
    capitalized.collect()
}
