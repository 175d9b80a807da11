//! The nodes of one service: which there are, which of them are ready, and in which order a session tries them.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use http::Uri;
use plenum_contract::SessionId;
use plenum_service::{
    Lifecycle, clock,
    net::{Answers, bare_http},
};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use tokio::{sync::watch, time::Instant};

use super::{
    backend::Backend,
    looks::{self, Rooms, Seen},
    remote::Remote,
    sids::Sids,
};

/// How long a node without its store takes what begins although others have theirs: until all have noticed an outage
/// that is everybody's (a look every 300 ms, an answer within two seconds).
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// The nodes of one service. Clones are the same ones.
#[derive(Clone)]
pub struct Nodes(Arc<Inner>);

struct Inner {
    listed: watch::Sender<Arc<[Arc<Node>]>>,
    /// Where sessions are; none where there is one node and never another.
    sids: Option<Sids>,
    /// Whether one of them is in this process.
    local: bool,
}

/// One node, and what is known of it.
pub(super) struct Node {
    /// Its address, or `local`.
    pub(super) name: String,
    pub(super) backend: Backend,
    local: bool,
    ready: AtomicBool,
    /// Since when its store is away, and nothing else.
    without_store: Mutex<Option<Instant>>,
    /// It keeps its rooms to itself: who is sent there would meet nobody from the other nodes.
    barred: AtomicBool,
}

/// A node that must not be one of several.
#[derive(Debug, thiserror::Error)]
#[error(
    "there are several nodes, but {0} keeps its rooms to itself; set REDIS_URL on every node, or name only one in CHAT_BACKEND_URL"
)]
pub struct KeepsItsRooms(String);

impl Nodes {
    /// The service runs in this process, and nowhere else.
    #[must_use]
    pub fn local(service: impl Answers) -> Self {
        let node = Node::new("local".to_owned(), Backend::local(service), true);
        Self::of(vec![Arc::new(node)], None, true)
    }

    /// The service runs at these addresses, one at least. Several are looked at until the process stops.
    pub fn remote(
        addresses: &[Uri],
        secret: Option<&SecretString>,
        life: &Lifecycle,
    ) -> Result<Self, reqwest::Error> {
        let far = Far { http: Remote::client()?, secret: secret.cloned(), life: life.clone() };
        let distinct: BTreeSet<String> = addresses.iter().map(name_of).collect();
        let nodes = Self::of(Vec::new(), (distinct.len() > 1).then(Sids::default), false);
        nodes.list(addresses, &far);
        Ok(nodes)
    }

    /// The service runs in this process, which others reach at `own`, and at the addresses of `peers`, which come and
    /// go. `own` may be among them; it is never dialled. What is no `http` address without a path is passed over.
    pub fn cluster(
        local: impl Answers,
        own: &Uri,
        mut peers: watch::Receiver<Vec<String>>,
        secret: Option<&SecretString>,
        life: &Lifecycle,
    ) -> Result<Self, reqwest::Error> {
        let far = Far { http: Remote::client()?, secret: secret.cloned(), life: life.clone() };
        let here = Arc::new(Node::new(name_of(own), Backend::local(local), true));
        looks::keep_looking(&here, life);
        let nodes = Self::of(vec![here], Some(Sids::default()), true);
        nodes.list(&parsed(&peers.borrow_and_update()), &far);
        let (listing, stopping) = (nodes.clone(), life.clone());
        life.spawn(async move {
            loop {
                tokio::select! {
                    changed = peers.changed() => if changed.is_err() { return },
                    () = stopping.stopping() => return,
                }
                let addresses = parsed(&peers.borrow_and_update());
                listing.list(&addresses, &far);
            }
        });
        Ok(nodes)
    }

    fn of(nodes: Vec<Arc<Node>>, sids: Option<Sids>, local: bool) -> Self {
        Self(Arc::new(Inner { listed: watch::Sender::new(nodes.into()), sids, local }))
    }

