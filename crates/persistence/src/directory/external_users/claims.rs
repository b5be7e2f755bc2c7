//! Finds the user whom an authentication names, or creates it.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Error, ExternalUser, ExternalUserChanges, IdentityClaim, Origin, Resource, Result, Timestamp, WorkspaceId,
};

use super::find::{find, find_identifier_in_channel, find_in_channel};
use super::write::{Person, create_and_commit};
use crate::connection::{DbConnection, in_transaction};
use crate::directory::channels;

/// Finds the user of a claim. `None` if the external id or identifier is new. Fails with not found for an unknown
/// channel or id, with a contradiction if the names disagree, and with forbidden for a blocked user.
#[boxed]
pub async fn find_claimed(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    claim: &IdentityClaim,
    now: Timestamp,
) -> Result<Option<ExternalUser>> {
    claim.require_a_name()?;
    let user = claimed(connection, workspace_id, claim).await?;
    if let Some(user) = &user {
        user.require_unblocked(now)?;
    }
    Ok(user)
}

/// Finds the user of a claim, or creates it if its external id or identifier is new. Fails like [`find_claimed`].
/// Concurrent requests for a new user create one, and both get it.
#[boxed]
pub async fn find_or_create_claimed(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    claim: &IdentityClaim,
) -> Result<ExternalUser> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        if let Some(user) = find_claimed(connection, workspace_id, claim, now).await? {
            return Ok(user);
        }
        let changes = ExternalUserChanges {
            external_id: claim.external_id.clone().into(),
            identifier: claim.identifier.clone().into(),
            ..ExternalUserChanges::default()
        };
        channels::keep(connection, workspace_id, claim.channel_id).await?.require_open()?;
        let place = (workspace_id, claim.channel_id);
        create_and_commit(connection, origin, place, &changes, Person::Sought).await
    })
}

/// Finds the user of a claim in its channel. Fails if the channel does not exist or the names disagree.
async fn claimed(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    claim: &IdentityClaim,
) -> Result<Option<ExternalUser>> {
    let channel = channels::find(connection, workspace_id, claim.channel_id).await?;
    let channel = channel.ok_or_else(|| Error::not_found(Resource::Channel, claim.channel_id))?;
    let user = match claim {
        IdentityClaim { id: Some(id), .. } => {
            let user =
                find(connection, workspace_id, *id).await?.filter(|user| user.channel_id == channel.id);
            Some(user.ok_or_else(|| Error::not_found(Resource::ExternalUser, *id))?)
        }
        IdentityClaim { external_id: Some(external_id), .. } => {
            find_in_channel(connection, workspace_id, channel.id, external_id.as_str()).await?
        }
        IdentityClaim { identifier: Some(identifier), .. } => {
            find_identifier_in_channel(connection, workspace_id, channel.id, &identifier.folded()).await?
        }
        IdentityClaim { .. } => None,
    };
    // A new external id with a known identifier names two users, unless another request created the user between the
    // two queries.
    let user = match (user, &claim.external_id, &claim.identifier) {
        (None, Some(_), Some(identifier)) => {
            find_identifier_in_channel(connection, workspace_id, channel.id, &identifier.folded()).await?
        }
        (user, _, _) => user,
    };
    if let Some(user) = &user {
        claim.require_agreement_with(user)?;
    }
    Ok(user)
}
