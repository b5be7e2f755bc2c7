//! Invitations to flows, by e-mail address.

use crate::account::Username;
use crate::error::{Conflict, Error};
use crate::primitives::text::lines;
use crate::primitives::{Coded, FlowId, InvitationNumber, Timestamp, Violation, WorkspaceId, coded_texts};

/// The state of an invitation. The Flowdock contract defines the wire codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvitationState {
    /// No account with this address is in the flow yet.
    Pending,
    /// The invited account joined the flow.
    Accepted,
}

impl Coded for InvitationState {
    const ALL: &'static [Self] = &[Self::Pending, Self::Accepted];

    fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
        }
    }
}

coded_texts!(InvitationState);

/// An invitation to a flow. The directory sends no mail: the inviter passes it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its number.
    pub number: InvitationNumber,
    /// The workspace of the flow.
    pub workspace_id: WorkspaceId,
    /// The flow.
    pub flow_id: FlowId,
    /// The username of the invited account: an e-mail address.
    pub email: Username,
    /// Its state.
    pub state: InvitationState,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Invitation {
    /// Checks a message of at most 1,000 characters. The inviter passes it on; the directory does not store it.
    pub fn check_message(text: &str) -> Result<(), Violation> {
        lines(text, &(0..=1000)).map(|_| ())
    }

    /// Fails with [`Conflict::InvitationAccepted`] if it is too late to withdraw it.
    pub fn require_pending(&self) -> Result<(), Error> {
        match self.state {
            InvitationState::Pending => Ok(()),
            InvitationState::Accepted => Err(Error::Conflict(Conflict::InvitationAccepted)),
        }
    }
}
