//! Changing oneself.

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

/// Change oneself
///
/// Others change themselves: 403 for whoever the caller may look up, 404 for everybody else. A user can be sent back as it
/// was read, which changes nothing: a `nick` that is the one shown stays as it is, be it chosen or one's first name, and so
/// does an `email` that differs in case only. A new `email` is what one logs in with from now on; it counts as not
/// confirmed, since nobody has proved that it is theirs, and lets nobody into flows that it is invited to. As this API
/// goes, a token is enough for it. `website` is Denizen's own: the Flowdock API shows it, and has
/// nothing to change it.
#[utoipa::path(put, path = "/users/{id}", operation_id = "people.updateCurrent", tag = "People",
    request_body(description = "The parameters, here or in the query string", content(
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
    Parameters(parameters): Parameters<UpdateOwnUser>,
) -> ApiResult<Json<EmptyObject>> {
    let account = &caller.account;
    if number != account.number {
        find::user(&state, &caller, number).await?;
        return Err(Error::Forbidden(Forbidden::NotOwnAccount).into());
    }
    let changes = parameters.check(account)?;
    let guard = |account: &Account| preconditions.require(Some(&Profile::from(account).entity_tag()));
    let connection = &mut state.database().write().await?;
    let changed =
        accounts::change(connection, caller.origin(), caller.asker(), account.id, &changes, None, guard)
            .await?;
    changed.ok_or_else(|| Error::not_found(Resource::Account, number))?;
    Ok(Json(EmptyObject {}))
}
