//! Words errors for a contract.

use std::time::Duration;

use denizen_domain::{
    BadRequest, Coded, Conflict, Error, FieldViolation, Forbidden, Reason, Resource, Unauthenticated,
    Violation, Violations,
};

use super::{ErrorCode, ErrorDetails, FieldError, credential};
use crate::wire::contract::Contract;
use crate::wire::error::{Misuse, Unsupported};

/// Code, message and details of an error, as a contract words them.
pub(super) struct Problem {
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) details: ErrorDetails,
}

/// Returns the problem for an error.
pub(super) fn problem_of(error: &Error, contract: Contract) -> Problem {
    let message = error.to_string();
    let none = ErrorDetails::default();
    let (code, message, details) = match error {
        Error::Invalid(violations) => return invalid(violations, contract),
        Error::BadRequest(problem) => return bad_request(problem, contract),
        Error::Unauthenticated(reason) => return unauthenticated(*reason, contract),
        Error::Forbidden(forbidden) => (ErrorCode::Forbidden, message, forbidden_details(*forbidden)),
        Error::NotFound { resource, id } => return not_found(*resource, id.clone(), contract),
        Error::Conflict(conflict) => return conflicting(*conflict, contract),
        Error::PreconditionFailed => (ErrorCode::PreconditionFailed, message, none),
        Error::PositionGone { begins_after, ends_at } => {
            let details = ErrorDetails {
                begins_after: Some(begins_after.as_i64()),
                ends_at: Some(ends_at.as_i64()),
                ..none
            };
            (ErrorCode::Gone, message, details)
        }
        Error::RateLimited { limit, window, retry_after } => {
            let details = ErrorDetails {
                limit: usize::try_from(*limit).ok(),
                window: Some(window.as_secs()),
                // Round up, never early.
                retry_after: Some((*retry_after + Duration::from_nanos(999_999_999)).as_secs().max(1)),
                ..none
            };
            (ErrorCode::RateLimited, message, details)
        }
        Error::Unavailable(_) => (ErrorCode::Unavailable, message, none),
        Error::ReadOnly(_) => {
            (ErrorCode::Unavailable, message, ErrorDetails { reason: Some("read_only"), ..none })
        }
        Error::NotConfigured(missing) => {
            (ErrorCode::Unavailable, message, ErrorDetails { reason: Some(missing.reason()), ..none })
        }
        Error::Internal(_) => (ErrorCode::InternalError, message, none),
    };
    Problem { code, message, details }
}

/// FlowMate names a malformed header in its message, as clients of the contract expect.
fn unauthenticated(problem: Unauthenticated, contract: Contract) -> Problem {
    let reason = problem.reason();
    let message = match (contract, reason) {
        (Contract::FlowMate, Some("invalid_header")) => INVALID_HEADER.to_owned(),
        _ => credential::message_of(problem).into_owned(),
    };
    let details = ErrorDetails { auth: Some(auth(problem, contract)), reason, ..ErrorDetails::default() };
    Problem { code: ErrorCode::Unauthenticated, message, details }
}

/// FlowMate's message for a malformed `Authorization` header.
const INVALID_HEADER: &str = "INVALID_HEADER";

fn forbidden_details(forbidden: Forbidden) -> ErrorDetails {
    let (required_scope, param) = match forbidden {
        Forbidden::MissingScope(scope) => (Some(scope.code()), None),
        Forbidden::MissingPermission(permission) => (Some(permission.code()), None),
        Forbidden::ProtectedField(field) => (None, Some(field.to_owned())),
        _ => (None, None),
    };
    ErrorDetails { required_scope, param, reason: forbidden.reason(), ..ErrorDetails::default() }
}

/// In Flowdock, a taken name is an invalid field.
fn conflicting(conflict: Conflict, contract: Contract) -> Problem {
    let (reason, field) = (conflict.reason(), conflict.field());
    if let (Contract::Flowdock, "taken", Some(field)) = (contract, reason, field) {
        let violation = Violation::new(Reason::Taken, "has already been taken");
        return invalid(&Violations::of(field, violation), contract);
    }
    let param = field.map(|field| contract.field_name(field));
    let current_status = conflict.current_status();
    let details = ErrorDetails { reason: Some(reason), param, current_status, ..ErrorDetails::default() };
    Problem { code: ErrorCode::Conflict, message: conflict.to_string(), details }
}

