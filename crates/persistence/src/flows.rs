//! Flows, and who is in them.

mod list;
mod participants;
mod write;

use denizen_domain::{
    AccessMode, AccountId, Coded as _, Error, Flow, FlowDescription, FlowId, FlowName, JoinCode, Result,
    Slug, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::error::{OrError as _, broken_row};
use crate::organizations::{Organization, organizations_of};
use crate::schema::{flows, memberships, workspaces};
use crate::types::{StoredTime, StoredUuid, stored};
use crate::workspaces::WorkspaceRow;
use crate::{DbConnection, on_backend};

pub use list::{CountedFlow, FlowListing, ListedFlows, PlaceInList, list, list_all};
pub use participants::{
    FlowUser, add, add_account, find_participant, join_by_link, list_users, remove, set_blocked,
};
pub(crate) use participants::{insert_participants, participant};
pub use write::{change, create};

/// The most flows that a workspace may have in use; archived ones do not count.
pub const MAXIMUM_PER_WORKSPACE: i64 = 10_000;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = flows)]
struct FlowRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    slug: String,
    name: String,
    name_folded: String,
    description: String,
    access_mode: String,
    is_archived: bool,
    join_code: String,
    created_at: StoredTime,
    updated_at: StoredTime,
}

impl TryFrom<FlowRow> for Flow {
    type Error = Error;

    fn try_from(row: FlowRow) -> Result<Self> {
        let FlowRow {
            workspace_id,
            id,
            slug,
            name,
            name_folded: _,
            description,
            access_mode,
            is_archived,
            join_code,
            created_at,
            updated_at,
        } = row;
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            slug: Slug::from_stored(slug),
            name: FlowName::from_stored(name),
            description: FlowDescription::from_stored(description),
            access_mode: AccessMode::from_code(&access_mode)
                .map_err(|problem| broken_row("flows", "access_mode", id, problem))?,
            is_archived,
            join_code: JoinCode::from_stored(join_code),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

impl From<&Flow> for FlowRow {
    fn from(flow: &Flow) -> Self {
        let Flow {
            id,
            workspace_id,
            slug,
            name,
            description,
            access_mode,
            is_archived,
            join_code,
            created_at,
            updated_at,
        } = flow;
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            slug: slug.to_string(),
            name: name.to_string(),
            name_folded: name.folded(),
            description: description.to_string(),
            access_mode: access_mode.to_string(),
            is_archived: *is_archived,
            join_code: join_code.expose().to_owned(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

/// The flow of this slug in a workspace, whoever may see it.
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    slug: &str,
) -> Result<Option<Flow>> {
    let query =
        flows::table.filter(flows::workspace_id.eq(stored(workspace_id))).filter(flows::slug.eq(slug));
    let row = on_backend!(connection, |conn| query.first::<FlowRow>(conn).await.optional());
    row.or_error("find a flow by its slug")?.map(Flow::try_from).transpose()
}

/// The flow of this id in one of the workspaces that an account is a member of, whoever may see it.
pub async fn find_in_organizations(
    connection: &mut DbConnection,
    account_id: AccountId,
    id: FlowId,
) -> Result<Option<(Organization, Flow)>> {
    let row = on_backend!(connection, |conn| {
        organizations_of!(account_id)
            .inner_join(flows::table.on(flows::workspace_id.eq(workspaces::id)))
            .filter(flows::id.eq(stored(id)))
            .select((WorkspaceRow::as_select(), memberships::is_admin, FlowRow::as_select()))
            .first::<(WorkspaceRow, bool, FlowRow)>(conn)
            .await
            .optional()
    });
    let found = row.or_error("find a flow by its id")?;
    found
        .map(|(workspace, is_admin, flow)| {
            Ok((Organization::of(workspace, is_admin)?, Flow::try_from(flow)?))
        })
        .transpose()
}

/// The flow of this id in a workspace, kept from others' changes until the transaction ends.
async fn find_locked(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: FlowId,
) -> Result<Option<Flow>> {
    crate::dialect::lock_flow(connection, workspace_id, id).await?;
    find_by_id(connection, workspace_id, id).await
}

/// The flow of this id in a workspace.
pub async fn find_by_id(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: FlowId,
) -> Result<Option<Flow>> {
    let query =
        flows::table.filter(flows::workspace_id.eq(stored(workspace_id))).filter(flows::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<FlowRow>(conn).await.optional());
    row.or_error("find a flow")?.map(Flow::try_from).transpose()
}
