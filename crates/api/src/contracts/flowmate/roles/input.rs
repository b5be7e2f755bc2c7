//! The fields of a role as bodies carry them.

use denizen_domain::{
    Authority, Error, Forbidden, Patch, Permission, Reach, Reason, Result, Role, RoleChanges,
    RoleDescription, RoleName, Violation, Violations, WorkspaceId,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::input::permissions;
use crate::contracts::samples;
use crate::wire::body::Input;

/// A new role. Keys that are not listed here are ignored.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_role)]
pub(crate) struct CreateRole {
    /// Its name, unique whatever the case among the workspace's roles, or among the global ones.
    #[schema(value_type = String, required, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
    /// What its holders may do; nothing where it is absent.
    #[schema(value_type = Vec<String>, max_items = 100)]
    #[serde(default)]
    permissions: Input<Vec<Value>>,
    /// What it is for.
    #[schema(value_type = Option<String>, max_length = 250)]
    #[serde(default)]
    description: Input<String>,
    /// Whether every workspace can use it; only a holder of `all` can say so, and must who has no workspace.
    #[schema(value_type = bool, default = false)]
    #[serde(default)]
    is_global: Input<bool>,
}

/// What changes of a role. An absent key stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::update_role)]
pub(crate) struct UpdateRole {
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
    /// All that its holders may do.
    #[schema(value_type = Vec<String>, max_items = 100)]
    #[serde(default)]
    permissions: Input<Vec<Value>>,
    /// What it is for; null is nothing.
    #[schema(value_type = Option<String>, max_length = 250)]
    #[serde(default)]
    description: Input<String>,
    /// Whether every workspace can use it. It stays what it was made as, and may be sent as it is.
    #[schema(value_type = bool)]
    #[serde(default)]
    is_global: Input<bool>,
}

/// A new role, checked.
#[derive(Debug)]
pub(crate) struct NewRole {
    /// The workspace that it is to belong to; `None` for a global one.
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// Its name.
    pub(crate) name: RoleName,
    /// The rest.
    pub(crate) changes: RoleChanges,
}

impl CreateRole {
    /// Checks every field.
    pub(crate) fn check(self, authority: &Authority, reach: Reach) -> Result<NewRole> {
        let mut violations = Violations::new();
        let Self { name, permissions: given, description: text, is_global } = self;
        let is_global = wants_global(&mut violations, is_global, authority.home);
        if is_global && reach != Reach::Everywhere {
            return Err(Error::Forbidden(Forbidden::MissingPermission(Permission::All)));
        }
        let name = name.required(&mut violations, "name", RoleName::parse);
        let changes = RoleChanges {
            name: None,
            permissions: permissions(&mut violations, authority, given, "permissions")?,
            description: description(&mut violations, text),
        };
        let name = violations.into_value(name)?;
        Ok(NewRole { workspace_id: authority.home.filter(|_| !is_global), name, changes })
    }
}

impl UpdateRole {
    /// Checks every field.
    pub(crate) fn check(self, authority: &Authority, role: &Role) -> Result<RoleChanges> {
        let mut violations = Violations::new();
        let Self { name, permissions: given, description: text, is_global } = self;
        is_global.not_null(&mut violations, "isGlobal", |value| {
            let immutable = || Violation::new(Reason::Immutable, "cannot be changed");
            (*value == role.is_global()).then_some(()).ok_or_else(immutable)
        });
        let changes = RoleChanges {
            name: name.not_null(&mut violations, "name", RoleName::parse),
            permissions: permissions(&mut violations, authority, given, "permissions")?,
            description: description(&mut violations, text),
        };
        violations.into_result(changes)
    }
}

/// Whether a new role is to be global, which it must be where there is no workspace that it could belong to.
fn wants_global(violations: &mut Violations, input: Input<bool>, home: Option<WorkspaceId>) -> bool {
    let wanted = if home.is_some() {
        input.not_null(violations, "isGlobal", |value| Ok(*value))
    } else {
        input.required(violations, "isGlobal", |value| {
            let homeless = || Violation::new(Reason::Mismatch, "must be true for who has no workspace");
            value.then_some(true).ok_or_else(homeless)
        })
    };
    wanted.unwrap_or(false)
}

fn description(violations: &mut Violations, input: Input<String>) -> Option<RoleDescription> {
    match input.optional(violations, "description", RoleDescription::parse) {
        Patch::Absent => None,
        Patch::Null => Some(RoleDescription::from_stored(String::new())),
        Patch::Value(description) => Some(description),
    }
}
