//! Reading one token.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountTokenId, Error, Resource};
use denizen_persistence::account_tokens;

use super::super::answer::TokenAnswer;
use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanReadTokens};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns a token
///
/// Of any account; shows the secret's last four characters.
#[utoipa::path(get, path = "/tokens/{id}", operation_id = "tokens.get", tag = "Tokens",
    params(("id" = Uuid, Path, description = "The token's id"), Meta),
    responses(
        (status = 200, body = TokenAnswer),
        (status = 404, description = "Token not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["all"]), ("session_cookie" = ["all"])))]
pub(crate) async fn get(
    _caller: Caller<CanReadTokens>,
    State(state): State<AppState>,
    PathId(id): PathId<AccountTokenId>,
    meta: Meta,
) -> ApiResult<Response> {
    let now = state.source().clock.now();
    let token = account_tokens::find(&mut state.database().read().await?, id).await?;
    let token = token.filter(|token| token.is_in_force(now));
    let token = token.ok_or_else(|| Error::not_found(Resource::AccountToken, id))?;
    Ok(meta.one(TokenAnswer::from(token)))
}
