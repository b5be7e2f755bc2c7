//! Steps that send HTTP requests.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use denizen_domain::{Error, Execution, ExecutionId, Json, JsonObject, Step, StepRequest, WorkflowLimits};

use secrecy::ExposeSecret as _;

use super::Workflows;
use crate::connections::{Usable, presented};
use crate::outgoing::{FailureReason, OutgoingOutcome, OutgoingRequest, check_header, check_url};

/// The header with the id of the execution that sends a request. Denizen itself counts by it how many workflows have started
/// each other.
const EXECUTION: HeaderName = HeaderName::from_static("x-denizen-execution");

/// The header with a text that is the same for all attempts of a step, and for no other step.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Returns the execution that has sent a request, if the request says so.
pub(crate) fn caused_by(headers: &HeaderMap) -> Option<ExecutionId> {
    headers.get(EXECUTION)?.to_str().ok()?.parse().ok()
}

/// Why a request came to nothing.
pub(super) enum RequestFailure {
    /// Another attempt would come to nothing, too.
    Final(String),
    /// Another attempt may succeed, after the time that the other system asks for.
    Passing(String, Option<Duration>),
}

impl Workflows {
    /// Sends a request once, and returns what came of it: `status`, `headers`, `body`.
    pub(super) async fn send(
        &self,
        execution: &Execution,
        step: &Step,
        request: &StepRequest,
    ) -> Result<Json, RequestFailure> {
        let url = check_url(&request.url, &self.networks)
            .map_err(|broken| RequestFailure::Final(format!("url {broken}")))?;
        let mut headers = headers_of(execution, step, request)?;
        let mut secrets = Vec::new();
        if let Some(name) = &request.connected_account {
            let usable = self.usable(execution, &url, name).await?;
            if let Some(presented) = presented(&usable.config, &usable.credentials).map_err(final_failure)? {
                if headers.contains_key(&presented.name) {
                    let message = format!("headers.{} comes from the connected account", presented.name);
                    return Err(RequestFailure::Final(message));
                }
                headers.insert(presented.name.clone(), presented.value().map_err(final_failure)?);
                secrets.push(presented.secret.expose_secret().to_owned());
            }
            secrets.extend(usable.credentials.secrets().into_iter().map(str::to_owned));
        }
        let method = Method::from_bytes(request.method.as_bytes());
        let method = method.map_err(|broken| RequestFailure::Final(format!("method {broken}")))?;
        let body = request.body.as_ref().map(|(text, _)| Bytes::copy_from_slice(text.as_bytes()));
        let outgoing = OutgoingRequest {
            method,
            url: &url,
            headers,
            body: body.unwrap_or_default(),
            sent_at: self.source.clock.now().unix_seconds(),
            limit: request.timeout,
            maximum_body: WorkflowLimits::MAXIMUM_ANSWER,
        };
        match self.client.send(outgoing).await.outcome {
            OutgoingOutcome::Failed(reason) if passes(&reason) => {
                Err(RequestFailure::Passing(reason.to_string(), None))
            }
            OutgoingOutcome::Failed(reason) => Err(RequestFailure::Final(reason.to_string())),
            OutgoingOutcome::Answered { status, headers, retry_after, body, is_complete } => match status {
                408 | 425 | 429 | 500.. => {
                    let told = format!("The other system answered {status}.{}", beginning_of(&body));
                    Err(RequestFailure::Passing(without(&secrets, told), retry_after))
                }
                400.. => {
                    let told = format!("The other system answered {status}.{}", beginning_of(&body));
                    Err(RequestFailure::Final(without(&secrets, told)))
                }
                _ if !is_complete => Err(RequestFailure::Final(format!(
                    "The answer is longer than {} bytes, or did not arrive in time.",
                    WorkflowLimits::MAXIMUM_ANSWER
                ))),
                _ => Ok(result_of(status, &headers, &body, &secrets)),
            },
        }
    }
}

impl Workflows {
    /// Returns the connected account that a step names. It must belong to the user in whose name the execution runs.
    async fn usable(&self, execution: &Execution, url: &str, name: &str) -> Result<Usable, RequestFailure> {
        let user_id = execution.user_id.ok_or_else(|| {
            let message = "connectedAccount needs an external user in whose name the execution runs";
            RequestFailure::Final(message.to_owned())
        })?;
        let usable = self.connections.usable_by_name(execution.workspace_id, user_id, name).await;
        let usable = usable.map_err(|error| match error {
            Error::Unavailable(cause) => RequestFailure::Passing(cause, None),
            error => final_failure(error),
        })?;
        if !usable.config.admits(url) {
            let message = "url has a host that apiHosts of the auth config does not name";
            return Err(RequestFailure::Final(message.to_owned()));
        }
        Ok(usable)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn final_failure(error: Error) -> RequestFailure {
    RequestFailure::Final(error.to_string())
}

/// What stands for a secret that another system has sent back.
const REDACTED: &str = "[redacted]";

/// Returns a text without the secrets that the request carried: another system may send them back.
fn without(secrets: &[String], text: String) -> String {
    secrets.iter().fold(text, |text, secret| {
        if text.contains(secret.as_str()) { text.replace(secret.as_str(), REDACTED) } else { text }
    })
}

fn headers_of(
    execution: &Execution,
    step: &Step,
    request: &StepRequest,
) -> Result<HeaderMap, RequestFailure> {
    let mut headers = HeaderMap::new();
    if let Some((_, is_json)) = &request.body {
        let kind = if *is_json { "application/json" } else { "text/plain; charset=utf-8" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in &request.headers {
        let checked = check_header(name, value);
        let (name, value) =
            checked.map_err(|broken| RequestFailure::Final(format!("headers.{name} {broken}")))?;
        headers.insert(name, value);
    }
    // These are not the step's own: they tell the server how often workflows have started each other.
    let key = format!("{}-{}", execution.id, step.number);
    for (name, value) in [(IDEMPOTENCY_KEY, key), (EXECUTION, execution.id.to_string())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

/// Returns whether another attempt may succeed after this failure.
fn passes(reason: &FailureReason) -> bool {
    !matches!(
        reason,
        FailureReason::InvalidRequest
            | FailureReason::ForbiddenHeader(_)
            | FailureReason::Tunnel
            | FailureReason::PrivateAddress(_)
            | FailureReason::PlainText
    )
}

/// Returns the beginning of a body for an error, on one line.
fn beginning_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text: String = text
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(200)
        .collect();
    if text.trim().is_empty() { String::new() } else { format!(" {}", text.trim()) }
}

/// Returns an answer as the result of a step. A body that says it is JSON is read as such.
fn result_of(status: u16, headers: &HeaderMap, body: &[u8], secrets: &[String]) -> Json {
    let mut shown = JsonObject::new();
    for (name, value) in headers {
        let value = without(secrets, String::from_utf8_lossy(value.as_bytes()).into_owned());
        shown.entry(name.to_string()).or_insert(Json::String(value));
    }
    let text = without(secrets, String::from_utf8_lossy(body).into_owned());
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim().ends_with("json")));
    let parsed = if is_json { Json::parse_stored(&text).ok() } else { None };
    let body = parsed.unwrap_or_else(|| Json::String(text.replace('\0', "\u{fffd}")));
    Json::Object(JsonObject::from_iter([
        ("status".to_owned(), Json::of(&status).unwrap_or_default()),
        ("headers".to_owned(), Json::Object(shown)),
        ("body".to_owned(), body),
    ]))
}
