//! Performs writes with an `Idempotency-Key` once: repeating a request returns the same response, from any server of
//! the database.
//!
//! The key is claimed in the database before the request runs. The response is stored before it is sent, sealed with
//! secrets only the sender knows (see [`seal`]). Transient responses, such as an overloaded server, are not stored; the
//! next attempt runs like the first.

mod answer;
mod document;
mod seal;
#[cfg(test)]
mod tests;

pub(crate) use self::document::{ERRORS, describe};

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use denizen_domain::{BadRequest, Conflict, Error, Reason, Violation, Violations, WorkspaceId};
use denizen_persistence::idempotency_records::{self, NewRecord, Record, RecordKey};
use uuid::Uuid;

use self::answer::Answer;
use self::seal::{Digest, Seal};
use crate::access::credentials::Credential;
use crate::access::cross_site;
use crate::access::identity::Identity;
use crate::guards::admission::Admission;
use crate::guards::caller;
use crate::guards::rate_limits::SecuredOperations;
use crate::wire::body;
use crate::wire::context::{Context, IGNORED_FIELDS, RequestContext};
use crate::wire::envelope::enveloped;
use crate::wire::error::{ApiError, ApiResult, Misuse};

/// The request header with the key.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The response header that marks a repeated response.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest key, in bytes.
const MAXIMUM_KEY: usize = 255;

/// How long a response is repeated.
const LIFETIME: Duration = Duration::from_hours(24);

/// How long after its time limit a request still blocks other attempts.
const GRACE: Duration = Duration::from_secs(30);

/// The only write that needs no credential.
const PUBLIC_PATH: &str = "/login";

/// The only read that uses POST.
const LOOK_UP_PATH: &str = "/api/v1/external-users/lookup";

/// Performs a write with a key once. Passes on other requests, including those with a method that the path does not
/// have: what the router refuses, it refuses whatever the key.
pub(crate) async fn once(
    admission: &Admission,
    secured: &SecuredOperations,
    request: Request,
    next: Next,
) -> Response {
    if !is_concerned(&request, secured) {
        return next.run(request).await;
    }
    let done = done_once(admission, request, next).await;
    done.unwrap_or_else(IntoResponse::into_response)
}

fn is_concerned(request: &Request, secured: &SecuredOperations) -> bool {
    let (method, path) = (request.method(), request.extensions().get::<MatchedPath>());
    let Some(path) = path.map(MatchedPath::as_str) else { return false };
    let is_known = secured.contain(method, path) || (method, path) == (&Method::POST, PUBLIC_PATH);
    is_known && is_write(method, path) && request.headers().contains_key(KEY)
}

/// Whether an operation changes anything.
pub(crate) fn is_write(method: &Method, path: &str) -> bool {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method) && path != LOOK_UP_PATH
}

async fn done_once(admission: &Admission, request: Request, next: Next) -> ApiResult<Response> {
    let (mut parts, body) = request.into_parts();
    let Context(context) = Context::of(&parts)?;
    let Some(sender) = Sender::of(admission, &mut parts, &context).await else {
        // The handler reports what is wrong with the credential.
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let key = key_of(&parts.headers)?;
    let body =
        body::read(Request::from_parts(parts.clone(), body), admission.access.options.body_limits()).await?;
    let claim = Claim::of(&sender, &key, &parts, &body, &context);
    let attempt = admission.access.source.ids.uuid();
    if let Some(found) = claim.take(admission, attempt).await? {
        return claim.answer_again(found).map_err(|misuse| ApiError::Idempotency { key, misuse });
    }
    let request = body::with_body(parts, body);
    // A separate task, so that a panic releases the key like other failures.
    let response = match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(panic) => {
            ApiError::from(Error::Internal(format!("the request panicked: {panic}"))).into_response()
        }
    };
    let is_kept = is_lasting(&response, &sender);
    let mut response = enveloped(response, &context);
    if let Some(names) = context.ignored_fields() {
        response.headers_mut().insert(IGNORED_FIELDS, names);
    }
    let answered = Answer::of(response).await;
    let kept = answered.as_ref().ok().map(|(answer, _)| answer).filter(|_| is_kept);
    claim.settle(admission, attempt, kept).await;
    Ok(answered?.1)
}

/// Returns the key; the header must be present.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<String, Error> {
    let invalid = |violation| {
        Error::BadRequest(BadRequest::InvalidParameters(Violations::of("Idempotency-Key", violation)))
    };
    let mut values = headers.get_all(KEY).iter();
    let key = values.next().map(HeaderValue::as_bytes).unwrap_or_default();
    if values.next().is_some() {
        return Err(invalid(Violation::new(Reason::Duplicate, "must be sent once")));
    }
    let is_visible = key.iter().all(u8::is_ascii_graphic);
    if !is_visible || !(1..=MAXIMUM_KEY).contains(&key.len()) {
        let message = format!("must have 1 to {MAXIMUM_KEY} visible ASCII characters");
        return Err(invalid(Violation::new(Reason::InvalidFormat, message)));
    }
    Ok(String::from_utf8_lossy(key).into_owned())
}

/// Returns whether to store a response for repetition. Failed logins are not stored: repeating them is cheap, and
/// attackers could fill the database.
fn is_lasting(response: &Response, sender: &Sender) -> bool {
    if let Some(ApiError::Domain(error)) = response.extensions().get::<ApiError>() {
        return sender.is_known() && is_lasting_error(error);
    }
    response.status().is_success()
}

