//! Passwords and their hashes.

#[cfg(feature = "passwords")]
mod hashing;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use crate::primitives::{IdSource, Reason, Secret, SecretHash, Violation};

#[cfg(feature = "passwords")]
pub use hashing::PasswordMatch;

/// The default for the fewest characters of a new password.
pub const DEFAULT_MINIMUM_PASSWORD_LENGTH: usize = 8;

/// A password, prepared by the profile `OpaqueString` of RFC 8265: every space is U+0020, and every accent is encoded in
/// the same way (NFC), whatever keyboard it came from. `Debug` hides it.
///
/// ```
/// use denizen_domain::{DEFAULT_MINIMUM_PASSWORD_LENGTH, Password};
///
/// let password = Password::parse("correct horse", DEFAULT_MINIMUM_PASSWORD_LENGTH)?;
/// assert_eq!(format!("{password:?}"), "Password(…)");
/// assert!(Password::parse("horse", DEFAULT_MINIMUM_PASSWORD_LENGTH).is_err());
/// # #[cfg(feature = "passwords")]
/// # {
/// use denizen_domain::{PasswordMatch, RandomIds};
///
/// let hash = password.hash(&RandomIds).unwrap();
/// assert_eq!(hash.check(&password), PasswordMatch::Right);
/// # }
/// # Ok::<(), denizen_domain::Violation>(())
/// ```
#[derive(Clone)]
pub struct Password {
    prepared: SecretString,
    /// The text before its preparation, if that changed it. Old hashes may be of it.
    #[cfg(feature = "passwords")]
    typed: Option<SecretString>,
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
        Self {
            #[cfg(feature = "passwords")]
            typed: (prepared != text).then(|| text.to_owned().into()),
            prepared: prepared.into(),
        }
    }

    /// Generates a random password of 24 letters, digits, `-` or `_`: 144 bits.
    pub fn generate(ids: &dyn IdSource) -> Self {
        let bytes = ids.random_bytes();
        Self {
            #[cfg(feature = "passwords")]
            typed: None,
            prepared: URL_SAFE_NO_PAD.encode(&bytes[bytes.len() - 18..]).into(),
        }
    }

    /// Returns the text, to show it once.
    pub fn expose(&self) -> &str {
        self.prepared.expose_secret()
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

    /// Returns a text that identifies this hash without revealing it. A new hash of the same password has another one.
    pub fn fingerprint(&self) -> SecretHash {
        Secret::presented(&self.0).hash()
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
    fn a_generated_password_is_random() {
        assert_eq!(Password::generate(&RandomIds).expose().len(), 24);
        let ids = SequentialIds::default();
        assert_ne!(Password::generate(&ids).expose(), Password::generate(&ids).expose());
    }
}
