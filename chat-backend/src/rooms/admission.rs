//! Users on their way into the stored `participants`. A room has one write under way; who comes meanwhile
//! goes with the next, so that a thousand joins are a few writes of one document.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use plenum_contract::{MeetingId, UserId, limits::PARTICIPANTS_STORED_MAX};
use plenum_service::clock;

use super::{entry::SocketId, inbox::Queued};
use crate::{
    meetings::Meeting,
    store::{MeetingStore, StoreError},
};

/// What came of storing participants.
pub type Written = Result<Option<Meeting>, StoreError>;

/// What a room knows of the stored list, and who waits for it.
pub struct Admission {
    store: Arc<dyn MeetingStore>,
    meeting: MeetingId,
    stored: HashSet<UserId>,
    writing: Option<(Vec<UserId>, BoxFuture<'static, Written>)>,
    waiting: HashSet<UserId>,
    /// What sockets asked while their join waits, the join first, in order.
    held: HashMap<SocketId, VecDeque<Queued>>,
    /// The sockets of `held` in the order in which they asked.
    order: VecDeque<SocketId>,
}

impl Admission {
    /// `known` is the meeting as the store had it just now, if it is one that takes people in.
    pub fn new(store: Arc<dyn MeetingStore>, meeting: &MeetingId, known: Option<&Meeting>) -> Self {
        Self {
            store,
            meeting: meeting.clone(),
            stored: known.into_iter().flat_map(|known| &known.participants).cloned().collect(),
            writing: None,
            waiting: HashSet::new(),
            held: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Whether the stored list has this user.
    pub fn has(&self, user: &UserId) -> bool {
        self.stored.contains(user)
    }

    /// Whether the stored list takes nobody any more.
    pub fn is_full(&self) -> bool {
        self.stored.len() + self.waiting.len() >= PARTICIPANTS_STORED_MAX
    }

    /// How many users wait for the store: places they will take. Not counting those `already` there.
    pub fn expected(&self, already: impl Fn(&UserId) -> bool) -> usize {
        let writing = self.writing.iter().flat_map(|(users, _)| users);
        let users: HashSet<&UserId> = writing.chain(&self.waiting).collect();
        users.into_iter().filter(|user| !already(user)).count()
    }

    /// Whether this user waits already.
    pub fn expects(&self, user: &UserId) -> bool {
        self.waiting.contains(user) || self.writing.iter().any(|(users, _)| users.contains(user))
    }

    /// Whether anyone waits.
    pub fn is_busy(&self) -> bool {
        self.writing.is_some() || !self.waiting.is_empty()
    }

    /// Whether this socket's join waits, so that what it asks must wait too.
    pub fn holds(&self, socket: &SocketId) -> bool {
        self.held.contains_key(socket)
    }

    /// Holds a join back until its user is stored.
    pub fn wait(&mut self, user: &UserId, socket: SocketId, join: Queued) {
        if !self.expects(user) {
            self.waiting.insert(user.clone());
        }
        self.order.push_back(socket.clone());
        self.held.insert(socket, VecDeque::from([join]));
        self.write();
    }

    /// Holds back what a socket asks while its join waits.
    pub fn hold(&mut self, socket: &SocketId, queued: Queued) {
        if let Some(held) = self.held.get_mut(socket) {
            held.push_back(queued);
        }
    }

    fn write(&mut self) {
        if self.writing.is_some() || self.waiting.is_empty() {
            return;
        }
        let users: Vec<UserId> = self.waiting.drain().collect();
        let (store, meeting, batch) = (self.store.clone(), self.meeting.clone(), users.clone());
        let write = async move { store.add_participants(&meeting, &batch, clock::now()).await };
        self.writing = Some((users, Box::pin(write)));
    }

    /// Waits for the write under way; forever when there is none.
    pub async fn written(&mut self) -> Written {
        match &mut self.writing {
            Some((_, write)) => write.await,
            None => std::future::pending().await,
        }
    }

    /// Takes the outcome of the write, and gives back what is to be done now: for those who are stored, or
    /// for everyone who waits when the store said no.
    pub fn settle(&mut self, written: &Written) -> Vec<Queued> {
        let users = self.writing.take().map(|(users, _)| users).unwrap_or_default();
        if let Ok(Some(meeting)) = written {
            self.stored.extend(meeting.participants.iter().cloned());
            self.stored.extend(users);
        } else {
            self.waiting.clear();
        }
        let (stored, refused) = (&self.stored, !matches!(written, Ok(Some(_))));
        let mut ready = Vec::new();
        self.order.retain(|socket| {
            let user = self
                .held
                .get(socket)
                .and_then(|held| held.front())
                .and_then(|first| first.inbound.from())
                .map(|from| &from.who.user);
            let go = refused || user.is_none_or(|user| stored.contains(user));
            if go {
                ready.extend(self.held.remove(socket).into_iter().flatten());
            }
            !go
        });
        self.write();
        ready
    }

    /// Gives back all that waits, in order.
    pub fn give_back(&mut self) -> Vec<Queued> {
        let order = std::mem::take(&mut self.order);
        order.into_iter().flat_map(|socket| self.held.remove(&socket).into_iter().flatten()).collect()
    }
}
