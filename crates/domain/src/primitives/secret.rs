//! Secrets: random, shown once, stored as hashes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::IdSource;

/// The secret of a key or a token: a prefix that tells the kind, and 256 bits as 43 letters, digits, `-` or `_`. `Debug`
/// hides it, and the database stores only its hash.
///
/// ```
/// use denizen_domain::{RandomIds, Secret};
///
/// let secret = Secret::generate("sk_", &RandomIds);
/// assert!(secret.expose().starts_with("sk_"));
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Generates a random secret.
    pub fn generate(prefix: &str, ids: &dyn IdSource) -> Self {
        Self::of_bits(prefix, ids.random_bytes())
    }

    /// Derives a secret from a message and the server's own secret. The result is always the same.
    pub fn derive(prefix: &str, server_secret: &[u8; 32], message: &[u8]) -> Self {
        let mut code = keyed_with(server_secret);
        code.update(message);
        Self::of_bits(prefix, code.finalize().into_bytes().into())
    }

    /// Wraps the unchecked text that a request presents.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned().into())
    }

    /// Returns the text, to show it once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the hash to store. A fast hash suffices: the secret is random and as long as the hash.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.expose().as_bytes()).into())
    }

    fn of_bits(prefix: &str, bits: [u8; 32]) -> Self {
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bits)).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Creates an HMAC with one of the server's own secrets.
pub(crate) fn keyed_with(server_secret: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC pads a key shorter than its block with zeros.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    block[..server_secret.len()].copy_from_slice(server_secret);
    Hmac::new(&block)
}

/// The SHA-256 hash of a secret. Comparisons take constant time.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Wraps a stored hash. Returns `None` unless it has 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Returns the bytes, for storage and look-ups.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::RandomIds;

    #[test]
    fn a_secret_is_hidden_and_has_its_own_hash() {
        let (one, other) = (Secret::generate("sk_", &RandomIds), Secret::generate("sk_", &RandomIds));
        assert_eq!(one.expose().len(), 46);
        assert_eq!(format!("{one:?} {:?}", one.hash()), "Secret(…) SecretHash(…)");
        assert_eq!(one.hash(), Secret::presented(one.expose()).hash());
        assert_ne!(one.hash(), other.hash());
    }

    #[test]
    fn a_derived_secret_depends_on_key_and_message() {
        let derived = |key: u8, message: &str| Secret::derive("tok_", &[key; 32], message.as_bytes());
        assert_eq!(derived(1, "a").expose(), derived(1, "a").expose());
        assert_ne!(derived(1, "a").expose(), derived(1, "b").expose());
        assert_ne!(derived(1, "a").expose(), derived(2, "a").expose());
    }
}
