//! What the OpenAPI document says of idempotency keys.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::{HeaderBuilder, ObjectBuilder, RefOr, Required, Type};

use super::MAXIMUM_KEY;
use crate::wire::envelope::ErrorCode;

/// The errors of a key, and when they come.
pub(crate) const ERRORS: [(ErrorCode, &str); 2] = [
    (
        ErrorCode::Conflict,
        "The first request with this idempotency key is still being worked on, or came with another credential; or others \
         kept changing the same at the same time.",
    ),
    (ErrorCode::ValidationFailed, "The idempotency key was sent with another request."),
];

const DESCRIPTION: &str = "Names the request, so that it is done once however often it is sent: within 24 hours, the same \
    request with the same key gets the stored answer again, with `Idempotency-Replayed: true`, whatever has changed since. \
    The same key with another request is 422, and 409 while the first is still being worked on. 1 to 255 visible characters \
    of ASCII, a new random one, such as a UUID, for every request; each caller has its own. Answers that say nothing lasting \
    (401, 413, 415, 429, 5xx, and 409 `concurrent_change`) are not stored, nor are log-ins that fail: the next attempt is \
    made like the first. What ends the very credential that it comes with, such as logging out, is answered once: the \
    credential opens nothing any more.";

const REPLAYED: &str = "`true` where the answer was given before, to the same request with the same `Idempotency-Key`. \
    The body is then that of the first time, with its `request_id` where it is an error";

const RETRY_AFTER: &str = "After how many seconds to try again, where the first request with the idempotency key is still \
    being worked on";

/// Answers that are never stored.
const PASSING: [&str; 6] = ["401", "413", "415", "429", "500", "503"];

/// Adds the header that may come with a write, and the one that may come with its answer.
pub(crate) fn describe(operation: &mut Operation) {
    let schema =
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAXIMUM_KEY));
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(DESCRIPTION))
        .schema(Some(schema.build()))
        .build();
    operation.parameters.get_or_insert_default().push(parameter.into());
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if !PASSING.contains(&status.as_str()) {
            let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["true"])).build();
            let header = HeaderBuilder::new().schema(Some(schema)).description(Some(REPLAYED));
            response.headers.insert("idempotency-replayed".to_owned(), header.build().into());
        }
        if status == "409" {
            let schema = ObjectBuilder::new().schema_type(Type::String).build();
            let header = HeaderBuilder::new().schema(Some(schema)).description(Some(RETRY_AFTER));
            response.headers.insert("retry-after".to_owned(), header.build().into());
        }
    }
}
