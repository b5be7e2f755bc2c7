//! All routes, and the OpenAPI document that is made of the same list.

use axum::Router;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware;
use axum::response::IntoResponse as _;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};
use utoipa::openapi::OpenApi;
use utoipa::{Modify as _, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::App;
use crate::openapi::Shared;
use crate::rate_limits::SecuredOperations;
use crate::{
    accounts, admin_users, api_keys, audit_events, channels, external_user_groups, external_users, flows,
    idempotency, operations, organizations, paging, rate_limits, request, super_identities, tiers,
};

/// The OpenAPI document of the server.
pub fn openapi() -> OpenApi {
    routes().into_openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi()]
struct Document;

fn routes() -> OpenApiRouter<App> {
    let mut router = OpenApiRouter::with_openapi(Document::openapi())
        .merge(external_users::routes())
        .merge(external_user_groups::routes())
        .merge(tiers::routes())
        .merge(super_identities::routes())
        .merge(channels::routes())
        .merge(api_keys::routes())
        .merge(audit_events::routes())
        .nest("/admin", admin_users::routes())
        .nest("/admin/v1", admin_users::routes())
        .merge(accounts::sign_in_routes())
        .nest("/api", accounts::routes())
        .nest("/api/v1", accounts::routes())
        .merge(organizations::routes())
        .nest("/v1", organizations::routes())
        .merge(flows::routes())
        .nest("/v1", flows::routes())
        .routes(routes!(operations::live))
        .routes(routes!(operations::ready))
        .routes(routes!(operations::version))
        .routes(routes!(operations::metrics))
        .routes(routes!(operations::jwks))
        .routes(routes!(operations::error_page));
    Shared.modify(router.get_openapi_mut());
    router
}

/// The routes with everything around them, from the outside in: compression; the request's id, log line, metrics and
/// envelope; CORS, where it is wanted; the route's name and the rate limit of what is open to all;
/// idempotency keys; the routes.
pub(crate) fn with_layers(app: &App) -> Router {
    let (router, document) = routes().split_for_parts();
    let secured = SecuredOperations::of(&document);
    let pages = Router::from(SwaggerUi::new("/docs").url("/openapi.json", document))
        .layer(middleware::map_response(with_page_policy));
    let mut router = router
        .with_state(app.clone())
        .merge(pages)
        .fallback(|| async { StatusCode::NOT_FOUND.into_response() })
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::once))
        .layer(middleware::from_fn_with_state((app.clone(), secured), rate_limits::count_open))
        .layer(middleware::from_fn(request::note_route));
    if !app.options().cors_origins.is_empty() {
        router = router.layer(cors(&app.options().cors_origins));
    }
    router
        .layer(middleware::from_fn_with_state(app.clone(), request::surround))
        .layer(CompressionLayer::new())
}

/// The documentation is a page that runs its own scripts and nobody else's.
async fn with_page_policy(mut response: axum::response::Response) -> axum::response::Response {
    let policy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// Browsers of other origins may call only where the operator says so. Keys come in headers, never in cookies, so that
/// no credentials are allowed.
fn cors(origins: &[String]) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            header::ETAG,
            header::LINK,
            header::RETRY_AFTER,
            idempotency::REPLAYED,
            paging::TOTAL_COUNT,
            rate_limits::RATE_LIMIT,
            rate_limits::RATE_LIMIT_POLICY,
            request::FLOWDOCK_USER,
            request::REQUEST_ID,
        ]);
    if origins.iter().any(|origin| origin == "*") {
        return layer.allow_origin(Any);
    }
    layer.allow_origin(AllowOrigin::list(
        origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()),
    ))
}
