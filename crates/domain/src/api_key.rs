//! API keys: pairs of a public key and a secret, bound to one workspace.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};
use subtle::ConstantTimeEq as _;

use crate::error::{Conflict, Error, Forbidden, Result};
use crate::primitives::text::{self, text_type};
use crate::primitives::{ApiKeyId, IdSource, Reason, Secret, SecretHash, Timestamp, Violation, WorkspaceId};
use crate::rights::{Scope, ScopeSet};

text_type! { @declare
    /// The public half of a key: `pk_` and 43 letters, digits, `-` or `_`.
    PublicKey
}

impl PublicKey {
    /// Checks a public key.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let symbols = text.strip_prefix("pk_").unwrap_or_default();
        let is_symbol = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if symbols.len() == 43 && symbols.bytes().all(is_symbol) {
            return Ok(Self(text.to_owned()));
        }
        Err(Violation::new(
            Reason::InvalidFormat,
            "must be pk_ and 43 letters, digits, hyphens or underscores",
        ))
    }

    /// Generates a public key.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(format!("pk_{}", URL_SAFE_NO_PAD.encode(ids.random_bytes())))
    }

    /// Compares in constant time: the pair as a whole is a credential.
    pub fn matches(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl ScopeSet {
    /// Fails with [`Forbidden::MissingScope`] if the set lacks the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.contains(scope) { Ok(()) } else { Err(Error::Forbidden(Forbidden::MissingScope(scope))) }
    }
}

/// An API key, without its secret.
///
/// ```
/// use denizen_domain::{PublicKey, RandomIds, Scope, ScopeSet, Secret};
///
/// // The halves of a new key: the secret is shown once, and its hash is stored.
/// let (public_key, secret) = (PublicKey::generate(&RandomIds), Secret::generate("sk_", &RandomIds));
/// assert!(public_key.as_str().parse::<PublicKey>().is_ok());
/// let stored = secret.hash();
/// assert_eq!(Secret::presented(secret.expose()).hash(), stored);
///
/// let scopes = ScopeSet::default();
/// assert!(scopes.require(Scope::WriteExternalUsers).is_ok());
/// let refused = scopes.require(Scope::ManageApiKeys).unwrap_err();
/// assert_eq!(refused.to_string(), "The credential lacks the scope api_keys:manage.");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The workspace that it gives access to.
    pub workspace_id: WorkspaceId,
    /// Its display name: 1 to 100 characters.
    pub name: String,
    /// The public half.
    pub public_key: PublicKey,
    /// Its scopes.
    pub scopes: ScopeSet,
    /// When it expires; null if never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within half a minute; null if never.
    pub last_used_at: Option<Timestamp>,
    /// The client address of its last use; null if never used.
    pub last_used_address: Option<IpAddr>,
    /// When it was revoked; null if it was not.
    pub revoked_at: Option<Timestamp>,
    /// When the last of the secrets from before its rotation ends; in the past once it has. Null if there is none: the
    /// key was not rotated, or the last rotation ended all of them at once.
    pub old_secrets_end_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last created, rotated or revoked.
    pub updated_at: Timestamp,
}

impl ApiKey {
    /// The prefix of a key's secret.
    pub const SECRET_PREFIX: &str = "sk_";

    /// How long old secrets stay valid after a rotation by default: a day.
    pub const DEFAULT_OVERLAP: Duration = Duration::from_hours(24);

    /// The longest time that old secrets stay valid after a rotation: 30 days.
    pub const MAXIMUM_OVERLAP: Duration = Duration::from_hours(30 * 24);

    /// Checks a name: 1 to 100 characters on one line, not blank.
    pub fn parse_name(text: &str) -> Result<String, Violation> {
        text::line(text, &(1..=100))
    }

    /// Returns whether it is neither revoked nor expired.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }

    /// Fails with [`Conflict::ApiKeyEnded`] if it is revoked or expired.
    pub fn require_in_force(&self, now: Timestamp) -> Result<()> {
        if self.is_in_force(now) { Ok(()) } else { Err(Error::Conflict(Conflict::ApiKeyEnded)) }
    }
}

/// A request for a new key, already checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRequest {
    /// The display name.
    pub name: String,
    /// The scopes.
    pub scopes: ScopeSet,
    /// When the key expires; `None` if only by revocation.
    pub expires_at: Option<Timestamp>,
}

/// A key just after its creation or rotation, the only time that its secret is known.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewApiKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The secret.
    #[serde(rename = "secretKey", serialize_with = "exposed")]
    pub secret: Secret,
}

/// Serializes the secret, for the one response that contains it.
fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// The holder of a valid key, as authenticated from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// The key.
    pub key_id: ApiKeyId,
    /// The workspace that the key gives access to.
    pub workspace_id: WorkspaceId,
    /// The public half that belongs to the secret.
    pub public_key: PublicKey,
    /// The key's scopes.
    pub scopes: ScopeSet,
    /// The workspace's own limit of requests per second, if it has one.
    pub requests_per_second: Option<u32>,
    /// The hash of the presented secret. After a rotation, a key has several for a while.
    pub secret_hash: SecretHash,
    /// When that secret expires: with the key, or earlier if it was rotated; `None` if never.
    pub expires_at: Option<Timestamp>,
}

impl KeyHolder {
    /// Returns whether the holder may see and revoke a key: it has every scope of that key.
    pub fn may_see(&self, key: &ApiKey) -> bool {
        self.scopes.covers(&key.scopes)
    }

    /// Returns whether the secret lasts at least until this end.
    pub fn outlasts(&self, end: Option<Timestamp>) -> bool {
        self.expires_at.is_none_or(|own| end.is_some_and(|end| end <= own))
    }

    /// Fails with [`Forbidden::ScopeNotHeld`] or [`Forbidden::OutlastsSecret`] if a secret with these scopes and this end
    /// would exceed the holder's own.
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
    fn a_key_cannot_grant_a_scope_that_it_lacks() {
        let holder = holder(&[Scope::ReadExternalUsers, Scope::ManageApiKeys], None);
        holder.require_may_give(&scopes(&[]), None).unwrap();
        holder.require_may_give(&scopes(&[Scope::ReadExternalUsers]), None).unwrap();
        let refused = holder.require_may_give(&ScopeSet::default(), None);
        let expected = Error::Forbidden(Forbidden::ScopeNotHeld(Scope::WriteExternalUsers));
        assert_eq!(format!("{refused:?}"), format!("{:?}", Err::<(), _>(expected)));
    }

    #[test]
    fn a_key_cannot_grant_more_time_than_it_has() {
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
    fn the_length_of_a_name_counts_characters() {
        assert!(ApiKey::parse_name(&"ü".repeat(100)).is_ok());
        for wrong in ["", &"a".repeat(101), "a\0b"] {
            assert!(ApiKey::parse_name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_public_key_matches_only_itself() {
        let key = PublicKey::generate(&SequentialIds::default());
        assert!(key.matches(key.as_str()));
        assert!(!key.matches("pk_"));
    }
}
