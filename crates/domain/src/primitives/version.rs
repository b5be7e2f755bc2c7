//! Versions of objects, and the entity tags that are made of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Timestamp;

/// The number of changes to an object. Every stored change increments it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Version(i64);

impl Version {
    /// Wraps a stored version.
    pub const fn from_stored(number: i64) -> Self {
        Self(number)
    }

    /// Returns the number to store.
    pub const fn as_i64(self) -> i64 {
        self.0
    }

    /// Returns the version after the next change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// The parts of an entity tag, in a form in which different parts never look the same.
#[derive(Debug)]
pub(crate) struct TagParts(Vec<u8>);

impl TagParts {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(128))
    }

    pub(crate) fn id(mut self, id: Uuid) -> Self {
        self.0.extend_from_slice(id.as_bytes());
        self
    }

    pub(crate) fn optional_id(self, id: Option<Uuid>) -> Self {
        match id {
            Some(id) => self.flag(true).id(id),
            None => self.flag(false),
        }
    }

    pub(crate) fn number(mut self, number: i64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Adds a version together with the time of the last change: servers before versions change only the time.
    pub(crate) fn version(self, version: Version, updated_at: Timestamp) -> Self {
        self.number(version.0).number(updated_at.unix_microseconds())
    }

    pub(crate) fn flag(mut self, flag: bool) -> Self {
        self.0.push(u8::from(flag));
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.extend_from_slice(&text.len().to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn optional_text(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.flag(true).text(text),
            None => self.flag(false),
        }
    }

    /// Returns the tag: 22 characters. It is a hash, so that clients cannot count changes.
    pub(crate) fn tag(self) -> String {
        URL_SAFE_NO_PAD.encode(&Sha256::digest(self.0)[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::ExternalUser;
    use crate::primitives::{ChannelId, ExternalUserId, SuperIdentityId, WorkspaceId};

    #[test]
    fn different_parts_make_different_tags() {
        let parts = TagParts::new;
        assert_ne!(parts().text("ab").text("c").tag(), parts().text("a").text("bc").tag());
        assert_ne!(parts().optional_text(Some("")).tag(), parts().optional_text(None).text("").tag());
        let [one, two] = [1, 2].map(Uuid::from_u128);
        let (first, second) = (parts().optional_id(Some(one)), parts().optional_id(None).id(one));
        assert_ne!(first.optional_id(None).tag(), second.tag());
        assert_ne!(parts().id(one).tag(), parts().id(two).tag());
    }

    #[test]
    fn a_tag_stays_the_same_from_version_to_version_of_this_crate() {
        let id = Uuid::from_u128;
        let start = Timestamp::from_unix_microseconds(0).unwrap();
        let user = ExternalUser::blank(
            ExternalUserId::from_uuid(id(1)),
            WorkspaceId::from_uuid(id(2)),
            ChannelId::from_uuid(id(3)),
            SuperIdentityId::from_uuid(id(4)),
            start,
        );
        assert_eq!(user.entity_tag(start), "CJD0pHvvbXl_OFwBxiYe7A");
    }
}
