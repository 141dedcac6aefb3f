//! Which addresses a registry may point to.
//!
//! The registry itself is named by the operator and may be anywhere. What it points to (redirects, token services,
//! upload locations) is its own word, and must not be a way into the operator's network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Which addresses a connection may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// This machine only.
    Loopback,
    /// Wherever the operator's own networks are, too.
    Named,
    /// The internet only.
    Public,
}

impl Reach {
    /// Whether a connection to the address is within reach.
    pub(crate) fn covers(self, address: IpAddr) -> bool {
        match self {
            Self::Loopback => unmapped(address).is_loopback(),
            Self::Named => !unmapped(address).is_unspecified() && !is_metadata(unmapped(address)),
            Self::Public => is_public(unmapped(address)),
        }
    }
}

/// All addresses of a name are out of reach.
#[derive(Debug, thiserror::Error)]
#[error("its address is not on the internet")]
pub(crate) struct OutOfReach;

impl reqwest::dns::Resolve for Reach {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let reach = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let within: Vec<SocketAddr> = found.filter(|found| reach.covers(found.ip())).collect();
            if within.is_empty() {
                return Err(OutOfReach.into());
            }
            Ok(Box::new(within.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// Written in IPv6, meant in IPv4: mapped, compatible, NAT64, 6to4.
fn unmapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        _ if v6 == Ipv6Addr::LOCALHOST || v6 == Ipv6Addr::UNSPECIFIED => address,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        _ => address,
    }
}

/// Services that tell a cloud's secrets to whoever asks from inside. No registry lives there.
fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_link_local() || matches!(v4.octets(), [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192])
        }
        IpAddr::V6(v6) => v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254],
    }
}

/// After the special-purpose address registries of IANA; whatever is not known to be public is not.
fn is_public(address: IpAddr) -> bool {
    if is_metadata(address) {
        return false;
    }
    match address {
        IpAddr::V4(v4) => !matches!(
            v4.octets(),
            [0 | 10 | 127, ..]
                | [100, 64..=127, ..]
                | [169, 254, ..]
                | [172, 16..=31, ..]
                | [192, 168, ..]
                | [192, 0, 0 | 2, _]
                | [192, 88, 99, _]
                | [198, 18..=19, ..]
                | [198, 51, 100, _]
                | [203, 0, 113, _]
                | [224..=255, ..]
        ),
        IpAddr::V6(v6) => match v6.segments() {
            [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
            [0x2000..=0x3fff, ..] => true,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let all = |reach: Reach, texts: &[&str], covered: bool| {
            for text in texts {
                assert_eq!(reach.covers(text.parse().unwrap()), covered, "{reach:?} {text}");
            }
        };
        let public = ["1.1.1.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"];
        let private = ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1"];
        let local = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "2002:7f00:1::"];
        let metadata =
            ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "168.63.129.16"];
        let nowhere = ["0.0.0.0", "::"];
        let reserved = ["224.0.0.1", "255.255.255.255", "2001:db8::1", "fe80::1", "ff02::1", "198.18.0.1"];
        for (reach, covered) in [(Reach::Loopback, false), (Reach::Named, true), (Reach::Public, true)] {
            all(reach, &public, covered);
        }
        for (reach, covered) in [(Reach::Loopback, false), (Reach::Named, true), (Reach::Public, false)] {
            all(reach, &private, covered);
        }
        for (reach, covered) in [(Reach::Loopback, true), (Reach::Named, true), (Reach::Public, false)] {
            all(reach, &local, covered);
        }
        for reach in [Reach::Loopback, Reach::Named, Reach::Public] {
            all(reach, &metadata, false);
            all(reach, &nowhere, false);
        }
        all(Reach::Public, &reserved, false);
    }
}
