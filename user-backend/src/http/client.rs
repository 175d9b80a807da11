//! Where a request comes from, also when proxies stand between.

use std::{
    net::{IpAddr, Ipv4Addr},
    str::FromStr as _,
    sync::Arc,
};

use axum::extract::Request;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;
use plenum_service::net::Connection;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// `https` when the client's own connection had TLS. After [`TrustedProxies::settle`] it says so, or is not there.
pub const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// What says where a request came from, in one convention or another: believed of trusted proxies alone, and passed on to nobody.
pub const FORWARDING: [HeaderName; 5] = [
    FORWARDED_FOR,
    FORWARDED_PROTO,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];
/// Proxies that a request may have come through; what is before is not looked at.
const HOPS: usize = 32;

/// `TRUSTED_PROXIES`: whose word counts.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The client's own address.
    pub address: IpAddr,
    /// Who is at the other end of the connection: the client itself, or a proxy.
    pub peer: IpAddr,
    /// Whether a proxy's word was not believed: one that is not trusted, or somebody who claims to be one.
    pub unbelieved: bool,
}

impl Client {
    /// Where a request comes from whose connection is not known: only in tests, where there is none.
    const NOWHERE: Self = Self {
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        peer: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        unbelieved: false,
    };

    /// What [`TrustedProxies::settle`] found.
    #[must_use]
    pub fn of(extensions: &http::Extensions) -> Self {
        extensions.get::<Self>().copied().unwrap_or(Self::NOWHERE)
    }
}

impl TrustedProxies {
    /// Reads addresses and networks (`10.0.0.0/8`). Gives those that are neither back.
    pub fn parse(listed: &[String]) -> Result<Self, Vec<&String>> {
        let read =
            |text: &str| IpNet::from_str(text).or_else(|_| IpAddr::from_str(text).map(IpNet::from)).ok();
        let bad: Vec<&String> = listed.iter().filter(|text| read(text).is_none()).collect();
        if !bad.is_empty() {
            return Err(bad);
        }
        Ok(Self(listed.iter().filter_map(|text| read(text)).collect()))
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Notes where a request comes from, and removes what nobody who is trusted has said about it.
    pub fn settle(&self, request: &mut Request) {
        let peer = request.extensions().get::<Arc<Connection>>().map(|connection| connection.peer().ip());
        let peer = peer.unwrap_or(Client::NOWHERE.peer).to_canonical();
        let client = self.client(peer, request.headers());
        request.extensions_mut().insert(client);
        let secure = self.trusts(peer) && is_https(request.headers());
        for name in FORWARDING {
            request.headers_mut().remove(name);
        }
        if secure {
            request.headers_mut().insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
        }
    }

    /// The last address that no trusted proxy has: those before it are what it says of itself.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        if !self.trusts(peer) {
            let unbelieved = headers.contains_key(FORWARDED_FOR) || headers.contains_key(FORWARDED_PROTO);
            return Client { address: peer, peer, unbelieved };
        }
        let said: Vec<&HeaderValue> = headers.get_all(FORWARDED_FOR).iter().collect();
        let hops = said.iter().rev().flat_map(|value| {
            value.to_str().unwrap_or_default().rsplit(',').map(str::trim).collect::<Vec<_>>()
        });
        let mut address = peer;
        for hop in hops.take(HOPS) {
            // Something else in an address's place: the last that was one is as far as it is known.
            let Some(before) = address_of(hop) else { break };
            address = before;
            if !self.trusts(address) {
                break;
            }
        }
        Client { address, peer, unbelieved: false }
    }
}

/// An address, with or without the port that some proxies add.
fn address_of(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<std::net::SocketAddr>().map(|address| address.ip());
    text.parse::<IpAddr>().or_else(|_| with_port()).ok().map(|address| address.to_canonical())
}

/// Whether the nearest proxy says that it was asked with TLS. Some list what each of them saw, the nearest last.
fn is_https(headers: &HeaderMap) -> bool {
    let last = headers.get_all(FORWARDED_PROTO).iter().next_back().and_then(|value| value.to_str().ok());
    let nearest = last.and_then(|text| text.rsplit(',').next()).map(str::trim);
    nearest.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(listed: &[&str]) -> TrustedProxies {
        let listed: Vec<String> = listed.iter().map(|text| (*text).to_owned()).collect();
        TrustedProxies::parse(&listed).unwrap()
    }

    fn seen(proxies: &TrustedProxies, peer: &str, said: &[&str]) -> String {
        let headers = said.iter().map(|text| (FORWARDED_FOR, HeaderValue::from_str(text).unwrap()));
        proxies.client(peer.parse().unwrap(), &headers.collect()).address.to_string()
    }

    #[test]
    fn without_trusted_proxies_nothing_that_is_said_counts() {
        let nobody = TrustedProxies::default();
        assert_eq!(seen(&nobody, "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(seen(&nobody, "127.0.0.1", &["198.51.100.7"]), "127.0.0.1");
    }

    #[test]
    fn the_last_that_no_trusted_proxy_has_is_the_client() {
        let proxies = proxies(&["10.0.0.0/8", "2001:db8::1"]);
        let seen = |peer, said: &[&str]| seen(&proxies, peer, said);
        assert_eq!(seen("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &["198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen("2001:db8::1", &["2001:db8:1::5"]), "2001:db8:1::5");
        assert_eq!(seen("10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9", "198.51.100.7, 10.0.0.2"]), "198.51.100.7");
    }

    #[test]
    fn what_a_client_says_of_itself_is_not_believed() {
        let proxies = proxies(&["10.0.0.0/8"]);
        let seen = |peer, said: &[&str]| seen(&proxies, peer, said);
        assert_eq!(seen("10.0.0.1", &["203.0.113.9, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen("198.51.100.7", &["203.0.113.9"]), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.7, unknown"]), "10.0.0.1");
        let many = vec!["10.0.0.3"; 200].join(",");
        assert_eq!(seen("10.0.0.1", &[&format!("203.0.113.9,{many}")]), "10.0.0.3");
    }

    #[test]
    fn what_remains_in_the_request_is_what_a_trusted_proxy_said() {
        let remains = |proxies: &TrustedProxies, proto: &str| {
            let request =
                Request::builder().header(FORWARDED_PROTO, proto).header("x-forwarded-host", "evil");
            let mut request = request.body(axum::body::Body::empty()).unwrap();
            proxies.settle(&mut request);
            assert!(request.headers().get("x-forwarded-host").is_none());
            request.headers().get(FORWARDED_PROTO).map(|value| value.to_str().unwrap().to_owned())
        };
        let everybody = proxies(&["0.0.0.0/0"]);
        assert_eq!(remains(&everybody, "https").as_deref(), Some("https"));
        assert_eq!(remains(&everybody, "https, HTTPS").as_deref(), Some("https"));
        assert_eq!(remains(&everybody, "https, http"), None);
        assert_eq!(remains(&TrustedProxies::default(), "https"), None);
    }

    #[test]
    fn what_is_no_network_is_named() {
        let listed = ["10.0.0.0/8".to_owned(), "proxy.example.com".to_owned(), "10.0.0.0/40".to_owned()];
        assert_eq!(TrustedProxies::parse(&listed).unwrap_err(), [&listed[1], &listed[2]]);
    }
}
