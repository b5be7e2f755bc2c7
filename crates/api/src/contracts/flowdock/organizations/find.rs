//! What a request names: an organization of the caller's, or somebody in one.

use denizen_domain::{AccountNumber, Error, Profile, Resource, Result, WorkspaceNumber};
use denizen_persistence::DbConnection;
use denizen_persistence::organizations::{self, Organization};

use crate::access::identity::Person;
use crate::state::AppState;
use crate::wire::error::ApiResult;

/// The organization of this name, or else of this number. Fails where the caller is no member of it, as if it were not
/// there.
pub(crate) async fn organization(
    connection: &mut DbConnection,
    caller: &Person,
    name: &str,
) -> Result<Organization> {
    let found = organizations::find(connection, caller.account.id, name).await?;
    found.ok_or_else(|| Error::not_found(Resource::Workspace, name))
}

/// The organization of this number that somebody is a member of.
pub(super) async fn organization_numbered(
    state: &AppState,
    caller: &Person,
    number: WorkspaceNumber,
) -> ApiResult<Organization> {
    let connection = &mut state.database().read().await?;
    let found = organizations::find_by_number(connection, caller.account.id, number).await?;
    Ok(found.ok_or_else(|| Error::not_found(Resource::Workspace, number))?)
}

/// The same as [`organization`], for what only administrators do, so that others are told so before anything else is
/// looked at. Whoever makes the change looks again.
pub(super) async fn administered(state: &AppState, caller: &Person, name: &str) -> ApiResult<Organization> {
    let organization = organization(&mut state.database().read().await?, caller, name).await?;
    organization.rank.require_admin()?;
    Ok(organization)
}

/// Whoever has this number, where they share an organization with somebody, or are the same.
pub(super) async fn user(state: &AppState, caller: &Person, number: AccountNumber) -> ApiResult<Profile> {
    let connection = &mut state.database().read().await?;
    let found = organizations::look_up(connection, caller.account.id, number).await?;
    Ok(found.ok_or_else(|| Error::not_found(Resource::Account, number))?)
}