/// Zaia, FlowMate and Flowdock answer invalid bodies with 400 and a fixed text; other contracts with 422.
fn invalid(violations: &Violations, contract: Contract) -> Problem {
    match contract {
        Contract::Zaia => broken_parameters(field_errors(violations, contract), INVALID_DATA.to_owned()),
        Contract::FlowMate => {
            broken_parameters(field_errors(violations, contract), INVALID_FIELDS.to_owned())
        }
        Contract::Flowdock => {
            broken_parameters(field_errors(violations, contract), VALIDATION_ERROR.to_owned())
        }
        Contract::Flowra | Contract::Notiflows | Contract::IncomingWebhooks | Contract::Operations => {
            Problem {
                code: ErrorCode::ValidationFailed,
                message: INVALID_FIELDS.to_owned(),
                details: ErrorDetails {
                    fields: field_errors(violations, contract),
                    ..ErrorDetails::default()
                },
            }
        }
    }
}

/// The message for invalid bodies of contracts that have none of their own.
const INVALID_FIELDS: &str = "The request has invalid fields.";

/// Zaia's message for invalid bodies.
const INVALID_DATA: &str = "Invalid data provided.";

/// Flowdock's message for invalid parameters.
const VALIDATION_ERROR: &str = "Validation error";

fn bad_request(problem: &BadRequest, contract: Contract) -> Problem {
    let message = match (contract, problem) {
        (Contract::Flowdock, BadRequest::InvalidParameters(_) | BadRequest::Contradiction(_)) => {
            VALIDATION_ERROR.to_owned()
        }
        (Contract::Zaia, _) | (_, BadRequest::Contradiction(_)) => INVALID_DATA.to_owned(),
        (_, BadRequest::InvalidParameters(_) | BadRequest::InvalidJson(_)) => problem.to_string(),
    };
    match problem {
        BadRequest::Contradiction(violations) => {
            broken_parameters(field_errors(violations, contract), message)
        }
        // Parameters are named as the request spells them, so that a misspelt name is shown.
        BadRequest::InvalidParameters(violations) => {
            let fields = violations.fields().iter().map(|field| field_error(field, field.field.clone()));
            broken_parameters(fields.collect(), message)
        }
        BadRequest::InvalidJson(_) => {
            let details = ErrorDetails { reason: Some("invalid_json"), ..ErrorDetails::default() };
            Problem { code: ErrorCode::BadRequest, message, details }
        }
    }
}

fn broken_parameters(fields: Vec<FieldError>, message: String) -> Problem {
    let only_ids = fields.iter().all(|field| field.reason == Reason::InvalidUuid);
    let reason = Some(if only_ids { "invalid_uuid" } else { "invalid_param" });
    let param = fields.first().map(|field| field.field.clone());
    let details = ErrorDetails { fields, param, reason, ..ErrorDetails::default() };
    Problem { code: ErrorCode::BadRequest, message, details }
}

fn not_found(resource: Resource, id: Option<String>, contract: Contract) -> Problem {
    let message = match (resource, contract) {
        (Resource::ExternalUser, Contract::Notiflows) => "User not found".to_owned(),
        (Resource::Account, Contract::FlowMate | Contract::Flowdock) => "User not found.".to_owned(),
        (Resource::IncomingWebhook, _) => {
            let id = id.as_deref().unwrap_or_default();
            format!("Flow {id} either does not exist or is inactive.")
        }
        (Resource::Workflow, Contract::FlowMate) => "Flow not found.".to_owned(),
        (Resource::Workspace, Contract::FlowMate) => "Tenant not found.".to_owned(),
        (Resource::Workspace, Contract::Flowdock) => "Organization not found.".to_owned(),
        _ => format!("{resource} not found."),
    };
    let resource = match resource {
        Resource::ExternalUser if contract == Contract::Notiflows => "user",
        Resource::Account if matches!(contract, Contract::FlowMate | Contract::Flowdock) => "user",
        Resource::Workspace if contract == Contract::FlowMate => "tenant",
        Resource::Workspace if contract == Contract::Flowdock => "organization",
        Resource::ExternalUser => "external_user",
        Resource::ExternalUserGroup => "external_user_group",
        Resource::Tier => "tier",
        Resource::SuperIdentity => "super_identity",
        Resource::Channel => "channel",
        Resource::Workspace => "workspace",
        Resource::ApiKey => "api_key",
        Resource::Account => "account",
        Resource::Role => "role",
        Resource::AccountToken => "token",
        Resource::Flow | Resource::IncomingWebhook => "flow",
        Resource::Invitation => "invitation",
        Resource::Job => "job",
        Resource::AuthConfig => "auth_config",
        Resource::ConnectedAccount => "connected_account",
        Resource::WebhookEndpoint => "webhook_endpoint",
        Resource::Workflow if contract == Contract::FlowMate => "flow",
        Resource::Workflow => "workflow",
        Resource::WorkflowTemplate => "template",
        Resource::Execution => "execution",
        Resource::Path => "path",
    };
    let details = ErrorDetails { resource: Some(resource), id, ..ErrorDetails::default() };
    Problem { code: ErrorCode::NotFound, message, details }
}

