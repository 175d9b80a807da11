//! The variables of the chat backend.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use http::Uri;
use plenum_contract::{
    Locale,
    limits::{BEHIND_AGE, BEHIND_BYTES, HEADERS_MAX, UNFINISHED_BYTES},
};
use plenum_service::{
    Env,
    net::{Behind, Limits, bare_http},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    cluster::Address, http::Trust, ice::IceServers, meetings::Places, store::firestore::FirestoreConfig,
};

/// How long a request's head may take, and a connection may idle between requests. Longer than the gateway
/// keeps its idle connections.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// Connections a process may have with 20,000 open files, with some left for the store.
const CONNECTIONS: usize = 18_000;
/// Connections of other nodes to a `plenum`, beside those of its clients: polls, requests, and sockets that began to poll.
const PEER_CONNECTIONS: usize = 4_000;

/// What the chat backend is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// `HOST` and `PORT`: where it listens.
    pub address: SocketAddr,
    /// `APP_ENV`: named in `/health`.
    pub environment: String,
    /// `DATABASE_URL`: meetings, unless they are in Firestore.
    pub database_url: SecretString,
    /// `FIREBASE_…`: meetings in Firestore.
    pub firestore: Option<FirestoreConfig>,
    /// `REDIS_URL`: rooms are shared with all nodes on it.
    pub redis: Option<Address>,
    /// `NODE_ADDRESS`: where the other nodes on that Redis reach this one; `plenum` listens there for them.
    pub node: Option<NodeAddress>,
    /// Whom it believes.
    pub trust: Trust,
    /// `MAX_PARTICIPANTS`: places in a meeting that names none, and in any call.
    pub max_participants: u32,
    /// `MIN_PARTICIPANTS`: what stats report.
    pub min_participants: u32,
    /// `MAX_MEETING_CAPACITY`: the most places a meeting may name.
    pub max_capacity: u32,
    /// `RATE_LIMIT_EVENTS_PER_SECOND`: by socket; none is without limit.
    pub events_per_second: Option<NonZeroU32>,
    /// `STUN_SERVER_…` and `TURN_…`: told to every socket.
    pub ice_servers: IceServers,
    /// `FRONTEND_URL` without a slash at its end: where the links of meetings lead.
    pub frontend: Option<String>,
    /// `DEFAULT_LOCALE`: the language of callers who ask for none of ours.
    pub locale: Locale,
    /// `MAX_CONNECTIONS`: connections open at once; further ones wait to be accepted.
    pub max_connections: usize,
}

impl Config {
    /// Reads every variable of a process of its own; what is wrong is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        let host = env.parse("HOST", IpAddr::V4(Ipv4Addr::LOCALHOST), "an IP address");
        let port = env.number("PORT", 4000, 0, u16::MAX);
        let secret = env.secret("INTERNAL_SECRET");
        if secret.is_none() && !host.is_loopback() {
            env.problem(
                "INTERNAL_SECRET is required when HOST is not loopback: whoever reaches this service is believed; \
                 set the same long random text here and on the user backend",
            );
        }
        let max_connections = env.number("MAX_CONNECTIONS", CONNECTIONS, 1, 1_000_000);
        let trust = Trust::apart(secret, host.is_loopback());
        Self { max_connections, ..Self::read_common(env, SocketAddr::new(host, port), trust) }
    }

    /// Reads the variables that matter when the gateway is in the same process. Nobody else can call, but the gateways of
    /// other nodes, where there are several.
    pub fn read_embedded(env: &mut Env) -> Self {
        let config = Self::read_common(env, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Trust::embedded());
        let secret = env.secret("INTERNAL_SECRET");
        if config.redis.is_none() {
            return Self { node: None, ..config };
        }
        match &config.node {
            None => env.problem(
                "NODE_ADDRESS is required with REDIS_URL: http://host:port at which the other plenums reach this one, \
                 and at which it listens for them",
            ),
            Some(node) if !node.is_loopback() && secret.is_none() => env.problem(
                "INTERNAL_SECRET is required when NODE_ADDRESS is not loopback: whoever reaches it is believed; set the \
                 same long random text on every node",
            ),
            Some(_) => {}
        }
        Self { trust: Trust::of_several(secret), max_connections: PEER_CONNECTIONS, ..config }
    }

    fn read_common(env: &mut Env, address: SocketAddr, trust: Trust) -> Self {
        let max_capacity = env.number("MAX_MEETING_CAPACITY", 1_000, 1, 10_000);
        Self {
            address,
            trust,
            environment: env.text("APP_ENV").unwrap_or_else(|| "development".into()),
            database_url: env.secret("DATABASE_URL").unwrap_or_else(|| "sqlite://data/plenum.db".into()),
            firestore: FirestoreConfig::read(env),
            redis: redis(env),
            node: NodeAddress::read(env),
            max_participants: env.number("MAX_PARTICIPANTS", 10, 1, max_capacity),
            min_participants: env.number("MIN_PARTICIPANTS", 2, 1, max_capacity),
            max_capacity,
            events_per_second: NonZeroU32::new(env.number("RATE_LIMIT_EVENTS_PER_SECOND", 50, 0, 1_000_000)),
            ice_servers: IceServers::read(env),
            frontend: env
                .web_address("FRONTEND_URL")
                .map(|uri| uri.to_string().trim_end_matches('/').to_owned()),
            locale: env.parse("DEFAULT_LOCALE", Locale::default(), "en or es"),
            max_connections: CONNECTIONS,
        }
    }

    /// The address of the database, for opening it.
    #[must_use]
    pub fn database_url(&self) -> &str {
        self.database_url.expose_secret()
    }

    /// How many users a meeting's room may have.
    #[must_use]
    pub const fn places(&self) -> Places {
        Places { usual: self.max_participants, most: self.max_capacity }
    }

    /// The bounds of its listener.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        Limits {
            name: "gateways",
            connections: self.max_connections,
            head_bytes: HEADERS_MAX,
            head_time: HEAD_TIME,
            behind: Behind { bytes: BEHIND_BYTES, age: BEHIND_AGE },
            unfinished: UNFINISHED_BYTES,
        }
    }
}

