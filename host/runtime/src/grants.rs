//! What the operator lets a plugin do beyond its world. This file decides, and nothing else does; `egress.rs` carries
//! out what is decided here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the operator gives one plugin. Nothing is in force that the plugin does not also ask for in its description.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// Hosts that may be reached by HTTP.
    pub http_hosts: Vec<HostPattern>,
    /// Secrets that the host adds to requests on the way out.
    pub secrets: Vec<SecretBinding>,
    /// Local models that may be opened, by name.
    pub models: Vec<String>,
    /// Granted hosts may be machines of this network (loopback, private, carrier-grade NAT, unique local). Link-local
    /// addresses and cloud metadata services stay out of reach.
    pub allow_private: bool,
}

/// A secret and the only place it may go to.
#[derive(Clone)]
pub struct SecretBinding {
    /// By which the plugin asks for it.
    pub name: String,
    /// To whom it is sent; checked against the request, whatever the plugin says.
    pub host: HostPattern,
    /// Which header it becomes, most often `authorization`.
    pub header: http::HeaderName,
    /// The header's value, `{secret}` standing for the secret, most often `Bearer {secret}`.
    pub template: String,
    /// The secret itself. Never shown.
    pub secret: String,
}

impl SecretBinding {
    /// `authorization: Bearer <secret>`.
    pub fn bearer(name: impl Into<String>, host: HostPattern, secret: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            host,
            header: http::header::AUTHORIZATION,
            template: "Bearer {secret}".into(),
            secret: secret.into(),
        }
    }

    /// The header's value, marked as sensitive; `None` when it holds characters that no header may.
    pub(crate) fn value(&self) -> Option<http::HeaderValue> {
        let mut value = http::HeaderValue::from_str(&self.template.replace("{secret}", &self.secret)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for SecretBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretBinding")
            .field("name", &self.name)
            .field("host", &self.host)
            .field("header", &self.header)
            .field("secret", &"…")
            .finish_non_exhaustive()
    }
}

/// Hosts by name: `api.example.com` (HTTPS on 443 only), `localhost:8080` (HTTP or HTTPS on that port), `*.example.com`
/// (any name below, not `example.com` itself), `*.example.com:8443`. Addresses are written as such: `10.0.0.7:8000`,
/// `[::1]:8000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    host: url::Host<String>,
    below: bool,
    port: Option<u16>,
}

/// Why a text is no [`HostPattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a host: write \"api.example.com\", \"host:port\" or \"*.example.com\"")]
pub struct InvalidHost(String);

impl std::str::FromStr for HostPattern {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let invalid = || InvalidHost(text.into());
        let (below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| invalid())?)),
            _ => (rest, None),
        };
        if host.is_empty() || host.contains(['*', '/', '@', ' ']) || port == Some(0) {
            return Err(invalid());
        }
        let host = normalised(host).ok_or_else(invalid)?;
        if below && !matches!(&host, url::Host::Domain(name) if name.contains('.')) {
            return Err(invalid());
        }
        Ok(Self { host, below, port })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl HostPattern {
    fn covers(&self, target: &Target) -> bool {
        let port = match self.port {
            Some(port) => port == target.port,
            None => target.tls && target.port == 443,
        };
        let host = match (&self.host, &target.host) {
            (url::Host::Domain(granted), url::Host::Domain(wanted)) if self.below => {
                wanted.strip_suffix(granted.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            (granted, wanted) => granted == wanted,
        };
        port && host
    }
}

/// Where a request goes, normalised as the HTTP client will understand it: `0x7f.1` is `127.0.0.1` here too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    tls: bool,
    host: url::Host<String>,
    port: u16,
}

impl Target {
    /// The target of an address; `None` unless it is plain `http` or `https` without user or password.
    pub(crate) fn of(url: &url::Url) -> Option<Self> {
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        // `Url` has normalised the host; what is left is the dot at the end of absolute names.
        let host = normalised(&url.host()?.to_string())?;
        Some(Self { tls, host, port: url.port_or_known_default()? })
    }

    /// The address, where the host is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.host {
            url::Host::Domain(_) => None,
            url::Host::Ipv4(address) => Some(address.into()),
            url::Host::Ipv6(address) => Some(address.into()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", if self.tls { "https" } else { "http" }, self.host, self.port)
    }
}

fn normalised(host: &str) -> Option<url::Host<String>> {
    url::Host::parse(host.strip_suffix('.').unwrap_or(host)).ok()
}

impl Grants {
    /// What is left when the plugin asks for HTTP, and for local models, or does not.
    pub(crate) fn asked(self, http: bool, models: bool) -> Self {
        Self {
            http_hosts: if http { self.http_hosts } else { Vec::new() },
            secrets: if http { self.secrets } else { Vec::new() },
            models: if models { self.models } else { Vec::new() },
            allow_private: self.allow_private,
        }
    }

    /// Whether a request may go to `target`; the text says what was missing.
    pub(crate) fn http(&self, target: &Target) -> Result<(), String> {
        if !self.http_hosts.iter().any(|host| host.covers(target)) {
            return Err(format!("http to {target} is not granted"));
        }
        match target.address() {
            Some(address) if !self.reaches(address) => Err(format!("http to {target} is not granted: {}", self.why())),
            _ => Ok(()),
        }
    }

    /// Whether a granted name may stand for this address.
    pub(crate) fn reaches(&self, address: IpAddr) -> bool {
        match Reach::of(address) {
            Reach::Public => true,
            Reach::Private => self.allow_private,
            Reach::Never => false,
        }
    }

    /// Why an address of a granted host is out of reach.
    pub(crate) fn why(&self) -> &'static str {
        if self.allow_private {
            "link-local, metadata and reserved addresses are never reached"
        } else {
            "its address is not public, and private addresses are not allowed for this plugin"
        }
    }

    /// The secret of that name, if it may go to `target`.
    pub(crate) fn secret(&self, name: &str, target: &Target) -> Option<&SecretBinding> {
        self.secrets.iter().find(|secret| secret.name == name && secret.host.covers(target))
    }
}

