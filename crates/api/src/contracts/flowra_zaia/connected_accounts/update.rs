//! Changing connected accounts.

use axum::Json;
use axum::extract::State;
use denizen_domain::{ConnectedAccountId, Error, Resource, Violations};
use denizen_persistence::connected_accounts;

use super::answer::ConnectedAccountAnswer;
use super::find::{find, one};
use super::input::UpdateConnectedAccount;
use crate::contracts::flowra_zaia::auth_configs::find as find_auth_config;
use crate::guards::caller::{Caller, CanWriteConnectedAccounts};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes a connected account
///
/// Absent fields stay unchanged. A change takes effect with the next use.
#[utoipa::path(patch, path = "/api/v1/connected_accounts/{id}", operation_id = "connectedAccounts.update", tag = "Connected accounts",
    params(("id" = Uuid, Path, description = "The connected account's id")),
    request_body = UpdateConnectedAccount,
    responses(
        (status = 200, description = "The account was changed", body = ConnectedAccountAnswer),
        (status = 404, description = "Connected account not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["connected_accounts:write"]), ("bearer" = ["connected_accounts:write"]), ("authorization" = ["connected_accounts:write"])))]
pub(crate) async fn update(
    caller: Caller<CanWriteConnectedAccounts>,
    State(state): State<AppState>,
    PathId(id): PathId<ConnectedAccountId>,
    JsonBody(body, unknown): JsonBody<UpdateConnectedAccount>,
) -> ApiResult<Json<ConnectedAccountAnswer>> {
    let (changes, sent) = body.check(unknown)?;
    let (workspace_id, origin) = (caller.workspace_id, caller.origin());
    let account = find(&state, workspace_id, id).await?;
    let sealed = match sent {
        None => None,
        Some(sent) => {
            let config = find_auth_config(&state, workspace_id, account.auth_config_id).await?;
            let mut violations = Violations::new();
            let credentials = sent.for_scheme(config.scheme, &mut violations);
            let credentials = violations.into_value(credentials)?;
            Some(state.connections().seal(workspace_id, id, &credentials)?)
        }
    };
    let changed = {
        let connection = &mut state.database().write().await?;
        connected_accounts::update(connection, origin, workspace_id, id, &changes, sealed).await?
    };
    let changed = changed.ok_or_else(|| Error::not_found(Resource::ConnectedAccount, id))?;
    Ok(Json(one(&state, changed).await?))
}
