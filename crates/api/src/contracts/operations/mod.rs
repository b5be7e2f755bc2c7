//! Server operations: what the server is, health, metrics, version, signing keys, error pages.

mod event_catalogue;
mod home;
mod process;

use std::sync::OnceLock;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use denizen_domain::{Error, PUBLIC_KEYS_CACHED, Resource};
use denizen_persistence::{Database, introspection, server_secrets};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::event_catalogue::event_catalogue;
use self::home::{NAME, VERSION};
use self::process::process_metrics;
use crate::access::tokens::Jwk;
use crate::contracts::samples;
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::envelope::ErrorCode;
use crate::wire::error::ApiResult;
use crate::wire::query::{FromQuery, Query, QueryReader};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(home::home))
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(healthcheck))
        .routes(routes!(version))
        .routes(routes!(metrics))
        .routes(routes!(jwks))
        .routes(routes!(openid_configuration))
        .routes(routes!(error_page))
}

/// Health status.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `live` or `ready`; a server that is not ready returns an error.
    #[schema(example = "ready")]
    status: &'static str,
}

/// Name and version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    /// Always `denizen`.
    #[schema(example = "denizen")]
    name: &'static str,
    /// The server's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// The public keys of access tokens (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JwkSet {
    /// The current key, the next one, then earlier ones whose tokens are still valid.
    keys: Vec<Jwk>,
}

/// What verifiers of access tokens need to know, as in `OpenID` Connect Discovery. The server has none of the protocol's
/// other endpoints.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::openid_configuration)]
pub(crate) struct OpenIdConfiguration {
    /// The `iss` of access tokens.
    issuer: String,
    /// URL of the public keys.
    jwks_uri: String,
    /// The algorithms that sign tokens.
    id_token_signing_alg_values_supported: [&'static str; 1],
    /// The kinds of `sub`: the same for everybody.
    subject_types_supported: [&'static str; 1],
    /// Empty: tokens are issued by other operations.
    response_types_supported: [&'static str; 0],
}

/// Reports whether the process runs
///
/// Does not check the database: a server that cannot reach it is alive and waits.
#[utoipa::path(get, path = "/health/live", operation_id = "server.getLiveness", tag = "Server", responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// What a server must be ready for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Readiness {
    /// Whether to check that changes can be stored. With `false`, a server is ready as long as it answers reads.
    #[param(value_type = Option<bool>, default = true)]
    writes: bool,
}

impl FromQuery for Readiness {
    fn read(parameters: &mut QueryReader) -> Self {
        Self { writes: parameters.flag("writes").unwrap_or(true) }
    }
}

/// Reports whether the server is ready
///
/// Returns 503 while the server migrates, cannot reach its database, or is stopping, and, with the reason `read_only`,
/// while the database stores no changes: its disk is full, or it is a standby. Reads still work then.
#[utoipa::path(get, path = "/health/ready", operation_id = "server.getReadiness", tag = "Server", params(Readiness),
    responses((status = 200, body = Health), (status = 503, body = crate::wire::envelope::ErrorEnvelope)))]
pub(crate) async fn ready(
    State(state): State<AppState>,
    Query(Readiness { writes }): Query<Readiness>,
) -> ApiResult<Json<Health>> {
    if !state.is_ready() {
        return Err(Error::Unavailable("the server is starting or stopping".to_owned()).into());
    }
    let database = state.database();
    if !writes {
        introspection::ping(&mut database.read().await?).await?;
        return Ok(Json(Health { status: "ready" }));
    }
    introspection::require_writable(&mut database.read().await?).await?;
    // Writing takes its turn among all writes, so it needs a reason.
    if state.has_outage() {
        server_secrets::try_to_write(&mut database.write().await?).await?;
        state.set_outage(false);
    }
    Ok(Json(Health { status: "ready" }))
}

/// Reports whether the server is ready
///
/// Same as `/health/ready`, at the path that FlowMate's services have.
#[utoipa::path(get, path = "/healthcheck", operation_id = "server.getHealth", tag = "Server", params(Readiness),
    responses((status = 200, body = Health), (status = 503, body = crate::wire::envelope::ErrorEnvelope)))]
