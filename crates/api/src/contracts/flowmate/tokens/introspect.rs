//! Looking up a token's account.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Resource};
use denizen_persistence::account_tokens;

use super::super::answer::User;
use super::super::meta::Meta;
use super::input::IntrospectToken;
use crate::guards::caller::{Caller, CanIntrospectTokens};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Returns a token's account
///
/// `permissions` holds all that the account may do with this token. Unknown, expired and revoked tokens, and those of
/// inactive accounts, are 404. This does not extend the token's lifetime.
#[utoipa::path(post, path = "/tokens/introspect", operation_id = "tokens.introspect", tag = "Tokens", params(Meta), request_body = IntrospectToken,
    responses(
        (status = 200, description = "The account", body = User),
        (status = 404, description = "Token not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.token.introspect"]), ("session_cookie" = ["iam.token.introspect"])))]
pub(crate) async fn introspect(
    _caller: Caller<CanIntrospectTokens>,
    State(state): State<AppState>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<IntrospectToken>,
) -> ApiResult<Response> {
    let secret = body.check(unknown)?;
    let connection = &mut state.database().read().await?;
    let found = match account_tokens::authenticate(connection, &secret, state.source().clock.now()).await {
        // An inactive account.
        Err(Error::Unauthenticated(_)) => None,
        found => found?,
    };
    let not_found = || Error::NotFound { resource: Resource::AccountToken, id: None };
    let signed_in = found.ok_or_else(not_found)?;
    let permissions = signed_in.authority().permissions;
    Ok(meta.one(User::with_permissions(signed_in.account, &permissions)))
}
