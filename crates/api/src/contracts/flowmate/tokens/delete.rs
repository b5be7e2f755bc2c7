//! Revoking any token.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountTokenId, Error, Resource};
use denizen_persistence::account_tokens;

use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanDeleteTokens};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Revokes a token
///
/// Works on any account's token, from the next request on.
#[utoipa::path(delete, path = "/tokens/{id}", operation_id = "tokens.delete", tag = "Tokens",
    params(("id" = Uuid, Path, description = "The token's id"), Meta),
    responses(
        (status = 200, description = "The token was revoked", body = Done),
        (status = 404, description = "Token not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.token.delete"]), ("session_cookie" = ["iam.token.delete"])))]
pub(crate) async fn delete(
    caller: Caller<CanDeleteTokens>,
    State(state): State<AppState>,
    PathId(id): PathId<AccountTokenId>,
    meta: Meta,
) -> ApiResult<Response> {
    if !account_tokens::revoke(&mut state.database().write().await?, caller.origin(), id).await? {
        return Err(Error::not_found(Resource::AccountToken, id).into());
    }
    Ok(meta.one(Done { message: "Token revoked." }))
}
