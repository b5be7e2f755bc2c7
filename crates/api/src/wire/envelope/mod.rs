//! Maps errors to responses, with one envelope on all paths.

mod credential;
mod problem;

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use denizen_domain::{Error, Reason};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use self::problem::{ACCESS_TOKEN, Problem, misused, plain, problem_of, unsupported_body};
use super::context::RequestContext;
use super::contract::Contract;
use super::encoding;
use super::error::ApiError;

/// Marks a response as final, including its envelope if any.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Final;

/// The error response of all paths.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope {
    /// Same as `error.message`, for clients that expect it here.
    #[schema(example = "User not found")]
    message: String,
    error: ErrorBody,
    /// The errors once more, for clients that expect them here. Only on paths of the Flowdock contract, and on those about
    /// FlowMate's flows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    errors: Option<ErrorList>,
}

/// The errors as clients of a contract expect them beside the envelope.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ErrorList {
    /// Flowdock: the errors of each invalid field.
    OfFields(BTreeMap<String, Vec<String>>),
    /// FlowMate: each error.
    Each(Vec<ErrorEntry>),
}

/// An error of a request about flows, or of one entry of a request about many.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorEntry {
    /// The error for people. Of an invalid field, its name and the violated rule.
    #[schema(example = "graph.nodes must have at least one node")]
    message: String,
    /// The flow of the entry; absent where a request is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_id: Option<String>,
    /// The HTTP status.
    #[schema(example = 400)]
    code: u16,
}

impl ErrorEntry {
    /// Returns the same error as that of one flow of many.
    pub(crate) fn of_flow(self, id: &str) -> Self {
        Self { flow_id: Some(id.to_owned()), ..self }
    }
}

/// Lists an error of one entry of a request about many: one for each invalid field, else one.
pub(crate) fn listed(error: &Error, contract: Contract) -> Vec<ErrorEntry> {
    entries(&problem_of(error, contract))
}

fn entries(problem: &Problem) -> Vec<ErrorEntry> {
    let code = problem.code.status().as_u16();
    let entry = |message: String| ErrorEntry { message, flow_id: None, code };
    let fields = &problem.details.fields;
    if fields.is_empty() {
        return vec![entry(problem.message.clone())];
    }
    fields.iter().map(|FieldError { field, message, .. }| entry(format!("{field} {message}"))).collect()
}

/// The error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// URL of a page that explains the code.
    #[serde(rename = "type")]
    #[schema(example = "http://127.0.0.1:8080/errors/not_found")]
    kind: String,
    /// The kind of error, for programs.
    code: ErrorCode,
    /// The error for people.
    #[schema(example = "User not found")]
    message: String,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// The request's `x-request-id`, or a generated one.
    #[schema(example = "7d444840-9dc0-41d1-b245-5ffdce74fad2")]
    request_id: String,
    details: ErrorDetails,
}

/// Details beyond the message. Inapplicable ones are absent.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ErrorDetails {
    /// The credential that was expected or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'static str>,
    /// The last position that the feed has lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    begins_after: Option<i64>,
    /// The status that the object has.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_status: Option<&'static str>,
    /// The last position of the feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<i64>,
    /// The invalid fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fields: Vec<FieldError>,
    /// The id that was not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The idempotency key that cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    /// The exceeded limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    /// The parameter or field with the error.
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
    /// Seconds until a retry is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// Time window of the limit in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<u64>,
}

/// One invalid field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Its name in the request.
    #[schema(example = "email")]
    field: String,
    /// The violated rule, for programs.
    #[schema(value_type = String, example = "invalid_format")]
    reason: Reason,
    /// The violated rule, for people.
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
    Gone,
    PreconditionFailed,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
    RateLimited,
    InternalError,
    Unavailable,
}

