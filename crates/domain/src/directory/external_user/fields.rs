//! The fields of an external user and their rules.

use chrono_tz::TZ_VARIANTS;

use crate::primitives::text::{checked, line, text_type};
use crate::primitives::{Reason, Violation, fold, fold_for_search};

text_type! { @declare
    /// The handle that a user logs in with: a name, an e-mail address or a phone number, 1 to 255 characters on one
    /// line, without blanks around it, and not `.` or `..`, which clients and proxies remove from paths. Compared without
    /// case.
    Identifier
}

impl Identifier {
    /// The most bytes of the folded form: an index entry of PostgreSQL holds 2,704, and folding makes a few letters
    /// longer.
    const MAXIMUM_FOLDED_BYTES: usize = 1020;

    /// Checks an identifier, and drops blanks around it, which keyboards of phones add.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = text.trim();
        addressable(text)?;
        let identifier = Self(line(text, &(1..=255))?);
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
    /// A user's name on screens: 1 to 255 characters on one line, not blank.
    DisplayName, line(1..=255)
}

text_type! { @declare
    /// The customer's own id for a user: any Unicode text of 1 to 250 characters except `.` and `..`, which clients
    /// and proxies remove from paths. Compared exactly.
    ExternalId
}

impl ExternalId {
    /// Checks an external id.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        addressable(text)?;
        checked(text, &(1..=250)).map(Self)
    }
}

/// Checks that a text can stand in a path.
fn addressable(text: &str) -> Result<(), Violation> {
    if matches!(text, "." | "..") {
        return Err(malformed("must not be . or .., which paths cannot contain"));
    }
    Ok(())
}

text_type! { @declare
    /// A time zone, by its name in the IANA database, such as `America/New_York`. Compared without case, and stored in
    /// the database's spelling.
    TimeZone
}

impl TimeZone {
    /// Checks a time zone's name.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let known = TZ_VARIANTS.iter().map(|zone| zone.name()).find(|name| name.eq_ignore_ascii_case(text));
        match known {
            Some(name) => Ok(Self(name.to_owned())),
            None => Err(malformed("must be an IANA time zone, such as America/New_York")),
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
    fn identifiers_can_stand_in_a_path() {
        check(
            Identifier::parse,
            &["jane", "jane@example.com", "+15551234567", "...", "a/b", "🙂", "Jane Doe"],
            &["", ".", "..", " ", "\u{200B}", "a\tb", "a\u{202E}b", &"x".repeat(256)],
        );
    }

    #[test]
    fn time_zones() {
        check(
            TimeZone::parse,
            &["America/New_York", "UTC", "Europe/Berlin", "Asia/Kolkata"],
            &["", "Mars/Olympus", "+02:00", " UTC", "Europe /Berlin", "Europe"],
        );
        for (text, name) in [
            ("europe/berlin", "Europe/Berlin"),
            ("AMERICA/NEW_YORK", "America/New_York"),
            ("america/port-au-prince", "America/Port-au-Prince"),
            ("utc", "UTC"),
            ("gmt+0", "GMT+0"),
            ("etc/gmt-14", "Etc/GMT-14"),
            ("antarctica/dumontdurville", "Antarctica/DumontDUrville"),
            ("asia/calcutta", "Asia/Calcutta"),
            ("us/eastern", "US/Eastern"),
            ("nz-chat", "NZ-CHAT"),
        ] {
            assert_eq!(TimeZone::parse(text).unwrap().as_str(), name);
        }
    }
}
