//! Replacing accounts.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::AccountId;

use super::super::answer::User;
use super::super::meta::Meta;
use super::input::ReplaceUser;
use super::update::change;
use crate::guards::caller::{Caller, CanUpdateAccounts};
use crate::guards::entity_tags::{IfMatch, Preconditions, tagged};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// Replaces an account
///
/// Like changing it, but absent fields get the defaults of a new account. Only the password and the home stay.
#[utoipa::path(put, path = "/users/{id}", operation_id = "accounts.replace", tag = "Accounts", request_body = ReplaceUser,
    params(("id" = Uuid, Path, description = "The account's id"), Meta, IfMatch),
    responses(
        (status = 200, description = "The account was replaced", body = User),
        (status = 404, description = "User not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "Another account has the username, the caller would deactivate itself, or no active account would hold `all` (`last_admin`)", body = crate::wire::envelope::ErrorEnvelope),
        (status = 429, description = "Too many requests per second, or too many attempts with a wrong `currentPassword`", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.account.update", "tenant.account.update"]), ("session_cookie" = ["iam.account.update", "tenant.account.update"])))]
pub(crate) async fn replace(
    caller: Caller<CanUpdateAccounts>,
    State(state): State<AppState>,
    Context(context): Context,
    PathId(id): PathId<AccountId>,
    preconditions: Preconditions,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<ReplaceUser>,
) -> ApiResult<Response> {
    let checked = body.check(unknown, &state, &caller.authority)?;
    let account = change(&state, &context, &caller, id, (checked, &preconditions)).await?;
    let tag = account.clone().seen_within(caller.reach).entity_tag();
    Ok(tagged(&tag, meta.one(User::from(account))))
}