/// A body whose form is not accepted.
pub(super) fn unsupported_body(unsupported: &Unsupported, contract: Contract) -> Problem {
    let message = match unsupported {
        Unsupported::Type if contract == Contract::Flowdock => {
            "The body must be JSON, with the content type application/json, or a form, with application/x-www-form-urlencoded."
                .to_owned()
        }
        Unsupported::Type if contract == Contract::IncomingWebhooks => {
            "The body must be JSON, a form, XML or text, and the content type must say so.".to_owned()
        }
        Unsupported::Type => "The body must be JSON, with the content type application/json.".to_owned(),
        Unsupported::Charset(charset) => format!("The body must be UTF-8; the charset {charset} is not supported."),
        Unsupported::Encoding(encoding) => {
            format!("The body may be compressed with gzip or deflate; the encoding {encoding} is not supported.")
        }
    };
    Problem { code: ErrorCode::UnsupportedMediaType, message, details: ErrorDetails::default() }
}

/// Errors with no details beyond their code: unknown paths, wrong methods, oversized bodies, panics.
pub(super) fn plain(code: ErrorCode, limit: Option<usize>) -> Problem {
    if code == ErrorCode::NotFound {
        return not_found(Resource::Path, None, Contract::Operations);
    }
    let message = match code {
        ErrorCode::MethodNotAllowed => "The path does not support this method; see Allow.",
        ErrorCode::PayloadTooLarge => "The body exceeds the maximum size.",
        ErrorCode::Unavailable => "The service is temporarily unavailable.",
        ErrorCode::InternalError => "Something went wrong on the server.",
        _ => "The request cannot be understood.",
    };
    Problem { code, message: message.to_owned(), details: ErrorDetails { limit, ..ErrorDetails::default() } }
}

/// An idempotency key that was reused or is in use. The same in all contracts.
pub(super) fn misused(key: &str, misuse: Misuse) -> Problem {
    let (code, reason, message, retry_after) = match misuse {
        Misuse::OtherRequest => (
            ErrorCode::ValidationFailed,
            "idempotency_key_reused",
            "The idempotency key was sent with another request. Every request needs a key of its own.",
            None,
        ),
        Misuse::OtherCredential => (
            ErrorCode::Conflict,
            "idempotency_key_of_other_credential",
            "The idempotency key was sent with another credential. Use that one to repeat the request.",
            None,
        ),
        Misuse::InUse => (
            ErrorCode::Conflict,
            "idempotency_key_in_use",
            "The first request with this idempotency key is in progress. Send it again a little later.",
            Some(1),
        ),
    };
    let details = ErrorDetails {
        idempotency_key: Some(key.to_owned()),
        reason: Some(reason),
        retry_after,
        ..ErrorDetails::default()
    };
    Problem { code, message: message.to_owned(), details }
}

fn field_errors(violations: &Violations, contract: Contract) -> Vec<FieldError> {
    let name = |violation: &FieldViolation| match violation.reason {
        Reason::UnknownField => violation.field.clone(),
        _ => contract.field_name(&violation.field),
    };
    violations.fields().iter().map(|violation| field_error(violation, name(violation))).collect()
}

fn field_error(violation: &FieldViolation, field: String) -> FieldError {
    FieldError { field, reason: violation.reason, message: violation.message.clone() }
}

/// The access token of an external user, as the credential that failed.
pub(super) const ACCESS_TOKEN: &str = "access_token";

/// Returns the credential that failed or is expected.
fn auth(reason: Unauthenticated, contract: Contract) -> &'static str {
    match contract {
        _ if reason == Unauthenticated::VoidToken => ACCESS_TOKEN,
        Contract::Flowra | Contract::Notiflows | Contract::Operations => "api_key",
        Contract::Zaia => "authorization",
        Contract::FlowMate | Contract::IncomingWebhooks => "bearer",
        Contract::Flowdock => "basic",
    }
}
