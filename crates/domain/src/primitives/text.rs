//! Rules that all texts share: length in characters, forbidden characters, case-insensitive comparison.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use super::{Reason, Violation};

/// Checks a text's length in Unicode characters, and rejects NUL, which PostgreSQL cannot store.
pub(crate) fn checked(text: &str, characters: &RangeInclusive<usize>) -> Result<String, Violation> {
    let count = text.chars().count();
    let (minimum, maximum) = (*characters.start(), *characters.end());
    let length = || format!("must have {minimum} to {maximum} characters");
    if count < minimum {
        return Err(Violation::new(Reason::TooShort, length()));
    }
    if count > maximum {
        return Err(Violation::new(Reason::TooLong, length()));
    }
    without_nul(text)?;
    Ok(text.to_owned())
}

/// Checks that a text contains no NUL.
pub(crate) fn without_nul(text: &str) -> Result<(), Violation> {
    if text.contains('\0') {
        return Err(Violation::new(Reason::InvalidCharacters, "must not contain the character U+0000"));
    }
    Ok(())
}

/// Checks that a text is an absolute `http` or `https` URL of at most 2,048 characters.
pub(crate) fn web_address(text: &str) -> Result<String, Violation> {
    let text = checked(text, &(1..=2048))?;
    let written_out = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
        || text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    // The parser silently drops tabs and line ends, but the stored text would keep them and break its readers.
    let printable = !text.contains(|character: char| character.is_control() || character == ' ');
    if written_out && printable && Url::parse(&text).is_ok_and(|url| url.has_host()) {
        Ok(text)
    } else {
        Err(Violation::new(Reason::InvalidFormat, "must be an http:// or https:// URL"))
    }
}

/// Checks that a text is visible: not blank, and without control characters.
pub(crate) fn visible(text: &str) -> Result<(), Violation> {
    if text.trim().is_empty() {
        return Err(Violation::new(Reason::Required, "must not be blank"));
    }
    if text.contains(char::is_control) {
        return Err(Violation::new(Reason::InvalidCharacters, "must not contain control characters"));
    }
    Ok(())
}

/// Returns the form that compares names without case: Unicode's canonical caseless matching. `Straße` and `STRASSE` are
/// one name, and so are two encodings of an accent. Letters that only look alike stay different.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    caseless::default_case_fold_str(&text.nfd().collect::<String>()).nfc().collect()
}

/// Returns the form for searches: Unicode's compatibility caseless matching, which equates ligatures, full-width and
/// circled letters with the plain letters.
pub fn fold_for_search(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let once: String = caseless::default_case_fold_str(&text.nfd().collect::<String>()).nfkd().collect();
    caseless::default_case_fold_str(&once).nfkc().collect()
}

/// Defines a text type whose only rule is its length.
macro_rules! text_type {
    ($(#[$attribute:meta])* $name:ident, $characters:expr) => {
        text_type! { @declare $(#[$attribute])* $name }

        impl $name {
            /// Checks the length.
            pub fn parse(text: &str) -> Result<Self, $crate::primitives::Violation> {
                $crate::primitives::text::checked(text, &$characters).map(Self)
            }
        }
    };
    (@declare $(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a stored text, which was checked before it was stored.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text by value.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text_type;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_differ_only_in_case_or_encoding_fold_alike() {
        for (left, right) in [("Jane", "jANE"), ("Straße", "STRASSE"), ("ΣΑΣ", "σας"), ("é", "E\u{301}")]
        {
            assert_eq!(fold(left), fold(right), "{left} {right}");
        }
        assert_ne!(fold("jane"), fold("janet"));
    }

    #[test]
    fn letters_that_look_alike_match_in_searches_only() {
        for (left, right) in [("ﬁona①", "FIONA1"), ("Ａｂ", "aB")] {
            assert_eq!(fold_for_search(left), fold_for_search(right));
            assert_ne!(fold(left), fold(right));
        }
    }

    #[test]
    fn length_counts_characters_and_nul_is_rejected() {
        assert_eq!(checked("🙂🙂", &(1..=2)), Ok("🙂🙂".to_owned()));
        assert_eq!(checked("", &(1..=2)).unwrap_err().reason, Reason::TooShort);
        assert_eq!(checked("abc", &(1..=2)).unwrap_err().reason, Reason::TooLong);
        assert_eq!(checked("\0", &(1..=2)).unwrap_err().reason, Reason::InvalidCharacters);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC*") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
            prop_assert_eq!(fold_for_search(&fold_for_search(&text)), fold_for_search(&text));
        }

        #[test]
        fn folding_hides_ascii_case(text in "[a-zA-Z0-9 .@+-]*") {
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text.to_lowercase()));
        }

        #[test]
        fn folding_hides_normalization(text in "\\PC*") {
            prop_assert_eq!(fold(&text.nfd().collect::<String>()), fold(&text.nfc().collect::<String>()));
        }
    }
}
