//! Passwords and their hashes.

use std::fmt;

use argon2::password_hash::{
    PasswordHash as ParsedHash, PasswordHasher as _, PasswordVerifier as _, SaltString,
};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{Error, Result};
use crate::primitives::{IdSource, Reason, Secret, SecretHash, Violation};

/// The default for the fewest characters of a new password.
pub const DEFAULT_MINIMUM_PASSWORD_LENGTH: usize = 8;

/// A password. `Debug` hides it.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// The most characters of a password.
    pub const MAXIMUM_LENGTH: usize = 1000;

    /// Checks a new password: from `minimum` to 1,000 characters.
    pub fn parse(text: &str, minimum: usize) -> Result<Self, Violation> {
        let message = || format!("must have {minimum} to {} characters", Self::MAXIMUM_LENGTH);
        match text.chars().count() {
            count if count < minimum => Err(Violation::new(Reason::TooShort, message())),
            count if count > Self::MAXIMUM_LENGTH => Err(Violation::new(Reason::TooLong, message())),
            _ => Ok(Self::presented(text)),
        }
    }

    /// Wraps the unchecked password that a log-in presents.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned().into())
    }

    /// Generates a random password of 24 letters, digits, `-` or `_`: 144 bits.
    pub fn generate(ids: &dyn IdSource) -> Self {
        let bytes = ids.random_bytes();
        Self(URL_SAFE_NO_PAD.encode(&bytes[bytes.len() - 18..]).into())
    }

    /// Returns the text, to show it once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Hashes it with Argon2id: 19 MiB of memory, two passes, one lane. Takes tens of milliseconds on purpose. Do not call
    /// it on a thread that serves other requests.
    pub fn hash(&self, ids: &dyn IdSource) -> Result<PasswordHash> {
        let failed =
            |error: argon2::password_hash::Error| Error::Internal(format!("hash a password: {error}"));
        let salt = SaltString::encode_b64(&ids.random_bytes()[16..]).map_err(failed)?;
        let hash = hasher().hash_password(self.expose().as_bytes(), &salt).map_err(failed)?;
        Ok(PasswordHash(hash.to_string()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// The Argon2id hash of a password, with salt and parameters (PHC string format), as stored. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a stored hash.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the stored form.
    pub fn as_stored(&self) -> &str {
        &self.0
    }

    /// Returns whether the hash is of this password. Takes as long as hashing.
    pub fn is_of(&self, password: &Password) -> bool {
        ParsedHash::new(&self.0)
            .is_ok_and(|hash| hasher().verify_password(password.expose().as_bytes(), &hash).is_ok())
    }

    /// Returns a text that identifies this hash without revealing it. A new hash of the same password has another one.
    pub fn fingerprint(&self) -> SecretHash {
        Secret::presented(&self.0).hash()
    }

    /// Returns a hash without a known password. Log-ins to missing accounts compare with it, which takes the usual time:
    /// the time does not reveal whether an account exists.
    pub fn of_nothing() -> Self {
        Self(format!(
            "$argon2id$v=19$m={},t={},p={}$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            Params::DEFAULT_M_COST,
            Params::DEFAULT_T_COST,
            Params::DEFAULT_P_COST,
        ))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(…)")
    }
}

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{RandomIds, SequentialIds};

    #[test]
    fn the_length_of_a_password_counts_characters() {
        assert!(Password::parse("pässwört", 8).is_ok());
        assert!(Password::parse(&"x".repeat(1000), 8).is_ok());
        assert_eq!(Password::parse("1234567", 8).unwrap_err().reason, Reason::TooShort);
        assert_eq!(Password::parse(&"x".repeat(1001), 8).unwrap_err().reason, Reason::TooLong);
    }

    #[test]
    fn a_hash_matches_only_its_password_and_both_are_hidden() {
        let password = Password::presented("correct horse");
        let (hash, again) = (password.hash(&RandomIds).unwrap(), password.hash(&RandomIds).unwrap());
        assert!(hash.is_of(&password) && again.is_of(&password));
        assert_ne!(hash, again, "every hash has a salt of its own");
        assert!(!hash.is_of(&Password::presented("correct horses")));
        assert_eq!(hash.fingerprint(), PasswordHash::from_stored(hash.as_stored().to_owned()).fingerprint());
        assert_ne!(hash.fingerprint(), again.fingerprint());
        assert!(hash.as_stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(format!("{password:?} {hash:?}"), "Password(…) PasswordHash(…)");
    }

    #[test]
    fn the_dummy_hash_is_valid_and_matches_no_password() {
        let nothing = PasswordHash::of_nothing();
        let parsed = ParsedHash::new(&nothing.0).unwrap();
        let (params, default) = (Params::try_from(&parsed).unwrap(), Params::DEFAULT);
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (default.m_cost(), default.t_cost(), default.p_cost())
        );
        assert_eq!(parsed.hash.unwrap().len(), 32);
        assert!(!nothing.is_of(&Password::presented("")));
    }

    #[test]
    fn a_generated_password_is_random() {
        assert_eq!(Password::generate(&RandomIds).expose().len(), 24);
        let ids = SequentialIds::default();
        assert_ne!(Password::generate(&ids).expose(), Password::generate(&ids).expose());
    }
}
