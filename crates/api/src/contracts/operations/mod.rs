//! What the operator asks of the server: health, metrics, version, documents.

use std::sync::OnceLock;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use denizen_domain::{Error, Resource};
use denizen_persistence::introspection;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::tokens::Jwk;
use crate::state::AppState;
use crate::wire::envelope::ErrorCode;
use crate::wire::error::ApiResult;

/// The routes of this room.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(version))
        .routes(routes!(metrics))
        .routes(routes!(jwks))
        .routes(routes!(error_page))
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `live` or `ready`; a server that is not ready answers with an error.
    #[schema(example = "ready")]
    status: &'static str,
}

/// Which server it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    /// Always `denizen`.
    #[schema(example = "denizen")]
    name: &'static str,
    /// The version of the server.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// The public keys of access tokens (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JwkSet {
    /// The current key first, then the one before it.
    keys: Vec<Jwk>,
}

/// Tell whether the process runs
///
/// Says nothing of the database: a server that cannot reach it is alive and waits.
#[utoipa::path(get, path = "/health/live", operation_id = "server.getLiveness", tag = "Server", responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// Tell whether requests can be sent
///
/// 503 while the server migrates, cannot reach its database, or is about to stop.
#[utoipa::path(get, path = "/health/ready", operation_id = "server.getReadiness", tag = "Server",
    responses((status = 200, body = Health), (status = 503, body = crate::wire::envelope::ErrorEnvelope)))]
pub(crate) async fn ready(State(state): State<AppState>) -> ApiResult<Json<Health>> {
    if !state.is_ready() {
        return Err(Error::Unavailable("the server is starting or stopping".to_owned()).into());
    }
    introspection::ping(&mut state.database().read().await?).await?;
    Ok(Json(Health { status: "ready" }))
}

/// Name the server and its version
#[utoipa::path(get, path = "/version", operation_id = "server.getVersion", tag = "Server", responses((status = 200, body = Version)))]
pub(crate) async fn version() -> Json<Version> {
    Json(Version { name: "denizen", version: env!("CARGO_PKG_VERSION") })
}

/// Show the metrics
///
/// In the text format of Prometheus: requests by route, status and time; the database's pools and statements.
#[utoipa::path(get, path = "/metrics", operation_id = "server.getMetrics", tag = "Server",
    responses((status = 200, body = String, content_type = "text/plain; version=0.0.4")))]
pub(crate) async fn metrics(State(state): State<AppState>) -> Response {
    for pool in state.database().pools() {
        let set = |state: &'static str, count: usize| {
            let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            metrics::gauge!("denizen_database_pool_connections", "pool" => pool.name, "state" => state)
                .set(count);
        };
        set("maximum", pool.maximum);
        set("open", pool.open);
        set("idle", pool.idle);
        set("waiting", pool.waiting);
    }
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, content_type)], metrics_recorder().render()).into_response()
}

/// List the public keys of access tokens
///
/// For services that check tokens themselves. May be cached for half a minute; a token with a `kid` that is not in the
/// cache asks for a new look.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "server.listSigningKeys", tag = "Server", responses((status = 200, body = JwkSet)))]
pub(crate) async fn jwks(State(state): State<AppState>) -> impl IntoResponse {
    let cache = [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=30"))];
    (cache, Json(JwkSet { keys: state.access().tokens.public_keys() }))
}

/// Explain an error code
///
/// The page that the `type` of an error names.
#[utoipa::path(get, path = "/errors/{code}", operation_id = "server.explainError", tag = "Server", params(("code" = ErrorCode, Path)),
    responses((status = 200, body = String, content_type = "text/html"), (status = 404, body = crate::wire::envelope::ErrorEnvelope)))]
pub(crate) async fn error_page(Path(code): Path<String>) -> ApiResult<Html<String>> {
    let known = ErrorCode::ALL.into_iter().find(|(known, _)| known.as_str() == code);
    let (code, status) = known.ok_or_else(|| Error::not_found(Resource::Path, &code))?;
    Ok(Html(page(code, status)))
}

