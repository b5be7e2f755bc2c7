//! The status of accounts and workspaces.

use crate::primitives::{Coded, coded_texts};

/// The status of an account or a workspace. The FlowMate contract defines the wire codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// In use.
    Active,
    /// Not yet in use: every log-in fails.
    Pending,
    /// No longer in use: every log-in fails, and tokens and keys are rejected while this lasts.
    Disabled,
}

impl Coded for Status {
    const ALL: &'static [Self] = &[Self::Active, Self::Pending, Self::Disabled];

    fn code(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Pending => "PENDING",
            Self::Disabled => "DISABLED",
        }
    }
}

coded_texts!(Status);
