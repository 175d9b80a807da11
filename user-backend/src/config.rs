//! The variables of the user backend.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use http::Uri;
use jiff::SignedDuration;
use lettre::message::Mailbox;
use plenum_contract::Locale;
use plenum_service::{Env, net::bare_http};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    http::{
        client::TrustedProxies,
        origin::{Origin, Origins},
    },
    limits::Allowed,
    mail::{Sender, Smtp, Transport},
    oauth,
    pictures::Place,
    registration::{Policy, Registering},
    rules::{Blocklist, Email, PasswordRules},
    second_factor::Required,
    sessions::Lifetimes,
    trusted,
    verification::Verifying,
};

/// Five days.
const SESSION_DEFAULT_MS: i64 = 432_000_000;
/// The environment that is stricter.
const PRODUCTION: &str = "production";
/// 400 days: no browser keeps a cookie longer.
const SESSION_MAX_MS: i64 = 34_560_000_000;

/// A minute's requests that are as good as without limit.
const RATE_MAX: u32 = 100_000_000;

/// What the user backend is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// `HOST` and `PORT`: where it listens.
    pub address: SocketAddr,
    /// `APP_ENV`: named in `/health`; `production` is stricter about cookies.
    pub environment: String,
    /// `DATABASE_URL`: accounts and sessions.
    pub database_url: SecretString,
    /// `AVATAR_STORE`, and `AWS_*` where it is a bucket: where pictures of users are kept.
    pub avatars: Place,
    /// `CORS_ORIGIN`: who may call from a browser, beside the own origin.
    pub origins: Origins,
    /// `FRONTEND_URL`: where the web app is, when it is not served from here.
    pub frontend: Option<Uri>,
    /// `SESSION_COOKIE_EXPIRES_IN_MS`, `SESSION_IDLE_EXPIRES_IN_MS` and `SINGLE_SESSION`: how long sessions last.
    pub sessions: Lifetimes,
    /// `REQUIRE_SECOND_FACTOR`: of whom a second factor is asked.
    pub second_factor_required: Required,
    /// `RATE_LIMIT_AUTH_PER_MINUTE` and `RATE_LIMIT_API_PER_MINUTE`: how often somebody may ask.
    pub limits: Allowed,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` and `X-Forwarded-Proto` count.
    pub proxies: TrustedProxies,
    /// `PASSWORD_MIN_LENGTH` and `PASSWORD_BLOCKLIST`: what a new password must be.
    pub passwords: PasswordRules,
    /// `GOOGLE_*`, `GITHUB_*` and `OIDC_PROVIDERS`: where people may sign in beside here.
    pub oauth: oauth::Settings,
    /// `TRUSTED_ISSUERS`: whose word on who somebody is counts.
    pub trusted_issuers: Vec<trusted::Issuer>,
    /// `REGISTRATION` and `REGISTRATION_DOMAINS`: who may register.
    pub registration: Policy,
    /// `SMTP_URL`, `MAIL_FROM`, `EMAIL_VERIFICATION` and `FRONTEND_URL`: mails.
    pub mail: MailConfig,
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

/// How mails are sent, and whether they verify addresses.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `SMTP_URL`; without it mails are written to [`folder`](Self::folder).
    pub smtp: Option<SecretString>,
    /// Beside the embedded database; `data/outbox` without one.
    pub folder: PathBuf,
    /// `EMAIL_VERIFICATION`: `required` with a mail server unless told otherwise, else `off`.
    pub verifying: Verifying,
    from: Option<Mailbox>,
    frontend: Option<String>,
}

impl MailConfig {
    /// Who mails are from, and where their links lead: to this server on `port`, when the web app is served from here. What
    /// the `Host` of a request says is never believed: it would lead who asked for a mail to whomever sent it.
    #[must_use]
    pub fn sender(&self, port: u16) -> Sender {
        let here = || format!("http://localhost:{port}");
        Sender { from: self.from.clone(), frontend: self.frontend.clone().unwrap_or_else(here) }
    }

    /// Where mails go.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self.smtp.as_ref().and_then(|url| Smtp::parse(url.expose_secret()).ok()) {
            Some(smtp) => {
                if smtp.is_in_the_clear() {
                    tracing::warn!(server = ?smtp, "mails go to the server in the clear; smtps:// or ?tls=required in SMTP_URL hides them");
                }
                Transport::Smtp(smtp)
            }
            None => Transport::Folder(self.folder.clone()),
        }
    }

    fn read(env: &mut Env, database_url: &str, frontend: Option<&Uri>, production: bool) -> Self {
        let smtp = env.secret("SMTP_URL");
        if let Some(Err(bad)) = smtp.as_ref().map(|url| Smtp::parse(url.expose_secret())) {
            env.problem(format!("SMTP_URL {bad}"));
        }
        let from = env.text("MAIL_FROM");
        if smtp.is_some() && from.is_none() {
            env.problem(
                "MAIL_FROM must be set with SMTP_URL: who mails are from, as Plenum <plenum@example.com>",
            );
        }
        if smtp.is_some() && production && frontend.is_none() {
            env.problem(
                "FRONTEND_URL must be set with SMTP_URL in production: the public address to which links in mails lead",
            );
        }
        let from = from.and_then(|text| {
            let mailbox = text.parse().ok();
            if mailbox.is_none() {
                env.problem(format!(
                    "MAIL_FROM must be a mail address, as Plenum <plenum@example.com>, not {text:?}"
                ));
            }
            mailbox
        });
        let usual = if smtp.is_some() { Verifying::Required } else { Verifying::Off };
        Self {
            verifying: env.parse("EMAIL_VERIFICATION", usual, "required or off"),
            folder: outbox(database_url),
            frontend: frontend.map(without_slash),
            smtp,
            from,
        }
    }
}

/// The folder of mails beside an embedded database.
fn outbox(database_url: &str) -> PathBuf {
    let file = database_url.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest));
    let file = file.map(|path| Path::new(path.split('?').next().unwrap_or(path)));
    let beside = file.filter(|path| *path != Path::new(":memory:")).and_then(Path::parent);
    beside.unwrap_or(Path::new("data")).join("outbox")
}

/// An address that a path can be put behind.
fn without_slash(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let path = uri.path().trim_end_matches('/');
    format!("{}://{authority}{path}", uri.scheme_str().unwrap_or("https"))
}

fn registration(env: &mut Env) -> Policy {
    let registering = env.parse("REGISTRATION", Registering::Open, "open, invite or closed");
    let listed = env.list("REGISTRATION_DOMAINS", "");
    let domains: Vec<String> = listed.iter().map(|domain| domain.to_lowercase()).collect();
    for domain in domains.iter().filter(|domain| Email::parse(&format!("a@{domain}")).is_none()) {
        env.problem(format!("REGISTRATION_DOMAINS must list domains as example.com, not {domain:?}"));
    }
    Policy { registering, domains }
}

impl Config {
    /// Reads every variable; what is wrong is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        let host = env.parse("HOST", IpAddr::V4(Ipv4Addr::UNSPECIFIED), "an IP address");
        let port = env.number("PORT", 3000, 0, u16::MAX);
        let lifetime = env.number("SESSION_COOKIE_EXPIRES_IN_MS", SESSION_DEFAULT_MS, 1_000, SESSION_MAX_MS);
        let idle = env.number("SESSION_IDLE_EXPIRES_IN_MS", SESSION_MAX_MS, 1_000, SESSION_MAX_MS);
        let environment = env.text("APP_ENV").unwrap_or_else(|| "development".into());
        let database_url =
            env.secret("DATABASE_URL").unwrap_or_else(|| SecretString::from("sqlite://data/plenum.db"));
        let frontend = env.web_address("FRONTEND_URL");
        let production = environment == PRODUCTION;
        Self {
            address: SocketAddr::new(host, port),
            avatars: Place::read(env, database_url.expose_secret()),
            mail: MailConfig::read(env, database_url.expose_secret(), frontend.as_ref(), production),
            registration: registration(env),
            environment,
            database_url,
            origins: origins(env),
            frontend,
            sessions: Lifetimes {
                absolute: SignedDuration::from_millis(lifetime),
                idle: SignedDuration::from_millis(idle.min(lifetime)),
                single: env.parse("SINGLE_SESSION", false, "true or false"),
            },
            second_factor_required: Required::of(env.list("REQUIRE_SECOND_FACTOR", "")),
            limits: Allowed {
                auth: NonZeroU32::new(env.number("RATE_LIMIT_AUTH_PER_MINUTE", 20, 0, RATE_MAX)),
                api: NonZeroU32::new(env.number("RATE_LIMIT_API_PER_MINUTE", 600, 0, RATE_MAX)),
            },
            proxies: proxies(env),
            passwords: PasswordRules {
                min: env.number("PASSWORD_MIN_LENGTH", 6, 1, 128),
                blocklist: env.parse("PASSWORD_BLOCKLIST", Blocklist::Off, "on or off"),
            },
            oauth: oauth::Settings::read(env),
            trusted_issuers: trusted::read(env),
            locale: env.parse("DEFAULT_LOCALE", Locale::default(), "en or es"),
            internal_secret: env.secret("INTERNAL_SECRET"),
            chat_backends: chat_backends(env),
            max_connections: env.number("MAX_CONNECTIONS", 9_000, 1, 1_000_000),
        }
    }

    /// Whether this is `production`.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.environment == PRODUCTION
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

fn proxies(env: &mut Env) -> TrustedProxies {
    let listed = env.list("TRUSTED_PROXIES", "");
    TrustedProxies::parse(&listed).unwrap_or_else(|bad| {
        env.problem(format!(
            "TRUSTED_PROXIES must list addresses or networks such as 10.0.0.0/8, not {bad:?}"
        ));
        TrustedProxies::default()
    })
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
        assert_eq!(config.avatars.to_string(), "the folder data/avatars");
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
            ("RATE_LIMIT_AUTH_PER_MINUTE", "-1"),
            ("RATE_LIMIT_API_PER_MINUTE", "many"),
            ("TRUSTED_PROXIES", "proxy.example.com"),
            ("PASSWORD_BLOCKLIST", "perhaps"),
            ("AVATAR_STORE", "ftp://pictures"),
            ("DEFAULT_LOCALE", "de"),
            ("CHAT_BACKEND_URL", "http://chat:4000/api"),
            ("SMTP_URL", "mail.example.com"),
            ("MAIL_FROM", "nobody"),
            ("EMAIL_VERIFICATION", "sometimes"),
            ("REGISTRATION", "perhaps"),
            ("REGISTRATION_DOMAINS", "example.com, @example.com"),
            ("MAX_CONNECTIONS", "0"),
        ];
        let problems = read(bad).unwrap_err();
        assert_eq!(problems.len(), bad.len(), "{problems:?}");
        for (name, _) in bad {
            assert!(problems.iter().any(|problem| problem.contains(name)), "{name} in {problems:?}");
        }
    }

    #[test]
    fn a_mail_server_needs_a_sender_and_in_production_a_public_address() {
        let problems = read(&[("SMTP_URL", "smtps://user:hush@mail.example.com"), ("APP_ENV", "production")]);
        let problems = problems.unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("MAIL_FROM") && problems[1].contains("FRONTEND_URL"), "{problems:?}");
        let whole = read(&[
            ("SMTP_URL", "smtps://user:hush@mail.example.com"),
            ("APP_ENV", "production"),
            ("MAIL_FROM", "Plenum <plenum@example.com>"),
            ("FRONTEND_URL", "https://app.example.com/meet/"),
        ]);
        let whole = whole.unwrap();
        assert_eq!(whole.mail.verifying, Verifying::Required);
        assert_eq!(whole.mail.sender(3000).frontend, "https://app.example.com/meet");
        assert!(!format!("{whole:?}").contains("hush"));
    }

    #[test]
    fn without_a_mail_server_nobody_is_asked_and_mails_are_files_beside_the_database() {
        let config = read(&[("DATABASE_URL", "sqlite:///var/lib/plenum/plenum.db")]).unwrap();
        assert_eq!(config.mail.verifying, Verifying::Off);
        assert_eq!(config.mail.folder, Path::new("/var/lib/plenum/outbox"));
        assert_eq!(config.mail.sender(3000).frontend, "http://localhost:3000");
        assert_eq!(outbox("postgres://db/plenum"), Path::new("data/outbox"));
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
