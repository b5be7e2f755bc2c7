//! The fields of an account and their rules.

use crate::fields::EmailAddress;
use crate::primitives::Violation;
use crate::primitives::text::{line, not_blank, text_type, web_address};

text_type! { @declare
    /// The name that an account logs in with: an [`EmailAddress`] in lower case. Unique in the whole directory.
    Username
}

impl Username {
    /// Checks an e-mail address, drops blanks around it, and converts it to lower case.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let address = EmailAddress::parse(text)?;
        // Lower case may be longer than the original.
        EmailAddress::parse(&address.as_str().to_lowercase()).map(|lower| Self(lower.into_string()))
    }

    /// Returns every username under which older versions may have stored the account that a text names, without duplicates:
    /// the text in lower case, and what it is today. Accounts keep usernames that could not be chosen today. Empty if the
    /// text was never a username.
    pub fn stored_forms(text: &str) -> Vec<Self> {
        EmailAddress::stored_forms(&text.to_lowercase()).into_iter().map(Self).collect()
    }

    /// Returns the form in which the username would be stored today, or the username if it could not be chosen today.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self::parse(&self.0).unwrap_or_else(|_| self.clone())
    }
}

text_type! { @declare
    /// An account's name in conversations: 1 to 255 characters on one line, not blank. Not unique.
    Nick
}

impl Nick {
    /// Checks a nick, and drops spaces around it.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        not_blank(text)?;
        line(text.trim(), &(1..=255)).map(Self)
    }
}

text_type! { @declare
    /// The URL of a person's own page: an absolute `http` or `https` URL of at most 2,048 characters, without a user
    /// name or password.
    Website
}

impl Website {
    /// Checks a URL.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        web_address(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nick_is_visible() {
        for (text, nick) in [("Steve", "Steve"), (" Mary Ann ", "Mary Ann"), ("🙂", "🙂")] {
            assert_eq!(Nick::parse(text).unwrap().as_str(), nick);
        }
        for wrong in ["", "  ", "a\u{7}b", "a\nb", &"a".repeat(256)] {
            assert!(Nick::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_username_is_an_address_in_lower_case() {
        assert_eq!(Username::parse("Jane.Doe@Example.COM").unwrap().as_str(), "jane.doe@example.com");
        assert_eq!(Username::parse("admin@localhost").unwrap().as_str(), "admin@localhost");
        assert_eq!(Username::parse("TËST@XN--MLLER-KVA.de").unwrap().as_str(), "tëst@müller.de");
        for wrong in ["", "admin", "a b@example.com", "@example.com"] {
            assert!(Username::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_username_of_an_older_version_is_found() {
        let forms =
            |text| Username::stored_forms(text).into_iter().map(Username::into_string).collect::<Vec<_>>();
        assert_eq!(forms("User..X@Example.com"), ["user..x@example.com"]);
        assert_eq!(forms("Jane@XN--MLLER-KVA.de"), ["jane@xn--mller-kva.de", "jane@müller.de"]);
        assert_eq!(
            Username::from_stored("jane@xn--mller-kva.de".to_owned()).renewed().as_str(),
            "jane@müller.de"
        );
        assert_eq!(
            Username::from_stored("user.@example.com".to_owned()).renewed().as_str(),
            "user.@example.com"
        );
    }
}
