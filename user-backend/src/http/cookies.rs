//! The session's cookie.

use cookie::{Cookie, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, Uri, header};
use jiff::SignedDuration;

use super::client::FORWARDED_PROTO;
use crate::{config::Config, devices, oauth, tokens::Token};

/// The cookie that deployed clients know.
const NAME: &str = "session";
/// The same in a name that a browser lets nobody else set: not another host of the site, and not without TLS.
const HOST_NAME: &str = "__Host-session";

/// What a browser is known by that has signed in before; it opens nothing.
const DEVICE: &str = "device";
/// The same in a name that a browser lets nobody set without TLS.
const SECURE_DEVICE: &str = "__Secure-device";
/// Where that is asked.
const DEVICE_PATH: &str = "/api/auth";

/// What a browser holds while somebody is at a provider of sign-in.
const AT_PROVIDER: &str = "oauth";
/// The same in production.
const HOST_AT_PROVIDER: &str = "__Host-oauth";

/// The session token that a request brings; `__Host-session` goes before `session`.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<String> {
    first(headers, &[HOST_NAME, NAME])
}

/// What a browser that has signed in before brings.
#[must_use]
pub fn device(headers: &HeaderMap) -> Option<Token> {
    Token::parse(&first(headers, &[SECURE_DEVICE, DEVICE])?)
}

/// The value of the first of these names that a request brings.
fn first(headers: &HeaderMap, names: &[&str]) -> Option<String> {
    // Each by itself: another host of the site may have set one of any bytes, and that must not hide the session's.
    let pairs =
        headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|b| *b == b';'));
    let texts = pairs.filter(|pair| pair.is_ascii()).filter_map(|pair| std::str::from_utf8(pair).ok());
    let cookies: Vec<Cookie<'_>> = texts.filter_map(|text| Cookie::parse(text).ok()).collect();
    names.iter().find_map(|name| {
        cookies.iter().find(|cookie| cookie.name() == *name).map(|cookie| cookie.value().to_owned())
    })
}

/// How cookies are set here.
#[derive(Debug, Clone)]
pub struct CookiePolicy {
    production: bool,
    frontend: Option<String>,
    lifetime: SignedDuration,
}

impl CookiePolicy {
    /// As the variables say.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            production: config.is_production(),
            frontend: config.frontend.as_ref().and_then(Uri::host).map(str::to_ascii_lowercase),
            lifetime: config.sessions.absolute,
        }
    }

    /// The `Set-Cookie` headers of a login, for a request with these headers.
    #[must_use]
    pub fn set(&self, token: &Token, request: &HeaderMap) -> Vec<HeaderValue> {
        self.set_for(token, self.lifetime, request)
    }

    /// The same of a session that lasts as long as this.
    #[must_use]
    pub fn set_for(&self, token: &Token, lifetime: SignedDuration, request: &HeaderMap) -> Vec<HeaderValue> {
        let millis = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
        self.headers(token.reveal(), Duration::milliseconds(millis), request)
    }

    /// The `Set-Cookie` headers of a logout.
    #[must_use]
    pub fn clear(&self, request: &HeaderMap) -> Vec<HeaderValue> {
        self.headers("", Duration::ZERO, request)
    }

    /// What this browser holds of somebody who is at a provider. In production no other host of the site can have set it.
    #[must_use]
    pub fn at_provider(&self, request: &HeaderMap) -> Option<String> {
        first(request, &[self.at_provider_name()])
    }

    /// The `Set-Cookie` header of who goes to a provider.
    #[must_use]
    pub fn set_at_provider(&self, token: &Token, request: &HeaderMap) -> Option<HeaderValue> {
        let lifetime = Duration::seconds(oauth::ATTEMPT.as_secs());
        HeaderValue::try_from(self.cookie(self.at_provider_name(), token.reveal(), "/", lifetime, request))
            .ok()
    }

    /// The `Set-Cookie` header of who has come back.
    #[must_use]
    pub fn clear_at_provider(&self, request: &HeaderMap) -> Option<HeaderValue> {
        HeaderValue::try_from(self.cookie(self.at_provider_name(), "", "/", Duration::ZERO, request)).ok()
    }

    const fn at_provider_name(&self) -> &'static str {
        if self.production { HOST_AT_PROVIDER } else { AT_PROVIDER }
    }

    /// The `Set-Cookie` header by which a browser is known when it signs in again.
    #[must_use]
    pub fn set_device(&self, token: &Token, request: &HeaderMap) -> Option<HeaderValue> {
        let seconds = Duration::seconds(devices::KNOWN.as_secs());
        let name = if self.production { SECURE_DEVICE } else { DEVICE };
        HeaderValue::try_from(self.cookie(name, token.reveal(), DEVICE_PATH, seconds, request)).ok()
    }

    fn headers(&self, value: &str, max_age: Duration, request: &HeaderMap) -> Vec<HeaderValue> {
        let names: &[&str] = if self.production { &[HOST_NAME, NAME] } else { &[NAME] };
        let cookies = names.iter().map(|name| self.cookie(name, value, "/", max_age, request));
        // Tokens and names are visible ASCII, so none is lost.
        cookies.filter_map(|cookie| HeaderValue::try_from(cookie).ok()).collect()
    }

    fn cookie(&self, name: &str, value: &str, path: &str, max_age: Duration, request: &HeaderMap) -> String {
        Cookie::build((name, value))
            .http_only(true)
            .path(path)
            .max_age(max_age)
            .same_site(self.same_site(request))
            .secure(self.production || request.contains_key(FORWARDED_PROTO))
            .to_string()
    }

    /// `None` lets a web app on another site send the cookie; that needs Secure, so only in production.
    fn same_site(&self, request: &HeaderMap) -> SameSite {
        let own = request.get(header::HOST).and_then(|host| host.to_str().ok());
        match (&self.frontend, own) {
            (Some(frontend), Some(own)) if self.production && !same_site(frontend, own) => SameSite::None,
            _ => SameSite::Lax,
        }
    }
}

