//! Finds the caller's organizations and the users in them.

use denizen_domain::{AccountNumber, Error, Profile, Resource, Result, WorkspaceNumber};
use denizen_persistence::DbConnection;
use denizen_persistence::organizations::{self, Organization};

use crate::access::identity::Person;
use crate::state::AppState;
use crate::wire::error::ApiResult;

/// Returns the organization with this name, or else this number. Fails with not found if the caller is not a member.
pub(crate) async fn organization(
    connection: &mut DbConnection,
    caller: &Person,
    name: &str,
) -> Result<Organization> {
    let found = organizations::find(connection, caller.account.id, name).await?;
    found.ok_or_else(|| Error::not_found(Resource::Workspace, name))
}

/// Returns the organization with this number, for its members.
pub(super) async fn organization_numbered(
    state: &AppState,
    caller: &Person,
    number: WorkspaceNumber,
) -> ApiResult<Organization> {
    let connection = &mut state.database().read().await?;
    let found = organizations::find_by_number(connection, caller.account.id, number).await?;
    Ok(found.ok_or_else(|| Error::not_found(Resource::Workspace, number))?)
}

/// Like [`organization`], but requires an administrator, so that others are refused before further checks. The write
/// checks this again.
pub(super) async fn administered(state: &AppState, caller: &Person, name: &str) -> ApiResult<Organization> {
    let organization = organization(&mut state.database().read().await?, caller, name).await?;
    organization.rank.require_admin()?;
    Ok(organization)
}

/// Returns the user with this number if it is the caller or shares an organization with them.
pub(super) async fn user(state: &AppState, caller: &Person, number: AccountNumber) -> ApiResult<Profile> {
    let connection = &mut state.database().read().await?;
    let found = organizations::look_up(connection, caller.account.id, number).await?;
    Ok(found.ok_or_else(|| Error::not_found(Resource::Account, number))?)
}