pub(crate) async fn healthcheck(
    state: State<AppState>,
    readiness: Query<Readiness>,
) -> ApiResult<Json<Health>> {
    ready(state, readiness).await
}

/// Returns the server's name and version
///
/// Needs no credential.
#[utoipa::path(get, path = "/version", operation_id = "server.getVersion", tag = "Server", responses((status = 200, body = Version)))]
pub(crate) async fn version() -> Json<Version> {
    Json(Version { name: NAME, version: VERSION })
}

/// Returns the metrics
///
/// Uses the Prometheus text format: requests by route, status and time; database pools, statements and size; jobs and
/// webhooks; the process and its version. The size is measured at most once a minute.
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
    let text = metrics_recorder().render() + &process_metrics();
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}

/// Measures the size of the database for the metrics.
pub(crate) async fn measure_size(database: &Database) {
    let size = match database.read().await {
        Ok(mut connection) => introspection::size(&mut connection).await,
        Err(error) => Err(error),
    };
    match size {
        Ok(bytes) => metrics::gauge!("denizen_database_size_bytes").set(in_floating_point(bytes)),
        Err(error) => tracing::debug!(cause = error.context(), "the size of the database cannot be read"),
    }
}

/// Converts a size. Exact up to 8 PiB.
fn in_floating_point(bytes: i64) -> f64 {
    let bytes = u64::try_from(bytes).unwrap_or(0);
    let half = |bits: u64| f64::from(u32::try_from(bits).unwrap_or(u32::MAX));
    half(bytes >> 32).mul_add(4_294_967_296.0, half(bytes & 0xffff_ffff))
}

/// Lists the public keys of access tokens
///
/// For services that verify tokens themselves. They may cache the keys for 30 seconds, and should fetch them again for
/// an unknown `kid`. The next key is listed long before it signs. A key is removed when its tokens have expired, or at
/// once if the operator replaces it in an emergency; its tokens are refused from then on.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "server.listSigningKeys", tag = "Server", responses((status = 200, body = JwkSet)))]
pub(crate) async fn jwks(State(state): State<AppState>) -> Response {
    let now = state.source().clock.now();
    cacheable(JwkSet { keys: state.access().tokens.public_keys(now) })
}

/// Describes access tokens to verifiers
///
/// For libraries that find the keys of an issuer by discovery. `issuer` is the issuer or else the public URL that the
/// operator set, or `denizen` without either; verifiers that compare it with the URL they asked need it to be that URL.
/// `jwks_uri` begins with the public URL, or else with the host of the request. It may be cached for 30 seconds.
#[utoipa::path(get, path = "/.well-known/openid-configuration", operation_id = "server.getOpenIdConfiguration", tag = "Server",
    responses((status = 200, body = OpenIdConfiguration)))]
pub(crate) async fn openid_configuration(
    State(state): State<AppState>,
    Context(context): Context,
) -> Response {
    cacheable(OpenIdConfiguration {
        issuer: state.options().issuer().to_owned(),
        jwks_uri: format!("{}/.well-known/jwks.json", context.base_url()),
        id_token_signing_alg_values_supported: [Jwk::ALGORITHM],
        subject_types_supported: ["public"],
        response_types_supported: [],
    })
}

/// Responds with a document that may be cached as long as the public keys.
fn cacheable(document: impl Serialize) -> Response {
    let cached = format!("public, max-age={}", PUBLIC_KEYS_CACHED.as_secs());
    ([(header::CACHE_CONTROL, cached)], Json(document)).into_response()
}

/// Explains an error code
///
/// The page that an error's `type` links to.
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

