//! Deleted external users.

use super::ExternalUser;
use crate::primitives::{Position, Timestamp};

/// A deleted external user that can be restored.
#[derive(Debug, Clone, PartialEq)]
pub struct DeletedExternalUser {
    /// The user as it was.
    pub user: ExternalUser,
    /// When it was deleted.
    pub deleted_at: Timestamp,
}

impl DeletedExternalUser {
    /// Returns its position in lists, which are ordered by when users were deleted.
    pub fn position(&self) -> Position {
        Position::at(self.deleted_at, self.user.id.as_uuid())
    }
}
