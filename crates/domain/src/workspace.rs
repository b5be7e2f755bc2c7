//! The workspace: the tenant, and the wall between tenants.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::text::text_type;
use crate::{
    Authority, Conflict, Error, Forbidden, Patch, Reach, Reason, Status, Timestamp, Violation, WorkspaceId,
    WorkspaceNumber, text,
};

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

text_type! { @declare
    /// What a workspace is called in commands and addresses: 1 to 63 of `a` to `z`, digits and inner hyphens.
    /// Unique in the whole directory.
    Slug
}

impl Slug {
    /// Longest slug, in characters.
    const MAXIMUM: usize = 63;

    /// Checks a slug.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        text::checked(text, &(1..=Self::MAXIMUM))?;
        let allowed = |character: char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
        };
        if !text.chars().all(allowed) || text.starts_with('-') || text.ends_with('-') {
            return Err(Violation::new(
                Reason::InvalidFormat,
                "must consist of a to z, 0 to 9 and inner hyphens",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// This slug with a number behind it, for where it is taken: `my-company-2`.
    #[must_use]
    pub fn numbered(&self, number: u64) -> Self {
        let ending = format!("-{number}");
        let kept: String = self.0.chars().take(Self::MAXIMUM - ending.len()).collect();
        Self(format!("{}{ending}", kept.trim_end_matches('-')))
    }

    /// The slug that a name suggests: `My Company` gives `my-company`, `Zürich` gives `zurich`. `None` where nothing is
    /// left of the name.
    pub fn suggested_by(name: &str) -> Option<Self> {
        let folded = text::fold_for_search(name);
        let without_marks: String = folded.nfd().filter(|character| !is_combining_mark(*character)).collect();
        let words = without_marks
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        let slug: String = words.collect::<Vec<_>>().join("-").chars().take(Self::MAXIMUM).collect();
        Self::parse(slug.trim_end_matches('-')).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_suggests_its_slug() {
        for (name, slug) in [
            ("My Company", "my-company"),
            ("pwd/whoami", "pwd-whoami"),
            ("  Ünix 7! ", "unix-7"),
            ("Acme U\u{308}mlaut", "acme-umlaut"),
            ("Große Straße ①", "grosse-strasse-1"),
        ] {
            assert_eq!(Slug::suggested_by(name).unwrap().as_str(), slug);
        }
        assert_eq!(Slug::suggested_by("…"), None);
    }

    #[test]
    fn a_slug_that_is_taken_gets_a_number() {
        assert_eq!(Slug::parse("acme").unwrap().numbered(2).as_str(), "acme-2");
        let long = Slug::parse(&"a".repeat(63)).unwrap().numbered(12);
        assert_eq!(long.as_str(), format!("{}-12", "a".repeat(60)));
    }

    #[test]
    fn a_slug_is_plain() {
        for wrong in ["", "-a", "a-", "A", "a b", "ü", &"a".repeat(64)] {
            assert!(Slug::parse(wrong).is_err(), "{wrong}");
        }
    }
}
