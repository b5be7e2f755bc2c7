//! Hashing of passwords with Argon2id.

use argon2::password_hash::{
    PasswordHash as ParsedHash, PasswordHasher as _, PasswordVerifier as _, SaltString,
};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Password, PasswordHash};
use crate::error::{Error, Result};
use crate::primitives::IdSource;

/// Whether a hash is of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordMatch {
    /// It is of another password.
    Wrong,
    /// It is of this password.
    Right,
    /// It is of the text as typed, before its preparation. A new hash should replace it.
    Outdated,
}

impl Password {
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

impl PasswordHash {
    /// Returns whether the hash is of this password. Takes as long as hashing: once, or twice if the password's preparation
    /// changed it. The time does not depend on the hash.
    pub fn check(&self, password: &Password) -> PasswordMatch {
        let is_right = self.is_of(&password.prepared);
        let is_as_typed = password.typed.as_ref().is_some_and(|typed| self.is_of(typed));
        match (is_right, is_as_typed) {
            (true, _) => PasswordMatch::Right,
            (false, true) => PasswordMatch::Outdated,
            (false, false) => PasswordMatch::Wrong,
        }
    }

    fn is_of(&self, text: &SecretString) -> bool {
        ParsedHash::new(&self.0)
            .is_ok_and(|hash| hasher().verify_password(text.expose_secret().as_bytes(), &hash).is_ok())
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

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::RandomIds;

    #[test]
    fn a_hash_of_the_text_as_typed_is_outdated() {
        let typed = "cafe\u{301} au lait";
        let salt = SaltString::encode_b64(&[7; 16]).unwrap();
        let old = hasher().hash_password(typed.as_bytes(), &salt).unwrap();
        let old = PasswordHash::from_stored(old.to_string());
        assert_eq!(old.check(&Password::presented(typed)), PasswordMatch::Outdated);
        assert_eq!(old.check(&Password::presented("café au lait")), PasswordMatch::Wrong);
        let new = Password::presented(typed).hash(&RandomIds).unwrap();
        for same in [typed, "café au lait", "cafe\u{301}\u{a0}au\u{2009}lait"] {
            assert_eq!(new.check(&Password::presented(same)), PasswordMatch::Right, "{same:?}");
        }
    }

    #[test]
    fn a_hash_matches_only_its_password_and_both_are_hidden() {
        let password = Password::presented("correct horse");
        let (hash, again) = (password.hash(&RandomIds).unwrap(), password.hash(&RandomIds).unwrap());
        assert_eq!([hash.check(&password), again.check(&password)], [PasswordMatch::Right; 2]);
        assert_ne!(hash, again, "every hash has a salt of its own");
        assert_eq!(hash.check(&Password::presented("correct horses")), PasswordMatch::Wrong);
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
        assert_eq!(nothing.check(&Password::presented("")), PasswordMatch::Wrong);
    }
}
