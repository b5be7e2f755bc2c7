//! Links with which users connect their accounts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use denizen_domain::{ConnectionStatus, Error, Resource};
use denizen_persistence::connected_accounts;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::create::new_account;
use super::find::find;
use super::input::{CheckedLink, LinkConnectedAccount, Linked, require_callback};
use super::whose::{require_user, whose};
use crate::connections::MadeLink;
use crate::contracts::flowra_zaia::auth_configs::find as find_auth_config;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanWriteConnectedAccounts, NamedUser};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;

/// A link with which a user connects an account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::connection_link)]
pub(crate) struct ConnectionLink {
    /// Where to send the user's browser: a page of this server that leads straight to the system.
    #[schema(format = "uri")]
    redirect_url: String,
    /// The secret at the end of that URL. Whoever opens it first connects an account of theirs.
    link_token: String,
    /// Until when the link can be opened, and the user may take to agree: 10 minutes.
    #[schema(format = "date-time")]
    expires_at: String,
    /// Id of the account that the link connects. Its `status` tells how far that is.
    connected_account_id: Uuid,
}

/// Makes a link that connects an account
///
/// Send the user's browser to `redirectUrl`, which opens once, and only in that browser: it leads to the system, where the user
/// agrees, then back to this server, which exchanges the code and makes the account `ACTIVE`, and on to `callbackUrl`. A user who
/// refuses, or whom the system refuses, is sent there, too, and the account is `FAILED`. A link for an account that is there replaces
/// earlier ones, and leaves it as it was if it fails.
#[utoipa::path(post, path = "/api/v1/connected_accounts/link", operation_id = "connectedAccounts.link", tag = "Connected accounts",
    params(("x-username" = Option<String>, Header, description = "The external user whose account it is")),
    request_body = LinkConnectedAccount,
    responses(
        (status = 201, description = "The link was made", body = ConnectionLink),
        (status = 404, description = "Auth config, connected account or external user not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The external user has the maximum number of connected accounts", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["connected_accounts:write"]), ("bearer" = ["connected_accounts:write"]), ("authorization" = ["connected_accounts:write"])))]
pub(crate) async fn link(
    caller: Caller<CanWriteConnectedAccounts>,
    named: NamedUser,
    State(state): State<AppState>,
    Context(context): Context,
    JsonBody(body, unknown): JsonBody<LinkConnectedAccount>,
) -> ApiResult<(StatusCode, Json<ConnectionLink>)> {
    let CheckedLink { linked, callback_url, user, changes } = body.check(unknown)?;
    let (workspace_id, origin) = (caller.workspace_id, caller.origin());
    state.access().require_encryption_keys()?;
    let (made, id) = match linked {
        Linked::New(auth_config_id) => {
            let config = find_auth_config(&state, workspace_id, auth_config_id).await?;
            require_callback(&config, &callback_url)?;
            let user = require_user(&state, workspace_id, &named, user.as_deref()).await?;
            user.require_unblocked(state.source().clock.now())?;
            let made = state.connections().new_link(workspace_id, callback_url);
            let account = new_account(&state, &config, user.id, changes, ConnectionStatus::Initializing);
            let connection = &mut state.database().write().await?;
            connected_accounts::create(connection, origin, &account, None, Some(made.stored.clone())).await?;
            (made, account.id)
        }
        Linked::Again(id) => {
            let missing = || Error::not_found(Resource::ConnectedAccount, id);
            let account = find(&state, workspace_id, id).await?;
            let user = whose(&state, workspace_id, &named, user.as_deref()).await?;
            if user.is_some_and(|user| user.id != account.external_user_id) {
                return Err(missing().into());
            }
            let config = find_auth_config(&state, workspace_id, account.auth_config_id).await?;
            require_callback(&config, &callback_url)?;
            let made = state.connections().new_link(workspace_id, callback_url);
            let connection = &mut state.database().write().await?;
            let stored = &made.stored;
            let linked =
                connected_accounts::make_link(connection, origin, workspace_id, id, &changes, stored);
            linked.await?.ok_or_else(missing)?;
            (made, id)
        }
    };
    let MadeLink { token, stored } = made;
    Ok((
        StatusCode::CREATED,
        Json(ConnectionLink {
            redirect_url: format!("{}/connect/{}", context.base_url(), token.expose()),
            link_token: token.expose().to_owned(),
            expires_at: stored.expires_at.to_string(),
            connected_account_id: id.as_uuid(),
        }),
    ))
}
