//! Roles: the global ones, and each workspace's own.

use std::collections::HashMap;

use denizen_domain::{
    AccountId, Authority, Conflict, Error, Forbidden, Origin, PermissionSet, Reach, Resource, Result, Role,
    RoleChanges, RoleDescription, RoleId, RoleName, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::asker::{Asker, Standing};
use crate::error::{OrError as _, broken_row};
use crate::schema::{account_roles, roles, workspaces};
use crate::transaction::in_transaction;
use crate::types::{StoredTime, StoredUuid, all_stored, stored};
use crate::{DbConnection, audit_events, dialect, on_backend};

/// The most roles of a workspace, and the most global ones (give or take those that are made in the same moment). It keeps
/// lists of them short.
pub const MAXIMUM_PER_WORKSPACE: i64 = 1_000;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = roles, treat_none_as_null = true)]
pub(crate) struct RoleRow {
    id: StoredUuid,
    workspace_id: Option<StoredUuid>,
    name: String,
    name_folded: String,
    description: String,
    permissions: String,
    created_at: StoredTime,
    updated_at: StoredTime,
}

impl TryFrom<RoleRow> for Role {
    type Error = Error;

    fn try_from(row: RoleRow) -> Result<Self> {
        let RoleRow {
            id,
            workspace_id,
            name,
            name_folded: _,
            description,
            permissions,
            created_at,
            updated_at,
        } = row;
        let permissions = PermissionSet::from_stored(&permissions)
            .map_err(|problem| broken_row("roles", "permissions", id, problem))?;
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.map(Into::into),
            name: RoleName::from_stored(name),
            description: RoleDescription::from_stored(description),
            permissions,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

impl From<&Role> for RoleRow {
    fn from(role: &Role) -> Self {
        let Role { id, workspace_id, name, description, permissions, created_at, updated_at } = role;
        Self {
            id: stored(*id),
            workspace_id: workspace_id.map(stored),
            name: name.to_string(),
            name_folded: name.folded(),
            description: description.to_string(),
            permissions: permissions.to_stored(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

/// The role of this id, whosever it is.
pub async fn find(connection: &mut DbConnection, id: RoleId) -> Result<Option<Role>> {
    let query = roles::table.filter(roles::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<RoleRow>(conn).await.optional());
    row.or_error("find a role")?.map(Role::try_from).transpose()
}

/// The role of this id. Fails with [`Forbidden::ForeignRole`] where it belongs to a workspace beyond reach.
pub async fn find_within(connection: &mut DbConnection, reach: Reach, id: RoleId) -> Result<Option<Role>> {
    let role = find(connection, id).await?;
    role.map(|role| role.require_within(reach).map(|()| role)).transpose()
}

/// The role of this name: the workspace's own, or else the global one.
pub async fn find_by_name(
    connection: &mut DbConnection,
    workspace_id: Option<WorkspaceId>,
    name: &RoleName,
) -> Result<Option<Role>> {
    let roles = list(connection, workspace_id).await?;
    let mut named: Vec<_> = roles.into_iter().filter(|role| role.name.folded() == name.folded()).collect();
    named.sort_by_key(Role::is_global);
    Ok(named.into_iter().next())
}

/// The global roles, and those of a workspace, oldest first.
pub async fn list(connection: &mut DbConnection, workspace_id: Option<WorkspaceId>) -> Result<Vec<Role>> {
    let rows = on_backend!(connection, |conn| {
        let mut query = roles::table.filter(roles::workspace_id.is_null()).into_boxed();
        if let Some(workspace_id) = workspace_id {
            query = query.or_filter(roles::workspace_id.eq(stored(workspace_id)));
        }
        query.order((roles::created_at.asc(), roles::id.asc())).load::<RoleRow>(conn).await
    });
    rows.or_error("list roles")?.into_iter().map(Role::try_from).collect()
}

/// Makes a role: a workspace's own, or a global one. Fails where its rights are not the caller's to give, where the
/// workspace is gone, and with [`Forbidden::ReservedRoleName`], [`Conflict::RoleNameTaken`] or
/// [`Conflict::TooManyRoles`].
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

/// Changes a role. `None` where there is no such role. Fails where it is not for who reaches so far to change
/// ([`Role::require_may_change`]), like [`create`], and with [`Conflict::BuiltInRole`].
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: RoleId,
    changes: &RoleChanges,
) -> Result<Option<Role>> {
    in_transaction!(connection, {
        dialect::lock_role(connection, id).await?;
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
        let row = RoleRow::from(&role);
        let changed = roles::table.filter(roles::id.eq(stored(id)));
        on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
            .or_error("change a role")?;
        audit_events::updated(connection, origin, role.workspace_id, &before, &role).await?;
        Ok(Some(role))
    })
}

/// Deletes a role, and takes it from every account. `false` where there is no such role. Fails where it is not for who
/// reaches so far to delete ([`Role::require_may_change`]), and with [`Conflict::BuiltInRole`].
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: RoleId,
) -> Result<bool> {
    in_transaction!(connection, {
        dialect::lock_role(connection, id).await?;
        let Standing { reach, .. } = asker.standing(connection, origin.source.clock.now()).await?;
        let Some(role) = find(connection, id).await? else { return Ok(false) };
        role.require_may_change(reach)?;
        role.require_changeable()?;
        let deleted = roles::table.filter(roles::id.eq(stored(id)));
        on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await)
            .or_error("delete a role")?;
        audit_events::deleted(connection, origin, role.workspace_id, &role).await?;
        Ok(true)
    })
}

/// The roles of these ids. Fails where one is not there, in the words of [`Authority::unknown`].
pub(crate) async fn named(
    connection: &mut DbConnection,
    authority: &Authority,
    ids: &[RoleId],
) -> Result<Vec<Role>> {
    let query = roles::table
        .filter(roles::id.eq_any(all_stored(ids)))
        .order((roles::created_at.asc(), roles::id.asc()));
    let rows = on_backend!(connection, |conn| query.load::<RoleRow>(conn).await);
    let found: Vec<_> =
        rows.or_error("find roles")?.into_iter().map(Role::try_from).collect::<Result<_>>()?;
    if ids.iter().all(|id| found.iter().any(|role| role.id == *id)) {
        Ok(found)
    } else {
        Err(authority.unknown("roles", Forbidden::ForeignRole))
    }
}

/// The roles of accounts, by account, oldest first.
pub(crate) async fn of_accounts(
    connection: &mut DbConnection,
    accounts: &[StoredUuid],
) -> Result<HashMap<AccountId, Vec<Role>>> {
    let query = account_roles::table
        .inner_join(roles::table.on(roles::id.eq(account_roles::role_id)))
        .filter(account_roles::account_id.eq_any(accounts.to_vec()))
        .order((roles::created_at.asc(), roles::id.asc()))
        .select((account_roles::account_id, roles::all_columns));
    let rows = on_backend!(connection, |conn| query.load::<(StoredUuid, RoleRow)>(conn).await);
    let mut roles: HashMap<AccountId, Vec<Role>> = HashMap::new();
    for (account_id, row) in rows.or_error("find the roles of accounts")? {
        roles.entry(account_id.into()).or_default().push(Role::try_from(row)?);
    }
    Ok(roles)
}

/// Makes an account hold these roles and no others.
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

/// Deletes what roles a workspace has of its own.
pub(crate) async fn delete_all_of(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<()> {
    let own = roles::table.filter(roles::workspace_id.eq(stored(workspace_id)));
    on_backend!(connection, |conn| diesel::delete(own).execute(conn).await)
        .or_error("delete the roles of a workspace")?;
    Ok(())
}

/// The roles that share a workspace, or share none.
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

/// Keeps others from making roles of a workspace, and the workspace from being deleted, until the transaction ends.
async fn keep_count(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<()> {
    dialect::lock_workspace(connection, workspace_id).await?;
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
