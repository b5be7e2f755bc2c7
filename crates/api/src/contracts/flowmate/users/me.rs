//! The caller's own account.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{
    Account, Error, PasswordHash, Patch, Reason, Resource, Unauthenticated, Violation, Violations,
};
use denizen_persistence::{Asker, accounts};

use super::super::answer::User;
use super::super::meta::Meta;
use super::input::{CheckedUser, UpdateUser, require_own_fields};
use crate::access::log_in;
use crate::guards::caller::{Caller, IsLoggedIn};
use crate::guards::entity_tags::{IfMatch, IfNoneMatch, Preconditions, tagged};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;

/// Returns the current account
///
/// Needs no permission.
#[utoipa::path(get, path = "/users/me", operation_id = "accounts.getCurrent", tag = "Accounts", params(Meta, IfNoneMatch),
    responses((status = 200, body = User)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn get(caller: Caller<IsLoggedIn>, preconditions: Preconditions, meta: Meta) -> Response {
    let shown = meta.one(User::from(caller.account.clone()));
    preconditions.shown(&caller.account.entity_tag(), shown)
}

/// Changes the current account
///
/// Can change `firstname`, `lastname`, `phone`, `img`, and `password` with `currentPassword`. A new password revokes
/// all other tokens of the account. Other fields may be sent unchanged; a different value is 403.
#[utoipa::path(patch, path = "/users/me", operation_id = "accounts.updateCurrent", tag = "Accounts", params(Meta, IfMatch), request_body = UpdateUser,
    responses(
        (status = 200, description = "The account was changed", body = User),
        (status = 429, description = "Too many requests per second, or too many attempts with a wrong `currentPassword`", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn update(
    caller: Caller<IsLoggedIn>,
    State(state): State<AppState>,
    Context(context): Context,
    preconditions: Preconditions,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<UpdateUser>,
) -> ApiResult<Response> {
    let (account, authority) = (&caller.account, caller.authority());
    let checked = body.check(unknown, &state, &authority)?;
    require_own_fields(account, &checked.changes)?;
    let current = require_current_password(&state, &context, account, &checked).await?;
    let mut changes = checked.hashed(&state).await?;
    // These are unchanged since the request began, but another request may have changed them since.
    (changes.username, changes.status, changes.confirmed) = (None, None, None);
    (changes.home, changes.roles, changes.permissions) = (Patch::Absent, None, None);
    let asker = Asker::LoggedIn { token_id: caller.token.id, right: None };
    let guard = |account: &Account| preconditions.require(Some(&account.entity_tag()));
    let connection = &mut state.database().write().await?;
    let changed =
        accounts::change(connection, caller.origin(), asker, account.id, &changes, current.as_ref(), guard)
            .await;
    let changed = changed.map_err(wrong_current_password)?;
    let changed = changed.ok_or_else(|| Error::not_found(Resource::Account, account.id))?;
    let tag = changed.entity_tag();
    Ok(tagged(&tag, meta.one(User::from(changed))))
}

/// Requires the current password to change the own password or username: a stolen token is not enough. Wrong guesses
/// count as failed logins. Returns the hash that matched, if one was needed.
pub(super) async fn require_current_password(
    state: &AppState,
    context: &RequestContext,
    account: &Account,
    checked: &CheckedUser,
) -> ApiResult<Option<PasswordHash>> {
    let renamed = checked.changes.username.as_ref().is_some_and(|username| *username != account.username);
    if checked.password.is_none() && !renamed {
        return Ok(None);
    }
    let missing = Violation::new(Reason::Required, "must be given with a new password or username");
    let missing = || Error::Invalid(Violations::of("currentPassword", missing));
    let current = checked.current_password.clone().ok_or_else(missing)?;
    let candidate = log_in::check(state.access(), context, account.username.as_str(), current).await;
    let candidate = candidate
        .map_err(|error| if error.is(Unauthenticated::WrongPassword) { wrong().into() } else { error })?;
    Ok(candidate.password)
}

/// Reports a password that was changed after it was checked as wrong.
pub(super) fn wrong_current_password(error: Error) -> Error {
    match error {
        Error::Unauthenticated(Unauthenticated::WrongPassword) => wrong(),
        error => error,
    }
}

fn wrong() -> Error {
    let violation = Violation::new(Reason::Mismatch, "must be the current password");
    Error::Invalid(Violations::of("currentPassword", violation))
}