/// Who can be at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Anyone on the internet.
    Public,
    /// This machine or its networks.
    Private,
    /// Nobody that a plugin has business with: metadata services, link-local, multicast, reserved ranges.
    Never,
}

impl Reach {
    /// After the special-purpose address registries of IANA (RFC 6890 and its updates); whatever is not known to be
    /// public is not.
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            // Metadata services outside of link-local: Alibaba, Azure's host agent, Oracle.
            [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => Self::Never,
            [10, ..] | [127, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Self::Private,
            // This network, link-local, protocol assignments, documentation, relays, benchmarks, multicast, reserved.
            [0, ..] | [169, 254, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] => Self::Never,
            [198, 18..=19, ..] | [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => Self::Never,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address == Ipv6Addr::LOCALHOST {
            return Self::Private;
        }
        let embedded = |high: u16, low: u16| {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Self::of_v4(Ipv4Addr::new(a, b, c, d))
        };
        match address.segments() {
            // The metadata service of AWS has a unique local address.
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Self::Never,
            // Written in IPv6, meant in IPv4: mapped, compatible, NAT64, 6to4.
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
            [0x2002, high, low, ..] => embedded(high, low),
            [0xfc00..=0xfdff, ..] => Self::Private,
            // Teredo and other protocol assignments, documentation.
            [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Self::Never,
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Option<Target> {
        Target::of(&url::Url::parse(url).ok()?)
    }

    fn check(pattern: &str, url: &str, granted: bool) {
        let grants = Grants { http_hosts: vec![pattern.parse().unwrap()], allow_private: true, ..Default::default() };
        let answer = target(url).ok_or_else(String::new).and_then(|target| grants.http(&target));
        assert_eq!(answer.is_ok(), granted, "{pattern} on {url}: {answer:?}");
    }

    #[test]
    fn hosts() {
        check("api.example.com", "https://api.example.com/v1", true);
        check("api.example.com", "https://API.Example.COM./v1", true);
        check("api.example.com", "https://api.example.com:8443/", false);
        check("api.example.com", "http://api.example.com/", false);
        check("api.example.com", "https://api.example.com.evil.test/", false);
        check("api.example.com", "https://user:pass@api.example.com/", false);
        check("api.example.com", "https://evil.test/@api.example.com", false);
        check("api.example.com", "ftp://api.example.com/", false);
        check("host:8080", "http://host:8080/", true);
        check("host:8080", "https://host:8080/", true);
        check("host:8080", "http://host/", false);
        check("*.example.com", "https://a.b.example.com/", true);
        check("*.example.com", "https://example.com/", false);
        check("*.example.com", "https://badexample.com/", false);
        check("127.0.0.1:80", "http://0x7f.1/", true);
        check("[::1]:8000", "http://[::1]:8000/", true);
        check("[::1]:8000", "http://[::1]:8001/", false);
        check("bücher.example", "https://xn--bcher-kva.example/", true);
    }

    #[test]
    fn patterns_that_are_none() {
        for text in ["", "*", "*.", "*.com:x", "a b", "http://x", "x/y", "a.*.b", "u@h", "*.local", "*.10.0.0.1", "h:0"]
        {
            assert!(text.parse::<HostPattern>().is_err(), "{text}");
        }
        assert_eq!("*.Example.com:8443".parse::<HostPattern>().unwrap().to_string(), "*.example.com:8443");
    }

    #[test]
    fn addresses() {
        let reach = |text: &str| Reach::of(text.parse().unwrap());
        for public in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"] {
            assert_eq!(reach(public), Reach::Public, "{public}");
        }
        for private in
            ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1", "::ffff:127.0.0.1"]
        {
            assert_eq!(reach(private), Reach::Private, "{private}");
        }
        for never in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
        ] {
            assert_eq!(reach(never), Reach::Never, "{never}");
        }
    }

    #[test]
    fn addresses_need_more_than_a_granted_name() {
        let grants = |allow_private| Grants {
            http_hosts: vec!["127.0.0.1:80".parse().unwrap(), "169.254.169.254:80".parse().unwrap()],
            allow_private,
            ..Default::default()
        };
        let loopback = target("http://2130706433/").unwrap();
        assert!(grants(false).http(&loopback).is_err());
        assert!(grants(true).http(&loopback).is_ok());
        assert!(grants(true).http(&target("http://169.254.169.254/").unwrap()).is_err());
    }

    #[test]
    fn secrets_go_where_they_are_bound_and_nowhere_else() {
        let grants = Grants {
            http_hosts: vec!["a.example".parse().unwrap(), "b.example".parse().unwrap()],
            secrets: vec![SecretBinding::bearer("key", "a.example".parse().unwrap(), "s3cret")],
            ..Default::default()
        };
        let bound = grants.secret("key", &target("https://a.example/").unwrap()).unwrap();
        assert_eq!(bound.value().unwrap(), "Bearer s3cret");
        assert!(grants.secret("key", &target("https://b.example/").unwrap()).is_none());
        assert!(grants.secret("other", &target("https://a.example/").unwrap()).is_none());
        assert!(!format!("{grants:?}").contains("s3cret"));
        assert!(grants.asked(false, false).http(&target("https://a.example/").unwrap()).is_err());
    }
}
