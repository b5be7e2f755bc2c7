//! Invitations into a flow, by e-mail address.

use crate::account::Username;
use crate::error::{Conflict, Error};
use crate::primitives::{Coded, FlowId, InvitationNumber, Timestamp, Violation, WorkspaceId, coded_texts};

/// How far an invitation has come. The wire codes are those of the Flowdock contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvitationState {
    /// Nobody with this address is in the flow yet.
    Pending,
    /// Whoever was invited has come into the flow.
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

/// An invitation into a flow. The directory sends no mail: whoever invites passes it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its number.
    pub number: InvitationNumber,
    /// The workspace that the flow belongs to.
    pub workspace_id: WorkspaceId,
    /// The flow.
    pub flow_id: FlowId,
    /// The username of the account that is to join: an e-mail address.
    pub email: Username,
    /// How far it has come.
    pub state: InvitationState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Invitation {
    /// Fails with [`Conflict::InvitationAccepted`] where it is too late to take it back.
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
    /// The address as it was written.
    pub text: String,
    /// The address, where it is one.
    pub email: Result<Username, Violation>,
}

impl ListedAddress {
    /// The entries of a list that people have typed: `person@example.com` or `"Joe Smith" <person@example.com>`, separated
    /// by commas or line ends. Commas within quotes separate nothing.
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
    fn a_list_of_addresses_is_read_as_people_write_it() {
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
    fn a_quote_that_is_not_closed_ends_with_its_line() {
        let texts: Vec<_> = ListedAddress::all_in("\"a, b\nc@example.com, d@example.com")
            .into_iter()
            .map(|it| it.text)
            .collect();
        assert_eq!(texts, ["\"a, b", "c@example.com", "d@example.com"]);
    }
}
