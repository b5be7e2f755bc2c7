//! Request bodies for groups.

use denizen_domain::{Error, ExternalUserGroupChanges, InvalidId, TierId, Violation, Violations};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::ExternalUserGroupAnswer;
use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::Body;
use crate::wire::query::invalid_id;

/// A new group. `externalId`, `name` and `tierId` are required.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_external_user_group)]
pub(crate) struct CreateExternalUserGroup {
    /// The customer's own id, unique in the workspace.
    #[schema(value_type = Option<String>, required, min_length = 3, max_length = 250)]
    #[serde(default)]
    external_id: Input<String>,
    /// Display name.
    #[schema(value_type = Option<String>, required, min_length = 3, max_length = 50)]
    #[serde(default)]
    name: Input<String>,
    /// Id of the group's tier.
    #[schema(value_type = Option<Uuid>, required)]
    #[serde(default)]
    tier_id: Input<String>,
}

impl Body for CreateExternalUserGroup {
    type Record = ExternalUserGroupAnswer;
}

/// Changes to a group. Absent fields stay unchanged; null clears a field.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::update_external_user_group)]
pub(crate) struct UpdateExternalUserGroup {
    /// The customer's own id, unique in the workspace.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 250)]
    #[serde(default)]
    external_id: Input<String>,
    /// Display name.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 50)]
    #[serde(default)]
    name: Input<String>,
    /// Id of the group's tier.
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    tier_id: Input<String>,
}

impl Body for UpdateExternalUserGroup {
    type Record = ExternalUserGroupAnswer;
}

impl CreateExternalUserGroup {
    /// Validates all fields.
    pub(crate) fn check(self, mut violations: Violations) -> Result<ExternalUserGroupChanges, Error> {
        let Self { external_id, name, tier_id } = self;
        let changes = ExternalUserGroupChanges {
            external_id: external_id.present(
                &mut violations,
                "externalId",
                ExternalUserGroupChanges::parse_external_id,
            ),
            name: name.present(&mut violations, "name", ExternalUserGroupChanges::parse_name),
            tier_id: tier_id.present(&mut violations, "tierId", parse_tier_id),
        };
        violations.into_result(changes)
    }
}

impl UpdateExternalUserGroup {
    /// Validates all fields.
    pub(crate) fn check(self, mut violations: Violations) -> Result<ExternalUserGroupChanges, Error> {
        let Self { external_id, name, tier_id } = self;
        let changes = ExternalUserGroupChanges {
            external_id: external_id.optional(
                &mut violations,
                "externalId",
                ExternalUserGroupChanges::parse_external_id,
            ),
            name: name.optional(&mut violations, "name", ExternalUserGroupChanges::parse_name),
            tier_id: tier_id.optional(&mut violations, "tierId", parse_tier_id),
        };
        violations.into_result(changes)
    }
}

fn parse_tier_id(text: &str) -> Result<TierId, Violation> {
    text.parse().map_err(|InvalidId| invalid_id())
}
