//! Making accounts.

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

/// Make an account
///
/// Whoever reaches only their own workspace makes it there, with `tenant` or without. Nobody gives what they do not hold:
/// roles and permissions beyond the caller's own are 403, and so is another workspace. What is not said is `ACTIVE`, not
/// confirmed, without a home, roles and permissions.
#[utoipa::path(post, path = "/users", operation_id = "accounts.create", tag = "Accounts", params(Meta), request_body = CreateUser,
    responses(
        (status = 200, description = "The account was made", body = Created),
        (status = 409, description = "An account with this username already exists", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.account.create", "tenant.account.create"]), ("session_cookie" = ["iam.account.create", "tenant.account.create"])))]
pub(crate) async fn create(
    caller: Caller<CanCreateAccounts>,
    State(state): State<AppState>,
    meta: Meta,
    JsonBody(body): JsonBody<CreateUser>,
) -> ApiResult<Response> {
    let new = body.check(&state, &caller.authority)?.into_new(&state).await?;
    let connection = &mut state.database().write().await?;
    let account = accounts::create(connection, caller.origin(), caller.asker(), &new).await?;
    Ok(meta.one(Created { id: account.id.as_uuid() }))
}
