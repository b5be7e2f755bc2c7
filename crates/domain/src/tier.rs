//! The tier: the plan that external users are on.

use crate::{Error, Patch, Reason, TierId, Timestamp, Violation, Violations, WorkspaceId, text};

/// A plan that external users, and groups of them, are on. From the Zaia contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its id.
    pub id: TierId,
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// What people call it: 3 to 50 characters. Several tiers may have the same.
    pub name: String,
    /// What it is for: 3 to 250 characters.
    pub description: String,
    /// What an assistant should know of its users: 3 to 500 characters.
    pub prompt: Option<String>,
    /// How many messages of an assistant its users may have; `None` for as many as they like.
    pub max_assistant_messages: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a request says of a tier's fields, each checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TierChanges {
    /// The name. It cannot be cleared.
    pub name: Option<String>,
    /// The description. It cannot be cleared.
    pub description: Option<String>,
    /// The prompt.
    pub prompt: Patch<String>,
    /// The most messages of an assistant.
    pub max_assistant_messages: Patch<i64>,
}

impl TierChanges {
    /// Checks a name: 3 to 50 characters.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        text::checked(text, &(3..=50))
    }

    /// Checks a description: 3 to 250 characters.
    pub fn parse_description(text: &str) -> Result<String, Violation> {
        text::checked(text, &(3..=250))
    }

    /// Checks a prompt: 3 to 500 characters.
    pub fn parse_prompt(text: &str) -> Result<String, Violation> {
        text::checked(text, &(3..=500))
    }

    /// Checks a number of messages: not below 0.
    pub fn parse_max_assistant_messages(count: i64) -> Result<i64, Violation> {
        if count >= 0 { Ok(count) } else { Err(Violation::new(Reason::OutOfRange, "must not be below 0")) }
    }

    /// Carries the changes out.
    pub fn apply_to(self, tier: &mut Tier) {
        let Self { name, description, prompt, max_assistant_messages } = self;
        if let Some(name) = name {
            tier.name = name;
        }
        if let Some(description) = description {
            tier.description = description;
        }
        prompt.apply(&mut tier.prompt);
        max_assistant_messages.apply(&mut tier.max_assistant_messages);
    }

    /// Name and description of a tier that is being made; both must be there.
    pub fn required(&self) -> Result<(String, String), Error> {
        let mut violations = Violations::new();
        let missing = || Violation::new(Reason::Required, "must be given");
        let name = violations.check("name", self.name.clone().ok_or_else(missing));
        let description = violations.check("description", self.description.clone().ok_or_else(missing));
        violations.into_result((name.unwrap_or_default(), description.unwrap_or_default()))
    }
}
