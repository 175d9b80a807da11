//! Where Redis is: `REDIS_URL`.

use std::{fmt, time::Duration};

use plenum_contract::limits::LOG_TIMEOUT;
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, PushInfo,
    RedisConnectionInfo, RedisError,
    cluster::ClusterClientBuilder,
    sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType},
};

use tokio::sync::mpsc;

use super::connection::Connection;

/// One server, a primary that Sentinels know, or a cluster.
#[derive(Clone)]
pub enum Address {
    /// `redis://[user:password@]host[:port][/db]`.
    One(Box<ConnectionInfo>),
    /// `redis+sentinel://[user:password@]host[:port],…/name[/db]`.
    Sentinel {
        /// The Sentinels.
        at: Vec<ConnectionInfo>,
        /// What they call the primary.
        name: String,
        /// How the primary is spoken to.
        primary: Box<RedisConnectionInfo>,
    },
    /// `redis+cluster://[user:password@]host[:port],…`.
    Cluster {
        /// Some of its servers, of which one must be there; they know the others.
        at: Vec<ConnectionInfo>,
    },
}

/// How long a connection to one server may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_000);
/// How often the library follows a slot to another server before we look anew where everything is.
const CLUSTER_RETRIES: u32 = 4;
/// The shortest and the longest pause before it does, in milliseconds: all of them within what one question may take.
const CLUSTER_PAUSE: (u64, u64) = (20, 200);

impl fmt::Display for Address {
    /// Without what is secret in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(info) => info.addr().fmt(f),
            Self::Sentinel { name, .. } => write!(f, "the primary {name:?} of the Sentinels"),
            Self::Cluster { at } => {
                let at: Vec<String> = at.iter().map(|info| info.addr().to_string()).collect();
                write!(f, "the Redis Cluster of {}", at.join(","))
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Address {
    /// Reads `REDIS_URL`; the error says what is wrong with it.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = |error: RedisError| format!("REDIS_URL can't be used: {error}");
        if let Some(hosts) = url.strip_prefix("redis+cluster://") {
            let (who, hosts) = who_and_where(hosts);
            let one = |host: &str| format!("redis://{who}{host}").into_connection_info().map_err(wrong);
            let at: Vec<_> = hosts.trim_end_matches('/').split(',').map(one).collect::<Result<_, _>>()?;
            let plain = at.iter().all(|info| info.redis_settings().db() == 0);
            let problem =
                "REDIS_URL must be redis+cluster://host:port,host:port; a cluster has one database, 0";
            return if plain { Ok(Self::Cluster { at }) } else { Err(problem.into()) };
        }
        let Some(rest) = url.strip_prefix("redis+sentinel://") else {
            let info = url.into_connection_info().map_err(wrong)?;
            let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
            return Ok(Self::One(Box::new(info.set_redis_settings(settings))));
        };
        let missing = "REDIS_URL must be redis+sentinel://host:port,host:port/NAME with the primary's name";
        let (hosts, path) = rest.split_once('/').ok_or(missing)?;
        let (name, db) = path.split_once('/').unwrap_or((path, "0"));
        if name.is_empty() {
            return Err(missing.into());
        }
        // The library reads who speaks, and how, from an address of its own form.
        let (who, hosts) = who_and_where(hosts);
        let primary = format!("redis://{who}primary/{db}").into_connection_info().map_err(wrong)?;
        let primary = primary.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let sentinel = |host: &str| {
            let port = if host.contains(':') { "" } else { ":26379" };
            format!("redis://{host}{port}").into_connection_info().map_err(wrong)
        };
        let at = hosts.split(',').map(sentinel).collect::<Result<_, _>>()?;
        Ok(Self::Sentinel { at, name: name.to_owned(), primary: Box::new(primary) })
    }

    /// Whether there are several servers that take writes.
    #[must_use]
    pub const fn is_divided(&self) -> bool {
        matches!(self, Self::Cluster { .. })
    }

    /// Makes a connection; what Redis says by itself goes to `pushes`.
    pub async fn connect(&self, pushes: mpsc::UnboundedSender<PushInfo>) -> Result<Connection, RedisError> {
        let config = || {
            AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECT_TIMEOUT))
                .set_response_timeout(Some(LOG_TIMEOUT))
        };
        match self {
            Self::One(info) => {
                let client = Client::open((**info).clone())?;
                let config = config().set_push_sender(pushes);
                Ok(Connection::One(client.get_multiplexed_async_connection_with_config(&config).await?))
            }
            Self::Cluster { at } => {
                let client = ClusterClientBuilder::new(at.iter().cloned())
                    .use_protocol(ProtocolVersion::RESP3)
                    .connection_timeout(CONNECT_TIMEOUT)
                    .response_timeout(LOG_TIMEOUT)
                    .retries(CLUSTER_RETRIES)
                    .min_retry_wait(CLUSTER_PAUSE.0)
                    .max_retry_wait(CLUSTER_PAUSE.1)
                    .push_sender(pushes)
                    .build()?;
                Ok(Connection::Cluster(client.get_async_connection().await?))
            }
            Self::Sentinel { at, name, primary } => {
                let node =
                    SentinelNodeConnectionInfo::default().set_redis_connection_info((**primary).clone());
                let server = SentinelServerType::Master;
                let mut client = SentinelClient::build(at.clone(), name.clone(), Some(node), server)?;
                let config = config().set_push_sender(pushes);
                Ok(Connection::One(client.get_async_connection_with_config(&config).await?))
            }
        }
    }
}

/// `user:password@` or nothing, and what stands behind it.
fn who_and_where(text: &str) -> (String, &str) {
    text.rsplit_once('@').map_or((String::new(), text), |(who, hosts)| (format!("{who}@"), hosts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_or_sentinels_with_a_name() {
        assert!(matches!(Address::parse("redis://127.0.0.1:6379/3"), Ok(Address::One(_))));
        let Ok(Address::Sentinel { at, name, primary }) =
            Address::parse("redis+sentinel://plenum:hush@a:1,b/main/2")
        else {
            panic!("it names Sentinels")
        };
        assert_eq!((at.len(), name.as_str(), primary.db()), (2, "main", 2));
        assert_eq!(primary.username(), Some("plenum"));
        for bad in ["127.0.0.1", "http://a", "redis+sentinel://a", "redis+sentinel://a/", "redis://a/x"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn or_a_cluster_of_which_some_are_named() {
        let Ok(Address::Cluster { at }) = Address::parse("redis+cluster://plenum:hush@a:1,b:2") else {
            panic!("it names a cluster")
        };
        assert_eq!(at.len(), 2);
        assert!(at.iter().all(|info| info.redis_settings().username() == Some("plenum")));
        assert!(Address::parse("redis+cluster://a:1,b:2/").is_ok());
        for bad in ["redis+cluster://", "redis+cluster://a:1/3", "redis+cluster://a:x"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_does_not_print() {
        for url in ["redis+cluster://u:hush@h:1", "redis://u:hush@h/0", "redis+sentinel://u:hush@h/n"] {
            let address = Address::parse(url).unwrap();
            assert!(!format!("{address} {address:?}").contains("hush"));
        }
    }
}
