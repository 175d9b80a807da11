//! Live rooms: one task each, found through one registry.

pub mod act;
mod admission;
pub mod delivery;
pub mod entry;
mod history;
pub mod inbox;
pub mod log;
pub mod recording;
pub mod replay;
pub mod state;
mod task;
#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dashmap::DashMap;
use jiff::Timestamp;
use plenum_contract::{
    MeetingId, UserId,
    error::{ErrorCode, Problem},
    events::{CallPeer, EndReason, server},
    limits::{ROOM_QUEUE, ROOMS_MAX},
    meeting::CallUser,
};
use plenum_service::{Lifecycle, clock};
use serde_json::value::RawValue;
use tokio::sync::{Notify, Semaphore, mpsc, watch};

use self::{
    entry::{Incarnation, SocketId},
    inbox::{Handle, InRoom, Inbound, Queued},
    log::{Counts, LogError, RoomLogs, Standing},
    recording::Recording,
};
use crate::{
    attendance::Attendance,
    live_counts::LiveCounts,
    meetings::{LiveRooms, Meeting, Passcodes},
    metrics,
    store::MeetingStore,
};

/// How long it may take until everybody has heard of a node that has come: two looks, and some for a slow one.
const HEARD_WITHIN: Duration = Duration::from_secs(3);

/// All live rooms of this node. Clones are the same rooms.
#[derive(Clone)]
pub struct Rooms(Arc<Shared>);

/// What holds for each room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Users in its call at once.
    pub call_places: u32,
    /// How long it keeps its log after the last participant left.
    pub grace: Duration,
}

/// What the tasks of all rooms share.
struct Shared {
    live: DashMap<MeetingId, Handle>,
    logs: Arc<dyn RoomLogs>,
    store: Arc<dyn MeetingStore>,
    counts: LiveCounts,
    attendance: Attendance,
    counted: Counted,
    passcodes: Passcodes,
    /// Users in a call at once.
    call_places: u32,
    /// How long a room without participants keeps its log.
    grace: Duration,
    life: Lifecycle,
    closed: Notify,
}

/// What is this node's to count.
#[derive(Default)]
struct Counted {
    rooms: AtomicUsize,
    users: AtomicUsize,
    calls: AtomicUsize,
    callers: AtomicUsize,
}

impl Counted {
    fn change(&self, from: InRoom, to: InRoom) {
        // Wrapping: a sum of differences is right in the end, whatever their order.
        let change = |all: &AtomicUsize, some: &AtomicUsize, from: usize, to: usize| {
            some.fetch_add(to.wrapping_sub(from), Ordering::Relaxed);
            let (was, is) = (usize::from(from > 0), usize::from(to > 0));
            all.fetch_add(is.wrapping_sub(was), Ordering::Relaxed);
        };
        change(&self.rooms, &self.users, from.users, to.users);
        change(&self.calls, &self.callers, from.callers, to.callers);
    }

    fn now(&self) -> Counts {
        Counts {
            rooms: self.rooms.load(Ordering::Relaxed),
            users: self.users.load(Ordering::Relaxed),
            calls: self.calls.load(Ordering::Relaxed),
            callers: self.callers.load(Ordering::Relaxed),
        }
    }
}

impl Shared {
    /// Takes a room off the registry and closes its queue in one step, unless something waits in it.
    fn close(&self, meeting: &MeetingId, queue: &mpsc::UnboundedReceiver<Queued>) -> bool {
        let gone = self.live.remove_if(meeting, |_, _| queue.is_empty());
        if let Some((_, room)) = &gone {
            self.hold(room, InRoom::default());
            self.closed.notify_waiters();
        }
        gone.is_some()
    }

    /// Notes who is in a room that is this node's to count.
    fn count(&self, meeting: &MeetingId, now: InRoom) {
        if let Some(room) = self.live.get(meeting) {
            self.hold(&room, now);
        }
        self.counts.set(meeting, u32::try_from(now.users).unwrap_or(u32::MAX));
    }

    /// The room is another node's to count from now on.
    fn count_no_more(&self, meeting: &MeetingId) {
        if let Some(room) = self.live.get(meeting) {
            self.hold(&room, InRoom::default());
        }
        self.counts.forget(meeting);
    }

    /// Notes how many users of a room this node says that there are.
    fn hold(&self, room: &Handle, now: InRoom) {
        let was = std::mem::replace(&mut *room.held.lock().unwrap_or_else(PoisonError::into_inner), now);
        self.counted.change(was, now);
        self.logs.count(self.counted.now());
    }
}

impl Rooms {
    /// No rooms yet.
    #[must_use]
    pub fn new(
        logs: Arc<dyn RoomLogs>,
        store: Arc<dyn MeetingStore>,
        counts: LiveCounts,
        attendance: Attendance,
        passcodes: Passcodes,
        bounds: Bounds,
        life: Lifecycle,
    ) -> Self {
        let Bounds { call_places, grace } = bounds;
        Self(Arc::new(Shared {
            live: DashMap::new(),
            logs,
            store,
            counts,
            attendance,
            counted: Counted::default(),
            passcodes,
            call_places,
            grace,
            life,
            closed: Notify::new(),
        }))
    }

