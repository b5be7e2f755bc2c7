//! Changing some of an account.

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

/// Change an account
///
/// `roles` and `permissions` take the place of all that were there. Nobody gives what they do not hold, and an account that
/// may do more than the caller is left alone (403, before any 409). A new password ends all tokens of the account but the
/// one that asks for it; for oneself it needs `currentPassword`, and so does a new username. Moving to another home leaves behind what counted in the
/// old one.
#[utoipa::path(patch, path = "/users/{id}", operation_id = "accounts.update", tag = "Accounts", request_body = UpdateUser,
    params(("id" = Uuid, Path, description = "The account's id"), Meta, IfMatch),
    responses(
        (status = 200, description = "The account was changed", body = User),
        (status = 404, description = "User not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "Another account has the username, or an account would take itself out of use", body = crate::wire::envelope::ErrorEnvelope),
        (status = 429, description = "Too many requests a second, or too many attempts with a wrong `currentPassword`", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.account.update", "tenant.account.update"]), ("session_cookie" = ["iam.account.update", "tenant.account.update"])))]
pub(crate) async fn update(
    caller: Caller<CanUpdateAccounts>,
    State(state): State<AppState>,
    Context(context): Context,
    PathId(id): PathId<AccountId>,
    preconditions: Preconditions,
    meta: Meta,
    JsonBody(body): JsonBody<UpdateUser>,
) -> ApiResult<Response> {
    let checked = body.check(&state, &caller.authority)?;
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
