//! Reading one account.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountId, Error, Resource};
use denizen_persistence::accounts;

use super::super::answer::User;
use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanReadAccounts};
use crate::guards::entity_tags::{IfNoneMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Returns an account
///
/// Callers limited to their workspace see its members.
#[utoipa::path(get, path = "/users/{id}", operation_id = "accounts.get", tag = "Accounts",
    params(("id" = Uuid, Path, description = "The account's id"), Meta, IfNoneMatch),
    responses(
        (status = 200, body = User),
        (status = 404, description = "User not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.account.read", "tenant.account.read"]), ("session_cookie" = ["iam.account.read", "tenant.account.read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadAccounts>,
    State(state): State<AppState>,
    PathId(id): PathId<AccountId>,
    preconditions: Preconditions,
    meta: Meta,
) -> ApiResult<Response> {
    let connection = &mut state.database().read().await?;
    let account = accounts::find_within(connection, caller.reach, id).await?;
    let account = account.ok_or_else(|| Error::not_found(Resource::Account, id))?;
    let account = account.seen_within(caller.reach);
    let tag = account.entity_tag();
    Ok(preconditions.shown(&tag, meta.one(User::from(account))))
}
