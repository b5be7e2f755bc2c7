//! From what happened to what is answered: one mapping, and one envelope on every path.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use denizen_domain::{
    BadRequest, Coded as _, Error, FieldViolation, Forbidden, Reason, Resource, Unauthenticated, Violations,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::contract::Contract;
use crate::request::RequestContext;

/// The error of a handler. The envelope is made around it on the way out, where the request is known.
#[derive(Debug, Clone)]
pub(crate) enum ApiError {
    /// What happened, in the directory's words.
    Domain(Arc<Error>),
    /// The body is larger than the server takes.
    PayloadTooLarge {
        /// The most bytes that it takes.
        limit: usize,
    },
    /// The body is not announced as JSON.
    UnsupportedMediaType,
}

/// The result of a handler.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// Whether this is what went wrong.
    pub(crate) fn is(&self, reason: Unauthenticated) -> bool {
        match self {
            Self::Domain(error) => matches!(**error, Error::Unauthenticated(other) if other == reason),
            _ => false,
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Domain(Arc::new(error))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What every path answers when something is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope {
    /// The same text as `error.message`, for clients that read it here.
    #[schema(example = "User not found")]
    message: String,
    error: ErrorBody,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// The address of a page that says what the code means.
    #[serde(rename = "type")]
    #[schema(example = "http://127.0.0.1:8080/errors/not_found")]
    kind: String,
    /// The kind of error, for programs.
    code: ErrorCode,
    /// What is wrong, for people.
    #[schema(example = "User not found")]
    message: String,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// The `x-request-id` of the request, or the one that was made for it.
    #[schema(example = "7d444840-9dc0-41d1-b245-5ffdce74fad2")]
    request_id: String,
    details: ErrorDetails,
}

/// What is known beyond the message. Only what applies is there.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ErrorDetails {
    /// The credential that was expected or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'static str>,
    /// The broken fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fields: Vec<FieldError>,
    /// The id that was not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The limit that was passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    /// The parameter or field that is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    /// The reason, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The scope that the credential lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    required_scope: Option<&'static str>,
    /// What was not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'static str>,
    /// After how many seconds to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// Within how many seconds the limit counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<u64>,
}

/// One broken field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Its name in the request.
    #[schema(example = "email")]
    field: String,
    /// The rule that it breaks, for programs.
    #[schema(value_type = String, example = "invalid_format")]
    reason: Reason,
    /// The rule that it breaks, for people.
    #[schema(example = "must be an e-mail address")]
    message: String,
}

/// The kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorCode {
    BadRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
    RateLimited,
    InternalError,
    Unavailable,
}

impl ErrorCode {
    /// All of them, with their statuses.
    pub(crate) const ALL: [(Self, StatusCode); 12] = [
        (Self::BadRequest, StatusCode::BAD_REQUEST),
        (Self::Unauthenticated, StatusCode::UNAUTHORIZED),
        (Self::Forbidden, StatusCode::FORBIDDEN),
        (Self::NotFound, StatusCode::NOT_FOUND),
        (Self::MethodNotAllowed, StatusCode::METHOD_NOT_ALLOWED),
        (Self::Conflict, StatusCode::CONFLICT),
        (Self::PayloadTooLarge, StatusCode::PAYLOAD_TOO_LARGE),
        (Self::UnsupportedMediaType, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Self::ValidationFailed, StatusCode::UNPROCESSABLE_ENTITY),
        (Self::RateLimited, StatusCode::TOO_MANY_REQUESTS),
        (Self::InternalError, StatusCode::INTERNAL_SERVER_ERROR),
        (Self::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
    ];

    /// The code on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::ValidationFailed => "validation_failed",
            Self::RateLimited => "rate_limited",
            Self::InternalError => "internal_error",
            Self::Unavailable => "unavailable",
        }
    }

    fn status(self) -> StatusCode {
        let found = Self::ALL.into_iter().find(|(code, _)| *code == self);
        found.map_or(StatusCode::INTERNAL_SERVER_ERROR, |(_, status)| status)
    }

    fn of_status(status: StatusCode) -> Self {
        let found = Self::ALL.into_iter().find(|(_, of_code)| *of_code == status);
        match found {
            Some((code, _)) => code,
            None if status.is_server_error() => Self::InternalError,
            None => Self::BadRequest,
        }
    }
}

/// Code, message and details of an error, in the words of a contract.
struct Problem {
    code: ErrorCode,
    message: String,
    details: ErrorDetails,
}

