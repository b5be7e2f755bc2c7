//! `/api/v1/events`: the changes of a workspace in one order, for programs that follow them.

mod answer;
mod list;
mod reading;
mod stream;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::answer::event_json;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list))
}