impl ErrorCode {
    /// All codes and their statuses.
    pub(crate) const ALL: [(Self, StatusCode); 14] = [
        (Self::BadRequest, StatusCode::BAD_REQUEST),
        (Self::Unauthenticated, StatusCode::UNAUTHORIZED),
        (Self::Forbidden, StatusCode::FORBIDDEN),
        (Self::NotFound, StatusCode::NOT_FOUND),
        (Self::MethodNotAllowed, StatusCode::METHOD_NOT_ALLOWED),
        (Self::Conflict, StatusCode::CONFLICT),
        (Self::Gone, StatusCode::GONE),
        (Self::PreconditionFailed, StatusCode::PRECONDITION_FAILED),
        (Self::PayloadTooLarge, StatusCode::PAYLOAD_TOO_LARGE),
        (Self::UnsupportedMediaType, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Self::ValidationFailed, StatusCode::UNPROCESSABLE_ENTITY),
        (Self::RateLimited, StatusCode::TOO_MANY_REQUESTS),
        (Self::InternalError, StatusCode::INTERNAL_SERVER_ERROR),
        (Self::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
    ];

    /// The code as sent.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::Gone => "gone",
            Self::PreconditionFailed => "precondition_failed",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::ValidationFailed => "validation_failed",
            Self::RateLimited => "rate_limited",
            Self::InternalError => "internal_error",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status.
    pub(crate) fn status(self) -> StatusCode {
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

/// Wraps errors in the envelope. Other responses pass unchanged, and so do the headers of all.
pub(crate) fn enveloped(response: Response, context: &RequestContext) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.extensions().get::<Final>().is_some() {
        return response;
    }
    let problem = match response.extensions().get::<ApiError>() {
        Some(ApiError::Domain(error)) => {
            context.set_cause(error.context());
            problem_of(error, context.contract)
        }
        Some(ApiError::PayloadTooLarge { limit }) => plain(ErrorCode::PayloadTooLarge, Some(*limit)),
        Some(ApiError::UnsupportedMediaType(unsupported)) => unsupported_body(unsupported, context.contract),
        Some(ApiError::Idempotency { key, misuse }) => misused(key, *misuse),
        None => plain(ErrorCode::of_status(status), None),
    };
    let (mut parts, _) = response.into_parts();
    let status = problem.code.status();
    parts.status = status;
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.remove(header::CONTENT_LENGTH);
    if problem.code == ErrorCode::Unauthenticated {
        parts.headers.insert(header::WWW_AUTHENTICATE, challenge(context.contract, problem.details.auth));
    }
    if problem.code == ErrorCode::UnsupportedMediaType {
        parts.headers.insert(header::ACCEPT_ENCODING, encoding::ACCEPTED);
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
    let errors = error_list(&problem, context);
    let Problem { code, message, details } = problem;
    ErrorEnvelope {
        message: message.clone(),
        errors,
        error: ErrorBody {
            kind: format!("{}/errors/{}", context.base_url(), code.as_str()),
            code,
            message,
            status: code.status().as_u16(),
            request_id: context.id.clone(),
            details,
        },
    }
}

fn error_list(problem: &Problem, context: &RequestContext) -> Option<ErrorList> {
    if context.lists_errors {
        return Some(ErrorList::Each(entries(problem)));
    }
    if context.contract != Contract::Flowdock || problem.details.fields.is_empty() {
        return None;
    }
    let mut errors: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for FieldError { field, message, .. } in &problem.details.fields {
        errors.entry(field.clone()).or_default().push(message.clone());
    }
    Some(ErrorList::OfFields(errors))
}

/// An error as the OpenAPI document shows it.
pub(crate) fn sample(code: &str, message: &str, status: u16) -> Value {
    json!({
        "message": message,
        "error": {
            "type": format!("http://127.0.0.1:8080/errors/{code}"), "code": code, "message": message, "status": status,
            "request_id": "7d444840-9dc0-41d1-b245-5ffdce74fad2", "details": {},
        },
    })
}

/// Names the credentials that a contract takes. Browsers ask their user for a password where Basic is named: not for
/// the tokens of pages.
fn challenge(contract: Contract, failed: Option<&str>) -> HeaderValue {
    HeaderValue::from_static(match contract {
        Contract::Notiflows => {
            "ApiKey realm=\"denizen\", header=\"x-notiflows-api-key, x-notiflows-secret-key\""
        }
        Contract::Flowdock => "Basic realm=\"denizen\", charset=\"UTF-8\"",
        Contract::IncomingWebhooks => "Bearer realm=\"denizen\", Basic realm=\"denizen\", charset=\"UTF-8\"",
        Contract::Flowra | Contract::Zaia | Contract::Operations if failed != Some(ACCESS_TOKEN) => {
            "Bearer realm=\"denizen\", Basic realm=\"denizen\", charset=\"UTF-8\""
        }
        Contract::Flowra | Contract::Zaia | Contract::FlowMate | Contract::Operations => {
            "Bearer realm=\"denizen\""
        }
    })
}