/// Returns whether an error depends on the request and the data, not on the moment or the credential.
fn is_lasting_error(error: &Arc<Error>) -> bool {
    match **error {
        Error::Conflict(conflict) => conflict != Conflict::ConcurrentChange,
        Error::Invalid(_)
        | Error::BadRequest(_)
        | Error::Forbidden(_)
        | Error::NotFound { .. }
        | Error::PreconditionFailed => true,
        Error::Unauthenticated(_)
        | Error::PositionGone { .. }
        | Error::RateLimited { .. }
        | Error::Unavailable(_)
        | Error::ReadOnly(_)
        | Error::NotConfigured(_)
        | Error::Internal(_) => false,
    }
}

/// The sender of a request.
enum Sender {
    /// The holder of a credential.
    Known {
        /// The workspace, if there is only one. Accounts have none here: the request may change their home.
        workspace_id: Option<WorkspaceId>,
        /// The name in the audit log.
        name: String,
        /// The secret only they know.
        secret: String,
    },
    /// Not identified. The body contains the secret, a password.
    Nobody,
}

impl Sender {
    /// Returns `None` if the required credential is missing or invalid.
    async fn of(admission: &Admission, parts: &mut Parts, context: &RequestContext) -> Option<Self> {
        if parts.extensions.get::<MatchedPath>().is_some_and(|path| path.as_str() == PUBLIC_PATH) {
            return Some(Self::Nobody);
        }
        let identity = admission.settle(parts, context).await.ok()?;
        let credential = Credential::of(&parts.headers, context.contract).ok()?;
        let workspace_id = match &identity {
            Identity::Key(holder) => Some(holder.workspace_id),
            Identity::ExternalUser(user) => Some(user.workspace_id),
            Identity::Account(_) | Identity::Person(_) => None,
        };
        let (name, secret) = (identity.actor().to_string(), credential.secret().to_owned());
        Some(Self::Known { workspace_id, name, secret })
    }

    fn is_known(&self) -> bool {
        matches!(self, Self::Known { .. })
    }
}

/// A request's record key and its seal.
struct Claim {
    key: RecordKey,
    seal: Seal,
}

impl Claim {
    /// Without a credential, different requests get different records, so strangers with the same key never meet.
    fn of(sender: &Sender, key: &str, parts: &Parts, body: &[u8], context: &RequestContext) -> Self {
        let request = digest_of(parts, body, context);
        let (workspace_id, name, secret, of_nobody) = match sender {
            Sender::Known { workspace_id, name, secret } => {
                (*workspace_id, name.as_str(), secret.as_bytes(), None)
            }
            Sender::Nobody => (None, "", body, Some(request)),
        };
        let mut key_hash = Digest::new();
        key_hash.add(name).add(key).add(of_nobody.unwrap_or_default());
        let key_hash = key_hash.finish();
        Self { key: RecordKey { workspace_id, key_hash }, seal: Seal::new(secret, key, &key_hash, &request) }
    }

    /// Claims the key for an attempt, or returns the existing record.
    async fn take(&self, admission: &Admission, attempt: Uuid) -> ApiResult<Option<Record>> {
        let now = admission.access.source.clock.now();
        let record = NewRecord {
            fingerprint: self.seal.fingerprint(),
            attempt,
            locked_until: now.plus(admission.access.options.request_timeout + GRACE),
            expires_at: now.plus(LIFETIME),
        };
        let connection = &mut admission.access.database.write_by_key().await?;
        Ok(idempotency_records::claim(connection, self.key, &record, now).await?)
    }

    /// Returns the stored response.
    fn answer_again(&self, found: Record) -> Result<Response, Misuse> {
        let Record { fingerprint, answer } = found;
        if !self.seal.is_of_credential(&fingerprint) {
            return Err(Misuse::OtherCredential);
        }
        if fingerprint != self.seal.fingerprint() {
            return Err(Misuse::OtherRequest);
        }
        let sealed = answer.ok_or(Misuse::InUse)?;
        let answer = self.seal.open(sealed).and_then(|opened| Answer::from_bytes(&opened));
        let mut response = answer.and_then(Answer::into_response).ok_or(Misuse::OtherCredential)?;
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(response)
    }

    /// Stores the response of an attempt, or releases the key if there is none to store. The request is done: on
    /// failure the caller still gets the response, and the key stays claimed until the attempt's lock expires.
    async fn settle(&self, admission: &Admission, attempt: Uuid, answer: Option<&Answer>) {
        let settled = async {
            let seal = |answer: &Answer| self.seal.close(answer.to_bytes()?, &*admission.access.source.ids);
            let sealed = answer.map(seal).transpose()?;
            let connection = &mut admission.access.database.write_by_key().await?;
            match sealed {
                Some(sealed) => {
                    idempotency_records::complete(connection, self.key, attempt, &sealed).await.map(|_| ())
                }
                None => idempotency_records::give_up(connection, self.key, attempt).await,
            }
        };
        if let Err(error) = settled.await {
            tracing::warn!(cause = error.context(), "cannot store the response of an idempotency key");
        }
    }
}

/// Hashes everything that determines what a request does.
fn digest_of(parts: &Parts, body: &[u8], context: &RequestContext) -> [u8; 32] {
    let mut digest = Digest::new();
    digest.add(format!("{:?}", context.contract)).add(parts.method.as_str());
    digest.add(parts.uri.path()).add(parts.uri.query().unwrap_or_default());
    for name in [header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH, caller::USERNAME] {
        let values: Vec<_> = parts.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        digest.add(values.join(&b","[..]));
    }
    // Cross-site requests get no cookie.
    digest.add([u8::from(cross_site::is_same_site(&parts.headers, context))]);
    digest.add(body);
    digest.finish()
}
