//! Connected accounts: another system's account of an external user, and how to connect to that system.

mod auth_config;
mod credentials;

use std::time::Duration;

pub use self::auth_config::{
    AuthConfig, AuthScheme, AuthSettings, ClientAuthentication, OAuthSettings, Toolkit,
};
pub use self::credentials::{Credentials, OAuthTokens};
use crate::error::{Conflict, Error, Result};
use crate::fields::ConnectionStatus;
use crate::primitives::{
    AuthConfigId, ConnectedAccountId, ExternalUserId, Patch, Position, SortKey, Timestamp, Violation,
    WorkspaceId, text,
};

/// Another system's account of an external user. What it presents to the system is stored apart, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedAccount {
    /// Its id.
    pub id: ConnectedAccountId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// How it was connected.
    pub auth_config_id: AuthConfigId,
    /// The system, the same as the auth config's.
    pub toolkit: Toolkit,
    /// Whose it is.
    pub external_user_id: ExternalUserId,
    /// The name that people see; `None` if nobody gave one.
    pub display_name: Option<String>,
    /// What it is for, such as `work`; `None` if nobody said.
    pub label: Option<String>,
    /// How far the connection is. Never [`Inactive`](ConnectionStatus::Inactive), which [`status`](Self::status) returns.
    pub connection: ConnectionStatus,
    /// Why it failed or expired, in a sentence.
    pub status_reason: Option<String>,
    /// Whether somebody has disabled it.
    pub is_disabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed. Refreshing its tokens is no change.
    pub updated_at: Timestamp,
}

impl ConnectedAccount {
    /// The most connected accounts of an external user.
    pub const MAXIMUM: usize = 100;

    /// Checks a display name or a label: one line of 1 to 250 characters.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        text::line(text, &(1..=250))
    }

    /// Returns how far the connection is, as others see it.
    pub fn status(&self) -> ConnectionStatus {
        match self.connection {
            ConnectionStatus::Active if self.is_disabled => ConnectionStatus::Inactive,
            connection => connection,
        }
    }

    /// Fails unless it can be used, with [`Conflict::NotConnected`].
    pub fn require_active(&self) -> Result<()> {
        match self.status() {
            ConnectionStatus::Active => Ok(()),
            status => Err(Error::Conflict(Conflict::NotConnected(status))),
        }
    }

    /// Notes that the system has let the user in.
    pub fn connect(&mut self) {
        (self.connection, self.status_reason) = (ConnectionStatus::Active, None);
    }

    /// Notes that connecting has failed. One that was connected before stays as it was.
    pub fn fail(&mut self, reason: &str) {
        if matches!(self.connection, ConnectionStatus::Initializing | ConnectionStatus::Initiated) {
            (self.connection, self.status_reason) = (ConnectionStatus::Failed, Some(shortened(reason)));
        }
    }

    /// Notes that the system issues no more tokens.
    pub fn expire(&mut self, reason: &str) {
        (self.connection, self.status_reason) = (ConnectionStatus::Expired, Some(shortened(reason)));
    }

    /// Returns its position in lists.
    pub fn position(&self) -> Position {
        Position { key: SortKey::Time(self.created_at), id: self.id.as_uuid() }
    }
}

/// Returns a reason as it can be stored: on one line, and at most 500 characters.
fn shortened(reason: &str) -> String {
    reason.chars().map(|character| if character.is_control() { ' ' } else { character }).take(500).collect()
}

/// A request's changes to a connected account, already checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectedAccountChanges {
    /// The name that people see.
    pub display_name: Patch<String>,
    /// What it is for.
    pub label: Patch<String>,
    /// Whether it is disabled.
    pub is_disabled: Option<bool>,
}

impl ConnectedAccountChanges {
    /// Applies the changes.
    pub fn apply_to(self, account: &mut ConnectedAccount) {
        let Self { display_name, label, is_disabled } = self;
        display_name.apply(&mut account.display_name);
        label.apply(&mut account.label);
        account.is_disabled = is_disabled.unwrap_or(account.is_disabled);
    }
}

/// Which connected accounts to list. All conditions must hold; `None` is no condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectedAccountFilter {
    /// Those of an external user.
    pub external_user_id: Option<ExternalUserId>,
    /// Those of a system.
    pub toolkit: Option<Toolkit>,
    /// Those of an auth config.
    pub auth_config_id: Option<AuthConfigId>,
    /// Those with a status.
    pub status: Option<ConnectionStatus>,
}

/// When a system is asked for the next access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessTokenLife {
    /// When the access token ends.
    pub ends_at: Timestamp,
    /// When the next one is asked for.
    pub refresh_at: Timestamp,
}

impl AccessTokenLife {
    /// The longest time before the end of a token at which the next one is asked for.
    pub const LONGEST_MARGIN: Duration = Duration::from_mins(5);

    /// Returns the life of a token that was issued at a moment: the next one is asked for when a tenth of the time is left, or
    /// five minutes if that is less.
    pub fn new(issued_at: Timestamp, ends_at: Timestamp) -> Self {
        let margin = (ends_at.since(issued_at) / 10).min(Self::LONGEST_MARGIN);
        Self { ends_at, refresh_at: ends_at.minus(margin) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::primitives::Coded as _;

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_unix_microseconds(seconds * 1_000_000).unwrap()
    }

    fn account(connection: ConnectionStatus) -> ConnectedAccount {
        ConnectedAccount {
            id: ConnectedAccountId::from_uuid(Uuid::nil()),
            workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
            auth_config_id: AuthConfigId::from_uuid(Uuid::nil()),
            toolkit: Toolkit::parse("slack").unwrap(),
            external_user_id: ExternalUserId::from_uuid(Uuid::nil()),
            display_name: None,
            label: None,
            connection,
            status_reason: None,
            is_disabled: false,
            created_at: moment(0),
            updated_at: moment(0),
        }
    }

    #[test]
    fn only_an_active_account_is_used() {
        for &status in ConnectionStatus::ALL {
            let account = account(status);
            assert_eq!(account.require_active().is_ok(), status == ConnectionStatus::Active, "{status}");
            let disabled = ConnectedAccount { is_disabled: true, ..account };
            assert!(disabled.require_active().is_err(), "{status}");
        }
        let disabled = ConnectedAccount { is_disabled: true, ..account(ConnectionStatus::Active) };
        assert_eq!(disabled.status(), ConnectionStatus::Inactive);
    }

    #[test]
    fn a_second_link_that_fails_leaves_the_connection_as_it_was() {
        for &status in ConnectionStatus::ALL {
            let mut account = account(status);
            account.fail("The user\nrefused.");
            let is_new = matches!(status, ConnectionStatus::Initializing | ConnectionStatus::Initiated);
            assert_eq!(
                account.connection == ConnectionStatus::Failed,
                is_new || status == ConnectionStatus::Failed
            );
            assert_eq!(account.status_reason.as_deref(), is_new.then_some("The user refused."));
        }
    }

    #[test]
    fn the_next_token_is_asked_for_before_the_last_one_ends() {
        for (lasts, refreshed_after) in [(3_600, 3_300), (600, 540), (60, 54), (0, 0)] {
            let life = AccessTokenLife::new(moment(1_000), moment(1_000 + lasts));
            assert_eq!(life.refresh_at, moment(1_000 + refreshed_after), "{lasts}");
        }
    }
}
