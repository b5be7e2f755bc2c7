//! Errors and response headers that operations share.

use axum::http::Method;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{RefOr, Response, ResponseBuilder};

use super::{components, security};
use crate::guards::{entity_tags, idempotency, rate_limits};
use crate::wire::contract::{speaks_flowdock, speaks_flowmate, starts_flows};
use crate::wire::envelope::ErrorCode;

/// Completes the operations of a path.
pub(super) fn complete_all(path: &str, item: &mut PathItem) {
    if let Some(operation) = &mut item.get {
        complete(operation, path, false);
    }
    let writes = [&mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
    for operation in writes.into_iter().flatten() {
        complete(operation, path, true);
    }
}

/// Adds the shared errors to an operation, and the shared headers to its responses.
fn complete(operation: &mut Operation, path: &str, is_write: bool) {
    let (is_flowdock, is_counted) = (speaks_flowdock(path), !rate_limits::is_free(path));
    let is_write = is_write && idempotency::is_write(&Method::POST, path) && !starts_flows(path);
    let secured = operation.security.as_ref().is_some_and(|security| !security.is_empty());
    let has_body = operation.request_body.is_some();
    let mut errors =
        if is_flowdock { flowdock_errors(has_body) } else { shared_errors(path, secured, has_body) };
    errors.extend(is_counted.then_some((ErrorCode::RateLimited, TOO_MANY)));
    errors.extend(
        entity_tags::has_precondition(operation).then_some((ErrorCode::PreconditionFailed, HAS_CHANGED)),
    );
    errors.extend(idempotency::ERRORS.into_iter().filter(|_| is_write));
    for (code, text) in errors {
        let responses = &mut operation.responses.responses;
        responses
            .entry(code.status().as_u16().to_string())
            .or_insert_with(|| ResponseBuilder::new().description(text).build().into());
    }
    security::take_basic_keys(operation);
    security::name_scopes(operation);
    unwrap_texts(operation);
    entity_tags::describe(operation);
    if is_write {
        idempotency::describe(operation);
    }
    let own: &[&str] = match (is_flowdock, speaks_flowmate(path) && has_body) {
        (true, _) => &["flowdock-user"],
        (_, true) => &["x-ignored-fields"],
        _ => &[],
    };
    for (status, response) in &mut operation.responses.responses {
        match components::error_of(status) {
            Some(code) => *response = components::error(code, response),
            None => complete_success(response, own, is_counted),
        }
    }
}

/// Joins the lines of each paragraph of a description: their breaks come from the width of the source.
fn unwrap_texts(operation: &mut Operation) {
    if let Some(description) = &mut operation.description {
        *description = unwrapped(description);
    }
}

fn unwrapped(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.lines() {
        let starts_anew = line.is_empty()
            || ["* ", "- ", "|"].iter().any(|start| line.starts_with(start))
            || joined.ends_with('\n');
        match (joined.is_empty(), starts_anew) {
            (true, _) => {}
            (false, true) => joined.push('\n'),
            (false, false) => joined.push(' '),
        }
        joined.push_str(line);
    }
    joined
}

/// Adds the shared headers and the contract's own to a success response.
fn complete_success(response: &mut RefOr<Response>, own: &[&str], is_counted: bool) {
    let RefOr::T(response) = response else { return };
    if response.description.is_empty() {
        "Success".clone_into(&mut response.description);
    }
    let counted: &[&str] = if is_counted { &["ratelimit", "ratelimit-policy"] } else { &[] };
    for name in [&["x-request-id"], counted, own].concat() {
        components::add_header(response, name);
    }
    components::share_headers(response);
}

/// An error and its description.
type ErrorText = (ErrorCode, &'static str);

/// FlowMate returns 400 for invalid fields, like Zaia, with which Flowra shares paths.
fn shared_errors(path: &str, secured: bool, has_body: bool) -> Vec<ErrorText> {
    let (is_flowmate, is_loose) = (speaks_flowmate(path), starts_flows(path));
    let mut errors = FAULTS.to_vec();
    if is_flowmate && has_body {
        errors.push((ErrorCode::BadRequest, "A parameter or the body is malformed, or has invalid fields."));
    } else if !is_loose || has_body {
        errors.push((ErrorCode::BadRequest, "A parameter or the body is malformed."));
    }
    if secured {
        errors.push((ErrorCode::Unauthenticated, NO_CREDENTIAL));
        errors.push((ErrorCode::Forbidden, "The credential lacks the scope, or the user is blocked."));
    }
    if has_body {
        errors.push((ErrorCode::PayloadTooLarge, TOO_LARGE));
        errors.push((ErrorCode::UnsupportedMediaType, if is_loose { NO_KNOWN_FORM } else { NOT_JSON }));
    }
    if has_body && !is_flowmate && !is_loose {
        errors.push((ErrorCode::ValidationFailed, "The body has invalid fields; Zaia returns 400 instead."));
    }
    errors
}

/// Flowdock returns 400 for every invalid parameter, and accepts passwords with every request.
fn flowdock_errors(has_body: bool) -> Vec<ErrorText> {
    let mut errors = FAULTS.to_vec();
    errors.push((ErrorCode::BadRequest, "Parameters are malformed or invalid."));
    errors.push((ErrorCode::Unauthenticated, NO_CREDENTIAL));
    errors.push((ErrorCode::Forbidden, "The caller may not do this."));
    errors.push((ErrorCode::RateLimited, "Too many requests per second, or too many wrong passwords."));
    if has_body {
        errors.push((ErrorCode::PayloadTooLarge, TOO_LARGE));
        errors.push((ErrorCode::UnsupportedMediaType, NEITHER_JSON_NOR_FORM));
    }
    errors
}

const FAULTS: [ErrorText; 2] =
    [(ErrorCode::InternalError, "The server failed."), (ErrorCode::Unavailable, UNAVAILABLE)];

const NO_CREDENTIAL: &str = "No valid credential.";

const HAS_CHANGED: &str = "The condition in `If-Match` is not met.";

const TOO_MANY: &str = "Too many requests per second.";

const TOO_LARGE: &str = "The body is larger than the limit.";

const NOT_JSON: &str = "The `Content-Type` is not JSON in UTF-8, or the `Content-Encoding` is unknown.";

const NO_KNOWN_FORM: &str = "The `Content-Type` is none of JSON, a form, XML and text, in UTF-8, or the `Content-Encoding` is unknown.";

const NEITHER_JSON_NOR_FORM: &str =
    "The `Content-Type` is neither JSON nor a form, in UTF-8, or the `Content-Encoding` is unknown.";

const UNAVAILABLE: &str = "The server is starting, stopping, overloaded, or cannot reach its database.";
