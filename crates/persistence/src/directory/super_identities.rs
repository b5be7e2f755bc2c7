//! Super identities: the people behind external users.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Conflict, Error, ExternalId, ExternalUser, ExternalUserFilter, ExternalUserOrder, Origin, Result,
    SuperIdentity, SuperIdentityId, Window, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::directory::external_users::list as list_users;
use crate::queries::dialect::insert_all;
use crate::queries::locks;
use crate::schema::{external_users, super_identities};
use crate::types::{StoredTime, StoredUuid, stored};

/// The maximum number of users of a super identity: one per channel.
const MOST_USERS: u32 = 1_000;

/// The row of a super identity.
#[derive(Queryable, Insertable)]
#[diesel(table_name = super_identities, treat_none_as_default_value = false)]
pub(crate) struct SuperIdentityRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    external_id: Option<String>,
    created_at: StoredTime,
}

impl SuperIdentityRow {
    /// Returns a new super identity with an external id. Does not store it.
    pub(crate) fn new(origin: &Origin, workspace_id: WorkspaceId, external_id: Option<&ExternalId>) -> Self {
        let id = SuperIdentityId::from_uuid(origin.source.ids.uuid());
        Self::with_id(origin, workspace_id, id, external_id)
    }

    fn with_id(
        origin: &Origin,
        workspace_id: WorkspaceId,
        id: SuperIdentityId,
        external_id: Option<&ExternalId>,
    ) -> Self {
        Self {
            workspace_id: stored(workspace_id),
            id: stored(id),
            external_id: external_id.map(ToString::to_string),
            created_at: origin.source.clock.now().into(),
        }
    }

    /// Returns its id.
    pub(crate) fn id(&self) -> SuperIdentityId {
        self.id.into()
    }
}

impl From<SuperIdentityRow> for SuperIdentity {
    fn from(row: SuperIdentityRow) -> Self {
        let SuperIdentityRow { workspace_id, id, external_id, created_at } = row;
        Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            external_id: external_id.map(ExternalId::from_stored),
            created_at: created_at.into(),
        }
    }
}

/// Finds a super identity by id, with all its users, oldest first.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: SuperIdentityId,
) -> Result<Option<(SuperIdentity, Vec<ExternalUser>)>> {
    let query = super_identities::table
        .filter(super_identities::workspace_id.eq(stored(workspace_id)))
        .filter(super_identities::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<SuperIdentityRow>(conn).await.optional());
    let Some(row) = row.or_error("find a super identity")? else { return Ok(None) };
    let filter = ExternalUserFilter { super_identity_ids: vec![id], ..ExternalUserFilter::default() };
    let all = Window::first(MOST_USERS);
    let users = list_users(connection, workspace_id, &filter, ExternalUserOrder::CreatedAt, &all).await?;
    Ok(Some((row.into(), users.items)))
}

/// Finds the super identity for a new user: the one with its external id, or a new one.
pub(crate) async fn find_or_create(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    external_id: Option<&ExternalId>,
) -> Result<SuperIdentityId> {
    let id = SuperIdentityId::from_uuid(origin.source.ids.uuid());
    find_or_insert(connection, origin, workspace_id, id, external_id).await
}

/// Finds the super identity for a restored user: the one with its external id, or the one it had before.
pub(crate) async fn find_or_bring_back(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: SuperIdentityId,
    external_id: Option<&ExternalId>,
) -> Result<SuperIdentityId> {
    // The remaining users have kept it. If they share the external id, it is found by that.
    if is_there(connection, workspace_id, id).await? {
        return find_or_create(connection, origin, workspace_id, external_id).await;
    }
    find_or_insert(connection, origin, workspace_id, id, external_id).await
}

async fn find_or_insert(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: SuperIdentityId,
    external_id: Option<&ExternalId>,
) -> Result<SuperIdentityId> {
    let row = SuperIdentityRow::with_id(origin, workspace_id, id, external_id);
    let inserted = on_backend!(connection, |conn| {
        diesel::insert_into(super_identities::table).values(&row).on_conflict_do_nothing().execute(conn).await
    })
    .or_error("insert a super identity")?;
    match external_id {
        Some(external_id) if inserted == 0 => {
            let external_id = external_id.as_str();
            let found = locks::find_kept_super_identity(connection, workspace_id, external_id).await?;
            // It is gone again if its last user was just deleted. The caller then retries its transaction.
            found.ok_or(Error::Conflict(Conflict::ConcurrentChange))
        }
        _ => Ok(id),
    }
}

