//! Issuing tokens for accounts.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Forbidden, Patch, Permission, PermissionSet, TokenRequest};
use denizen_persistence::account_tokens;

use super::super::answer::NewToken;
use super::super::meta::Meta;
use super::input::{CheckedToken, CreateToken};
use crate::guards::caller::{Caller, CanCreateTokens};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Issues a token for an account
///
/// The token grants all that the account may do, now and later, so the caller must hold the same rights. An account that
/// is not `ACTIVE` gets none: it is 404 like an unknown one. What is no permission in `customPermissions`, such as null,
/// is 400 for holders of `all`; for others it is 403, whatever else is wrong with the body. An equal request returns the
/// same token with its lifetime restarted, unless `new` is set. A token for oneself expires no later than the request's
/// token, unless that one is from a login.
#[utoipa::path(post, path = "/tokens", operation_id = "tokens.create", tag = "Tokens", params(Meta), request_body = CreateToken,
    responses(
        (status = 200, description = "The token", body = NewToken),
        (status = 404, description = "User not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.token.create"]), ("session_cookie" = ["iam.token.create"])))]
pub(crate) async fn create(
    caller: Caller<CanCreateTokens>,
    State(state): State<AppState>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<CreateToken>,
) -> ApiResult<Response> {
    let CheckedToken { account_id, lifetime, description, inquirer, permissions, wants_new } =
        body.check(unknown, &caller.authority)?;
    if permissions.is_some() && !caller.authority.holds(Permission::IamTokenUpdate) {
        return Err(Error::Forbidden(Forbidden::MissingPermission(Permission::IamTokenUpdate)).into());
    }
    let permissions = permissions.unwrap_or(PermissionSet::empty());
    let request = TokenRequest {
        account_id,
        description,
        inquirer: inquirer.unwrap_or_else(|| caller.account.id.to_string()),
        permissions,
        lifetime: match lifetime {
            Patch::Value(lifetime) => Some(lifetime),
            Patch::Null => None,
            Patch::Absent => Some(state.options().login_token_lifetime),
        },
    };
    let shared = (!wants_new).then(|| &state.access().issued_tokens_secret);
    let connection = &mut state.database().write().await?;
    let asker = caller.asker();
    let new = account_tokens::issue(connection, caller.origin(), asker, &request, shared).await?;
    Ok(meta.one(NewToken { token: new.secret.expose().to_owned(), id: new.token.id.as_uuid() }))
}
