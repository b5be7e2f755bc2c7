//! Request bodies for tiers.

use denizen_domain::{Error, TierChanges, Violations};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::TierAnswer;
use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::Body;

/// A new tier. `name`, `description`, `prompt` and `maxAssistantMessages` are required.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_tier)]
pub(crate) struct CreateTier {
    /// Display name.
    #[schema(value_type = String, required, min_length = 3, max_length = 50)]
    #[serde(default)]
    name: Input<String>,
    /// Its purpose.
    #[schema(value_type = String, required, min_length = 3, max_length = 250)]
    #[serde(default)]
    description: Input<String>,
    /// Assistant prompt about the tier's users.
    #[schema(value_type = Option<String>, required, min_length = 3, max_length = 500)]
    #[serde(default)]
    prompt: Input<String>,
    /// Maximum number of assistant messages for its users; null for no limit.
    #[schema(value_type = Option<i64>, required, minimum = 0)]
    #[serde(default)]
    max_assistant_messages: Input<i64>,
}

impl Body for CreateTier {
    type Record = TierAnswer;
}

/// Changes to a tier. Absent fields stay unchanged; null clears `prompt` and `maxAssistantMessages`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::update_tier)]
pub(crate) struct UpdateTier {
    /// Display name.
    #[schema(value_type = String, min_length = 3, max_length = 50)]
    #[serde(default)]
    name: Input<String>,
    /// Its purpose.
    #[schema(value_type = String, min_length = 3, max_length = 250)]
    #[serde(default)]
    description: Input<String>,
    /// Assistant prompt about the tier's users.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 500)]
    #[serde(default)]
    prompt: Input<String>,
    /// Maximum number of assistant messages for its users; null for no limit.
    #[schema(value_type = Option<i64>, minimum = 0)]
    #[serde(default)]
    max_assistant_messages: Input<i64>,
}

impl Body for UpdateTier {
    type Record = TierAnswer;
}

impl CreateTier {
    /// Validates all fields.
    pub(crate) fn check(self, mut violations: Violations) -> Result<TierChanges, Error> {
        let Self { name, description, prompt, max_assistant_messages } = self;
        let changes = TierChanges {
            name: name.required(&mut violations, "name", TierChanges::parse_name),
            description: description.required(&mut violations, "description", TierChanges::parse_description),
            prompt: prompt.present(&mut violations, "prompt", TierChanges::parse_prompt),
            max_assistant_messages: max_assistant_messages.present(
                &mut violations,
                "maxAssistantMessages",
                |count| TierChanges::parse_max_assistant_messages(*count),
            ),
        };
        violations.into_result(changes)
    }
}

impl UpdateTier {
    /// Validates all fields.
    pub(crate) fn check(self, mut violations: Violations) -> Result<TierChanges, Error> {
        let Self { name, description, prompt, max_assistant_messages } = self;
        let changes = TierChanges {
            name: name.not_null(&mut violations, "name", TierChanges::parse_name),
            description: description.not_null(&mut violations, "description", TierChanges::parse_description),
            prompt: prompt.optional(&mut violations, "prompt", TierChanges::parse_prompt),
            max_assistant_messages: max_assistant_messages.optional(
                &mut violations,
                "maxAssistantMessages",
                |count| TierChanges::parse_max_assistant_messages(*count),
            ),
        };
        violations.into_result(changes)
    }
}
