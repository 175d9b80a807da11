//! Where Redis is: `REDIS_URL`.

use std::fmt;

use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo,
    RedisError,
    aio::MultiplexedConnection,
    sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType},
};

/// One server, or a primary that Sentinels know.
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
}

impl fmt::Display for Address {
    /// Without what is secret in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(info) => info.addr().fmt(f),
            Self::Sentinel { name, .. } => write!(f, "the primary {name:?} of the Sentinels"),
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
        let (secret, hosts) =
            hosts.rsplit_once('@').map_or((None, hosts), |(secret, hosts)| (Some(secret), hosts));
        // The library reads who speaks, and how, from an address of its own form.
        let who = secret.map_or_else(String::new, |secret| format!("{secret}@"));
        let primary = format!("redis://{who}primary/{db}").into_connection_info().map_err(wrong)?;
        let primary = primary.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let sentinel = |host: &str| {
            let port = if host.contains(':') { "" } else { ":26379" };
            format!("redis://{host}{port}").into_connection_info().map_err(wrong)
        };
        let at = hosts.split(',').map(sentinel).collect::<Result<_, _>>()?;
        Ok(Self::Sentinel { at, name: name.to_owned(), primary: Box::new(primary) })
    }

    /// Makes a connection.
    pub async fn connect(&self, config: &AsyncConnectionConfig) -> Result<MultiplexedConnection, RedisError> {
        match self {
            Self::One(info) => {
                let client = Client::open((**info).clone())?;
                client.get_multiplexed_async_connection_with_config(config).await
            }
            Self::Sentinel { at, name, primary } => {
                let node =
                    SentinelNodeConnectionInfo::default().set_redis_connection_info((**primary).clone());
                let server = SentinelServerType::Master;
                let mut client = SentinelClient::build(at.clone(), name.clone(), Some(node), server)?;
                client.get_async_connection_with_config(config).await
            }
        }
    }
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
    fn a_secret_does_not_print() {
        for url in ["redis://u:hush@h/0", "redis+sentinel://u:hush@h/n"] {
            let address = Address::parse(url).unwrap();
            assert!(!format!("{address} {address:?}").contains("hush"));
        }
    }
}
