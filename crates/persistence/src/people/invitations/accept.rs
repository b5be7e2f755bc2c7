//! Accepts invitations.

use denizen_domain::{Account, Coded as _, InvitationState, Origin, Result, Username, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::store::ensure;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::people::flows::{find_by_id, insert_participants};
use crate::schema::{flows as flow_table, invitations};
use crate::types::{StoredUuid, stored, texts};

/// Adds a new member of a workspace to the unarchived flows that it is invited to.
pub(crate) async fn accept(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    account: &Account,
) -> Result<()> {
    let emails = texts(&Username::stored_forms(account.username.as_str()));
    let flows = on_backend!(connection, |conn| {
        invitations::table
            .inner_join(
                flow_table::table.on(flow_table::workspace_id
                    .eq(invitations::workspace_id)
                    .and(flow_table::id.eq(invitations::flow_id))),
            )
            .filter(invitations::email.eq_any(emails))
            .filter(invitations::state.eq(InvitationState::Pending.code()))
            .filter(invitations::workspace_id.eq(stored(workspace_id)))
            .filter(flow_table::is_archived.eq(false))
            .select(invitations::flow_id)
            .load::<StoredUuid>(conn)
            .await
    });
    for flow_id in flows.or_error("look for invitations")? {
        if let Some(flow) = find_by_id(connection, workspace_id, flow_id.into()).await? {
            insert_participants(connection, origin, &flow, &[(account.id, account.number)]).await?;
            let accepted = vec![(&account.username, InvitationState::Accepted)];
            ensure(connection, origin, &flow, accepted).await?;
        }
    }
    Ok(())
}
