//! The client's IP address.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;

/// The addresses of the client and of the proxies it passed.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The scheme of the client's request.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Returns the client's address: the peer's, or, behind trusted proxies, the last address in `X-Forwarded-For` or
/// `Forwarded` (RFC 7239) that is not a trusted proxy. Clients can forge all entries before it. If the two headers name
/// different clients, a proxy passed one on without checking it, and the address is the peer's.
pub(crate) fn of(parts: &Parts, trusted: &[IpNet]) -> IpAddr {
    client(peer(parts), &parts.headers, trusted)
}

/// Returns whether the request comes from a trusted proxy that reports HTTPS for its client. With several proxies, the
/// first scheme in a header is the client's. If both headers are present, both must report HTTPS.
pub(crate) fn is_secured_by_proxy(parts: &Parts, trusted: &[IpNet]) -> bool {
    contains(trusted, peer(parts)) && is_secured(&parts.headers)
}

fn peer(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address.to_canonical()))
}

/// Returns the key for counting an address: IPv4 as it is, IPv6 as its /64 network, which one customer usually has.
pub(crate) fn counted_as(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let listed = members(headers, &FORWARDED_FOR).into_iter().map(address_of);
    let named =
        members(headers, &header::FORWARDED).into_iter().map(|member| address_of(parameter(member, "for")?));
    let client_in = |hops: Vec<_>| (!hops.is_empty()).then(|| behind_proxies(peer, hops, trusted));
    match (client_in(listed.collect()), client_in(named.collect())) {
        (Some(listed), Some(named)) if listed != named => peer,
        (listed, named) => listed.or(named).unwrap_or(peer),
    }
}

/// Walks from the peer back through the addresses that proxies report, up to the first that is not a trusted proxy.
fn behind_proxies(peer: IpAddr, hops: Vec<Option<IpAddr>>, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        match hop {
            Some(address) if contains(trusted, client) => client = address,
            _ => break,
        }
    }
    client
}

fn is_secured(headers: &HeaderMap) -> bool {
    let listed = members(headers, &FORWARDED_PROTO).into_iter().next();
    let named =
        members(headers, &header::FORWARDED).into_iter().find_map(|member| parameter(member, "proto"));
    let mut schemes = listed.into_iter().chain(named).peekable();
    schemes.peek().is_some() && schemes.all(|scheme| unquoted(scheme).eq_ignore_ascii_case("https"))
}

/// Returns the members of a header that is a list, in order. Skips empty ones, as RFC 9110 requires.
fn members<'header>(headers: &'header HeaderMap, name: &HeaderName) -> Vec<&'header str> {
    let values = headers.get_all(name).iter().filter_map(|value| HeaderValue::to_str(value).ok());
    values.flat_map(|value| split(value, ',')).filter(|member| !member.is_empty()).collect()
}

/// Returns a parameter of a member of `Forwarded`, such as `for` in `for=192.0.2.1;proto=https`.
fn parameter<'member>(member: &'member str, name: &str) -> Option<&'member str> {
    let mut pairs = split(member, ';').filter_map(|pair| pair.split_once('='));
    let is_it =
        |(key, value): &(&str, &str)| key.trim().eq_ignore_ascii_case(name) && !value.trim().is_empty();
    pairs.find(is_it).map(|(_, value)| value)
}

/// Splits at a separator that is not within quotes, and trims the parts.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |character| {
        is_quoted ^= character == '"';
        character == separator && !is_quoted
    })
    .map(str::trim)
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches('"').trim()
}

