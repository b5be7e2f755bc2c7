//! Handing out what a connected account presents.

use axum::Json;
use axum::extract::State;
use denizen_domain::{AuthScheme, ConnectedAccountId};
use denizen_persistence::connected_accounts;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::connections::Usable;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanUseConnectedAccounts};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// What a connected account presents to its system.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::connected_account_token)]
pub(crate) struct ConnectedAccountToken {
    /// The secret: the access token of `OAUTH2`, the token of `BEARER_TOKEN`, the key of `API_KEY`, or the encoded pair of `BASIC`.
    access_token: String,
    /// What stands before it in the header: `Bearer` or `Basic`; empty if nothing does.
    token_type: &'static str,
    /// The header that carries it.
    header_name: String,
    /// How the system is told who calls.
    #[schema(value_type = String)]
    auth_scheme: AuthScheme,
    /// When it ends, and the next one must be asked for; null if that is not known.
    #[schema(required, format = "date-time")]
    expires_at: Option<String>,
    /// What the user has agreed to; null if the system has not said.
    #[schema(required)]
    scope: Option<String>,
}

/// Returns what a connected account presents
///
/// For the platform's own services, which call the system themselves. A token of `OAUTH2` is refreshed before it ends, so ask for it
/// whenever it is needed. Each request is noted in the audit log.
#[utoipa::path(post, path = "/api/v1/connected_accounts/{id}/token", operation_id = "connectedAccounts.token", tag = "Connected accounts",
    params(("id" = Uuid, Path, description = "The connected account's id")),
    responses(
        (status = 200, body = ConnectedAccountToken),
        (status = 403, description = "The external user is blocked, or the key lacks the scope", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "Connected account not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The account is not active, or presents nothing", body = crate::wire::envelope::ErrorEnvelope),
        (status = 503, description = "The token has ended, and the system cannot be reached", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["connected_accounts:use"]), ("bearer" = ["connected_accounts:use"]), ("authorization" = ["connected_accounts:use"])))]
pub(crate) async fn token(
    caller: Caller<CanUseConnectedAccounts>,
    State(state): State<AppState>,
    PathId(id): PathId<ConnectedAccountId>,
) -> ApiResult<Json<ConnectedAccountToken>> {
    let usable = state.connections().usable(caller.workspace_id, id).await?;
    let presented = usable.require_presented()?;
    {
        let connection = &mut state.database().write().await?;
        connected_accounts::note_use(connection, caller.origin(), &usable.account).await?;
    }
    let Usable { config, credentials, ends_at, .. } = usable;
    Ok(Json(ConnectedAccountToken {
        access_token: presented.secret.expose_secret().to_owned(),
        token_type: presented.kind,
        header_name: presented.name.to_string(),
        auth_scheme: config.scheme,
        expires_at: ends_at.map(|moment| moment.to_string()),
        scope: credentials.tokens().and_then(|tokens| tokens.scope.clone()),
    }))
}
