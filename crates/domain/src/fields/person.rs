//! Fields of a person, which accounts and external users share.

use validator::ValidateEmail as _;

use crate::primitives::text::{checked, text_type, web_address};
use crate::primitives::{Reason, Violation};

text_type! {
    /// A first or last name: 1 to 255 characters.
    PersonName, 1..=255
}

text_type! { @declare
    /// An e-mail address of at most 254 characters, without blanks around it.
    EmailAddress
}

impl EmailAddress {
    /// Checks an e-mail address, and drops blanks around it, which keyboards of phones add.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = checked(text.trim(), &(1..=254))?;
        if text.validate_email() { Ok(Self(text)) } else { Err(malformed("must be an e-mail address")) }
    }
}

text_type! { @declare
    /// A phone number in the form of E.164: `+`, then 2 to 15 digits, the first not 0.
    PhoneNumber
}

impl PhoneNumber {
    /// Checks a phone number.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        if plain && (2..=15).contains(&digits.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(malformed("must be a phone number in E.164 form, such as +15551234567"))
        }
    }
}

text_type! { @declare
    /// The URL of a picture: an absolute `http` or `https` URL of at most 2,048 characters.
    Avatar
}

impl Avatar {
    /// Checks a URL.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        web_address(text).map(Self)
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
    fn email_addresses() {
        check(
            EmailAddress::parse,
            &["jane.doe@example.com", "a+b@example.co.uk", "jane@bücher.example"],
            &[
                "",
                "jane",
                "jane@",
                "@example.com",
                "jane doe@example.com",
                "a@b@example.com",
                "a\0@example.com",
            ],
        );
    }

    #[test]
    fn blanks_around_an_address_are_dropped() {
        for written in
            [" u@example.com", "u@example.com ", "\t u@example.com\r\n", "\u{a0}u@example.com\u{3000}"]
        {
            assert_eq!(EmailAddress::parse(written).unwrap().as_str(), "u@example.com", "{written:?}");
        }
        assert_eq!(EmailAddress::parse(" \u{2003} ").unwrap_err().reason, Reason::TooShort);
    }

    #[test]
    fn phone_numbers() {
        check(
            PhoneNumber::parse,
            &["+15551234567", "+491701234567", "+123456789012345"],
            &["", "15551234567", "+", "+0155512", "+1 555 123", "+1234567890123456", "+1555-123", "+٣٤٥٦٧"],
        );
    }

    #[test]
    fn avatars() {
        check(
            Avatar::parse,
            &["https://example.com/avatars/jane.jpg", "http://localhost:3000/a?b=c#d", "HTTPS://EXAMPLE.COM"],
            &[
                "",
                "example.com",
                "ftp://example.com",
                "javascript:alert(1)",
                "https://",
                "http:example.com",
                "https://a\n.b",
            ],
        );
    }
}
