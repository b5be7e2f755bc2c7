//! Rules that all texts share: length in characters, forbidden characters, case-insensitive comparison.

use std::ops::RangeInclusive;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
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

/// Checks a text of one line, such as a name: its length, that it is not blank, and that it has no line breaks, no other
/// control characters, and none that reverse the text around it.
pub(crate) fn line(text: &str, characters: &RangeInclusive<usize>) -> Result<String, Violation> {
    let text = checked(text, characters)?;
    not_blank(&text)?;
    without(&text, |character| breaks_line(character) || is_control(character))?;
    Ok(text)
}

/// Checks a text of several lines, such as a description, which may be blank: its length, and that it has no control
/// characters besides tabs and line breaks, and none that reverse the text around it.
pub(crate) fn lines(text: &str, characters: &RangeInclusive<usize>) -> Result<String, Violation> {
    let text = checked(text, characters)?;
    without(&text, |character| !breaks_line(character) && is_control(character))?;
    Ok(text)
}

/// Checks that a text has a character that can be seen.
pub(crate) fn not_blank(text: &str) -> Result<(), Violation> {
    if text.chars().all(is_blank) {
        return Err(Violation::new(Reason::Required, "must not be blank"));
    }
    Ok(())
}

fn without(text: &str, is_forbidden: impl Fn(char) -> bool) -> Result<(), Violation> {
    match text.chars().find(|character| is_forbidden(*character)) {
        None => Ok(()),
        Some(character) => {
            let number = u32::from(character);
            let message = format!("must not contain the control character U+{number:04X}");
            Err(Violation::new(Reason::InvalidCharacters, message))
        }
    }
}

/// Returns whether a character shows nothing.
pub(crate) fn is_blank(character: char) -> bool {
    /// A letter of Braille without a dot, which Unicode does not count as white space.
    const BRAILLE_BLANK: char = '\u{2800}';
    character.is_whitespace()
        || character.is_control()
        || is_invisible(character)
        || character == BRAILLE_BLANK
}

/// Returns whether a character is invisible by itself, such as a zero-width space, a joiner or a soft hyphen. Some
/// change how their neighbours look.
pub(crate) fn is_invisible(character: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

fn breaks_line(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Returns whether a character is a control character of ASCII or Latin-1, or one that embeds, overrides or isolates a
/// direction: without its counterpart, it reverses what follows the text. The marks of one position (U+200E, U+200F,
/// U+061C) do not, and right-to-left names need them.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Checks that a text is an absolute `http` or `https` URL of at most 2,048 characters, without a user name or password,
/// which everybody who sees the URL would learn.
pub(crate) fn web_address(text: &str) -> Result<String, Violation> {
    let text = checked(text, &(1..=2048))?;
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    // The parser silently drops tabs and line ends, but the stored text would keep them and break its readers.
    let printable = !text.contains(|character: char| character == ' ' || is_control(character));
    match scheme {
        Some(scheme) if printable && Url::parse(&text).is_ok_and(|url| url.has_host()) => {
            without_user(&text[scheme.len()..])?;
            Ok(text)
        }
        _ => Err(Violation::new(Reason::InvalidFormat, "must be an http:// or https:// URL")),
    }
}

/// Checks that a URL, without its scheme, names no user before its host. Parsers skip further slashes before it.
fn without_user(rest: &str) -> Result<(), Violation> {
    let authority = rest.trim_start_matches(['/', '\\']).split(['/', '\\', '?', '#']).next();
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(Violation::new(Reason::InvalidFormat, "must not contain a user name or password"));
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

/// Defines a text type of one [`line`] or of several [`lines`], with its length; or declares one that has a `parse` of its
/// own. Both get what [`checked_text`](super::checked_text) gives, and serialize as their text.
macro_rules! text_type {
    ($(#[$attribute:meta])* $name:ident, $rule:ident($characters:expr)) => {
        text_type! { @declare $(#[$attribute])* $name }

        impl $name {
            /// Checks the length and the characters.
            pub fn parse(text: &str) -> Result<Self, $crate::primitives::Violation> {
                $crate::primitives::text::$rule(text, &$characters).map(Self)
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

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        $crate::primitives::checked_text!($name);
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

    #[test]
    fn a_line_is_visible_and_reverses_nothing() {
        for name in [
            "Jane",
            " Jane ",
            "محمد",
            "נועה\u{200F}",
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "👨\u{200D}👩\u{200D}👧",
            "❤\u{FE0F}",
            "Zoe\u{308}",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
            "O’Brien-Smith, Jr.",
        ] {
            assert_eq!(line(name, &(1..=255)), Ok(name.to_owned()), "{name:?}");
        }
        for blank in [
            " ",
            "\u{A0}",
            "\u{3000}\u{3000}",
            "\u{200B}",
            "\u{2060}\u{FEFF}",
            "\u{3164}",
            "\u{2800}",
            "\t",
            "\u{200F}",
        ] {
            assert_eq!(line(blank, &(1..=255)).unwrap_err().reason, Reason::Required, "{blank:?}");
        }
        for wrong in [
            "a\tb",
            "a\nb",
            "a\u{7}",
            "a\u{7F}",
            "a\u{9B}b",
            "a\u{2028}b",
            "a\u{202E}b",
            "a\u{202A}b\u{202C}",
            "\u{2067}a\u{2069}",
        ] {
            assert_eq!(line(wrong, &(1..=255)).unwrap_err().reason, Reason::InvalidCharacters, "{wrong:?}");
        }
    }

    #[test]
    fn lines_keep_their_breaks_and_reverse_nothing() {
        for text in ["", " ", "two\nlines", "two\r\nlines", "a\ttab", "a\u{2029}paragraph"] {
            assert_eq!(lines(text, &(0..=255)), Ok(text.to_owned()), "{text:?}");
        }
        for wrong in ["a\0", "a\u{8}", "a\u{1B}[31m", "a\u{85}b", "a\u{202E}b", "a\u{2066}b"] {
            assert_eq!(lines(wrong, &(0..=255)).unwrap_err().reason, Reason::InvalidCharacters, "{wrong:?}");
        }
    }

    #[test]
    fn a_web_address_names_no_user() {
        for address in [
            "https://example.com/@jane",
            "https://example.com?a=b@c",
            "https://example.com#@",
            "https://example.com:8443/a",
        ] {
            assert_eq!(web_address(address), Ok(address.to_owned()));
        }
        for wrong in [
            "https://user:pass@example.com/a.png",
            "http://user@example.com",
            "https://:pass@example.com",
            "https://@example.com",
            "HTTPS://a%40b:c@example.com",
            "https:///user:pass@example.com",
            "https://\\user@example.com",
            "https://user:pass@[::1]/",
            "https://us%2Fer@example.com",
            "https://a:b@c:d@example.com",
        ] {
            assert_eq!(web_address(wrong).unwrap_err().reason, Reason::InvalidFormat, "{wrong}");
        }
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
