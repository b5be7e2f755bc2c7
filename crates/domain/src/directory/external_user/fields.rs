//! The fields of an external user and their rules.

use std::str::FromStr as _;

use oxilangtag::LanguageTag;

use crate::primitives::text::{checked, text_type};
use crate::primitives::{Reason, Violation, fold, fold_for_search};

text_type! { @declare
    /// The handle that a user logs in with: a name, an e-mail address or a phone number, 1 to 255 characters, without
    /// blanks around it. Compared without case.
    Identifier
}

impl Identifier {
    /// The most bytes of the folded form: an index entry of PostgreSQL holds 2,704, and folding makes a few letters
    /// longer.
    const MAXIMUM_FOLDED_BYTES: usize = 1020;

    /// Checks an identifier, and drops blanks around it, which keyboards of phones add.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let identifier = Self(checked(text.trim(), &(1..=255))?);
        if identifier.folded().len() > Self::MAXIMUM_FOLDED_BYTES {
            return Err(Violation::new(Reason::TooLong, "is too long after case folding"));
        }
        Ok(identifier)
    }

    /// Returns the form for comparisons.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// Returns the form for comparisons of a text that may be no identifier, without blanks around it.
    pub fn folded_of(text: &str) -> String {
        fold(text.trim())
    }
}

text_type! {
    /// A user's name on screens: 1 to 255 characters.
    DisplayName, 1..=255
}

text_type! { @declare
    /// The customer's own id for a user: any Unicode text of 1 to 250 characters except `.` and `..`, which clients
    /// and proxies remove from paths. Compared exactly.
    ExternalId
}

impl ExternalId {
    /// Checks an external id.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if text == "." || text == ".." {
            return Err(Violation::new(
                Reason::InvalidFormat,
                "must not be . or .., which paths cannot contain",
            ));
        }
        checked(text, &(1..=250)).map(Self)
    }
}

text_type! { @declare
    /// A language, as a well-formed BCP 47 tag such as `en-US`, of at most 64 characters.
    Locale
}

impl Locale {
    /// Checks a language tag.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = checked(text, &(1..=64))?;
        match LanguageTag::parse(text.as_str()) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(malformed("must be a BCP 47 language tag, such as en-US")),
        }
    }
}

text_type! { @declare
    /// A time zone, by its name in the IANA database, such as `America/New_York`.
    TimeZone
}

impl TimeZone {
    /// Checks a time zone's name.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match chrono_tz::Tz::from_str(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(malformed("must be an IANA time zone, such as America/New_York")),
        }
    }
}

text_type! { @declare
    /// A text to search for: 1 to 250 characters.
    SearchText
}

impl SearchText {
    /// Checks a text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        checked(text, &(1..=250)).map(Self)
    }

    /// Returns the form for searches in names.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// Returns the form for searches in all searchable texts.
    pub fn folded_for_search(&self) -> String {
        fold_for_search(&self.0)
    }
}

fn malformed(message: &str) -> Violation {
    Violation::new(Reason::InvalidFormat, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(parse: fn(&str) -> Result<T, Violation>, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(parse(text).is_ok(), "{text} is valid");
        }
        for text in bad {
            assert!(parse(text).is_err(), "{text} is invalid");
        }
    }

    #[test]
    fn external_ids_may_hold_any_text() {
        let longest = "🙂".repeat(250);
        check(
            ExternalId::parse,
            &["1", "user_12345", "gid://app/Customer/1", "a b:c", "🙂", "...", &longest],
            &["", ".", "..", "a\0b", &"x".repeat(251)],
        );
    }

    #[test]
    fn blanks_around_an_identifier_are_dropped() {
        for written in [" Jane", "Jane ", "\tJane\n", "\u{a0}Jane\u{2003}", "\u{3000}Jane"] {
            let identifier = Identifier::parse(written).unwrap();
            assert_eq!((identifier.as_str(), identifier.folded().as_str()), ("Jane", "jane"), "{written:?}");
            assert_eq!(Identifier::folded_of(written), "jane", "{written:?}");
        }
        assert_eq!(Identifier::parse("Jane Doe").unwrap().as_str(), "Jane Doe");
        assert_eq!(Identifier::parse(" \u{2028} ").unwrap_err().reason, Reason::TooShort);
    }

    #[test]
    fn locales() {
        check(
            Locale::parse,
            &["en", "en-US", "zh-Hant-TW", "de-CH-1996", "sl-rozaj-biske"],
            &["", "e", "en_US", "en-", "-en", "en-US-"],
        );
    }

    #[test]
    fn time_zones() {
        check(
            TimeZone::parse,
            &["America/New_York", "UTC", "Europe/Berlin", "Asia/Kolkata"],
            &["", "Mars/Olympus", "america/new_york", "+02:00"],
        );
    }
}
