//! `/api/v1/auth_configs`: how external users connect to other systems.

mod answer;
mod create;
mod delete;
mod get;
mod input;
mod list;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use self::answer::{ToolkitAnswer, redirect_url};
pub(super) use self::get::find;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list, create::create)).routes(routes!(get::get, delete::delete))
}
