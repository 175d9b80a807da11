//! Where a room's log is kept, and how a node appends to it and follows it.

mod memory;

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId};
use tokio::sync::watch;

pub use self::memory::MemoryLogs;
use super::{
    delivery::Payload,
    entry::{Entry, Incarnation, Proposed},
    state::{Room, Seat},
};

/// A room's log as it stands.
pub struct Opened {
    /// To append to it and follow it, from its top on.
    pub log: Box<dyn RoomLog>,
    /// The fold of everything up to its top.
    pub snapshot: Room,
    /// Oldest first. Those older than the snapshot are messages that may still be shown.
    pub entries: Vec<Entry>,
}

/// How much is going on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rooms with somebody in them.
    pub rooms: usize,
    /// Users in them.
    pub users: usize,
    /// Calls with somebody in them.
    pub calls: usize,
    /// Users in them.
    pub callers: usize,
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            rooms: self.rooms + other.rooms,
            users: self.users + other.users,
            calls: self.calls + other.calls,
            callers: self.callers + other.callers,
        }
    }
}

/// What is known of another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is there.
    There,
    /// Nobody has heard of it: it died long ago, or came just now.
    Unheard,
    /// It is gone.
    Gone,
}

/// A room as it stands after these entries.
#[must_use]
pub fn fold<'a>(mut room: Room, entries: impl IntoIterator<Item = &'a Entry>) -> Room {
    for entry in entries {
        if entry.seq > room.top() {
            room.apply(entry);
        }
    }
    room
}

/// What came of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// What others had appended before, to be applied first.
    pub before: Vec<Entry>,
    /// What was appended, in order.
    pub own: Vec<Entry>,
}

/// Why a log did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The room's rules changed since the decision, or one of the messages has been taken elsewhere: apply these and
    /// decide again.
    #[error("the guard was lost")]
    GuardLost(Vec<Entry>),
    /// The log holds as much as it may: renew the snapshot.
    #[error("the log is full")]
    Full,
    /// This node was declared gone in this room: catch up, and go on as its next life.
    #[error("this node was declared gone")]
    Declared,
    /// There is no such log any more, or what was seen of it is not in it: whoever is in the room must come back.
    #[error("the log is lost")]
    Lost,
    /// It can't be reached now. What was asked may have been done or not; the next [`RoomLog::catch_up`] tells, and
    /// what was under way will not be done after it.
    #[error("the log can't be reached")]
    Away,
}

/// What a room hears of its log from elsewhere.
#[derive(Debug)]
pub enum Heard {
    /// What others appended, without a gap.
    Entries(Vec<Entry>),
    /// Something of the moment, which is not logged, told to everyone but this user.
    Passing {
        /// Whose doing it is, where the one is not told.
        but: Option<UserId>,
        /// The event's name, as it came.
        event: String,
        /// Its payload.
        data: Payload,
    },
    /// Something may have been missed: catch up.
    Behind,
    /// A node is gone.
    NodeGone(String),
}

/// The logs of all rooms, as one node uses them.
#[async_trait]
pub trait RoomLogs: Send + Sync + 'static {
    /// A room's log; when there is none, a new one with `create`, else nothing.
    async fn open(&self, meeting: &MeetingId, create: bool) -> Result<Option<Opened>, LogError>;

    /// The lives of nodes that are not there and hold seats in a room, which nobody follows here.
    async fn seats_of_the_dead(&self, meeting: &MeetingId) -> Result<Vec<Incarnation>, LogError>;

    /// What is known of a node.
    fn standing(&self, node: &Incarnation) -> Standing;

    /// Changes when a node was found gone; closed where there is no other.
    fn deaths(&self) -> watch::Receiver<()>;

    /// A room as its log has it; none when it has none. It lives no longer for that.
    async fn look(&self, meeting: &MeetingId) -> Result<Option<Room>, LogError>;

    /// A room's log as it was kept: a snapshot, and entries, oldest first, of which those older than it are messages that may
    /// still be shown. None when it has none. It lives no longer for that.
    async fn read(&self, meeting: &MeetingId) -> Result<Option<(Room, Vec<Entry>)>, LogError>;

    /// Waits until logs can be reached.
    async fn reachable(&self);

    /// Notes what is this node's to count.
    fn count(&self, counts: Counts);

    /// The same of all other nodes together.
    async fn counted_elsewhere(&self) -> Counts;

    /// Whether other nodes have these logs too, so that a room may be live elsewhere.
    fn is_shared(&self) -> bool;

    /// The meetings that have a log.
    async fn meetings(&self) -> Result<HashSet<MeetingId>, LogError>;
}

/// One room's log. Entries come out of it in order and each once, whichever call gives them; one append is under way
/// at a time. Each call ends within [`plenum_contract::limits::LOG_TIMEOUT`].
#[async_trait]
pub trait RoomLog: Send {
    /// As whom this node appends.
    fn by(&self) -> &Incarnation;

    /// Numbers and stores facts in one step, if the room's rules are still those of `guard`, and nobody has appended one
    /// of the same [`Fact::once`](super::entry::Fact::once) since what this node knows: a client that was cut off sends again by another node what
    /// may still be under way here. `now` is for logs without a clock of their own.
    async fn append(
        &mut self,
        facts: Vec<Proposed>,
        guard: Option<u64>,
        now: Timestamp,
    ) -> Result<Appended, LogError>;

    /// What was appended since, by anyone, when nothing of our own is under way any more.
    async fn catch_up(&mut self) -> Result<Vec<Entry>, LogError>;

    /// Waits for word from elsewhere. Nothing is lost when it is dropped.
    async fn heard(&mut self) -> Heard;

    /// Passes on something of the moment, to everyone in the room on other nodes but this user. It may get lost.
    fn pass(&self, but: Option<&UserId>, event: &'static str, data: &Payload);

    /// Hands something of the moment to the node that holds a seat, for its socket. It gets there, unless that node is gone or the
    /// log's store loses it; the error says that it does not.
    async fn hand(&self, seat: &Seat, event: &'static str, data: &Payload) -> Result<(), LogError>;

    /// Keeps a newer snapshot, and lets go what is older than it and than `keep_from`.
    async fn renew(&mut self, snapshot: Room, keep_from: u64) -> Result<(), LogError>;

    /// Lets the whole log go, unless somebody appended to it. True when there is none afterwards.
    async fn remove(&mut self) -> Result<bool, LogError>;

    /// From now on this node appends as its next life.
    fn begin_again(&mut self);
}