    /// From now on the remote nodes are these. One that was known stays what it was.
    fn list(&self, addresses: &[Uri], far: &Far) {
        let before = self.current();
        let mut now: Vec<Arc<Node>> = before.iter().filter(|node| node.local).cloned().collect();
        for address in addresses {
            let name = name_of(address);
            if now.iter().any(|node| node.name == name) {
                continue;
            }
            let known = before.iter().find(|node| node.name == name).cloned();
            now.push(known.unwrap_or_else(|| {
                let node = Arc::new(far.node(name, address));
                if self.0.sids.is_some() {
                    looks::keep_looking(&node, &far.life);
                }
                node
            }));
        }
        self.0.listed.send_replace(now.into());
    }

    /// Every node, for what all must be told.
    pub(super) fn current(&self) -> Arc<[Arc<Node>]> {
        self.0.listed.borrow().clone()
    }

    /// Whether a node is one of these still.
    pub(super) fn hold(&self, node: &Arc<Node>) -> bool {
        self.0.listed.borrow().iter().any(|listed| Arc::ptr_eq(listed, node))
    }

    /// The only node, where there is one and never another.
    pub(super) fn only(&self) -> Option<Arc<Node>> {
        if self.0.sids.is_some() { None } else { self.0.listed.borrow().first().cloned() }
    }

    /// Where sessions are.
    pub(super) fn sids(&self) -> Option<&Sids> {
        self.0.sids.as_ref()
    }

    /// Whether one of the nodes is in this process.
    pub(super) fn are_here(&self) -> bool {
        self.0.local
    }

    /// Whom to ask for what begins: the nodes that take it in the session's order, or all when none does. With `here`
    /// the one in this process comes first.
    pub(super) fn for_new(&self, session: Option<&SessionId>, here: bool) -> Vec<Arc<Node>> {
        let mut nodes = self.in_order(session);
        if nodes.iter().any(|node| node.takes_new()) {
            nodes.retain(|node| node.takes_new());
        }
        if here {
            nodes.sort_by_key(|node| !node.local);
        }
        nodes
    }

    /// Whom to ask for a session that one of them has: all in the session's order, those that are ready before those
    /// that may not answer.
    pub(super) fn for_old(&self, session: Option<&SessionId>) -> Vec<Arc<Node>> {
        let mut nodes = self.in_order(session);
        nodes.sort_by_key(|node| !node.takes_new());
        nodes
    }

    /// All nodes that may be used, in an order that is the session's own and the same in every process.
    fn in_order(&self, session: Option<&SessionId>) -> Vec<Arc<Node>> {
        let mut nodes: Vec<_> = self.current().iter().filter(|node| !node.is_barred()).cloned().collect();
        let session = session.map_or("", SessionId::as_str);
        nodes.sort_by_cached_key(|node| Reverse(weight(&node.name, session)));
        nodes
    }

    /// Whether the service should get traffic.
    pub(crate) async fn are_ready(&self) -> bool {
        match self.only() {
            Some(only) => matches!(looks::look(&only.backend).await, Seen::Ready(_)),
            None => self.current().iter().any(|node| node.is_ready() && !node.is_barred()),
        }
    }

    /// How many are ready, and how many away. Of one alone nobody keeps watch.
    pub(crate) fn count_ready(&self) -> (usize, usize) {
        let nodes = self.current();
        let ready = nodes.iter().filter(|node| node.is_ready() && !node.is_barred()).count();
        if self.only().is_some() { (nodes.len(), 0) } else { (ready, nodes.len() - ready) }
    }

    /// Looks at every node once, and refuses one that keeps its rooms to itself where there are several.
    pub(crate) async fn check(&self) -> Result<(), KeepsItsRooms> {
        if self.only().is_some() {
            return Ok(());
        }
        let nodes = self.current();
        join_all(nodes.iter().map(|node| looks::look_at(node))).await;
        match nodes.iter().find(|node| node.is_barred()) {
            Some(barred) => Err(KeepsItsRooms(barred.name.clone())),
            None => Ok(()),
        }
    }
}

