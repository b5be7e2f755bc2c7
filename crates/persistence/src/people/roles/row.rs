//! The rows of roles.

use denizen_domain::{Error, PermissionSet, Result, Role, RoleDescription, RoleName, Version};
use diesel::prelude::*;

use crate::connection::broken_row;
use crate::schema::roles;
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = roles, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct RoleRow {
    id: StoredUuid,
    workspace_id: Option<StoredUuid>,
    name: String,
    name_folded: String,
    description: String,
    permissions: String,
    created_at: StoredTime,
    updated_at: StoredTime,
    version: i64,
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
            version,
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
            version: Version::from_stored(version),
        })
    }
}

impl From<&Role> for RoleRow {
    fn from(role: &Role) -> Self {
        let Role { id, workspace_id, name, description, permissions, created_at, updated_at, version } = role;
        Self {
            id: stored(*id),
            workspace_id: workspace_id.map(stored),
            name: name.to_string(),
            name_folded: name.folded(),
            description: description.to_string(),
            permissions: permissions.to_stored(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            version: version.as_i64(),
        }
    }
}
