//! Channels: the sources of external users, such as apps, sites and integrations.

use crate::error::{Conflict, Error};
use crate::primitives::{ChannelId, Patch, Reason, Timestamp, Violation, Violations, WorkspaceId, text};

/// A source of external users within a workspace. External ids and identifiers are unique per channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// Its display name: 3 to 50 characters.
    pub name: String,
    /// Its purpose: 3 to 250 characters.
    pub description: Option<String>,
    /// What an assistant should know about its users: 3 to 500 characters.
    pub prompt: Option<String>,
    /// Whether contracts without channels write to it. Each workspace has one default channel.
    pub is_default: bool,
    /// Whether it was removed: it keeps its users, and accepts no new ones.
    pub is_removed: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Channel {
    /// The name of a new workspace's channel.
    pub const DEFAULT_NAME: &str = "api";

    /// Fails with [`Conflict::ChannelRemoved`] if the channel accepts no new external users.
    pub fn require_open(&self) -> Result<(), Error> {
        if self.is_removed { Err(Error::Conflict(Conflict::ChannelRemoved)) } else { Ok(()) }
    }

    /// Fails with [`Conflict::DefaultChannel`] for the default channel, which must stay.
    pub fn require_removable(&self) -> Result<(), Error> {
        if self.is_default { Err(Error::Conflict(Conflict::DefaultChannel)) } else { Ok(()) }
    }
}

/// A request's changes to a channel, already checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelChanges {
    /// The name. It cannot be cleared.
    pub name: Option<String>,
    /// The description.
    pub description: Patch<String>,
    /// The prompt.
    pub prompt: Patch<String>,
    /// `true` removes the channel, `false` restores it.
    pub is_removed: Option<bool>,
}

impl ChannelChanges {
    /// Checks a name: 3 to 50 characters on one line, not blank.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        text::line(text, &(3..=50))
    }

    /// Checks a description: 3 to 250 characters.
    pub fn parse_description(text: &str) -> Result<String, Violation> {
        text::lines(text, &(3..=250))
    }

    /// Checks a prompt: 3 to 500 characters.
    pub fn parse_prompt(text: &str) -> Result<String, Violation> {
        text::lines(text, &(3..=500))
    }

    /// Applies the changes. Fails with [`Conflict::DefaultChannel`] on removing the default channel; callers must then not
    /// store it.
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

    /// Returns the name of a new channel. Fails if it is absent.
    pub fn required_name(&self) -> Result<String, Error> {
        let missing = || Violations::of("name", Violation::new(Reason::Required, "must be given"));
        self.name.clone().ok_or_else(|| Error::Invalid(missing()))
    }
}
