//! The channel: where external users come from, such as an app, a site or an integration.

use crate::error::{Conflict, Error};
use crate::primitives::{ChannelId, Patch, Reason, Timestamp, Violation, Violations, WorkspaceId, text};

/// A source of external users within a workspace. External ids and identifiers are unique in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// What people call it: 3 to 50 characters.
    pub name: String,
    /// What it is for: 3 to 250 characters.
    pub description: Option<String>,
    /// What an assistant should know of its users: 3 to 500 characters.
    pub prompt: Option<String>,
    /// Whether contracts that know no channel write to it. One channel of a workspace is the default.
    pub is_default: bool,
    /// Whether it was removed: its users stay, and no new ones come.
    pub is_removed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Channel {
    /// The name of the channel that every workspace starts with.
    pub const DEFAULT_NAME: &str = "api";

    /// Fails with [`Conflict::ChannelRemoved`] where the channel takes no new external users.
    pub fn require_open(&self) -> Result<(), Error> {
        if self.is_removed { Err(Error::Conflict(Conflict::ChannelRemoved)) } else { Ok(()) }
    }

    /// Fails with [`Conflict::DefaultChannel`] for the one channel that must stay.
    pub fn require_removable(&self) -> Result<(), Error> {
        if self.is_default { Err(Error::Conflict(Conflict::DefaultChannel)) } else { Ok(()) }
    }
}

/// What a request says of a channel's fields, each checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelChanges {
    /// The name. It cannot be cleared.
    pub name: Option<String>,
    /// The description.
    pub description: Patch<String>,
    /// The prompt.
    pub prompt: Patch<String>,
    /// `true` removes the channel, `false` brings it back.
    pub is_removed: Option<bool>,
}

impl ChannelChanges {
    /// Checks a name: 3 to 50 characters.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        text::checked(text, &(3..=50))
    }

    /// Checks a description: 3 to 250 characters.
    pub fn parse_description(text: &str) -> Result<String, Violation> {
        text::checked(text, &(3..=250))
    }

    /// Checks a prompt: 3 to 500 characters.
    pub fn parse_prompt(text: &str) -> Result<String, Violation> {
        text::checked(text, &(3..=500))
    }

    /// Carries the changes out. Fails with [`Conflict::DefaultChannel`] on removing the default channel, and then
    /// the channel is not to be stored.
    pub fn apply_to(self, channel: &mut Channel) -> Result<(), Error> {
        let Self { name, description, prompt, is_removed } = self;
        if is_removed == Some(true) {
            channel.require_removable()?;
        }
        channel.is_removed = is_removed.unwrap_or(channel.is_removed);
        if let Some(name) = name {
            channel.name = name;
        }
        description.apply(&mut channel.description);
        prompt.apply(&mut channel.prompt);
        Ok(())
    }

    /// The name of a channel that is being made; it must be there.
    pub fn required_name(&self) -> Result<String, Error> {
        let missing = || Violations::of("name", Violation::new(Reason::Required, "must be given"));
        self.name.clone().ok_or_else(|| Error::Invalid(missing()))
    }
}
