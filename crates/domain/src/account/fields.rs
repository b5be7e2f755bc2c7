//! The fields of an account and their rules.

use crate::fields::EmailAddress;
use crate::primitives::Violation;
use crate::primitives::text::{checked, text_type, visible, web_address};

text_type! { @declare
    /// The name that an account logs in with: an e-mail address of at most 254 characters, in lower case. Unique in the
    /// whole directory.
    Username
}

impl Username {
    /// Checks an e-mail address, drops blanks around it, and converts it to lower case.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let address = EmailAddress::parse(text)?;
        // Lower case may be longer than the original.
        EmailAddress::parse(&address.as_str().to_lowercase()).map(|lower| Self(lower.into_string()))
    }
}

text_type! { @declare
    /// An account's name in conversations: 1 to 255 characters, not blank, without control characters. Not unique.
    Nick
}

impl Nick {
    /// Checks a nick, and drops spaces around it.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        visible(text)?;
        checked(text.trim(), &(1..=255)).map(Self)
    }
}

text_type! { @declare
    /// The URL of a person's own page: an absolute `http` or `https` URL of at most 2,048 characters.
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
        for wrong in ["", "admin", "a b@example.com", "@example.com"] {
            assert!(Username::parse(wrong).is_err(), "{wrong}");
        }
    }
}
