//! Which headers a request to another system can have.

use axum::http::{HeaderName, HeaderValue, header};
use denizen_domain::{Reason, Violation};

/// How many characters a name can have.
const MAXIMUM_NAME: usize = 100;

/// How many characters a value can have.
const MAXIMUM_VALUE: usize = 8_000;

/// The headers that say where a message ends, where it goes, or what the connection does. Another value than the client's own
/// would let a request carry a second one inside.
static OF_THE_CLIENT: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    HeaderName::from_static("keep-alive"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Checks a header for an [`OutgoingRequest`](super::OutgoingRequest), whose name and value somebody has typed. A name has
/// up to 100 characters, a value up to 8,000, all of them visible ASCII, blanks or tabs; blanks around it are dropped.
/// Headers that the client sets itself are refused.
pub(crate) fn check_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Violation> {
    if name.len() > MAXIMUM_NAME {
        return Err(Violation::new(Reason::TooLong, "must have a name of at most 100 characters"));
    }
    let parsed = name.parse::<HeaderName>();
    let name = parsed.map_err(|_| {
        Violation::new(Reason::InvalidFormat, "must have a name such as X-Request-Id, without blanks")
    })?;
    if is_of_the_client(&name) {
        return Err(Violation::new(
            Reason::InvalidFormat,
            format!("must not be {name}, which the server sets itself"),
        ));
    }
    let value = value.trim_matches([' ', '\t']);
    if value.len() > MAXIMUM_VALUE {
        return Err(Violation::new(Reason::TooLong, "must have a value of at most 8,000 characters"));
    }
    match HeaderValue::from_str(value) {
        Ok(parsed) if value.is_ascii() => Ok((name, parsed)),
        _ => Err(Violation::new(
            Reason::InvalidCharacters,
            "must have a value of visible ASCII characters and blanks",
        )),
    }
}

/// Returns whether only the client may set a header.
pub(super) fn is_of_the_client(name: &HeaderName) -> bool {
    OF_THE_CLIENT.contains(name) || name.as_str().starts_with("proxy-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_others_may_set() {
        for (name, value, expected) in [
            ("X-Api-Key", "secret", "secret"),
            ("x-empty", "", ""),
            ("Accept", " text/html,\tapplication/json;q=0.9 ", "text/html,\tapplication/json;q=0.9"),
            ("authorization", "Bearer a.b.c", "Bearer a.b.c"),
            ("Content-Type", "application/xml", "application/xml"),
            ("User-Agent", "shop/1.0", "shop/1.0"),
            ("!#$%&'*+-.^_`|~9", "~", "~"),
            (&"x".repeat(100), &"v".repeat(8_000), &"v".repeat(8_000)),
        ] {
            let (checked, value) = check_header(name, value).unwrap();
            assert_eq!((checked.as_str(), value.as_bytes()), (&*name.to_lowercase(), expected.as_bytes()));
        }
    }

    #[test]
    fn refuses_what_only_the_client_sets() {
        for name in [
            "Host",
            "CONTENT-LENGTH",
            "Transfer-Encoding",
            "connection",
            "Keep-Alive",
            "TE",
            "Trailer",
            "Upgrade",
            "Expect",
            "Proxy-Authorization",
            "Proxy-Connection",
            "proxy-",
        ] {
            let violation = check_header(name, "1").unwrap_err();
            let message = format!("must not be {}, which the server sets itself", name.to_lowercase());
            assert_eq!((violation.reason, violation.message), (Reason::InvalidFormat, message));
        }
    }

    #[test]
    fn refuses_what_is_no_header() {
        let (long_name, long_value) = ("x".repeat(101), "v".repeat(8_001));
        for (name, value, reason) in [
            ("", "1", Reason::InvalidFormat),
            (" ", "1", Reason::InvalidFormat),
            (" x", "1", Reason::InvalidFormat),
            ("x ", "1", Reason::InvalidFormat),
            ("x:", "1", Reason::InvalidFormat),
            ("x\r\ny", "1", Reason::InvalidFormat),
            ("ä", "1", Reason::InvalidFormat),
            ("x", "1\r\ny: 2", Reason::InvalidCharacters),
            ("x", "1\n", Reason::InvalidCharacters),
            ("x", "\0", Reason::InvalidCharacters),
            ("x", "\u{7f}", Reason::InvalidCharacters),
            ("x", "ä", Reason::InvalidCharacters),
            (&long_name, "1", Reason::TooLong),
            ("x", &long_value, Reason::TooLong),
        ] {
            let violation = check_header(name, value).unwrap_err();
            assert_eq!(violation.reason, reason, "{name}: {value}");
        }
    }
}