    /// Asks something of a room. A join opens the room when it is not live, and so do the store's word and who asks without a
    /// socket where it may be live on another node; what else is asked of a room that is not live is answered at once.
    pub fn ask(&self, meeting: &MeetingId, inbound: Inbound) {
        let refused = match self.0.live.get(meeting) {
            Some(room) if !room.queue.is_closed() => offer(&room, inbound),
            room => {
                drop(room);
                // One whose task broke is no room.
                if let Some((_, broken)) = self.0.live.remove_if(meeting, |_, room| room.queue.is_closed()) {
                    self.0.hold(&broken, InRoom::default());
                }
                let elsewhere = self.0.logs.is_shared() && inbound.may_be_elsewhere();
                if inbound.wants_in() || elsewhere {
                    self.open(meeting, inbound)
                } else {
                    let code =
                        if inbound.is_of_call() { ErrorCode::NotInCall } else { ErrorCode::NotInMeeting };
                    Some((inbound, code))
                }
            }
        };
        if let Some((inbound, code)) = refused {
            inbound.answer(Err(code.into()));
        }
    }

    fn open(&self, meeting: &MeetingId, join: Inbound) -> Option<(Inbound, ErrorCode)> {
        if self.0.life.is_stopping() {
            return Some((join, ErrorCode::ShuttingDown));
        }
        if self.0.live.len() >= ROOMS_MAX {
            return Some((join, ErrorCode::Busy));
        }
        let room = self.0.live.entry(meeting.clone()).or_insert_with(|| {
            let (queue, inbox) = mpsc::unbounded_channel();
            self.0.life.spawn(task::run(self.0.clone(), meeting.clone(), inbox));
            Handle { queue, places: Arc::new(Semaphore::new(ROOM_QUEUE)), held: Arc::default() }
        });
        offer(&room, join)
    }

    /// Hands what another node wrote to a socket of this one, if it is there and in the meeting.
    pub fn hand(&self, meeting: &MeetingId, socket: SocketId, event: &str, data: String) {
        let known = [server::CALL_SIGNAL].into_iter().find(|known| *known == event);
        let (Some(event), Ok(data)) = (known, RawValue::from_string(data)) else { return };
        self.ask(meeting, Inbound::ForSocket { socket, event, data: data.into() });
    }

    /// What a room's log holds; none when nobody has met there lately. What people wrote is in it with `texts` only.
    pub async fn record(
        &self,
        meeting: &MeetingId,
        texts: bool,
        now: Timestamp,
    ) -> Result<Option<Recording>, LogError> {
        let read = self.0.logs.read(meeting).await?;
        Ok(read.map(|(snapshot, entries)| Recording::take(snapshot, entries, clock::iso(now), texts)))
    }

    /// The rooms that are live, here or elsewhere.
    pub async fn live(&self) -> Result<HashSet<MeetingId>, LogError> {
        let mut live = self.0.logs.meetings().await?;
        live.extend(self.0.live.iter().map(|room| room.key().clone()));
        Ok(live)
    }

    /// Frees the seats of nodes that are gone in rooms that nobody has open here: those that only such a node had would
    /// keep them, and their counts, until somebody came.
    pub async fn free_seats_of_the_dead(&self) -> Result<(), LogError> {
        let mut suspects = Vec::new();
        for meeting in self.0.logs.meetings().await? {
            if self.0.live.contains_key(&meeting) {
                continue; // it is told by itself
            }
            match self.0.logs.seats_of_the_dead(&meeting).await {
                Ok(dead) => suspects.extend(dead.into_iter().map(|node| (meeting.clone(), node))),
                Err(error) => tracing::warn!(%meeting, %error, "a room's log can't be looked at"),
            }
        }
        if !suspects.is_empty() {
            self.clone().bury_if_still_gone(suspects).await;
        }
        Ok(())
    }

    /// Frees the seats of nodes that are still not there after everybody had time to hear of them.
    async fn bury_if_still_gone(self, suspects: Vec<(MeetingId, Incarnation)>) {
        tokio::select! {
            () = tokio::time::sleep(HEARD_WITHIN) => {}
            () = self.0.life.stopping() => return,
        }
        for (meeting, node) in suspects {
            if self.0.logs.standing(&node) != Standing::There {
                self.ask(&meeting, Inbound::Bury { node });
            }
        }
    }

    /// Changes when a node was found gone; closed where there is no other.
    #[must_use]
    pub fn deaths(&self) -> watch::Receiver<()> {
        self.0.logs.deaths()
    }

