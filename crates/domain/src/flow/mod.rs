//! Flows: places in a workspace that its members join, with their access rules and invitations.

mod access;
mod invitation;
mod listed_address;

pub use access::{Participant, Place, Rank, may_look_up, may_see};
pub use invitation::{Invitation, InvitationState};
pub use listed_address::ListedAddress;

use std::fmt;

use subtle::ConstantTimeEq as _;

use crate::fields::Slug;
use crate::primitives::coded_texts;
use crate::primitives::text::{line, not_blank, text_type};
use crate::primitives::{
    AccountId, Coded, FlowId, IdSource, Patch, Secret, Timestamp, Violation, WorkspaceId, fold,
};

text_type! { @declare
    /// A flow's name: 1 to 100 characters on one line, not blank.
    FlowName
}

impl FlowName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        not_blank(text)?;
        line(text, &(1..=100)).map(Self)
    }

    /// Returns the form that orders flows by name.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

text_type! {
    /// A flow's purpose: at most 1,000 characters.
    FlowDescription, lines(0..=1000)
}

/// How accounts join a flow. The Flowdock contract defines the wire codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum AccessMode {
    /// By an invitation, or when a participant with access adds them.
    #[default]
    Invitation,
    /// Also by the flow's link.
    Link,
    /// Also by the flow's link, and every member of the workspace may join.
    Organization,
}

impl Coded for AccessMode {
    const ALL: &'static [Self] = &[Self::Invitation, Self::Link, Self::Organization];

    fn code(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Link => "link",
            Self::Organization => "organization",
        }
    }
}

coded_texts!(AccessMode);

/// The secret in a flow's link, which lets its holders join. `Debug` hides it.
#[derive(Clone)]
pub struct JoinCode(String);

impl JoinCode {
    /// Generates a random code.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(Secret::generate("", ids).expose().to_owned())
    }

    /// Wraps a stored code.
    pub fn from_stored(code: String) -> Self {
        Self(code)
    }

    /// Returns the code, for a link.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether a link contains this code. Compares in constant time.
    pub fn is(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl PartialEq for JoinCode {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl Eq for JoinCode {}

impl fmt::Debug for JoinCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JoinCode(…)")
    }
}

/// A place in a workspace that its members join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Its id.
    pub id: FlowId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// Its name in URLs, unique in the workspace. Renaming the flow keeps it.
    pub slug: Slug,
    /// Its display name, not unique.
    pub name: FlowName,
    /// Its purpose; may be empty.
    pub description: FlowDescription,
    /// How accounts join it.
    pub access_mode: AccessMode,
    /// Whether it is archived: it stays unchanged, and only administrators see it.
    pub is_archived: bool,
    /// The secret in its link.
    pub join_code: JoinCode,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Flow {
    /// Returns the secret in its link, if accounts can join by one.
    pub fn open_join_code(&self) -> Option<&JoinCode> {
        let has_link = match self.access_mode {
            AccessMode::Link | AccessMode::Organization => !self.is_archived,
            AccessMode::Invitation => false,
        };
        has_link.then_some(&self.join_code)
    }
}

/// An account in a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowMembership {
    /// The workspace that the flow belongs to.
    pub workspace_id: WorkspaceId,
    /// The flow.
    pub flow_id: FlowId,
    /// The account, always a member of the workspace.
    pub account_id: AccountId,
    /// Whether it is blocked from the flow.
    pub is_blocked: bool,
    /// Whether its clients show the flow.
    pub is_open: bool,
    /// When it joined.
    pub created_at: Timestamp,
}

/// The fields of a new flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFlow {
    /// See [`Flow::name`].
    pub name: FlowName,
    /// See [`Flow::description`].
    pub description: FlowDescription,
    /// See [`Flow::access_mode`].
    pub access_mode: AccessMode,
}

/// A request's changes to a flow, each checked by its type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlowChanges {
    /// See [`Flow::name`].
    pub name: Option<FlowName>,
    /// See [`Flow::description`]: null clears it.
    pub description: Patch<FlowDescription>,
    /// See [`Flow::access_mode`].
    pub access_mode: Option<AccessMode>,
    /// See [`Flow::is_archived`].
    pub is_archived: Option<bool>,
}

impl FlowChanges {
    /// Returns whether the request changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Applies the changes. `updated_at` moves only if a field does. A flow that becomes joinable by link gets a new link:
    /// old links stay invalid.
    pub fn apply_to(self, flow: &mut Flow, ids: &dyn IdSource, now: Timestamp) {
        let before = flow.clone();
        let Self { name, description, access_mode, is_archived } = self;
        flow.name = name.unwrap_or(before.name.clone());
        flow.description = match description {
            Patch::Absent => before.description.clone(),
            Patch::Null => FlowDescription::from_stored(String::new()),
            Patch::Value(description) => description,
        };
        flow.access_mode = access_mode.unwrap_or(before.access_mode);
        flow.is_archived = is_archived.unwrap_or(before.is_archived);
        if before.open_join_code().is_none() && flow.open_join_code().is_some() {
            flow.join_code = JoinCode::generate(ids);
        }
        if *flow != before {
            flow.updated_at = now;
        }
    }
}

#[cfg(test)]
mod tests;
