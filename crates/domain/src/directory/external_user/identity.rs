//! The names by which an authentication identifies a user, and whether they match the record.

use super::{ExternalId, ExternalUser, Identifier};
use crate::error::{BadRequest, Error};
use crate::primitives::{ChannelId, ExternalUserId, Reason, Violation, Violations};

/// The names by which an authentication identifies a user. At least one is present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityClaim {
    /// The channel to search.
    pub channel_id: ChannelId,
    /// The directory's id, searched first.
    pub id: Option<ExternalUserId>,
    /// The customer's id, searched second.
    pub external_id: Option<ExternalId>,
    /// The log-in handle, searched last.
    pub identifier: Option<Identifier>,
}

impl IdentityClaim {
    /// Fails with [`BadRequest::Contradiction`] if every name is absent.
    pub fn require_a_name(&self) -> Result<(), Error> {
        if self.id.is_some() || self.external_id.is_some() || self.identifier.is_some() {
            return Ok(());
        }
        let mut violations = Violations::new();
        for field in ["external_id", "id", "identifier"] {
            violations
                .add(field, Violation::new(Reason::Required, "must be given if the other two are null"));
        }
        Err(contradiction(violations))
    }

    /// Fails with [`BadRequest::Contradiction`] if a name is not the user's.
    pub fn require_agreement_with(&self, user: &ExternalUser) -> Result<(), Error> {
        let mut violations = Violations::new();
        if self.external_id.is_some() && self.external_id != user.external_id {
            violations.add("external_id", mismatch());
        }
        let folded = |identifier: &Option<Identifier>| identifier.as_ref().map(Identifier::folded);
        if self.identifier.is_some() && folded(&self.identifier) != folded(&user.identifier) {
            violations.add("identifier", mismatch());
        }
        if violations.is_empty() { Ok(()) } else { Err(contradiction(violations)) }
    }
}

fn mismatch() -> Violation {
    Violation::new(Reason::Mismatch, "does not belong to the external user that the request names")
}

fn contradiction(violations: Violations) -> Error {
    Error::BadRequest(BadRequest::Contradiction(violations))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::primitives::{SuperIdentityId, Timestamp, WorkspaceId};

    fn claim(external_id: Option<&str>, identifier: Option<&str>) -> IdentityClaim {
        IdentityClaim {
            channel_id: ChannelId::from_uuid(Uuid::nil()),
            id: None,
            external_id: external_id.map(|text| ExternalId::parse(text).unwrap()),
            identifier: identifier.map(|text| Identifier::parse(text).unwrap()),
        }
    }

    #[test]
    fn all_given_names_must_match() {
        let mut user = ExternalUser::blank(
            ExternalUserId::from_uuid(Uuid::nil()),
            WorkspaceId::from_uuid(Uuid::nil()),
            ChannelId::from_uuid(Uuid::nil()),
            SuperIdentityId::from_uuid(Uuid::nil()),
            Timestamp::from_unix_microseconds(0).unwrap(),
        );
        user.external_id = Some(ExternalId::parse("u-1").unwrap());
        user.identifier = Some(Identifier::parse("Jane").unwrap());
        for (external_id, identifier, agrees) in [
            (Some("u-1"), Some("JANE"), true),
            (None, Some("jane"), true),
            (Some("u-1"), None, true),
            (Some("U-1"), None, false),
            (Some("u-1"), Some("joe"), false),
            (Some("u-2"), Some("jane"), false),
        ] {
            let result = claim(external_id, identifier).require_agreement_with(&user);
            assert_eq!(result.is_ok(), agrees, "{external_id:?} {identifier:?}");
        }
    }

    #[test]
    fn at_least_one_name_is_required() {
        assert!(claim(None, None).require_a_name().is_err());
        assert!(claim(None, Some("jane")).require_a_name().is_ok());
    }
}
