//! Several nodes that share their rooms: logs in Redis, leases, and what nodes tell each other.

mod address;
mod connection;
mod feeds;
mod link;
mod log;
mod nodes;
mod post;
mod settings;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use plenum_contract::{
    MeetingId,
    limits::{LOG_TIMEOUT, ROOM_LOG_TTL},
};
use plenum_service::{Lifecycle, clock, process::StartError};
use redis::{PushInfo, Script};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::{address::Address, post::Letter};
use self::{
    connection::Connection,
    feeds::Feeds,
    link::{Link, Prepares, State, script},
    log::Keys,
    nodes::{FORGOTTEN_AFTER, Nodes, TICK},
    post::Post,
};
use crate::rooms::{
    entry::{Entry, Incarnation},
    log::{Counts, LogError, Opened, RoomLogs, Standing},
    state::Room,
};

/// How long Redis may take to be there when a node starts.
const START_PATIENCE: Duration = Duration::from_secs(10);
/// The leases of all nodes, and what they say of themselves.
const LEASES: &str = "plenum:{nodes}:leases";
const SAYINGS: &str = "plenum:{nodes}:sayings";
/// Rooms whose tops are asked for by one question, where there is one server, and questions under way at a time.
const TOPS_AT_ONCE: (usize, usize) = (500, 64);
/// Letters that wait for whoever reads them.
const LETTERS_MAX: usize = 100;
/// Ticks after which the logs of live rooms get their time to live anew.
const KEEP_ALIVE_TICKS: u64 = 60;

/// This node's place among the others. Clones are the same.
#[derive(Clone)]
pub struct Cluster(Arc<Shared>);

struct Shared {
    link: Link,
    feeds: Feeds,
    nodes: Nodes,
    post: Arc<Post>,
    scripts: Scripts,
    /// The next append's turn.
    turns: AtomicU64,
    counted: Notify,
    peers: watch::Sender<Vec<String>>,
    deaths: watch::Sender<()>,
    over: CancellationToken,
}

struct Scripts {
    append: Script,
    open: Script,
    renew: Script,
    remove: Script,
    turn: Script,
    tick: Script,
}

impl Scripts {
    fn new() -> Self {
        Self {
            append: script(include_str!("cluster/scripts/append.lua")),
            open: script(include_str!("cluster/scripts/open.lua")),
            renew: script(include_str!("cluster/scripts/renew.lua")),
            remove: script(include_str!("cluster/scripts/remove.lua")),
            turn: script(include_str!("cluster/scripts/turn.lua")),
            tick: script(include_str!("cluster/scripts/tick.lua")),
        }
    }
}

impl Cluster {
    /// Joins the nodes that use this Redis. `own` is where other nodes reach this one, if they may.
    pub async fn join(address: Address, own: Option<String>, life: &Lifecycle) -> Result<Self, StartError> {
        let over = CancellationToken::new();
        let link = Link::new(address.clone());
        let feeds = Feeds::start(link.clone(), life, over.clone());
        let name = Uuid::new_v4().simple().to_string();
        let shared = Arc::new(Shared {
            link: link.clone(),
            feeds,
            post: Arc::new(Post::new(&name, link.clone())),
            nodes: Nodes::new(name, own),
            scripts: Scripts::new(),
            turns: AtomicU64::new(1),
            counted: Notify::new(),
            peers: watch::Sender::default(),
            deaths: watch::Sender::default(),
            over: over.clone(),
        });
        link.keep(shared.clone(), life, over);
        let first = async {
            link.up().await;
            while shared.tick().await.is_err() {
                link.up().await;
            }
        };
        if tokio::time::timeout(START_PATIENCE, first).await.is_err() {
            return Err(
                format!("Redis at {address} can't be used; is it running, and is REDIS_URL right?").into()
            );
        }
        life.spawn(shared.clone().keep_ticking());
        life.spawn(shared.clone().keep_saying());
        Ok(Self(shared))
    }

