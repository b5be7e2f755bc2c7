//! Listing auth configs.

use axum::Json;
use axum::extract::State;
use denizen_domain::{AuthConfig, Toolkit};
use denizen_persistence::connected_accounts;
use utoipa::IntoParams;

use super::answer::{AuthConfigAnswer, AuthConfigPage};
use crate::contracts::flowra_zaia::cursor_pages::{CursorPage, Place};
use crate::guards::caller::{Caller, CanReadAuthConfigs};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::paging::ListName;
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAuthConfigs {
    /// Only those of the system with this short name.
    #[param(value_type = Option<String>, max_length = 100)]
    toolkit: Option<Toolkit>,
    #[param(ignore)]
    page: CursorPage,
}

impl FromQuery for ListAuthConfigs {
    fn read(parameters: &mut QueryReader) -> Self {
        Self { toolkit: parameters.one("toolkit", Toolkit::parse), page: CursorPage::read(parameters) }
    }
}

/// Lists auth configs
///
/// Returns those of the workspace, newest first.
#[utoipa::path(get, path = "/api/v1/auth_configs", operation_id = "authConfigs.list", tag = "Auth configs",
    params(ListAuthConfigs, CursorPage),
    responses((status = 200, body = AuthConfigPage)),
    security(("api_key" = ["auth_configs:read"]), ("bearer" = ["auth_configs:read"]), ("authorization" = ["auth_configs:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadAuthConfigs>,
    State(state): State<AppState>,
    Context(context): Context,
    Query(ListAuthConfigs { toolkit, page }): Query<ListAuthConfigs>,
) -> ApiResult<Json<AuthConfigPage>> {
    let workspace_id = caller.workspace_id;
    let name = ListName::new(workspace_id, "auth_configs");
    let window = page.window(state.cursors(), &name)?;
    let (slice, total) = {
        let connection = &mut state.database().read().await?;
        let total =
            connected_accounts::count_auth_configs(connection, workspace_id, toolkit.as_ref()).await?;
        let slice =
            connected_accounts::list_auth_configs(connection, workspace_id, toolkit.as_ref(), &window)
                .await?;
        (slice, total)
    };
    let Place { next_cursor, total_pages, current_page } =
        page.place(state.cursors(), &name, &slice, total, AuthConfig::position);
    let shown = |config| AuthConfigAnswer::new(config, context.base_url());
    let items = slice.items.into_iter().map(shown).collect();
    Ok(Json(AuthConfigPage { items, next_cursor, total_pages, current_page, total_items: total }))
}
