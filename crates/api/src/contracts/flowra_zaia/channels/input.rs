//! Request bodies for channels.

use denizen_domain::{ChannelChanges, Error, Violations};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::ChannelAnswer;
use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::{Body, Fields};

/// A new channel. `name`, `description` and `prompt` are required.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_channel)]
pub(crate) struct CreateChannel {
    /// Display name.
    #[schema(value_type = String, required, min_length = 3, max_length = 50)]
    #[serde(default)]
    name: Input<String>,
    /// Its purpose.
    #[schema(value_type = Option<String>, required, min_length = 3, max_length = 250)]
    #[serde(default)]
    description: Input<String>,
    /// Assistant prompt about the channel's users.
    #[schema(value_type = Option<String>, required, min_length = 3, max_length = 500)]
    #[serde(default)]
    prompt: Input<String>,
}

impl Body for CreateChannel {
    type Record = ChannelAnswer;

    fn elsewhere() -> Fields {
        Fields::of::<UpdateChannel>()
    }
}

/// Changes to a channel. Absent fields stay unchanged; null clears `description` and `prompt`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::update_channel)]
pub(crate) struct UpdateChannel {
    /// Display name.
    #[schema(value_type = String, min_length = 3, max_length = 50)]
    #[serde(default)]
    name: Input<String>,
    /// Its purpose.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 250)]
    #[serde(default)]
    description: Input<String>,
    /// Assistant prompt about the channel's users.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 500)]
    #[serde(default)]
    prompt: Input<String>,
    /// `true` closes the channel to new users, `false` reopens it.
    #[schema(value_type = bool)]
    #[serde(default)]
    is_removed: Input<bool>,
}

impl Body for UpdateChannel {
    type Record = ChannelAnswer;
}

impl CreateChannel {
    /// Validates all fields.
    pub(crate) fn check(self, mut violations: Violations) -> Result<ChannelChanges, Error> {
        let Self { name, description, prompt } = self;
        let changes = ChannelChanges {
            name: name.required(&mut violations, "name", ChannelChanges::parse_name),
            description: description.present(
                &mut violations,
                "description",
                ChannelChanges::parse_description,
            ),
            prompt: prompt.present(&mut violations, "prompt", ChannelChanges::parse_prompt),
            is_removed: None,
        };
        violations.into_result(changes)
    }
}

impl UpdateChannel {
    /// Validates all fields.
    pub(crate) fn check(self, mut violations: Violations) -> Result<ChannelChanges, Error> {
        let Self { name, description, prompt, is_removed } = self;
        let changes = ChannelChanges {
            name: name.not_null(&mut violations, "name", ChannelChanges::parse_name),
            description: description.optional(
                &mut violations,
                "description",
                ChannelChanges::parse_description,
            ),
            prompt: prompt.optional(&mut violations, "prompt", ChannelChanges::parse_prompt),
            is_removed: is_removed.not_null(&mut violations, "isRemoved", |value| Ok(*value)),
        };
        violations.into_result(changes)
    }
}
