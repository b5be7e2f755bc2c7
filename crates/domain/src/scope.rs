//! What a key may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::{Error, Forbidden, Reason, Violation};

/// One permission of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// See external users.
    ReadExternalUsers,
    /// Make, change, block and delete external users.
    WriteExternalUsers,
    /// Give external users access tokens.
    AuthenticateExternalUsers,
    /// See channels, groups and tiers.
    ReadSettings,
    /// Make, change and delete channels, groups and tiers.
    WriteSettings,
    /// See, make, rotate and revoke keys.
    ManageApiKeys,
}

impl Scope {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 6] = [
        Self::ReadExternalUsers,
        Self::WriteExternalUsers,
        Self::AuthenticateExternalUsers,
        Self::ReadSettings,
        Self::WriteSettings,
        Self::ManageApiKeys,
    ];

    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ReadExternalUsers => "external_users:read",
            Self::WriteExternalUsers => "external_users:write",
            Self::AuthenticateExternalUsers => "external_users:authenticate",
            Self::ReadSettings => "settings:read",
            Self::WriteSettings => "settings:write",
            Self::ManageApiKeys => "api_keys:manage",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for Scope {
    type Err = Violation;

    fn from_str(code: &str) -> Result<Self, Violation> {
        Self::ALL.into_iter().find(|scope| scope.code() == code).ok_or_else(|| {
            let known = Self::ALL.map(Self::code).join(", ");
            Violation::new(Reason::Unknown, format!("must be one of {known}"))
        })
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// The permissions of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ScopeSet(BTreeSet<Scope>);

impl Default for ScopeSet {
    /// What a key has that is made without scopes: all but managing keys.
    fn default() -> Self {
        Scope::ALL.into_iter().filter(|scope| *scope != Scope::ManageApiKeys).collect()
    }
}

impl ScopeSet {
    /// Reads the stored form.
    pub fn from_stored(codes: &str) -> Result<Self, Violation> {
        codes.split_whitespace().map(Scope::from_str).collect()
    }

    /// The stored form: the codes, separated by spaces.
    pub fn to_stored(&self) -> String {
        self.iter().map(Scope::code).collect::<Vec<_>>().join(" ")
    }

    /// Whether a scope is among them.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Fails with [`Forbidden::MissingScope`] where the scope is not among them.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.contains(scope) { Ok(()) } else { Err(Error::Forbidden(Forbidden::MissingScope(scope))) }
    }

    /// The scopes, in the order of [`Scope::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_read_back_from_its_code() {
        for scope in Scope::ALL {
            assert_eq!(scope.code().parse(), Ok(scope));
        }
        assert_eq!("external_users:delete".parse::<Scope>().unwrap_err().reason, Reason::Unknown);
    }

    #[test]
    fn a_key_made_without_scopes_cannot_manage_keys() {
        let scopes = ScopeSet::default();
        assert_eq!(scopes.iter().count(), 5);
        assert!(matches!(
            scopes.require(Scope::ManageApiKeys),
            Err(Error::Forbidden(Forbidden::MissingScope(Scope::ManageApiKeys)))
        ));
        assert_eq!(ScopeSet::from_stored(&scopes.to_stored()), Ok(scopes));
    }
}
