//! Creates, changes, assigns and deletes roles.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccountId, Conflict, Error, Origin, Permission, PermissionSet, Resource, Result, Role, RoleChanges,
    RoleDescription, RoleId, RoleName, Version, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::find;
use super::row::RoleRow;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::administrators::Administered;
use crate::people::asker::{Asker, Standing};
use crate::queries::locks;
use crate::schema::{account_roles, roles, workspaces};
use crate::types::{StoredUuid, stored};

/// The maximum number of roles of a workspace, and of global roles (concurrent requests may exceed it slightly). It
/// keeps lists short.
pub const MAXIMUM_PER_WORKSPACE: i64 = 1_000;

/// Creates a role of a workspace, or a global one. Fails if the caller may not grant its permissions, if the workspace
/// is deleted, with [`Forbidden::ReservedRoleName`](denizen_domain::Forbidden::ReservedRoleName), and with
/// [`Conflict::RoleNameTaken`] or [`Conflict::TooManyRoles`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: Option<WorkspaceId>,
    name: &RoleName,
    changes: &RoleChanges,
) -> Result<Role> {
    let now = origin.source.clock.now();
    let mut role = Role {
        id: RoleId::from_uuid(origin.source.ids.uuid()),
        workspace_id,
        name: name.clone(),
        description: RoleDescription::from_stored(String::new()),
        permissions: PermissionSet::empty(),
        created_at: now,
        updated_at: now,
        version: Version::default(),
    };
    RoleChanges { name: Some(name.clone()), ..changes.clone() }.apply_to(&mut role, now)?;
    in_transaction!(connection, {
        let Standing { authority, .. } = asker.standing(connection, now).await?;
        authority.require_may_give(&role.permissions, workspace_id)?;
        if let Some(workspace_id) = workspace_id {
            keep_count(connection, workspace_id).await?;
        }
        require_room(connection, workspace_id).await?;
        let row = RoleRow::from(&role);
        let inserted = on_backend!(connection, |conn| {
            diesel::insert_into(roles::table).values(&row).on_conflict_do_nothing().execute(conn).await
        });
        match inserted.or_error("insert a role")? {
            0 => return Err(Error::Conflict(Conflict::RoleNameTaken)),
            _ => audit_events::created(connection, origin, workspace_id, &role).await?,
        }
        Ok(role.clone())
    })
}

/// Changes a role. `None` if it does not exist. Fails if the caller's reach does not allow it
/// ([`Role::require_may_change`]), like [`create`], with [`Conflict::BuiltInRole`], and with
/// [`Conflict::LastAdministrator`].
#[boxed]
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: RoleId,
    changes: &RoleChanges,
) -> Result<Option<Role>> {
    in_transaction!(connection, {
        locks::lock_role(connection, id).await?;
        let Standing { authority, reach, .. } = asker.standing(connection, origin.source.clock.now()).await?;
        let Some(before) = find(connection, id).await? else { return Ok(None) };
        before.require_may_change(reach)?;
        let mut role = before.clone();
        changes.clone().apply_to(&mut role, origin.source.clock.now())?;
        authority.require_may_give(&role.permissions.difference(&before.permissions), role.workspace_id)?;
        before.require_changeable()?;
        if role.name.folded() != before.name.folded() {
            require_free_name(connection, &role).await?;
        }
        let loses_all = before.permissions.difference(&role.permissions).contains(Permission::All);
        let administered = Administered::before(connection, loses_all).await?;
        let row = RoleRow::from(&role);
        let changed = roles::table.filter(roles::id.eq(stored(id)));
        on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
            .or_error("change a role")?;
        administered.require_still(connection).await?;
        audit_events::updated(connection, origin, role.workspace_id, &before, &role).await?;
        Ok(Some(role))
    })
}

