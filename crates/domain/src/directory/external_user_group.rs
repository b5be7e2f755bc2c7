//! Groups of external users, such as the companies they work for.

use super::ExternalId;
use crate::primitives::{ExternalUserGroupId, Patch, TierId, Timestamp, Violation, WorkspaceId, text};

/// A group of external users. From the Zaia contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalUserGroup {
    /// Its id.
    pub id: ExternalUserGroupId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// The customer's own id for it, unique in the workspace: 3 to 250 characters.
    pub external_id: Option<ExternalId>,
    /// Its display name: 3 to 50 characters, not unique.
    pub name: Option<String>,
    /// Its tier.
    pub tier_id: Option<TierId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A request's changes to a group, already checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExternalUserGroupChanges {
    /// See [`ExternalUserGroup::external_id`].
    pub external_id: Patch<ExternalId>,
    /// See [`ExternalUserGroup::name`].
    pub name: Patch<String>,
    /// See [`ExternalUserGroup::tier_id`].
    pub tier_id: Patch<TierId>,
}

impl ExternalUserGroupChanges {
    /// Checks an external id: 3 to 250 characters.
    pub fn parse_external_id(text: &str) -> Result<ExternalId, Violation> {
        text::checked(text, &(3..=250)).and_then(|text| ExternalId::parse(&text))
    }

    /// Checks a name: 3 to 50 characters on one line, not blank.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        text::line(text, &(3..=50))
    }

    /// Applies the changes.
    pub fn apply_to(self, group: &mut ExternalUserGroup) {
        let Self { external_id, name, tier_id } = self;
        external_id.apply(&mut group.external_id);
        name.apply(&mut group.name);
        tier_id.apply(&mut group.tier_id);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::primitives::Reason;

    fn group() -> ExternalUserGroup {
        let now = Timestamp::from_unix_microseconds(1_700_000_000_000_000).unwrap();
        ExternalUserGroup {
            id: ExternalUserGroupId::from_uuid(Uuid::from_u128(1)),
            workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
            external_id: Some(ExternalId::from_stored("acme".to_owned())),
            name: Some("Acme Inc".to_owned()),
            tier_id: Some(TierId::from_uuid(Uuid::from_u128(3))),
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn lengths_count_characters() {
        type Rule = fn(&str) -> Result<(), Violation>;
        let external_id: Rule = |text| ExternalUserGroupChanges::parse_external_id(text).map(|_| ());
        let name: Rule = |text| ExternalUserGroupChanges::parse_name(text).map(|_| ());
        for (rule, longest) in [(external_id, 250), (name, 50)] {
            for length in [3, longest] {
                assert_eq!(rule(&"ü".repeat(length)), Ok(()), "{length}");
            }
            assert_eq!(rule("üü").unwrap_err().reason, Reason::TooShort);
            assert_eq!(rule(&"ü".repeat(longest + 1)).unwrap_err().reason, Reason::TooLong);
            assert_eq!(rule("a\0b").unwrap_err().reason, Reason::InvalidCharacters);
        }
    }

    #[test]
    fn absent_keeps_a_field_null_clears_it_and_a_value_replaces_it() {
        let mut changed = group();
        ExternalUserGroupChanges::default().apply_to(&mut changed);
        assert_eq!(changed, group());

        let name = Patch::Value("Acme Corp".to_owned());
        let changes = ExternalUserGroupChanges { external_id: Patch::Null, name, tier_id: Patch::Absent };
        changes.apply_to(&mut changed);
        let expected = ExternalUserGroup { external_id: None, name: Some("Acme Corp".to_owned()), ..group() };
        assert_eq!(changed, expected);
    }
}
