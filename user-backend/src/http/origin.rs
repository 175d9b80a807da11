//! Which origins a browser may call from.

use std::{collections::HashSet, sync::Arc};

use axum::extract::Request;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use plenum_contract::ErrorCode;

use super::error::Failure;

/// `scheme://host[:port]`, its letters folded and the scheme's default port left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// Parses an origin; none when it is anything else, `null` and one with a path among them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let plain = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        if scheme.is_empty() || !plain {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let (host, port) = split_authority(authority)?;
        let port = port.filter(|port| Some(*port) != default_port(&scheme));
        Some(Self { scheme, host, port })
    }

    /// Whether this is where a request with this `Host` went.
    fn is_host(&self, host: &str) -> bool {
        let Some(default) = default_port(&self.scheme) else {
            return false;
        };
        split_authority(host).is_some_and(|(host, port)| {
            self.host == host && self.port.unwrap_or(default) == port.unwrap_or(default)
        })
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Whether this is a plain `host[:port]`.
pub(super) fn is_host(text: &str) -> bool {
    split_authority(text).is_some()
}

/// Host, its letters folded, and port of `host[:port]` or `[v6][:port]`.
fn split_authority(text: &str) -> Option<(String, Option<u16>)> {
    let host_end =
        if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, rest) = text.split_at(host_end);
    let inner = host.strip_prefix('[').map_or(host, |v6| v6.trim_end_matches(']'));
    let colons = inner.len() != host.len();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b) || (colons && b == b':');
    if inner.is_empty() || !inner.bytes().all(plain) {
        return None;
    }
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        _ => return None,
    };
    Some((host.to_ascii_lowercase(), port))
}

/// Who may call from a browser beside the server's own origin: a list, or anyone without credentials.
#[derive(Debug, Clone)]
pub struct Origins {
    any: bool,
    listed: Arc<HashSet<Origin>>,
}

impl Origins {
    /// `*`: anyone may read what needs no cookie.
    #[must_use]
    pub fn any() -> Self {
        Self { any: true, listed: Arc::default() }
    }

    /// Exactly these, with credentials.
    pub fn listed(origins: impl IntoIterator<Item = Origin>) -> Self {
        Self { any: false, listed: Arc::new(origins.into_iter().collect()) }
    }

    /// Whether anyone may read what needs no cookie.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.any
    }

    /// Whether a browser may use a session from where these headers come: no Origin, a listed one or the
    /// server's own. Sockets need this too.
    #[must_use]
    pub fn allows(&self, headers: &HeaderMap) -> bool {
        match only(headers, &header::ORIGIN) {
            Only::Absent => true,
            Only::One(origin) => self.knows(origin, headers),
            Only::Several => false,
        }
    }

    /// Whether these headers may come with a request that changes state. With `*` a foreign origin may, as
    /// long as it brings no cookie; an opaque one (`null`) may not.
    #[must_use]
    pub fn allows_change(&self, headers: &HeaderMap) -> bool {
        let nobodys = || {
            let named =
                matches!(only(headers, &header::ORIGIN), Only::One(origin) if parse(origin).is_some());
            self.any && named && !headers.contains_key(header::COOKIE)
        };
        self.allows(headers) || nobodys()
    }

    /// Whether `origin` is listed, or is where the request went.
    pub(super) fn knows(&self, origin: &HeaderValue, headers: &HeaderMap) -> bool {
        let Some(origin) = parse(origin) else {
            return false;
        };
        let own = || match only(headers, &header::HOST) {
            Only::One(host) => host.to_str().is_ok_and(|host| origin.is_host(host)),
            Only::Absent | Only::Several => false,
        };
        self.listed.contains(&origin) || own()
    }
}

fn parse(header: &HeaderValue) -> Option<Origin> {
    header.to_str().ok().and_then(Origin::parse)
}

enum Only<'a> {
    Absent,
    One(&'a HeaderValue),
    Several,
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Only<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Only::Absent,
        (Some(value), None) => Only::One(value),
        _ => Only::Several,
    }
}

/// Refuses what changes state when it comes from a foreign origin.
pub fn guard(origins: &Origins, request: &Request) -> Result<(), Failure> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !origins.allows_change(request.headers()) {
        return Err(ErrorCode::ForeignOrigin.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> Origins {
        Origins::listed([Origin::parse("https://app.example.com").unwrap()])
    }

    fn from(origin: &str, host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        headers
    }

    #[test]
    fn a_listed_origin_is_allowed_however_it_is_spelt() {
        for origin in ["https://app.example.com", "https://APP.example.com", "https://app.example.com:443"] {
            assert!(app().allows(&from(origin, "api.example.com")), "{origin}");
        }
    }

    #[test]
    fn look_alikes_are_refused() {
        for origin in [
            "null",
            "",
            "https://app.example.com.evil.com",
            "https://evil.com/app.example.com",
            "https://evilapp.example.com",
            "https://app.example.com.",
            "https://app.example.com:444",
            "https://app.example.com:",
            "https://app.example.com:443443",
            "https://app.example.com/",
            "https://app.example.com#",
            "https://app.example.com@evil.com",
            "https://user@app.example.com",
            "https://app.example.com https://evil.com",
            "https://app.example.com,https://evil.com",
            "http://app.example.com",
            "app.example.com",
            "://app.example.com",
            "https://app_example.com",
            "https://[app.example.com]",
            "file://",
        ] {
            assert!(!app().allows(&from(origin, "api.example.com")), "{origin:?}");
        }
    }

    #[test]
    fn the_own_origin_has_the_requests_host_and_port() {
        let yes = [
            ("http://localhost:3000", "localhost:3000"),
            ("http://localhost", "localhost"),
            ("http://localhost", "localhost:80"),
            ("https://chat.example.com", "chat.example.com"),
            ("https://chat.example.com:443", "CHAT.example.com"),
            ("http://[::1]:3000", "[::1]:3000"),
        ];
        let no = [
            ("http://localhost:3001", "localhost:3000"),
            ("http://localhost", "localhost:3000"),
            ("https://localhost", "localhost:80"),
            ("http://127.0.0.1:3000", "localhost:3000"),
            ("http://localhost:3000", ""),
            ("ftp://localhost:3000", "localhost:3000"),
            ("null", "null"),
        ];
        for (origin, host) in yes {
            assert!(app().allows(&from(origin, host)), "{origin} at {host}");
        }
        for (origin, host) in no {
            assert!(!app().allows(&from(origin, host)), "{origin} at {host}");
        }
    }

    #[test]
    fn no_origin_is_allowed_and_two_are_not() {
        assert!(app().allows(&HeaderMap::new()));
        let mut headers = from("https://app.example.com", "api.example.com");
        headers.append(header::ORIGIN, HeaderValue::from_static("https://app.example.com"));
        assert!(!app().allows(&headers));
        assert!(!app().allows_change(&headers));
    }

    #[test]
    fn any_origin_may_act_only_without_a_cookie() {
        let mut headers = from("https://elsewhere.example", "api.example.com");
        assert!(Origins::any().allows_change(&headers));
        assert!(!Origins::any().allows(&headers), "no socket for a foreign origin");
        assert!(!Origins::any().allows_change(&from("null", "api.example.com")));
        headers.insert(header::COOKIE, HeaderValue::from_static("session=x"));
        assert!(!Origins::any().allows_change(&headers));
        assert!(Origins::any().allows_change(&from("https://api.example.com", "api.example.com")));
    }
}
