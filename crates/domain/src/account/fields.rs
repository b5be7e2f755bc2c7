//! The fields of an account, each with its rule.

use crate::text::text_type;
use crate::{EmailAddress, Violation};

text_type! { @declare
    /// What an account logs in with: an e-mail address of at most 254 characters, kept in lower case. Unique in the
    /// whole directory.
    Username
}

impl Username {
    /// Checks an e-mail address, and puts it in lower case.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let address = EmailAddress::parse(text)?;
        // Lower case may be longer than what it is of.
        EmailAddress::parse(&address.as_str().to_lowercase()).map(|lower| Self(lower.into_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_an_address_in_lower_case() {
        assert_eq!(Username::parse("Jane.Doe@Example.COM").unwrap().as_str(), "jane.doe@example.com");
        assert_eq!(Username::parse("admin@localhost").unwrap().as_str(), "admin@localhost");
        for wrong in ["", "admin", "a b@example.com", "@example.com"] {
            assert!(Username::parse(wrong).is_err(), "{wrong}");
        }
    }
}
