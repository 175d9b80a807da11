//! STUN and TURN servers, as callers are told of them.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use plenum_contract::{UserId, events::IceServer, limits::TURN_CREDENTIAL_LIFE};
use plenum_service::Env;
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;

/// Public STUN servers, for calls between people who both reach the open internet.
const STUN: [(&str, &str); 2] =
    [("STUN_SERVER_1", "stun:stun.l.google.com:19302"), ("STUN_SERVER_2", "stun:stun1.l.google.com:19302")];

/// The servers that help two browsers to reach each other.
#[derive(Debug, Clone)]
pub struct IceServers {
    stun: Vec<String>,
    turn: Vec<String>,
    access: Access,
}

/// What TURN servers are shown.
#[derive(Debug, Clone)]
enum Access {
    /// There are none.
    None,
    /// The same by everybody.
    Fixed { username: String, credential: SecretString },
    /// By each caller what only who shares this secret can make, and that ends by itself: what coturn calls
    /// `use-auth-secret`.
    Shared(SecretString),
}

impl IceServers {
    /// Reads `STUN_SERVER_…` and `TURN_…`; what is wrong is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        let stun = STUN.map(|(name, default)| {
            let url = env.text(name).unwrap_or_else(|| default.into());
            if !url.starts_with("stun:") && !url.starts_with("stuns:") {
                env.problem(format!("{name} must begin with stun: or stuns:, not {url:?}"));
            }
            url
        });
        let turn = env.list("TURN_SERVER_URL", "");
        for url in turn.iter().filter(|url| !url.starts_with("turn:") && !url.starts_with("turns:")) {
            env.problem(format!(
                "TURN_SERVER_URL must list addresses that begin with turn: or turns:, not {url:?}"
            ));
        }
        let (secret, username) = (env.secret("TURN_SECRET"), env.text("TURN_USERNAME"));
        let access = match (secret, username, env.secret("TURN_CREDENTIAL")) {
            _ if turn.is_empty() => Access::None,
            (Some(secret), None, None) => Access::Shared(secret),
            (None, Some(username), Some(credential)) => Access::Fixed { username, credential },
            _ => {
                env.problem(
                    "TURN_SERVER_URL needs either TURN_SECRET, which the TURN server knows too (its static-auth-secret), \
                     or both TURN_USERNAME and TURN_CREDENTIAL",
                );
                Access::None
            }
        };
        Self { stun: stun.to_vec(), turn, access }
    }

    /// The servers, with what this user shows to those of TURN.
    #[must_use]
    pub fn for_user(&self, user: &UserId, now: Timestamp) -> Vec<IceServer> {
        let shown = match &self.access {
            Access::None => None,
            Access::Fixed { username, credential } => {
                Some((username.clone(), credential.expose_secret().to_owned()))
            }
            Access::Shared(secret) => credential(secret, user, now, TURN_CREDENTIAL_LIFE),
        };
        let stun =
            self.stun.iter().map(|url| IceServer { urls: url.clone(), username: None, credential: None });
        let turn = shown.into_iter().flat_map(|(username, credential)| {
            self.turn.iter().map(move |url| IceServer {
                urls: url.clone(),
                username: Some(username.clone()),
                credential: Some(credential.clone()),
            })
        });
        stun.chain(turn).collect()
    }
}

/// A user name that says until when it counts, and whose; and its credential.
fn credential(
    secret: &SecretString,
    user: &UserId,
    now: Timestamp,
    life: Duration,
) -> Option<(String, String)> {
    let until = now.as_second().saturating_add(i64::try_from(life.as_secs()).ok()?);
    let username = format!("{until}:{user}");
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(username.as_bytes());
    Some((username, BASE64_STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&'static str, &'static str)]) -> Result<IceServers, String> {
        let mut env = Env::lookup(move |name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        });
        let servers = IceServers::read(&mut env);
        env.finish().map(|()| servers).map_err(|problems| problems.to_string())
    }

    fn ana() -> UserId {
        UserId::parse("ana").unwrap()
    }

    const TURN: (&str, &str) = ("TURN_SERVER_URL", "turn:turn.example.com:3478, turns:turn.example.com:5349");

    #[test]
    fn without_a_turn_server_there_are_two_public_ones_that_need_nothing() {
        let servers = read(&[]).unwrap().for_user(&ana(), Timestamp::UNIX_EPOCH);
        assert_eq!(servers.len(), 2);
        assert!(servers.iter().all(|server| server.urls.starts_with("stun:") && server.username.is_none()));
    }

    #[test]
    fn with_a_secret_each_user_has_a_credential_that_ends() {
        let servers = read(&[TURN, ("TURN_SECRET", "north")]).unwrap();
        let told = servers.for_user(&ana(), Timestamp::from_second(1_000_000_000).unwrap());
        let turn: Vec<&IceServer> = told.iter().filter(|server| server.urls.starts_with("turn")).collect();
        assert_eq!(
            turn.iter().map(|server| server.urls.as_str()).collect::<Vec<_>>(),
            ["turn:turn.example.com:3478", "turns:turn.example.com:5349"]
        );
        for server in turn {
            assert_eq!(server.username.as_deref(), Some("1000043200:ana"));
            // printf %s 1000043200:ana | openssl dgst -sha1 -hmac north -binary | base64
            assert_eq!(server.credential.as_deref(), Some("JfDrVG0cOHa313juO05xmQWG/ws="));
        }
        let ben = UserId::parse("ben").unwrap();
        assert_ne!(
            servers.for_user(&ben, Timestamp::UNIX_EPOCH)[2],
            servers.for_user(&ana(), Timestamp::UNIX_EPOCH)[2]
        );
    }

    #[test]
    fn a_fixed_credential_is_everybodys() {
        let servers = read(&[TURN, ("TURN_USERNAME", "plenum"), ("TURN_CREDENTIAL", "hush-hush")]).unwrap();
        let told = servers.for_user(&ana(), Timestamp::UNIX_EPOCH);
        assert_eq!(
            (told[2].username.as_deref(), told[2].credential.as_deref()),
            (Some("plenum"), Some("hush-hush"))
        );
        assert!(!format!("{servers:?}").contains("hush-hush"));
    }

    #[test]
    fn a_turn_server_needs_one_way_in_and_both_are_named() {
        for bad in [
            &[TURN] as &[_],
            &[TURN, ("TURN_USERNAME", "plenum")],
            &[TURN, ("TURN_CREDENTIAL", "hush")],
            &[TURN, ("TURN_SECRET", "north"), ("TURN_USERNAME", "plenum"), ("TURN_CREDENTIAL", "hush")],
        ] {
            let problem = read(bad).unwrap_err();
            assert!(problem.contains("TURN_SECRET") && problem.contains("TURN_CREDENTIAL"), "{problem}");
        }
        assert!(read(&[("TURN_SERVER_URL", "turn:a,http://b"), ("TURN_SECRET", "north")]).is_err());
        assert!(read(&[("STUN_SERVER_1", "http://a")]).unwrap_err().contains("STUN_SERVER_1"));
    }
}
