//! `/api/v1/external-users`: external users in the Flowra and Zaia contracts.

mod access;
mod authenticate;
mod create;
mod delete;
mod erase;
mod find_by_username;
mod get;
mod input;
mod list;
mod list_flowra;
mod lookup;
mod me;
mod restore;
mod toggle_active;
mod update;

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// Schemas that only parameters use; the routes register those of bodies.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(list_flowra::SortBy, list_flowra::SortOrder)))]
struct ParameterSchemas;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ParameterSchemas::openapi())
        .routes(routes!(list::list, create::create))
        .routes(routes!(authenticate::authenticate))
        .routes(routes!(lookup::look_up))
        .routes(routes!(me::me))
        .routes(routes!(find_by_username::find_by_username))
        .routes(routes!(get::get, update::update, delete::delete))
        .routes(routes!(toggle_active::toggle_active))
        .routes(routes!(restore::restore))
        .routes(routes!(erase::erase))
}

/// The parameters of Zaia's list alone.
const ZAIA_PARAMETERS: [&str; 7] =
    ["channelIds", "externalUserGroupIds", "superIdentityIds", "tierIds", "search", "pageNumber", "pageSize"];
