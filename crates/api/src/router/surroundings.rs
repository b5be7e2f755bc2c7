//! Middleware of every request: id, contract, log line, metrics, and the envelope of errors.

use std::any::Any;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use denizen_domain::Error;
use futures_util::FutureExt as _;

use super::request_metrics;
use crate::access::client_address;
use crate::options::AppOptions;
use crate::state::AppState;
use crate::wire::context::{Base, Context, FLOWDOCK_USER, IGNORED_FIELDS, REQUEST_ID, RequestContext};
use crate::wire::contract::Contract;
use crate::wire::envelope::enveloped;
use crate::wire::error::ApiError;

/// The longest request id accepted from a client, in bytes.
const MAXIMUM_REQUEST_ID: usize = 128;

/// Runs a request and adds what all responses share. If it has to wait for anything, it goes on in a task of its own, so
/// that a client that disconnects ends only the waiting: no work is left half done, and every request is logged.
pub(crate) async fn surround(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    let context = Arc::new(context_of(&parts, &state));
    parts.extensions.insert(Context(context.clone()));
    let method = parts.method.clone();
    let mut work = Box::pin(async move {
        let response = next.run(Request::from_parts(parts, body)).await;
        if response.extensions().get().is_some_and(ApiError::is_outage) {
            state.set_outage(true);
        }
        let mut response = enveloped(response, &context);
        if let Ok(id) = HeaderValue::from_str(&context.id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        if context.contract == Contract::Flowdock {
            add_flowdock_headers(&mut response, &context);
        }
        if let Some(names) = context.ignored_fields() {
            response.headers_mut().insert(IGNORED_FIELDS, names);
        }
        if let Some(count) = context.count.get() {
            count.add_to(response.headers_mut());
        }
        add_security_headers(response.headers_mut());
        record(&context, known(&method), response.status(), started.elapsed());
        response
    });
    // What is answered from memory is ready at once, and needs no task. A response to a body that was not read must come
    // later: only then does the connection announce that it closes.
    if !has_body && let Poll::Ready(response) = poll_fn(|waker| Poll::Ready(work.as_mut().poll(waker))).await
    {
        return response;
    }
    tokio::spawn(work).await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Returns the handler's response, or an error if it panics or takes too long. Then it goes on in a task of its own.
pub(crate) async fn within(
    patience: Duration,
    version: Version,
    work: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let mut work = Box::pin(AssertUnwindSafe(work).catch_unwind());
    match tokio::time::timeout(patience, &mut work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            ApiError::from(Error::Internal(format!("the request panicked: {}", message_of(&*panic))))
                .into_response()
        }
        Err(_) => {
            tokio::spawn(work);
            too_late(version)
        }
    }
}

fn too_late(version: Version) -> Response {
    let late = Error::Unavailable("the request took longer than the request time-out".to_owned());
    let mut response = ApiError::from(late).into_response();
    // Do not wait for the rest of a slow body.
    if version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Records the matched route, known only inside the router.
pub(crate) fn note_route(extensions: &Extensions) {
    if let (Some(Context(context)), Some(path)) =
        (extensions.get::<Context>(), extensions.get::<MatchedPath>())
    {
        context.route.get_or_init(|| path.clone());
    }
}

/// Returns a method's metric label; unknown methods share one to limit cardinality.
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

/// Logs and counts a request. The log line includes causes hidden from the caller.
fn record(context: &RequestContext, method: &'static str, status: StatusCode, elapsed: Duration) {
    let route = context.route.get().map_or("unknown", MatchedPath::as_str);
    request_metrics::record(method, route, status, elapsed);
    let caller = context.caller.get();
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "denizen::request",
                id = context.id,
                contract = context.contract.code(),
                client = display(context.client_address.to_canonical()),
                workspace = caller.and_then(|caller| caller.workspace_id).map(display),
                caller = caller.map(|caller| display(caller.holder)),
                method,
                route,
                status = status.as_u16(),
                milliseconds = (elapsed.as_secs_f64() * 1e6).round() / 1e3,
                cause = context.cause.get(),
            )
        };
    }
    match status {
        StatusCode::SERVICE_UNAVAILABLE => line!(warn),
        status if status.is_server_error() => line!(error),
        _ => line!(info),
    }
}

