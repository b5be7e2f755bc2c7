//! Changing own data.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Account, AccountNumber, Error, Forbidden, Profile, Resource};
use denizen_persistence::accounts;

use super::super::answer::EmptyObject;
use super::super::find;
use super::super::input::UpdateOwnUser;
use crate::guards::caller::{Caller, IsPerson};
use crate::guards::entity_tags::{IfMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::PathId;

/// Changes the current user
///
/// Callers can change only themselves: 403 for users they can look up, 404 for others. A user can be sent back as read,
/// which changes nothing: a `nick` equal to the one shown stays as it is, chosen or defaulted, and so does an `email`
/// that differs only in case. A new `email` is used to log in from then on. It counts as not confirmed and grants no
/// access to flows it is invited to, because nobody has verified it. As in the Flowdock API, a token is enough to
/// change it. Denizen adds `website`, which the Flowdock API shows but cannot change.
#[utoipa::path(put, path = "/users/{id}", operation_id = "people.updateCurrent", tag = "People",
    request_body(description = "Parameters, here or in the query string", content(
        (UpdateOwnUser = "application/json"), (UpdateOwnUser = "application/x-www-form-urlencoded"))),
    params(("id" = i64, Path, description = "The caller's own number"), IfMatch),
    responses(
        (status = 200, description = "The user was changed", body = EmptyObject),
        (status = 404, description = "User not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn update(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathId(number): PathId<AccountNumber>,
    preconditions: Preconditions,
    Parameters(parameters, unknown): Parameters<UpdateOwnUser>,
) -> ApiResult<Json<EmptyObject>> {
    let account = &caller.account;
    if number != account.number {
        find::user(&state, &caller, number).await?;
        return Err(Error::Forbidden(Forbidden::NotOwnAccount).into());
    }
    let changes = parameters.check(unknown, account)?;
    let guard = |account: &Account| preconditions.require(Some(&Profile::from(account).entity_tag()));
    let connection = &mut state.database().write().await?;
    let changed =
        accounts::change(connection, caller.origin(), caller.asker(), account.id, &changes, None, guard)
            .await?;
    changed.ok_or_else(|| Error::not_found(Resource::Account, number))?;
    Ok(Json(EmptyObject {}))
}