    /// Asks a Redis whether it is set as the promises need: what an acknowledged message survives there, or what to mend.
    pub async fn check(address: &Address) -> Result<&'static str, String> {
        let looking = async {
            let (pushes, _none) = mpsc::unbounded_channel();
            let mut connection = address.connect(pushes).await.map_err(|error| error.to_string())?;
            settings::check(&mut connection).await
        };
        let late = |_| format!("it did not answer within {} s", START_PATIENCE.as_secs());
        tokio::time::timeout(START_PATIENCE, looking).await.map_err(late)?
    }

    /// Where other nodes are reached, now and later.
    #[must_use]
    pub fn peers(&self) -> watch::Receiver<Vec<String>> {
        self.0.peers.subscribe()
    }

    /// What other nodes write to this one. To be asked for once; whoever reads slowly makes letters wait in Redis.
    #[must_use]
    pub fn letters(&self, life: &Lifecycle) -> mpsc::Receiver<Letter> {
        let (to, letters) = mpsc::channel(LETTERS_MAX);
        let (post, over) = (self.0.post.clone(), self.0.over.clone());
        life.spawn(async move { over.run_until_cancelled_owned(post.hand_on(to)).await });
        letters
    }

    /// Writes to all other nodes: each reads it, unless Redis loses it. The error says that not all may get it.
    pub async fn write_to_others(&self, letter: &Letter) -> Result<(), LogError> {
        Ok(self.0.post.send(&self.0.nodes.others(), letter).await?)
    }

    /// How many other nodes there are, as far as this one knows.
    #[must_use]
    pub fn others(&self) -> usize {
        self.0.nodes.others().len()
    }

    /// Whether Redis is there.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.0.link.is_up()
    }

    /// Whether the other nodes know by now where this one is reached.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.0.nodes.is_known()
    }

    /// Waits until rooms stand still: Redis has been away for as long as anybody waits for it.
    pub async fn stands_still(&self) {
        let mut watch = self.0.link.watch();
        loop {
            let since = match &*watch.borrow_and_update() {
                State::Down(since) => Some(*since),
                State::Up(_) => None,
            };
            let still = async {
                match since {
                    Some(since) => tokio::time::sleep_until(since + LOG_TIMEOUT).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = still => return,
                changed = watch.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Waits until rooms move.
    pub async fn moves(&self) {
        self.0.link.up().await;
    }

    /// This node's rooms are empty: it leaves the others.
    pub async fn leave(&self) {
        let mut goodbye = redis::pipe();
        goodbye.cmd("ZREM").arg(LEASES).arg(&self.0.nodes.own).ignore();
        goodbye.cmd("HDEL").arg(SAYINGS).arg(&self.0.nodes.own).ignore();
        if self.is_up() {
            self.0.link.pipe::<()>(&goodbye).await.ok(); // its lease ends by itself
        }
        self.0.over.cancel();
    }
}

impl Shared {
    /// Renews the lease, and looks who else is there and what rooms have missed.
    async fn tick(&self) -> Result<(), LogError> {
        let says = serde_json::to_string(&self.nodes.says()).unwrap_or_default();
        let args = [self.nodes.own.as_str(), &says, &FORGOTTEN_AFTER.as_millis().to_string()];
        let leases: Vec<(String, u64, String)> =
            self.link.run_script(&self.scripts.tick, &[LEASES, SAYINGS], &args).await?;
        for death in self.nodes.look(&leases) {
            self.feeds.node_gone(&death.node);
            if death.is_new {
                self.deaths.send_replace(());
            }
        }
        let addresses = self.nodes.addresses();
        self.peers.send_if_modified(|peers| {
            let changed = *peers != addresses;
            *peers = addresses;
            changed
        });
        Ok(())
    }

    async fn keep_ticking(self: Arc<Self>) {
        let mut every = tokio::time::interval_at(clock::instant() + TICK, TICK);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut ticks: u64 = 0;
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = self.over.cancelled() => return,
            }
            ticks += 1;
            if self.link.is_up() && self.tick().await.is_ok() {
                self.compare(ticks.is_multiple_of(KEEP_ALIVE_TICKS)).await.ok();
            }
        }
    }

    /// Compares what rooms know with the tops of their logs. With `keep` the logs get their time to live anew.
    async fn compare(&self, keep: bool) -> Result<(), LogError> {
        let known = self.feeds.known();
        let at_once = if self.link.is_divided() { 1 } else { TOPS_AT_ONCE.0 };
        let asked: Vec<_> =
            known.chunks(at_once).map(|some| self.compare_some(some.to_vec(), keep)).collect();
        stream::iter(asked).buffer_unordered(TOPS_AT_ONCE.1).try_collect().await
    }

    async fn compare_some(&self, some: Vec<(MeetingId, u64)>, keep: bool) -> Result<(), LogError> {
        let mut ask = redis::pipe();
        for (meeting, _) in &some {
            let keys = Keys::of(meeting);
            ask.cmd("HGET").arg(keys.meta()).arg("top");
            if keep {
                keys.all().for_each(|key| {
                    ask.cmd("EXPIRE").arg(key).arg(ROOM_LOG_TTL.as_secs()).ignore();
                });
            }
        }
        let tops: Vec<Option<u64>> = self.link.pipe(&ask).await?;
        for ((meeting, known), top) in some.iter().zip(tops) {
            if top != Some(*known) {
                self.feeds.check(meeting);
            }
        }
        Ok(())
    }

    /// Says at once what this node counts, whenever it changes.
    async fn keep_saying(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.counted.notified() => {}
                () = self.over.cancelled() => return,
            }
            let mut say = redis::pipe();
            let says = serde_json::to_string(&self.nodes.says()).unwrap_or_default();
            say.cmd("HSET").arg(SAYINGS).arg(&self.nodes.own).arg(says).ignore();
            if self.link.is_up() {
                self.link.pipe::<()>(&say).await.ok(); // the next tick says it too
            }
        }
    }
}

