//! Cross-Origin Resource Sharing: which pages may call the server from a browser.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use crate::guards::idempotency;
use crate::wire::origin::CorsOrigin;
use crate::wire::{context, paging, rate_count};

/// How long browsers may keep the answer to a preflight request. Most keep none longer.
const PREFLIGHT_LIFETIME: Duration = Duration::from_hours(2);

/// Lets pages of these origins call the routes. Without any, other sites' pages can call none.
///
/// Keys are sent in headers, never in cookies, so credentials are not allowed.
pub fn allow_origins(router: Router, origins: &[CorsOrigin]) -> Router {
    if origins.is_empty() {
        return router;
    }
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .max_age(PREFLIGHT_LIFETIME)
        .expose_headers([
            header::ETAG,
            header::LINK,
            header::RETRY_AFTER,
            idempotency::REPLAYED,
            paging::TOTAL_COUNT,
            rate_count::RATE_LIMIT,
            rate_count::RATE_LIMIT_POLICY,
            context::FLOWDOCK_USER,
            context::IGNORED_FIELDS,
            context::REQUEST_ID,
        ]);
    if origins.contains(&CorsOrigin::Any) {
        return router.layer(layer.allow_origin(Any));
    }
    let origins: Arc<[CorsOrigin]> = origins.into();
    router.layer(layer.allow_origin(AllowOrigin::predicate(move |origin, _| {
        origins.iter().any(|allowed| allowed.allows(origin))
    })))
}
