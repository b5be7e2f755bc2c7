//! The status of connected accounts.

use crate::primitives::{Coded, coded_texts};

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnectionStatus {
    /// A link was made, and nobody has opened it.
    Initializing,
    /// The user was sent to the system, and has not come back.
    Initiated,
    /// It can be used.
    Active,
    /// The user did not agree, did not come back in time, or the system refused.
    Failed,
    /// The system issues no more tokens: the user must connect the account again.
    Expired,
    /// It could be used, but was disabled.
    Inactive,
}

impl Coded for ConnectionStatus {
    const ALL: &'static [Self] =
        &[Self::Initializing, Self::Initiated, Self::Active, Self::Failed, Self::Expired, Self::Inactive];

    fn code(self) -> &'static str {
        match self {
            Self::Initializing => "INITIALIZING",
            Self::Initiated => "INITIATED",
            Self::Active => "ACTIVE",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
            Self::Inactive => "INACTIVE",
        }
    }
}

coded_texts!(ConnectionStatus);
