//! What the OpenAPI document says of idempotency keys.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Header, ObjectBuilder, RefOr, Required, Type};

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

/// Adds the header that a write takes, and the one of its successful answers. What that one says, and which errors have it,
/// the document says once.
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
        if let RefOr::T(response) = response
            && status.starts_with('2')
        {
            response.headers.insert("idempotency-replayed".to_owned(), Header::default().into());
        }
    }
}
