//! URLs that requests are sent to.

use std::net::IpAddr;

use axum::http::Uri;
use denizen_domain::{Reason, Violation};
use ipnet::IpNet;
use url::{Host, Url};

use super::network::Networks;

/// How many characters a URL can have.
const MAXIMUM_LENGTH: usize = 2_000;

/// Checks a URL that somebody has typed, and returns it in the form in which it is used. It is https, or http if the operator
/// has opened networks. An address in it, however it is spelt, must be one that the server connects to. A name is not looked
/// up: its addresses can change, and are checked whenever the server connects to it.
pub(crate) fn check_url(text: &str, opened: &[IpNet]) -> Result<String, Violation> {
    let networks = Networks::new(opened);
    let invalid = |rule: &str| Violation::new(Reason::InvalidFormat, rule);
    // The parser drops white space and control characters in silence.
    let strange = text.contains(|character: char| character.is_whitespace() || character.is_control());
    let url = Url::parse(text).ok().filter(|url| !strange && matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| invalid("must be a URL such as https://example.com/webhooks"))?;
    if text.chars().count().max(url.as_str().len()) > MAXIMUM_LENGTH {
        return Err(Violation::new(Reason::TooLong, "must have at most 2,000 characters"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("must not contain a user name or password"));
    }
    if url.fragment().is_some() {
        return Err(invalid("must not contain a fragment (#)"));
    }
    if url.port() == Some(0) {
        return Err(invalid("must not have the port 0"));
    }
    if !is_secure(&url) && !networks.admit_http() {
        return Err(invalid("must begin with https://"));
    }
    match address_in(&url) {
        Some(address) if !networks.admit(address, true) => {
            Err(invalid(&format!("must not lead to {address}, which is not public")))
        }
        Some(address) if !networks.admit(address, is_secure(&url)) => {
            Err(invalid("must begin with https://"))
        }
        // What sends requests has a parser of its own.
        _ if url.as_str().parse::<Uri>().is_err() => Err(invalid("must be a valid URL")),
        _ => Ok(url.into()),
    }
}

fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
}

fn address_in(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(IpAddr::from(address).to_canonical()),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str, opened: &[&str]) -> Result<String, String> {
        let opened: Vec<_> = opened.iter().map(|network| network.parse().unwrap()).collect();
        check_url(text, &opened).map_err(|violation| violation.message)
    }

    #[test]
    fn an_address_that_is_not_public_is_refused_in_any_spelling() {
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0x7F.0.0.1",
            "0177.0.0.1",
            "017700000001",
            "00000177.0.0.1",
            "%31%32%37.0.0.1",
            "127。0。0。1",
            "１２７.0.0.1",
            "0",
            "0.0.0.0",
            "10.0.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "[::]",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:a9fe:a9fe]",
            "[2002:7f00:1::]",
            "[64:ff9b::7f00:1]",
            "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
            "[fd00:ec2::254]",
            "[fe80::1]",
        ] {
            let refused = checked(&format!("https://{host}/path"), &[]).unwrap_err();
            assert!(refused.ends_with("which is not public"), "{host}: {refused}");
            assert!(checked(&format!("http://{host}:80"), &["10.9.0.0/16"]).is_err(), "{host}");
        }
    }

    #[test]
    fn a_public_url_is_returned_in_one_form() {
        for (text, used) in [
            ("https://example.com", "https://example.com/"),
            ("HTTPS://Example.COM:443/a?b=c", "https://example.com/a?b=c"),
            ("https://example.com:8443/ä b".trim_end_matches(" b"), "https://example.com:8443/%C3%A4"),
            ("https://müller.example/", "https://xn--mller-kva.example/"),
            ("https://93.184.215.14/", "https://93.184.215.14/"),
            ("https://1572394766/", "https://93.184.215.14/"),
            (
                "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
                "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
            ),
            ("https://localhost/", "https://localhost/"),
        ] {
            assert_eq!(checked(text, &[]).as_deref(), Ok(used), "{text}");
        }
    }

    #[test]
    fn other_urls_are_refused() {
        let long = format!("https://example.com/{}", "a".repeat(1_981));
        let long_once_encoded = format!("https://example.com/{}", "ä".repeat(400));
        for (text, rule) in [
            ("", "must be a URL"),
            ("example.com", "must be a URL"),
            ("//example.com", "must be a URL"),
            ("ftp://example.com", "must be a URL"),
            ("file:///etc/passwd", "must be a URL"),
            ("javascript:alert(1)", "must be a URL"),
            ("https://", "must be a URL"),
            ("https:///", "must be a URL"),
            ("https://exa mple.com", "must be a URL"),
            ("https://exam\nple.com", "must be a URL"),
            (" https://example.com", "must be a URL"),
            ("https://example.com:65536", "must be a URL"),
            ("https://1.2.3.256", "must be a URL"),
            ("https://[::1%25eth0]/", "must be a URL"),
            ("https://me@example.com", "must not contain a user name"),
            ("https://me:secret@example.com", "must not contain a user name"),
            ("https://:secret@example.com", "must not contain a user name"),
            ("https://example.com/#", "must not contain a fragment"),
            ("https://example.com/#top", "must not contain a fragment"),
            ("https://example.com:0/", "must not have the port 0"),
            ("http://example.com/", "must begin with https://"),
            ("http://93.184.215.14/", "must begin with https://"),
            (&long, "must have at most"),
            (&long_once_encoded, "must have at most"),
        ] {
            let refused = checked(text, &[]).unwrap_err();
            assert!(refused.starts_with(rule), "{text}: {refused}");
        }
        assert!(checked(&long[..2_000], &[]).is_ok());
    }

    #[test]
    fn an_open_network_takes_http() {
        let opened = ["10.1.0.0/16"];
        for text in ["http://10.1.2.3:8080/", "http://[::ffff:10.1.2.3]/", "https://10.1.2.3/"] {
            assert!(checked(text, &opened).is_ok(), "{text}");
        }
        // Where a name leads is seen when it is connected to.
        assert!(checked("http://hooks.internal/", &opened).is_ok());
        assert_eq!(checked("http://93.184.215.14/", &opened).unwrap_err(), "must begin with https://");
        assert!(checked("http://10.2.0.1/", &opened).is_err());
    }
}
