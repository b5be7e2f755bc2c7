//! Responds when the application cannot: while the server starts, and on connections above the limit.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, HOST, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use denizen_domain::IdSource;
use serde_json::{Value, json};
use tokio::sync::SetOnce;
use tokio::time::timeout;
use tower::ServiceExt as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Creates 503 responses in the shared error envelope.
#[derive(Debug, Clone)]
pub(crate) struct Unavailable {
    /// Generates request ids.
    pub(crate) ids: Arc<dyn IdSource>,
    /// The base of an error's `type`; defaults to the requested host.
    pub(crate) public_url: Option<String>,
}

impl Unavailable {
    /// Responds to all requests with 503 and closes the connection. Liveness still succeeds: restarting a busy server
    /// would make it worse.
    pub(crate) fn refusal(&self) -> Router {
        let unavailable = self.clone();
        let refuse = async move |headers: HeaderMap| {
            let message = "The server has too many connections. Try again in a moment.";
            ([(CONNECTION, "close")], unavailable.answer(&headers, message))
        };
        Router::new().route("/health/live", get(live)).fallback(refuse)
    }

    /// Responds while the application starts: alive, but not ready. Other requests wait up to `patience` for the
    /// application.
    pub(crate) fn until(&self, application: Arc<SetOnce<Router>>, patience: Duration) -> Router {
        let unavailable = self.clone();
        let not_ready = get(async move |headers: HeaderMap| unavailable.answer(&headers, STARTING));
        let waiting = Waiting { application, patience, unavailable: self.clone() };
        Router::new()
            .route("/health/live", get(live))
            .route("/health/ready", not_ready.clone())
            .route("/healthcheck", not_ready)
            .fallback(wait)
            .with_state(Arc::new(waiting))
    }

    fn answer(&self, headers: &HeaderMap, message: &str) -> Response {
        let request_id = self.request_id(headers);
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let base = self.public_url.clone().unwrap_or_else(|| format!("http://{host}"));
        let body = json!({
            "message": message,
            "error": {
                "type": format!("{base}/errors/unavailable"),
                "code": "unavailable",
                "message": message,
                "status": 503,
                "request_id": request_id,
                "details": {},
            },
        });
        let mut response =
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], Json(body)).into_response();
        if let Ok(request_id) = HeaderValue::try_from(request_id) {
            response.headers_mut().insert(REQUEST_ID, request_id);
        }
        response
    }

    fn request_id(&self, headers: &HeaderMap) -> String {
        denizen_api::request_id_of(headers).unwrap_or_else(|| self.ids.uuid().to_string())
    }
}

async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

const STARTING: &str = "The server is starting. Try again in a moment.";

/// The state for requests that arrive before the application.
struct Waiting {
    application: Arc<SetOnce<Router>>,
    patience: Duration,
    unavailable: Unavailable,
}

async fn wait(State(waiting): State<Arc<Waiting>>, request: Request) -> Response {
    match timeout(waiting.patience, waiting.application.wait()).await {
        Ok(application) => match application.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        Err(_) => waiting.unavailable.answer(request.headers(), STARTING),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use denizen_domain::SequentialIds;

    use super::*;

    fn unavailable() -> Unavailable {
        Unavailable { ids: Arc::new(SequentialIds::default()), public_url: None }
    }

    async fn get(router: Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).header(HOST, "users.example.com").header(REQUEST_ID, "mine");
        let request = denizen_api::without_trailing_slash(request.body(Body::empty()).unwrap());
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_refusal_uses_the_error_envelope() {
        let (status, body) = get(unavailable().refusal(), "/anything").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            body,
            r#"{"message":"The server has too many connections. Try again in a moment.","error":{"type":"http://users.example.com/errors/unavailable","code":"unavailable","message":"The server has too many connections. Try again in a moment.","status":503,"request_id":"mine","details":{}}}"#
        );
    }

    #[tokio::test]
    async fn a_full_server_is_alive_and_not_ready() {
        for path in ["/health/live", "/health/live/"] {
            assert_eq!(get(unavailable().refusal(), path).await.0, StatusCode::OK, "{path}");
        }
        assert_eq!(get(unavailable().refusal(), "/health/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn a_starting_server_is_alive_and_not_ready() {
        let router = unavailable().until(Arc::new(SetOnce::new()), Duration::from_millis(1));
        assert_eq!(get(router.clone(), "/health/live").await.0, StatusCode::OK);
        for path in ["/health/ready", "/health/ready/", "/healthcheck"] {
            assert_eq!(get(router.clone(), path).await.0, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        }
        assert_eq!(get(router, "/anything").await.0, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn early_requests_wait_for_the_application() {
        let application = Arc::new(SetOnce::new());
        let early = get(unavailable().until(Arc::clone(&application), Duration::from_secs(20)), "/anything");
        let (answer, set) = tokio::join!(early, async {
            application.set(Router::new().route("/anything", axum::routing::get(async || "here")))
        });
        set.unwrap();
        assert_eq!(answer, (StatusCode::OK, "here".to_owned()));
    }
}
