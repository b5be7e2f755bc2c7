//! Passwords and their hashes.

use std::fmt;

use argon2::password_hash::{
    PasswordHash as ParsedHash, PasswordHasher as _, PasswordVerifier as _, SaltString,
};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use crate::error::{Error, Result};
use crate::primitives::{IdSource, Reason, Secret, SecretHash, Violation};

/// The default for the fewest characters of a new password.
pub const DEFAULT_MINIMUM_PASSWORD_LENGTH: usize = 8;

/// A password, prepared by the profile `OpaqueString` of RFC 8265: every space is U+0020, and every accent is encoded in
/// the same way (NFC), whatever keyboard it came from. `Debug` hides it.
#[derive(Clone)]
pub struct Password {
    prepared: SecretString,
    /// The text before its preparation, if that changed it. Old hashes may be of it.
    typed: Option<SecretString>,
}

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
    /// The most characters of a password.
    pub const MAXIMUM_LENGTH: usize = 1000;

    /// Checks a new password: from `minimum`, but at least one, to 1,000 characters after its preparation, without control
    /// characters.
    pub fn parse(text: &str, minimum: usize) -> Result<Self, Violation> {
        let password = Self::presented(text);
        let minimum = minimum.max(1);
        let message = || format!("must have {minimum} to {} characters", Self::MAXIMUM_LENGTH);
        match password.expose().chars().count() {
            count if count < minimum => return Err(Violation::new(Reason::TooShort, message())),
            count if count > Self::MAXIMUM_LENGTH => return Err(Violation::new(Reason::TooLong, message())),
            _ => {}
        }
        if password.expose().contains(char::is_control) {
            let message = "must not contain control characters";
            return Err(Violation::new(Reason::InvalidCharacters, message));
        }
        Ok(password)
    }

    /// Prepares the unchecked password that a log-in presents.
    pub fn presented(text: &str) -> Self {
        let prepared: String = text.chars().map(plain_space).nfc().collect();
        let typed = (prepared != text).then(|| text.to_owned().into());
        Self { prepared: prepared.into(), typed }
    }

    /// Generates a random password of 24 letters, digits, `-` or `_`: 144 bits.
    pub fn generate(ids: &dyn IdSource) -> Self {
        let bytes = ids.random_bytes();
        Self { prepared: URL_SAFE_NO_PAD.encode(&bytes[bytes.len() - 18..]).into(), typed: None }
    }

    /// Returns the text, to show it once.
    pub fn expose(&self) -> &str {
        self.prepared.expose_secret()
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

/// Maps every space of Unicode (general category Zs) to U+0020.
fn plain_space(character: char) -> char {
    let separates_lines = character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    if character.is_whitespace() && !separates_lines { ' ' } else { character }
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
        // They are counted once the accents are put together.
        assert!(Password::parse(&"e\u{301}".repeat(1000), 8).is_ok());
        assert_eq!(Password::parse(&"e\u{301}".repeat(7), 8).unwrap_err().reason, Reason::TooShort);
        assert_eq!(Password::parse("", 0).unwrap_err().reason, Reason::TooShort);
    }

    #[test]
    fn a_new_password_has_no_control_characters() {
        for control in ['\0', '\t', '\n', '\u{7f}', '\u{85}'] {
            let refused = Password::parse(&format!("correct{control}horse"), 8).unwrap_err();
            assert_eq!(refused.reason, Reason::InvalidCharacters, "{control:?}");
        }
    }

    #[test]
    fn a_password_is_prepared_as_opaque_string() {
        for (typed, prepared) in [
            ("e\u{301}te\u{301}", "été"),
            ("été", "été"),
            ("\u{212b}ngstro\u{308}m", "Ångström"),
            ("\u{1100}\u{1161}", "가"),
            ("A\u{328}\u{301}", "Ą\u{301}"),
            ("a\u{a0}b\u{2003}c\u{3000}d", "a b c d"),
            (" two  spaces ", " two  spaces "),
            ("Case KEPT", "Case KEPT"),
            ("\u{ff21}\u{fb01}", "\u{ff21}\u{fb01}"),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
            ("tab\tand\u{2028}line", "tab\tand\u{2028}line"),
        ] {
            assert_eq!(Password::presented(typed).expose(), prepared, "{typed:?}");
        }
    }

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

    #[test]
    fn a_generated_password_is_random() {
        assert_eq!(Password::generate(&RandomIds).expose().len(), 24);
        let ids = SequentialIds::default();
        assert_ne!(Password::generate(&ids).expose(), Password::generate(&ids).expose());
    }
}
