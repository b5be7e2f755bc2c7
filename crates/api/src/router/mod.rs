//! All routes with their middleware, and the OpenAPI document made from the same list.

mod cors;
mod documentation;
mod request_metrics;
mod surroundings;
mod trailing_slash;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use self::cors::allow_origins;
pub use self::surroundings::request_id_of;
pub(crate) use self::surroundings::surround;
use self::surroundings::{note_route, within};
pub use self::trailing_slash::without_trailing_slash;
use crate::contracts::{flowdock, flowmate, flowra_zaia, notiflows, operations};
use crate::guards::admission::Admission;
use crate::guards::operations::Operations;
use crate::guards::rate_limits::{self, SecuredOperations};
use crate::guards::{idempotency, parameters};
use crate::openapi::{self};
use crate::state::AppState;

/// Returns the server's OpenAPI document.
pub fn openapi() -> OpenApi {
    openapi::completed(routes().into_openapi())
}

#[derive(utoipa::OpenApi)]
#[openapi()]
struct Document;

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(flowra_zaia::routes())
        .nest("/admin", notiflows::routes())
        .nest("/admin/v1", notiflows::routes())
        .merge(flowmate::sign_in_routes())
        .merge(flowmate::webhook_routes())
        .nest("/api", flowmate::routes())
        .nest("/api/v1", flowmate::routes())
        .merge(flowdock::routes())
        .nest("/v1", flowdock::routes())
        .merge(operations::routes())
}

/// Adds the middleware to the routes, from the outside in: compression; request id, log
/// line, metrics and envelope; CORS; and [`guard`].
pub(crate) fn with_layers(state: &AppState) -> Router {
    let (router, document) = routes().split_for_parts();
    let guards = Arc::new(Guards {
        admission: state.admission().clone(),
        secured: SecuredOperations::of(&document),
        without_parameters: parameters::without_any(&document),
        patience: state.options().request_timeout,
    });
    let router = router
        .with_state(state.clone())
        .merge(documentation::routes())
        .fallback(|| async { StatusCode::NOT_FOUND.into_response() })
        .layer(middleware::from_fn_with_state(guards, guard));
    allow_origins(router, &state.options().cors_origins)
        .layer(middleware::from_fn_with_state(state.clone(), surround))
        .layer(CompressionLayer::new())
}

/// What [`guard`] needs.
struct Guards {
    admission: Admission,
    secured: SecuredOperations,
    without_parameters: Operations,
    patience: Duration,
}

/// What surrounds every handler once the route is known: the time limit, the rate limit of public operations, the
/// refusal of parameters that nothing reads, and idempotency keys. One layer, because each layer of a router costs as much as a short handler.
async fn guard(State(guards): State<Arc<Guards>>, request: Request, next: Next) -> Response {
    note_route(request.extensions());
    let (patience, version) = (guards.patience, request.version());
    let work = async move {
        let Guards { admission, secured, without_parameters, .. } = &*guards;
        if let Err(error) = rate_limits::count_open(&admission.rate_limits, secured, &request) {
            return error.into_response();
        }
        match parameters::refuse(without_parameters, secured, admission, request).await {
            Ok(request) => idempotency::once(admission, secured, request, next).await,
            Err(error) => error.into_response(),
        }
    };
    within(patience, version, work).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use denizen_domain::Slug;

    use super::*;

    #[test]
    fn the_words_of_paths_are_reserved_where_a_slug_may_stand() {
        let document = openapi();
        let below = |path: &'static str| {
            let paths = document.paths.paths.keys().filter_map(move |known| known.strip_prefix(path));
            paths.flat_map(|rest| rest.split('/').map(str::to_owned)).collect::<Vec<_>>()
        };
        let parts = [below("/flows/"), below("/organizations/")].concat();
        let words: BTreeSet<_> =
            parts.iter().map(String::as_str).filter(|part| !part.starts_with('{')).collect();
        assert_eq!(words, BTreeSet::from(Slug::PATH_WORDS));

        let in_place_of_a_flow = document.paths.paths.keys().filter(|path| {
            let rest = path.strip_prefix("/flows/{organization}/");
            rest.is_some_and(|rest| !rest.starts_with('{'))
        });
        assert_eq!(
            in_place_of_a_flow.count(),
            0,
            "the slugs of flows are not reserved: no word stands in their place"
        );
    }
}
