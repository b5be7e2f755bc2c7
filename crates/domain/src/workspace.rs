//! The workspace: the tenant, and the wall between tenants.

use serde::Serialize;

use crate::account::Authority;
use crate::error::{Conflict, Error, Forbidden};
use crate::fields::{Slug, Status};
use crate::primitives::text::text_type;
use crate::primitives::{Patch, Timestamp, Violation, WorkspaceId, WorkspaceNumber, text};
use crate::rights::Reach;

text_type! { @declare
    /// What a workspace is called by people: 1 to 100 characters, not blank, without control characters.
    WorkspaceName
}

impl WorkspaceName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let name = text::checked(text, &(1..=100))?;
        text::visible(&name)?;
        Ok(Self(name))
    }
}

/// A tenant. Everything but workspaces themselves belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its number, for contracts that know workspaces by numbers.
    pub number: WorkspaceNumber,
    /// Its name in commands and addresses.
    pub slug: Slug,
    /// Its name for people.
    pub name: WorkspaceName,
    /// Whether it is in use. While it is not, its keys and the accounts whose home it is are refused.
    pub status: Status,
    /// Whether somebody has confirmed that it is wanted.
    pub confirmed: bool,
    /// How many requests a second each of its keys, accounts and external users may make, where that is not what the server's
    /// settings say; any number where it is 0.
    pub requests_per_second: Option<u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Workspace {
    /// Fails with [`Forbidden::ProtectedField`] where it is not for who reaches so far to make this of it: whoever reaches
    /// their own workspace only says what it is called, and not whether it is in use.
    pub fn require_may_become(&self, after: &Self, reach: Reach) -> Result<(), Error> {
        let protected = |field| Err(Error::Forbidden(Forbidden::ProtectedField(field)));
        match reach {
            Reach::Workspace(_) if self.status != after.status => protected("status"),
            Reach::Workspace(_) if self.confirmed != after.confirmed => protected("confirmed"),
            Reach::Workspace(_) | Reach::Everywhere => Ok(()),
        }
    }

    /// Fails with [`Conflict::OwnWorkspace`] where it is the home of who wants it to be gone or out of use.
    pub fn require_not_home_of(&self, authority: &Authority) -> Result<(), Error> {
        if authority.home == Some(self.id) {
            return Err(Error::Conflict(Conflict::OwnWorkspace));
        }
        Ok(())
    }
}

/// What a request says of a workspace's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkspaceChanges {
    /// See [`Workspace::name`].
    pub name: Option<WorkspaceName>,
    /// See [`Workspace::status`].
    pub status: Option<Status>,
    /// See [`Workspace::confirmed`].
    pub confirmed: Option<bool>,
    /// See [`Workspace::requests_per_second`].
    pub requests_per_second: Patch<u32>,
}

impl WorkspaceChanges {
    /// Changes a workspace. The time of change moves only where a field does. Its slug stays, whatever its name.
    pub fn apply_to(self, workspace: &mut Workspace, now: Timestamp) {
        let before = workspace.clone();
        let Self { name, status, confirmed, requests_per_second } = self;
        workspace.name = name.unwrap_or(before.name.clone());
        workspace.status = status.unwrap_or(before.status);
        workspace.confirmed = confirmed.unwrap_or(before.confirmed);
        requests_per_second.apply(&mut workspace.requests_per_second);
        if *workspace != before {
            workspace.updated_at = now;
        }
    }
}
