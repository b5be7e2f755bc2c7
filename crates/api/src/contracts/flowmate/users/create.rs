//! Creating accounts.

use axum::extract::State;
use axum::response::Response;
use denizen_persistence::accounts;

use super::super::answer::Created;
use super::super::meta::Meta;
use super::input::CreateUser;
use crate::guards::caller::{Caller, CanCreateAccounts};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Creates an account
///
/// Callers limited to their own workspace create it there, with or without `tenant`. Callers can grant only what they
/// hold: other roles, permissions and workspaces are 403, and so is anything else in their place, such as null, whatever
/// else is wrong with the body; holders of `all` get 400. By default the account is `ACTIVE` and not confirmed, without
/// a home, roles or permissions.
#[utoipa::path(post, path = "/users", operation_id = "accounts.create", tag = "Accounts", params(Meta), request_body = CreateUser,
    responses(
        (status = 200, description = "The account was created", body = Created),
        (status = 409, description = "An account with this username already exists", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.account.create", "tenant.account.create"]), ("session_cookie" = ["iam.account.create", "tenant.account.create"])))]
pub(crate) async fn create(
    caller: Caller<CanCreateAccounts>,
    State(state): State<AppState>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<CreateUser>,
) -> ApiResult<Response> {
    let new = body.check(unknown, &state, &caller.authority)?.into_new(&state).await?;
    let connection = &mut state.database().write().await?;
    let account = accounts::create(connection, caller.origin(), caller.asker(), &new).await?;
    Ok(meta.one(Created { id: account.id.as_uuid() }))
}
