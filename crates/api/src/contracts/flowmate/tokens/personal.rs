//! The caller's personal tokens.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountTokenId, Error, PermissionSet, Resource, TokenKind, TokenRequest, Window};
use denizen_persistence::account_tokens::{self, SignedIn, TokenFilter};

use super::super::answer::{NewToken, TokenAnswer};
use super::super::meta::Meta;
use super::input::CreatePersonalToken;
use crate::guards::caller::{Caller, IsLoggedIn};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Lists the caller's personal tokens
///
/// Valid ones, oldest first, with the last four characters of each secret.
#[utoipa::path(get, path = "/tokens/personal", operation_id = "tokens.listPersonal", tag = "Tokens", params(Meta),
    responses((status = 200, body = Vec<TokenAnswer>)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn list(
    caller: Caller<IsLoggedIn>,
    State(state): State<AppState>,
    meta: Meta,
) -> ApiResult<Response> {
    // All of them fit into this window.
    let window = Window::first(u32::try_from(account_tokens::MAXIMUM_PERSONAL).unwrap_or(u32::MAX));
    let connection = &mut state.database().read().await?;
    let now = state.source().clock.now();
    let slice = account_tokens::list(connection, &own(&caller), now, &window).await?;
    let tokens: Vec<_> = slice.items.into_iter().map(TokenAnswer::from).collect();
    Ok(meta.all(&tokens))
}

/// Creates a personal token
///
/// For programs that act as the account. The secret is shown only once. An account has at most 100.
#[utoipa::path(post, path = "/tokens/personal", operation_id = "tokens.createPersonal", tag = "Tokens", params(Meta), request_body = CreatePersonalToken,
    responses(
        (status = 200, description = "The token", body = NewToken),
        (status = 409, description = "The account has the maximum number of personal tokens", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn create(
    caller: Caller<IsLoggedIn>,
    State(state): State<AppState>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<CreatePersonalToken>,
) -> ApiResult<Response> {
    let (description, lifetime) = body.check(unknown)?;
    let request = TokenRequest {
        account_id: caller.account.id,
        description,
        inquirer: String::new(),
        permissions: PermissionSet::empty(),
        lifetime,
    };
    let connection = &mut state.database().write().await?;
    let new = account_tokens::create_personal(connection, caller.origin(), caller.token.id, &request).await?;
    Ok(meta.one(NewToken { token: new.secret.expose().to_owned(), id: new.token.id.as_uuid() }))
}

/// Revokes all of the caller's personal tokens
///
/// They are refused from the next request on.
#[utoipa::path(delete, path = "/tokens/personal", operation_id = "tokens.deleteAllPersonal", tag = "Tokens", params(Meta),
    responses((status = 200, description = "They were revoked", body = Done)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn delete_all(
    caller: Caller<IsLoggedIn>,
    State(state): State<AppState>,
    meta: Meta,
) -> ApiResult<Response> {
    let connection = &mut state.database().write().await?;
    account_tokens::revoke_personal(connection, caller.origin(), caller.account.id, None).await?;
    Ok(meta.one(Done { message: "Tokens revoked." }))
}

/// Revokes one of the caller's personal tokens
///
/// It is refused from the next request on. Tokens of other kinds or accounts are 404.
#[utoipa::path(delete, path = "/tokens/personal/{id}", operation_id = "tokens.deletePersonal", tag = "Tokens",
    params(("id" = Uuid, Path, description = "The token's id"), Meta),
    responses(
        (status = 200, description = "The token was revoked", body = Done),
        (status = 404, description = "Token not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn delete(
    caller: Caller<IsLoggedIn>,
    State(state): State<AppState>,
    PathId(id): PathId<AccountTokenId>,
    meta: Meta,
) -> ApiResult<Response> {
    let connection = &mut state.database().write().await?;
    if account_tokens::revoke_personal(connection, caller.origin(), caller.account.id, Some(id)).await? == 0 {
        return Err(Error::not_found(Resource::AccountToken, id).into());
    }
    Ok(meta.one(Done { message: "Token revoked." }))
}

fn own(signed_in: &SignedIn) -> TokenFilter {
    TokenFilter { account_id: Some(signed_in.account.id), kind: Some(TokenKind::Personal), secret: None }
}
