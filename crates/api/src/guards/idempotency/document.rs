//! Idempotency keys in the OpenAPI document.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Header, ObjectBuilder, RefOr, Required, Type};

use super::MAXIMUM_KEY;
use crate::wire::envelope::ErrorCode;

/// The errors of a key, with descriptions.
pub(crate) const ERRORS: [(ErrorCode, &str); 2] = [
    (
        ErrorCode::Conflict,
        "The first request with this idempotency key is still in progress or had another credential, or other requests kept \
         changing the same object.",
    ),
    (ErrorCode::ValidationFailed, "The idempotency key was sent with another request."),
];

const DESCRIPTION: &str = "Identifies the request, so that it is performed once however often it is sent. Within 24 hours, \
    the same request with the same key gets the stored response again, with `Idempotency-Replayed: true`, whatever has \
    changed since. Another request with the same key is 422; a repetition while the first is in progress is 409. Use 1 to \
    255 visible ASCII characters, new and random for every request, such as a UUID; each caller has its own keys. \
    Transient errors (401, 413, 415, 429, 5xx, and 409 `concurrent_change`) and failed logins are not stored: the next \
    attempt runs like the first. A request that revokes its own credential, such as logging out, is answered once, because \
    the credential is then invalid.";

/// Adds the header that writes accept and the one of their successful responses. The document describes the latter and
/// its errors once.
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
