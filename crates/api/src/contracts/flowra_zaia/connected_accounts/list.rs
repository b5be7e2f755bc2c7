//! Listing connected accounts.

use axum::Json;
use axum::extract::State;
use denizen_domain::{
    AuthConfigId, Coded as _, ConnectedAccount, ConnectedAccountFilter, ConnectionStatus, Toolkit,
};
use denizen_persistence::connected_accounts;
use utoipa::IntoParams;

use super::answer::{ConnectedAccountPage, shown};
use super::whose::{parse_user, whose};
use crate::contracts::flowra_zaia::cursor_pages::{CursorPage, Place};
use crate::guards::caller::{Caller, CanReadConnectedAccounts, NamedUser};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::paging::ListName;
use crate::wire::query::{FromQuery, Query, QueryReader, invalid_id};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListConnectedAccounts {
    /// Only those of this external user: an id or a username. `x-username` does the same.
    #[param(value_type = Option<String>, max_length = 250, rename = "eUID")]
    user: Option<String>,
    /// Only those of the system with this short name.
    #[param(value_type = Option<String>, max_length = 100)]
    toolkit: Option<Toolkit>,
    /// Only those that were connected by this auth config.
    #[param(value_type = Option<uuid::Uuid>)]
    auth_config_id: Option<AuthConfigId>,
    /// Only those with this status, such as `ACTIVE`.
    #[param(value_type = Option<String>)]
    status: Option<ConnectionStatus>,
    #[param(ignore)]
    page: CursorPage,
}

impl FromQuery for ListConnectedAccounts {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            user: parameters.one("eUID", parse_user),
            toolkit: parameters.one("toolkit", Toolkit::parse),
            auth_config_id: parameters.one("authConfigId", |text| text.parse().map_err(|_| invalid_id())),
            status: parameters.one("status", ConnectionStatus::from_code),
            page: CursorPage::read(parameters),
        }
    }
}

/// Lists connected accounts
///
/// Returns those of the workspace, or of one external user, newest first.
#[utoipa::path(get, path = "/api/v1/connected_accounts", operation_id = "connectedAccounts.list", tag = "Connected accounts",
    params(ListConnectedAccounts, CursorPage,
        ("x-username" = Option<String>, Header, description = "The external user whose accounts are listed")),
    responses(
        (status = 200, body = ConnectedAccountPage),
        (status = 404, description = "External user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["connected_accounts:read"]), ("bearer" = ["connected_accounts:read"]), ("authorization" = ["connected_accounts:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadConnectedAccounts>,
    named: NamedUser,
    State(state): State<AppState>,
    Query(parameters): Query<ListConnectedAccounts>,
) -> ApiResult<Json<ConnectedAccountPage>> {
    let ListConnectedAccounts { user, toolkit, auth_config_id, status, page } = parameters;
    let workspace_id = caller.workspace_id;
    let user = whose(&state, workspace_id, &named, user.as_deref()).await?;
    let external_user_id = user.map(|user| user.id);
    let filter = ConnectedAccountFilter { external_user_id, toolkit, auth_config_id, status };
    let name = ListName::new(workspace_id, "connected_accounts");
    let window = page.window(state.cursors(), &name)?;
    let (slice, total_items) = {
        let connection = &mut state.database().read().await?;
        let total = connected_accounts::count(connection, workspace_id, &filter).await?;
        (connected_accounts::list(connection, workspace_id, &filter, &window).await?, total)
    };
    let Place { next_cursor, total_pages, current_page } =
        page.place(state.cursors(), &name, &slice, total_items, ConnectedAccount::position);
    let items = shown(&state, workspace_id, slice.items).await?;
    Ok(Json(ConnectedAccountPage { items, next_cursor, total_pages, current_page, total_items }))
}