/// Puts the envelope around whatever went wrong with a request. Answers that are no errors pass as they are, and so
/// do the headers of all.
pub(crate) fn enveloped(response: Response, context: &RequestContext) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = match response.extensions().get::<ApiError>() {
        Some(ApiError::Domain(error)) => {
            context.set_cause(error.context());
            problem_of(error, context.contract)
        }
        Some(ApiError::PayloadTooLarge { limit }) => plain(ErrorCode::PayloadTooLarge, Some(*limit)),
        Some(ApiError::UnsupportedMediaType) => plain(ErrorCode::UnsupportedMediaType, None),
        None => plain(ErrorCode::of_status(status), None),
    };
    let (mut parts, _) = response.into_parts();
    let status = problem.code.status();
    parts.status = status;
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.remove(header::CONTENT_LENGTH);
    if problem.code == ErrorCode::Unauthenticated {
        parts.headers.insert(header::WWW_AUTHENTICATE, challenge(context.contract));
    }
    let retry_after = match problem.code {
        ErrorCode::Unavailable => Some(1),
        _ => problem.details.retry_after,
    };
    if let Some(seconds) = retry_after {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    let envelope = envelope(problem, context);
    let body = serde_json::to_vec(&envelope).unwrap_or_default();
    Response::from_parts(parts, Body::from(body))
}

fn envelope(problem: Problem, context: &RequestContext) -> ErrorEnvelope {
    let Problem { code, message, details } = problem;
    ErrorEnvelope {
        message: message.clone(),
        error: ErrorBody {
            kind: format!("{}/errors/{}", context.base_url, code.as_str()),
            code,
            message,
            status: code.status().as_u16(),
            request_id: context.id.clone(),
            details,
        },
    }
}

fn problem_of(error: &Error, contract: Contract) -> Problem {
    let message = error.to_string();
    let none = ErrorDetails::default();
    let (code, message, details) = match error {
        Error::Invalid(violations) => return invalid(violations, contract),
        Error::BadRequest(problem) => return bad_request(problem, contract),
        Error::Unauthenticated(reason) => (
            ErrorCode::Unauthenticated,
            message,
            ErrorDetails { auth: Some(auth(*reason, contract)), ..none },
        ),
        Error::Forbidden(forbidden) => (ErrorCode::Forbidden, message, forbidden_details(*forbidden)),
        Error::NotFound { resource, id } => return not_found(*resource, id.clone(), contract),
        Error::Conflict(conflict) => {
            let param = conflict.field().map(|field| contract.field_name(field));
            (ErrorCode::Conflict, message, ErrorDetails { reason: Some(conflict.reason()), param, ..none })
        }
        Error::RateLimited { limit, window, retry_after } => {
            let details = ErrorDetails {
                limit: usize::try_from(*limit).ok(),
                window: Some(window.as_secs()),
                // Not a moment too early.
                retry_after: Some((*retry_after + Duration::from_nanos(999_999_999)).as_secs().max(1)),
                ..none
            };
            (ErrorCode::RateLimited, message, details)
        }
        Error::Unavailable(_) => (ErrorCode::Unavailable, message, none),
        Error::Internal(_) => (ErrorCode::InternalError, message, none),
    };
    Problem { code, message, details }
}

fn forbidden_details(forbidden: Forbidden) -> ErrorDetails {
    let (required_scope, param) = match forbidden {
        Forbidden::MissingScope(scope) => (Some(scope.code()), None),
        Forbidden::MissingPermission(permission) => (Some(permission.code()), None),
        Forbidden::ProtectedField(field) => (None, Some(field.to_owned())),
        _ => (None, None),
    };
    ErrorDetails { required_scope, param, reason: forbidden.reason(), ..ErrorDetails::default() }
}

/// Zaia answers a body that breaks a rule with 400 and one text; everywhere else it is 422.
fn invalid(violations: &Violations, contract: Contract) -> Problem {
    match contract {
        Contract::Zaia => broken_parameters(violations, INVALID_DATA.to_owned(), contract),
        Contract::Flowra | Contract::Notiflows | Contract::FlowMate | Contract::Operations => Problem {
            code: ErrorCode::ValidationFailed,
            message: "The request has fields that break their rules.".to_owned(),
            details: ErrorDetails { fields: field_errors(violations, contract), ..ErrorDetails::default() },
        },
    }
}

/// What Zaia says of a body that breaks a rule.
const INVALID_DATA: &str = "Invalid data provided.";

