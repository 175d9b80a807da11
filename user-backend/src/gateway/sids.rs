//! Which node has which socket.io session, as far as its answers have shown.

use std::{sync::Arc, time::Duration};

use http::Uri;
use moka::{policy::EvictionPolicy, sync::Cache};

use super::nodes::Node;

/// Sessions remembered; who was asked for least lately is forgotten, and looked for again.
const KEPT: u64 = 50_000;
/// How long one that nobody asks for is remembered: a few polls, each of which takes a ping's interval at most.
const IDLE: Duration = Duration::from_secs(120);
/// Bytes of a session's id. Past it no node is looked for.
const LENGTH_MAX: usize = 64;

/// A socket.io session's id, as a client shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sid(Box<str>);

impl Sid {
    /// Reads what may be one: nothing that could be written otherwise and mean the same.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (plain && (1..=LENGTH_MAX).contains(&text.len())).then(|| Self(text.into()))
    }

    /// The id that a request shows, if it shows one and only one.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let mut shown = uri.query()?.split('&').filter_map(|pair| pair.strip_prefix("sid="));
        let sid = shown.next().and_then(Self::parse);
        sid.filter(|_| shown.next().is_none())
    }
}

/// Where sessions are. Only what a node has answered for is remembered, so that ids that somebody makes up take no place.
pub(super) struct Sids(Cache<Sid, Arc<Node>>);

impl Default for Sids {
    fn default() -> Self {
        // The default policy would rather keep what is asked for often than what is new.
        let policy = EvictionPolicy::lru();
        Self(Cache::builder().max_capacity(KEPT).eviction_policy(policy).time_to_idle(IDLE).build())
    }
}

impl Sids {
    pub(super) fn node_of(&self, sid: &Sid) -> Option<Arc<Node>> {
        self.0.get(sid)
    }

    pub(super) fn remember(&self, sid: Sid, node: Arc<Node>) {
        self.0.insert(sid, node);
    }

    pub(super) fn forget(&self, sid: &Sid) {
        self.0.invalidate(sid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_once_and_plainly() {
        let of = |query: &str| Sid::of(&format!("/socket.io/?{query}").parse().unwrap()).map(|sid| sid.0);
        assert_eq!(of("EIO=4&sid=aB-_9&t=x").as_deref(), Some("aB-_9"));
        for odd in ["", "EIO=4", "sid=", "sid=a&sid=b", "sid=a&sid=", "sid=%61", "xsid=a", "sid=a.b"] {
            assert_eq!(of(odd), None, "{odd}");
        }
        assert_eq!(of(&format!("sid={}", "a".repeat(LENGTH_MAX + 1))), None);
    }
}
