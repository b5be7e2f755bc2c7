//! Creating connected accounts with what they present.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use denizen_domain::{
    AuthConfig, ConnectedAccount, ConnectedAccountChanges, ConnectedAccountId, ConnectionStatus,
    ExternalUserId, Violations,
};
use denizen_persistence::connected_accounts;

use super::answer::ConnectedAccountAnswer;
use super::input::{CheckedAccount, CreateConnectedAccount};
use super::whose::require_user;
use crate::contracts::flowra_zaia::auth_configs::find as find_auth_config;
use crate::guards::caller::{Caller, CanWriteConnectedAccounts, NamedUser};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Creates a connected account
///
/// Stores what the account presents to its system: sealed, never shown again, and never in a log or an event. The account is
/// `ACTIVE` at once; nobody is asked whether the system accepts it. For `OAUTH2`, a link lets the user agree; here, only tokens that
/// were issued elsewhere can be stored. An external user has at most 100 connected accounts.
#[utoipa::path(post, path = "/api/v1/connected_accounts", operation_id = "connectedAccounts.create", tag = "Connected accounts",
    params(("x-username" = Option<String>, Header, description = "The external user whose account it is")),
    request_body = CreateConnectedAccount,
    responses(
        (status = 201, description = "The account was created", body = ConnectedAccountAnswer),
        (status = 404, description = "Auth config or external user not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The external user has the maximum number of connected accounts", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["connected_accounts:write"]), ("bearer" = ["connected_accounts:write"]), ("authorization" = ["connected_accounts:write"])))]
pub(crate) async fn create(
    caller: Caller<CanWriteConnectedAccounts>,
    named: NamedUser,
    State(state): State<AppState>,
    JsonBody(body, unknown): JsonBody<CreateConnectedAccount>,
) -> ApiResult<(StatusCode, Json<ConnectedAccountAnswer>)> {
    let CheckedAccount { auth_config_id, user, changes, credentials } = body.check(unknown)?;
    let workspace_id = caller.workspace_id;
    let config = find_auth_config(&state, workspace_id, auth_config_id).await?;
    let mut violations = Violations::new();
    let credentials = credentials.for_scheme(config.scheme, &mut violations);
    let credentials = violations.into_value(credentials)?;
    let user = require_user(&state, workspace_id, &named, user.as_deref()).await?;
    let account = new_account(&state, &config, user.id, changes, ConnectionStatus::Active);
    let sealed = state.connections().seal(workspace_id, account.id, &credentials)?;
    let connection = &mut state.database().write().await?;
    connected_accounts::create(connection, caller.origin(), &account, Some(sealed), None).await?;
    Ok((StatusCode::CREATED, Json(ConnectedAccountAnswer::new(account, &config))))
}

/// Returns a new account that is not stored yet.
pub(super) fn new_account(
    state: &AppState,
    config: &AuthConfig,
    external_user_id: ExternalUserId,
    changes: ConnectedAccountChanges,
    connection: ConnectionStatus,
) -> ConnectedAccount {
    let now = state.source().clock.now();
    let mut account = ConnectedAccount {
        id: ConnectedAccountId::from_uuid(state.source().ids.uuid()),
        workspace_id: config.workspace_id,
        auth_config_id: config.id,
        toolkit: config.toolkit.clone(),
        external_user_id,
        display_name: None,
        label: None,
        connection,
        status_reason: None,
        is_disabled: false,
        created_at: now,
        updated_at: now,
    };
    changes.apply_to(&mut account);
    account
}
