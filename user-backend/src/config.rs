//! The variables of the user backend.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::Uri;
use jiff::SignedDuration;
use plenum_contract::Locale;
use plenum_service::{Env, net::bare_http};
use secrecy::{ExposeSecret as _, SecretString};

use crate::http::origin::{Origin, Origins};

/// Five days.
const SESSION_DEFAULT_MS: i64 = 432_000_000;
/// 400 days: no browser keeps a cookie longer.
const SESSION_MAX_MS: i64 = 34_560_000_000;

/// What the user backend is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// `HOST` and `PORT`: where it listens.
    pub address: SocketAddr,
    /// `APP_ENV`: named in `/health`; `production` is stricter about cookies.
    pub environment: String,
    /// `DATABASE_URL`: accounts and sessions.
    pub database_url: SecretString,
    /// `CORS_ORIGIN`: who may call from a browser, beside the own origin.
    pub origins: Origins,
    /// `FRONTEND_URL`: where the web app is, when it is not served from here.
    pub frontend: Option<Uri>,
    /// `SESSION_COOKIE_EXPIRES_IN_MS`: how long a session lives.
    pub session_lifetime: SignedDuration,
    /// `PASSWORD_MIN_LENGTH`: characters of a new password.
    pub password_min: usize,
    /// `DEFAULT_LOCALE`: the language of callers who ask for none of ours.
    pub locale: Locale,
    /// `INTERNAL_SECRET`: shown to the chat backend.
    pub internal_secret: Option<SecretString>,
    /// `CHAT_BACKEND_URL`: `http` addresses without a path, one at least. Several need `REDIS_URL` on every node.
    pub chat_backends: Vec<Uri>,
    /// `MAX_CONNECTIONS`: connections open at once; further ones wait to be accepted. Each needs an open file
    /// (two when the chat backend runs apart), so the limit of open files (`ulimit -n`) must be above it.
    pub max_connections: usize,
}

impl Config {
    /// Reads every variable; what is wrong is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        let host = env.parse("HOST", IpAddr::V4(Ipv4Addr::UNSPECIFIED), "an IP address");
        let port = env.number("PORT", 3000, 0, u16::MAX);
        let lifetime = env.number("SESSION_COOKIE_EXPIRES_IN_MS", SESSION_DEFAULT_MS, 1_000, SESSION_MAX_MS);
        Self {
            address: SocketAddr::new(host, port),
            environment: env.text("APP_ENV").unwrap_or_else(|| "development".into()),
            database_url: env.secret("DATABASE_URL").unwrap_or_else(|| "sqlite://data/plenum.db".into()),
            origins: origins(env),
            frontend: frontend(env),
            session_lifetime: SignedDuration::from_millis(lifetime),
            password_min: env.number("PASSWORD_MIN_LENGTH", 6, 1, 128),
            locale: env.parse("DEFAULT_LOCALE", Locale::default(), "en or es"),
            internal_secret: env.secret("INTERNAL_SECRET"),
            chat_backends: chat_backends(env),
            max_connections: env.number("MAX_CONNECTIONS", 9_000, 1, 1_000_000),
        }
    }

    /// Whether this is `production`.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.environment == "production"
    }

    /// The address of the database, for opening it.
    #[must_use]
    pub fn database_url(&self) -> &str {
        self.database_url.expose_secret()
    }
}

fn origins(env: &mut Env) -> Origins {
    let listed = env.list("CORS_ORIGIN", "http://localhost:5173");
    if listed.iter().any(|item| item == "*") {
        if listed.len() > 1 {
            env.problem("CORS_ORIGIN must be either * or a list of origins, not both");
        }
        return Origins::any();
    }
    let parsed = listed.iter().filter_map(|item| {
        let origin = Origin::parse(item);
        if origin.is_none() {
            env.problem(format!(
                "CORS_ORIGIN must list origins as scheme://host[:port] without a path, not {item:?}"
            ));
        }
        origin
    });
    Origins::listed(parsed.collect::<Vec<_>>())
}

fn frontend(env: &mut Env) -> Option<Uri> {
    let text = env.text("FRONTEND_URL")?;
    let uri = text.parse().ok().filter(|uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    if uri.is_none() {
        env.problem(format!(
            "FRONTEND_URL must be an address that begins with http:// or https://, not {text:?}"
        ));
    }
    uri
}

fn chat_backends(env: &mut Env) -> Vec<Uri> {
    let listed = env.list("CHAT_BACKEND_URL", "http://localhost:4000");
    let parsed = listed.iter().filter_map(|item| {
        let uri = bare_http(item);
        if uri.is_none() {
            env.problem(format!("CHAT_BACKEND_URL must be http://host[:port] without a path, not {item:?}"));
        }
        uri
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&'static str, &'static str)]) -> Result<Config, Vec<String>> {
        let mut env = Env::lookup(move |name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        });
        let config = Config::read(&mut env);
        env.finish().map(|()| config).map_err(|bad| bad.0)
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = read(&[]).unwrap();
        assert_eq!(config.address.to_string(), "0.0.0.0:3000");
        assert_eq!(config.database_url(), "sqlite://data/plenum.db");
        assert_eq!(config.chat_backends, [Uri::from_static("http://localhost:4000")]);
        assert!(!config.is_production());
    }

    #[test]
    fn a_secret_does_not_print() {
        let config =
            read(&[("DATABASE_URL", "postgres://plenum:hush@db/plenum"), ("INTERNAL_SECRET", "hush")]);
        assert!(!format!("{config:?}").contains("hush"));
    }

    #[test]
    fn every_bad_variable_is_told_by_its_name() {
        let bad: &[(&str, &str)] = &[
            ("HOST", "everywhere"),
            ("PORT", "70000"),
            ("CORS_ORIGIN", "https://app.example.com/path"),
            ("FRONTEND_URL", "app.example.com"),
            ("SESSION_COOKIE_EXPIRES_IN_MS", "soon"),
            ("PASSWORD_MIN_LENGTH", "0"),
            ("DEFAULT_LOCALE", "de"),
            ("CHAT_BACKEND_URL", "http://chat:4000/api"),
            ("MAX_CONNECTIONS", "0"),
        ];
        let problems = read(bad).unwrap_err();
        assert_eq!(problems.len(), bad.len(), "{problems:?}");
        for (name, _) in bad {
            assert!(problems.iter().any(|problem| problem.contains(name)), "{name} in {problems:?}");
        }
    }

    #[test]
    fn several_chat_nodes_may_be_listed() {
        let config = read(&[("CHAT_BACKEND_URL", "http://a:4000, http://b:4000")]).unwrap();
        assert_eq!(config.chat_backends.len(), 2);
    }

    #[test]
    fn any_origin_and_a_list_exclude_each_other() {
        assert!(read(&[("CORS_ORIGIN", "*")]).is_ok());
        assert!(read(&[("CORS_ORIGIN", "*,https://app.example.com")]).is_err());
    }
}
