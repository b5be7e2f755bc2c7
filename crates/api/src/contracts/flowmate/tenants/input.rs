//! Fields of workspaces in bodies.

use denizen_domain::{Status, Violation, Violations, WorkspaceChanges, WorkspaceName};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answer::Tenant;
use super::super::input::status;
use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::Body;

/// A whole workspace. Unknown keys are ignored, and named in `x-ignored-fields`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::create_tenant)]
pub(crate) struct WholeTenant {
    /// Display name.
    #[schema(value_type = String, required, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
    /// Whether the workspace has been confirmed.
    #[schema(value_type = bool)]
    #[serde(default)]
    confirmed: Input<bool>,
    /// Its status: `ACTIVE`, `PENDING` or `DISABLED`.
    #[schema(value_type = String, example = "ACTIVE")]
    #[serde(default)]
    status: Input<String>,
}

impl Body for WholeTenant {
    type Record = Tenant;
}

/// Changes to a workspace. Absent keys stay unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::update_tenant)]
pub(crate) struct UpdateTenant {
    /// Display name.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
    /// Whether the workspace has been confirmed.
    #[schema(value_type = bool)]
    #[serde(default)]
    confirmed: Input<bool>,
    /// Its status: `ACTIVE`, `PENDING` or `DISABLED`.
    #[schema(value_type = String, example = "ACTIVE")]
    #[serde(default)]
    status: Input<String>,
}

impl Body for UpdateTenant {
    type Record = Tenant;
}

impl WholeTenant {
    /// Validates all fields of a new workspace. The changes include the name.
    pub(crate) fn check_new(
        self,
        violations: Violations,
    ) -> denizen_domain::Result<(WorkspaceName, WorkspaceChanges)> {
        self.check_by(violations, WorkspaceName::parse_new)
    }

    /// Validates all fields.
    pub(crate) fn check(self, violations: Violations) -> denizen_domain::Result<WorkspaceChanges> {
        self.check_by(violations, WorkspaceName::parse).map(|(_, changes)| changes)
    }

    fn check_by(
        self,
        mut violations: Violations,
        name_rule: fn(&str) -> Result<WorkspaceName, Violation>,
    ) -> denizen_domain::Result<(WorkspaceName, WorkspaceChanges)> {
        let Self { name, confirmed, status } = self;
        let name = name.required(&mut violations, "name", name_rule);
        let (confirmed, status) = use_of(&mut violations, confirmed, status);
        let name = violations.into_value(name)?;
        let changes =
            WorkspaceChanges { name: Some(name.clone()), status, confirmed, ..WorkspaceChanges::default() };
        Ok((name, changes))
    }
}

impl UpdateTenant {
    /// Validates all fields.
    pub(crate) fn check(self, mut violations: Violations) -> denizen_domain::Result<WorkspaceChanges> {
        let Self { name, confirmed, status } = self;
        let name = name.not_null(&mut violations, "name", WorkspaceName::parse);
        let (confirmed, status) = use_of(&mut violations, confirmed, status);
        let changes = WorkspaceChanges { name, status, confirmed, ..WorkspaceChanges::default() };
        violations.into_result(changes)
    }
}

fn use_of(
    violations: &mut Violations,
    confirmed: Input<bool>,
    status_input: Input<String>,
) -> (Option<bool>, Option<Status>) {
    let confirmed = confirmed.not_null(violations, "confirmed", |value| Ok(*value));
    (confirmed, status_input.not_null(violations, "status", status))
}
