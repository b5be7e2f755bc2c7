//! Invitations to flows, by e-mail address.

use crate::account::Username;
use crate::error::{Conflict, Error};
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
    /// Fails with [`Conflict::InvitationAccepted`] if it is too late to withdraw it.
    pub fn require_pending(&self) -> Result<(), Error> {
        match self.state {
            InvitationState::Pending => Ok(()),
            InvitationState::Accepted => Err(Error::Conflict(Conflict::InvitationAccepted)),
        }
    }
}

/// An entry of a list of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAddress {
    /// The address as written.
    pub text: String,
    /// The address, or why it is invalid.
    pub email: Result<Username, Violation>,
}

impl ListedAddress {
    /// Parses a list that people typed: `person@example.com` or `"Joe Smith" <person@example.com>`, separated by commas or
    /// line ends. Commas within quotes do not separate.
    pub fn all_in(list: &str) -> Vec<Self> {
        let mut is_quoted = false;
        let separates = |character: char| {
            is_quoted = (is_quoted != (character == '"')) && !matches!(character, '\n' | '\r');
            !is_quoted && matches!(character, ',' | '\n' | '\r')
        };
        list.split(separates).map(str::trim).filter(|entry| !entry.is_empty()).map(Self::of).collect()
    }

    fn of(entry: &str) -> Self {
        let address = entry.strip_suffix('>').and_then(|named| named.rsplit_once('<'));
        let text = address.map(|(_, address)| address.trim()).filter(|text| !text.is_empty());
        let text = text.unwrap_or(entry);
        Self { text: text.to_owned(), email: Username::parse(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_parses_as_people_type_it() {
        let list = "someone@example.com, \"Smith, Joe\" <Person@Example.com>\r\nnobody,,\n <x@example.com>, <>, \"open";
        let read: Vec<_> = ListedAddress::all_in(list)
            .into_iter()
            .map(|entry| (entry.text, entry.email.map(Username::into_string).ok()))
            .collect();
        let expected = [
            ("someone@example.com", Some("someone@example.com")),
            ("Person@Example.com", Some("person@example.com")),
            ("nobody", None),
            ("x@example.com", Some("x@example.com")),
            ("<>", None),
            ("\"open", None),
        ];
        let expected: Vec<_> =
            expected.map(|(text, email)| (text.to_owned(), email.map(str::to_owned))).into_iter().collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn an_unclosed_quote_ends_with_its_line() {
        let texts: Vec<_> = ListedAddress::all_in("\"a, b\nc@example.com, d@example.com")
            .into_iter()
            .map(|it| it.text)
            .collect();
        assert_eq!(texts, ["\"a, b", "c@example.com", "d@example.com"]);
    }
}
