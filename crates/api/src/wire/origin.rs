//! Origins: the sites and apps whose pages send requests.

use std::fmt;
use std::str::FromStr;

use axum::http::HeaderValue;

/// The origins whose pages may call the server from a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigin {
    /// All: `*`.
    Any,
    /// One: `https://app.example.com`, or that of an app, such as `tauri://localhost`.
    One(Origin),
    /// All hosts below a domain, at any depth, but not the domain itself: `https://*.example.com`.
    Below(Origin),
}

/// The origin of a page: scheme, host and port, in the form that browsers send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// Why a text is not a [`CorsOrigin`]: what is expected instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidOrigin(&'static str);

impl std::error::Error for InvalidOrigin {}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

const MALFORMED: InvalidOrigin =
    InvalidOrigin("expected * or an origin such as https://app.example.com, without a path");
const NULL: InvalidOrigin =
    InvalidOrigin("null is the origin of sandboxed pages of every site; to allow all sites, use *");
const MISPLACED: InvalidOrigin =
    InvalidOrigin("expected * in place of all subdomains: https://*.example.com");

impl FromStr for CorsOrigin {
    type Err = InvalidOrigin;

    /// Ignores case and the scheme's own port.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        match text {
            "*" => return Ok(Self::Any),
            "null" => return Err(NULL),
            _ => {}
        }
        let (domain, is_below) = match text.split_once("://*.") {
            Some((scheme, domain)) => (format!("{scheme}://{domain}"), true),
            None => (text.to_owned(), false),
        };
        if domain.contains('*') {
            return Err(MISPLACED);
        }
        let origin = Origin::parse(&domain).ok_or(MALFORMED)?;
        Ok(if is_below { Self::Below(origin) } else { Self::One(origin) })
    }
}

impl CorsOrigin {
    /// Returns whether the `Origin` header of a request is one of these.
    pub(crate) fn allows(&self, header: &HeaderValue) -> bool {
        *self == Self::Any || self.lists(header)
    }

    /// Like [`allows`](Self::allows), but false for `*`: whether the operator trusts this very site.
    pub(crate) fn lists(&self, header: &HeaderValue) -> bool {
        let Some(origin) = header.to_str().ok().and_then(Origin::parse) else { return false };
        match self {
            Self::Any => false,
            Self::One(listed) => *listed == origin,
            Self::Below(domain) => origin.is_below(domain),
        }
    }
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|other| other.is_ascii_alphanumeric() || "+-.".contains(other));
        // A colon within brackets belongs to an IPv6 address.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
            _ => (authority, None),
        };
        let scheme = scheme.to_ascii_lowercase();
        let (host, own_port) = match &*scheme {
            "http" => (web_host(host)?, Some(80)),
            "https" => (web_host(host)?, Some(443)),
            _ => (app_host(host)?, None),
        };
        is_scheme.then(|| Self { scheme, host, port: port.filter(|port| Some(*port) != own_port) })
    }

    fn is_below(&self, domain: &Self) -> bool {
        let subdomain = self.host.strip_suffix(&*domain.host).and_then(|rest| rest.strip_suffix('.'));
        (&*self.scheme, self.port) == (&*domain.scheme, domain.port)
            && subdomain.is_some_and(|subdomain| !subdomain.is_empty())
    }
}

fn web_host(text: &str) -> Option<String> {
    url::Host::parse(text).ok().map(|host| host.to_string())
}

/// Apps name their pages as they like: `localhost`, or the id of a browser's extension.
fn app_host(text: &str) -> Option<String> {
    let is_host =
        !text.is_empty() && text.chars().all(|other| other.is_ascii_alphanumeric() || "-._".contains(other));
    is_host.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(setting: &str) -> impl Fn(&str) -> bool {
        let setting: CorsOrigin = setting.parse().unwrap();
        move |origin| setting.allows(&HeaderValue::from_str(origin).unwrap())
    }

    #[test]
    fn an_origin_matches_as_browsers_send_it() {
        for (setting, origin) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.COM", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("http://app.example.com:80", "http://app.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
            ("https://[2001:DB8:0::1]", "https://[2001:db8::1]"),
            ("https://müller.example", "https://xn--mller-kva.example"),
            ("tauri://localhost", "tauri://localhost"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("ionic://localhost", "ionic://localhost"),
            (
                "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
                "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            ),
            (
                "moz-extension://5f1d7a5a-3f0b-4b52-8a4c-2d1b7a1c0f9e",
                "moz-extension://5f1d7a5a-3f0b-4b52-8a4c-2d1b7a1c0f9e",
            ),
            ("app://obsidian.md", "app://obsidian.md"),
            ("https://*.example.com", "https://app.example.com"),
            ("https://*.example.com", "https://a.b.example.com"),
            ("https://*.Example.com:8443", "https://app.example.com:8443"),
            ("*", "https://anything.example"),
            ("*", "null"),
        ] {
            assert!(allowed(setting)(origin), "{setting} {origin}");
        }
    }

    #[test]
    fn other_origins_do_not_match() {
        for (setting, origin) in [
            ("https://app.example.com", "http://app.example.com"),
            ("https://app.example.com", "https://app.example.com:8443"),
            ("https://app.example.com", "https://app.example.com.evil.example"),
            ("https://app.example.com", "https://evil.example/https://app.example.com"),
            ("https://app.example.com", "null"),
            ("https://*.example.com", "https://example.com"),
            ("https://*.example.com", "https://.example.com"),
            ("https://*.example.com", "https://evilexample.com"),
            ("https://*.example.com", "https://app.example.com:8443"),
            ("https://*.example.com", "http://app.example.com"),
            ("tauri://localhost", "https://localhost"),
        ] {
            assert!(!allowed(setting)(origin), "{setting} {origin}");
        }
    }

    #[test]
    fn an_error_says_what_is_expected() {
        for (setting, error) in [
            ("", MALFORMED),
            ("app.example.com", MALFORMED),
            ("https://app.example.com/", MALFORMED),
            ("https://a/b", MALFORMED),
            ("https://a?b", MALFORMED),
            ("https://a#b", MALFORMED),
            ("https://me@a", MALFORMED),
            ("https://a b", MALFORMED),
            ("https://a:port", MALFORMED),
            ("https://", MALFORMED),
            ("://a", MALFORMED),
            ("1a://localhost", MALFORMED),
            ("tauri://local/host", MALFORMED),
            ("null", NULL),
            ("https://*", MISPLACED),
            ("https://app.*.example.com", MISPLACED),
            ("https://*.*.example.com", MISPLACED),
            ("*.example.com", MISPLACED),
            ("https://app*.example.com", MISPLACED),
        ] {
            assert_eq!(setting.parse::<CorsOrigin>(), Err(error), "{setting}");
        }
    }
}
