//! Fields of roles in bodies.

use denizen_domain::{
    Authority, Error, Forbidden, Patch, Permission, Reach, Reason, Result, Role, RoleChanges,
    RoleDescription, RoleName, Violation, Violations, WorkspaceId,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::answer::RoleAnswer;
use super::super::input::permissions;
use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::Body;

/// A new role. Unknown keys are ignored, and named in `x-ignored-fields`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_role)]
pub(crate) struct CreateRole {
    /// Name, unique regardless of case among the workspace's roles, or among the global ones.
    #[schema(value_type = String, required, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
    /// Permissions of its holders; none if absent.
    #[schema(value_type = Vec<String>, max_items = 100)]
    #[serde(default)]
    permissions: Input<Vec<Value>>,
    /// Its purpose.
    #[schema(value_type = Option<String>, max_length = 250)]
    #[serde(default)]
    description: Input<String>,
    /// Whether every workspace can use it. Only holders of `all` can set it; callers without workspace must. False
    /// if absent.
    #[schema(value_type = bool)]
    #[serde(default)]
    is_global: Input<bool>,
}

impl Body for CreateRole {
    type Record = RoleAnswer;
}

/// Changes to a role. Absent keys stay unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::update_role)]
pub(crate) struct UpdateRole {
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
    /// All permissions of its holders.
    #[schema(value_type = Vec<String>, max_items = 100)]
    #[serde(default)]
    permissions: Input<Vec<Value>>,
    /// Its purpose; null clears it.
    #[schema(value_type = Option<String>, max_length = 250)]
    #[serde(default)]
    description: Input<String>,
    /// Whether every workspace can use it. It cannot change, but may be sent unchanged.
    #[schema(value_type = bool)]
    #[serde(default)]
    is_global: Input<bool>,
}

impl Body for UpdateRole {
    type Record = RoleAnswer;
}

/// A new role, validated.
#[derive(Debug)]
pub(crate) struct NewRole {
    /// The workspace that will own it; `None` for a global role.
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// Its name.
    pub(crate) name: RoleName,
    /// Other fields.
    pub(crate) changes: RoleChanges,
}

impl CreateRole {
    /// Validates all fields.
    pub(crate) fn check(
        self,
        mut violations: Violations,
        authority: &Authority,
        reach: Reach,
    ) -> Result<NewRole> {
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
    /// Validates all fields.
    pub(crate) fn check(
        self,
        mut violations: Violations,
        authority: &Authority,
        role: &Role,
    ) -> Result<RoleChanges> {
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

/// Whether a new role is global, which is required if the caller has no workspace.
fn wants_global(violations: &mut Violations, input: Input<bool>, home: Option<WorkspaceId>) -> bool {
    let wanted = if home.is_some() {
        input.not_null(violations, "isGlobal", |value| Ok(*value))
    } else {
        input.required(violations, "isGlobal", |value| {
            let homeless = || Violation::new(Reason::Mismatch, "must be true without a workspace");
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
