//! What is looked at over plain HTTP.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use jiff::{SignedDuration, Timestamp};
use plenum_service::clock;
use reqwest::{Method, StatusCode, Url, header};
use user_backend::http::cookies::same_site;

use super::{Finding, visitor::Visitor};

/// A difference of clocks that a code of a second factor does not forgive.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(20);
/// An origin that nobody has.
pub const NOBODYS_ORIGIN: &str = "https://doctor.invalid";

const PASS_ALL: &str = "let the proxy pass every path to Plenum: /health, /api/ and /socket.io/";

/// What `/health` said.
pub struct Health {
    /// `APP_ENV`.
    pub environment: String,
    /// The server's clock.
    server: Option<Timestamp>,
    /// This machine's, when it was asked.
    here: Timestamp,
}

/// Whether Plenum answers there.
pub async fn reach(visitor: &Visitor) -> Result<Health, Finding> {
    let answer = visitor.get("/health").await.map_err(|seen| {
        Finding::wrong(
            format!("{} can't be reached: {seen}", visitor.url),
            "see that Plenum and the proxy before it run, and that the name, the port and the certificate are right",
        )
    })?;
    let here = clock::now();
    let said = answer.json();
    if answer.status.is_redirection() {
        let to = answer.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
        return Err(Finding::wrong(
            format!("it sends to {to}"),
            "give the doctor the address that people end up at",
        ));
    }
    if said["service"] != "user-backend" {
        return Err(Finding::wrong(format!("/health is not Plenum's: {}", answer.brief()), PASS_ALL));
    }
    Ok(Health {
        environment: said["environment"].as_str().unwrap_or("?").to_owned(),
        server: said["timestamp"].as_str().and_then(|text| text.parse().ok()),
        here,
    })
}

/// Whether the server's clock is right.
pub fn clock(health: &Health) -> Finding {
    let Some(server) = health.server else {
        return Finding::wrong("/health says no time", PASS_ALL);
    };
    let apart = server.duration_since(health.here);
    if apart.abs() > CLOCKS_APART {
        return Finding::wrong(
            format!(
                "the server's is {} s {} this machine's",
                apart.abs().as_secs(),
                if apart.is_positive() { "ahead of" } else { "behind" }
            ),
            "set the clock that is wrong by NTP (timedatectl set-ntp true); second factors and sessions depend on it",
        );
    }
    Finding::Well("it agrees with this machine's".into())
}

/// Whether a web app from `origin` may use it.
pub async fn cors(visitor: &Visitor, origin: &str) -> Finding {
    let preflight = visitor
        .ask(Method::OPTIONS, "/api/meetings")
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type");
    let answer = match Visitor::read(preflight, Duration::ZERO).await {
        Ok(answer) => answer,
        Err(seen) => return Finding::wrong(seen, "let the proxy pass OPTIONS requests"),
    };
    let all = |name| -> Vec<&str> {
        answer.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    };
    let allowed = all(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    match allowed.as_slice() {
        [one] if *one == origin && all(header::ACCESS_CONTROL_ALLOW_CREDENTIALS) == ["true"] => {
            Finding::Well("it may call with credentials".into())
        }
        [_, _, ..] => Finding::wrong(
            "Access-Control-Allow-Origin is there twice",
            "remove the proxy's own Access-Control headers: Plenum sets them",
        ),
        ["*"] => {
            Finding::wrong("any origin may call, so none with credentials", format!("CORS_ORIGIN={origin}"))
        }
        _ if !answer.status.is_success() => Finding::wrong(
            format!("the preflight was answered {}", answer.brief()),
            format!("CORS_ORIGIN={origin}\nand let the proxy pass OPTIONS requests"),
        ),
        _ => Finding::wrong(
            "a browser would refuse it",
            format!("CORS_ORIGIN={origin} (a comma list where there are several)"),
        ),
    }
}

/// Whether a web app from anywhere may not.
pub async fn foreign(visitor: &Visitor) -> Finding {
    let request = visitor.ask(Method::GET, "/health").header(header::ORIGIN, NOBODYS_ORIGIN);
    match Visitor::read(request, Duration::ZERO).await {
        Err(seen) => Finding::wrong(seen, PASS_ALL),
        Ok(answer) => match answer.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            None => Finding::Well("they may not call".into()),
            Some(any) if any == "*" => {
                Finding::Note("CORS_ORIGIN is *: any site may call, without credentials".into())
            }
            Some(_) => Finding::wrong(
                "any site is told that it may call with credentials",
                "remove the proxy's own Access-Control headers: Plenum sets them",
            ),
        },
    }
}

