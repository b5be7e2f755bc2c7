//! Fields of a person, which accounts and external users share.

use crate::primitives::text::{text_type, web_address};
use crate::primitives::{Reason, Violation};

text_type! {
    /// A first or last name: 1 to 255 characters on one line, not blank.
    PersonName, line(1..=255)
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
            let message = "must be a phone number in E.164 form, such as +15551234567";
            Err(Violation::new(Reason::InvalidFormat, message))
        }
    }
}

text_type! { @declare
    /// The URL of a picture: an absolute `http` or `https` URL of at most 2,048 characters, without a user name or
    /// password.
    Avatar
}

impl Avatar {
    /// Checks a URL.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        web_address(text).map(Self)
    }
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