/// Parses an address in a proxy header: alone, quoted, in brackets, with a zone, or with a port. `None` for the names
/// that proxies use to hide an address (`unknown`, `_hidden`).
fn address_of(hop: &str) -> Option<IpAddr> {
    let hop = unquoted(hop);
    let host = match hop.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        // An IPv6 address without brackets has more than one colon, and no port.
        None => hop.split_once(':').filter(|(_, port)| !port.contains(':')).map_or(hop, |(host, _)| host),
    };
    let address = host.split_once('%').map_or(host, |(address, _)| address);
    address.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_of(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn client_of(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        client(peer.parse().unwrap(), &headers_of(lines), &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_set_the_address() {
        for (peer, forwarded, client) in [
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.7, unknown, 10.0.0.2", "10.0.0.2"),
        ] {
            assert_eq!(client_of(peer, &[("x-forwarded-for", forwarded)]), client, "{peer} {forwarded}");
        }
        assert_eq!(client_of("192.0.2.1", &[]), "192.0.2.1");
        let lines = [("x-forwarded-for", "203.0.113.9, 198.51.100.7"), ("x-forwarded-for", "10.0.0.2")];
        assert_eq!(client_of("10.0.0.1", &lines), "198.51.100.7");
    }

    #[test]
    fn reads_addresses_as_proxies_write_them() {
        for (forwarded, client) in [
            ("198.51.100.7:4711", "198.51.100.7"),
            ("\"198.51.100.7:4711\"", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
            ("198.51.100.7,", "198.51.100.7"),
            (", ,198.51.100.7 , , 10.0.0.2,,", "198.51.100.7"),
            ("\t198.51.100.7\t", "198.51.100.7"),
            ("2001:db8::7:4711:0:0:0:0:0", "10.0.0.1"),
            ("[2001:db8::7", "10.0.0.1"),
            ("198.51.100", "10.0.0.1"),
        ] {
            assert_eq!(client_of("10.0.0.1", &[("x-forwarded-for", forwarded)]), client, "{forwarded}");
        }
    }

    #[test]
    fn reads_the_forwarded_header() {
        for (forwarded, client) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("For=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1", "2001:db8::7"),
            ("proto=https ; for = 198.51.100.7", "198.51.100.7"),
            ("for=203.0.113.9, for=198.51.100.7;host=\"a,b;for=1\", for=10.0.0.2", "198.51.100.7"),
            ("for=198.51.100.7:_port", "198.51.100.7"),
            ("for=198.51.100.7, for=_hidden", "10.0.0.1"),
            ("for=unknown", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(client_of("10.0.0.1", &[("forwarded", forwarded)]), client, "{forwarded}");
        }
    }

    #[test]
    fn headers_that_disagree_are_not_trusted() {
        let client_in =
            |listed, named| client_of("10.0.0.1", &[("x-forwarded-for", listed), ("forwarded", named)]);
        assert_eq!(client_in("198.51.100.7", "for=198.51.100.7"), "198.51.100.7");
        assert_eq!(client_in("198.51.100.7, 10.0.0.2", "for=\"198.51.100.7:80\""), "198.51.100.7");
        assert_eq!(client_in("198.51.100.7", "for=203.0.113.9"), "10.0.0.1");
    }

    #[test]
    fn the_first_scheme_is_the_clients() {
        for (proto, is_https) in [
            ("https", true),
            ("HTTPS", true),
            ("https,http", true),
            ("https, https", true),
            (" , https", true),
            ("\"https\"", true),
            ("http", false),
            ("http, https", false),
            ("wss", false),
            ("", false),
        ] {
            assert_eq!(is_secured(&headers_of(&[("x-forwarded-proto", proto)])), is_https, "{proto}");
            let forwarded = format!("for=198.51.100.7;proto={}", proto.replace(',', ", for=10.0.0.2;proto="));
            assert_eq!(is_secured(&headers_of(&[("forwarded", &forwarded)])), is_https, "{forwarded}");
        }
        assert!(!is_secured(&headers_of(&[("x-forwarded-proto", "http"), ("forwarded", "proto=https")])));
    }

    #[test]
    fn an_ipv6_subnet_counts_as_one_client() {
        let counted = |text: &str| counted_as(text.parse().unwrap());
        assert_eq!(counted("2001:db8:1:2:3::4"), counted("2001:db8:1:2::9"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
        assert_eq!(counted("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