fn bad_request(problem: &BadRequest, contract: Contract) -> Problem {
    let one_text = contract == Contract::Zaia || matches!(problem, BadRequest::Contradiction(_));
    let message = if one_text { INVALID_DATA.to_owned() } else { problem.to_string() };
    match problem {
        BadRequest::InvalidParameters(violations) | BadRequest::Contradiction(violations) => {
            broken_parameters(violations, message, contract)
        }
        BadRequest::InvalidJson(_) => {
            let details = ErrorDetails { reason: Some("invalid_json"), ..ErrorDetails::default() };
            Problem { code: ErrorCode::BadRequest, message, details }
        }
    }
}

fn broken_parameters(violations: &Violations, message: String, contract: Contract) -> Problem {
    let fields = field_errors(violations, contract);
    let only_ids = fields.iter().all(|field| field.reason == Reason::InvalidUuid);
    let reason = Some(if only_ids { "invalid_uuid" } else { "invalid_param" });
    let param = fields.first().map(|field| field.field.clone());
    let details = ErrorDetails { fields, param, reason, ..ErrorDetails::default() };
    Problem { code: ErrorCode::BadRequest, message, details }
}

fn not_found(resource: Resource, id: Option<String>, contract: Contract) -> Problem {
    let message = match (resource, contract) {
        (Resource::ExternalUser, Contract::Notiflows) => "User not found".to_owned(),
        (Resource::Account, Contract::FlowMate) => "User not found.".to_owned(),
        (Resource::Workspace, Contract::FlowMate) => "Tenant not found.".to_owned(),
        _ => format!("{resource} not found."),
    };
    let resource = match resource {
        Resource::ExternalUser if contract == Contract::Notiflows => "user",
        Resource::Account if contract == Contract::FlowMate => "user",
        Resource::Workspace if contract == Contract::FlowMate => "tenant",
        Resource::ExternalUser => "external_user",
        Resource::ExternalUserGroup => "external_user_group",
        Resource::Tier => "tier",
        Resource::Channel => "channel",
        Resource::Workspace => "workspace",
        Resource::ApiKey => "api_key",
        Resource::Account => "account",
        Resource::Role => "role",
        Resource::AccountToken => "token",
        Resource::Path => "path",
    };
    let details = ErrorDetails { resource: Some(resource), id, ..ErrorDetails::default() };
    Problem { code: ErrorCode::NotFound, message, details }
}

/// Errors that say nothing beyond their code: unknown paths, wrong methods, bodies that are too large, panics.
fn plain(code: ErrorCode, limit: Option<usize>) -> Problem {
    if code == ErrorCode::NotFound {
        return not_found(Resource::Path, None, Contract::Operations);
    }
    let message = match code {
        ErrorCode::MethodNotAllowed => "The path does not know this method; Allow lists those that it knows.",
        ErrorCode::PayloadTooLarge => "The body is larger than the server takes.",
        ErrorCode::UnsupportedMediaType => "The body must be JSON, with the content type application/json.",
        ErrorCode::Unavailable => "The service is temporarily unavailable.",
        ErrorCode::InternalError => "Something went wrong on the server.",
        _ => "The request cannot be understood.",
    };
    Problem { code, message: message.to_owned(), details: ErrorDetails { limit, ..ErrorDetails::default() } }
}

fn field_errors(violations: &Violations, contract: Contract) -> Vec<FieldError> {
    let field_error = |violation: &FieldViolation| FieldError {
        field: contract.field_name(&violation.field),
        reason: violation.reason,
        message: violation.message.clone(),
    };
    violations.fields().iter().map(field_error).collect()
}

/// The credential that failed, or that the contract asks for.
fn auth(reason: Unauthenticated, contract: Contract) -> &'static str {
    match contract {
        _ if reason == Unauthenticated::VoidToken => "access_token",
        Contract::Flowra | Contract::Notiflows | Contract::Operations => "api_key",
        Contract::Zaia => "authorization",
        Contract::FlowMate => "bearer",
    }
}

fn challenge(contract: Contract) -> HeaderValue {
    HeaderValue::from_static(match contract {
        Contract::Notiflows => {
            "ApiKey realm=\"denizen\", header=\"x-notiflows-api-key, x-notiflows-secret-key\""
        }
        Contract::Flowra | Contract::Zaia | Contract::FlowMate | Contract::Operations => {
            "Bearer realm=\"denizen\""
        }
    })
}
