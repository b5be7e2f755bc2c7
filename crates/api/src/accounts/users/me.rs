//! The caller's own account.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Account, Error, Reach, Reason, Resource, Unauthenticated, Violation, Violations};
use denizen_persistence::accounts;

use super::super::answer::User;
use super::super::meta::Meta;
use super::input::{CheckedUser, UpdateUser, require_own_fields};
use crate::app::App;
use crate::body::JsonBody;
use crate::caller::{Caller, IsLoggedIn};
use crate::error::ApiResult;
use crate::log_in;
use crate::request::{Context, RequestContext};

/// Get the current account
#[utoipa::path(get, path = "/users/me", operation_id = "getCurrentUser", tag = "users", params(Meta),
    responses((status = 200, body = User)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn get(caller: Caller<IsLoggedIn>, meta: Meta) -> Response {
    meta.one(User::from(caller.account.clone()))
}

/// Change the current account
///
/// `firstname`, `lastname`, `phone`, `img`, and `password` with `currentPassword`. A new password ends all other tokens of
/// the account. The other fields are taken as they are already, and 403 where they differ.
#[utoipa::path(patch, path = "/users/me", operation_id = "updateCurrentUser", tag = "users", params(Meta), request_body = UpdateUser,
    responses(
        (status = 200, description = "The account was changed", body = User),
        (status = 429, description = "Too many attempts with a wrong `currentPassword`", body = crate::error::ErrorEnvelope)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn update(
    caller: Caller<IsLoggedIn>,
    State(app): State<App>,
    Context(context): Context,
    meta: Meta,
    JsonBody(body): JsonBody<UpdateUser>,
) -> ApiResult<Response> {
    let (account, authority) = (&caller.account, caller.authority());
    let checked = body.check(&app, &authority)?;
    require_own_fields(account, &checked.changes)?;
    require_current_password(&app, &context, account, &checked).await?;
    let mut changes = checked.hashed(&app).await?;
    // They are what they were when the request came, which somebody else may have changed since.
    (changes.username, changes.status, changes.confirmed) = (None, None, None);
    (changes.home, changes.roles, changes.permissions) = (denizen_domain::Patch::Absent, None, None);
    let connection = &mut app.database().write().await?;
    let kept = Some(caller.token.id);
    let reach = Reach::Everywhere;
    let changed =
        accounts::change(connection, app.source(), &authority, reach, account.id, &changes, kept).await?;
    let changed = changed.ok_or_else(|| Error::not_found(Resource::Account, account.id))?;
    Ok(meta.one(User::from(changed)))
}

/// Whoever wants a new password for themselves says what the current one is: a token that fell into the wrong hands is not
/// enough. Guesses count as log-ins that failed.
pub(super) async fn require_current_password(
    app: &App,
    context: &RequestContext,
    account: &Account,
    checked: &CheckedUser,
) -> ApiResult<()> {
    if checked.password.is_none() {
        return Ok(());
    }
    let broken = |reason, message| {
        let violation = Violation::new(reason, message);
        Error::Invalid(Violations::of("currentPassword", violation))
    };
    let current = checked.current_password.clone();
    let current = current.ok_or_else(|| broken(Reason::Required, "must be given with a new password"))?;
    let candidate = log_in::check(app, context, account.username.as_str(), current).await;
    candidate.map(|_| ()).map_err(|error| {
        if error.is(Unauthenticated::WrongPassword) {
            broken(Reason::Mismatch, "must be the current password").into()
        } else {
            error
        }
    })
}