/// Finds the super identities with these external ids, by external id, and creates the missing ones.
pub(crate) async fn find_or_create_all(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    mut external_ids: Vec<&ExternalId>,
) -> Result<HashMap<String, SuperIdentityId>> {
    let row = |external_id: &&ExternalId| SuperIdentityRow::new(origin, workspace_id, Some(external_id));
    // In a fixed order, which prevents deadlocks between requests that create the same.
    external_ids.sort_unstable_by_key(|external_id| external_id.as_str());
    let rows: Vec<_> = external_ids.iter().map(row).collect();
    let inserted = insert_all!(
        connection,
        super_identities,
        &rows,
        SuperIdentityRow { workspace_id, id, external_id, created_at }
    );
    if inserted.or_error("insert super identities")? == rows.len() {
        let made = rows.into_iter().filter_map(|row| Some((row.external_id?, row.id.into())));
        return Ok(made.collect());
    }
    let external_ids = external_ids.iter().map(ToString::to_string).collect();
    locks::find_kept_super_identities(connection, workspace_id, external_ids).await
}

/// Finds a user's super identity after a change of its external id. One with a single user moves along, unless another
/// has the new external id. One with several users stays with the others.
pub(crate) async fn after_change(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    current: SuperIdentityId,
    external_id: Option<&ExternalId>,
) -> Result<SuperIdentityId> {
    locks::lock_super_identity(connection, workspace_id, current).await?;
    if count_users(connection, workspace_id, current).await? > 1 {
        return find_or_create(connection, origin, workspace_id, external_id).await;
    }
    set_external_id(connection, workspace_id, current, None).await?;
    let Some(external_id) = external_id.map(ExternalId::as_str) else { return Ok(current) };
    if let Some(other) = locks::find_kept_super_identity(connection, workspace_id, external_id).await? {
        return Ok(other);
    }
    set_external_id(connection, workspace_id, current, Some(external_id)).await?;
    Ok(current)
}

/// Deletes a super identity without users.
pub(crate) async fn delete_if_unused(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: SuperIdentityId,
) -> Result<()> {
    locks::lock_super_identity(connection, workspace_id, id).await?;
    if count_users(connection, workspace_id, id).await? > 0 {
        return Ok(());
    }
    let unused = super_identities::table
        .filter(super_identities::workspace_id.eq(stored(workspace_id)))
        .filter(super_identities::id.eq(stored(id)));
    on_backend!(connection, |conn| diesel::delete(unused).execute(conn).await)
        .or_error("delete a super identity")?;
    Ok(())
}

/// Counts the users of a super identity, up to two.
async fn count_users(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: SuperIdentityId,
) -> Result<usize> {
    let users = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .filter(external_users::super_identity_id.eq(stored(id)))
        .select(external_users::id)
        .limit(2);
    let users = on_backend!(connection, |conn| users.load::<StoredUuid>(conn).await);
    Ok(users.or_error("count the users of a super identity")?.len())
}

async fn is_there(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: SuperIdentityId,
) -> Result<bool> {
    let person = super_identities::table
        .filter(super_identities::workspace_id.eq(stored(workspace_id)))
        .filter(super_identities::id.eq(stored(id)))
        .select(super_identities::id);
    let found = on_backend!(connection, |conn| person.first::<StoredUuid>(conn).await.optional());
    Ok(found.or_error("look for a super identity")?.is_some())
}

async fn set_external_id(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: SuperIdentityId,
    external_id: Option<&str>,
) -> Result<()> {
    let changed = super_identities::table
        .filter(super_identities::workspace_id.eq(stored(workspace_id)))
        .filter(super_identities::id.eq(stored(id)));
    let change = super_identities::external_id.eq(external_id);
    on_backend!(connection, |conn| diesel::update(changed).set(change).execute(conn).await)
        .or_error("change the external id of a super identity")?;
    Ok(())
}