/// Where other nodes reach a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAddress(Uri);

impl NodeAddress {
    fn read(env: &mut Env) -> Option<Self> {
        let text = env.text("NODE_ADDRESS")?;
        let address = bare_http(&text).filter(|uri| uri.port_u16().is_some());
        if address.is_none() {
            env.problem(format!("NODE_ADDRESS must be http://host:port without a path, not {text:?}"));
        }
        address.map(Self)
    }

    /// As others dial it.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether only this machine reaches it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host().unwrap_or_default();
        host == "localhost" || self.ip().is_some_and(|ip| ip.is_loopback())
    }

    /// Where a node that has it listens: there, or, with a name, on every IPv4 address, since it may lead to any of them.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        let named = if self.is_loopback() { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        SocketAddr::new(self.ip().unwrap_or(named.into()), self.0.port_u16().unwrap_or_default())
    }

    fn ip(&self) -> Option<IpAddr> {
        self.0.host()?.trim_matches(['[', ']']).parse().ok()
    }
}

fn redis(env: &mut Env) -> Option<Address> {
    let url = env.secret("REDIS_URL")?;
    Address::parse(url.expose_secret()).map_err(|problem| env.problem(problem)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&'static str, &'static str)]) -> (Config, Result<(), String>) {
        let mut env = Env::lookup(move |name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        });
        let config = Config::read(&mut env);
        (config, env.finish().map_err(|problems| problems.to_string()))
    }

    #[test]
    fn nothing_said_is_enough() {
        let (config, problems) = read(&[]);
        assert_eq!(problems, Ok(()));
        assert!(config.address.ip().is_loopback());
    }

    #[test]
    fn beyond_loopback_a_secret_is_required() {
        let (_, problems) = read(&[("HOST", "0.0.0.0")]);
        assert!(problems.unwrap_err().contains("INTERNAL_SECRET"));
        let (_, problems) = read(&[("HOST", "0.0.0.0"), ("INTERNAL_SECRET", "hush")]);
        assert_eq!(problems, Ok(()));
    }

    #[test]
    fn of_several_plenums_each_says_where_the_others_reach_it() {
        let read = |pairs: &'static [(&'static str, &'static str)]| {
            let mut env = Env::lookup(move |name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            });
            let config = Config::read_embedded(&mut env);
            env.finish().map(|()| config.node).map_err(|problems| problems.to_string())
        };
        assert_eq!(read(&[]), Ok(None));
        let redis = ("REDIS_URL", "redis://redis");
        assert!(read(&[("REDIS_URL", "redis://redis")]).unwrap_err().contains("NODE_ADDRESS is required"));
        for bad in ["chat:4001", "http://chat", "http://chat:4001/x", "https://chat:4001", "4001"] {
            let mut env = Env::lookup(move |name| match name {
                "REDIS_URL" => Some(redis.1.into()),
                "NODE_ADDRESS" => Some(bad.into()),
                _ => None,
            });
            Config::read_embedded(&mut env);
            assert!(env.finish().unwrap_err().to_string().contains("must be http://host:port"), "{bad}");
        }
        let beyond = read(&[("REDIS_URL", "redis://redis"), ("NODE_ADDRESS", "http://10.0.0.5:4001")]);
        assert!(beyond.unwrap_err().contains("INTERNAL_SECRET"));
        let listens = |address: &'static str| {
            let mut env = Env::lookup(move |name| (name == "NODE_ADDRESS").then(|| address.to_owned()));
            NodeAddress::read(&mut env).unwrap().listen().to_string()
        };
        assert_eq!(listens("http://127.0.0.1:4001"), "127.0.0.1:4001");
        assert_eq!(listens("http://localhost:4001"), "127.0.0.1:4001");
        assert_eq!(listens("http://[::1]:4001"), "[::1]:4001");
        assert_eq!(listens("http://10.0.0.5:4001"), "10.0.0.5:4001");
        assert_eq!(listens("http://plenum-1.plenum:4001"), "0.0.0.0:4001");
    }

    #[test]
    fn secrets_do_not_print() {
        let (config, _) = read(&[("INTERNAL_SECRET", "hush-hush"), ("DATABASE_URL", "postgres://u:pw@h/d")]);
        let printed = format!("{config:?}");
        assert!(!printed.contains("hush-hush") && !printed.contains("pw@"), "{printed}");
    }
}
