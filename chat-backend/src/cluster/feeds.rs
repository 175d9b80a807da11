//! What rooms of this node hear of their logs, and what they tell other nodes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use dashmap::DashMap;
use plenum_contract::MeetingId;
use plenum_service::Lifecycle;
use redis::{PushInfo, PushKind, Value};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    connection::Connection,
    link::{Away, Link},
};

/// Words that wait for one room; what comes past it is found missing, and fetched.
const WORDS_MAX: usize = 256;
/// Orders that wait for the one who carries them out.
const ORDERS_MAX: usize = 4_096;

/// The channel on which a room's nodes hear each other.
pub fn channel_of(meeting: &MeetingId) -> String {
    format!("plenum:{{{meeting}}}:told")
}

/// What one room hears.
pub enum Word {
    /// What was published, as it came.
    Published(Vec<u8>),
    /// The connection is another, or the log's top is not what this room knows.
    Check,
    /// A node is gone.
    NodeGone(String),
}

/// One room's ear. It hears until it is dropped.
pub struct Ear {
    meeting: MeetingId,
    feeds: Feeds,
    /// What comes.
    pub words: mpsc::Receiver<Word>,
    /// The highest number the room knows, for whoever compares.
    pub known: Arc<AtomicU64>,
}

impl Drop for Ear {
    fn drop(&mut self) {
        let known = &self.known;
        self.feeds.rooms.remove_if(&self.meeting, |_, room| Arc::ptr_eq(&room.known, known));
        self.feeds.orders.try_send(Order::Unsubscribe(self.meeting.clone())).ok();
    }
}

struct Listening {
    words: mpsc::Sender<Word>,
    known: Arc<AtomicU64>,
}

enum Order {
    Subscribe(MeetingId, oneshot::Sender<Result<(), Away>>),
    Unsubscribe(MeetingId),
    Publish(MeetingId, Vec<u8>),
}

/// All rooms that listen. Clones are the same.
#[derive(Clone)]
pub struct Feeds {
    rooms: Arc<DashMap<MeetingId, Listening>>,
    orders: mpsc::Sender<Order>,
}

impl Feeds {
    /// Nobody listens yet. One task carries out what rooms order, one after the other, so that a room that opens
    /// again is not unsubscribed by the one before it.
    pub fn start(link: Link, life: &Lifecycle, over: CancellationToken) -> Self {
        let (orders, mut ordered) = mpsc::channel(ORDERS_MAX);
        let feeds = Self { rooms: Arc::default(), orders };
        let rooms = feeds.rooms.clone();
        life.spawn(async move {
            loop {
                tokio::select! {
                    order = ordered.recv() => match order {
                        Some(order) => carry_out(&link, &rooms, order).await,
                        None => return,
                    },
                    () = over.cancelled() => return,
                }
            }
        });
        feeds
    }

    /// Begins to hear what is said of a room's log. When this returns, nothing that is said later is missed.
    pub async fn listen(&self, meeting: &MeetingId) -> Result<Ear, Away> {
        let (words, receiver) = mpsc::channel(WORDS_MAX);
        let known = Arc::new(AtomicU64::new(0));
        self.rooms.insert(meeting.clone(), Listening { words, known: known.clone() });
        let ear = Ear { meeting: meeting.clone(), feeds: self.clone(), words: receiver, known };
        let (done, subscribed) = oneshot::channel();
        self.orders.send(Order::Subscribe(meeting.clone(), done)).await.map_err(|_| Away)?;
        subscribed.await.map_err(|_| Away)??;
        Ok(ear)
    }

    /// Says something to the other nodes of a room. It may get lost.
    pub fn publish(&self, meeting: &MeetingId, word: Vec<u8>) {
        self.orders.try_send(Order::Publish(meeting.clone(), word)).ok();
    }

    /// Subscribes a new connection to all that is listened to.
    pub async fn subscribe_all(&self, connection: &mut Connection) -> Result<(), redis::RedisError> {
        let channels: Vec<String> = self.rooms.iter().map(|room| channel_of(room.key())).collect();
        connection.subscribe(&channels).await
    }

    /// Every room is to look whether it has missed something.
    pub fn check_all(&self) {
        for room in self.rooms.iter() {
            room.words.try_send(Word::Check).ok(); // one that has words waiting finds out by them
        }
    }

    /// A node is gone.
    pub fn node_gone(&self, node: &str) {
        for room in self.rooms.iter() {
            room.words.try_send(Word::NodeGone(node.to_owned())).ok(); // it is said again
        }
    }

    /// The rooms that listen, and what each knows.
    pub fn known(&self) -> Vec<(MeetingId, u64)> {
        self.rooms.iter().map(|room| (room.key().clone(), room.known.load(Ordering::Relaxed))).collect()
    }

    /// One room is to look.
    pub fn check(&self, meeting: &MeetingId) {
        if let Some(room) = self.rooms.get(meeting) {
            room.words.try_send(Word::Check).ok();
        }
    }

    /// Something was pushed by the connection. What `node` itself said is not told to it.
    pub fn pushed(&self, push: PushInfo, node: &str) {
        if push.kind != PushKind::Message {
            return;
        }
        let mut data = push.data.into_iter();
        let (Some(Value::BulkString(channel)), Some(Value::BulkString(word))) = (data.next(), data.next())
        else {
            return;
        };
        let own =
            word.strip_prefix(node.as_bytes()).is_some_and(|rest| matches!(rest.first(), Some(b'.' | b'\n')));
        let meeting = channel.strip_prefix(b"plenum:{").and_then(|rest| rest.strip_suffix(b"}:told"));
        let meeting =
            meeting.and_then(|id| std::str::from_utf8(id).ok()).and_then(|id| MeetingId::parse(id).ok());
        if let Some(room) = meeting.filter(|_| !own).and_then(|id| self.rooms.get(&id)) {
            room.words.try_send(Word::Published(word)).ok(); // a gap is found by the next, or by who compares
        }
    }
}

async fn carry_out(link: &Link, rooms: &DashMap<MeetingId, Listening>, order: Order) {
    match order {
        Order::Subscribe(meeting, done) => {
            done.send(link.subscribe(&channel_of(&meeting)).await).ok();
        }
        Order::Unsubscribe(meeting) if !rooms.contains_key(&meeting) => {
            link.unsubscribe(&channel_of(&meeting)).await.ok();
        }
        Order::Publish(meeting, word) if link.is_up() => {
            let mut publish = redis::pipe();
            publish.cmd("PUBLISH").arg(channel_of(&meeting)).arg(word).ignore();
            link.pipe::<()>(&publish).await.ok();
        }
        Order::Unsubscribe(_) | Order::Publish(..) => {}
    }
}
