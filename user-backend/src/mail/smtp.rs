//! A mail server, spoken to one connection at a time, each of which is kept a while for the next mail.
//!
//! Lettre's own transport bounds the time of connecting only, and its pool keeps a connection on which a mail was cut off:
//! the next one would go into the middle of it. So connections are held here, and one on which anything went wrong is dropped.

use std::{fmt, sync::Mutex, time::Duration};

use lettre::{
    Message,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};
use percent_encoding::percent_decode_str;
use plenum_service::clock;
use tokio::time::Instant;
use url::Url;

/// How long each step of a conversation may take.
pub const STEP: Duration = Duration::from_secs(10);
/// How long a connection is kept for the next mail.
const KEPT: Duration = Duration::from_secs(20);
/// Connections that are kept.
const KEPT_MAX: usize = 4;

/// How a conversation is kept from others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    /// TLS from its first byte (`smtps://`).
    Tls,
    /// `STARTTLS`, or nothing is sent (`smtp://…?tls=required`).
    StartTls,
    /// `STARTTLS` where the server offers it (`smtp://…?tls=opportunistic`).
    Offered,
    /// Not at all (`smtp://`).
    None,
}

/// Why `SMTP_URL` can't be used; without what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be smtps://[user:password@]host[:port], or smtp:// with ?tls=required, ?tls=opportunistic or none of both"
)]
pub struct BadSmtpUrl;

/// A mail server. Its password does not print.
pub struct Smtp {
    host: String,
    port: u16,
    secrecy: Secrecy,
    credentials: Option<Credentials>,
    hello: ClientId,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({}:{})", self.host, self.port)
    }
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The server could not be reached, or did not let us in: no mail would be sent now.
    #[error("the mail server can't be used: {0}")]
    Server(String),
    /// The server does not take this mail, and says that it never will.
    #[error("the mail server refuses it for good: {0}")]
    Refused(String),
    /// This mail was not taken now.
    #[error("the mail server did not take it: {0}")]
    Later(String),
}

impl Smtp {
    /// Reads `SMTP_URL`, as lettre does: `smtps://` is TLS from the start (port 465), `smtp://` with `?tls=required` or
    /// `?tls=opportunistic` STARTTLS (587), and without neither (25). A path is the name by which we say hello.
    pub fn parse(url: &str) -> Result<Self, BadSmtpUrl> {
        let url = Url::parse(url).map_err(|_| BadSmtpUrl)?;
        let tls = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let (secrecy, port) = match (url.scheme(), tls.as_deref()) {
            ("smtps", None) => (Secrecy::Tls, 465),
            ("smtp", Some("required")) => (Secrecy::StartTls, 587),
            ("smtp", Some("opportunistic")) => (Secrecy::Offered, 587),
            ("smtp", None) => (Secrecy::None, 25),
            _ => return Err(BadSmtpUrl),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(BadSmtpUrl)?.to_owned();
        let decoded = |text: &str| {
            percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| BadSmtpUrl)
        };
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decoded(url.username())?, decoded(password)?)),
            None => None,
        };
        let name = url.path().trim_matches('/');
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        let hello = match name {
            "" => ClientId::default(),
            name if name.bytes().all(plain) => ClientId::Domain(name.to_owned()),
            _ => return Err(BadSmtpUrl),
        };
        let port = url.port().unwrap_or(port);
        Ok(Self { host, port, secrecy, credentials, hello, idle: Mutex::default() })
    }

    /// Whether anybody on the way reads along, and perhaps the password too.
    #[must_use]
    pub fn is_in_the_clear(&self) -> bool {
        let here = matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        !here && matches!(self.secrecy, Secrecy::None | Secrecy::Offered)
    }

    /// Sends a mail: when this returns well, the server has taken it.
    pub async fn send(&self, message: &Message) -> Result<(), NotSent> {
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let bytes = message.formatted();
        // Four steps of the conversation are in this one.
        match tokio::time::timeout(STEP * 2, connection.send(message.envelope(), &bytes)).await {
            Ok(Ok(_)) => {
                self.keep(connection);
                Ok(())
            }
            Ok(Err(error)) if error.is_permanent() => Err(NotSent::Refused(told(&error))),
            Ok(Err(error)) => Err(NotSent::Later(told(&error))),
            Err(_) => Err(NotSent::Later(format!("it did not answer within {:?}", STEP * 2))),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, NotSent> {
        let server = |error: &lettre::transport::smtp::Error| NotSent::Server(told(error));
        let tls = TlsParameters::new(self.host.trim_matches(['[', ']']).to_owned());
        let tls = || tls.map_err(|error| server(&error));
        let (wrapped, upgrade) = match self.secrecy {
            Secrecy::Tls => (Some(tls()?), None),
            Secrecy::StartTls | Secrecy::Offered => (None, Some(tls()?)),
            Secrecy::None => (None, None),
        };
        let address = (self.host.trim_matches(['[', ']']), self.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(address, Some(STEP), &self.hello, wrapped, None);
        let mut connection = in_time(connecting).await?;
        if let Some(tls) = upgrade.filter(|_| self.secrecy == Secrecy::StartTls || connection.can_starttls())
        {
            in_time(connection.starttls(tls, &self.hello)).await?;
        }
        if let Some(credentials) = &self.credentials {
            in_time(connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials)).await?;
        }
        Ok(connection)
    }

    /// A connection that was kept and still lives.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut connection, since) = self.idle.lock().ok()?.pop()?;
            let fresh = clock::instant().duration_since(since) < KEPT;
            if fresh && tokio::time::timeout(STEP, connection.test_connected()).await == Ok(true) {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < KEPT_MAX
        {
            idle.push((connection, clock::instant()));
        }
    }

    /// Closes connections that were kept for too long.
    pub fn tidy(&self) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.retain(|(_, since)| clock::instant().duration_since(*since) < KEPT);
        }
    }
}

