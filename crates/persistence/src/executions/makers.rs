//! The rights of those who made workflows, at this moment.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Actor, Authority, MakerStanding, PermissionSet, Result, Timestamp, WorkspaceId};

use crate::api_keys;
use crate::connection::DbConnection;
use crate::people::accounts;

/// Returns the rights of the maker of a workflow. To be called in the transaction of a step, so that rights that are taken away
/// end at once.
#[boxed]
pub async fn standing_of(
    connection: &mut DbConnection,
    maker: Actor,
    workspace_id: WorkspaceId,
    now: Timestamp,
) -> Result<MakerStanding> {
    Ok(match maker {
        Actor::Operator | Actor::Server => MakerStanding::Operator,
        Actor::Account(id) => match accounts::find_in_use(connection, id).await? {
            Some(account) => MakerStanding::Account(Authority::of(&account, &PermissionSet::empty())),
            None => MakerStanding::Gone,
        },
        Actor::ApiKey(id) => match api_keys::find(connection, workspace_id, id).await? {
            Some(key) if key.is_in_force(now) => MakerStanding::Key(key.scopes),
            _ => MakerStanding::Gone,
        },
        Actor::ExternalUser(_) | Actor::Workflow(_) => MakerStanding::Gone,
    })
}
