//! Tiers: the plans of external users.

use crate::error::Error;
use crate::primitives::{Patch, Reason, TierId, Timestamp, Violation, Violations, WorkspaceId, text};

/// A plan for external users and their groups. From the Zaia contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its id.
    pub id: TierId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// Its display name: 3 to 50 characters, not unique.
    pub name: String,
    /// Its purpose: 3 to 250 characters.
    pub description: String,
    /// What an assistant should know about its users: 3 to 500 characters.
    pub prompt: Option<String>,
    /// The most assistant messages for its users; `None` for no limit.
    pub max_assistant_messages: Option<i64>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A request's changes to a tier, already checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TierChanges {
    /// The name. It cannot be cleared.
    pub name: Option<String>,
    /// The description. It cannot be cleared.
    pub description: Option<String>,
    /// The prompt.
    pub prompt: Patch<String>,
    /// The most assistant messages.
    pub max_assistant_messages: Patch<i64>,
}

impl TierChanges {
    /// Checks a name: 3 to 50 characters on one line, not blank.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        text::line(text, &(3..=50))
    }

    /// Checks a description: 3 to 250 characters.
    pub fn parse_description(text: &str) -> Result<String, Violation> {
        text::lines(text, &(3..=250))
    }

    /// Checks a prompt: 3 to 500 characters.
    pub fn parse_prompt(text: &str) -> Result<String, Violation> {
        text::lines(text, &(3..=500))
    }

    /// Checks a number of messages: 0 or more.
    pub fn parse_max_assistant_messages(count: i64) -> Result<i64, Violation> {
        if count >= 0 { Ok(count) } else { Err(Violation::new(Reason::OutOfRange, "must not be below 0")) }
    }

    /// Applies the changes.
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

    /// Returns the name and description of a new tier. Fails if either is absent.
    pub fn required(&self) -> Result<(String, String), Error> {
        let mut violations = Violations::new();
        let missing = || Violation::new(Reason::Required, "must be given");
        let name = violations.check("name", self.name.clone().ok_or_else(missing));
        let description = violations.check("description", self.description.clone().ok_or_else(missing));
        violations.into_result((name.unwrap_or_default(), description.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tier() -> Tier {
        let now = Timestamp::from_unix_microseconds(1_700_000_000_000_000).unwrap();
        Tier {
            id: TierId::from_uuid(Uuid::from_u128(1)),
            workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
            name: "Gold".to_owned(),
            description: "For large customers".to_owned(),
            prompt: Some("Be thorough".to_owned()),
            max_assistant_messages: Some(100),
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn lengths_count_characters() {
        type Rule = fn(&str) -> Result<String, Violation>;
        let rules: [(Rule, usize); 3] = [
            (TierChanges::parse_name, 50),
            (TierChanges::parse_description, 250),
            (TierChanges::parse_prompt, 500),
        ];
        for (rule, longest) in rules {
            for length in [3, longest] {
                assert_eq!(rule(&"ü".repeat(length)), Ok("ü".repeat(length)));
            }
            assert_eq!(rule("üü").unwrap_err().reason, Reason::TooShort);
            assert_eq!(rule(&"ü".repeat(longest + 1)).unwrap_err().reason, Reason::TooLong);
            assert_eq!(rule("a\0b").unwrap_err().reason, Reason::InvalidCharacters);
        }
    }

    #[test]
    fn a_number_of_messages_is_not_negative() {
        for count in [0, 1, i64::MAX] {
            assert_eq!(TierChanges::parse_max_assistant_messages(count), Ok(count));
        }
        for count in [-1, i64::MIN] {
            let violation = TierChanges::parse_max_assistant_messages(count).unwrap_err();
            assert_eq!(violation.reason, Reason::OutOfRange, "{count}");
        }
    }

    #[test]
    fn absent_keeps_a_field_null_clears_it_and_a_value_replaces_it() {
        let mut changed = tier();
        TierChanges::default().apply_to(&mut changed);
        assert_eq!(changed, tier());

        let changes = TierChanges {
            name: Some("Silver".to_owned()),
            description: None,
            prompt: Patch::Null,
            max_assistant_messages: Patch::Value(0),
        };
        changes.apply_to(&mut changed);
        let expected =
            Tier { name: "Silver".to_owned(), prompt: None, max_assistant_messages: Some(0), ..tier() };
        assert_eq!(changed, expected);
    }

    #[test]
    fn a_new_tier_requires_a_name_and_a_description() {
        let Err(Error::Invalid(violations)) = TierChanges::default().required() else {
            panic!("both are missing");
        };
        let missing: Vec<_> = violations.fields().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(missing, ["name", "description"]);
    }
}