/// Whether a browser would keep the session's cookie, and send it where it is needed.
pub fn cookies(visitor: &Visitor, health: &Health, origins: &[String]) -> Vec<(&'static str, Finding)> {
    const WHAT: &str = "the cookie";
    let parsed: Vec<Cookie<'_>> =
        visitor.set_cookies.iter().filter_map(|text| Cookie::parse(text.as_str()).ok()).collect();
    let Some(session) = parsed.iter().find(|cookie| cookie.name() == "session") else {
        let mend = "let the proxy pass Set-Cookie headers as they are, all of them";
        return vec![(WHAT, Finding::wrong("the login set none", mend))];
    };
    let tls = visitor.url.scheme() == "https";
    let here = visitor.url.host_str().is_some_and(is_loopback);
    let secure = session.secure() == Some(true);
    let changed =
        session.http_only() != Some(true) || session.path() != Some("/") || session.domain().is_some();
    let mut found = Vec::new();
    if changed {
        let mend = "let the proxy pass Set-Cookie as it is (no proxy_cookie_path, no proxy_cookie_domain)";
        found.push((WHAT, Finding::wrong("it was changed on its way", mend)));
    }
    found.push((WHAT, match (tls, secure) {
        (true, true) => Finding::Well("Secure and HttpOnly".into()),
        (true, false) => Finding::wrong(
            "it is not Secure although people come by TLS",
            "APP_ENV=production",
        ),
        (false, true) if !here => Finding::wrong(
            format!("it is Secure (APP_ENV={}), and no browser keeps such a one from http://", health.environment),
            "serve Plenum by TLS: put a proxy before it that has a certificate",
        ),
        (false, _) if !here => Finding::wrong(
            "passwords and sessions go over the net in clear",
            "serve Plenum by TLS: put a proxy before it that has a certificate, and set APP_ENV=production",
        ),
        (false, _) => Finding::Well("HttpOnly; this machine's own address needs no TLS".into()),
    }));
    let own = visitor.url.host_str().unwrap_or_default();
    for origin in origins {
        let host =
            origin.parse::<Url>().ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        if same_site(&host, own) || session.same_site() == Some(SameSite::None) {
            continue;
        }
        found.push((
            WHAT,
            Finding::wrong(
                format!("browsers won't send it from {origin}, which is another site"),
                format!("APP_ENV=production and FRONTEND_URL={origin}"),
            ),
        ));
    }
    found
}

/// Whether the session's cookie comes back to Plenum.
pub async fn session(visitor: &Visitor) -> Finding {
    match visitor.get("/api/me").await {
        Ok(answer) if answer.status == StatusCode::OK => Finding::Well("it holds".into()),
        Ok(answer) => Finding::wrong(
            format!("with its cookie /api/me was answered {}", answer.brief()),
            "let the proxy pass Cookie headers; with several gateways, give all of them one DATABASE_URL",
        ),
        Err(seen) => Finding::wrong(seen, PASS_ALL),
    }
}

/// Whether what stands before Plenum says where requests come from, and is believed.
pub async fn proxy(visitor: &Visitor) -> Vec<(&'static str, Finding)> {
    let said = match visitor.get("/api/auth/connection").await {
        Ok(answer) if answer.status == StatusCode::OK => answer.json()["data"].clone(),
        Ok(answer) => {
            let seen = format!("/api/auth/connection was answered {}", answer.brief());
            return vec![("the proxy", Finding::wrong(seen, "bring the server to this release"))];
        }
        Err(seen) => return vec![("the proxy", Finding::wrong(seen, PASS_ALL))],
    };
    let text = |name: &str| said[name].as_str().unwrap_or_default();
    let tls = visitor.url.scheme() == "https";
    let mut found = Vec::new();
    let asked = visitor.url.port().map_or_else(
        || visitor.url.host_str().unwrap_or_default().to_owned(),
        |port| format!("{}:{port}", visitor.url.host_str().unwrap_or_default()),
    );
    found.push((
        "the Host header",
        if text("host").eq_ignore_ascii_case(&asked) {
            Finding::Well("it arrives as it was sent".into())
        } else {
            Finding::wrong(
                format!("{asked} arrives as {}: the own origin is not known", text("host")),
                "nginx: proxy_set_header Host $http_host;",
            )
        },
    ));
    let address = if said["unbelieved"] == true {
        Finding::wrong(
            format!(
                "the proxy at {} is not trusted: all who come through it are limited as one",
                text("peer")
            ),
            format!("TRUSTED_PROXIES={}", text("peer")),
        )
    } else if tls && said["secure"] != true {
        Finding::wrong(
            "the proxy does not say that people come by TLS, nor from where",
            "nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
             nginx: proxy_set_header X-Forwarded-Proto $scheme;\n\
             and name the proxy's address in TRUSTED_PROXIES",
        )
    } else {
        Finding::Well(format!("requests are seen to come from {}", text("address")))
    };
    found.push(("where requests come from", address));
    found
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
