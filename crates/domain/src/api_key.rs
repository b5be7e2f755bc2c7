//! Keys: pairs of a public and a secret half, bound to one workspace.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};
use subtle::ConstantTimeEq as _;

use crate::error::{Conflict, Error, Forbidden, Result};
use crate::primitives::text::{self, text_type};
use crate::primitives::{ApiKeyId, IdSource, Secret, SecretHash, Timestamp, Violation, WorkspaceId};
use crate::rights::{Scope, ScopeSet};

text_type! { @declare
    /// The half of a key that may be shown: `pk_` and 43 letters, digits, `-` or `_`.
    PublicKey
}

impl PublicKey {
    /// A new public key.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(format!("pk_{}", URL_SAFE_NO_PAD.encode(ids.random_bytes())))
    }

    /// Compares in constant time, since the pair is a credential as a whole.
    pub fn matches(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl ScopeSet {
    /// Fails with [`Forbidden::MissingScope`] where the scope is not among them.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.contains(scope) { Ok(()) } else { Err(Error::Forbidden(Forbidden::MissingScope(scope))) }
    }
}

/// A key as it is listed: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The workspace that it opens.
    pub workspace_id: WorkspaceId,
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// The half that may be shown.
    pub public_key: PublicKey,
    /// What it may do.
    pub scopes: ScopeSet,
    /// When it ends; null where it does not.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within half a minute; null where it never was.
    pub last_used_at: Option<Timestamp>,
    /// The address that its last use came from; null where it never was used.
    pub last_used_address: Option<IpAddr>,
    /// When it was revoked; null where it is in force.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was made, given another secret or revoked, whatever was last.
    pub updated_at: Timestamp,
}

impl ApiKey {
    /// What the secret half of a key begins with.
    pub const SECRET_PREFIX: &str = "sk_";

    /// How long old secrets go on after a rotation that does not say it: a day.
    pub const DEFAULT_OVERLAP: Duration = Duration::from_hours(24);

    /// The longest time that old secrets go on after a rotation: 30 days.
    pub const MAXIMUM_OVERLAP: Duration = Duration::from_hours(30 * 24);

    /// Checks a name: 1 to 100 characters.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        text::checked(text, &(1..=100))
    }

    /// Whether it is neither revoked nor has ended.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }

    /// Fails with [`Conflict::ApiKeyEnded`] where it is revoked or has ended.
    pub fn require_in_force(&self, now: Timestamp) -> Result<()> {
        if self.is_in_force(now) { Ok(()) } else { Err(Error::Conflict(Conflict::ApiKeyEnded)) }
    }
}

/// A key to be made, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRequest {
    /// What people are to call it.
    pub name: String,
    /// What it is to do.
    pub scopes: ScopeSet,
    /// When it is to end; `None` for when it is revoked.
    pub expires_at: Option<Timestamp>,
}

/// A key that was just made, or given another secret: the only time that the secret is known.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewApiKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The secret half.
    #[serde(rename = "secretKey", serialize_with = "exposed")]
    pub secret: Secret,
}

/// Shows the secret in the one answer that it belongs to.
fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Whoever presented a valid key: what a request is allowed to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// The key.
    pub key_id: ApiKeyId,
    /// The workspace that it opens.
    pub workspace_id: WorkspaceId,
    /// The public half that belongs to the secret.
    pub public_key: PublicKey,
    /// What it may do.
    pub scopes: ScopeSet,
    /// How many requests a second it may make, where its workspace has a limit of its own.
    pub requests_per_second: Option<u32>,
    /// The hash of the secret that was presented: a key may have several, for a while.
    pub secret_hash: SecretHash,
    /// When that secret ends: with the key, or earlier where it is an old one; `None` where it does not.
    pub expires_at: Option<Timestamp>,
}

impl KeyHolder {
    /// Whether it may see a key, and revoke it: one that may do nothing which it may not do itself.
    pub fn may_see(&self, key: &ApiKey) -> bool {
        self.scopes.covers(&key.scopes)
    }

    /// Whether something with this end is over when the secret is.
    pub fn outlasts(&self, end: Option<Timestamp>) -> bool {
        self.expires_at.is_none_or(|own| end.is_some_and(|end| end <= own))
    }

    /// Fails unless a secret with these scopes and this end gives nothing that the holder does not have: with
    /// [`Forbidden::ScopeNotHeld`] or [`Forbidden::OutlastsSecret`].
    pub fn require_may_give(&self, scopes: &ScopeSet, end: Option<Timestamp>) -> Result<()> {
        if let Some(scope) = scopes.iter().find(|scope| !self.scopes.contains(*scope)) {
            return Err(Error::Forbidden(Forbidden::ScopeNotHeld(scope)));
        }
        if self.outlasts(end) { Ok(()) } else { Err(Error::Forbidden(Forbidden::OutlastsSecret)) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::primitives::SequentialIds;
    use crate::rights::Scope;

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_unix_microseconds(seconds * 1_000_000).unwrap()
    }

    fn scopes(scopes: &[Scope]) -> ScopeSet {
        scopes.iter().copied().collect()
    }

    fn holder(of: &[Scope], expires_at: Option<Timestamp>) -> KeyHolder {
        KeyHolder {
            key_id: ApiKeyId::from_uuid(Uuid::nil()),
            workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
            public_key: PublicKey::generate(&SequentialIds::default()),
            scopes: scopes(of),
            requests_per_second: None,
            secret_hash: Secret::presented("sk_").hash(),
            expires_at,
        }
    }

    #[test]
    fn a_missing_scope_is_named() {
        let scopes = scopes(&[Scope::ReadExternalUsers]);
        scopes.require(Scope::ReadExternalUsers).unwrap();
        assert!(matches!(
            scopes.require(Scope::ManageApiKeys),
            Err(Error::Forbidden(Forbidden::MissingScope(Scope::ManageApiKeys)))
        ));
    }

    #[test]
    fn nobody_gives_a_scope_that_it_lacks() {
        let holder = holder(&[Scope::ReadExternalUsers, Scope::ManageApiKeys], None);
        holder.require_may_give(&scopes(&[]), None).unwrap();
        holder.require_may_give(&scopes(&[Scope::ReadExternalUsers]), None).unwrap();
        let refused = holder.require_may_give(&ScopeSet::default(), None);
        let expected = Error::Forbidden(Forbidden::ScopeNotHeld(Scope::WriteExternalUsers));
        assert_eq!(format!("{refused:?}"), format!("{:?}", Err::<(), _>(expected)));
    }

    #[test]
    fn nobody_gives_what_lasts_longer() {
        let (unlimited, limited) = (holder(&[], None), holder(&[], Some(moment(10))));
        for (end, within) in
            [(Some(moment(9)), true), (Some(moment(10)), true), (Some(moment(11)), false), (None, false)]
        {
            assert!(unlimited.outlasts(end));
            assert_eq!(limited.outlasts(end), within, "{end:?}");
            let given = limited.require_may_give(&scopes(&[]), end);
            assert_eq!(given.is_ok(), within, "{end:?}");
        }
    }

    #[test]
    fn a_name_is_counted_in_characters() {
        assert!(ApiKey::parse_name(&"ü".repeat(100)).is_ok());
        for wrong in ["", &"a".repeat(101), "a\0b"] {
            assert!(ApiKey::parse_name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_public_key_matches_itself_only() {
        let key = PublicKey::generate(&SequentialIds::default());
        assert!(key.matches(key.as_str()));
        assert!(!key.matches("pk_"));
    }
}
