//! Accounts and workspaces named on the command line.
//!
//! Shared by the commands, which do not import each other.

use anyhow::anyhow;
use clap::Args;
use denizen_domain::{Account, AccountId, Error, Resource, Username, Workspace, WorkspaceId};
use denizen_persistence::{DbConnection, accounts, workspaces};

use crate::reason::reason;

/// An account argument.
#[derive(Debug, Clone)]
pub(crate) enum AccountName {
    /// Its id.
    Id(AccountId),
    /// Its username.
    Username {
        /// As typed.
        text: String,
        /// The forms in which it may be stored.
        forms: Vec<Username>,
    },
}

impl AccountName {
    /// Parses an e-mail address or an id.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let forms = Username::stored_forms(text);
        if !text.contains('@') || forms.is_empty() {
            return Err("expected the e-mail address or the id of an account");
        }
        Ok(Self::Username { text: text.to_owned(), forms })
    }

    /// Finds the account.
    pub(crate) async fn find(&self, connection: &mut DbConnection) -> anyhow::Result<Account> {
        let (found, name) = match self {
            Self::Id(id) => (accounts::find(connection, *id).await, id.to_string()),
            Self::Username { text, forms } => {
                (accounts::find_by_username(connection, forms).await, text.clone())
            }
        };
        let found = found.map_err(reason)?;
        found.ok_or_else(|| anyhow!("there is no account {name}; see `denizen accounts list`"))
    }
}

/// Formats an account for output.
pub(crate) fn id_and_username(account: &Account) -> String {
    format!("{} ({})", account.id, account.username)
}

/// The workspace of a command.
#[derive(Debug, Args)]
pub(crate) struct WorkspaceArgument {
    /// The workspace's slug or id
    #[arg(long, value_name = "SLUG|ID")]
    workspace: String,
}

impl WorkspaceArgument {
    /// Finds the workspace.
    pub(crate) async fn find(&self, connection: &mut DbConnection) -> anyhow::Result<Workspace> {
        workspace(connection, &self.workspace).await
    }
}

/// Finds a workspace by its slug or id.
pub(crate) async fn workspace(connection: &mut DbConnection, name: &str) -> anyhow::Result<Workspace> {
    let by_id = match name.parse::<WorkspaceId>() {
        Ok(id) => workspaces::find(connection, id).await.map_err(reason)?,
        Err(_) => None,
    };
    // A slug may look like an id.
    let found = match by_id {
        Some(workspace) => Some(workspace),
        None => workspaces::find_by_slug(connection, name).await.map_err(reason)?,
    };
    found.ok_or_else(|| anyhow!("there is no workspace {name}; see `denizen workspaces list`"))
}

/// Explains why something cannot be created or changed in a workspace.
pub(crate) fn refusal(error: Error, workspace: &Workspace) -> anyhow::Error {
    match error {
        Error::NotFound { resource: Resource::Workspace, .. } => anyhow!(
            "the workspace {0} is not active; first use `denizen workspaces resume {0}`",
            workspace.slug
        ),
        error => reason(error),
    }
}
