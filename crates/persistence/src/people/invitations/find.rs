//! Finds invitations.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Coded as _, FlowId, Invitation, InvitationNumber, InvitationState, Result, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::{InvitationRow, into};
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::invitations;

/// Lists the pending invitations to a flow by number, after a number, up to a limit.
#[boxed]
pub async fn list_pending(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    after: Option<InvitationNumber>,
    limit: u32,
) -> Result<Vec<Invitation>> {
    let query = into!(workspace_id, flow_id)
        .filter(invitations::state.eq(InvitationState::Pending.code()))
        .filter(invitations::number.gt(after.map_or(0, InvitationNumber::as_i64)))
        .order(invitations::number.asc())
        .limit(i64::from(limit));
    let rows = on_backend!(connection, |conn| query.load::<InvitationRow>(conn).await);
    rows.or_error("list invitations")?.into_iter().map(Invitation::try_from).collect()
}

/// Finds an invitation to a flow by number.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    number: InvitationNumber,
) -> Result<Option<Invitation>> {
    let query = into!(workspace_id, flow_id).filter(invitations::number.eq(number.as_i64()));
    let row = on_backend!(connection, |conn| query.first::<InvitationRow>(conn).await.optional());
    row.or_error("find an invitation")?.map(Invitation::try_from).transpose()
}
