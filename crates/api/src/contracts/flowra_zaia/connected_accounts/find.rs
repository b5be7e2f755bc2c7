//! Reading one connected account.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ConnectedAccount, ConnectedAccountId, Error, Resource, Result, WorkspaceId};
use denizen_persistence::connected_accounts;

use super::answer::{ConnectedAccountAnswer, shown};
use crate::guards::caller::{Caller, CanReadConnectedAccounts};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a connected account
#[utoipa::path(get, path = "/api/v1/connected_accounts/{id}", operation_id = "connectedAccounts.get", tag = "Connected accounts",
    params(("id" = Uuid, Path, description = "The connected account's id")),
    responses(
        (status = 200, body = ConnectedAccountAnswer),
        (status = 404, description = "Connected account not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["connected_accounts:read"]), ("bearer" = ["connected_accounts:read"]), ("authorization" = ["connected_accounts:read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadConnectedAccounts>,
    State(state): State<AppState>,
    PathId(id): PathId<ConnectedAccountId>,
) -> ApiResult<Json<ConnectedAccountAnswer>> {
    let account = find(&state, caller.workspace_id, id).await?;
    Ok(Json(one(&state, account).await?))
}

/// Finds a connected account, or fails with 404.
pub(super) async fn find(
    state: &AppState,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
) -> Result<ConnectedAccount> {
    let connection = &mut state.database().read_by_key().await?;
    let account = connected_accounts::find(connection, workspace_id, id).await?;
    account.ok_or_else(|| Error::not_found(Resource::ConnectedAccount, id))
}

/// Shows one account.
pub(super) async fn one(state: &AppState, account: ConnectedAccount) -> Result<ConnectedAccountAnswer> {
    let id = account.id;
    let mut shown = shown(state, account.workspace_id, vec![account]).await?;
    shown.pop().ok_or_else(|| Error::not_found(Resource::ConnectedAccount, id))
}
