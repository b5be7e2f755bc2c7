//! Changing accounts.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Account, AccountId, Error, Resource};
use denizen_persistence::accounts;

use super::super::answer::User;
use super::super::meta::Meta;
use super::input::{CheckedUser, UpdateUser};
use super::me;
use crate::guards::caller::{Caller, CanUpdateAccounts};
use crate::guards::entity_tags::{IfMatch, Preconditions, tagged};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Changes an account
///
/// `roles` and `permissions` replace the whole lists. Callers can grant only what they hold, and cannot change an
/// account that has more rights (403, before any 409). What is no role or permission, such as null, is 400 for holders
/// of `all`; for others it is 403, whatever else is wrong with the body. A new password revokes all tokens of the account except the
/// request's own. Changing one's own password or username requires `currentPassword`. Moving to another home drops the
/// roles and permissions that applied in the old one.
#[utoipa::path(patch, path = "/users/{id}", operation_id = "accounts.update", tag = "Accounts", request_body = UpdateUser,
    params(("id" = Uuid, Path, description = "The account's id"), Meta, IfMatch),
    responses(
        (status = 200, description = "The account was changed", body = User),
        (status = 404, description = "User not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "Another account has the username, the caller would deactivate itself, or no active account would hold `all` (`last_admin`)", body = crate::wire::envelope::ErrorEnvelope),
        (status = 429, description = "Too many requests per second, or too many attempts with a wrong `currentPassword`", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.account.update", "tenant.account.update"]), ("session_cookie" = ["iam.account.update", "tenant.account.update"])))]
pub(crate) async fn update(
    caller: Caller<CanUpdateAccounts>,
    State(state): State<AppState>,
    Context(context): Context,
    PathId(id): PathId<AccountId>,
    preconditions: Preconditions,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<UpdateUser>,
) -> ApiResult<Response> {
    let checked = body.check(unknown, &state, &caller.authority)?;
    let account = change(&state, &context, &caller, id, (checked, &preconditions)).await?;
    let tag = account.clone().seen_within(caller.reach).entity_tag();
    Ok(tagged(&tag, meta.one(User::from(account))))
}

/// Changes an account within the caller's reach.
pub(super) async fn change(
    state: &AppState,
    context: &RequestContext,
    caller: &Caller<CanUpdateAccounts>,
    id: AccountId,
    (checked, preconditions): (CheckedUser, &Preconditions),
) -> ApiResult<Account> {
    let mut current = None;
    if id == caller.account.id {
        current = me::require_current_password(state, context, &caller.account, &checked).await?;
    }
    let changes = checked.hashed(state).await?;
    let reach = caller.reach;
    let guard =
        |account: &Account| preconditions.require(Some(&account.clone().seen_within(reach).entity_tag()));
    let connection = &mut state.database().write().await?;
    let changed =
        accounts::change(connection, caller.origin(), caller.asker(), id, &changes, current.as_ref(), guard)
            .await;
    let changed = changed.map_err(me::wrong_current_password)?;
    Ok(changed.ok_or_else(|| Error::not_found(Resource::Account, id))?)
}
