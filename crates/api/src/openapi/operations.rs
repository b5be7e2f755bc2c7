//! What all operations share: the errors they may answer with, and the headers of their answers.

use axum::http::Method;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{RefOr, Response, ResponseBuilder};

use super::{components, security};
use crate::guards::{entity_tags, idempotency, rate_limits};
use crate::wire::contract::speaks_flowdock;
use crate::wire::envelope::ErrorCode;

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
    operations.into_iter().flatten()
}

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

/// Gives an operation the errors that it shares with the others, and all its answers the headers that they have in common.
fn complete(operation: &mut Operation, path: &str, is_write: bool) {
    let (is_flowdock, is_counted) = (speaks_flowdock(path), !rate_limits::is_free(path));
    let is_write = is_write && idempotency::is_write(&Method::POST, path);
    let secured = operation.security.as_ref().is_some_and(|security| !security.is_empty());
    let has_body = operation.request_body.is_some();
    let mut errors = if is_flowdock { flowdock_errors(has_body) } else { shared_errors(secured, has_body) };
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
    security::name_scopes(operation);
    unwrap_texts(operation);
    entity_tags::describe(operation);
    if is_write {
        idempotency::describe(operation);
    }
    for (status, response) in &mut operation.responses.responses {
        match components::error_of(status) {
            Some(code) => *response = components::error(code, response),
            None => complete_success(response, is_flowdock, is_counted),
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

/// Gives an answer the headers that all have in common.
fn complete_success(response: &mut RefOr<Response>, is_flowdock: bool, is_counted: bool) {
    let RefOr::T(response) = response else { return };
    if response.description.is_empty() {
        "Success".clone_into(&mut response.description);
    }
    let counted: &[&str] = if is_counted { &["ratelimit", "ratelimit-policy"] } else { &[] };
    let flowdock: &[&str] = if is_flowdock { &["flowdock-user"] } else { &[] };
    for name in [&["x-request-id"], counted, flowdock].concat() {
        components::add_header(response, name);
    }
    components::share_headers(response);
}

/// An error, and when it comes.
type ErrorText = (ErrorCode, &'static str);

fn shared_errors(secured: bool, has_body: bool) -> Vec<ErrorText> {
    let mut errors = FAULTS.to_vec();
    if secured || has_body {
        errors.push((ErrorCode::BadRequest, "A parameter or the body cannot be understood."));
    }
    if secured {
        errors.push((ErrorCode::Unauthenticated, NO_CREDENTIAL));
        errors.push((ErrorCode::Forbidden, "The credential lacks the scope, or the user is blocked."));
    }
    if has_body {
        errors.push((ErrorCode::PayloadTooLarge, TOO_LARGE));
        errors.push((ErrorCode::UnsupportedMediaType, "The body is not announced as JSON."));
        errors.push((
            ErrorCode::ValidationFailed,
            "Fields of the body break their rules; Zaia answers 400 instead.",
        ));
    }
    errors
}

/// Flowdock answers 400 wherever a parameter breaks its rule, and takes passwords with every request.
fn flowdock_errors(has_body: bool) -> Vec<ErrorText> {
    let mut errors = FAULTS.to_vec();
    errors.push((ErrorCode::BadRequest, "Parameters cannot be understood, or break their rules."));
    errors.push((ErrorCode::Unauthenticated, NO_CREDENTIAL));
    errors.push((ErrorCode::Forbidden, "The caller may not do this."));
    errors.push((ErrorCode::RateLimited, "Too many requests a second, or too many wrong passwords."));
    if has_body {
        errors.push((ErrorCode::PayloadTooLarge, TOO_LARGE));
        errors.push((ErrorCode::UnsupportedMediaType, "The body is announced as neither JSON nor a form."));
    }
    errors
}

const FAULTS: [ErrorText; 2] =
    [(ErrorCode::InternalError, "The server made a mistake."), (ErrorCode::Unavailable, UNAVAILABLE)];

const NO_CREDENTIAL: &str = "No valid credential.";

const HAS_CHANGED: &str = "What If-Match says is not, or no longer, so.";

const TOO_MANY: &str = "Too many requests a second.";

const TOO_LARGE: &str = "The body is larger than the server takes.";

const UNAVAILABLE: &str = "The server is starting, stopping, overloaded, or cannot reach its database.";
