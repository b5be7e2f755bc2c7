//! Which addresses the server may connect to for others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The networks that the operator has opened, besides all public ones. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Networks(Arc<[IpNet]>);

impl Networks {
    pub(super) fn new(opened: &[IpNet]) -> Self {
        Self(opened.into())
    }

    /// Returns whether a connection to an address may be opened: without TLS only if the operator has opened its network,
    /// since on any other way strangers could read and change what is sent.
    pub(super) fn admit(&self, address: IpAddr, is_secure: bool) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address)) || (is_secure && is_public(address))
    }

    /// Returns whether any network is open for http.
    pub(super) fn admit_http(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Returns whether an address belongs to the public internet. An address that carries one of IPv4 is what that is.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !NOT_PUBLIC.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => match carried(address) {
            Some(carried) => is_public(IpAddr::V4(carried)),
            None => PUBLIC_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address)),
        },
    }
}

/// Returns the address of IPv4 to which a gateway passes what is sent to one of IPv6: with NAT64, 6to4, or the form
/// "IPv4-compatible". Canonical addresses are no longer "IPv4-mapped".
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |at: usize| {
        let bytes = address.octets();
        Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3])
    };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0, 0, ..] => Some(from(12)),
        [0x2002, ..] => Some(from(2)),
        _ => None,
    }
}

/// What IANA's registry of special addresses excludes, and multicast.
const NOT_PUBLIC: [Ipv4Net; 17] = [
    v4([0, 0, 0, 0], 8),          // this host; connecting to 0.0.0.0 reaches it
    v4([10, 0, 0, 0], 8),         // private
    v4([100, 64, 0, 0], 10),      // shared behind a provider's NAT; some clouds' metadata
    v4([127, 0, 0, 0], 8),        // this host
    v4([168, 63, 129, 16], 32),   // Azure's services for its machines, which only look public
    v4([169, 254, 0, 0], 16),     // link-local; most clouds' metadata
    v4([172, 16, 0, 0], 12),      // private
    v4([192, 0, 0, 0], 24),       // protocol assignments; some clouds' metadata
    v4([192, 0, 2, 0], 24),       // documentation
    v4([192, 88, 99, 0], 24),     // relays of 6to4, abandoned
    v4([192, 168, 0, 0], 16),     // private
    v4([198, 18, 0, 0], 15),      // benchmarks
    v4([198, 51, 100, 0], 24),    // documentation
    v4([203, 0, 113, 0], 24),     // documentation
    v4([224, 0, 0, 0], 4),        // multicast
    v4([240, 0, 0, 0], 4),        // reserved
    v4([255, 255, 255, 255], 32), // broadcast
];

/// All that IANA gives out for the internet. Loopback, unique local, link-local, site-local, multicast, discarded and
/// translated addresses lie outside.
const PUBLIC_V6: Ipv6Net = v6([0x2000, 0], 3);

/// What IANA's registry excludes within [`PUBLIC_V6`].
const NOT_PUBLIC_V6: [Ipv6Net; 3] = [
    v6([0x2001, 0], 23),     // protocol assignments, such as Teredo
    v6([0x2001, 0xdb8], 32), // documentation
    v6([0x3fff, 0], 20),     // documentation
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([first, second]: [u16; 2], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an address may be connected to with TLS, and without, if some networks are open.
    fn admitted(address: &str, opened: &[&str]) -> (bool, bool) {
        let opened: Vec<_> = opened.iter().map(|network| network.parse().unwrap()).collect();
        let (networks, address) = (Networks::new(&opened), address.parse().unwrap());
        (networks.admit(address, true), networks.admit(address, false))
    }

    #[test]
    fn ipv4_addresses_that_are_not_public_are_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert_eq!(admitted(address, &[]), (false, false), "{address}");
        }
    }

    #[test]
    fn ipv6_addresses_that_are_not_public_are_refused() {
        for address in [
            "::",
            "::1",
            "::7f00:1",
            "::10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert_eq!(admitted(address, &[]), (false, false), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_admitted_with_tls() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "93.184.215.14",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.17",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:93.184.215.14",
            "64:ff9b::93.184.215.14",
            "2001:200::1",
            "2002:5db8:d70e::1",
            "2003::1",
            "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
            "3fff:1000::1",
        ] {
            assert_eq!(admitted(address, &[]), (true, false), "{address}");
        }
    }

    #[test]
    fn an_open_network_is_admitted_without_tls() {
        let opened = ["10.1.0.0/16", "fd00::/8", "93.184.215.14/32"];
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "fd00:ec2::254", "93.184.215.14"] {
            assert_eq!(admitted(address, &opened), (true, true), "{address}");
        }
        // A gateway's address is not in the network that it leads to.
        for address in ["10.2.0.1", "127.0.0.1", "64:ff9b::10.1.2.3", "2002:a01:203::1", "::10.1.2.3"] {
            assert_eq!(admitted(address, &opened), (false, false), "{address}");
        }
    }
}
