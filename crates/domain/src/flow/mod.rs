//! Flows: places in a workspace that its members join, and who may do what in them.

mod access;
mod invitation;

pub use access::{Participant, Place, Rank, may_look_up, may_see};
pub use invitation::{Invitation, InvitationState, ListedAddress};

use std::fmt;

use subtle::ConstantTimeEq as _;

use crate::fields::Slug;
use crate::primitives::coded_texts;
use crate::primitives::text::{checked, text_type, visible};
use crate::primitives::{
    AccountId, Coded, FlowId, IdSource, Patch, Secret, Timestamp, Violation, WorkspaceId, fold,
};

text_type! { @declare
    /// What a flow is called: 1 to 100 characters, not blank, without control characters.
    FlowName
}

impl FlowName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        visible(text)?;
        checked(text, &(1..=100)).map(Self)
    }

    /// The form in which flows are ordered by name.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

text_type! {
    /// What a flow is for: at most 1,000 characters.
    FlowDescription, 0..=1000
}

/// How people come into a flow. The wire codes are those of the Flowdock contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum AccessMode {
    /// They are invited, or added by those who have access.
    #[default]
    Invitation,
    /// Whoever has the link may join, too.
    Link,
    /// Whoever has the link may join, and so may every member of the workspace.
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

/// What a link must hold for people to join by it. Whoever has it may join, so it prints nowhere but in links.
#[derive(Clone)]
pub struct JoinCode(String);

impl JoinCode {
    /// A new code of random bits.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(Secret::generate("", ids).expose().to_owned())
    }

    /// Takes a code that was generated before it was stored.
    pub fn from_stored(code: String) -> Self {
        Self(code)
    }

    /// The code, for a link.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a link holds this code. Compares in constant time.
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
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// Its name in addresses: unique in the workspace, and kept when the flow is renamed.
    pub slug: Slug,
    /// Its name for people. Several flows may have the same.
    pub name: FlowName,
    /// What it is for; may be empty.
    pub description: FlowDescription,
    /// How people come into it.
    pub access_mode: AccessMode,
    /// Whether it is put away: it stays as it is, and only administrators find it.
    pub is_archived: bool,
    /// What a link must hold for people to join by it.
    pub join_code: JoinCode,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Flow {
    /// What its link must hold, where it can be joined by one.
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
    /// Whether it is shut out of the flow.
    pub is_blocked: bool,
    /// Whether its programs show the flow.
    pub is_open: bool,
    /// Since when.
    pub created_at: Timestamp,
}

/// What a flow is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFlow {
    /// See [`Flow::name`].
    pub name: FlowName,
    /// See [`Flow::description`].
    pub description: FlowDescription,
    /// See [`Flow::access_mode`].
    pub access_mode: AccessMode,
}

/// What a request says of a flow's fields, each checked by its type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlowChanges {
    /// See [`Flow::name`].
    pub name: Option<FlowName>,
    /// See [`Flow::description`]: null empties it.
    pub description: Patch<FlowDescription>,
    /// See [`Flow::access_mode`].
    pub access_mode: Option<AccessMode>,
    /// See [`Flow::is_archived`].
    pub is_archived: Option<bool>,
}

impl FlowChanges {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Changes a flow. The time of change moves only where a field does. A flow that can be joined by a link only from now
    /// on, or again, gets a new one: whoever kept an old link has no use for it.
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
