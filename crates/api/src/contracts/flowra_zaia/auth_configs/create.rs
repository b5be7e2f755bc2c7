//! Creating auth configs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use denizen_domain::{AuthConfig, AuthConfigId};
use denizen_persistence::connected_accounts;

use super::answer::AuthConfigAnswer;
use super::input::{CheckedAuthConfig, CreateAuthConfig};
use crate::guards::caller::{Caller, CanWriteAuthConfigs};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;

/// Creates an auth config
///
/// Says how external users connect to a system. For `OAUTH2`, a client must be registered with the system, with the `redirectUrl` of
/// the answer. Its secret is stored sealed, and never shown again. Without an encryption key, which the operator sets, the server
/// answers 503 with the reason `no_encryption_key`. A workspace has at most 500 auth configs.
#[utoipa::path(post, path = "/api/v1/auth_configs", operation_id = "authConfigs.create", tag = "Auth configs",
    request_body = CreateAuthConfig,
    responses(
        (status = 201, description = "The auth config was created", body = AuthConfigAnswer),
        (status = 409, description = "The workspace has the maximum number of auth configs", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["auth_configs:write"]), ("bearer" = ["auth_configs:write"]), ("authorization" = ["auth_configs:write"])))]
pub(crate) async fn create(
    caller: Caller<CanWriteAuthConfigs>,
    State(state): State<AppState>,
    Context(context): Context,
    JsonBody(body, unknown): JsonBody<CreateAuthConfig>,
) -> ApiResult<(StatusCode, Json<AuthConfigAnswer>)> {
    let checked = body.check(unknown, &state.options().webhook_allowed_networks)?;
    let CheckedAuthConfig { toolkit, display_name, scheme, settings, client_secret } = checked;
    let now = state.source().clock.now();
    let config = AuthConfig {
        id: AuthConfigId::from_uuid(state.source().ids.uuid()),
        workspace_id: caller.workspace_id,
        toolkit,
        display_name,
        scheme,
        settings,
        created_at: now,
        updated_at: now,
    };
    let seal = |secret| state.connections().seal_client_secret(&config, secret);
    let sealed = client_secret.as_ref().map(seal).transpose()?;
    let connection = &mut state.database().write().await?;
    connected_accounts::create_auth_config(connection, caller.origin(), &config, sealed).await?;
    Ok((StatusCode::CREATED, Json(AuthConfigAnswer::new(config, context.base_url()))))
}