/// Whether two hosts have one registrable domain, or are one host. Ports don't matter.
#[must_use]
pub fn same_site(one: &str, other: &str) -> bool {
    let (one, other) = (bare(one), bare(other));
    let domain = |host: &str| psl::domain_str(host).map(str::to_owned);
    let addresses = is_address(&one) || is_address(&other);
    one == other || (!addresses && domain(&one).is_some() && domain(&one) == domain(&other))
}

/// A host without its port, its letters folded.
fn bare(host: &str) -> String {
    let end = host.find(']').map_or_else(|| host.find(':').unwrap_or(host.len()), |bracket| bracket + 1);
    host[..end].to_ascii_lowercase()
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(production: bool, frontend: Option<&str>) -> CookiePolicy {
        CookiePolicy {
            production,
            frontend: frontend.map(str::to_owned),
            lifetime: SignedDuration::from_secs(432_000),
        }
    }

    fn at(host: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))])
    }

    fn bringing(cookies: &[&'static str]) -> HeaderMap {
        cookies.iter().map(|text| (header::COOKIE, HeaderValue::from_static(text))).collect()
    }

    fn set(policy: &CookiePolicy, host: &'static str) -> Vec<String> {
        let token = Token::random().unwrap();
        let headers = policy.set(&token, &at(host));
        headers.iter().map(|value| value.to_str().unwrap().replace(token.reveal(), "TOKEN")).collect()
    }

    #[test]
    fn in_development_there_is_one_cookie_without_secure() {
        let set = set(&policy(false, None), "localhost:3000");
        assert_eq!(set, ["session=TOKEN; HttpOnly; SameSite=Lax; Path=/; Max-Age=432000"]);
    }

    #[test]
    fn in_production_there_are_two_and_both_are_secure() {
        let set = set(&policy(true, None), "plenum.example.com");
        let rest = "=TOKEN; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=432000";
        assert_eq!(set, [format!("__Host-session{rest}"), format!("session{rest}")]);
    }

    #[test]
    fn a_web_app_on_another_site_gets_same_site_none_in_production_only() {
        let lax = |production, frontend, host| {
            set(&policy(production, Some(frontend)), host)
                .iter()
                .all(|cookie| cookie.contains("SameSite=Lax"))
        };
        assert!(lax(true, "app.example.com", "api.example.com:8443"));
        assert!(lax(true, "example.com", "EXAMPLE.com"));
        assert!(lax(true, "localhost", "localhost:3000"));
        assert!(!lax(true, "app.example.org", "api.example.com"));
        assert!(!lax(true, "one.co.uk", "two.co.uk"));
        assert!(!lax(true, "one.github.io", "two.github.io"));
        assert!(!lax(true, "10.0.0.1", "10.1.0.1"));
        assert!(lax(false, "app.example.org", "api.example.com"));
    }

    #[test]
    fn clearing_sets_the_same_cookies_empty_and_expired() {
        let cleared = policy(true, None).clear(&at("plenum.example.com"));
        assert_eq!(cleared.len(), 2);
        for value in cleared {
            let text = value.to_str().unwrap();
            assert!(
                text.contains("session=;") && text.contains("Max-Age=0") && text.contains("Path=/"),
                "{text}"
            );
        }
    }

    #[test]
    fn the_hosts_own_cookie_goes_first() {
        assert_eq!(token(&bringing(&["session=a; x=y"])).as_deref(), Some("a"));
        assert_eq!(token(&bringing(&["session=a; __Host-session=b"])).as_deref(), Some("b"));
        assert_eq!(token(&bringing(&["x=y", "session=a"])).as_deref(), Some("a"));
        assert_eq!(token(&bringing(&["Session=a; xsession=b; ;;=; session"])), None);
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
