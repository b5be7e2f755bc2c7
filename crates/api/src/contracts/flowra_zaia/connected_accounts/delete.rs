//! Deleting connected accounts.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ConnectedAccountId, Error, Resource};
use denizen_persistence::connected_accounts;

use super::find::find;
use crate::guards::caller::{Caller, CanWriteConnectedAccounts};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes a connected account
///
/// Nothing uses it any more. Its tokens are revoked at the system if that can do so: within a moment, or as soon as the system can be
/// reached, for up to a day. Then nothing of it is left.
#[utoipa::path(delete, path = "/api/v1/connected_accounts/{id}", operation_id = "connectedAccounts.delete", tag = "Connected accounts",
    params(("id" = Uuid, Path, description = "The connected account's id")),
    responses(
        (status = 200, description = "The account was deleted", body = Done),
        (status = 404, description = "Connected account not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["connected_accounts:write"]), ("bearer" = ["connected_accounts:write"]), ("authorization" = ["connected_accounts:write"])))]
pub(crate) async fn delete(
    caller: Caller<CanWriteConnectedAccounts>,
    State(state): State<AppState>,
    PathId(id): PathId<ConnectedAccountId>,
) -> ApiResult<Json<Done>> {
    let account = find(&state, caller.workspace_id, id).await?;
    let connection = &mut state.database().write().await?;
    if !connected_accounts::delete(connection, caller.origin(), account.workspace_id, id).await? {
        return Err(Error::not_found(Resource::ConnectedAccount, id).into());
    }
    Ok(Json(Done { message: "Connected account deleted." }))
}
