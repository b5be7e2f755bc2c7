//! Whether something is in use.

use crate::primitives::{Coded, coded_texts};

/// Whether an account or a workspace is in use. The wire codes are those of the FlowMate contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// In use.
    Active,
    /// Not yet in use: nobody gets in.
    Pending,
    /// No longer in use: nobody gets in, and tokens and keys are refused for as long as this lasts.
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
