//! What surrounds every request: its id, its contract, its line in the log, its place in the metrics, the envelope of
//! its errors.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{Error, WorkspaceId};

use crate::app::App;
use crate::contract::Contract;
use crate::error::{ApiError, enveloped};

/// The header that names a request, in and out.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over from a client, in bytes.
const MAXIMUM_REQUEST_ID: usize = 128;

/// What is known of a request beside its content.
#[derive(Debug)]
pub(crate) struct RequestContext {
    /// The client's `x-request-id`, or a new one.
    pub(crate) id: String,
    /// The API that it speaks.
    pub(crate) contract: Contract,
    /// Where the server is, as the client sees it: `http://host:port`.
    pub(crate) base_url: String,
    /// Whose credential it carried, once that is known.
    caller: OnceLock<CallerName>,
}

/// A caller as the log names it.
#[derive(Debug)]
struct CallerName {
    workspace_id: WorkspaceId,
    name: String,
}

impl RequestContext {
    /// Notes who is calling.
    pub(crate) fn set_caller(&self, workspace_id: WorkspaceId, name: String) {
        self.caller.get_or_init(|| CallerName { workspace_id, name });
    }

    fn of(parts: &Parts, app: &App) -> Self {
        Self {
            id: request_id(&parts.headers).unwrap_or_else(|| app.source().ids.uuid().to_string()),
            contract: Contract::of(parts),
            base_url: base_url(parts, app),
            caller: OnceLock::new(),
        }
    }
}

/// The context, for handlers.
#[derive(Debug, Clone)]
pub(crate) struct Context(pub(crate) Arc<RequestContext>);

impl Context {
    /// The context of a request. Every request has one.
    pub(crate) fn of(parts: &Parts) -> Result<Self, Error> {
        let missing = || Error::Internal("a handler runs outside of a request".to_owned());
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(parts)?)
    }
}

/// Runs a request and sees to everything that all answers have in common.
///
/// The work goes on in a task of its own: a client that hangs up, or the time limit, ends the waiting and never the
/// work, so that nothing is left half done and a panic is an answer like any other.
pub(crate) async fn surround(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let context = Arc::new(RequestContext::of(&parts, &app));
    parts.extensions.insert(Context(context.clone()));
    let method = parts.method.clone();
    let work = tokio::spawn(next.run(Request::from_parts(parts, body)));
    let response = match tokio::time::timeout(app.options().request_timeout, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            tracing::error!(id = context.id, cause = %panic, "request panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => {
            tracing::warn!(id = context.id, "request timed out");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    };
    let route =
        response.extensions().get::<Route>().map_or_else(|| "unknown".to_owned(), |route| route.0.clone());
    let mut response = enveloped(response, &context);
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    add_security_headers(response.headers_mut());
    record(&context, known(&method), &route, response.status(), started);
    response
}

/// The pattern of the path that a request matched.
#[derive(Debug, Clone)]
struct Route(String);

/// Notes the route on the answer, since only the inside of the router knows it.
pub(crate) async fn note_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| Route(path.as_str().to_owned()));
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// The name of a method for the metrics, which must not grow with what strangers send.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn record(context: &RequestContext, method: &str, route: &str, status: StatusCode, started: Instant) {
    let elapsed = started.elapsed();
    let labels =
        [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.as_str().to_owned())];
    metrics::counter!("denizen_http_requests_total", &labels).increment(1);
    metrics::histogram!("denizen_http_request_seconds", &labels[..2]).record(elapsed);
    let caller = context.caller.get();
    tracing::info!(
        target: "denizen::request",
        id = context.id,
        workspace = caller.map(|caller| caller.workspace_id.to_string()),
        caller = caller.map(|caller| caller.name.as_str()),
        method,
        route,
        status = status.as_u16(),
        milliseconds = elapsed.as_secs_f64() * 1000.0,
    );
}

/// An id that is taken over from a client: visible ASCII of a reasonable length, so that it can stand in a log line.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sound =
        (1..=MAXIMUM_REQUEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    sound.then(|| id.to_owned())
}

fn base_url(parts: &Parts, app: &App) -> String {
    if let Some(url) = &app.options().public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(Authority::as_str));
    format!("http://{}", host.unwrap_or("localhost"))
}

/// Answers are data about people: not to be stored by caches, guessed at or framed. Pages set their own, wider policy.
fn add_security_headers(headers: &mut HeaderMap) {
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CACHE_CONTROL, "no-store");
    default(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    default(header::REFERRER_POLICY, "no-referrer");
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::X_FRAME_OPTIONS, "DENY");
}