#[async_trait]
impl Prepares for Shared {
    async fn prepare(&self, connection: &mut Connection) -> Result<(), String> {
        let survives = settings::check(connection).await?;
        tracing::info!(survives, "what a message survives that was acknowledged");
        connection.subscribe(&[self.post.bell()]).await.map_err(|error| error.to_string())?;
        self.feeds.subscribe_all(connection).await.map_err(|error| error.to_string())
    }

    fn is_up(&self) {
        self.nodes.forgive();
        self.feeds.check_all();
        self.post.ring();
    }

    fn pushed(&self, push: PushInfo) {
        if self.post.is_rung_by(&push) {
            return self.post.ring();
        }
        self.feeds.pushed(push, &self.nodes.own);
    }
}

#[async_trait]
impl RoomLogs for Cluster {
    async fn open(&self, meeting: &MeetingId, create: bool) -> Result<Option<Opened>, LogError> {
        log::open(&self.0, meeting, create).await
    }

    fn standing(&self, node: &Incarnation) -> Standing {
        self.0.nodes.standing(node)
    }

    fn deaths(&self) -> watch::Receiver<()> {
        self.0.deaths.subscribe()
    }

    async fn reachable(&self) {
        self.0.link.up().await;
    }

    async fn look(&self, meeting: &MeetingId) -> Result<Option<Room>, LogError> {
        log::look(&self.0, meeting).await
    }

    async fn read(&self, meeting: &MeetingId) -> Result<Option<(Room, Vec<Entry>)>, LogError> {
        log::look_into(&self.0, meeting).await
    }

    fn count(&self, counts: Counts) {
        self.0.nodes.count(counts);
        self.0.counted.notify_one();
    }

    async fn counted_elsewhere(&self) -> Counts {
        let mut ask = redis::pipe();
        ask.cmd("HGETALL").arg(SAYINGS);
        let fresh = if self.is_up() {
            self.0.link.pipe::<(HashMap<String, String>,)>(&ask).await.ok().map(|(fresh,)| fresh)
        } else {
            None
        };
        self.0.nodes.counted_elsewhere(fresh.as_ref())
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn meetings(&self) -> Result<HashSet<MeetingId>, LogError> {
        let mut meetings = HashSet::new();
        for server in self.0.link.servers().await? {
            let mut cursor = 0_u64;
            loop {
                let mut scan = redis::cmd("SCAN");
                scan.arg(cursor).arg("MATCH").arg("plenum:{*}:meta").arg("COUNT").arg(1_000);
                let (next, keys): (u64, Vec<String>) = self.0.link.ask(&server, scan).await?;
                let ids = keys.iter().filter_map(|key| key.strip_prefix("plenum:{")?.strip_suffix("}:meta"));
                meetings.extend(ids.filter_map(|id| MeetingId::parse(id).ok()));
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
        }
        Ok(meetings)
    }

    async fn seats_of_the_dead(&self, meeting: &MeetingId) -> Result<Vec<Incarnation>, LogError> {
        log::seats_of_the_dead(&self.0, meeting).await
    }
}