/// Deletes a role, and removes it from every account. `false` if it does not exist. Fails if the caller's reach does
/// not allow it ([`Role::require_may_change`]), with [`Conflict::BuiltInRole`], and with
/// [`Conflict::LastAdministrator`].
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: RoleId,
) -> Result<bool> {
    in_transaction!(connection, {
        locks::lock_role(connection, id).await?;
        let Standing { reach, .. } = asker.standing(connection, origin.source.clock.now()).await?;
        let Some(role) = find(connection, id).await? else { return Ok(false) };
        role.require_may_change(reach)?;
        role.require_changeable()?;
        let grants_all = role.permissions.contains(Permission::All);
        let administered = Administered::before(connection, grants_all).await?;
        let deleted = roles::table.filter(roles::id.eq(stored(id)));
        on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await)
            .or_error("delete a role")?;
        administered.require_still(connection).await?;
        audit_events::deleted(connection, origin, role.workspace_id, &role).await?;
        Ok(true)
    })
}

/// Replaces the roles of an account.
pub(crate) async fn assign(connection: &mut DbConnection, account: AccountId, roles: &[Role]) -> Result<()> {
    let kept: Vec<_> = roles.iter().map(|role| stored(role.id)).collect();
    let held = account_roles::table.filter(account_roles::account_id.eq(stored(account)));
    let taken = held.filter(account_roles::role_id.ne_all(kept.clone()));
    on_backend!(connection, |conn| diesel::delete(taken).execute(conn).await).or_error("take roles away")?;
    for role_id in kept {
        let row = (account_roles::account_id.eq(stored(account)), account_roles::role_id.eq(role_id));
        on_backend!(connection, |conn| {
            diesel::insert_into(account_roles::table).values(row).on_conflict_do_nothing().execute(conn).await
        })
        .or_error("give a role")?;
    }
    Ok(())
}

/// Deletes the roles of a workspace.
pub(crate) async fn delete_all_of(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<()> {
    let own = roles::table.filter(roles::workspace_id.eq(stored(workspace_id)));
    on_backend!(connection, |conn| diesel::delete(own).execute(conn).await)
        .or_error("delete the roles of a workspace")?;
    Ok(())
}

/// Selects the roles of a workspace, or the global ones.
macro_rules! siblings {
    ($workspace_id:expr) => {
        match $workspace_id {
            Some(workspace_id) => {
                roles::table.filter(roles::workspace_id.eq(Some(stored(workspace_id)))).into_boxed()
            }
            None => roles::table.filter(roles::workspace_id.is_null()).into_boxed(),
        }
    };
}

/// Locks the workspace against new roles and deletion until the transaction ends.
async fn keep_count(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<()> {
    locks::lock_workspace(connection, workspace_id).await?;
    let in_use = workspaces::table
        .filter(workspaces::id.eq(stored(workspace_id)))
        .filter(workspaces::deleted_at.is_null())
        .select(workspaces::id);
    let found = on_backend!(connection, |conn| in_use.first::<StoredUuid>(conn).await.optional());
    let found = found.or_error("look for the workspace of a role")?;
    found.map(|_| ()).ok_or_else(|| Error::not_found(Resource::Workspace, workspace_id))
}

async fn require_room(connection: &mut DbConnection, workspace_id: Option<WorkspaceId>) -> Result<()> {
    let count: i64 = on_backend!(connection, |conn| siblings!(workspace_id).count().get_result(conn).await)
        .or_error("count roles")?;
    if count < MAXIMUM_PER_WORKSPACE { Ok(()) } else { Err(Error::Conflict(Conflict::TooManyRoles)) }
}

async fn require_free_name(connection: &mut DbConnection, role: &Role) -> Result<()> {
    let taken = on_backend!(connection, |conn| {
        siblings!(role.workspace_id)
            .filter(roles::name_folded.eq(role.name.folded()))
            .filter(roles::id.ne(stored(role.id)))
            .select(roles::id)
            .first::<StoredUuid>(conn)
            .await
            .optional()
    });
    match taken.or_error("look for a role's name")? {
        Some(_) => Err(Error::Conflict(Conflict::RoleNameTaken)),
        None => Ok(()),
    }
}
