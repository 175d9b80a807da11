//! A connection to Redis: to the one server that there is, or to all that make up a Redis Cluster.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use redis::{
    Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisFuture, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
    cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr},
};

/// Channels of one server subscribed to by one command.
const CHANNELS_AT_ONCE: usize = 500;
/// Subscriptions of a cluster that are under way at a time: each goes to its channel's server.
const SUBSCRIPTIONS_AT_ONCE: usize = 64;

/// A connection. Clones are the same.
#[derive(Clone)]
pub enum Connection {
    /// To one server, which takes writes.
    One(MultiplexedConnection),
    /// To a Redis Cluster.
    Cluster(ClusterConnection),
}

/// A server that takes writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// The only one.
    Only,
    /// The one of a cluster that has this slot. (Not its address: how a cluster tells that depends on its settings.)
    With(u16),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(one) => one.req_packed_command(cmd),
            Self::Cluster(cluster) => cluster.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(one) => one.req_packed_commands(pipeline, offset, count),
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(one) => one.get_db(),
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}

impl Connection {
    /// Subscribes to channels.
    pub async fn subscribe(&mut self, channels: &[String]) -> Result<(), RedisError> {
        match self {
            Self::One(one) => {
                for some in channels.chunks(CHANNELS_AT_ONCE) {
                    one.subscribe(some).await?;
                }
                Ok(())
            }
            Self::Cluster(cluster) => {
                let one = |channel: &String| {
                    let (mut cluster, channel) = (cluster.clone(), channel.clone());
                    async move { cluster.subscribe(channel).await }
                };
                let each: Vec<_> = channels.iter().map(one).collect();
                stream::iter(each).buffer_unordered(SUBSCRIPTIONS_AT_ONCE).try_collect().await
            }
        }
    }

    /// Ends a subscription.
    pub async fn unsubscribe(&mut self, channel: &str) -> Result<(), RedisError> {
        match self {
            Self::One(one) => one.unsubscribe(channel).await,
            Self::Cluster(cluster) => cluster.unsubscribe(channel).await,
        }
    }

    /// The servers that take writes; in a cluster those that own slots.
    pub async fn servers(&mut self) -> Result<BTreeSet<Server>, RedisError> {
        let Self::Cluster(cluster) = self else { return Ok(BTreeSet::from([Server::Only])) };
        let mut ask = redis::cmd("CLUSTER");
        ask.arg("SLOTS");
        let any = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
        let slots = Vec::<Vec<Value>>::from_redis_value(cluster.route_command(ask, any).await?)?;
        // Each range: its first slot, its last, and the servers that have it, of which the first takes writes. Each
        // server: its host, its port, its id.
        let read = |range: Vec<Value>| {
            let mut range = range.into_iter();
            let first = u16::from_redis_value(range.next()?).ok()?;
            let Value::Array(server) = range.nth(1)? else { return None };
            Some((String::from_redis_value(server.into_iter().nth(2)?).ok()?, Server::With(first)))
        };
        let by_id: Option<BTreeMap<String, Server>> = slots.into_iter().map(read).collect();
        let by_id = by_id.filter(|servers| !servers.is_empty());
        by_id.map(|servers| servers.into_values().collect()).ok_or_else(|| {
            RedisError::from((ErrorKind::UnexpectedReturnType, "CLUSTER SLOTS does not say who has which"))
        })
    }

    /// Asks one server.
    pub async fn ask<T: FromRedisValue>(&mut self, server: &Server, cmd: Cmd) -> Result<T, RedisError> {
        let answer = match (self, server) {
            (Self::Cluster(cluster), Server::With(slot)) => {
                let there = SingleNodeRoutingInfo::SpecificNode(Route::new(*slot, SlotAddr::Master));
                cluster.route_command(cmd, RoutingInfo::SingleNode(there)).await?
            }
            (connection, _) => connection.req_packed_command(&cmd).await?,
        };
        Ok(T::from_redis_value(answer.extract_error()?)?)
    }
}
