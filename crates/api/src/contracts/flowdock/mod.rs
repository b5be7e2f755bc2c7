//! `/` and `/v1`: the Flowdock contract: accounts with their organizations and flows.

mod flows;
mod organizations;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// The routes of the contract, below each base path.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(organizations::routes()).merge(flows::routes())
}
