//! Which node has which socket.io session, as far as its answers have shown.

use std::{sync::Arc, time::Duration};

use axum::extract::Query;
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
    /// Reads what may be one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (plain && (1..=LENGTH_MAX).contains(&text.len())).then(|| Self(text.into()))
    }

    /// The id that a request shows, if it shows one and only one.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        match &*shown(uri) {
            [sid] => Self::parse(sid),
            _ => None,
        }
    }
}

/// Whether a request is of a socket.io session that is open, or says so.
pub(super) fn names_a_session(uri: &Uri) -> bool {
    !shown(uri).is_empty()
}

/// What a request names as its session, read as a chat node reads it: percent-encoded or not is the same.
fn shown(uri: &Uri) -> Vec<String> {
    let pairs =
        Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default();
    pairs.into_iter().filter(|(name, _)| name == "sid").map(|(_, sid)| sid).collect()
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
    fn a_session_is_named_once_however_it_is_spelt() {
        let of = |query: &str| Sid::of(&format!("/socket.io/?{query}").parse().unwrap()).map(|sid| sid.0);
        for spelt in ["sid=aB-_9", "%73%69d=aB-_9", "sid=%61B%2D_9"] {
            assert_eq!(of(&format!("EIO=4&{spelt}&t=x")).as_deref(), Some("aB-_9"), "{spelt}");
        }
        for odd in [
            "",
            "EIO=4",
            "sid=",
            "sid=a&sid=b",
            "sid=a&sid=",
            "sid=a&s%69d=b",
            "xsid=a",
            "sid=a.b",
            "sid=a%26b",
        ] {
            assert_eq!(of(odd), None, "{odd}");
        }
        assert_eq!(of(&format!("sid={}", "a".repeat(LENGTH_MAX + 1))), None);
    }
}
