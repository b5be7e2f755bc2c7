//! Keys: pairs of a public and a secret half, bound to one workspace.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::text::text_type;
use crate::{ApiKeyId, IdSource, ScopeSet, Timestamp, WorkspaceId};

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

/// The secret half of a key: `sk_` and 256 random bits as 43 letters, digits, `-` or `_`. It prints nowhere, and only
/// its hash is stored.
#[derive(Clone)]
pub struct SecretKey(SecretString);

impl SecretKey {
    /// A new secret key.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(format!("sk_{}", URL_SAFE_NO_PAD.encode(ids.random_bytes())).into())
    }

    /// What a request presented, whatever it is.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned().into())
    }

    /// The text, for the one time that it is shown.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it. A fast hash is enough, since the secret is random and as long as the hash.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.expose().as_bytes()).into())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretKey(…)")
    }
}

/// The SHA-256 hash of a secret. Compares in constant time.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Takes a stored hash; `None` where it does not have 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, for storing and looking up.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash(…)")
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
    /// When it was revoked; null where it is in force.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key that was just made: the only time that its secret is known.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewApiKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The secret half.
    #[serde(rename = "secretKey", serialize_with = "exposed")]
    pub secret: SecretKey,
}

/// Shows the secret in the one answer that it belongs to.
fn exposed<S: Serializer>(secret: &SecretKey, serializer: S) -> Result<S::Ok, S::Error> {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RandomIds, SequentialIds};

    #[test]
    fn a_secret_key_does_not_print_and_hashes_to_itself_only() {
        let (one, other) = (SecretKey::generate(&RandomIds), SecretKey::generate(&RandomIds));
        assert_eq!(one.expose().len(), 46);
        assert_eq!(format!("{one:?} {:?}", one.hash()), "SecretKey(…) SecretHash(…)");
        assert_eq!(one.hash(), SecretKey::presented(one.expose()).hash());
        assert_ne!(one.hash(), other.hash());
    }

    #[test]
    fn a_public_key_matches_itself_only() {
        let key = PublicKey::generate(&SequentialIds::default());
        assert!(key.matches(key.as_str()));
        assert!(!key.matches("pk_"));
    }
}
