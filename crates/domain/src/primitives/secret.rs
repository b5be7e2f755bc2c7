//! Secrets that open something: made of random bits, shown once, stored as hashes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::IdSource;

/// The secret of a key or a token: a prefix that says which, and 256 bits as 43 letters, digits, `-` or `_`. It prints
/// nowhere, and only its hash is stored.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// A new secret of random bits.
    pub fn generate(prefix: &str, ids: &dyn IdSource) -> Self {
        Self::of_bits(prefix, ids.random_bytes())
    }

    /// The secret that belongs to a message, for whoever has the server's own secret: the same one every time.
    pub fn derive(prefix: &str, server_secret: &[u8; 32], message: &[u8]) -> Self {
        let mut code = keyed_with(server_secret);
        code.update(message);
        Self::of_bits(prefix, code.finalize().into_bytes().into())
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

    fn of_bits(prefix: &str, bits: [u8; 32]) -> Self {
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bits)).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// HMAC with one of the server's own secrets.
pub(crate) fn keyed_with(server_secret: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC fills a key that is shorter than its block with zeros.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    block[..server_secret.len()].copy_from_slice(server_secret);
    Hmac::new(&block)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::RandomIds;

    #[test]
    fn a_secret_does_not_print_and_hashes_to_itself_only() {
        let (one, other) = (Secret::generate("sk_", &RandomIds), Secret::generate("sk_", &RandomIds));
        assert_eq!(one.expose().len(), 46);
        assert_eq!(format!("{one:?} {:?}", one.hash()), "Secret(…) SecretHash(…)");
        assert_eq!(one.hash(), Secret::presented(one.expose()).hash());
        assert_ne!(one.hash(), other.hash());
    }

    #[test]
    fn a_derived_secret_is_the_same_for_the_same_message_only() {
        let derived = |key: u8, message: &str| Secret::derive("tok_", &[key; 32], message.as_bytes());
        assert_eq!(derived(1, "a").expose(), derived(1, "a").expose());
        assert_ne!(derived(1, "a").expose(), derived(1, "b").expose());
        assert_ne!(derived(1, "a").expose(), derived(2, "a").expose());
    }
}