async fn in_time<T>(
    step: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, NotSent> {
    match tokio::time::timeout(STEP, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(NotSent::Server(told(&error))),
        Err(_) => Err(NotSent::Server(format!("it did not answer within {STEP:?}"))),
    }
}

/// The error for the log: the status, where the server gave one, and else the kind of fault. Never the server's words, which
/// may repeat the mail or its address.
fn told(error: &lettre::transport::smtp::Error) -> String {
    error.status().map_or_else(
        || if error.is_response() { "its answer can't be read".to_owned() } else { error.to_string() },
        |status| format!("status {status}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_it_is_kept_secret_and_defaults_its_port() {
        for (url, secrecy, port) in [
            ("smtps://user:p%40ss@mail.example.com", Secrecy::Tls, 465),
            ("smtp://mail.example.com?tls=required", Secrecy::StartTls, 587),
            ("smtp://mail.example.com?tls=opportunistic", Secrecy::Offered, 587),
            ("smtp://127.0.0.1:2525/client.example.com", Secrecy::None, 2525),
            ("smtp://mail.example.com", Secrecy::None, 25),
        ] {
            let smtp = Smtp::parse(url).unwrap();
            assert!(smtp.secrecy == secrecy && smtp.port == port, "{url}");
        }
        assert!(Smtp::parse("smtp://mail.example.com").unwrap().is_in_the_clear());
        assert!(!Smtp::parse("smtp://localhost:25").unwrap().is_in_the_clear());
        assert!(!Smtp::parse("smtps://mail.example.com").unwrap().is_in_the_clear());
    }

    #[test]
    fn what_is_no_address_is_refused_and_a_password_does_not_print() {
        for url in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp://a?tls=never",
            "smtps://a?tls=required",
            "smtp://a/b%0d%0ac",
        ] {
            assert!(Smtp::parse(url).is_err(), "{url}");
        }
        let printed = format!("{:?}", Smtp::parse("smtps://user:hush@mail.example.com").unwrap());
        assert!(!printed.contains("hush") && printed.contains("mail.example.com"), "{printed}");
    }
}