    /// Says again how many users are in each room that is this node's to count.
    pub fn count_again(&self) {
        for room in &self.0.live {
            let users = room.held.lock().unwrap_or_else(PoisonError::into_inner).users;
            if users > 0 || !self.0.logs.is_shared() {
                self.0.counts.set(room.key(), u32::try_from(users).unwrap_or(u32::MAX));
            }
        }
    }

    /// The rooms that are this node's to count and who is in them, the fullest first; `most` of them.
    #[must_use]
    pub fn counted_here(&self, most: usize) -> Vec<(MeetingId, InRoom)> {
        let held = |room: &Handle| *room.held.lock().unwrap_or_else(PoisonError::into_inner);
        let rooms = self.0.live.iter().map(|room| (room.key().clone(), held(&room)));
        let mut rooms: Vec<_> = rooms.filter(|(_, now)| now.users > 0 || now.callers > 0).collect();
        rooms.sort_by_key(|(_, now)| std::cmp::Reverse((now.users, now.callers)));
        rooms.truncate(most);
        rooms
    }

    /// Rooms that are live on this node, and users in those that are its to count.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.0.live.len(), self.0.counted.now().users)
    }

    /// Says how many there are, who is in them, and what waits for them.
    pub fn measure(&self) {
        let (mut waiting, mut longest) = (0, 0);
        for room in &self.0.live {
            let waits = ROOM_QUEUE.saturating_sub(room.places.available_permits());
            waiting += waits;
            longest = longest.max(waits);
        }
        metrics::ROOMS.is(self.0.live.len());
        metrics::WAITING.is(waiting);
        metrics::LONGEST.is(longest);
        let counted = self.0.counted.now();
        metrics::PEOPLE.is_of("meetings", counted.users);
        metrics::PEOPLE.is_of("calls", counted.callers);
        metrics::MEETINGS.is_of("people", counted.rooms);
        metrics::MEETINGS.is_of("call", counted.calls);
    }

    /// Waits until no room is live.
    pub async fn all_closed(&self) {
        loop {
            let closed = self.0.closed.notified();
            if self.0.live.is_empty() {
                return;
            }
            closed.await;
        }
    }
}

/// Puts something into a room's queue, or gives it back. The caller holds the registry's entry, so the room
/// can't close in between.
fn offer(room: &Handle, inbound: Inbound) -> Option<(Inbound, ErrorCode)> {
    let place = if inbound.needs_place() {
        match room.places.clone().try_acquire_owned() {
            Ok(place) => Some(place),
            Err(_) => return Some((inbound, ErrorCode::Busy)),
        }
    } else {
        None
    };
    match room.queue.send(Queued { inbound, place }) {
        Ok(()) => None,
        Err(unsent) => Some((unsent.0.inbound, ErrorCode::Busy)),
    }
}

#[async_trait]
impl LiveRooms for Rooms {
    fn changed(&self, meeting: &Meeting) {
        self.ask(
            &meeting.id,
            Inbound::Ruled {
                places: meeting.max_participants,
                rules: Box::new(meeting.into()),
                as_of: meeting.updated_at,
            },
        );
    }

    fn ended(&self, meeting: &MeetingId, reason: EndReason) {
        self.ask(meeting, Inbound::End { reason });
    }

    fn removed(&self, meeting: &Meeting, user: &UserId) {
        self.ask(&meeting.id, Inbound::Removed { user: user.clone(), as_of: meeting.updated_at });
    }

    async fn admits(&self, meeting: &Meeting, user: &UserId) -> Result<(), ErrorCode> {
        if meeting.participants.contains(user) || meeting.is_moderator(user) {
            return Ok(());
        }
        match self.0.logs.look(&meeting.id).await? {
            Some(room) => room.lets_in(user).map_err(|refusal| Problem::from(refusal).code),
            None if meeting.options.waiting_room => Err(ErrorCode::WaitingRoom),
            None => Ok(()),
        }
    }

    async fn live_meetings(&self) -> Option<HashSet<MeetingId>> {
        self.live().await.ok()
    }

    async fn stats(&self) -> (usize, usize) {
        let counts = self.0.counted.now() + self.0.logs.counted_elsewhere().await;
        (counts.rooms, counts.users)
    }

    async fn call_stats(&self) -> (usize, usize) {
        let counts = self.0.counted.now() + self.0.logs.counted_elsewhere().await;
        (counts.calls, counts.callers)
    }

    async fn call(&self, meeting: &MeetingId) -> Option<Vec<CallUser>> {
        // What can't be looked at now is none, as for who asks a little earlier.
        let room = self.0.logs.look(meeting).await.ok().flatten()?;
        let user = |peer: CallPeer| CallUser {
            user_id: peer.user_id,
            username: peer.username,
            is_muted: peer.is_muted,
            is_video_on: peer.is_video_on,
        };
        let users: Vec<CallUser> = room.callers(None).into_iter().map(user).collect();
        (!users.is_empty()).then_some(users)
    }
}