impl Node {
    fn new(name: String, backend: Backend, local: bool) -> Self {
        Self {
            name,
            backend,
            local,
            ready: AtomicBool::new(false),
            without_store: Mutex::default(),
            barred: AtomicBool::new(false),
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Whether what begins may be sent there. A store that is away is away for all, most likely: sessions stay where
    /// their rooms are open, unless the others still have it after [`STORE_PATIENCE`].
    pub(super) fn takes_new(&self) -> bool {
        self.is_ready() || self.without_store().is_some_and(|since| since.elapsed() < STORE_PATIENCE)
    }

    fn without_store(&self) -> MutexGuard<'_, Option<Instant>> {
        self.without_store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_barred(&self) -> bool {
        self.barred.load(Ordering::Relaxed)
    }

    /// It could not be reached or said that it stops: nobody else is sent there until the next look.
    pub(super) fn is_away(&self) {
        self.ready.store(false, Ordering::Relaxed);
        *self.without_store() = None;
    }

    /// Keeps what a look has shown, and says what is new in it.
    pub(super) fn was_seen(&self, seen: Seen) {
        let ready = matches!(seen, Seen::Ready(_));
        if self.ready.swap(ready, Ordering::Relaxed) != ready {
            tracing::info!(node = self.name, ready, "a node of the chat backend");
        }
        let mut without_store = self.without_store();
        *without_store =
            matches!(seen, Seen::WithoutStore(_)).then(|| without_store.unwrap_or_else(clock::instant));
        drop(without_store);
        let (Seen::Ready(rooms) | Seen::WithoutStore(rooms) | Seen::NotReady(rooms)) = seen else { return };
        let own = rooms == Rooms::Own && !self.local;
        if self.barred.swap(own, Ordering::Relaxed) != own && own {
            tracing::error!(
                node = self.name,
                "this node of the chat backend keeps its rooms to itself and is not used; set REDIS_URL on every node"
            );
        }
    }
}

/// What it takes to reach nodes elsewhere.
struct Far {
    http: reqwest::Client,
    secret: Option<SecretString>,
    life: Lifecycle,
}

impl Far {
    fn node(&self, name: String, address: &Uri) -> Node {
        let remote = Remote::new(address.clone(), self.secret.clone(), self.http.clone(), self.life.clone());
        Node::new(name, Backend::remote(remote), false)
    }
}

fn parsed(addresses: &[String]) -> Vec<Uri> {
    let parsed = |text: &String| {
        let uri = bare_http(text);
        if uri.is_none() {
            tracing::warn!(address = text, "a node of the chat backend has an address that can't be used");
        }
        uri
    };
    addresses.iter().filter_map(parsed).collect()
}

/// The same for every spelling of an address.
fn name_of(address: &Uri) -> String {
    address.to_string().trim_end_matches('/').to_ascii_lowercase()
}

/// How much a node is a session's: the highest random weight is asked first (rendezvous hashing).
fn weight(node: &str, session: &str) -> [u8; 32] {
    Sha256::new().chain_update(node).chain_update([0]).chain_update(session).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_of(nodes: &[&str], session: &str) -> String {
        nodes.iter().max_by_key(|node| weight(node, session)).map(ToString::to_string).unwrap()
    }

    #[test]
    fn a_node_that_comes_or_goes_moves_only_the_sessions_that_are_its_own() {
        let three = ["http://a:4000", "http://b:4000", "http://c:4000"];
        let sessions: Vec<String> = (0..3_000).map(|n| format!("session-{n}")).collect();
        let mut of_each = [0; 3];
        for session in &sessions {
            let first = first_of(&three, session);
            of_each[three.iter().position(|node| **node == *first).unwrap()] += 1;
            let without_c = first_of(&three[..2], session);
            assert!(first == three[2] || first == without_c, "{session} moved from {first} to {without_c}");
        }
        assert!(of_each.iter().all(|count| (900..1_100).contains(count)), "{of_each:?}");
    }

    #[test]
    fn the_order_is_the_same_in_every_process_and_release() {
        // Written down, so that a change shows: gateways of two releases run side by side.
        let order = |session: &str| {
            let mut nodes = ["http://a:4000", "http://b:4000", "http://c:4000"];
            nodes.sort_by_cached_key(|node| Reverse(weight(node, session)));
            nodes.map(|node| &node[7..8]).concat()
        };
        assert_eq!([order(""), order("one"), order("two"), order("three")], ["abc", "cab", "acb", "abc"]);
    }

    #[test]
    fn an_address_has_one_name() {
        let names = ["http://Chat:4000", "http://chat:4000/"].map(|text| name_of(&text.parse().unwrap()));
        assert_eq!(names, ["http://chat:4000", "http://chat:4000"]);
    }
}
