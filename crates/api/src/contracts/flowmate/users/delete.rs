//! Deleting accounts.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Account, AccountId, Error, Resource};
use denizen_persistence::accounts;

use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanDeleteAccounts};
use crate::guards::entity_tags::{IfMatch, Preconditions};
use crate::state::AppState;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Deletes an account
///
/// Also deletes its tokens and memberships. Callers cannot delete themselves or accounts with more rights beyond a
/// workspace.
#[utoipa::path(delete, path = "/users/{id}", operation_id = "accounts.delete", tag = "Accounts",
    params(("id" = Uuid, Path, description = "The account's id"), Meta, IfMatch),
    responses(
        (status = 200, description = "The account was deleted", body = Done),
        (status = 404, description = "User not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "An account cannot delete itself, and the last one that holds `all` stays (`last_admin`)", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.account.delete"]), ("session_cookie" = ["iam.account.delete"])))]
pub(crate) async fn delete(
    caller: Caller<CanDeleteAccounts>,
    State(state): State<AppState>,
    PathId(id): PathId<AccountId>,
    preconditions: Preconditions,
    meta: Meta,
) -> ApiResult<Response> {
    let reach = caller.reach;
    let guard =
        |account: &Account| preconditions.require(Some(&account.clone().seen_within(reach).entity_tag()));
    let connection = &mut state.database().write().await?;
    if !accounts::delete(connection, caller.origin(), caller.asker(), id, guard).await? {
        return Err(Error::not_found(Resource::Account, id).into());
    }
    Ok(meta.one(Done { message: "User deleted." }))
}