fn page(code: ErrorCode, status: StatusCode) -> String {
    let (meaning, advice) = explanation(code);
    let (code, status) = (code.as_str(), status.as_u16());
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{code}</title>\
         <h1>{code} ({status})</h1><p>{meaning}</p><p>{advice}</p></html>\n"
    )
}

/// What a code means, and what to do about it.
fn explanation(code: ErrorCode) -> (&'static str, &'static str) {
    match code {
        ErrorCode::BadRequest => (
            "The request cannot be understood: the body is not JSON, or a parameter does not have the form it should.",
            "Read details.reason and details.fields, mend the request and send it again.",
        ),
        ErrorCode::Unauthenticated => (
            "The request carries no credential, or one that is unknown, expired or revoked.",
            "Send a valid key or token in the header that details.auth and WWW-Authenticate name.",
        ),
        ErrorCode::Forbidden => (
            "The credential is valid and does not allow this.",
            "Use a key with the scope in details.required_scope; where details.reason is blocked, unblock the user first.",
        ),
        ErrorCode::NotFound => (
            "There is no such object in the workspace of the credential, or no such path.",
            "Check the id, and that the key belongs to the workspace that you mean.",
        ),
        ErrorCode::MethodNotAllowed => {
            ("The path exists and does not know the method.", "Use one of the methods in the header Allow.")
        }
        ErrorCode::Conflict => (
            "The request contradicts what is there: a name is taken, or somebody changed the object at the same time.",
            "Read details.reason and details.param; use another name, or send the request again.",
        ),
        ErrorCode::PreconditionFailed => (
            "The object is not, or no longer, what If-Match or If-None-Match says.",
            "Read the object again, decide whether your change still makes sense, and send it with the new ETag.",
        ),
        ErrorCode::PayloadTooLarge => {
            ("The body is larger than the server takes.", "Send at most details.limit bytes.")
        }
        ErrorCode::UnsupportedMediaType => {
            ("The body is not announced as JSON.", "Send it with the header Content-Type: application/json.")
        }
        ErrorCode::ValidationFailed => (
            "The body is JSON and has fields that break their rules.",
            "Mend every field in details.fields and send the request again.",
        ),
        ErrorCode::RateLimited => (
            "There were more requests than the server takes in that time.",
            "Wait as long as the header Retry-After says.",
        ),
        ErrorCode::InternalError => (
            "The server made a mistake.",
            "Send the request again; where that does not help, report error.request_id to the operator.",
        ),
        ErrorCode::Unavailable => (
            "The server is starting, stopping, overloaded, or cannot reach its database.",
            "Send the request again after the time in the header Retry-After.",
        ),
    }
}

/// The metrics of this process. There is one recorder a process, however many servers run in it.
pub(crate) fn metrics_recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let seconds =
                [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
            let builder = PrometheusBuilder::new();
            let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds);
            let recorder = builder.unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is in place; /metrics stays empty");
            }
            describe_metrics();
            handle
        })
        .clone()
}

fn describe_metrics() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("denizen_http_requests_total", "Requests by method, route and status.");
    describe_histogram!(
        "denizen_http_request_seconds",
        Unit::Seconds,
        "Time until the answer begins, by route."
    );
    describe_counter!(
        "denizen_rate_limited_total",
        "Requests refused because of too many a second, by policy."
    );
    describe_gauge!("denizen_connections_open", "Connections of clients that are open.");
    describe_counter!("denizen_connections_refused_total", "Connections refused because too many were open.");
    describe_gauge!("denizen_database_pool_connections", "Connections by pool and state.");
    describe_histogram!(
        "denizen_database_pool_wait_seconds",
        Unit::Seconds,
        "Time until a connection was free."
    );
    describe_histogram!("denizen_database_statement_seconds", Unit::Seconds, "Time of a database statement.");
}