/// Returns a code's meaning, and what to do.
fn explanation(code: ErrorCode) -> (&'static str, &'static str) {
    match code {
        ErrorCode::BadRequest => (
            "The request is malformed: the body is not JSON, or a parameter does not have the expected format. Zaia, FlowMate \
             and Flowdock also answer a body with invalid fields this way.",
            "Read details.reason and details.fields, fix the request and send it again.",
        ),
        ErrorCode::Unauthenticated => (
            "The request has no credential, or one that is unknown, expired or revoked.",
            "Send a valid key or token in the header that details.auth and WWW-Authenticate name.",
        ),
        ErrorCode::Forbidden => (
            "The credential is valid but does not allow this.",
            "Use a key with the scope in details.required_scope. If details.reason is blocked, unblock the user first.",
        ),
        ErrorCode::NotFound => (
            "The credential's workspace has no such object, or the path does not exist.",
            "Check the id, and that the key belongs to the right workspace.",
        ),
        ErrorCode::MethodNotAllowed => {
            ("The path does not support this method.", "Use one of the methods in the Allow header.")
        }
        ErrorCode::Conflict => (
            "The request conflicts with existing data: a name is taken, or the object was changed at the same time.",
            "Read details.reason and details.param. Use another name, or send the request again.",
        ),
        ErrorCode::Gone => (
            "The feed has lost the events after this position, or has no such position yet.",
            "Note the end of the feed with after=latest, read the lists anew, then follow the feed from there.",
        ),
        ErrorCode::PreconditionFailed => (
            "The condition in If-Match or If-None-Match is not met.",
            "Read the object again. If your change still makes sense, send it with the new ETag.",
        ),
        ErrorCode::PayloadTooLarge => {
            ("The body is larger than the limit.", "Send at most details.limit bytes.")
        }
        ErrorCode::UnsupportedMediaType => (
            "The Content-Type is not JSON in UTF-8, or the Content-Encoding is neither gzip nor deflate.",
            "Send the body as UTF-8 with Content-Type: application/json, plain or in an encoding that Accept-Encoding names.",
        ),
        ErrorCode::ValidationFailed => (
            "The body is JSON but has invalid fields.",
            "Fix every field in details.fields and send the request again.",
        ),
        ErrorCode::RateLimited => (
            "There were more requests than the rate limit allows.",
            "Wait for the time in the Retry-After header.",
        ),
        ErrorCode::InternalError => (
            "The server failed.",
            "Send the request again. If that fails, report error.request_id to the operator.",
        ),
        ErrorCode::Unavailable => (
            "The server is starting, stopping, overloaded, cannot reach its database, or, if details.reason is read_only, cannot store changes there.",
            "Send the request again after the time in the Retry-After header.",
        ),
    }
}

/// Returns the metrics of this process. All servers in the process share one recorder.
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
            metrics::gauge!("denizen_build_info", "version" => VERSION).set(1.0);
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
        "Time until the response starts, by route."
    );
    describe_counter!("denizen_rate_limited_total", "Requests refused by a rate limit, by policy.");
    describe_counter!(
        "denizen_cache_look_ups_total",
        "Look-ups of keys, workspaces and external users by kind and result: hit if answered from memory."
    );
    describe_gauge!("denizen_build_info", "Always 1, with the version of the server.");
    describe_gauge!("denizen_database_size_bytes", Unit::Bytes, "Size of the database on disk.");
    describe_gauge!("denizen_connections_open", "Open client connections.");
    describe_counter!("denizen_connections_refused_total", "Connections refused because too many were open.");
    describe_gauge!("denizen_database_pool_connections", "Connections by pool and state.");
    describe_histogram!(
        "denizen_database_pool_wait_seconds",
        Unit::Seconds,
        "Time until a connection was free."
    );
    describe_histogram!("denizen_database_statement_seconds", Unit::Seconds, "Time of a database statement.");
    describe_counter!("denizen_job_runs_total", "Runs of jobs on this server, by kind and outcome.");
    describe_gauge!("denizen_jobs", "Jobs of all workspaces by state.");
    describe_gauge!(
        "denizen_jobs_oldest_due_seconds",
        Unit::Seconds,
        "How long the oldest job that is due has waited."
    );
    describe_counter!(
        "denizen_webhook_attempts_total",
        "Attempts to send a webhook, by outcome: succeeded if the status was 200 to 299."
    );
    describe_counter!(
        "denizen_webhook_endpoints_disabled_total",
        "Webhook endpoints that the server disabled, because they failed for days or answered 410."
    );
    describe_counter!(
        "denizen_workflow_executions_total",
        "Executions of workflows that have ended on this server, by outcome: succeeded, failed or cancelled."
    );
    describe_counter!(
        "denizen_workflow_steps_total",
        "Attempts of steps of workflows, by function and outcome."
    );
}
