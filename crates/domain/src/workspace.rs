//! The workspace: a tenant. Workspaces are isolated from each other.

use serde::Serialize;

use crate::account::Authority;
use crate::error::{Conflict, Error, Forbidden};
use crate::fields::{Slug, Status};
use crate::primitives::text::text_type;
use crate::primitives::{
    Patch, Reason, Secret, Timestamp, Violation, WorkspaceId, WorkspaceNumber, checked_text, text,
};
use crate::rights::Reach;

text_type! {
    /// A workspace's display name: 1 to 100 characters on one line, not blank.
    WorkspaceName, line(1..=100)
}

impl WorkspaceName {
    /// Checks the name of a new workspace, from which its slug is derived: the slug must not be reserved
    /// ([`Slug::is_reserved`]).
    pub fn parse_new(text: &str) -> Result<Self, Violation> {
        let name = Self::parse(text)?;
        match Slug::suggested_by(name.as_str()) {
            Some(slug) if slug.is_reserved() => {
                let message =
                    format!("must not lead to the slug {slug}, which paths need for something else");
                Err(Violation::new(Reason::InvalidFormat, message))
            }
            _ => Ok(name),
        }
    }
}

/// A secret that other services keep with a workspace, such as the key with which they encrypt its data: 1 to 10,000
/// characters. `Debug` hides it.
#[derive(Debug, Clone)]
pub struct WorkspaceKey(Secret);

impl WorkspaceKey {
    /// Checks a key.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        text::checked(text, &(1..=10_000))?;
        Ok(Self(Secret::presented(text)))
    }

    /// Returns the text, for those who may see it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

checked_text!(WorkspaceKey);

/// A tenant. Every external user, group, tier, channel, key and flow belongs to exactly one.
///
/// ```
/// use denizen_domain::{Slug, WorkspaceName};
///
/// let name = WorkspaceName::parse_new("Zürich Insurance")?;
/// assert_eq!(Slug::suggested_by(name.as_str()), Some("zurich-insurance".parse()?));
/// assert!(WorkspaceName::parse_new("2026").is_err());
/// # Ok::<(), denizen_domain::Violation>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its number, for contracts that identify workspaces by numbers.
    pub number: WorkspaceNumber,
    /// Its name in commands and URLs.
    pub slug: Slug,
    /// Its display name.
    pub name: WorkspaceName,
    /// Its status. Unless it is active, its keys and the accounts whose home it is are rejected.
    pub status: Status,
    /// Whether its creation was confirmed.
    pub confirmed: bool,
    /// The limit of requests per second for each of its keys, accounts and external users. `None` applies the server's
    /// setting; 0 removes the limit.
    pub requests_per_second: Option<u32>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Workspace {
    /// Fails with [`Forbidden::ProtectedField`] if a caller with this reach may not make this change. Callers who reach
    /// only their own workspace may rename it, but not change its status.
    pub fn require_may_become(&self, after: &Self, reach: Reach) -> Result<(), Error> {
        let protected = |field| Err(Error::Forbidden(Forbidden::ProtectedField(field)));
        match reach {
            Reach::Workspace(_) if self.status != after.status => protected("status"),
            Reach::Workspace(_) if self.confirmed != after.confirmed => protected("confirmed"),
            Reach::Workspace(_) | Reach::Everywhere => Ok(()),
        }
    }

    /// Fails with [`Conflict::OwnWorkspace`] if it is the caller's home, which the caller cannot delete or deactivate.
    pub fn require_not_home_of(&self, authority: &Authority) -> Result<(), Error> {
        if authority.home == Some(self.id) {
            return Err(Error::Conflict(Conflict::OwnWorkspace));
        }
        Ok(())
    }
}

/// A request's changes to a workspace.
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
    /// Applies the changes. `updated_at` moves only if a field does. The slug never changes.
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
