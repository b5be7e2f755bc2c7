//! `/api/v1/workflow/manager`: Flowra's workflows, their executions, and running them.

mod active_status;
mod answer;
mod create;
mod delete;
mod detail;
mod execute;
mod executions;
mod known;
mod list;
mod page;
mod statistics;
mod update;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(detail::detail))
        .routes(routes!(create::create))
        .routes(routes!(update::update))
        .routes(routes!(delete::delete))
        .routes(routes!(active_status::active_status))
        .routes(routes!(execute::execute))
        .routes(routes!(executions::list))
        .routes(routes!(executions::get))
        .routes(routes!(executions::list_of_workflow))
        .routes(routes!(statistics::statistics))
}
