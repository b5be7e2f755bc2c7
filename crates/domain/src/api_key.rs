//! Keys: pairs of a public and a secret half, bound to one workspace.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};
use subtle::ConstantTimeEq as _;

use crate::text::text_type;
use crate::{ApiKeyId, IdSource, ScopeSet, Secret, Timestamp, WorkspaceId};

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
}

impl ApiKey {
    /// What the secret half of a key begins with.
    pub const SECRET_PREFIX: &str = "sk_";
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SequentialIds;

    #[test]
    fn a_public_key_matches_itself_only() {
        let key = PublicKey::generate(&SequentialIds::default());
        assert!(key.matches(key.as_str()));
        assert!(!key.matches("pk_"));
    }
}