/// Returns the client's `x-request-id` if it is fit for a log: at most 128 visible ASCII characters without `@`, since
/// e-mail addresses must not be logged.
pub fn request_id_of(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'@';
    let sound = (1..=MAXIMUM_REQUEST_ID).contains(&id.len()) && id.bytes().all(plain);
    sound.then(|| id.to_owned())
}

fn context_of(parts: &Parts, state: &AppState) -> RequestContext {
    let options = state.options();
    let id = request_id_of(&parts.headers).unwrap_or_else(|| state.source().ids.uuid().to_string());
    let client_address = client_address::of(parts, &options.trusted_proxies);
    RequestContext::new(id, parts, base_of(parts, options), client_address)
}

fn base_of(parts: &Parts, options: &AppOptions) -> Base {
    match &options.public_url {
        Some(url) => Base::Public(url.trim_end_matches('/').into()),
        None => Base::Named {
            host: parts.headers.get(header::HOST).cloned(),
            authority: parts.uri.authority().cloned(),
            is_secured: client_address::is_secured_by_proxy(parts, &options.trusted_proxies),
        },
    }
}

/// Every Flowdock response is declared as JSON, even if empty, and names the credential's account.
fn add_flowdock_headers(response: &mut Response, context: &RequestContext) {
    let is_open = response.status() != StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if let Some(number) = context.account_number.get().filter(|_| is_open) {
        headers.insert(FLOWDOCK_USER, HeaderValue::from(number.as_i64()));
    }
}

/// Responses contain personal data: forbid caching, sniffing and framing. Pages set their own, wider policy.
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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use denizen_domain::Source;
    use denizen_persistence::{Database, migrations};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    /// Returns a handler's response after all middleware.
    async fn answer(
        handler: axum::routing::MethodRouter<AppState>,
        options: AppOptions,
    ) -> (StatusCode, serde_json::Value) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let database = Database::connect(&url).await.unwrap();
        migrations::run(&database).await.unwrap();
        let state = AppState::load(database, Source::system(), options).await.unwrap();
        let router = Router::new().route("/it", handler).with_state(state.clone());
        let patience = state.options().request_timeout;
        let within_time = move |request: Request, next: Next| {
            within(patience, request.version(), async move { next.run(request).await })
        };
        let router = router.layer(axum::middleware::from_fn(within_time));
        let router = router.layer(axum::middleware::from_fn_with_state(state, surround));
        let request =
            Request::builder().uri("/it").header("host", "denizen.test").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_returns_500_without_details() {
        async fn broken() -> StatusCode {
            panic!("internal detail")
        }
        let (status, body) = answer(get(broken), AppOptions::default()).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body["error"]["code"], "internal_error");
        assert_eq!(body["error"]["type"], "http://denizen.test/errors/internal_error");
        assert!(!body.to_string().contains("internal detail"), "{body}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_slow_handler_times_out_with_503() {
        let options = AppOptions { request_timeout: Duration::from_millis(1), ..AppOptions::default() };
        let (status, body) = answer(get(std::future::pending::<StatusCode>), options).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body["error"]["code"], "unavailable");
    }

    #[test]
    fn accepts_only_request_ids_that_are_safe_to_log() {
        for (id, accepted) in [
            ("req_abc-123", true),
            ("7d444840-9dc0-41d1-b245-5ffdce74fad2", true),
            ("", false),
            ("jane@example.com", false),
            ("a b", false),
            (&"x".repeat(129), false),
        ] {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(id).unwrap())]);
            assert_eq!(request_id_of(&headers).is_some(), accepted, "{id}");
        }
    }
}
